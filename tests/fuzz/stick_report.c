/* A file from a stick that has been in anybody's computer. */
#include "rollcall/stick_report.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MOST = 16 };
static struct event events[MOST];

static void check(const char *text, size_t size)
{
        size_t n = strnlen(text, size);
        if (n == size || !text_is_utf8(text, n))
                abort();
        for (; *text; text++)
                if (((unsigned char)*text < ' ' && *text != '\t' && *text != '\n') || *text == 0x7f)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        struct err e = ERR_INIT;
        size_t got;
        if (!stick_report_read(bytes_of((const char *)data, n), events, MOST, &got, &e)) {
                if (!e.code)
                        abort();
                return 0;
        }
        if (!got)
                abort();
        for (size_t i = 0; i < got; i++) {
                check(events[i].school, NAME_MOST);
                check(events[i].host, NAME_MOST);
                check(events[i].outcome, OUTCOME_MOST);
                check(events[i].detail, DETAIL_MOST + 1);
                if (strlen(events[i].key) != KEY_TEXT - 1 || events[i].clock < 0)
                        abort();
        }
        return 0;
}
