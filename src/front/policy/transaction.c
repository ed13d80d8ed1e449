/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out which message a request is about, and what of it is to be answered. */
#include "front/policy/transaction.h"

#include "base/addr.h"
#include "base/log.h"
#include "base/stats.h"
#include "mail/address.h"
#include "mail/envelope.h"
#include "session/session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Postfix's restrictions end at RCPT, where each recipient can be refused. It shows nothing of a header. */
static const struct session_abilities abilities = {
    .steps = SESSION_STEP(REFUSE_AT_MAIL) | SESSION_STEP(REFUSE_AT_RCPT),
    .inserts_fields = true,
    .holds = true,
    .redirects = true,
    .refuses_recipients = true,
    .awaits = true,
    .sees_data = true, /* if Postfix is told to ask then */
    .yields = true,
};

/* What is known of a client or a message, in one text. */
static bool says(const struct strbuf *known, const char *first, const char *second)
{
    const char *text = strbuf_text(known);
    const size_t len = strlen(first);

    return strncmp(text, first, len) == 0 && text[len] == '\n' && strcmp(text + len + 1, second) == 0;
}

/* Without memory it says nothing, and what comes next is something new. */
static void note(struct strbuf *known, const char *first, const char *second)
{
    strbuf_truncate(known, 0);
    strbuf_begin_short(known, strlen(first) + 1 + strlen(second));
    strbuf_add(known, first);
    strbuf_add_char(known, '\n');
    if (second[0] != '\0')
        strbuf_add(known, second);
    if (known->failed)
        strbuf_free(known);
}

/* Most are shorter than a strbuf is at first, and thousands of connections have one. */
static void keep_text(struct strbuf *kept, const char *text)
{
    const size_t len = strlen(text);

    strbuf_truncate(kept, 0);
    strbuf_begin_short(kept, len);
    strbuf_add_mem(kept, text, len);
}

/* Empties a text, which keeps its memory unless that was not enough. */
static void empty(struct strbuf *text)
{
    if (text->failed)
        strbuf_free(text);
    strbuf_truncate(text, 0);
}

static void forget_answer(struct transaction *transaction)
{
    empty(&transaction->answer);
    empty(&transaction->recipient);
}

/* Keeps the answer to what is refused. Without memory it is let through: a part of an answer would shift all that
 * follow. */
static void keep_refusal(struct transaction *transaction, const struct session_reply *reply)
{
    transaction->answer_kind = answer_refusal(reply, &transaction->answer);
    if (!transaction->answer.failed)
        return;
    strbuf_free(&transaction->answer);
    log_error("out of memory: a refusal of the policy service is not given");
    stats_add(STATS_FAULTS, 1);
}

/* The same for an action of OnPass or OnHeloPass; NULL: there is none. */
static void keep_pass(struct transaction *transaction, const char *action)
{
    if (action == NULL)
        return;
    transaction->answer_kind = answer_pass(action, &transaction->answer);
    if (transaction->answer.failed)
        strbuf_free(&transaction->answer);
}

/* Ends the message: its line has what became of it. `actions` as for session_end. */
static struct session_reply end_message(struct transaction *transaction, struct action_list *actions)
{
    const char *queue_id = strbuf_text(&transaction->queue_id);

    transaction->has_message = false;
    return session_end(transaction->session, queue_id[0] != '\0' ? queue_id : NULL, actions);
}

/* The same where nothing can be answered any more. What was asked about before there was a recipient is dropped. */
static void leave_message(struct transaction *transaction)
{
    if (transaction->has_message && transaction->has_recipient)
        (void)end_message(transaction, NULL);
    else if (transaction->has_message)
        session_abort(transaction->session);
    transaction->has_message = false;
}

static void forget_message(struct transaction *transaction)
{
    if (!transaction->is_noted)
        return;
    transaction->is_noted = false;
    leave_message(transaction);
    forget_answer(transaction);
    empty(&transaction->message);
    empty(&transaction->queue_id);
    transaction->is_decided = transaction->has_instance = transaction->has_changes = transaction->is_over = false;
    transaction->has_recipient = transaction->has_accepted = false;
    transaction->is_authenticated = transaction->has_certificate = false;
    empty(&transaction->changes);
}

