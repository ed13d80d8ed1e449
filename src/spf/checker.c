/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a checker, and the form of its requests. */
#include "spf/checker.h"

#include "base/allocator.h"
#include "base/domain_text.h"
#include "spf/domain.h"

#include <stdlib.h>

static unsigned max_checks_of(const struct spf_checker_config *config)
{
    return config->max_checks > 0 ? config->max_checks : MAX_CHECKS_USUAL;
}

struct spf_checker *spf_checker_create(const struct spf_checker_config *config)
{
    struct inflight_setup setup = {.dns = config->dns,
                                   .clock = config->clock,
                                   .timeout_ms = config->timeout_ms,
                                   .has_lookahead = config->has_lookahead,
                                   .max_checks = max_checks_of(config),
                                   .seed = config->seed};
    struct spf_checker *checker = calloc(1, sizeof(*checker));

    if (!checker) {
        dns_destroy(config->dns);
        return NULL;
    }
    checker->dns = config->dns;
    checker->clock = config->clock;
    checker->timeout_ms = config->timeout_ms;
    checker->has_lookahead = config->has_lookahead;
    checker->references = 1;
    checker->cache = result_cache_create(config->cache_octets, config->result_ttl_s, config->seed, config->clock);
    setup.cache = checker->cache;
    checker->inflight = inflight_create(&setup);
    if (checker->cache && checker->inflight)
        return checker;
    spf_checker_release(checker);
    return NULL;
}

struct spf_checker *spf_checker_acquire(struct spf_checker *checker)
{
    atomic_fetch_add_explicit(&checker->references, 1, memory_order_relaxed);
    return checker;
}

void spf_checker_adjust(struct spf_checker *checker, const struct spf_checker_config *config)
{
    checker->timeout_ms = config->timeout_ms;
    checker->has_lookahead = config->has_lookahead;
    inflight_adjust(checker->inflight, config->timeout_ms, config->has_lookahead, max_checks_of(config));
    result_cache_adjust(checker->cache, config->cache_octets, config->result_ttl_s);
}

void spf_checker_release(struct spf_checker *checker)
{
    if (!checker || atomic_fetch_sub_explicit(&checker->references, 1, memory_order_acq_rel) > 1)
        return;
    dns_destroy(checker->dns); /* and with it what is under way */
    result_cache_destroy(checker->cache);
    inflight_destroy(checker->inflight);
    free(checker);
    allocator_return_free(); /* its caches were large, and the next checker's have other threads */
}

struct dns *spf_checker_dns(const struct spf_checker *checker)
{
    return checker->dns;
}

int64_t spf_checker_deadline_ms(const struct spf_checker *checker)
{
    return spf_checker_deadline_after_ms(checker, spf_checker_now_ms(checker));
}

int64_t spf_checker_now_ms(const struct spf_checker *checker)
{
    return clock_monotonic_ms(checker->clock);
}

int64_t spf_checker_deadline_after_ms(const struct spf_checker *checker, int64_t now_ms)
{
    return now_ms + checker->timeout_ms;
}

bool checker_normalize(struct spf_request *request, char domain[DNS_NAME_MAX + 1])
{
    const bool is_normal =
        domain_can_have_policy(request->domain); /* nearly always, and then it has no dot at its end */

    if (request->client.family == ADDR_NONE || !(is_normal || domain_text_copy(request->domain, domain)))
        return false;
    if (!is_normal)
        request->domain = domain;
    request->client = addr_unmapped(&request->client); /* RFC 7208 5 */
    if (request->local[0] == '\0')
        request->local = "postmaster"; /* RFC 7208 4.3 */
    return is_normal || domain_can_have_policy(domain);
}

int64_t checker_deadline_of(const struct spf_checker *checker, const struct spf_request *request)
{
    return request->deadline_ms > 0 ? request->deadline_ms : spf_checker_deadline_ms(checker);
}

struct ttl_cache_stats spf_checker_cache_stats(struct spf_checker *checker)
{
    return result_cache_stats(checker->cache);
}
