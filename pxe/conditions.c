#include "pxe/conditions.h"
#include "base/cleanup.h"

#include <string.h>
#include <strings.h>

/* --- dates: strftime and strptime would speak the user's language --- */

static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue",
        "Wed" }; /* 1 January 1970 was a Thursday */
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

enum { DAY = 86400, FIRST_YEAR = 1970, LAST_YEAR = 9999 };

static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int month_days(int year, int month)
{
        static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        return lengths[month] + (month == 1 && is_leap(year));
}

void http_date_print(int64_t seconds, char out[HTTP_DATE_SIZE])
{
        seconds = seconds < 0 ? 0 : seconds;
        int64_t left = seconds / DAY;
        int year = FIRST_YEAR, month = 0;
        for (int n; year < LAST_YEAR && left >= (n = 365 + is_leap(year)); year++)
                left -= n;
        for (int n; month < 11 && left >= (n = month_days(year, month)); month++)
                left -= n;
        int s = (int)(seconds % DAY);
        snprintf(out, HTTP_DATE_SIZE, "%s, %02d %.3s %04d %02d:%02d:%02d GMT", days[seconds / DAY % 7], (int)left + 1,
                months + 3 * month, year, s / 3600, s / 60 % 60, s % 60);
}

/* Exactly n digits. */
static int digits(const char *p, int n)
{
        int value = 0;
        for (; n; n--, p++) {
                if (*p < '0' || *p > '9')
                        return -1;
                value = value * 10 + (*p - '0');
        }
        return value;
}

static int month_of(const char *p)
{
        for (int i = 0; i < 12; i++)
                if (!memcmp(p, months + 3 * i, 3))
                        return i;
        return -1;
}

static int64_t days_before(int year, int month)
{
        int64_t n = 0;
        for (int y = FIRST_YEAR; y < year; y++)
                n += 365 + is_leap(y);
        for (int m = 0; m < month; m++)
                n += month_days(year, m);
        return n;
}

bool http_date_parse(const char *text, int64_t *seconds)
{
        static const char form[] = "???, ?? ??? ???? ??:??:?? GMT";
        if (strlen(text) != sizeof(form) - 1)
                return false;
        for (size_t i = 0; form[i]; i++)
                if (form[i] != '?' && form[i] != text[i])
                        return false;
        int day = digits(text + 5, 2), month = month_of(text + 8), year = digits(text + 12, 4);
        int hour = digits(text + 17, 2), minute = digits(text + 20, 2), second = digits(text + 23, 2);
        if (month < 0 || year < FIRST_YEAR || day < 1 || day > month_days(year, month) || hour < 0 || hour > 23 ||
                minute < 0 || minute > 59 || second < 0 || second > 60)
                return false;
        *seconds = (days_before(year, month) + day - 1) * DAY + hour * 3600 + minute * 60 + second;
        return true;
}

/* --- conditions --- */

/* Whether the list names the entity; "*" names all. Weak tags count, as RFC 9110 wants it for If-None-Match. */
static bool names_entity(const char *list, const char *etag)
{
        size_t n = strlen(etag);
        for (const char *p = list + strspn(list, " \t,"); *p; p += strspn(p, " \t,")) {
                if (*p == '*')
                        return true;
                if (!strncmp(p, "W/", 2))
                        p += 2;
                if (!strncmp(p, etag, n))
                        return true;
                const char *end = *p == '"' ? strchr(p + 1, '"') : NULL;
                if (!end)
                        return false;
                p = end + 1;
        }
        return false;
}

static bool is_unchanged(const struct conditions *c, const struct entity *entity)
{
        int64_t since;
        if (c->if_none_match)
                return names_entity(c->if_none_match, entity->etag);
        return c->if_modified_since && entity->date && http_date_parse(c->if_modified_since, &since) &&
               entity->date <= since;
}

/* A range of another version of the file must not be pasted to what the client has: then it gets all of it. */
static bool range_counts(const struct conditions *c, const struct entity *entity)
{
        int64_t date;
        if (!c->range || !c->if_range)
                return c->range;
        if (*c->if_range == '"')
                return !strcmp(c->if_range, entity->etag);
        return entity->date && http_date_parse(c->if_range, &date) && date == entity->date;
}

/* --- ranges --- */

/* Digits, as many as there are; more than fit are the largest number. */
static bool take_number(const char **p, uint64_t *n)
{
        const char *start = *p;
        for (*n = 0; **p >= '0' && **p <= '9'; ++*p)
                if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, (uint64_t)(**p - '0'), n))
                        *n = UINT64_MAX / 10; /* stays too large whatever follows */
        return *p > start;
}

static void skip_blanks(const char **p) { *p += strspn(*p, " \t"); }

/* "bytes=FIRST-LAST", "bytes=FIRST-", "bytes=-LENGTH" */
struct range {
        bool has_first, has_last;
        uint64_t first, last;
};

static bool range_parse(const char *text, struct range *r)
{
        if (strncasecmp(text, "bytes", 5))
                return false;
        text += 5;
        skip_blanks(&text);
        if (*text++ != '=')
                return false;
        skip_blanks(&text);
        r->has_first = take_number(&text, &r->first);
        skip_blanks(&text);
        if (*text++ != '-')
                return false;
        skip_blanks(&text);
        r->has_last = take_number(&text, &r->last);
        skip_blanks(&text);
        if (*text || (!r->has_first && !r->has_last))
                return false;
        return !r->has_first || !r->has_last || r->first <= r->last;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static struct portion portion_of(const struct range *r, uint64_t size)
{
        static const struct portion none = { .status = 416 };
        if (!r->has_first) {
                uint64_t n = least(r->last, size);
                return n ? (struct portion){ 206, size - n, n } : none;
        }
        if (r->first >= size)
                return none;
        uint64_t last = r->has_last ? least(r->last, size - 1) : size - 1;
        return (struct portion){ 206, r->first, last - r->first + 1 };
}

struct portion conditions_judge(const struct conditions *c, const struct entity *entity)
{
        struct range r;
        if (is_unchanged(c, entity))
                return (struct portion){ .status = 304 };
        /* Loaders ask for ranges of whatever they fetch: an empty file has none, and is whole. */
        if (entity->size && range_counts(c, entity) && range_parse(c->range, &r))
                return portion_of(&r, entity->size);
        return (struct portion){ 200, 0, entity->size };
}
