#include "pxe/port_user.h"
#include "base/cleanup.h"
#include "base/i18n.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* --- the kernel's list of sockets --- */

static bool ask(int fd, int family)
{
        struct {
                struct nlmsghdr header;
                struct inet_diag_req_v2 request;
        } q = {
                .header = { .nlmsg_len = sizeof(q),
                        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
                .request = { .sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_UDP, .idiag_states = ~0u },
        };
        return send(fd, &q, sizeof(q), 0) == sizeof(q);
}

static bool is_in_the_way(
        const struct inet_diag_msg *m, const struct interface *i, const int *ports, size_t n, struct port_user *out)
{
        const uint32_t *a = m->id.idiag_src;
        bool elsewhere = i && m->id.idiag_if && (int)m->id.idiag_if != i->index;
        bool any = !a[0] && !a[1] && !a[2] && !a[3];
        bool mapped = m->idiag_family == AF_INET6 && !a[0] && !a[1] && ntohl(a[2]) == 0xffff;
        uint32_t ipv4 = ntohl(m->idiag_family == AF_INET ? a[0] : mapped ? a[3] : 0);
        bool ours = !i || any ||
                    (ipv4 && (ipv4 == i->address || ipv4 == (i->address | ~i->mask) || ipv4 == INADDR_BROADCAST));
        if (!ours || elsewhere)
                return false;
        for (size_t p = 0; p < n; p++)
                if (ntohs(m->id.idiag_sport) == ports[p]) {
                        out->port = ports[p];
                        return true;
                }
        return false;
}

enum answer { SOCKET_FREE, SOCKET_TAKEN, SOCKET_UNKNOWN };

/* All that wait in one datagram of the kernel's answer. */
static void read_part(const struct nlmsghdr *h, size_t n, bool *over, uint32_t *inode, const struct interface *i,
        const int *ports, size_t n_ports, struct port_user *out)
{
        for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
                *over = *over || h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
                if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
                        continue;
                const struct inet_diag_msg *m = NLMSG_DATA(h);
                if (!*inode && is_in_the_way(m, i, ports, n_ports, out))
                        *inode = m->idiag_inode ? m->idiag_inode : ~0u;
        }
}

static enum answer look(int fd, int family, const struct interface *i, const int *ports, size_t n, uint32_t *inode,
        struct port_user *out)
{
        union {
                struct nlmsghdr align;
                char bytes[16384];
        } room;
        if (!ask(fd, family))
                return SOCKET_UNKNOWN;
        for (bool over = false; !over;) {
                ssize_t got = recv(fd, &room, sizeof(room), 0);
                if (got <= 0)
                        return SOCKET_UNKNOWN;
                read_part(&room.align, (size_t)got, &over, inode, i, ports, n, out);
        }
        return *inode ? SOCKET_TAKEN : SOCKET_FREE;
}

/* --- whose socket it is --- */

static bool holds_socket(const char *pid, uint32_t inode)
{
        char path[300];
        snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
        DIR *dir = opendir(path);
        bool found = false;
        for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
                struct stat st;
                found = isdigit((unsigned char)*entry->d_name) && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
                        S_ISSOCK(st.st_mode) && st.st_ino == inode;
        }
        if (dir)
                closedir(dir);
        return found;
}

static void name_program(struct port_user *out)
{
        char path[40];
        snprintf(path, sizeof(path), "/proc/%d/comm", out->pid);
        AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, out->program, sizeof(out->program) - 1);
        out->program[n > 0 ? n : 0] = '\0';
        out->program[strcspn(out->program, "\n")] = '\0';
        for (char *c = out->program; *c; c++)
                *c = *c > 0x20 && *c < 0x7f ? *c : '?';
}

static void find_process(uint32_t inode, struct port_user *out)
{
        DIR *dir = opendir("/proc");
        for (struct dirent *entry; dir && !out->pid && (entry = readdir(dir));)
                if (isdigit((unsigned char)*entry->d_name) && holds_socket(entry->d_name, inode))
                        out->pid = (int)strtol(entry->d_name, NULL, 10);
        if (dir)
                closedir(dir);
        if (out->pid)
                name_program(out);
}

bool port_user_find(const struct interface *i, const int *ports, size_t n, struct port_user *out, struct err *e)
{
        static const int families[] = { AF_INET, AF_INET6 };
        *out = (struct port_user){ 0 };
        AUTO_FD int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        for (size_t f = 0; f < COUNT(families); f++) {
                uint32_t inode = 0;
                enum answer a = fd < 0 ? SOCKET_UNKNOWN : look(fd, families[f], i, ports, n, &inode, out);
                if (a == SOCKET_UNKNOWN)
                        return err_sys(e, _("asking which ports are in use"));
                if (a == SOCKET_FREE)
                        continue;
                find_process(inode, out);
                return true;
        }
        return false;
}
