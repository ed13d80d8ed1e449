/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a policy server about messages over many connections, as the smtpd processes of Postfix do, and reports how it
 * fared, in one line of JSON. */
#include "load_histogram.h"
#include "load_process.h"
#include "load_socket.h"
#include "policy_talk.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, LIMIT_S = 300, ANSWER_SIZE = 4096, COMPLAINT_SIZE = 400 };

struct plan {
    const char *address;
    const struct workload *workload;
    uint64_t first, messages;
    double seconds;
    unsigned connections, per_connection, clients, pid, limit_s;
    bool at_data; /* a request at DATA, too */
    bool expects_nothing;
};

struct connection {
    int fd; /* -1: done */
    unsigned number, left;
    enum policy_state state;
    struct policy_mail message;
    int64_t sent_ns;
    size_t answer_len;
    char answer[ANSWER_SIZE];
};

struct load {
    struct plan plan;
    struct connection *connections;
    int epoll;
    unsigned open;
    int64_t deadline_ns;
    uint64_t begun, random;
    uint64_t messages, requests, wrong, lost;
    struct histogram request;
    char complaint[COMPLAINT_SIZE];
};

static void complain(struct load *load, const char *what, const char *about)
{
    if (load->complaint[0] == '\0')
        (void)snprintf(load->complaint, sizeof load->complaint, "%.100s: %.200s", what, about);
}

static void close_connection(struct load *load, struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
    load->open--;
}

static void lose(struct load *load, struct connection *connection, const char *why)
{
    load->lost++;
    complain(load, why, connection->message.mail.domain);
    close_connection(load, connection);
}

static void send_request(struct load *load, struct connection *connection, enum policy_state state)
{
    char text[POLICY_REQUEST_SIZE];
    size_t len = policy_write(text, state, &connection->message);

    connection->state = state;
    connection->answer_len = 0;
    connection->sent_ns = load_now_ns();
    if (send(connection->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
        lose(load, connection, "a request was not taken");
}

static bool is_over(const struct load *load)
{
    return load->begun == load->plan.messages || load_now_ns() >= load->deadline_ns;
}

static void begin_message(struct load *load, struct connection *connection)
{
    struct policy_mail *message = &connection->message;

    *message = (struct policy_mail){.seq = load->plan.first + load->begun++,
                                    .client = 1 + connection->number % load->plan.clients};
    workload_next(load->plan.workload, message->seq, &load->random, &message->mail);
    connection->left--;
    send_request(load, connection, POLICY_RCPT);
}

static void open_connection(struct load *load, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

    connection->left = load->plan.per_connection > 0 ? load->plan.per_connection : UINT32_MAX;
    connection->fd = load_socket_connect(load->plan.address);
    if (connection->fd < 0) {
        load->lost++;
        complain(load, "cannot connect", strerror(errno));
        return;
    }
    load->open++;
    (void)epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event);
    begin_message(load, connection);
}

static void end_message(struct load *load, struct connection *connection)
{
    load->messages++;
    if (!policy_is_right(&connection->message, load->plan.expects_nothing)) {
        load->wrong++;
        complain(load, connection->message.mail.domain, connection->answer);
    }
    if (is_over(load)) {
        close_connection(load, connection);
    } else if (connection->left == 0) {
        close_connection(load, connection);
        open_connection(load, connection);
    } else {
        begin_message(load, connection);
    }
}

static void take_answer(struct load *load, struct connection *connection)
{
    policy_take(&connection->message, connection->answer);
    histogram_add(&load->request, load_now_ns() - connection->sent_ns);
    load->requests++;
    if (connection->state == POLICY_RCPT && load->plan.at_data && !connection->message.refused)
        send_request(load, connection, POLICY_DATA);
    else
        end_message(load, connection);
}

static void read_answer(struct load *load, struct connection *connection)
{
    size_t room = sizeof connection->answer - connection->answer_len;
    ssize_t len = recv(connection->fd, connection->answer + connection->answer_len, room, MSG_DONTWAIT);
    char *end;

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        lose(load, connection, room == 0 ? "an answer without bounds" : "the server has closed the connection");
        return;
    }
    connection->answer_len += (size_t)len;
    end = memmem(connection->answer, connection->answer_len, "\n\n", 2);
    if (end == NULL)
        return;
    connection->message.malformed |= end + 2 != connection->answer + connection->answer_len;
    *end = '\0';
    take_answer(load, connection);
}

