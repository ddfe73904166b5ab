#include "pxe/cell_calls.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
        /* connections */
        CALL(accept4),
        CALL(accept),
        CALL(recvfrom),
        CALL(recvmsg),
        CALL(sendto),
        CALL(sendmsg),
        CALL(sendfile),
        CALL(shutdown),
        CALL(getsockname),
        CALL(getpeername),
        CALL(getsockopt),
        CALL(setsockopt),
        CALL(eventfd2),
        CALL(poll),
        CALL(ppoll),
        /* descriptors that are open */
        CALL(read),
        CALL(pread64),
        CALL(write),
        CALL(writev),
        CALL(close),
        CALL(fcntl),
        CALL(lseek),
        CALL(fstat),
        /* memory and threads */
        CALL(munmap),
        CALL(mremap),
        CALL(brk),
        CALL(madvise),
        CALL(futex),
        CALL(set_robust_list),
        CALL(rseq),
        CALL(sched_yield),
        CALL(sched_getaffinity),
        CALL(gettid),
        CALL(getpid),
        CALL(exit),
        CALL(exit_group),
        /* signals, time, chance */
        CALL(rt_sigaction),
        CALL(rt_sigprocmask),
        CALL(rt_sigreturn),
        CALL(restart_syscall),
        CALL(clock_gettime),
        CALL(clock_getres),
        CALL(clock_nanosleep),
        CALL(nanosleep),
        CALL(gettimeofday),
        CALL(time),
        CALL(getrandom),
};

/* What the C library tries and can do without. clone3 hides its flags from a filter; without it clone is used. */
static const struct {
        int call, error;
} refused[] = {
        { CALL(openat), EACCES },
        { CALL(open), EACCES },
        { CALL(newfstatat), EACCES },
        { CALL(stat), EACCES },
        { CALL(readlink), EACCES },
        { CALL(readlinkat), EACCES },
        { CALL(access), EACCES },
        { CALL(ioctl), ENOTTY },
        { CALL(clone3), ENOSYS },
        { CALL(prlimit64), EPERM },
        { CALL(sysinfo), EPERM },
};

/* Anything executable, and another process, would be more than serving files. */
static int add_limited(scmp_filter_ctx filter)
{
        int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(clone), 1,
                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
        if (!error)
                error = seccomp_rule_add(
                        filter, SCMP_ACT_ALLOW, CALL(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (!error)
                error = seccomp_rule_add(
                        filter, SCMP_ACT_ALLOW, CALL(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (!error)
                error = seccomp_rule_add(
                        filter, SCMP_ACT_ALLOW, CALL(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
        if (!error) /* a thread's name */
                error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
        return error;
}

static int fill(scmp_filter_ctx filter)
{
        int error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        for (size_t i = 0; !error && i < COUNT(allowed); i++)
                error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
        for (size_t i = 0; !error && i < COUNT(refused); i++)
                error = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)refused[i].error), refused[i].call, 0);
        return error ? error : add_limited(filter);
}

bool cell_calls_limit(void)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
        int error = filter ? fill(filter) : -ENOMEM;
        if (!error)
                error = seccomp_load(filter);
        seccomp_release(filter);
        errno = -error;
        return !error;
}
