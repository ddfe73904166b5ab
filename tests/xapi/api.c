#include "tests/xapi/api.h"
#include "base/cleanup.h"
#include "base/embed.h"

#include <string.h>
#include <strings.h>

EMBED(xapi_messages, "tests/xapi/data/messages.tsv");
EMBED(xapi_fields, "tests/xapi/data/fields.tsv");
EMBED(xapi_enums, "tests/xapi/data/enums.tsv");
EMBED(xapi_errors, "tests/xapi/data/errors.tsv");
EMBED(xapi_releases, "tests/xapi/data/releases.tsv");

enum { MOST_RELEASES = 64, COLUMNS = 8, NEVER = 1 << 30, NEWEST_TOOLSTACK = 26001 };

static const struct release releases[] = {
        { "xenserver-6.5", "creedence", "XenServer", "6.5.0", "1.9.0", "2.3", 0, false, false },
        { "xenserver-7.0", "dundee", "XenServer", "7.0.0", "2.1.0", "2.5", 0, false, false },
        { "xenserver-7.1", "ely", "XenServer", "7.1.0", "2.2.0", "2.6", 0, false, false },
        { "xenserver-7.2", "falcon", "XenServer", "7.2.0", "2.3.0", "2.7", 0, false, false },
        { "xenserver-7.3", "inverness", "XenServer", "7.3.0", "2.4.0", "2.8", 0, true, false },
        { "xenserver-7.4", "jura", "XenServer", "7.4.0", "2.5.0", "2.9", 0, true, false },
        { "xenserver-7.5", "kolkata", "XenServer", "7.5.0", "2.6.0", "2.10", 0, true, false },
        { "xenserver-7.6", "lima", "XenServer", "7.6.0", "2.7.0", "2.11", 0, true, false },
        { "citrix-hypervisor-8.0", "naples", "Citrix Hypervisor", "8.0.0", "3.0.0", "2.12", 0, true, false },
        { "citrix-hypervisor-8.1", "quebec", "Citrix Hypervisor", "8.1.0", "3.1.0", "2.14", 0, true, false },
        { "citrix-hypervisor-8.2", "stockholm", "Citrix Hypervisor", "8.2.0", "3.2.0", "2.15", 0, true, true },
        { "xenserver-8", "nile", "XenServer", "8", "3.4.0", "2.21", NEWEST_TOOLSTACK, true, true },
        { "xenserver-9", "orinoco", "XenServer", "9", "3.5.0", "2.23", NEWEST_TOOLSTACK, true, true },
        { "xcp-ng-8.0", "naples", "XCP-ng", "8.0.0", "3.0.0", "2.12", 0, false, false },
        { "xcp-ng-8.1", "quebec", "XCP-ng", "8.1.0", "3.1.0", "2.14", 0, false, false },
        { "xcp-ng-8.2", "stockholm", "XCP-ng", "8.2.0", "3.2.0", "2.15", 0, false, true },
        { "xcp-ng-8.3", "nile", "XCP-ng", "8.3.0", "3.3.0", "2.21", NEWEST_TOOLSTACK, false, true },
};

const struct release *release_find(const char *id)
{
        for (size_t i = 0; i < COUNT(releases); i++)
                if (!strcmp(releases[i].id, id) || !strcmp(releases[i].code, id))
                        return &releases[i];
        return NULL;
}

struct named {
        const char *name, *values;
};

struct api {
        struct arena *arena;
        const struct release *release;
        const char *codes[MOST_RELEASES];
        size_t n_codes;
        struct class classes[MOST_CLASSES];
        size_t n_classes;
        struct message *messages;
        size_t n_messages;
        struct named *enums;
        size_t n_enums;
        const char **errors;
        size_t n_errors;
};

/* --- tables --- */

struct row {
        const char *at, *end;
        const char *cell[COLUMNS];
        size_t len[COLUMNS];
};

