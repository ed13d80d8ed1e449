/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands between the code under test and libsodium's SipHash. */
#include "support/hash_seeds.h"

#include <pthread.h>
#include <string.h>

enum { SEED_SIZE = 16, SEEDS_MAX = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char seeds[SEEDS_MAX][SEED_SIZE];
static unsigned seed_count;

int __real_crypto_shorthash(unsigned char *out, const unsigned char *in, unsigned long long len,
                            const unsigned char *seed);
int __wrap_crypto_shorthash(unsigned char *out, const unsigned char *in, unsigned long long len,
                            const unsigned char *seed);

void hash_seeds_forget(void)
{
    pthread_mutex_lock(&lock);
    seed_count = 0;
    pthread_mutex_unlock(&lock);
}

unsigned hash_seeds_count(void)
{
    pthread_mutex_lock(&lock);
    const unsigned count = seed_count;
    pthread_mutex_unlock(&lock);
    return count;
}

bool hash_seeds_were_zero(void)
{
    static const unsigned char zero[SEED_SIZE];
    bool found = false;

    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < seed_count; i++)
        found |= memcmp(seeds[i], zero, SEED_SIZE) == 0;
    pthread_mutex_unlock(&lock);
    return found;
}

int __wrap_crypto_shorthash(unsigned char *out, const unsigned char *in, unsigned long long len,
                            const unsigned char *seed)
{
    unsigned i = 0;

    pthread_mutex_lock(&lock);
    while (i < seed_count && memcmp(seeds[i], seed, SEED_SIZE) != 0)
        i++;
    if (i == seed_count && i < SEEDS_MAX)
        memcpy(seeds[seed_count++], seed, SEED_SIZE);
    pthread_mutex_unlock(&lock);
    return __real_crypto_shorthash(out, in, len, seed);
}
