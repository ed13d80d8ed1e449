/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks a policy server about messages over many connections, as the smtpd processes of Postfix do, and reports how it
 * fared, in one line of JSON. */
#include "load_histogram.h"
#include "load_options.h"
#include "load_process.h"
#include "load_socket.h"
#include "policy_talk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_S = 300, ANSWER_SIZE = 4096, COMPLAINT_SIZE = 400 };

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
    connection->left = load->plan.per_connection > 0 ? load->plan.per_connection : UINT32_MAX;
    connection->fd = load_socket_connect(load->plan.address);
    if (connection->fd < 0) {
        load->lost++;
        complain(load, "cannot connect", strerror(errno));
        return;
    }
    load->open++;
    load_socket_watch(load->epoll, connection->fd, connection);
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

static void read_answer(void *context, void *ready)
{
    struct load *load = context;
    struct connection *connection = ready;
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

static void print_report(const struct load *load, const struct load_measurement *measurement)
{
    printf("{\"messages\": %" PRIu64 ", \"requests\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"lost\": %" PRIu64,
           load->messages, load->requests, load->wrong, load->lost);
    load_measurement_print_rate(measurement, load->requests);
    printf(", \"request_p50_ms\": %.4f, \"request_p95_ms\": %.4f, \"request_p99_ms\": %.4f, \"request_max_ms\": %.4f",
           histogram_percentile_ms(&load->request, 50), histogram_percentile_ms(&load->request, 95),
           histogram_percentile_ms(&load->request, 99), (double)load->request.max_ns / 1e6);
    load_measurement_print_use(measurement, load->requests);
    printf("}\n");
    if (load->complaint[0] != '\0')
        (void)fprintf(stderr, "policy_load: first complaint: %s\n", load->complaint);
}

static bool run(struct load *load)
{
    struct load_measurement measurement = load_measurement_begin(load->plan.pid);

    load->random = 0x9e3779b97f4a7c15U * (load->plan.first + 1) | 1U;
    load->deadline_ns = load->plan.seconds > 0 ? measurement.begun_ns + (int64_t)(load->plan.seconds * 1e9) : INT64_MAX;
    load->connections = calloc(load->plan.connections, sizeof *load->connections);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->connections == NULL || load->epoll < 0)
        return false;
    for (unsigned i = 0; i < load->plan.connections && !is_over(load); i++) {
        load->connections[i].number = i;
        open_connection(load, &load->connections[i]);
    }
    while (load->open > 0)
        load_socket_wait(load->epoll, read_answer, load);
    load_measurement_end(&measurement);
    print_report(load, &measurement);
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

int main(int argc, char **argv)
{
    static struct load load = {.plan = {.messages = UINT64_MAX, .connections = 1, .clients = 1, .limit_s = LIMIT_S}};
    struct plan *plan = &load.plan;
    const struct load_option table[] = {
        {"address", LOAD_OPTION_TEXT, &plan->address},
        {"workload", LOAD_OPTION_WORKLOAD, &plan->workload},
        {"messages", LOAD_OPTION_COUNT, &plan->messages},
        {"seconds", LOAD_OPTION_SECONDS, &plan->seconds},
        {"connections", LOAD_OPTION_NUMBER, &plan->connections},
        {"per-connection", LOAD_OPTION_NUMBER, &plan->per_connection},
        {"clients", LOAD_OPTION_NUMBER, &plan->clients},
        {"first", LOAD_OPTION_COUNT, &plan->first},
        {"pid", LOAD_OPTION_NUMBER, &plan->pid},
        {"limit-s", LOAD_OPTION_NUMBER, &plan->limit_s},
        {"data", LOAD_OPTION_FLAG, &plan->at_data},
        {"nothing", LOAD_OPTION_FLAG, &plan->expects_nothing},
        {NULL, LOAD_OPTION_FLAG, NULL},
    };

    load_options_read(argc, argv, table, usage);
    if (load.plan.address == NULL || load.plan.workload == NULL || load.plan.clients == 0 ||
        (load.plan.messages == UINT64_MAX && load.plan.seconds <= 0))
        usage();
    load_process_allow_descriptors();
    alarm(load.plan.limit_s); /* a server that never answers ends this program, too */
    return run(&load) ? EXIT_SUCCESS : EXIT_FAILURE;
}
