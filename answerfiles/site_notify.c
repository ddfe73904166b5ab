/* Who is told: the roll call that hosts report to, the district's server, hooks and mail. */
#include "answerfiles/site_tables.h"
#include "answerfiles/value_text.h"
#include "base/i18n.h"

#include <string.h>

#define FIELD(section, member) .offset = offsetof(struct section, member)

/* --- the roll call of hosts that are installed from sticks --- */

bool read_roll_call(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        size_t length;
        const char *text = read_scalar(r, n, pos);
        if (!text || !value_roll_call(r->diags, pos, text, &length))
                return false;
        *(const char **)at = arena_strndup(r->arena, text, length);
        return true;
}

/* As a server prints it, or as openssl does: capitals with colons between. */
bool read_roll_call_pin(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        char digits[65];
        size_t k = 0;
        const char *text = read_scalar(r, n, pos);
        if (!text)
                return false;
        for (const char *s = text; *s && k < sizeof(digits); s++)
                if (*s != ':')
                        digits[k++] = hex_digit(*s) < 0 ? 'x' : to_lower(*s);
        if (k != 64 || memchr(digits, 'x', k))
                return REFUSE(r->diags, pos, XR_TRANSPORT_PIN, text);
        *(const char **)at = arena_strndup(r->arena, digits, k);
        return true;
}

/* --- the district's server --- */

static bool read_pin(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        enum { LETTERS = 43 };
        if (!read_string(r, n, pos, f, at))
                return false;
        const char *text = *(const char **)at;
        bool fine = !strncmp(text, "sha256//", 8) && strspn(text + 8, base64) == LETTERS &&
                    !strcmp(text + 8 + LETTERS, "=");
        return fine || REFUSE(r->diags, pos, XR_UPSTREAM_PIN, text);
}

static bool read_token_file(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        char token[33];
        size_t k = 0;
        const char *name = read_scalar(r, n, pos),
                   *line = name ? read_secret_line(r, pos, name, XR_UPSTREAM_TOKEN) : NULL;
        if (!line)
                return false;
        for (; line[k] && k < 32 && hex_digit(line[k]) >= 0; k++)
                token[k] = to_lower(line[k]);
        bool fine = k == 32 && !line[k];
        if (fine)
                *(const char **)at = arena_strndup(r->arena, token, k);
        explicit_bzero(token, sizeof(token));
        return fine || REFUSE(r->diags, pos, XR_UPSTREAM_TOKEN, name);
}

static bool read_whose(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        ((struct plan_upstream *)((char *)at - offsetof(struct plan_upstream, school)))->school_pos = pos;
        return read_string(r, n, pos, f, at);
}

static const struct field upstream_fields[] = {
        { "url", read_roll_call, FIELD(plan_upstream, url), .sample = "https://10.1.0.5", .required = true,
                .help = N_("address of the district's server") },
        { "pin", read_pin, FIELD(plan_upstream, pin),
                .sample = "\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
                .help = N_("of its public key, as it prints it when it starts; without it the certificate has to be "
                           "signed by an authority that this system knows") },
        { "token-file", read_token_file, FIELD(plan_upstream, token), .sample = "secrets/upstream.token",
                .required = true,
                .help = N_("file whose first line is the school's token; the district's administrator gets it from "
                           "'xenroll token OUT --school ID'") },
        { "school", read_whose, FIELD(plan_upstream, school), .sample = "nn36",
                .help = N_("whose server this is, where the site file has several schools") },
};
const struct section upstream_section = { N_("upstream"), upstream_fields, COUNT(upstream_fields), NULL };

bool read_upstream(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        ((struct plan_upstream *)at)->pos = pos;
        return section_read(r, n, pos, &upstream_section, at, NULL);
}

