/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backend that keeps what it is asked until the test replies, a clock that the test moves, and askers that remember
 * what they were told. */
#ifndef SMF_TESTS_UNIT_DNS_SCRIPTED_DNS_H
#define SMF_TESTS_UNIT_DNS_SCRIPTED_DNS_H

#include "dns/dns.h"
#include "dns/dns_cache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCRIPT_QUESTIONS = 4096, SCRIPT_START_MS = 1000000 };

struct scripted_question {
    char name[64];
    enum dns_type type;
    int64_t deadline_ms;
    dns_callback done; /* NULL: replied to */
    void *context;
};

struct scripted_dns {
    struct dns dns;
    int64_t now_ms;
    struct clock clock;
    bool is_gone;
    size_t asked;
    struct scripted_question questions[SCRIPT_QUESTIONS];
};

/* A cache without a thread in front of a script, which has to live as long. */
struct dns *script_start(struct scripted_dns *script, size_t octets, bool serve_stale);

/* Moves the clock on, and lets the cache do what is due then. The backend replies to what reaches its deadline. */
void script_pass(struct scripted_dns *script, struct dns *cache, int64_t ms);

/* Replies to a question by its number, or to the last. The answer's reference is taken over. */
void script_reply(struct scripted_dns *script, size_t number, const struct dns_answer *answer);
void script_reply_last(struct scripted_dns *script, const struct dns_answer *answer);

/* How many questions have had no reply. */
size_t script_open(const struct scripted_dns *script);

const struct dns_answer *text_answer(const char *text, uint32_t ttl_s);

/* Someone who asks. */
struct listener {
    unsigned calls;
    enum dns_status status;
    uint32_t ttl_s;
    char text[32];            /* of the first record */
    const char *text_at;      /* where it stood */
    enum dns_status expected; /* for threads: other answers are counted in `wrong` */
    unsigned wrong;
};

void listener_hears(void *context, const struct dns_answer *answer);

/* Asks for TXT with a deadline this far away. */
void script_ask(struct dns *cache, const char *name, int64_t timeout_ms, struct listener *listener);

/* The listener was called once, with this. Makes it ready for another question. */
void expect_text(struct listener *listener, const char *text, uint32_t ttl_s);
void expect_status(struct listener *listener, enum dns_status status);
void expect_nothing(const struct listener *listener);

/* Asks, and expects that the answer comes at once. */
void expect_known(struct dns *cache, const char *name, const char *text, uint32_t ttl_s);
void expect_known_status(struct dns *cache, const char *name, enum dns_status status);

/* Asks what is not known, and has the backend reply so. */
void teach(struct scripted_dns *script, struct dns *cache, const char *name, const struct dns_answer *answer);

#endif
