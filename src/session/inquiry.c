/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions about a message, in their order. */
#include "session/inquiry.h"

#include "dmarc/dmarc_discovery.h"
#include "policy/verdict_decide.h"
#include "policy/whitelist.h"
#include "session/message.h"
#include "session/speculation.h"
#include "spf/host_address.h"
#include "spf/spf_check.h"

static struct identity_check *check_of(struct message *message)
{
    return &message->checks[message->inquiry.index];
}

static const char *ascii_domain(struct identity_check *check)
{
    return idna_ascii_form(check->domain, check->ascii);
}

/* ---- Which question is next ---- */

/* True if every result that counts for these recipients is a pass: then it does not matter who forwards the message. */
static bool passes(const struct message *message)
{
    const bool counts_helo = message->null_sender || message->inquiry.settings->check_helo;

    for (size_t i = 0; i < message->check_count; i++)
        if ((message->checks[i].identity != IDENTITY_HELO || counts_helo) &&
            message->checks[i].outcome.result != RESULT_PASS)
            return false;
    return true;
}

/* Whether an identity is one that would be refused or deferred for some recipient, unless it is left to DMARC. */
static bool asks_dmarc(const struct message *message, const struct config *config, size_t index)
{
    const struct identity_check *check = &message->checks[index];

    return verdict_asks_dmarc(&config->verdict, check->identity, message->null_sender, &check->outcome);
}

/* Whether the present question is to be asked. */
static bool is_open(const struct message *message, const struct client *client)
{
    const struct inquiry *inquiry = &message->inquiry;
    const struct config *config = inquiry->settings;

    switch (inquiry->question) {
    case QUESTION_HELO_HOST:
        return inquiry->index == 0 && whitelist_has_exact_host(&config->whitelist_helo, client_helo(client));
    case QUESTION_RESULT:
        return inquiry->by_helo != TRISTATE_YES && inquiry->index < message->check_count;
    case QUESTION_FORWARDER:
        return inquiry->by_helo != TRISTATE_YES && inquiry->by_spf != TRISTATE_YES &&
               inquiry->index < config->whitelist_spf.count && !passes(message);
    case QUESTION_DMARC:
        return inquiry->by_helo != TRISTATE_YES && inquiry->by_spf != TRISTATE_YES &&
               inquiry->index < message->check_count;
    case QUESTION_NOT_BEGUN:
    case QUESTION_NONE:
        break;
    }
    return false;
}

/* True if the question about the present identity need not be asked, now or any more. */
static bool is_passed_over(struct message *message)
{
    const struct inquiry *inquiry = &message->inquiry;

    if (inquiry->question == QUESTION_RESULT)
        return check_of(message)->has_outcome;
    return inquiry->question == QUESTION_DMARC &&
           (check_of(message)->has_dmarc || !asks_dmarc(message, inquiry->settings, inquiry->index));
}

/* Goes on to the next open question, from the present one on. False if there is none. */
static bool find_open(struct message *message, const struct client *client)
{
    struct inquiry *inquiry = &message->inquiry;

    while (inquiry->question != QUESTION_NONE) {
        if (!is_open(message, client)) {
            inquiry->question = (enum question)(inquiry->question + 1);
            inquiry->index = 0;
        } else if (is_passed_over(message)) {
            inquiry->index++;
        } else {
            return true;
        }
    }
    return false;
}

/* From now on it is about recipients with these settings. */
static void turn_to(struct message *message, const struct config *settings)
{
    struct inquiry *inquiry = &message->inquiry;

    if (inquiry->settings == settings)
        return;
    inquiry->settings = settings;
    inquiry->question = QUESTION_NOT_BEGUN;
    inquiry->index = 0;
    inquiry->by_helo = inquiry->by_spf = TRISTATE_NO;
    inquiry->is_counted = inquiry->has_waited = false;
}

