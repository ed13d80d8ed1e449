/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the results of a message's identities, and lets the policy decide. */
#include "session/decision.h"

#include "base/clock.h"
#include "base/domain_text.h"
#include "policy/verdict_decide.h"
#include "session/dmarc_check.h"
#include "session/dns_exemptions.h"
#include "spf/domain.h"

/* True for a name of several labels, which alone says something (RFC 7208 2.3). */
static bool is_host_name(const char *helo)
{
    char name[DOMAIN_TEXT_MAX + 1];
    struct addr addr;

    return domain_text_copy(helo, name) && domain_can_have_policy(name) && !addr_parse(name, &addr);
}

static void add_helo_check(struct message *message, struct client *client)
{
    message_add_check(message, IDENTITY_HELO, client_helo(client));
    message->checks[message->check_count - 1].speculation = client->begun;
    client->begun = NULL;
}

void decision_begin(struct message *message, const struct config *config, struct client *client)
{
    if (message->null_sender) {
        add_helo_check(message, client); /* RFC 7208 2.4 */
        return;
    }
    message_add_check(message, IDENTITY_MAILFROM, message->sender.domain);
    if (config->check_helo && is_host_name(client_helo(client)))
        add_helo_check(message, client); /* RFC 7208 2.3 */
}

static struct spf_request request_of(const struct message *message, struct identity_check *check,
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

static enum refuse_at wanted_step(const struct config *config, const struct session_abilities *abilities,
                                  const struct client *client)
{
    if (client->relays)
        return REFUSE_AT_EOM;
    if (config->whitelist_to.count > 0 || config->verdict.refuse_to.count > 0 || config->refuse_at == REFUSE_AT_RCPT)
        return client->local || !abilities->refuses_recipients ? REFUSE_AT_MAIL : REFUSE_AT_RCPT;
    return config->refuse_at;
}

enum refuse_at decision_due(const struct config *config, const struct session_abilities *abilities,
                            const struct client *client)
{
    const int wanted = (int)wanted_step(config, abilities, client);

    for (int step = wanted; step <= REFUSE_AT_EOM; step++)
        if ((abilities->steps & SESSION_STEP(step)) != 0)
            return (enum refuse_at)step;
    for (int step = wanted; step > REFUSE_AT_MAIL; step--)
        if ((abilities->steps & SESSION_STEP(step)) != 0)
            return (enum refuse_at)step;
    return REFUSE_AT_MAIL;
}

struct verdict decision_for(const struct message *message, const struct config *config, const struct address *recipient)
{
    const struct identity_check *last = &message->checks[message->check_count - 1];
    struct verdict_case facts = {
        .mail_from = message->null_sender ? NULL : &message->checks[0].outcome,
        .helo = last->identity == IDENTITY_HELO ? &last->outcome : NULL,
        .sender = message->null_sender ? NULL : &message->sender,
        .recipient = recipient,
        .mail_from_dmarc = message->checks[0].dmarc.is_published,
        .helo_dmarc = last->dmarc.is_published,
        .exemption_unknown = message->unknown_exemption != NULL,
    };

    return verdict_decide(&config->verdict, &facts);
}

static void find_results(struct message *message, const struct session_shared *shared, const struct client *client,
                         int64_t deadline_ms)
{
    for (size_t i = 0; i < message->check_count; i++) {
        struct identity_check *check = &message->checks[i];
        struct spf_request request = request_of(message, check, shared->config, client);

        if (check->speculation == NULL && dmarc_check_is_wanted(shared, check->identity, message->null_sender)) {
            check->speculation = speculation_begin(shared, &request, message->null_sender);
            request.is_speculated = check->speculation != NULL;
        }
        request.deadline_ms = deadline_ms;
        spf_check(shared->checker, &request, &check->outcome);
    }
}

/* True if every result is a pass: then it does not matter who forwards the message. */
static bool passes(const struct message *message)
{
    for (size_t i = 0; i < message->check_count; i++)
        if (message->checks[i].outcome.result != RESULT_PASS)
            return false;
    return true;
}

static void leave_unchecked(struct message *message, enum reason reason)
{
    message_exempt(message, reason);
    reason_count(reason, false);
}

void decision_make(struct message *message, const struct session_shared *shared, const struct client *client)
{
    const int64_t began_ms = clock_monotonic_ms(&clock_system);
    int64_t deadline_ms = spf_checker_deadline_ms(shared->checker); /* one for all: the MTA waits for them all */
    enum tristate by_helo = dns_exemption_by_helo(shared, client, deadline_ms), by_spf = TRISTATE_NO;

    if (by_helo == TRISTATE_YES) {
        leave_unchecked(message, REASON_WHITELISTED_HELO);
        return;
    }
    find_results(message, shared, client, deadline_ms);
    if (!passes(message))
        by_spf = dns_exemption_by_spf(shared, client, message->receiver, deadline_ms);
    if (by_spf == TRISTATE_YES) {
        leave_unchecked(message, REASON_WHITELISTED_FORWARDER);
        return;
    }
    message->unknown_exemption = by_helo == TRISTATE_UNKNOWN  ? "WhitelistHelo"
                                 : by_spf == TRISTATE_UNKNOWN ? "WhitelistSPF"
                                                              : NULL;
    dmarc_check_find(message, shared, deadline_ms);
    message->record.wait_ms = clock_monotonic_ms(&clock_system) - began_ms;
    struct verdict verdict = decision_for(message, shared->config, NULL);
    message_decide(message, &verdict);
}

void decision_speculate(struct message *message, const struct session_shared *shared, const struct client *client)
{
    struct identity_check *check = &message->checks[0]; /* that of the HELO name began at HELO */
    struct spf_request request = request_of(message, check, shared->config, client);

    if (check->speculation == NULL) /* a null sender's is that of the HELO name */
        check->speculation = speculation_begin(shared, &request, message->null_sender);
}

void decision_speculate_helo(const struct session_shared *shared, struct client *client)
{
    const char *helo = client_helo(client);
    struct spf_request request = {
        .identity = IDENTITY_HELO,
        .client = client->effective,
        .helo = helo,
        .local = "postmaster",
        .domain = helo,
        .receiver = shared->host_name != NULL ? shared->host_name : "",
    };

    if (shared->config->check_helo && is_host_name(helo))
        client_set_begun(client, speculation_begin(shared, &request, false));
}
