/* YAML → plan: any bytes as a site file, with all checks, messages printed into nothing. */
#include "answerfiles/plan_show.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_FD int fd = memfd_create("site", 0);
        AUTO_FILE FILE *nothing = fopen("/dev/null", "w");
        char path[64];
        if (fd < 0 || !nothing || write(fd, data, size) != (ssize_t)size)
                return 0;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        struct err e = ERR_INIT;
        struct diags *d = diags_new();
        struct site_options o = { .release_hint = size & 1 ? "xcp-ng-8.3" : NULL };
        struct plan *plan = site_load(AT_FDCWD, path, &o, d, &e);
        diags_print(d, nothing, false);
        if (plan && !diags_errors(d)) {
                plan_print_table(plan, nothing);
                if (!plan_print_json(plan, nothing, &e))
                        abort();
        }
        plan_free(plan);
        diags_free(d);
        return 0;
}
