#include "answerfiles/csv_parts.h"
#include "base/file.h"

#include <string.h>

enum { MOST_BROKEN_QUOTES = 5 };

static struct pos pos_at(const struct csv_scan *s, size_t at)
{
        size_t col = at - s->line_start + 1;
        return (struct pos){ .line = s->line, .col = col > UINT16_MAX ? UINT16_MAX : (uint16_t)col, .file = s->file };
}

static void next_line(struct csv_scan *s)
{
        const char *end = s->at < s->text.len ? memchr(s->text.ptr + s->at, '\n', s->text.len - s->at) : NULL;
        s->at = end ? (size_t)(end - s->text.ptr) + 1 : s->text.len;
        s->line++;
        s->line_start = s->at;
}

/* On from the line below the row's first: one broken row must not swallow the others. */
static enum csv_scanned give_up_row(struct csv_scan *s)
{
        s->at = s->row_at;
        s->line = s->row.line;
        next_line(s);
        return CSV_BAD_ROW;
}

static void add_cell(struct csv_scan *s, struct csv_cell c)
{
        if (s->n < MOST_CELLS)
                s->cells[s->n++] = c;
        /* Beyond the last place only what is not empty matters: it is reported as one cell too many. */
        else if (!csv_cell_is_empty(&c))
                s->cells[MOST_CELLS - 1] = c;
}

/* rest is what is shown of the place, up to the line's end. */
static bool broken_quote(struct csv_scan *s, enum rule rule, struct pos pos, struct bytes rest)
{
        char text[64];
        size_t n = 0;
        while (n < rest.len && n < 40 && rest.ptr[n] != '\n' && rest.ptr[n] != '\r')
                n++;
        while (n && n < rest.len && ((unsigned char)rest.ptr[n] & 0xc0) == 0x80)
                n--;
        snprintf(text, sizeof(text), "%.*s", (int)n, rest.ptr);
        s->broken_quotes++;
        if (s->diags)
                diag(s->diags, rule, pos, text, NULL);
        return false;
}

static bool row_is_long(const struct csv_scan *s, size_t at) { return at - s->row_at > LARGEST_ROW; }

/* s->at is at the opening quotation mark, and then behind what may follow the closing one. */
static bool scan_quoted(struct csv_scan *s)
{
        struct pos open = pos_at(s, s->at);
        const char *t = s->text.ptr;
        size_t start = s->at + 1, i = start, len = s->text.len;
        struct csv_cell c = { .quoted = true, .pos = pos_at(s, start) };
        for (; i < len && !row_is_long(s, i); i++) {
                if (t[i] == '\n') {
                        s->line++;
                        s->line_start = i + 1;
                } else if (t[i] == '"' && !(i + 1 < len && t[i + 1] == '"'))
                        break;
                else if (t[i] == '"')
                        i++;
        }
        if (i >= len || t[i] != '"' || row_is_long(s, i))
                return broken_quote(s, XR_CSV_QUOTE_OPEN, open, bytes_of("", 0));
        c.raw = bytes_of(t + start, i - start);
        for (i++; i < len && (t[i] == ' ' || t[i] == '\r') && t[i] != s->separator; i++) {
        }
        s->at = i;
        bool follows = i < len && t[i] != s->separator && t[i] != '\n';
        /* Text behind a cell of several lines: it is the first mark that is one too many, not the last. */
        if (follows && s->line != open.line)
                return broken_quote(s, XR_CSV_QUOTE_OPEN, open, bytes_of("", 0));
        if (follows)
                return broken_quote(s, XR_CSV_QUOTE_TEXT, pos_at(s, i), bytes_of(t + i, len - i));
        add_cell(s, c);
        return true;
}

static void scan_plain(struct csv_scan *s)
{
        const char *t = s->text.ptr;
        size_t start = s->at, i = start, len = s->text.len;
        while (i < len && t[i] != s->separator && t[i] != '\n')
                i++;
        add_cell(s, (struct csv_cell){ .raw = bytes_of(t + start, i - start), .pos = pos_at(s, start) });
        s->at = i;
}

static bool scan_cell(struct csv_scan *s)
{
        size_t i = s->at;
        while (i < s->text.len && s->text.ptr[i] == ' ')
                i++;
        if (i >= s->text.len || s->text.ptr[i] != '"') {
                scan_plain(s);
                return true;
        }
        s->at = i;
        return scan_quoted(s);
}

static enum csv_scanned long_row(struct csv_scan *s)
{
        char most[16];
        snprintf(most, sizeof(most), "%d", LARGEST_ROW / 1024);
        if (s->diags)
                diag(s->diags, XR_CSV_ROW_LONG, s->row, most, NULL);
        next_line(s);
        return CSV_BAD_ROW;
}

