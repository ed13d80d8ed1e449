/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens the store beside a filter that may be running. */
#ifndef SMF_TOOLS_GREYLIST_OPEN_STORE_H
#define SMF_TOOLS_GREYLIST_OPEN_STORE_H

#include "base/strbuf.h"
#include "greylist/store/backend.h"

#include <stdbool.h>

/* Becomes the filter's account for good where root runs the command, as the files of the store belong to it and root
 * must not follow its links, and opens the store. A file that is not there is not made. NULL, with a message in
 * `problem` and *status of sysexits.h (EX_UNAVAILABLE: the message is about the store), if that cannot be; else the
 * caller destroys it. `user` is that of the configuration. Before any thread exists. */
struct backend *open_store(const struct greylist_store_config *config, const char *user, struct strbuf *problem,
                           int *status);

#endif
