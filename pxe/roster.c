#include "pxe/roster.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

enum { LARGEST_ROSTER = 256 << 20, LARGEST_PACK = 1 << 20 };

struct roster {
        struct arena *arena;
        const char *build, *image, *image_id;
        struct roster_school *schools;
        size_t n_schools;
        struct roster_host *hosts;
        size_t n_hosts;
        json_t *by_mac, *by_serial, *by_name; /* name to index */
        bool nameless;
        int packs;
};

void roster_free(struct roster *r)
{
        if (!r)
                return;
        json_decref(r->by_mac);
        json_decref(r->by_serial);
        json_decref(r->by_name);
        cleanup_fd(&r->packs);
        arena_free(r->arena);
        free(r);
}

const char *roster_build(const struct roster *r) { return r->build; }
const char *roster_image(const struct roster *r) { return r->image; }
const char *roster_image_id(const struct roster *r) { return r->image_id; }
size_t roster_count(const struct roster *r) { return r->n_hosts; }
const struct roster_host *roster_at(const struct roster *r, size_t index) { return &r->hosts[index]; }
size_t roster_schools(const struct roster *r) { return r->n_schools; }
const struct roster_school *roster_school_at(const struct roster *r, size_t index) { return &r->schools[index]; }
bool roster_has_nameless(const struct roster *r) { return r->nameless; }

/* --- reading --- */

static const char *text_of(struct roster *r, const json_t *o, const char *key)
{
        const char *text = json_string_value(json_object_get(o, key));
        return text ? arena_intern(r->arena, text, strlen(text)) : NULL;
}

static uint32_t address_of(const char *text)
{
        struct in_addr a;
        return text && inet_pton(AF_INET, text, &a) == 1 ? ntohl(a.s_addr) : 0;
}

static uint32_t address_in(const json_t *o, const char *key)
{
        return address_of(json_string_value(json_object_get(o, key)));
}

static bool read_school(struct roster *r, const json_t *o, struct roster_school *s)
{
        const json_t *dns = json_object_get(o, "dns");
        s->id = text_of(r, o, "id");
        s->name = text_of(r, o, "name");
        s->subnet = address_in(o, "subnet");
        s->prefix = (int)json_integer_value(json_object_get(o, "prefix"));
        s->gateway = address_in(o, "gateway");
        s->boot_server = address_in(o, "boot-server");
        uint32_t *servers = ARENA_ARRAY(r->arena, uint32_t, json_array_size(dns) + 1);
        for (size_t i = 0; i < json_array_size(dns); i++) {
                uint32_t a = address_of(json_string_value(json_array_get(dns, i)));
                if (a)
                        servers[s->n_dns++] = a;
        }
        s->dns = servers;
        return s->id && s->name && s->prefix >= 0 && s->prefix <= 32;
}

static void name_of(const struct roster_host *h, char *out, size_t size)
{
        snprintf(out, size, "%s/%s", h->school->id, h->name);
}

/* Firmware spells serial numbers as it likes. */
static void fold(const char *serial, char *out, size_t size)
{
        size_t n = 0;
        for (; serial[n] && n + 1 < size; n++)
                out[n] = (char)toupper((unsigned char)serial[n]);
        out[n] = '\0';
}

static bool put_new(json_t *map, const char *key, size_t index)
{
        return !json_object_get(map, key) && !json_object_set_new(map, key, json_integer((json_int_t)index));
}

static bool index_host(struct roster *r, size_t index)
{
        const struct roster_host *h = &r->hosts[index];
        char key[256];
        name_of(h, key, sizeof(key));
        if (!put_new(r->by_name, key, index) || (h->mac && !put_new(r->by_mac, h->mac, index)))
                return false;
        if (!h->serial)
                return true;
        fold(h->serial, key, sizeof(key));
        return put_new(r->by_serial, key, index);
}

static bool read_host(struct roster *r, const json_t *o, size_t index)
{
        struct roster_host *h = &r->hosts[index];
        json_int_t school = json_integer_value(json_object_get(o, "school"));
        json_int_t at = json_integer_value(json_object_get(o, "at")),
                   bytes = json_integer_value(json_object_get(o, "bytes"));
        if (school < 0 || (size_t)school >= r->n_schools || at < 0 || bytes <= 0 || bytes > LARGEST_PACK)
                return false;
        h->school = &r->schools[school];
        h->name = text_of(r, o, "host");
        h->mac = text_of(r, o, "mac");
        h->serial = text_of(r, o, "serial");
        h->address = address_in(o, "address");
        h->reinstall = json_is_true(json_object_get(o, "reinstall"));
        h->at = (uint64_t)at;
        h->bytes = (uint64_t)bytes;
        r->nameless |= !h->mac;
        return h->name && (h->mac || h->serial) && index_host(r, index);
}

