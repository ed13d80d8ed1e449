/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a checker holds, for those that answer its requests. Public: spf_check.h. */
#ifndef SMF_SPF_CHECKER_H
#define SMF_SPF_CHECKER_H

#include "dns/dns.h"
#include "spf/inflight.h"
#include "spf/result_cache.h"
#include "spf/spf_check.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct spf_checker {
    struct dns *dns;
    const struct clock *clock;
    struct result_cache *cache;
    struct inflight *inflight;
    _Atomic uint32_t timeout_ms; /* this and the next may be adjusted at any time */
    atomic_bool has_lookahead;
    atomic_uint references;
};

/* Brings a request into the one form that keys and evaluations use; `domain` is room for its domain, where that is not
 * in it. False if its answer is none, as there is no client or no domain that could have a policy (RFC 7208 4.3). */
bool checker_normalize(struct spf_request *request, char domain[DNS_NAME_MAX + 1]);

/* Its deadline, or where it has none, that of a request that comes now. */
int64_t checker_deadline_of(const struct spf_checker *checker, const struct spf_request *request);

#endif
