#include "tests/simulation/trace.h"
#include "tests/simulation/chance.h"

#include <string.h>

void trace_add(struct trace *t, const char *who, const char *fmt, ...)
{
        AUTO_STR line = STR_MAX(4096);
        AUTO_FREE char *text = NULL;
        va_list ap;
        va_start(ap, fmt);
        if (vasprintf(&text, fmt, ap) < 0)
                abort();
        va_end(ap);
        str_addf(&line, "%5lld.%03d %-8s %.3000s", (long long)(t->now / 1000), (int)(t->now % 1000), who, text);
        t->hash = chance_hash(t->hash, line.ptr, line.len);
        if (t->show)
                puts(line.ptr);
        char **slot = &t->lines[t->n++ % TRACE_KEPT];
        free(*slot);
        *slot = TAKE(line.ptr);
}

void trace_last(const struct trace *t, struct str *out)
{
        for (size_t i = t->n > TRACE_KEPT ? t->n - TRACE_KEPT : 0; i < t->n; i++)
                str_addf(out, "        %s\n", t->lines[i % TRACE_KEPT]);
}

void trace_clear(struct trace *t)
{
        for (size_t i = 0; i < TRACE_KEPT; i++)
                free(t->lines[i]);
        *t = (struct trace){ 0 };
}
