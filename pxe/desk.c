#include "pxe/desk.h"
#include "pxe/bootscript.h"
#include "pxe/enrolment.h"
#include "pxe/report.h"
#include "answerfiles/pack_read.h"
#include "answerfiles/selector_network.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "base/text.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

enum { LARGEST_AGENT = 4 << 20, LARGEST_PLAN = 1 << 20, MAC_LENGTH = 17, GENERATOR_URL = 200 };

bool desk_init(struct desk *d, struct err *e)
{
        unsigned char bytes[16];
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
                return err_sys(e, _("drawing a random token"));
        text_hex(bytes, sizeof(bytes), d->enrol_token);
        d->installing = installing_new(d->packages);
        return true;
}

void desk_clear(struct desk *d)
{
        installing_free(d->installing);
        d->installing = NULL;
}

void desk_say(const struct desk *d, const char *fmt, ...)
{
        char line[400];
        va_list ap;
        if (!d->say)
                return;
        va_start(ap, fmt);
        vsnprintf(line, sizeof(line), fmt, ap);
        va_end(ap);
        /* Some of it machines have told: a line feed would let them say things in our name. */
        for (char *at = line; *at; at++)
                memset(at, ' ', text_steers(at));
        d->say(d->say_arg, line);
}

/* What went wrong on our side; the machine is told to come back. */
static void trouble(const struct desk *d, struct reply *r, const struct err *e)
{
        desk_say(d, "%s", e->text);
        r->status = 503;
}

static void text_reply(struct reply *r)
{
        r->status = 200;
        snprintf(r->type, sizeof(r->type), "text/plain");
}

/* --- what to start --- */

/* "01-52-54-00-00-00-11" or "52:54:00:00:00:11", in any case, to the latter in lower case. */
static bool read_mac(const char *text, char mac[MAC_LENGTH + 1])
{
        if (strlen(text) == MAC_LENGTH + 3 && !strncmp(text, "01-", 3))
                text += 3;
        if (strlen(text) != MAC_LENGTH)
                return false;
        for (int i = 0; i < MAC_LENGTH; i++) {
                bool between = i % 3 == 2;
                if (between ? text[i] != ':' && text[i] != '-' : !isxdigit((unsigned char)text[i]))
                        return false;
                mac[i] = between ? ':' : (char)tolower((unsigned char)text[i]);
        }
        mac[MAC_LENGTH] = '\0';
        return true;
}

/* A host that is known by its serial number only may have told us its cards when it was enrolled. */
static const struct roster_host *host_of_mac(const struct desk *d, const char *mac, struct err *e)
{
        char serial[100];
        const struct roster_host *h = roster_by_mac(d->roster, mac);
        if (h || !enrolled_serial(d->arming, mac, serial, e) || !*serial)
                return h;
        h = roster_by_serial(d->roster, serial);
        return h && !h->mac ? h : NULL;
}

struct loader {
        const char *prefix;
        void (*write)(const struct bootscript *, struct str *out);
        bool serial; /* what stands behind the prefix is a serial number */
};

static const struct loader loaders[] = {
        { "/boot/pxelinux.cfg/", bootscript_pxelinux, false },
        { "/boot/grub-serial/", bootscript_grub, true },
        { "/boot/grub/", bootscript_grub, false },
        { "/boot/ipxe/", bootscript_ipxe, false },
};

static bool decide(struct desk *d, const struct roster_host *h, struct arm_row *row, bool *installs, struct err *e)
{
        *installs = false;
        if (!h || d->paused)
                return true;
        enum arm_state before;
        if (!arming_get(d->arming, h->school->id, h->name, row, e))
                return false;
        before = row->state;
        if (!arming_boots(d->arming, h->school->id, h->name, d->now(), row, installs, e))
                return false;
        if (before != row->state && row->state == ARM_FAILED)
                desk_say(d, _("%s/%s: started twice without completion: disarmed"), h->school->id, h->name);
        return true;
}

/* The generator's URL, or none: then the machine starts its own disk. */
static void generator_of(const struct desk *d, const struct roster_host *h, const struct arm_row *row, bool installs,
        char url[GENERATOR_URL])
{
        *url = '\0';
        if (installs)
                snprintf(url, GENERATOR_URL, "http://%s/h/%s/select", d->address, row->token);
        else if (!h && d->enrol && !d->paused)
                snprintf(url, GENERATOR_URL, "http://%s/enrol/%s/script", d->address, d->enrol_token);
}

