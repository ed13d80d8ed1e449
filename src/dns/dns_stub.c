/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends plain queries over UDP, and over TCP where an answer is truncated, and waits until they are dropped. */
#include "dns/dns_stub.h"

#include "base/event_loop.h"
#include "dns/dns_diagnosis.h"
#include "dns/dns_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TRIES = 4,     /* sockets of a query over UDP */
    TRY_MS = 2000, /* how long after one the next is made */
    QUERIES_MAX = 128,
    HEADER_SIZE = 12,
    QUERY_MAX = HEADER_SIZE + DNS_NAME_MAX + 2 + 4,
    REPLY_MAX = 65535,
    UDP_REPLY_MAX = 4096, /* without EDNS it is 512 (RFC 1035 4.2.1) */
    LENGTH_SIZE = 2,      /* in front of a message over TCP (RFC 1035 4.2.2) */
    FLAG_REPLY = 0x80,    /* of the third octet */
    FLAG_TRUNCATED = 0x02,
    FLAG_RECURSION = 0x01,
    CLASS_IN = 1,
    RCODE_MASK = 0x0f,       /* of the fourth octet */
    TROUBLE_RCODE = -16,     /* a response code r is TROUBLE_RCODE - r, an error number itself */
    TROUBLE_TRUNCATED = -1,  /* the whole answer does not come over TCP either */
    REFUSED = 5,             /* RFC 1035 4.1.1 */
    TROUBLE_SHOWN_MAX = 400, /* octets of all servers */
};

/* One socket of a query. */
struct attempt {
    struct stub_query *query;
    int fd; /* -1: none */
    struct event_watch *watch;
    size_t server;
};

struct stub_query {
    struct dns_stub *stub;
    struct stub_query *previous, *next;
    enum dns_type type;
    const void *zone;
    stub_reply reply;
    void *context;
    struct stub_query **handle;
    struct dns_server servers[TRIES];
    size_t server_count;
    int troubles[TRIES]; /* what was wrong with each server; 0: no reply yet */
    unsigned tries, failures;
    int64_t next_ms; /* when the next try is due */
    struct attempt attempts[TRIES];
    struct attempt stream; /* over TCP */
    uint8_t *received;     /* its length and message, as far as they have come */
    size_t received_len;
    size_t len;                               /* of the message */
    uint8_t message[LENGTH_SIZE + QUERY_MAX]; /* its length in front */
};

struct dns_stub {
    struct event_loop *loop;
    struct event_task *task; /* makes tries that are due */
    const struct clock *clock;
    void (*heard)(void *context);
    void *heard_context;
    struct stub_query *first;
    size_t count;
    struct dns_server known[TRIES]; /* the servers of the last query that had some trouble, */
    int known_troubles[TRIES];      /* and what it was */
    size_t known_count;
};

static void close_attempt(struct attempt *attempt)
{
    event_watch_destroy(attempt->watch);
    if (attempt->fd >= 0)
        close(attempt->fd);
    attempt->watch = NULL;
    attempt->fd = -1;
}

static void free_query(struct stub_query *query)
{
    for (unsigned i = 0; i < query->tries; i++)
        close_attempt(&query->attempts[i]);
    close_attempt(&query->stream);
    if (query->previous)
        query->previous->next = query->next;
    else
        query->stub->first = query->next;
    if (query->next)
        query->next->previous = query->previous;
    query->stub->count--;
    *query->handle = NULL;
    free(query->received);
    free(query);
}

/* Ends the query with an answer, whose reference is taken over. */
static void answer_query(struct stub_query *query, const struct dns_answer *answer)
{
    stub_reply reply = query->reply;
    void *context = query->context;

    free_query(query);
    reply(context, answer);
}

