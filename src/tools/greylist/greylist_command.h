/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf greylist`: its row among the commands is greylist_command of greylist_options.h. */
#ifndef SMF_TOOLS_GREYLIST_GREYLIST_COMMAND_H
#define SMF_TOOLS_GREYLIST_GREYLIST_COMMAND_H

#include "base/command.h"

/* Runs `smf-spf greylist ...`, argv[0] being "greylist". Returns the status to exit with, of sysexits.h. */
int greylist_command_run(int argc, char **argv, const struct command_defaults *defaults);

#endif