bool transaction_rest(struct transaction *transaction, bool is_quiet)
{
    const bool is_refused_whole = transaction->has_message && transaction->has_recipient && !transaction->has_accepted;

    if (is_refused_whole && is_quiet)
        forget_message(transaction);
    return is_refused_whole && !is_quiet;
}

/* It costs some kB, so that it lives only while there may be something to ask it. */
static void end_session(struct transaction *transaction)
{
    session_destroy(transaction->session);
    transaction->session = NULL;
}

static void forget_client(struct transaction *transaction)
{
    forget_message(transaction);
    end_session(transaction);
    transaction->is_exempt = false;
    empty(&transaction->client);
    empty(&transaction->helo);
}

void transaction_reset(struct transaction *transaction)
{
    forget_client(transaction);
    transaction->asks_at_data = false;
}

void transaction_end(struct transaction *transaction)
{
    transaction_reset(transaction);
    strbuf_free(&transaction->client);
    strbuf_free(&transaction->helo);
    strbuf_free(&transaction->message);
    strbuf_free(&transaction->answer);
    strbuf_free(&transaction->recipient);
    strbuf_free(&transaction->changes);
    strbuf_free(&transaction->queue_id);
}

/* ---- The client ---- */

/* 0: it is not known. */
static unsigned read_port(const char *text)
{
    unsigned port = 0;

    for (; *text >= '0' && *text <= '9' && port <= UINT16_MAX; text++)
        port = 10 * port + (unsigned)(*text - '0');
    return *text == '\0' && port <= UINT16_MAX ? port : 0;
}

static struct session_client client_of(const struct request *request)
{
    struct session_client client = {
        .port = read_port(request->client_port),
        .name = request->client_name,
        .name_is_verified = request->client_name[0] != '\0' && strcasecmp(request->client_name, "unknown") != 0,
    };

    if (!addr_parse(request->client_address, &client.address))
        client.address = (struct addr){.family = ADDR_NONE};
    return client;
}

/* Nothing is asked of it any more. */
static void exempt(struct transaction *transaction)
{
    end_session(transaction);
    transaction->is_exempt = true;
}

/* Without a session, for want of memory, nothing is checked. */
static void begin_client(struct transaction *transaction, const struct front_host *host, const struct request *request)
{
    struct session_client client = client_of(request);

    transaction->session = host->begin_session(host->context, &abilities);
    if (transaction->session == NULL) {
        log_error("out of memory: a client of the policy service goes on unchecked");
        stats_add(STATS_FAULTS, 1);
    }
    if (transaction->session == NULL || session_connect(transaction->session, &client).step == SESSION_ACCEPT)
        exempt(transaction);
}

/* Brings the session to the client and the HELO name of a request. */
static void meet_client(struct transaction *transaction, const struct front_host *host, const struct request *request)
{
    const bool is_same = says(&transaction->client, request->client_address, request->client_port);
    const bool has_session = transaction->session != NULL;

    if (!is_same)
        forget_client(transaction);
    if (!transaction->is_exempt && !(is_same && has_session))
        begin_client(transaction, host, request);
    note(&transaction->client, request->client_address, request->client_port);
    if (transaction->is_exempt || request->state == POLICY_CONNECT)
        return;
    if (is_same && has_session && says(&transaction->helo, request->helo_name, ""))
        return;
    forget_message(transaction);
    note(&transaction->helo, request->helo_name, "");
    if (session_helo(transaction->session, request->helo_name).step == SESSION_ACCEPT)
        exempt(transaction);
}

/* ---- The message ---- */

/* Postfix gives the address as it goes on with it, without quotes. */
static enum address_status read_address(const char *text, const char *host_name, struct address *out)
{
    const struct envelope_mta mta = {.name = host_name};
    const char *at = strrchr(text, '@');

