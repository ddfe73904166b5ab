#include "cmd/build_network.h"
#include "answerfiles/selector.h"
#include "base/file.h"
#include "base/i18n.h"
#include "isobuilder/media.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

struct writing {
        const struct build_record *record;
        int64_t not_before;
        FILE *hosts, *packs;
        uint64_t at; /* bytes of packs so far */
        int school;  /* number of the current host's, from 0 */
};

static void wipe(struct str *s)
{
        if (s->ptr)
                explicit_bzero(s->ptr, s->len);
        str_clear(s);
}

/* --- hosts.json --- */

static bool put(FILE *f, const char *between, json_t *o)
{
        AUTO_FREE char *text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
        json_decref(o);
        return text && fprintf(f, "%s\n%s", between, text) > 0;
}

static void set_address(json_t *o, const char *key, uint32_t address)
{
        char text[IP4_TEXT];
        if (address)
                json_object_set_new(o, key, json_string(ip4_text(address, text)));
}

static json_t *dns_of(const struct school *s)
{
        json_t *list = json_array();
        const struct host *first = s->n_pools && s->pools[0]->n_hosts ? s->pools[0]->hosts[0] : NULL;
        for (size_t i = 0; first && i < first->set->dns.n; i++)
                json_array_append_new(list, json_string(first->set->dns.items[i]));
        return list;
}

static json_t *school_of(const struct school *s)
{
        json_t *o = json_pack("{s:s, s:s, s:i}", "id", s->id, "name", s->name ? s->name : s->id, "prefix",
                s->subnet.given ? s->subnet.prefix : 0);
        set_address(o, "subnet", s->subnet.given ? s->subnet.addr : 0);
        set_address(o, "gateway", s->gateway.given ? s->gateway.addr : 0);
        set_address(o, "boot-server", s->boot_server.given ? s->boot_server.addr : 0);
        json_object_set_new(o, "dns", dns_of(s));
        return o;
}

static bool put_head(const struct writing *w, const char *image_id)
{
        const struct plan *p = w->record->plan;
        bool fine = fprintf(w->hosts,
                            "{\"version\":1,\"build\":\"%s\",\"image\":\"media/%s\",\"image-id\":\"%s\",\"schools\":[",
                            w->record->id, MEDIA_BASE, image_id) > 0;
        for (size_t i = 0; fine && i < p->n_schools; i++)
                fine = put(w->hosts, i ? "," : "", school_of(p->schools[i]));
        return fine && fputs("\n],\"hosts\":[", w->hosts) != EOF;
}

static json_t *host_of(const struct writing *w, const struct host *h, size_t bytes)
{
        char mac[MAC_TEXT];
        json_t *o = json_pack("{s:i, s:s, s:I, s:I}", "school", w->school, "host", h->name, "at", (json_int_t)w->at,
                "bytes", (json_int_t)bytes);
        if (h->mac.given)
                json_object_set_new(o, "mac", json_string(mac_text(&h->mac, mac)));
        if (h->serial)
                json_object_set_new(o, "serial", json_string(h->serial));
        set_address(o, "address", h->address.given ? h->address.addr : 0);
        if (h->set->already_installed == INSTALLED_REINSTALL)
                json_object_set_new(o, "reinstall", json_true());
        return o;
}

/* --- packs --- */

static bool pack_host(const struct writing *w, size_t i, struct str *out, struct err *e)
{
        const struct build_record *b = w->record;
        struct selector_pack *pack = selector_pack_new(b->plan, e);
        bool fine = pack &&
                    build_record_pack(b, pack, i, e) &&
                    selector_pack_finish(pack, b->id, w->not_before, out, e);
        selector_pack_free(pack);
        return fine;
}

static bool put_host(struct writing *w, size_t i, struct err *e)
{
        const struct plan *p = w->record->plan;
        OWN(wipe) struct str pack = STR_MAX(1 << 20);
        if (!pack_host(w, i, &pack, e))
                return false;
        while (p->schools[w->school] != p->hosts[i]->pool->school)
                w->school++;
        if (!put(w->hosts, i ? "," : "", host_of(w, p->hosts[i], pack.len)) ||
                fwrite(str_text(&pack), 1, pack.len, w->packs) != pack.len)
                return err_sys(e, _("writing %s"), "pxe/packs");
        w->at += pack.len;
        return true;
}

static FILE *create(int dir, const char *name)
{
        int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? NULL : fdopen(fd, "w");
}

bool build_network(const struct build_record *b, int64_t not_before, const char *image_id, int draft, struct err *e)
{
        AUTO_FD int dir =
                mkdirat(draft, "pxe", 0700) < 0 ? -1 : openat(draft, "pxe", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        AUTO_FILE FILE *hosts = dir < 0 ? NULL : create(dir, "hosts.json");
        AUTO_FILE FILE *packs = hosts ? create(dir, "packs") : NULL;
        if (!packs)
                return err_sys(e, _("creating %s"), "pxe");
        struct writing w = { .record = b, .not_before = not_before, .hosts = hosts, .packs = packs };
        bool fine = put_head(&w, image_id);
        for (size_t i = 0; fine && i < b->plan->n_hosts; i++)
                if (!put_host(&w, i, e))
                        return false;
        fine = fine && fputs("\n]}\n", hosts) != EOF && fflush(hosts) == 0 && fflush(packs) == 0;
        return fine ? true : err_sys(e, _("writing %s"), "pxe/hosts.json");
}
