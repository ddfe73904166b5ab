#include "tests/xapi/inside.h"

#include <string.h>

static const struct {
        const char *word;
        enum fault_kind kind;
        int words; /* behind it; -1 = one or more */
} kinds[] = {
        { "error", FAULT_ERROR, -1 },
        { "error-after", FAULT_ERROR_AFTER, -1 },
        { "drop-before", FAULT_DROP_BEFORE, 0 },
        { "drop-after", FAULT_DROP_AFTER, 0 },
        { "half", FAULT_HALF, 0 },
        { "http", FAULT_HTTP, 1 },
        { "delay", FAULT_DELAY, 1 },
        { "hang", FAULT_HANG, 0 },
        { "body", FAULT_BODY, 1 },
        { "kill", FAULT_RESTART_BEFORE, 0 },
        { "restart-before", FAULT_RESTART_BEFORE, 0 },
        { "restart-after", FAULT_RESTART_AFTER, 0 },
        { "power-off-before", FAULT_POWER_BEFORE, 0 },
        { "power-off-after", FAULT_POWER_AFTER, 0 },
};

static bool narrow(struct world *w, struct fault *f, const char *word, bool *known, struct err *e)
{
        *known = true;
        if (!strncmp(word, "on=", 3) || !strncmp(word, "host=", 5) || !strncmp(word, "from=", 5)) {
                const char *name = strchr(word, '=') + 1;
                int host = host_named(w, name);
                if (host < 0)
                        return err_set(e, ERR_INPUT, "there is no host %s", name);
                *(*word == 'f' ? &f->from : &f->host) = host;
        } else if (!strncmp(word, "call=", 5) || !strncmp(word, "nth=", 4)) {
                f->nth = (int)strtol(strchr(word, '=') + 1, NULL, 10);
        } else if (!strncmp(word, "times=", 6)) {
                f->times = strcmp(word + 6, "always") ? (int)strtol(word + 6, NULL, 10) : -1;
        } else {
                *known = false;
        }
        return true;
}

static bool take_kind(struct world *w, struct fault *f, const char *const *words, size_t n, struct err *e)
{
        for (size_t i = 0; n && i < COUNT(kinds); i++) {
                if (strcmp(kinds[i].word, words[0]))
                        continue;
                if (kinds[i].words >= 0 ? n != (size_t)kinds[i].words + 1 : n < 2 || n - 1 > COUNT(f->error))
                        return err_set(e, ERR_INPUT, "%s: the number of words behind it is wrong", words[0]);
                f->kind = kinds[i].kind;
                f->number = kinds[i].words == 1 ? strtoll(words[1], NULL, 10) : 0;
                f->n_error = kinds[i].words < 0 ? n - 1 : 0;
                f->body = kinds[i].kind == FAULT_BODY ? arena_strdup(w->a, words[1]) : NULL;
                for (size_t k = 0; k < f->n_error; k++)
                        f->error[k] = arena_strdup(w->a, words[k + 1]);
                return f->n_error == 0 || api_has_error(w->api, f->error[0]) ||
                       err_set(e, ERR_INPUT, "%s is no error of XenAPI", f->error[0]);
        }
        return err_set(e, ERR_INPUT, "%s is no kind of fault", n ? words[0] : "");
}

/* "code=CODE:PARAM", "http=503", "delay=MS" as words apart. */
static size_t take_apart(struct arena *a, const char *word, const char *words[8])
{
        size_t n = 0, key = strcspn(word, "=");
        words[n++] = !strncmp(word, "code=", 5) ? "error" : arena_strndup(a, word, key);
        bool code = !strncmp(word, "code=", 5);
        for (const char *at = word[key] ? word + key + 1 : ""; *at && n < 8;) {
                size_t k = code ? strcspn(at, ":") : strlen(at);
                words[n++] = arena_strndup(a, at, k);
                at += k;
                at += *at == ':';
        }
        return n;
}

static bool method_exists(const struct world *w, const char *method)
{
        return !strcmp(method, "*") || !strcmp(method, "PBD.plug-at-start") ||
               !strcmp(method, "pool.join-amid") || api_message(w->api, method);
}

/* METHOD [on=HOST] [from=HOST] [call=N] [times=N|always] KIND … */
bool fault_parse(struct world *w, const char *const *words, size_t n, struct err *e)
{
        struct fault f = { .host = -1, .from = -1, .nth = 1, .times = 1 };
        size_t i = 1;
        if (!n || !method_exists(w, words[0]))
                return err_set(e, ERR_INPUT, "%s: no such message", n ? words[0] : "");
        for (bool known = true; i < n; i++) {
                if (!narrow(w, &f, words[i], &known, e))
                        return false;
                if (!known)
                        break;
        }
        const char *apart[8];
        bool joined = n - i == 1;
        size_t n_apart = joined ? take_apart(w->a, words[i], apart) : 0;
        if (!take_kind(w, &f, joined ? apart : words + i, joined ? n_apart : n - i, e))
                return false;
        f.method = strdup(words[0]);
        w->faults = realloc(w->faults, (w->n_faults + 1) * sizeof(*w->faults));
        if (!w->faults || !f.method)
                abort();
        w->faults[w->n_faults++] = f;
        return true;
}

void faults_end(struct world *w)
{
        for (size_t i = 0; i < w->n_faults; i++)
                w->faults[i].times = 0;
}

/* Every fault that fits hears of the call; the first whose turn it is strikes. A copy in the world's arena: the list
 * may move. */
struct fault *fault_take(struct world *w, const char *method, int host, int from)
{
        struct fault *copy = NULL;
        for (size_t i = 0; i < w->n_faults; i++) {
                struct fault *f = &w->faults[i];
                bool fits = (!strcmp(f->method, "*") || !strcmp(f->method, method)) &&
                            (f->host < 0 || f->host == host) && (f->from < 0 || f->from == from);
                if (!fits || !f->times || (f->nth > 1 && f->nth--) || copy)
                        continue;
                f->times -= f->times > 0;
                copy = ARENA_NEW(w->a, struct fault);
                *copy = *f;
        }
        return copy;
}
