/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probes in a child process, which may take on other privileges for good. */
#ifndef SMF_APP_PREFLIGHT_PREFLIGHT_CHILD_H
#define SMF_APP_PREFLIGHT_PREFLIGHT_CHILD_H

#include "app/preflight/preflight.h"

/* Calls `probe(context)` in a child, where it adds to *report, and hands the child's report over: in this process
 * *report, empty before, is as the child left it. `who`: the account that it probes for, for the one message of this
 * function itself, where that fails. What is logged in the child goes nowhere. Before any thread exists. */
void preflight_in_child(void (*probe)(void *context), void *context, const char *who, struct preflight *report);

#endif
