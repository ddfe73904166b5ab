#include "rollcall/answers_parts.h"
#include "base/i18n.h"

#include <string.h>

const char *say(const struct asked *q, const char *text) { return catalogue_text(q->visitor.words, text); }

void answer_json(struct asked *q, int status, json_t *o)
{
        AUTO_FREE char *text = json_dumps(o, JSON_COMPACT);
        json_decref(o);
        q->reply->status = text ? status : 503;
        snprintf(q->reply->type, sizeof(q->reply->type), "application/json");
        str_reset(&q->reply->body);
        str_add(&q->reply->body, text ? text : "{}");
}

/* The store keeps UTF-8 only; were it not so, a host without a name is better than none. */
json_t *text_json(const char *text)
{
        json_t *o = json_string(text);
        return o ? o : json_string("\xef\xbf\xbd");
}

void rule_says(const struct asked *q, enum rule rule, bool remedy, const char *const args[RULE_ARGS], struct str *out)
{
        const struct rule_row *row = rule_row(rule);
        const char *template = remedy ? row->remedy : row->message;
        if (*template)
                rule_expand(out, say(q, template), args);
}

void code_json(const struct asked *q, json_t *to, int code)
{
        const struct rule_row *row = code > 0 ? rule_row((enum rule)code) : NULL;
        json_object_set_new(to, "code", json_integer(code));
        /* What a machine says may be any number. */
        if (!row || (int)row->rule != code)
                return;
        json_object_set_new(to, "cause", text_json(say(q, row->message)));
        json_object_set_new(to, "next", text_json(*row->remedy ? say(q, row->remedy) : ""));
        json_object_set_new(to, "told", text_json(row->message));
        json_object_set_new(to, "told_next", text_json(row->remedy));
}

void answer_rule(struct asked *q, int status, enum rule rule, ...)
{
        const char *args[RULE_ARGS] = { NULL };
        AUTO_STR error = STR_MAX(4096), next = STR_MAX(4096);
        va_list ap;
        va_start(ap, rule);
        for (size_t i = 0; i < RULE_ARGS && (args[i] = va_arg(ap, const char *)); i++) {
        }
        va_end(ap);
        rule_says(q, rule, false, args, &error);
        rule_says(q, rule, true, args, &next);
        json_t *o = json_object();
        json_object_set_new(o, "error", text_json(str_text(&error)));
        json_object_set_new(o, "next", text_json(str_text(&next)));
        json_object_set_new(o, "code", json_integer(rule));
        answer_json(q, status, o);
}

void answer_error(struct asked *q, int status, const char *sentence)
{
        json_t *o = json_object();
        json_object_set_new(o, "error", text_json(say(q, sentence)));
        answer_json(q, status, o);
}

/* The sentence may name the database, its server, its user: that is for those who may look. */
void answer_trouble(struct asked *q, const struct err *e)
{
        bool full = database_is_full(store_database(q->a->c.store));
        if (!may_read(q))
                return answer_error(q, full ? 507 : 503, N_("The server cannot do this at the moment."));
        json_t *o = json_object();
        json_object_set_new(o, "error", text_json(e->text));
        json_object_set_new(o, "next", text_json(e->remedy));
        json_object_set_new(o, "code", json_integer(e->code));
        answer_json(q, full ? 507 : 503, o);
}

/* --- what a host is like --- */

static const char *const standing_words[STANDINGS] = { [STANDING_UNHEARD] = N_("not heard of"),
        [STANDING_ARMED] = N_("armed"),
        [STANDING_INSTALLING] = N_("installing"),
        [STANDING_INSTALLED] = N_("installed"),
        [STANDING_FINISHING] = N_("finishing"),
        [STANDING_ARRIVED] = N_("arrived"),
        [STANDING_FAILED] = N_("failed") };

static void set(json_t *o, const char *name, const char *text) { json_object_set_new(o, name, text_json(text)); }
static void set_number(json_t *o, const char *name, int64_t n) { json_object_set_new(o, name, json_integer(n)); }

enum standing standing_shown(const struct answers *a, enum standing s)
{
        return standing_has_arrived(s, a->c.expected->with_agent) ? STANDING_ARRIVED : s;
}

json_t *tile_json(const struct asked *q, const struct host_row *row, const struct host_more *more)
{
        json_t *o = json_object();
        enum standing shown = standing_shown(q->a, row->standing);
        set(o, "school", row->school);
        set(o, "school_name", more->school_name);
        set(o, "pool", row->pool);
        set(o, "pool_name", more->pool_name);
        set(o, "host", row->host);
        set(o, "address", more->address);
        set(o, "mac", more->mac);
        set(o, "serial", more->serial);
        set(o, "standing", standing_names[shown]);
        set(o, "text", say(q, standing_words[shown]));
        set(o, "step", row->step);
        set(o, "outcome", row->outcome);
        set(o, "detail", row->detail);
        code_json(q, o, row->code);
        set_number(o, "percent", row->percent);
        set_number(o, "since", row->since);
        set_number(o, "heard", row->heard);
        set_number(o, "attempt", row->attempt);
        set_number(o, "change", row->change);
        json_object_set_new(o, "overdue", json_boolean(standing_overdue(row, q->a->c.now())));
        json_object_set_new(o, "expected", json_boolean(row->expected));
        return o;
}

json_t *event_json(const struct asked *q, const struct event_row *row)
{
        json_t *o = json_object();
        set_number(o, "seq", row->seq);
        set(o, "stage", stage_kind_names[row->event.stage]);
        set(o, "step", row->event.step);
        set(o, "outcome", row->event.outcome);
        set(o, "detail", row->event.detail);
        code_json(q, o, row->event.code);
        set_number(o, "percent", row->event.percent);
        set_number(o, "clock", row->event.clock);
        set_number(o, "received", row->event.received);
        set_number(o, "attempt", row->attempt);
        return o;
}
