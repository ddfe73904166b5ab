#include "rollcall/export.h"
#include "base/i18n.h"
#include "base/text.h"
#include "rollcall/event_text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 40 };

struct export
{
        struct store *store;
        FILE *file;
        struct err *e;
        const struct host_row *host;
        const struct host_more *more;
        size_t n_hosts, n_events; /* of this host */
        struct str line;
};

/* "" for a time that is not known. */
static const char *utc(int64_t seconds, char out[TIME_TEXT])
{
        struct tm tm;
        time_t t = (time_t)seconds;
        if (!seconds || !gmtime_r(&t, &tm) || !strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
                *out = '\0';
        return out;
}

static const char *code_text(int code, char out[16])
{
        snprintf(out, 16, code ? "XR-%03d" : "%.0d", code);
        return out;
}

static void write_line(struct export *x)
{
        fwrite(str_text(&x->line), 1, x->line.len, x->file);
        str_reset(&x->line);
}

static bool finish(struct export *x, bool fine)
{
        str_clear(&x->line);
        if (!fine)
                return false;
        return (fflush(x->file) == 0 && !ferror(x->file)) || err_sys(x->e, _("writing the export"));
}

/* --- JSON --- */

static void member(struct str *out, const char *name, const char *value)
{
        str_addf(out, "%s\"%s\": ", out->ptr[out->len - 1] == '{' ? "" : ", ", name);
        event_text_json(value, out);
}

static void number(struct str *out, const char *name, int64_t value)
{
        str_addf(out, "%s\"%s\": %" PRId64, out->ptr[out->len - 1] == '{' ? "" : ", ", name, value);
}

static bool json_event(void *arg, const struct event_row *r)
{
        struct export *x = arg;
        const struct event *ev = &r->event;
        char time[TIME_TEXT], code[16];
        str_add(&x->line, x->n_events++ ? ",\n    {" : "\n    {");
        number(&x->line, "seq", r->seq);
        number(&x->line, "attempt", r->attempt);
        member(&x->line, "stage", stage_kind_names[ev->stage]);
        member(&x->line, "step", ev->step);
        member(&x->line, "outcome", ev->outcome);
        member(&x->line, "code", code_text(ev->code, code));
        if (ev->percent >= 0)
                number(&x->line, "percent", ev->percent);
        member(&x->line, "received", utc(ev->received / 1000, time));
        member(&x->line, "clock", utc(ev->clock, time));
        member(&x->line, "key", ev->key);
        member(&x->line, "detail", ev->detail);
        str_addc(&x->line, '}');
        write_line(x);
        return !ferror(x->file);
}

static void json_host_members(struct export *x)
{
        const struct host_row *h = x->host;
        char time[TIME_TEXT], code[16];
        member(&x->line, "school", h->school);
        member(&x->line, "school_name", x->more->school_name);
        member(&x->line, "pool", h->pool);
        member(&x->line, "pool_name", x->more->pool_name);
        member(&x->line, "host", h->host);
        member(&x->line, "address", x->more->address);
        member(&x->line, "mac", x->more->mac);
        member(&x->line, "serial", x->more->serial);
        str_addf(&x->line, ", \"expected\": %s", h->expected ? "true" : "false");
        member(&x->line, "standing", standing_names[h->standing]);
        member(&x->line, "since", utc(h->since / 1000, time));
        member(&x->line, "heard", utc(h->heard / 1000, time));
        number(&x->line, "attempt", h->attempt);
        member(&x->line, "code", code_text(h->code, code));
        member(&x->line, "detail", h->detail);
}

static bool events_of_host(struct export *x, bool (*each)(void *arg, const struct event_row *))
{
        const struct event_filter of = { .school = x->host->school, .host = x->host->host };
        x->n_events = 0;
        return store_events(x->store, &of, each, x, x->e);
}

static bool json_host(void *arg, const struct host_row *h, const struct host_more *more)
{
        struct export *x = arg;
        x->host = h;
        x->more = more;
        str_add(&x->line, x->n_hosts++ ? ",\n  {" : "\n  {");
        json_host_members(x);
        str_add(&x->line, ", \"events\": [");
        write_line(x);
        if (!events_of_host(x, json_event))
                return false;
        fputs("]}", x->file);
        return !ferror(x->file);
}

bool export_json(struct store *s, FILE *f, struct err *e)
{
        struct export x = { .store = s, .file = f, .e = e, .line = STR_MAX(64 << 10) };
        fputc('[', f);
        bool fine = store_hosts(s, &(struct host_filter){ .school = NULL }, json_host, &x, e) && e->kind == ERR_NONE;
        fputs("\n]\n", f);
        return finish(&x, fine);
}

/* --- CSV --- */

static void cell(struct str *out, const char *value)
{
        bool quote = strpbrk(value, ",\"\r\n") != NULL;
        if (out->len)
                str_addc(out, ',');
        if (quote)
                str_addc(out, '"');
        if (text_is_formula(value))
                str_addc(out, '\'');
        for (; *value; value++) {
                if (*value == '"')
                        str_addc(out, '"');
                str_addc(out, *value);
        }
        if (quote)
                str_addc(out, '"');
}

static void number_cell(struct str *out, int64_t value) { str_addf(out, ",%" PRId64, value); }

/* event NULL: of a host that none is known of. */
static void csv_line(struct export *x, const struct event_row *r)
{
        const struct host_row *h = x->host;
        const struct event *ev = r ? &r->event : NULL;
        char time[TIME_TEXT], code[16];
        cell(&x->line, h->school);
        cell(&x->line, x->more->school_name);
        cell(&x->line, h->pool);
        cell(&x->line, h->host);
        cell(&x->line, standing_names[h->standing]);
        if (ev) {
                number_cell(&x->line, r->seq);
                number_cell(&x->line, r->attempt);
                cell(&x->line, stage_kind_names[ev->stage]);
                cell(&x->line, ev->step);
                cell(&x->line, ev->outcome);
                cell(&x->line, code_text(ev->code, code));
                if (ev->percent >= 0)
                        number_cell(&x->line, ev->percent);
                else
                        cell(&x->line, "");
                cell(&x->line, utc(ev->received / 1000, time));
                cell(&x->line, utc(ev->clock, time));
                cell(&x->line, ev->detail);
        } else
                str_add(&x->line, ",,,,,,,,,,");
        str_add(&x->line, "\r\n");
        write_line(x);
}

static bool csv_event(void *arg, const struct event_row *r)
{
        struct export *x = arg;
        x->n_events++;
        csv_line(x, r);
        return !ferror(x->file);
}

static bool csv_host(void *arg, const struct host_row *h, const struct host_more *more)
{
        struct export *x = arg;
        x->host = h;
        x->more = more;
        if (!events_of_host(x, csv_event))
                return false;
        if (!x->n_events)
                csv_line(x, NULL);
        return !ferror(x->file);
}

bool export_csv(struct store *s, FILE *f, struct err *e)
{
        struct export x = { .store = s, .file = f, .e = e, .line = STR_MAX(64 << 10) };
        fputs("\xef\xbb\xbf"
              "school,school_name,pool,host,standing,seq,attempt,stage,step,outcome,code,percent,received,clock,"
              "detail\r\n",
                f);
        return finish(
                &x, store_hosts(s, &(struct host_filter){ .school = NULL }, csv_host, &x, e) && e->kind == ERR_NONE);
}
