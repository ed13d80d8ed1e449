/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy server that does nothing, the yardstick of the measurements: one thread, libevent, and DUNNO for each
 * complete request of Postfix's policy protocol. Or another server: ANSWER for each request that ends with END. Or what
 * each policy service has to do that adds a field and logs, without finding anything out: it reads the attributes of a
 * request as smf-spf does, answers with a field and writes a line to FILE, both of fixed text.
 *
 *   policy_nothing unix:PATH|inet:PORT@ADDRESS [END ANSWER | FILE] */
#include "front/policy/request.h"
#include "load_process.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, LINES_MAX = 64 };

static const char *request_end = "\n\n", *answer = "action=DUNNO\n\n";

/* With FILE: lines are written together, after each pass through the connections that are ready, as smf-spf does. */
static const char field[] = "action=PREPEND Authentication-Results: mx.example.net;\n"
                            "\tspf=pass (sender SPF authorized) smtp.mailfrom=someone@d0.hot.test smtp.helo=h.test\n\n";
static const char log_line[] = "Nov 29 12:00:00 smf-spf[12345]: SPF pass: ip=192.0.2.1, fqdn=client.hot.test, "
                               "helo=client.hot.test, from=<someone@d0.hot.test>, mechanism=ip4:192.0.2.0/24, "
                               "verdict=accepted, to=<someone@example.net>\n";
static int log_fd = -1;
static struct {
    char text[LINES_MAX * sizeof log_line];
    size_t len;
} lines;

struct connection {
    struct event *readable;
    size_t len;
    char request[REQUEST_MAX];
};

static void close_connection(struct connection *connection)
{
    close(event_get_fd(connection->readable));
    event_free(connection->readable);
    free(connection);
}

/* Answers the requests that are complete. Returns false where the answer cannot be sent. */
static bool answer_complete(struct connection *connection, int fd)
{
    const size_t end_len = strlen(request_end), answer_len = strlen(answer);
    const char *end;

    while ((end = memmem(connection->request, connection->len, request_end, end_len)) != NULL) {
        size_t taken = (size_t)(end - connection->request) + end_len;

        if (send(fd, answer, answer_len, MSG_NOSIGNAL) != (ssize_t)answer_len)
            return false;
        connection->len -= taken;
        memmove(connection->request, connection->request + taken, connection->len);
    }
    return true;
}

static void write_lines(void)
{
    if (lines.len > 0 && write(log_fd, lines.text, lines.len) != (ssize_t)lines.len)
        exit(EXIT_FAILURE);
    lines.len = 0;
}

static void add_line(void)
{
    if (sizeof lines.text - lines.len < sizeof log_line)
        write_lines();
    memcpy(lines.text + lines.len, log_line, sizeof log_line - 1);
    lines.len += sizeof log_line - 1;
}

/* The same with FILE. */
static bool serve_complete(struct connection *connection, int fd)
{
    const char *problem;
    struct request request;
    size_t scanned = 0, taken;

    while (connection->len > 0 && request_read(connection->request, connection->len, &scanned, &request, &taken,
                                               &problem) == REQUEST_COMPLETE) {
        add_line();
        if (send(fd, field, sizeof field - 1, MSG_NOSIGNAL) != (ssize_t)sizeof field - 1)
            return false;
        connection->len -= taken;
        memmove(connection->request, connection->request + taken, connection->len);
    }
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct connection *connection = context;
    ssize_t len = recv(fd, connection->request + connection->len, sizeof connection->request - connection->len, 0);

    (void)what;
    if (len > 0)
        connection->len += (size_t)len;
    if (len <= 0 || !(log_fd < 0 ? answer_complete : serve_complete)(connection, fd) ||
        connection->len == sizeof connection->request)
        close_connection(connection);
}

static void on_connection(evutil_socket_t listener, short what, void *context)
{
    const int on = 1;
    int fd = accept(listener, NULL, NULL);
    struct connection *connection = fd < 0 ? NULL : malloc(sizeof *connection);

    (void)what;
    if (connection == NULL) {
        close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a unix socket has no such option */
    connection->len = 0;
    connection->readable = event_new(context, fd, EV_READ | EV_PERSIST, on_readable, connection);
    if (connection->readable == NULL || event_add(connection->readable, NULL) != 0)
        exit(EXIT_FAILURE);
}

static int listen_unix(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof name.sun_path)
        return -1;
    memcpy(name.sun_path, path, strlen(path));
    return bind(fd, (const struct sockaddr *)&name, sizeof name) == 0 ? fd : -1;
}

/* `where` is PORT@ADDRESS. */
static int listen_inet(const char *where)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(where, NULL, 10))};
    const char *host = strchr(where, '@');
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (host == NULL || inet_pton(AF_INET, host + 1, &name.sin_addr) != 1)
        return -1;
    return bind(fd, (const struct sockaddr *)&name, sizeof name) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    struct event *acceptable;
    int fd;

    if (argc < 2 || argc > 4 || base == NULL) {
        (void)fprintf(stderr, "usage: policy_nothing unix:PATH|inet:PORT@ADDRESS [END ANSWER | FILE]\n");
        return EXIT_FAILURE;
    }
    if (argc == 4) {
        request_end = argv[2];
        answer = argv[3];
    }
    if (argc == 3)
        log_fd = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    load_process_allow_descriptors();
    fd = strncmp(argv[1], "unix:", 5) == 0 ? listen_unix(argv[1] + 5) : listen_inet(argv[1] + 5);
    if (fd < 0 || listen(fd, BACKLOG) != 0 || (argc == 3 && log_fd < 0)) {
        perror("policy_nothing");
        return EXIT_FAILURE;
    }
    acceptable = event_new(base, fd, EV_READ | EV_PERSIST, on_connection, base);
    if (acceptable == NULL || event_add(acceptable, NULL) != 0)
        return EXIT_FAILURE;
    while (event_base_loop(base, EVLOOP_ONCE) == 0)
        write_lines();
    return EXIT_FAILURE;
}
