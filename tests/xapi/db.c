#include "tests/xapi/inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Fields that follow from what others refer to. */
static const struct relation {
        const char *class, *field, *many, *by;
} relations[] = {
        { "host", "PIFs", "PIF", "host" },
        { "host", "PBDs", "PBD", "host" },
        { "host", "resident_VMs", "VM", "resident_on" },
        { "network", "PIFs", "PIF", "network" },
        { "network", "VIFs", "VIF", "network" },
        { "SR", "PBDs", "PBD", "SR" },
        { "SR", "VDIs", "VDI", "SR" },
        { "VM", "VIFs", "VIF", "VM" },
        { "VM", "VBDs", "VBD", "VM" },
        { "VDI", "VBDs", "VBD", "VDI" },
        { "Bond", "slaves", "PIF", "bond_slave_of" },
        { "PIF", "bond_master_of", "Bond", "master" },
        { "PIF", "VLAN_slave_of", "VLAN", "tagged_PIF" },
        { "VMSS", "VMs", "VM", "snapshot_schedule" },
};

struct db *db_new(struct world *w, int owner)
{
        struct db *d = calloc(1, sizeof(*d));
        if (!d)
                abort();
        d->w = w;
        d->owner = owner;
        return d;
}

void db_free(struct db *d)
{
        if (!d)
                return;
        free(d->objects);
        free(d->gone);
        free(d);
}

static void *grown(void *p, size_t n, size_t *room, size_t each)
{
        if (n < *room)
                return p;
        *room = *room ? *room * 2 : 64;
        void *more = realloc(p, *room * each);
        if (!more)
                abort();
        return more;
}

static const struct val *default_of(struct world *w, const struct type *t)
{
        switch (t->kind) {
        case T_INT:
                return val_number(w->a, 0);
        case T_BOOL:
                return val_bool(false);
        case T_FLOAT:
                return val_float(w->a, 0);
        case T_DATE:
                return val_date(w->a, 0);
        case T_REF:
                return val_text(w->a, NULL_REF);
        case T_ENUM:
                return val_text(w->a, api_enum_first(w->api, t->name));
        case T_SET:
                return val_set(w->a, NULL, 0);
        case T_MAP:
                return val_map(w->a, NULL, NULL, 0);
        default:
                return val_text(w->a, "");
        }
}

static void mark(struct db *d, struct object *o) { o->changed = d->class_changed[o->class->place] = d->generation; }

struct object *db_add(struct db *d, const char *name)
{
        struct world *w = d->w;
        const struct class *c = api_class(w->api, name);
        struct object *o = ARENA_NEW(w->a, struct object);
        o->class = c;
        o->ref = arena_printf(w->a, "OpaqueRef:%s", draw_uuid(w));
        o->values = ARENA_ARRAY(w->a, const struct val *, c->n);
        for (size_t i = 0; i < c->n; i++)
                o->values[i] = default_of(w, c->fields[i].type);
        o->born = ++d->generation;
        o->live = true;
        d->objects = grown(d->objects, d->n, &d->room, sizeof(*d->objects));
        o->at = d->n;
        d->objects[d->n++] = o;
        mark(d, o);
        if (class_field(c, "uuid"))
                put_text(d, o, "uuid", draw_uuid(w));
        return o;
}

/* What the other side shows has changed. */
static void touch_related(struct db *d, const struct object *o, const char *field)
{
        for (size_t i = 0; i < COUNT(relations); i++) {
                const struct relation *r = &relations[i];
                if (strcmp(r->many, o->class->name) || (field && strcmp(r->by, field)))
                        continue;
                struct object *other = db_find(d, r->class, text_of(o, r->by));
                if (other)
                        mark(d, other);
        }
}

void db_remove(struct db *d, struct object *o)
{
        d->generation++;
        touch_related(d, o, NULL);
        mark(d, o);
        o->live = false;
        d->n--;
        for (size_t i = o->at; i < d->n; i++) {
                d->objects[i] = d->objects[i + 1];
                d->objects[i]->at = i;
        }
        d->gone = grown(d->gone, d->n_gone, &d->room_gone, sizeof(*d->gone));
        d->gone[d->n_gone++] = (struct gone){ o->class, o->ref, d->generation };
}

