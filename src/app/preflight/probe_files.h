/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Could the PidFile, the log and the store of greylisting be written? */
#ifndef SMF_APP_PREFLIGHT_PROBE_FILES_H
#define SMF_APP_PREFLIGHT_PROBE_FILES_H

#include "app/preflight/probe.h"

void probe_pid_file(struct probe *probe);

/* Finds out whether LogTo is made, or given to User, before privileges are dropped, and keeps that in *probe. */
void probe_log_before_drop(struct probe *probe);

/* Whether LogTo can be opened with the privileges of the moment, which are those of User. */
void probe_log(struct probe *probe);

/* Whether the store of greylisting can be opened so, where it is a file, and its password be read; as notes. */
void probe_greylist_store(struct probe *probe);

#endif
