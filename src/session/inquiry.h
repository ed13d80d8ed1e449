/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a decision has to find out about a message: whether WhitelistHelo or WhitelistSPF exempts its client, the
 * results of its identities, the DMARC records of those that would be refused. One question after the other, asked by a
 * thread that waits or without one; which follows on which is the same. */
#ifndef SMF_SESSION_INQUIRY_H
#define SMF_SESSION_INQUIRY_H

#include "base/tristate.h"
#include "session/client.h"
#include "session/reason.h"
#include "session/session.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message;
struct identity_check;

enum question {
    QUESTION_NOT_BEGUN,
    QUESTION_HELO_HOST, /* whether the HELO name, which is listed, has the client's address */
    QUESTION_RESULT,    /* the outcome of an identity */
    QUESTION_FORWARDER, /* whether a domain of WhitelistSPF permits the client */
    QUESTION_DMARC,     /* the record of an identity */
    QUESTION_NONE,      /* all is known */
};

/* A part of the message. Zeroed: not begun. What is found out for some recipients after others begins anew, and asks
 * for no outcome and no record twice. */
struct inquiry {
    enum question question;
    const struct config *settings; /* the recipients' */
    size_t index;                  /* of the identity or the domain that it is about */
    enum tristate by_helo, by_spf;
    bool has_waited;               /* for an answer that was not there at once */
    bool is_counted;               /* the wait for it is */
    int64_t began_ms, deadline_ms; /* one deadline for all questions: the MTA waits for them all */

    /* Where no thread waits. */
    struct message *message;
    const struct session_shared *shared;
    const struct client *client;
    atomic_uint holders; /* who asks, and the answer that is to come: the last of them goes on */
    session_ready ready;
    void *context;
};

/* Whether the client is exempt by WhitelistHelo or WhitelistSPF, as far as was found out. */
enum reason inquiry_exemption(const struct inquiry *inquiry);

/* What is asked about an identity of a message. All that it points to must live as long as it is used. */
struct spf_request inquiry_request(const struct message *message, struct identity_check *check,
                                   const struct config *config, const struct client *client);

/* Asks what is not known yet, for recipients with these settings, which live as long as the configuration, and waits,
 * for DNSTimeout at most. */
void inquiry_finish(struct message *message, const struct session_shared *shared, const struct config *settings,
                    const struct client *client);

/* The same without waiting. True: all is known. False: `ready` is called once, on any thread, when it is; until then
 * the message must not be touched, and all arguments live. */
bool inquiry_start(struct message *message, const struct session_shared *shared, const struct config *settings,
                   const struct client *client, session_ready ready, void *context);

#endif
