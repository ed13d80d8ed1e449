/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked about one SMTP client: requests in, steps of a session, answers out. Nothing says where a message
 * begins or ends but the requests themselves, and for each recipient there may be several of them, from different
 * lists. */
#ifndef SMF_FRONT_POLICY_TRANSACTION_H
#define SMF_FRONT_POLICY_TRANSACTION_H

#include "base/strbuf.h"
#include "front/front.h"
#include "front/policy/answer.h"
#include "front/policy/request.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: nothing was asked yet. One thread at a time. */
struct transaction {
    struct session *session; /* NULL: no client, or it is not checked, or its message is over */
    struct strbuf client;    /* address and port of the one that was asked about last */
    struct strbuf helo;      /* its HELO name */
    struct strbuf message;   /* the sender and the instance of the message */
    struct strbuf answer;    /* to the last recipient or the whole message, asked about again; "": none is kept */
    enum policy_action answer_kind;
    struct strbuf recipient; /* the one that `answer` is for; "": for all */
    struct strbuf changes;   /* answers that bring the message its fields, one after the other */
    struct strbuf queue_id;
    bool is_noted;                          /* something of a message is kept here */
    bool has_message;                       /* the session has it, and it was not ended */
    bool is_over;                           /* it was ended at DATA */
    bool is_exempt;                         /* nothing of this client is checked */
    bool is_decided;                        /* the session was asked whether it refuses the whole message */
    bool is_authenticated, has_certificate; /* whose message it is */
    bool has_instance;                      /* the message's is known: RCPT was reached */
    bool asks_at_data;                      /* fields come at DATA; set by whoever knows that it is asked there */
    bool has_changes;                       /* they were collected */
    bool has_recipient;                     /* one of the message was asked about */
    bool has_accepted;                      /* and was not refused */
};

/* Takes a request so far that its answer can be found without waiting. True: go on with transaction_answer. False:
 * `ready` is called once, on any thread, and until then neither may be touched; then it is to be called again with the
 * same arguments, until it is true (session_await). */
bool transaction_begin(struct transaction *transaction, const struct front_host *host, const struct request *request,
                       void (*ready)(void *context), void *context);

/* Appends the answer. */
enum policy_action transaction_answer(struct transaction *transaction, const struct request *request,
                                      struct strbuf *out);

/* To be called when nothing was asked for some seconds. Nothing comes after a message all of whose recipients were
 * refused, until the client sends another or leaves, and Postfix keeps its connection for minutes (max_idle 300 s): its
 * line is logged now. If its client names one more recipient later, that begins it anew, with the same results from the
 * caches and a line of its own; no answer depends on it, as nothing of it was let through and it got no fields. A
 * message with a recipient that was let through goes on: DATA, or the next message, ends it. True if it has such a
 * message, and `is_quiet` is not set. */
bool transaction_rest(struct transaction *transaction, bool is_quiet);

/* Ends what is under way, whose line is logged: nothing was asked yet. Memory that its texts had is used again. */
void transaction_reset(struct transaction *transaction);

/* The same, and frees all that is held. */
void transaction_end(struct transaction *transaction);

#endif
