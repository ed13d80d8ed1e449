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
    struct request *request;
    const char *type, *state;
};

static void take(struct reading *reading, const char *name, const char *value)
{
    struct request *request = reading->request;
    const struct {
        const char *name;
        const char **value;
    } known[] = {
        {"request", &reading->type},
        {"protocol_state", &reading->state},
        {"client_address", &request->client_address},
        {"client_name", &request->client_name},
        {"client_port", &request->client_port},
        {"helo_name", &request->helo_name},
        {"instance", &request->instance},
        {"queue_id", &request->queue_id},
        {"sender", &request->sender},
        {"recipient", &request->recipient},
        {"sasl_username", &request->sasl_username},
        {"ccert_subject", &request->ccert_subject},
        {"ccert_issuer", &request->ccert_issuer},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0)
            *known[i].value = value;
}

/* Reads the lines up to the empty one; what is wrong with them, NULL: nothing. */
static const char *read_lines(struct reading *reading, char *octets)
{
    unsigned lines = 0;

    for (char *line = octets, *end; *line != '\n'; line = end + 1) {
        char *value;

        end = line + strcspn(line, "\n");
        *end = '\0';
        value = strchr(line, '=');
        if (++lines > REQUEST_LINES_MAX)
            return "too many lines";
        if (value == NULL || value == line)
            return "a line that is not NAME=VALUE";
        *value++ = '\0';
        if (strchr(value, '\r') != NULL)
            return "a CR";
        take(reading, line, value);
    }
    return NULL;
}

static const char *read_request(struct request *request, char *octets, size_t len)
{
    struct reading reading = {.request = request, .type = "", .state = ""};
    const char *problem;

    *request = (struct request){.client_address = "",
                                .client_name = "",
                                .client_port = "",
                                .helo_name = "",
                                .instance = "",
                                .queue_id = "",
                                .sender = "",
                                .recipient = "",
                                .sasl_username = "",
                                .ccert_subject = "",
                                .ccert_issuer = ""};
    if (memchr(octets, '\0', len) != NULL)
        return "a NUL";
    problem = read_lines(&reading, octets);
    if (problem == NULL && strcmp(reading.type, "smtpd_access_policy") != 0)
        problem = "no request=smtpd_access_policy";
    request->state = state_of(reading.state);
    return problem;
}

enum request_reading request_read(char *octets, size_t len, size_t *scanned, struct request *request, size_t *taken,
                                  const char **problem)
{
    const size_t seen = *scanned;
    const char *end = find_end(octets, len < REQUEST_MAX ? len : REQUEST_MAX, scanned);

    *problem = "a CR"; /* whose lines end with CR LF has no empty one */
    if (end == NULL && memchr(octets + seen, '\r', len - seen) != NULL)
        return REQUEST_BROKEN;
    *problem = "longer than 64 kB";
    if (end == NULL)
        return len < REQUEST_MAX ? REQUEST_INCOMPLETE : REQUEST_BROKEN;
    *taken = (size_t)(end - octets);
    *problem = read_request(request, octets, *taken);
    return *problem == NULL ? REQUEST_COMPLETE : REQUEST_BROKEN;
}
