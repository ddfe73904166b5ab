/* roll_server - the roll call's web server with a roll call that plays a part, for the ring `rollweb`.
 *
 *     roll_server ADDRESS:PORT [key=FILE certificate=FILE] [user=NAME] [most=N] [again=S] [no-cell] [quiet]
 *         prints "ready WEB-PID OTHER-PID"
 *
 * The part: /echo and /events… tell what was asked, /fields has header fields of its own, /kept says for how long it
 * may be kept, /same is 304 when the visitor has it, /large 8 MiB, /die ends, /nonsense is no answer, POST /bump makes
 * N (its body) changes of as many bytes as its query says, /api/stream is for who has the cookie "good", until POST
 * /shut. All else is 404. */
#include "tests/tools/web_pair.h"
#include "base/i18n.h"
#include "base/log.h"
#include "rollcall/roll_web.h"

#include <poll.h>

static struct {
        int lines[ROLL_LINES];
        pid_t web;
        long long change;
        int width;
        bool shut;
} other = { .width = 10 };

/* --- the roll call's part --- */

static void tell(const struct ask *a, struct reply *r)
{
        str_addf(&r->body, "%s %s %s\n%s%zu bytes\n", a->method, a->path, a->peer, a->fields, a->body.len);
        if (a->body.len < 200)
                str_addn(&r->body, a->body.ptr, a->body.len);
}

static void changes(const struct ask *a, struct reply *r)
{
        char query[100] = "";
        (void)ask_field(a, "Query", query, sizeof(query));
        long long since = below(query, "since=") ? strtoll(query + 6, NULL, 10) : 0;
        r->status = *a->peer ? 401 : since < other.change ? 200 : 204;
        str_addf(&r->fields, "X-Change: %lld\n", other.change);
        if (r->status == 200)
                str_addf(&r->body, "{\"since\":%lld,\n\"change\":%lld,\"filled\":\"%0*d\"}", since, other.change,
                        other.width, 0);
}

static void play(const struct ask *a, struct reply *r)
{
        char cookie[200] = "", tag[40] = "", query[40] = "";
        (void)ask_field(a, "Cookie", cookie, sizeof(cookie));
        (void)ask_field(a, "Query", query, sizeof(query));
        r->status = 200;
        snprintf(r->type, sizeof(r->type), "text/plain");
        if (!strcmp(a->path, "/echo") || below(a->path, "/events"))
                tell(a, r);
        else if (!strcmp(a->path, "/fields"))
                str_add(&r->fields, "Set-Cookie: a=1; HttpOnly\nSet-Cookie: b=2\nX-Own: yes\n");
        else if (!strcmp(a->path, "/kept"))
                str_add(&r->fields, "Cache-Control: max-age=60\nETag: \"7\"\n");
        else if (!strcmp(a->path, "/same"))
                r->status = ask_field(a, "If-None-Match", tag, sizeof(tag)) && !strcmp(tag, "\"7\"") ? 304 : 200;
        else if (!strcmp(a->path, "/large"))
                while (r->body.len < LARGEST_REPLY)
                        str_add(&r->body, "01234567");
        else if (!strcmp(a->path, "/die"))
                _exit(0);
        else if (!strcmp(a->path, "/bump")) {
                other.change += atoi(a->body.ptr);
                other.width = *query ? atoi(query) : 10;
        } else if (!strcmp(a->path, "/shut"))
                other.shut = true;
        else if (!strcmp(a->path, "/api/stream"))
                r->status = strstr(cookie, "good") && !other.shut ? 204 : 401;
        else if (!strcmp(a->path, "/api/changes"))
                changes(a, r);
        else
                r->status = 404;
}

static bool answer_one(int line)
{
        struct received_ask q;
        struct reply r = REPLY_INIT;
        struct err e = ERR_INIT;
        bool over;
        if (!backend_receive(line, &q, &over, &e))
                return false;
        if (!strcmp(q.ask.path, "/nonsense"))
                (void)!write(line, "nonsense nonsense nonsense nonsense", 35);
        play(&q.ask, &r);
        bool fine = backend_reply(line, &r, &e);
        reply_clear(&r);
        received_ask_clear(&q);
        return fine;
}

static int run_other(void)
{
        end_with(other.web);
        for (size_t open_ones = ROLL_LINES; open_ones;) {
                struct pollfd fds[ROLL_LINES];
                for (size_t i = 0; i < ROLL_LINES; i++)
                        fds[i] = (struct pollfd){ .fd = other.lines[i], .events = POLLIN };
                if (poll(fds, ROLL_LINES, -1) < 0)
                        continue;
                for (size_t i = 0; i < ROLL_LINES; i++)
                        if (fds[i].revents && !answer_one(other.lines[i])) {
                                other.lines[i] = -1;
                                open_ones--;
                        }
        }
        return web_code();
}

/* --- the web server --- */

static void read_options(struct roll_web_config *c, char **options)
{
        for (; *options; options++) {
                char *o = *options;
                if (below(o, "key="))
                        c->key = content(o + 4);
                else if (below(o, "certificate="))
                        c->certificate = content(o + 12);
                else if (below(o, "user="))
                        c->user = o + 5;
                else if (below(o, "most="))
                        c->most_connections = (unsigned)atoi(o + 5);
                else if (below(o, "again="))
                        c->again_seconds = (unsigned)atoi(o + 6);
                else if (!strcmp(o, "no-cell"))
                        c->no_cell = true;
                else if (!strcmp(o, "quiet"))
                        log_enable(false);
                else
                        die(o, "no such option");
        }
}

int main(int argc, char **argv)
{
        struct err e = ERR_INIT;
        struct roll_web_config c = { .listen = -1 };
        int ours[ROLL_LINES];
        pid_t parent = getpid();
        i18n_init(NULL);
        log_enable(true);
        if (argc < 2)
                die("usage", "see the first lines of tests/tools/roll_server.c");
        c.listen = listen_at(argv[1]);
        c.lines = ours;
        read_options(&c, argv + 2);
        make_lines(ours, other.lines, ROLL_LINES);
        other.web = fork();
        if (other.web) {
                close_lines(ours, ROLL_LINES);
                close(c.listen);
                return run_other();
        }
        close_lines(other.lines, ROLL_LINES);
        bool fine = roll_web_run(&c, tell_ready, &parent, &e);
        if (!fine)
                fprintf(stderr, "roll_server: %s\n", e.text);
        return fine ? 0 : (int)e.kind;
}
