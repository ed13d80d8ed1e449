/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The validated domain names of a client (RFC 7208 5.5). All ptr terms and p macros of an evaluation share them. */
#ifndef SMF_SPF_CLIENT_NAMES_H
#define SMF_SPF_CLIENT_NAMES_H

#include "base/addr.h"
#include "spf/limits.h"
#include "spf/lookups.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start with {0}. */
struct client_names {
    struct lookup *ptr;
    struct lookup *hosts[LIMIT_CLIENT_NAMES]; /* the addresses of the names, in their order */

    /* As of the last client_names_find. */
    bool is_complete; /* no answer is missing */
    bool is_void;     /* the PTR lookup found no record */
    bool is_fault;    /* a name may be missing for a fault of ours */
    uint32_t ttl_s;   /* smallest of the answers */
    size_t count;
    const char *validated[LIMIT_CLIENT_NAMES]; /* in the order of the answer */
};

/* Looks which names of `client` are validated by the answers there are, and wants those that are missing: of the PTR
 * lookup, and of the addresses of the first 10 names. Errors of the DNS give fewer names or none (RFC 7208 5.5). */
void client_names_find(struct client_names *names, struct lookups *lookups, const struct addr *client);

/* True if a validated name is `domain` or lies below it. */
bool client_names_match(const struct client_names *names, const char *domain);

/* The name that a p macro shows: `domain` itself if it is among the names, else one below it, else any, else "unknown"
 * (RFC 7208 7.3). */
const char *client_names_choose(const struct client_names *names, const char *domain);

#endif
