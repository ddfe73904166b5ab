#include "pxe/enrolled_csv.h"
#include "base/text.h"

#include <string.h>

/* A formula is foreign text trying something. */
static void add_cell(struct str *out, const char *text)
{
        str_addc(out, '"');
        if (text_is_formula(text))
                str_addc(out, '\'');
        for (; *text; text++) {
                if (*text == '"')
                        str_addc(out, '"');
                str_addc(out, *text);
        }
        str_addc(out, '"');
}

void enrolled_csv_begin(struct str *out) { str_add(out, "\xef\xbb\xbf学校,资源池,主机名,MAC,序列号,IP,磁盘\r\n"); }

void enrolled_csv_add(struct str *out, const struct enrolled *m)
{
        char first[20];
        snprintf(first, sizeof(first), "%.17s", m->macs);
        str_add(out, ",,,");
        add_cell(out, first);
        str_addc(out, ',');
        add_cell(out, m->serial);
        str_add(out, ",,\r\n");
}
