/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks addresses up in a table over many connections, one lookup after the other on each, as MTAs do, and reports how
 * the server fared, in one line of JSON. */
#include "load_histogram.h"
#include "load_options.h"
#include "load_process.h"
#include "load_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_S = 300, ANSWER_SIZE = 4096, REQUEST_SIZE = 1024, KEYS_MAX = 100000 };

struct plan {
    const char *address;
    const char *table; /* of socketmap, which it then speaks; NULL: tcp_table */
    const char *keys_path;
    double seconds;
    uint64_t lookups;                                 /* at most; 0: only the time counts */
    unsigned connections, per_connection, pid, depth; /* lookups under way on one connection */
};

struct connection {
    int fd; /* -1: done */
    unsigned next, under_way, left;
    int64_t sent_ns;
    size_t answer_len;
    char answer[ANSWER_SIZE];
};

struct load {
    struct plan plan;
    char *keys[KEYS_MAX];
    unsigned key_count;
    struct connection *connections;
    int epoll;
    unsigned open;
    int64_t deadline_ns;
    uint64_t lookups, wrong, lost;
    struct histogram histogram;
};

static size_t write_request(const struct load *load, const char *key, char *text)
{
    int len;

    if (load->plan.table != NULL)
        len = snprintf(text, REQUEST_SIZE, "%zu:%s %s,", strlen(load->plan.table) + 1 + strlen(key), load->plan.table,
                       key);
    else
        len = snprintf(text, REQUEST_SIZE, "get %s\n", key);
    return (size_t)len;
}

static void close_connection(struct load *load, struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
    load->open--;
}

/* As many lookups as may be under way, in one piece. */
static void ask(struct load *load, struct connection *connection)
{
    static char text[64 * REQUEST_SIZE];
    size_t len = 0;

    for (; connection->under_way < load->plan.depth; connection->under_way++, connection->left--)
        len += write_request(load, load->keys[connection->next++ % load->key_count], text + len);
    connection->sent_ns = load_now_ns();
    if (send(connection->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len)
        return;
    load->lost++;
    close_connection(load, connection);
}

/* Where the first answer of the text ends, NULL: it is not whole. */
static char *end_of_answer(const struct load *load, char *text, size_t len, bool *is_found)
{
    char *end = memchr(text, load->plan.table != NULL ? ',' : '\n', len);

    *is_found = load->plan.table != NULL ? memmem(text, len < 8 ? len : 8, ":OK ", 4) != NULL
                                         : len > 4 && memcmp(text, "200 ", 4) == 0;
    return end != NULL ? end + 1 : NULL;
}

static void take_answers(struct load *load, struct connection *connection)
{
    char *from = connection->answer, *end;
    size_t left = connection->answer_len;
    bool is_found;

    while (left > 0 && (end = end_of_answer(load, from, left, &is_found)) != NULL) {
        load->lookups++;
        load->wrong += !is_found;
        connection->under_way--;
        histogram_add(&load->histogram, load_now_ns() - connection->sent_ns);
        left -= (size_t)(end - from);
        from = end;
    }
    memmove(connection->answer, from, left);
    connection->answer_len = left;
}

static bool is_over(const struct load *load)
{
    return (load->plan.lookups > 0 && load->lookups >= load->plan.lookups) || load_now_ns() >= load->deadline_ns;
}

static void open_connection(struct load *load, struct connection *connection);

static void read_answers(void *context, void *ready)
{
    struct load *load = context;
    struct connection *connection = ready;
    const size_t room = sizeof connection->answer - connection->answer_len;
    const ssize_t len = recv(connection->fd, connection->answer + connection->answer_len, room, MSG_DONTWAIT);

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        load->lost++;
        close_connection(load, connection);
        return;
    }
    connection->answer_len += (size_t)len;
    take_answers(load, connection);
    if (connection->under_way > 0)
        return;
    if (is_over(load)) {
        close_connection(load, connection);
        return;
    }
    if (connection->left == 0) {
        close_connection(load, connection);
        open_connection(load, connection);
    }
    if (connection->fd >= 0)
        ask(load, connection);
}

