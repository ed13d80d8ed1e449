/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of the daemon: start step by step, signals, reload, orderly stop. */
#ifndef SMF_APP_DAEMON_H
#define SMF_APP_DAEMON_H

#include <stdbool.h>

/* Runs the filter as the configuration at `config_path` says, until SIGTERM, SIGINT or SIGHUP; in the foreground if
 * `foreground` or Daemonize off. SIGUSR1 reloads the configuration and reopens the log, SIGUSR2 logs the counters.
 * Returns a status of sysexits.h. Errors during the start are written to standard error. */
int daemon_run(const char *config_path, bool foreground);

#endif