enum reason inquiry_exemption(const struct inquiry *inquiry)
{
    if (inquiry->by_helo == TRISTATE_YES)
        return REASON_WHITELISTED_HELO;
    return inquiry->by_spf == TRISTATE_YES ? REASON_WHITELISTED_FORWARDER : REASON_NONE;
}

/* Begins, unless it has begun; false if all is known. */
static bool begin(struct message *message, const struct session_shared *shared, const struct client *client)
{
    struct inquiry *inquiry = &message->inquiry;

    if (inquiry->question == QUESTION_NOT_BEGUN) {
        inquiry->question = QUESTION_HELO_HOST;
        inquiry->began_ms = spf_checker_now_ms(shared->checker);
        inquiry->deadline_ms = spf_checker_deadline_after_ms(shared->checker, inquiry->began_ms);
    }
    return find_open(message, client);
}

/* ---- Requests and answers ---- */

struct spf_request inquiry_request(const struct message *message, struct identity_check *check,
                                   const struct config *config, const struct client *client)
{
    return (struct spf_request){
        .identity = check->identity,
        .client = client->effective,
        .helo = client_helo(client),
        .local = check->identity == IDENTITY_HELO ? "postmaster" : message->sender.local, /* RFC 7208 2.3, 2.4 */
        .domain = idna_ascii_form(check->domain, check->ascii),                           /* RFC 7208 4.3 */
        .receiver = message->receiver,
        .is_speculated = check->speculation != NULL,
        /* A guess stands in for the sender's domain, not for a host. */
        .best_guess = config->spf_best_guess && check == message->checks,
    };
}

/* The request for an identity; what is needed after its result is begun with it. */
static struct spf_request request_for_result(struct message *message, const struct session_shared *shared,
                                             const struct client *client)
{
    struct identity_check *check = check_of(message);
    struct spf_request request = inquiry_request(message, check, shared->config, client);

    if (check->speculation == NULL &&
        verdict_may_ask_dmarc(&message->inquiry.settings->verdict, check->identity, message->null_sender)) {
        check->speculation = speculation_begin(shared, &request, message->null_sender);
        request.is_speculated = check->speculation != NULL;
    }
    request.deadline_ms = message->inquiry.deadline_ms;
    return request;
}

static struct spf_request request_for_forwarder(const struct message *message, const struct client *client)
{
    return (struct spf_request){
        .identity = IDENTITY_HELO,
        .client = client->effective,
        .helo = client_helo(client),
        .local = "postmaster", /* RFC 7208 4.3 */
        .domain = message->inquiry.settings->whitelist_spf.items[message->inquiry.index],
        .receiver = message->receiver,
        .deadline_ms = message->inquiry.deadline_ms,
    };
}

static void take_forwarder(struct inquiry *inquiry, enum tristate permits)
{
    if (permits != TRISTATE_NO)
        inquiry->by_spf = permits;
    inquiry->index++;
}

/* The same for those of an identity, which are there by now. */
static void take_outcome(struct message *message)
{
    check_of(message)->has_outcome = true;
    message->inquiry.index++;
}

static void take_dmarc(struct message *message)
{
    check_of(message)->has_dmarc = true;
    message->inquiry.index++;
}

static void take_helo_host(struct inquiry *inquiry, enum tristate has_address)
{
    inquiry->by_helo = has_address;
    inquiry->index++;
}

/* ---- With a thread that waits ---- */

static void ask(struct message *message, const struct session_shared *shared, const struct client *client)
{
    struct inquiry *inquiry = &message->inquiry;
    struct spf_request request;

    switch (inquiry->question) {
    case QUESTION_HELO_HOST:
        take_helo_host(inquiry, host_has_address(spf_checker_dns(shared->checker), client_helo(client),
                                                 &client->effective, inquiry->deadline_ms));
        break;
    case QUESTION_RESULT:
        request = request_for_result(message, shared, client);
        spf_check(shared->checker, &request, &check_of(message)->outcome);
        take_outcome(message);
        break;
    case QUESTION_FORWARDER:
        request = request_for_forwarder(message, client);
        take_forwarder(inquiry, spf_permits(shared->checker, &request));
        break;
    case QUESTION_DMARC:
        dmarc_discover(spf_checker_dns(shared->checker), ascii_domain(check_of(message)), inquiry->deadline_ms,
                       &check_of(message)->dmarc);
        take_dmarc(message);
        break;
    case QUESTION_NOT_BEGUN:
    case QUESTION_NONE:
        break;
    }
}

