/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmilter's callbacks: each turns its arguments into plain values, calls the session, and carries out what that
 * answers. */
#include "front/milter/callbacks.h"

#include "base/addr.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/log_value.h"
#include "base/stats.h"
#include "base/strbuf.h"
#include "front/milter/facts.h"
#include "front/milter/quirks/libmilter_threads.h"
#include "session/metrics.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_MAX = 980 }; /* octets of a reply line, '%' counted twice; libmilter refuses a longer one */

/* What belongs to one connection of the MTA. Consecutive callbacks of a connection may run on different threads, never
 * at once. */
struct connection {
    struct session *session;
    struct facts_mta mta;
    bool trusted; /* accepted at connect or HELO, where nothing is answered: every message is accepted at MAIL */
    bool in_message;
};

static struct front_host host;
struct drain callbacks_drain;

unsigned callbacks_connections(void)
{
    return callbacks_drain.connections;
}

static struct connection *connection_of(SMFICTX *ctx)
{
    return smfi_getpriv(ctx);
}

/* A MAIL after a MAIL belongs to the same message, as far as a stop is concerned. */
static bool begin_message(struct connection *connection)
{
    if (connection->in_message)
        drain_end_message(&callbacks_drain);
    connection->in_message = drain_begin_message(&callbacks_drain);
    return connection->in_message;
}

static void end_message(struct connection *connection)
{
    if (connection->in_message)
        drain_end_message(&callbacks_drain);
    connection->in_message = false;
}

/* The answer to a step for which SMFIP_NR_* was negotiated. An ACCEPT has to wait for MAIL. */
static sfsistat without_reply(struct connection *connection, enum session_step step)
{
    if (step == SESSION_ACCEPT)
        connection->trusted = true;
    return SMFIS_NOREPLY;
}

/* Hands the reply text to libmilter, which takes it for a printf format: each % is doubled. Without a text the MTA uses
 * its own. */
static void set_reply(SMFICTX *ctx, const struct session_reply *reply)
{
    char text[REPLY_MAX + 1], shown[LOG_TEXT_SIZE];
    size_t len = 0;

    for (const char *from = reply->text; *from != '\0' && len + 2 < sizeof text; from++) {
        if (*from == '%')
            text[len++] = '%';
        text[len++] = *from;
    }
    text[len] = '\0';
    if (smfi_setreply(ctx, (char *)reply->code, (char *)reply->enhanced, text) != MI_SUCCESS)
        log_warning("the MTA does not take this reply text: %s", log_text(reply->text, shown));
}

static sfsistat status_of(SMFICTX *ctx, const struct session_reply *reply)
{
    if (reply->step == SESSION_ACCEPT)
        return SMFIS_ACCEPT;
    if (reply->step == SESSION_CONTINUE)
        return SMFIS_CONTINUE;
    set_reply(ctx, reply);
    return reply->code[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

/* Asks for no step and no macro that is not needed, and answers nothing where no answer is needed: round trips
 * determine the speed. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long unused2,
                             unsigned long unused3, unsigned long *wanted_actions, unsigned long *wanted_steps,
                             unsigned long *wanted2, unsigned long *wanted3)
{
    unsigned long unneeded = SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NOEOH;
    const unsigned long unanswered = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR;
    struct session_needs needs = host.needs(host.context);

    (void)unused2;
    (void)unused3;
    if (!needs.headers)
        unneeded |= SMFIP_NOHDRS;
    if (!needs.data)
        unneeded |= SMFIP_NODATA;
    *wanted_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS);
    if (needs.changes_recipients)
        *wanted_actions |= actions & (SMFIF_ADDRCPT | SMFIF_DELRCPT);
    if (needs.holds)
        *wanted_actions |= actions & SMFIF_QUARANTINE;
    if ((actions & SMFIF_ADDRCPT) == 0)
        *wanted_actions &=
            ~(unsigned long)SMFIF_DELRCPT; /* a message whose recipients can be taken but not given would vanish */
    *wanted_steps = (steps & unneeded) | unanswered; /* libmilter replies for us where an MTA needs a reply */
    *wanted2 = 0;
    *wanted3 = 0;
    if ((actions & SMFIF_SETSYMLIST) != 0) {
        smfi_setsymlist(ctx, SMFIM_CONNECT, "j v");
        smfi_setsymlist(ctx, SMFIM_HELO, needs.certificates ? "{verify}" : "");
        smfi_setsymlist(ctx, SMFIM_ENVFROM,
                        needs.certificates ? "i {auth_type} {auth_authen} {verify} {mail_addr}"
                                           : "i {auth_type} {auth_authen} {mail_addr}");
        smfi_setsymlist(ctx, SMFIM_ENVRCPT,
                        needs.recipients ? "{rcpt_addr}" : ""); /* no reply saves a frame, as at HELO */
        smfi_setsymlist(ctx, SMFIM_EOM, "i");
    }
    return SMFIS_CONTINUE;
}

static uint16_t port_of(const struct sockaddr *sa)
{
    if (sa != NULL && sa->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)sa)->sin_port);
    if (sa != NULL && sa->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)sa)->sin6_port);
    return 0;
}

