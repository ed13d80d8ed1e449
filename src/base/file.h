/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads whole files. */
#ifndef SMF_BASE_FILE_H
#define SMF_BASE_FILE_H

#include "base/strbuf.h"

#include <stdbool.h>

/* Appends the file's text to `text`, whose limit is the most that it may hold then. False, with errno, if the file
 * cannot be read: EFBIG if it is larger than the limit, ENOMEM, ENODATA for a FIFO that nobody writes to, which is not
 * waited for, ETIMEDOUT for one whose writer is silent for 5 seconds, or what the system said. Where the text has room
 * for the limit before, it does not move, and what was read is nowhere else. */
bool file_read(const char *path, struct strbuf *text);

#endif
