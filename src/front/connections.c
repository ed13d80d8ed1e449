/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accepts connections, reads them, and writes answers to them. */
#include "front/connections.h"

#include "base/descriptor_reserve.h"
#include "base/log.h"
#include "base/stats.h"
#include "front/connection_limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REST_MS = 1000 }; /* how long none is accepted where there is no descriptor */

static void on_readable(void *context);
static void on_writable(void *context);
static void on_connection(void *context);

/* ---- Answers ---- */

/* Who reads from it finds its end; it is freed when we do. */
static void shut_down(struct connection *connection)
{
    (void)shutdown(connection->fd, SHUT_RDWR);
}

static void end_messages(struct connection *connection, unsigned count)
{
    for (; count > 0; count--)
        drain_end_message(connection->all->drain);
}

/* Reads while there is nothing else to be done first. False if there is no memory for it. */
static bool adjust_reading(struct connection *connection)
{
    if (!connection_may_go_on(connection)) {
        event_watch_destroy(connection->reading);
        connection->reading = NULL;
    } else if (connection->reading == NULL) {
        connection->reading = event_watch_create(connection->all->loop, connection->fd, false, on_readable, connection);
    }
    return connection->reading != NULL || !connection_may_go_on(connection);
}

/* Keeps what the client did not take, and reads no more of it until it does: what it is owed stays within what it asks
 * in one read. False if it cannot be kept. */
static bool keep_rest(struct connection *connection, const char *text, size_t len, unsigned requests)
{
    strbuf_add_mem(&connection->rest, text, len);
    if (connection->writing == NULL)
        connection->writing = event_watch_create(connection->all->loop, connection->fd, true, on_writable, connection);
    if (connection->rest.failed || connection->writing == NULL)
        return false;
    connection->unwritten += requests;
    (void)adjust_reading(connection);
    return true;
}

