/* One call: is there such a message in this release, are these its parameters, who does it. */
#include "tests/xapi/inside.h"

#include <stdarg.h>
#include <string.h>

void fail(struct call *c, const char *code, ...)
{
        va_list ap;
        if (!api_has_error(c->w->api, code) && strcmp(code, "FAKE_DOES_NOT_KNOW"))
                complain(c->w, "the fake itself: %s is no error of XenAPI", code);
        c->error[0] = code;
        c->n_error = 1;
        va_start(ap, code);
        for (const char *p; c->n_error < MOST_ERROR && (p = va_arg(ap, const char *));)
                c->error[c->n_error++] = arena_strdup(c->a, p);
        va_end(ap);
}

void refuse_unknown(struct call *c, const char *fmt, ...)
{
        va_list ap;
        char why[300];
        va_start(ap, fmt);
        vsnprintf(why, sizeof(why), fmt, ap);
        va_end(ap);
        complain(c->w, "%s: the facts do not say what xapi does: %s", c->r->method, why);
        fail(c, "FAKE_DOES_NOT_KNOW", why, NULL);
}

/* --- arguments --- */

const char *arg_text(const struct call *c, size_t i) { return i < c->n ? c->args[i]->text : ""; }
bool arg_true(const struct call *c, size_t i) { return *arg_text(c, i) == '1'; }
int64_t arg_number(const struct call *c, size_t i) { return strtoll(arg_text(c, i), NULL, 10); }

struct object *arg_object(struct call *c, size_t i)
{
        const struct type *t = c->m->params[i + 1].type;
        struct object *o = is_null(arg_text(c, i)) ? NULL : db_find(c->db, t->name, arg_text(c, i));
        if (!o && !c->n_error)
                fail(c, "HANDLE_INVALID", t->name, arg_text(c, i), NULL);
        return o;
}

static bool is_number(const char *s)
{
        s += *s == '-';
        return *s && s[strspn(s, "0123456789")] == '\0';
}

/* NULL, or what is wrong with it. */
static const char *misfit(const struct api *api, const struct type *t, const struct val *v)
{
        const char *why = NULL;
        switch (t->kind) {
        case T_STRING:
                return v->kind == V_TEXT ? NULL : "is no string";
        case T_INT:
                return v->kind == V_INT                          ? "is an <int>: xapi wants whole numbers as strings"
                       : v->kind == V_TEXT && is_number(v->text) ? NULL
                                                                 : "is no whole number";
        case T_FLOAT:
                return v->kind == V_FLOAT ? NULL : "is no <double>";
        case T_BOOL:
                return v->kind == V_BOOL ? NULL : "is no <boolean>";
        case T_DATE:
                return v->kind == V_DATE ? NULL : "is no date";
        case T_REF:
                return v->kind == V_TEXT && !strncmp(v->text, "OpaqueRef:", 10) ? NULL : "is no reference";
        case T_ENUM:
                return v->kind == V_TEXT && api_enum_has(api, t->name, v->text) ? NULL : "is none of the enumeration";
        case T_SET:
                for (size_t i = 0; v->kind == V_SET && !why && i < v->n; i++)
                        why = misfit(api, t->item, v->items[i]);
                return v->kind == V_SET ? why : "is no array";
        case T_MAP:
                for (size_t i = 0; v->kind == V_MAP && !why && i < v->n; i++) {
                        const struct val key = { .kind = V_TEXT, .text = v->keys[i] };
                        why = misfit(api, t->key, &key);
                        why = why ? why : misfit(api, t->item, v->items[i]);
                }
                return v->kind == V_MAP ? why : "is no struct";
        case T_RECORD:
                return v->kind == V_MAP ? NULL : "is no struct";
        default:
                return "has a type that the fake does not know";
        }
}

static void check_argument(struct call *c, size_t i)
{
        const struct parameter *p = &c->m->params[i + 1];
        const char *why = misfit(c->w->api, p->type, c->args[i]);
        if (why) {
                complain(c->w, "%s: %s %s", c->r->method, p->name, why);
                fail(c, "FIELD_TYPE_ERROR", p->name, NULL);
        } else if (p->type->kind == T_REF && !is_null(c->args[i]->text) && strcmp(p->type->name, "session") &&
                   !(api_class(c->w->api, p->type->name) && db_find(c->db, p->type->name, c->args[i]->text))) {
                fail(c, "HANDLE_INVALID", p->type->name, c->args[i]->text, NULL);
        }
}

