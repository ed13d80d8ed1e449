/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a start needs of the host besides a valid configuration: accounts, directories, files, the DNS. The start and
 * `smf-spf -n` look at it by the same function, so that what stops the one is reported by the other. */
#ifndef SMF_APP_PREFLIGHT_PREFLIGHT_H
#define SMF_APP_PREFLIGHT_PREFLIGHT_H

#include "app/process/privileges.h"
#include "base/strbuf.h"
#include "config/config.h"

#include <stdbool.h>

/* Both texts are lines. */
struct preflight {
    struct strbuf problems; /* what stops a start: all of it, each line begins with its key */
    struct strbuf notes;    /* what does not, but will be in the way later; and what could not be checked */
    int status;             /* of sysexits.h: EX_OK, or that of the first problem */
};

/* Looks at all that the start with `config` (from `config_path`) will open, make or read, with the privileges that it
 * will have then, and creates, changes and connects nothing. Whether a socket is in use is not looked at: `-n` is run
 * beside a filter. `starts_here`: this process is to become the filter; else it may be that of an administrator without
 * root's privileges, for whom what User may do cannot be checked. *identity is who the start runs as, if the status is
 * EX_OK. Forks, so before any thread exists. *out is zeroed before; preflight_free frees what it holds. */
void preflight_run(const struct config *config, const char *config_path, bool starts_here, struct identity *identity,
                   struct preflight *out);
void preflight_free(struct preflight *preflight);

#endif