/* How many octets the client takes now; -1: it takes none any more. */
static ssize_t send_now(const struct connection *connection, const char *text, size_t len)
{
    const ssize_t sent = send(connection->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

static void send_one(struct connection *connection, struct strbuf *text, unsigned requests)
{
    ssize_t sent = 0;
    bool is_kept = false;

    if (text->failed)
        sent = -1;
    else if (connection->rest.len == 0) /* else that comes first */
        sent = send_now(connection, strbuf_text(text), text->len);
    if (sent >= 0 && (size_t)sent < text->len)
        is_kept = keep_rest(connection, text->text + sent, text->len - (size_t)sent, requests);
    if (sent < 0 || ((size_t)sent < text->len && !is_kept))
        shut_down(connection);
    if (!is_kept)
        end_messages(connection, requests);
    connection->slot = 0;
    if (text->failed)
        strbuf_free(text);
    strbuf_truncate(text, 0);
}

/* Lines of the log come before the answers that they are about. */
static void send_answers(struct connections *all)
{
    const size_t count = all->outbox_count;

    log_release();
    all->outbox_count = all->answer_count = 0;
    for (size_t i = 0; i < count; i++)
        send_one(all->outbox[i].connection, &all->outbox[i].text, all->outbox[i].requests);
    if (all->is_in_pass)
        log_hold();
}

/* There are as many requests in a pass as came while the one before it ran. */
static void begin_pass(struct connections *all)
{
    if (all->is_in_pass)
        return;
    all->is_in_pass = true;
    log_hold();
    event_task_wake(all->end_of_pass); /* after those that are ready now */
}

static void end_pass(void *context)
{
    struct connections *all = context;

    all->is_in_pass = false;
    send_answers(all);
}

/* An idle connection holds no memory for requests. */
static void leave_memory(struct connection *connection)
{
    struct connections *all = connection->all;

    if (all->spare.text != NULL || connection->in.size > CONNECTIONS_READ_SIZE + 1)
        strbuf_free(&connection->in);
    else
        all->spare = connection->in;
    connection->in = STRBUF_INIT;
    connection_limits_recount(connection);
}

bool connection_begin_request(struct connection *connection)
{
    if (drain_begin_message(connection->all->drain))
        return true;
    connection_close(connection);
    return false;
}

struct strbuf *connection_begin_answer(struct connection *connection)
{
    struct connections *all = connection->all;

    if (connection->slot == 0) {
        all->outbox[all->outbox_count].connection = connection;
        all->outbox[all->outbox_count].requests = 0;
        connection->slot = ++all->outbox_count;
    }
    all->outbox[connection->slot - 1].requests++;
    all->answer_count++;
    return &all->outbox[connection->slot - 1].text;
}

void connection_end_answer(struct connection *connection, size_t taken)
{
    strbuf_drop(&connection->in, taken);
    if (connection->in.len == 0)
        leave_memory(connection);
    if (connection->all->answer_count >= OUTBOX_MAX)
        send_answers(connection->all);
}

/* ---- Connections ---- */

static void accept_again(struct connections *all)
{
    for (size_t i = 0; i < all->socket_count; i++) {
        struct connections_socket *socket = &all->sockets[i];

        if (socket->accepting == NULL && socket->fd >= 0)
            socket->accepting = event_watch_create(all->loop, socket->fd, false, on_connection, socket);
    }
}

void connection_close(struct connection *connection)
{
    struct connections *all = connection->all;

    if (connection->slot != 0)
        send_answers(all);
    if (all->protocol->end != NULL)
        all->protocol->end(connection);
    end_messages(connection, connection->unwritten);
    event_watch_destroy(connection->reading);
    event_watch_destroy(connection->writing);
    close(connection->fd);
    strbuf_free(&connection->in);
    connection_limits_recount(connection);
    strbuf_free(&connection->rest);
    *connection->previous = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    free(connection);
    all->drain->connections--;
    accept_again(all);
}

void connection_refuse(struct connection *connection, const char *problem)
{
    const struct connections_protocol *protocol = connection->all->protocol;

    log_warning("%s: a request that cannot be read (%s): its connection is closed", protocol->key, problem);
    if (protocol->broken != NULL)
        protocol->broken(connection);
    connection_close(connection);
}

void connection_close_without_memory(struct connection *connection)
{
    log_error("out of memory: a connection of %s is closed", connection->all->protocol->name);
    stats_add(STATS_FAULTS, 1);
    connection_close(connection);
}

bool connection_may_go_on(const struct connection *connection)
{
    return !connection->is_held && connection->writing == NULL;
}

void connection_hold(struct connection *connection)
{
    connection->is_held = true;
    (void)adjust_reading(connection);
}

void connection_is_ready(struct connection *connection)
{
    (void)mailbox_put(connection->all->mailbox, &connection->letter); /* it is closed after the loop has ended */
}

void connection_release(struct connection *connection)
{
    connection->is_held = false;
}

/* Reads on, once all is worked off that was read. */
static void go_on(struct connection *connection)
{
    if (!adjust_reading(connection))
        connection_close_without_memory(connection);
    else
        connection->all->protocol->work(connection);
}

/* NULL if out of memory. */
static char *room_for_request(struct connection *connection)
{
    char *room;

    if (connection->in.text == NULL) {
        connection->in = connection->all->spare;
        connection->all->spare = STRBUF_INIT;
    }
    room = strbuf_make_room(&connection->in, CONNECTIONS_READ_SIZE);
    connection_limits_recount(connection);
    return room;
}

/* The client reads and writes no more. */
static void end_of_client(struct connection *connection)
{
    if (connection->in.len > 0)
        connection_refuse(connection, "it ends too early");
    else
        connection_close(connection);
}

static void on_readable(void *context)
{
    struct connection *connection = context;
    char *room = room_for_request(connection);
    ssize_t len;

    begin_pass(connection->all);
    if (room == NULL) {
        connection_close_without_memory(connection);
        return;
    }
    if (!connection_limits_make_room(connection))
        return;
    connection_limits_heard(connection);
    len = recv(connection->fd, room, CONNECTIONS_READ_SIZE, MSG_DONTWAIT);
    if (len <= 0 && !(len < 0 && (errno == EAGAIN || errno == EINTR))) {
        end_of_client(connection);
        return;
    }
    strbuf_fill_room(&connection->in, len > 0 ? (size_t)len : 0);
    if (connection->in.len == 0)
        leave_memory(connection);
    connection->all->protocol->work(connection);
}

static void on_writable(void *context)
{
    struct connection *connection = context;
    struct strbuf *rest = &connection->rest;
    const ssize_t sent = send_now(connection, strbuf_text(rest), rest->len);

    if (sent < 0) {
        connection_close(connection);
        return;
    }
    connection_limits_heard(connection);
    strbuf_drop(rest, (size_t)sent);
    if (rest->len > 0)
        return;
    strbuf_free(rest);
    event_watch_destroy(connection->writing);
    connection->writing = NULL;
    end_messages(connection, connection->unwritten);
    connection->unwritten = 0;
    if (connection->is_held)
        return;
    begin_pass(connection->all);
    go_on(connection);
}

/* ---- The listening sockets ---- */

static bool add_connection(struct connections_socket *socket, int fd)
{
    struct connections *all = socket->all;
    struct connection *connection = calloc(1, all->protocol->size);

    if (connection == NULL)
        return false;
    connection->all = all;
    connection->socket = socket;
    connection->fd = fd;
    if (!adjust_reading(connection)) {
        free(connection);
        return false;
    }
    connection->next = all->list;
    connection->previous = &all->list;
    if (all->list != NULL)
        all->list->previous = &connection->next;
    all->list = connection;
    all->drain->connections++;
    connection->heard_at = all->looks;
    connection_limits_accepted(all);
    if (all->protocol->begin != NULL)
        all->protocol->begin(connection);
    return true;
}

/* They wait in the sockets' queues until one of those that there are has ended, or for a moment. */
static void accept_none(struct connections *all)
{
    for (size_t i = 0; i < all->socket_count; i++) {
        event_watch_destroy(all->sockets[i].accepting);
        all->sockets[i].accepting = NULL;
    }
    event_task_set_timer(all->task, REST_MS);
    connection_limits_full(all);
}

static bool is_full(const struct connections_socket *socket)
{
    return socket->all->drain->connections >= socket->all->most ||
           descriptor_reserve_is_low(socket->fd, DESCRIPTORS_FOR_MILTER_AND_LOOKUPS);
}

static void on_connection(void *context)
{
    struct connections_socket *socket = context;
    struct connections *all = socket->all;
    int fd;

    if (is_full(socket)) {
        log_warning("%s: as many connections are open as the descriptors allow; more of them wait", all->protocol->key);
        accept_none(all);
        return;
    }
    fd = accept(socket->fd, NULL, NULL);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        log_warning("%s: a connection cannot be accepted: %s", all->protocol->key, strerror(errno));
        accept_none(all);
    }
    if (fd >= 0 && !add_connection(socket, fd)) {
        log_error("out of memory: a connection of %s is closed", all->protocol->name);
        stats_add(STATS_FAULTS, 1);
        close(fd);
    }
}

static void close_sockets(struct connections *all)
{
    for (size_t i = 0; i < all->socket_count; i++) {
        struct connections_socket *socket = &all->sockets[i];

        event_watch_destroy(socket->accepting);
        socket->accepting = NULL;
        if (socket->fd >= 0)
            close(socket->fd);
        socket->fd = -1;
    }
    pthread_mutex_lock(&all->lock);
    all->has_closed_sockets = true;
    pthread_cond_broadcast(&all->is_changed);
    pthread_mutex_unlock(&all->lock);
}

static bool is_to_close(struct connections *all)
{
    bool is_so;

    pthread_mutex_lock(&all->lock);
    is_so = all->is_closed && !all->has_closed_sockets;
    pthread_mutex_unlock(&all->lock);
    return is_so;
}

static void run_task(void *context)
{
    struct connections *all = context;
    struct letter *letter = mailbox_take(all->mailbox), *next;

    if (letter != NULL)
        begin_pass(all);
    for (; letter != NULL; letter = next) {
        struct connection *connection = (struct connection *)(void *)letter;

        next = letter->next;
        all->protocol->resume(connection);
        if (connection_may_go_on(connection))
            go_on(connection);
    }
    if (is_to_close(all))
        close_sockets(all);
    if (all->drain->connections < all->most)
        accept_again(all);
}

/* ---- The front end ---- */

static size_t most_connections(size_t part)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 64;
    return limit.rlim_cur / part < CONNECTIONS_MOST ? (size_t)limit.rlim_cur / part : CONNECTIONS_MOST;
}

