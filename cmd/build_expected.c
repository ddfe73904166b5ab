#include "cmd/build_expected.h"
#include "base/i18n.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

static void set_text(json_t *o, const char *key, const char *text)
{
        if (text && *text)
                json_object_set_new(o, key, json_string(text));
}

/* --- who is expected --- */

static json_t *machine_of(const struct host *h)
{
        char mac[MAC_TEXT], address[IP4_TEXT];
        json_t *o = json_pack("{s:s}", "name", h->name);
        set_text(o, "address", h->address.given ? ip4_text(h->address.addr, address) : NULL);
        set_text(o, "mac", h->mac.given ? mac_text(&h->mac, mac) : NULL);
        set_text(o, "serial", h->serial);
        if (h->coordinator)
                json_object_set_new(o, "coordinator", json_true());
        return o;
}

static json_t *pool_of(const struct pool *p)
{
        json_t *hosts = json_array();
        for (size_t i = 0; i < p->n_hosts; i++)
                json_array_append_new(hosts, machine_of(p->hosts[i]));
        return json_pack("{s:s, s:s, s:o}", "id", p->id, "name", p->name ? p->name : p->id, "hosts", hosts);
}

static json_t *school_of(const struct school *s)
{
        json_t *pools = json_array();
        for (size_t i = 0; i < s->n_pools; i++)
                json_array_append_new(pools, pool_of(s->pools[i]));
        return json_pack("{s:s, s:s, s:o}", "id", s->id, "name", s->name ? s->name : s->id, "pools", pools);
}

/* --- who is told --- */

static json_t *upstream_of(const struct plan_upstream *u)
{
        json_t *o = json_pack("{s:s, s:s}", "url", u->url, "token", u->token);
        set_text(o, "pin", u->pin);
        set_text(o, "school", u->school);
        return o;
}

static json_t *notice_of(const struct plan_notice *n)
{
        json_t *o = json_pack("{s:s, s:s, s:b, s:b}", "form", plan_notice_names[n->form], "url", n->url, "on-complete",
                n->on_complete, "on-failed", n->on_failed);
        set_text(o, "from", n->from);
        set_text(o, "to", n->to);
        set_text(o, "user", n->user);
        set_text(o, "password", n->password);
        return o;
}

/* One zone for everybody who looks: that of the first host. */
static const char *timezone_of(const struct plan *p)
{
        return p->n_hosts && p->hosts[0]->set->timezone ? p->hosts[0]->set->timezone : "UTC";
}

static json_t *head_of(const struct build_record *b)
{
        const struct plan *p = b->plan;
        json_t *notify = json_array();
        for (size_t i = 0; i < p->n_notices; i++)
                json_array_append_new(notify, notice_of(&p->notices[i]));
        json_t *o = json_pack("{s:i, s:s, s:b, s:o}", "version", 1, "timezone", timezone_of(p), "with-agent",
                b->agent->there, "notify", notify);
        set_text(o, "district", p->district_name ? p->district_name : p->district_id);
        if (p->upstream.url)
                json_object_set_new(o, "upstream", upstream_of(&p->upstream));
        return o;
}

/* --- writing, school by school --- */

static bool put(FILE *f, const char *before, json_t *o)
{
        bool fine = o && fputs(before, f) != EOF && json_dumpf(o, f, JSON_COMPACT) == 0;
        json_decref(o);
        return fine;
}

/* The head, left open for the schools. */
static bool put_head(FILE *f, json_t *head)
{
        char *text = head ? json_dumps(head, JSON_COMPACT) : NULL;
        json_decref(head);
        if (!text)
                return false;
        size_t n = strlen(text);
        bool fine = fprintf(f, "%.*s,\"schools\":[", (int)(n - 1), text) > 0;
        explicit_bzero(text, n);
        free(text);
        return fine;
}

bool build_expected(const struct build_record *b, int draft, struct err *e)
{
        AUTO_FD int dir = mkdirat(draft, "rollcall", 0700) < 0
                                  ? -1
                                  : openat(draft, "rollcall", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd =
                dir < 0 ? -1 : openat(dir, "expected.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        AUTO_FILE FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
        if (!f)
                return err_sys(e, _("creating %s"), "rollcall/expected.json");
        bool fine = put_head(f, head_of(b));
        for (size_t i = 0; fine && i < b->plan->n_schools; i++)
                fine = put(f, i ? ",\n" : "\n", school_of(b->plan->schools[i]));
        return (fine && fputs("\n]}\n", f) != EOF && fflush(f) == 0) ||
               err_sys(e, _("writing %s"), "rollcall/expected.json");
}
