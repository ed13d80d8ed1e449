/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the dynamic linker. A file of its own: with RTLD_NEXT, sys/socket.h declares other types than POSIX has. */
#define _GNU_SOURCE
#include "front/milter/quirks/next_symbol.h"

#include <dlfcn.h>

void *next_symbol(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}
