/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One session that has ended, for the next client. A policy service has a new client with nearly each request, and a
 * session is some kB and holds references to all that is shared. Any thread; without locks. */
#ifndef SMF_SESSION_SESSION_SPARE_H
#define SMF_SESSION_SESSION_SPARE_H

#include "session/session.h"

#include <stdbool.h>

struct session_spare;

/* Empty, with one reference. NULL if out of memory. */
struct session_spare *session_spare_create(void);
struct session_spare *session_spare_acquire(struct session_spare *spare); /* NULL is fine */
void session_spare_release(struct session_spare *spare);                  /* the same */

/* Frees a session that is empty, and gives back its references; NULL is fine. */
void session_spare_free(struct session *session);

/* Which sessions may be kept: those whose `generation` this is. To be read under the lock under which what they share
 * is exchanged. */
unsigned session_spare_generation(const struct session_spare *spare);

/* Begins another generation, under that lock, and frees the session that is kept: it holds what nobody uses any more.
 */
void session_spare_renew(struct session_spare *spare);

/* The session that is kept, which is the caller's then; NULL: there is none of this generation. */
struct session *session_spare_take(struct session_spare *spare);

/* Keeps an empty session, in place of the one before. False if it is of an earlier generation, and still the caller's.
 */
bool session_spare_put(struct session_spare *spare, struct session *session);

#endif
