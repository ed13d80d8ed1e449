/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probes of a start have in common: what they look at, with whose privileges, and where they report. */
#ifndef SMF_APP_PREFLIGHT_PROBE_H
#define SMF_APP_PREFLIGHT_PROBE_H

#include "app/preflight/preflight.h"
#include "app/preflight/service_unit.h"

#include <stdbool.h>
#include <sys/types.h>

struct probe {
    const struct config *config;
    const char *config_path;
    struct identity identity;
    bool starts_here;                /* this process is to become the filter */
    bool is_certain;                 /* this process has, or can take, the privileges of the start */
    bool log_is_made;                /* before privileges are dropped, LogTo is created or given to User */
    const char *without;             /* what becomes of a start without what is looked at; NULL: it fails */
    const struct service_unit *unit; /* by which systemd starts it; NULL: it is looked at as root or User starts it */
    struct preflight *out;
};

/* The account that the filter is to have; for texts. */
const char *probe_user(const struct probe *probe);

/* Adds a problem; or a note where only privileges that this process does not have could tell. `status`: of sysexits.h,
 * `error`: errno, or 0. */
__attribute__((format(printf, 4, 5))) void probe_problem(struct probe *probe, int status, int error, const char *format,
                                                         ...);

/* False, with a problem added, if systemd keeps its unit from writing there. */
bool probe_is_writable(struct probe *probe, const char *key, const char *path, int status);

/* True if there is a directory for `path`, and the privileges of the owner of what is made there (group: -1 if it has
 * none of its own) could be taken on: then probe_end gives them back. Else a problem or a note is added. */
bool probe_begin(struct probe *probe, const char *path, gid_t group, const char *key, int status);
void probe_end(const struct probe *probe);

/* 0 if a file can be made in the directory of `path` with the privileges of the moment, else an error number. */
int probe_directory_error(const char *path);

#endif
