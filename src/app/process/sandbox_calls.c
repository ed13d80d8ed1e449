/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of calls, and the filter that the kernel gets of it. */
#include "app/process/sandbox_calls.h"

#ifdef SMF_SPF_SECCOMP

#include "base/instrumented.h"

#include <errno.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* What a filter calls once it has its account, sockets, log and configuration, and its C library and its other
 * libraries for it: measured in Debian 12 and 13, and what other versions, processors and C libraries call instead. A
 * name that is none on this processor is passed over. */
static const char *const allowed[] = {
    /* memory */
    "brk", "madvise", "membarrier", "memfd_create", "mincore", "mlock", "mremap", "munlock", "munmap",
    /* threads */
    "exit", "exit_group", "futex", "futex_time64", "futex_waitv", "get_robust_list", "get_thread_area", "getcpu",
    "gettid", "restart_syscall", "rseq", "sched_getaffinity", "sched_getscheduler", "sched_yield", "set_robust_list",
    "set_thread_area", "set_tid_address", "set_tls",
    /* signals */
    "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "sigaltstack", "sigprocmask", "sigreturn",
    /* time */
    "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "gettimeofday", "nanosleep", "time", "timerfd_create", "timerfd_gettime",
    "timerfd_gettime64", "timerfd_settime", "timerfd_settime64",
    /* files that are open */
    "_llseek", "close", "close_range", "dup", "dup2", "dup3", "fadvise64", "fadvise64_64", "fcntl", "fcntl64", "fchmod",
    "fdatasync", "flock", "fstat", "fstat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "getdents",
    "getdents64", "lseek", "pipe", "pipe2", "pread64", "pwrite64", "read", "readv", "write", "writev",
    /* files by name; which ones is for sandbox_files to say */
    "access", "chdir", "faccessat", "faccessat2", "fstatat64", "getcwd", "lstat", "lstat64", "newfstatat", "open",
    "openat", "readlink", "readlinkat", "rename", "renameat", "renameat2", "stat", "stat64", "statx", "umask", "unlink",
    "unlinkat",
    /* waiting */
    "_newselect", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd",
    "eventfd2", "poll", "ppoll", "ppoll_time64", "pselect6", "pselect6_time64", "select",
    /* sockets; some 32-bit processors have one call for all, which hides its arguments */
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv", "recvfrom",
    "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
    "socketcall", "socketpair",
    /* who and where it is */
    "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getpid",
    "getppid", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getrusage", "getuid",
    "getuid32", "sysinfo", "ugetrlimit", "uname"};

/* A call that is allowed if this argument has that value, where the mask has bits. More rows for a call: any of them.
 */
struct conditional {
    const char *call;
    unsigned argument; /* counted from 0 */
    scmp_datum_t mask, value;
};

static bool allow(scmp_filter_ctx filter, const char *call, unsigned conditions, const struct scmp_arg_cmp *argument)
{
    const int number = seccomp_syscall_resolve_name(call);
    int problem = 0;

    if (number == __NR_SCMP_ERROR)
        return true; /* a libseccomp that is older than the call */
    problem = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, conditions, argument);
    errno = -problem;
    return problem == 0 || problem == -EDOM; /* not on this processor */
}

static bool allow_conditionally(scmp_filter_ctx filter)
{
    const scmp_datum_t number = UINT32_MAX, pointer = UINT64_MAX, self = (scmp_datum_t)getpid(),
                       thread = CLONE_VM | CLONE_THREAD,
                       namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                    CLONE_NEWPID | CLONE_NEWNET,
                       write_or_execute = PROT_WRITE | PROT_EXEC;
    const struct conditional rows[] = {
        {"socket", 0, number, AF_UNIX},
        {"socket", 0, number, AF_INET},
        {"socket", 0, number, AF_INET6},
        /* a thread, and no other process; for clone3 see refuse_quietly */
        {"clone", CLONE_FLAGS, thread | namespaces, thread},
        /* no memory that is written to and executed */
        {"mmap", 2, write_or_execute, 0},
        {"mmap", 2, write_or_execute, PROT_WRITE},
        {"mmap", 2, write_or_execute, PROT_EXEC},
        {"mmap2", 2, write_or_execute, 0},
        {"mmap2", 2, write_or_execute, PROT_WRITE},
        {"mmap2", 2, write_or_execute, PROT_EXEC},
        {"mprotect", 2, PROT_EXEC, 0},
        /* abort(3) signals its own process */
        {"kill", 0, number, self},
        {"tgkill", 0, number, self},
        {"prctl", 0, number, PR_SET_NAME},
        {"prlimit64", 2, pointer, 0}, /* limits are read */
        {"ioctl", 1, number, FIONREAD},
        {"ioctl", 1, number, FIONBIO},
        {"ioctl", 1, number, TCGETS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct scmp_arg_cmp argument = {
            .arg = rows[i].argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = rows[i].mask, .datum_b = rows[i].value};

        if (!allow(filter, rows[i].call, 1, &argument))
            return false;
    }
    return true;
}

static bool fill(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (!allow(filter, allowed[i], 0, NULL))
            return false;
    return allow_conditionally(filter);
}

/* Also for calls in the way of another processor, which libseccomp would answer with the end of the process. */
static bool set_up(scmp_filter_ctx filter, uint32_t otherwise)
{
    int problem = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, otherwise);

    if (problem == 0)
        problem = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    errno = -problem;
    if (problem != 0)
        return false;
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);      /* what is refused is a fault, here or in a library */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree of numbers, not a list */
    return fill(filter);
}

static bool load(scmp_filter_ctx filter)
{
    const int problem = INSTRUMENTED ? -ENOTSUP : seccomp_load(filter);

    errno = -problem;
    return problem == 0;
}

/* Refuses clone3, which hides its arguments, in a filter of its own that logs nothing: C libraries try it for each
 * thread before they take clone, and the kernel's log would have a line for each. The other filter has to allow it: of
 * two that refuse a call, the newer one decides on the log. False if there is no such filter. */
static bool refuse_quietly(int clone3)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const bool refused = filter != NULL && seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW) == 0 &&
                         seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                         seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0) == 0 && load(filter);

    seccomp_release(filter);
    return refused;
}

/* Before the filter is loaded. */
static bool leave_clone3(scmp_filter_ctx filter)
{
    const int clone3 = seccomp_syscall_resolve_name("clone3");

    return clone3 == __NR_SCMP_ERROR || !refuse_quietly(clone3) || allow(filter, "clone3", 0, NULL);
}

bool sandbox_calls_restrict(bool only_logs, struct strbuf *problem)
{
    const uint32_t otherwise = only_logs ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(ENOSYS);
    scmp_filter_ctx filter = seccomp_init(otherwise);
    bool restricted = false;

    errno = ENOMEM;
    restricted = filter != NULL && set_up(filter, otherwise) && (only_logs || leave_clone3(filter)) && load(filter);
    if (!restricted)
        strbuf_add(problem, INSTRUMENTED ? "a sanitizer needs all calls" : strerror(errno));
    seccomp_release(filter);
    return restricted;
}

#else

bool sandbox_calls_restrict(bool only_logs, struct strbuf *problem)
{
    (void)only_logs;
    strbuf_add(problem, "this program was built without libseccomp");
    return false;
}

#endif
