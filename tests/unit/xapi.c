/* The client of xapi against a transport that plays a script: sessions, redirections, what is made again and what is
 * not. */
#include "postinstall/xapi.h"
#include "base/cleanup.h"
#include "base/rule.h"
#include "postinstall/clock.h"
#include "postinstall/xapi_errors.h"
#include "tests/unit/unit.h"

#include <ctype.h>

/* --- time --- */

static int64_t now;
int64_t clock_wall(void) { return 0; }
int64_t clock_steady(void) { return now += 3; }
void clock_sleep(int64_t milliseconds) { now += milliseconds; }
uint32_t clock_random(uint32_t below) { return below ? 0 : 0; }

/* --- a transport that plays a script ---
 *
 * Words, one for each request: session (a new one each time), ok=TEXT, fail=CODE,PARAM,…, events=TOKEN, unreached,
 * lost, certificate, long, http=STATUS, page, torn, empty, void. What was asked stands in trace: "METHOD@HOST#SESSION".
 */

struct transport {
        char url[200];
        bool pinned;
};

static const char *script;
static struct str trace = STR_MAX(1 << 16), requests = STR_MAX(1 << 20);
static int sessions, alive, patience_seen;

struct transport *transport_new(const struct transport_target *t, struct err *e)
{
        if (t->url && strstr(t->url, "nowhere")) {
                err_set(e, ERR_WORLD, "no such place");
                return NULL;
        }
        struct transport *new = calloc(1, sizeof(*new));
        snprintf(new->url, sizeof(new->url), "%s", t->socket ? t->socket : t->url);
        new->pinned = t->pin != NULL;
        alive++;
        return new;
}

void transport_free(struct transport *t)
{
        alive -= t != NULL;
        free(t);
}

const char *transport_fingerprint(const struct transport *t) { return t->pinned ? "pinned" : "seen"; }

static void note(const struct transport *t, const char *request)
{
        const char *begin = strstr(request, "<methodName>") + 12, *end = strstr(request, "</methodName>");
        bool login = !strncmp(begin, "session.login", 13);
        const char *first = strstr(request, "<param><value><string>");
        str_addf(&trace, "%s%.*s@%s", trace.len ? " " : "", login ? 5 : (int)(end - begin), login ? "login" : begin,
                t->url);
        if (!login && first)
                str_addf(&trace, "#%.*s", (int)strcspn(first + 22, "<"), first + 22);
        str_addf(&requests, "%s\n", request);
}

#define MEMBER(name, value) "<member><name>" name "</name><value>" value "</value></member>"
#define HEAD "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct>"
#define TAIL "</struct></value></param></params></methodResponse>"

static void answer_failure(struct str *answer, const char *list)
{
        str_add(answer, HEAD MEMBER("Status", "Failure") "<member><name>ErrorDescription</name><value><array><data>");
        for (const char *at = list;; at++) {
                size_t n = strcspn(at, ",");
                str_addf(answer, "<value>%.*s</value>", (int)n, at);
                at += n;
                if (!*at)
                        break;
        }
        str_add(answer, "</data></array></value></member>" TAIL);
}

static enum transport_end play(const char *word, struct str *answer, int *status, struct err *e)
{
        *status = 200;
        if (!strcmp(word, "session"))
                str_addf(answer, HEAD MEMBER("Status", "Success") MEMBER("Value", "OpaqueRef:%d") TAIL, ++sessions);
        else if (!strncmp(word, "ok=", 3))
                str_addf(answer, HEAD MEMBER("Status", "Success") MEMBER("Value", "%s") TAIL, word + 3);
        else if (!strncmp(word, "events=", 7))
                str_addf(answer,
                        HEAD MEMBER("Status", "Success") MEMBER("Value",
                                "<struct>" MEMBER("token", "%s") MEMBER("events", "<array><data/></array>") "</struct>")
                                TAIL,
                        word + 7);
        else if (!strncmp(word, "fail=", 5))
                answer_failure(answer, word + 5);
        else if (!strncmp(word, "http=", 5))
                *status = atoi(word + 5);
        else if (!strcmp(word, "page"))
                str_add(answer, "<html><body>router</body></html>");
        else if (!strcmp(word, "torn"))
                str_add(answer, HEAD MEMBER("Status", "Success"));
        else if (strcmp(word, "empty") != 0) {
                *status = 0;
                err_set(e, ERR_WORLD, "%s", word);
                return !strcmp(word, "unreached") ? TRANSPORT_UNREACHED
                       : !strcmp(word, "lost")    ? TRANSPORT_LOST
                       : !strcmp(word, "long")    ? TRANSPORT_TOO_LONG
                                                  : TRANSPORT_OTHER_CERTIFICATE;
        }
        return TRANSPORT_DONE;
}

