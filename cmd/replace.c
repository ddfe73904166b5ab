#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "cmd/interrupt.h"
#include "cmd/live_pool.h"
#include "cmd/load.h"
#include "answerfiles/value.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_SOURCE = 64 << 20 };

struct options {
        const char *with, *site;
        bool powered_off;
        struct pool_link_options link;
};

/* --- the site file: the new machine in place of the old one --- */

/* Where the old one's identity stands. */
struct place {
        char name[4200], file[4200]; /* as the site file names it; and its path */
        struct pos pos;
        bool is_mac;
        const char *old, *with; /* as a site file is read; in the buffers below when they are MAC addresses */
        char old_mac[MAC_TEXT], new_mac[MAC_TEXT];
};

/* A spreadsheet is named as the site file does, seen from there. */
static bool path_of(const struct options *o, const char *name, char out[4200], struct err *e)
{
        char joined[4200];
        const char *site = o->site ? o->site : "site.yaml", *slash = strrchr(site, '/');
        bool beside = strcmp(name, site) != 0 && *name != '/' && slash;
        snprintf(joined, sizeof(joined), "%.*s%s", beside ? (int)(slash + 1 - site) : 0, site, name);
        AUTO_FREE char *real = realpath(joined, NULL);
        snprintf(out, 4200, "%s", real ? real : joined);
        return real || err_sys(e, _("reading %s"), joined);
}

static const struct host *find_host(const struct plan *plan, const struct agent_plan *of)
{
        for (size_t i = 0; i < plan->n_hosts; i++) {
                const struct host *h = plan->hosts[i];
                if (!strcmp(h->name, of->host) && !strcmp(h->pool->school->id, of->school))
                        return h;
        }
        return NULL;
}

/* What means itself wherever it is written: in YAML with and without braces, in a row of whatever separator. */
static bool is_plain(const char *text)
{
        return isalnum((unsigned char)*text) && !text[strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                                   "abcdefghijklmnopqrstuvwxyz -._/+")];
}

static bool is_key(const char *text, bool of_mac, struct mac *mac)
{
        struct diags *ignored = diags_new();
        bool is_mac = value_mac(ignored, (struct pos){ 0 }, text, mac);
        bool fits = of_mac ? is_mac : !is_mac && is_plain(text) && value_serial(ignored, (struct pos){ 0 }, text);
        diags_free(ignored);
        return fits;
}

static bool find_place(
        const struct options *o, const struct loaded *l, const struct host *h, struct place *p, struct err *e)
{
        struct mac mac;
        p->is_mac = h->mac.given;
        if (h->mac.given && h->serial)
                return err_rule(e, XR_MEMBERS_TWO_KEYS, h->name, NULL);
        if (!is_key(o->with, p->is_mac, &mac))
                return err_rule(e, XR_MEMBERS_OTHER_KEY, h->name, p->is_mac ? _("MAC address") : _("serial number"),
                        o->with, NULL);
        p->pos = p->is_mac ? h->mac.pos : h->serial_pos;
        snprintf(p->name, sizeof(p->name), "%s", diags_file_name(l->diags, p->pos.file));
        p->old = p->is_mac ? mac_text(&h->mac, p->old_mac) : h->serial;
        p->with = p->is_mac ? mac_text(&mac, p->new_mac) : o->with;
        return path_of(o, p->name, p->file, e);
}

/* MAC addresses may stand there with other separators, or in capitals. */
static bool same_at(const char *text, const char *end, const char *old, bool is_mac, size_t *n)
{
        const char *s = text;
        for (; *old && s < end; s++) {
                if (is_mac && *old == ':') {
                        old++;
                        if (*s == ':' || *s == '-' || *s == '.')
                                continue;
                }
                char c = *s >= 'A' && *s <= 'Z' && is_mac ? (char)(*s + 32) : *s;
                if (c != *old)
                        return false;
                old++;
        }
        *n = (size_t)(s - text);
        return !*old;
}

