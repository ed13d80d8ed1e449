/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf srs`: its row among the commands is srs_command of srs_options.h. */
#ifndef SMF_TOOLS_SRS_COMMAND_H
#define SMF_TOOLS_SRS_COMMAND_H

#include "base/command.h"

/* Runs `smf-spf srs ...`, argv[0] being "srs". Returns the status to exit with: of srs_options.h, or of sysexits.h. */
int srs_command_run(int argc, char **argv, const struct command_defaults *defaults);

#endif
