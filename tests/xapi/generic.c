/* What every class has: get_X, set_X, add_to_X, get_all_records, … as far as the tables of fields allow it. */
#include "tests/xapi/inside.h"

#include <string.h>

static const char *behind(const char *name, const char *head)
{
        size_t n = strlen(head);
        return strncmp(name, head, n) ? NULL : name + n;
}

/* The field is there in this release, and whoever has no business with it keeps away. */
static const struct field *field_for(struct call *c, const char *name, bool change)
{
        const struct field *f = class_field(c->m->class, name);
        if (!f || !f->here) {
                complain(c->w, "%s: no such field in %s", c->r->method, c->w->release->id);
                fail(c, "MESSAGE_METHOD_UNKNOWN", c->r->method, NULL);
                return NULL;
        }
        if (change && f->access != ACCESS_RW && handling_of(c->r->method) == NULL) {
                refuse_unknown(c, "what it does besides setting the field");
                return NULL;
        }
        return f;
}

/* Values that others hold under this key already stay: that is what makes it a lock. */
static void add_key(struct call *c, struct object *o, const char *field)
{
        const char *key = arg_text(c, 1);
        if (val_member(get(o, field), key))
                fail(c, "MAP_DUPLICATE_KEY", c->m->class->name, field, o->ref, key, NULL);
        else
                put_key(c->db, o, field, key, arg_text(c, 2));
}

static void change_tag(struct call *c, struct object *o, bool add)
{
        const struct val *tags = get(o, "tags");
        const struct val **items = ARENA_ARRAY(c->a, const struct val *, tags->n + 1);
        size_t n = 0;
        for (size_t i = 0; i < tags->n; i++)
                if (strcmp(tags->items[i]->text, arg_text(c, 1)))
                        items[n++] = tags->items[i];
        if (add)
                items[n++] = c->args[1];
        if (add != val_has(tags, arg_text(c, 1)))
                put(c->db, o, "tags", val_set(c->a, items, n));
}

static bool changes(struct call *c)
{
        const char *name = c->m->name, *rest;
        struct object *o;
        if (!strcmp(name, "add_tags") || !strcmp(name, "remove_tags")) {
                o = arg_object(c, 0);
                if (o && field_for(c, "tags", true))
                        change_tag(c, o, *name == 'a');
        } else if ((rest = behind(name, "add_to_"))) {
                o = arg_object(c, 0);
                const struct field *f = o ? field_for(c, rest, true) : NULL;
                if (f)
                        add_key(c, o, f->name);
        } else if ((rest = behind(name, "remove_from_"))) {
                o = arg_object(c, 0);
                const struct field *f = o ? field_for(c, rest, true) : NULL;
                if (f)
                        put_key(c->db, o, f->name, arg_text(c, 1), NULL);
        } else if ((rest = behind(name, "set_"))) {
                o = arg_object(c, 0);
                const struct field *f = o ? field_for(c, rest, true) : NULL;
                if (f)
                        put(c->db, o, f->name, c->args[1]);
        } else {
                return false;
        }
        return true;
}

void call_plain_setter(struct call *c) { changes(c); }

/* --- asking --- */

static void get_all(struct call *c, bool records)
{
        size_t n = 0;
        const char **refs = ARENA_ARRAY(c->a, const char *, c->db->n + 1);
        const struct val **items = ARENA_ARRAY(c->a, const struct val *, c->db->n + 1);
        EACH(c->db, c->m->class->name, o)
        {
                items[n] = records ? shown_record(c->a, c->db, o) : NULL;
                refs[n++] = o->ref;
        }
        c->result = records ? val_map(c->a, refs, items, n) : val_texts(c->a, refs, n);
}

static void by_label(struct call *c)
{
        size_t n = 0;
        const char **refs = ARENA_ARRAY(c->a, const char *, c->db->n + 1);
        EACH(c->db, c->m->class->name, o)
        if (!strcmp(text_of(o, "name_label"), arg_text(c, 0)))
                refs[n++] = o->ref;
        c->result = val_texts(c->a, refs, n);
}

static void by_uuid(struct call *c)
{
        struct object *o = db_by_uuid(c->db, c->m->class->name, arg_text(c, 0));
        if (o)
                c->result = val_text(c->a, o->ref);
        else
                fail(c, "UUID_INVALID", c->m->class->name, arg_text(c, 0), NULL);
}

static void get_one(struct call *c, const char *field)
{
        struct object *o = arg_object(c, 0);
        const struct field *f = o ? field_for(c, field, false) : NULL;
        if (f)
                c->result = shown_field(c->a, c->db, o, f);
}

void generic_call(struct call *c)
{
        const char *name = c->m->name, *rest;
        if (changes(c))
                return;
        if (!strcmp(name, "get_all") || !strcmp(name, "get_all_records")) {
                get_all(c, name[7]);
        } else if (!strcmp(name, "get_record")) {
                struct object *o = arg_object(c, 0);
                if (o)
                        c->result = shown_record(c->a, c->db, o);
        } else if (!strcmp(name, "get_by_uuid")) {
                by_uuid(c);
        } else if (!strcmp(name, "get_by_name_label")) {
                by_label(c);
        } else if ((rest = behind(name, "get_")) && c->n == 1) {
                get_one(c, rest);
        } else {
                refuse_unknown(c, "anything about it");
        }
}