/* The next line, cut at its tabs; cells that are not there are empty. */
static bool next_row(struct row *r)
{
        if (r->at >= r->end)
                return false;
        const char *line_end = memchr(r->at, '\n', (size_t)(r->end - r->at));
        line_end = line_end ? line_end : r->end;
        for (int i = 0; i < COLUMNS; i++) {
                const char *tab = r->at < line_end ? memchr(r->at, '\t', (size_t)(line_end - r->at)) : NULL;
                const char *stop = tab ? tab : line_end;
                r->cell[i] = r->at;
                r->len[i] = (size_t)(stop - r->at);
                r->at = tab ? tab + 1 : line_end;
        }
        r->at = line_end + 1;
        return true;
}

static struct row table(const char *from, const char *to)
{
        struct row r = { .at = from, .end = to };
        next_row(&r);
        return r;
}

static size_t count_rows(const char *from, const char *to)
{
        size_t n = 0;
        for (; from < to; from++)
                n += *from == '\n';
        return n;
}

static bool cell_is(const struct row *r, int i, const char *text)
{
        return r->len[i] == strlen(text) && !memcmp(r->cell[i], text, r->len[i]);
}

static const char *keep(struct api *p, const struct row *r, int i)
{
        return arena_intern(p->arena, r->cell[i], r->len[i]);
}

/* --- releases --- */

static int rank_of(const struct api *p, const char *code)
{
        for (size_t i = 0; i < p->n_codes; i++)
                if (!strcmp(p->codes[i], code))
                        return (int)i;
        return NEVER;
}

static bool published(const struct api *p, const struct row *r, int i)
{
        int major, minor;
        const char *text = arena_strndup(p->arena, r->cell[i], r->len[i]);
        if (sscanf(text, "%d.%d", &major, &minor) == 2)
                return p->release->toolstack >= 1000 * major + minor;
        return rank_of(p, text) <= rank_of(p, p->release->code);
}

bool api_since(const struct api *p, const char *code) { return rank_of(p, p->release->code) >= rank_of(p, code); }
const struct release *api_release(const struct api *p) { return p->release; }

/* --- loading --- */

