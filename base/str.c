#include "base/str.h"
#include "base/i18n.h"

#include <stdint.h>
#include <string.h>

void str_clear(struct str *s)
{
        free(s->ptr);
        *s = (struct str){ .max = s->max };
}

void str_reset(struct str *s)
{
        s->len = 0;
        s->failed = false;
        if (s->ptr)
                s->ptr[0] = '\0';
}

/* Room for n more bytes and the NUL. */
static bool reserve(struct str *s, size_t n)
{
        if (s->failed || n > s->max || s->len > s->max - n) {
                s->failed = true;
                return false;
        }
        size_t need = s->len + n + 1;
        if (need <= s->cap)
                return true;
        size_t cap = s->cap ? s->cap : 64;
        while (cap < need)
                cap *= 2;
        char *grown = realloc(s->ptr, cap);
        if (!grown) {
                s->failed = true;
                return false;
        }
        s->ptr = grown;
        s->cap = cap;
        return true;
}

void str_addn(struct str *s, const char *text, size_t n)
{
        if (!reserve(s, n))
                return;
        if (n)
                memcpy(s->ptr + s->len, text, n);
        s->len += n;
        s->ptr[s->len] = '\0';
}

void str_add(struct str *s, const char *text) { str_addn(s, text, strlen(text)); }
void str_addc(struct str *s, char c) { str_addn(s, &c, 1); }

void str_addf(struct str *s, const char *fmt, ...)
{
        va_list ap, again;
        va_start(ap, fmt);
        va_copy(again, ap);
        int n = vsnprintf(NULL, 0, fmt, ap);
        va_end(ap);
        if (n < 0)
                s->failed = true;
        else if (reserve(s, (size_t)n)) {
                vsnprintf(s->ptr + s->len, (size_t)n + 1, fmt, again);
                s->len += (size_t)n;
        }
        va_end(again);
}

bool str_ok(const struct str *s, const char *what, struct err *e)
{
        if (!s->failed)
                return true;
        return err_set(e, ERR_WORLD, _("%s is larger than %zu bytes, or memory ran out"), what, s->max);
}

const char *str_text(const struct str *s) { return s->ptr ? s->ptr : ""; }