enum transport_end transport_post(
        struct transport *t, struct bytes request, int timeout_ms, struct str *answer, int *status, struct err *e)
{
        char word[300];
        size_t n = strcspn(script, " ");
        note(t, request.ptr);
        patience_seen = timeout_ms;
        if (!n) {
                err_set(e, ERR_WORLD, "the script has ended");
                *status = 0;
                return TRANSPORT_UNREACHED;
        }
        snprintf(word, sizeof(word), "%.*s", (int)n, script);
        script += n + strspn(script + n, " ");
        return play(word, answer, status, e);
}

static void begin(const char *lines)
{
        script = lines;
        sessions = 0;
        str_reset(&trace);
        str_reset(&requests);
}

/* --- calls --- */

#define SOCKET NULL
#define TCP "https://10.0.0.2/"
#define PINNED "pinned"

static struct str heard = STR_MAX(1 << 16);
static void hear(void *arg, const char *line) { str_addf(arg, "%s%s", heard.len ? "; " : "", line); }

static struct xapi *open_xapi(const char *where, struct err *e)
{
        static const struct transport_target over_socket = { .socket = "sock", .url = "http://localhost/" };
        bool pinned = where && !strcmp(where, PINNED);
        struct transport_target tcp = { .url = pinned ? TCP : where, .pin = pinned ? "00" : NULL };
        OWN(secret_clear) struct secret password = secret_of("geheim-1", 8);
        str_reset(&heard);
        return xapi_new(where ? &tcp : &over_socket, where ? &password : NULL, hear, &heard, e);
}

