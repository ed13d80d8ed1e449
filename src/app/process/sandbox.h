/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the running filter from all that it does not need: calls of the kernel (sandbox_calls) and files
 * (sandbox_files). It bounds what a fault in a library can be used for, and never changes what becomes of a message:
 * what cannot be set up here is logged, and the filter starts without it. */
#ifndef SMF_APP_PROCESS_SANDBOX_H
#define SMF_APP_PROCESS_SANDBOX_H

#include "base/strbuf.h"
#include "config/config.h"

#include <stdbool.h>

/* Enters the sandbox of `config`, which was read from `config_path`, as far as this host has one, and logs what it has.
 * After privileges are dropped and the log is open, before any thread exists. For good. */
void sandbox_enter(const struct config *config, const char *config_path);

/* Whether the files that a configuration names lie where the sandbox lets this process read and write: it was made for
 * those of the start. One line for each that does not in `errors`, and false. True where there is no sandbox. NULL for
 * `config` asks for the file of the configuration alone. */
bool sandbox_allows(const struct config *config, const char *config_path, struct strbuf *errors);

#endif
