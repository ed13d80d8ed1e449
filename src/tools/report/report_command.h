/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf report`: what logs tell about the mail that came. */
#ifndef SMF_TOOLS_REPORT_REPORT_COMMAND_H
#define SMF_TOOLS_REPORT_REPORT_COMMAND_H

#include "base/command.h"

extern const struct command report_command;

/* Runs `smf-spf report ...`, argv[0] being "report". Returns a status of sysexits.h, after a message on standard error
 * if it is not EX_OK: EX_NOINPUT if a log could not be read, or not to its end; what could be is reported. */
int report_command_run(int argc, char **argv, const struct command_defaults *defaults);

#endif
