#include "isobuilder/bootline.h"
#include "base/rule.h"

#include <stdio.h>

/* How much deeper the line leads into braces. */
static int braces(struct bytes line)
{
        int depth = 0;
        char quote = 0;
        for (size_t i = 0; i < line.len; i++) {
                char c = line.ptr[i];
                if (c == '\\' && quote != '\'')
                        i++;
                else if (quote)
                        quote = c == quote ? 0 : quote;
                else if (c == '"' || c == '\'')
                        quote = c;
                else if (c == '#')
                        break;
                else
                        depth += (c == '{') - (c == '}');
        }
        return depth;
}

/* What `default` is set to last, without quotes; {NULL} when nothing is. */
static struct bytes default_value(struct bytes text)
{
        struct line line;
        struct bytes value = { NULL, 0 };
        for (size_t at = 0; line_next(text, &at, &line);) {
                struct bytes b = after_word(line.text, "set");
                if (!b.ptr)
                        b = bytes_stripped(line.text);
                if (b.len < 8 || memcmp(b.ptr, "default", 7) || (b.ptr[7] != '=' && b.ptr[7] != ' '))
                        continue;
                size_t word = 0;
                struct bytes rest = bytes_of(b.ptr + 8, b.len - 8);
                if (!word_next(rest, &word, &value))
                        value = (struct bytes){ NULL, 0 };
        }
        return value;
}

/* GRUB counts menus within the menu as entries, too. */
static bool is_entry(struct bytes line) { return after_word(line, "menuentry").ptr || after_word(line, "submenu").ptr; }

/* Whether the default (a number, a title or an --id) means this entry. */
static bool is_meant(struct bytes line, size_t number, struct bytes wanted)
{
        char digits[24];
        snprintf(digits, sizeof(digits), "%zu", number);
        if (!wanted.ptr || bytes_are(wanted, digits))
                return wanted.ptr || !number;
        size_t at = 0;
        struct bytes b = after_word(line, "menuentry"), word;
        bool title = true, id = false;
        while (b.ptr && word_next(b, &at, &word)) {
                if ((title || id) && bytes_equal(word, wanted))
                        return true;
                title = false;
                id = bytes_are(word, "--id") || bytes_are(word, "$menuentry_id_option");
                if (word.len > 5 && !memcmp(word.ptr, "--id=", 5) &&
                    bytes_equal(bytes_of(word.ptr + 5, word.len - 5), wanted))
                        return true;
        }
        return false;
}

/* The kernel's arguments end where the line does. */
static bool is_kernel_line(struct bytes line)
{
        struct bytes b = bytes_stripped(line);
        return bytes_contain(b, "/vmlinuz") && *b.ptr != '#' && !memchr(b.ptr, ';', b.len) && b.ptr[b.len - 1] != '\\';
}

/* One line of the chosen entry, as it is in ours. */
static bool add_body_line(struct str *out, const struct line *line, const struct bootconfig_spec *spec)
{
        if (is_kernel_line(line->text)) {
                kernel_part_add(out, line->text, spec);
                str_addc(out, '\n');
                return true;
        }
        /* The menu as a whole has found the medium; a search by file could find another one. */
        if (!after_word(line->text, "search").ptr)
                line_add(out, line);
        return false;
}

/* The body of the wanted stock entry (without its braces), every kernel line patched. */
static bool add_body(struct str *out, struct bytes text, struct bytes wanted, const struct bootconfig_spec *spec)
{
        struct line line;
        size_t number = 0;
        int depth = 0;
        bool inside = false, found = false, patched = false;
        for (size_t at = 0; line_next(text, &at, &line);) {
                if (!depth && is_entry(line.text)) {
                        inside = !found && after_word(line.text, "menuentry").ptr &&
                                 is_meant(line.text, number, wanted);
                        found |= inside;
                        number++;
                        depth = braces(line.text);
                        continue;
                }
                int after = depth + braces(line.text);
                if (inside && after > 0)
                        patched |= add_body_line(out, &line, spec);
                depth = after > 0 ? after : 0;
                inside = inside && depth;
        }
        return patched;
}

