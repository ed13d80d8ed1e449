/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log that a configuration names. */
#ifndef SMF_APP_LOG_SETUP_H
#define SMF_APP_LOG_SETUP_H

#include "app/process/privileges.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"

/* Creates a missing log file while the program may still write to its directory, and gives it to the user who will
 * write to it. NULL: there is none. */
void log_setup_create_file(const char *path, const struct identity *identity);

/* Opens the log of `config` (log_prepare). `user` (or NULL) is the account of this process, for the message. NULL, with
 * a message in `error`. */
struct log_prepared *log_setup_prepare(const struct config *config, const char *user, struct strbuf *error);

/* Appends what keeps `path` (NULL: any log) from being opened, `problem` being an errno value; without a newline. */
void log_setup_add_problem(const char *path, int problem, const char *user, struct strbuf *out);

#endif
