/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks for the results of a message's identities, and hands them to the verdict. */
#include "session/decision.h"

#include "base/domain_text.h"
#include "policy/verdict_decide.h"
#include "session/forwarder.h"
#include "session/message_log.h"
#include "spf/domain.h"

/* True for a name of several labels, which alone says something (RFC 7208 2.3). */
static bool is_host_name(const char *helo)
{
    char name[DOMAIN_TEXT_MAX + 1];
    struct addr addr;

    return domain_text_copy(helo, name) && domain_can_have_policy(name) && !addr_parse(name, &addr);
}

void decision_begin(struct message *message, const struct config *config, const struct peer *peer)
{
    const char *helo = peer_helo(peer);

    if (message->null_sender) {
        message_add_check(message, IDENTITY_HELO, helo); /* RFC 7208 2.4 */
        return;
    }
    message_add_check(message, IDENTITY_MAILFROM, message->sender.domain);
    if (config->check_helo && is_host_name(helo))
        message_add_check(message, IDENTITY_HELO, helo); /* RFC 7208 2.3 */
}

static struct spf_request request_of(const struct message *message, struct identity_check *check,
                                     const struct config *config, const struct peer *peer)
{
    return (struct spf_request){
        .identity = check->identity,
        .client = peer->checked,
        .helo = peer_helo(peer),
        .local = check->identity == IDENTITY_HELO ? "postmaster" : message->sender.local, /* RFC 7208 2.3, 2.4 */
        .domain = idna_ascii_form(check->domain, check->ascii),                           /* RFC 7208 4.3 */
        .receiver = message->receiver,
        /* A guess stands in for the sender's domain, not for a host. */
        .best_guess = config->spf_best_guess && check == message->checks,
    };
}

static enum refuse_at wanted_step(const struct config *config, const struct session_abilities *abilities,
                                  const struct peer *peer)
{
    if (peer->relays)
        return REFUSE_AT_EOM;
    if (config->whitelist_to.count > 0 || config->verdict.refuse_to.count > 0 || config->refuse_at == REFUSE_AT_RCPT)
        return peer->local || !abilities->refuses_recipients ? REFUSE_AT_MAIL : REFUSE_AT_RCPT;
    return config->refuse_at;
}

enum refuse_at decision_due(const struct config *config, const struct session_abilities *abilities,
                            const struct peer *peer)
{
    const int wanted = (int)wanted_step(config, abilities, peer);

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
        .exemption_unknown = message->unknown_exemption != NULL,
    };

    return verdict_decide(&config->verdict, &facts);
}

static void find_results(struct message *message, const struct session_shared *shared, const struct peer *peer,
                         int64_t deadline_ms)
{
    for (size_t i = 0; i < message->check_count; i++) {
        struct identity_check *check = &message->checks[i];
        struct spf_request request = request_of(message, check, shared->config, peer);

        request.deadline_ms = deadline_ms;
        spf_check(shared->checker, &request, &check->outcome);
    }
}

/* True if nobody's record has anything against the message: then it does not matter who forwards it. */
static bool passes(const struct message *message)
{
    for (size_t i = 0; i < message->check_count; i++)
        if (message->checks[i].outcome.result != RESULT_PASS)
            return false;
    return true;
}

static void leave_unchecked(struct message *message, const struct peer *peer, enum reason reason)
{
    message_exempt(message, reason);
    message_log_exempt(message, peer);
}

void decision_judge(struct message *message, const struct session_shared *shared, const struct peer *peer)
{
    int64_t deadline_ms = spf_checker_deadline_ms(shared->checker); /* one for all: the MTA waits for all */
    enum tristate by_helo = forwarder_has_helo(shared, peer, deadline_ms), by_spf = TRISTATE_NO;

    if (by_helo == TRISTATE_YES) {
        leave_unchecked(message, peer, REASON_WHITELISTED_HELO);
        return;
    }
    find_results(message, shared, peer, deadline_ms);
    if (!passes(message))
        by_spf = forwarder_is_permitted(shared, peer, message->receiver, deadline_ms);
    if (by_spf == TRISTATE_YES) {
        leave_unchecked(message, peer, REASON_WHITELISTED_FORWARDER);
        return;
    }
    message->unknown_exemption = by_helo == TRISTATE_UNKNOWN  ? "WhitelistHelo"
                                 : by_spf == TRISTATE_UNKNOWN ? "WhitelistSPF"
                                                              : NULL;
    for (size_t i = 0; i < message->check_count; i++)
        message_log_result(message, &message->checks[i], peer);
    struct verdict verdict = decision_for(message, shared->config, NULL);
    message_decide(message, &verdict);
}

void decision_send_ahead(struct message *message, const struct session_shared *shared, const struct peer *peer)
{
    struct spf_request request = request_of(message, &message->checks[0], shared->config, peer);

    spf_check_speculate(shared->checker, &request); /* for the other one it was done at HELO */
}

void decision_send_helo_ahead(const struct session_shared *shared, const struct peer *peer)
{
    const char *helo = peer_helo(peer);
    struct spf_request request = {
        .identity = IDENTITY_HELO,
        .client = peer->checked,
        .helo = helo,
        .local = "postmaster",
        .domain = helo,
        .receiver = shared->host_name != NULL ? shared->host_name : "",
    };

    if (shared->config->check_helo && is_host_name(helo))
        spf_check_speculate(shared->checker, &request);
}
