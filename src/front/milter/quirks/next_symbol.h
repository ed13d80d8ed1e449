/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function of the C library was before this program defined its own. Without it such a definition could not call
 * what it replaces. */
#ifndef SMF_FRONT_MILTER_QUIRKS_NEXT_SYMBOL_H
#define SMF_FRONT_MILTER_QUIRKS_NEXT_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

/* The function of this name in the libraries, to be written to a pointer to it: *(void **)&pointer. NULL: there is
 * none. */
void *next_symbol(const char *name);

/* True if what this program calls by that name is its own definition, at `own`: not so where a sanitizer has one. */
bool next_symbol_comes_after(const char *name, uintptr_t own);

#endif
