/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the pure part of SRS, and before a sender is rewritten, whether our hosts may send for it anyway. */
#include "session/forwarding.h"

#include "base/clock.h"
#include "mail/address.h"
#include "session/forwarding_metrics.h"
#include "session/srs_rules.h"
#include "srs/srs_forward.h"
#include "srs/srs_reverse.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Where one evaluation stands: its outcome may come before the call that began it returns. */
enum { ASKING, AWAITED, ANSWERED };

/* Whoever waits for an answer. */
struct asker {
    enum forwarding_direction direction;
    forwarding_done done;
    void *context;
};

/* A sender that will be rewritten, unless each outgoing address passes. */
struct question {
    struct service_lookup lookup;
    struct address sender, rewritten;
    int64_t deadline_ms;
    size_t next; /* of the outgoing addresses */
    bool passes; /* the last one that was asked about */
    atomic_int stage;
    struct asker asker;
};

static void give(const struct asker *asker, const struct forwarding_answer *answer)
{
    forwarding_metrics_answered(asker->direction, answer);
    asker->done(asker->context, answer);
}

static void give_status(const struct asker *asker, enum srs_status status, const struct address *address)
{
    const struct forwarding_answer answer = {.status = status, .address = status == SRS_DONE ? address->text : NULL};

    give(asker, &answer);
}

/* ---- The question before ---- */

static void end(struct question *question)
{
    const struct forwarding_answer answer = {
        .status = SRS_DONE,
        .is_permitted = question->passes,
        .address = question->passes ? NULL : question->rewritten.text,
    };

    give(&question->asker, &answer);
    address_free(&question->sender);
    address_free(&question->rewritten);
    service_lookup_end(&question->lookup);
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
    const struct addr_list *outgoing = &question->lookup.shared.config->srs_outgoing;
    const struct spf_request request = {
        .identity = IDENTITY_MAILFROM,
        .client = outgoing->items[question->next++].base,
        .helo = question->lookup.shared.host_name,
        .local = question->sender.local,
        .domain = question->sender.domain,
        .receiver = question->lookup.shared.host_name,
        .is_alone = true,
        .deadline_ms = question->deadline_ms,
    };

    atomic_store(&question->stage, ASKING);
    spf_permits_start(question->lookup.shared.checker, &request, on_outcome, question);
}

/* Takes the outcome that is there, and asks on until one is awaited. */
static void go_on(struct question *question)
{
    while (question->passes && question->next < question->lookup.shared.config->srs_outgoing.count) {
        ask(question);
        if (atomic_exchange(&question->stage, AWAITED) != ANSWERED)
            return;
    }
    end(question);
}

/* Takes over the first three. False if out of memory. */
static bool begin(const struct service_lookup *lookup, const struct address *sender, const struct address *rewritten,
                  const struct asker *asker)
{
    struct question *question = calloc(1, sizeof *question);

    if (question == NULL)
        return false;
    question->lookup = *lookup;
    question->sender = *sender;
    question->rewritten = *rewritten;
    question->deadline_ms = clock_monotonic_ms(&clock_system) + lookup->shared.config->srs_timeout_ms;
    question->passes = true;
    question->asker = *asker;
    go_on(question);
    return true;
}

static bool is_worth_asking(const struct config *config)
{
    return !config->srs_always && config->srs_outgoing.count > 0;
}

/* Rewrites, or asks before; takes over what it is given. */
static void forward(const struct service_lookup *lookup, struct address *sender, const struct asker *asker)
{
    const struct session_shared *shared = &lookup->shared;
    struct address rewritten = {0};
    enum srs_status status =
        srs_forward(srs_rules_settings(shared->srs), sender, clock_unix_s(&clock_system), &rewritten);

    if (status == SRS_DONE && is_worth_asking(shared->config) && begin(lookup, sender, &rewritten, asker))
        return;
    give_status(asker, status, &rewritten); /* unsure means rewrite */
    address_free(&rewritten);
    address_free(sender);
    service_lookup_end(lookup);
}

/* ---- Front doors ---- */

static bool is_null_sender(const char *text)
{
    return strcmp(text, "\"\"") == 0 || strcmp(text, "<@>") == 0 || strcmp(text, "@") == 0;
}

/* Reads an address; SRS_DONE, or why there is none. */
static enum srs_status parse(const char *text, struct address *out)
{
    const enum address_status status = is_null_sender(text) ? ADDRESS_NULL : address_parse(text, out);

    switch (status) {
    case ADDRESS_OK:
    case ADDRESS_LOCAL_TOO_LONG:
        if (address_is_alone(text, out))
            return SRS_DONE;
        address_free(out);
        return SRS_BAD_HOST;
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
    const struct service_lookup lookup = service_lookup_begin(service);
    const struct asker asker = {FORWARDING_SENDER, done, context};
    struct address address = {0};
    enum srs_status status = lookup.shared.srs != NULL ? parse(sender, &address) : SRS_FOREIGN;

    if (status == SRS_DONE) {
        forward(&lookup, &address, &asker);
        return;
    }
    give_status(&asker, status, &address);
    service_lookup_end(&lookup);
}

void forwarding_recipient(struct service *service, const char *recipient, forwarding_done done, void *context)
{
    const struct service_lookup lookup = service_lookup_begin(service);
    const struct asker asker = {FORWARDING_RECIPIENT, done, context};
    struct address address = {0}, stands_for = {0};
    enum srs_status status = lookup.shared.srs != NULL ? parse(recipient, &address) : SRS_FOREIGN;

    if (status == SRS_DONE)
        status = srs_reverse(srs_rules_settings(lookup.shared.srs), &address, clock_unix_s(&clock_system), &stands_for);
    give_status(&asker, status, &stands_for);
    address_free(&stands_for);
    address_free(&address);
    service_lookup_end(&lookup);
}
