#include "base/secret.h"
#include "base/file.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* A mapping of its own: MADV_DONTDUMP works on whole pages. */
struct secret secret_of(const char *text, size_t n)
{
        char *p = mmap(NULL, n + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
                file_out_of_memory();
        madvise(p, n + 1, MADV_DONTDUMP);
        mlock(p, n + 1);        /* best effort: the limit may be 0 for a plain user */
        memcpy(p, text, n);
        return (struct secret){ p, n };
}

void secret_clear(struct secret *s)
{
        if (!s->ptr)
                return;
        explicit_bzero(s->ptr, s->len + 1);
        munmap(s->ptr, s->len + 1);
        *s = (struct secret){ 0 };
}

void secret_process_guard(void)
{
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        prctl(PR_SET_DUMPABLE, 0);
}
