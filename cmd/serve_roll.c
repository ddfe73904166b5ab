#include "cmd/serve_roll.h"
#include "cmd/command.h"
#include "cmd/netbuild.h"
#include "pxe/notify.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/now.h"
#include "base/rule.h"
#include "rollcall/answers.h"
#include "rollcall/courier.h"
#include "rollcall/service.h"
#include "rollcall/web_key.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

/* Sanitizers read files and make system calls that the cell has none of. */
#ifdef __SANITIZE_ADDRESS__
#define IN_CELL false
#else
#define IN_CELL true
#endif

enum {
        USUAL_PORT = 443,
        USUAL_PORT_OF_USERS = 8443,
        PORT_BEHIND = 8070,
        LAST_OF_ROOT = 1023,
        QUEUE = 511,
        KEEP_DAYS = 400,
        FEWEST_KEEP_DAYS = 30,
        MOST_OF_A_REPORT = 100, /* events in one body that a host posts */
        LONGEST_WAIT_MS = 60000,
        AFTER_A_KILL_MS = 3000,
        AGAIN_MS = 5000,     /* after trouble with the database */
        MOST_WAIT_MS = 1000, /* that a report keeps the boot server from deciding */
};

static bool as_root(void) { return geteuid() == 0; }

static void wipe(char **text)
{
        if (*text)
                explicit_bzero(*text, strlen(*text));
        free(*text);
        *text = NULL;
}

void serve_roll_clear(struct serve_roll *r)
{
        recorder_free(r->recorder);
        wipe(&r->database);
        if (r->listen < 0)
                return;
        close(r->listen);
        for (size_t i = 0; i < ROLL_LINES; i++) {
                close(r->ours[i]);
                close(r->theirs[i]);
        }
}

/* --- what is asked for --- */

int serve_roll_port(const struct roll_options *o)
{
        return o->port ? o->port : o->behind ? PORT_BEHIND : as_root() ? USUAL_PORT : USUAL_PORT_OF_USERS;
}

bool serve_roll_check(const struct roll_options *o, struct err *e)
{
        char port[32];
        if (o->port < 0 || o->port > 65535)
                return err_set(e, ERR_USAGE, _("--https-port takes 1 to 65535"));
        /* What a district's server has not fetched for so long is gone. */
        if (o->keep_days && o->keep_days < FEWEST_KEEP_DAYS)
                return err_set(e, ERR_USAGE, _("--keep-days takes 30 days or more"));
        snprintf(port, sizeof(port), _("port %d"), serve_roll_port(o));
        return as_root() || serve_roll_port(o) > LAST_OF_ROOT || err_rule(e, XR_SERVE_RIGHTS, port, NULL);
}

/* A password in it must not be seen by who lists the processes, nor by a process of ours that has no use for it. */
static void read_database(struct serve_roll *r)
{
        char *given = getenv("XENROLL_DATABASE");
        const char *from = r->options->database ? r->options->database : given;
        if (from && *from && !(r->database = strdup(from)))
                file_out_of_memory();
        if (given)
                explicit_bzero(given, strlen(given));
        unsetenv("XENROLL_DATABASE");
}

void serve_roll_forget(void *arg) { wipe(&((struct serve_roll *)arg)->database); }

static bool is_everywhere(const struct serve_roll *r) { return !strcmp(r->address, "0.0.0.0"); }

/* Who listens everywhere is reached at his network's address, for names of computers are known to few in a school; "" when there is none. */
static void reached_at(const struct serve_roll *r, char address[sizeof(r->address)])
{
        struct ifaddrs *all = NULL;
        snprintf(address, sizeof(r->address), "%s", is_everywhere(r) ? "" : r->address);
        if (!is_everywhere(r) || getifaddrs(&all) < 0)
                return;
        for (const struct ifaddrs *i = all; i && !*address; i = i->ifa_next)
                if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && i->ifa_flags & IFF_UP && !(i->ifa_flags & IFF_LOOPBACK))
                        inet_ntop(AF_INET, &((const struct sockaddr_in *)i->ifa_addr)->sin_addr, address, sizeof(r->address));
        freeifaddrs(all);
}

static bool open_key(const struct serve_roll *r, struct web_key *key, struct err *e)
{
        char name[256] = "", address[sizeof(r->address)];
        reached_at(r, address);
        if (gethostname(name, sizeof(name) - 1) < 0)
                *name = '\0';
        const char *const names[] = { address, name, "localhost" };
        return web_key_open(r->out, r->options->key, r->options->certificate, names, COUNT(names), key, e);
}

