/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames that an MTA sends to a filter (milter protocol, version 6), and what the two agreed on. */
#ifndef BENCH_LOAD_WIRE_H
#define BENCH_LOAD_WIRE_H

#include "load_workload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_step {
    STEP_NEGOTIATE,
    STEP_CONNECT,
    STEP_HELO,
    STEP_MAIL,
    STEP_RCPT,
    STEP_DATA,
    STEP_HEADERS,
    STEP_EOH,
    STEP_BODY,
    STEP_EOM,
    STEP_COUNT,
};

enum {
    WIRE_OUT_SIZE = 12 * 1024, /* more than all frames of a message take */
    WIRE_STAGES = 7,           /* places where a filter may choose its macros */
    WIRE_FIELDS = 12,          /* header fields of a message */
    WIRE_BODY_SIZE = 2048,
};

struct wire_buffer {
    uint8_t octets[WIRE_OUT_SIZE];
    size_t len;
};

/* What a filter wants. */
struct wire_terms {
    uint32_t steps;
    uint32_t macros[WIRE_STAGES]; /* bits of the table of macros in load_wire.c */
};

/* What the frames of one connection are about. */
struct wire_message {
    const struct mail *mail;
    unsigned client; /* the last octet of its address */
    unsigned field;  /* STEP_HEADERS: which one, where each is answered */
};

/* Takes a filter's answer to STEP_NEGOTIATE; false if it is malformed. */
bool wire_agree(const uint8_t *payload, size_t len, struct wire_terms *terms);

bool wire_wants(const struct wire_terms *terms, enum wire_step step);   /* the filter wants to be told */
bool wire_answers(const struct wire_terms *terms, enum wire_step step); /* and answers that */

/* Adds a step's frame with its macros. STEP_HEADERS adds all fields where they are not answered, else one. */
void wire_add_step(struct wire_buffer *out, enum wire_step step, const struct wire_terms *terms,
                   const struct wire_message *message);
void wire_add_abort(struct wire_buffer *out);
void wire_add_quit(struct wire_buffer *out);

#endif
