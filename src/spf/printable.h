/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that go into logs, headers and replies: printable US-ASCII only. */
#ifndef SMF_SPF_PRINTABLE_H
#define SMF_SPF_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* True if all octets are printable US-ASCII or spaces. */
bool printable_is(const char *text, size_t len);

/* Writes `?` over every octet of a NUL-terminated text that is not. */
void printable_make(char *text);

#endif
