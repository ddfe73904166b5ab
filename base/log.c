#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool enabled;

void log_enable(bool on) { enabled = on; }
bool log_enabled(void) { return enabled; }

static bool needs_quotes(const char *v) { return !*v || strpbrk(v, " \t\"=\\") || strpbrk(v, "\r\n"); }

static void put_value(FILE *f, const char *v)
{
        if (!needs_quotes(v)) {
                fputs(v, f);
                return;
        }
        fputc('"', f);
        for (; *v; v++) {
                if (*v == '"' || *v == '\\')
                        fprintf(f, "\\%c", *v);
                else if ((unsigned char)*v < 0x20)
                        fprintf(f, "\\x%02x", (unsigned char)*v);
                else
                        fputc(*v, f);
        }
        fputc('"', f);
}

void log_event(const char *module, const char *event, ...)
{
        if (!enabled)
                return;
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        struct tm utc;
        gmtime_r(&now.tv_sec, &utc);
        char stamp[32];
        strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &utc);
        flockfile(stderr);
        fprintf(stderr, "time=%s module=%s event=%s", stamp, module, event);
        va_list ap;
        va_start(ap, event);
        for (const char *key; (key = va_arg(ap, const char *));) {
                const char *value = va_arg(ap, const char *);
                fprintf(stderr, " %s=", key);
                put_value(stderr, value ? value : "");
        }
        va_end(ap);
        fputc('\n', stderr);
        funlockfile(stderr);
}
