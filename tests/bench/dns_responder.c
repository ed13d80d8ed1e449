/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A quick DNS server for measurements, on loopback, whose delay, loss and silence can be changed while it runs.
 *
 * It writes `port N` to standard output, then obeys the lines of standard input, each with one line for an answer:
 *
 *   delay MS [JITTER]  from now on answers come that much later, and up to JITTER ms more, in turn
 *   loss PERCENT so many of the datagrams either way are lost, evenly spread
 *   silent 0|1   whether all of them are
 *   reset        forget the counts
 *   count        `total N KIND N KIND N ...`, the questions answered since then
 *
 * The end of standard input ends it.
 *
 * usage: dns [PORT]; without one it takes a port that is free. */
#include "dns_zones.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 64,               /* datagrams read before what is due is looked after */
    RECEIVE_BUFFER = 4 << 20, /* for bursts */
    BACKLOG = 128,
    PORT_TRIES = 50,
    TCP_IDLE_S = 10,
};

/* A datagram whose answer waits for its time. */
static const int64_t TARDY_NS = 900 * 1000000LL; /* how late the names of some attackers are answered */

struct delayed {
    struct delayed *next;
    int64_t due_ns;
    struct sockaddr_in from;
    size_t len;
    uint8_t asked[];
};

static atomic_llong delay_ns, jitter_ns;
static atomic_uint loss_percent;
static atomic_bool silent;
static struct delayed *first_delayed, *last_delayed; /* in the order of their time */
static int udp_socket, tcp_socket;

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- UDP ---- */

/* Says whether the next datagram is lost: each time the shares add up to a whole one, so that no question meets with
 * more bad luck than another. */
static bool is_lost(void)
{
    static unsigned share;

    share += loss_percent;
    if (share < 100)
        return silent;
    share -= 100;
    return true;
}

static void answer_datagram(const uint8_t *asked, size_t len, const struct sockaddr_in *from)
{
    uint8_t reply[DNS_MESSAGE_MAX];
    size_t reply_len = dns_zones_answer(asked, len, reply, DNS_UDP_MAX);

    if (reply_len > 0 && !is_lost())
        (void)sendto(udp_socket, reply, reply_len, 0, (const struct sockaddr *)from, sizeof *from);
}

static void delay_datagram(const uint8_t *asked, size_t len, const struct sockaddr_in *from, int64_t wait_ns)
{
    struct delayed *delayed = malloc(sizeof *delayed + len), **place = &first_delayed;

    if (delayed == NULL)
        return;
    *delayed = (struct delayed){.due_ns = now_ns() + wait_ns, .from = *from, .len = len};
    memcpy(delayed->asked, asked, len);
    if (last_delayed == NULL || last_delayed->due_ns > delayed->due_ns) /* with jitter: look for its place */
        while (*place != NULL && (*place)->due_ns <= delayed->due_ns)
            place = &(*place)->next;
    else
        place = &last_delayed->next;
    delayed->next = *place;
    *place = delayed;
    if (delayed->next == NULL)
        last_delayed = delayed;
}

/* What a datagram waits beyond the delay: each of 16 steps as often as any other. */
static int64_t next_jitter_ns(void)
{
    static unsigned step;

    step = (step + 7) % 16;
    return jitter_ns * step / 15;
}

/* Answers now or later, or not at all. */
static void take_datagram(const uint8_t *asked, size_t len, const struct sockaddr_in *from)
{
    const enum dns_mood mood = dns_zones_mood(asked, len);
    const int64_t wait_ns = mood == DNS_MOOD_TARDY ? TARDY_NS : delay_ns > 0 ? delay_ns + next_jitter_ns() : 0;

    if (is_lost() || mood == DNS_MOOD_DEAD)
        return;
    if (wait_ns > 0)
        delay_datagram(asked, len, from, wait_ns);
    else
        answer_datagram(asked, len, from);
}

static void read_datagrams(void)
{
    uint8_t asked[DNS_MESSAGE_MAX];
    struct sockaddr_in from;

    for (int i = 0; i < BATCH; i++) {
        socklen_t from_len = sizeof from;
        ssize_t len = recvfrom(udp_socket, asked, sizeof asked, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);

        if (len < 0)
            return;
        take_datagram(asked, (size_t)len, &from);
    }
}

static void answer_delayed(void)
{
    int64_t now = first_delayed != NULL ? now_ns() : 0;

    while (first_delayed != NULL && first_delayed->due_ns <= now) {
        struct delayed *delayed = first_delayed;

        answer_datagram(delayed->asked, delayed->len, &delayed->from);
        first_delayed = delayed->next;
        if (first_delayed == NULL)
            last_delayed = NULL;
        free(delayed);
    }
}

