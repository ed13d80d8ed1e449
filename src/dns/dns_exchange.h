/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of the layer in front of a backend (dns_cache.h): who waits for which question, how long, and what is asked
 * when. Plain data with a memory: dns_cache.c holds a lock around each call, and afterwards does what it was told. */
#ifndef SMF_DNS_DNS_EXCHANGE_H
#define SMF_DNS_DNS_EXCHANGE_H

#include "dns/dns.h"
#include "dns/dns_memory.h"
#include "dns/dns_outage.h"
#include "dns/dns_pending.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_exchange {
    struct dns_memory *memory; /* borrowed; locks itself */
    struct dns_pending pending;
    struct dns_outage outage;
    struct dns_question *kept; /* in an outage: what goes on being asked; in the table */
    int64_t due_ms;            /* when dns_exchange_run_due has something to do; INT64_MAX: never */
    bool is_stopping;          /* nothing is asked any more */
};

/* What is to be done once the lock is given back; starts with {0}. */
struct dns_exchange_work {
    struct dns_asker *answered;
    bool outage_began, outage_ended;
    int64_t outage_ms;
};

/* The caller asks this of the backend as soon as it has given the lock back. */
struct dns_sending {
    struct dns_question *question;
    int64_t until_ms;
};

/* What became of someone who asked. */
enum dns_turn {
    DNS_TURN_WAITS, /* the asker is the exchange's now */
    DNS_TURN_SEND,  /* so it is, and *sending is to be sent */
    DNS_TURN_KNOWN, /* `known` is the answer */
    DNS_TURN_NO_MEMORY,
    DNS_TURN_STOPPING,
};

/* Has the asker wait for a question that is on its way, or for a new one. `known` is what dns_memory_recall said; it is
 * brought up to date. `name` is as the backend will be asked. */
enum dns_turn dns_exchange_join(struct dns_exchange *exchange, const struct dns_key *key, const char *name,
                                struct dns_asker *asker, struct dns_recollection *known, int64_t now_ms,
                                struct dns_sending *sending);

/* Prepares a question for which nobody waits. False: there is no need, no memory, or nobody answers these days. */
bool dns_exchange_refresh(struct dns_exchange *exchange, const struct dns_key *key, const char *name, int64_t now_ms,
                          struct dns_sending *sending);

/* The backend has replied to `question`, which may be freed. */
void dns_exchange_reply(struct dns_exchange *exchange, struct dns_question *question, const struct dns_answer *answer,
                        int64_t now_ms, struct dns_exchange_work *work);

/* Answers whoever can wait no longer. Returns what is to be asked now, linked by next_to_send, each until its
 * send_until_ms. */
struct dns_question *dns_exchange_run_due(struct dns_exchange *exchange, int64_t now_ms,
                                          struct dns_exchange_work *work);

/* Nothing is asked from now on. */
void dns_exchange_stop(struct dns_exchange *exchange);

/* Answers everybody, after the backend has replied to all that it was asked. */
void dns_exchange_end(struct dns_exchange *exchange, struct dns_exchange_work *work);

#endif