static const struct {
        const char *why, *where, *method, *script;
        enum xapi_end end;
        const char *trace;
        const char *log;        /* NULL: not looked at */
        int code;               /* XR number, 0: not looked at */
        const char *redirected; /* NULL: "" */
} calls[] = {
        { "a call over the socket", SOCKET, "pool.get_all", "session ok=1", XAPI_DONE,
                "login@sock pool.get_all@sock#OpaqueRef:1",
                "session.login_with_password (3 ms): DONE; pool.get_all (3 ms): DONE", 0, NULL },
        { "a refused call", SOCKET, "SR.create", "session fail=SR_BACKEND_FAILURE_73,,mount,x", XAPI_FAILED,
                "login@sock SR.create@sock#OpaqueRef:1",
                "session.login_with_password (3 ms): DONE; SR.create (3 ms): FAILED SR_BACKEND_FAILURE_73",
                XR_STORAGE_NFS, NULL },
        { "xapi is not there", SOCKET, "pool.get_all", "unreached", XAPI_AWAY, "login@sock", NULL, 0, NULL },
        { "xapi is not there any more", SOCKET, "SR.create", "session unreached", XAPI_AWAY,
                "login@sock SR.create@sock#OpaqueRef:1", NULL, 0, NULL },
        { "a read is made again", SOCKET, "host.get_all", "session lost ok=1", XAPI_DONE,
                "login@sock host.get_all@sock#OpaqueRef:1 host.get_all@sock#OpaqueRef:1", NULL, 0, NULL },
        { "a read lost twice", SOCKET, "host.get_all", "session lost lost", XAPI_AWAY,
                "login@sock host.get_all@sock#OpaqueRef:1 host.get_all@sock#OpaqueRef:1", NULL, 0, NULL },
        { "a change is not made again", SOCKET, "host.set_name_label", "session lost", XAPI_UNKNOWN,
                "login@sock host.set_name_label@sock#OpaqueRef:1",
                "session.login_with_password (3 ms): DONE; host.set_name_label (3 ms): UNKNOWN", 0, NULL },
        { "nor as a task", SOCKET, "Async.host.get_x", "session lost", XAPI_UNKNOWN,
                "login@sock Async.host.get_x@sock#OpaqueRef:1", NULL, 0, NULL },
        { "a login is made again", SOCKET, "SR.create", "lost session ok=1", XAPI_DONE,
                "login@sock login@sock SR.create@sock#OpaqueRef:1", NULL, 0, NULL },
        { "a login lost twice", SOCKET, "SR.create", "lost lost", XAPI_AWAY, "login@sock login@sock", NULL, 0, NULL },
        { "the session is gone", SOCKET, "SR.create", "session fail=SESSION_INVALID,OpaqueRef:1 session ok=1",
                XAPI_DONE, "login@sock SR.create@sock#OpaqueRef:1 login@sock SR.create@sock#OpaqueRef:2", NULL, 0,
                NULL },
        { "it goes again and again", SOCKET, "SR.create",
                "session fail=SESSION_INVALID,OpaqueRef:1 session fail=SESSION_INVALID,OpaqueRef:2", XAPI_FAILED,
                "login@sock SR.create@sock#OpaqueRef:1 login@sock SR.create@sock#OpaqueRef:2", NULL, XR_XAPI_SESSION,
                NULL },
        { "xapi goes while a session is drawn anew", SOCKET, "SR.create",
                "session fail=SESSION_INVALID,OpaqueRef:1 unreached", XAPI_AWAY,
                "login@sock SR.create@sock#OpaqueRef:1 login@sock", NULL, 0, NULL },
        { "a wrong password", TCP, "pool.get_all", "fail=SESSION_AUTHENTICATION_FAILED", XAPI_FAILED,
                "login@https://10.0.0.2/", "session.login_with_password (3 ms): FAILED SESSION_AUTHENTICATION_FAILED",
                XR_XAPI_LOGIN, NULL },
        { "a member sends to its coordinator", TCP, "pool.get_all", "fail=HOST_IS_SLAVE,10.0.0.1 session ok=1",
                XAPI_DONE, "login@https://10.0.0.2/ login@https://10.0.0.1/ pool.get_all@https://10.0.0.1/#OpaqueRef:1",
                NULL, 0, "10.0.0.1" },
        { "in the midst of a session", TCP, "SR.create", "session fail=HOST_IS_SLAVE,10.0.0.1 session ok=1", XAPI_DONE,
                "login@https://10.0.0.2/ SR.create@https://10.0.0.2/#OpaqueRef:1 login@https://10.0.0.1/ "
                "SR.create@https://10.0.0.1/#OpaqueRef:2",
                NULL, 0, "10.0.0.1" },
        { "to another port and IPv6", "http://[::2]:8080/RPC2", "pool.get_all",
                "fail=HOST_IS_SLAVE,fe80::1 session ok=1", XAPI_DONE,
                "login@http://[::2]:8080/RPC2 login@http://[fe80::1]:8080/ "
                "pool.get_all@http://[fe80::1]:8080/#OpaqueRef:1",
                NULL, 0, "fe80::1" },
        { "round and round", TCP, "pool.get_all", "fail=HOST_IS_SLAVE,10.0.0.1 fail=HOST_IS_SLAVE,10.0.0.2",
                XAPI_FAILED, "login@https://10.0.0.2/ login@https://10.0.0.1/", NULL, XR_XAPI_NOT_COORDINATOR,
                "10.0.0.2" },
        { "to no address", TCP, "pool.get_all", "fail=HOST_IS_SLAVE,a/b@c", XAPI_FAILED, "login@https://10.0.0.2/",
                NULL, XR_XAPI_NOT_COORDINATOR, NULL },
        { "to nowhere", TCP, "pool.get_all", "fail=HOST_IS_SLAVE,nowhere", XAPI_FAILED, "login@https://10.0.0.2/", NULL,
                XR_XAPI_NOT_COORDINATOR, "nowhere" },
        { "without an address", TCP, "pool.get_all", "fail=HOST_IS_SLAVE", XAPI_FAILED, "login@https://10.0.0.2/", NULL,
                XR_XAPI_NOT_COORDINATOR, NULL },
        { "not from a known certificate to an unknown", PINNED, "pool.get_all", "fail=HOST_IS_SLAVE,10.0.0.1",
                XAPI_FAILED, "login@https://10.0.0.2/", NULL, XR_XAPI_REDIRECTED, "10.0.0.1" },
        { "never from a socket", SOCKET, "pool.get_all", "fail=HOST_IS_SLAVE,10.0.0.1", XAPI_FAILED, "login@sock", NULL,
                XR_XAPI_NOT_COORDINATOR, "10.0.0.1" },
        { "another certificate", PINNED, "pool.get_all", "certificate", XAPI_FOREIGN, "login@https://10.0.0.2/", NULL,
                0, NULL },
        { "a too long answer", SOCKET, "pool.get_all", "session long", XAPI_FOREIGN,
                "login@sock pool.get_all@sock#OpaqueRef:1", NULL, 0, NULL },
        { "not found", SOCKET, "pool.get_all", "http=404", XAPI_FOREIGN, "login@sock", NULL, XR_XAPI_HTTP, NULL },
        { "moved", SOCKET, "pool.get_all", "http=302", XAPI_FOREIGN, "login@sock", NULL, XR_XAPI_HTTP, NULL },
        { "not at the moment", SOCKET, "SR.create", "session http=503", XAPI_AWAY,
                "login@sock SR.create@sock#OpaqueRef:1", NULL, XR_XAPI_HTTP, NULL },
        { "failed inside, a read", SOCKET, "SR.get_all", "session http=500", XAPI_AWAY,
                "login@sock SR.get_all@sock#OpaqueRef:1", NULL, XR_XAPI_HTTP, NULL },
        { "failed inside, a change", SOCKET, "SR.create", "session http=500", XAPI_UNKNOWN,
                "login@sock SR.create@sock#OpaqueRef:1", NULL, XR_XAPI_HTTP, NULL },
        { "a router's page", SOCKET, "pool.get_all", "page", XAPI_FOREIGN, "login@sock", NULL, XR_XAPI_ANSWER, NULL },
        { "half an answer to a change", SOCKET, "SR.create", "session torn", XAPI_UNKNOWN,
                "login@sock SR.create@sock#OpaqueRef:1", NULL, XR_XAPI_ANSWER, NULL },
        { "half an answer to a read", SOCKET, "SR.get_all", "session torn ok=1", XAPI_DONE,
                "login@sock SR.get_all@sock#OpaqueRef:1 SR.get_all@sock#OpaqueRef:1", NULL, 0, NULL },
        { "nothing in the answer", SOCKET, "SR.create", "session empty", XAPI_UNKNOWN,
                "login@sock SR.create@sock#OpaqueRef:1", NULL, 0, NULL },
        { "a text where records were asked for", SOCKET, "host.get_all_records", "session ok=1", XAPI_FOREIGN,
                "login@sock host.get_all_records@sock#OpaqueRef:1", NULL, XR_XAPI_ANSWER, NULL },
        { "a session without a name", SOCKET, "SR.get_all", "ok=", XAPI_FOREIGN, "login@sock", NULL, XR_XAPI_ANSWER,
                NULL },
        { "an unknown code", SOCKET, "SR.create", "session fail=NEVER_HEARD,a", XAPI_FAILED,
                "login@sock SR.create@sock#OpaqueRef:1", NULL, XR_XAPI_REFUSED, NULL },
        { "a code of odd characters", SOCKET, "SR.create", "session fail=A;B", XAPI_FAILED,
                "login@sock SR.create@sock#OpaqueRef:1",
                "session.login_with_password (3 ms): DONE; SR.create (3 ms): FAILED A?B", XR_XAPI_REFUSED, NULL },
};

