/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `smf-spf config`: prints the effective configuration, or converts another program's. */
#ifndef SMF_TOOLS_CONFIG_COMMAND_H
#define SMF_TOOLS_CONFIG_COMMAND_H

#include "base/command.h"

extern const struct command config_command;

/* Runs `smf-spf config ...`, argv[0] being "config". Returns a status of sysexits.h, after a message on standard error
 * if it is not EX_OK. */
int config_command_run(int argc, char **argv, const struct command_defaults *defaults);

#endif