bool serve_roll_key(struct serve_roll *r, const char *address, const char *out, struct str *key,
        struct str *certificate, struct err *e)
{
        OWN(web_key_clear) struct web_key drawn = WEB_KEY_INIT;
        snprintf(r->address, sizeof(r->address), "%s", address);
        if (!open_key(r, &drawn, e))
                return false;
        str_addf(key, "%s%s", r->options->key ? r->options->key : out, r->options->key ? "" : "/secrets/web.key");
        str_addf(certificate, "%s%s", r->options->key ? r->options->certificate : out,
                r->options->key ? "" : "/secrets/web.crt");
        return str_ok(key, "nginx.conf", e) && str_ok(certificate, "nginx.conf", e);
}

static void name_page(struct serve_roll *r)
{
        char name[256] = "localhost";
        int port = serve_roll_port(r->options);
        reached_at(r, name);
        /* A certificate of somebody else's is for a name. */
        if ((!*name || (is_everywhere(r) && r->options->certificate)) && gethostname(name, sizeof(name) - 1) < 0)
                snprintf(name, sizeof(name), "localhost");
        snprintf(r->page, sizeof(r->page), "https://%.60s", name);
        size_t n = strlen(r->page);
        bool usual = port == USUAL_PORT || r->options->behind;
        snprintf(r->page + n, sizeof(r->page) - n, usual ? "/" : ":%d/", port);
}

static bool say_page(const struct serve_roll *r, struct err *e)
{
        AUTO_STR line = STR_MAX(1000);
        OWN(web_key_clear) struct web_key key = WEB_KEY_INIT;
        if (r->options->behind) {
                str_addf(&line, _("the page is at %s, by the server before us"), r->page);
                say_line(SAY_NOTICE, str_text(&line));
                return true;
        }
        if (!open_key(r, &key, e))
                return false;
        str_addf(&line, _("the page is at %s; its certificate's SHA-256: %s"), r->page, key.fingerprint);
        say_line(SAY_NOTICE, str_text(&line));
        str_reset(&line);
        str_addf(&line, _("for the school servers' `upstream:`, pin: %s"), key.pin);
        say_line(SAY_INFO, str_text(&line));
        if (faccessat(r->out, "secrets/web.hash", F_OK, 0) < 0 && errno == ENOENT)
                say_line(SAY_NOTICE, _("no password is set yet, so nobody can log in there: set it with 'xenroll password OUT'"));
        return true;
}

/* One that was killed a moment ago leaves processes behind that are about to end. */
static bool bind_soon(int fd, const struct sockaddr_in *at)
{
        for (int tries = AFTER_A_KILL_MS / 50; bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0; tries--) {
                if (errno != EADDRINUSE || tries <= 0)
                        return false;
                (void)!poll(NULL, 0, 50);
        }
        return true;
}

static bool listen_on(struct serve_roll *r, struct err *e)
{
        char number[16];
        int one = 1, port = serve_roll_port(r->options);
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
        const char *address = r->options->behind ? "127.0.0.1" : r->address;
        snprintf(number, sizeof(number), "%d", port);
        AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
                setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 || !bind_soon(fd, &at) ||
                listen(fd, QUEUE) < 0) {
                err_rule(e, XR_ROLL_PORT, number, address, strerror(errno), NULL);
                e->kind = ERR_WORLD;
                return false;
        }
        for (size_t i = 0; i < ROLL_LINES; i++) {
                int pair[2];
                if (!backend_pair(pair, e))
                        return false;
                r->ours[i] = pair[0];
                r->theirs[i] = pair[1];
        }
        r->listen = r->ours[ROLL_LINES] = take_fd(&fd);
        return true;
}

/* Read here only for this: its secrets are for those who need them, and read by them. */
static bool look_into_build(struct serve_roll *r, struct err *e)
{
        struct expected *x = expected_open(r->build, e);
        if (!x)
                return false;
        r->courier = x->upstream.url || x->n_notices;
        expected_use_timezone(x);
        expected_free(x);
        return true;
}

bool serve_roll_prepare(struct serve_roll *r, const char *address, struct err *e)
{
        snprintf(r->address, sizeof(r->address), "%s", *address ? address : "0.0.0.0");
        read_database(r);
        name_page(r);
        return look_into_build(r, e) && listen_on(r, e) && say_page(r, e);
}

/* --- the web server --- */

static bool run_web(void *arg, void (*ready)(void *arg), void *ready_arg, int keep, struct err *e)
{
        struct serve_roll *r = arg;
        OWN(web_key_clear) struct web_key key = WEB_KEY_INIT;
        serve_roll_forget(r);
        if (!r->options->behind && !open_key(r, &key, e))
                return false;
        struct roll_web_config c = { .listen = r->ours[ROLL_LINES],
                .key = key.key,
                .certificate = key.certificate,
                .lines = r->ours,
                .keep = keep,
                .user = as_root() ? "nobody" : NULL,
                .no_cell = !IN_CELL };
        return roll_web_run(&c, ready, ready_arg, e);
}

