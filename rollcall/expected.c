#include "rollcall/expected.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <errno.h>
#include <unistd.h>
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Far beyond any district's. */
enum { LARGEST_EXPECTED = 128 << 20, MOST_MACHINES = 1 << 20, LONGEST_TEXT = 4000 };

#define NAME "rollcall/expected.json"

struct kept {
        struct expected expected; /* first: what callers hold */
        struct arena *arena;      /* wiped when it is freed */
        size_t machines;
        bool damaged;
};

/* "" for what is not said. */
static const char *text_of(struct kept *k, const json_t *o, const char *key)
{
        const json_t *value = json_object_get(o, key);
        const char *text = json_string_value(value);
        size_t n = json_string_length(value);
        if (!value)
                return "";
        if (!text || n > LONGEST_TEXT || strlen(text) != n) {
                k->damaged = true;
                return "";
        }
        return arena_intern(k->arena, text, n);
}

static const char *needed(struct kept *k, const json_t *o, const char *key)
{
        const char *text = text_of(k, o, key);
        k->damaged |= !*text;
        return text;
}

static bool yes_of(struct kept *k, const json_t *o, const char *key)
{
        const json_t *value = json_object_get(o, key);
        k->damaged |= value && !json_is_boolean(value);
        return json_is_true(value);
}

/* A list that is not there is an empty one. */
static const json_t *list_of(struct kept *k, const json_t *o, const char *key, size_t *n)
{
        const json_t *list = json_object_get(o, key);
        k->damaged |= list && !json_is_array(list);
        *n = json_array_size(list);
        return list;
}

static struct expected_machine read_machine(struct kept *k, const json_t *o)
{
        k->damaged |= ++k->machines > MOST_MACHINES;
        return (struct expected_machine){ .name = needed(k, o, "name"),
                .address = text_of(k, o, "address"),
                .mac = text_of(k, o, "mac"),
                .serial = text_of(k, o, "serial"),
                .coordinator = yes_of(k, o, "coordinator") };
}

static struct expected_pool read_pool(struct kept *k, const json_t *o)
{
        struct expected_pool p = { .id = needed(k, o, "id"), .name = needed(k, o, "name") };
        const json_t *list = list_of(k, o, "hosts", &p.n_hosts);
        struct expected_machine *hosts = ARENA_ARRAY(k->arena, struct expected_machine, p.n_hosts + 1);
        for (size_t i = 0; i < p.n_hosts && !k->damaged; i++)
                hosts[i] = read_machine(k, json_array_get(list, i));
        p.hosts = hosts;
        return p;
}

static struct expected_school read_school(struct kept *k, const json_t *o)
{
        struct expected_school s = { .id = needed(k, o, "id"), .name = needed(k, o, "name") };
        const json_t *list = list_of(k, o, "pools", &s.n_pools);
        struct expected_pool *pools = ARENA_ARRAY(k->arena, struct expected_pool, s.n_pools + 1);
        for (size_t i = 0; i < s.n_pools && !k->damaged; i++)
                pools[i] = read_pool(k, json_array_get(list, i));
        s.pools = pools;
        return s;
}

static void read_schools(struct kept *k, const json_t *root)
{
        size_t n;
        const json_t *list = list_of(k, root, "schools", &n);
        struct expected_school *schools = ARENA_ARRAY(k->arena, struct expected_school, n + 1);
        for (size_t i = 0; i < n && !k->damaged; i++)
                schools[i] = read_school(k, json_array_get(list, i));
        k->expected.schools = schools;
        k->expected.n_schools = n;
        k->damaged |= !n;
}

/* A store may hold events of other schools, which a stick brought, or whose name was another once: what is for this
 * school's server alone must not be refused for their sake. */
