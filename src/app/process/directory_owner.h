/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who owns the directory of a file, and whether another account controls which directory that is. */
#ifndef SMF_APP_PROCESS_DIRECTORY_OWNER_H
#define SMF_APP_PROCESS_DIRECTORY_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes the directory that `path` is in to `out` (room for `size` octets): "." for a name alone. False if it does not
 * fit. */
bool directory_of(const char *path, char *out, size_t size);

/* The owner of `directory`, if only this owner and root can make the name lead elsewhere: each directory and link
 * on the way, those that links lead over included, belongs to one of the two, and each directory above it is not
 * writable for others or has the sticky bit. Who may write to the directory itself does not matter. False, with errno,
 * if that is not so (EPERM), or it is no directory. */
bool directory_owner(const char *directory, uid_t *owner);

#endif