/* The line with the one place in it that says old saying the new one; false when it is not exactly one. */
static bool put_instead(
        struct bytes file, uint32_t line, const char *old, bool is_mac, const char *with, struct str *out)
{
        const char *text = (const char *)file.ptr, *all = text + file.len, *found = NULL;
        size_t n = 0, n_found = 0, times = 0;
        for (uint32_t i = 1; i < line && text < all; i++) {
                const char *next = memchr(text, '\n', (size_t)(all - text));
                text = next ? next + 1 : all;
        }
        const char *end = memchr(text, '\n', (size_t)(all - text));
        end = end ? end : all;
        for (const char *s = text; s < end; s++)
                if (same_at(s, end, old, is_mac, &n)) {
                        times++;
                        found = s;
                        n_found = n;
                }
        if (times != 1)
                return false;
        const char *begin = (const char *)file.ptr;
        str_addn(out, begin, (size_t)(found - begin));
        str_add(out, with);
        str_addn(out, found + n_found, (size_t)(all - found) - n_found);
        return true;
}

/* Looked up first, written last: a refusal of the pool leaves the site file as it is. draft: what stands in the file of
 * that name in place of what does. */
static bool look_up(const struct options *o, const struct agent_plan *of, const char *name, struct bytes draft,
        struct loaded *l, struct place *p, struct err *e)
{
        struct load_options lo = { .site = o->site, .quiet = true, .draft_of = name, .draft = draft };
        if (!load_site(l, &lo, e))
                return false;
        const struct host *h = find_host(l->plan, of);
        return h ? find_place(o, l, h, p, e) : err_rule(e, XR_MEMBERS_NO_PLAN, of->host, NULL);
}

/* Still a site file, and the host in it is the new machine: nothing that was given may have meant more than itself. */
static bool would_be_fine(
        const struct options *o, const struct agent_plan *of, const struct place *p, struct bytes draft, struct err *e)
{
        OWN(loaded_clear) struct loaded l = { 0 };
        struct place then = { 0 };
        if (!look_up(o, of, p->name, draft, &l, &then, e))
                return err_ctx(e, _("%s instead of %s"), o->with, p->old);
        return !strcmp(then.old, p->with) || err_rule(e, XR_MEMBERS_PLACE, p->file, p->with, NULL);
}

