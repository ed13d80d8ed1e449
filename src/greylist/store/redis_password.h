/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file with the password of a Redis server: one line, "PASSWORD" or "USER PASSWORD". Others may not read it. */
#ifndef SMF_GREYLIST_STORE_REDIS_PASSWORD_H
#define SMF_GREYLIST_STORE_REDIS_PASSWORD_H

#include "base/strbuf.h"

#include <stdbool.h>

/* Reads it. `line` is set to what is read, and belongs to the caller; *user to NULL or, within `line`, the user, and
 * *password to the password there. False, with what is wrong appended to `problem`. */
bool redis_password_read(const char *path, struct strbuf *line, const char **user, const char **password,
                         struct strbuf *problem);

#endif
