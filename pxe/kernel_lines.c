#include "pxe/kernel_lines.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"
#include "isobuilder/bootline.h"

#include <ctype.h>

static void line_clear(struct kernel_line *l)
{
        free(l->xen);
        free(l->xen_args);
        free(l->kernel);
        free(l->kernel_args);
        free(l->initrd);
        *l = (struct kernel_line){ 0 };
}

void kernel_lines_clear(struct kernel_lines *l)
{
        line_clear(&l->bios);
        line_clear(&l->uefi);
}

/* Loaders split lines at blanks and know signs of their own; a word with any other letter could mean something else
 * there. */
static bool is_plain(struct bytes word)
{
        for (size_t i = 0; i < word.len; i++)
                if (!isalnum((unsigned char)word.ptr[i]) && !(word.ptr[i] && strchr("._,:=/+@%~-", word.ptr[i])))
                        return false;
        return true;
}

static bool is_path(struct bytes word) { return word.len > 1 && *word.ptr == '/' && !bytes_contain(word, ".."); }

static char *copy(struct bytes b)
{
        char *text = strndup(b.ptr, b.len);
        if (!text)
                file_out_of_memory();
        return text;
}

/* Besides what no unattended installation can have: which card to use, and where from, is ours to say. */
static bool is_dropped(struct bytes word)
{
        static const char *const begins[] = { "network_device=", "answerfile_device=", "network_config=" };
        for (size_t i = 0; i < COUNT(begins); i++)
                if (word.len >= strlen(begins[i]) && !memcmp(word.ptr, begins[i], strlen(begins[i])))
                        return true;
        return bytes_are(word, "netinstall") || kernel_word_is_dropped(word);
}

/* "PATH WORD…": the path, and the words that may stay. args NULL: none are expected. */
static bool take(struct bytes part, char **path, char **args)
{
        AUTO_STR words = STR_MAX(4096);
        struct bytes word;
        size_t at = 0;
        if (*path || !word_next(part, &at, &word) || !is_path(word) || !is_plain(word))
                return false;
        *path = copy(word);
        while (word_next(part, &at, &word)) {
                if (is_dropped(word))
                        continue;
                if (!is_plain(word) || !args)
                        return false;
                str_addf(&words, "%s%.*s", words.len ? " " : "", (int)word.len, word.ptr);
        }
        if (args)
                *args = copy(str_bytes(&words));
        return !words.failed;
}

static bool is_whole(const struct kernel_line *l)
{
        return l->xen && l->xen_args && l->kernel && l->kernel_args && l->initrd;
}

/* --- isolinux --- */

/* "XEN … --- KERNEL … --- INITRD" */
static bool take_append(struct bytes line, struct kernel_line *l)
{
        struct bytes parts[4]; /* one more than there may be */
        size_t n = 0;
        for (const char *at = line.ptr, *end = line.ptr + line.len; n < COUNT(parts); n++) {
                const char *next = memmem(at, (size_t)(end - at), " --- ", 5);
                parts[n] = bytes_of(at, (size_t)((next ? next : end) - at));
                if (!next) {
                        n++;
                        break;
                }
                at = next + 5;
        }
        return n == 3 && take(parts[0], &l->xen, &l->xen_args) && take(parts[1], &l->kernel, &l->kernel_args) &&
               take(parts[2], &l->initrd, NULL);
}

/* The first entry that starts the installer: the default on every medium that we know, and ours on one that we
 * prepared. */
static bool read_isolinux(struct bytes text, struct kernel_line *l)
{
        struct line line;
        for (size_t at = 0; line_next(text, &at, &line);) {
                struct bytes append = after_word(line.text, "append");
                if (append.ptr && bytes_contain(append, "/vmlinuz"))
                        return take_append(append, l) && is_whole(l);
        }
        return false;
}

/* --- GRUB --- */

static struct bytes after_any(struct bytes line, const char *const *verbs, size_t n, size_t *which)
{
        for (*which = 0; *which < n; ++*which) {
                struct bytes rest = after_word(line, verbs[*which]);
                if (rest.ptr)
                        return rest;
        }
        return (struct bytes){ NULL, 0 };
}

/* The lines of the first entry, which by now is the default one. */
static bool read_grub(struct bytes text, struct kernel_line *l, bool *hypervisor_verbs)
{
        static const char *const xen_verbs[] = { "multiboot2", "multiboot", "xen_hypervisor" },
                                 *const module_verbs[] = { "module2", "module", "xen_module" };
        struct line line;
        size_t which;
        bool inside = false;
        for (size_t at = 0; line_next(text, &at, &line);) {
                inside |= after_word(line.text, "menuentry").ptr != NULL;
                struct bytes xen = after_any(line.text, xen_verbs, COUNT(xen_verbs), &which);
                if (inside && xen.ptr) {
                        *hypervisor_verbs = which == 2;
                        if (!take(xen, &l->xen, &l->xen_args))
                                return false;
                }
                struct bytes module = after_any(line.text, module_verbs, COUNT(module_verbs), &which);
                if (!inside || !module.ptr)
                        continue;
                if (l->kernel)
                        return take(module, &l->initrd, NULL) && is_whole(l);
                if (!take(module, &l->kernel, &l->kernel_args))
                        return false;
        }
        return false;
}

/* --- all of it --- */

static const struct boot_config *config_named(const struct medium *m, const char *end)
{
        for (size_t i = 0; i < m->n_configs; i++) {
                size_t n = strlen(m->configs[i].path), k = strlen(end);
                if (n >= k && !strcasecmp(m->configs[i].path + n - k, end))
                        return &m->configs[i];
        }
        return NULL;
}

bool kernel_lines_read(const struct medium *m, struct kernel_lines *l, struct err *e)
{
        /* What a medium could still start, its installer may refuse (XenServer 9 on a BIOS). */
        unsigned firmware = m->firmware & (m->release ? m->release->firmware : ~0u);
        const struct boot_config *bios = firmware & FIRMWARE_BIOS ? config_named(m, "isolinux.cfg") : NULL;
        const struct boot_config *uefi = firmware & FIRMWARE_UEFI ? config_named(m, "/grub.cfg") : NULL;
        *l = (struct kernel_lines){ .hypervisor_verbs = false };
        if (bios && !read_isolinux(str_bytes(&bios->text), &l->bios))
                return err_rule(e, XR_LINES_NOT_UNDERSTOOD, m->path, bios->path, NULL);
        if (uefi && !read_grub(str_bytes(&uefi->text), &l->uefi, &l->hypervisor_verbs))
                return err_rule(e, XR_LINES_NOT_UNDERSTOOD, m->path, uefi->path, NULL);
        return bios || uefi ? true : err_rule(e, XR_LINES_NOT_UNDERSTOOD, m->path, "-", NULL);
}
