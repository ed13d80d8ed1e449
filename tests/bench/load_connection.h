/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to the filter, and the messages that go through it. */
#ifndef BENCH_LOAD_CONNECTION_H
#define BENCH_LOAD_CONNECTION_H

#include "load_histogram.h"
#include "load_wire.h"
#include "load_workload.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOAD_IN_SIZE = 16 * 1024, LOAD_COMPLAINT_SIZE = 400 };

/* What is measured, for all connections. */
struct load_plan {
    const char *address; /* unix:path, inet:port@host */
    const struct workload *workload;
    uint64_t first;          /* number of the first message */
    uint64_t messages;       /* how many; UINT64_MAX: until the deadline */
    int64_t deadline_ns;     /* when no more are begun; INT64_MAX: never */
    unsigned per_connection; /* messages before the connection is closed and another opened; 0: all */
    unsigned clients;        /* addresses that the mail comes from */
    int64_t pause_ns;        /* between the answer to RCPT and the data; before MAIL, the most */
    bool expects_nothing;    /* the filter is not smf-spf: results are not looked for */
    atomic_ullong begun;
};

/* What one thread has seen. */
struct load_figures {
    struct histogram mail;        /* MAIL, from command to answer */
    struct histogram transaction; /* MAIL to the answer to the end of data, without the pause */
    int64_t wait_max_ns;          /* the longest wait for any answer, the first of a connection included */
    uint64_t messages;
    uint64_t wrong; /* another result than the right one, temperror included */
    uint64_t temperror;
    uint64_t lost;                       /* messages whose connection ended before their answer */
    char complaint[LOAD_COMPLAINT_SIZE]; /* about the first of them */
};

struct load_connection {
    struct load_plan *plan;
    struct load_figures *figures;
    uint64_t *random;
    int fd; /* -1: done */
    unsigned number;
    unsigned left;       /* messages before the connection is closed */
    enum wire_step step; /* whose answer is waited for, or next after a pause */
    struct wire_terms terms;
    struct mail mail;
    struct wire_message message;
    int64_t begun_ns;  /* MAIL */
    int64_t sent_ns;   /* what was sent last */
    int64_t resume_ns; /* the end of a pause; 0: none */
    char result[16];   /* out of the field that the filter adds; "" so far */
    struct wire_buffer out;
    size_t in_len;
    uint8_t in[LOAD_IN_SIZE];
};

/* Opens the connection and begins to talk. False, with a complaint, if it cannot be opened. */
bool load_connection_open(struct load_connection *connection);

/* Takes what the filter has sent, and goes on. Where that ended the connection, `fd` is -1 or another one's: where
 * `reopened` is set, the caller has to watch the new one. */
void load_connection_read(struct load_connection *connection, bool *reopened);

/* Goes on after a pause; the rest as load_connection_read. */
void load_connection_resume(struct load_connection *connection, bool *reopened);

#endif
