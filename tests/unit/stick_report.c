/* Reports of sticks as events. */
#include "tests/unit/unit.h"
#include "base/cleanup.h"
#include "rollcall/stick_report.h"

#include <stdlib.h>

#define RULER "================================================================\r\n"
#define CHINESE "没有安装任何系统\r\n发生了什么: 没有合适的磁盘\r\n\r\n"
#define ENGLISH "NOTHING HAS BEEN INSTALLED\r\nWhat happened: no disk fits\r\nWhat to do: look\r\n\r\n"
#define REFUSED                                                                                                        \
        "#xenroll 1 build-1 nn36 nn36-xen1 select refused 513 1700000000 00:16:3e:00:00:11,00:16:3e:ff:00:11\r\n"
#define COMPLETED "#xenroll 1 build-1 nn36 nn36-xen1 install completed - 1700000001 -\r\n"

/* shown: "school host stage outcome code clock detail", of the events one after the other; or the code of the refusal.
 */
static const struct {
        const char *why, *text, *shown;
} cases[] = {
        { "a refusal", "\xef\xbb\xbf" RULER CHINESE ENGLISH REFUSED,
                "nn36 nn36-xen1 select refused 513 1700000000 no disk fits" },
        { "the first block that is left may be half a one", "k fits\r\n" REFUSED RULER ENGLISH COMPLETED,
                "nn36 nn36-xen1 select refused 513 1700000000 ;nn36 nn36-xen1 install completed 0 1700000001 no disk "
                "fits" },
        { "a sentence belongs to its own block", RULER ENGLISH REFUSED COMPLETED,
                "nn36 nn36-xen1 select refused 513 1700000000 no disk fits;nn36 nn36-xen1 install completed 0 "
                "1700000001 " },
        { "the installer's log is no sentence", RULER ENGLISH "What happened: something else\n" REFUSED,
                "nn36 nn36-xen1 select refused 513 1700000000 no disk fits" },
        { "nobody knows which host it was",
                RULER ENGLISH "#xenroll 1 b - - select refused 501 1 00:16:3e:00:00:11,00:16:3e:ff:00:11\n",
                "  select refused 501 1 no disk fits (00:16:3e:00:00:11,00:16:3e:ff:00:11)" },
        { "without the last line's end", "#xenroll 1 b nn36 xen1 install failed - 1 -",
                "nn36 xen1 install failed 0 1 " },
        { "other lines between",
                "#xenroll 1\n#xenroll 2 b nn36 xen1 install failed - 1 -\n#xenroll 1 b nn36 xen1 install failed - 1\n"
                "#xenroll 1 b nn36 xen1 install party - 1 -\n#xenroll 1 b nn36 xen1 install failed - 1 - "
                "more\n#xenroll 1 b nn36 x&y install failed - 1 -\n"
                "#xenroll 1 b nn36  install failed - 1 -\n" COMPLETED,
                "nn36 nn36-xen1 install completed 0 1700000001 " },
        { "a sentence that is no text", "What happened: a\x1b[2J\xff\n" COMPLETED,
                "nn36 nn36-xen1 install completed 0 1700000001 a\xef\xbf\xbd[2J\xef\xbf\xbd" },
        { "a clock that is none", "#xenroll 1 b nn36 xen1 install failed - x -\n", "nn36 xen1 install failed 0 0 " },
        { "another file", "hello\n", "XR-972" },
        { "nothing", "", "XR-972" },
        { "too many", COMPLETED COMPLETED COMPLETED COMPLETED, "XR-974" },
};

int main(void)
{
        enum { MOST = 3 };
        struct event events[MOST];
        size_t n;
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct err e = ERR_INIT;
                AUTO_STR got = STR_MAX(4096);
                if (stick_report_read(bytes_of(cases[i].text, strlen(cases[i].text)), events, MOST, &n, &e))
                        for (size_t j = 0; j < n; j++)
                                str_addf(&got, "%s%s %s %s %s %d %lld %s", j ? ";" : "", events[j].school,
                                        events[j].host, stage_kind_names[events[j].stage], events[j].outcome,
                                        events[j].code, (long long)events[j].clock, events[j].detail);
                else
                        str_addf(&got, "XR-%d", e.code);
                unit_same("stick report", cases[i].why, str_text(&got), cases[i].shown);
        }
        AUTO_STR large = STR_MAX(2 << 20);
        while (large.len <= LARGEST_STICK_REPORT)
                str_add(&large, COMPLETED);
        struct err e = ERR_INIT;
        unit_case("stick report", "too large",
                !stick_report_read(str_bytes(&large), events, MOST, &n, &e) && e.code == 972, e.text);
        return 0;
}
