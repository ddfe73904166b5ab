/* What the release's installer cannot do, or cannot take. */
#include "answerfiles/check_parts.h"
#include "answerfiles/value_text.h"
#include "base/text.h"

#include <string.h>

static void check_keyboard(struct check *c, const struct settings *set)
{
        struct pos pos = set->origin[SET_KEYBOARD].pos;
        size_t n;
        const char *const *names = keymap_names(&n);
        if (!set->keyboard || release_knows_keymap(c->release, set->keyboard))
                return;
        const char *near = text_nearest(set->keyboard, names, n);
        if (near && strlen(set->keyboard) > 2)
                check_say(c, pos, XR_KEYMAP_NEAR, set->keyboard, c->release->product, near);
        else
                check_say(c, pos, XR_KEYMAP_UNKNOWN, set->keyboard, c->release->product);
}

static void check_features(struct check *c, const struct settings *set)
{
        const struct release *r = c->release;
        const struct origin *o = set->origin;
        if (set->vlan && !r->vlan)
                check_say(c, o[SET_VLAN].pos, XR_VLAN_RELEASE, r->product);
        if (set->raid.n && !r->raid_element && !r->swraid)
                check_say(c, check_pos(set->raid.pos, o[SET_RAID].pos), XR_RAID_RELEASE, r->product);
        if (set->ipv6 != IPV6_NONE && !r->ipv6)
                check_say(c, o[SET_IPV6].pos, XR_IPV6_RELEASE, r->product);
        if (set->driver_disks.n && !r->driver_source)
                check_say(c, check_pos(set->driver_disks.items[0].pos, o[SET_DRIVER_DISKS].pos), XR_DRIVER_RELEASE,
                        r->product);
        if (set->packs.n && !r->many_sources)
                check_say(c, check_pos(set->packs.items[0].pos, o[SET_PACKS].pos), XR_PACKS_RELEASE, r->product);
}

/* A character that the installer's XML reader stops at. Addresses by HTTP were judged when they were read. */
static void check_ascii(struct check *c, struct pos pos, const char *text)
{
        char letter[CHARACTER_TEXT];
        for (const char *s = text; s && *s; s++)
                if (*s <= 0x20 || *s > 0x7e) {
                        check_say(c, pos, XR_NOT_ASCII, text, character_text(s, letter));
                        return;
                }
}

static void check_source(struct check *c, const struct install_source *s, bool main_source)
{
        enum gpg_style gpg = c->release->gpg;
        if (s->type == SOURCE_NFS)
                check_ascii(c, s->pos, s->url);
        bool known = gpg == GPG_PER_SOURCE || (gpg == GPG_NETINSTALL && main_source);
        if (s->gpgcheck != TRI_UNSET && !known)
                check_say(c, s->pos, XR_GPG_RELEASE, c->release->product, "gpgcheck");
        else if (s->repo_gpgcheck != TRI_UNSET && !known)
                check_say(c, s->pos, XR_GPG_RELEASE, c->release->product, "repo-gpgcheck");
}

/* The line's text without its end, at most a terminal's width. */
static const char *first_line(struct check *c, struct bytes content)
{
        size_t n = 0;
        while (n < content.len && n < 60 && content.ptr[n] >= 0x20 && content.ptr[n] != 0x7f)
                n++;
        return arena_strndup(c->arena, content.ptr, n);
}

static bool runs_with(const char *interpreters, const char *line)
{
        for (const char *s = interpreters; *s; s += strspn(s, "|")) {
                size_t n = strcspn(s, "|");
                if (!strncmp(line, s, n) && (!line[n] || line[n] == ' '))
                        return true;
                s += n;
        }
        return false;
}

static const char *with_commas(struct check *c, const char *interpreters)
{
        AUTO_STR text = STR_MAX(1024);
        for (; *interpreters; interpreters++)
                str_add(&text, *interpreters == '|' ? ", " : ((char[]){ *interpreters, 0 }));
        return arena_strdup(c->arena, str_text(&text));
}

