/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what plain queries take for their replies: datagrams and a stream of any octets from the server that was
 * asked. What is taken can be read, and is a reply to this query.
 *
 * The first octet says for which type is asked (3 bits), and whether the stream ends or stays open. Then come packets,
 * each a length (2 octets) with a flag in its highest bit, and so many octets: with the flag they are sent as they are,
 * else behind the id, the question and the flags of a reply. The first packet of an odd number goes over UDP, and where
 * the reply was truncated, what is left goes over TCP, as it is but for the id and the question. */
#include "dns/dns_stub.h"

#include "base/event_loop.h"

#include <event2/event.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 12, QUERY_SIZE = 512, PACKET_SIZE = 8192, PACKETS_MAX = 8, ROUNDS = 8, PORT_TRIES = 50 };

static const enum dns_type types[] = {DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA};
static int udp, tcp;
static struct dns_server server;
static struct event_loop *loop;
static struct dns_stub *stub;
static unsigned replies;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void heard(void *context)
{
    (void)context;
}

static bool open_sockets(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof name;
    char text[64];

    udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(udp, (const struct sockaddr *)&name, len) != 0 || getsockname(udp, (struct sockaddr *)&name, &len) != 0 ||
        bind(tcp, (const struct sockaddr *)&name, len) != 0 || listen(tcp, 4) != 0) {
        close(udp);
        close(tcp);
        return false;
    }
    (void)snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(name.sin_port));
    return dns_server_read(text, &server);
}

static void start(void)
{
    bool is_open = false;

    for (int tries = 0; tries < PORT_TRIES && !is_open; tries++)
        is_open = open_sockets();
    loop = event_loop_create();
    stub = loop != NULL ? dns_stub_create(loop, &clock_system, heard, NULL) : NULL;
    require(is_open && stub != NULL);
}

static void on_reply(void *context, const struct dns_answer *answer)
{
    const enum dns_type type = *(const enum dns_type *)context;

    require((answer->status == DNS_OK) == (answer->count > 0));
    for (size_t i = 0; i < answer->count; i++)
        require(type != DNS_TXT || answer->records[i].text[answer->records[i].text_len] == '\0');
    dns_answer_release(answer);
    replies++;
}

static void run_loop(void)
{
    for (int i = 0; i < ROUNDS; i++)
        (void)event_base_loop(event_loop_base(loop), EVLOOP_NONBLOCK);
}

/* Takes a packet off the input; returns how many octets it has, with `query` before them if `is_reply`. */
static size_t next_packet(const uint8_t **data, size_t *size, const uint8_t *query, size_t query_len,
                          uint8_t packet[PACKET_SIZE])
{
    size_t begin = 0, len;
    bool is_raw;

    if (*size < 2)
        return 0;
    is_raw = ((*data)[0] & 0x80U) != 0;
    len = (size_t)((*data)[0] & 0x0fU) << 8U | (*data)[1];
    *data += 2;
    *size -= 2;
    len = len < *size ? len : *size;
    if (!is_raw && query_len >= HEADER) {
        memcpy(packet, query, query_len);
        packet[2] |= 0x80U; /* a reply */
        begin = query_len;
        for (size_t i = 0; i < len && i < 9; i++) /* the flags, and how many records of each kind */
            packet[i < 2 ? i + 2 : i + 4 - 1] = i == 0 ? (uint8_t)((*data)[i] | 0x80U) : (*data)[i];
        packet[4] = 0, packet[5] = 1;
    }
    memcpy(packet + begin, *data, len);
    *data += len;
    *size -= len;
    return begin + len;
}

/* Answers over TCP, if the stub has connected. False if it has not. */
static bool answer_stream(const uint8_t **data, size_t *size, bool ends)
{
    uint8_t query[QUERY_SIZE], packet[PACKET_SIZE];
    int fd = accept(tcp, NULL, NULL);
    ssize_t got;
    size_t len;

    if (fd < 0)
        return false;
    run_loop(); /* it sends its query */
    got = recv(fd, query, sizeof query, MSG_DONTWAIT);
    for (unsigned i = 0; i < PACKETS_MAX && *size >= 2; i++) {
        const bool has_query = got > 2;

        len = next_packet(data, size, has_query ? query + 2 : NULL, has_query ? (size_t)got - 2 : 0, packet);
        if (i == 0) { /* the length that is announced */
            const uint8_t head[2] = {(uint8_t)(len >> 8U), (uint8_t)len};

            (void)send(fd, head, sizeof head, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        (void)send(fd, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        run_loop();
    }
    if (ends)
        (void)shutdown(fd, SHUT_RDWR);
    run_loop();
    close(fd);
    run_loop();
    return true;
}

/* Answers the datagram that the stub has sent, with each packet in turn. */
static void answer(const uint8_t *data, size_t size, bool ends)
{
    uint8_t query[QUERY_SIZE], packet[PACKET_SIZE];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    const ssize_t got = recvfrom(udp, query, sizeof query, 0, (struct sockaddr *)&from, &from_len);

    for (unsigned i = 0; i < PACKETS_MAX && got > 0 && size >= 2 && replies == 0; i++) {
        const size_t len = next_packet(&data, &size, query, (size_t)got, packet);

        (void)sendto(udp, packet, len, 0, (const struct sockaddr *)&from, from_len);
        run_loop();
        if (answer_stream(&data, &size, ends))
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum dns_type type;
    struct stub_query *query = NULL;
    uint8_t left[QUERY_SIZE];
    int fd;

    if (stub == NULL)
        start();
    if (size < 1)
        return 0;
    type = types[(data[0] & 7U) % (sizeof types / sizeof *types)];
    replies = 0;
    require(dns_stub_query(stub, &server, 1, "name.example", type, NULL, on_reply, &type, &query));
    answer(data + 1, size - 1, (data[0] & 8U) != 0);
    run_loop();
    require(replies <= 1 && (replies == 0) == (query != NULL));
    dns_stub_forget(&query);
    while ((fd = accept(tcp, NULL, NULL)) >= 0) /* what is left must not be the next one's */
        close(fd);
    while (recv(udp, left, sizeof left, 0) >= 0)
        continue;
    return 0;
}
