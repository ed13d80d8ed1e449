/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a request apart where it stands. */
#include "front/policy/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* True for what mostly comes: one request and nothing after it, or at least whole ones. Then the empty line need not be
 * sought before the others are read. */
static bool is_whole(const char *octets, size_t len)
{
    return len >= 2 && len <= REQUEST_MAX && octets[len - 1] == '\n' && octets[len - 2] == '\n';
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
        if (*word == *states[i].word && strcmp(word, states[i].word) == 0)
            return states[i].state;
    return POLICY_OTHER;
}

/* The attributes of Postfix, in its order, so that the next line is mostly known before it is looked at. */
enum attribute {
    REQUEST,
    PROTOCOL_STATE,
    PROTOCOL_NAME,
    CLIENT_ADDRESS,
    CLIENT_NAME,
    CLIENT_PORT,
    REVERSE_CLIENT_NAME,
    SERVER_ADDRESS,
    SERVER_PORT,
    HELO_NAME,
    SENDER,
    RECIPIENT,
    RECIPIENT_COUNT,
    QUEUE_ID,
    INSTANCE,
    SIZE,
    ETRN_DOMAIN,
    STRESS,
    SASL_METHOD,
    SASL_USERNAME,
    SASL_SENDER,
    CCERT_SUBJECT,
    CCERT_ISSUER,
    CCERT_FINGERPRINT,
    CCERT_PUBKEY_FINGERPRINT,
    ENCRYPTION_PROTOCOL,
    ENCRYPTION_CIPHER,
    ENCRYPTION_KEYSIZE,
    POLICY_CONTEXT,
    COMPATIBILITY_LEVEL,
    MAIL_VERSION,
    ATTRIBUTE_COUNT,
};

#define BEGINS(name) name "=", sizeof(name)

/* How the line of each begins. */
static const struct beginning {
    const char *text;
    size_t len;
} beginnings[ATTRIBUTE_COUNT] = {
    [REQUEST] = {BEGINS("request")},
    [PROTOCOL_STATE] = {BEGINS("protocol_state")},
    [PROTOCOL_NAME] = {BEGINS("protocol_name")},
    [CLIENT_ADDRESS] = {BEGINS("client_address")},
    [CLIENT_NAME] = {BEGINS("client_name")},
    [CLIENT_PORT] = {BEGINS("client_port")},
    [REVERSE_CLIENT_NAME] = {BEGINS("reverse_client_name")},
    [SERVER_ADDRESS] = {BEGINS("server_address")},
    [SERVER_PORT] = {BEGINS("server_port")},
    [HELO_NAME] = {BEGINS("helo_name")},
    [SENDER] = {BEGINS("sender")},
    [RECIPIENT] = {BEGINS("recipient")},
    [RECIPIENT_COUNT] = {BEGINS("recipient_count")},
    [QUEUE_ID] = {BEGINS("queue_id")},
    [INSTANCE] = {BEGINS("instance")},
    [SIZE] = {BEGINS("size")},
    [ETRN_DOMAIN] = {BEGINS("etrn_domain")},
    [STRESS] = {BEGINS("stress")},
    [SASL_METHOD] = {BEGINS("sasl_method")},
    [SASL_USERNAME] = {BEGINS("sasl_username")},
    [SASL_SENDER] = {BEGINS("sasl_sender")},
    [CCERT_SUBJECT] = {BEGINS("ccert_subject")},
    [CCERT_ISSUER] = {BEGINS("ccert_issuer")},
    [CCERT_FINGERPRINT] = {BEGINS("ccert_fingerprint")},
    [CCERT_PUBKEY_FINGERPRINT] = {BEGINS("ccert_pubkey_fingerprint")},
    [ENCRYPTION_PROTOCOL] = {BEGINS("encryption_protocol")},
    [ENCRYPTION_CIPHER] = {BEGINS("encryption_cipher")},
    [ENCRYPTION_KEYSIZE] = {BEGINS("encryption_keysize")},
    [POLICY_CONTEXT] = {BEGINS("policy_context")},
    [COMPATIBILITY_LEVEL] = {BEGINS("compatibility_level")},
    [MAIL_VERSION] = {BEGINS("mail_version")},
};

/* The values of a request; NULL where there is none. */
struct reading {
    const char *values[ATTRIBUTE_COUNT];
};

/* A line that was looked at. */
struct line {
    size_t attribute;  /* ATTRIBUTE_COUNT: one that nobody asks for */
    const char *value; /* where it begins; NULL: it has none */
};

static uint64_t eight_octets(const char *at)
{
    uint64_t octets;

    memcpy(&octets, at, sizeof octets);
    return octets;
}

