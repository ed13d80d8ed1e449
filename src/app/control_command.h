/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that ask a running filter for something over its control socket. */
#ifndef SMF_APP_CONTROL_COMMAND_H
#define SMF_APP_CONTROL_COMMAND_H

#include "base/command.h"

/* `smf-spf reload`: takes the changed configuration, and tells what came of it. */
extern const struct command reload_command;
int reload_command_run(int argc, char **argv, const struct command_defaults *defaults);

/* `smf-spf reopen`: opens the file of LogTo again, after a rotation. */
extern const struct command reopen_command;
int reopen_command_run(int argc, char **argv, const struct command_defaults *defaults);

/* `smf-spf stats`: prints the counters of the running filter, for people or for Prometheus. */
extern const struct command stats_command;
int stats_command_run(int argc, char **argv, const struct command_defaults *defaults);

#endif