    if (at == NULL || at[1] == '\0' || text[0] == '"')
        return envelope_sender(text, &mta, out);
    return address_make_of(text, (size_t)(at - text), at + 1, out);
}

static bool is_authenticated(const struct request *request)
{
    return request->sasl_username[0] != '\0';
}

/* With the names of a certificate that Postfix trusts; it gives the fingerprint of any. */
static bool has_certificate(const struct request *request)
{
    return request->ccert_subject[0] != '\0' || request->ccert_issuer[0] != '\0';
}

static void begin_message(struct transaction *transaction, const struct request *request)
{
    struct session_sender sender = {
        .queue_id = request->queue_id[0] != '\0' ? request->queue_id : NULL,
        .authenticated = is_authenticated(request),
        .has_certificate = has_certificate(request),
    };
    struct session_reply reply;

    transaction->is_authenticated = sender.authenticated;
    transaction->has_certificate = sender.has_certificate;
    sender.status = read_address(request->sender, session_host_name(transaction->session), &sender.address);
    reply = session_mail(transaction->session, &sender);
    transaction->has_message = reply.step == SESSION_CONTINUE;
    if (reply.step == SESSION_REFUSE)
        keep_refusal(transaction, &reply);
    else if (reply.step == SESSION_ACCEPT)
        transaction->answer_kind = answer_dunno(&transaction->answer);
}

/* True if the request is about the message of the one before. Until RCPT it has no instance, and somebody who was
 * refused at MAIL may have become known before the next one. */
static bool is_same_message(const struct transaction *transaction, const struct request *request)
{
    if (transaction->is_authenticated != is_authenticated(request) ||
        transaction->has_certificate != has_certificate(request))
        return false;
    if (!says(&transaction->client, request->client_address, request->client_port) ||
        !says(&transaction->helo, request->helo_name, ""))
        return false;
    if (!transaction->has_instance && request->instance[0] != '\0')
        return says(&transaction->message, request->sender, "");
    return !(transaction->has_instance && request->state == POLICY_MAIL) &&
           says(&transaction->message, request->sender, request->instance);
}

static void meet_message(struct transaction *transaction, const struct request *request, bool is_same)
{
    if (!is_same) {
        forget_message(transaction);
        transaction->is_noted = true;
        begin_message(transaction, request);
    }
    note(&transaction->message, request->sender, request->instance);
    transaction->has_instance = request->instance[0] != '\0';
    if (request->queue_id[0] != '\0')
        keep_text(&transaction->queue_id, request->queue_id);
}

/* True if no recipient follows. */
static bool is_last_step(const struct request *request)
{
    return request->state == POLICY_DATA || request->state == POLICY_END;
}

static bool is_about_message(const struct request *request)
{
    return request->state == POLICY_MAIL || request->state == POLICY_RCPT || is_last_step(request);
}

/* True if it names a recipient to decide about: each at RCPT; later the only one that the message has, if nobody has
 * asked about one before. */
static bool has_news_of_recipient(const struct transaction *transaction, const struct request *request)
{
    return request->state == POLICY_RCPT || (!transaction->has_recipient && request->recipient[0] != '\0');
}

/* The recipient that a request names. `address` is room for what it points to, which the caller frees. */
static struct session_recipient read_recipient(const struct transaction *transaction, const struct request *request,
                                               struct address *address)
{
    struct session_recipient recipient = {.count = 0};

    *address = (struct address){.text = NULL};
    recipient.status = read_address(request->recipient, session_host_name(transaction->session), address);
    if (address->text != NULL) {
        recipient.readings = address;
        recipient.count = 1;
    }
    return recipient;
}

/* For the recipient, where that matters. */
static bool await(struct transaction *transaction, const struct request *request, void (*ready)(void *context),
                  void *context)
{
    struct session *session = transaction->session;
    struct session_recipient recipient = {.count = 0};
    struct address address = {.text = NULL};
    bool is_known;

    if (has_news_of_recipient(transaction, request) && session_awaits_recipients(session))
        recipient = read_recipient(transaction, request, &address);
    is_known = session_await(session, recipient.count > 0 ? &recipient : NULL, ready, context);
    address_free(&address);
    return is_known;
}

