/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads requests of either protocol, and answers them one after the other. */
#include "front/tables/tables_front.h"

#include "base/endpoint.h"
#include "base/log.h"
#include "config/table_socket.h"
#include "front/connections.h"
#include "front/tables/lookup.h"
#include "front/tables/socketmap.h"
#include "front/tables/tcp_table.h"

#include <string.h>

enum {
    CONNECTIONS_PART = 4, /* of the descriptors that the process may have: the DNS, the milter and others need theirs */
    NAME_SHOWN_MAX = 60,  /* octets of a table's name in the log */
};

/* One process of an MTA. */
struct table_client {
    struct connection connection; /* the first member */
    const struct table_syntax *syntax;
    struct lookup lookup;
    size_t taken;          /* octets of the request that is being answered */
    bool has_told_of_name; /* that it asks for a table that there is not */
};

static struct drain drain;
static struct connections tables;

static void begin(struct connection *connection)
{
    static const struct {
        const char *protocol;
        const struct table_syntax *syntax;
    } syntaxes[] = {{TABLE_SOCKET_MAP, &socketmap_syntax},
                    {TABLE_SOCKET_FORWARD, &tcp_forward_syntax},
                    {TABLE_SOCKET_REVERSE, &tcp_reverse_syntax}};
    struct table_client *client = (struct table_client *)connection;

    for (size_t i = 0; i < sizeof syntaxes / sizeof *syntaxes; i++)
        if (strcmp(connection->socket->spec->protocol, syntaxes[i].protocol) == 0)
            client->syntax = syntaxes[i].syntax;
    table_metrics_connected(client->syntax->protocol);
}

/* A mistake in the MTA's configuration, which comes with each message. */
static void tell_of_name(struct table_client *client, const char *name)
{
    struct strbuf shown = STRBUF_INIT;

    if (client->has_told_of_name)
        return;
    client->has_told_of_name = true;
    strbuf_add_shown(&shown, name, NAME_SHOWN_MAX);
    log_warning("TableSocket: there is no table %s; there are forward and reverse", strbuf_text(&shown));
    strbuf_free(&shown);
}

static void answer(struct table_client *client)
{
    struct lookup *lookup = &client->lookup;
    struct strbuf *text = connection_begin_answer(&client->connection);
    const enum table_answer written = client->syntax->write(lookup->answer, strbuf_text(&lookup->address), text);

    table_metrics_answered(client->syntax->protocol, lookup->direction, written);
    lookup_end(lookup);
    connection_end_answer(&client->connection, client->taken);
}

static void on_known(void *context)
{
    connection_is_ready(context);
}

static void count_broken(const struct connection *connection)
{
    table_metrics_broken(((const struct table_client *)connection)->syntax->protocol);
}

/* Answers all requests that are there, up to one whose answer has to be found out. */
static void work(struct connection *connection)
{
    struct table_client *client = (struct table_client *)connection;
    enum table_reading reading = TABLE_INCOMPLETE;
    struct table_request request;
    const char *problem;

    while (connection_may_go_on(connection) && connection->in.len > 0 &&
           (reading = client->syntax->read(connection->in.text, connection->in.len, &request, &client->taken,
                                           &problem)) == TABLE_COMPLETE) {
        if (!connection_begin_request(connection))
            return;
        if (request.direction == TABLE_OTHER)
            tell_of_name(client, request.name);
        if (lookup_start(&client->lookup, &tables.host, &request, on_known, connection))
            answer(client);
        else
            connection_hold(connection);
        reading = TABLE_INCOMPLETE;
    }
    if (reading == TABLE_BROKEN)
        connection_refuse(connection, problem);
}

static void resume(struct connection *connection)
{
    connection_release(connection);
    answer((struct table_client *)connection);
}

static const struct connections_protocol protocol = {
    .key = "TableSocket",
    .name = "the tables",
    .size = sizeof(struct table_client),
    .part = CONNECTIONS_PART,
    .begin = begin,
    .work = work,
    .resume = resume,
    .broken = count_broken,
};

static struct connections tables = {
    .protocol = &protocol,
    .drain = &drain,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .is_changed = PTHREAD_COND_INITIALIZER,
};

const struct front tables_front = {
    .name = "the tables",
    .drain = &drain,
    .state = &tables,
    .path = endpoint_unix_path,
    .open = connections_open,
    .give = connections_give,
    .discard = connections_discard,
    .run = connections_run,
    .close = connections_close,
    .hang_up = connections_hang_up,
};
