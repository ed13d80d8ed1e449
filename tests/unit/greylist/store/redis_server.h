/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real redis-server for tests, on a socket in a directory of the test's. It has no other child, and ends with the
 * test. Each of these lets the test fail where it cannot do what it should. */
#ifndef SMF_TESTS_REDIS_SERVER_H
#define SMF_TESTS_REDIS_SERVER_H

#include "base/clock.h"
#include "greylist/store/backend.h"

#include <stdbool.h>

/* Makes a directory for it below /tmp. */
void redis_server_make_directory(void);

/* Ends a group of tests: kills the server, if one runs, and removes the directory with all that is there. 0. */
int redis_server_tear_down(void **state);
const char *redis_server_path(const char *name); /* of a file there; lives until the next call */

/* Starts it with further options ("--name", "value", ..., NULL), and waits until it answers. */
void redis_server_start(const char *const *options);
void redis_server_signal(int signal);
void redis_server_kill(void); /* and waits for its end; nothing where none runs */

/* A command, its words with | between them, as an administrator: its reply as text; of a list the members, each with a
 * blank after it. Lives until the next call. */
const char *redis_server_command(const char *command);

/* A store there: database 0, prefix "smf-spf:", without a password, unless the caller changes that. */
struct greylist_store_config redis_server_config(const struct clock *clock);

#endif