struct object *db_find(const struct db *d, const char *class, const char *ref)
{
        for (size_t i = 0; i < d->n; i++)
                if (!strcmp(d->objects[i]->ref, ref))
                        return !strcmp(d->objects[i]->class->name, class) ? d->objects[i] : NULL;
        return NULL;
}

struct object *db_next(const struct db *d, const char *class, const struct object *last)
{
        const struct class *c = api_class(d->w->api, class);
        for (size_t i = last ? last->at + last->live : 0; i < d->n; i++)
                if (d->objects[i]->class == c)
                        return d->objects[i];
        return NULL;
}

struct object *db_where(const struct db *d, const char *class, const char *field, const char *text)
{
        EACH(d, class, o)
        if (!strcmp(text_of(o, field), text))
                return o;
        return NULL;
}

struct object *db_by_uuid(const struct db *d, const char *class, const char *uuid)
{
        return db_where(d, class, "uuid", uuid);
}

/* --- fields --- */

static const struct val **place(const struct object *o, const char *field)
{
        const struct field *f = class_field(o->class, field);
        if (!f) {
                fprintf(stderr, "fake xapi: %s has no field %s\n", o->class->name, field);
                abort();
        }
        return &o->values[f->place];
}

void put(struct db *d, struct object *o, const char *field, const struct val *v)
{
        const struct val **p = place(o, field);
        if (val_equal(*p, v))
                return;
        d->generation++;
        touch_related(d, o, field);
        *p = val_copy(d->w->a, v);
        touch_related(d, o, field);
        mark(d, o);
}

void put_text(struct db *d, struct object *o, const char *field, const char *text)
{
        struct val v = { .kind = (*place(o, field))->kind, .text = text };
        put(d, o, field, &v);
}

void put_number(struct db *d, struct object *o, const char *field, int64_t n)
{
        char text[24];
        snprintf(text, sizeof(text), "%" PRId64, n);
        put_text(d, o, field, text);
}

void put_bool(struct db *d, struct object *o, const char *field, bool yes) { put(d, o, field, val_bool(yes)); }

void put_key(struct db *d, struct object *o, const char *field, const char *key, const char *value)
{
        const struct val *map = get(o, field);
        if (value)
                put(d, o, field, val_with(d->w->a, map, key, val_text(d->w->a, value)));
        else
                put(d, o, field, val_without(d->w->a, map, key));
}

const struct val *get(const struct object *o, const char *field) { return *place(o, field); }
const char *text_of(const struct object *o, const char *field) { return get(o, field)->text; }
int64_t number_of(const struct object *o, const char *field) { return strtoll(text_of(o, field), NULL, 10); }
bool true_of(const struct object *o, const char *field) { return *text_of(o, field) == '1'; }
const char *key_of(const struct object *o, const char *field, const char *key)
{
        return val_member_text(get(o, field), key);
}
bool is_null(const char *ref) { return !strcmp(ref, NULL_REF); }

/* --- as xapi shows them --- */

static const struct val *referring(
        struct arena *a, const struct db *d, const struct object *o, const struct relation *r)
{
        size_t n = 0;
        const char **refs = ARENA_ARRAY(a, const char *, d->n + 1);
        EACH(d, r->many, other)
        if (!strcmp(text_of(other, r->by), o->ref))
                refs[n++] = other->ref;
        return val_texts(a, refs, n);
}

const struct val *shown_field(struct arena *a, const struct db *d, const struct object *o, const struct field *f)
{
        for (size_t i = 0; i < COUNT(relations); i++)
                if (!strcmp(relations[i].class, o->class->name) && !strcmp(relations[i].field, f->name))
                        return referring(a, d, o, &relations[i]);
        return o->values[f->place];
}

const struct val *shown_record(struct arena *a, const struct db *d, const struct object *o)
{
        const struct class *c = o->class;
        const struct val **items = ARENA_ARRAY(a, const struct val *, c->n);
        const char **keys = ARENA_ARRAY(a, const char *, c->n);
        size_t n = 0;
        for (size_t i = 0; i < c->n; i++)
                if (c->fields[i].here) {
                        keys[n] = c->fields[i].name;
                        items[n++] = shown_field(a, d, o, &c->fields[i]);
                }
        return val_map(a, keys, items, n);
}