void inquiry_finish(struct message *message, const struct session_shared *shared, const struct config *settings,
                    const struct client *client)
{
    turn_to(message, settings);
    while (begin(message, shared, client)) {
        message->inquiry.has_waited = true;
        ask(message, shared, client);
    }
}

/* ---- Without one ---- */

static bool go_on(struct inquiry *inquiry);

/* One of two that a question has; the last goes on, so that answers that come at once do not go deeper and deeper. */
static bool let_go(struct inquiry *inquiry)
{
    return atomic_fetch_sub(&inquiry->holders, 1) == 1;
}

static void answered(struct inquiry *inquiry)
{
    if (!let_go(inquiry))
        return; /* the answer was there at once */
    inquiry->has_waited = true;
    if (go_on(inquiry))
        inquiry->ready(inquiry->context);
}

static void on_helo_host(void *context, enum tristate has_address)
{
    take_helo_host(context, has_address);
    answered(context);
}

static void on_result(void *context, const struct spf_outcome *outcome)
{
    struct inquiry *inquiry = context;

    spf_outcome_copy(&check_of(inquiry->message)->outcome, outcome);
    take_outcome(inquiry->message);
    answered(inquiry);
}

static void on_forwarder(void *context, const struct spf_outcome *outcome)
{
    take_forwarder(context, spf_outcome_permits(outcome));
    answered(context);
}

static void on_dmarc(void *context, const struct dmarc_discovery *found)
{
    struct inquiry *inquiry = context;

    check_of(inquiry->message)->dmarc = *found;
    take_dmarc(inquiry->message);
    answered(inquiry);
}

static void ask_on(struct inquiry *inquiry)
{
    struct message *message = inquiry->message;
    struct spf_checker *checker = inquiry->shared->checker;
    struct spf_request request;

    switch (inquiry->question) {
    case QUESTION_HELO_HOST:
        host_has_address_start(spf_checker_dns(checker), client_helo(inquiry->client), &inquiry->client->effective,
                               inquiry->deadline_ms, on_helo_host, inquiry);
        break;
    case QUESTION_RESULT:
        request = request_for_result(message, inquiry->shared, inquiry->client);
        spf_check_start(checker, &request, on_result, inquiry);
        break;
    case QUESTION_FORWARDER:
        request = request_for_forwarder(message, inquiry->client);
        spf_permits_start(checker, &request, on_forwarder, inquiry);
        break;
    case QUESTION_DMARC:
        dmarc_discover_start(spf_checker_dns(checker), ascii_domain(check_of(message)), inquiry->deadline_ms, on_dmarc,
                             inquiry);
        break;
    case QUESTION_NOT_BEGUN:
    case QUESTION_NONE:
        break;
    }
}

/* True if all is known. */
static bool go_on(struct inquiry *inquiry)
{
    while (begin(inquiry->message, inquiry->shared, inquiry->client)) {
        atomic_store_explicit(&inquiry->holders, 2, memory_order_relaxed); /* whoever answers is told of it later */
        ask_on(inquiry);
        if (!let_go(inquiry))
            return false;
    }
    return true;
}

bool inquiry_start(struct message *message, const struct session_shared *shared, const struct config *settings,
                   const struct client *client, session_ready ready, void *context)
{
    struct inquiry *inquiry = &message->inquiry;

    turn_to(message, settings);
    inquiry->message = message;
    inquiry->shared = shared;
    inquiry->client = client;
    inquiry->ready = ready;
    inquiry->context = context;
    return go_on(inquiry);
}
