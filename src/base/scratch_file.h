/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file for a library that reads files only. */
#ifndef SMF_BASE_SCRATCH_FILE_H
#define SMF_BASE_SCRATCH_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct scratch_file {
    int fd;
    bool is_on_disk;
    char path[256];
};

/* Writes `text` to a file without a name on disk, where the system has such files and /proc leads to them; else to one
 * in TMPDIR, or /tmp, that only this user reads. True: this process may read it at `path` until scratch_file_remove.
 * False, with errno: there is nothing to remove. */
bool scratch_file_write(struct scratch_file *file, const char *text, size_t len);

/* The same, always in TMPDIR or /tmp. */
bool scratch_file_write_on_disk(struct scratch_file *file, const char *text, size_t len);

void scratch_file_remove(struct scratch_file *file);

#endif
