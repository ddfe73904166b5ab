#include "answerfiles/excerpt.h"
#include "base/secret.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum {
        WIDEST = 96,            /* cells of source shown; the rest becomes an ellipsis */
        LONGEST = 16384,        /* bytes of a line that is shown at all */
};

static bool word_at(struct bytes line, size_t at, const char *word)
{
        size_t n = strlen(word);
        return line.len - at >= n && !strncasecmp(line.ptr + at, word, n);
}

/* "http://user:password@server" */
static bool login_at(struct bytes line, size_t at)
{
        if (!word_at(line, at, "://"))
                return false;
        for (at += 3; at < line.len && !strchr("/ \"',]}", line.ptr[at]); at++)
                if (line.ptr[at] == '@')
                        return true;
        return false;
}

/* Where the value behind a key that names a secret begins; line.len when the line has none. Masking to the end of the
 * line may hide an innocent neighbour in a flow mapping: better than printing a password. */
static size_t secret_start(struct bytes line)
{
        static const char *const words[] = { "pass", "secret", "hash", "chap", "plain", "wecom", "dingtalk", "web-hook", "密码", "口令", "$1$", "$5$", "$6$", "$y$" };
        for (size_t at = 0; at < line.len; at++) {
                if (login_at(line, at))
                        return at + 3;
                for (size_t w = 0; w < COUNT(words); w++) {
                        if (!word_at(line, at, words[w]))
                                continue;
                        if (words[w][0] == '$')
                                return at;
                        const char *colon = memchr(line.ptr + at, ':', line.len - at);
                        return colon ? (size_t)(colon - line.ptr) + 1 : line.len;
                }
        }
        return line.len;
}

/* The end of the character that starts at `at`. */
static size_t next_char(struct bytes line, size_t at)
{
        for (at++; at < line.len && ((unsigned char)line.ptr[at] & 0xc0) == 0x80; at++) {
        }
        return at;
}

static size_t cells(struct bytes line, size_t from, size_t to)
{
        AUTO_STR part = STR_MAX(1 << 20);
        for (size_t i = from; i < to; i++)
                str_addc(&part, line.ptr[i] == '\t' || !line.ptr[i] ? ' ' : line.ptr[i]);
        return text_columns(str_text(&part));
}

/* A long line is cut around the marked place. */
static void window(struct bytes line, size_t mark, size_t *from, size_t *to)
{
        *from = 0;
        if (mark > line.len)
                mark = line.len;
        while (*from < mark && cells(line, *from, mark) > WIDEST / 2)
                *from = next_char(line, *from);
        *to = *from;
        while (*to < line.len && *to - *from < WIDEST * 4 && cells(line, *from, next_char(line, *to)) <= WIDEST)
                *to = next_char(line, *to);
        if (*to > line.len)
                *to = line.len;
}

static void add_clean(struct str *out, struct bytes line, size_t from, size_t to)
{
        for (size_t i = from; i < to; i++)
                str_addc(out, (unsigned char)line.ptr[i] < 0x20 || line.ptr[i] == 0x7f ? ' ' : line.ptr[i]);
}

void excerpt_add(struct str *out, struct bytes line, uint32_t number, unsigned col, unsigned len, bool secret)
{
        /* Finding secrets takes the whole line, again for every problem on it: a megabyte without a line break gets none. */
        if (!line.len || line.len > LONGEST || !text_is_utf8(line.ptr, line.len))
                return;
        size_t mark = col ? col - 1 : 0, hidden = secret_start(line);
        if (mark > line.len)
                mark = line.len;
        if (secret && mark < hidden)
                hidden = mark;
        if (line.len > 4096)            /* measured char by char below: keep a monstrous line cheap */
                line.len = mark + 512 < line.len && mark > 512 ? mark + 512 : line.len > 4096 ? 4096 : line.len;
        if (mark > line.len)
                mark = 0;
        size_t from, to, shown;
        window(line, mark, &from, &to);
        shown = hidden < from ? from : hidden < to ? hidden : to;
        str_addf(out, "%6u | %s", number, from ? "…" : "");
        add_clean(out, line, from, shown);
        if (hidden < line.len) {
                if (shown > 0 && shown <= line.len && line.ptr[shown - 1] == ':')
                        str_addc(out, ' ');
                str_add(out, SECRET_MASK);
        } else if (to < line.len)
                str_add(out, "…");
        str_add(out, "\n");
        if (!col)
                return;
        size_t lead = mark <= shown ? cells(line, from, mark) : cells(line, from, shown) + 1;
        size_t width = mark >= hidden || mark >= shown ? 4 : cells(line, mark, mark + len < shown ? mark + len : shown);
        str_add(out, "       | ");
        for (size_t i = 0; i < lead + (from ? 1 : 0); i++)
                str_addc(out, ' ');
        for (size_t i = 0; i < (width ? width : 1); i++)
                str_addc(out, '^');
        str_add(out, "\n");
}
