/* Lines of a scenario, at the start or told later. */
#include "tests/xapi/inside.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 40 };

/* Words at blanks; "…" keeps its blanks, also behind an equals sign. */
static bool split(struct arena *a, const char *line, const char **words, size_t *n, struct err *e)
{
        for (*n = 0; *(line += strspn(line, " \t"));) {
                char *word = arena_alloc(a, strlen(line) + 1);
                size_t k = 0;
                bool quoted = false;
                if (*n == MOST_WORDS)
                        return err_set(e, ERR_INPUT, "too many words");
                for (; *line && (quoted || (*line != ' ' && *line != '\t')); line++)
                        if (*line == '"')
                                quoted = !quoted;
                        else
                                word[k++] = *line;
                if (quoted)
                        return err_set(e, ERR_INPUT, "a quotation mark is open");
                words[(*n)++] = word;
        }
        return true;
}

static const char *value_of(const char *word, const char *key)
{
        size_t n = strlen(key);
        return !strncmp(word, key, n) && word[n] == '=' ? word + n + 1 : NULL;
}

static void *add_one(void *list, size_t n, size_t each)
{
        void *more = realloc(list, (n + 1) * each);
        if (!more)
                abort();
        memset((char *)more + n * each, 0, each);
        return more;
}

/* --- hosts --- */

static const struct text_attribute {
        const char *key;
        size_t offset;
} host_texts[] = {
        { "uuid", offsetof(struct host, uuid) },
        { "hostname", offsetof(struct host, hostname) },
        { "password", offsetof(struct host, password) },
        { "product", offsetof(struct host, product) },
        { "version", offsetof(struct host, product) },

        { "build", offsetof(struct host, build) },
        { "platform", offsetof(struct host, platform) },
        { "brand", offsetof(struct host, brand) },
        { "cpu", offsetof(struct host, cpu_vendor) },
        { "features", offsetof(struct host, cpu_features) },
        { "edition", offsetof(struct host, edition) },
        { "patches", offsetof(struct host, patches) },
        { "backend", offsetof(struct host, backend) },
        { "guidance", offsetof(struct host, guidance) },
};

static void default_host(struct world *w, struct host *h)
{
        const struct release *r = w->release;
        int number = (int)(h - w->hosts);
        h->uuid = arena_printf(w->a, "00000000-0000-4000-8000-%012d", number + 1);
        h->hostname = h->name;
        h->password = "secret";
        h->product = r->version;
        h->platform = r->platform;
        h->brand = r->brand;
        h->build = "1000";
        h->cpu_vendor = "GenuineIntel";
        h->cpu_features = "1fcbfbff-80b82221-2993fbff-00000403";
        h->edition = r->limited ? "free" : strcmp(r->brand, "XCP-ng") ? "free" : "xcp-ng";
        h->restricted = r->limited;
        h->patches = h->guidance = "";
        h->backend = "openvswitch";
        h->memory = 64ll << 30;
        h->boot_time = 15000;
        h->firstboot_time = 26000;
        h->powered = true;
        h->root = -1;
}

static void list_macs(struct world *w, struct host *h, const char *list)
{
        h->n_nics = 0;
        for (const char *at = list; *at && h->n_nics < COUNT(h->macs); at += strcspn(at, ","), at += *at == ',')
                h->macs[h->n_nics++] = arena_strndup(w->a, at, strcspn(at, ","));
}

/* MAC@ethN: a card and its name in one word. */
static void name_cards(struct host *h)
{
        for (size_t i = 0; i < h->n_nics; i++) {
                char *at = strchr(h->macs[i], '@');
                if (at && !strncmp(at, "@eth", 4)) {
                        h->eth[i] = (int)strtol(at + 4, NULL, 10);
                        *at = '\0';
                }
        }
}

static void list_eth(struct host *h, const char *list)
{
        for (size_t i = 0; i < h->n_nics && *list; i++, list += strcspn(list, ","), list += *list == ',')
                h->eth[i] = (int)strtol(list, NULL, 10);
}