static void say_start(const struct desk *d, const char *who, const struct roster_host *h, const char *what)
{
        if (h)
                desk_say(d, "%s: %s/%s: %s", who, h->school->id, h->name, what);
        else
                desk_say(d, _("%s: unknown machine: %s"), who, what);
}

static void start(struct desk *d, const struct loader *l, const char *who, struct reply *r)
{
        char mac[MAC_LENGTH + 1] = "", url[GENERATOR_URL] = "";
        struct err e = ERR_INIT;
        struct arm_row row;
        bool installs;
        if (!l->serial && !read_mac(who, mac))
                return; /* pxelinux also asks by UUID, by address and for a default */
        const struct roster_host *h = l->serial ? roster_by_serial(d->roster, who) : host_of_mac(d, mac, &e);
        if (e.kind != ERR_NONE || !decide(d, h, &row, &installs, &e)) {
                trouble(d, r, &e);
                return;
        }
        bool asks_serial = !h && !l->serial && l->write == bootscript_grub && roster_has_nameless(d->roster);
        if (!asks_serial)
                generator_of(d, h, &row, installs, url);
        struct bootscript script = { .lines = d->lines,
                .address = d->address,
                .mac = l->serial ? BOOTSCRIPT_OWN_MAC : mac,
                .generator = *url ? url : NULL,
                .title = h ? h->name : "unknown machine",
                .serial_asked = asks_serial };
        l->write(&script, &r->body);
        text_reply(r);
        say_start(d, l->serial ? _("by serial number") : mac, h,
                installs      ? _("starts the installer")
                : *url        ? _("starts its enrolment")
                : asks_serial ? _("is asked for its serial number")
                              : _("starts its own disk"));
}

/* --- a host's own files --- */

static void give_selector(struct desk *d, const struct roster_host *h, const char *token, const char *peer,
        struct reply *r, struct err *e)
{
        AUTO_STR pack = STR_MAX(1 << 20);
        struct arm_row row;
        bool allowed;
        char server[64], report[160];
        snprintf(server, sizeof(server), "http://%s", d->address);
        snprintf(report, sizeof(report), "%s/h/%s/report", server, token);
        struct network_script s = { .files = d->files, .server = server, .report = report };
        /* First everything that can fail, then the start, which counts. */
        if (!roster_pack(d->roster, h, &pack, e))
                return;
        s.pack = str_bytes(&pack);
        if (network_script_write(&s, &r->body, e) && arming_start(d->arming, token, d->now(), &row, &allowed, e)) {
                if (allowed) {
                        text_reply(r);
                        report_started(d, &row, peer);
                        desk_say(d, _("%s/%s: installation started (%d of %d)"), row.school, row.host, row.starts,
                                MOST_STARTS);
                        if (row.starts == MOST_STARTS)
                                desk_say(d, _("%s/%s: disarmed: it will not be started again unless it is armed anew"),
                                        row.school, row.host);
                } else
                        str_reset(&r->body);
        }
        explicit_bzero(pack.ptr, pack.len);
}

/* From the pack, or from the files that all packs share. */
static void give_hook(struct desk *d, const struct roster_host *h, const char *name, struct reply *r, struct err *e)
{
        for (size_t i = 0; i < d->files->n; i++)
                if (!strcmp(d->files->items[i].name, name)) {
                        str_addn(&r->body, str_text(&d->files->items[i].content), d->files->items[i].content.len);
                        text_reply(r);
                        return;
                }
        AUTO_STR text = STR_MAX(1 << 20);
        if (!roster_pack(d->roster, h, &text, e))
                return;
        struct pack_read *pack = pack_read(str_bytes(&text), e);
        struct bytes file = pack && !strncmp(name, "hook-", 5) ? pack_read_file(pack, name) : bytes_of(NULL, 0);
        if (file.ptr) {
                str_addn(&r->body, file.ptr, file.len);
                text_reply(r);
        }
        pack_read_free(pack);
        explicit_bzero(text.ptr, text.len);
}

/* What the build may have for the agent; a build without it has no such file. */
static void give_file(const struct desk *d, const char *path, size_t largest, struct reply *r)
{
        struct err ignored = ERR_INIT;
        if (faccessat(d->build, path, F_OK, 0) == 0 && file_read(d->build, path, largest, &r->body, &ignored)) {
                r->status = 200;
                snprintf(r->type, sizeof(r->type), "application/octet-stream");
        }
}

