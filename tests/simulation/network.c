#include "tests/simulation/host.h"
#include "postinstall/transport.h"

#include <string.h>

static void method_of(struct bytes body, char out[64])
{
        const char *at = memmem(body.ptr, body.len, "<methodName>", 12);
        size_t left = at ? body.len - (size_t)(at + 12 - body.ptr) : 0, n = 0;
        while (n < left && n < 63 && at[12 + n] != '<')
                n++;
        snprintf(out, 64, "%.*s", (int)n, at ? at + 12 : "?");
}

void network_finish(struct sim *s, int host, int transport, int status, struct bytes body)
{
        struct sim_host *h = &s->hosts[host];
        h->transport = transport;
        h->status = status;
        str_reset(&h->answer);
        str_addn(&h->answer, body.ptr, body.len);
        h->state = HOST_READY;
        h->due = s->now > h->paused_until ? s->now : h->paused_until;
        h->request = -1;
        h->spoils = NULL;
}

static void nobody(struct sim *s, int host, const char *why)
{
        trace_add(&s->trace, s->hosts[host].name, "  %s", why);
        network_finish(s, host, TRANSPORT_UNREACHED, 0, bytes_of("", 0));
}

/* The boot server listens for reports, or nobody does. */
static void ask_boot_server(struct sim *s, int host, int64_t timeout)
{
        struct sim_host *h = &s->hosts[host];
        switch (s->deployment->boot_server) {
        case NOBODY_LISTENS:
                nobody(s, host, "nobody listens");
                return;
        case SAYS_YES:
                network_finish(s, host, TRANSPORT_DONE, 200, bytes_of("", 0));
                break;
        case SAYS_NO:
                network_finish(s, host, TRANSPORT_DONE, 500, bytes_of("no", 2));
                break;
        case SAYS_NOTHING:
                h->state = HOST_ASKING;
                h->due = s->now + timeout;
                return;
        }
        h->due = s->now + 5;
}

/* The host that a URL means; -1 when it is none of ours. */
static int host_at(struct sim *s, const char *url)
{
        char name[64];
        const char *at = strstr(url, "://");
        at = at ? at + 3 : url;
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, ":/"), at);
        return world_host_at(s->world, name);
}

static void path_of(const char *url, char out[128])
{
        const char *at = strstr(url, "://"), *slash = at ? strchr(at + 3, '/') : NULL;
        snprintf(out, 128, "%s", slash ? slash : "/");
}

void network_fingerprint(const struct sim *s, int host, char out[FINGERPRINT_TEXT])
{
        struct chance c = chance_stream((uint64_t)host * 1000 + s->hosts[host].certificate, "certificate");
        chance_hex(&c, out, FINGERPRINT_TEXT - 1);
}

static void refuse(struct sim *s, int host, const char *error)
{
        AUTO_STR body = STR_MAX(8192);
        str_add(&body, "<?xml "
                       "version=\"1.0\"?><methodResponse><params><param><value><struct><member><name>Status</"
                       "name><value>Failure"
                       "</value></member><member><name>ErrorDescription</name><value><array><data>");
        for (const char *at = error; *at;) {
                size_t n = strcspn(at, " ");
                str_addf(&body, "<value>%.*s</value>", (int)n, at);
                at += n + (at[n] == ' ');
        }
        str_add(&body, "</data></array></value></member></struct></value></param></params></methodResponse>");
        network_finish(s, host, TRANSPORT_DONE, 200, str_bytes(&body));
        s->hosts[host].due = s->now + 20;
}

/* True when the fault decides all about this request. */
static bool spoiled(struct sim *s, int host, struct fault *f)
{
        switch (f->kind) {
        case FAULT_UNREACHED:
                nobody(s, host, "fault: unreached");
                return true;
        case FAULT_HTTP:
                trace_add(&s->trace, s->hosts[host].name, "  fault: HTTP %d", f->code);
                network_finish(s, host, TRANSPORT_DONE, f->code, bytes_of("<html>not now</html>", 20));
                return true;
        case FAULT_REFUSED:
                trace_add(&s->trace, s->hosts[host].name, "  fault: refused: %s", f->text);
                refuse(s, host, f->text);
                return true;
        case FAULT_LOST:
        case FAULT_HALF:
                return false;
        default:
                host_strike(s, host, f);
                return s->hosts[host].state == HOST_OFF;
        }
}