static struct connections_socket *find_socket(struct connections *all, const struct front_socket *spec)
{
    for (size_t i = 0; i < all->socket_count; i++)
        if (all->sockets[i].spec == spec)
            return &all->sockets[i];
    return NULL;
}

bool connections_open(const struct front *self, const struct front_socket *socket, const struct front_host *host,
                      struct strbuf *error)
{
    struct connections *all = self->state;
    struct connections_socket *new = &all->sockets[all->socket_count];

    all->host = *host;
    new->all = all;
    new->spec = socket;
    all->socket_count++; /* what a failed one has made is discarded */
    new->fd = listening_open(&new->listening, socket, error);
    return new->fd >= 0;
}

bool connections_give(const struct front *self, const struct front_socket *socket, uid_t owner, gid_t group,
                      struct strbuf *error)
{
    return listening_give(&find_socket(self->state, socket)->listening, socket, owner, group, error);
}

void connections_discard(const struct front *self, const struct front_socket *socket)
{
    struct connections_socket *found = find_socket(self->state, socket);

    if (found != NULL)
        listening_discard(&found->listening);
}

/* Lock held. */
static bool start_loop(struct connections *all)
{
    all->most = most_connections(all->protocol->part);
    all->loop = event_loop_create();
    all->task = all->loop != NULL ? event_task_create(all->loop, run_task, all) : NULL;
    all->end_of_pass = all->loop != NULL ? event_task_create(all->loop, end_pass, all) : NULL;
    all->mailbox = all->task != NULL ? mailbox_create(all->task) : NULL;
    if (all->mailbox == NULL || all->end_of_pass == NULL ||
        !connection_limits_start(all, connection_refuse, connection_close))
        return false;
    event_task_wake(all->task); /* which begins to accept */
    return event_loop_start(all->loop) == 0;
}

