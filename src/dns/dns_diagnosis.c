/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks all servers at the same time, each over a socket of its own, so that each error has its server. */
#include "dns/dns_diagnosis.h"

#include "base/clock.h"
#include "dns/dns_name.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEADER_SIZE = 12,
    QUERY_MAX = HEADER_SIZE + DNS_NAME_MAX + 2 + 4,
    REPLY_MAX = 4096,
    FLAG_RECURSION = 0x01,
    FLAG_REPLY = 0x80,
    RCODE_MASK = 0x0f,
    RCODE_NXDOMAIN = 3,
    CLASS_IN = 1,
};

const char *dns_rcode_name(unsigned rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

    return rcode < sizeof(names) / sizeof(*names) ? names[rcode] : "an error";
}

void dns_server_show(const struct dns_server *server, char out[DNS_SERVER_SIZE])
{
    const char *at = strrchr(server->text, '@');
    const int len = at ? (int)(at - server->text) : (int)strlen(server->text);
    const bool is_v6 = memchr(server->text, ':', (size_t)len) != NULL;

    (void)snprintf(out, DNS_SERVER_SIZE, is_v6 ? "[%.*s]:%s" : "%.*s:%s", len, server->text, at ? at + 1 : "53");
}

/* RFC 1035 4.1. Returns the octets of the message. */
static size_t write_query(const char *name, enum dns_type type, uint8_t message[QUERY_MAX])
{
    uint8_t *end = message + HEADER_SIZE;

    memset(message, 0, QUERY_MAX);
    if (getrandom(message, 2, 0) != 2)
        return 0;
    message[2] = FLAG_RECURSION;
    message[5] = 1; /* question */
    while (*name != '\0') {
        const size_t len = strcspn(name, ".");

        *end++ = (uint8_t)len;
        memcpy(end, name, len);
        end += len;
        name += len + (name[len] == '.');
    }
    end += 2; /* the root, and the upper octet of the type */
    *end++ = (uint8_t)type;
    end++;
    *end++ = CLASS_IN;
    return (size_t)(end - message);
}

static void set_state(struct dns_diagnosis *state, const char *text)
{
    (void)snprintf(state->state, sizeof(state->state), "%s", text);
}

static const char *error_text(int error)
{
    return error == ECONNREFUSED ? "connection refused" : strerror(error);
}

/* Sends to one server. Returns the descriptor, or -1 with the state set. */
static int send_to(const struct dns_server *server, const uint8_t *message, size_t len, struct dns_diagnosis *state)
{
    struct sockaddr_storage address;
    socklen_t address_len;
    int fd;

    if (!dns_server_address(server, &address, &address_len)) {
        set_state(state, "its interface is not there");
        return -1;
    }
    fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, address_len) == 0 &&
        send(fd, message, len, 0) == (ssize_t)len)
        return fd;
    set_state(state, error_text(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Reads what has come. True if the server has been heard of. */
static bool read_reply(int fd, const uint8_t *message, struct dns_diagnosis *state)
{
    uint8_t reply[REPLY_MAX];
    const ssize_t len = recv(fd, reply, sizeof(reply), 0);
    unsigned rcode;

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (len < 0) {
        set_state(state, error_text(errno));
        return true;
    }
    if (len < HEADER_SIZE || memcmp(reply, message, 2) != 0 || (reply[2] & FLAG_REPLY) == 0)
        return false;
    rcode = reply[3] & RCODE_MASK;
    state->answers = rcode == 0 || rcode == RCODE_NXDOMAIN;
    set_state(state, state->answers ? "has an answer now" : dns_rcode_name(rcode));
    return true;
}

size_t dns_diagnose(const struct dns_server *servers, size_t count, const char *name, enum dns_type type, int wait_ms,
                    struct dns_diagnosis out[DNS_DIAGNOSIS_SERVERS])
{
    const int64_t end_ms = clock_monotonic_ms(&clock_system) + wait_ms;
    struct pollfd polled[DNS_DIAGNOSIS_SERVERS];
    uint8_t message[QUERY_MAX];
    const size_t len = dns_name_valid(name) ? write_query(name, type, message) : 0;
    size_t open_count = 0;
    int64_t left_ms = wait_ms;

    if (len == 0)
        return 0;
    count = count < DNS_DIAGNOSIS_SERVERS ? count : DNS_DIAGNOSIS_SERVERS;
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct dns_diagnosis){.answers = false};
        dns_server_show(&servers[i], out[i].server);
        (void)snprintf(out[i].state, sizeof(out[i].state), "no reply within %d ms", wait_ms);
        polled[i] = (struct pollfd){.fd = send_to(&servers[i], message, len, &out[i]), .events = POLLIN};
        open_count += polled[i].fd >= 0;
    }
    while (open_count > 0 && left_ms > 0 && (poll(polled, count, (int)left_ms) >= 0 || errno == EINTR)) {
        for (size_t i = 0; i < count; i++) {
            if (polled[i].fd < 0 || polled[i].revents == 0 || !read_reply(polled[i].fd, message, &out[i]))
                continue;
            close(polled[i].fd);
            polled[i].fd = -1;
            open_count--;
        }
        left_ms = end_ms - clock_monotonic_ms(&clock_system);
    }
    for (size_t i = 0; i < count; i++)
        if (polled[i].fd >= 0)
            close(polled[i].fd);
    return count;
}