static void print_report(const struct load *load, double took_s, double cpu_s, long rss_kb)
{
    double requests = load->requests > 0 ? (double)load->requests : 1;

    printf("{\"messages\": %" PRIu64 ", \"requests\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"lost\": %" PRIu64,
           load->messages, load->requests, load->wrong, load->lost);
    printf(", \"seconds\": %.4f, \"per_second\": %.1f", took_s, (double)load->requests / took_s);
    printf(", \"request_p50_ms\": %.4f, \"request_p95_ms\": %.4f, \"request_p99_ms\": %.4f, \"request_max_ms\": %.4f",
           histogram_percentile_ms(&load->request, 50), histogram_percentile_ms(&load->request, 95),
           histogram_percentile_ms(&load->request, 99), (double)load->request.max_ns / 1e6);
    printf(", \"cpu_us\": %.2f, \"rss_kb\": %ld, \"own_cpu_us\": %.2f}\n", cpu_s / requests * 1e6, rss_kb,
           load_process_read((unsigned)getpid()).cpu_s / requests * 1e6);
    if (load->complaint[0] != '\0')
        (void)fprintf(stderr, "policy_load: first complaint: %s\n", load->complaint);
}

static bool run(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    struct load_process before = load_process_read(load->plan.pid), after;
    int64_t begun_ns = load_now_ns();
    double took_s;

    load->random = 0x9e3779b97f4a7c15U * (load->plan.first + 1) | 1U;
    load->deadline_ns = load->plan.seconds > 0 ? begun_ns + (int64_t)(load->plan.seconds * 1e9) : INT64_MAX;
    load->connections = calloc(load->plan.connections, sizeof *load->connections);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->connections == NULL || load->epoll < 0)
        return false;
    for (unsigned i = 0; i < load->plan.connections && !is_over(load); i++) {
        load->connections[i].number = i;
        open_connection(load, &load->connections[i]);
    }
    while (load->open > 0) {
        int count = epoll_wait(load->epoll, events, EVENTS_MAX, -1);

        for (int i = 0; i < count; i++)
            read_answer(load, events[i].data.ptr);
    }
    took_s = (double)(load_now_ns() - begun_ns) / 1e9;
    after = load_process_read(load->plan.pid);
    print_report(load, took_s, after.cpu_s - before.cpu_s, after.rss_kb);
    free(load->connections);
    close(load->epoll);
    return true;
}

static void usage(void)
{
    (void)fprintf(
        stderr,
        "usage: policy_load --address unix:PATH|inet:PORT@ADDRESS --workload NAME (--messages N | --seconds S)\n"
        "  --connections N      at once (1)\n"
        "  --per-connection N   messages before a connection is closed and another opened (0: all)\n"
        "  --clients N          addresses that the mail comes from (1)\n"
        "  --data               a request at DATA for each message, besides that at RCPT\n"
        "  --first N            number of the first message; others bring other new domains (0)\n"
        "  --pid N              the server's process\n"
        "  --nothing            the server answers DUNNO\n"
        "  --limit-s N          after that all is over (300)\n"
        "workloads:\n");
    workload_list(stderr);
    exit(EXIT_FAILURE);
}

static void read_options(int argc, char **argv, struct plan *plan)
{
    static const struct option names[] = {
        {"address", required_argument, NULL, 'a'},
        {"workload", required_argument, NULL, 'w'},
        {"messages", required_argument, NULL, 'm'},
        {"seconds", required_argument, NULL, 's'},
        {"connections", required_argument, NULL, 'c'},
        {"per-connection", required_argument, NULL, 'k'},
        {"clients", required_argument, NULL, 'C'},
        {"first", required_argument, NULL, 'f'},
        {"pid", required_argument, NULL, 'P'},
        {"limit-s", required_argument, NULL, 'l'},
        {"data", no_argument, NULL, 'd'},
        {"nothing", no_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
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
            plan->seconds = strtod(optarg, NULL);
            break;
        case 'c':
            plan->connections = (unsigned)number;
            break;
        case 'k':
            plan->per_connection = (unsigned)number;
            break;
        case 'C':
            plan->clients = (unsigned)number;
            break;
        case 'f':
            plan->first = number;
            break;
        case 'P':
            plan->pid = (unsigned)number;
            break;
        case 'l':
            plan->limit_s = (unsigned)number;
            break;
        case 'd':
            plan->at_data = true;
            break;
        case 'n':
            plan->expects_nothing = true;
            break;
        default:
            usage();
        }
    }
}

int main(int argc, char **argv)
{
    static struct load load = {.plan = {.messages = UINT64_MAX, .connections = 1, .clients = 1, .limit_s = LIMIT_S}};
    struct rlimit files;

    read_options(argc, argv, &load.plan);
    if (load.plan.address == NULL || load.plan.workload == NULL || load.plan.clients == 0 ||
        (load.plan.messages == UINT64_MAX && load.plan.seconds <= 0))
        usage();
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    alarm(load.plan.limit_s); /* a server that never answers ends this program, too */
    return run(&load) ? EXIT_SUCCESS : EXIT_FAILURE;
}
