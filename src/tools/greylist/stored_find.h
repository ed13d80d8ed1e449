/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is stored for one subject, without changing it. */
#ifndef SMF_TOOLS_GREYLIST_STORED_FIND_H
#define SMF_TOOLS_GREYLIST_STORED_FIND_H

#include "base/strbuf.h"
#include "greylist/store/backend.h"

#include <stdbool.h>
#include <stdint.h>

/* Sets *out to what an open store has and what is not over by now; zeroed where that is nothing. It reads all keys, so
 * it is for people, and not for each message. False, with a reason in `problem`, if the store does not answer. */
bool stored_find(struct backend *backend, const struct greylist_subject *subject, int64_t now_s,
                 struct greylist_stored *out, struct strbuf *problem);

#endif
