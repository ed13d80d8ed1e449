/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts for places that hold printable US-ASCII only: header fields, replies, terminals. */
#ifndef SMF_BASE_PRINTABLE_H
#define SMF_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* `c`, or '?' if it is neither printable US-ASCII nor a space. */
char printable_char(char c);

/* True if all octets are printable US-ASCII or spaces. */
bool printable_is(const char *text, size_t len);

/* Replaces each other octet by '?'. */
void printable_make(char *text);

/* Replaces only control characters and DEL by '?', so that the text stays on its line. */
void printable_mask_controls(char *text);

#endif
