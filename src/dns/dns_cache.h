/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layer between evaluations and a backend: it answers out of its memory, lets all who ask the same at once share
 * one question, and keeps a DNS that is silent from holding everybody up.
 *
 * - Answers live for their TTL (RFC 1035 3.2.1, RFC 2308 5), and are handed out with the TTL that is left; a TTL of 0
 * is shared by those who wait for it, and not kept. One that is asked for in the last tenth of its TTL is refreshed
 *   meanwhile.
 * - A name that nobody could resolve is not waited for again at once (RFC 9520 3.2). Where it once had an answer with
 *   records, that is given for up to an hour after its TTL, while the name is asked again (RFC 8767).
 * - When nothing at all is answered, one question at a time goes on being asked, and whoever asks waits 500 ms at most,
 *   until an answer comes: then everything that still waits is asked.
 *
 * A question lives longer than those who wait for it, so that a late answer serves the next. Callbacks run on the
 * thread that asks, on the backend's, or on this layer's own. */
#ifndef SMF_DNS_DNS_CACHE_H
#define SMF_DNS_DNS_CACHE_H

#include "base/ttl_cache.h"
#include "dns/dns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_cache_config {
    size_t octets;    /* bound of what is remembered; 0: nothing is, and nothing is asked ahead */
    bool serve_stale; /* RFC 8767 */
    uint8_t seed[16]; /* random octets for the hashes */
    bool by_hand;     /* no thread: the test calls dns_cache_run_due */
};

/* Puts the layer in front of `backend`, which it takes over, and whose clock it uses: also if it fails. It starts a
 * thread that blocks every signal, so only after the last fork. NULL if there is no memory or no thread.
 * Locks: one for the questions on their way; under it, a shard of the memory. Neither is held while the backend is
 * asked or a callback runs. */
struct dns *dns_cache_create(const struct dns_cache_config *config, struct dns *backend);

/* Answers whoever can wait no longer, and asks what is due. By hand only. */
void dns_cache_run_due(struct dns *dns);

/* What the memory holds. `dns` is what dns_cache_create returned. */
struct ttl_cache_stats dns_cache_stats(struct dns *dns);

#endif
