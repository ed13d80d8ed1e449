/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends messages through a filter over many connections, as an MTA does, and reports how it fared, in one line of
 * JSON. */
#include "load_connection.h"
#include "load_options.h"
#include "load_process.h"
#include "load_socket.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, THREADS_MAX = 16, LIMIT_S = 300 };

struct options {
    unsigned connections, threads, pid, limit_s;
    double seconds;
};

/* A thread with its share of the connections. */
struct worker {
    pthread_t thread;
    struct load_plan *plan;
    struct load_connection *connections;
    unsigned count, open;
    int epoll;
    uint64_t random;
    struct load_figures figures;
};

/* ---- The loop ---- */

static void open_all(struct worker *worker)
{
    for (unsigned i = 0; i < worker->count; i++) {
        struct load_connection *connection = &worker->connections[i];

        connection->plan = worker->plan;
        connection->figures = &worker->figures;
        connection->random = &worker->random;
        if (!load_connection_open(connection))
            continue;
        load_socket_watch(worker->epoll, connection->fd, connection);
        worker->open++;
    }
}

/* Wakes the connections whose pause is over; returns how long the next one lasts, -1 for ever. */
static int resume_due(struct worker *worker)
{
    int64_t now_ns = load_now_ns(), next_ns = INT64_MAX;

    if (worker->plan->pause_ns == 0)
        return -1;
    for (unsigned i = 0; i < worker->count; i++) {
        struct load_connection *connection = &worker->connections[i];

        if (connection->fd < 0 || connection->resume_ns == 0)
            continue;
        if (connection->resume_ns <= now_ns) {
            bool reopened = false;

            load_connection_resume(connection, &reopened);
            if (reopened)
                load_socket_watch(worker->epoll, connection->fd, connection);
            else
                worker->open -= connection->fd < 0;
        } else if (connection->resume_ns < next_ns) {
            next_ns = connection->resume_ns;
        }
    }
    return next_ns == INT64_MAX ? -1 : (int)((next_ns - now_ns) / 1000000) + 1;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct epoll_event events[EVENTS_MAX];

    open_all(worker);
    for (;;) {
        int wait_ms = resume_due(worker), count;

        if (worker->open == 0)
            break;
        count = epoll_wait(worker->epoll, events, EVENTS_MAX, wait_ms);
        for (int i = 0; i < count; i++) {
            struct load_connection *connection = events[i].data.ptr;
            bool reopened = false;

            load_connection_read(connection, &reopened);
            if (reopened)
                load_socket_watch(worker->epoll, connection->fd, connection);
            else if (connection->fd < 0)
                worker->open--;
        }
    }
    return NULL;
}

static bool start(struct worker *worker, struct load_plan *plan, unsigned number, unsigned count, unsigned first)
{
    worker->plan = plan;
    worker->count = count;
    worker->random = 0x9e3779b97f4a7c15U * (plan->first + number + 1) | 1U;
    worker->connections = calloc(count, sizeof *worker->connections);
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (worker->connections == NULL || worker->epoll < 0)
        return false;
    for (unsigned i = 0; i < count; i++)
        worker->connections[i].number = first + i;
    return pthread_create(&worker->thread, NULL, work, worker) == 0;
}

/* ---- The report ---- */

static void print_times(const char *name, const struct histogram *times)
{
    printf(", \"%s_p50_ms\": %.4f, \"%s_p95_ms\": %.4f, \"%s_p99_ms\": %.4f, \"%s_max_ms\": %.4f", name,
           histogram_percentile_ms(times, 50), name, histogram_percentile_ms(times, 95), name,
           histogram_percentile_ms(times, 99), name, (double)times->max_ns / 1e6);
}

static void print_report(const struct load_figures *all, const struct load_measurement *measurement)
{
    printf("{\"messages\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"temperror\": %" PRIu64 ", \"lost\": %" PRIu64,
           all->messages, all->wrong, all->temperror, all->lost);
    load_measurement_print_rate(measurement, all->messages);
    print_times("mail", &all->mail);
    print_times("transaction", &all->transaction);
    printf(", \"wait_max_ms\": %.4f", (double)all->wait_max_ns / 1e6);
    load_measurement_print_use(measurement, all->messages);
    printf("}\n");
    if (all->complaint[0] != '\0')
        (void)fprintf(stderr, "load: first complaint: %s\n", all->complaint);
}

