/* postinstall/transport.h by messages: the simulation is the network. */
#include "postinstall/transport.h"
#include "base/file.h"
#include "tests/simulation/child.h"

#include <string.h>

struct transport {
        char *socket, *url, *pin;
        char seen[FINGERPRINT_TEXT];
};

struct transport *transport_new(const struct transport_target *target, struct err *e)
{
        struct transport *t = calloc(1, sizeof(*t));
        if (!t || !target->url) {
                free(t);
                err_set(e, ERR_INPUT, "a target without a URL");
                return NULL;
        }
        t->socket = strdup(target->socket ? target->socket : "");
        t->url = strdup(target->url);
        t->pin = strdup(target->pin ? target->pin : "");
        if (!t->socket || !t->url || !t->pin)
                file_out_of_memory();
        return t;
}

void transport_free(struct transport *t)
{
        if (!t)
                return;
        free(t->socket);
        free(t->url);
        free(t->pin);
        free(t);
}

static enum transport_end say(enum transport_end end, const char *url, struct err *e)
{
        static const char *const why[] = { [TRANSPORT_UNREACHED] = "connection refused",
                [TRANSPORT_LOST] = "the connection broke",
                [TRANSPORT_OTHER_CERTIFICATE] = "another certificate",
                [TRANSPORT_TOO_LONG] = "the answer is too long" };
        if (end != TRANSPORT_DONE) {
                err_set(e, ERR_WORLD, "%s: %s", url, why[end]);
                snprintf(e->remedy, sizeof(e->remedy), "See whether it is switched on and connected.");
        }
        return end;
}

enum transport_end transport_post(
        struct transport *t, struct bytes request, int timeout_ms, struct str *answer, int *status, struct err *e)
{
        struct wire got;
        AUTO_STR question = STR_MAX(WIRE_LONGEST), reply = STR_MAX(WIRE_LONGEST);
        str_addn(&question, t->socket, strlen(t->socket) + 1);
        str_addn(&question, t->url, strlen(t->url) + 1);
        str_addn(&question, t->pin, strlen(t->pin) + 1);
        str_addn(&question, request.ptr, request.len);
        child_ask((struct wire){ .kind = WIRE_REQUEST, .a = timeout_ms }, str_bytes(&question), &got, &reply);
        size_t shown = strlen(str_text(&reply)) + 1;
        if (*str_text(&reply))
                snprintf(t->seen, sizeof(t->seen), "%s", str_text(&reply));
        str_reset(answer);
        *status = 0;
        if (got.a != TRANSPORT_DONE)
                return say((enum transport_end)got.a, t->url, e);
        if (reply.len - shown > answer->max)
                return say(TRANSPORT_TOO_LONG, t->url, e);
        str_addn(answer, reply.ptr + shown, reply.len - shown);
        *status = (int)got.b;
        return TRANSPORT_DONE;
}

const char *transport_fingerprint(const struct transport *t) { return t->seen; }
