/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the errors that a Redis server answers mean. Pure. */
#ifndef SMF_GREYLIST_STORE_REDIS_ERROR_H
#define SMF_GREYLIST_STORE_REDIS_ERROR_H

#include "base/strbuf.h"
#include "greylist/store/redis_link.h"

#include <stdbool.h>

/* True for an error that says that nothing new can be stored, while what is stored can be read. */
bool redis_error_is_full(const struct redisReply *reply);

/* Appends what is wrong: the error, in words of ours and in the server's, or that such a reply was not expected.
 * Returns false. */
bool redis_error_add(const struct redisReply *reply, struct strbuf *problem);

#endif
