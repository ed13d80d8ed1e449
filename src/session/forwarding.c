/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the pure part of SRS, and before a sender is rewritten, whether our hosts may send for it anyway. */
#include "session/forwarding.h"

#include "base/clock.h"
#include "mail/address.h"
#include "session/srs_rules.h"
#include "srs/srs_forward.h"
#include "srs/srs_reverse.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Where one evaluation stands: its outcome may come before the call that began it returns. */
enum { ASKING, AWAITED, ANSWERED };

/* A sender that will be rewritten, unless each outgoing address passes. */
struct question {
    struct session_shared shared;
    struct address sender, rewritten;
    int64_t deadline_ms;
    size_t next; /* of the outgoing addresses */
    bool passes; /* the last one that was asked about */
    atomic_int stage;
    forwarding_done done;
    void *context;
};

static void answer_status(enum srs_status status, forwarding_done done, void *context)
{
    const struct forwarding_answer answer = {.status = status};

    done(context, &answer);
}

static void answer_address(enum srs_status status, const struct address *address, forwarding_done done, void *context)
{
    const struct forwarding_answer answer = {.status = status, .address = status == SRS_DONE ? address->text : NULL};

    done(context, &answer);
}

/* ---- The question before ---- */

static void end(struct question *question)
{
    const struct forwarding_answer answer = {
        .status = SRS_DONE,
        .is_permitted = question->passes,
        .address = question->passes ? NULL : question->rewritten.text,
    };

    question->done(question->context, &answer);
    address_free(&question->sender);
    address_free(&question->rewritten);
    service_release(&question->shared);
    free(question);
}

static void go_on(struct question *question);

static void on_outcome(void *context, const struct spf_outcome *outcome)
{
    struct question *question = context;

    question->passes = outcome->result == RESULT_PASS;
    if (atomic_exchange(&question->stage, ANSWERED) == AWAITED)
        go_on(question);
}

static void ask(struct question *question)
{
    const struct addr_list *outgoing = &question->shared.config->srs_outgoing;
    const struct spf_request request = {
        .identity = IDENTITY_MAILFROM,
        .client = outgoing->items[question->next++].base,
        .helo = question->shared.host_name,
        .local = question->sender.local,
        .domain = question->sender.domain,
        .receiver = question->shared.host_name,
        .is_alone = true,
        .deadline_ms = question->deadline_ms,
    };

    atomic_store(&question->stage, ASKING);
    spf_permits_start(question->shared.checker, &request, on_outcome, question);
}

/* Takes the outcome that is there, and asks on until one is awaited. */
static void go_on(struct question *question)
{
    while (question->passes && question->next < question->shared.config->srs_outgoing.count) {
        ask(question);
        if (atomic_exchange(&question->stage, AWAITED) != ANSWERED)
            return;
    }
    end(question);
}

/* Takes over the three. False if out of memory. */
static bool begin(struct session_shared *shared, struct address *sender, struct address *rewritten,
                  forwarding_done done, void *context)
{
    struct question *question = calloc(1, sizeof *question);
    const uint32_t timeout_ms = shared->config->srs_timeout_ms;

    if (question == NULL)
        return false;
    question->shared = *shared;
    question->sender = *sender;
    question->rewritten = *rewritten;
    question->deadline_ms = clock_monotonic_ms(&clock_system) + timeout_ms;
    question->passes = true;
    question->done = done;
    question->context = context;
    go_on(question);
    return true;
}

static bool is_worth_asking(const struct config *config)
{
    return !config->srs_always && config->srs_outgoing.count > 0;
}

/* Rewrites, or asks before; takes over what it is given. */
static void forward(struct session_shared *shared, struct address *sender, forwarding_done done, void *context)
{
    struct address rewritten = {0};
    enum srs_status status =
        srs_forward(srs_rules_settings(shared->srs), sender, clock_unix_s(&clock_system), &rewritten);

    if (status == SRS_DONE && is_worth_asking(shared->config) && begin(shared, sender, &rewritten, done, context))
        return;
    answer_address(status, &rewritten, done, context); /* unsure means rewrite */
    address_free(&rewritten);
    address_free(sender);
    service_release(shared);
}

/* ---- Front doors ---- */

static bool is_null_sender(const char *text)
{
    return strcmp(text, "\"\"") == 0 || strcmp(text, "<@>") == 0 || strcmp(text, "@") == 0;
}

/* Reads an address; SRS_DONE, or why there is none. */
static enum srs_status parse(const char *text, struct address *out)
{
    switch (is_null_sender(text) ? ADDRESS_NULL : address_parse(text, out)) {
    case ADDRESS_OK:
    case ADDRESS_LOCAL_TOO_LONG:
        return SRS_DONE;
    case ADDRESS_NULL:
        return SRS_NULL_SENDER;
    case ADDRESS_NO_MEMORY:
        return SRS_NO_MEMORY;
    case ADDRESS_MALFORMED:
        break;
    }
    return SRS_BAD_HOST;
}

void forwarding_sender_start(struct service *service, const char *sender, forwarding_done done, void *context)
{
    struct session_shared shared = service_acquire(service);
    struct address address = {0};
    enum srs_status status = shared.srs != NULL ? parse(sender, &address) : SRS_FOREIGN;

    if (status == SRS_DONE) {
        forward(&shared, &address, done, context);
        return;
    }
    answer_status(status, done, context);
    service_release(&shared);
}

void forwarding_recipient(struct service *service, const char *recipient, forwarding_done done, void *context)
{
    struct session_shared shared = service_acquire(service);
    struct address address = {0}, stands_for = {0};
    enum srs_status status = shared.srs != NULL ? parse(recipient, &address) : SRS_FOREIGN;

    if (status == SRS_DONE)
        status = srs_reverse(srs_rules_settings(shared.srs), &address, clock_unix_s(&clock_system), &stands_for);
    answer_address(status, &stands_for, done, context);
    address_free(&stands_for);
    address_free(&address);
    service_release(&shared);
}
