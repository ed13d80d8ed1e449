/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers SPF cases that it reads from standard input, one outcome a line; suite.py writes the cases and judges.
 *
 *   zone                                        a new, empty zone
 *   record NAME TYPE PREFERENCE DATA            an entry of the zone, as suite_dns_add takes it
 *   case ID CLIENT HELO LOCAL DOMAIN RECEIVER   a request; the answer is: ID RESULT MECHANISM PROBLEM EXPLANATION
 *                                               QUESTIONS
 *
 * All fields but ID, TYPE, PREFERENCE, CLIENT, RESULT and QUESTIONS are written in hexadecimal after an `x`. */
#include "base/stats.h"
#include "conformance/suite_dns.h"
#include "spf/spf_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 7 };

struct program {
    struct spf_checker *checker; /* of the zone, which it owns */
    struct dns *zone;
};

/* Turns `x6162` into `ab` in place; returns its length. */
static size_t decode(char *field)
{
    size_t len = strlen(field) / 2;

    if (*field != 'x') {
        fprintf(stderr, "conformance: not a hexadecimal field: %s\n", field);
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < len; i++) {
        char digits[3] = {field[1 + 2 * i], field[2 + 2 * i], '\0'};

        field[i] = (char)strtoul(digits, NULL, 16);
    }
    field[len] = '\0';
    return len;
}

static void print_encoded(const char *text)
{
    fputs(" x", stdout);
    for (; *text; text++)
        printf("%02x", (unsigned)(unsigned char)*text);
}

static bool open_zone(struct program *program)
{
    struct spf_checker_config config = {.clock = &clock_system, .timeout_ms = 20000};

    spf_checker_release(program->checker);
    program->zone = config.dns = suite_dns_create(&clock_system);
    program->checker = config.dns ? spf_checker_create(&config) : NULL;
    return program->checker != NULL;
}

static bool add_record(const struct program *program, char **fields)
{
    size_t len;

    decode(fields[1]);
    len = decode(fields[4]);
    return suite_dns_add(program->zone, fields[1], fields[2], (unsigned)strtoul(fields[3], NULL, 10), fields[4], len);
}

static bool answer_case(const struct program *program, char **fields)
{
    struct spf_request request = {.identity = IDENTITY_MAILFROM};
    struct spf_outcome outcome;
    unsigned before = suite_dns_questions(program->zone);

    for (int i = 3; i < FIELDS_MAX; i++)
        decode(fields[i]);
    if (!addr_parse(fields[2], &request.client))
        return false;
    request.helo = fields[3];
    request.local = fields[4];
    request.domain = fields[5];
    request.receiver = fields[6];
    spf_check(program->checker, &request, &outcome);
    printf("%s %s", fields[1], result_name(outcome.result));
    print_encoded(outcome.mechanism);
    print_encoded(outcome.problem);
    print_encoded(outcome.explanation);
    printf(" %u\n", suite_dns_questions(program->zone) - before);
    return true;
}

static bool obey(struct program *program, char *line)
{
    char *fields[FIELDS_MAX] = {0};
    char *rest = line;
    size_t count = 0;

    for (char *field; count < FIELDS_MAX && (field = strsep(&rest, " \n")) != NULL && *field;)
        fields[count++] = field;
    if (count == 1 && strcmp(fields[0], "zone") == 0)
        return open_zone(program);
    if (count == 5 && strcmp(fields[0], "record") == 0)
        return add_record(program, fields);
    return count == FIELDS_MAX && strcmp(fields[0], "case") == 0 && answer_case(program, fields);
}

int main(void)
{
    struct program program = {0};
    char *line = NULL;
    size_t size = 0;
    int status = EXIT_SUCCESS;

    while (status == EXIT_SUCCESS && getline(&line, &size, stdin) > 0) {
        if (!obey(&program, line)) {
            fprintf(stderr, "conformance: cannot obey: %.60s\n", line);
            status = EXIT_FAILURE;
        }
    }
    free(line);
    spf_checker_release(program.checker);
    if (stats_get(STATS_SPF_DISAGREEMENTS) > 0) {
        (void)fputs("conformance: libspf2 and the walk see an evaluation differently\n", stderr);
        status = EXIT_FAILURE;
    }
    return status;
}
