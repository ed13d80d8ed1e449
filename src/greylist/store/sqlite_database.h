/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to the database of a store: opening its file, its statements, and what SQLite says. Here, in
 * sqlite_store.c, sqlite_room.c and sqlite_checkpoint.c SQLite is known, and nowhere else. One thread at a time. */
#ifndef SMF_GREYLIST_STORE_SQLITE_DATABASE_H
#define SMF_GREYLIST_STORE_SQLITE_DATABASE_H

#include "base/strbuf.h"
#include "greylist/store/sqlite_checkpoint.h"
#include "greylist/store/sqlite_file.h"
#include "greylist/store_address.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { SQLITE_DATABASE_BUSY_MS = 500 }; /* for a lock of another process; below BACKEND_TIMEOUT_MS */

enum sqlite_statement {
    BEGIN_WRITE,
    BEGIN_READ,
    COMMIT,
    ROLLBACK,
    FIND,
    STORE,
    FORGET,
    EXPIRE,
    TRIM_AFTER, /* a moment */
    TRIM,
    COUNT_SOME, /* up to the number given and one more */
    SHOW,
    VERSION,
    SQLITE_STATEMENTS
};

/* Zeroed but for its path, it is not open. */
struct sqlite_database {
    char path[STORE_ADDRESS_PATH_SIZE];
    sqlite3 *db; /* NULL: it is not open */
    sqlite3_stmt *statements[SQLITE_STATEMENTS];
    struct file_identity identities[SQLITE_FILES_MAX]; /* of the files that were opened */
    bool is_corrupt;                                   /* it is to be set aside */
    int log_pages;                                     /* that the log of changes has */
    bool is_full;                                      /* a write has found no room (sqlite_room.h) */
    uint64_t room_when_full;                           /* that the disk had then, in pages */
    _Atomic int64_t changes; /* of the number of rows, by this connection, since it was opened */
    struct sqlite_checkpoint *checkpoint;
};

/* Opens the file, and makes what is missing in it. One that is found to be corrupt, or was before, is set aside, with
 * now_s in its name. False, with the reason in `problem`: it is not open. */
bool sqlite_database_open(struct sqlite_database *database, int64_t now_s, struct strbuf *problem);
void sqlite_database_close(struct sqlite_database *database); /* also of one that is not open */

/* Both return false: with a reason, or with that of the last call, which may be that the file is corrupt. */
bool sqlite_database_complain(const struct sqlite_database *database, const char *reason, struct strbuf *problem);
bool sqlite_database_fail(struct sqlite_database *database, struct strbuf *problem);

/* About the last call, which failed: a lock of another process was in its way; or the disk, or what this account may
 * have of it, is full, or takes nothing for another reason: what is there can be read then. */
bool sqlite_database_is_locked(const struct sqlite_database *database);
bool sqlite_database_is_full(const struct sqlite_database *database);

/* Runs a statement to its end, or to its next row; the caller resets it. */
bool sqlite_database_step(struct sqlite_database *database, enum sqlite_statement which, bool *has_row);

/* Runs one whose rows do not matter, or for the number in its first row, and resets it. */
bool sqlite_database_run(struct sqlite_database *database, enum sqlite_statement which);
bool sqlite_database_run_number(struct sqlite_database *database, enum sqlite_statement which, int64_t *number);

/* Ends a transaction, if there is one. */
void sqlite_database_roll_back(struct sqlite_database *database);

/* The first two values of a statement; the key is the caller's until it is reset. */
void sqlite_database_bind_key(struct sqlite_database *database, enum sqlite_statement which, const char *key,
                              bool is_sender);

#endif