static void test_calls(void)
{
        for (size_t i = 0; i < COUNT(calls); i++) {
                struct err e = ERR_INIT;
                char detail[2048];
                begin(calls[i].script);
                struct xapi *x = open_xapi(calls[i].where, &e);
                struct rpc_answer a = { 0 };
                enum xapi_end end = xapi_call(x, &a, &e, calls[i].method, XAPI_ARGS(RPC_S("x")));
                const char *redirected = calls[i].redirected ? calls[i].redirected : "";
                bool fine = end == calls[i].end && !strcmp(str_text(&trace), calls[i].trace) && !*script &&
                            (!calls[i].log || !strcmp(str_text(&heard), calls[i].log)) &&
                            (!calls[i].code || e.code == calls[i].code) && !strcmp(xapi_redirected_to(x), redirected) &&
                            (end == XAPI_DONE || *e.text) && (end == XAPI_DONE || !a.arena) &&
                            (!*xapi_failure(x)->code) == (end != XAPI_FAILED);
                snprintf(detail, sizeof(detail), "ended %d, code %d, trace %s, log %s, to '%s', %s", end, e.code,
                        str_text(&trace), str_text(&heard), xapi_redirected_to(x), e.text);
                unit_case("xapi call", calls[i].why, fine, detail);
                rpc_answer_clear(&a);
                script = "ok=";
                xapi_free(x);
        }
        unit_case("xapi call", "no connection is left open", alive == 0, "one is");
}

