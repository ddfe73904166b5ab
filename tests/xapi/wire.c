/* XML-RPC as it stands on the wire. Read with the whole of libxml2, and on purpose not with the agent's own reader. */
#include "tests/xapi/value.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

enum { DEEPEST = 24 };

static void document_free(xmlDocPtr *d)
{
        if (*d)
                xmlFreeDoc(*d);
}

static bool is(const xmlNode *n, const char *name)
{
        return n && n->type == XML_ELEMENT_NODE && !strcmp((const char *)n->name, name);
}

static const xmlNode *next_element(const xmlNode *n)
{
        while (n && n->type != XML_ELEMENT_NODE)
                n = n->next;
        return n;
}

static const xmlNode *first_element(const xmlNode *n) { return n ? next_element(n->children) : NULL; }
static const xmlNode *following(const xmlNode *n) { return n ? next_element(n->next) : NULL; }

static const char *content(struct arena *a, const xmlNode *n)
{
        xmlChar *text = xmlNodeGetContent((xmlNodePtr)n);
        const char *copy = arena_strdup(a, text ? (const char *)text : "");
        xmlFree(text);
        return copy;
}

static const struct val *read_value(struct arena *a, const xmlNode *value, int deep, const char **why);

static const struct val *wrong(const char **why, const char *what)
{
        *why = what;
        return NULL;
}

static size_t count_elements(const xmlNode *n)
{
        size_t count = 0;
        for (const xmlNode *c = first_element(n); c; c = following(c))
                count++;
        return count;
}

static const struct val *read_array(struct arena *a, const xmlNode *array, int deep, const char **why)
{
        const xmlNode *data = first_element(array);
        if (!is(data, "data") || following(data))
                return wrong(why, "an array without its data");
        const struct val **items = ARENA_ARRAY(a, const struct val *, count_elements(data) + 1);
        size_t n = 0;
        for (const xmlNode *c = first_element(data); c; c = following(c)) {
                items[n] = read_value(a, c, deep + 1, why);
                if (!items[n++])
                        return NULL;
        }
        return val_set(a, items, n);
}

static const struct val *read_struct(struct arena *a, const xmlNode *st, int deep, const char **why)
{
        size_t most = count_elements(st) + 1, n = 0;
        const struct val **items = ARENA_ARRAY(a, const struct val *, most);
        const char **keys = ARENA_ARRAY(a, const char *, most);
        for (const xmlNode *m = first_element(st); m; m = following(m)) {
                const xmlNode *name = first_element(m), *value = following(name);
                if (!is(m, "member") || !is(name, "name") || !value || following(value))
                        return wrong(why, "a struct's member without name and value");
                keys[n] = content(a, name);
                items[n] = read_value(a, value, deep + 1, why);
                if (!items[n++])
                        return NULL;
        }
        return val_map(a, keys, items, n);
}

static const struct val *scalar(struct arena *a, enum value_kind kind, const char *text)
{
        struct val *v = ARENA_NEW(a, struct val);
        *v = (struct val){ .kind = kind, .text = text };
        return v;
}

static const struct val *read_value(struct arena *a, const xmlNode *value, int deep, const char **why)
{
        const xmlNode *inner = first_element(value);
        if (!is(value, "value"))
                return wrong(why, "something that is no value");
        if (deep > DEEPEST)
                return wrong(why, "too deep");
        if (!inner)
                return scalar(a, V_TEXT, content(a, value));
        if (following(inner))
                return wrong(why, "two types in one value");
        if (is(inner, "string"))
                return scalar(a, V_TEXT, content(a, inner));
        if (is(inner, "int") || is(inner, "i4") || is(inner, "i8"))
                return scalar(a, V_INT, content(a, inner));
        if (is(inner, "boolean")) {
                const char *text = content(a, inner);
                return strcmp(text, "0") && strcmp(text, "1") ? wrong(why, "a boolean that is neither 0 nor 1")
                                                              : val_bool(*text == '1');
        }
        if (is(inner, "double"))
                return scalar(a, V_FLOAT, content(a, inner));
        if (is(inner, "dateTime.iso8601"))
                return scalar(a, V_DATE, content(a, inner));
        if (is(inner, "nil"))
                return scalar(a, V_NIL, "");
        if (is(inner, "array"))
                return read_array(a, inner, deep, why);
        return is(inner, "struct") ? read_struct(a, inner, deep, why) : wrong(why, "an unknown type");
}

bool wire_read(struct arena *a, struct bytes b, struct request_body *r, const char **why)
{
        OWN(document_free)
        xmlDocPtr d = xmlReadMemory(b.ptr, (int)b.len, "request", NULL,
                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
        *why = "it is not well-formed XML";
        if (!d)
                return false;
        const xmlNode *call = xmlDocGetRootElement(d), *name = first_element(call), *params = following(name);
        *why = "it is no methodCall";
        if (d->intSubset || !is(call, "methodCall") || !is(name, "methodName") || (params && !is(params, "params")))
                return false;
        r->method = content(a, name);
        r->args = ARENA_ARRAY(a, const struct val *, count_elements(params) + 1);
        r->n = 0;
        for (const xmlNode *p = first_element(params); p; p = following(p)) {
                const xmlNode *value = first_element(p);
                if (!is(p, "param") || !value || following(value))
                        return wrong(why, "a param without its one value") != NULL;
                r->args[r->n] = read_value(a, value, 0, why);
                if (!r->args[r->n++])
                        return false;
        }
        return true;
}

/* --- writing --- */

static void text(struct str *out, const char *s)
{
        for (; *s; s++)
                if (*s == '&')
                        str_add(out, "&amp;");
                else if (*s == '<')
                        str_add(out, "&lt;");
                else if (*s == '>')
                        str_add(out, "&gt;");
                else
                        str_addc(out, *s);
}

static void tagged(struct str *out, const char *tag, const char *s)
{
        str_addf(out, "<%s>", tag);
        text(out, s);
        str_addf(out, "</%s>", tag);
}

/* A text stands bare in its value, as xapi sends it. */
void wire_value(struct str *out, const struct val *v)
{
        str_add(out, "<value>");
        switch (v->kind) {
        case V_BOOL:
                tagged(out, "boolean", v->text);
                break;
        case V_FLOAT:
                tagged(out, "double", v->text);
                break;
        case V_DATE:
                tagged(out, "dateTime.iso8601", v->text);
                break;
        case V_SET:
                str_add(out, "<array><data>");
                for (size_t i = 0; i < v->n; i++)
                        wire_value(out, v->items[i]);
                str_add(out, "</data></array>");
                break;
        case V_MAP:
                str_add(out, "<struct>");
                for (size_t i = 0; i < v->n; i++) {
                        str_add(out, "<member>");
                        tagged(out, "name", v->keys[i]);
                        wire_value(out, v->items[i]);
                        str_add(out, "</member>");
                }
                str_add(out, "</struct>");
                break;
        default:
                text(out, v->text);
        }
        str_add(out, "</value>");
}

#define OPENING                                                                                                        \
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct><member><name>Status</name><value>"
#define CLOSING "</member></struct></value></param></params></methodResponse>"

void wire_success(struct str *out, const struct val *v)
{
        str_add(out, OPENING "Success</value></member><member><name>Value</name>");
        wire_value(out, v);
        str_add(out, CLOSING);
}

void wire_failure(struct str *out, const char *const *description, size_t n)
{
        str_add(out, OPENING "Failure</value></member><member><name>ErrorDescription</name><value><array><data>");
        for (size_t i = 0; i < n; i++)
                tagged(out, "value", description[i]);
        str_add(out, "</data></array></value>" CLOSING);
}
