/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Daemonizing: a parent that waits until the daemon reports whether its start succeeded, and the PID file. */
#ifndef SMF_APP_PROCESS_DETACH_H
#define SMF_APP_PROCESS_DETACH_H

#include "app/process/privileges.h"
#include "base/strbuf.h"

#include <stdbool.h>

/* Forks. The parent does not return: it ends with the status that the child hands to detach_finish, or with EX_SOFTWARE
 * if the child dies before. The child returns true in a session of its own, its standard streams still open. False in
 * the only process, with a message in `error`, if there is no child. Before any thread exists. */
bool detach_begin(struct strbuf *error);

/* In the child: hands `status` (of sysexits.h) to the parent, and for EX_OK leaves terminal and working directory. Does
 * nothing without detach_begin, or when it was called before. */
void detach_finish(int status);

/* Writes the process id to `path`, with the privileges that privileges_borrow gives, and locks the file until the
 * process ends, so that no second instance takes it. In a directory of root's it belongs to root, so that the process
 * id in it can be trusted. False, with a message in `error`, also if it is there and is not a regular file with this
 * name alone, or holds something other than a process ID. */
bool detach_write_pid_file(const char *path, const struct identity *identity, struct strbuf *error);

/* True if the file open at `fd` for reading is empty or holds a number, as a file of process IDs does: no other is
 * written over. */
bool detach_is_pid_file(int fd);

/* Empties the file that detach_write_pid_file has written, as another process may get the number, and removes it, if it
 * is there still and the privileges suffice. */
void detach_remove_pid_file(const char *path, const struct identity *identity);

#endif