void upstream_check(const struct raw_site *site, struct diags *d)
{
        const struct plan_upstream *u = &site->upstream;
        bool known = !u->school;
        char count[NUMBER_TEXT];
        AUTO_STR ids = STR_MAX(4096);
        for (size_t i = 0; i < site->n_schools; i++) {
                const char *id = site->schools[i].id.text;
                if (!id)
                        continue;
                str_addf(&ids, "%s%s", ids.len ? ", " : "", id);
                known |= u->school && !strcmp(id, u->school);
        }
        snprintf(count, sizeof(count), "%zu", site->n_schools);
        if (!known)
                diag(d, XR_UPSTREAM_SCHOOL, u->school_pos, u->school, str_text(&ids), NULL);
        else if (u->pos.line && !u->school && site->n_schools > 1)
                diag(d, XR_UPSTREAM_WHICH, u->pos, count, str_text(&ids), NULL);
}

/* --- hooks and mail --- */

const char *const plan_notice_names[PLAN_NOTICE_FORMS] = { [PLAN_NOTICE_WEB_HOOK] = "web-hook",
        [PLAN_NOTICE_WECOM] = "wecom",
        [PLAN_NOTICE_DINGTALK] = "dingtalk",
        [PLAN_NOTICE_MAIL] = "mail" };

struct raw_notice {
        struct plan_notice n;
        unsigned forms; /* how many were named */
        bool on_given;
        struct located from, smtp, user, password;
};

struct raw_hook {
        struct located file;
};

static const struct field hook_fields[] = {
        { "url-file", read_located, FIELD(raw_hook, file), .sample = "secrets/wecom.url", .required = true,
                .help = N_("file whose first line is the address") },
};
static const struct section hook_section = { N_("hook"), hook_fields, COUNT(hook_fields), NULL };

static const char *hook_text(struct reader *r, struct fy_node *n, struct pos pos)
{
        struct raw_hook raw = { 0 };
        if (!fy_node_is_mapping(n))
                return read_scalar(r, n, pos);
        return section_read(r, n, pos, &hook_section, &raw, NULL)
                       ? read_secret_line(r, raw.file.pos, raw.file.text, XR_PASSWORD_EMPTY)
                       : NULL;
}

static bool read_hook(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct raw_notice *raw = at;
        bool plain;
        const char *url = hook_text(r, n, pos);
        raw->forms++;
        raw->n.form = *(const enum plan_notice_form *)f->arg;
        raw->n.url = url;
        if (!url)
                return false;
        if (!value_hook(url, &plain))
                return read_problem(r, XR_NOTICE_URL, pos, f->key);
        if (plain)
                read_problem(r, XR_NOTICE_PLAIN, pos, f->key);
        return true;
}

static bool read_to(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct raw_notice *raw = at;
        raw->forms++;
        raw->n.form = PLAN_NOTICE_MAIL;
        return read_string(r, n, pos, f, &raw->n.to) && value_mail(r->diags, pos, raw->n.to);
}

static bool read_from(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_located(r, n, pos, f, at) && value_mail(r->diags, pos, ((struct located *)at)->text);
}

static bool read_smtp(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        return read_located(r, n, pos, f, at) && value_smtp(r->diags, pos, ((struct located *)at)->text);
}

static bool read_mail_password(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        struct located *out = at;
        if (!read_located(r, n, pos, f, at))
                return false;
        out->text = read_secret_line(r, pos, out->text, XR_PASSWORD_EMPTY);
        return out->text;
}

static bool add_occasion(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        static const char *const occasions[] = { "school-complete", "host-failed", NULL };
        struct plan_notice *to = arg;
        const char *text = read_scalar(r, n, pos);
        int which = text ? read_word(r, pos, text, occasions) : -1;
        if (which >= 0)
                *(which ? &to->on_failed : &to->on_complete) = true;
        return which >= 0;
}

static bool read_occasions(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_notice *raw = at;
        raw->on_given = true;
        return read_each(r, n, pos, add_occasion, &raw->n);
}

static const enum plan_notice_form web_hook = PLAN_NOTICE_WEB_HOOK, wecom = PLAN_NOTICE_WECOM,
                                   dingtalk = PLAN_NOTICE_DINGTALK;

