/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings what was changed from SQLite's log of changes (WAL) into the file. That waits for the disk, for a tenth of a
 * second and more where it is busy: so a thread with a connection of its own does it, and nobody waits for it. */
#ifndef SMF_GREYLIST_STORE_SQLITE_CHECKPOINT_H
#define SMF_GREYLIST_STORE_SQLITE_CHECKPOINT_H

struct sqlite_checkpoint;

/* Starts the thread; it opens the file only when it is asked for something. `path` is copied. NULL without memory or
 * threads. */
struct sqlite_checkpoint *sqlite_checkpoint_create(const char *path);

/* Waits for what is under way, and ends the thread. NULL is fine. */
void sqlite_checkpoint_destroy(struct sqlite_checkpoint *checkpoint);

/* Asks for one, and does not wait; while one is under way, for the next. What fails is tried again at the next call. */
void sqlite_checkpoint_request(struct sqlite_checkpoint *checkpoint);

#endif
