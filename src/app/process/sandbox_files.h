/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files this process may open, make and remove (Linux's Landlock); it may execute none. Descriptors that are open
 * stay usable. */
#ifndef SMF_APP_PROCESS_SANDBOX_FILES_H
#define SMF_APP_PROCESS_SANDBOX_FILES_H

#include "base/strbuf.h"
#include "config/config.h"

#include <stdbool.h>

/* From now on, for this thread, those that it starts, and for good, files are opened only in the directories of what
 * `config` and `config_path` name, and those of the system that its libraries read. False, with the reason in
 * `problem`, if this is not possible here: then nothing has changed. */
bool sandbox_files_restrict(const struct config *config, const char *config_path, struct strbuf *problem);

/* True if the file at `path` may be opened for reading, or for writing with `is_written`, as far as the sandbox has a
 * say. A path that leads nowhere is in the directory that would hold it. */
bool sandbox_files_allow(const char *path, bool is_written);

#endif