bool transaction_begin(struct transaction *transaction, const struct front_host *host, const struct request *request,
                       void (*ready)(void *context), void *context)
{
    const bool is_same = is_same_message(transaction, request);

    if (request->state == POLICY_OTHER || (is_same && transaction->is_over))
        return true;
    meet_client(transaction, host, request);
    if (transaction->is_exempt || !is_about_message(request))
        return true;
    meet_message(transaction, request, is_same);
    if (transaction->has_message && is_last_step(request))
        session_reach_data(transaction->session);
    return !transaction->has_message || await(transaction, request, ready, context);
}

/* ---- The answer ---- */

/* Appends the answer that is kept; without memory for it there is none. */
static enum policy_action repeat(const struct transaction *transaction, struct strbuf *out)
{
    if (transaction->answer.len == 0)
        return answer_dunno(out);
    strbuf_add(out, strbuf_text(&transaction->answer));
    return transaction->answer_kind;
}

/* Collects what is to be done to a decided message. A quarantine comes first, as there may be no second question; then
 * the fields, the topmost first, as Postfix puts each one below those before it. */
static void collect_changes(struct transaction *transaction, const struct action_list *actions)
{
    if (transaction->has_changes)
        return;
    transaction->has_changes = actions->count > 0;
    for (size_t i = 0; i < actions->count; i++)
        if (actions->items[i].kind == ACTION_HOLD)
            (void)answer_hold(actions->items[i].value, &transaction->changes);
        else if (actions->items[i].kind == ACTION_REDIRECT)
            (void)answer_redirect(actions->items[i].value, &transaction->changes);
    for (size_t i = actions->count; i > 0; i--)
        if (actions->items[i - 1].kind == ACTION_INSERT_HEADER)
            (void)answer_field(actions->items[i - 1].name, actions->items[i - 1].value, &transaction->changes);
}

/* What the first of the answers is. */
static enum policy_action kind_of_change(const char *answers)
{
    static const struct {
        const char *begin;
        enum policy_action kind;
    } kinds[] = {{"action=HOLD", POLICY_HOLD}, {"action=REDIRECT", POLICY_REDIRECT}};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(answers, kinds[i].begin, strlen(kinds[i].begin)) == 0)
            return kinds[i].kind;
    return POLICY_PREPEND;
}

/* The next change of the message: one answer has room for one. Without memory for them, there is none. */
static enum policy_action change(struct transaction *transaction, struct strbuf *out)
{
    struct strbuf *changes = &transaction->changes;
    const char *end = strchr(strbuf_text(changes), '\n'); /* of the one line that an answer has; an empty one follows */
    enum policy_action kind;

    if (end == NULL || changes->failed)
        return answer_dunno(out);
    kind = kind_of_change(strbuf_text(changes));
    strbuf_add_mem(out, strbuf_text(changes), (size_t)(end - strbuf_text(changes)) + 2);
    strbuf_drop(changes, (size_t)(end - strbuf_text(changes)) + 2);
    return kind;
}

/* Keeps what is answered to it, if that is more than DUNNO. */
static struct session_reply decide_recipient(struct transaction *transaction, const struct request *request)
{
    struct address address;
    const struct session_recipient recipient = read_recipient(transaction, request, &address);
    const struct session_reply reply = session_rcpt(transaction->session, &recipient);

    transaction->has_recipient = true;
    transaction->has_accepted |= reply.step != SESSION_REFUSE;
    forget_answer(transaction);
    keep_text(&transaction->recipient, request->recipient);
    if (reply.step == SESSION_REFUSE)
        keep_refusal(transaction, &reply);
    else if (reply.reason == REASON_NONE)
        keep_pass(transaction, session_on_pass(transaction->session, &recipient));
    address_free(&address);
    return reply;
}

