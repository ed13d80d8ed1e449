/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers HTTP requests. What comes in is a method, a path and one field; a body is never read. */
#include "front/metrics/metrics_front.h"

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/wait.h"
#include "front/listening.h"
#include "front/metrics/accept.h"
#include "front/metrics/scrapers.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum {
    MEMORY_MAX = 16 * 1024, /* of one connection: a longer request is refused */
    TIMEOUT_S = 10,         /* of a connection on which nothing happens */
    PATIENCE_MS = 15000,    /* of one on which something does, but no answer is complete; more than TIMEOUT_S */
    LOOK_MS = 2000,         /* how often that is looked at */
};

static struct front_host host;
static struct drain no_drain; /* nothing here has to be waited for */
static struct listening listening;
static int listening_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf; covers the next two */
static pthread_cond_t is_changed;
static struct MHD_Daemon *server;
static bool is_closed;
static pthread_mutex_t scrapers_lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */
static struct scrapers scrapers;

/* ---- Connections ---- */

/* Called before the descriptor is closed. */
static void note_connection(void *context, struct MHD_Connection *connection, void **scraper,
                            enum MHD_ConnectionNotificationCode what)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    (void)context;
    pthread_mutex_lock(&scrapers_lock);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        scrapers_go(*scraper);
    else if (info != NULL)
        *scraper = scrapers_come(&scrapers, info->connect_fd, clock_monotonic_ms(&clock_system));
    pthread_mutex_unlock(&scrapers_lock);
}

static void note_answer(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode how)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    (void)context, (void)state, (void)how;
    pthread_mutex_lock(&scrapers_lock);
    if (info != NULL)
        scrapers_answered(info->socket_context, clock_monotonic_ms(&clock_system));
    pthread_mutex_unlock(&scrapers_lock);
}

static void end_late_scrapers(void)
{
    pthread_mutex_lock(&scrapers_lock);
    scrapers_end_late(&scrapers, clock_monotonic_ms(&clock_system), PATIENCE_MS);
    pthread_mutex_unlock(&scrapers_lock);
}

/* ---- Requests ---- */

/* Sends `body`, which is emptied. */
static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status, const char *type,
                                 struct strbuf *body)
{
    struct MHD_Response *response;
    enum MHD_Result sent = MHD_NO;

    if (body->failed) { /* out of memory: rather none than a part */
        strbuf_free(body);
        return MHD_NO;
    }
    response = MHD_create_response_from_buffer(body->len, (void *)strbuf_text(body), MHD_RESPMEM_MUST_COPY);
    strbuf_free(body);
    if (response == NULL)
        return MHD_NO;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
        (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES))
        sent = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result send_metrics(struct MHD_Connection *connection)
{
    const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    const bool is_openmetrics = accept_prefers_openmetrics(accept);
    struct strbuf body = STRBUF_INIT;

    host.write_metrics(host.context, is_openmetrics, &body);
    return send_text(connection, MHD_HTTP_OK,
                     is_openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                    : "text/plain; version=0.0.4; charset=utf-8",
                     &body);
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *body, size_t *body_size, void **state)
{
    static const char plain[] = "text/plain; charset=utf-8";
    struct strbuf text = STRBUF_INIT;
    unsigned status = MHD_HTTP_NOT_FOUND;

    (void)context;
    (void)version;
    (void)body;
    (void)state;
    *body_size = 0;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        strbuf_add(&text, "only GET and HEAD\n");
        return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, plain, &text);
    }
    if (strcmp(path, "/metrics") == 0)
        return send_metrics(connection);
    if (strcmp(path, "/healthz") == 0)
        status = host.is_healthy(host.context, &text) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
    else
        strbuf_add(&text, "there are /metrics and /healthz\n");
    return send_text(connection, status, plain, &text);
}

/* ---- The front end ---- */

static bool open_socket(const struct front *self, const struct front_socket *socket, const struct front_host *new_host,
                        struct strbuf *error)
{
    (void)self;
    host = *new_host;
    wait_cond_init(&is_changed);
    listening_fd = listening_open(&listening, socket, error);
    return listening_fd >= 0;
}

static bool give_socket(const struct front *self, const struct front_socket *socket, uid_t owner, gid_t group,
                        struct strbuf *error)
{
    (void)self;
    return listening_give(&listening, socket, owner, group, error);
}

static void discard_socket(const struct front *self, const struct front_socket *socket)
{
    (void)self;
    (void)socket;
    listening_discard(&listening);
}

static struct MHD_Daemon *start_server(void)
{
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC, 0, NULL, NULL, answer, NULL,
                            MHD_OPTION_LISTEN_SOCKET, listening_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SCRAPERS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)MEMORY_MAX, MHD_OPTION_NOTIFY_CONNECTION, note_connection, NULL,
                            MHD_OPTION_NOTIFY_COMPLETED, note_answer, NULL, MHD_OPTION_END);
}

/* Returns once it is closed. */
static bool run(const struct front *self)
{
    bool is_started;

    (void)self;
    pthread_mutex_lock(&lock);
    if (!is_closed)
        server = start_server();
    is_started = server != NULL || is_closed;
    while (is_started && !is_closed) {
        const struct timespec moment = clock_moment_after(LOOK_MS);

        if (wait_cond_until(&is_changed, &lock, &moment))
            continue;
        pthread_mutex_unlock(&lock);
        end_late_scrapers();
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return is_started;
}

static void close_socket(const struct front *self)
{
    (void)self;
    pthread_mutex_lock(&lock);
    is_closed = true;
    if (server != NULL)
        (void)MHD_quiesce_daemon(server);
    pthread_cond_signal(&is_changed);
    pthread_mutex_unlock(&lock);
    close(listening_fd);
    listening_discard(&listening);
}

static void hang_up(const struct front *self)
{
    (void)self;
    if (server != NULL)
        MHD_stop_daemon(server);
    server = NULL;
}

const struct front metrics_front = {
    .name = "libmicrohttpd",
    .drain = &no_drain,
    .path = endpoint_unix_path,
    .open = open_socket,
    .give = give_socket,
    .discard = discard_socket,
    .run = run,
    .close = close_socket,
    .hang_up = hang_up,
};