static struct class *class_of(struct api *p, const struct row *r)
{
        const char *name = keep(p, r, 0);
        for (size_t i = 0; i < p->n_classes; i++)
                if (p->classes[i].name == name)
                        return &p->classes[i];
        if (p->n_classes == MOST_CLASSES)
                abort();
        struct class *c = &p->classes[p->n_classes++];
        char *lower = arena_strdup(p->arena, name);
        for (char *s = lower; *s; s++)
                *s = (char)(*s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
        *c = (struct class){ .name = name, .lower = lower, .place = p->n_classes - 1 };
        return c;
}

static void load_fields(struct api *p)
{
        size_t most = count_rows(xapi_fields, xapi_fields_end);
        struct field *all = ARENA_ARRAY(p->arena, struct field, most);
        size_t n = 0;
        struct class *last = NULL;
        for (struct row r = table(xapi_fields, xapi_fields_end); next_row(&r);) {
                struct class *c = class_of(p, &r);
                if (c != last)
                        c->fields = &all[n];
                last = c;
                all[n] = (struct field){ .name = keep(p, &r, 1),
                        .type = type_parse(p->arena, r.cell[2], r.len[2]),
                        .place = (int)c->n++,
                        .access = cell_is(&r, 3, "RW")               ? ACCESS_RW
                                  : cell_is(&r, 3, "RO/constructor") ? ACCESS_CREATED
                                                                     : ACCESS_RO,
                        .here = published(p, &r, 4) && !(r.len[6] > 1 && published(p, &r, 6)) };
                n++;
        }
}

static struct parameter parameter_of(struct api *p, const char *text, size_t n)
{
        const char *colon = memchr(text, ':', n);
        size_t name = colon ? (size_t)(colon - text) : n, from = colon ? name + 1 : n;
        bool optional = n > from && text[n - 1] == '?';
        return (struct parameter){ .name = arena_strndup(p->arena, text, name),
                .optional = optional,
                .type = type_parse(p->arena, text + from, n - from - optional) };
}

/* "a:string, b:(string -> string) map": no type has a comma. */
static void load_parameters(struct api *p, struct message *m, const char *text, size_t n)
{
        m->params = ARENA_ARRAY(p->arena, struct parameter, 32);
        for (const char *end = text + n; text < end;) {
                const char *comma = memmem(text, (size_t)(end - text), ", ", 2);
                const char *stop = comma ? comma : end;
                m->params[m->n] = parameter_of(p, text, (size_t)(stop - text));
                m->required += !m->params[m->n].optional;
                m->n++;
                text = comma ? comma + 2 : end;
        }
}

static void load_messages(struct api *p)
{
        p->messages = ARENA_ARRAY(p->arena, struct message, count_rows(xapi_messages, xapi_messages_end));
        for (struct row r = table(xapi_messages, xapi_messages_end); next_row(&r);) {
                struct message *m = &p->messages[p->n_messages++];
                m->class = class_of(p, &r);
                m->name = keep(p, &r, 1);
                m->whole = arena_printf(p->arena, "%s.%s", m->class->name, m->name);
                m->result = type_parse(p->arena, r.cell[3], r.len[3]);
                m->presence = cell_is(&r, 4, "-")                           ? UNDATED
                              : !published(p, &r, 4)                        ? LATER
                              : !cell_is(&r, 6, "-") && published(p, &r, 6) ? REMOVED
                                                                            : PRESENT;
                load_parameters(p, m, r.cell[2], r.len[2]);
        }
}

static void load_lists(struct api *p)
{
        for (struct row r = table(xapi_releases, xapi_releases_end); next_row(&r) && p->n_codes < MOST_RELEASES;)
                p->codes[p->n_codes++] = keep(p, &r, 0);
        p->enums = ARENA_ARRAY(p->arena, struct named, count_rows(xapi_enums, xapi_enums_end));
        for (struct row r = table(xapi_enums, xapi_enums_end); next_row(&r);)
                p->enums[p->n_enums++] = (struct named){ keep(p, &r, 0), keep(p, &r, 1) };
        p->errors = ARENA_ARRAY(p->arena, const char *, count_rows(xapi_errors, xapi_errors_end));
        for (struct row r = table(xapi_errors, xapi_errors_end); next_row(&r);)
                p->errors[p->n_errors++] = keep(p, &r, 0);
}

struct api *api_new(const struct release *release)
{
        struct arena *arena = arena_new();
        struct api *p = ARENA_NEW(arena, struct api);
        p->arena = arena;
        p->release = release;
        load_lists(p);
        load_fields(p);
        load_messages(p);
        return p;
}

void api_free(struct api *p)
{
        if (p)
                arena_free(p->arena);
}

/* --- looking up --- */

const struct class *api_class(const struct api *p, const char *name)
{
        for (size_t i = 0; i < p->n_classes; i++)
                if (!strcasecmp(p->classes[i].name, name))
                        return &p->classes[i];
        return NULL;
}

const struct message *api_message(const struct api *p, const char *whole)
{
        for (size_t i = 0; i < p->n_messages; i++)
                if (!strcmp(p->messages[i].whole, whole))
                        return &p->messages[i];
        return NULL;
}

const struct field *class_field(const struct class *c, const char *name)
{
        for (size_t i = 0; i < c->n; i++)
                if (!strcmp(c->fields[i].name, name))
                        return &c->fields[i];
        return NULL;
}

static const char *enum_values(const struct api *p, const char *name)
{
        for (size_t i = 0; i < p->n_enums; i++)
                if (!strcmp(p->enums[i].name, name))
                        return p->enums[i].values;
        return "";
}

bool api_enum_has(const struct api *p, const char *name, const char *value)
{
        size_t n = strlen(value);
        for (const char *at = enum_values(p, name); n && *at; at += strcspn(at, " "), at += *at == ' ')
                if (strcspn(at, " ") == n && !memcmp(at, value, n))
                        return true;
        return false;
}

const char *api_enum_first(const struct api *p, const char *name)
{
        const char *values = enum_values(p, name);
        return arena_intern(p->arena, values, strcspn(values, " "));
}

bool api_has_error(const struct api *p, const char *code)
{
        if (!strncmp(code, "SR_BACKEND_FAILURE_", 19))
                return true;
        for (size_t i = 0; i < p->n_errors; i++)
                if (!strcmp(p->errors[i], code))
                        return true;
        return false;
}