static bool host_flag(struct host *h, const char *word)
{
        const char *v;
        if (!strcmp(word, "off"))
                h->powered = false;
        else if (!strcmp(word, "dhcp"))
                h->dhcp = true;
        else if (!strcmp(word, "no-ha"))
                h->no_ha_licence = true;
        else if (!strcmp(word, "dies-once") || !strcmp(word, "dies-early"))
                h->dies_once = true;
        else if ((v = value_of(word, "firstboot")))
                h->firstboot_done = !strcmp(v, "done");
        else if ((v = value_of(word, "first-boot")))
                h->firstboot_time = strtoll(v, NULL, 10) * 1000;
        else if ((v = value_of(word, "licence")))
                h->restricted = !strcmp(v, "restricted");
        else if ((v = value_of(word, "skew")))
                h->skew = strtoll(v, NULL, 10);
        else if ((v = value_of(word, "memory")))
                h->memory = strtoll(v, NULL, 10);
        else if ((v = value_of(word, "boot")))
                h->boot_time = strtoll(v, NULL, 10);
        else if ((v = value_of(word, "management")))
                h->management = (int)strtol(v, NULL, 10);
        else
                return false;
        return true;
}

static bool host_attribute(struct world *w, struct host *h, const char *word)
{
        const char *v;
        for (size_t i = 0; i < COUNT(host_texts); i++)
                if ((v = value_of(word, host_texts[i].key))) {
                        *(const char **)((char *)h + host_texts[i].offset) = arena_strdup(w->a, v);
                        return true;
                }
        if ((v = value_of(word, "mac")))
                list_macs(w, h, v);
        else if (!value_of(word, "eth"))
                return host_flag(h, word);
        return true;
}

/* NAME ADDRESS [key=value …] */
static bool parse_host(struct world *w, const char *const *words, size_t n, struct err *e)
{
        if (n < 2)
                return err_set(e, ERR_INPUT, "a host needs a name and an address");
        w->hosts = add_one(w->hosts, (size_t)w->n, sizeof(*w->hosts));
        struct host *h = &w->hosts[w->n++];
        h->name = arena_strdup(w->a, words[0]);
        h->address = arena_strdup(w->a, words[1]);
        default_host(w, h);
        bool cards = n > 2 && !strchr(words[2], '=') && strchr(words[2], ':');
        if (cards)
                list_macs(w, h, words[2]);
        for (size_t i = cards ? 3 : 2; i < n; i++)
                if (!host_attribute(w, h, words[i]))
                        return err_set(e, ERR_INPUT, "host %s: '%s' is not known", words[0], words[i]);
        for (; !h->macs[0] && h->n_nics < 4; h->n_nics++)
                ;
        for (size_t i = 0; i < h->n_nics; i++) {
                int number = w->n - 1;
                h->eth[i] = (int)i;
                h->macs[i] = h->macs[i] ? h->macs[i]
                                        : arena_printf(w->a, "00:16:3e:%02x:%02x:%02zx", number / 256, number % 256, i);
        }
        name_cards(h);
        for (size_t i = 2; i < n; i++)
                if (value_of(words[i], "eth"))
                        list_eth(h, value_of(words[i], "eth"));
        return true;
}

/* --- storage --- */

static const char *blanks(struct arena *a, const char *list)
{
        char *copy = arena_strdup(a, list);
        for (char *s = copy; *s; s++)
                *s = *s == ',' ? ' ' : *s;
        return copy;
}

static bool target_attribute(struct world *w, struct target *t, const char *word)
{
        const char *v;
        if (!strcmp(word, "foreign"))
                t->foreign = true;
        else if ((v = value_of(word, "sr")))
                for (; *v && t->n_sr < MOST_ON_TARGET; v += strcspn(v, ","), v += *v == ',')
                        t->sr[t->n_sr++] = arena_strndup(w->a, v, strcspn(v, ","));
        else if ((v = value_of(word, "lun")))
                t->lun = arena_strdup(w->a, v);
        else if ((v = value_of(word, "serial")))
                t->serial = arena_strdup(w->a, v);
        else if ((v = value_of(word, "scsiid")))
                t->scsiid = arena_strdup(w->a, v);
        else if ((v = value_of(word, "adapter")))
                t->adapter = arena_strdup(w->a, v);
        else if ((v = value_of(word, "size")))
                t->size = strtoll(v, NULL, 10);
        else if ((v = value_of(word, "user")))
                t->user = arena_strdup(w->a, v);
        else if ((v = value_of(word, "password")))
                t->password = arena_strdup(w->a, v);
        else if ((v = value_of(word, "versions")))
                t->versions = blanks(w->a, v);
        else if ((v = value_of(word, "iso")) || (v = value_of(word, "files")))
                t->iso = blanks(w->a, v);
        else
                return false;
        return true;
}

static void list_addresses(struct world *w, struct target *t, const char *list)
{
        for (const char *at = list; *at && t->n_addresses < MOST_ADDRESSES; at += strcspn(at, ","), at += *at == ',')
                t->address[t->n_addresses++] = arena_strndup(w->a, at, strcspn(at, ","));
}

