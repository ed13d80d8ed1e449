/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applies a changed smf-spf.conf while the filter runs: all of it, or nothing. */
#ifndef SMF_APP_RELOAD_H
#define SMF_APP_RELOAD_H

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
 * reopened in any case. Where the file says what it said before, nothing else happens. Where anything fails, this is
 * logged, all is as it was, and it returns false. Changed keys that need a restart are named in the log. One thread at
 * a time. */
bool reload_run(const struct reload_parts *parts);

#endif
