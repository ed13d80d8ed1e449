/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applies a changed smf-spf.conf while the filter runs: all of it, or nothing. */
#ifndef SMF_APP_RELOAD_H
#define SMF_APP_RELOAD_H

#include "base/strbuf.h"
#include "config/config.h"
#include "session/service.h"

#include <stdbool.h>

/* What a reload works on. */
struct reload_parts {
    const char *config_path;
    const struct config *started_with; /* the configuration of the start, for what cannot change later */
    struct service *service;
    const char *user; /* the account of the filter, or NULL; for messages */
};

/* Reads the file, prepares all that it names (DNS, zone file, caches, log), and then swaps it in; the file of LogTo is
 * reopened in any case. Where the file says what it said before, nothing else happens. Where anything fails, all is as
 * it was, and it returns false. What came of it is logged, and appended to `answer`, a line each: the errors; or that
 * it is done, with the changed keys that need a restart. One thread at a time. */
bool reload_run(const struct reload_parts *parts, struct strbuf *answer);

/* Opens the file of LogTo again, after a rotation. False if that fails: lines go on to the file that was open. Logged
 * and answered as above. */
bool reload_reopen_log(const struct reload_parts *parts, struct strbuf *answer);

/* Logs what the configuration warns of; a reload does it by itself. */
void reload_log_warnings(const struct config *config);

#endif
