/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accepts connections, reads their requests and writes their answers. */
#include "front/policy/policy_front.h"

#include "base/endpoint.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/stats.h"
#include "front/listening.h"
#include "front/policy/clients.h"
#include "front/policy/outbox.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_SIZE = 2047,     /* more than a request has; with a NUL a size that is allocated */
    CONNECTIONS_PART = 2, /* of the descriptors that the process may have: the DNS and the milter need theirs */
    REST_MS = 1000,       /* how long none is accepted where there is no descriptor */
};

/* One smtpd, for as long as it likes. */
struct connection {
    struct letter letter; /* the first member: what it waited for is known */
    struct connection *next, **previous;
    int fd;
    struct event_watch *watch;   /* NULL: nothing is read, as an answer is being found */
    struct strbuf in;            /* empty between requests */
    size_t scanned;              /* of that, for the end of the request */
    size_t taken;                /* octets of the request that is being answered */
    struct request request;      /* it points into `in` */
    struct client_entry *client; /* the one that was asked about last; NULL: none */
    bool asks_at_data;           /* this smtpd asks at DATA by this connection; its settings never change */
};

/* All but the first four belong to the loop's thread while it runs. */
static struct front_host host;
static struct drain drain;
static struct listening listening;
static struct event_loop *loop;
static int listening_fd = -1;
static struct event_watch *accepting; /* NULL: no connection is accepted now */
static struct event_task *task, *end_of_pass;
static bool is_in_pass; /* the loop goes through the connections that are ready; answers and lines of the log wait */
static struct mailbox *mailbox;
static struct connection *connections;
static struct clients clients;
static struct outbox outbox;
static struct strbuf spare; /* the memory that the next request is read into, if an earlier one has left some */
static size_t connections_max;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf; covers the next two */
static pthread_cond_t is_changed = PTHREAD_COND_INITIALIZER;
static bool is_closed, has_closed_socket;

static void on_readable(void *context);
static void on_connection(void *context);

/* ---- Passes of the loop ---- */

/* Lines of the log come before the answers that they are about. */
static void send_answers(void)
{
    size_t left;

    log_release();
    for (left = outbox_send(&outbox); left > 0; left--)
        drain_end_message(&drain);
    if (is_in_pass)
        log_hold();
}

/* There are as many requests in a pass as came while the one before it ran. */
static void begin_pass(void)
{
    if (is_in_pass)
        return;
    is_in_pass = true;
    log_hold();
    event_task_wake(end_of_pass); /* after those that are ready now */
}

static void end_pass(void *context)
{
    (void)context;
    is_in_pass = false;
    send_answers();
}

/* ---- Connections ---- */

static void close_connection(struct connection *connection)
{
    send_answers(); /* one may be for it */
    clients_leave(&clients, connection->client);
    event_watch_destroy(connection->watch);
    close(connection->fd);
    strbuf_free(&connection->in);
    *connection->previous = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    free(connection);
    drain.connections--;
    if (accepting == NULL && listening_fd >= 0)
        accepting = event_watch_create(loop, listening_fd, false, on_connection, NULL);
}

/* An idle connection holds no memory for requests. */
static void leave_memory(struct connection *connection)
{
    if (spare.text != NULL || connection->in.size > READ_SIZE + 1)
        strbuf_free(&connection->in);
    else
        spare = connection->in;
    connection->in = STRBUF_INIT;
}

/* Takes the request out of what was read. */
static void drop_request(struct connection *connection)
{
    strbuf_drop(&connection->in, connection->taken);
    if (connection->in.len == 0)
        leave_memory(connection);
    connection->scanned = connection->taken = 0;
}

/* Answers the request, whose decision is known; without memory for its client it goes on unchecked. */
static void answer(struct connection *connection)
{
    struct client_entry *client = connection->client;
    struct strbuf *text = outbox_add(&outbox, connection->fd);
    enum policy_action action;

    if (client != NULL) {
        client->is_busy = false;
        action = transaction_answer(&client->transaction, &connection->request, text);
    } else {
        stats_add(STATS_FAULTS, 1);
        action = answer_dunno(text);
    }
    policy_metrics_answered(connection->request.state, action);
    drop_request(connection);
    if (outbox_is_full(&outbox))
        send_answers();
}

