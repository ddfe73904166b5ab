#include "isobuilder/bootconfig.h"
#include "base/rule.h"

#include <ctype.h>
#include <string.h>

#define OURS "xenroll-install"
#define OURS_MARK "answerfile_generator=file:///tmp/ramdisk/"

bool bootconfig_has_gpg_flags(const char *text) { return strstr(text, "no-repo-gpgcheck") || strstr(text, "no-gpgcheck"); }

/* A line without its end; advances *at past it. False at the end of the text. */
static bool next_line(struct bytes text, size_t *at, struct bytes *line)
{
        if (*at >= text.len)
                return false;
        const char *start = text.ptr + *at, *end = memchr(start, '\n', text.len - *at);
        size_t n = end ? (size_t)(end - start) : text.len - *at;
        *at += n + 1;
        if (n && start[n - 1] == '\r')
                n--;
        *line = bytes_of(start, n);
        return true;
}

static struct bytes stripped(struct bytes b)
{
        while (b.len && isspace((unsigned char)*b.ptr)) {
                b.ptr++;
                b.len--;
        }
        while (b.len && isspace((unsigned char)b.ptr[b.len - 1]))
                b.len--;
        return b;
}

static bool contains(struct bytes b, const char *word) { return memmem(b.ptr, b.len, word, strlen(word)); }

/* The rest of a line that starts with the keyword, or {NULL}. */
static struct bytes after_word(struct bytes line, const char *word)
{
        struct bytes b = stripped(line);
        size_t n = strlen(word);
        if (b.len < n || strncasecmp(b.ptr, word, n) || (b.len > n && !isspace((unsigned char)b.ptr[n])))
                return (struct bytes){ NULL, 0 };
        return stripped(bytes_of(b.ptr + n, b.len - n));
}

static bool same_word(struct bytes a, struct bytes b) { return a.len == b.len && !memcmp(a.ptr, b.ptr, a.len); }

/* What must not stand beside our own arguments. */
static bool is_dropped(struct bytes word)
{
        static const char *const exact[] = { "no-repo-gpgcheck", "no-gpgcheck", "install" };
        static const char *const begins[] = { "answerfile=", "answerfile_generator=", "rt_answerfile=", "make-ramdisk=" };
        for (size_t i = 0; i < COUNT(exact); i++)
                if (word.len == strlen(exact[i]) && !memcmp(word.ptr, exact[i], word.len))
                        return true;
        for (size_t i = 0; i < COUNT(begins); i++)
                if (word.len > strlen(begins[i]) && !memcmp(word.ptr, begins[i], strlen(begins[i])))
                        return true;
        return false;
}

/* The kernel's arguments: the stock ones, less what contradicts ours, then ours. Leading blanks are kept. */
static void add_kernel_part(struct str *out, struct bytes part, const struct bootconfig_spec *spec)
{
        size_t at = 0;
        while (at < part.len) {
                size_t blanks = at;
                while (at < part.len && isspace((unsigned char)part.ptr[at]))
                        at++;
                size_t word = at;
                while (at < part.len && !isspace((unsigned char)part.ptr[at]))
                        at++;
                if (at > word && !is_dropped(bytes_of(part.ptr + word, at - word)))
                        str_addn(out, part.ptr + blanks, at - blanks);
        }
        str_addf(out, " install make-ramdisk=/dev/disk/by-uuid/%s " OURS_MARK "%s", spec->uuid, spec->selector);
}

/* isolinux.cfg */

/* APPEND's parts are separated by "---"; the one with /vmlinuz is the kernel's. */
static bool add_append(struct str *out, struct bytes line, const struct bootconfig_spec *spec)
{
        const char *kernel = memmem(line.ptr, line.len, "/vmlinuz", 8);
        if (!kernel)
                return false;
        const char *end = memmem(kernel, line.len - (size_t)(kernel - line.ptr), " ---", 4);
        if (!end)
                end = line.ptr + line.len;
        const char *start = line.ptr;
        for (const char *at; (at = memmem(start, (size_t)(kernel - start), "--- ", 4));)
                start = at + 4;
        str_addn(out, line.ptr, (size_t)(start - line.ptr));
        add_kernel_part(out, bytes_of(start, (size_t)(end - start)), spec);
        str_addn(out, end, (size_t)(line.ptr + line.len - end));
        str_addc(out, '\n');
        return true;
}

