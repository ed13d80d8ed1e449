/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets and connections of a front end that reads requests and writes answers itself: all of them on one thread,
 * which never waits for anything but them. Answers are written one right after the other at the end of a pass through
 * the connections that are ready: while an answer is found out, the client that got the one before runs on another
 * processor, or takes this one away; many in a row let the kernel and us work in longer pieces. */
#ifndef SMF_FRONT_CONNECTIONS_H
#define SMF_FRONT_CONNECTIONS_H

#include "base/event_loop.h"
#include "base/mailbox.h"
#include "base/strbuf.h"
#include "front/drain.h"
#include "front/front.h"
#include "front/listening.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connections;

/* One that is listened on. */
struct connections_socket {
    struct connections *all;
    struct listening listening;
    const struct front_socket *spec;
    int fd;                        /* -1: closed */
    struct event_watch *accepting; /* NULL: no connection is accepted now */
};

/* One client, for as long as it likes. The first member of what a protocol keeps about it, zeroed at first. */
struct connection {
    struct letter letter; /* the first member: what it waited for is known */
    struct connections *all;
    struct connection *next, **previous;
    const struct connections_socket *socket; /* by which it came */
    struct strbuf in;                        /* what was read and not taken out; empty between requests */
    /* The rest is of connections.c and connection_limits.c alone. */
    int fd;
    struct event_watch *reading, *writing; /* NULL: not now */
    struct strbuf rest;                    /* answers that the client did not take at once */
    unsigned unwritten;                    /* requests that `rest` answers */
    size_t slot;                           /* of the outbox, from 1 on; 0: no answer is there */
    bool is_held;
    unsigned heard_at; /* the look (connection_limits.c) before which its client was heard last */
    size_t large;      /* octets of memory for what was read, beyond the usual */
};

/* What differs between front ends. All of it runs on the loop's thread. */
struct connections_protocol {
    const char *key;  /* that names its sockets in smf-spf.conf, for the log */
    const char *name; /* for messages: "the policy service" */
    size_t size;      /* of what begins with a struct connection */
    size_t part;      /* of the descriptors that the process may have, how many connections take: one in so many */
    void (*begin)(struct connection *connection); /* it was accepted; NULL: nothing is to be done */
    /* Takes requests from the beginning of `in`, as long as connection_may_go_on, and answers them. */
    void (*work)(struct connection *connection);
    /* What it was held for is known: connection_release, and the answer. `work` follows. */
    void (*resume)(struct connection *connection);
    /* A request cannot be read; `end` follows. NULL: nothing is to be done. */
    void (*broken)(const struct connection *connection);
    void (*end)(struct connection *connection); /* it is closed after this; NULL: nothing is to be done */
};

enum {
    CONNECTIONS_SOCKETS_MAX = 16,
    OUTBOX_MAX = 32, /* answers: to find out so many takes less than 0.2 ms where the results are known */
};

/* Zeroed, but for the first two. It lives as long as the process. All but the drain and what the lock covers belongs to
 * the loop's thread while it runs. */
struct connections {
    const struct connections_protocol *protocol;
    struct drain *drain;
    struct front_host host;
    struct connections_socket sockets[CONNECTIONS_SOCKETS_MAX];
    size_t socket_count;
    struct event_loop *loop;
    struct event_task *task, *end_of_pass;
    struct mailbox *mailbox;
    struct connection *list;
    size_t most; /* that there may be */
    /* Of connection_limits.c, but for the last. */
    struct event_task *look;
    void (*refuse)(struct connection *connection, const char *problem);
    void (*close)(struct connection *connection);
    size_t large;        /* octets, of all connections */
    int64_t silent_ms;   /* 0: the usual time; tests have another */
    unsigned looks;      /* how often it has run; so that no request needs the time */
    bool is_watched;     /* it will */
    bool is_full;        /* somebody waits to be accepted */
    bool is_in_pass;     /* the loop goes through the connections that are ready; answers and lines of the log wait */
    struct strbuf spare; /* the memory that the next request is read into, if an earlier one has left some */
    struct {
        struct connection *connection;
        struct strbuf text; /* its memory is used again */
        unsigned requests;  /* that it answers */
    } outbox[OUTBOX_MAX];
    size_t outbox_count, answer_count;

    pthread_mutex_t lock; /* a leaf; covers the next two */
    pthread_cond_t is_changed;
    bool is_closed, has_closed_sockets;
};

/* The functions of a struct front whose `state` is its struct connections. It has at most CONNECTIONS_SOCKETS_MAX
 * sockets. */
bool connections_open(const struct front *self, const struct front_socket *socket, const struct front_host *host,
                      struct strbuf *error);
bool connections_give(const struct front *self, const struct front_socket *socket, uid_t owner, gid_t group,
                      struct strbuf *error);
void connections_discard(const struct front *self, const struct front_socket *socket);
bool connections_run(const struct front *self);
void connections_close(const struct front *self);
/* What is being found out then is not waited for; a connection that waits for it is left to the end of the process. */
void connections_hang_up(const struct front *self);

/* The following on the loop's thread, but for one. */

/* True if the connection has room for an answer: it is not held, and takes its answers. */
bool connection_may_go_on(const struct connection *connection);

/* Counts a request as under way. False if none begins any more: then the connection was closed. */
bool connection_begin_request(struct connection *connection);

/* Where the answer to a request that has begun is to be appended; connection_end_answer follows. The memory that it
 * lacks has the connection closed. */
struct strbuf *connection_begin_answer(struct connection *connection);

/* The answer is complete; `taken` octets of what was read were its request. */
void connection_end_answer(struct connection *connection, size_t taken);

/* Nothing is read any more until connection_is_ready was called, on any thread, and `resume` has run. */
void connection_hold(struct connection *connection);
void connection_is_ready(struct connection *connection);
void connection_release(struct connection *connection);

/* Writes the answers that are there, and frees it. From `work` alone, which returns then. */
void connection_close(struct connection *connection);

/* The same for a request that cannot be read, which is told. `problem`: what is wrong with it. A request that its
 * client leaves unfinished is one, too. */
void connection_refuse(struct connection *connection, const char *problem);

/* The same for a fault of ours, which is told. */
void connection_close_without_memory(struct connection *connection);

#endif
