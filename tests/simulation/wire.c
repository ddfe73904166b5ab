#include "tests/simulation/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

const char *const point_names[POINTS] = { "write", "sync", "rename", "unlink", "create", "mkdir", "truncate" };

static bool send_all(int fd, const char *p, size_t n)
{
        while (n) {
                ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return false;
                p += done;
                n -= (size_t)done;
        }
        return true;
}

static bool receive_all(int fd, char *p, size_t n)
{
        while (n) {
                ssize_t done = recv(fd, p, n, MSG_WAITALL);
                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return false;
                p += done;
                n -= (size_t)done;
        }
        return true;
}

bool wire_send(int fd, struct wire m, struct bytes text)
{
        char both[4096];
        m.length = (uint32_t)text.len;
        if (text.len > sizeof(both) - sizeof(m))
                return send_all(fd, (const char *)&m, sizeof(m)) && send_all(fd, text.ptr, text.len);
        memcpy(both, &m, sizeof(m));
        memcpy(both + sizeof(m), text.ptr, text.len);
        return send_all(fd, both, sizeof(m) + text.len);
}

bool wire_receive(int fd, struct wire *m, struct str *text)
{
        char part[65536];
        str_reset(text);
        if (!receive_all(fd, (char *)m, sizeof(*m)) || m->length > WIRE_LONGEST)
                return false;
        for (size_t left = m->length; left;) {
                size_t n = left < sizeof(part) ? left : sizeof(part);
                if (!receive_all(fd, part, n))
                        return false;
                str_addn(text, part, n);
                left -= n;
        }
        return !text->failed;
}
