/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the dynamic linker. A file of its own: with RTLD_NEXT, sys/socket.h declares other types than POSIX has. */
#define _GNU_SOURCE
#include "front/milter/quirks/next_symbol.h"

#include <dlfcn.h>
#include <stddef.h>

void *next_symbol(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

bool next_symbol_comes_after(const char *name, uintptr_t own)
{
    void *program = dlopen(NULL, RTLD_LAZY);
    const bool is_own = program != NULL && (uintptr_t)dlsym(program, name) == own;

    if (program != NULL)
        (void)dlclose(program);
    return is_own;
}