/* LUN SERIAL SCSIID: without keys, in this order. */
static size_t plain_lun(struct world *w, struct target *t, const char *const *words, size_t at, size_t n)
{
        if (n < at + 3 || strchr(words[at], '=') || strchr(words[at + 1], '='))
                return at;
        t->lun = arena_strdup(w->a, words[at]);
        t->serial = arena_strdup(w->a, words[at + 1]);
        t->scsiid = arena_strdup(w->a, words[at + 2]);
        return at + 3;
}

/* nfs ADDRESS PATH | iscsi ADDRESS[,ADDRESS] IQN | hba SCSIID | smb ADDRESS SHARE, then key=value … */
bool target_parse(struct world *w, const char *const *words, size_t n, struct err *e)
{
        static const char *const kinds[] = {
                [ON_NFS] = "nfs", [ON_ISCSI] = "iscsi", [ON_HBA] = "hba", [ON_SMB] = "smb"
        };
        size_t kind = 0, first;
        const char *word = strncmp(words[0], "iso-", 4) ? words[0] : words[0] + 4;
        while (strcmp(kinds[kind], word))
                kind++;
        first = kind == ON_HBA ? 2 : 3;
        if (n < first)
                return err_set(e, ERR_INPUT, "%s needs more words", words[0]);
        w->targets = add_one(w->targets, w->n_targets, sizeof(*w->targets));
        struct target *t = &w->targets[w->n_targets++];
        *t = (struct target){ .kind = (enum target_kind)kind,
                .path = "",
                .lun = "0",
                .serial = "",
                .scsiid = "",
                .adapter = "0",
                .size = 1ll << 40,
                .versions = "3 4 4.0 4.1 4.2",
                .iso = "" };
        if (kind == ON_HBA) {
                t->scsiid = arena_strdup(w->a, words[1]);
        } else {
                list_addresses(w, t, words[1]);
                t->path = arena_strdup(w->a, words[2]);
        }
        if (kind == ON_ISCSI)
                first = plain_lun(w, t, words, first, n);
        else if (kind == ON_HBA && plain_lun(w, t, words, 1, n) == 4)
                first = 4;
        for (size_t i = first; i < n; i++)
                if (!target_attribute(w, t, words[i]))
                        return err_set(e, ERR_INPUT, "%s: '%s' is not known", words[0], words[i]);
        return kind != ON_ISCSI || *t->scsiid ? true : err_set(e, ERR_INPUT, "iscsi needs scsiid=");
}

/* --- what happens --- */

static bool one_host(struct world *w, const char *const *words, size_t n, int *host, struct err *e)
{
        *host = n > 1 ? host_named(w, words[1]) : -1;
        return *host >= 0 || err_set(e, ERR_INPUT, "%s: which host?", words[0]);
}

static void mend(struct world *w, const char *a, const char *b)
{
        size_t kept = 0;
        for (size_t i = 0; i < w->n_cuts; i++) {
                const struct cut *c = &w->cuts[i];
                bool same = (!strcmp(c->a, a) && !strcmp(c->b, b)) || (!strcmp(c->a, b) && !strcmp(c->b, a));
                if (!same)
                        w->cuts[kept++] = *c;
        }
        w->n_cuts = kept;
        look_at_members(w);
}

static void mend_later(struct world *w, int host, const char *names)
{
        (void)host;
        mend(w, names, names + strlen(names) + 1);
}

/* cut A [B] [for=SECONDS], mend A [B], storage-down A, storage-up A */
static bool change_cut(struct world *w, const char *const *words, size_t n, struct err *e)
{
        const char *last = n > 2 ? value_of(words[n - 1], "for") : NULL;
        n -= last != NULL;
        if (n != 2 && n != 3)
                return err_set(e, ERR_INPUT, "%s needs a name or two", words[0]);
        const char *a = words[1], *b = n > 2 ? words[2] : "*";
        if (!strcmp(words[0], "mend") || !strcmp(words[0], "storage-up")) {
                mend(w, a, b);
                return true;
        }
        w->cuts = add_one(w->cuts, w->n_cuts, sizeof(*w->cuts));
        w->cuts[w->n_cuts++] = (struct cut){ arena_strdup(w->a, a), arena_strdup(w->a, b) };
        if (last) {
                size_t k = strlen(a) + 1;
                char *names = arena_alloc(w->a, k + strlen(b) + 1);
                memcpy(names, a, k);
                memcpy(names + k, b, strlen(b) + 1);
                after(w, strtoll(last, NULL, 10) * 1000, 0, 0, mend_later, names);
        }
        if (w->calls)
                look_at_members(w);
        return true;
}

