#include "postinstall/rpc.h"
#include "base/arena.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <errno.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <string.h>

/* What may stand where. Texts are only kept in <value> and below it. */
enum place {
        DOCUMENT,
        RESPONSE,
        PARAMS,
        PARAM,
        FAULT,
        VALUE,
        SCALAR,
        BOOLEAN,
        NIL,
        ARRAY,
        DATA,
        STRUCT,
        MEMBER,
        NAME,
};

#define IN(place) (1u << (place))

static const struct tag {
        const char *name;
        enum place place;
        unsigned parents;
} tags[] = {
        { "value", VALUE, IN(PARAM) | IN(FAULT) | IN(DATA) | IN(MEMBER) },
        { "member", MEMBER, IN(STRUCT) },
        { "name", NAME, IN(MEMBER) },
        { "string", SCALAR, IN(VALUE) },
        { "struct", STRUCT, IN(VALUE) },
        { "array", ARRAY, IN(VALUE) },
        { "data", DATA, IN(ARRAY) },
        { "boolean", BOOLEAN, IN(VALUE) },
        { "int", SCALAR, IN(VALUE) },
        { "i4", SCALAR, IN(VALUE) },
        { "i8", SCALAR, IN(VALUE) },
        { "double", SCALAR, IN(VALUE) },
        { "dateTime.iso8601", SCALAR, IN(VALUE) },
        { "nil", NIL, IN(VALUE) },
        { "methodResponse", RESPONSE, IN(DOCUMENT) },
        { "params", PARAMS, IN(RESPONSE) },
        { "param", PARAM, IN(PARAMS) },
        { "fault", FAULT, IN(RESPONSE) },
};

/* How many elements one may hold: 0 = any number. */
static unsigned most_children(enum place p)
{
        switch (p) {
        case DATA:
        case STRUCT:
                return 0;
        case MEMBER:
                return 2;
        default:
                return 1;
        }
}

enum {
        LONGEST_TAG = 200,
        MOST_VALUES = 1 << 19,
        PIECE = 1 << 14,
        ELEMENTS_PER_LEVEL = 3, /* value, array, data or value, struct, member */
        DEEPEST_ELEMENT = RPC_DEEPEST * ELEMENTS_PER_LEVEL + 8,
};

struct element {
        enum place place;
        unsigned children;
        size_t first;    /* where the items of this array or struct begin among those pending */
        const char *key; /* of this member */
};

struct reader {
        struct arena *arena;
        xmlParserCtxt *parser;
        const char *wrong; /* the first thing that was, translated; NULL while all is well */
        struct element open[DEEPEST_ELEMENT];
        size_t depth, levels;
        /* Values whose array or struct has not ended yet: only that one's end knows how many there are. */
        struct rpc_value *pending;
        size_t n_pending, room, n_values;
        struct str text;
        struct rpc_value made, whole;
        bool is_fault, complete;
};

static void stop(struct reader *r, const char *why)
{
        if (!r->wrong)
                r->wrong = why;
        xmlStopParser(r->parser);
}

static struct element *top(struct reader *r) { return &r->open[r->depth - 1]; }

static const char *kept(struct reader *r)
{
        return r->text.len ? arena_strndup(r->arena, r->text.ptr, r->text.len) : "";
}

static bool is_blank(const struct str *s) { return strspn(str_text(s), " \t\r\n") == s->len; }

static void push_pending(struct reader *r, struct rpc_value v)
{
        if (r->n_pending == r->room) {
                size_t room = r->room ? r->room * 2 : 64;
                struct rpc_value *grown = realloc(r->pending, room * sizeof(*grown));
                if (!grown) {
                        stop(r, _("it is larger than this computer's memory"));
                        return;
                }
                r->pending = grown;
                r->room = room;
        }
        r->pending[r->n_pending++] = v;
}

static const struct tag *tag_of(const char *name, enum place parent)
{
        for (size_t i = 0; i < COUNT(tags); i++)
                if (tags[i].parents & IN(parent) && !strcmp(tags[i].name, name))
                        return &tags[i];
        return NULL;
}

/* A member is a name and then a value; elsewhere numbers of children are enough. */
static bool fits(const struct element *parent, enum place child)
{
        unsigned most = most_children(parent->place);
        if (most && parent->children >= most)
                return false;
        return parent->place != MEMBER || (child == NAME) == (parent->children == 0);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
        const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
        struct reader *r = arg;
        if (r->wrong)
                return;
        struct element *parent = top(r);
        const struct tag *tag = prefix ? NULL : tag_of((const char *)name, parent->place);
        (void)uri, (void)n_namespaces, (void)namespaces, (void)n_attributes, (void)n_defaulted, (void)attributes;
        if (!tag || !fits(parent, tag->place) || !is_blank(&r->text)) {
                stop(r, _("it is no XML-RPC"));
                return;
        }
        r->levels += tag->place == ARRAY || tag->place == STRUCT;
        if (r->levels > RPC_DEEPEST || r->depth == DEEPEST_ELEMENT) {
                stop(r, _("it is nested too deeply"));
                return;
        }
        if (tag->place == VALUE && ++r->n_values > MOST_VALUES) {
                stop(r, _("it holds too many values"));
                return;
        }
        parent->children++;
        r->open[r->depth++] = (struct element){ .place = tag->place, .first = r->n_pending };
        str_reset(&r->text);
}

