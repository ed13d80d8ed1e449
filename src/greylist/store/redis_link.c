/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to a Redis server. */
#include "greylist/store/redis_link.h"

#include "base/clock.h"
#include "greylist/store/host_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK_SIZE = 16 * 1024, SHOWN_MAX = 200 };

struct redis_link {
    const struct store_address *address;
    struct host_lookup *lookup; /* of a host; NULL until it is needed */
    int fd;                     /* -1: not connected */
    redisReader *reader;        /* NULL: not connected */
    redisReplyObjectFunctions functions;
    const redisReplyObjectFunctions *defaults;
    struct strbuf out; /* commands that are not sent yet */
    int64_t deadline_ms;
};

/* Replies ------------------------------------------------------------------------------------------------------- */

#if HIREDIS_MAJOR > 0
typedef size_t list_len;
#else
typedef int list_len;
#endif

/* hiredis would allocate as many members as the server announces, before any of them has come. The pairs of a map,
 * which nobody asks for, it doubles to members, and where a size has 32 bits it tells only the rest of that here. */
static void *make_bounded_list(const redisReadTask *task, list_len len)
{
    const struct redis_link *link = task->privdata;

    if (task->type != REDIS_REPLY_ARRAY || len > REDIS_LINK_LIST_MAX)
        return NULL;
    return link->defaults->createArray(task, len);
}

/* Where a size has 32 bits, hiredis counts beyond that: it takes a text of nearly 4 GB for whole that has hardly begun,
 * and then copies it into what is as long and one octet, which may be no octet at all. */
static void *make_bounded_text(const redisReadTask *task, char *octets, size_t len)
{
    const struct redis_link *link = task->privdata;

    return len > REDIS_LINK_REPLY_MAX ? NULL : link->defaults->createString(task, octets, len);
}

static bool make_reader(struct redis_link *link, struct strbuf *problem)
{
    link->reader = redisReaderCreate();
    if (link->reader == NULL) {
        strbuf_add(problem, "out of memory");
        return false;
    }
    link->defaults = link->reader->fn;
    link->functions = *link->defaults;
    link->functions.createArray = make_bounded_list;
    link->functions.createString = make_bounded_text;
    link->reader->fn = &link->functions;
    link->reader->privdata = link;
    return true;
}

static bool add_reader_problem(const struct redis_link *link, struct strbuf *problem)
{
    if (link->reader->err == REDIS_ERR_OOM) {
        strbuf_add(problem, "out of memory, or its answer is too long");
        return false;
    }
    strbuf_add(problem, "its answer cannot be understood: ");
    strbuf_add_shown(problem, link->reader->errstr, SHOWN_MAX);
    return false;
}

/* The socket ---------------------------------------------------------------------------------------------------- */

static bool add_errno(struct strbuf *problem, const char *what, int error)
{
    strbuf_addf(problem, "%s: %s", what, strerror(error));
    return false;
}

/* False: the deadline has come, or poll failed. */
static bool wait_for(int fd, short events, int64_t deadline_ms, struct strbuf *problem)
{
    for (;;) {
        const int64_t left_ms = deadline_ms - clock_monotonic_ms(&clock_system);
        struct pollfd waited = {.fd = fd, .events = events};
        const int count = left_ms > 0 ? poll(&waited, 1, (int)left_ms) : 0;

        if (count > 0)
            return true;
        if (count == 0) {
            strbuf_add(problem, "no answer in time");
            return false;
        }
        if (errno != EINTR)
            return add_errno(problem, "poll", errno);
    }
}

