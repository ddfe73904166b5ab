#include "postinstall/xapi.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "postinstall/clock.h"
#include "postinstall/xapi_errors.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum {
        PATIENCE = 60000,
        PATIENCE_GOODBYE = 2000,
        SLACK = 30000, /* for an answer that begins only when the waiting is over */
        LONGEST_CALL = 1 << 20,
        LONGEST_ADDRESS = 255,
        LONGEST_TOKEN = 255,
        MOST_SECRETS = 12,
};

struct xapi {
        struct transport *transport;
        char *url, *pin, *content_type; /* of the target; url is NULL over a socket */
        struct secret password, session;
        void (*log)(void *arg, const char *line);
        void *log_arg;
        int patience;
        unsigned calls, sessions;
        unsigned token_session; /* which one the last token of events came from */
        bool reached;           /* the last call got an answer: saying goodbye is quick */
        char redirected[LONGEST_ADDRESS + 1];
        struct rpc_answer refused; /* holds what failure points to */
        struct xapi_failure failure;
};

static char *copied(const char *text)
{
        char *copy = text ? strdup(text) : NULL;
        if (text && !copy)
                file_out_of_memory();
        return copy;
}

struct xapi *xapi_new(const struct transport_target *target, const struct secret *password,
        void (*log)(void *arg, const char *line), void *arg, struct err *e)
{
        struct xapi *x = calloc(1, sizeof(*x));
        if (!x)
                file_out_of_memory();
        *x = (struct xapi){ .log = log, .log_arg = arg, .patience = PATIENCE, .failure.code = "" };
        x->url = target->socket ? NULL : copied(target->url);
        x->pin = copied(target->pin);
        x->content_type = copied(target->content_type);
        if (password && password->ptr)
                x->password = secret_of(password->ptr, password->len);
        x->transport = transport_new(target, e);
        if (x->transport)
                return x;
        xapi_free(x);
        return NULL;
}

/* --- one exchange --- */

static const char *end_name(enum xapi_end end)
{
        static const char *const names[] = { "DONE", "FAILED", "AWAY", "UNKNOWN", "FOREIGN" };
        return names[end];
}

static void log_call(struct xapi *x, const char *method, int64_t began, enum xapi_end end)
{
        if (!x->log)
                return;
        char line[256], code[80];
        size_t n = 0;
        for (const char *c = x->failure.code; *c && n < sizeof(code) - 1; c++)
                code[n++] = isalnum((unsigned char)*c) || *c == '_' ? *c : '?';
        code[n] = '\0';
        snprintf(line, sizeof(line), "%s (%" PRId64 " ms): %s%s%s", method, clock_steady() - began, end_name(end),
                n ? " " : "", code);
        x->log(x->log_arg, line);
}

/* Calls that may be made twice because they change nothing. */
static bool only_reads(const char *method)
{
        const char *dot = strchr(method, '.');
        return !strcmp(method, "event.from") || !strcmp(method, "session.login_with_password") ||
               (dot && !strncmp(dot + 1, "get_", 4));
}

static size_t texts_of(const struct rpc_arg *record, const char **out, size_t room)
{
        size_t found = 0;
        for (size_t i = 0; i < record->n_members && found < room; i++)
                if (record->members[i].arg.kind == ARG_TEXT && *record->members[i].arg.text)
                        out[found++] = record->members[i].arg.text;
        return found;
}

/* Values among the arguments that no message may show, should xapi repeat them. */
static size_t secrets_among(const char *method, const struct rpc_arg *args, size_t n, const char **out, size_t room)
{
        size_t found = 0;
        bool all = !strncmp(method, "secret.", 7);
        for (size_t i = 0; i < n; i++) {
                if (args[i].kind == ARG_TEXT && i == 2 && strstr(method, "pool.join") && found < room)
                        out[found++] = args[i].text;
                if (all && args[i].kind == ARG_RECORD)
                        found += texts_of(&args[i], out + found, room - found);
                if (args[i].kind != ARG_MAP)
                        continue;
                for (const char *const *p = args[i].texts; p && p[0] && p[1]; p += 2)
                        if ((all || strcasestr(p[0], "passw")) && found < room)
                                out[found++] = p[1];
        }
        return found;
}

