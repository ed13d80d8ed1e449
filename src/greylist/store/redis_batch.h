/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A batch of visits to a Redis server.
 *
 * Several hosts ask at once, and the rule is in C (greylist_decide), so each visit is a compare-and-set: a guess of
 * what is stored, what follows from it, and how long that lives, go to a small script on the server. It stores what
 * follows if the guess is right, and answers what it found. If that is something else, what was found is the next
 * guess. The first guess is that nothing is stored. So a first contact, and one that is known and changes nothing, take
 * one round trip, and a change of what is stored takes two, plus one for each host that came in between: whoever has to
 * go round again has been overtaken by one that was done. WATCH and MULTI would do the same in more round trips, and
 * one key that another host touched would send a whole batch back; SET with NX and GET knows only of one key, and needs
 * Redis 7.0.
 *
 * Within a batch a guess is what the visits before it left, so that many recipients of one sender do not overtake each
 * other one by one. */
#ifndef SMF_GREYLIST_STORE_REDIS_BATCH_H
#define SMF_GREYLIST_STORE_REDIS_BATCH_H

#include "base/strbuf.h"
#include "greylist/store/backend.h"
#include "greylist/store/redis_link.h"

#include <stdbool.h>
#include <stddef.h>

enum { REDIS_KEY_SIZE = STORE_ADDRESS_PREFIX_SIZE + 8 + GREYLIST_KEY_SIZE };

/* Writes the key on the server: the prefix, "entry:" or "sender:", and the text. Returns its length. */
size_t redis_key(const char *prefix, bool is_sender, const char *text, char key[REDIS_KEY_SIZE]);

struct redis_batch;

/* The prefix belongs to the caller, and lives as long. NULL without memory. */
struct redis_batch *redis_batch_create(const char *prefix);
void redis_batch_destroy(struct redis_batch *batch); /* NULL is fine */

/* What backend_functions.visit does, for at most BACKEND_BATCH_MAX, on a link that is connected and begun. is_crowded:
 * there are as many entries as there may be, so that no first contact is stored. */
bool redis_batch_visit(struct redis_batch *batch, struct redis_link *link, struct backend_visit *const *visits,
                       size_t count, bool is_crowded, struct strbuf *problem);

/* Runs the script once, so that whatever would keep it from running, or from storing, is found: appends that to
 * `problem`, and returns false. Stores nothing. */
bool redis_batch_probe(struct redis_link *link, const char *prefix, struct strbuf *problem);

#endif