/* Opens a socket to a server, from a port that the kernel chooses. False if there is none. */
static bool open_attempt(struct attempt *attempt, struct stub_query *query, size_t server, int type,
                         void (*run)(void *context))
{
    struct sockaddr_storage address;
    socklen_t len;

    *attempt = (struct attempt){.query = query, .fd = -1, .server = server};
    if (!dns_server_address(&query->servers[server], &address, &len))
        return false;
    attempt->fd = socket(address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (attempt->fd < 0)
        return false;
    if (connect(attempt->fd, (struct sockaddr *)&address, len) == 0 || errno == EINPROGRESS)
        attempt->watch = event_watch_create(query->stub->loop, attempt->fd, type == SOCK_STREAM, run, attempt);
    if (attempt->watch)
        return true;
    close_attempt(attempt);
    return false;
}

/* Is this the reply to the query: its id, and its question, whatever the case (RFC 5452 9.1)? */
static bool is_reply(const struct stub_query *query, const uint8_t *reply, size_t len)
{
    const uint8_t *message = query->message + LENGTH_SIZE;

    if (len < query->len || memcmp(reply, message, 2) != 0 || !(reply[2] & FLAG_REPLY))
        return false;
    if (reply[4] != 0 || reply[5] != 1)
        return false;
    for (size_t i = HEADER_SIZE; i < query->len; i++) {
        uint8_t a = reply[i], b = message[i];

        if (a != b && ((a ^ b) != 0x20 || (a | 0x20) < 'a' || (a | 0x20) > 'z'))
            return false;
    }
    return true;
}

static void try_next(struct stub_query *query);

/* Notes what was wrong with a server, for messages. */
static void note_trouble(struct stub_query *query, size_t server, int trouble)
{
    struct dns_stub *stub = query->stub;

    query->troubles[server] = trouble;
    stub->known_count = query->server_count;
    memcpy(stub->known, query->servers, sizeof(stub->known));
    memcpy(stub->known_troubles, query->troubles, sizeof(stub->known_troubles));
}

static void add_trouble(int trouble, struct strbuf *out)
{
    if (trouble == 0)
        strbuf_add(out, "no reply");
    else if (trouble == TROUBLE_TRUNCATED)
        strbuf_add(out, "a truncated answer, and none over TCP");
    else if (trouble <= TROUBLE_RCODE)
        strbuf_add(out, trouble == TROUBLE_RCODE ? "a malformed answer"
                                                 : dns_rcode_name((unsigned)(TROUBLE_RCODE - trouble)));
    else
        strbuf_add(out, trouble == ECONNREFUSED ? "connection refused" : strerror(trouble));
}

static int known_trouble(const struct dns_stub *stub, const struct dns_server *server)
{
    for (size_t i = 0; stub && i < stub->known_count; i++)
        if (strcmp(stub->known[i].text, server->text) == 0)
            return stub->known_troubles[i];
    return 0;
}

void dns_stub_describe(const struct dns_stub *stub, const struct dns_server *servers, size_t count, struct strbuf *out)
{
    char shown[DNS_SERVER_SIZE];

    for (size_t i = 0; i < count && out->len < TROUBLE_SHOWN_MAX; i++) {
        dns_server_show(&servers[i], shown);
        strbuf_addf(out, "%s%s: ", i > 0 ? ", " : "", shown);
        add_trouble(known_trouble(stub, &servers[i]), out);
    }
}

enum stub_failure dns_stub_failure(const struct dns_stub *stub)
{
    enum stub_failure failure = STUB_FAILED;

    for (size_t i = 0; i < stub->known_count; i++) {
        if (stub->known_troubles[i] == TROUBLE_TRUNCATED)
            failure = STUB_TRUNCATED;
        else if (stub->known_troubles[i] == TROUBLE_RCODE - REFUSED && failure == STUB_FAILED)
            failure = STUB_REFUSED;
    }
    return failure;
}

/* A server has no answer: another may, else the query has failed. */
static void take_failure(struct stub_query *query, struct attempt *attempt)
{
    close_attempt(attempt);
    query->failures++;
    if (query->failures >= query->server_count)
        answer_query(query, dns_answer_empty(DNS_FAILURE, 0));
    else if (query->tries < query->server_count)
        try_next(query);
}

static void take_reply(struct stub_query *query, struct attempt *attempt, const uint8_t *reply, size_t len)
{
    const struct dns_answer *answer = dns_packet_parse(reply, len, query->type);

    if (answer->status != DNS_FAILURE || answer->is_fault) {
        answer_query(query, answer);
        return;
    }
    dns_answer_release(answer);
    note_trouble(query, attempt->server, TROUBLE_RCODE - (reply[3] & RCODE_MASK));
    take_failure(query, attempt);
}

/* Over TCP */

/* Reads on; true if the whole message is there. Sets *ended where nothing more will come. */
static bool read_stream(struct stub_query *query, bool *ended)
{
    size_t wanted = LENGTH_SIZE;
    ssize_t got;

    for (;;) {
        if (query->received_len >= LENGTH_SIZE)
            wanted = LENGTH_SIZE + ((size_t)query->received[0] << 8 | query->received[1]);
        if (query->received_len == wanted)
            return true;
        got = recv(query->stream.fd, query->received + query->received_len, wanted - query->received_len, 0);
        if (got <= 0)
            break;
        query->received_len += (size_t)got;
    }
    *ended = got == 0 || (errno != EAGAIN && errno != EINTR);
    return false;
}

/* The server's answer was truncated, and does not come whole. */
static void lose_stream(struct stub_query *query)
{
    note_trouble(query, query->stream.server, TROUBLE_TRUNCATED);
    take_failure(query, &query->stream);
}

static void on_stream_readable(void *context)
{
    struct attempt *attempt = context;
    struct stub_query *query = attempt->query;
    const uint8_t *reply = query->received + LENGTH_SIZE;
    bool ended = false;

    if (!read_stream(query, &ended)) {
        if (ended)
            lose_stream(query);
        return;
    }
    if (is_reply(query, reply, query->received_len - LENGTH_SIZE))
        take_reply(query, attempt, reply, query->received_len - LENGTH_SIZE);
    else
        lose_stream(query);
}

/* The connection is there, or was refused. */
static void on_stream_writable(void *context)
{
    struct attempt *attempt = context;
    struct stub_query *query = attempt->query;
    size_t len = LENGTH_SIZE + query->len;

    event_watch_destroy(attempt->watch);
    attempt->watch = NULL;
    if (send(attempt->fd, query->message, len, MSG_NOSIGNAL) == (ssize_t)len)
        attempt->watch = event_watch_create(query->stub->loop, attempt->fd, false, on_stream_readable, attempt);
    if (!attempt->watch)
        lose_stream(query);
}

/* Queries the same server for the whole answer over TCP, once. */
static void open_stream(struct stub_query *query, struct attempt *attempt)
{
    size_t server = attempt->server;

    close_attempt(attempt);
    if (query->received)
        return;
    query->received = malloc(LENGTH_SIZE + REPLY_MAX);
    if (!query->received || !open_attempt(&query->stream, query, server, SOCK_STREAM, on_stream_writable))
        answer_query(query, dns_answer_fault());
}

/* Over UDP */

static void on_datagram(void *context)
{
    struct attempt *attempt = context;
    struct stub_query *query = attempt->query;
    uint8_t reply[UDP_REPLY_MAX];
    ssize_t len = recv(attempt->fd, reply, sizeof(reply), 0);

    if (len < 0 && errno != EAGAIN && errno != EINTR)
        note_trouble(query, attempt->server, errno);
    if (len < 0 || !is_reply(query, reply, (size_t)len))
        return; /* a closed port, or a spoofed reply */
    query->stub->heard(query->stub->heard_context);
    if (reply[2] & FLAG_TRUNCATED)
        open_stream(query, attempt);
    else
        take_reply(query, attempt, reply, (size_t)len);
}

static void set_timer(struct dns_stub *stub)
{
    int64_t next_ms = INT64_MAX, now_ms = clock_monotonic_ms(stub->clock);

    for (const struct stub_query *query = stub->first; query; query = query->next)
        if (query->tries < TRIES && query->next_ms < next_ms)
            next_ms = query->next_ms;
    if (next_ms < INT64_MAX)
        event_task_set_timer(stub->task, next_ms > now_ms ? next_ms - now_ms : 0);
    else
        event_task_clear_timer(stub->task);
}

/* A server that cannot be reached now may be at the next try. */
static void try_next(struct stub_query *query)
{
    struct attempt *attempt = &query->attempts[query->tries];

    if (open_attempt(attempt, query, query->tries % query->server_count, SOCK_DGRAM, on_datagram))
        (void)send(attempt->fd, query->message + LENGTH_SIZE, query->len, 0);
    query->tries++;
    query->next_ms = clock_monotonic_ms(query->stub->clock) + TRY_MS;
}

static void run_due(void *context)
{
    struct dns_stub *stub = context;
    int64_t now_ms = clock_monotonic_ms(stub->clock);

    for (struct stub_query *query = stub->first; query; query = query->next)
        if (query->tries < TRIES && query->next_ms <= now_ms)
            try_next(query);
    set_timer(stub);
}

/* Writes the message, with its length in front. `name` is valid (dns_name_valid). */
static bool write_message(struct stub_query *query, const char *name)
{
    uint8_t *start = query->message + LENGTH_SIZE, *end = start + HEADER_SIZE;

    if (getrandom(start, 2, 0) != 2)
        return false;
    start[2] = FLAG_RECURSION;
    start[5] = 1; /* question */
    for (const char *label = name;; label++) {
        size_t len = strcspn(label, ".");

        *end++ = (uint8_t)len;
        memcpy(end, label, len);
        end += len;
        label += len;
        if (*label == '\0')
            break;
    }
    *end++ = 0;
    *end++ = 0;
    *end++ = (uint8_t)query->type;
    *end++ = 0;
    *end++ = CLASS_IN;
    query->len = (size_t)(end - start);
    query->message[0] = (uint8_t)(query->len >> 8);
    query->message[1] = (uint8_t)query->len;
    return true;
}

static bool has_zone(const struct dns_stub *stub, const void *zone)
{
    for (const struct stub_query *query = stub->first; query; query = query->next)
        if (query->zone == zone)
            return true;
    return false;
}

bool dns_stub_has_room(const struct dns_stub *stub, const void *zone)
{
    if (stub->count < QUERIES_MAX / 2 || stub->count >= QUERIES_MAX)
        return stub->count < QUERIES_MAX;
    return zone && !has_zone(stub, zone);
}

bool dns_stub_query(struct dns_stub *stub, const struct dns_server *servers, size_t count, const char *name,
                    enum dns_type type, const void *zone, stub_reply reply, void *context, struct stub_query **handle)
{
    struct stub_query *query = calloc(1, sizeof(*query));

    if (!query)
        return false;
    query->stub = stub;
    query->type = type;
    query->zone = zone;
    query->reply = reply;
    query->context = context;
    query->handle = handle;
    query->stream.fd = -1;
    query->server_count = count < TRIES ? count : TRIES;
    memcpy(query->servers, servers, query->server_count * sizeof(*servers));
    query->next = stub->first;
    if (query->next)
        query->next->previous = query;
    stub->first = query;
    stub->count++;
    *handle = query;
    if (!write_message(query, name)) {
        free_query(query);
        return false;
    }
    try_next(query);
    set_timer(stub);
    return true;
}

void dns_stub_forget(struct stub_query **query)
{
    if (*query)
        free_query(*query);
}

struct dns_stub *dns_stub_create(struct event_loop *loop, const struct clock *clock, void (*heard)(void *context),
                                 void *heard_context)
{
    struct dns_stub *stub = calloc(1, sizeof(*stub));

    if (!stub)
        return NULL;
    *stub = (struct dns_stub){.loop = loop, .clock = clock, .heard = heard, .heard_context = heard_context};
    stub->task = event_task_create(loop, run_due, stub);
    if (stub->task)
        return stub;
    free(stub);
    return NULL;
}

void dns_stub_destroy(struct dns_stub *stub)
{
    if (!stub)
        return;
    for (struct stub_query *query = stub->first, *next; query; query = next) {
        next = query->next;
        free_query(query);
    }
    event_task_destroy(stub->task);
    free(stub);
}