static struct connection *connection_create(void)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return NULL;
    connection->session = host.begin_session(host.context, &facts_abilities);
    if (connection->session == NULL) {
        free(connection);
        return NULL;
    }
    callbacks_drain.connections++;
    return connection;
}

static void connection_destroy(struct connection *connection)
{
    if (connection == NULL)
        return;
    end_message(connection);
    session_destroy(connection->session);
    free(connection);
    callbacks_drain.connections--;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *sa)
{
    struct connection *connection = connection_create();
    struct addr address = addr_from_sockaddr(sa);
    struct session_client client = facts_client(&address, port_of(sa), name);
    struct session_reply reply;

    stats_add(STATS_CONNECTIONS, 1);
    if (connection == NULL || smfi_setpriv(ctx, connection) != MI_SUCCESS) {
        log_error("out of memory: a connection continues unchecked");
        stats_add(STATS_FAULTS, 1);
        connection_destroy(connection);
        return SMFIS_NOREPLY;
    }
    reply = session_connect(connection->session, &client);
    return without_reply(connection, reply.step);
}

static sfsistat on_helo(SMFICTX *ctx, char *helo)
{
    struct connection *connection = connection_of(ctx);

    if (connection == NULL || connection->trusted)
        return SMFIS_NOREPLY;
    return without_reply(connection, session_helo(connection->session, helo).step);
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
    struct connection *connection = connection_of(ctx);
    struct facts_macros macros = {
        .mta_name = smfi_getsymval(ctx, (char *)"j"),
        .mta_version = smfi_getsymval(ctx, (char *)"v"),
        .auth_type = smfi_getsymval(ctx, (char *)"{auth_type}"),
        .auth_authen = smfi_getsymval(ctx, (char *)"{auth_authen}"),
        .verify = smfi_getsymval(ctx, (char *)"{verify}"),
        .mail_addr = smfi_getsymval(ctx, (char *)"{mail_addr}"),
        .queue_id = smfi_getsymval(ctx, (char *)"i"),
    };
    struct session_sender sender;
    struct session_reply reply;

    if (connection == NULL || connection->trusted)
        return SMFIS_ACCEPT;
    if (!begin_message(connection))
        return SMFIS_NOREPLY; /* the MTA sees the connection end instead, and does what it is configured to do then */
    sender = facts_sender(arguments[0], &macros, session_host_name(connection->session), &connection->mta);
    reply = session_mail(connection->session, &sender);
    if (reply.step != SESSION_CONTINUE)
        end_message(connection);
    return status_of(ctx, &reply);
}

static sfsistat on_rcpt(SMFICTX *ctx, char **arguments)
{
    struct connection *connection = connection_of(ctx);
    struct facts_recipient facts;
    struct session_reply reply;

    if (connection == NULL)
        return SMFIS_CONTINUE;
    facts_recipient(arguments[0], smfi_getsymval(ctx, (char *)"{rcpt_addr}"), &connection->mta, &facts);
    reply = session_rcpt(connection->session, &facts.recipient);
    facts_recipient_free(&facts);
    return status_of(ctx, &reply);
}

static sfsistat on_data(SMFICTX *ctx)
{
    struct connection *connection = connection_of(ctx);
    struct session_reply reply;

    if (connection == NULL)
        return SMFIS_CONTINUE;
    reply = session_data(connection->session);
    if (reply.step != SESSION_CONTINUE)
        end_message(connection);
    return status_of(ctx, &reply);
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    struct connection *connection = connection_of(ctx);

    if (connection != NULL)
        session_header(connection->session, name, value);
    return SMFIS_NOREPLY;
}

/* Carries out one action; false if the MTA did not take it. */
static bool carry_out(SMFICTX *ctx, const struct action *action)
{
    switch (action->kind) {
    case ACTION_CHANGE_HEADER:
        return smfi_chgheader(ctx, (char *)action->name, action->index, (char *)action->value) == MI_SUCCESS;
    case ACTION_INSERT_HEADER:
        return smfi_insheader(ctx, 0, (char *)action->name, (char *)action->value) == MI_SUCCESS;
    case ACTION_ADD_HEADER:
        return smfi_addheader(ctx, (char *)action->name, (char *)action->value) == MI_SUCCESS;
    case ACTION_DELETE_RECIPIENT:
        return smfi_delrcpt(ctx, (char *)action->value) == MI_SUCCESS;
    case ACTION_ADD_RECIPIENT:
        return smfi_addrcpt(ctx, (char *)action->value) == MI_SUCCESS;
    case ACTION_HOLD:
        return smfi_quarantine(ctx, (char *)action->value) == MI_SUCCESS;
    case ACTION_REDIRECT: /* it deletes and adds recipients instead */
        break;
    }
    return false;
}

