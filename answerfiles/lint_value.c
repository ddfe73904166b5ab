/* Values of a hand-written answer file. */
#include "answerfiles/lint_parts.h"
#include "answerfiles/value.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

static char *trimmed(const char *text)
{
        while (isspace((unsigned char)*text))
                text++;
        size_t n = strlen(text);
        while (n && isspace((unsigned char)text[n - 1]))
                n--;
        char *copy = strndup(text, n);
        if (!copy)
                file_out_of_memory();
        return copy;
}

char *lint_text(const xmlNode *node, bool *cdata)
{
        AUTO_STR text = STR_MAX(2 << 20);
        *cdata = false;
        for (const xmlNode *child = node->children; child; child = child->next) {
                if (child->type == XML_TEXT_NODE && child->content)
                        str_add(&text, (const char *)child->content);
                *cdata |= child->type == XML_CDATA_SECTION_NODE;
        }
        return trimmed(str_text(&text));
}

static char *attribute_text(const xmlAttr *a)
{
        xmlChar *raw = xmlNodeListGetString(a->doc, a->children, 1);
        char *text = trimmed(raw ? (const char *)raw : "");
        xmlFree(raw);
        return text;
}

char *lint_attribute(const xmlNode *node, const char *name)
{
        for (const xmlAttr *a = node->properties; a; a = a->next)
                if (!strcmp((const char *)a->name, name))
                        return attribute_text(a);
        return NULL;
}

