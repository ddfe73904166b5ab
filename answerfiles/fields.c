#include "answerfiles/fields.h"
#include "answerfiles/value.h"
#include "base/i18n.h"
#include "base/secret.h"
#include "base/text.h"

#include <string.h>

enum { MOST_FIELDS = 64 };

bool read_problem_(struct reader *r, enum rule rule, struct pos pos, ...)
{
        va_list ap;
        va_start(ap, pos);
        diag_v(r->diags, r->secret > 0, rule, pos, ap);
        va_end(ap);
        return false;
}

static void add_keys(struct str *list, const struct section *s)
{
        for (; s; s = s->also)
                for (size_t i = 0; i < s->n; i++)
                        str_addf(list, "%s%s", list->len ? ", " : "", s->fields[i].key);
}

static bool unknown_key(struct reader *r, const struct section *s, const char *key, struct pos pos)
{
        const char *names[MOST_FIELDS * 2];
        size_t n = 0;
        for (const struct section *from = s; from; from = from->also)
                for (size_t i = 0; i < from->n && n < COUNT(names); i++)
                        names[n++] = from->fields[i].key;
        AUTO_STR known = STR_MAX(4096);
        add_keys(&known, s);
        const char *near = text_nearest(key, names, n);
        if (near)
                return read_problem(r, XR_UNKNOWN_KEY_NEAR, pos, key, _(s->name), near, str_text(&known));
        /* "{hunter2}" is a section with the key hunter2. */
        return read_problem(r, XR_UNKNOWN_KEY, pos, r->secret ? SECRET_MASK : key, _(s->name), str_text(&known));
}

struct seen {
        struct pos at[MOST_FIELDS * 2];
};

/* Finds the key in the section or in the one it includes; which tells the struct the offset counts from. */
static const struct field *find_field(const struct section *s, const char *key, size_t *index, bool *in_also)
{
        size_t before = 0;
        for (const struct section *from = s; from; from = from->also) {
                for (size_t i = 0; i < from->n; i++)
                        if (!strcmp(from->fields[i].key, key)) {
                                *index = before + i;
                                *in_also = from != s;
                                return &from->fields[i];
                        }
                before += from->n;
        }
        return NULL;
}

static bool read_field(struct reader *r, const struct field *f, struct fy_node *value, struct pos pos, void *base)
{
        /* Readers of nested sections change these. */
        const char *key = r->key;
        struct pos key_pos = r->key_pos;
        r->key = f->key;
        r->key_pos = pos;
        r->secret += f->secret;
        struct fy_node *v = yaml_enter(r->yaml, value, pos);
        bool fine = false;
        if (v) {
                struct pos at = yaml_pos(r->yaml, v);
                if (!at.line)
                        at = pos;
                fine = f->read(r, v, at, f, (char *)base + f->offset);
                yaml_leave(r->yaml);
        } else if (!value)
                fine = read_problem(r, XR_NO_VALUE, pos, f->key);
        r->secret -= f->secret;
        /* Even a bad value was given here: what is said about it must not be said again as "missing". */
        if (f->setting)
                ((struct settings *)base)->origin[f->setting - 1] = (struct origin){ v ? yaml_pos(r->yaml, v) : pos, r->level };
        r->key = key;
        r->key_pos = key_pos;
        return fine;
}

static bool read_pairs(struct reader *r, struct fy_node *map, const struct section *s, void *base, void **also, struct seen *seen,
        bool merged);

/* "<<: *other": the other section's keys, where this one does not say otherwise. */
static bool read_merge(struct reader *r, struct fy_node *value, struct pos pos, const struct section *s, void *base, void **also,
        struct seen *seen)
{
        struct fy_node *v = yaml_enter(r->yaml, value, pos);
        if (!v)
                return false;
        bool fine = fy_node_is_mapping(v) ? read_pairs(r, v, s, base, also, seen, true)
                                          : read_problem(r, XR_NEEDS_KEYS, pos, "<<", "<<: *name");
        yaml_leave(r->yaml);
        return fine;
}

static bool read_pair(struct reader *r, const char *key, struct pos pos, struct fy_node *value, const struct section *s, void *base,
        void **also, struct seen *seen, bool merged)
{
        size_t index;
        bool in_also;
        const struct field *f = find_field(s, key, &index, &in_also);
        if (!f)
                return unknown_key(r, s, key, pos);
        if (seen->at[index].line) {
                if (merged)
                        return true;
                return read_problem(r, XR_DUPLICATE_KEY, pos, key, _(s->name), diags_where(r->diags, seen->at[index]));
        }
        seen->at[index] = pos;
        if (in_also && !*also)
                *also = r->also_new(r);
        return read_field(r, f, value, pos, in_also ? *also : base);
}