/* --- what calls carry --- */

static void test_login(void)
{
        struct err e = ERR_INIT;
        begin("session ok=1 ok=2");
        struct xapi *x = open_xapi(TCP, &e);
        struct rpc_answer a = { 0 };
        enum xapi_end end = xapi_call(x, &a, &e, "pool.get_all", NULL, 0);
        unit_case("xapi login", "root, its password, a version, who asks",
                end == XAPI_DONE &&
                        strstr(str_text(&requests),
                                "<string>root</string></value></param><param><value><string>geheim-1</string>"
                                "</value></param><param><value><string>1.0</string></value></param><param>"
                                "<value><string>xenroll</string>"),
                str_text(&requests));
        unit_same("xapi login", "the value of the call", a.value.text, "1");
        unit_case("xapi login", "counted", xapi_calls(x) == 2, "");
        unit_same("xapi login", "the certificate", xapi_fingerprint(x), "seen");
        unit_case("xapi login", "patience", patience_seen == 60000, "");
        xapi_patience(x, 5000);
        end = xapi_call(x, NULL, &e, "pool.get_all", NULL, 0);
        unit_case("xapi login", "once for several calls",
                end == XAPI_DONE && xapi_calls(x) == 3 && patience_seen == 5000, "");
        rpc_answer_clear(&a);
        begin("ok=");
        xapi_free(x);
        unit_same("xapi login", "goodbye", str_text(&trace), "session.logout@" TCP "#OpaqueRef:1");
        begin("unreached");
        x = open_xapi(SOCKET, &e);
        end = xapi_call(x, NULL, &e, "pool.get_all", NULL, 0);
        begin("ok=");
        xapi_free(x);
        unit_case("xapi login", "no goodbye to who is away", end == XAPI_AWAY && !trace.len, str_text(&trace));
        begin("session ok=1 unreached");
        x = open_xapi(SOCKET, &e);
        end = xapi_call(x, NULL, &e, "pool.get_all", NULL, 0);
        end = end == XAPI_DONE ? xapi_call(x, NULL, &e, "pool.get_all", NULL, 0) : end;
        begin("ok=");
        xapi_free(x);
        unit_case("xapi login", "nor to who went away", end == XAPI_AWAY && !trace.len, str_text(&trace));
        begin("");
        x = open_xapi("https://nowhere/", &e);
        unit_case("xapi login", "no transport", !x && !strcmp(e.text, "no such place"), e.text);
        xapi_free(x);
}

