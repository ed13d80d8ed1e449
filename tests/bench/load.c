/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends messages through a filter over many connections, as an MTA does, and reports how it fared, in one line of
 * JSON. */
#include "load_connection.h"
#include "load_process.h"
#include "load_socket.h"

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
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

static void watch(const struct worker *worker, struct load_connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    (void)epoll_ctl(worker->epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

static void open_all(struct worker *worker)
{
    for (unsigned i = 0; i < worker->count; i++) {
        struct load_connection *connection = &worker->connections[i];

        connection->plan = worker->plan;
        connection->figures = &worker->figures;
        connection->random = &worker->random;
        if (!load_connection_open(connection))
            continue;
        watch(worker, connection);
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
                watch(worker, connection);
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
                watch(worker, connection);
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

static void print_report(const struct load_figures *all, double took_s, double cpu_s, long rss_kb)
{
    double messages = all->messages > 0 ? (double)all->messages : 1;

    printf("{\"messages\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"temperror\": %" PRIu64 ", \"lost\": %" PRIu64,
           all->messages, all->wrong, all->temperror, all->lost);
    printf(", \"seconds\": %.4f, \"per_second\": %.1f", took_s, (double)all->messages / took_s);
    print_times("mail", &all->mail);
    print_times("transaction", &all->transaction);
    printf(", \"wait_max_ms\": %.4f", (double)all->wait_max_ns / 1e6);
    printf(", \"cpu_us\": %.2f, \"rss_kb\": %ld, \"own_cpu_us\": %.2f}\n", cpu_s / messages * 1e6, rss_kb,
           load_process_read((unsigned)getpid()).cpu_s / messages * 1e6);
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
    struct load_process before = load_process_read(options->pid), after;
    int64_t begun_ns = load_now_ns();
    double took_s;

    if (options->seconds > 0)
        plan->deadline_ns = begun_ns + (int64_t)(options->seconds * 1e9);
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
    took_s = (double)(load_now_ns() - begun_ns) / 1e9;
    after = load_process_read(options->pid);
    print_report(&all, took_s, after.cpu_s - before.cpu_s, after.rss_kb);
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

static void read_options(int argc, char **argv, struct load_plan *plan, struct options *options)
{
    static const struct option names[] = {
        {"address", required_argument, NULL, 'a'},     {"workload", required_argument, NULL, 'w'},
        {"messages", required_argument, NULL, 'm'},    {"seconds", required_argument, NULL, 's'},
        {"connections", required_argument, NULL, 'c'}, {"per-connection", required_argument, NULL, 'k'},
        {"clients", required_argument, NULL, 'C'},     {"pause-ms", required_argument, NULL, 'p'},
        {"threads", required_argument, NULL, 't'},     {"first", required_argument, NULL, 'f'},
        {"pid", required_argument, NULL, 'P'},         {"nothing", no_argument, NULL, 'n'},
        {"limit-s", required_argument, NULL, 'l'},     {NULL, 0, NULL, 0},
    };
    int name;

    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;

        switch (name) {
        case 'a':
            plan->address = optarg;
            break;
        case 'w':
            plan->workload = workload_find(optarg);
            break;
        case 'm':
            plan->messages = number;
            break;
        case 's':
            options->seconds = strtod(optarg, NULL);
            break;
        case 'c':
            options->connections = (unsigned)number;
            break;
        case 'k':
            plan->per_connection = (unsigned)number;
            break;
        case 'C':
            plan->clients = (unsigned)number;
            break;
        case 'p':
            plan->pause_ns = (int64_t)number * 1000000;
            break;
        case 't':
            options->threads = (unsigned)number;
            break;
        case 'f':
            plan->first = number;
            break;
        case 'P':
            options->pid = (unsigned)number;
            break;
        case 'n':
            plan->expects_nothing = true;
            break;
        case 'l':
            options->limit_s = (unsigned)number;
            break;
        default:
            usage();
        }
    }
}

int main(int argc, char **argv)
{
    static struct load_plan plan = {.messages = UINT64_MAX, .deadline_ns = INT64_MAX, .clients = 1};
    struct options options = {.connections = 1, .threads = 1, .limit_s = LIMIT_S};
    struct rlimit files;

    read_options(argc, argv, &plan, &options);
    if (plan.address == NULL || plan.workload == NULL || plan.clients == 0 || options.threads == 0 ||
        options.threads > THREADS_MAX || (plan.messages == UINT64_MAX && options.seconds <= 0))
        usage();
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    alarm(options.limit_s); /* a filter that never answers ends this program, too */
    return run(&plan, &options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