static void give_answer(const struct desk *d, const struct roster_host *h, struct reply *r)
{
        char path[200];
        snprintf(path, sizeof(path), "answerfiles/%s/%s.xml", h->school->id, h->name);
        give_file(d, path, LARGEST_PLAN, r);
}

static void give_plan(const struct desk *d, const struct roster_host *h, struct reply *r)
{
        char path[200];
        snprintf(path, sizeof(path), "agent/%s/%s.xml", h->school->id, h->name);
        give_file(d, path, LARGEST_PLAN, r);
}

static void host_files(struct desk *d, const struct ask *a, struct reply *r, struct err *e)
{
        char token[TOKEN_TEXT];
        const char *at = a->path + strlen("/h/"), *slash = strchr(at, '/');
        struct arm_row row;
        bool found = false;
        if (!slash || slash - at != TOKEN_TEXT - 1)
                return;
        snprintf(token, sizeof(token), "%s", at);
        const char *name = slash + 1;
        if (!arming_by_token(d->arming, token, &row, &found, e) || !found)
                return;
        const struct roster_host *h = roster_find(d->roster, row.school, row.host);
        bool live = h && (row.state == ARM_ARMED || row.state == ARM_STARTED) && d->now() < row.until;
        if (h && !strcmp(a->method, "POST") && !strcmp(name, "report"))
                report_take(d, &row, a, r, e);
        else if (!live || strcmp(a->method, "GET") != 0)
                return;
        else if (!strcmp(name, "select") && d->paused)
                r->status = 503;
        else if (!strcmp(name, "select"))
                give_selector(d, h, token, a->peer, r, e);
        else if (!strcmp(name, "answer.xml"))
                give_answer(d, h, r);
        else if (!strcmp(name, "agent"))
                give_file(d, "agent/xenroll-agent", LARGEST_AGENT, r);
        else if (!strcmp(name, "plan"))
                give_plan(d, h, r);
        else
                give_hook(d, h, name, r, e);
}

/* --- machines that nobody knows --- */

static void enrolment(struct desk *d, const struct ask *a, struct reply *r, struct err *e)
{
        char prefix[64], url[160], first[20];
        int n = snprintf(prefix, sizeof(prefix), "/enrol/%s/", d->enrol_token);
        if (!d->enrol || strncmp(a->path, prefix, (size_t)n) != 0)
                return;
        if (!strcmp(a->path + n, "script") && !strcmp(a->method, "GET")) {
                snprintf(url, sizeof(url), "http://%s%sreport", d->address, prefix);
                if (enrol_script_write(url, &r->body, e))
                        text_reply(r);
        } else if (!strcmp(a->path + n, "report") && !strcmp(a->method, "POST")) {
                struct enrolled m;
                bool kept = false;
                if (!enrolment_read(a->body, &m))
                        return;
                m.seen = d->now();
                if (!enrolled_put(d->arming, &m, &kept, e) || !kept)
                        return;
                r->status = 204;
                snprintf(first, sizeof(first), "%.17s", m.macs);
                desk_say(d, _("%s: enrolled: %s, serial number %s"), first, m.model, m.serial);
        }
}

/* --- all of it --- */

void desk_answer(void *arg, const struct ask *a, struct reply *r)
{
        struct desk *d = arg;
        struct err e = ERR_INIT;
        r->status = 404;
        if (!strncmp(a->path, "/h/", 3))
                host_files(d, a, r, &e);
        else if (!strncmp(a->path, "/enrol/", 7))
                enrolment(d, a, r, &e);
        else if (!strcmp(a->path, "/served") && !*a->peer)
                report_served(d, a->body, r);
        else
                for (size_t i = 0; i < COUNT(loaders) && !strcmp(a->method, "GET"); i++)
                        if (!strncmp(a->path, loaders[i].prefix, strlen(loaders[i].prefix))) {
                                start(d, &loaders[i], a->path + strlen(loaders[i].prefix), r);
                                break;
                        }
        if (e.kind != ERR_NONE)
                trouble(d, r, &e);
        else if (r->body.failed)
                r->status = 503;
        if (r->status >= 400)
                str_reset(&r->body);
}
