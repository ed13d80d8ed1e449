/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a store, as the file system sees it; what is in it is for sqlite_store.c. */
#ifndef SMF_GREYLIST_STORE_SQLITE_FILE_H
#define SMF_GREYLIST_STORE_SQLITE_FILE_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    SQLITE_FILES_ASIDE = 5, /* corrupt ones that may lie beside it; a disk that fails fills itself no further */
    SQLITE_FILES_MAX = 3,   /* the file, its log of changes (-wal), and what processes share of that (-shm) */
};

/* Which file a path leads to. */
struct file_identity {
    dev_t device;
    ino_t inode;
};

/* Makes an empty file that only its owner may read, if there is none. False, with the reason in `problem`. */
bool sqlite_file_make(const char *path, struct strbuf *problem);

/* The first `count` of the files, of SQLITE_FILES_MAX. False, with errno: one of them is not there. */
bool sqlite_file_identify(const char *path, struct file_identity *identities, size_t count);

/* True if these are still the files there. */
bool sqlite_file_is(const char *path, const struct file_identity *identities, size_t count);

/* Renames the file to PATH.corrupt-TIME, with what SQLite has beside it, unless another process has put another one in
 * its place meanwhile. Nothing is deleted: with SQLITE_FILES_ASIDE of them there, none is added. False, with the reason
 * in `problem`: it is where it was. */
bool sqlite_file_set_aside(const char *path, const struct file_identity *identity, int64_t now_s,
                           struct strbuf *problem);

#endif
