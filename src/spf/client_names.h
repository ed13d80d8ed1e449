/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The validated domain names of a client (RFC 7208 5.5), found once in an evaluation and only if a term needs them. */
#ifndef SMF_SPF_CLIENT_NAMES_H
#define SMF_SPF_CLIENT_NAMES_H

#include "base/addr.h"
#include "dns/dns.h"
#include "spf/limits.h"
#include "spf/lookups.h"

#include <stdbool.h>
#include <stddef.h>

/* Start with {0}. */
struct client_names {
    bool known;                      /* the rest is filled in */
    bool is_void;                    /* the PTR question found no record */
    bool is_fault;                   /* names may be missing for a fault of ours */
    const struct dns_answer *answer; /* of the PTR question */
    size_t count;
    char validated[LIMIT_CLIENT_NAMES][DNS_NAME_MAX + 1]; /* in its order */
};

/* Asks for the names of `client` and for the addresses of the first 10 of them, unless that was done before. Errors of
 * the DNS give fewer names or none (RFC 7208 5.5). */
void client_names_find(struct client_names *names, struct lookups *lookups, const struct addr *client);

/* True if a validated name is `domain` or lies below it. */
bool client_names_match(const struct client_names *names, const char *domain);

/* The name that a p macro shows: `domain` itself if it is among the names, else one below it, else any, else "unknown"
 * (RFC 7208 7.3). */
const char *client_names_choose(const struct client_names *names, const char *domain);

void client_names_free(struct client_names *names);

#endif
