/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names as text: with or without the trailing dot of an absolute name, and the form of a host name. */
#ifndef SMF_BASE_DOMAIN_TEXT_H
#define SMF_BASE_DOMAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { DOMAIN_TEXT_MAX = 253 }; /* octets of a name without its trailing dot (RFC 1035 2.3.4) */

/* The octets of the first `len` of `name`, or of all of it, without one trailing dot. */
size_t domain_text_len(const char *name, size_t len);
size_t domain_text_strlen(const char *name);

/* Copies a name without its trailing dot. False, with `out` untouched, if it has more than DOMAIN_TEXT_MAX octets. */
bool domain_text_copy(const char *name, char out[DOMAIN_TEXT_MAX + 1]);

/* True for a host name (RFC 1123 2.1); underscores and a trailing dot are allowed, a last label of digits is not, as it
 * is a part of an address. */
bool domain_text_is_host(const char *name);

#endif