/* For the log. */
static const char *changed_part(const struct action *action)
{
    if (action->kind == ACTION_HOLD)
        return "the queue";
    return action->name != NULL ? action->name : "the recipients";
}

static sfsistat on_eom(SMFICTX *ctx)
{
    struct connection *connection = connection_of(ctx);
    struct action_list actions;
    struct session_reply reply;

    if (connection == NULL)
        return SMFIS_CONTINUE;
    reply = session_end(connection->session, smfi_getsymval(ctx, (char *)"i"), &actions);
    for (size_t n = 0; n < actions.count; n++) {
        if (!carry_out(ctx, &actions.items[n])) {
            log_error("the MTA did not take a change of %s to a message", changed_part(&actions.items[n]));
            stats_add(STATS_FAULTS, 1);
        }
    }
    end_message(connection);
    return status_of(ctx, &reply);
}

static sfsistat on_abort(SMFICTX *ctx)
{
    struct connection *connection = connection_of(ctx);

    if (connection != NULL) {
        session_abort(connection->session);
        end_message(connection);
    }
    return SMFIS_CONTINUE;
}

/* May come without a connect, and at any moment. */
static sfsistat on_close(SMFICTX *ctx)
{
    struct connection *connection = connection_of(ctx);

    if (connection != NULL)
        smfi_setpriv(ctx, NULL);
    connection_destroy(connection);
    return SMFIS_CONTINUE;
}

/* A callback as libmilter sees it: counted while it runs. Those of the header are many, and never wait; the message
 * that they belong to is counted. */
#define COUNTED(name, parameters, arguments)                                                                           \
    static sfsistat counted_##name parameters                                                                          \
    {                                                                                                                  \
        sfsistat status;                                                                                               \
                                                                                                                       \
        libmilter_threads_note();                                                                                      \
        callbacks_drain.calls++;                                                                                       \
        status = on_##name arguments;                                                                                  \
        callbacks_drain.calls--;                                                                                       \
        return status;                                                                                                 \
    }

/* The same for one whose answer the MTA waits for. */
#define TIMED(name, step, parameters, arguments)                                                                       \
    static sfsistat timed_##name parameters                                                                            \
    {                                                                                                                  \
        const uint64_t begun_us = histogram_now_us();                                                                  \
        const sfsistat status = counted_##name arguments;                                                              \
                                                                                                                       \
        metrics_waited(step, histogram_now_us() - begun_us);                                                           \
        return status;                                                                                                 \
    }

COUNTED(connect, (SMFICTX * ctx, char *name, _SOCK_ADDR *sa), (ctx, name, sa))
COUNTED(helo, (SMFICTX * ctx, char *helo), (ctx, helo))
COUNTED(mail, (SMFICTX * ctx, char **arguments), (ctx, arguments))
COUNTED(rcpt, (SMFICTX * ctx, char **arguments), (ctx, arguments))
COUNTED(data, (SMFICTX * ctx), (ctx))
COUNTED(eom, (SMFICTX * ctx), (ctx))
COUNTED(abort, (SMFICTX * ctx), (ctx))
COUNTED(close, (SMFICTX * ctx), (ctx))
TIMED(mail, METRICS_MAIL, (SMFICTX * ctx, char **arguments), (ctx, arguments))
TIMED(rcpt, METRICS_RCPT, (SMFICTX * ctx, char **arguments), (ctx, arguments))
TIMED(data, METRICS_DATA, (SMFICTX * ctx), (ctx))
TIMED(eom, METRICS_EOM, (SMFICTX * ctx), (ctx))

bool callbacks_register(const struct front_host *new_host)
{
    struct smfiDesc filter = {
        .xxfi_name = (char *)"smf-spf",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags =
            SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
        .xxfi_connect = counted_connect,
        .xxfi_helo = counted_helo,
        .xxfi_envfrom = timed_mail,
        .xxfi_envrcpt = timed_rcpt,
        .xxfi_data = timed_data,
        .xxfi_header = on_header,
        .xxfi_eom = timed_eom,
        .xxfi_abort = counted_abort,
        .xxfi_close = counted_close,
        .xxfi_negotiate = on_negotiate,
    };

    host = *new_host;
    return smfi_register(filter) == MI_SUCCESS;
}