static void explain(struct xapi *x, const char *method, const struct rpc_arg *args, size_t n, struct err *e)
{
        const char *secrets[MOST_SECRETS + 3] = { NULL };
        size_t found = secrets_among(method, args, n, secrets, MOST_SECRETS);
        if (x->password.ptr)
                secrets[found++] = x->password.ptr;
        if (x->session.ptr)
                secrets[found++] = x->session.ptr;
        xapi_explain(e, &x->failure, secrets);
}

static void forget_failure(struct xapi *x)
{
        rpc_answer_clear(&x->refused);
        x->failure = (struct xapi_failure){ .code = "" };
}

static void keep_failure(struct xapi *x, struct rpc_answer *answer)
{
        rpc_answer_clear(&x->refused);
        x->refused = *answer;
        *answer = (struct rpc_answer){ .value.text = "" };
        const struct rpc_value *v = &x->refused.value;
        x->failure = (struct xapi_failure){ .code = v->items[0].text };
        for (size_t i = 1; i < v->n && x->failure.n < COUNT(x->failure.params); i++)
                x->failure.params[x->failure.n++] = v->items[i].text;
}

/* An answer of xapi's that the connection's end cut short, as opposed to a page of something else. */
static bool looks_torn(const struct str *body)
{
        static const char lead[] = "<?xml version=\"1.0\"?><methodResponse>";
        size_t n = body->len < strlen(lead) ? body->len : strlen(lead);
        return !memcmp(str_text(body), lead, n) || memmem(str_text(body), body->len, "<methodResponse", 15);
}

static enum xapi_end judge_status(int status, bool reading, struct err *e)
{
        char shown[16];
        snprintf(shown, sizeof(shown), "%d", status);
        err_rule(e, XR_XAPI_HTTP, shown, NULL);
        e->kind = ERR_WORLD;
        if (status < 500 || status > 599)
                return XAPI_FOREIGN;
        /* 503 says that the request was not looked at. After any other it may have been. */
        return reading || status == 503 ? XAPI_AWAY : XAPI_UNKNOWN;
}

static enum xapi_end judge_body(struct xapi *x, struct str *body, struct rpc_answer *out, struct err *e)
{
        if (!rpc_answer_read(str_bytes(body), out, e))
                return looks_torn(body) ? XAPI_UNKNOWN : XAPI_FOREIGN;
        x->reached = true;
        if (!out->failed)
                return XAPI_DONE;
        keep_failure(x, out);
        return XAPI_FAILED;
}

static void wipe(struct str *s)
{
        if (s->ptr)
                explicit_bzero(s->ptr, s->cap);
        str_clear(s);
}

#define SECRET_STR OWN(wipe) struct str

static enum xapi_end post(
        struct xapi *x, struct str *request, int patience, bool reading, struct rpc_answer *out, struct err *e)
{
        SECRET_STR body = STR_MAX(RPC_LONGEST);
        int status = 0;
        x->calls++;
        x->reached = false;
        switch (transport_post(x->transport, str_bytes(request), patience, &body, &status, e)) {
        case TRANSPORT_DONE:
                return status == 200 ? judge_body(x, &body, out, e) : judge_status(status, reading, e);
        case TRANSPORT_UNREACHED:
                return XAPI_AWAY;
        case TRANSPORT_LOST:
                return XAPI_UNKNOWN;
        case TRANSPORT_OTHER_CERTIFICATE:
        case TRANSPORT_TOO_LONG:
                break;
        }
        return XAPI_FOREIGN;
}

/* What is no list of records would read as an empty one, as if there were none. */
static bool is_list(const char *method, const struct rpc_answer *out)
{
        const char *dot = strchr(method, '.');
        return !dot || strcmp(dot, ".get_all_records") || out->value.kind == RPC_STRUCT;
}

static enum xapi_end not_what_was_asked(const char *got, struct err *e)
{
        err_rule(e, XR_XAPI_ANSWER, got, NULL);
        e->kind = ERR_WORLD;
        return XAPI_FOREIGN;
}

