/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a Redis server has stored for greylisting, as a list for people. */
#ifndef SMF_GREYLIST_STORE_REDIS_LIST_H
#define SMF_GREYLIST_STORE_REDIS_LIST_H

#include "base/strbuf.h"
#include "greylist/store/backend.h"
#include "greylist/store/redis_link.h"

#include <stdbool.h>
#include <stdint.h>

/* What backend_functions.each does, on a link that is connected. The server is asked in steps, each with its own bound
 * of time, and what matches is in memory at once, to be sorted. Values that are none of ours are left out. `until_s` of
 * one without an end is 0. */
bool redis_list(struct redis_link *link, const char *prefix, const char *pattern, int64_t now_s, backend_each each,
                void *context, struct strbuf *problem);

/* Sets *record to that of one key as the server has it; zeroed: there is none, or it is none of ours. False, with the
 * reason in `problem`, if the server does not answer. */
bool redis_list_find(struct redis_link *link, const char *key, struct greylist_record *record, struct strbuf *problem);

#endif