static void on_ready(void *context)
{
    struct connection *connection = context;

    (void)mailbox_put(mailbox, &connection->letter); /* it is closed after the loop has ended */
}

/* A fault of ours, and none of the request's: the smtpd asks again. */
static void close_without_memory(struct connection *connection)
{
    log_error("out of memory: a connection of the policy service is closed");
    stats_add(STATS_FAULTS, 1);
    close_connection(connection);
}

static void refuse_broken(struct connection *connection, const char *problem)
{
    log_warning("PolicySocket: a request that cannot be read (%s): its connection is closed", problem);
    policy_metrics_broken();
    close_connection(connection);
}

/* True if the request can be answered now; else it is when its decision is known. */
static bool begin(struct connection *connection)
{
    const struct request *request = &connection->request;
    struct client_entry *client = clients_turn(&clients, connection->client, request);

    connection->client = client;
    connection->asks_at_data |= request->state == POLICY_DATA;
    if (client == NULL)
        return true;
    client->transaction.asks_at_data |= connection->asks_at_data;
    client->is_busy = true;
    return transaction_begin(&client->transaction, &host, request, on_ready, connection);
}

/* Answers all requests that are there, up to one whose decision has to be found out. */
static void work_off(struct connection *connection)
{
    const char *problem;
    enum request_reading reading = REQUEST_INCOMPLETE;

    while (connection->in.len > 0 &&
           (reading = request_read(connection->in.text, connection->in.len, &connection->scanned, &connection->request,
                                   &connection->taken, &problem)) == REQUEST_COMPLETE) {
        if (!drain_begin_message(&drain)) {
            close_connection(connection);
            return;
        }
        if (!begin(connection)) {
            event_watch_destroy(connection->watch);
            connection->watch = NULL;
            return;
        }
        answer(connection);
    }
    if (reading == REQUEST_BROKEN)
        refuse_broken(connection, problem);
}

/* NULL if out of memory. */
static char *room_for_request(struct connection *connection)
{
    if (connection->in.text == NULL) {
        connection->in = spare;
        spare = STRBUF_INIT;
    }
    return strbuf_make_room(&connection->in, READ_SIZE);
}

static void on_readable(void *context)
{
    struct connection *connection = context;
    char *room = room_for_request(connection);
    ssize_t len;

    begin_pass();
    if (room == NULL) {
        close_without_memory(connection);
        return;
    }
    len = recv(connection->fd, room, READ_SIZE, MSG_DONTWAIT);
    if (len <= 0 && !(len < 0 && (errno == EAGAIN || errno == EINTR))) {
        close_connection(connection);
        return;
    }
    strbuf_fill_room(&connection->in, len > 0 ? (size_t)len : 0);
    if (connection->in.len == 0)
        leave_memory(connection);
    work_off(connection);
}

/* Goes on with those whose decision is known now. */
static void resume(struct connection *connection)
{
    connection->watch = event_watch_create(loop, connection->fd, false, on_readable, connection);
    answer(connection);
    if (connection->watch == NULL)
        close_connection(connection);
    else
        work_off(connection);
}

/* ---- The listening socket ---- */

static bool add_connection(int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return false;
    connection->fd = fd;
    connection->watch = event_watch_create(loop, fd, false, on_readable, connection);
    if (connection->watch == NULL) {
        free(connection);
        return false;
    }
    connection->next = connections;
    connection->previous = &connections;
    if (connections != NULL)
        connections->previous = &connection->next;
    connections = connection;
    drain.connections++;
    stats_add(STATS_CONNECTIONS, 1);
    return true;
}

/* They wait in the socket's queue until one of those that there are has ended. */
static void accept_none(void)
{
    event_watch_destroy(accepting);
    accepting = NULL;
    event_task_set_timer(task, REST_MS);
}

