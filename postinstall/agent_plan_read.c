#include "postinstall/agent_plan_table.h"
#include "base/cleanup.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <string.h>

enum { MOST_ITEMS = 4096, LONGEST_TEXT = 4096 };

struct reading {
        struct arena *arena;
        struct err *e;
};

static bool problem(struct reading *r, const xmlNode *at, const char *what, const char *name)
{
        char line[24];
        AUTO_STR text = STR_MAX(300);
        snprintf(line, sizeof(line), "%ld", at ? xmlGetLineNo((xmlNode *)(uintptr_t)at) : 0);
        str_addf(&text, "%s: %.100s", what, name);
        return err_rule(r->e, XR_AGENT_PLAN, line, str_text(&text), NULL);
}

/* --- values --- */

static bool read_number(const char *text, int64_t most, int64_t *out)
{
        char *end;
        errno = 0;
        *out = strtoll(text, &end, 10);
        return !errno && *text && !*end && *text != ' ' && *text != '+' && *out >= -1 && *out <= most;
}

static bool read_sr(const char *text, enum agent_sr *out)
{
        for (size_t i = 0; i < AGENT_SR_TYPES; i++)
                if (!strcmp(text, agent_sr_names[i])) {
                        *out = (enum agent_sr)i;
                        return true;
                }
        return false;
}

static bool put_value(struct reading *r, const struct attribute *a, char *base, const char *text)
{
        void *at = base + a->offset;
        int64_t n;
        switch (a->kind) {
        case ATTRIBUTE_TEXT:
                *(const char **)at = arena_strdup(r->arena, text);
                return strlen(text) <= LONGEST_TEXT;
        case ATTRIBUTE_INT:
                if (!read_number(text, INT_MAX, &n))
                        return false;
                *(int *)at = (int)n;
                return true;
        case ATTRIBUTE_SIZE:
                if (!read_number(text, INT64_MAX, &n) || n < 0)
                        return false;
                *(uint64_t *)at = (uint64_t)n;
                return true;
        case ATTRIBUTE_YES:
                *(bool *)at = !strcmp(text, "yes");
                return *(bool *)at;
        default:
                return read_sr(text, at);
        }
}

/* --- attributes --- */

static const struct attribute *attribute_named(const struct element *el, const char *name)
{
        for (size_t i = 0; i < el->n_attributes; i++)
                if (!strcmp(el->attributes[i].name, name))
                        return &el->attributes[i];
        return NULL;
}

static bool is_format(const struct element *el, const char *name)
{
        return el == &agent_plan_root && !strcmp(name, "format");
}

static bool read_attribute(
        struct reading *r, const struct element *el, const xmlNode *node, const xmlAttr *x, char *base)
{
        const char *name = (const char *)x->name;
        const struct attribute *a = attribute_named(el, name);
        if (!a && !is_format(el, name))
                return problem(r, node, _("unknown attribute"), name);
        xmlChar *value = xmlNodeListGetString(node->doc, x->children, 1);
        const char *text = value ? (const char *)value : "";
        bool fine = a ? put_value(r, a, base, text) : !strcmp(text, AGENT_PLAN_FORMAT);
        if (value)
                explicit_bzero(value, strlen((char *)value));
        xmlFree(value);
        return fine || problem(r, node, _("wrong value of"), name);
}

static bool read_attributes(struct reading *r, const struct element *el, const xmlNode *node, char *base)
{
        for (size_t i = 0; i < el->n_attributes; i++)
                if (el->attributes[i].kind == ATTRIBUTE_INT)
                        *(int *)(base + el->attributes[i].offset) = el->attributes[i].fallback;
        for (const xmlAttr *x = node->properties; x; x = x->next)
                if (!read_attribute(r, el, node, x, base))
                        return false;
        for (size_t i = 0; i < el->n_attributes; i++)
                if (el->attributes[i].needed &&
                        !xmlHasProp((xmlNode *)(uintptr_t)node, BAD_CAST el->attributes[i].name))
                        return problem(r, node, _("missing"), el->attributes[i].name);
        return el != &agent_plan_root || xmlHasProp((xmlNode *)(uintptr_t)node, BAD_CAST "format") ||
               problem(r, node, _("missing"), "format");
}

/* --- elements --- */

static bool read_element(struct reading *r, const struct element *el, const xmlNode *node, char *base);

/* The next one's place in a list that grows with its count. */
static char *add_item(struct reading *r, const struct element *el, char *parent)
{
        size_t *n = (size_t *)(void *)(parent + el->count);
        char **items = (char **)(void *)(parent + el->offset);
        if (el->store == STORE_INTS)
                return *n < el->most ? parent + el->offset + sizeof(int) * (*n)++ : NULL;
        if (*n >= MOST_ITEMS)
                return NULL;
        if (!(*n & (*n - 1))) { /* 0, 1, 2, 4, …: room for twice as many */
                char *more = arena_alloc(r->arena, el->size * (*n ? *n * 2 : 1));
                if (*n)
                        memcpy(more, *items, el->size * *n);
                *items = more;
        }
        return *items + el->size * (*n)++;
}

