/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When what was changed goes from SQLite's log of changes (WAL) into the file: before the log is long, and before it
 * takes the room that the file needs for that. Once the disk is full, all the room that comes back is the file's first,
 * and the log gives back its own. One thread at a time, and in no transaction. */
#ifndef SMF_GREYLIST_STORE_SQLITE_ROOM_H
#define SMF_GREYLIST_STORE_SQLITE_ROOM_H

#include "greylist/store/sqlite_database.h"

#include <stdbool.h>

/* Now and then: asks for a checkpoint if the log is long, or makes one where the log or the disk lets that not wait. */
void sqlite_room_keep(struct sqlite_database *database);

/* After a commit: the same, if the disk has little room or was full. */
void sqlite_room_committed(struct sqlite_database *database);

/* Before something is written: with a disk that was full and has more room by now, as sqlite_room_make. */
void sqlite_room_look(struct sqlite_database *database);

/* After a write that found the disk full: it is so from now on, until all is in the file and the log is empty, which is
 * tried here. True: that is so, and a write may work. Does not wait for locks. */
bool sqlite_room_make(struct sqlite_database *database);

#endif