char *lint_shown(const char *text)
{
        enum { LONGEST = 80 };
        size_t n = strlen(text), cut = n;
        if (n > LONGEST)
                for (cut = LONGEST; cut && ((unsigned char)text[cut] & 0xc0) == 0x80; cut--) {
                }
        AUTO_STR shown = STR_MAX(LONGEST + 8);
        for (size_t i = 0; i < cut; i++)
                str_addc(&shown, (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
        if (cut < n)
                str_add(&shown, "…");
        char *copy = strdup(str_text(&shown));
        if (!copy)
                file_out_of_memory();
        return copy;
}

/* What is being judged, and where it stands. */
struct subject {
        struct lint *l;
        const char *name;               /* of the element or attribute */
        const char *text, *shown;
        struct place at;
        const xmlNode *node;
        const char *words;              /* of the table's row */
};

static void complain(const struct subject *s, enum rule rule, const char *second, const char *third)
{
        lint_report(s->l, rule, s->at, s->shown, second ? second : "", third ? third : "", NULL);
}

static void judge_among(const struct subject *s, const char *words, enum rule rule)
{
        AUTO_STR list = STR_MAX(400);
        if (!word_known(words, s->text))
                complain(s, rule, s->name, words_shown(words, &list));
}

static void judge_word(const struct subject *s) { judge_among(s, s->words, XR_WORD_REFUSED); }
static void judge_soft_word(const struct subject *s) { judge_among(s, s->words, XR_WORD_SKIPPED); }

static void judge_sr_type(const struct subject *s)
{
        judge_among(s, s->l->release->ntp_element ? "lvm|ext|largeblock" : "lvm|ext", XR_WORD_REFUSED);
}

static void judge_bool(const struct subject *s)
{
        static const char *const words[] = { "yes", "true", "no", "false" };
        for (size_t i = 0; i < COUNT(words); i++)
                if (!strcmp(s->text, words[i]))
                        return;
        complain(s, XR_BOOL_IS_NO, s->name, NULL);
}

static void judge_mac(const struct subject *s)
{
        struct mac mac;
        bool shaped = strlen(s->text) == 17;
        for (size_t i = 0; shaped && i < 17; i++)
                shaped = i % 3 == 2 ? s->text[i] == ':' : isxdigit((unsigned char)s->text[i]) != 0;
        if (!strcmp(s->text, "xenroll-picks-the-nic"))
                return;
        if (!shaped)
                complain(s, XR_HWADDR_FORM, NULL, NULL);
        else if (!value_mac(s->l->diags, lint_pos(s->l, s->at), s->text, &mac))
                s->l->refused = true;
}

static void judge_vlan(const struct subject *s)
{
        size_t n = strlen(s->text);
        int tag = n && n <= 4 && strspn(s->text, "0123456789") == n ? atoi(s->text) : 0;
        if (tag < 1 || tag > 4094)
                complain(s, XR_VLAN_TAG, NULL, NULL);
}

static void judge_mask(const struct subject *s)
{
        struct in_addr a;
        uint32_t mask = inet_pton(AF_INET, s->text, &a) == 1 ? ntohl(a.s_addr) : 0;
        if (!mask || (~mask & (~mask + 1)))
                complain(s, XR_MASK_FORM, NULL, NULL);
}

static void judge_stage(const struct subject *s)
{
        AUTO_STR list = STR_MAX(200);
        for (size_t i = 0; i < STAGES; i++) {
                if (i == STAGE_PACKAGES_INSTALLED && !s->l->release->stage_packages_installed)
                        continue;
                if (!strcasecmp(s->text, stage_names[i]))
                        return;
                str_addf(&list, "%s%s", list.len ? ", " : "", stage_names[i]);
        }
        complain(s, XR_SCRIPT_STAGE, s->l->release->product, str_text(&list));
}

static void judge_keymap(const struct subject *s)
{
        size_t n;
        const char *const *names = keymap_names(&n);
        if (release_knows_keymap(s->l->release, s->text))
                return;
        /* Two letters are near to everything. */
        const char *near = strlen(s->text) > 3 ? text_nearest(s->text, names, n) : NULL;
        lint_remark(s->l, near ? XR_ANSWER_KEYMAP_NEAR : XR_ANSWER_KEYMAP, s->at, s->shown, near ? near : "", NULL);
}

static void judge_device(const struct subject *s, const char *disk)
{
        static const char *const kernel_names[] = { "sd", "hd", "vd", "xvd", "nvme", "cciss/", "mmcblk" };
        const char *name = strncmp(disk, "/dev/", 5) ? disk : disk + 5;
        for (size_t i = 0; i < COUNT(kernel_names); i++) {
                if (strncmp(name, kernel_names[i], strlen(kernel_names[i])))
                        continue;
                AUTO_FREE char *shown = lint_shown(disk);
                lint_remark(s->l, XR_DISK_NAME_MOVES, s->at, shown, NULL);
                return;
        }
}

static void judge_pair(const struct subject *s)
{
        AUTO_FREE char *copy = strdup(s->text);
        if (!copy)
                file_out_of_memory();
        char *save = NULL, number[16];
        size_t n = 0;
        for (char *disk = strtok_r(copy, ", \t\r\n", &save); disk; disk = strtok_r(NULL, ", \t\r\n", &save), n++)
                if (n < 2)
                        judge_device(s, disk);
        snprintf(number, sizeof(number), "%zu", n);
        if (n != 2)
                complain(s, XR_SWRAID_PAIR, number, NULL);
}

static bool is_yes(const char *text) { return text && (!strcmp(text, "yes") || !strcmp(text, "true")); }

static void judge_disk(const struct subject *s)
{
        AUTO_FREE char *pair = lint_attribute(s->node, "swraid");
        if (s->l->release->swraid && is_yes(pair))
                judge_pair(s);
        else
                judge_device(s, s->text);
}

static void judge_bootloader(const struct subject *s)
{
        const char *known = s->l->release->bootloader;
        bool may_be_empty = strcmp(known, "extlinux") != 0;
        if (strcmp(s->text, known) && (*s->text || !may_be_empty))
                complain(s, XR_BOOTLOADER_TEXT, s->l->release->product, known);
}

/* Neither the text nor a part of it may reach a message. */
static void judge_password(const struct subject *s)
{
        AUTO_FREE char *type = lint_attribute(s->node, "type");
        if (!type || !strcmp(type, "plaintext")) {
                lint_remark(s->l, XR_PASSWORD_PLAIN, s->at, NULL);
                return;
        }
        if (strcmp(type, "hash"))
                return;
        bool secret;
        if (!value_hash(s->l->diags, lint_masked_pos(s->l, s->at, &secret), s->text)) {
                s->l->refused = true;
                return;
        }
        static const struct { const char *scheme, *option; unsigned form; } forms[] = {
                { "$1$", "-1", HASH_MD5 }, { "$5$", "-5", HASH_SHA256 }, { "$6$", "-6", HASH_SHA512 },
        };
        const char *best = "-1";
        for (size_t i = 0; i < COUNT(forms); i++)
                if (s->l->release->hashes & forms[i].form)
                        best = forms[i].option;
        for (size_t i = 0; i < COUNT(forms); i++)
                if (!strncmp(s->text, forms[i].scheme, 3) && !(s->l->release->hashes & forms[i].form))
                        lint_remark(s->l, XR_PASSWORD_HASH_RELEASE, s->at, s->l->release->product, forms[i].scheme,
                                best, NULL);
}

static void judge_nic_name(const struct subject *s)
{
        if (s->l->release->interface_names_lost)
                lint_remark(s->l, XR_NIC_NAME_LOST, s->at, s->shown, s->l->release->product, NULL);
}

static void judge_prompt(const struct subject *s)
{
        if (*s->text)
                complain(s, XR_PROMPT_SET, NULL, NULL);
}

/* The rules of the site file hold here, too. */
static void judge_as(const struct subject *s, bool (*value)(struct diags *, struct pos, const char *))
{
        if (!value(s->l->diags, lint_pos(s->l, s->at), s->shown))
                s->l->refused = true;
}

static bool value_any_ip4(struct diags *d, struct pos pos, const char *text)
{
        uint32_t addr;
        return value_ip4(d, pos, text, &addr);
}

static void judge_ip4(const struct subject *s) { judge_as(s, value_any_ip4); }
static void judge_ip6(const struct subject *s) { judge_as(s, value_ip6_prefix); }
static void judge_address(const struct subject *s) { judge_as(s, value_address); }
static void judge_server(const struct subject *s) { judge_as(s, value_server); }
static void judge_timezone(const struct subject *s) { judge_as(s, value_timezone); }

static void judge(const struct subject *s, enum value_kind kind)
{
        static void (*const judges[])(const struct subject *) = {
                [VALUE_BOOL] = judge_bool, [VALUE_WORD] = judge_word, [VALUE_SOFT_WORD] = judge_soft_word,
                [VALUE_SR_TYPE] = judge_sr_type, [VALUE_STAGE] = judge_stage, [VALUE_MAC] = judge_mac,
                [VALUE_NIC_NAME] = judge_nic_name, [VALUE_VLAN] = judge_vlan, [VALUE_IP4] = judge_ip4,
                [VALUE_MASK] = judge_mask, [VALUE_IP6] = judge_ip6, [VALUE_ADDRESS] = judge_address,
                [VALUE_SERVER] = judge_server, [VALUE_TIMEZONE] = judge_timezone, [VALUE_KEYMAP] = judge_keymap,
                [VALUE_DISK] = judge_disk, [VALUE_BOOTLOADER] = judge_bootloader, [VALUE_PROMPT] = judge_prompt,
                [VALUE_PASSWORD] = judge_password, [VALUE_LOCATION] = NULL,
        };
        if (judges[kind])
                judges[kind](s);
}

static bool ascii_bytes(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text > 0x7e)
                        return false;
        return true;
}

void lint_attribute_value(struct lint *l, const xmlNode *node, const xmlAttr *a, const struct attribute_spec *spec)
{
        AUTO_FREE char *text = attribute_text(a);
        AUTO_FREE char *shown = lint_shown(text);
        struct place at = place_of_attribute(l, a);
        struct subject s = { l, spec->name, text, shown, at, node, spec->words };
        if (!ascii_bytes(text) && l->release->python2_ascii)
                lint_report(l, XR_XML_NOT_ASCII, at, (const char *)node->name, NULL);
        else if (!strcmp((const char *)node->name, "root-password")) {
                AUTO_STR list = STR_MAX(200);
                if (!word_known(spec->words, text))
                        lint_report(l, XR_SECRET_WORD, at, spec->name, words_shown(spec->words, &list), NULL);
        } else
                judge(&s, spec->kind);
}

static bool needs_text(const xmlNode *node, const struct element_spec *spec)
{
        if (spec->flags & (ELEMENT_WRAPPER | ELEMENT_OPAQUE))
                return false;
        if (spec->kind == VALUE_ANY || spec->kind == VALUE_BOOTLOADER || spec->kind == VALUE_PROMPT)
                return false;
        AUTO_FREE char *type = spec->kind == VALUE_LOCATION ? lint_attribute(node, "type") : NULL;
        return !type || strcmp(type, "local");
}

void lint_element_value(struct lint *l, const xmlNode *node, const struct element_spec *spec)
{
        bool cdata;
        AUTO_FREE char *text = lint_text(node, &cdata);
        AUTO_FREE char *shown = lint_shown(text);
        bool secret = spec->kind == VALUE_PASSWORD;
        struct place at = secret ? place_of_element(l, node) : place_of_text(l, node);
        struct subject s = { l, spec->name, text, shown, at, node, spec->words };
        if (cdata)
                lint_report(l, XR_XML_CDATA, at, spec->name, NULL);
        else if (!ascii_bytes(text) && l->release->python2_ascii)
                lint_report(l, XR_XML_NOT_ASCII, at, spec->name, NULL);
        else if (*text && spec->flags & ELEMENT_WRAPPER)
                lint_report(l, XR_XML_STRAY_TEXT, at, spec->name, NULL);
        else if (!*text && needs_text(node, spec))
                lint_report(l, XR_ELEMENT_EMPTY, at, spec->name, NULL);
        else
                judge(&s, spec->kind);
}
