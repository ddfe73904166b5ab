#include "postinstall/agent_plan_table.h"
#include "base/i18n.h"

#include <inttypes.h>
#include <string.h>

static void add_escaped(struct str *out, const char *text)
{
        for (; *text; text++)
                switch (*text) {
                case '&':
                        str_add(out, "&amp;");
                        break;
                case '<':
                        str_add(out, "&lt;");
                        break;
                case '>':
                        str_add(out, "&gt;");
                        break;
                case '"':
                        str_add(out, "&quot;");
                        break;
                case '\n':
                        str_add(out, "&#10;");
                        break;
                case '\t':
                        str_add(out, "&#9;");
                        break;
                case '\r':
                        str_add(out, "&#13;");
                        break;
                default:
                        str_addc(out, *text);
                }
}

static void add_text(struct str *out, const char *name, const char *value)
{
        str_addf(out, " %s=\"", name);
        add_escaped(out, value);
        str_addc(out, '"');
}

static void add_attribute(struct str *out, const struct attribute *a, const char *base)
{
        const void *at = base + a->offset;
        switch (a->kind) {
        case ATTRIBUTE_TEXT:
                if (*(const char *const *)at)
                        add_text(out, a->name, *(const char *const *)at);
                break;
        case ATTRIBUTE_INT:
                if (a->needed || *(const int *)at != a->fallback)
                        str_addf(out, " %s=\"%d\"", a->name, *(const int *)at);
                break;
        case ATTRIBUTE_SIZE:
                if (*(const uint64_t *)at)
                        str_addf(out, " %s=\"%" PRIu64 "\"", a->name, *(const uint64_t *)at);
                break;
        case ATTRIBUTE_YES:
                if (*(const bool *)at)
                        str_addf(out, " %s=\"yes\"", a->name);
                break;
        case ATTRIBUTE_SR:
                add_text(out, a->name, agent_sr_names[*(const enum agent_sr *)at]);
                break;
        }
}

static void add_element(struct str *out, const struct element *el, const char *base, int depth);

static void add_all(struct str *out, const struct element *el, const char *parent, int depth)
{
        size_t n = *(const size_t *)(parent + el->count);
        const char *items = el->store == STORE_INTS ? parent + el->offset : *(const char *const *)(parent + el->offset);
        for (size_t i = 0; i < n; i++)
                add_element(out, el, items + i * (el->store == STORE_INTS ? sizeof(int) : el->size), depth);
}

static void add_texts(struct str *out, const struct element *el, const char *parent, int depth)
{
        const struct agent_texts *t = (const void *)(parent + el->offset);
        for (size_t i = 0; i < t->n; i++)
                add_element(out, el, (const char *)&t->items[i], depth);
}

static bool is_absent(const struct element *el, const char *base)
{
        const struct attribute *first = &el->attributes[0];
        return !el->needed && first->kind == ATTRIBUTE_TEXT && !*(const char *const *)(base + first->offset);
}

static void add_children(struct str *out, const struct element *el, const char *base, int depth)
{
        for (size_t i = 0; i < el->n_children; i++) {
                const struct element *c = &el->children[i];
                if (c->store == STORE_TEXTS)
                        add_texts(out, c, base, depth);
                else if (c->store != STORE_HERE)
                        add_all(out, c, base, depth);
                else if (!is_absent(c, base + c->offset))
                        add_element(out, c, base + c->offset, depth);
        }
}

static void add_element(struct str *out, const struct element *el, const char *base, int depth)
{
        str_addf(out, "%*s<%s", 2 * depth, "", el->name);
        if (!depth)
                add_text(out, "format", AGENT_PLAN_FORMAT);
        for (size_t i = 0; i < el->n_attributes; i++)
                add_attribute(out, &el->attributes[i], base);
        size_t mark = out->len;
        str_add(out, ">\n");
        size_t before = out->len;
        add_children(out, el, base, depth + 1);
        if (out->len > before) {
                str_addf(out, "%*s</%s>\n", 2 * depth, "", el->name);
        } else if (!out->failed) {
                out->len = mark;
                out->ptr[mark] = '\0';
                str_add(out, "/>\n");
        }
}

bool agent_plan_write(const struct agent_plan *p, struct str *out, struct err *e)
{
        str_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        add_element(out, &agent_plan_root, (const char *)p, 0);
        return str_ok(out, _("an agent's plan"), e);
}