/* Returns once it is closed. */
bool connections_run(const struct front *self)
{
    struct connections *all = self->state;
    bool is_started;

    pthread_mutex_lock(&all->lock);
    is_started = all->is_closed || start_loop(all);
    if (!is_started)
        log_error("%s: the loop cannot be started: %s", all->protocol->key, strerror(errno));
    while (is_started && !all->is_closed)
        pthread_cond_wait(&all->is_changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
    return is_started;
}

void connections_close(const struct front *self)
{
    struct connections *all = self->state;

    pthread_mutex_lock(&all->lock);
    all->is_closed = true;
    pthread_cond_broadcast(&all->is_changed);
    if (all->task != NULL)
        event_task_wake(all->task);
    while (all->task != NULL && !all->has_closed_sockets)
        pthread_cond_wait(&all->is_changed, &all->lock);
    pthread_mutex_unlock(&all->lock);
    for (size_t i = 0; i < all->socket_count; i++)
        listening_discard(&all->sockets[i].listening);
}

void connections_hang_up(const struct front *self)
{
    struct connections *all = self->state;

    if (all->loop == NULL)
        return;
    event_loop_stop(all->loop);
    all->is_in_pass = false; /* it may have stopped in one */
    send_answers(all);
    for (struct connection *connection = all->list, *next; connection != NULL; connection = next) {
        next = connection->next;
        if (!connection->is_held)
            connection_close(connection);
    }
}