bool control(struct world *w, const char *const *words, size_t n, struct err *e)
{
        int host;
        if (!strcmp(words[0], "cut") || !strcmp(words[0], "mend") || !strncmp(words[0], "storage-", 8))
                return change_cut(w, words, n, e);
        if (!one_host(w, words, n, &host, e))
                return false;
        struct host *h = &w->hosts[host];
        if (!strcmp(words[0], "power-off") || !strcmp(words[0], "power-on")) {
                host_power(w, host, words[0][7] == 'n');
        } else if (!strcmp(words[0], "restart")) {
                if (h->powered && h->state != XAPI_OFF)
                        xapi_restarts(w, host,
                                n < 3                       ? 0
                                : value_of(words[2], "for") ? strtoll(words[2] + 4, NULL, 10) * 1000
                                                            : strtoll(words[2], NULL, 10));
        } else if (!strcmp(words[0], "clock") && n == 3) {
                h->skew = strtoll(words[2], NULL, 10);
        } else if (!strcmp(words[0], "password") && n == 3) {
                h->password = arena_strdup(w->a, words[2]);
        } else {
                return err_set(e, ERR_INPUT, "'%s' is not known", words[0]);
        }
        return true;
}

/* --- lines --- */

static bool parse_release(struct world *w, const char *const *words, size_t n, struct err *e)
{
        w->release = n == 2 ? release_find(words[1]) : NULL;
        if (!w->release || w->api)
                return err_set(e, ERR_INPUT, "release: '%s' is not known, or it is the second", n > 1 ? words[1] : "");
        w->api = api_new(w->release);
        return true;
}

static bool parse_number(struct world *w, const char *const *words, size_t n, bool *known)
{
        *known = true;
        if (!strcmp(words[0], "latency") && n == 2)
                w->latency = strtoll(words[1], NULL, 10);
        else if (!strcmp(words[0], "pace") && n == 2)
                w->pace = strtoll(words[1], NULL, 10);
        else if (!strcmp(words[0], "time") && n == 2)
                w->began = strtoll(words[1], NULL, 10);
        else if (!strcmp(words[0], "join") && n == 3) {
                w->join_least = strtoll(words[1], NULL, 10);
                w->join_most = strtoll(words[2], NULL, 10);
        } else
                *known = false;
        return true;
}

static bool add_template(struct world *w, const char *line, const char *first)
{
        bool quoted = strchr(line, '"') != NULL;
        line += strspn(line, " \t");
        line += strlen("template");
        line += strspn(line, " \t");
        w->templates = add_one(w->templates, w->n_templates, sizeof(*w->templates));
        w->templates[w->n_templates++] = arena_strdup(w->a, quoted ? first : line);
        return true;
}

static bool is_target(const char *word)
{
        word += strncmp(word, "iso-", 4) ? 0 : 4;
        return !strcmp(word, "nfs") || !strcmp(word, "iscsi") || !strcmp(word, "hba") || !strcmp(word, "smb");
}

bool parse_line(struct world *w, const char *line, bool starting, struct err *e)
{
        const char *words[MOST_WORDS];
        size_t n;
        bool known;
        struct arena *a = w->a;
        if (!split(a, line, words, &n, e))
                return false;
        if (!n || *words[0] == '#')
                return true;
        if (!strcmp(words[0], "release"))
                return parse_release(w, words, n, e);
        if (!w->api)
                return err_set(e, ERR_INPUT, "the release comes first");
        if (parse_number(w, words, n, &known) && known)
                return true;
        if (!strcmp(words[0], "host"))
                return starting ? parse_host(w, words + 1, n - 1, e)
                                : err_set(e, ERR_INPUT, "a host cannot come later");
        if (is_target(words[0]))
                return starting ? target_parse(w, words, n, e) : err_set(e, ERR_INPUT, "storage cannot come later");
        if (!strcmp(words[0], "template"))
                return starting ? add_template(w, line, n > 1 ? words[1] : "")
                                : err_set(e, ERR_INPUT, "a template cannot come later");
        if (!strcmp(words[0], "fault"))
                return fault_parse(w, words + 1, n - 1, e);
        if (!strcmp(words[0], "faults-over")) {
                faults_end(w);
                return true;
        }
        if (starting && strcmp(words[0], "cut"))
                return err_set(e, ERR_INPUT, "'%s' is not known at the start", words[0]);
        return control(w, words, n, e);
}
