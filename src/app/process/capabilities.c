/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives up capabilities by the kernel's own calls: the library for them has nothing else that is needed here. */
#define _GNU_SOURCE /* syscall: the C library has no function for capset(2) */
#include "app/process/capabilities.h"

#ifdef __linux__

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITY_MAX = 63 }; /* two words of 32 bits each; the kernel knows fewer */

void capabilities_empty_bounding_set(void)
{
    for (unsigned long capability = 0; capability <= CAPABILITY_MAX; capability++)
        (void)prctl(PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL);
}

bool capabilities_drop(struct strbuf *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL); /* what is not inheritable goes, too */
    /* Of another account the service manager decides which it has, and may refuse the call that changes them. */
    if (syscall(SYS_capset, &header, none) != 0 && (geteuid() == 0 || errno != EPERM)) {
        strbuf_addf(error, "cannot give up capabilities: %s", strerror(errno));
        return false;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) {
        strbuf_addf(error, "cannot give up new privileges: %s", strerror(errno));
        return false;
    }
    return true;
}

#else

void capabilities_empty_bounding_set(void)
{
}

bool capabilities_drop(struct strbuf *error)
{
    (void)error;
    return true;
}

#endif
