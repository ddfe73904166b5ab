/* A deployment as a whole, built by hand: what golden pairs cannot show is how check scales, that one mistake is said
 * once, and releases that do not exist. */
#include "answerfiles/check.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <time.h>

enum { HOSTS = 10 };

static const char hash[] =
        "$6$saltsalt$8RWsOfwR6M6PpnoeQiEiWzNTPo1f0HjVYjDnLZhGx16aBFRkeqiHAzfXP/LgrOWMBMXqiU2pLrXsSOHNUyUm91";
static const char *ntp[] = { "192.168.0.200" };

static struct pos at(uint32_t line) { return (struct pos){ .line = line, .col = 1, .file = 1 }; }

static struct settings *settings(struct arena *a)
{
        struct settings *s = ARENA_NEW(a, struct settings);
        s->keyboard = "us";
        s->ntp = (struct text_list){ ntp, NULL, 1 };
        s->root_password = (struct root_password){ PASSWORD_HASH, hash, at(1) };
        s->origin[SET_ROOT_PASSWORD].pos = at(1);
        s->disk = (struct disk_rule){ .kind = DISK_PICK_SMALLEST, .pos = at(2) };
        s->origin[SET_DISK].pos = at(2);
        s->management_nic = -1;
        return s;
}

static struct host *host(struct plan *p, struct pool *pool, uint32_t school, uint32_t k, const struct settings *set)
{
        struct host *h = ARENA_NEW(p->arena, struct host);
        uint32_t n = (uint32_t)p->n_hosts + 1;
        h->name = arena_printf(p->arena, "s%u-xen%u", school, k + 1);
        h->serial = arena_printf(p->arena, "6CU%08u", n);
        h->pool = pool;
        h->set = set;
        h->mac =
                (struct mac){ { 0, 0x16, 0x3e, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n }, true, at(100 + n) };
        h->address = (struct ip4){ 0xc0a8000b + k, true, at(100 + n) };
        h->coordinator = !k;
        h->number = n;
        h->pos = h->name_pos = h->serial_pos = at(100 + n);
        p->hosts[p->n_hosts++] = h;
        return h;
}

static void storage(struct arena *a, struct pool *pool)
{
        pool->storage = ARENA_NEW(a, struct storage);
        pool->n_storage = 1;
        *pool->storage = (struct storage){ .name = "NAS",
                .type = SR_NFS,
                .server = { "192.168.0.103", { 0xc0a80067, true, at(5) }, at(5) },
                .path = "/data",
                .lun = -1,
                .port = 3260,
                .is_default = true,
                .name_pos = at(5),
                .path_pos = at(5),
                .pos = at(5) };
        pool->ha = (struct ha){ .heartbeat = "NAS", .tolerate = 1, .pos = at(6) };
}

static struct school *school(struct plan *p, uint32_t number, const struct settings *set)
{
        struct school *s = ARENA_NEW(p->arena, struct school);
        struct pool *pool = ARENA_NEW(p->arena, struct pool);
        s->id = s->name = arena_printf(p->arena, "s%u", number);
        s->subnet =
                (struct subnet){ .addr = 0xc0a80000, .mask = 0xffffff00, .prefix = 24, .given = true, .pos = at(3) };
        s->gateway = (struct ip4){ 0xc0a80001, true, at(4) };
        s->pools = ARENA_NEW(p->arena, struct pool *);
        s->pools[0] = pool;
        s->n_pools = 1;
        s->pos = pool->pos = at(10 + number);
        pool->id = pool->name = "teach";
        pool->school = s;
        storage(p->arena, pool);
        pool->hosts = ARENA_ARRAY(p->arena, struct host *, HOSTS);
        for (uint32_t k = 0; k < HOSTS; k++)
                pool->hosts[pool->n_hosts++] = host(p, pool, number, k, set);
        return s;
}

static struct plan *district(const struct release *release, uint32_t schools)
{
        struct arena *a = arena_new();
        struct plan *p = ARENA_NEW(a, struct plan);
        p->arena = a;
        p->release = release;
        p->hosts = ARENA_ARRAY(a, struct host *, schools * HOSTS);
        p->schools = ARENA_ARRAY(a, struct school *, schools);
        const struct settings *set = settings(a);
        for (uint32_t i = 0; i < schools; i++)
                p->schools[p->n_schools++] = school(p, i, set);
        return p;
}

static char *said(const struct diags *d)
{
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);
        diags_print(d, f, false);
        fclose(f);
        return text;
}