static void on_text(void *arg, const xmlChar *text, int n)
{
        struct reader *r = arg;
        str_addn(&r->text, (const char *)text, (size_t)n);
        if (r->text.failed)
                stop(r, _("it is larger than this computer's memory"));
}

static struct rpc_value boolean(struct reader *r)
{
        const char *text = str_text(&r->text);
        bool yes = !strcmp(text, "1") || !strcmp(text, "true");
        if (!yes && strcmp(text, "0") != 0 && strcmp(text, "false") != 0)
                stop(r, _("it is no XML-RPC"));
        return (struct rpc_value){ .kind = RPC_BOOL, .text = yes ? "true" : "false" };
}

static struct rpc_value gathered(struct reader *r, enum rpc_kind kind, size_t first)
{
        size_t n = r->n_pending - first;
        struct rpc_value v = { .kind = kind, .text = "", .n = n };
        if (n) {
                struct rpc_value *items = ARENA_ARRAY(r->arena, struct rpc_value, n);
                memcpy(items, r->pending + first, n * sizeof(*items));
                v.items = items;
        }
        r->n_pending = first;
        r->levels--;
        return v;
}

/* A value without a type is a string. */
static void end_value(struct reader *r, const struct element *ended)
{
        if (!ended->children)
                r->made = (struct rpc_value){ .kind = RPC_TEXT, .text = kept(r) };
        const struct element *parent = top(r);
        if (parent->place == DATA || parent->place == MEMBER) {
                r->made.key = parent->key;
                push_pending(r, r->made);
        } else {
                r->whole = r->made;
                r->is_fault = parent->place == FAULT;
                r->complete = true;
        }
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
        struct reader *r = arg;
        (void)name, (void)prefix, (void)uri;
        if (r->wrong)
                return;
        struct element ended = *top(r);
        r->depth--;
        bool holds_text = ended.place == SCALAR || ended.place == BOOLEAN || ended.place == NAME ||
                          (ended.place == VALUE && !ended.children);
        if ((!holds_text && !is_blank(&r->text)) || (ended.place == MEMBER && ended.children < 2)) {
                stop(r, _("it is no XML-RPC"));
                return;
        }
        if (ended.place == SCALAR)
                r->made = (struct rpc_value){ .kind = RPC_TEXT, .text = kept(r) };
        else if (ended.place == BOOLEAN)
                r->made = boolean(r);
        else if (ended.place == NIL)
                r->made = (struct rpc_value){ .kind = RPC_NIL, .text = "" };
        else if (ended.place == ARRAY || ended.place == STRUCT)
                r->made = gathered(r, ended.place == ARRAY ? RPC_ARRAY : RPC_STRUCT, ended.first);
        else if (ended.place == NAME)
                top(r)->key = arena_intern(r->arena, str_text(&r->text), r->text.len);
        else if (ended.place == VALUE)
                end_value(r, &ended);
        str_reset(&r->text);
}

static void on_doctype(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
        (void)name, (void)external, (void)system;
        stop(arg, _("it has a DOCTYPE"));
}

static void on_instruction(void *arg, const xmlChar *target, const xmlChar *data)
{
        (void)target, (void)data;
        stop(arg, _("it holds a processing instruction"));
}

/* libxml2's own sentences quote the answer, which may hold what no log should. */
#if LIBXML_VERSION >= 21200
static void on_error(void *arg, const xmlError *error)
#else
static void on_error(void *arg, xmlError *error)
#endif
{
        struct reader *r = arg;
        if (!r->wrong && error->level == XML_ERR_FATAL)
                r->wrong = _("it is no well-formed XML, or was cut short");
}

/* Before parsing: what would keep libxml2 busy for long. It gathers a declaration whole, and compares each attribute of
 * a tag with all others; xapi sends neither. */
static const char *suspicious(struct bytes b)
{
        if (memchr(b.ptr, '\0', b.len) || !text_is_utf8(b.ptr, b.len))
                return _("it is not UTF-8");
        for (const char *at = b.ptr, *end = b.ptr + b.len; (at = memchr(at, '<', (size_t)(end - at)));) {
                size_t left = (size_t)(end - at), look = left < LONGEST_TAG ? left : LONGEST_TAG;
                if (left >= 9 && !memcmp(at, "<![CDATA[", 9)) {
                        at = memmem(at, left, "]]>", 3);
                        if (!at)
                                return _("it is no well-formed XML, or was cut short");
                        continue;
                }
                if (left >= 9 && !memcmp(at, "<!DOCTYPE", 9))
                        return _("it has a DOCTYPE");
                const char *close = memchr(at, '>', look);
                if (!close)
                        return left > LONGEST_TAG ? _("it is no XML-RPC")
                                                  : _("it is no well-formed XML, or was cut short");
                at = close;
        }
        return NULL;
}

