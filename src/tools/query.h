/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf query`: the outcome for one client, HELO name and sender, on standard output. */
#ifndef SMF_TOOLS_QUERY_H
#define SMF_TOOLS_QUERY_H

#include "base/command.h"

/* Runs the command line `smf-spf query ...`, argv[0] being "query". If the configuration was not named and is not
 * there, defaults are used. Returns 0 pass, 1 fail, 2 softfail, 3 neutral, 4 permerror, 5 temperror, 6 none, or a
 * status of sysexits.h after a message on standard error. */
int query_run(int argc, char **argv, const struct command_defaults *defaults);

#endif
