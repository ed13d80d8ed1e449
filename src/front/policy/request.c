/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a request apart where it stands. */
#include "front/policy/request.h"

#include <stdbool.h>
#include <string.h>

/* Where the empty line ends that ends the request; NULL: it is not there yet. */
static char *find_end(char *octets, size_t len, size_t *scanned)
{
    char *from = octets + *scanned, *end = octets + len, *line;

    while (from < end && (line = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        if (line == octets || line[-1] == '\n')
            return line + 1;
        from = line + 1;
    }
    *scanned = len;
    return NULL;
}

/* True for what mostly comes: one request and nothing after it, or at least whole ones without NUL. Then the empty line
 * need not be sought before the others are read. */
static bool is_whole(const char *octets, size_t len)
{
    return len >= 2 && len <= REQUEST_MAX && octets[len - 1] == '\n' && octets[len - 2] == '\n' &&
           memchr(octets, '\0', len) == NULL;
}

static const struct {
    const char *word;
    enum policy_state state;
} states[] = {
    {"CONNECT", POLICY_CONNECT}, {"EHLO", POLICY_HELO}, {"HELO", POLICY_HELO}, {"MAIL", POLICY_MAIL},
    {"RCPT", POLICY_RCPT},       {"DATA", POLICY_DATA}, {"BDAT", POLICY_DATA}, {"END-OF-MESSAGE", POLICY_END},
};

static enum policy_state state_of(const char *word)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(word, states[i].word) == 0)
            return states[i].state;
    return POLICY_OTHER;
}

/* What is read so far. */
struct reading {
    struct request request;
    const char *type, *state;
};

/* Where the value of an attribute goes; NULL: it is not used. Of the thirty that Postfix has, most are not. */
static const char **place_of(struct reading *reading, const char *name, size_t len)
{
#define IS(word) (memcmp(name, word, sizeof(word) - 1) == 0) /* the case says that it is as long */
    struct request *request = &reading->request;

    switch (len) {
    case 6:
        return IS("sender") ? &request->sender : NULL;
    case 7:
        return IS("request") ? &reading->type : NULL;
    case 8:
        return IS("instance") ? &request->instance : IS("queue_id") ? &request->queue_id : NULL;
    case 9:
        return IS("helo_name") ? &request->helo_name : IS("recipient") ? &request->recipient : NULL;
    case 11:
        return IS("client_name") ? &request->client_name : IS("client_port") ? &request->client_port : NULL;
    case 12:
        return IS("ccert_issuer") ? &request->ccert_issuer : NULL;
    case 13:
        return IS("sasl_username") ? &request->sasl_username : IS("ccert_subject") ? &request->ccert_subject : NULL;
    case 14:
        return IS("client_address") ? &request->client_address : IS("protocol_state") ? &reading->state : NULL;
    default:
        return NULL;
    }
#undef IS
}

static void take(struct reading *reading, const char *name, size_t len, const char *value)
{
    const char **place = place_of(reading, name, len);

    if (place != NULL)
        *place = value;
}

/* Reads the lines up to the empty one, which is among the `len` octets; what is wrong with them, NULL: nothing. *taken:
 * how many octets that were. */
static const char *read_lines(struct reading *reading, char *octets, size_t len, size_t *taken)
{
    const bool has_cr = memchr(octets, '\r', len) != NULL;
    unsigned lines = 0;
    char *line = octets, *end;

    for (; *line != '\n'; line = end + 1) {
        char *value;

        end = memchr(line, '\n', len - (size_t)(line - octets));
        *end = '\0';
        value = memchr(line, '=', (size_t)(end - line));
        if (++lines > REQUEST_LINES_MAX)
            return "too many lines";
        if (value == NULL || value == line)
            return "a line that is not NAME=VALUE";
        *value++ = '\0';
        if (has_cr && strchr(value, '\r') != NULL)
            return "a CR";
        take(reading, line, (size_t)(value - 1 - line), value);
    }
    *taken = (size_t)(line + 1 - octets);
    return NULL;
}

static const char *read_request(struct request *request, char *octets, size_t len, size_t *taken)
{
    struct reading reading = {.request = {.client_address = "",
                                          .client_name = "",
                                          .client_port = "",
                                          .helo_name = "",
                                          .instance = "",
                                          .queue_id = "",
                                          .sender = "",
                                          .recipient = "",
                                          .sasl_username = "",
                                          .ccert_subject = "",
                                          .ccert_issuer = ""},
                              .type = "",
                              .state = ""};
    const char *problem = read_lines(&reading, octets, len, taken);

    if (problem == NULL && strcmp(reading.type, "smtpd_access_policy") != 0)
        problem = "no request=smtpd_access_policy";
    reading.request.state = state_of(reading.state);
    *request = reading.request;
    return problem;
}

/* Finds how many octets the request has, or enough that its end is among them: *within. */
static enum request_reading bound_request(char *octets, size_t len, size_t *scanned, size_t *within,
                                          const char **problem)
{
    const size_t seen = *scanned;
    const char *end =
        is_whole(octets, len) ? octets + len : find_end(octets, len < REQUEST_MAX ? len : REQUEST_MAX, scanned);

    *problem = "a CR"; /* whose lines end with CR LF has no empty one */
    if (end == NULL && memchr(octets + seen, '\r', len - seen) != NULL)
        return REQUEST_BROKEN;
    *problem = "longer than 64 kB";
    if (end == NULL)
        return len < REQUEST_MAX ? REQUEST_INCOMPLETE : REQUEST_BROKEN;
    *within = (size_t)(end - octets);
    *problem = "a NUL";
    return memchr(octets, '\0', *within) == NULL ? REQUEST_COMPLETE : REQUEST_BROKEN;
}

enum request_reading request_read(char *octets, size_t len, size_t *scanned, struct request *request, size_t *taken,
                                  const char **problem)
{
    size_t within;
    const enum request_reading reading = bound_request(octets, len, scanned, &within, problem);

    if (reading != REQUEST_COMPLETE)
        return reading;
    *problem = read_request(request, octets, within, taken);
    return *problem == NULL ? REQUEST_COMPLETE : REQUEST_BROKEN;
}
