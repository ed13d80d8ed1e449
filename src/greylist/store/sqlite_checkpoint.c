/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread that waits for the disk. */
#include "greylist/store/sqlite_checkpoint.h"

#include "base/thread.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct sqlite_checkpoint {
    pthread_mutex_t lock; /* a leaf; covers the two below */
    pthread_cond_t changed;
    bool is_due, has_ended;
    pthread_t thread;
    char *path;
    sqlite3 *db; /* of the thread; NULL: not open */
};

static bool open_file(struct sqlite_checkpoint *checkpoint)
{
    if (checkpoint->db != NULL)
        return true;
    if (sqlite3_open_v2(checkpoint->path, &checkpoint->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(checkpoint->db, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;", NULL, NULL, NULL) ==
            SQLITE_OK)
        return true;
    (void)sqlite3_close(checkpoint->db);
    checkpoint->db = NULL;
    return false;
}

/* Holds neither readers nor the writer up. What is wrong with the file, whoever else uses it will see. */
static void run_once(struct sqlite_checkpoint *checkpoint)
{
    if (open_file(checkpoint))
        (void)sqlite3_wal_checkpoint_v2(checkpoint->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* False: the end. */
static bool wait_until_due(struct sqlite_checkpoint *checkpoint)
{
    bool goes_on;

    pthread_mutex_lock(&checkpoint->lock);
    while (!checkpoint->is_due && !checkpoint->has_ended)
        pthread_cond_wait(&checkpoint->changed, &checkpoint->lock);
    checkpoint->is_due = false;
    goes_on = !checkpoint->has_ended;
    pthread_mutex_unlock(&checkpoint->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct sqlite_checkpoint *checkpoint = context;

    while (wait_until_due(checkpoint))
        run_once(checkpoint);
    (void)sqlite3_close(checkpoint->db);
    return NULL;
}

static void free_all(struct sqlite_checkpoint *checkpoint)
{
    pthread_cond_destroy(&checkpoint->changed);
    pthread_mutex_destroy(&checkpoint->lock);
    free(checkpoint->path);
    free(checkpoint);
}

struct sqlite_checkpoint *sqlite_checkpoint_create(const char *path)
{
    struct sqlite_checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));

    if (checkpoint == NULL)
        return NULL;
    pthread_mutex_init(&checkpoint->lock, NULL);
    pthread_cond_init(&checkpoint->changed, NULL);
    checkpoint->path = strdup(path);
    if (checkpoint->path != NULL && thread_start(&checkpoint->thread, run, checkpoint) == 0)
        return checkpoint;
    free_all(checkpoint);
    return NULL;
}

void sqlite_checkpoint_destroy(struct sqlite_checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->has_ended = true;
    pthread_cond_signal(&checkpoint->changed);
    pthread_mutex_unlock(&checkpoint->lock);
    (void)pthread_join(checkpoint->thread, NULL);
    free_all(checkpoint);
}

void sqlite_checkpoint_request(struct sqlite_checkpoint *checkpoint)
{
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->is_due = true;
    pthread_cond_signal(&checkpoint->changed);
    pthread_mutex_unlock(&checkpoint->lock);
}
