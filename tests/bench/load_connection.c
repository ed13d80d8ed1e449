/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leads a connection from step to step, and looks at the answers. */
#include "load_connection.h"

#include "load_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmilter/mfdef.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_LIMIT_MS = 60000, FIELD_NAME_AT = 4 };

static void complain(struct load_figures *figures, const char *what, const char *about)
{
    if (figures->complaint[0] == '\0')
        (void)snprintf(figures->complaint, sizeof figures->complaint, "%s: %s", what, about);
}

/* ---- The socket ---- */

static bool flush(struct load_connection *connection)
{
    struct wire_buffer *out = &connection->out;
    size_t sent = 0;

    while (sent < out->len) {
        struct pollfd writable = {.fd = connection->fd, .events = POLLOUT};
        ssize_t len = send(connection->fd, out->octets + sent, out->len - sent, MSG_NOSIGNAL);

        if (len > 0)
            sent += (size_t)len;
        else if (errno != EAGAIN || poll(&writable, 1, SEND_LIMIT_MS) != 1)
            break;
    }
    out->len = 0;
    return sent > 0;
}

static void close_socket(struct load_connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}

/* The filter has ended the connection, or said what no MTA would take. */
static void give_up(struct load_connection *connection, const char *why)
{
    connection->figures->lost++;
    complain(connection->figures, why, connection->mail.domain);
    close_socket(connection);
}

/* ---- The steps ---- */

/* Begins a message; false if there is none any more. */
static bool begin_message(struct load_connection *connection)
{
    struct load_plan *plan = connection->plan;
    uint64_t number;

    if (connection->left == 0 || (plan->deadline_ns != INT64_MAX && load_now_ns() >= plan->deadline_ns))
        return false;
    number = atomic_fetch_add_explicit(&plan->begun, 1, memory_order_relaxed);
    if (number >= plan->messages)
        return false;
    connection->left--;
    workload_next(plan->workload, plan->first + number, connection->random, &connection->mail);
    connection->result[0] = '\0';
    connection->message.field = 0;
    return true;
}

/* How long the client takes before the next step. Before a message it is up to chance, as clients do not keep step with
 * each other. */
static int64_t pause_ns(const struct load_connection *connection)
{
    const int64_t pause_ns = connection->plan->pause_ns;

    return connection->step == STEP_DATA ? pause_ns
                                         : (int64_t)(workload_random(connection->random) % (uint64_t)pause_ns);
}

/* Sends what no answer came for yet, up to the next step that gets one. */
static void go_on(struct load_connection *connection)
{
    for (;; connection->step++) {
        enum wire_step step = connection->step;

        if (connection->resume_ns == 0 && (step == STEP_MAIL || step == STEP_DATA) && connection->plan->pause_ns > 0) {
            connection->resume_ns = load_now_ns() + pause_ns(connection);
            return;
        }
        connection->resume_ns = 0;
        if (step == STEP_MAIL && !begin_message(connection)) {
            wire_add_quit(&connection->out);
            flush(connection);
            close_socket(connection);
            return;
        }
        if (!wire_wants(&connection->terms, step))
            continue;
        wire_add_step(&connection->out, step, &connection->terms, &connection->message);
        if (wire_answers(&connection->terms, step))
            break;
    }
    connection->sent_ns = load_now_ns();
    if (connection->step == STEP_MAIL)
        connection->begun_ns = connection->sent_ns;
    if (!flush(connection))
        give_up(connection, "the filter takes nothing");
}

/* The message has its last answer. */
static void end_message(struct load_connection *connection)
{
    struct load_figures *figures = connection->figures;
    const char *result = connection->result[0] != '\0' ? connection->result : "no result";

    figures->messages++;
    if (!connection->plan->expects_nothing && strcmp(result, connection->mail.expected) != 0) {
        figures->wrong++;
        if (strcmp(result, "temperror") == 0)
            figures->temperror++;
        complain(figures, result, connection->mail.domain);
    }
    wire_add_abort(&connection->out);
    connection->step = STEP_MAIL;
    go_on(connection);
}

/* ---- The answers ---- */

/* Takes the result out of the field that smf-spf inserts, if it is about this sender. */
static void note_field(struct load_connection *connection, const uint8_t *payload, size_t len)
{
    static const char name[] = "Authentication-Results";
    const char *field = (const char *)payload + FIELD_NAME_AT;
    const char *value = field + sizeof name, *found;

    if (len < FIELD_NAME_AT + sizeof name + 1 || payload[len - 1] != '\0' || strcmp(field, name) != 0)
        return;
    if (strstr(value, connection->mail.domain) == NULL || (found = strstr(value, " spf=")) == NULL)
        return;
    found += strlen(" spf=");
    (void)snprintf(connection->result, sizeof connection->result, "%.*s", (int)strcspn(found, " ;\r\n"), found);
}