static void open_connection(struct load *load, struct connection *connection)
{
    connection->fd = load_socket_connect(load->plan.address);
    if (connection->fd < 0) {
        load->lost++;
        return;
    }
    load->open++;
    connection->left = load->plan.per_connection > 0 ? load->plan.per_connection : UINT32_MAX;
    load_socket_watch(load->epoll, connection->fd, connection);
}

static void read_keys(struct load *load)
{
    FILE *file = fopen(load->plan.keys_path, "r");
    char line[REQUEST_SIZE / 2];

    while (file != NULL && load->key_count < KEYS_MAX && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        load->keys[load->key_count++] = strdup(line);
    }
    if (file != NULL)
        (void)fclose(file);
}

static void print_report(const struct load *load, const struct load_measurement *measurement)
{
    printf("{\"lookups\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"lost\": %" PRIu64, load->lookups, load->wrong,
           load->lost);
    load_measurement_print_rate(measurement, load->lookups);
    printf(", \"lookup_p50_ms\": %.4f, \"lookup_p95_ms\": %.4f, \"lookup_p99_ms\": %.4f",
           histogram_percentile_ms(&load->histogram, 50), histogram_percentile_ms(&load->histogram, 95),
           histogram_percentile_ms(&load->histogram, 99));
    load_measurement_print_use(measurement, load->lookups);
    printf("}\n");
}

static bool run(struct load *load)
{
    struct load_measurement measurement;

    load->connections = calloc(load->plan.connections, sizeof *load->connections);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->connections == NULL || load->epoll < 0)
        return false;
    for (unsigned i = 0; i < load->plan.connections; i++) {
        load->connections[i].next = i * 7919; /* each begins elsewhere */
        open_connection(load, &load->connections[i]);
    }
    measurement = load_measurement_begin(load->plan.pid); /* a server with a short queue takes its time to have them */
    load->deadline_ns = measurement.begun_ns + (int64_t)(load->plan.seconds * 1e9);
    for (unsigned i = 0; i < load->plan.connections; i++)
        if (load->connections[i].fd >= 0)
            ask(load, &load->connections[i]);
    while (load->open > 0)
        load_socket_wait(load->epoll, read_answers, load);
    load_measurement_end(&measurement);
    print_report(load, &measurement);
    free(load->connections);
    close(load->epoll);
    return true;
}

static void usage(void)
{
    (void)fprintf(stderr, "usage: table_load --address unix:PATH|inet:PORT@ADDRESS --keys FILE\n"
                          "  --table NAME      of socketmap; without it tcp_table is spoken\n"
                          "  --seconds S       (3, or with --lookups none)\n"
                          "  --lookups N       and then no more\n"
                          "  --connections N   at once (1)\n"
                          "  --per-connection N  lookups before a connection is closed and another opened (0: all)\n"
                          "  --depth N         lookups under way on each, up to 64 (1)\n"
                          "  --pid N           the server's process\n");
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    static struct load load = {.plan = {.connections = 1, .depth = 1}};
    struct plan *plan = &load.plan;
    const struct load_option table[] = {
        {"address", LOAD_OPTION_TEXT, &plan->address},
        {"table", LOAD_OPTION_TEXT, &plan->table},
        {"keys", LOAD_OPTION_TEXT, &plan->keys_path},
        {"seconds", LOAD_OPTION_SECONDS, &plan->seconds},
        {"lookups", LOAD_OPTION_COUNT, &plan->lookups},
        {"connections", LOAD_OPTION_NUMBER, &plan->connections},
        {"per-connection", LOAD_OPTION_NUMBER, &plan->per_connection},
        {"depth", LOAD_OPTION_NUMBER, &plan->depth},
        {"pid", LOAD_OPTION_NUMBER, &plan->pid},
        {NULL, LOAD_OPTION_FLAG, NULL},
    };

    load_options_read(argc, argv, table, usage);
    if (plan->seconds <= 0)
        plan->seconds = plan->lookups > 0 ? LIMIT_S : 3;
    if (load.plan.address == NULL || load.plan.keys_path == NULL || load.plan.depth == 0 || load.plan.depth > 64)
        usage();
    read_keys(&load);
    if (load.key_count == 0)
        usage();
    alarm(LIMIT_S); /* a server that never answers ends this program, too */
    return run(&load) ? EXIT_SUCCESS : EXIT_FAILURE;
}