static void read_upstream(struct kept *k, const json_t *o)
{
        if (!o)
                return;
        const char *school = text_of(k, o, "school");
        if (!*school && k->expected.n_schools == 1)
                school = k->expected.schools[0].id;
        k->expected.upstream = (struct upstream){ .url = needed(k, o, "url"),
                .pin = text_of(k, o, "pin"),
                .token = needed(k, o, "token"),
                .school = school && *school ? school : NULL };
}

static struct notice read_notice(struct kept *k, const json_t *o)
{
        static const char *const forms[] = { [NOTICE_JSON] = "web-hook",
                [NOTICE_WECOM] = "wecom",
                [NOTICE_DINGTALK] = "dingtalk",
                [NOTICE_MAIL] = "mail" };
        const char *form = needed(k, o, "form");
        struct notice n = { .url = needed(k, o, "url"),
                .from = text_of(k, o, "from"),
                .to = text_of(k, o, "to"),
                .user = text_of(k, o, "user"),
                .password = text_of(k, o, "password"),
                .on_complete = yes_of(k, o, "on-complete"),
                .on_failed = yes_of(k, o, "on-failed") };
        size_t i = 0;
        while (i < COUNT(forms) && strcmp(form, forms[i]))
                i++;
        k->damaged |= i == COUNT(forms) || (i == NOTICE_MAIL && (!*n.from || !*n.to));
        n.form = (enum notice_form)i;
        return n;
}

static void read_notices(struct kept *k, const json_t *root)
{
        size_t n;
        const json_t *list = list_of(k, root, "notify", &n);
        struct notice *notices = ARENA_ARRAY(k->arena, struct notice, n + 1);
        for (size_t i = 0; i < n && !k->damaged; i++)
                notices[i] = read_notice(k, json_array_get(list, i));
        k->expected.notices = notices;
        k->expected.n_notices = n;
}

static bool read_all(struct kept *k, const json_t *root)
{
        k->damaged = json_integer_value(json_object_get(root, "version")) != 1;
        k->expected.timezone = needed(k, root, "timezone");
        k->expected.district = text_of(k, root, "district");
        k->expected.with_agent = yes_of(k, root, "with-agent");
        read_schools(k, root);
        read_upstream(k, json_object_get(root, "upstream"));
        read_notices(k, root);
        return !k->damaged;
}

static void wipe(struct str *s)
{
        if (s->ptr)
                explicit_bzero(s->ptr, s->cap);
        str_clear(s);
}

/* What the library read is freed wiped: a process that forks afterwards must not hand tokens on to its children. */
static void free_wiped(void *p)
{
        if (p)
                explicit_bzero(p, malloc_usable_size(p));
        free(p);
}

static bool read_file(struct kept *k, int dir, struct err *e)
{
        OWN(wipe) struct str text = STR_MAX(LARGEST_EXPECTED);
        if (faccessat(dir, NAME, F_OK, 0) < 0 && errno == ENOENT)
                return err_rule(e, XR_ROLL_NO_EXPECTED, NULL);
        if (!file_read(dir, NAME, LARGEST_EXPECTED, &text, e))
                return false;
        json_set_alloc_funcs(malloc, free_wiped);
        json_t *root = json_loadb(str_text(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
        bool fine = root && read_all(k, root);
        json_decref(root);
        return fine || err_rule(e, XR_ROLL_EXPECTED_DAMAGED, NAME, NULL);
}

struct expected *expected_open(int dir, struct err *e)
{
        struct kept *k = calloc(1, sizeof(*k));
        if (!k)
                file_out_of_memory();
        k->arena = arena_new();
        if (read_file(k, dir, e))
                return &k->expected;
        expected_free(&k->expected);
        return NULL;
}

void expected_use_timezone(const struct expected *x)
{
        if (x->timezone && *x->timezone)
                setenv("TZ", x->timezone, 1);
        tzset();
}

void expected_free(struct expected *x)
{
        struct kept *k = (struct kept *)x;
        if (!k)
                return;
        arena_free(k->arena);
        free(k);
}
