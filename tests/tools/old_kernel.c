/* old_kernel refuse|kill [--root DIR] PROGRAM ARGS…: runs it (below DIR, in a root of its own) as if the kernel were Linux 3.10 on x86-64: a system call that came
 * later does not exist (ENOSYS), or ends the program with SIGSYS, so that no fallback can hide that it was tried. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LAST_OF_3_10 = 313 }; /* finit_module */

int main(int argc, char **argv)
{
        if (argc < 3 || (strcmp(argv[1], "refuse") != 0 && strcmp(argv[1], "kill") != 0)) {
                fprintf(stderr, "old_kernel refuse|kill PROGRAM ARGS...\n");
                return 2;
        }
        scmp_filter_ctx filter = seccomp_init(*argv[1] == 'k' ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(ENOSYS));
        int failed = filter ? 0 : -ENOMEM;
        for (int call = 0; call <= LAST_OF_3_10 && !failed; call++)
                failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
        if (!failed)
                failed = seccomp_load(filter);
        if (failed) {
                fprintf(stderr, "old_kernel: %s\n", strerror(-failed));
                return 3;
        }
        argv += 2;
        if (argc > 4 && !strcmp(*argv, "--root")) {
                if (chroot(argv[1]) < 0 || chdir("/") < 0) {
                        perror(argv[1]);
                        return 3;
                }
                argv += 2;
        }
        execv(*argv, argv);
        perror(*argv);
        return 127;
}