static bool read_pairs(struct reader *r, struct fy_node *map, const struct section *s, void *base, void **also, struct seen *seen,
        bool merged)
{
        bool fine = true;
        void *iterator = NULL;
        struct fy_node *merges[8], *merge_keys[8];
        size_t n_merges = 0;
        for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(map, &iterator));) {
                struct fy_node *key_node = fy_node_pair_key(pair), *value = fy_node_pair_value(pair);
                const char *key = yaml_text(r->yaml, key_node);
                struct pos pos = yaml_pos(r->yaml, key_node);
                if (key && !strcmp(key, "<<") && n_merges < COUNT(merges)) {
                        merge_keys[n_merges] = key_node;
                        merges[n_merges++] = value;
                        continue;
                }
                fine &= read_pair(r, key ? key : "?", pos, value, s, base, also, seen, merged);
        }
        /* After the section's own keys, which win. */
        for (size_t i = 0; i < n_merges; i++)
                fine &= read_merge(r, merges[i], yaml_pos(r->yaml, merge_keys[i]), s, base, also, seen);
        return fine;
}

bool section_read(struct reader *r, struct fy_node *map, struct pos where, const struct section *s, void *base, void **also)
{
        if (!fy_node_is_mapping(map))
                return read_problem(r, XR_NEEDS_KEYS, where, r->key ? r->key : _(s->name), s->fields[0].key);
        struct seen seen = { 0 };
        void *none = NULL;
        bool fine = read_pairs(r, map, s, base, also ? also : &none, &seen, false);
        for (size_t i = 0; i < s->n; i++)
                if (s->fields[i].required && !seen.at[i].line)
                        fine = read_problem(r, XR_MISSING_KEY, where, _(s->name), s->fields[i].key);
        return fine;
}

const char *read_scalar(struct reader *r, struct fy_node *n, struct pos pos)
{
        const char *text = yaml_text(r->yaml, n);
        if (!text)
                read_problem(r, XR_NEEDS_SCALAR, pos, r->key);
        else if (!*text) {
                read_problem(r, XR_NO_VALUE, pos, r->key);
                text = NULL;
        }
        return text;
}

size_t read_count(struct fy_node *n)
{
        return fy_node_is_sequence(n) ? (size_t)fy_node_sequence_item_count(n) : 1;
}

bool read_each(struct reader *r, struct fy_node *n, struct pos pos, bool (*each)(struct reader *, struct fy_node *, struct pos, void *),
        void *arg)
{
        if (!fy_node_is_sequence(n))
                return each(r, n, pos, arg);
        bool fine = true;
        void *iterator = NULL;
        for (struct fy_node *item; (item = fy_node_sequence_iterate(n, &iterator));) {
                struct fy_node *v = yaml_enter(r->yaml, item, pos);
                if (!v)
                        return false;
                struct pos at = yaml_pos(r->yaml, v);
                fine &= each(r, v, at.line ? at : pos, arg);
                yaml_leave(r->yaml);
        }
        return fine;
}

int read_word(struct reader *r, struct pos pos, const char *text, const char *const *words)
{
        AUTO_STR list = STR_MAX(1024);
        for (int i = 0; words[i]; i++) {
                if (!strcmp(text, words[i]))
                        return i;
                str_addf(&list, "%s%s", i ? ", " : "", words[i]);
        }
        read_problem(r, XR_WORD_UNKNOWN, pos, text, r->key, str_text(&list));
        return -1;
}

bool read_choice(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        const char *text = read_scalar(r, n, pos);
        int word = text ? read_word(r, pos, text, f->arg) : -1;
        if (word < 0)
                return false;
        *(int *)at = word;
        return true;
}

bool read_string(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        if (text)
                *(const char **)at = text;
        return text;
}

bool read_located(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        if (text)
                *(struct located *)at = (struct located){ text, pos };
        return text;
}

bool read_bool(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        return text && value_bool(r->diags, pos, text, at);
}

bool read_limited(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        const struct limits *l = f->arg;
        const char *text = read_scalar(r, n, pos);
        long value;
        if (!text || !value_int(r->diags, pos, text, l->min, l->max, &value))
                return false;
        *(int *)at = (int)value;
        return true;
}

bool read_duration(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        const struct limits *l = f->arg;
        const char *text = read_scalar(r, n, pos);
        long seconds;
        if (!text || !value_duration(r->diags, pos, text, l->min, l->max, &seconds))
                return false;
        *(int *)at = (int)seconds;
        return true;
}

bool read_size(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        const char *text = read_scalar(r, n, pos);
        return text && value_size(r->diags, pos, text, at);
}

bool read_name(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_text(r->diags, pos, *(const char **)at, LONGEST_NAME);
}

bool read_description(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_string(r, n, pos, f, at) && value_text(r->diags, pos, *(const char **)at, LONGEST_DESCRIPTION);
}
