/* Positions in a hand-written answer file, and which of its bytes may be shown. */
#include "answerfiles/lint_parts.h"
#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static void *grown(void *p, size_t n, size_t size)
{
        void *q = reallocarray(p, n, size);
        if (!q)
                file_out_of_memory();
        return q;
}

static void index_lines(struct lint *l)
{
        size_t cap = 256;
        l->lines = grown(NULL, cap, sizeof(*l->lines));
        l->lines[l->n_lines++] = 0;
        for (size_t i = 0; i < l->text.len; i++) {
                if (l->text.ptr[i] != '\n')
                        continue;
                if (l->n_lines == cap)
                        l->lines = grown(l->lines, cap *= 2, sizeof(*l->lines));
                l->lines[l->n_lines++] = i + 1;
        }
}

static void hide(struct lint *l, size_t begin, size_t end)
{
        if (l->n_secrets && l->secrets[l->n_secrets - 1].end >= begin) {
                if (l->secrets[l->n_secrets - 1].end < end)
                        l->secrets[l->n_secrets - 1].end = end;
                return;
        }
        if (!(l->n_secrets & (l->n_secrets + 1)))       /* 0, 1, 3, 7…: full */
                l->secrets = grown(l->secrets, l->n_secrets * 2 + 1, sizeof(*l->secrets));
        l->secrets[l->n_secrets++] = (struct span){ begin, end };
}

/* <root-password>, and anything that looks like a misspelt one. */
static bool names_a_secret(const char *name)
{
        static const char *const known[] = { "root-password", "password" };
        static const char *const parts[] = { "pass", "pwd", "secret" };
        for (size_t i = 0; i < COUNT(parts); i++)
                if (strcasestr(name, parts[i]))
                        return true;
        return text_nearest(name, known, COUNT(known)) != NULL;
}

/* To the closing tag of the same name; without one the rest of the file is hidden. */
static size_t secret_end(const struct lint *l, size_t name, size_t n)
{
        for (size_t at = name + n; at + n + 2 < l->text.len; at++) {
                const char *close = memmem(l->text.ptr + at, l->text.len - at, "</", 2);
                if (!close)
                        break;
                at = (size_t)(close - l->text.ptr);
                if (l->text.len - at > n + 2 && !memcmp(close + 2, l->text.ptr + name, n))
                        return at;
        }
        return l->text.len;
}

static size_t hide_element(struct lint *l, size_t at)
{
        char name[40] = "";
        size_t n = 0, begin = at + 1;
        while (begin + n < l->text.len && n + 1 < sizeof(name) && !isspace((unsigned char)l->text.ptr[begin + n]) &&
               !memchr("<>/=\"'", l->text.ptr[begin + n], 6)) {
                name[n] = l->text.ptr[begin + n];
                n++;
        }
        if (!n || !names_a_secret(name))
                return at + 1;
        size_t end = secret_end(l, begin, n);
        hide(l, begin + n, end);
        return end;
}

/* http://user:password@server/ */
static void hide_url(struct lint *l, size_t at)
{
        size_t end = at;
        while (end < l->text.len && end - at < 512 && !isspace((unsigned char)l->text.ptr[end]) &&
                !memchr("<>/@\"", l->text.ptr[end], 5))
                end++;
        if (end < l->text.len && l->text.ptr[end] == '@')
                hide(l, at, end);
}

/* Works on the bytes, so that it also holds for a file that cannot be parsed. */
static void find_secrets(struct lint *l)
{
        for (size_t i = 0; i < l->text.len;) {
                if (l->text.ptr[i] == '<')
                        i = hide_element(l, i);
                else if (l->text.len - i > 3 && !memcmp(l->text.ptr + i, "://", 3))
                        hide_url(l, i += 3);
                else
                        i++;
        }
}

void lint_index(struct lint *l)
{
        index_lines(l);
        find_secrets(l);
}

void lint_clear(struct lint *l)
{
        free(l->lines);
        free(l->secrets);
}