static struct bytes isolinux_default(struct bytes text)
{
        struct bytes line, name = { NULL, 0 };
        for (size_t at = 0; next_line(text, &at, &line);)
                if (after_word(line, "default").ptr)
                        name = after_word(line, "default");
        return name;
}

static bool has_label(struct bytes text, const char *label)
{
        struct bytes line;
        for (size_t at = 0; next_line(text, &at, &line);)
                if (after_word(line, "label").ptr && same_word(after_word(line, "label"), bytes_of(label, strlen(label))))
                        return true;
        return false;
}

/* The lines of the stock default entry, its kernel line patched, and its label. DEFAULT may name a menu: then it is the
 * first entry. */
static bool add_isolinux_entry(struct str *out, struct bytes text, const struct bootconfig_spec *spec, struct bytes *stock)
{
        struct bytes line, wanted = isolinux_default(text);
        AUTO_STR name = STR_MAX(256);
        str_addn(&name, wanted.ptr ? wanted.ptr : "", wanted.len);
        bool any = !wanted.ptr || !has_label(text, str_text(&name)), inside = false, patched = false;
        for (size_t at = 0; next_line(text, &at, &line);) {
                struct bytes label = after_word(line, "label");
                if (label.ptr) {
                        if (patched)
                                break;
                        inside = any || same_word(label, wanted);
                        if (inside)
                                *stock = label;
                        continue;
                }
                if (!inside || !stripped(line).len || after_word(line, "menu").ptr)
                        continue;
                if (after_word(line, "append").ptr && contains(line, "/vmlinuz"))
                        patched |= add_append(out, line, spec);
                else if (after_word(line, "kernel").ptr || after_word(line, "linux").ptr)
                        str_addf(out, "%.*s\n", (int)line.len, line.ptr);
        }
        return patched;
}

static void add_isolinux_head(struct str *out, const struct bootconfig_spec *spec, const char *local, struct bytes stock)
{
        str_addf(out, "DEFAULT " OURS "\nPROMPT 1\nTIMEOUT %d\n", spec->countdown * 10);
        str_addf(out, "SAY xenroll: this machine installs itself in %d seconds, if the site file names it.\n", spec->countdown);
        str_addf(out, "SAY To start from its own disk instead, type: %s\n", local);
        str_addf(out, "SAY For the vendor's interactive installer, type: %.*s\n\n", (int)stock.len, stock.ptr);
}

/* What our head says instead. DISPLAY would clear the screen that our text stands on. */
static bool is_replaced(struct bytes line)
{
        static const char *const words[] = { "default", "timeout", "prompt", "totaltimeout", "ontimeout", "display" };
        for (size_t i = 0; i < COUNT(words); i++)
                if (after_word(line, words[i]).ptr)
                        return true;
        return false;
}

/* The stock lines before the first label come first: SERIAL counts only at the very top. */
bool bootconfig_isolinux(const struct bootconfig_spec *spec, struct bytes text, struct str *out, struct err *e)
{
        struct bytes line;
        if (contains(text, OURS_MARK))
                return err_rule(e, XR_ALREADY_XENROLL, spec->path, NULL);
        const char *local = has_label(text, "local") ? "xenroll-local" : "local";
        AUTO_STR entry = STR_MAX(65536);
        struct bytes stock = { "", 0 };
        if (!add_isolinux_entry(&entry, text, spec, &stock))
                return err_rule(e, XR_NO_BOOT_ENTRY, spec->path, NULL);
        bool head = false;
        for (size_t at = 0; next_line(text, &at, &line);) {
                if (!head && after_word(line, "label").ptr) {
                        head = true;
                        add_isolinux_head(out, spec, local, stock);
                        str_addf(out, "LABEL " OURS "\n%s\n", str_text(&entry));
                        /* -1 tells the firmware to go on with its next boot device: right both when the medium is a CD,
                         * where the first disk is 0x80, and when it is a stick, which is 0x80 itself. */
                        str_addf(out, "LABEL %s\n  LOCALBOOT -1\n\n", local);
                }
                if (!is_replaced(line))
                        str_addf(out, "%.*s\n", (int)line.len, line.ptr);
        }
        return str_ok(out, spec->path, e);
}

/* grub.cfg */

/* Whether a line begins a menu entry; braces may open on it. */
static bool is_menuentry(struct bytes line) { return after_word(line, "menuentry").ptr; }