/* --- the process that knows --- */

static void say(const char *line) { say_line(SAY_NOTICE, line); }

static void say_not_kept(struct err *e)
{
        char line[600];
        snprintf(line, sizeof(line), _("events cannot be kept: %s"), e->text);
        say(line);
        if (*e->remedy)
                say(e->remedy);
        *e = (struct err)ERR_INIT;
}

static bool add_pool(
        const struct expected_school *s, const struct expected_pool *p, struct expected_host *out, size_t *n)
{
        for (size_t i = 0; i < p->n_hosts; i++) {
                const struct expected_machine *m = &p->hosts[i];
                out[(*n)++] = (struct expected_host){ s->id, s->name, p->id, p->name, m->name, m->address, m->mac,
                        m->serial };
        }
        return true;
}

static bool expect(struct store *store, const struct expected *x, struct err *e)
{
        size_t n = 0, most = 0;
        for (size_t i = 0; i < x->n_schools; i++)
                for (size_t p = 0; p < x->schools[i].n_pools; p++)
                        most += x->schools[i].pools[p].n_hosts;
        AUTO_FREE struct expected_host *hosts = calloc(most + 1, sizeof(*hosts));
        if (!hosts)
                file_out_of_memory();
        for (size_t i = 0; i < x->n_schools; i++)
                for (size_t p = 0; p < x->schools[i].n_pools; p++)
                        add_pool(&x->schools[i], &x->schools[i].pools[p], hosts, &n);
        return store_expect(store, hosts, n, e);
}

struct knowing {
        struct expected *expected;
        struct store *store;
        struct arming *arming;
        struct answers *answers;
        struct arming_watch *watch;
};

static void knowing_clear(struct knowing *k)
{
        arming_watch_free(k->watch);
        answers_free(k->answers);
        arming_close(k->arming);
        store_close(k->store);
        expected_free(k->expected);
}

static int64_t keep_ms(const struct roll_options *o)
{
        return (o->keep_days ? o->keep_days : KEEP_DAYS) * INT64_C(24) * 3600 * 1000;
}

static bool open_build(const struct serve_roll *r, struct knowing *k, struct err *e)
{
        k->expected = expected_open(r->build, e);
        k->arming = k->expected && !r->options->only ? arming_open(r->out, true, e) : NULL;
        return k->expected && (r->options->only || k->arming);
}

static bool open_store(const struct serve_roll *r, struct knowing *k, struct err *e)
{
        k->store = store_open(r->out, r->database, true, e);
        if (k->store && expect(k->store, k->expected, e))
                return true;
        store_close(k->store);
        k->store = NULL;
        return false;
}

static bool open_answers(const struct serve_roll *r, struct knowing *k, struct err *e)
{
        struct answers_config c = { .store = k->store,
                .expected = k->expected,
                .arming = k->arming,
                .out = r->out,
                .everybody_reads = r->options->everybody_reads,
                .now = now_wall };
        k->answers = answers_new(&c, e);
        k->watch = k->arming ? arming_watch_new(k->arming, k->store, keep_ms(r->options)) : NULL;
        return k->answers;
}

/* Until the store can be opened; who asks meanwhile is told to come again. */
static bool await_store(const struct serve_roll *r, struct knowing *k, struct err *e)
{
        while (!k->store) {
                struct err why = ERR_INIT;
                if (!service_turn_away(r->theirs, AGAIN_MS, e))
                        return false;
                if (!open_store(r, k, &why) && why.kind != ERR_WORLD) {
                        *e = why;
                        return false;
                }
        }
        say(_("events can be kept again"));
        return true;
}

static bool same_build(void *arg)
{
        const struct serve_roll *r = arg;
        return netbuild_is_current(r->out, r->build);
}

/* A database that is away, or held by somebody, is no reason to end, for with it the boot server would. It goes on until
 * its web server has ended: what that has taken is answered. */
static bool run_service(void *arg, void (*ready)(void *arg), void *ready_arg, int keep, struct err *e)
{
        struct serve_roll *r = arg;
        OWN(knowing_clear) struct knowing k = { NULL };
        signal(SIGTERM, SIG_IGN);
        signal(SIGPIPE, SIG_IGN);
        if (!open_build(r, &k, e) || (!open_store(r, &k, e) && e->kind != ERR_WORLD))
                return false;
        bool away = !k.store;
        if (away)
                say_not_kept(e);
        else if (!open_answers(r, &k, e))
                return false;
        ready(ready_arg);
        close(keep);
        if (away && (!await_store(r, &k, e) || !open_answers(r, &k, e)))
                return e->kind == ERR_NONE;
        struct service_config c = { .lines = r->theirs,
                .answers = k.answers,
                .store = k.store,
                .watch = k.watch,
                .keep_ms = keep_ms(r->options),
                .upstream = &k.expected->upstream,
                .now = now_wall,
                .still = same_build,
                .still_arg = r,
                .say = say };
        return service_run(&c, e);
}