/* As memcmp, but without a call for what is neither short nor long, as nearly all of these are. */
static bool is_same(const char *one, const char *other, size_t len)
{
    enum { WORD = sizeof(uint64_t) };

    if (len < WORD || len > (size_t)3 * WORD)
        return memcmp(one, other, len) == 0;
    return eight_octets(one) == eight_octets(other) &&
           eight_octets(one + len - WORD) == eight_octets(other + len - WORD) &&
           (len <= (size_t)2 * WORD || eight_octets(one + WORD) == eight_octets(other + WORD));
}

/* Looks at a line that is not the expected one. `end`: of what may be looked at. */
static struct line read_other(const char *line, const char *end)
{
    const char *line_end = memchr(line, '\n', (size_t)(end - line));
    const char *sign = memchr(line, '=', (size_t)(line_end - line));
    size_t i = 0, len;

    if (sign == NULL || sign == line)
        return (struct line){ATTRIBUTE_COUNT, NULL};
    len = (size_t)(sign + 1 - line);
    while (i < ATTRIBUTE_COUNT && (beginnings[i].len != len || !is_same(line, beginnings[i].text, len)))
        i++;
    return (struct line){i, sign + 1};
}

/* Looks at a line, which probably has the attribute `expected`; ATTRIBUTE_COUNT: none is left. */
static struct line read_line(const char *line, const char *end, size_t expected)
{
    size_t len;

    if (expected == ATTRIBUTE_COUNT)
        return read_other(line, end);
    len = beginnings[expected].len;
    if ((size_t)(end - line) < len || !is_same(line, beginnings[expected].text, len))
        return read_other(line, end);
    return (struct line){expected, line + len};
}

/* Reads the lines up to the empty one, which is among the `len` octets; what is wrong with them, NULL: nothing. *taken:
 * how many octets that were. */
static const char *read_lines(struct reading *reading, char *octets, size_t len, size_t *taken)
{
    const bool has_cr = memchr(octets, '\r', len) != NULL;
    const char *end = octets + len;
    char *at = octets;
    size_t expected = 0;

    for (unsigned lines = 0; *at != '\n'; lines++) {
        const char *start = at;
        const struct line line = read_line(start, end, expected);

        if (lines == REQUEST_LINES_MAX)
            return "too many lines";
        if (line.value == NULL)
            return "a line that is not NAME=VALUE";
        if (line.attribute < ATTRIBUTE_COUNT) {
            reading->values[line.attribute] = line.value;
            expected = line.attribute + 1;
        }
        at += line.value - at;
        if (*at != '\n') /* many values are empty */
            at = memchr(at, '\n', (size_t)(end - at));
        *at++ = '\0';
        if (has_cr && strchr(start, '\r') != NULL)
            return "a CR";
    }
    *taken = (size_t)(at + 1 - octets);
    return NULL;
}

static const char *value_of(const struct reading *reading, enum attribute attribute)
{
    return reading->values[attribute] != NULL ? reading->values[attribute] : "";
}

static const char *read_request(struct request *request, char *octets, size_t len, size_t *taken)
{
    struct reading reading = {.values = {NULL}};
    const char *problem = read_lines(&reading, octets, len, taken);

    if (problem == NULL && strcmp(value_of(&reading, REQUEST), "smtpd_access_policy") != 0)
        problem = "no request=smtpd_access_policy";
    *request = (struct request){
        .state = state_of(value_of(&reading, PROTOCOL_STATE)),
        .client_address = value_of(&reading, CLIENT_ADDRESS),
        .client_name = value_of(&reading, CLIENT_NAME),
        .client_port = value_of(&reading, CLIENT_PORT),
        .helo_name = value_of(&reading, HELO_NAME),
        .instance = value_of(&reading, INSTANCE),
        .queue_id = value_of(&reading, QUEUE_ID),
        .sender = value_of(&reading, SENDER),
        .recipient = value_of(&reading, RECIPIENT),
        .sasl_username = value_of(&reading, SASL_USERNAME),
        .ccert_subject = value_of(&reading, CCERT_SUBJECT),
        .ccert_issuer = value_of(&reading, CCERT_ISSUER),
    };
    return problem;
}

/* Finds how many octets the request has, or enough that its end is among them: *within. */
static enum request_reading bound_request(char *octets, size_t len, size_t *scanned, size_t *within,
                                          const char **problem)
{
    const size_t seen = *scanned;
    const char *end;

    *within = len;
    if (is_whole(octets, len) && memchr(octets, '\0', len) == NULL)
        return REQUEST_COMPLETE;
    end = find_end(octets, len < REQUEST_MAX ? len : REQUEST_MAX, scanned);
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
