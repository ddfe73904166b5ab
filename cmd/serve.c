#include "cmd/command.h"
#include "cmd/netbuild.h"
#include "cmd/serve_network.h"
#include "cmd/serve_roll.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "isobuilder/medium.h"
#include "pxe/loaders.h"
#include "pxe/nginx.h"
#include "pxe/served.h"
#include "pxe/notify.h"
#include "pxe/supervisor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

struct options {
        struct network_choice network;
        struct roll_options roll;
        int port;
        bool nginx, behind, instructions;
};

/* Sanitizers read files and make system calls that the cell has none of. */
#ifdef __SANITIZE_ADDRESS__
#define IN_CELL false
#else
#define IN_CELL true
#endif

enum { USUAL_PORT = 80, PORT_BEHIND = 8069, LAST_OF_ROOT = 1023, QUEUE = 256, DEAD_AFTER_MS = 20000 };

/* All that `serve` holds while it runs. */
struct serving {
        const struct options *options;
        struct netbuild build;
        struct serve_network network;
        struct medium *medium;
        struct kernel_lines lines;
        struct loaders loaders;
        struct iso_files *files;
        struct pack_files scripts;
        struct desk desk;
        struct serve_roll roll;
        char url[48]; /* "192.168.0.5", or with a port: where the machines come to */
        char http_base[80], ipxe_script[80], folder[64], etag[80];
        int lock, listen;
        bool made_folder;
};

static void serving_clear(struct serving *s)
{
        struct err ignored = ERR_INIT;
        if (s->made_folder && !file_remove_tree(AT_FDCWD, s->folder, &ignored))
                say_line(SAY_WARNING, ignored.text);
        desk_clear(&s->desk);
        serve_roll_clear(&s->roll);
        pack_files_clear(&s->scripts);
        iso_files_free(s->files);
        loaders_clear(&s->loaders);
        kernel_lines_clear(&s->lines);
        medium_free(s->medium);
        serve_network_clear(&s->network);
        cleanup_fd(&s->listen);
        cleanup_fd(&s->lock);
        netbuild_close(&s->build);
}

static bool as_root(void) { return geteuid() == 0; }

static int port_of(const struct options *o) { return o->port ? o->port : o->behind ? PORT_BEHIND : USUAL_PORT; }

/* --- what is asked for --- */

static bool check_rights(const struct options *o, struct err *e)
{
        if (!serve_roll_check(&o->roll, e))
                return false;
        if (as_root() || o->roll.only)
                return true;
        if (!o->network.dhcp || strcmp(o->network.dhcp, dhcp_mode_names[DHCP_NONE]) != 0)
                return err_rule(e, XR_SERVE_RIGHTS, "DHCP", NULL);
        return port_of(o) > LAST_OF_ROOT || err_rule(e, XR_SERVE_RIGHTS, _("port 80"), NULL);
}

static void name_ourselves(struct serving *s)
{
        int port = port_of(s->options);
        snprintf(s->url, sizeof(s->url), "%s", s->network.address);
        if (port != USUAL_PORT && !s->options->behind)
                snprintf(s->url, sizeof(s->url), "%s:%d", s->network.address, port);
        snprintf(s->http_base, sizeof(s->http_base), "http://%s/boot/", s->url);
        snprintf(s->ipxe_script, sizeof(s->ipxe_script), "http://%s/boot/ipxe/", s->url);
}

static bool read_image(struct serving *s, struct err *e)
{
        const char *image = roster_image(s->build.roster);
        s->medium = medium_open(s->build.build, image, e);
        if (!s->medium || !kernel_lines_read(s->medium, &s->lines, e))
                return false;
        s->files = iso_files_open(s->medium->fd, s->medium->size, image, e);
        snprintf(s->etag, sizeof(s->etag), "%s", roster_image_id(s->build.roster));
        return s->files && selector_files(&s->scripts, bytes_of(NULL, 0), e);
}

static bool make_loaders(struct serving *s, struct err *e)
{
        struct loaders_wish wish = { .base = s->medium, .lines = &s->lines, .address = s->url };
        struct dnsmasq_wish *w = &s->network.wish;
        if (!loaders_make(&wish, &s->loaders, e))
                return false;
        w->bios_loader = s->loaders.bios;
        w->uefi_loader = s->loaders.uefi;
        w->http_base = s->http_base;
        w->ipxe_script = s->ipxe_script;
        w->folder = s->folder;
        return true;
}

/* --- what is made for the time of serving --- */

