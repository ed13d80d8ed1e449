/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mail addresses, and how people write them. What a client sent is read by envelope.h. */
#ifndef SMF_MAIL_ADDRESS_H
#define SMF_MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

enum address_status {
    ADDRESS_OK,
    ADDRESS_NULL,      /* "<>" or nothing: the null reverse-path (RFC 5321 4.5.5) */
    ADDRESS_MALFORMED, /* no address: unbalanced, control characters, two @, an empty local part or domain, longer than
                          1,000 octets */
    ADDRESS_LOCAL_TOO_LONG, /* a local part of more than 64 octets (RFC 5321 4.5.3.1.1); the address is parsed
                               nevertheless */
    ADDRESS_NO_MEMORY,
};

/* A parsed address; its texts are one allocation. */
struct address {
    char *text; /* local@domain as written, without brackets, route, comment and trailing dot; the local part alone
                   where there is no domain */
    const char *local;  /* unquoted */
    const char *domain; /* "" where there is none */
};

/* Reads `argument`: angle brackets or not, a source route (ignored, RFC 5321 4.1.1.3), a quoted local part, white space
 * around, ESMTP parameters after the bracket. *out is set for ADDRESS_OK and ADDRESS_LOCAL_TOO_LONG, and then freed by
 * address_free; else it is untouched. */
enum address_status address_parse(const char *argument, struct address *out);

/* True if `argument` is the address that was read of it and nothing more, in brackets or not: what no client wrote has
 * no route, parameters or comment. */
bool address_is_alone(const char *argument, const struct address *address);

/* Makes an address of a local part without quotes and a domain ("" for none); its text has quotes where they are
 * needed. Without a local part it is that of the domain's postmaster (RFC 7208 4.3), with "" in the text. *out is set
 * for ADDRESS_OK and ADDRESS_LOCAL_TOO_LONG; ADDRESS_NULL if both are empty. */
enum address_status address_make(const char *local, const char *domain, struct address *out);

/* The same where the local part is the `local_len` octets at `local`, without a NUL. */
enum address_status address_make_of(const char *local, size_t local_len, const char *domain, struct address *out);

void address_free(struct address *address); /* also fine for a zeroed one; zeroes it */

#endif