static char *add_text_item(struct reading *r, const struct element *el, char *parent)
{
        struct agent_texts *t = (void *)(parent + el->offset);
        if (t->n >= MOST_ITEMS)
                return NULL;
        if (!(t->n & (t->n - 1))) {
                const char **more = ARENA_ARRAY(r->arena, const char *, t->n ? t->n * 2 : 1);
                if (t->n)
                        memcpy(more, t->items, t->n * sizeof(*more));
                t->items = more;
        }
        return (char *)&t->items[t->n++];
}

static bool read_child(struct reading *r, const struct element *c, const xmlNode *node, char *base, bool *seen)
{
        char *at;
        switch (c->store) {
        case STORE_HERE:
                if (*seen)
                        return problem(r, node, _("more than once"), c->name);
                at = base + c->offset;
                break;
        case STORE_TEXTS:
                at = add_text_item(r, c, base);
                break;
        default:
                at = add_item(r, c, base);
        }
        *seen = true;
        return at ? read_element(r, c, node, at) : problem(r, node, _("too many"), c->name);
}

static bool is_blank(const xmlNode *n)
{
        return n->type == XML_COMMENT_NODE ||
               (n->type == XML_TEXT_NODE && !n->content[strspn((const char *)n->content, " \t\r\n")]);
}

static bool read_element(struct reading *r, const struct element *el, const xmlNode *node, char *base)
{
        bool seen[16] = { false };
        if (!read_attributes(r, el, node, base))
                return false;
        for (const xmlNode *n = node->children; n; n = n->next) {
                size_t i = 0;
                if (is_blank(n))
                        continue;
                while (i < el->n_children &&
                        (n->type != XML_ELEMENT_NODE || strcmp((const char *)n->name, el->children[i].name)))
                        i++;
                if (i == el->n_children)
                        return problem(
                                r, n, _("unknown element"), n->type == XML_ELEMENT_NODE ? (const char *)n->name : "#");
                if (!read_child(r, &el->children[i], n, base, &seen[i]))
                        return false;
        }
        for (size_t i = 0; i < el->n_children; i++)
                if (el->children[i].needed && !seen[i])
                        return problem(r, node, _("missing"), el->children[i].name);
        return true;
}

/* --- the file --- */

static void ignore(void *arg, const char *fmt, ...)
{
        (void)arg;
        (void)fmt;
}

static void free_doc(xmlDoc **d) { xmlFreeDoc(*d); }

static bool read_document(struct reading *r, struct bytes text, struct agent_plan *p)
{
        xmlSetGenericErrorFunc(NULL, ignore);
        OWN(free_doc)
        xmlDoc *doc = text.len && text.len <= AGENT_PLAN_LONGEST
                              ? xmlReadMemory(text.ptr, (int)text.len, NULL, NULL,
                                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                              : NULL;
        const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
        if (!root || doc->intSubset)
                return problem(r, root, _("no well-formed XML"), "#");
        if (strcmp((const char *)root->name, agent_plan_root.name))
                return problem(r, root, _("unknown element"), (const char *)root->name);
        return read_element(r, &agent_plan_root, root, (char *)p);
}

/* What the steps rely on without looking again. */
static bool fits_together(struct reading *r, const struct agent_plan *p)
{
        bool listed = false;
        for (size_t i = 0; i < p->n_members; i++)
                listed |= !strcmp(p->members[i].name, p->host);
        if (!listed)
                return problem(r, NULL, _("missing"), "member");
        if (p->n_members > 1 && !p->coordinator && !p->coordinator_address)
                return problem(r, NULL, _("missing"), "coordinator-address");
        for (size_t i = 0; i < p->n_networks; i++)
                if ((p->networks[i].nic < 0 && !p->networks[i].n_bond) ||
                        (p->networks[i].n_addresses && !p->networks[i].netmask))
                        return problem(r, NULL, _("missing"), p->networks[i].name);
        for (size_t i = 0; i < p->n_storage; i++) {
                const struct agent_storage *s = &p->storage[i];
                bool shared = s->type == AGENT_NFS || s->type == AGENT_SMB || s->type == AGENT_ISO_NFS ||
                              s->type == AGENT_ISO_SMB;
                if ((shared && (!s->server || !s->path)) || (s->type == AGENT_ISCSI && (!s->portals.n || !s->iqn)))
                        return problem(r, NULL, _("missing"), s->name);
        }
        return true;
}

struct agent_plan *agent_plan_read(struct bytes text, struct err *e)
{
        struct arena *arena = arena_new();
        struct agent_plan *p = ARENA_NEW(arena, struct agent_plan);
        struct reading r = { arena, e };
        p->arena = arena;
        p->ha.tolerate = 0;
        if (read_document(&r, text, p) && fits_together(&r, p))
                return p;
        agent_plan_free(p);
        return NULL;
}

/* An arena wipes what it frees. */
void agent_plan_free(struct agent_plan *p)
{
        if (p)
                arena_free(p->arena);
}
