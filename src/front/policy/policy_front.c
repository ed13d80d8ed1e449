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

enum { CONNECTIONS_PART = 2 }; /* of the descriptors that the process may have: the DNS and the milter need theirs */

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
static struct clients clients; /* the loop's thread's */

static void begin_connection(struct connection *connection)
{
    (void)connection;
    stats_add(STATS_CONNECTIONS, 1);
}

static void end_connection(struct connection *connection)
{
    clients_leave(&clients, ((struct policy_connection *)connection)->client);
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
    policy_metrics_answered(policy->request.state, action);
    policy->scanned = 0;
    connection_end_answer(&policy->connection, policy->taken);
}

static void on_ready(void *context)
{
    connection_is_ready(context);
}

static void refuse_broken(struct policy_connection *policy, const char *problem)
{
    log_warning("PolicySocket: a request that cannot be read (%s): its connection is closed", problem);
    policy_metrics_broken();
    connection_close(&policy->connection);
}

/* True if the request can be answered now; else it is when its decision is known. */
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
    return transaction_begin(&client->transaction, &service.host, request, on_ready, policy);
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
        refuse_broken(policy, problem);
}

static void resume(struct connection *connection)
{
    connection_release(connection);
    answer((struct policy_connection *)connection);
}

static const struct connections_protocol protocol = {
    .key = "PolicySocket",
    .name = "the policy service",
    .size = sizeof(struct policy_connection),
    .part = CONNECTIONS_PART,
    .begin = begin_connection,
    .work = work,
    .resume = resume,
    .end = end_connection,
};

static struct connections service = {
    .protocol = &protocol,
    .drain = &drain,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .is_changed = PTHREAD_COND_INITIALIZER,
};

/* ---- The front end ---- */

static const char *socket_path(const char *spec)
{
    return endpoint_unix_path(spec);
}

static bool open_socket(const struct front_socket *socket, const struct front_host *host, struct strbuf *error)
{
    return connections_open(&service, socket, host, error);
}

static bool give_socket(const struct front_socket *socket, uid_t owner, gid_t group, struct strbuf *error)
{
    return connections_give(&service, socket, owner, group, error);
}

static void discard_socket(const struct front_socket *socket)
{
    connections_discard(&service, socket);
}

static bool run(void)
{
    if (getrandom(clients.seed, sizeof clients.seed, 0) == (ssize_t)sizeof clients.seed)
        return connections_run(&service);
    log_error("PolicySocket: no random octets");
    return false;
}

static void close_socket(void)
{
    connections_close(&service);
}

static void hang_up(void)
{
    connections_hang_up(&service);
}

const struct front policy_front = {
    .name = "the policy service",
    .drain = &drain,
    .path = socket_path,
    .open = open_socket,
    .give = give_socket,
    .discard = discard_socket,
    .run = run,
    .close = close_socket,
    .hang_up = hang_up,
};