/* --- the courier --- */

struct carrying {
        struct expected *expected;
        struct store *store;
        struct courier *courier;
};

static void carrying_stop(struct carrying *c)
{
        courier_free(c->courier);
        store_close(c->store);
        c->courier = NULL;
        c->store = NULL;
}

static void carrying_clear(struct carrying *c)
{
        carrying_stop(c);
        expected_free(c->expected);
}

static bool carrying_start(const struct serve_roll *r, struct carrying *c, struct err *e)
{
        c->store = store_open(r->out, r->database, false, e);
        struct courier_config config = {
                .store = c->store, .expected = c->expected, .status_url = r->page, .now = now_wall, .say = say
        };
        c->courier = c->store ? courier_new(&config, e) : NULL;
        return c->courier;
}

/* Until the store is lost. */
static void carry(struct courier *c, struct err *e)
{
        for (int wait = 1000; courier_work(c, &wait, e);)
                (void)!poll(NULL, 0, wait < 0 ? 0 : wait > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : wait);
}

/* Each trouble is said once. */
static void say_trouble(const struct err *e, char said[400])
{
        char line[400];
        snprintf(line, sizeof(line), _("nothing is carried to others: %.300s"), e->text);
        if (strcmp(line, said) != 0)
                say(line);
        snprintf(said, 400, "%s", line);
}

/* As of the service: how far it came is in the store. */
static bool run_courier(void *arg, void (*ready)(void *arg), void *ready_arg, int keep, struct err *e)
{
        const struct serve_roll *r = arg;
        char said[400] = "";
        OWN(carrying_clear) struct carrying c = { .expected = expected_open(r->build, e) };
        signal(SIGPIPE, SIG_IGN);
        if (!c.expected)
                return false;
        ready(ready_arg);
        close(keep);
        for (;;) {
                struct err why = ERR_INIT;
                if (c.courier || carrying_start(r, &c, &why))
                        carry(c.courier, &why);
                carrying_stop(&c);
                say_trouble(&why, said);
                (void)!poll(NULL, 0, AGAIN_MS);
        }
}

void serve_roll_children(struct serve_roll *r, struct supervisor *s)
{
        s->children[s->n_children++] =
                (struct child){ _("the roll call's web server"), run_web, r, r->ours, ROLL_LINES + 1 };
        s->children[s->n_children++] = (struct child){ _("the roll call"), run_service, r, r->theirs, ROLL_LINES };
        if (r->courier)
                s->children[s->n_children++] = (struct child){ _("the courier"), run_courier, r, NULL, 0 };
        s->forget = serve_roll_forget;
        s->forget_arg = r;
        r->listen = -1;
}

/* --- the desk --- */

/* The service makes the tables, and looks them over. */
void serve_roll_open(struct serve_roll *r) { r->recorder = recorder_new(r->out, r->database); }

static bool read_report(const struct heard *h, struct event *events, size_t *n, struct err *e)
{
        int64_t now = now_wall();
        if (!events_read(h->body, NULL, false, events, MOST_OF_A_REPORT, n, e))
                return false;
        for (size_t i = 0; i < *n; i++) {
                snprintf(events[i].school, sizeof(events[i].school), "%s", h->school);
                snprintf(events[i].host, sizeof(events[i].host), "%s", h->host);
                events[i].received = now;
                event_key(&events[i]);
        }
        return true;
}

/* That it has started is also told by what the service sees of the armings: nobody waits for it. */
enum heard_end serve_roll_heard(void *arg, const struct heard *h, struct err *e)
{
        static const enum heard_end ends[] = {
                [RECORDED] = HEARD, [RECORDED_NO_ROOM] = HEARD_NO_ROOM, [RECORDED_NOT] = HEARD_NOT
        };
        struct serve_roll *r = arg;
        size_t n = 2;
        AUTO_FREE struct event *events = calloc(MOST_OF_A_REPORT, sizeof(*events));
        if (!events)
                file_out_of_memory();
        if (!h->body.ptr)
                arming_watch_started(h->school, h->host, h->token, h->starts, now_wall(), events);
        else if (!read_report(h, events, &n, e))
                return HEARD_NOT;
        return ends[recorder_put(r->recorder, events, n, h->body.ptr ? MOST_WAIT_MS : 0, e)];
}

void serve_roll_percent(void *arg, const char *school, const char *host, int percent)
{
        struct serve_roll *r = arg;
        recorder_percent(r->recorder, school, host, percent);
}