/* Writes, sends, judges and logs one call. The session goes in front unless there is none yet. */
static enum xapi_end exchange(struct xapi *x, const char *method, const struct rpc_arg *args, size_t n, int patience,
        struct rpc_answer *out, struct err *e)
{
        SECRET_STR request = STR_MAX(LONGEST_CALL);
        AUTO_FREE struct rpc_arg *all = calloc(n + 1, sizeof(*all));
        if (!all)
                file_out_of_memory();
        size_t session = x->session.ptr ? 1 : 0;
        if (session)
                all[0] = (struct rpc_arg)RPC_S(x->session.ptr);
        if (n)
                memcpy(all + session, args, n * sizeof(*args));
        rpc_call_write(&request, method, all, n + session);
        forget_failure(x);
        if (!str_ok(&request, method, e))
                return XAPI_AWAY;
        int64_t began = clock_steady();
        enum xapi_end end = post(x, &request, patience, only_reads(method), out, e);
        if (end == XAPI_DONE && !is_list(method, out))
                end = not_what_was_asked(_("it is no list of records"), e);
        log_call(x, method, began, end);
        if (end == XAPI_FAILED)
                explain(x, method, args, n, e);
        return end;
}

/* --- sessions and redirections --- */

static enum xapi_end login(struct xapi *x, struct err *e)
{
        const struct rpc_arg args[] = { RPC_S("root"), RPC_S(x->password.ptr), RPC_S("1.0"), RPC_S("xenroll") };
        struct rpc_answer answer = { 0 };
        enum xapi_end end = exchange(x, "session.login_with_password", args, COUNT(args), x->patience, &answer, e);
        if (end == XAPI_DONE && (answer.value.kind != RPC_TEXT || !*answer.value.text))
                end = not_what_was_asked(_("a session without a name"), e);
        if (end == XAPI_DONE) {
                x->session = secret_of(answer.value.text, strlen(answer.value.text));
                x->sessions++;
        }
        rpc_answer_clear(&answer);
        return end;
}

static bool is_address(const char *s)
{
        return *s && strlen(s) <= LONGEST_ADDRESS &&
               strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ.:-") == strlen(s);
}

/* The same scheme and port at another host. */
static void url_at(struct str *out, const char *url, const char *address)
{
        const char *host = strstr(url, "://");
        host = host ? host + 3 : url;
        const char *end = host + strcspn(host, "/"), *bracket = memchr(host, ']', (size_t)(end - host));
        const char *after = bracket ? bracket : host;
        const char *port = memchr(after, ':', (size_t)(end - after));
        bool v6 = strchr(address, ':') != NULL;
        str_addn(out, url, (size_t)(host - url));
        str_addf(out, v6 ? "[%s]" : "%s", address);
        if (port)
                str_addn(out, port, (size_t)(end - port));
        str_addc(out, '/');
}

static struct transport *transport_to(const struct xapi *x, const char *address)
{
        AUTO_STR url = STR_MAX(2048);
        struct err ignored = ERR_INIT;
        url_at(&url, x->url, address);
        if (url.failed)
                return NULL;
        return transport_new(&(struct transport_target){ .url = url.ptr, .content_type = x->content_type }, &ignored);
}

/* HOST_IS_SLAVE: this host's coordinator is meant. Not when a certificate was asked for: nobody vouches for the
 * other's, and the password would go there. */
static bool follow(struct xapi *x, bool may, struct err *e)
{
        const char *address = x->failure.n ? x->failure.params[0] : "";
        if (!is_address(address))
                return false;
        snprintf(x->redirected, sizeof(x->redirected), "%s", address);
        if (!x->url || !may)
                return false;
        if (x->pin) {
                err_rule(e, XR_XAPI_REDIRECTED, x->redirected, NULL);
                e->kind = ERR_WORLD;
                return false;
        }
        struct transport *there = transport_to(x, address);
        if (!there)
                return false;
        transport_free(x->transport);
        x->transport = there;
        secret_clear(&x->session);
        return true;
}

struct tries {
        int sessions, redirections, losses;
};

/* Whether an attempt that ended so is to be made again: never when it may have changed something. */
static bool once_more(struct xapi *x, enum xapi_end end, bool reading, struct tries *left, struct err *e)
{
        if (end == XAPI_UNKNOWN)
                return reading && left->losses-- > 0;
        if (end != XAPI_FAILED)
                return false;
        if (xapi_failed_with(x, "SESSION_INVALID") && left->sessions-- > 0) {
                secret_clear(&x->session);
                return true;
        }
        return xapi_failed_with(x, "HOST_IS_SLAVE") && follow(x, left->redirections-- > 0, e);
}