/* The volume's own UUID decides which medium is meant. A search by file alone would also find another stick; it is left
 * as the first guess, for a firmware that hides the whole disk from GRUB. */
static void add_search(struct str *out, const struct bootconfig_spec *spec)
{
        if (spec->efiboot)
                str_add(out, "search --no-floppy --file --set=root /install.img\n");
        str_addf(out, "search --no-floppy --fs-uuid --set=root %s\n", spec->uuid);
}

void bootconfig_grub_stub(const struct bootconfig_spec *spec, const char *config, struct str *out)
{
        add_search(out, spec);
        str_addf(out, "configfile /%s\n", config);
}

/* A file that starts nothing itself but loads another one, which then is the menu. */
static bool loads_another(struct bytes text)
{
        struct line line;
        for (size_t at = 0; line_next(text, &at, &line);)
                if (after_word(line.text, "configfile").ptr || after_word(line.text, "source").ptr)
                        return true;
        return false;
}

static void add_loader(struct str *out, struct bytes text, const struct bootconfig_spec *spec)
{
        struct line line;
        for (size_t at = 0; line_next(text, &at, &line);) {
                if (after_word(line.text, "configfile").ptr || after_word(line.text, "source").ptr)
                        add_search(out, spec);
                line_add(out, &line);
        }
}

/* The default entry; where that is no installer, or no entry is meant, the first. */
static bool choose_body(struct str *out, struct bytes text, const struct bootconfig_spec *spec)
{
        if (add_body(out, text, default_value(text), spec))
                return true;
        str_reset(out);
        return add_body(out, text, (struct bytes){ NULL, 0 }, spec);
}

/* Leaving GRUB is a success to the firmware, and most then show their own menu instead of the next boot entry: so the
 * loader on the disk is started from here. A medium has at most three partitions; on an installed host the fourth is the
 * one with the loader, or one further where a maker's partition was kept. Windows may be in any. Only when there is
 * nothing of the kind the firmware is asked. */
static void add_local(struct str *out)
{
        str_add(out, "menuentry \"Start from this machine's own disk\" --id xenroll-local {\n    for disk in");
        for (int i = 0; i < 16; i++)
                str_addf(out, " hd%d", i);
        str_add(out, "; do\n"
                "        for part in gpt4 gpt5 gpt6; do\n"
                "            if [ -f ($disk,$part)/EFI/xenserver/grubx64.efi ]; then\n"
                "                chainloader ($disk,$part)/EFI/xenserver/grubx64.efi\n"
                "                boot\n"
                "            fi\n"
                "        done\n"
                "        for part in gpt1 gpt2 gpt3 gpt4; do\n"
                "            if [ -f ($disk,$part)/EFI/Microsoft/Boot/bootmgfw.efi ]; then\n"
                "                chainloader ($disk,$part)/EFI/Microsoft/Boot/bootmgfw.efi\n"
                "                boot\n"
                "            fi\n"
                "        done\n"
                "    done\n"
                "    exit\n}\n");
}

/* GRUB runs the whole file before it shows the menu, so what stands last decides. The stock text stays as it is: taking
 * a line out of it can leave an empty block, which is a syntax error. */
bool bootconfig_grub(const struct bootconfig_spec *spec, struct bytes text, struct str *out, struct err *e)
{
        AUTO_STR body = STR_MAX(65536);
        struct line line;
        if (is_ours(text))
                return err_rule(e, XR_ALREADY_XENROLL, spec->path, NULL);
        if (!choose_body(&body, text, spec)) {
                if (!loads_another(text))
                        return err_rule(e, XR_NO_BOOT_ENTRY, spec->path, NULL);
                add_loader(out, text, spec);
                return str_ok(out, spec->path, e);
        }
        str_addf(out, "menuentry \"Install with xenroll (starts by itself)\" --id " OURS " {\n%s}\n", str_text(&body));
        add_local(out);
        for (size_t at = 0; line_next(text, &at, &line);)
                line_add(out, &line);
        str_add(out, "\n");
        add_search(out, spec);
        str_addf(out, "set default=0\nset timeout=%d\nset timeout_style=menu\n", spec->countdown);
        return str_ok(&body, spec->path, e) && str_ok(out, spec->path, e);
}
