/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small DNS server of the network backend's unit test. */
#include "unit/dns/responder.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    HEADER_SIZE = 12,
    MESSAGE_MAX = 65535,
    CONNECTIONS_MAX = 32,
    FLAGS_OK = 0x8180,
    FLAG_TRUNCATED = 0x0200,
    FORMERR = 1,
    SERVFAIL = 2,
    NXDOMAIN = 3,
    NOTIMP = 4,
    REFUSED = 5,
    SLOW_US = 150000,
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_PTR = 12,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
};

struct responder {
    int stop_fd, udp_fd, tcp_fd;
    int connections[CONNECTIONS_MAX];
    size_t connection_count;
    char address[64];
    bool primary;
    unsigned dropped;
    int64_t late_since_ms; /* 0: no query so far */
    atomic_uint queries;
    atomic_bool is_silent, is_failing;
    pthread_t thread;
};

/* A message under construction. */
struct message {
    uint8_t octets[MESSAGE_MAX];
    size_t len;
};

/* What a query says, and where its answer goes. */
struct request {
    const uint8_t *octets; /* header and question section */
    size_t question_end;
    char name[256]; /* labels with dots between them */
    unsigned type;
    bool has_edns, is_tcp;
};

static void put16(struct message *message, unsigned value)
{
    message->octets[message->len++] = (uint8_t)(value >> 8);
    message->octets[message->len++] = (uint8_t)value;
}

static void put_mem(struct message *message, const void *octets, size_t len)
{
    memcpy(message->octets + message->len, octets, len);
    message->len += len;
}

/* A record of the name at `offset`, up to the length of its data. */
static void put_record(struct message *message, unsigned offset, unsigned type, unsigned ttl_s, size_t len)
{
    put16(message, 0xc000 | offset);
    put16(message, type);
    put16(message, 1);
    put16(message, 0);
    put16(message, ttl_s);
    put16(message, (unsigned)len);
}

static void begin(struct message *message, const struct request *request, unsigned flags, unsigned answers,
                  unsigned authority)
{
    message->len = 0;
    put_mem(message, request->octets, 2);
    put16(message, flags);
    put16(message, 1);
    put16(message, answers);
    put16(message, authority);
    put16(message, 0);
    put_mem(message, request->octets + HEADER_SIZE, request->question_end - HEADER_SIZE);
}

/* The record that every plain answer gives. False if the type has none. */
static bool put_plain(struct message *message, const struct request *request, unsigned offset, unsigned ttl_s)
{
    static const struct {
        unsigned type;
        const char *data;
        size_t len;
    } rows[] = {
        {TYPE_A, "\xc0\0\2\1", 4},         {TYPE_AAAA, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16},
        {TYPE_TXT, "\7v=spf1 \4-all", 13}, {TYPE_MX, "\0\12\4mail\7example", 16},
        {TYPE_PTR, "\4mail\7example", 14},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].type != request->type)
            continue;
        put_record(message, offset, request->type, ttl_s, rows[i].len);
        put_mem(message, rows[i].data, rows[i].len);
        return true;
    }
    return false;
}

static void plain(struct message *message, const struct request *request, unsigned ttl_s)
{
    begin(message, request, FLAGS_OK, 1, 0);
    if (!put_plain(message, request, HEADER_SIZE, ttl_s))
        begin(message, request, FLAGS_OK, 0, 0);
}

static void alias(struct message *message, const struct request *request)
{
    begin(message, request, FLAGS_OK, 2, 0);
    put_record(message, HEADER_SIZE, TYPE_CNAME, 20, 8);
    put_mem(message, "\6target", 8);
    put_plain(message, request, (unsigned)message->len - 8, 300);
}

static void negative(struct message *message, const struct request *request, unsigned code, unsigned ttl_s)
{
    begin(message, request, FLAGS_OK | code, 0, 1);
    put_record(message, HEADER_SIZE, TYPE_SOA, ttl_s, 22);
    put_mem(message, "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\1\0", 22);
}

static void echo(struct message *message, const struct request *request)
{
    size_t len = strlen(request->name);

    begin(message, request, FLAGS_OK, 1, 0);
    put_record(message, HEADER_SIZE, TYPE_TXT, 300, len + 1);
    message->octets[message->len++] = (uint8_t)len;
    put_mem(message, request->name, len);
}

static void big(struct message *message, const struct request *request)
{
    if (!request->is_tcp) {
        begin(message, request, FLAGS_OK | FLAG_TRUNCATED, 0, 0);
        return;
    }
    begin(message, request, FLAGS_OK, 1, 0);
    put_record(message, HEADER_SIZE, TYPE_TXT, 300, (size_t)240 * 256);
    for (unsigned i = 0; i < 240; i++) {
        message->octets[message->len++] = 255;
        memset(message->octets + message->len, 'A' + (int)(i % 26), 255);
        message->len += 255;
    }
}

/* Where the answer goes. */
struct way {
    int fd;
    const struct sockaddr *to; /* NULL over TCP */
    socklen_t to_len;
};

