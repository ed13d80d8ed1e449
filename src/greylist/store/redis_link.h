/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to a server that speaks the Redis protocol (RESP2): commands out, replies in, all within a bound of
 * time and of memory, whatever the server does. It alone knows hiredis, which writes the commands and reads the
 * replies; the socket is ours, as hiredis's own functions bound each call of the system, but not all of them together,
 * and may raise SIGPIPE. */
#ifndef SMF_GREYLIST_STORE_REDIS_LINK_H
#define SMF_GREYLIST_STORE_REDIS_LINK_H

#include "base/strbuf.h"
#include "greylist/store_address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REDIS_LINK_LOOKUP_MS = 400,         /* for the address of a host, of the time below */
    REDIS_LINK_TIMEOUT_MS = 900,        /* from redis_link_begin on; below BACKEND_TIMEOUT_MS */
    REDIS_LINK_REPLY_MAX = 1024 * 1024, /* octets of one reply */
    REDIS_LINK_LIST_MAX = 8192,         /* members of a list in a reply */
    REDIS_LINK_WORDS_MAX = 16,          /* of a command */
};

struct redis_link;
struct redisReply; /* a reply, or a member of a list in one */

/* One word of a command: any octets. */
struct redis_word {
    const void *octets;
    size_t len;
};
struct redis_word redis_word_of(const char *text);

/* To the server of an address (not STORE_SQLITE), which belongs to the caller and lives as long; not connected yet.
 * NULL without memory. Destroying closes it; NULL is fine. */
struct redis_link *redis_link_create(const struct store_address *address);
void redis_link_destroy(struct redis_link *link);

/* What is waited for from now on has to come within REDIS_LINK_TIMEOUT_MS, all together. */
void redis_link_begin(struct redis_link *link);

/* Connects; a link that is connected is closed first. False, with what is wrong appended to `problem`. */
bool redis_link_connect(struct redis_link *link, struct strbuf *problem);

/* True if it is connected, and the server has neither closed the connection meanwhile nor said something unasked. */
bool redis_link_is_idle(const struct redis_link *link);

void redis_link_close(struct redis_link *link); /* one that is not connected, too */

/* Queues a command of at most REDIS_LINK_WORDS_MAX words. Out of memory: redis_link_reply says so. */
void redis_link_send(struct redis_link *link, const struct redis_word *words, size_t count);

/* Sends what is queued, and waits for the next reply, which the caller frees. NULL, with what is wrong appended to
 * `problem`: the link is closed then. An error that the server answers is a reply like others. */
struct redisReply *redis_link_reply(struct redis_link *link, struct strbuf *problem);
void redis_link_free(struct redisReply *reply); /* NULL is fine */

/* What a reply holds. True, with the value set, if it is of this kind: octets, which live as long as the reply and have
 * a NUL after them; an error's text, the same; a number. False, with nothing set, if it is of another one. */
bool redis_reply_text(const struct redisReply *reply, struct redis_word *text);
bool redis_reply_error(const struct redisReply *reply, struct redis_word *text);
bool redis_reply_number(const struct redisReply *reply, long long *number);

/* Of a list: true, with the count of its members. */
bool redis_reply_list(const struct redisReply *reply, size_t *count);
const struct redisReply *redis_reply_member(const struct redisReply *list, size_t n); /* n < count */

#endif
