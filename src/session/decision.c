/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the results of a message's identities, and lets the policy decide. */
#include "session/decision.h"

#include "base/domain_text.h"
#include "base/stats.h"
#include "policy/verdict_decide.h"
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

void decision_begin(struct message *message, bool checks_helo, struct client *client)
{
    if (message->null_sender) {
        add_helo_check(message, client); /* RFC 7208 2.4 */
        return;
    }
    message_add_check(message, IDENTITY_MAILFROM, message->sender.domain);
    if (checks_helo && is_host_name(client_helo(client)))
        add_helo_check(message, client); /* RFC 7208 2.3 */
}

static enum refuse_at wanted_step(const struct config *config, const struct session_abilities *abilities,
                                  const struct client *client)
{
    if (client->relays)
        return REFUSE_AT_EOM;
    if (config->whitelist_to.texts.count > 0 || config->verdict.refuse_to.count > 0 || config_variants(config) > 1 ||
        config->refuse_at == REFUSE_AT_RCPT)
        return client->local || !abilities->refuses_recipients ? REFUSE_AT_MAIL : REFUSE_AT_RCPT;
    if (config->refuse_at == REFUSE_AT_EOM && config->greylist.terms.mode != GREYLIST_OFF && !client->local &&
        abilities->refuses_recipients) /* the verdict comes first */
        return REFUSE_AT_RCPT;
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
        .helo = last->identity == IDENTITY_HELO && (message->null_sender || config->check_helo) ? &last->outcome : NULL,
        .sender = message->null_sender ? NULL : &message->sender,
        .recipient = recipient,
        .mail_from_dmarc = message->checks[0].dmarc.is_published,
        .helo_dmarc = last->dmarc.is_published,
        .exemption_unknown = message->unknown_exemption != NULL,
    };

    return verdict_decide(&config->verdict, &facts);
}

const char *decision_on_pass(const struct message *message, const struct config *config)
{
    if (message->stage != MESSAGE_DECIDED || config->test_mode || message->verdict.quarantine)
        return NULL;
    for (size_t i = 0; i < message->check_count; i++) {
        const struct identity_check *check = &message->checks[i];
        const char *action = check->identity == IDENTITY_HELO ? config->on_helo_pass : config->on_pass;

        if (check->outcome.result == RESULT_PASS && !check->outcome.guessed && action != NULL)
            return action;
    }
    return NULL;
}

static void leave_unchecked(struct message *message, enum reason reason)
{
    message_exempt(message, reason);
    if (!message_is_counted_elsewhere(message))
        reason_count(reason, false);
}

/* A failed lookup of an exemption that was needed. */
static const char *unknown_exemption(const struct inquiry *inquiry)
{
    if (inquiry->by_helo == TRISTATE_UNKNOWN)
        return "WhitelistHelo";
    return inquiry->by_spf == TRISTATE_UNKNOWN ? "WhitelistSPF" : NULL;
}

/* Counts the message if the DMARC filter decides about it. */
static void count_left_to_dmarc(const struct message *message)
{
    bool is_left = false;

    for (size_t i = 0; i < message->check_count; i++)
        is_left |= message->checks[i].dmarc.is_published != TRISTATE_NO;
    stats_add(STATS_LEFT_TO_DMARC, is_left && !message_is_counted_elsewhere(message));
}

enum reason decision_make_for(struct message *message, const struct session_shared *shared,
                              const struct config *settings, const struct client *client)
{
    struct inquiry *inquiry = &message->inquiry;
    enum reason exemption;
    struct verdict verdict;

    inquiry_finish(message, shared, settings, client);
    exemption = inquiry_exemption(inquiry);
    if (exemption != REASON_NONE)
        return exemption;
    message->unknown_exemption = unknown_exemption(inquiry);
    if (inquiry->has_waited && !inquiry->is_counted)
        message->record.wait_ms += spf_checker_now_ms(shared->checker) - inquiry->began_ms;
    inquiry->is_counted = true;
    if (message->stage == MESSAGE_DECIDED)
        return REASON_NONE;
    count_left_to_dmarc(message);
    verdict = decision_for(message, shared->config, NULL);
    message_decide(message, &verdict);
    return REASON_NONE;
}

void decision_make(struct message *message, const struct session_shared *shared, const struct client *client)
{
    const enum reason exemption = decision_make_for(message, shared, shared->config, client);

    if (exemption != REASON_NONE)
        leave_unchecked(message, exemption);
}

void decision_speculate(struct message *message, const struct session_shared *shared, const struct client *client)
{
    struct identity_check *check = &message->checks[0]; /* that of the HELO name began at HELO */
    struct spf_request request = inquiry_request(message, check, shared->config, client);

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

    if (shared->config->somebody.has_helo_checked && is_host_name(helo))
        client_set_begun(client, speculation_begin(shared, &request, false));
}