/* A socket for the family, closed on exec, whose calls do not wait. */
static int make_socket(int family, struct strbuf *problem)
{
    const int fd = socket(family, SOCK_STREAM, 0);

    if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    add_errno(problem, "socket", errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool finish_connecting(int fd, int64_t deadline_ms, struct strbuf *problem)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (!wait_for(fd, POLLOUT, deadline_ms, problem))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return error == 0 || add_errno(problem, "connect", error);
}

/* The connected socket, or -1. */
static int connect_socket(const struct sockaddr *address, socklen_t size, int64_t deadline_ms, struct strbuf *problem)
{
    const int fd = make_socket(address->sa_family, problem);
    bool is_connected;

    if (fd < 0)
        return -1;
    is_connected = connect(fd, address, size) == 0;
    if (!is_connected && (errno == EINPROGRESS || errno == EINTR))
        is_connected = finish_connecting(fd, deadline_ms, problem);
    else if (!is_connected)
        add_errno(problem, "connect", errno);
    if (is_connected)
        return fd;
    close(fd);
    return -1;
}

static int connect_unix(const struct redis_link *link, struct strbuf *problem)
{
    const char *path = link->address->path;
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path) {
        strbuf_add(problem, "the path of this socket is too long");
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    return connect_socket((const struct sockaddr *)&address, sizeof address, link->deadline_ms, problem);
}

/* Each address of a host has its share of the time that is left. */
static int connect_first(const struct redis_link *link, const struct addrinfo *found, struct strbuf *problem)
{
    const size_t before = problem->len;
    int left = 0, fd = -1;

    for (const struct addrinfo *next = found; next != NULL; next = next->ai_next)
        left++;
    for (; found != NULL && fd < 0; found = found->ai_next, left--) {
        const int64_t now_ms = clock_monotonic_ms(&clock_system);

        strbuf_truncate(problem, before); /* of several the last one's is told */
        fd = connect_socket(found->ai_addr, found->ai_addrlen, now_ms + (link->deadline_ms - now_ms) / left, problem);
    }
    if (fd >= 0)
        strbuf_truncate(problem, before);
    return fd;
}

static int connect_host(struct redis_link *link, struct strbuf *problem)
{
    const int yes = 1;
    struct addrinfo *found;
    int fd;

    if (link->lookup == NULL)
        link->lookup = host_lookup_create(link->address->host, link->address->port);
    if (link->lookup == NULL) {
        strbuf_add(problem, "out of memory");
        return -1;
    }
    found = host_lookup_get(link->lookup, REDIS_LINK_LOOKUP_MS, problem);
    if (found == NULL)
        return -1;
    fd = connect_first(link, found, problem);
    freeaddrinfo(found);
    if (fd >= 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* slower without, not wrong */
    return fd;
}

/* Commands and replies ------------------------------------------------------------------------------------------ */

struct redis_link *redis_link_create(const struct store_address *address)
{
    struct redis_link *link = calloc(1, sizeof *link);

    if (link == NULL)
        return NULL;
    link->address = address;
    link->fd = -1;
    return link;
}

void redis_link_close(struct redis_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    if (link->reader != NULL)
        redisReaderFree(link->reader);
    link->reader = NULL;
    strbuf_free(&link->out);
}

void redis_link_destroy(struct redis_link *link)
{
    if (link == NULL)
        return;
    redis_link_close(link);
    host_lookup_destroy(link->lookup);
    free(link);
}

void redis_link_begin(struct redis_link *link)
{
    link->deadline_ms = clock_monotonic_ms(&clock_system) + REDIS_LINK_TIMEOUT_MS;
}

bool redis_link_connect(struct redis_link *link, struct strbuf *problem)
{
    redis_link_close(link);
    link->fd = link->address->kind == STORE_REDIS ? connect_host(link, problem) : connect_unix(link, problem);
    if (link->fd >= 0 && make_reader(link, problem))
        return true;
    redis_link_close(link);
    return false;
}

bool redis_link_is_idle(const struct redis_link *link)
{
    char octet;

    return link->fd >= 0 && link->reader->pos == link->reader->len &&
           recv(link->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

struct redis_word redis_word_of(const char *text)
{
    return (struct redis_word){.octets = text, .len = strlen(text)};
}

void redis_link_send(struct redis_link *link, const struct redis_word *words, size_t count)
{
    const char *octets[REDIS_LINK_WORDS_MAX];
    size_t lens[REDIS_LINK_WORDS_MAX];
    char *command = NULL;
    long long len; /* the older library's are int */

    if (count > REDIS_LINK_WORDS_MAX) {
        link->out.failed = true;
        return;
    }
    for (size_t n = 0; n < count; n++) {
        octets[n] = words[n].octets;
        lens[n] = words[n].len;
    }
    len = redisFormatCommandArgv(&command, (int)count, octets, lens);
    if (len >= 0)
        strbuf_add_mem(&link->out, command, (size_t)len);
    else
        link->out.failed = true;
    redisFreeCommand(command);
}

/* A server that turns a client away says why and closes: that is read before anything is made of it. */
static void write_some(struct redis_link *link)
{
    const ssize_t count = send(link->fd, link->out.text, link->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (count > 0)
        strbuf_drop(&link->out, (size_t)count);
    else if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        strbuf_truncate(&link->out, 0);
}

static bool read_some(struct redis_link *link, struct strbuf *problem)
{
    char chunk[CHUNK_SIZE];
    const ssize_t count = recv(link->fd, chunk, sizeof chunk, MSG_DONTWAIT);

    if (count == 0 || (count < 0 && errno == ECONNRESET)) { /* with something of ours unread, it is reset */
        strbuf_add(problem, "it has closed the connection");
        return false;
    }
    if (count < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || add_errno(problem, "recv", errno);
    if (redisReaderFeed(link->reader, chunk, (size_t)count) != REDIS_OK)
        return add_reader_problem(link, problem);
    if (link->reader->len - link->reader->pos > REDIS_LINK_REPLY_MAX) {
        strbuf_add(problem, "its answer is too long");
        return false;
    }
    return true;
}

/* Sends and receives what there is, after waiting for either. A server that writes as long as it is not read, and the
 * other way round, is served. */
static bool move_some(struct redis_link *link, struct strbuf *problem)
{
    const bool has_more = link->out.len > 0;

    if (!wait_for(link->fd, (short)(has_more ? POLLIN | POLLOUT : POLLIN), link->deadline_ms, problem))
        return false;
    if (has_more)
        write_some(link);
    return read_some(link, problem);
}

struct redisReply *redis_link_reply(struct redis_link *link, struct strbuf *problem)
{
    void *reply = NULL;

    while (link->fd >= 0) {
        if (link->out.failed)
            strbuf_add(problem, "out of memory");
        else if (redisReaderGetReply(link->reader, &reply) != REDIS_OK)
            add_reader_problem(link, problem);
        else if (reply != NULL)
            return reply;
        else if (move_some(link, problem))
            continue;
        redis_link_close(link);
        return NULL;
    }
    strbuf_add(problem, "not connected");
    return NULL;
}

/* What replies hold --------------------------------------------------------------------------------------------- */

void redis_link_free(struct redisReply *reply)
{
    freeReplyObject(reply);
}

static bool get_octets(const redisReply *reply, int type, struct redis_word *text)
{
    if (reply->type != type)
        return false;
    *text = (struct redis_word){.octets = reply->str, .len = reply->len};
    return true;
}

bool redis_reply_text(const struct redisReply *reply, struct redis_word *text)
{
    return get_octets(reply, REDIS_REPLY_STRING, text);
}

bool redis_reply_error(const struct redisReply *reply, struct redis_word *text)
{
    return get_octets(reply, REDIS_REPLY_ERROR, text);
}

bool redis_reply_number(const struct redisReply *reply, long long *number)
{
    if (reply->type != REDIS_REPLY_INTEGER)
        return false;
    *number = reply->integer;
    return true;
}

bool redis_reply_list(const struct redisReply *reply, size_t *count)
{
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    *count = reply->elements;
    return true;
}

const struct redisReply *redis_reply_member(const struct redisReply *list, size_t n)
{
    return list->element[n];
}
