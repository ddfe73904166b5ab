/* post - one request after another through postinstall/transport, for the ring `agentbin`: as the administrator's tools
 * are linked, and as the agent is.
 *
 *     post URL [socket=PATH] [pin=HEX] [timeout=MS] [max=BYTES] [body=TEXT] [size=BYTES] [times=N] [rest=MS] [quiet]
 *
 * A line for each: "END STATUS FINGERPRINT-OR-DASH LENGTH MILLISECONDS XR-NUMBER: sentence", then the answer unless
 * quiet. The last line is "peak N kB". */
#include "base/i18n.h"
#include "postinstall/clock.h"
#include "postinstall/transport.h"

#include <string.h>
#include <sys/resource.h>

static const char *const ends[] = {
        [TRANSPORT_DONE] = "DONE",
        [TRANSPORT_UNREACHED] = "UNREACHED",
        [TRANSPORT_LOST] = "LOST",
        [TRANSPORT_OTHER_CERTIFICATE] = "OTHER_CERTIFICATE",
        [TRANSPORT_TOO_LONG] = "TOO_LONG",
};

struct wish {
        struct transport_target target;
        const char *body;
        long timeout, max, size, times, rest;
        bool quiet;
};

static void wish_read(struct wish *w, int argc, char **argv)
{
        const struct {
                const char *key;
                const char **text;
                long *number;
        } keys[] = {
                { "socket=", &w->target.socket, NULL },
                { "pin=", &w->target.pin, NULL },
                { "body=", &w->body, NULL },
                { "timeout=", NULL, &w->timeout },
                { "max=", NULL, &w->max },
                { "size=", NULL, &w->size },
                { "times=", NULL, &w->times },
                { "rest=", NULL, &w->rest },
        };
        w->target.url = argc > 1 ? argv[1] : "";
        for (int i = 2; i < argc; i++)
                for (size_t k = 0; k < COUNT(keys); k++) {
                        size_t n = strlen(keys[k].key);
                        if (!strcmp(argv[i], "quiet"))
                                w->quiet = true;
                        else if (strncmp(argv[i], keys[k].key, n) != 0)
                                continue;
                        else if (keys[k].text)
                                *keys[k].text = argv[i] + n;
                        else
                                *keys[k].number = strtol(argv[i] + n, NULL, 10);
                }
}

static void ask(struct transport *t, const struct wish *w, struct bytes request)
{
        struct err e = ERR_INIT;
        AUTO_STR answer = STR_MAX((size_t)w->max);
        int status;
        int64_t began = clock_steady();
        enum transport_end end = transport_post(t, request, (int)w->timeout, &answer, &status, &e);
        const char *shown = transport_fingerprint(t);
        printf("%s %d %s %zu %lld XR-%d: %s\n", ends[end], status, *shown ? shown : "-", answer.len,
                (long long)(clock_steady() - began), e.code, e.text);
        if (!w->quiet && end == TRANSPORT_DONE)
                printf("%s\n", str_text(&answer));
        fflush(stdout);
}

int main(int argc, char **argv)
{
        i18n_init("en");
        struct wish w = { .body = "<hello/>", .timeout = 5000, .max = 1 << 20, .times = 1 };
        wish_read(&w, argc, argv);
        struct err e = ERR_INIT;
        struct transport *t = transport_new(&w.target, &e);
        if (!t) {
                printf("NOTHING 0 - 0 0 XR-%d: %s\n", e.code, e.text);
                return 1;
        }
        AUTO_STR large = STR_MAX(64 << 20);
        for (long i = 0; i < w.size; i++)
                str_addc(&large, 'x');
        for (long i = 0; i < w.times; i++) {
                ask(t, &w, w.size ? str_bytes(&large) : bytes_of(w.body, strlen(w.body)));
                clock_sleep(w.rest);
        }
        transport_free(t);
        struct rusage used;
        getrusage(RUSAGE_SELF, &used);
        printf("peak %ld kB\n", used.ru_maxrss);
        return 0;
}
