/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records for a while what is not worth a full wait: names and zones without a reply by the deadline, and names that
 * failed (RFC 9520 3.2). Plain data of one thread. */
#ifndef SMF_DNS_DNS_SUSPECTS_H
#define SMF_DNS_DNS_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DNS_SUSPECTS = 1024, /* how many are recorded */
    DNS_SUSPECTS_PER_ROW = 4,
};

/* Starts as {0}. */
struct dns_suspects {
    struct dns_suspect {
        uint64_t key; /* a random hash (dns_inflight_hash) */
        int64_t until_ms;
    } entries[DNS_SUSPECTS];
};

/* Where a key's row is full, the entry that expires first is replaced. */
void dns_suspects_add(struct dns_suspects *suspects, uint64_t key, int64_t until_ms);
bool dns_suspects_has(const struct dns_suspects *suspects, uint64_t key, int64_t now_ms);
void dns_suspects_remove(struct dns_suspects *suspects, uint64_t key);

#endif