static const struct field notice_fields[] = {
        { "wecom", read_hook, .arg = &wecom, .secret = true, .sample = "{url-file: secrets/wecom.url}",
                .help = N_("address of a WeCom group robot, or url-file with a file's name") },
        { "dingtalk", read_hook, .arg = &dingtalk, .secret = true, .sample = "{url-file: secrets/dingtalk.url}",
                .help = N_("address of a DingTalk group robot, or url-file with a file's name") },
        { "web-hook", read_hook, .arg = &web_hook, .secret = true, .sample = "{url-file: secrets/hook.url}",
                .help = N_("address that takes a JSON object by POST, or url-file with a file's name") },
        { "mail", read_to, .sample = "it@example.org", .help = N_("e-mail address of the one who is told") },
        { "from", read_from, FIELD(raw_notice, from), .sample = "xenroll@example.org",
                .help = N_("with mail: the sender's address") },
        { "smtp", read_smtp, FIELD(raw_notice, smtp), .sample = "\"smtp://192.168.0.4:25\"",
                .help = N_("with mail: the server that takes it, smtp:// or smtps://") },
        { "user", read_located, FIELD(raw_notice, user), .sample = "xenroll",
                .help = N_("with mail: name that the server expects") },
        { "password-file", read_mail_password, FIELD(raw_notice, password), .sample = "secrets/mail.txt",
                .help = N_("with mail: file whose first line is the password") },
        { "on", read_occasions, .sample = "[school-complete, host-failed]",
                .help = N_("when: school-complete, host-failed; both when left out") },
};
const struct section notice_section = { N_("notify"), notice_fields, COUNT(notice_fields), NULL };

static bool finish_hook(struct reader *r, const struct raw_notice *raw)
{
        const struct located *const of_mail[] = { &raw->from, &raw->smtp, &raw->user, &raw->password };
        static const char *const keys[] = { "from", "smtp", "user", "password-file" };
        bool fine = true;
        for (size_t i = 0; i < COUNT(of_mail); i++)
                if (of_mail[i]->pos.line)
                        fine = read_problem(r, XR_NOTICE_MAIL_ONLY, of_mail[i]->pos, keys[i]);
        return fine;
}

static bool finish_mail(struct reader *r, struct raw_notice *raw)
{
        const struct {
                bool wants, has;
                const char *who, *what;
        } needs[] = {
                { true, raw->from.pos.line, "mail", "from" },
                { true, raw->smtp.pos.line, "mail", "smtp" },
                { raw->user.pos.line, raw->password.pos.line, "user", "password-file" },
                { raw->password.pos.line, raw->user.pos.line, "password-file", "user" },
        };
        bool fine = true;
        for (size_t i = 0; i < COUNT(needs); i++)
                if (needs[i].wants && !needs[i].has)
                        fine = read_problem(r, XR_NOTICE_MAIL_NEEDS, raw->n.pos, needs[i].who, needs[i].what);
        raw->n.from = raw->from.text;
        raw->n.url = raw->smtp.text;
        raw->n.user = raw->user.text;
        raw->n.password = raw->password.text;
        return fine;
}

static bool add_notice(struct reader *r, struct fy_node *n, struct pos pos, void *arg)
{
        struct raw_site *site = arg;
        char count[NUMBER_TEXT];
        struct raw_notice raw = { .n = { .pos = pos } };
        if (!fy_node_is_mapping(n)) {
                r->secret++; /* most likely the address of a hook */
                read_problem(r, XR_NOTICE_FORM, pos, "0");
                r->secret--;
                return false;
        }
        if (!section_read(r, n, pos, &notice_section, &raw, NULL))
                return false;
        snprintf(count, sizeof(count), "%u", raw.forms);
        if (raw.forms != 1)
                return read_problem(r, XR_NOTICE_FORM, pos, count);
        if (!raw.on_given)
                raw.n.on_complete = raw.n.on_failed = true;
        if (!(raw.n.form == PLAN_NOTICE_MAIL ? finish_mail(r, &raw) : finish_hook(r, &raw)))
                return false;
        site->notices[site->n_notices++] = raw.n;
        return true;
}

/* Writes into the site itself: its field has offset 0. */
bool read_notify(struct reader *r, struct fy_node *n, struct pos pos, const struct field *f, void *at)
{
        (void)f;
        struct raw_site *site = at;
        site->notices = ARENA_ARRAY(r->arena, struct plan_notice, read_count(n) + 1);
        return read_each(r, n, pos, add_notice, site);
}