static enum policy_action answer_recipient(struct transaction *transaction, const struct request *request,
                                           struct strbuf *out)
{
    (void)decide_recipient(transaction, request);
    return transaction->answer.len > 0 ? repeat(transaction, out) : POLICY_DUNNO;
}

/* The first change of the message, where fields are added at RCPT. A message mostly gets one field and nothing else,
 * which need not be kept for a later answer. */
static enum policy_action change_early(struct transaction *transaction, struct strbuf *out)
{
    const struct action_list actions = session_early_actions(transaction->session);
    const struct action *first = actions.items;

    if (!transaction->has_changes && actions.count == 1 && first->kind == ACTION_INSERT_HEADER) {
        transaction->has_changes = true;
        return answer_field(first->name, first->value, out) ? POLICY_PREPEND : answer_dunno(out);
    }
    collect_changes(transaction, &actions);
    return change(transaction, out);
}

/* At RCPT: of one recipient after the other. */
static enum policy_action at_recipient(struct transaction *transaction, const struct request *request,
                                       struct strbuf *out)
{
    const bool is_again =
        transaction->recipient.len > 0 && strcmp(strbuf_text(&transaction->recipient), request->recipient) == 0;
    enum policy_action kind = POLICY_DUNNO;

    if (is_again && transaction->answer.len > 0)
        return repeat(transaction, out);
    if (!is_again)
        kind = answer_recipient(transaction, request, out);
    if (kind != POLICY_DUNNO)
        return kind;
    if (transaction->asks_at_data)
        return answer_dunno(out);
    return change_early(transaction, out);
}

/* At MAIL of a message that is decided there, and not refused. */
static enum policy_action at_sender(const struct transaction *transaction, struct strbuf *out)
{
    const char *action = session_on_pass(transaction->session, NULL);

    return action != NULL ? answer_pass(action, out) : answer_dunno(out);
}

/* Ends a message that goes on at DATA, unless it is refused then. */
static void end_at_data(struct transaction *transaction)
{
    struct action_list actions = {NULL, 0};
    struct session_reply reply = session_data(transaction->session);

    if (reply.step != SESSION_REFUSE)
        reply = end_message(transaction, &actions);
    transaction->has_message = false;
    forget_answer(transaction);
    if (reply.step == SESSION_REFUSE)
        keep_refusal(transaction, &reply);
    else
        collect_changes(transaction, &actions);
}

/* At DATA, or at the end: the message is over. It may be refused then, if nobody has asked before. */
static void finish(struct transaction *transaction, const struct request *request)
{
    if (has_news_of_recipient(transaction, request) && decide_recipient(transaction, request).step == SESSION_REFUSE)
        (void)end_message(transaction, NULL);
    else
        end_at_data(transaction);
    transaction->is_over = true;
    end_session(transaction);
}

/* Whether the message as a whole is refused, which is asked once. */
static bool is_refused(struct transaction *transaction)
{
    struct session_reply reply;

    if (transaction->is_decided)
        return false;
    transaction->is_decided = true;
    reply = session_decide(transaction->session);
    if (reply.step != SESSION_REFUSE)
        return false;
    forget_answer(transaction);
    keep_refusal(transaction, &reply);
    transaction->has_message = false;
    return true;
}

enum policy_action transaction_answer(struct transaction *transaction, const struct request *request,
                                      struct strbuf *out)
{
    if (transaction->is_exempt || !is_about_message(request))
        return answer_dunno(out);
    if (transaction->has_message && is_refused(transaction))
        return repeat(transaction, out);
    if (transaction->has_message && is_last_step(request))
        finish(transaction, request);
    if (transaction->has_message && request->state == POLICY_RCPT)
        return at_recipient(transaction, request, out);
    if (transaction->has_message)
        return at_sender(transaction, out);
    if (transaction->answer.len > 0)
        return repeat(transaction, out);
    if (request->state == POLICY_DATA ||
        (request->state == POLICY_END && kind_of_change(strbuf_text(&transaction->changes)) != POLICY_PREPEND))
        return change(transaction, out); /* Postfix prepends nothing at the end */
    return answer_dunno(out);
}
