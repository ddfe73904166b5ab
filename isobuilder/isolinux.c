#include "isobuilder/bootline.h"
#include "base/rule.h"

/* APPEND's parts are separated by "---"; the one with /vmlinuz is the kernel's. */
static bool add_append(struct str *out, struct bytes line, const struct bootconfig_spec *spec)
{
        const char *kernel = memmem(line.ptr, line.len, "/vmlinuz", 8);
        if (!kernel)
                return false;
        const char *stop = line.ptr + line.len, *end = memmem(kernel, (size_t)(stop - kernel), " ---", 4);
        if (!end)
                end = stop;
        const char *start = line.ptr;
        for (const char *at; (at = memmem(start, (size_t)(kernel - start), "--- ", 4));)
                start = at + 4;
        str_addn(out, line.ptr, (size_t)(start - line.ptr));
        kernel_part_add(out, bytes_of(start, (size_t)(end - start)), spec);
        str_addn(out, end, (size_t)(stop - end));
        str_addc(out, '\n');
        return true;
}

static struct bytes default_label(struct bytes text)
{
        struct line line;
        struct bytes name = { NULL, 0 };
        for (size_t at = 0; line_next(text, &at, &line);)
                if (after_word(line.text, "default").ptr)
                        name = after_word(line.text, "default");
        return name;
}

static bool has_label(struct bytes text, struct bytes label)
{
        struct line line;
        for (size_t at = 0; line_next(text, &at, &line);)
                if (after_word(line.text, "label").ptr && bytes_equal(after_word(line.text, "label"), label))
                        return true;
        return false;
}

/* The lines of an entry that say what is started; the others say how the menu shows it. */
static bool starts_something(struct bytes line)
{
        static const char *const words[] = { "kernel", "linux", "com32", "append", "initrd", "ipappend", "sysappend" };
        for (size_t i = 0; i < COUNT(words); i++)
                if (after_word(line, words[i]).ptr)
                        return true;
        return false;
}

/* The lines of the stock default entry, its kernel line patched, and its label. DEFAULT may name a menu: then it is the
 * first entry that starts the installer. */
static bool add_entry(struct str *out, struct bytes text, const struct bootconfig_spec *spec, struct bytes *stock)
{
        struct line line;
        struct bytes wanted = default_label(text);
        bool any = !wanted.ptr || !has_label(text, wanted), inside = false, patched = false;
        for (size_t at = 0; line_next(text, &at, &line);) {
                struct bytes label = after_word(line.text, "label");
                if (label.ptr) {
                        if (patched)
                                break;
                        inside = any || bytes_equal(label, wanted);
                        if (inside) {
                                *stock = label;
                                str_reset(out);
                        }
                        continue;
                }
                if (!inside || !starts_something(line.text))
                        continue;
                if (after_word(line.text, "append").ptr && bytes_contain(line.text, "/vmlinuz"))
                        patched |= add_append(out, line.text, spec);
                else
                        str_addf(out, "%.*s\n", (int)line.text.len, line.text.ptr);
        }
        return patched;
}

static void add_head(struct str *out, const struct bootconfig_spec *spec, const char *local, struct bytes stock)
{
        str_addf(out, "DEFAULT " OURS "\nPROMPT 1\nTIMEOUT %d\n", spec->countdown * 10);
        str_addf(out, "SAY xenroll: this machine installs itself in %d seconds, if the site file names it.\n",
                spec->countdown);
        str_addf(out, "SAY To start from its own disk instead, take the medium out and restart, or type: %s\n", local);
        str_addf(out, "SAY For the vendor's interactive installer, type: %.*s\n\n", (int)stock.len, stock.ptr);
}

static void add_entries(struct str *out, const struct str *entry, const char *local)
{
        str_addf(out, "LABEL " OURS "\n%s\n", str_text(entry));
        /* -1 tells the firmware to go on with its next boot device. One that sees all disks as a single boot device, the
         * stick among them, stops there: hence the advice in the text. */
        str_addf(out, "LABEL %s\n  LOCALBOOT -1\n\n", local);
}

/* What our head says instead. DISPLAY would clear the screen that our text stands on, a menu (UI) would hide it, and
 * MENU DEFAULT would choose another entry. */
static bool is_replaced(struct bytes line)
{
        static const char *const words[] = { "default", "timeout", "prompt", "totaltimeout", "ontimeout", "display",
                "ui", "allowoptions" };
        for (size_t i = 0; i < COUNT(words); i++)
                if (after_word(line, words[i]).ptr)
                        return true;
        struct bytes menu = after_word(line, "menu");
        return menu.ptr && after_word(menu, "default").ptr;
}

/* The stock lines before the first label come first: SERIAL counts only at the very top. */
bool bootconfig_isolinux(const struct bootconfig_spec *spec, struct bytes text, struct str *out, struct err *e)
{
        struct line line;
        if (is_ours(text))
                return err_rule(e, XR_ALREADY_XENROLL, spec->path, NULL);
        const char *local = has_label(text, bytes_of("local", 5)) ? "xenroll-local" : "local";
        AUTO_STR entry = STR_MAX(65536);
        struct bytes stock = { "", 0 };
        if (!add_entry(&entry, text, spec, &stock))
                return err_rule(e, XR_NO_BOOT_ENTRY, spec->path, NULL);
        bool head = false;
        for (size_t at = 0; line_next(text, &at, &line);) {
                if (!head && after_word(line.text, "label").ptr) {
                        head = true;
                        add_head(out, spec, local, stock);
                        add_entries(out, &entry, local);
                }
                if (!is_replaced(line.text))
                        line_add(out, &line);
        }
        return str_ok(&entry, spec->path, e) && str_ok(out, spec->path, e);
}
