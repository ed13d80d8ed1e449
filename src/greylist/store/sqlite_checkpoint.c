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
    pthread_mutex_t lock; /* a leaf; covers those up to the empty line */
    pthread_cond_t changed;
    bool is_due, count_is_due, has_ended;
    enum sqlite_count count;
    int64_t base;

    const _Atomic int64_t *changes;
    pthread_t thread;
    char *path;
    sqlite3 *db; /* of the thread; NULL: not open */
};

enum { STEPS_BETWEEN_LOOKS = 10000 }; /* of a count, which look whether the end has come; less than a millisecond */

/* For SQLite, which ends what it is doing where this is not 0. */
static int has_ended(void *context)
{
    struct sqlite_checkpoint *checkpoint = context;
    bool ended;

    pthread_mutex_lock(&checkpoint->lock);
    ended = checkpoint->has_ended;
    pthread_mutex_unlock(&checkpoint->lock);
    return ended;
}

static bool open_file(struct sqlite_checkpoint *checkpoint)
{
    if (checkpoint->db != NULL)
        return true;
    if (sqlite3_open_v2(checkpoint->path, &checkpoint->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(checkpoint->db, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;", NULL, NULL, NULL) ==
            SQLITE_OK) {
        sqlite3_progress_handler(checkpoint->db, STEPS_BETWEEN_LOOKS, has_ended, checkpoint);
        return true;
    }
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

static bool read_number(struct sqlite_checkpoint *checkpoint, const char *text, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    bool works = sqlite3_prepare_v2(checkpoint->db, text, -1, &statement, NULL) == SQLITE_OK;

    works = works && sqlite3_step(statement) == SQLITE_ROW;
    if (works)
        *number = sqlite3_column_int64(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK && works;
}

static enum sqlite_count failure_of(const struct sqlite_checkpoint *checkpoint)
{
    const int code = sqlite3_errcode(checkpoint->db) & 0xff;

    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? SQLITE_COUNT_CORRUPT : SQLITE_COUNT_FAILED;
}

/* What is written meanwhile is not seen, from the first statement that reads on. */
static enum sqlite_count count(struct sqlite_checkpoint *checkpoint, int64_t *base)
{
    enum sqlite_count outcome;
    int64_t first, entries = 0, changes = 0;

    if (!open_file(checkpoint) || sqlite3_exec(checkpoint->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return SQLITE_COUNT_FAILED;
    if (!read_number(checkpoint, "SELECT count(*) FROM (SELECT 1 FROM seen LIMIT 1)", &first)) {
        outcome = failure_of(checkpoint);
    } else {
        changes = *checkpoint->changes;
        outcome =
            read_number(checkpoint, "SELECT count(*) FROM seen", &entries) ? SQLITE_COUNT_DONE : failure_of(checkpoint);
    }
    (void)sqlite3_exec(checkpoint->db, "ROLLBACK", NULL, NULL, NULL);
    if (outcome == SQLITE_COUNT_DONE)
        *base = entries - changes;
    return outcome;
}

static void count_once(struct sqlite_checkpoint *checkpoint)
{
    int64_t base = 0;
    const enum sqlite_count outcome = count(checkpoint, &base);

    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->count = outcome;
    checkpoint->base = base;
    pthread_mutex_unlock(&checkpoint->lock);
}

/* False: the end. */
static bool wait_until_due(struct sqlite_checkpoint *checkpoint, bool *count_is_due)
{
    bool goes_on;

    pthread_mutex_lock(&checkpoint->lock);
    while (!checkpoint->is_due && !checkpoint->count_is_due && !checkpoint->has_ended)
        pthread_cond_wait(&checkpoint->changed, &checkpoint->lock);
    *count_is_due = !checkpoint->is_due;
    if (checkpoint->is_due)
        checkpoint->is_due = false;
    else
        checkpoint->count_is_due = false;
    goes_on = !checkpoint->has_ended;
    pthread_mutex_unlock(&checkpoint->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct sqlite_checkpoint *checkpoint = context;
    bool count_is_due;

    while (wait_until_due(checkpoint, &count_is_due)) {
        if (count_is_due)
            count_once(checkpoint);
        else
            run_once(checkpoint);
    }
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

struct sqlite_checkpoint *sqlite_checkpoint_create(const char *path, const _Atomic int64_t *changes)
{
    struct sqlite_checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));

    if (checkpoint == NULL)
        return NULL;
    pthread_mutex_init(&checkpoint->lock, NULL);
    pthread_cond_init(&checkpoint->changed, NULL);
    checkpoint->changes = changes;
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

void sqlite_checkpoint_request_count(struct sqlite_checkpoint *checkpoint)
{
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->count_is_due = true;
    pthread_cond_signal(&checkpoint->changed);
    pthread_mutex_unlock(&checkpoint->lock);
}

enum sqlite_count sqlite_checkpoint_take_count(struct sqlite_checkpoint *checkpoint, int64_t *base)
{
    enum sqlite_count count;

    pthread_mutex_lock(&checkpoint->lock);
    count = checkpoint->count;
    checkpoint->count = SQLITE_COUNT_NONE;
    if (count == SQLITE_COUNT_DONE)
        *base = checkpoint->base;
    pthread_mutex_unlock(&checkpoint->lock);
    return count;
}
