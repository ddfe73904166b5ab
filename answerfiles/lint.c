#include "answerfiles/lint.h"
#include "answerfiles/lint_parts.h"
#include "answerfiles/schema.h"
#include "base/i18n.h"
#include "base/secret.h"
#include "base/text.h"

#include <libxml/SAX2.h>
#include <libxml/hash.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>
#include <strings.h>

enum { LARGEST = 1 << 20, MOST_ELEMENTS = 64 };

struct document {
        struct lint lint;
        xmlHashTable *services;                         /* names met, to find the second */
        struct { size_t n; const xmlNode *first, *second; } seen[MOST_ELEMENTS];        /* by row of the table */
        char problem[400];                              /* the parser's first */
        size_t problem_at;
        bool has_doctype;
        startElementNsSAX2Func start;
};

/* Reading. */

static struct document *document_of(void *ctx) { return ((xmlParserCtxt *)ctx)->_private; }

/* Keeps where each start tag ends: libxml2 itself only knows lines. */
static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
        const xmlChar **ns, int n_attr, int n_default, const xmlChar **attrs)
{
        xmlParserCtxt *parser = ctx;
        struct document *d = document_of(ctx);
        xmlSAX2StartElementNs(ctx, name, prefix, uri, n_ns, ns, n_attr, n_default, attrs);
        long at = xmlByteConsumed(parser);
        if (parser->node && at >= 0)
                parser->node->_private = (void *)(uintptr_t)((size_t)at + d->lint.skipped);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *system)
{
        (void)name, (void)id, (void)system;
        struct document *d = document_of(ctx);
        d->has_doctype = true;
        d->problem_at = lint_line_offset(&d->lint, ((xmlParserCtxt *)ctx)->input->line);
        xmlStopParser(ctx);
}

/* The commonest mistakes in words of our own; NULL: libxml2's sentence will do. */
static const char *sentence_of(int code)
{
        switch (code) {
        case XML_ERR_DOCUMENT_EMPTY: return N_("nothing that looks like XML is in it");
        case XML_ERR_DOCUMENT_END: return N_("there is something behind the end of the last element");
        case XML_ERR_NAME_REQUIRED: return N_("a single & or < stands in a text");
        case XML_ERR_ENTITYREF_SEMICOL_MISSING: return N_("a single & stands in a text");
        case XML_ERR_UNDECLARED_ENTITY: return N_("only &amp; &lt; &gt; &quot; and &apos; are known");
        case XML_ERR_TAG_NOT_FINISHED: case XML_ERR_GT_REQUIRED: return N_("an element is not closed");
        case XML_ERR_ATTRIBUTE_NOT_STARTED: case XML_ERR_ATTRIBUTE_WITHOUT_VALUE:
                return N_("an attribute's value needs quotation marks");
        case XML_ERR_ATTRIBUTE_REDEFINED: return N_("an attribute is given twice");
        case XML_ERR_RESERVED_XML_NAME: return N_("<?xml …?> must be the very first thing in the file");
        default: return NULL;
        }
}

static void on_error(void *ctx, xmlError *error)
{
        struct document *d = document_of(ctx);
        if (d->problem[0] || error->level < XML_ERR_ERROR || error->domain == XML_FROM_NAMESPACE)
                return;
        const char *sentence = sentence_of(error->code);
        snprintf(d->problem, sizeof(d->problem), "%s", sentence ? _(sentence) : error->message ? error->message : "?");
        d->problem[strcspn(d->problem, "\n")] = '\0';
        size_t line = lint_line_offset(&d->lint, error->line), column = error->int2 > 1 ? (size_t)error->int2 - 1 : 0;
        size_t room = lint_line_offset(&d->lint, error->line + 1) - line;
        d->problem_at = line + (column < room ? column : 0);
}

