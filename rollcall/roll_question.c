#include "rollcall/roll_question.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const char *const passed[] = { "Cookie", "Content-Type", "Accept-Language", "Authorization", "X-CSRF-Token",
        "Host", "Origin", "Sec-Fetch-Site" };

static void add(struct str *out, const char *name, const char *value)
{
        if (value && *value && text_is_ascii(value))
                str_addf(out, "%s: %s\n", name, value);
}

/* Some programs send a query as it was typed; on the line it is in escapes, as a browser sends it. */
static void add_query(struct str *out, const char *query)
{
        if (!*query)
                return;
        str_add(out, "Query: ");
        for (; *query; query++)
                if (*query > 0x20 && *query < 0x7f)
                        str_addc(out, *query);
                else
                        str_addf(out, "%%%02X", (unsigned)(unsigned char)*query);
        str_addc(out, '\n');
}

static bool was_secure(struct MHD_Connection *from, bool here, bool secure)
{
        const char *said = MHD_lookup_connection_value(from, MHD_HEADER_KIND, "X-Forwarded-Proto");
        return secure || (here && said && !strcasecmp(said, "https"));
}

int roll_question_read(struct roll_question *q, struct MHD_Connection *from, const char *query, bool secure)
{
        q->fields = (struct str)STR_MAX(LONGEST_FIELDS);
        bool here = peer_find(from, !secure, q->peer);
        add_query(&q->fields, query);
        for (size_t i = 0; i < COUNT(passed); i++)
                add(&q->fields, passed[i], MHD_lookup_connection_value(from, MHD_HEADER_KIND, passed[i]));
        add(&q->fields, "Scheme", was_secure(from, here, secure) ? "https" : "http");
        return q->fields.failed ? 431 : 0;
}

bool roll_question_is_events(const struct roll_question *q)
{
        return q->post && (!strcmp(q->path, "/events") || !strncmp(q->path, "/events/", 8));
}

struct ask roll_question_ask(const struct roll_question *q, struct bytes body)
{
        return (struct ask){ q->post ? "POST" : "GET", q->path, q->peer, body, str_text(&q->fields) };
}

int64_t query_number(const char *query, const char *name)
{
        size_t n = strlen(name);
        for (const char *at = query; at && *at; at = strchr(at, '&'), at = at ? at + 1 : NULL) {
                if (strncmp(at, name, n) != 0 || at[n] != '=' || !isdigit((unsigned char)at[n + 1]))
                        continue;
                size_t digits = strspn(at + n + 1, "0123456789");
                return digits <= 18 ? strtoll(at + n + 1, NULL, 10) : -1;
        }
        return -1;
}