static void check_script(struct check *c, const struct script *s)
{
        if (s->url) {
                check_ascii(c, s->pos, s->url);
                return;
        }
        const char *line = first_line(c, s->content), *known = c->release->interpreters;
        const char *end = s->content.len ? memchr(s->content.ptr, '\n', s->content.len) : NULL;
        if (end && end > s->content.ptr && end[-1] == '\r')
                check_say(c, s->pos, XR_SCRIPT_CRLF, s->file);
        else if (known ? !runs_with(known, line) : strncmp(line, "#!", 2))
                check_say(c, s->pos, XR_SCRIPT_INTERPRETER, s->file, line, c->release->product,
                        with_commas(c, known ? known : "#!/bin/bash"));
}

static void check_scripts(struct check *c, const struct settings *set)
{
        for (size_t stage = 0; stage < STAGES; stage++) {
                const struct script_list *l = &set->scripts[stage];
                if (l->n && stage == STAGE_PACKAGES_INSTALLED && !c->release->stage_packages_installed)
                        check_say(c, check_pos(l->items[0].pos, set->origin[SET_SCRIPT_PACKAGES].pos), XR_STAGE_RELEASE,
                                c->release->product, stage_names[stage]);
                for (size_t i = 0; i < l->n; i++)
                        check_script(c, &l->items[i]);
        }
}

void check_release(struct check *c, const struct settings *set)
{
        check_keyboard(c, set);
        check_features(c, set);
        check_source(c, &set->source, true);
        for (size_t i = 0; i < set->packs.n; i++)
                check_source(c, &set->packs.items[i], false);
        for (size_t i = 0; i < set->driver_disks.n; i++)
                check_source(c, &set->driver_disks.items[i], false);
        check_scripts(c, set);
}

static const struct {
        const char *scheme, *openssl;
        unsigned form;
} hashes[] = { { "$1$", "-1", HASH_MD5 }, { "$5$", "-5", HASH_SHA256 }, { "$6$", "-6", HASH_SHA512 } };

/* The strongest that the release is known to read. */
static const char *openssl_option(unsigned forms)
{
        const char *best = "-6";
        for (size_t i = 0; i < COUNT(hashes); i++)
                if (forms & hashes[i].form)
                        best = hashes[i].openssl;
        return best;
}

/* Never shows more of the hash than its first three letters. */
static void check_hash(struct check *c, const struct settings *set)
{
        struct pos pos = check_pos(set->root_password.pos, set->origin[SET_ROOT_PASSWORD].pos);
        for (size_t i = 0; i < COUNT(hashes); i++) {
                if (strncmp(set->root_password.hash, hashes[i].scheme, 3) || !check_first(c, hashes, pos))
                        continue;
                if (!(c->release->hashes & hashes[i].form))
                        diag_secret(c->diags, XR_HASH_RELEASE, pos, hashes[i].scheme, c->release->product,
                                openssl_option(c->release->hashes), NULL);
                else if (hashes[i].form == HASH_MD5)
                        diag_secret(c->diags, XR_HASH_WEAK, pos, NULL);
        }
}

void check_passwords(struct check *c)
{
        const struct host *first = NULL;
        const struct settings *before = NULL;
        size_t missing = 0;
        for (size_t i = 0; i < c->plan->n_hosts; i++) {
                const struct host *h = c->plan->hosts[i];
                const struct settings *set = h->set;
                /* One that was written and is wrong has its position, and was reported. */
                bool none = set->root_password.kind == PASSWORD_UNSET && !set->origin[SET_ROOT_PASSWORD].pos.line;
                missing += none;
                if (none && !first)
                        first = h;
                if (set != before && set->root_password.kind == PASSWORD_HASH && set->root_password.hash)
                        check_hash(c, set);
                before = set;
        }
        if (first)
                check_say(c, first->pos, XR_ROOT_PASSWORD_MISSING, first->name, check_number(c, missing));
}
