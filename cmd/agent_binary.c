#include "cmd/agent_binary.h"
#include "base/file.h"
#include "base/i18n.h"
#include "base/rule.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>

/* Where it is, seen from the folder of this program: in the tree that it was built in, and installed. */
static const char *const places[] = { "agent/xenroll-agent", "../lib/xenroll/xenroll-agent" };

static const Elf64_Phdr *headers_of(const struct str *file, const Elf64_Ehdr *head)
{
        bool fits = head->e_phentsize == sizeof(Elf64_Phdr) && head->e_phoff % _Alignof(Elf64_Phdr) == 0 &&
                    head->e_phoff <= file->len && head->e_phnum <= (file->len - head->e_phoff) / sizeof(Elf64_Phdr);
        return fits ? (const void *)(file->ptr + head->e_phoff) : NULL;
}

/* What is wrong with it, or NULL. A program that asks for a loader and libraries would find those of the host, if any.
 */
static const char *fault_of(const struct str *file)
{
        const Elf64_Ehdr *head = (const void *)str_text(file);
        if (file->len < sizeof(*head) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
                head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_machine != EM_X86_64)
                return _("it is no program for 64-bit PCs");
        const Elf64_Phdr *p = headers_of(file, head);
        if (!p)
                return _("it is damaged");
        for (size_t i = 0; i < head->e_phnum; i++)
                if (p[i].p_type == PT_INTERP)
                        return _("it needs libraries that hosts do not have");
        return NULL;
}

static bool take(int dir, const char *path, const char *shown, struct str *out, struct err *e)
{
        if (!file_read(dir, path, LARGEST_AGENT, out, e))
                return false;
        const char *fault = fault_of(out);
        return fault ? err_rule(e, XR_AGENT_UNFIT, shown, fault, NULL) : true;
}

bool agent_binary_read(const char *named, struct str *out, bool *found, struct err *e)
{
        char self[4096];
        *found = true;
        if (named)
                return take(AT_FDCWD, named, named, out, e);
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        char *slash = n > 0 ? memrchr(self, '/', (size_t)n) : NULL;
        if (slash)
                *slash = '\0';
        AUTO_FD int dir = slash ? open(*self ? self : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        for (size_t i = 0; dir >= 0 && i < COUNT(places); i++)
                if (faccessat(dir, places[i], F_OK, 0) == 0)
                        return take(dir, places[i], places[i], out, e);
        *found = false;
        return true;
}