static bool row_is_empty(const struct csv_scan *s)
{
        for (size_t i = 0; i < s->n; i++)
                if (!csv_cell_is_empty(&s->cells[i]))
                        return false;
        return true;
}

enum csv_scanned csv_scan_row(struct csv_scan *s)
{
        do {
                s->n = 0;
                if (s->at >= s->text.len)
                        return CSV_END;
                s->row = pos_at(s, s->at);
                s->row_at = s->at;
                for (;;) {
                        if (!scan_cell(s))
                                return give_up_row(s);
                        if (s->at >= s->text.len || s->text.ptr[s->at] == '\n')
                                break;
                        s->at++;
                }
                if (row_is_long(s, s->at))
                        return long_row(s);
                next_line(s);
        } while (row_is_empty(s));
        return CSV_ROW;
}

struct row_list {
        struct csv_row *rows;
        size_t n, cap;
};

static struct csv_row *list_add(struct row_list *list)
{
        if (list->n == list->cap) {
                list->cap = list->cap ? list->cap * 2 : 256;
                struct csv_row *grown = reallocarray(list->rows, list->cap, sizeof(*grown));
                if (!grown)
                        file_out_of_memory();
                list->rows = grown;
        }
        struct csv_row *row = &list->rows[list->n++];
        memset(row, 0, sizeof(*row));
        return row;
}

static bool has_extra_cell(struct csv_scan *s, const struct csv_header *h)
{
        char text[128];
        struct pos pos;
        for (size_t i = h->n; i < s->n; i++) {
                if (csv_cell_is_empty(&s->cells[i]))
                        continue;
                csv_cell_text(&s->cells[i], text, sizeof(text), &pos);
                diag(s->diags, XR_CSV_EXTRA_CELLS, pos, text, NULL);
                return true;
        }
        return false;
}

static void take_row(struct csv_scan *s, struct arena *a, const struct csv_header *h, struct row_list *list)
{
        if (has_extra_cell(s, h))
                return;
        struct csv_row *row = list_add(list);
        row->where = s->row;
        bool any = false;
        for (size_t i = 0; i < s->n && i < h->n; i++) {
                int c = h->column[i];
                if (c < 0)
                        continue;
                row->cell[c] = csv_clean(s, a, (enum csv_column)c, h->name[c], &s->cells[i], &row->pos[c]);
                any |= !csv_cell_is_empty(&s->cells[i]);
        }
        /* A row with nothing but notes is no machine. */
        list->n -= !any;
}

static void read_rows(struct csv_scan *s, struct arena *a, const struct csv_header *h, struct row_list *list)
{
        size_t errors = diags_errors(s->diags);
        for (enum csv_scanned got; (got = csv_scan_row(s)) != CSV_END;) {
                if (got == CSV_ROW)
                        take_row(s, a, h, list);
                if (s->broken_quotes > MOST_BROKEN_QUOTES) {
                        diag(s->diags, XR_CSV_QUOTES_MANY, s->row, NULL);
                        return;
                }
        }
        if (!list->n && diags_errors(s->diags) == errors)
                diag(s->diags, XR_CSV_EMPTY, (struct pos){ .file = s->file, .line = 1, .col = 1 }, NULL);
}

void csv_read(struct arena *a, struct diags *d, const char *name, struct bytes raw, struct csv_rows *out)
{
        AUTO_FREE struct csv_scan *s = calloc(1, sizeof(*s));
        AUTO_FREE struct csv_header *h = calloc(1, sizeof(*h));
        struct row_list list = { 0 };
        struct csv_refusal why = { 0 };
        if (!s || !h)
                file_out_of_memory();
        memset(out, 0, sizeof(*out));
        bool readable = csv_decode(a, raw, &s->text, &why);
        /* What cannot be read has no lines that could be shown. */
        out->file = diags_add_file(d, name, readable ? s->text : bytes_of("", 0));
        if (!readable) {
                why.pos.file = out->file;
                diag(d, why.rule, why.pos, why.args[0], why.args[1], NULL);
                return;
        }
        s->diags = d;
        s->file = out->file;
        s->line = 1;
        if (csv_read_header(s, a, h))
                read_rows(s, a, h, &list);
        if (list.n) {
                out->rows = ARENA_ARRAY(a, struct csv_row, list.n);
                memcpy(out->rows, list.rows, list.n * sizeof(*list.rows));
                out->n = list.n;
        }
        free(list.rows);
}
