/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads requests and answers them. */
#include "front/policy/policy_front.h"

#include "base/endpoint.h"
#include "base/log.h"
#include "base/stats.h"
#include "front/connections.h"
#include "front/policy/clients.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/random.h>

enum {
    CONNECTIONS_PART = 2, /* of the descriptors that the process may have: the DNS and the milter need theirs */
    KEPT_MAX = 8192, /* octets of a request: of a longer one nothing is kept. Postfix's have 700, and 7,000 at most */
    QUIET_MS = 5000, /* a client of whom nothing is asked for so long, or twice so long, is quiet */
};

/* One smtpd. */
struct policy_connection {
    struct connection connection; /* the first member */
    size_t scanned;               /* of what was read, for the end of the request */
    size_t taken;                 /* octets of the request that is being answered */
    struct request request;       /* it points into what was read */
    struct client_entry *client;  /* the one that was asked about last; NULL: none */
    bool asks_at_data;            /* this smtpd asks at DATA by this connection; its settings never change */
};

static struct drain drain;
static struct connections service;

/* The rest is the loop's thread's. */
static struct clients clients;
static struct event_task *quiet_task; /* NULL: none yet, or no descriptor for it: then lines come later */
static unsigned rests;                /* how often it has run; so that no request needs the time */
static bool is_watching_quiet;

/* ---- Messages about which nothing more is asked ---- */

/* Logs messages that were refused to each recipient, and about which nothing was asked since the run before this one.
 * It comes again while there are others of that kind. */
static void end_quiet_messages(void *context)
{
    (void)context;
    rests++;
    is_watching_quiet = false;
    for (const struct connection *connection = service.list; connection != NULL; connection = connection->next) {
        struct client_entry *client = ((const struct policy_connection *)connection)->client;

        if (client != NULL)
            is_watching_quiet |=
                client->is_busy || transaction_rest(&client->transaction, rests - client->asked_in >= 2);
    }
    if (is_watching_quiet)
        event_task_set_timer(quiet_task, QUIET_MS);
}

static void watch_quiet(void)
{
    if (quiet_task == NULL)
        quiet_task = event_task_create(service.loop, end_quiet_messages, NULL);
    if (quiet_task != NULL && !is_watching_quiet)
        event_task_set_timer(quiet_task, QUIET_MS);
    is_watching_quiet = quiet_task != NULL;
}

/* ---- Connections ---- */

static void begin_connection(struct connection *connection)
{
    (void)connection;
    stats_add(STATS_CONNECTIONS, 1);
}

static void end_connection(struct connection *connection)
{
    clients_leave(&clients, ((struct policy_connection *)connection)->client);
}

/* What is asked next is about a new message. */
static void forget_client(struct policy_connection *policy)
{
    clients_leave(&clients, policy->client);
    policy->client = NULL;
}

/* Answers the request, whose decision is known; without memory for its client it goes on unchecked. */
static void answer(struct policy_connection *policy)
{
    struct client_entry *client = policy->client;
    struct strbuf *text = connection_begin_answer(&policy->connection);
    enum policy_action action;

    if (client != NULL) {
        client->is_busy = false;
        action = transaction_answer(&client->transaction, &policy->request, text);
    } else {
        stats_add(STATS_FAULTS, 1);
        action = answer_dunno(text);
    }
    if (action == POLICY_REFUSE || action == POLICY_DEFER)
        watch_quiet();
    policy_metrics_answered(policy->request.state, action);
    policy->scanned = 0;
    if (policy->taken > KEPT_MAX)
        forget_client(policy);
    connection_end_answer(&policy->connection, policy->taken);
}

static void on_ready(void *context)
{
    connection_is_ready(context);
}

static void count_broken(const struct connection *connection)
{
    (void)connection;
    policy_metrics_broken();
}

/* True if the request can be answered now; else it goes on when more is known. */
static bool go_on(struct policy_connection *policy)
{
    return transaction_begin(&policy->client->transaction, &service.host, &policy->request, on_ready, policy);
}

/* The same for one that has just come. */
static bool begin(struct policy_connection *policy)
{
    const struct request *request = &policy->request;
    struct client_entry *client = clients_turn(&clients, policy->client, request);

    policy->client = client;
    policy->asks_at_data |= request->state == POLICY_DATA;
    if (client == NULL)
        return true;
    client->transaction.asks_at_data |= policy->asks_at_data;
    client->is_busy = true;
    client->asked_in = rests;
    return go_on(policy);
}

/* Answers all requests that are there, up to one whose decision has to be found out. */
static void work(struct connection *connection)
{
    struct policy_connection *policy = (struct policy_connection *)connection;
    enum request_reading reading = REQUEST_INCOMPLETE;
    struct strbuf *in = &connection->in;
    const char *problem;

    while (connection_may_go_on(connection) && in->len > 0 &&
           (reading = request_read(in->text, in->len, &policy->scanned, &policy->request, &policy->taken, &problem)) ==
               REQUEST_COMPLETE) {
        if (!connection_begin_request(connection))
            return;
        if (begin(policy))
            answer(policy);
        else
            connection_hold(connection);
        reading = REQUEST_INCOMPLETE;
    }
    if (reading == REQUEST_BROKEN)
        connection_refuse(connection, problem);
}

/* What was found out may lead to another question. */
static void resume(struct connection *connection)
{
    struct policy_connection *policy = (struct policy_connection *)connection;

    if (!go_on(policy))
        return;
    connection_release(connection);
    answer(policy);
}

static const struct connections_protocol protocol = {
    .key = "PolicySocket",
    .name = "the policy service",
    .size = sizeof(struct policy_connection),
    .part = CONNECTIONS_PART,
    .begin = begin_connection,
    .work = work,
    .resume = resume,
    .broken = count_broken,
    .end = end_connection,
};

static struct connections service = {
    .protocol = &protocol,
    .drain = &drain,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .is_changed = PTHREAD_COND_INITIALIZER,
};

/* ---- The front end ---- */

static bool run(const struct front *self)
{
    if (getrandom(clients.seed, sizeof clients.seed, 0) == (ssize_t)sizeof clients.seed)
        return connections_run(self);
    log_error("PolicySocket: no random octets");
    return false;
}

const struct front policy_front = {
    .name = "the policy service",
    .drain = &drain,
    .state = &service,
    .path = endpoint_unix_path,
    .open = connections_open,
    .give = connections_give,
    .discard = connections_discard,
    .run = run,
    .close = connections_close,
    .hang_up = connections_hang_up,
};
