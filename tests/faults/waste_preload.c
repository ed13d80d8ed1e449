/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded before the C library (LD_PRELOAD): a thread that takes 32 MB in small blocks, once the program runs, and soon
 * frees all but the last one, which keeps the allocator from returning the others by itself. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEGIN_S = 3, KEEP_S = 3 };
enum { BLOCK_SIZE = 1000, BLOCKS = 32000 };

static void *waste(void *context)
{
    static void *blocks[BLOCKS];

    sleep(BEGIN_S);
    for (size_t n = 0; n < BLOCKS; n++) {
        blocks[n] = malloc(BLOCK_SIZE);
        if (blocks[n] != NULL)
            memset(blocks[n], 1, BLOCK_SIZE);
    }
    sleep(KEEP_S);
    for (size_t n = 0; n + 1 < BLOCKS; n++)
        free(blocks[n]);
    return context;
}

__attribute__((constructor)) static void begin(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, waste, NULL) == 0)
        (void)pthread_detach(thread);
}
