#include "rollcall/stick_report.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "rollcall/event_text.h"

#include <string.h>

#define MARK "#xenroll 1 "
#define WHAT "What happened: "
#define RULER "================"
enum { WORD_MOST = 400 };
enum word { BUILD, SCHOOL, HOST, STAGE, OUTCOME, CODE, TIME, MACS, WORDS };

static bool begins(struct bytes line, const char *with)
{
        return line.len >= strlen(with) && !memcmp(line.ptr, with, strlen(with));
}

static struct bytes next_line(struct bytes *rest)
{
        const char *end = memchr(rest->ptr, '\n', rest->len);
        size_t n = end ? (size_t)(end - rest->ptr) : rest->len, used = end ? n + 1 : n;
        struct bytes line = { rest->ptr, n };
        *rest = bytes_of(rest->ptr + used, rest->len - used);
        while (line.len && line.ptr[line.len - 1] == '\r')
                line.len--;
        return line;
}

/* What no script of ours writes is no word: then the line is somebody else's. */
static bool split(struct bytes line, char words[WORDS][WORD_MOST])
{
        static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:,-";
        size_t at = strlen(MARK);
        for (int i = 0; i < WORDS; i++) {
                size_t n = 0;
                while (at < line.len && line.ptr[at] != ' ') {
                        if (n + 1 == WORD_MOST || !line.ptr[at] || !strchr(good, line.ptr[at]))
                                return false;
                        words[i][n++] = line.ptr[at++];
                }
                words[i][n] = '\0';
                if (!n || (at == line.len) != (i + 1 == WORDS))
                        return false;
                at++;
        }
        return true;
}

static bool take_name(const char *word, char out[NAME_MOST])
{
        return event_text(bytes_of(word, strcmp(word, "-") ? strlen(word) : 0), EVENT_NAME, out, NAME_MOST);
}

static bool read_line(struct bytes line, struct bytes what, struct event *ev)
{
        char words[WORDS][WORD_MOST], form[4 * WORD_MOST + 64], detail[DETAIL_MOST + WORD_MOST];
        struct err ignored = ERR_INIT;
        size_t n;
        if (!split(line, words))
                return false;
        snprintf(form, sizeof(form), "stage=%s&outcome=%s&code=%s&clock=%s", words[STAGE], words[OUTCOME], words[CODE],
                words[TIME]);
        if (!events_read(bytes_of(form, strlen(form)), "", false, ev, 1, &n, &ignored) ||
                !take_name(words[SCHOOL], ev->school) || !take_name(words[HOST], ev->host))
                return false;
        event_text(what, EVENT_LINES, detail, DETAIL_MOST);
        if (!*ev->host && strcmp(words[MACS], "-") != 0)
                snprintf(detail + strlen(detail), WORD_MOST, " (%.*s)", WORD_MOST - 4, words[MACS]);
        event_text(bytes_of(detail, strlen(detail)), EVENT_LINES, ev->detail, DETAIL_MOST + 1);
        event_key(ev);
        return true;
}

bool stick_report_read(struct bytes text, struct event *events, size_t most, size_t *n, struct err *e)
{
        struct bytes what = { "", 0 };
        char number[24];
        *n = 0;
        if (text.len > LARGEST_STICK_REPORT)
                return err_rule(e, XR_EVENT_UNREADABLE, _("they are too long"), NULL);
        while (text.len) {
                struct bytes line = next_line(&text);
                if (begins(line, RULER))
                        what = bytes_of("", 0);
                else if (begins(line, WHAT) && !what.len)
                        what = bytes_of(line.ptr + strlen(WHAT), line.len - strlen(WHAT));
                if (!begins(line, MARK))
                        continue;
                struct event ev;
                bool fine = read_line(line, what, &ev);
                what = bytes_of("", 0);
                snprintf(number, sizeof(number), "%zu", most);
                if (fine && *n == most)
                        return err_rule(e, XR_EVENT_MANY, number, NULL);
                if (fine)
                        events[(*n)++] = ev;
        }
        return *n || err_rule(e, XR_EVENT_UNREADABLE, _("there is no line of a report that a stick brings home"), NULL);
}
