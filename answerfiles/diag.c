#include "answerfiles/diag.h"
#include "answerfiles/excerpt.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/text.h"

#include <jansson.h>
#include <string.h>

struct problem {
        enum rule rule;
        bool secret;
        struct pos pos;
        size_t order;                   /* of reporting: keeps equal positions stable */
        const char *args[RULE_ARGS];
};

struct file {
        const char *name;
        struct bytes text;
        uint32_t *lines;                /* offset of each line's first byte, built when first asked for */
        size_t n_lines;
};

struct diags {
        struct arena *arena;
        struct problem *problems;
        size_t n, cap;
        struct file *files;
        size_t n_files;
        size_t errors, warnings;
        size_t *known;                  /* hash table of problem number + 1: what an alias repeats is one problem */
        size_t slots;
};

struct diags *diags_new(void)
{
        struct arena *a = arena_new();
        struct diags *d = ARENA_NEW(a, struct diags);
        d->arena = a;
        return d;
}

struct arena *diags_arena(struct diags *d) { return d->arena; }

void diags_free(struct diags *d)
{
        if (!d)
                return;
        for (size_t i = 0; i < d->n_files; i++)
                free(d->files[i].lines);
        free(d->files);
        free(d->problems);
        free(d->known);
        arena_free(d->arena);
}

static void *grown(void *p, size_t n, size_t size)
{
        void *q = reallocarray(p, n, size);
        if (!q)
                file_out_of_memory();
        return q;
}

uint16_t diags_add_file(struct diags *d, const char *name, struct bytes text)
{
        d->files = grown(d->files, d->n_files + 1, sizeof(*d->files));
        d->files[d->n_files] = (struct file){ .name = arena_strdup(d->arena, name), .text = text };
        return (uint16_t)++d->n_files;
}

const char *diags_file_name(const struct diags *d, uint16_t file)
{
        return file && file <= d->n_files ? d->files[file - 1].name : "";
}

static size_t hash_of(const struct problem *p)
{
        size_t h = (size_t)p->rule * 31 + p->pos.line;
        h = h * 1000003 + p->pos.col + ((size_t)p->pos.file << 20);
        for (size_t i = 0; i < RULE_ARGS; i++)
                h = h * 1000003 ^ ((uintptr_t)p->args[i] >> 4);
        return h ^ (h >> 31);
}

static bool same_problem(const struct problem *a, const struct problem *b)
{
        /* Arguments are interned: equal text, equal pointer. */
        return a->rule == b->rule && a->pos.file == b->pos.file && a->pos.line == b->pos.line && a->pos.col == b->pos.col &&
               !memcmp(a->args, b->args, sizeof(a->args));
}

static void rehash(struct diags *d)
{
        d->slots = d->slots ? d->slots * 2 : 256;
        free(d->known);
        d->known = calloc(d->slots, sizeof(*d->known));
        if (!d->known)
                file_out_of_memory();
        for (size_t i = 0; i < d->n; i++) {
                size_t at = hash_of(&d->problems[i]) & (d->slots - 1);
                while (d->known[at])
                        at = (at + 1) & (d->slots - 1);
                d->known[at] = i + 1;
        }
}

static bool is_known(struct diags *d, const struct problem *p)
{
        if ((d->n + 1) * 2 > d->slots)
                rehash(d);
        size_t at = hash_of(p) & (d->slots - 1);
        for (; d->known[at]; at = (at + 1) & (d->slots - 1))
                if (same_problem(&d->problems[d->known[at] - 1], p))
                        return true;
        d->known[at] = d->n + 1;
        return false;
}

void diag_v(struct diags *d, bool secret, enum rule rule, struct pos pos, va_list ap)
{
        struct problem p = { .rule = rule, .secret = secret, .pos = pos, .order = d->n };
        const char *arg;
        for (size_t i = 0; i < RULE_ARGS && (arg = va_arg(ap, const char *)); i++)
                p.args[i] = arena_intern(d->arena, arg, strlen(arg));
        if (is_known(d, &p))
                return;
        if (d->n == d->cap) {
                d->cap = d->cap ? d->cap * 2 : 64;
                d->problems = grown(d->problems, d->cap, sizeof(*d->problems));
        }
        d->problems[d->n++] = p;
        if (rule_row(rule)->severity == SEVERITY_ERROR)
                d->errors++;
        else
                d->warnings++;
}

void diag(struct diags *d, enum rule rule, struct pos pos, ...)
{
        va_list ap;
        va_start(ap, pos);
        diag_v(d, false, rule, pos, ap);
        va_end(ap);
}

void diag_secret(struct diags *d, enum rule rule, struct pos pos, ...)
{
        va_list ap;
        va_start(ap, pos);
        diag_v(d, true, rule, pos, ap);
        va_end(ap);
}

size_t diags_errors(const struct diags *d) { return d->errors; }
size_t diags_warnings(const struct diags *d) { return d->warnings; }

const char *diags_where(const struct diags *d, struct pos pos)
{
        static _Thread_local char ring[4][512];
        static _Thread_local unsigned turn;
        char *out = ring[turn++ % 4];
        if (!pos.file)
                snprintf(out, sizeof(ring[0]), "%s", _("xenroll's defaults"));
        else if (!pos.line)
                snprintf(out, sizeof(ring[0]), "%s", diags_file_name(d, pos.file));
        else
                snprintf(out, sizeof(ring[0]), "%s:%u:%u", diags_file_name(d, pos.file), pos.line, pos.col);
        return out;
}