static xmlDoc *parse(struct document *d)
{
        xmlParserCtxt *parser = xmlNewParserCtxt();
        if (!parser)
                return NULL;
        parser->_private = d;
        parser->sax->startElementNs = on_start;
        parser->sax->internalSubset = on_doctype;
        parser->sax->serror = on_error;
        struct bytes text = d->lint.text;
        /* Given an encoding libxml2 would convert in pieces, and know no byte offsets any more. */
        xmlDoc *doc = xmlCtxtReadMemory(parser, text.ptr + d->lint.skipped, (int)(text.len - d->lint.skipped), NULL, NULL,
                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
        xmlFreeParserCtxt(parser);
        if ((d->has_doctype || !doc || d->problem[0]) && doc) {
                xmlFreeDoc(doc);
                doc = NULL;
        }
        return doc;
}

/* libxml2's messages quote names of tags and entities. Those of a damaged password element could be parts of the
 * password: a sentence of our own then. */
static void report_syntax(struct document *d)
{
        struct place at = { d->problem_at, 0 };
        const char *why = d->problem;
        for (size_t i = 0; i < d->lint.n_secrets; i++) {
                struct span s = d->lint.secrets[i];
                for (size_t k = s.begin; k < s.end; k++)
                        if (d->lint.text.ptr[k] == '<' || d->lint.text.ptr[k] == '&')
                                why = _("an element is not closed, or & or < stands in a text");
        }
        if (d->has_doctype)
                lint_report(&d->lint, XR_XML_DOCTYPE, at, NULL);
        else
                lint_report(&d->lint, XR_XML_SYNTAX, at, *why ? why : _("it is empty"), NULL);
}

/* Before parsing: things a parser would say in a less helpful way, or accept. */

static bool begins(struct bytes text, const char *with, size_t n)
{
        return text.len >= n && !memcmp(text.ptr, with, n);
}

/* libxml2 compares each attribute with all others of its tag. */
static bool tags_are_short(struct document *d)
{
        enum { LONGEST_TAG = 1 << 14 };
        struct bytes text = d->lint.text;
        for (size_t i = 0; i < text.len;) {
                const char *open = memchr(text.ptr + i, '<', text.len - i);
                if (!open)
                        break;
                i = (size_t)(open - text.ptr) + 1;
                const char *close = memchr(open, '>', text.len - i + 1);
                size_t n = close ? (size_t)(close - open) : text.len - i;
                if (n < LONGEST_TAG || begins(bytes_of(open, n), "<!--", 4))
                        continue;
                struct place at = { i - 1, 0 };
                lint_report(&d->lint, XR_XML_SYNTAX, at, _("an element is not closed"), NULL);
                return false;
        }
        return true;
}

/* The name in encoding="…" of the declaration; "" when there is none. */
static void declared_encoding(struct bytes text, char out[32])
{
        out[0] = '\0';
        const char *end = begins(text, "<?xml", 5) ? memmem(text.ptr, text.len, "?>", 2) : NULL;
        const char *at = end ? memmem(text.ptr, (size_t)(end - text.ptr), "encoding", 8) : NULL;
        const char *quote = NULL;
        for (const char *p = at; p && p < end && !quote; p++)
                quote = *p == '"' || *p == '\'' ? p : NULL;
        for (size_t n = 0; quote && quote + n + 1 < end && n < 31 && quote[n + 1] != *quote; n++) {
                out[n] = quote[n + 1];
                out[n + 1] = '\0';
        }
}

static bool encoding_is_fine(struct document *d)
{
        static const char *const known[] = { "", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1" };
        struct bytes text = d->lint.text;
        char name[32];
        const struct place start = { 0, 0 };
        if (begins(text, "\xff\xfe", 2) || begins(text, "\xfe\xff", 2)) {
                lint_report(&d->lint, XR_XML_ENCODING, start, "UTF-16", NULL);
                return false;
        }
        if (begins(text, "\xef\xbb\xbf", 3)) {
                d->lint.skipped = 3;
                lint_report(&d->lint, XR_XML_BOM, start, NULL);
        }
        if (!text_is_utf8(text.ptr, text.len)) {
                lint_report(&d->lint, XR_XML_ENCODING, start, _("another encoding than UTF-8, probably GB18030"), NULL);
                return false;
        }
        declared_encoding(bytes_of(text.ptr + d->lint.skipped, text.len - d->lint.skipped), name);
        for (size_t i = 0; i < COUNT(known); i++)
                if (!strcasecmp(name, known[i]))
                        return true;
        lint_report(&d->lint, XR_XML_ENCODING, start, name, NULL);
        return false;
}

/* Walking. */

static const char *qualified(const xmlNode *node, char buf[160])
{
        if (node->ns && node->ns->prefix)
                snprintf(buf, 160, "%.70s:%.80s", (const char *)node->ns->prefix, (const char *)node->name);
        else
                snprintf(buf, 160, "%.150s", (const char *)node->name);
        return buf;
}

/* Even a name may be a misplaced password. */
static char *shown_name(const struct document *d, struct place at, const char *name)
{
        return lint_shown(lint_is_secret(&d->lint, at.offset) ? SECRET_MASK : name);
}

static void unknown_attribute(
        struct document *d, const xmlNode *node, const xmlAttr *a, const struct attribute_spec *list)
{
        const struct release *r = d->lint.release;
        struct place at = place_of_attribute(&d->lint, a);
        AUTO_STR known = STR_MAX(400);
        AUTO_FREE char *name = shown_name(d, at, (const char *)a->name);
        AUTO_FREE char *element = lint_shown((const char *)node->name);
        const char *near = attribute_nearest(r, list, (const char *)a->name);
        attribute_names(r, list, &known);
        if (near)
                lint_report(&d->lint, XR_ATTRIBUTE_NEAR, at, name, element, r->product, near, NULL);
        else
                lint_report(&d->lint, XR_ATTRIBUTE_UNKNOWN, at, name, element, r->product, str_text(&known), NULL);
}

static const struct attribute_spec *attribute_find(const struct attribute_spec *list, const char *name)
{
        for (; list && list->name; list++)
                if (!strcmp(list->name, name))
                        return list;
        return NULL;
}

static void check_attribute(
        struct document *d, const xmlNode *node, const xmlAttr *a, const struct attribute_spec *list)
{
        const struct attribute_spec *spec = attribute_find(list, (const char *)a->name);
        const char *element = (const char *)node->name;
        if (!spec || (a->ns && a->ns->prefix)) {
                unknown_attribute(d, node, a, list);
                return;
        }
        if (!release_has(d->lint.release, spec->in)) {
                lint_report(&d->lint, XR_ATTRIBUTE_OTHER_RELEASE, place_of_attribute(&d->lint, a), spec->name, element,
                        d->lint.release->product, NULL);
                return;
        }
        if (spec->modern) {
                struct place at = place_of_attribute(&d->lint, a);
                lint_remark(&d->lint, XR_ATTRIBUTE_OLD, at, spec->name, spec->modern, NULL);
        }
        lint_attribute_value(&d->lint, node, a, spec);
}

static void check_attributes(struct document *d, const xmlNode *node, const struct attribute_spec *list)
{
        for (const xmlAttr *a = node->properties; a; a = a->next)
                check_attribute(d, node, a, list);
        for (; list && list->name; list++) {
                AUTO_STR words = STR_MAX(400);
                AUTO_FREE char *value = list->required ? lint_attribute(node, list->name) : NULL;
                if (list->required && !value)
                        lint_report(&d->lint, XR_ATTRIBUTE_MISSING, place_of_element(&d->lint, node),
                                (const char *)node->name, list->name,
                                list->kind == VALUE_STAGE ? "filesystem-populated, …"
                                : list->words             ? words_shown(list->words, &words)
                                                          : "…",
                                NULL);
        }
}

static void unknown_element(struct document *d, const xmlNode *node)
{
        char name[160];
        struct place at = place_of_element(&d->lint, node);
        const char *near = element_nearest(d->lint.release, qualified(node, name)), *product = d->lint.release->product;
        AUTO_FREE char *shown = shown_name(d, at, name);
        lint_report(&d->lint, near ? XR_ELEMENT_NEAR : XR_ELEMENT_UNKNOWN, at, shown, product, near ? near : "", NULL);
}

static bool is_inside(const xmlNode *node, const char *name)
{
        for (const xmlNode *up = node->parent; up && up->type == XML_ELEMENT_NODE; up = up->parent)
                if (!strcmp((const char *)up->name, name))
                        return true;
        return false;
}

/* False when the installer does not read it, so that its value does not matter. */
static bool check_identity(struct document *d, const xmlNode *node, const struct element_spec *spec)
{
        struct place at = place_of_element(&d->lint, node);
        if (!release_has(d->lint.release, spec->in)) {
                lint_report(&d->lint, XR_ELEMENT_OTHER_RELEASE, at, spec->name, d->lint.release->product, NULL);
                return false;
        }
        if (spec->inside && !is_inside(node, spec->inside)) {
                lint_report(&d->lint, XR_ELEMENT_MISPLACED, at, spec->name, spec->inside, NULL);
                return false;
        }
        if (spec->modern)
                lint_remark(&d->lint, XR_ELEMENT_OLD, at, spec->name, spec->modern, NULL);
        return true;
}

static void check_element(struct document *d, const xmlNode *node)
{
        size_t row;
        const struct element_spec *spec =
                node->ns && node->ns->prefix ? NULL : element_find((const char *)node->name, &row);
        if (!spec) {
                unknown_element(d, node);
                return;
        }
        if (!check_identity(d, node, spec))
                return;
        if (!d->seen[row].n++)
                d->seen[row].first = node;
        else if (d->seen[row].n == 2)
                d->seen[row].second = node;
        check_attributes(d, node, spec->attributes);
        lint_element_value(&d->lint, node, spec);
}

static void check_service(struct document *d, const xmlNode *node)
{
        AUTO_FREE char *name = strcmp((const char *)node->name, "service") ? NULL : lint_attribute(node, "name");
        if (!name || !d->lint.release->service_element)
                return;
        AUTO_FREE char *shown = lint_shown(name);
        if (xmlHashAddEntry(d->services, BAD_CAST name, d) < 0)
                lint_report(&d->lint, XR_SERVICE_TWICE, place_of_element(&d->lint, node), shown, NULL);
}

/* Every element, wherever it stands: the installer searches the same way. The parser bounds the depth. */
static void walk(struct document *d, const xmlNode *parent)
{
        for (const xmlNode *node = parent->children; node; node = node->next) {
                if (node->type != XML_ELEMENT_NODE)
                        continue;
                check_element(d, node);
                check_service(d, node);
                const struct element_spec *spec = element_find((const char *)node->name, NULL);
                if (!spec || !(spec->flags & ELEMENT_OPAQUE))
                        walk(d, node);
        }
}

/* The whole document. */

static const xmlNode *first_of(const struct document *d, const char *name, size_t *n)
{
        size_t row = 0;
        *n = element_find(name, &row) ? d->seen[row].n : 0;
        return *n ? d->seen[row].first : NULL;
}

static void need(struct document *d, const xmlNode *root, const char *name, const char *sample)
{
        size_t n;
        if (!first_of(d, name, &n))
                lint_report(&d->lint, XR_ELEMENT_MISSING, place_of_element(&d->lint, root), name, sample, NULL);
}

static void check_presence(struct document *d, const xmlNode *root)
{
        AUTO_FREE char *mode = lint_attribute(root, "mode");
        size_t n;
        if (!strcmp((const char *)root->name, "restore"))
                return;
        need(d, root, "source", "<source type=\"local\"/>");
        if (mode && !strcmp(mode, "upgrade")) {
                need(d, root, "existing-installation", "<existing-installation>disk/by-id/…</existing-installation>");
                return;
        }
        need(d, root, "primary-disk", "<primary-disk>disk/by-id/…</primary-disk>");
        need(d, root, "admin-interface", "<admin-interface hwaddr=\"00:16:3e:00:00:11\" proto=\"dhcp\"/>");
        if (!first_of(d, "root-password", &n)) {
                struct place at = place_of_element(&d->lint, root);
                lint_remark(&d->lint, XR_PASSWORD_MISSING, at, NULL);
        }
}

static void check_repeats(struct document *d)
{
        const struct element_spec *spec;
        for (size_t i = 0; (spec = element_at(i)); i++) {
                char number[24];
                snprintf(number, sizeof(number), "%zu", d->seen[i].n);
                if (d->seen[i].n < 2)
                        continue;
                struct place at = place_of_element(&d->lint, d->seen[i].second);
                if (spec->flags & ELEMENT_ONCE)
                        lint_report(&d->lint, XR_ELEMENT_REPEATED, at, spec->name, number, NULL);
                else if (spec->attributes && spec->modern)
                        lint_report(&d->lint, XR_SCRIPT_DROPPED, at, spec->name, number,
                                strcmp(spec->name, "post-install-script") ? "installation-complete"
                                                                          : "filesystem-populated",
                                NULL);
                else if (!strcmp(spec->name, "source") && !d->lint.release->many_sources)
                        lint_report(&d->lint, XR_SOURCES_SKIPPED, at, d->lint.release->product, number, NULL);
        }
}

static bool has_child(const xmlNode *node, const char *name, const char *synonym)
{
        for (const xmlNode *child = node->children; child; child = child->next)
                if (child->type == XML_ELEMENT_NODE &&
                        (!strcmp((const char *)child->name, name) ||
                                (synonym && !strcmp((const char *)child->name, synonym)) ||
                                has_child(child, name, synonym)))
                        return true;
        return false;
}

static void check_interface(struct document *d)
{
        static const struct { const char *attribute, *element, *synonym; } parts[] = {
                { "proto", "ip", "ipaddr" }, { "proto", "subnet", "subnet-mask" }, { "proto", "gateway", NULL },
                { "protov6", "ipv6", NULL }, { "protov6", "gatewayv6", NULL },
        };
        size_t n;
        const xmlNode *node = first_of(d, "admin-interface", &n);
        if (!node)
                return;
        struct place at = place_of_element(&d->lint, node);
        AUTO_FREE char *hwaddr = lint_attribute(node, "hwaddr");
        AUTO_FREE char *named = lint_attribute(node, "name");
        if (!(hwaddr && *hwaddr) && !(named && *named))
                lint_report(&d->lint, XR_NIC_NOT_NAMED, at, "admin-interface", NULL);
        for (size_t i = 0; i < COUNT(parts); i++) {
                AUTO_FREE char *way = lint_attribute(node, parts[i].attribute);
                if (way && !strcmp(way, "static") && !has_child(node, parts[i].element, parts[i].synonym))
                        lint_report(&d->lint, XR_STATIC_LACKS, at, "admin-interface", parts[i].attribute,
                                parts[i].element, NULL);
        }
}

static void check_time(struct document *d)
{
        size_t n, modern, old;
        const xmlNode *ntp = first_of(d, "ntp", &n), *server = first_of(d, "ntp-server", &modern),
                      *servers = first_of(d, "ntp-servers", &old);
        AUTO_FREE char *source = ntp ? lint_attribute(ntp, "source") : NULL;
        if (!source || (!server && !servers) || !strcmp(source, "manual"))
                return;
        AUTO_FREE char *shown = lint_shown(source);
        lint_report(&d->lint, XR_NTP_NOT_MANUAL, place_of_element(&d->lint, server ? server : servers), shown, NULL);
}

/* The last net: what the table above did not see. Not where it would only repeat what is already said. */
static void check_schema(struct document *d, xmlDoc *doc)
{
        struct schema_problem first = { .text = "" };
        struct err e = ERR_INIT;
        if (d->lint.refused || xmlDocGetRootElement(doc)->ns)
                return;
        xmlRelaxNG *schema = schema_compile(d->lint.release->family, &e);
        if (!schema)
                return;
        xmlRelaxNGValidCtxt *valid = schema_context(schema, &first);
        if (xmlRelaxNGValidateDoc(valid, doc) != 0) {
                struct place at = { lint_line_offset(&d->lint, first.line), 0 };
                /* Messages of the validator may hold a value. */
                bool shown = lint_pos(&d->lint, at).line != 0;
                lint_report(&d->lint, XR_ANSWER_SCHEMA, at, d->lint.release->product,
                        shown ? first.text : "<root-password>", NULL);
        }
        xmlRelaxNGFreeValidCtxt(valid);
        xmlRelaxNGFree(schema);
}

static void check_root(struct document *d, xmlDoc *doc)
{
        const xmlNode *root = xmlDocGetRootElement(doc);
        char name[160];
        qualified(root, name);
        if (strcmp(name, "installation") && strcmp(name, "upgrade") && strcmp(name, "restore")) {
                lint_report(&d->lint, XR_XML_ROOT, place_of_element(&d->lint, root), name, NULL);
                return;
        }
        bool cdata;
        AUTO_FREE char *stray = lint_text(root, &cdata);
        if (*stray)
                lint_report(&d->lint, XR_XML_STRAY_TEXT, place_of_element(&d->lint, root), name, NULL);
        check_attributes(d, root, strcmp(name, "restore") ? root_attributes() : NULL);
        walk(d, root);
        check_presence(d, root);
        check_repeats(d);
        check_interface(d);
        check_time(d);
        check_schema(d, doc);
}

void answer_lint(const struct release *r, const char *name, struct bytes text, struct diags *diags)
{
        struct document d = { .lint = { .release = r, .diags = diags, .text = text } };
        d.lint.file = diags_add_file(diags, name, text);
        if (text.len > LARGEST) {
                char have[24], most[24];
                snprintf(have, sizeof(have), "%zu", text.len);
                snprintf(most, sizeof(most), "%d", LARGEST);
                diag(diags, XR_XML_SIZE, (struct pos){ .file = d.lint.file }, have, most, NULL);
                return;
        }
        lint_index(&d.lint);
        d.services = xmlHashCreate(16);
        if (encoding_is_fine(&d) && tags_are_short(&d)) {
                xmlDoc *doc = parse(&d);
                if (doc && xmlDocGetRootElement(doc))
                        check_root(&d, doc);
                else
                        report_syntax(&d);
                xmlFreeDoc(doc);
        }
        xmlHashFree(d.services, NULL);
        lint_clear(&d.lint);
}
