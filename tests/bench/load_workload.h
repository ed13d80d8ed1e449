/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which senders a measurement uses, and what the filter has to find out about them. */
#ifndef BENCH_LOAD_WORKLOAD_H
#define BENCH_LOAD_WORKLOAD_H

#include <stdint.h>
#include <stdio.h>

struct mail {
    char local[32];
    char domain[96];
    const char *expected; /* the SPF result; "refused" for a refusal at MAIL */
};

struct workload;

/* NULL if there is none of that name. */
const struct workload *workload_find(const char *name);
void workload_list(FILE *out);

/* The sender of message number `seq`. The same number gives the same new domain, so runs that want others begin at
 * another number. `random` is the state of a generator of its own for each thread, not 0. */
void workload_next(const struct workload *workload, uint64_t seq, uint64_t *random, struct mail *mail);

/* The next number of a generator. */
uint64_t workload_random(uint64_t *state);

#endif