static void on_connection(void *context)
{
    int fd;

    (void)context;
    if (drain.connections >= connections_max) {
        log_warning("PolicySocket: as many connections are open as the descriptors allow; more of them wait");
        accept_none();
        return;
    }
    fd = accept(listening_fd, NULL, NULL);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        log_warning("PolicySocket: a connection cannot be accepted: %s", strerror(errno));
        accept_none();
    }
    if (fd >= 0 && !add_connection(fd)) {
        log_error("out of memory: a connection of the policy service is closed");
        stats_add(STATS_FAULTS, 1);
        close(fd);
    }
}

static void close_listening(void)
{
    event_watch_destroy(accepting);
    accepting = NULL;
    if (listening_fd >= 0)
        close(listening_fd);
    listening_fd = -1;
    pthread_mutex_lock(&lock);
    has_closed_socket = true;
    pthread_cond_broadcast(&is_changed);
    pthread_mutex_unlock(&lock);
}

static bool is_to_close(void)
{
    bool is_so;

    pthread_mutex_lock(&lock);
    is_so = is_closed && !has_closed_socket;
    pthread_mutex_unlock(&lock);
    return is_so;
}

static void run_task(void *context)
{
    struct letter *letter = mailbox_take(mailbox), *next;

    (void)context;
    if (letter != NULL)
        begin_pass();
    for (; letter != NULL; letter = next) {
        next = letter->next;
        resume((struct connection *)(void *)letter);
    }
    if (is_to_close())
        close_listening();
    if (accepting == NULL && listening_fd >= 0 && drain.connections < connections_max)
        accepting = event_watch_create(loop, listening_fd, false, on_connection, NULL);
}

/* ---- The front end ---- */

static size_t most_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 64;
    return (size_t)limit.rlim_cur / CONNECTIONS_PART;
}

static bool open_socket(const struct front_socket *socket, const struct front_host *new_host, struct strbuf *error)
{
    host = *new_host;
    listening_fd = listening_open(&listening, socket, error);
    return listening_fd >= 0;
}

static bool give_socket(const struct front_socket *socket, uid_t owner, gid_t group, struct strbuf *error)
{
    return listening_give(&listening, socket, owner, group, error);
}

static void discard_socket(const struct front_socket *socket)
{
    (void)socket;
    listening_discard(&listening);
}

/* Lock held. */
static bool start_loop(void)
{
    connections_max = most_connections();
    if (getrandom(clients.seed, sizeof clients.seed, 0) != (ssize_t)sizeof clients.seed)
        return false;
    loop = event_loop_create();
    task = loop != NULL ? event_task_create(loop, run_task, NULL) : NULL;
    end_of_pass = loop != NULL ? event_task_create(loop, end_pass, NULL) : NULL;
    mailbox = task != NULL ? mailbox_create(task) : NULL;
    if (mailbox == NULL || end_of_pass == NULL)
        return false;
    event_task_wake(task); /* which begins to accept */
    return event_loop_start(loop) == 0;
}

/* Returns once it is closed. */
static bool run(void)
{
    bool is_started;

    pthread_mutex_lock(&lock);
    is_started = is_closed || start_loop();
    if (!is_started)
        log_error("PolicySocket: the loop cannot be started: %s", strerror(errno));
    while (is_started && !is_closed)
        pthread_cond_wait(&is_changed, &lock);
    pthread_mutex_unlock(&lock);
    return is_started;
}

static void close_socket(void)
{
    pthread_mutex_lock(&lock);
    is_closed = true;
    pthread_cond_broadcast(&is_changed);
    if (task != NULL)
        event_task_wake(task);
    while (task != NULL && !has_closed_socket)
        pthread_cond_wait(&is_changed, &lock);
    pthread_mutex_unlock(&lock);
    listening_discard(&listening);
}

/* What is being found out then is not waited for; a connection that waits for it is left to the end of the process. */
static void hang_up(void)
{
    if (loop == NULL)
        return;
    event_loop_stop(loop);
    is_in_pass = false; /* it may have stopped in one */
    send_answers();
    for (struct connection *connection = connections, *next; connection != NULL; connection = next) {
        next = connection->next;
        if (connection->watch != NULL)
            close_connection(connection);
    }
}

static const char *socket_path(const char *spec)
{
    return endpoint_unix_path(spec);
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
