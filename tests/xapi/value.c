#include "tests/xapi/value.h"
#include "base/cleanup.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const struct val *make(struct arena *a, struct val v)
{
        struct val *made = ARENA_NEW(a, struct val);
        *made = v;
        return made;
}

const struct val *val_text(struct arena *a, const char *text)
{
        return make(a, (struct val){ .kind = V_TEXT, .text = arena_strdup(a, text) });
}

const struct val *val_number(struct arena *a, int64_t n)
{
        return make(a, (struct val){ .kind = V_TEXT, .text = arena_printf(a, "%" PRId64, n) });
}

const struct val *val_bool(bool yes)
{
        static const struct val no = { .kind = V_BOOL, .text = "0" }, is = { .kind = V_BOOL, .text = "1" };
        return yes ? &is : &no;
}

const struct val *val_float(struct arena *a, double d)
{
        return make(a, (struct val){ .kind = V_FLOAT, .text = arena_printf(a, "%g", d) });
}

const struct val *val_date(struct arena *a, int64_t seconds)
{
        struct tm t;
        char text[32];
        time_t when = (time_t)seconds;
        gmtime_r(&when, &t);
        strftime(text, sizeof(text), "%Y%m%dT%H:%M:%SZ", &t);
        return make(a, (struct val){ .kind = V_DATE, .text = arena_strdup(a, text) });
}

const struct val *val_set(struct arena *a, const struct val *const *items, size_t n)
{
        const struct val **copy = ARENA_ARRAY(a, const struct val *, n + 1);
        for (size_t i = 0; i < n; i++)
                copy[i] = items[i];
        return make(a, (struct val){ .kind = V_SET, .text = "", .n = n, .items = copy });
}

const struct val *val_texts(struct arena *a, const char *const *items, size_t n)
{
        const struct val **copy = ARENA_ARRAY(a, const struct val *, n + 1);
        for (size_t i = 0; i < n; i++)
                copy[i] = val_text(a, items[i]);
        return make(a, (struct val){ .kind = V_SET, .text = "", .n = n, .items = copy });
}

const struct val *val_map(struct arena *a, const char *const *keys, const struct val *const *items, size_t n)
{
        const struct val **copy = ARENA_ARRAY(a, const struct val *, n + 1);
        const char **names = ARENA_ARRAY(a, const char *, n + 1);
        for (size_t i = 0; i < n; i++) {
                copy[i] = items[i];
                names[i] = arena_strdup(a, keys[i]);
        }
        return make(a, (struct val){ .kind = V_MAP, .text = "", .n = n, .items = copy, .keys = names });
}

const struct val *val_pairs(struct arena *a, const char *const *pairs)
{
        size_t n = 0;
        while (pairs[2 * n])
                n++;
        const struct val **items = ARENA_ARRAY(a, const struct val *, n + 1);
        const char **keys = ARENA_ARRAY(a, const char *, n + 1);
        for (size_t i = 0; i < n; i++) {
                keys[i] = pairs[2 * i];
                items[i] = val_text(a, pairs[2 * i + 1]);
        }
        return val_map(a, keys, items, n);
}

const struct val *val_copy(struct arena *a, const struct val *v)
{
        struct val copy = { .kind = v->kind, .text = v->text ? arena_strdup(a, v->text) : "", .n = v->n };
        const struct val **items = v->n ? ARENA_ARRAY(a, const struct val *, v->n) : NULL;
        const char **keys = v->keys && v->n ? ARENA_ARRAY(a, const char *, v->n) : NULL;
        for (size_t i = 0; i < v->n; i++) {
                items[i] = val_copy(a, v->items[i]);
                if (keys)
                        keys[i] = arena_strdup(a, v->keys[i]);
        }
        copy.items = items;
        copy.keys = keys;
        return make(a, copy);
}

bool val_equal(const struct val *x, const struct val *y)
{
        if (x->kind != y->kind || x->n != y->n || strcmp(x->text, y->text))
                return false;
        for (size_t i = 0; i < x->n; i++) {
                const struct val *other = x->keys ? val_member(y, x->keys[i]) : y->items[i];
                if (!other || !val_equal(x->items[i], other))
                        return false;
        }
        return true;
}