static void parse(struct reader *r, struct bytes b)
{
        xmlSAXHandler sax = {
                .initialized = XML_SAX2_MAGIC,
                .startElementNs = on_start,
                .endElementNs = on_end,
                .characters = on_text,
                .ignorableWhitespace = on_text,
                .cdataBlock = on_text,
                .internalSubset = on_doctype,
                .processingInstruction = on_instruction,
                .serror = on_error,
        };
        r->parser = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
        if (!r->parser) {
                r->wrong = _("it is larger than this computer's memory");
                return;
        }
        xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
        for (size_t at = 0; at < b.len && !r->wrong; at += PIECE) {
                size_t n = b.len - at < PIECE ? b.len - at : PIECE;
                xmlParseChunk(r->parser, b.ptr + at, (int)n, 0);
        }
        if (!r->wrong)
                xmlParseChunk(r->parser, NULL, 0, 1);
        if (!r->wrong && (!r->parser->wellFormed || !r->complete))
                r->wrong = _("it is no XML-RPC");
        xmlFreeParserCtxt(r->parser);
        r->parser = NULL;
}

static bool not_an_answer(struct err *e, const char *why)
{
        err_rule(e, XR_XAPI_ANSWER, why, NULL);
        e->kind = ERR_WORLD;
        return false;
}

/* xapi answers everything with a struct; an XML-RPC fault comes from something else. */
static bool unwrap(struct reader *r, struct rpc_answer *out, struct err *e)
{
        if (r->is_fault)
                return not_an_answer(e, _("it is a fault"));
        const char *status = rpc_text(&r->whole, "Status");
        out->failed = !strcmp(status, "Failure");
        out->value = *rpc_member(&r->whole, out->failed ? "ErrorDescription" : "Value");
        bool has_value = out->value.key != NULL;
        out->value.key = NULL;
        if (out->failed)
                has_value = out->value.kind == RPC_ARRAY && out->value.n && out->value.items[0].kind == RPC_TEXT;
        if ((!out->failed && strcmp(status, "Success") != 0) || !has_value)
                return not_an_answer(e, _("it has no Status with a Value"));
        return true;
}

void rpc_answer_clear(struct rpc_answer *a)
{
        arena_free(a->arena);
        *a = (struct rpc_answer){ .value.text = "" };
}

bool rpc_answer_read(struct bytes b, struct rpc_answer *out, struct err *e)
{
        rpc_answer_clear(out);
        if (b.len > RPC_LONGEST) {
                err_rule(e, XR_XAPI_ANSWER_TOO_LONG, NULL);
                e->kind = ERR_WORLD;
                return false;
        }
        struct reader r = { .text = STR_MAX(RPC_LONGEST), .depth = 1, .whole.text = "" };
        r.wrong = suspicious(b);
        r.arena = arena_new();
        if (!r.wrong)
                parse(&r, b);
        free(r.pending);
        str_clear(&r.text);
        if (r.wrong ? not_an_answer(e, r.wrong) : unwrap(&r, out, e)) {
                out->arena = r.arena;
                return true;
        }
        arena_free(r.arena);
        *out = (struct rpc_answer){ .value.text = "" };
        return false;
}

/* --- what an answer says --- */

const struct rpc_value *rpc_member(const struct rpc_value *v, const char *key)
{
        static const struct rpc_value nothing = { .kind = RPC_NIL, .text = "" };
        if (v->kind == RPC_STRUCT)
                for (size_t i = 0; i < v->n; i++)
                        if (!strcmp(v->items[i].key, key))
                                return &v->items[i];
        return &nothing;
}

const char *rpc_text(const struct rpc_value *v, const char *key) { return rpc_member(v, key)->text; }

bool rpc_true(const struct rpc_value *v, const char *key)
{
        const struct rpc_value *m = rpc_member(v, key);
        return m->kind == RPC_BOOL && !strcmp(m->text, "true");
}

int64_t rpc_number(const struct rpc_value *v, const char *key, int64_t otherwise)
{
        const struct rpc_value *m = rpc_member(v, key);
        char *end;
        errno = 0;
        long long n = strtoll(m->text, &end, 10);
        return m->kind != RPC_TEXT || !*m->text || *end || errno ? otherwise : n;
}

bool rpc_has_text(const struct rpc_value *array, const char *text)
{
        for (size_t i = 0; array->kind == RPC_ARRAY && i < array->n; i++)
                if (array->items[i].kind == RPC_TEXT && !strcmp(array->items[i].text, text))
                        return true;
        return false;
}
