/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names as text, inside the dns room: the check of query names and the escaped form that answers use. */
#ifndef SMF_DNS_DNS_NAME_H
#define SMF_DNS_DNS_NAME_H

#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNS_LABEL_MAX = 63 }; /* octets of a label (RFC 1035 2.3.4) */

/* True if `name`, any octets split into labels at each dot, can be queried: labels of 1 to 63 octets, 253 in all. */
bool dns_name_valid(const char *name);

/* A name under construction in its escaped form: dots stand between labels only, as an octet that is no letter, digit,
 * `-` or `_` is written \DDD. Start with {0}. */
struct dns_name {
    char text[DNS_NAME_SIZE]; /* NUL-terminated, without a trailing dot; "" is the root */
    size_t len;               /* of text */
    size_t octets;            /* that the name has unescaped, dots included */
};

/* Adds a label. False, with the name unusable, if it is empty or too long, or the whole name becomes too long. */
bool dns_name_add_label(struct dns_name *name, const uint8_t *label, size_t len);

/* Turns a valid query name into the escaped form; false if it is not valid. */
bool dns_name_from_query(struct dns_name *name, const char *query);

/* Turns the letters of an escaped name into lower case, in place (RFC 4343). */
void dns_name_fold(char *text);

/* Compares two escaped names without regard to case (RFC 4343 3). */
bool dns_name_equal(const char *a, const char *b);

#endif