/* Named by the build's folder, so that what a killed `serve` left is found and replaced by the next one. */
static bool make_folder(struct serving *s, struct err *e)
{
        struct stat st;
        if (fstat(s->build.out, &st) < 0)
                return err_sys(e, _("creating %s"), "/run/xenroll");
        snprintf(s->folder, sizeof(s->folder), "%s/xenroll-%llx-%llx", as_root() ? "/run" : "/tmp",
                (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
        if (!file_remove_tree(AT_FDCWD, s->folder, e))
                return false;
        if (mkdir(s->folder, 0755) < 0)
                return err_sys(e, _("creating %s"), s->folder);
        s->made_folder = true;
        AUTO_FD int folder = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (folder < 0 || fchmod(folder, 0755) < 0 || mkdirat(folder, "tftp", 0755) < 0)
                return err_sys(e, _("creating %s"), s->folder);
        AUTO_FD int tftp = openat(folder, "tftp", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (tftp < 0 || fchmod(tftp, 0755) < 0)
                return err_sys(e, _("creating %s"), s->folder);
        return loaders_write(&s->loaders, tftp, e);
}

/* A machine whose power was cut comes back with the same address and, its loader being what it is, from the same ports:
 * what is left of its earlier connections must be gone by then. */
static bool forget_the_dead(int listener)
{
        int ms = DEAD_AFTER_MS;
        return setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)) == 0;
}

static bool listen_on(struct serving *s, struct err *e)
{
        int one = 1, port = port_of(s->options);
        char number[8];
        uint32_t address = s->options->behind ? INADDR_LOOPBACK : s->network.wish.address;
        struct sockaddr_in at = {
                .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(address)
        };
        snprintf(number, sizeof(number), "%d", port);
        s->listen = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->listen >= 0 && setsockopt(s->listen, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
                forget_the_dead(s->listen) && bind(s->listen, (struct sockaddr *)&at, sizeof(at)) == 0 &&
                listen(s->listen, QUEUE) == 0)
                return true;
        err_rule(
                e, XR_SERVE_PORT, number, s->options->behind ? "127.0.0.1" : s->network.address, strerror(errno), NULL);
        e->kind = ERR_WORLD;
        return false;
}

static bool take_lock(struct serving *s, struct err *e)
{
        struct err busy = ERR_INIT;
        /* One that was killed a moment ago leaves processes behind that are about to end. */
        for (int tries = 0; s->lock < 0 && tries < 60; tries++) {
                if (tries)
                        (void)!poll(NULL, 0, 50);
                busy = (struct err)ERR_INIT;
                s->lock = file_lock(s->build.out, ".serve.lock", &busy);
        }
        if (s->lock >= 0)
                return true;
        /* Root's own, of an earlier version or in a folder that changed hands, is held by nobody. */
        if (faccessat(s->build.out, ".serve.lock", R_OK | W_OK, AT_EACCESS) < 0) {
                *e = busy;
                return false;
        }
        err_rule(e, XR_SERVE_ALREADY, "state.db", NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* --- serving --- */

static int64_t seconds_now(void) { return time(NULL); }

static void say(void *arg, const char *line)
{
        (void)arg;
        say_line(SAY_INFO, line);
}

static bool same_build(void *arg)
{
        const struct serving *s = arg;
        return netbuild_is_current(s->build.out, s->build.build);
}

static uint64_t packages_of(const struct iso_files *files)
{
        uint64_t bytes = 0;
        for (size_t i = 0; i < iso_files_count(files); i++)
                bytes += served_is_package(iso_files_at(files, i)->path) ? iso_files_at(files, i)->size : 0;
        return bytes;
}

static bool open_desk(void *arg, struct err *e)
{
        struct serving *s = arg;
        if (!netbuild_state(&s->build, true, e))
                return false;
        serve_roll_open(&s->roll);
        s->desk = (struct desk){ .roster = s->build.roster,
                .arming = s->build.arming,
                .lines = &s->lines,
                .files = &s->scripts,
                .address = s->url,
                .build = s->build.build,
                .enrol = s->options->network.enrol,
                .now = seconds_now,
                .say = say,
                .heard = serve_roll_heard,
                .percent = serve_roll_percent,
                .heard_arg = &s->roll,
                .packages = packages_of(s->files) };
        return desk_init(&s->desk, e);
}

static bool run_all(struct serving *s, struct err *e)
{
        char ready[200];
        bool with_dnsmasq = as_root();
        snprintf(ready, sizeof(ready), _("serving on %s (%s), DHCP: %s; stop with Ctrl-C"), s->url,
                s->network.wish.on.name, dhcp_mode_names[s->network.wish.mode]);
        struct supervisor v = {
                .server = { .listen = s->listen,
                        .image = s->medium->fd,
                        .files = s->files,
                        .etag = s->etag,
                        .image_date = s->medium->volume_date,
                        .loaders = s->loaders.files,
                        .n_loaders = s->loaders.n,
                        .page = s->roll.page,
                        .user = as_root() ? "nobody" : NULL,
                        .no_cell = !IN_CELL },
                .desk = &s->desk,
                .open = open_desk,
                .open_arg = s,
                .dnsmasq = with_dnsmasq ? &s->network.wish : NULL,
                .still = same_build,
                .still_arg = s,
                .ready = ready,
        };
        serve_roll_children(&s->roll, &v);
        say_line(SAY_INFO, s->loaders.from);
        return supervise(&v, e);
}

static bool serve(struct serving *s, struct err *e)
{
        AUTO_STR text = STR_MAX(64 << 10);
        if (!take_lock(s, e) || !serve_network_choose(&s->options->network, &s->build, &s->network, e))
                return false;
        name_ourselves(s);
        if (!read_image(s, e) || !make_loaders(s, e) || !make_folder(s, e) || !listen_on(s, e) ||
                !serve_roll_prepare(&s->roll, s->network.address, e))
                return false;
        /* For a person who reads along; a journal has no use for a page of text. */
        if (s->network.wish.mode == DHCP_NONE && !getenv("JOURNAL_STREAM")) {
                dhcp_print_instructions(&s->network.wish, &text);
                fprintf(stderr, "%s", str_text(&text));
        }
        return run_all(s, e);
}

/* --- without a boot network --- */

static bool nothing_to_open(void *arg, struct err *e)
{
        (void)arg;
        (void)e;
        return true;
}

static bool serve_roll_alone(struct serving *s, struct err *e)
{
        struct supervisor v = { .open = nothing_to_open, .ready = _("serving the roll call; stop with Ctrl-C") };
        const char *address = s->options->network.address;
        if (!take_lock(s, e) || !serve_roll_prepare(&s->roll, address ? address : "", e))
                return false;
        serve_roll_children(&s->roll, &v);
        return supervise(&v, e);
}

/* --- only text --- */

static bool print_nginx(struct serving *s, const char *out, struct err *e)
{
        AUTO_STR text = STR_MAX(64 << 10), image = STR_MAX(4096), key = STR_MAX(4096), certificate = STR_MAX(4096);
        char backend[32], page[32];
        struct network_choice c = s->options->network;
        c.offline = true;
        c.dhcp = dhcp_mode_names[DHCP_NONE];
        if (!serve_network_choose(&c, &s->build, &s->network, e))
                return false;
        AUTO_FREE char *absolute = realpath(out, NULL);
        out = absolute ? absolute : out;
        str_addf(&image, "%s/%s", out, roster_image(s->build.roster));
        if (!serve_roll_key(&s->roll, s->network.address, out, &key, &certificate, e))
                return false;
        snprintf(page, sizeof(page), "127.0.0.1:%d", serve_roll_port(s->roll.options));
        snprintf(backend, sizeof(backend), "127.0.0.1:%d", s->options->port ? s->options->port : PORT_BEHIND);
        struct nginx_wish wish = { .address = s->network.address,
                .image = str_text(&image),
                .mount_point = "/srv/xenroll/repo",
                .backend = backend,
                .page = page,
                .key = str_text(&key),
                .certificate = str_text(&certificate) };
        nginx_print(&wish, &text);
        printf("%s", str_text(&text));
        return str_ok(&text, "nginx.conf", e);
}

static bool print_instructions(struct serving *s, struct err *e)
{
        AUTO_STR text = STR_MAX(64 << 10);
        struct network_choice c = s->options->network;
        c.offline = true;
        c.dhcp = dhcp_mode_names[DHCP_NONE];
        if (!serve_network_choose(&c, &s->build, &s->network, e))
                return false;
        name_ourselves(s);
        s->network.wish.bios_loader = LOADER_BIOS;
        s->network.wish.uefi_loader = LOADER_UEFI;
        s->network.wish.http_base = s->http_base;
        s->network.wish.ipxe_script = s->ipxe_script;
        dhcp_print_instructions(&s->network.wish, &text);
        printf("%s", str_text(&text));
        return str_ok(&text, "dhcp", e);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(serving_clear)
        struct serving s = { .options = o, .build = NETBUILD_INIT, .roll = SERVE_ROLL_INIT, .lock = -1, .listen = -1 };
        const char *out = argc ? argv[0] : "out";
        if (o->port < 0 || o->port > 65535)
                return err_set(e, ERR_USAGE, _("--port takes 1 to 65535"));
        if (!o->nginx && !o->instructions && !check_rights(o, e))
                return false;
        if (!(o->roll.only ? netbuild_folders : netbuild_open)(&s.build, out, e))
                return false;
        struct roll_options roll = o->roll;
        roll.behind = o->behind || o->nginx;
        s.roll.options = &roll;
        s.roll.out = s.build.out;
        s.roll.build = s.build.build;
        if (o->roll.only)
                return serve_roll_alone(&s, e);
        if (o->nginx)
                return print_nginx(&s, out, e);
        return o->instructions ? print_instructions(&s, e) : serve(&s, e);
}

#define NETWORK(name) offsetof(struct options, network.name)
#define ROLL(name) offsetof(struct options, roll.name)
static const struct option_row rows[] = {
        { "interface", 'i', "NAME", OPTION_TEXT, NETWORK(interface),
                N_("the network interface to serve on; needed when there are several") },
        { "address", 0, "IP", OPTION_TEXT, NETWORK(address),
                N_("which of that interface's addresses, when it has several") },
        { "dhcp", 'd', "WHO", OPTION_TEXT, NETWORK(dhcp),
                N_("dhcp: we give addresses to the hosts of the build; proxy: another server does, we only say what to "
                   "boot; none: another "
                   "server does both. Without it the network is asked: proxy when somebody answers, else dhcp") },
        { "range", 'r', "FIRST-LAST", OPTION_TEXT, NETWORK(range),
                N_("with --dhcp dhcp: addresses for machines that are not in the build") },
        { "school", 's', "ID", OPTION_TEXT, NETWORK(school),
                N_("which school's network this is, when several of the build would fit") },
        { "enrol", 0, NULL, OPTION_FLAG, NETWORK(enrol),
                N_("let machines that nobody knows tell what they are, and power off; see 'xenroll enrol'") },
        { "although-another-dhcp-server-answers", 0, NULL, OPTION_FLAG, NETWORK(second_server),
                N_("be a second DHCP server in this network") },
        { "port", 'p', "NUMBER", OPTION_NUMBER, offsetof(struct options, port),
                N_("of the web server (80); UEFI machines only come to 80") },
        { "behind-nginx", 0, NULL, OPTION_FLAG, offsetof(struct options, behind),
                N_("listen on 127.0.0.1:8069 and 8070 only; nginx stands before it on ports 80 and 443") },
        { "https-port", 0, "NUMBER", OPTION_NUMBER, ROLL(port),
                N_("of the roll call's page (443; 8443 when not started as root; 8070 of 127.0.0.1 behind nginx)") },
        { "tls-key", 0, "FILE", OPTION_TEXT, ROLL(key),
                N_("the page's key, PEM; without one it is drawn once, and its certificate signed by itself") },
        { "tls-certificate", 0, "FILE", OPTION_TEXT, ROLL(certificate), N_("the certificate of that key, PEM") },
        { "everybody-reads", 0, NULL, OPTION_FLAG, ROLL(everybody_reads),
                N_("the page is shown to everybody in the network; to arm, a person still logs in") },
        { "only-roll-call", 0, NULL, OPTION_FLAG, ROLL(only),
                N_("no boot network: the server of a district, to which those of the schools forward") },
        { "database", 0, "URL", OPTION_TEXT, ROLL(database),
                N_("keep the roll call in a PostgreSQL: postgresql://...; with a password in it, give it as XENROLL_DATABASE in "
                   "the environment") },
        { "keep-days", 0, "NUMBER", OPTION_NUMBER, ROLL(keep_days), N_("for how long events are kept, and who did what (400)") },
        { "nginx", 0, NULL, OPTION_FLAG, offsetof(struct options, nginx),
                N_("print a configuration for nginx, and end") },
        { "instructions", 0, NULL, OPTION_FLAG, offsetof(struct options, instructions),
                N_("print what to enter in another DHCP server, and end") },
};

const struct command command_serve = {
        .name = "serve",
        .arguments = "[OUT]",
        .summary = N_("install armed hosts over the network"),
        .about = N_("Machines that start from the network and are armed (see 'xenroll arm') install themselves, under "
                    "BIOS and UEFI, "
                    "with or without another DHCP server; all others start their own disk at once. Everything comes "
                    "from the build's "
                    "folder: no internet is needed. Runs until it is stopped; downloads under way may then end. The "
                    "web server gives up "
                    "root's rights as soon as it runs. Two cannot serve one build at a time."),
        .example = "  xenroll arm out --all\n  sudo xenroll serve out --interface enp3s0\n  sudo xenroll serve out "
                   "--dhcp proxy\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 0,
        .max_args = 1,
        .run = run,
};
