/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would be right instead of what is wrong in a record. */
#ifndef SMF_SPF_RECORD_HINT_H
#define SMF_SPF_RECORD_HINT_H

#include <stdbool.h>
#include <stddef.h>

/* The name of the mechanism that this text, of a term's name, probably means: "ip4" for "ipv4"; NULL if none is near.
 */
const char *record_hint_mechanism(const char *name, size_t len);

/* Says how the term is written that stands at `offset`, where record_parse found an error: "an IPv4 address or
 * network: ip4:192.0.2.1 or ip4:192.0.2.0/24". A constant. */
const char *record_hint(const char *text, size_t len, size_t offset);

#endif