static bool publish(const char *path, struct bytes text, mode_t mode, struct err *e)
{
        AUTO_STR folder = STR_MAX(4200);
        const char *slash = strrchr(path, '/');
        str_addn(&folder, path, (size_t)(slash - path) + 1);
        AUTO_FD int dir = open(str_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return dir < 0 ? err_sys(e, _("opening %s"), str_text(&folder)) : file_publish(dir, slash + 1, text, mode, e);
}

/* The file as it is to be. */
static bool change(const struct options *o, const struct place *p, struct str *after, struct err *e)
{
        AUTO_STR before = STR_MAX(LONGEST_SOURCE);
        if (!file_read(AT_FDCWD, p->file, LONGEST_SOURCE, &before, e))
                return false;
        if (put_instead(str_bytes(&before), p->pos.line, p->old, p->is_mac, o->with, after))
                return true;
        AUTO_STR where = STR_MAX(4200);
        str_addf(&where, "%s:%u", p->file, p->pos.line);
        return err_rule(e, XR_MEMBERS_PLACE, str_text(&where), p->old, NULL);
}

/* Asked before the pool is: once the host is forgotten there it is late to say that the file cannot be changed, or is
 * none any more when it is (another host has that address). */
static bool can_change(
        const struct options *o, const struct agent_plan *of, const struct place *p, struct str *checked, struct err *e)
{
        return !strcmp(p->old, p->with) || (change(o, p, checked, e) && would_be_fine(o, of, p, str_bytes(checked), e));
}

/* What was checked; or, when somebody has written in the file meanwhile, what is checked now. */
static bool rewrite(const struct options *o, const struct agent_plan *of, const struct place *p,
        const struct str *checked, struct err *e)
{
        AUTO_STR after = STR_MAX(LONGEST_SOURCE);
        struct stat st;
        if (!change(o, p, &after, e))
                return false;
        bool same = after.len == checked->len && !memcmp(str_text(&after), str_text(checked), after.len);
        if (!same && !would_be_fine(o, of, p, str_bytes(&after), e))
                return false;
        if (stat(p->file, &st) < 0)
                return err_sys(e, _("reading %s"), p->file);
        if (!publish(p->file, str_bytes(&after), st.st_mode & 07777, e))
                return false;
        printf(_("%s:%u: %s instead of %s\n"), p->file, p->pos.line, o->with, p->old);
        return true;
}

/* --- the pool --- */

static bool forget(const struct options *o, struct live_pool *pool, struct err *e)
{
        OWN(members_clear) struct members m = { 0 };
        const struct agent_plan *plan = pool->plan;
        bool paused = false;
        if (!members_read(&m, pool->xapi, plan, e))
                return false;
        const struct rpc_value *host = members_find(&m, plan, plan->host);
        if (!host) {
                printf(_("%s: pool %s does not know it (any more)\n"), plan->host, plan->pool);
                return live_pool_settle(pool, true, e);
        }
        if (!members_may_forget(&m, pool->xapi, host, o->powered_off, e))
                return false;
        interrupt_watch();
        bool fine = members_pause_ha(&m, pool->xapi, &paused, e);
        if (paused)
                printf(_("%s: high availability is off while it is forgotten\n"), plan->pool);
        fine = fine && members_forget(&m, pool->xapi, host, o->powered_off, e);
        if (fine)
                printf(_("%s: forgotten in pool %s\n"), plan->host, plan->pool);
        return live_pool_settle(pool, fine, e);
}

static void say_next(const char *out, const struct options *o, const struct agent_plan *plan)
{
        const char *site = o->site ? o->site : "site.yaml";
        printf(_("Next:\n"
                 "  xenroll build -o %s %s     (with --iso as before)\n"
                 "  install the new machine from a stick or over the network: xenroll stick %s, or xenroll arm --again "
                 "%s %s/%s\n"
                 "  xenroll add-host %s %s/%s\n"),
                out, site, out, out, plan->school, plan->host, out, plan->school, plan->host);
}

static bool run(const void *options, int argc, char **argv, struct err *e)
{
        const struct options *o = options;
        OWN(live_pool_close) struct live_pool pool = LIVE_POOL_INIT;
        OWN(loaded_clear) struct loaded l = { 0 };
        AUTO_STR checked = STR_MAX(LONGEST_SOURCE);
        struct place place = { 0 };
        (void)argc;
        if (!live_pool_plan(&pool, argv[0], argv[1], e) ||
                (o->with && (!look_up(o, pool.plan, NULL, bytes_of("", 0), &l, &place, e) ||
                                    !can_change(o, pool.plan, &place, &checked, e))) ||
                !live_pool_connect(&pool, &o->link, e) || !forget(o, &pool, e))
                return false;
        if (o->with && strcmp(place.old, place.with) && !rewrite(o, pool.plan, &place, &checked, e))
                return false;
        say_next(argv[0], o, pool.plan);
        return true;
}

static const struct option_row rows[] = {
        { "with", 'w', "MAC|SERIAL", OPTION_TEXT, offsetof(struct options, with),
                N_("the new machine; it is written into the site file in place of the old one. Left out: it stands "
                   "there already") },
        { "site", 's', "SITE", OPTION_TEXT, offsetof(struct options, site), N_("the site file (site.yaml)") },
        { "powered-off", 0, NULL, OPTION_FLAG, offsetof(struct options, powered_off),
                N_("the old machine is off for certain: virtual machines that the pool believes to run on it are taken "
                   "for switched off") },
        POOL_LINK_ROWS(options, link),
};

const struct command command_replace = {
        .name = "replace",
        .arguments = "OUT HOST|SCHOOL/HOST",
        .summary = N_("forget a dead host, and let another machine take its place"),
        .about = N_(
                "For a server that is broken: the pool forgets it, and its local storage; high availability is off for "
                "that "
                "minute and on again afterwards. Then the new machine's MAC address or serial number is written into "
                "the site file "
                "where the old one's stands, and the commands that remain are printed. Refused while the pool still "
                "hears from the host, "
                "for the pool's coordinator, and while the pool believes that virtual machines run on it, unless "
                "--powered-off. "
                "The site file is changed only when the pool has agreed, and only when it is a good one afterwards."),
        .example = "  xenroll replace out nn36-xen2 --with 00:16:3e:00:00:99\n",
        .options = rows,
        .n_options = COUNT(rows),
        .size = sizeof(struct options),
        .min_args = 2,
        .max_args = 2,
        .run = run,
};
