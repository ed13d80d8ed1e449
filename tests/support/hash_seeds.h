/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sees under which seeds the code under test hashes (ld --wrap=crypto_shorthash): one that is known would let a
 * stranger aim keys at one bucket. */
#ifndef SMF_TESTS_HASH_SEEDS_H
#define SMF_TESTS_HASH_SEEDS_H

#include <stdbool.h>

/* Forgets what was seen. */
void hash_seeds_forget(void);

/* How many different seeds there were since then; at most 8 are told apart. */
unsigned hash_seeds_count(void);

/* True if one of them was all zeros. */
bool hash_seeds_were_zero(void);

#endif