/* args are what stands behind the session. */
void check_arguments(struct call *c)
{
        for (size_t i = 0; i < c->n && !c->n_error; i++)
                check_argument(c, i);
}

/* --- records --- */

static bool member_fits(struct call *c, const struct val *record, size_t i, const struct class *class)
{
        const struct field *f = class_field(class, record->keys[i]);
        const char *why = !f || !f->here           ? "does not exist in this release"
                          : f->access == ACCESS_RO ? "is not for a constructor"
                                                   : misfit(c->w->api, f->type, record->items[i]);
        if (!why && f->type->kind == T_REF && !is_null(record->items[i]->text) &&
                !db_find(c->db, f->type->name, record->items[i]->text)) {
                fail(c, "HANDLE_INVALID", f->type->name, record->items[i]->text, NULL);
                return false;
        }
        if (!why)
                return true;
        complain(c->w, "%s: %s.%s %s", c->r->method, class->name, record->keys[i], why);
        fail(c, "FIELD_TYPE_ERROR", record->keys[i], NULL);
        return false;
}

bool check_record(struct call *c, const struct val *record, const struct class *class, const char *const *needed)
{
        for (size_t i = 0; i < record->n; i++)
                if (!member_fits(c, record, i, class))
                        return false;
        for (; *needed; needed++)
                if (!val_member(record, *needed)) {
                        complain(c->w, "%s: the record lacks %s", c->r->method, *needed);
                        fail(c, "FIELD_TYPE_ERROR", *needed, NULL);
                        return false;
                }
        return true;
}

struct object *add_from_record(struct call *c, const struct val *record, const char *class)
{
        struct object *o = db_add(c->db, class);
        for (size_t i = 0; i < record->n; i++)
                put(c->db, o, record->keys[i], record->items[i]);
        c->result = val_text(c->a, o->ref);
        return o;
}

/* --- the call --- */

static bool find_message(struct call *c)
{
        const char *method = c->r->method;
        c->m = api_message(c->w->api, method);
        enum presence there = c->m ? c->m->presence : LATER;
        if (there == PRESENT && !(c->r->async && !handling_of(method)))
                return true;
        if (there == UNDATED) {
                refuse_unknown(c, "in which release it was published");
                return false;
        }
        complain(c->w, "%s%s: no such message in %s", c->r->async ? "Async." : "", method, c->w->release->id);
        fail(c, there == REMOVED ? "MESSAGE_REMOVED" : "MESSAGE_METHOD_UNKNOWN",
                there == REMOVED ? NULL : c->r->body.method, NULL);
        return false;
}

static bool count_fits(struct call *c)
{
        size_t n = c->r->body.n;
        if (n >= c->m->required && n <= c->m->n)
                return true;
        complain(c->w, "%s: %zu parameters, not %zu", c->r->method, n, c->m->required);
        fail(c, "MESSAGE_PARAMETER_COUNT_MISMATCH", c->r->method, arena_printf(c->a, "%zu", c->m->required),
                arena_printf(c->a, "%zu", n), NULL);
        return false;
}

static bool session_fits(struct call *c)
{
        const struct val *s = c->r->body.args[0];
        c->session = s->kind == V_TEXT ? db_find(c->db, "session", s->text) : NULL;
        if (c->session)
                return true;
        if (s->kind != V_TEXT || strncmp(s->text, "OpaqueRef:", 10))
                complain(c->w, "%s: the first parameter is no session", c->r->method);
        fail(c, "SESSION_INVALID", s->text, NULL);
        return false;
}

void call_run(struct call *c)
{
        if (!find_message(c) || !count_fits(c))
                return;
        bool in_session = c->m->n && !strcmp(c->m->params[0].name, "session_id");
        if (in_session && !session_fits(c))
                return;
        c->args = c->r->body.args + in_session;
        c->n = c->r->body.n - in_session;
        if (in_session)
                check_arguments(c);
        if (c->n_error)
                return;
        const struct handling *h = handling_of(c->r->method);
        if (h)
                h->handle(c);
        else
                generic_call(c);
        if (!c->n_error && !c->result)
                c->result = val_text(c->a, "");
}
