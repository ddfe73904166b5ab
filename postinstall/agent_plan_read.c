#include "postinstall/agent_plan_table.h"
#include "base/cleanup.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <string.h>

enum { MOST_ITEMS = 4096, DEEPEST = 4, LONGEST_VALUE = 1 << 16 };

/* An element that is open. */
struct level {
        const struct element *element;
        char *base; /* the struct that it fills */
        size_t at;  /* the child that came last, and how often */
        size_t times;
};

struct reading {
        struct agent_plan *plan;
        xmlParserCtxt *xml;
        struct level levels[DEEPEST];
        size_t depth;
        bool failed, whole;
        struct err *e;
};

/* The first problem counts; what follows it is only its echo. */
static void problem(struct reading *r, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void problem(struct reading *r, int line, const char *fmt, ...)
{
        char text[300], number[16];
        va_list ap;
        if (r->failed)
                return;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        snprintf(number, sizeof(number), "%d", line);
        err_rule(r->e, XR_AGENT_PLAN, number, text, NULL);
        r->failed = true;
        if (r->xml)
                xmlStopParser(r->xml);
}

static int line_now(struct reading *r) { return xmlSAX2GetLineNumber(r->xml); }

/* --- values --- */

static enum agent_sr sr_of(const char *text)
{
        size_t i = 0;
        while (i + 1 < AGENT_SR_TYPES && strcmp(agent_sr_names[i], text))
                i++;
        return (enum agent_sr)i;
}

static void put_value(struct reading *r, const struct attribute *a, char *base, const char *text)
{
        void *at = base + a->offset;
        switch (a->kind) {
        case ATTRIBUTE_INT:
                *(int *)at = atoi(text);
                break;
        case ATTRIBUTE_SIZE:
                *(uint64_t *)at = strtoull(text, NULL, 10);
                break;
        case ATTRIBUTE_YES:
                *(bool *)at = true;
                break;
        case ATTRIBUTE_SR:
                *(enum agent_sr *)at = sr_of(text);
                break;
        default:
                *(const char **)at = arena_strdup(r->plan->arena, text);
        }
}

/* --- attributes: libxml2 gives five pointers for each --- */

struct given {
        const char *name, *prefix, *value;
        size_t len;
};

static struct given given_at(const xmlChar **attributes, int i)
{
        const char *const *five = (const char *const *)attributes + 5 * i;
        return (struct given){ five[0], five[1], five[3], (size_t)(five[4] - five[3]) };
}

static bool check_format(struct reading *r, const struct given *g)
{
        if (g->len == strlen(AGENT_PLAN_FORMAT) && !memcmp(g->value, AGENT_PLAN_FORMAT, g->len))
                return true;
        problem(r, line_now(r), _("it is of another format than %s, the one that is known here"), AGENT_PLAN_FORMAT);
        return false;
}

static bool take_attribute(
        struct reading *r, const struct element *el, char *base, const struct given *g, uint32_t *seen)
{
        size_t i = 0;
        if (el == &agent_plan_root && !g->prefix && !strcmp(g->name, "format")) {
                *seen |= 1u << 31;
                return check_format(r, g);
        }
        while (i < el->n_attributes && (g->prefix || strcmp(g->name, el->attributes[i].name)))
                i++;
        if (i == el->n_attributes) {
                problem(r, line_now(r), _("'%s' has no attribute '%.60s'"), el->name, g->name);
                return false;
        }
        const struct attribute *a = &el->attributes[i];
        AUTO_STR value = STR_MAX(LONGEST_VALUE);
        str_addn(&value, g->value, g->len);
        bool fits = !value.failed && attribute_fits(a, str_text(&value));
        if (fits)
                put_value(r, a, base, str_text(&value));
        else /* it may be a secret: not shown */
                problem(r, line_now(r), _("the attribute '%s' of '%s' is not %s"), a->name, el->name,
                        attribute_rule(a));
        if (value.ptr)
                explicit_bzero(value.ptr, value.cap);
        *seen |= 1u << i;
        return fits;
}

static bool take_attributes(struct reading *r, const struct element *el, char *base, int n, const xmlChar **attributes)
{
        uint32_t seen = 0;
        for (size_t i = 0; i < el->n_attributes; i++)
                if (el->attributes[i].kind == ATTRIBUTE_INT)
                        *(int *)(base + el->attributes[i].offset) = el->attributes[i].fallback;
        for (int i = 0; i < n; i++) {
                struct given g = given_at(attributes, i);
                if (!take_attribute(r, el, base, &g, &seen))
                        return false;
        }
        const char *lacks = el == &agent_plan_root && !(seen >> 31) ? "format" : NULL;
        for (size_t i = 0; !lacks && i < el->n_attributes; i++)
                if (el->attributes[i].needed && !(seen >> i & 1))
                        lacks = el->attributes[i].name;
        if (lacks)
                problem(r, line_now(r), _("'%s' lacks the attribute '%s'"), el->name, lacks);
        return !lacks;
}

/* --- elements --- */

/* The next one's place in a list whose room doubles. */
static char *next_item(struct reading *r, size_t *n, void *list, size_t size)
{
        char **items = list;
        if (*n >= MOST_ITEMS)
                return NULL;
        if (!(*n & (*n - 1))) {
                char *more = arena_alloc(r->plan->arena, size * (*n ? *n * 2 : 1));
                if (*n)
                        memcpy(more, *items, size * *n);
                *items = more;
        }
        return *items + size * (*n)++;
}

static char *place_of(struct reading *r, const struct element *el, char *parent, bool first)
{
        struct agent_texts *texts = (void *)(parent + el->offset);
        size_t *n = (size_t *)(void *)(parent + el->count);
        switch (el->store) {
        case STORE_HERE:
                return first ? parent + el->offset : NULL;
        case STORE_TEXTS:
                return next_item(r, &texts->n, &texts->items, sizeof(char *));
        case STORE_INTS:
                return *n < el->most ? parent + el->offset + sizeof(int) * (*n)++ : NULL;
        default:
                return next_item(r, n, parent + el->offset, el->size);
        }
}

/* Moves on to the child of that name; those that are passed over must not be needed. */
static const struct element *next_child(struct reading *r, struct level *l, const char *name)
{
        const struct element *el = l->element;
        size_t i = l->at;
        while (i < el->n_children && strcmp(el->children[i].name, name))
                i++;
        if (i == el->n_children) {
                problem(r, line_now(r), _("'%.60s' is not expected here, inside of '%s'"), name, el->name);
                return NULL;
        }
        for (; l->at < i; l->at++, l->times = 0)
                if (el->children[l->at].needed && !l->times) {
                        problem(r, line_now(r), _("'%s' lacks '%s'"), el->name, el->children[l->at].name);
                        return NULL;
                }
        return &el->children[i];
}

static const struct element *enter(struct reading *r, const char *name, char **base)
{
        if (!r->depth) {
                *base = (char *)r->plan;
                if (!strcmp(name, agent_plan_root.name))
                        return &agent_plan_root;
                problem(r, line_now(r), _("it begins with '%.60s', not with '%s'"), name, agent_plan_root.name);
                return NULL;
        }
        struct level *l = &r->levels[r->depth - 1];
        const struct element *el = next_child(r, l, name);
        if (!el)
                return NULL;
        *base = place_of(r, el, l->base, !l->times++);
        if (*base)
                return el;
        problem(r, line_now(r), _("'%s' has too many of '%s'"), l->element->name, el->name);
        return NULL;
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
        const xmlChar **namespaces, int n, int n_defaulted, const xmlChar **attributes)
{
        struct reading *r = arg;
        char *base;
        (void)n_namespaces, (void)namespaces, (void)n_defaulted;
        if (r->failed)
                return;
        if (prefix || uri) {
                problem(r, line_now(r), _("'%.60s' is in a namespace"), (const char *)name);
                return;
        }
        const struct element *el = enter(r, (const char *)name, &base);
        /* The table is no deeper than DEEPEST. */
        if (el && take_attributes(r, el, base, n, attributes))
                r->levels[r->depth++] = (struct level){ el, base, 0, 0 };
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
        struct reading *r = arg;
        (void)name, (void)prefix, (void)uri;
        if (r->failed || !r->depth)
                return;
        struct level *l = &r->levels[r->depth - 1];
        for (size_t i = l->at; i < l->element->n_children; i++, l->times = 0)
                if (l->element->children[i].needed && !l->times) {
                        problem(r, line_now(r), _("'%s' lacks '%s'"), l->element->name, l->element->children[i].name);
                        return;
                }
        r->whole = !--r->depth;
}

static void on_text(void *arg, const xmlChar *text, int n)
{
        struct reading *r = arg;
        for (int i = 0; i < n; i++)
                if (!strchr(" \t\r\n", text[i]) && r->depth) {
                        problem(r, line_now(r), _("there is text in '%s'"), r->levels[r->depth - 1].element->name);
                        return;
                }
}

static void on_doctype(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
        struct reading *r = arg;
        (void)name, (void)external, (void)system;
        problem(r, line_now(r), _("it has a document type, which a plan never has"));
}

static void on_error(void *arg, xmlErrorPtr error)
{
        struct reading *r = arg;
        /* A warning of libxml2's is none of ours. Its sentence is not shown: it may quote what is secret. */
        if (error->level > XML_ERR_WARNING)
                problem(r, error->line, _("it is not well-formed (libxml2's error %d)"), error->code);
}

/* --- the file --- */

static void parse(struct reading *r, struct bytes text)
{
        static const xmlSAXHandler events = { .initialized = XML_SAX2_MAGIC,
                .startElementNs = on_start,
                .endElementNs = on_end,
                .characters = on_text,
                .cdataBlock = on_text,
                .internalSubset = on_doctype,
                .serror = on_error };
        if (!text.len || text.len > AGENT_PLAN_LONGEST) {
                problem(r, 1, _("it has %zu bytes; 1 to %d are possible"), text.len, AGENT_PLAN_LONGEST);
                return;
        }
        r->xml = xmlCreateMemoryParserCtxt(text.ptr, (int)text.len);
        if (!r->xml) {
                problem(r, 1, _("it is not well-formed (libxml2's error %d)"), 0);
                return;
        }
        *r->xml->sax = events;
        r->xml->userData = r;
        /* Character references arrive as characters. There are no entities: whoever declares one is refused above. */
        xmlCtxtUseOptions(r->xml, XML_PARSE_NONET | XML_PARSE_NOENT);
        xmlParseDocument(r->xml);
        xmlParserCtxt *xml = TAKE(r->xml);
        if (!r->failed && (!xml->wellFormed || !r->whole))
                problem(r, 1, _("it is not well-formed (libxml2's error %d)"), xml->errNo);
        if (xml->myDoc)
                xmlFreeDoc(xml->myDoc);
        xmlFreeParserCtxt(xml);
}

/* --- what the steps rely on without looking again --- */

static bool contradiction(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool contradiction(struct err *e, const char *fmt, ...)
{
        char text[300];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        return err_rule(e, XR_AGENT_PLAN_CONTRADICTS, text, NULL);
}

static const struct agent_member *member_named(const struct agent_plan *p, const char *name)
{
        for (size_t i = 0; i < p->n_members; i++)
                if (!strcmp(p->members[i].name, name))
                        return &p->members[i];
        return NULL;
}

static bool members_fit(const struct agent_plan *p, struct err *e)
{
        const struct agent_member *self = member_named(p, p->host);
        size_t coordinators = 0;
        for (size_t i = 0; i < p->n_members; i++) {
                coordinators += p->members[i].coordinator;
                if (member_named(p, p->members[i].name) != &p->members[i])
                        return contradiction(e, _("host %.64s is there twice"), p->members[i].name);
        }
        if (!self)
                return contradiction(e, _("this host, %.64s, is not among the hosts of its pool"), p->host);
        if (coordinators != 1 || self->coordinator != p->coordinator)
                return contradiction(e, _("which host is the coordinator is not clear"));
        if (!p->coordinator && !p->coordinator_address)
                return contradiction(e, _("the coordinator's address is missing"));
        return true;
}

static bool networks_fit(const struct agent_plan *p, struct err *e)
{
        for (size_t i = 0; i < p->n_networks; i++) {
                const struct agent_network *n = &p->networks[i];
                if ((n->nic < 0) != (n->n_bond >= 2) || (n->nic >= 0 && n->n_bond))
                        return contradiction(e, _("network %.64s has no network card, or no bond of several"), n->name);
                if (n->n_addresses && !n->netmask)
                        return contradiction(e, _("network %.64s has addresses and no netmask"), n->name);
                for (size_t k = 0; k < n->n_addresses; k++)
                        if (!member_named(p, n->addresses[k].host))
                                return contradiction(
                                        e, _("network %.64s has an address for a host of another pool"), n->name);
        }
        return true;
}

static bool storage_fits(const struct agent_plan *p, struct err *e)
{
        bool heartbeat = !p->ha.heartbeat;
        for (size_t i = 0; i < p->n_storage; i++) {
                const struct agent_storage *s = &p->storage[i];
                bool served = s->type == AGENT_NFS || s->type == AGENT_SMB || s->type == AGENT_ISO_NFS ||
                              s->type == AGENT_ISO_SMB;
                bool lun = s->type == AGENT_ISCSI || s->type == AGENT_HBA;
                if ((served && (!s->server || !s->path)) || (s->type == AGENT_ISCSI && (!s->portals.n || !s->iqn)))
                        return contradiction(e, _("where storage %.64s is to be found is missing"), s->name);
                if (lun && s->lun < 0 && !s->lun_serial && !s->scsi_id)
                        return contradiction(e, _("which disk storage %.64s means is missing"), s->name);
                heartbeat |= p->ha.heartbeat && !strcmp(p->ha.heartbeat, s->name);
        }
        return heartbeat || contradiction(e, _("the heartbeat's storage, %.64s, is missing"), p->ha.heartbeat);
}

struct agent_plan *agent_plan_read(struct bytes text, struct err *e)
{
        struct arena *arena = arena_new();
        struct reading r = { .plan = ARENA_NEW(arena, struct agent_plan), .e = e };
        r.plan->arena = arena;
        parse(&r, text);
        if (!r.failed && members_fit(r.plan, e) && networks_fit(r.plan, e) && storage_fits(r.plan, e))
                return r.plan;
        agent_plan_free(r.plan);
        return NULL;
}

/* An arena wipes what it frees. */
void agent_plan_free(struct agent_plan *p)
{
        if (p)
                arena_free(p->arena);
}
