#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool err_setv(struct err *e, enum err_kind kind, const char *fmt, va_list ap)
{
        e->kind = kind;
        e->code = 0;
        e->remedy[0] = '\0';
        vsnprintf(e->text, sizeof(e->text), fmt, ap);
        return false;
}

bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
        va_list ap;
        va_start(ap, fmt);
        err_setv(e, kind, fmt, ap);
        va_end(ap);
        return false;
}

bool err_sys(struct err *e, const char *fmt, ...)
{
        int cause = errno;
        va_list ap;
        va_start(ap, fmt);
        err_setv(e, ERR_WORLD, fmt, ap);
        va_end(ap);
        size_t n = strlen(e->text);
        snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror(cause));
        return false;
}

bool err_ctx(struct err *e, const char *fmt, ...)
{
        char doing[sizeof(e->text)], whole[sizeof(e->text) * 2 + 3];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(doing, sizeof(doing), fmt, ap);
        va_end(ap);
        snprintf(whole, sizeof(whole), "%s: %s", doing, e->text);
        snprintf(e->text, sizeof(e->text), "%.*s", (int)sizeof(e->text) - 1, whole);
        return false;
}