static void note_wait(struct load_connection *connection)
{
    int64_t waited_ns = load_now_ns() - connection->sent_ns;

    if (waited_ns > connection->figures->wait_max_ns)
        connection->figures->wait_max_ns = waited_ns;
}

/* A step was answered for good; `goes_on` if the message does. */
static void step_answered(struct load_connection *connection, bool goes_on)
{
    int64_t took_ns = load_now_ns() - connection->begun_ns;
    bool ends = connection->step == STEP_EOM || !goes_on;

    if (connection->step == STEP_MAIL)
        histogram_add(&connection->figures->mail, took_ns);
    if (connection->step >= STEP_MAIL && ends) {
        bool paused = connection->step >= STEP_DATA;

        histogram_add(&connection->figures->transaction, took_ns - (paused ? connection->plan->pause_ns : 0));
        end_message(connection);
        return;
    }
    if (connection->step == STEP_HEADERS && ++connection->message.field < WIRE_FIELDS) {
        go_on(connection);
        return;
    }
    connection->step++;
    go_on(connection);
}

/* One frame from the filter. */
static void take_frame(struct load_connection *connection, uint8_t kind, const uint8_t *payload, size_t len)
{
    note_wait(connection);
    switch (kind) {
    case SMFIC_OPTNEG:
        if (connection->step != STEP_NEGOTIATE || !wire_agree(payload, len, &connection->terms)) {
            give_up(connection, "the filter cannot agree");
            return;
        }
        connection->step++;
        go_on(connection);
        return;
    case SMFIR_INSHEADER:
        note_field(connection, payload, len);
        return;
    case SMFIR_CHGHEADER:
    case SMFIR_ADDHEADER:
    case SMFIR_PROGRESS:
        return;
    case SMFIR_CONTINUE:
    case SMFIR_SKIP:
        step_answered(connection, true);
        return;
    case SMFIR_REPLYCODE:
    case SMFIR_REJECT:
        memcpy(connection->result, "refused", sizeof "refused");
        step_answered(connection, false);
        return;
    case SMFIR_ACCEPT:
        step_answered(connection, false);
        return;
    default:
        give_up(connection, "the filter sent an unexpected frame");
    }
}

/* Takes the whole frames that have arrived. */
static void take_frames(struct load_connection *connection)
{
    size_t at = 0;
    int fd = connection->fd;

    while (connection->fd == fd && connection->in_len - at >= 5) {
        uint32_t len;

        memcpy(&len, connection->in + at, sizeof len);
        len = ntohl(len);
        if (len == 0 || len > sizeof connection->in - sizeof len) {
            give_up(connection, "the filter sent a frame without bounds");
            return;
        }
        if (connection->in_len - at < sizeof len + len)
            break;
        at += sizeof len + len;
        take_frame(connection, connection->in[at - len], connection->in + at - len + 1, len - 1);
    }
    connection->in_len -= at;
    memmove(connection->in, connection->in + at, connection->in_len);
}

bool load_connection_open(struct load_connection *connection)
{
    connection->fd = load_socket_connect(connection->plan->address);
    if (connection->fd < 0) {
        complain(connection->figures, "cannot connect", strerror(errno));
        return false;
    }
    connection->left = connection->plan->per_connection > 0 ? connection->plan->per_connection : UINT32_MAX;
    connection->message.mail = &connection->mail;
    connection->message.client = 1 + connection->number % connection->plan->clients;
    connection->terms = (struct wire_terms){0};
    connection->step = STEP_NEGOTIATE;
    connection->in_len = connection->out.len = 0;
    go_on(connection);
    return connection->fd >= 0;
}

/* Opens another connection where the last one has had all its messages, and lost none. */
static bool reopen(struct load_connection *connection, uint64_t lost_before)
{
    return connection->fd < 0 && connection->left == 0 && connection->figures->lost == lost_before &&
           load_connection_open(connection);
}

void load_connection_read(struct load_connection *connection, bool *reopened)
{
    ssize_t len = recv(connection->fd, connection->in + connection->in_len, sizeof connection->in - connection->in_len,
                       MSG_DONTWAIT);
    uint64_t lost = connection->figures->lost;

    *reopened = false;
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        give_up(connection, "the filter has closed the connection");
        return;
    }
    connection->in_len += (size_t)len;
    take_frames(connection);
    *reopened = reopen(connection, lost);
}

void load_connection_resume(struct load_connection *connection, bool *reopened)
{
    uint64_t lost = connection->figures->lost;

    go_on(connection);
    *reopened = reopen(connection, lost);
}