static size_t line_of(const struct lint *l, size_t offset)
{
        size_t low = 0, high = l->n_lines;
        while (high - low > 1) {
                size_t middle = (low + high) / 2;
                if (l->lines[middle] <= offset)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

size_t lint_line_offset(const struct lint *l, int line)
{
        if (line < 1)
                return 0;
        return (size_t)line <= l->n_lines ? l->lines[line - 1] : l->text.len;
}

/* The first span that ends behind the offset. */
static size_t span_behind(const struct lint *l, size_t offset)
{
        size_t low = 0, high = l->n_secrets;
        while (low < high) {
                size_t middle = (low + high) / 2;
                if (l->secrets[middle].end <= offset)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* The first secret byte of a line, or SIZE_MAX. */
static size_t secret_on_line(const struct lint *l, size_t line)
{
        size_t begin = l->lines[line], end = line + 1 < l->n_lines ? l->lines[line + 1] : l->text.len;
        size_t i = span_behind(l, begin);
        if (i == l->n_secrets || l->secrets[i].begin >= end)
                return SIZE_MAX;
        return l->secrets[i].begin < begin ? begin : l->secrets[i].begin;
}

bool lint_is_secret(const struct lint *l, size_t offset)
{
        size_t i = span_behind(l, offset);
        return i < l->n_secrets && l->secrets[i].begin <= offset;
}

static uint16_t saturate(size_t n) { return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n; }

static struct pos pos_at(const struct lint *l, size_t line, size_t offset, size_t len)
{
        return (struct pos){ .line = (uint32_t)line + 1,
                .col = saturate(offset - l->lines[line] + 1),
                .len = saturate(len),
                .file = l->file };
}

struct pos lint_pos(const struct lint *l, struct place at)
{
        size_t line = line_of(l, at.offset);
        struct pos pos = pos_at(l, line, at.offset, at.len);
        if (secret_on_line(l, line) != SIZE_MAX)
                pos.line = 0;
        return pos;
}

/* An excerpt is masked from the marked place on: behind a secret the whole line must be. */
struct pos lint_masked_pos(const struct lint *l, struct place at, bool *secret)
{
        size_t line = line_of(l, at.offset), hidden = secret_on_line(l, line);
        bool behind = hidden < at.offset;
        *secret = hidden != SIZE_MAX;
        return pos_at(l, line, behind ? l->lines[line] : at.offset, behind ? 0 : at.len);
}

static void report_v(struct lint *l, enum rule rule, struct place at, va_list ap)
{
        enum { MOST = 200 };            /* nobody reads more, and each costs an excerpt */
        bool secret;
        if (l->reports > MOST)
                return;
        if (l->reports++ == MOST) {
                diag(l->diags, XR_ANSWER_MANY, (struct pos){ .file = l->file }, NULL);
                return;
        }
        struct pos pos = lint_masked_pos(l, at, &secret);
        diag_v(l->diags, secret, rule, pos, ap);
}

void lint_report(struct lint *l, enum rule rule, struct place at, ...)
{
        va_list ap;
        va_start(ap, at);
        report_v(l, rule, at, ap);
        va_end(ap);
        l->refused = true;
}

void lint_remark(struct lint *l, enum rule rule, struct place at, ...)
{
        va_list ap;
        va_start(ap, at);
        report_v(l, rule, at, ap);
        va_end(ap);
}

/* The parser left the offset of the start tag's end in _private; '<' cannot occur inside a tag. */
static size_t tag_begin(const struct lint *l, const xmlNode *node)
{
        size_t end = (size_t)(uintptr_t)node->_private;
        if (end > l->text.len)
                end = l->text.len;
        const char *open = end ? memrchr(l->text.ptr, '<', end) : NULL;
        return open ? (size_t)(open - l->text.ptr) : 0;
}

struct place place_of_element(const struct lint *l, const xmlNode *node)
{
        return (struct place){ tag_begin(l, node) + 1, strlen((const char *)node->name) };
}

struct place place_of_attribute(const struct lint *l, const xmlAttr *a)
{
        enum { LONGEST_TAG = 1 << 14 };         /* each attribute searches its tag again */
        size_t begin = tag_begin(l, a->parent), end = (size_t)(uintptr_t)a->parent->_private;
        size_t n = strlen((const char *)a->name);
        if (end > l->text.len || end - begin > LONGEST_TAG)
                return place_of_element(l, a->parent);
        for (size_t i = begin + 1; i + n < end; i++)
                if (isspace((unsigned char)l->text.ptr[i - 1]) && !memcmp(l->text.ptr + i, a->name, n) &&
                    memchr("= \t\r\n", l->text.ptr[i + n], 5))
                        return (struct place){ i, n };
        return place_of_element(l, a->parent);
}

struct place place_of_text(const struct lint *l, const xmlNode *node)
{
        size_t at = (size_t)(uintptr_t)node->_private;
        const char *close = at < l->text.len ? memchr(l->text.ptr + at, '>', l->text.len - at) : NULL;
        if (!close)
                return place_of_element(l, node);
        at = (size_t)(close - l->text.ptr) + 1;
        while (at < l->text.len && isspace((unsigned char)l->text.ptr[at]))
                at++;
        size_t end = at;
        while (end < l->text.len && l->text.ptr[end] != '<' && l->text.ptr[end] != '\n' && l->text.ptr[end] != '\r')
                end++;
        return end > at ? (struct place){ at, end - at } : place_of_element(l, node);
}