static enum xapi_end call(struct xapi *x, struct rpc_answer *out, struct err *e, const char *method,
        const struct rpc_arg *args, size_t n, int patience)
{
        struct tries left = { 1, 1, 1 };
        for (;;) {
                bool logged_in = x->session.ptr != NULL, reading = !logged_in || only_reads(method);
                enum xapi_end end = logged_in ? exchange(x, method, args, n, patience, out, e) : login(x, e);
                if ((end == XAPI_DONE && !logged_in) || once_more(x, end, reading, &left, e))
                        continue;
                return end == XAPI_UNKNOWN && reading ? XAPI_AWAY : end;
        }
}

enum xapi_end xapi_call(struct xapi *x, struct rpc_answer *answer, struct err *e, const char *method,
        const struct rpc_arg *args, size_t n)
{
        struct rpc_answer unwanted = { 0 };
        enum xapi_end end = call(x, answer ? answer : &unwanted, e, method, args, n, x->patience);
        rpc_answer_clear(&unwanted);
        if (answer && end != XAPI_DONE)
                rpc_answer_clear(answer);
        return end;
}

/* --- events --- */

static enum xapi_end take_token(const struct rpc_answer *answer, char token[256], struct err *e)
{
        const char *next = rpc_text(&answer->value, "token");
        if (!*next || strlen(next) > LONGEST_TOKEN)
                return not_what_was_asked(_("events without a token"), e);
        snprintf(token, LONGEST_TOKEN + 1, "%s", next);
        return XAPI_DONE;
}

static bool token_is_stale(const struct xapi *x)
{
        return xapi_failed_with(x, "EVENT_FROM_TOKEN_PARSE_FAILURE") || xapi_failed_with(x, "EVENTS_LOST");
}

enum xapi_end xapi_wait_event(struct xapi *x, struct rpc_answer *events, const char *const *classes, char token[256],
        int seconds, struct err *e)
{
        /* Counters of another xapi, or of one that started again, may be ahead: waiting for them could miss a change.
         */
        if (!x->token_session || x->token_session != x->sessions)
                token[0] = '\0';
        struct rpc_answer unwanted = { 0 }, *answer = events ? events : &unwanted;
        unsigned session = x->sessions;
        bool sent = token[0];
        const struct rpc_arg args[] = { RPC_A(classes), RPC_S(token), RPC_F(seconds) };
        enum xapi_end end = call(x, answer, e, "event.from", args, COUNT(args), seconds * 1000 + SLACK);
        if (end == XAPI_FAILED && token_is_stale(x) && sent) {
                token[0] = '\0';
                sent = false;
                end = call(x, answer, e, "event.from", args, COUNT(args), seconds * 1000 + SLACK);
        }
        if (end == XAPI_DONE && sent && session != x->sessions)
                token[0] = '\0';
        else if (end == XAPI_DONE)
                end = take_token(answer, token, e);
        x->token_session = x->sessions;
        rpc_answer_clear(&unwanted);
        return end;
}

/* --- what is known --- */

void xapi_free(struct xapi *x)
{
        if (!x)
                return;
        if (x->session.ptr && x->reached) {
                struct rpc_answer answer = { 0 };
                struct err ignored = ERR_INIT;
                exchange(x, "session.logout", NULL, 0, PATIENCE_GOODBYE, &answer, &ignored);
                rpc_answer_clear(&answer);
        }
        transport_free(x->transport);
        secret_clear(&x->password);
        secret_clear(&x->session);
        forget_failure(x);
        free(x->url);
        free(x->pin);
        free(x->content_type);
        free(x);
}

const struct xapi_failure *xapi_failure(const struct xapi *x) { return &x->failure; }
bool xapi_failed_with(const struct xapi *x, const char *code) { return !strcmp(x->failure.code, code); }
const char *xapi_redirected_to(const struct xapi *x) { return x->redirected; }
const char *xapi_fingerprint(const struct xapi *x) { return transport_fingerprint(x->transport); }
void xapi_patience(struct xapi *x, int milliseconds) { x->patience = milliseconds; }
unsigned xapi_calls(const struct xapi *x) { return x->calls; }

void xapi_forget_session(struct xapi *x) { secret_clear(&x->session); }