static void merge(struct load_figures *all, const struct load_figures *figures)
{
    histogram_merge(&all->mail, &figures->mail);
    histogram_merge(&all->transaction, &figures->transaction);
    if (figures->wait_max_ns > all->wait_max_ns)
        all->wait_max_ns = figures->wait_max_ns;
    all->messages += figures->messages;
    all->wrong += figures->wrong;
    all->temperror += figures->temperror;
    all->lost += figures->lost;
    if (all->complaint[0] == '\0')
        memcpy(all->complaint, figures->complaint, sizeof all->complaint);
}

static bool run(struct load_plan *plan, const struct options *options)
{
    static struct worker workers[THREADS_MAX];
    static struct load_figures all;
    unsigned first = 0;
    struct load_measurement measurement = load_measurement_begin(options->pid);

    if (options->seconds > 0)
        plan->deadline_ns = measurement.begun_ns + (int64_t)(options->seconds * 1e9);
    for (unsigned i = 0; i < options->threads; i++) {
        unsigned count = options->connections / options->threads + (i < options->connections % options->threads);

        if (!start(&workers[i], plan, i, count, first)) {
            perror("load");
            return false;
        }
        first += count;
    }
    for (unsigned i = 0; i < options->threads; i++) {
        pthread_join(workers[i].thread, NULL);
        merge(&all, &workers[i].figures);
    }
    load_measurement_end(&measurement);
    print_report(&all, &measurement);
    return true;
}

/* ---- Options ---- */

static void usage(void)
{
    (void)fprintf(stderr,
                  "usage: load --address unix:PATH|inet:PORT@ADDRESS --workload NAME (--messages N | --seconds S)\n"
                  "  --connections N      at once (1)\n"
                  "  --per-connection N   messages before a connection is closed and another opened (0: all)\n"
                  "  --clients N          addresses that the mail comes from (1)\n"
                  "  --pause-ms N         between RCPT and the data, and, up to that, before MAIL (0)\n"
                  "  --threads N          of this program (1)\n"
                  "  --first N            number of the first message; others bring other new domains (0)\n"
                  "  --pid N              the filter's process\n"
                  "  --nothing            the filter gives no results\n"
                  "  --limit-s N          after that all is over (300)\n"
                  "workloads:\n");
    workload_list(stderr);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    static struct load_plan plan = {.messages = UINT64_MAX, .deadline_ns = INT64_MAX, .clients = 1};
    struct options options = {.connections = 1, .threads = 1, .limit_s = LIMIT_S};
    const struct load_option table[] = {
        {"address", LOAD_OPTION_TEXT, &plan.address},
        {"workload", LOAD_OPTION_WORKLOAD, &plan.workload},
        {"messages", LOAD_OPTION_COUNT, &plan.messages},
        {"seconds", LOAD_OPTION_SECONDS, &options.seconds},
        {"connections", LOAD_OPTION_NUMBER, &options.connections},
        {"per-connection", LOAD_OPTION_NUMBER, &plan.per_connection},
        {"clients", LOAD_OPTION_NUMBER, &plan.clients},
        {"pause-ms", LOAD_OPTION_MS, &plan.pause_ns},
        {"threads", LOAD_OPTION_NUMBER, &options.threads},
        {"first", LOAD_OPTION_COUNT, &plan.first},
        {"pid", LOAD_OPTION_NUMBER, &options.pid},
        {"nothing", LOAD_OPTION_FLAG, &plan.expects_nothing},
        {"limit-s", LOAD_OPTION_NUMBER, &options.limit_s},
        {NULL, LOAD_OPTION_FLAG, NULL},
    };

    load_options_read(argc, argv, table, usage);
    if (plan.address == NULL || plan.workload == NULL || plan.clients == 0 || options.threads == 0 ||
        options.threads > THREADS_MAX || (plan.messages == UINT64_MAX && options.seconds <= 0))
        usage();
    load_process_allow_descriptors();
    alarm(options.limit_s); /* a filter that never answers ends this program, too */
    return run(&plan, &options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
