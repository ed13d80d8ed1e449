/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The zones that the measurements ask for: any number of domains of a few kinds, made up as they are asked for. */
#ifndef BENCH_DNS_ZONES_H
#define BENCH_DNS_ZONES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    DNS_MESSAGE_MAX = 8192,
    DNS_UDP_MAX = 1232, /* a longer answer is cut, and asked for again over TCP */
};

/* Writes the answer to the question in `asked` to `reply`, which has room for DNS_MESSAGE_MAX octets, cut to
 * `reply_max` (RFC 1035 4.2.1). Returns its length; 0: what came was no question. Any number of threads at once. */
size_t dns_zones_answer(const uint8_t *asked, size_t asked_len, uint8_t *reply, size_t reply_max);

/* How a question is to be answered: the names of attackers that stand in their records are answered not at all, or
 * late. */
enum dns_mood { DNS_MOOD_QUICK, DNS_MOOD_TARDY, DNS_MOOD_DEAD };
enum dns_mood dns_zones_mood(const uint8_t *asked, size_t asked_len);

/* Writes `total N KIND N KIND N ...`: the questions answered since the last reset. */
void dns_zones_write_counts(FILE *out);
void dns_zones_reset_counts(void);

#endif