static int by_place(const void *x, const void *y)
{
        const struct problem *a = x, *b = y;
        if (a->pos.file != b->pos.file)
                return a->pos.file < b->pos.file ? -1 : 1;
        if (a->pos.line != b->pos.line)
                return a->pos.line < b->pos.line ? -1 : 1;
        if (a->pos.col != b->pos.col)
                return a->pos.col < b->pos.col ? -1 : 1;
        if (a->rule != b->rule)
                return a->rule < b->rule ? -1 : 1;
        return a->order < b->order ? -1 : 1;
}

static struct problem *sorted(const struct diags *d)
{
        struct problem *copy = grown(NULL, d->n ? d->n : 1, sizeof(*copy));
        if (d->n)
                memcpy(copy, d->problems, d->n * sizeof(*copy));
        qsort(copy, d->n, sizeof(*copy), by_place);
        return copy;
}

static void index_lines(struct file *f)
{
        if (f->lines)
                return;
        size_t cap = 1024;
        f->lines = grown(NULL, cap, sizeof(*f->lines));
        f->lines[f->n_lines++] = 0;
        for (size_t i = 0; i < f->text.len; i++) {
                if (f->text.ptr[i] != '\n')
                        continue;
                if (f->n_lines == cap)
                        f->lines = grown(f->lines, cap *= 2, sizeof(*f->lines));
                f->lines[f->n_lines++] = (uint32_t)i + 1;
        }
}

static struct bytes line_of(struct diags *d, struct pos pos)
{
        if (!pos.file || pos.file > d->n_files || !pos.line)
                return (struct bytes){ "", 0 };
        struct file *f = &d->files[pos.file - 1];
        index_lines(f);
        if (pos.line > f->n_lines)
                return (struct bytes){ "", 0 };
        size_t start = f->lines[pos.line - 1], end = start;
        while (end < f->text.len && f->text.ptr[end] != '\n' && f->text.ptr[end] != '\r')
                end++;
        return bytes_of(f->text.ptr + start, end - start);
}

static bool is_error(const struct problem *p, bool strict)
{
        return strict || rule_row(p->rule)->severity == SEVERITY_ERROR;
}

static void print_one(struct diags *d, const struct problem *p, FILE *f, bool strict)
{
        const struct rule_row *row = rule_row(p->rule);
        AUTO_STR message = STR_MAX(16384), remedy = STR_MAX(16384), excerpt = STR_MAX(16384);
        rule_expand(&message, _(row->message), p->args);
        fprintf(f, "%s: %s XR-%03d: %s\n", diags_where(d, p->pos), is_error(p, strict) ? _("error") : _("warning"), (int)p->rule,
                str_text(&message));
        excerpt_add(&excerpt, line_of(d, p->pos), p->pos.line, p->pos.col, p->pos.len, p->secret);
        fputs(str_text(&excerpt), f);
        if (!*row->remedy)
                return;
        rule_expand(&remedy, _(row->remedy), p->args);
        fprintf(f, "        %s\n", str_text(&remedy));
}

static bool same_place(const struct problem *a, const struct problem *b)
{
        return a->rule == b->rule && a->pos.file == b->pos.file && a->pos.line == b->pos.line && a->pos.col == b->pos.col;
}

/* How many problems from i on have the same rule and place: a blueprint's mistake shows in every school. */
static size_t run_length(const struct problem *all, size_t i, size_t n)
{
        size_t length = 1;
        while (i + length < n && same_place(&all[i], &all[i + length]))
                length++;
        return length;
}

void diags_print(const struct diags *d, FILE *f, bool strict)
{
        enum { SHOWN = 2 };
        AUTO_FREE struct problem *all = sorted(d);
        /* Excerpts build the line index, which is not part of the diags' meaning. */
        struct diags *indexing = (struct diags *)(uintptr_t)d;
        for (size_t i = 0, run; i < d->n; i += run) {
                run = all[i].pos.line ? run_length(all, i, d->n) : 1;
                for (size_t k = 0; k < run && k < SHOWN; k++)
                        print_one(indexing, &all[i + k], f, strict);
                if (run > SHOWN)
                        fprintf(f, _("        … and %zu more like this, from the same place\n"), run - SHOWN);
        }
}

static json_t *json_of(const struct diags *d, const struct problem *p, bool strict)
{
        const struct rule_row *row = rule_row(p->rule);
        AUTO_STR message = STR_MAX(16384), remedy = STR_MAX(16384);
        rule_expand(&message, _(row->message), p->args);
        rule_expand(&remedy, _(row->remedy), p->args);
        char code[16];
        snprintf(code, sizeof(code), "XR-%03d", (int)p->rule);
        return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s%, s:s%}", "code", code, "severity",
                is_error(p, strict) ? "error" : "warning", "file", diags_file_name(d, p->pos.file), "line",
                (int)p->pos.line, "column", (int)p->pos.col, "message", str_text(&message), message.len, "remedy",
                str_text(&remedy), remedy.len);
}

bool diags_print_json(const struct diags *d, FILE *f, bool strict)
{
        AUTO_FREE struct problem *all = sorted(d);
        json_t *array = json_array();
        for (size_t i = 0; i < d->n; i++) {
                json_t *one = json_of(d, &all[i], strict);
                if (one)
                        json_array_append_new(array, one);
        }
        bool fine = json_dumpf(array, f, JSON_INDENT(2)) == 0 && fputc('\n', f) != EOF;
        json_decref(array);
        return fine;
}