static double check_seconds(const struct plan *p, struct diags *d)
{
        struct timespec a, b;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
        plan_check(p, d);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
        return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/* Ten times the hosts may cost thirty times the time at most: caches count, squares would show. */
static void test_cost(const struct release *r)
{
        double seconds[2];
        for (size_t i = 0; i < 2; i++) {
                struct plan *p = district(r, i ? 10000 : 1000);
                struct diags *d = diags_new();
                seconds[i] = check_seconds(p, d);
                AUTO_FREE char *text = said(d);
                unit_same("check", i ? "100,000 hosts are fine" : "10,000 hosts are fine", text, "");
                diags_free(d);
                arena_free(p->arena);
        }
        char detail[64];
        snprintf(detail, sizeof(detail), "%.3f s and %.3f s", seconds[0], seconds[1]);
        fprintf(stderr, "check: %s\n", detail);
        unit_case("check", "cost grows with the number of hosts", seconds[1] < 30 * seconds[0] + 0.1, detail);
}

/* Each breaks the last host of a small district, or something that all share. */
struct broken {
        struct plan *plan;
        struct host *last;
        struct settings *set;
        struct release release;
};

static void same_mac(struct broken *b) { memcpy(b->last->mac.byte, b->plan->hosts[0]->mac.byte, 6); }
static void same_serial(struct broken *b) { b->last->serial = "6cu00000001"; }
static void same_address(struct broken *b) { b->last->address.addr--; }
static void same_name(struct broken *b) { b->last->name = b->plan->hosts[b->plan->n_hosts - 2]->name; }
static void outside(struct broken *b) { b->last->address.addr += 0x100; }
static void broadcast(struct broken *b) { b->last->address.addr |= 0xff; }
static void second_coordinator(struct broken *b) { b->last->coordinator = true; }
static void no_password(struct broken *b)
{
        b->set->root_password = (struct root_password){ 0 }, b->set->origin[SET_ROOT_PASSWORD].pos.line = 0;
}
static void reinstall(struct broken *b)
{
        b->set->already_installed = INSTALLED_REINSTALL, b->set->origin[SET_ALREADY_INSTALLED].pos = at(7);
}
static void no_ipv6(struct broken *b) { b->set->ipv6 = IPV6_DHCP, b->release.ipv6 = false; }
static void no_sha512(struct broken *b) { b->release.hashes = HASH_SHA256; }
static void small_pools(struct broken *b) { b->release.free_pool_size = 3; }
static void path(struct broken *b)
{
        for (size_t i = 0; i < b->plan->n_schools; i++)
                b->plan->schools[i]->pools[0]->storage->path = "data";
}
static void heartbeat(struct broken *b)
{
        for (size_t i = 0; i < b->plan->n_schools; i++)
                b->plan->schools[i]->pools[0]->ha.heartbeat = "nas";
}

static void blueprint_address(struct broken *b)
{
        for (size_t i = 0; i < b->plan->n_hosts; i++)
                b->plan->hosts[i]->address = (struct ip4){ 0x0a000001 + (uint32_t)i, true, at(8) };
}

static const struct {
        const char *why;
        void (*spoil)(struct broken *);
        const char *said;
        size_t times; /* problems in all */
} cases[] = {
        { "equal MAC in two schools", same_mac,
                "host s2/s2-xen10 has the MAC address 00:16:3e:00:00:01, which host s0/s0-xen1 already has", 1 },
        { "equal serial but for case", same_serial, "XR-202", 1 },
        { "equal address in a school", same_address, "which host s2-xen9 already has", 1 },
        { "equal name in a school", same_name, "XR-203", 1 },
        { "outside of the subnet", outside, "XR-206", 1 },
        { "broadcast address", broadcast, "XR-207", 1 },
        { "second coordinator", second_coordinator, "XR-214", 1 },
        { "no password: said once for all", no_password, "(number of hosts without one: 30)", 1 },
        { "reinstall: said once a place, with its hosts", reinstall,
                "with all their virtual machines: s0-xen1, s0-xen2, s0-xen3, s0-xen4, s0-xen5, … (number of hosts: 30)",
                1 },
        { "a release without IPv6", no_ipv6, "XR-234", 1 },
        { "a release without SHA-512", no_sha512, "Make one with 'openssl passwd -5'", 1 },
        { "a pool above the licence: each is named, and that HA needs one", small_pools, "XR-216", 4 },
        { "a blueprint's mistake: said once", path, "XR-052", 1 },
        { "a blueprint's address, wrong for every host: said once", blueprint_address, "XR-206", 1 },
        { "a blueprint's heartbeat: said once", heartbeat, "XR-276", 1 },
};

static void test_case(const struct release *r, size_t i)
{
        struct broken b = { .release = *r };
        b.plan = district(&b.release, 3);
        b.last = b.plan->hosts[b.plan->n_hosts - 1];
        b.set = (struct settings *)(uintptr_t)b.last->set;
        cases[i].spoil(&b);
        struct diags *d = diags_new();
        plan_check(b.plan, d);
        AUTO_FREE char *text = said(d);
        size_t times = diags_errors(d) + diags_warnings(d);
        unit_case("check", cases[i].why, strstr(text, cases[i].said) && times == cases[i].times, text);
        diags_free(d);
        arena_free(b.plan->arena);
}

int main(void)
{
        const struct release *r = release_find("xcp-ng-8.3");
        for (size_t i = 0; i < COUNT(cases); i++)
                test_case(r, i);
        test_cost(r);
        return 0;
}