static int braces(struct bytes line)
{
        int depth = 0;
        char quote = 0;
        for (size_t i = 0; i < line.len; i++) {
                char c = line.ptr[i];
                if (quote)
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

/* The number that `default` is set to; 0 for names and nothing. */
static size_t grub_default(struct bytes text)
{
        struct bytes line;
        size_t n = 0;
        for (size_t at = 0; next_line(text, &at, &line);) {
                struct bytes b = after_word(line, "set").ptr ? after_word(line, "set") : stripped(line);
                if (b.len > 8 && !memcmp(b.ptr, "default", 7) && (b.ptr[7] == '=' || b.ptr[7] == ' ')) {
                        const char *p = b.ptr + 8 + (b.ptr[8] == '"' || b.ptr[8] == '\'');
                        n = 0;
                        while (p < b.ptr + b.len && *p >= '0' && *p <= '9' && n < 1000)
                                n = n * 10 + (size_t)(*p++ - '0');
                }
        }
        return n;
}

/* The body of the wanted stock entry (without its braces), the kernel line patched. */
static bool add_grub_body(struct str *out, struct bytes text, size_t wanted, const struct bootconfig_spec *spec)
{
        struct bytes line;
        size_t number = 0;
        int depth = 0;
        bool inside = false, patched = false;
        for (size_t at = 0; next_line(text, &at, &line);) {
                if (!depth && is_menuentry(line)) {
                        inside = number++ == wanted;
                        depth = braces(line);
                        continue;
                }
                int after = depth + braces(line);
                if (inside && after > 0) {
                        if (after_word(line, "search").ptr) {
                                /* our head has found the medium */
                        } else if (!patched && contains(line, "/vmlinuz")) {
                                add_kernel_part(out, line, spec);
                                str_addc(out, '\n');
                                patched = true;
                        } else
                                str_addf(out, "%.*s\n", (int)line.len, line.ptr);
                }
                depth = after > 0 ? after : 0;
                if (!depth)
                        inside = false;
        }
        return patched;
}

static bool is_grub_setting(struct bytes line, const char *name)
{
        struct bytes b = after_word(line, "set").ptr ? after_word(line, "set") : stripped(line);
        size_t n = strlen(name);
        return b.len > n && !memcmp(b.ptr, name, n) && (b.ptr[n] == '=' || b.ptr[n] == ' ');
}

/* The volume's own UUID decides which medium is meant. A search by file alone would also find another stick; it is left
 * as the first guess, for a firmware that hides the whole disk from GRUB. */
static void add_grub_head(struct str *out, const struct bootconfig_spec *spec)
{
        if (spec->efiboot)
                str_add(out, "search --no-floppy --file --set=root /install.img\n");
        str_addf(out, "search --no-floppy --fs-uuid --set=root %s\n", spec->uuid);
        str_addf(out, "set default=0\nset timeout=%d\n\n", spec->countdown);
}

bool bootconfig_grub(const struct bootconfig_spec *spec, struct bytes text, struct str *out, struct err *e)
{
        struct bytes line;
        AUTO_STR body = STR_MAX(65536);
        if (contains(text, OURS_MARK))
                return err_rule(e, XR_ALREADY_XENROLL, spec->path, NULL);
        if (!add_grub_body(&body, text, grub_default(text), spec)) {
                str_reset(&body);
                if (!add_grub_body(&body, text, 0, spec))
                        return err_rule(e, XR_NO_BOOT_ENTRY, spec->path, NULL);
        }
        add_grub_head(out, spec);
        str_addf(out, "menuentry \"Install with xenroll (starts by itself)\" --id " OURS " {\n%s}\n", str_text(&body));
        str_add(out, "menuentry \"Start from this machine's own disk\" --id xenroll-local {\n    exit\n}\n");
        int depth = 0;
        for (size_t at = 0; next_line(text, &at, &line);) {
                bool top = !depth;
                depth += braces(line);
                if (top && (is_grub_setting(line, "default") || is_grub_setting(line, "timeout")))
                        continue;
                /* Below our head a search by file would undo what the UUID decided. */
                if (top && after_word(line, "search").ptr)
                        continue;
                str_addf(out, "%.*s\n", (int)line.len, line.ptr);
        }
        return str_ok(out, spec->path, e);
}
