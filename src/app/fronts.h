/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The front ends of the process, one list of sockets: opened, run and stopped together. */
#ifndef SMF_APP_FRONTS_H
#define SMF_APP_FRONTS_H

#include "app/process/privileges.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "config/table_socket.h"
#include "front/front.h"
#include "session/load_metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRONTS_MAX = 4, FRONTS_SOCKETS_MAX = FRONTS_MAX - 1 + TABLE_SOCKETS_MAX };

struct fronts_socket {
    const struct front *front;
    const char *key; /* that names it in smf-spf.conf */
    struct front_socket socket;
};

struct fronts_entry {
    const struct front *front;
    struct fronts *list;
    pthread_t thread;
    atomic_bool has_failed; /* it ended without being stopped */
};

/* Zeroed: an empty list. It lives as long as the process, as the threads do. */
struct fronts {
    struct fronts_entry entries[FRONTS_MAX];
    size_t count;
    struct fronts_socket sockets[FRONTS_SOCKETS_MAX];
    size_t socket_count;
    void (*wake)(void); /* called on another thread when a front end has ended; NULL: no call */
    atomic_bool has_ended;
};

/* Adds a socket, at most FRONTS_SOCKETS_MAX; and its front end, at most FRONTS_MAX, if it is the first one of that. */
void fronts_add(struct fronts *fronts, const struct front *front, const char *key, struct front_socket socket);

/* Opens all sockets with the privileges that each needs, and gives them to the identity. False, with a message in
 * `error` that begins with the key: then fronts_discard removes those that were made. */
bool fronts_open(struct fronts *fronts, const struct front_host *host, const struct identity *identity,
                 struct strbuf *error);
void fronts_discard(const struct fronts *fronts, const struct identity *identity);

/* Serves each on a thread of its own. False, with a message, if there is no thread. */
bool fronts_run(struct fronts *fronts, struct strbuf *error);

/* True once one of them has ended; without it the process has no reason to go on. */
bool fronts_have_ended(const struct fronts *fronts);

/* The name of one that ended without being stopped, NULL if there is none. */
const char *fronts_failed(const struct fronts *fronts);

/* What all of them have to do now. Any thread. */
struct front_load fronts_load(const struct fronts *fronts);

/* How a stop waits. */
struct fronts_pace {
    const struct clock *clock;
    bool (*pause)(int at_most_ms); /* false: end at once */
};

/* No new message begins, and current ones are answered, for at most `limit_ms`; then all connections end. */
void fronts_stop(const struct fronts *fronts, uint32_t limit_ms, const struct fronts_pace *pace);

/* Waits for no thread of theirs any more: what still runs ends with the process. After fronts_run, once. */
void fronts_let_go(const struct fronts *fronts);

#endif