struct question {
        const char *socket, *url, *pin;
        struct bytes body;
};

static struct question parts(struct bytes text)
{
        struct question q = { .socket = text.ptr };
        q.url = q.socket + strlen(q.socket) + 1;
        q.pin = q.url + strlen(q.url) + 1;
        const char *body = q.pin + strlen(q.pin) + 1;
        q.body = bytes_of(body, text.len - (size_t)(body - text.ptr));
        return q;
}

static void send_on(struct sim *s, int host, int to, int64_t timeout, const struct question *q)
{
        char path[128];
        struct sim_host *h = &s->hosts[host];
        path_of(q->url, path);
        h->state = HOST_ASKING;
        h->due = s->now + timeout;
        h->asked = to;
        h->request = world_request(s->world, to, *q->socket ? VIA_SOCKET : VIA_TCP, host, path, q->body, s->now);
}

static bool other_certificate(struct sim *s, int host, int to, const struct question *q)
{
        char shown[FINGERPRINT_TEXT];
        if (*q->socket || strncmp(q->url, "https:", 6) || !*q->pin)
                return false;
        network_fingerprint(s, to, shown);
        if (!strcmp(shown, q->pin))
                return false;
        trace_add(&s->trace, s->hosts[host].name, "  another certificate");
        network_finish(s, host, TRANSPORT_OTHER_CERTIFICATE, 0, bytes_of("", 0));
        return true;
}

void network_ask(struct sim *s, int host, int64_t timeout, struct bytes text)
{
        char method[64];
        struct sim_host *h = &s->hosts[host];
        const struct question q = parts(text);
        method_of(q.body, method);
        int to = *q.socket ? host : host_at(s, q.url);
        h->asked = to;
        h->tls = to >= 0 && !*q.socket && !strncmp(q.url, "https:", 6);
        if (to < 0) {
                ask_boot_server(s, host, timeout);
                return;
        }
        h->requests++;
        trace_add(&s->trace, h->name, "%u: %s%s%s", h->requests, *q.socket ? "" : s->hosts[to].name,
                *q.socket ? "" : " ", method);
        struct fault *f = faults_at_request(s->faults, host, method, q.body);
        bool dies = f && (f->kind == FAULT_KILL || f->kind == FAULT_POWER);
        if (f && !(dies && f->after) && spoiled(s, host, f))
                return;
        if (other_certificate(s, host, to, &q))
                return;
        send_on(s, host, to, timeout, &q);
        h->spoils = f && (f->kind == FAULT_LOST || f->kind == FAULT_HALF) ? f : NULL;
        if (dies)
                host_strike(s, host, f);
}

void network_answer(struct sim *s, struct world_reply *r)
{
        for (int i = 0; i < s->n; i++) {
                struct sim_host *h = &s->hosts[i];
                if (h->state != HOST_ASKING || h->request != r->id)
                        continue;
                int transport = r->fate == FATE_ANSWER    ? TRANSPORT_DONE
                                : r->fate == FATE_REFUSED ? TRANSPORT_UNREACHED
                                                          : TRANSPORT_LOST;
                size_t n = r->body.len;
                if (h->spoils && h->spoils->kind == FAULT_LOST)
                        transport = TRANSPORT_LOST;
                if (h->spoils && h->spoils->kind == FAULT_HALF)
                        n /= 2;
                trace_add(&s->trace, h->name, "  %s %d, %zu bytes%s",
                        transport == TRANSPORT_DONE   ? "answer"
                        : transport == TRANSPORT_LOST ? "lost"
                                                      : "refused",
                        r->status, n, h->spoils ? " (fault)" : "");
                network_finish(s, i, transport, r->status, bytes_of(str_text(&r->body), n));
        }
        str_clear(&r->body);
}

void network_give_up(struct sim *s, int host)
{
        struct sim_host *h = &s->hosts[host];
        trace_add(&s->trace, h->name, "  no answer in time");
        if (h->request >= 0)
                world_abandon(s->world, h->request);
        network_finish(s, host, TRANSPORT_LOST, 0, bytes_of("", 0));
}
