/* What anybody may send to the web server, in its pure parts: a target, the fields of ranges and conditions. The first
 * byte chooses the file's size and which fields there are; the rest is text, divided at line ends. */
#include "pxe/conditions.h"
#include "pxe/routes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void judge_path(const char *target)
{
        char path[LONGEST_ASK_PATH + 1];
        const char *name;
        AUTO_STR shown = STR_MAX(LONGEST_ASK_PATH + 8);
        if (!path_decode(target, path))
                return;
        if (*path != '/' || strlen(path) > LONGEST_ASK_PATH || strstr(path, "//") || strstr(path, "/../") ||
                strstr(path, "/./"))
                abort();
        for (const char *p = path; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        abort();
        enum route route = route_of(path, &name);
        if (route == ROUTE_REPO && (!name || *name == '/' || !*name))
                abort();
        path_show(path, &shown);
        if (!strncmp(path, "/h/", 3) && path[3] && strncmp(str_text(&shown), "/h/****", 7) != 0)
                abort();
}

static void judge_portion(const struct conditions *c, uint64_t size)
{
        struct entity entity = { size, "\"0123-4\"", 1728300000 };
        struct portion p = conditions_judge(c, &entity);
        if (p.status != 200 && p.status != 206 && p.status != 304 && p.status != 416)
                abort();
        if (p.offset > size || p.length > size - p.offset || (p.status == 200 && p.length != size) ||
                (p.status == 206 && !p.length))
                abort();
}

static void judge_date(const char *text)
{
        int64_t seconds;
        char again[HTTP_DATE_SIZE];
        if (!http_date_parse(text, &seconds))
                return;
        http_date_print(seconds, again);
        /* Neither the day's name nor a leap second is judged. */
        if (text[23] != '6' && strcmp(again + 3, text + 3) != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        static const uint64_t sizes[] = { 0, 1, 1000, 4096, UINT32_MAX, (uint64_t)1 << 40 };
        if (!n)
                return 0;
        AUTO_STR text = STR_MAX(1 << 20);
        str_addn(&text, (const char *)data + 1, n - 1);
        str_addc(&text, '\0');
        char *field[5] = { NULL }, *rest = NULL;
        for (size_t i = 0; i < 5; i++)
                field[i] = strtok_r(i ? NULL : text.ptr, "\n", &rest);
        struct conditions c = { field[0], field[1], field[2], field[3] };
        if (data[0] & 0x80)
                c.if_range = NULL;
        if (data[0] & 0x40)
                c.if_none_match = c.if_modified_since = NULL;
        judge_portion(&c, sizes[(data[0] & 0x3f) % COUNT(sizes)]);
        for (size_t i = 0; i < 5 && field[i]; i++) {
                judge_path(field[i]);
                judge_date(field[i]);
        }
        return 0;
}
