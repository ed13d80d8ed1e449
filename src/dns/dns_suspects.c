/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small table of keys that expire. */
#include "dns/dns_suspects.h"

#include <stddef.h>

/* The row of entries where a key may be. */
static size_t row_of(uint64_t key)
{
    return (size_t)(key / 65536 % (DNS_SUSPECTS / DNS_SUSPECTS_PER_ROW)) * DNS_SUSPECTS_PER_ROW;
}

void dns_suspects_add(struct dns_suspects *suspects, uint64_t key, int64_t until_ms)
{
    struct dns_suspect *row = &suspects->entries[row_of(key)], *place = row;

    for (size_t i = 0; i < DNS_SUSPECTS_PER_ROW; i++) {
        if (row[i].key == key) {
            place = &row[i];
            break;
        }
        if (row[i].until_ms < place->until_ms)
            place = &row[i];
    }
    *place = (struct dns_suspect){.key = key, .until_ms = until_ms};
}

bool dns_suspects_has(const struct dns_suspects *suspects, uint64_t key, int64_t now_ms)
{
    const struct dns_suspect *row = &suspects->entries[row_of(key)];

    for (size_t i = 0; i < DNS_SUSPECTS_PER_ROW; i++)
        if (row[i].key == key && row[i].until_ms > now_ms)
            return true;
    return false;
}

void dns_suspects_remove(struct dns_suspects *suspects, uint64_t key)
{
    struct dns_suspect *row = &suspects->entries[row_of(key)];

    for (size_t i = 0; i < DNS_SUSPECTS_PER_ROW; i++)
        if (row[i].key == key)
            row[i] = (struct dns_suspect){0};
}
