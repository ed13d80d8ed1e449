/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two tables of keys that expire, and a lock. */
#include "dns/dns_slow.h"

void dns_slow_init(struct dns_slow *slow)
{
    pthread_mutex_init(&slow->lock, NULL);
}

void dns_slow_destroy(struct dns_slow *slow)
{
    pthread_mutex_destroy(&slow->lock);
}

bool dns_slow_mark(struct dns_slow *slow, uint64_t zone_key, int64_t now_ms, int64_t until_ms)
{
    bool is_new;

    pthread_mutex_lock(&slow->lock);
    is_new = !dns_suspects_has(&slow->marks, zone_key, now_ms);
    dns_suspects_add(&slow->marks, zone_key, until_ms);
    if (slow->until_ms < until_ms)
        slow->until_ms = until_ms;
    pthread_mutex_unlock(&slow->lock);
    return is_new;
}

bool dns_slow_has_any(const struct dns_slow *slow, int64_t now_ms)
{
    return slow->until_ms > now_ms;
}

bool dns_slow_has(struct dns_slow *slow, uint64_t zone_key, int64_t now_ms)
{
    bool is_slow;

    if (!dns_slow_has_any(slow, now_ms))
        return false;
    pthread_mutex_lock(&slow->lock);
    is_slow = dns_suspects_has(&slow->marks, zone_key, now_ms);
    pthread_mutex_unlock(&slow->lock);
    return is_slow;
}

void dns_slow_answered(struct dns_slow *slow, uint64_t zone_key, int64_t now_ms)
{
    if (!dns_slow_has_any(slow, now_ms))
        return;
    pthread_mutex_lock(&slow->lock);
    if (dns_suspects_has(&slow->marks, zone_key, now_ms))
        dns_suspects_add(&slow->answers, zone_key, now_ms);
    pthread_mutex_unlock(&slow->lock);
}

void dns_slow_clear(struct dns_slow *slow, uint64_t zone_key, int64_t since_ms)
{
    pthread_mutex_lock(&slow->lock);
    if (dns_suspects_has(&slow->answers, zone_key, since_ms - 1)) {
        dns_suspects_remove(&slow->marks, zone_key);
        dns_suspects_remove(&slow->answers, zone_key);
    }
    pthread_mutex_unlock(&slow->lock);
}
