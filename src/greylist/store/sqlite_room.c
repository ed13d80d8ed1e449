/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A checkpoint needs room for the pages that are new to the file, at most as many as the log has. A log that has taken
 * the whole disk could never be emptied. */
#include "greylist/store/sqlite_room.h"

#include <sqlite3.h>
#include <sys/statvfs.h>

enum {
    PAGE_OCTETS = 4096,
    ASKED_AT = 1000,  /* pages of the log, from which on the thread brings them into the file, */
    WAITED_AT = 4000, /* and from which on that is waited for: */
    WAITED_SHARE = 2, /* or from this part of the room that is left, */
    PAGES_MIN = 32,   /* though not for fewer */
};

/* In pages; as good as endless where the file system does not say. */
static uint64_t room_of(const struct sqlite_database *database)
{
    struct statvfs about;

    if (statvfs(database->path, &about) != 0)
        return UINT64_MAX;
    return (uint64_t)about.f_bavail * about.f_frsize / PAGE_OCTETS;
}

static int at_most(int pages, uint64_t room)
{
    if (room >= (uint64_t)pages)
        return pages;
    return room > PAGES_MIN ? (int)room : PAGES_MIN;
}

/* All goes into the file, and the log's room back to the file system. */
static bool empty_log(struct sqlite_database *database)
{
    int code;

    (void)sqlite3_busy_timeout(database->db, 0);
    code = sqlite3_wal_checkpoint_v2(database->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(database->db, SQLITE_DATABASE_BUSY_MS);
    if (code == SQLITE_OK)
        database->log_pages = 0;
    return code == SQLITE_OK;
}

bool sqlite_room_make(struct sqlite_database *database)
{
    database->is_full = !empty_log(database);
    database->room_when_full = sqlite_database_is_locked(database) ? 0 : room_of(database);
    return !database->is_full;
}

void sqlite_room_look(struct sqlite_database *database)
{
    if (database->is_full && room_of(database) > database->room_when_full)
        (void)sqlite_room_make(database);
}

static void keep(struct sqlite_database *database, uint64_t room)
{
    const int pages = database->log_pages;

    if (database->is_full)
        (void)sqlite_room_make(database);
    else if (pages >= WAITED_AT)
        (void)sqlite3_wal_checkpoint_v2(database->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    else if (pages >= at_most(WAITED_AT, room / WAITED_SHARE))
        (void)empty_log(database); /* with little room the thread is never asked: at work, it would be in the way */
    else if (pages >= ASKED_AT)
        sqlite_checkpoint_request(database->checkpoint);
}

/* Under a load that leaves no gap between two commits the log begins anew only if the checkpoint is made in between,
 * here. */
void sqlite_room_keep(struct sqlite_database *database)
{
    keep(database, room_of(database));
}

void sqlite_room_committed(struct sqlite_database *database)
{
    const uint64_t room = room_of(database);

    if (database->is_full || room / WAITED_SHARE < WAITED_AT)
        keep(database, room);
}