/* --- events --- */

static const char *const classes[] = { "host", "pbd", NULL };

static const struct {
        const char *why, *script, *trace;
        enum xapi_end end;
        const char *token;
} waits[] = {
        /* after a first one that brought the token t1 */
        { "something happened", "events=t2", "event.from@sock#OpaqueRef:1", XAPI_DONE, "t2" },
        { "the answer is lost", "lost events=t2", "event.from@sock#OpaqueRef:1 event.from@sock#OpaqueRef:1", XAPI_DONE,
                "t2" },
        { "xapi is away", "lost unreached", "event.from@sock#OpaqueRef:1 event.from@sock#OpaqueRef:1", XAPI_AWAY,
                "t1" },
        { "the token is not understood", "fail=EVENT_FROM_TOKEN_PARSE_FAILURE,t1 events=t9",
                "event.from@sock#OpaqueRef:1 event.from@sock#OpaqueRef:1", XAPI_DONE, "t9" },
        { "events were lost", "fail=EVENTS_LOST events=t9", "event.from@sock#OpaqueRef:1 event.from@sock#OpaqueRef:1",
                XAPI_DONE, "t9" },
        { "no token is understood", "fail=EVENTS_LOST fail=EVENTS_LOST",
                "event.from@sock#OpaqueRef:1 event.from@sock#OpaqueRef:1", XAPI_FAILED, "" },
        { "xapi started again", "fail=SESSION_INVALID,OpaqueRef:1 session events=t5",
                "event.from@sock#OpaqueRef:1 login@sock event.from@sock#OpaqueRef:2", XAPI_DONE, "" },
        { "another failure", "fail=HOST_STILL_BOOTING", "event.from@sock#OpaqueRef:1", XAPI_FAILED, "t1" },
        { "no token in the answer", "ok=1", "event.from@sock#OpaqueRef:1", XAPI_FOREIGN, "t1" },
        { "an empty token", "events=", "event.from@sock#OpaqueRef:1", XAPI_FOREIGN, "t1" },
};

static void test_events(void)
{
        for (size_t i = 0; i < COUNT(waits); i++) {
                struct err e = ERR_INIT;
                char token[256] = "of another xapi", detail[1024];
                begin("session events=t1");
                struct xapi *x = open_xapi(SOCKET, &e);
                enum xapi_end end = xapi_wait_event(x, NULL, classes, token, 30, &e);
                bool first =
                        end == XAPI_DONE && !strcmp(token, "t1") &&
                        strstr(str_text(&requests),
                                "<value><string>host</string></value><value><string>pbd</string></value></data></array>"
                                "</value></param><param><value><string></string></value></param><param><value>"
                                "<double>30.000000</double>");
                begin(waits[i].script);
                sessions = 1;
                end = xapi_wait_event(x, NULL, classes, token, 30, &e);
                bool fine = first && end == waits[i].end && !strcmp(token, waits[i].token) &&
                            !strcmp(str_text(&trace), waits[i].trace) && patience_seen >= 30000;
                snprintf(detail, sizeof(detail), "first %d, ended %d, token %s, %s", first, end, token,
                        str_text(&trace));
                unit_case("xapi events", waits[i].why, fine, detail);
                script = "ok=";
                xapi_free(x);
        }
}

