#include "postinstall/agent_plan_table.h"
#include "base/i18n.h"
#include "base/markup.h"
#include "base/rule.h"

#include <inttypes.h>
#include <string.h>

struct writing {
        struct str *out;
        struct err *e;
        bool failed;
};

static void add_text(struct str *out, const char *name, const char *value)
{
        str_addf(out, " %s=\"", name);
        markup_add(out, value, MARKUP_ATTRIBUTE);
        str_addc(out, '"');
}

/* The value as text, in buffer or where it is; NULL when it is not to be written. */
static const char *text_of(const struct attribute *a, const char *base, char buffer[24])
{
        const void *at = base + a->offset;
        switch (a->kind) {
        case ATTRIBUTE_INT:
                snprintf(buffer, 24, "%d", *(const int *)at);
                return a->needed || *(const int *)at != a->fallback ? buffer : NULL;
        case ATTRIBUTE_SIZE:
                snprintf(buffer, 24, "%" PRIu64, *(const uint64_t *)at);
                return *(const uint64_t *)at ? buffer : NULL;
        case ATTRIBUTE_YES:
                return *(const bool *)at ? "yes" : NULL;
        case ATTRIBUTE_SR:
                return *(const enum agent_sr *)at < AGENT_SR_TYPES ? agent_sr_names[*(const enum agent_sr *)at] : NULL;
        default:
                return *(const char *const *)at;
        }
}

/* What the reader would refuse is not written. */
static void add_attribute(struct writing *w, const struct element *el, const struct attribute *a, const char *base)
{
        char buffer[24];
        const char *text = text_of(a, base, buffer);
        if ((text && attribute_fits(a, text)) || (!text && !a->needed)) {
                if (text)
                        add_text(w->out, a->name, text);
        } else if (!w->failed) {
                w->failed = true;
                err_rule(w->e, XR_AGENT_PLAN_UNWRITABLE, el->name, a->name, attribute_rule(a), NULL);
        }
}

static void add_element(struct writing *w, const struct element *el, const char *base, int depth);

static void add_all(struct writing *w, const struct element *el, const char *parent, int depth)
{
        size_t n = *(const size_t *)(parent + el->count);
        const char *items = el->store == STORE_INTS ? parent + el->offset : *(const char *const *)(parent + el->offset);
        for (size_t i = 0; i < n; i++)
                add_element(w, el, items + i * (el->store == STORE_INTS ? sizeof(int) : el->size), depth);
}

static void add_texts(struct writing *w, const struct element *el, const char *parent, int depth)
{
        const struct agent_texts *t = (const void *)(parent + el->offset);
        for (size_t i = 0; i < t->n; i++)
                add_element(w, el, (const char *)&t->items[i], depth);
}

static bool is_absent(const struct element *el, const char *base)
{
        const struct attribute *first = &el->attributes[0];
        return !el->needed && first->kind == ATTRIBUTE_TEXT && !*(const char *const *)(base + first->offset);
}

static void add_children(struct writing *w, const struct element *el, const char *base, int depth)
{
        for (size_t i = 0; i < el->n_children; i++) {
                const struct element *c = &el->children[i];
                if (c->store == STORE_TEXTS)
                        add_texts(w, c, base, depth);
                else if (c->store != STORE_HERE)
                        add_all(w, c, base, depth);
                else if (!is_absent(c, base + c->offset))
                        add_element(w, c, base + c->offset, depth);
        }
}

static void add_element(struct writing *w, const struct element *el, const char *base, int depth)
{
        struct str *out = w->out;
        str_addf(out, "%*s<%s", 2 * depth, "", el->name);
        if (!depth)
                add_text(out, "format", AGENT_PLAN_FORMAT);
        for (size_t i = 0; i < el->n_attributes; i++)
                add_attribute(w, el, &el->attributes[i], base);
        size_t mark = out->len;
        str_add(out, ">\n");
        size_t before = out->len;
        add_children(w, el, base, depth + 1);
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
        struct writing w = { .out = out, .e = e };
        str_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        add_element(&w, &agent_plan_root, (const char *)p, 0);
        return !w.failed && str_ok(out, _("an agent's plan"), e);
}
