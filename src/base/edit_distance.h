/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a word is from another, for messages that guess what was meant. */
#ifndef SMF_BASE_EDIT_DISTANCE_H
#define SMF_BASE_EDIT_DISTANCE_H

enum { EDIT_DISTANCE_MAX = 31 }; /* letters of the word that was meant */

/* How many letters must be inserted, deleted or replaced to make `b` out of `a`, which has at most EDIT_DISTANCE_MAX of
 * them; without regard to case. */
unsigned edit_distance(const char *a, const char *b);

#endif
