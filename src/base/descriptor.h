/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that no other program inherits, as POSIX.1-2008 can make them: open first, mark afterwards. A program
 * that another thread starts in between would inherit one; the daemon starts none (only
 * `smf-spf -n` does, from its one thread). */
#ifndef SMF_BASE_DESCRIPTOR_H
#define SMF_BASE_DESCRIPTOR_H

#include <stdbool.h>

/* Makes a pipe whose ends are closed on exec; `waits`: reading and writing wait. False with errno, and `ends`
 * untouched. */
bool descriptor_pipe(int ends[2], bool waits);

/* The next connection of a listening socket, closed on exec; reading and writing wait, whether those of the listening
 * socket do (a connection inherits that on BSD) or not. -1 with errno. */
int descriptor_accept(int listening);

/* Makes `target` another descriptor of what `fd` is, in one step, closed on exec. False with errno. */
bool descriptor_replace(int fd, int target);

#endif