/* A session drawn anew between two waits: the old token may be ahead of the new xapi. */
static void test_token_of_old_session(void)
{
        struct err e = ERR_INIT;
        char token[256] = "";
        begin("session events=t1 fail=SESSION_INVALID session ok=1 events=t2");
        struct xapi *x = open_xapi(SOCKET, &e);
        bool fine = xapi_wait_event(x, NULL, classes, token, 30, &e) == XAPI_DONE &&
                    xapi_call(x, NULL, &e, "pool.get_all", NULL, 0) == XAPI_DONE;
        str_reset(&requests);
        fine = fine && xapi_wait_event(x, NULL, classes, token, 30, &e) == XAPI_DONE && !strcmp(token, "t2") &&
               !strstr(str_text(&requests), "t1");
        unit_case("xapi events", "a token of an old session is not used", fine, str_text(&requests));
        script = "ok=";
        xapi_free(x);
}

/* --- sentences --- */

static const struct {
        const char *code, *params[4];
        int rule;
        enum err_kind kind;
        const char *said; /* stands in the sentence */
} sentences[] = {
        { "SR_BACKEND_FAILURE_107", { "", "The SCSIid parameter is missing", "<iscsi-target><LUN/></iscsi-target>" },
                XR_STORAGE_INCOMPLETE, ERR_INPUT, "(SR_BACKEND_FAILURE_107: The SCSIid parameter is missing)" },
        { "SR_BACKEND_FAILURE_999", { "", "odd" }, XR_STORAGE_BACKEND, ERR_WORLD, "(SR_BACKEND_FAILURE_999: odd)" },
        { "SR_BACKEND_FAILURE", { "1", "out", "err" }, XR_STORAGE_BACKEND, ERR_WORLD, ": 1, out, err)" },
        { "SR_BACKEND_FAILURE_454", { NULL }, XR_XAPI_LICENCE, ERR_INPUT, "(SR_BACKEND_FAILURE_454)" },
        { "SR_BACKEND_FAILURE_16", { NULL }, XR_STORAGE_IN_USE, ERR_REFUSED, "" },
        { "HANDLE_INVALID", { "SR", "OpaqueRef:0123-ab" }, XR_XAPI_GONE, ERR_WORLD, "(HANDLE_INVALID: SR)" },
        { "HOSTS_NOT_HOMOGENEOUS", { "CPUs differ" }, XR_JOIN_UNEQUAL, ERR_WORLD,
                "(HOSTS_NOT_HOMOGENEOUS: CPUs differ)" },
        { "JOINING_HOST_CANNOT_HAVE_RUNNING_VMS", { NULL }, XR_JOIN_OCCUPIED, ERR_REFUSED, "" },
        { "HOST_IS_LIVE", { "OpaqueRef:1" }, XR_HOST_IS_LIVE, ERR_REFUSED, "(HOST_IS_LIVE)" },
        { "PIF_VLAN_EXISTS", { NULL }, XR_XAPI_NETWORK, ERR_INPUT, "" },
        { "VM_REQUIRES_SR", { NULL }, XR_XAPI_MACHINE, ERR_INPUT, "" },
        { "INTERNAL_ERROR", { "a\x1b[31m\nb", "\xe4\xb8\xad" }, XR_XAPI_INTERNAL, ERR_WORLD,
                "(INTERNAL_ERROR: a [31m b, ?"
                "?"
                "?)" },
        { "INTERNAL_ERROR", { "login root geheim-1 with OpaqueRef:1a-2 failed" }, XR_XAPI_INTERNAL, ERR_WORLD,
                "(INTERNAL_ERROR: login root **** with OpaqueRef failed)" },
        { "<b>", { "{1}" }, XR_XAPI_REFUSED, ERR_WORLD, "(?b?: {1})" },
        { "", { NULL }, XR_XAPI_REFUSED, ERR_WORLD, "()" },
};