const struct val *val_member(const struct val *map, const char *key)
{
        for (size_t i = 0; map->keys && i < map->n; i++)
                if (!strcmp(map->keys[i], key))
                        return map->items[i];
        return NULL;
}

const char *val_member_text(const struct val *map, const char *key)
{
        const struct val *v = val_member(map, key);
        return v ? v->text : "";
}

bool val_has(const struct val *set, const char *text)
{
        for (size_t i = 0; i < set->n; i++)
                if (!strcmp(set->items[i]->text, text))
                        return true;
        return false;
}

const struct val *val_without(struct arena *a, const struct val *map, const char *key)
{
        const struct val **items = ARENA_ARRAY(a, const struct val *, map->n + 1);
        const char **keys = ARENA_ARRAY(a, const char *, map->n + 1);
        size_t n = 0;
        for (size_t i = 0; i < map->n; i++)
                if (strcmp(map->keys[i], key)) {
                        keys[n] = map->keys[i];
                        items[n++] = map->items[i];
                }
        return val_map(a, keys, items, n);
}

const struct val *val_with(struct arena *a, const struct val *map, const char *key, const struct val *item)
{
        const struct val *rest = val_without(a, map, key);
        const struct val **items = ARENA_ARRAY(a, const struct val *, rest->n + 1);
        const char **keys = ARENA_ARRAY(a, const char *, rest->n + 1);
        for (size_t i = 0; i < rest->n; i++) {
                keys[i] = rest->keys[i];
                items[i] = rest->items[i];
        }
        keys[rest->n] = key;
        items[rest->n] = item;
        return val_map(a, keys, items, rest->n + 1);
}

/* --- types --- */

static bool ends(const char *text, size_t n, const char *tail)
{
        size_t k = strlen(tail);
        return n >= k && !memcmp(text + n - k, tail, k);
}

static const struct type *type_of(struct arena *a, struct type t)
{
        struct type *made = ARENA_NEW(a, struct type);
        *made = t;
        return made;
}

static const struct type *parse_map(struct arena *a, const char *text, size_t n)
{
        int deep = 0;
        for (size_t i = 0; i + 4 <= n; i++) {
                deep += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
                if (deep == 0 && !memcmp(text + i, " -> ", 4))
                        return type_of(a, (struct type){ .kind = T_MAP,
                                                  .name = "",
                                                  .key = type_parse(a, text, i),
                                                  .item = type_parse(a, text + i + 4, n - i - 4) });
        }
        return type_of(a, (struct type){ .kind = T_OTHER, .name = "" });
}

const struct type *type_parse(struct arena *a, const char *text, size_t n)
{
        static const struct {
                const char *word;
                enum type_kind kind;
        } words[] = { { "void", T_VOID }, { "string", T_STRING }, { "int", T_INT }, { "float", T_FLOAT },
                { "bool", T_BOOL }, { "datetime", T_DATE } };
        if (ends(text, n, " set"))
                return type_of(a, (struct type){ .kind = T_SET, .name = "", .item = type_parse(a, text, n - 4) });
        if (*text == '(' && ends(text, n, ") map"))
                return parse_map(a, text + 1, n - 6);
        if (ends(text, n, " ref"))
                return type_of(a, (struct type){ .kind = T_REF, .name = arena_strndup(a, text, n - 4) });
        if (ends(text, n, " record"))
                return type_of(a, (struct type){ .kind = T_RECORD, .name = arena_strndup(a, text, n - 7) });
        if (n > 5 && !memcmp(text, "enum ", 5))
                return type_of(a, (struct type){ .kind = T_ENUM, .name = arena_strndup(a, text + 5, n - 5) });
        for (size_t i = 0; i < COUNT(words); i++)
                if (strlen(words[i].word) == n && !memcmp(words[i].word, text, n))
                        return type_of(a, (struct type){ .kind = words[i].kind, .name = "" });
        return type_of(a, (struct type){ .kind = T_OTHER, .name = "" });
}
