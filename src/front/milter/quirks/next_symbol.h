/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function of the C library was before this program defined its own. Without it such a definition could not call
 * what it replaces. */
#ifndef SMF_FRONT_MILTER_QUIRKS_NEXT_SYMBOL_H
#define SMF_FRONT_MILTER_QUIRKS_NEXT_SYMBOL_H

/* The function of this name in the libraries, to be written to a pointer to it: *(void **)&pointer. NULL: there is
 * none. */
void *next_symbol(const char *name);

#endif