static void test_sentences(void)
{
        static const char *const secrets[] = { "geheim-1", "", NULL };
        for (size_t i = 0; i < COUNT(sentences); i++) {
                struct xapi_failure f = { .code = sentences[i].code };
                for (; f.n < 4 && sentences[i].params[f.n]; f.n++)
                        f.params[f.n] = sentences[i].params[f.n];
                struct err e = ERR_INIT;
                xapi_explain(&e, &f, secrets);
                unit_case("xapi sentence", *f.code ? f.code : "no code",
                        e.code == sentences[i].rule && e.kind == sentences[i].kind &&
                                strstr(e.text, sentences[i].said) && *e.remedy,
                        e.text);
        }
        static char long_one[100001];
        memset(long_one, 'x', 100000);
        struct err e = ERR_INIT;
        long_one[300] = '\0';
        xapi_explain(&e, &(struct xapi_failure){ "CODE", { long_one, "b" }, 2 }, NULL);
        unit_case("xapi sentence", "a long parameter is cut", strstr(e.text, "xxx..., b)") && strlen(e.text) < 250,
                e.text);
        long_one[300] = 'x';
        xapi_explain(
                &e, &(struct xapi_failure){ long_one, { long_one, long_one, long_one, long_one, long_one }, 5 }, NULL);
        unit_case("xapi sentence", "bounded", strlen(e.text) < 1000 && e.text[strlen(e.text) - 1] == ')', e.text);
}

/* Each known code leads to its own rule: none is hidden behind another row's star. */
static void test_codes(void)
{
        size_t n = 0, odd = 0;
        char which[200] = "";
        for (const char *code; (code = xapi_known_code(n)); n++) {
                struct err e = ERR_INIT;
                char copy[80];
                snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(code, "*"), code);
                xapi_explain(&e, &(struct xapi_failure){ .code = copy }, NULL);
                bool fine = e.code > XR_XAPI_ANSWER && e.code != XR_XAPI_REFUSED && e.code < 860 && *e.remedy;
                for (size_t k = 0; k < n && fine; k++)
                        fine = strcmp(xapi_known_code(k), copy) != 0;
                if (!fine && !odd++)
                        snprintf(which, sizeof(which), "%s", copy);
        }
        unit_case("xapi codes", "each once, with a remedy", n > 150 && !odd, which);
}

/* Nothing secret is shown, whatever xapi repeats. */
static void test_secrets(void)
{
        static const char *const config[] = { "server", "10.0.0.9", "chappassword", "chap-secret", NULL };
        static const char *const secret[] = { "value", "smb-secret", NULL };
        static const struct {
                const char *method;
                struct rpc_arg args[3];
                const char *word;
        } rows[] = {
                { "SR.create", { RPC_S("h"), RPC_M(config), RPC_S("n") }, "chap-secret" },
                { "secret.create", { RPC_M(secret), RPC_S(""), RPC_S("") }, "smb-secret" },
                { "pool.join", { RPC_S("10.0.0.1"), RPC_S("root"), RPC_S("join-secret") }, "join-secret" },
                { "Async.pool.join_force", { RPC_S("10.0.0.1"), RPC_S("root"), RPC_S("join-secret") }, "join-secret" },
                { "pool.get_all", { RPC_S(""), RPC_S(""), RPC_S("") }, "geheim-1" },
                { "pool.get_all", { RPC_S(""), RPC_S(""), RPC_S("") }, "OpaqueRef:1" },
        };
        for (size_t i = 0; i < COUNT(rows); i++) {
                struct err e = ERR_INIT;
                char lines[200];
                snprintf(lines, sizeof(lines), "session fail=INTERNAL_ERROR,saw:%s:here,10.0.0.9", rows[i].word);
                begin(lines);
                struct xapi *x = open_xapi(TCP, &e);
                enum xapi_end end = xapi_call(x, NULL, &e, rows[i].method, rows[i].args, 3);
                bool shown = strstr(e.text, rows[i].word) || strstr(str_text(&heard), rows[i].word);
                unit_case("xapi secrets", rows[i].method,
                        end == XAPI_FAILED && !shown && strstr(e.text, "saw:") && strstr(e.text, "10.0.0.9"), e.text);
                script = "ok=";
                xapi_free(x);
        }
}

int main(void)
{
        test_calls();
        test_login();
        test_events();
        test_token_of_old_session();
        test_sentences();
        test_codes();
        test_secrets();
        str_clear(&trace);
        str_clear(&requests);
        str_clear(&heard);
        return 0;
}
