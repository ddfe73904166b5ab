/* Time: zones known to tzdata on this machine, under a name that the installer knows as well; lengths; times of day. */
#include "answerfiles/value_text.h"
#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ZONES "/usr/share/zoneinfo"

static bool name_is_safe(const char *text)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
        size_t n = strlen(text);
        return n && n < 64 && strspn(text, letters) == n && *text != '/' && *text != '-' && text[n - 1] != '/' &&
               !strstr(text, "//");
}

/* tzdata has second copies of all zones, and files that are no zones, under names that the installer does not have. */
static bool name_is_private(const char *text)
{
        return !strncmp(text, "posix/", 6) || !strncmp(text, "right/", 6) || !strcmp(text, "posixrules") ||
               !strcmp(text, "localtime") || !strcmp(text, "Factory");
}

static bool zone_exists(const char *text)
{
        AUTO_FD int dir = open(ZONES, O_PATH | O_DIRECTORY | O_CLOEXEC);
        AUTO_FD int fd = dir < 0 ? -1 : openat(dir, text, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        char magic[4];
        return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && read(fd, magic, 4) == 4 &&
               !memcmp(magic, "TZif", 4);
}

/* The zone that was probably meant, from tzdata's list of one zone a line: code, place, name. */
static const char *nearest_zone(const char *text, char buf[64])
{
        AUTO_FILE FILE *list = fopen(ZONES "/zone.tab", "re");
        AUTO_FREE char *line = NULL;
        size_t cap = 0, best = 0;
        while (list && getline(&line, &cap, list) > 0) {
                char zone[64];
                if (*line == '#' || sscanf(line, "%*s %*s %63s", zone) != 1)
                        continue;
                const char *city = strrchr(zone, '/'), *candidate = zone;
                size_t score = !strcasecmp(text, zone)               ? 3
                               : city && !strcasecmp(text, city + 1) ? 2
                               : text_nearest(text, &candidate, 1)   ? 1
                                                                     : 0;
                if (score > best) {
                        best = score;
                        snprintf(buf, 64, "%s", zone);
                }
        }
        return best ? buf : NULL;
}

bool value_timezone(struct diags *d, struct pos pos, const char *text)
{
        static const char *const chinese[] = { "Beijing", "Asia/Beijing", "PRC", "China", "CST", "CST-8", "UTC+8",
                "GMT+8", "UTC+08:00", "北京", "上海", "中国", "北京时间" };
        char near[64];
        if (name_is_safe(text) && !name_is_private(text) && strcmp(text, "PRC") && zone_exists(text))
                return true;
        for (size_t i = 0; i < COUNT(chinese); i++)
                if (!strcasecmp(text, chinese[i]))
                        return REFUSE(d, pos, XR_TIMEZONE_NEAR, text, "Asia/Shanghai");
        const char *meant = nearest_zone(text, near);
        if (meant)
                return REFUSE(d, pos, XR_TIMEZONE_NEAR, text, meant);
        return REFUSE(d, pos, XR_TIMEZONE_UNKNOWN, text);
}

static const struct {
        const char *names;              /* with blanks around each */
        long seconds;
} units[] = {
        { " d day days 天 日 ", 86400 },
        { " h hour hours 小时 时 ", 3600 },
        { " min minute minutes 分钟 分 ", 60 },
        { " s sec second seconds 秒 ", 1 },
};

static long unit_seconds(const char *unit)
{
        char word[24];
        if (!*unit || strlen(unit) > 16 || strchr(unit, ' '))
                return 0;
        snprintf(word, sizeof(word), " %s ", unit);
        for (size_t i = 0; i < COUNT(units); i++)
                if (strstr(units[i].names, word))
                        return units[i].seconds;
        return 0;
}

const char *duration_text(long seconds, char buf[DURATION_TEXT])
{
        static const char *const short_names[] = { "d", "h", "min", "s" };
        size_t i = 0;
        while (i + 1 < COUNT(units) && (!seconds || seconds % units[i].seconds))
                i++;
        /* Two days are read as 48 hours: "1 d" is rarely what people write. */
        if (!i)
                i++;
        snprintf(buf, DURATION_TEXT, "%ld %s", seconds / units[i].seconds, short_names[i]);
        return buf;
}

bool value_duration(struct diags *d, struct pos pos, const char *text, long min, long max, long *seconds)
{
        char low[DURATION_TEXT], high[DURATION_TEXT];
        if (refuse_full_width(d, pos, text))
                return false;
        size_t n = strspn(text, "0123456789");
        long unit = unit_seconds(text + n + strspn(text + n, " "));
        if (!n || !unit)
                return REFUSE(d, pos, XR_DURATION_SYNTAX, text);
        long count = n > 8 ? 100000000 : strtol(text, NULL, 10);
        if (count * unit < min || count * unit > max)
                return REFUSE(d, pos, XR_DURATION_RANGE, text, duration_text(min, low), duration_text(max, high));
        *seconds = count * unit;
        return true;
}

bool value_time(struct diags *d, struct pos pos, const char *text, int *hour, int *minute)
{
        if (refuse_full_width(d, pos, text))
                return false;
        size_t n = strspn(text, "0123456789");
        const char *minutes = text + n + 1;
        if (n > 2 || text[n] != ':' || strspn(minutes, "0123456789") != 2 || minutes[2])
                return REFUSE(d, pos, XR_TIME_SYNTAX, text);
        long h = n ? strtol(text, NULL, 10) : -1, m = strtol(minutes, NULL, 10);
        if (h > 23 || m > 59)
                return REFUSE(d, pos, XR_TIME_SYNTAX, text);
        *hour = (int)h;
        *minute = (int)m;
        return true;
}
