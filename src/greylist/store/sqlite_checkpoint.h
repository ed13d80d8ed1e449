/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings what was changed from SQLite's log of changes (WAL) into the file, and counts what is there. The one waits for
 * the disk, for a tenth of a second and more where it is busy, the other one reads all: so a thread with a connection
 * of its own does it, and nobody waits for it. */
#ifndef SMF_GREYLIST_STORE_SQLITE_CHECKPOINT_H
#define SMF_GREYLIST_STORE_SQLITE_CHECKPOINT_H

#include <stdatomic.h>
#include <stdint.h>

struct sqlite_checkpoint;

/* Starts the thread; it opens the file only when it is asked for something. `path` is copied. `changes`, which lives
 * longer, is how many rows the caller has added, less those it deleted. NULL without memory or threads. */
struct sqlite_checkpoint *sqlite_checkpoint_create(const char *path, const _Atomic int64_t *changes);

/* Waits for a checkpoint that is under way, stops a count, and ends the thread. NULL is fine. */
void sqlite_checkpoint_destroy(struct sqlite_checkpoint *checkpoint);

/* Asks for one, and does not wait; while one is under way, for the next. What fails is tried again at the next call. */
void sqlite_checkpoint_request(struct sqlite_checkpoint *checkpoint);

enum sqlite_count { SQLITE_COUNT_NONE, SQLITE_COUNT_DONE, SQLITE_COUNT_FAILED, SQLITE_COUNT_CORRUPT };

/* Asks for a count, and does not wait. */
void sqlite_checkpoint_request_count(struct sqlite_checkpoint *checkpoint);

/* What came of it, told once; NONE: it is not done, or was told. *base with `changes` as they are at any time added to
 * it is how many rows there are, unless others add some; a batch that is written while the count begins may be missing.
 */
enum sqlite_count sqlite_checkpoint_take_count(struct sqlite_checkpoint *checkpoint, int64_t *base);

#endif