/* ---- TCP ---- */

static bool read_all(int fd, uint8_t *octets, size_t len)
{
    return recv(fd, octets, len, MSG_WAITALL) == (ssize_t)len;
}

/* One connection: a question and its answer after the other (RFC 1035 4.2.2). */
static void *serve_stream(void *argument)
{
    int fd = (int)(intptr_t)argument;
    const struct timeval idle = {.tv_sec = TCP_IDLE_S};
    uint8_t head[2], asked[DNS_MESSAGE_MAX], reply[DNS_MESSAGE_MAX];

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    while (read_all(fd, head, sizeof head)) {
        size_t len = (size_t)head[0] << 8U | head[1];
        struct timespec wait = {.tv_sec = (time_t)(delay_ns / 1000000000), .tv_nsec = (long)(delay_ns % 1000000000)};

        if (len > sizeof asked || !read_all(fd, asked, len))
            break;
        nanosleep(&wait, NULL);
        len = dns_zones_answer(asked, len, reply + 2, sizeof reply - 2);
        if (len == 0 || silent)
            break;
        reply[0] = (uint8_t)(len >> 8U);
        reply[1] = (uint8_t)len;
        if (send(fd, reply, len + 2, MSG_NOSIGNAL) != (ssize_t)len + 2)
            break;
    }
    close(fd);
    return NULL;
}

static void accept_stream(void)
{
    int fd = accept(tcp_socket, NULL, NULL);
    pthread_t thread;

    if (fd < 0)
        return;
    if (pthread_create(&thread, NULL, serve_stream, (void *)(intptr_t)fd) == 0)
        pthread_detach(thread);
    else
        close(fd);
}

/* ---- Orders ---- */

static void obey(const char *line)
{
    unsigned number = 0, jitter = 0;

    if (sscanf(line, "delay %u %u", &number, &jitter) >= 1) {
        delay_ns = (int64_t)number * 1000000;
        jitter_ns = (int64_t)jitter * 1000000;
    } else if (sscanf(line, "loss %u", &number) == 1) {
        loss_percent = number;
    } else if (sscanf(line, "silent %u", &number) == 1) {
        silent = number != 0;
    } else if (strcmp(line, "reset\n") == 0) {
        dns_zones_reset_counts();
    } else if (strcmp(line, "count\n") == 0) {
        dns_zones_write_counts(stdout);
        return;
    } else {
        puts("unknown");
        return;
    }
    puts("ok");
}

/* Binds both sockets to one port of loopback; 0: to any. */
static bool open_sockets(uint16_t port)
{
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof name;
    const int buffer = RECEIVE_BUFFER, on = 1;

    udp_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    tcp_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(udp_socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    (void)setsockopt(tcp_socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* a predecessor's connections linger */
    if (bind(udp_socket, (const struct sockaddr *)&name, sizeof name) == 0 &&
        getsockname(udp_socket, (struct sockaddr *)&name, &len) == 0 &&
        bind(tcp_socket, (const struct sockaddr *)&name, sizeof name) == 0 && listen(tcp_socket, BACKLOG) == 0) {
        printf("port %u\n", ntohs(name.sin_port));
        return true;
    }
    close(udp_socket);
    close(tcp_socket);
    return false;
}

static void serve(void)
{
    struct pollfd sockets[] = {{.fd = udp_socket, .events = POLLIN},
                               {.fd = tcp_socket, .events = POLLIN},
                               {.fd = STDIN_FILENO, .events = POLLIN}};
    char line[100];

    for (;;) {
        int64_t left_ns = first_delayed != NULL ? first_delayed->due_ns - now_ns() : 0;
        struct timespec wait = {.tv_sec = left_ns > 0 ? (time_t)(left_ns / 1000000000) : 0,
                                .tv_nsec = left_ns > 0 ? (long)(left_ns % 1000000000) : 0};

        if (ppoll(sockets, 3, first_delayed != NULL ? &wait : NULL, NULL) < 0 && errno != EINTR)
            return;
        if (sockets[2].revents != 0) {
            if (fgets(line, sizeof line, stdin) == NULL)
                return;
            obey(line);
        }
        if (sockets[1].revents != 0)
            accept_stream();
        answer_delayed();
        if (sockets[0].revents != 0)
            read_datagrams();
    }
}

int main(int argc, char **argv)
{
    const uint16_t port = argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0;
    bool opened = false;

    setvbuf(stdin, NULL, _IONBF, 0); /* a second line must not hide from poll */
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int tries = 0; tries < PORT_TRIES && !opened; tries++)
        opened = open_sockets(port);
    if (!opened) {
        perror("dns_responder: no free port");
        return EXIT_FAILURE;
    }
    serve();
    return EXIT_SUCCESS;
}