static void transmit(const struct way *way, const struct message *message)
{
    uint8_t len[2] = {(uint8_t)(message->len >> 8), (uint8_t)message->len};
    size_t sent = 0;

    if (way->to) {
        sendto(way->fd, message->octets, message->len, 0, way->to, way->to_len);
        return;
    }
    send(way->fd, len, 2, MSG_NOSIGNAL);
    while (sent < message->len) {
        ssize_t part = send(way->fd, message->octets + sent, message->len - sent, MSG_NOSIGNAL);

        if (part <= 0)
            return;
        sent += (size_t)part;
    }
}

/* Sends a reply with another id, another name, or too few octets. */
static void transmit_false(const struct way *way, const struct request *request, const char *kind)
{
    struct message message;

    plain(&message, request, 300);
    message.octets[message.len - 1] = 66; /* seen only if the reply is taken for the right one */
    if (strcmp(kind, "wrongid") == 0)
        message.octets[0] ^= 0x55;
    else if (strcmp(kind, "wrongname") == 0)
        message.octets[HEADER_SIZE + 1] = 'x';
    else
        message.len = 7;
    transmit(way, &message);
}

/* True if `kind` is `word`, or that with a 1 behind and this is the primary. */
static bool applies(const struct responder *responder, const char *kind, const char *word)
{
    size_t len = strlen(word);

    return strncmp(kind, word, len) == 0 && (kind[len] == '\0' || (strcmp(kind + len, "1") == 0 && responder->primary));
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Is this a query that gets no answer? */
static bool is_dropped(struct responder *responder, const char *kind, bool has_edns)
{
    if (responder->is_silent || applies(responder, kind, "drop"))
        return true;
    if (has_edns && (strcmp(kind, "ednsdrop") == 0 || strcmp(kind, "ednsbig") == 0))
        return true;
    if (strcmp(kind, "droponce") == 0)
        return responder->dropped++ == 0;
    if (strcmp(kind, "late") != 0)
        return false;
    if (responder->late_since_ms == 0)
        responder->late_since_ms = now_ms();
    return now_ms() - responder->late_since_ms < 1500;
}

/* Answers; false if the TCP connection is to be closed. */
static bool answer(struct responder *responder, const struct request *request, const struct way *way)
{
    static _Thread_local struct message message;
    char kind[64];

    snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(request->name, "."), request->name);
    for (char *letter = kind; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    responder->queries++;
    if (is_dropped(responder, kind, request->has_edns))
        return true;
    if (strcmp(kind, "slow") == 0)
        usleep(SLOW_US);
    plain(&message, request, strcmp(kind, "brief") == 0 ? 1 : 300);
    if (responder->is_failing || applies(responder, kind, "servfail"))
        begin(&message, request, FLAGS_OK | SERVFAIL, 0, 0);
    else if (applies(responder, kind, "refused"))
        begin(&message, request, FLAGS_OK | REFUSED, 0, 0);
    else if (applies(responder, kind, "notimp"))
        begin(&message, request, FLAGS_OK | NOTIMP, 0, 0);
    else if (strcmp(kind, "ednsfail") == 0 && request->has_edns)
        begin(&message, request, FLAGS_OK | SERVFAIL, 0, 0);
    else if (strcmp(kind, "formerr") == 0 && request->has_edns)
        begin(&message, request, FLAGS_OK | FORMERR, 0, 0);
    else if (strcmp(kind, "cname") == 0)
        alias(&message, request);
    else if (strcmp(kind, "nodata") == 0)
        negative(&message, request, 0, 60);
    else if (strcmp(kind, "nxdomain") == 0)
        negative(&message, request, NXDOMAIN, 60);
    else if (strcmp(kind, "briefnx") == 0)
        negative(&message, request, NXDOMAIN, 1);
    else if (strcmp(kind, "echo") == 0)
        echo(&message, request);
    else if (strcmp(kind, "big") == 0 || strcmp(kind, "ednsbig") == 0 || strcmp(kind, "halftcp") == 0)
        big(&message, request);
    else if (strcmp(kind, "malformed") == 0)
        message.len -= 2;
    else if (strcmp(kind, "wrongid") == 0 || strcmp(kind, "wrongname") == 0 || strcmp(kind, "short") == 0)
        transmit_false(way, request, kind);
    if (strcmp(kind, "halftcp") == 0 && request->is_tcp) {
        send(way->fd, "\xff\xff", 2, MSG_NOSIGNAL);
        send(way->fd, message.octets, 1000, MSG_NOSIGNAL);
        return false;
    }
    transmit(way, &message);
    return true;
}

/* Reads a query; the tests' names are never compressed. */
static bool read_request(struct request *request, const uint8_t *octets, size_t len)
{
    size_t at = HEADER_SIZE, name_len = 0;

    *request = (struct request){.octets = octets};
    while (at < len && octets[at] != 0) {
        size_t label_len = octets[at];

        if (at + 1 + label_len >= len || name_len + label_len + 2 > sizeof(request->name))
            return false;
        if (name_len > 0)
            request->name[name_len++] = '.';
        memcpy(request->name + name_len, octets + at + 1, label_len);
        name_len += label_len;
        at += 1 + label_len;
    }
    if (at + 5 > len)
        return false;
    request->type = (unsigned)octets[at + 1] << 8 | octets[at + 2];
    request->question_end = at + 5;
    request->has_edns = octets[11] > 0;
    return true;
}

static void serve_datagram(struct responder *responder)
{
    uint8_t octets[2048];
    struct sockaddr_storage from;
    struct way way = {.fd = responder->udp_fd, .to = (struct sockaddr *)&from, .to_len = sizeof(from)};
    ssize_t len = recvfrom(way.fd, octets, sizeof(octets), 0, (struct sockaddr *)&from, &way.to_len);
    struct request request;

    if (len > HEADER_SIZE && read_request(&request, octets, (size_t)len))
        answer(responder, &request, &way);
}

/* Serves one query of a TCP connection; false if it has ended. */
static bool serve_stream(struct responder *responder, int fd)
{
    uint8_t octets[2048];
    struct way way = {.fd = fd};
    struct request request;
    size_t len;

    if (recv(fd, octets, 2, MSG_WAITALL) != 2)
        return false;
    len = (size_t)octets[0] << 8 | octets[1];
    if (len <= HEADER_SIZE || len > sizeof(octets) || recv(fd, octets, len, MSG_WAITALL) != (ssize_t)len)
        return false;
    if (!read_request(&request, octets, len))
        return false;
    request.is_tcp = true;
    return answer(responder, &request, &way);
}

static void accept_connection(struct responder *responder)
{
    const struct timeval limit = {.tv_sec = 5}; /* no connection holds the responder up for longer */
    int fd = accept4(responder->tcp_fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        return;
    if (responder->connection_count == CONNECTIONS_MAX) {
        close(fd);
        return;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    responder->connections[responder->connection_count++] = fd;
}

static void *run(void *context)
{
    struct responder *responder = context;
    struct pollfd fds[3 + CONNECTIONS_MAX];

    for (;;) {
        size_t count = 3 + responder->connection_count;

        fds[0] = (struct pollfd){.fd = responder->stop_fd, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = responder->udp_fd, .events = POLLIN};
        fds[2] = (struct pollfd){.fd = responder->tcp_fd, .events = POLLIN};
        for (size_t i = 3; i < count; i++)
            fds[i] = (struct pollfd){.fd = responder->connections[i - 3], .events = POLLIN};
        poll(fds, count, -1);
        if (fds[0].revents)
            return NULL;
        if (fds[1].revents)
            serve_datagram(responder);
        for (size_t i = count; i-- > 3;) {
            if (!fds[i].revents || serve_stream(responder, fds[i].fd))
                continue;
            close(fds[i].fd);
            responder->connections[i - 3] = responder->connections[--responder->connection_count];
        }
        if (fds[2].revents)
            accept_connection(responder);
    }
}

/* Binds UDP and TCP to one free port. */
static bool bind_both(struct responder *responder, const char *address)
{
    struct sockaddr_storage where = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&where;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&where;
    bool is_v6 = strchr(address, ':') != NULL;
    socklen_t len = is_v6 ? sizeof(*v6) : sizeof(*v4);

    where.ss_family = is_v6 ? AF_INET6 : AF_INET;
    inet_pton(where.ss_family, address, is_v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr);
    responder->tcp_fd = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    responder->udp_fd = socket(where.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(responder->tcp_fd, (struct sockaddr *)&where, len) != 0 ||
        getsockname(responder->tcp_fd, (struct sockaddr *)&where, &len) != 0 ||
        bind(responder->udp_fd, (struct sockaddr *)&where, len) != 0 || listen(responder->tcp_fd, 16) != 0)
        return false;
    snprintf(responder->address, sizeof(responder->address), is_v6 ? "[%s]:%u" : "%s:%u", address,
             (unsigned)ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
    return true;
}

static void close_all(struct responder *responder)
{
    for (size_t i = 0; i < responder->connection_count; i++)
        close(responder->connections[i]);
    close(responder->tcp_fd);
    close(responder->udp_fd);
    close(responder->stop_fd);
    free(responder);
}

struct responder *responder_start(const char *address, bool primary)
{
    for (unsigned tries = 0; tries < 10; tries++) { /* a free TCP port may be taken for UDP */
        struct responder *responder = calloc(1, sizeof(*responder));

        if (!responder)
            return NULL;
        responder->primary = primary;
        responder->stop_fd = eventfd(0, EFD_CLOEXEC);
        if (bind_both(responder, address) && pthread_create(&responder->thread, NULL, run, responder) == 0)
            return responder;
        close_all(responder);
    }
    return NULL;
}

void responder_stop(struct responder *responder)
{
    const uint64_t one = 1;

    if (write(responder->stop_fd, &one, sizeof(one)) == sizeof(one))
        pthread_join(responder->thread, NULL);
    close_all(responder);
}

void responder_set_silent(struct responder *responder, bool silent)
{
    responder->is_silent = silent;
}

void responder_set_failing(struct responder *responder, bool failing)
{
    responder->is_failing = failing;
}

const char *responder_address(const struct responder *responder)
{
    return responder->address;
}

unsigned responder_queries(const struct responder *responder)
{
    return atomic_load(&responder->queries);
}