static bool read_all(struct roster *r, const json_t *root)
{
        const json_t *schools = json_object_get(root, "schools"), *hosts = json_object_get(root, "hosts");
        if (json_integer_value(json_object_get(root, "version")) != 1)
                return false;
        r->build = text_of(r, root, "build");
        r->image = text_of(r, root, "image");
        r->image_id = text_of(r, root, "image-id");
        r->n_schools = json_array_size(schools);
        r->n_hosts = json_array_size(hosts);
        r->schools = ARENA_ARRAY(r->arena, struct roster_school, r->n_schools + 1);
        r->hosts = ARENA_ARRAY(r->arena, struct roster_host, r->n_hosts + 1);
        bool fine = r->build && r->image && r->image_id;
        for (size_t i = 0; fine && i < r->n_schools; i++)
                fine = read_school(r, json_array_get(schools, i), &r->schools[i]);
        for (size_t i = 0; fine && i < r->n_hosts; i++)
                fine = read_host(r, json_array_get(hosts, i), i);
        return fine;
}

static bool read_roster(struct roster *r, int dir, struct err *e)
{
        AUTO_STR text = STR_MAX(LARGEST_ROSTER);
        if (faccessat(dir, "pxe/hosts.json", F_OK, 0) < 0 && errno == ENOENT)
                return err_rule(e, XR_SERVE_NO_NETWORK_PART, NULL);
        if (!file_read(dir, "pxe/hosts.json", LARGEST_ROSTER, &text, e))
                return false;
        json_t *root = json_loadb(str_text(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
        bool fine = root && read_all(r, root);
        json_decref(root);
        if (!fine)
                return err_rule(e, XR_SERVE_DAMAGED, "pxe/hosts.json", NULL);
        r->packs = openat(dir, "pxe/packs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        return r->packs >= 0 ? true : err_sys(e, _("opening %s"), "pxe/packs");
}

struct roster *roster_open(int dir, struct err *e)
{
        struct roster *r = calloc(1, sizeof(*r));
        if (!r)
                file_out_of_memory();
        r->packs = -1;
        r->arena = arena_new();
        r->by_mac = json_object();
        r->by_serial = json_object();
        r->by_name = json_object();
        if (read_roster(r, dir, e))
                return r;
        roster_free(r);
        return NULL;
}

/* --- finding --- */

static const struct roster_host *at_key(const struct roster *r, const json_t *map, const char *key)
{
        const json_t *index = json_object_get(map, key);
        return index ? &r->hosts[json_integer_value(index)] : NULL;
}

const struct roster_host *roster_by_mac(const struct roster *r, const char *mac) { return at_key(r, r->by_mac, mac); }

const struct roster_host *roster_by_serial(const struct roster *r, const char *serial)
{
        char key[256];
        fold(serial, key, sizeof(key));
        return at_key(r, r->by_serial, key);
}

const struct roster_host *roster_find(const struct roster *r, const char *school, const char *host)
{
        char key[256];
        snprintf(key, sizeof(key), "%s/%s", school, host);
        return at_key(r, r->by_name, key);
}

const struct roster_host *roster_named(const struct roster *r, const char *name, struct err *e)
{
        const struct roster_host *found = at_key(r, r->by_name, name);
        if (found)
                return found;
        for (size_t i = 0; i < r->n_schools; i++) {
                const struct roster_host *h = roster_find(r, r->schools[i].id, name);
                if (h && found) {
                        err_rule(e, XR_ARM_AMBIGUOUS, name, found->school->id, h->school->id, NULL);
                        return NULL;
                }
                found = h ? h : found;
        }
        if (!found)
                err_rule(e, XR_ARM_NO_HOST, name, NULL);
        return found;
}

bool roster_pack(const struct roster *r, const struct roster_host *h, struct str *out, struct err *e)
{
        AUTO_FREE char *pack = malloc(h->bytes);
        if (!pack)
                file_out_of_memory();
        ssize_t got = pread(r->packs, pack, h->bytes, (off_t)h->at);
        if (got == (ssize_t)h->bytes)
                str_addn(out, pack, h->bytes);
        explicit_bzero(pack, h->bytes);
        return got == (ssize_t)h->bytes ? str_ok(out, "pxe/packs", e)
                                        : err_rule(e, XR_SERVE_DAMAGED, "pxe/packs", NULL);
}
