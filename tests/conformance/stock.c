/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers the same cases as conformance.c with libspf2 alone, as a program that trusts it would use it: for the table
 * in docs/conformance.md. Every case has a process of its own, as some end it. */
#include "conformance/suite_dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The headers of libspf2 need those above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#pragma GCC diagnostic pop

enum { FIELDS_MAX = 7, CASE_LIMIT_S = 10, QUESTION_LIMIT_MS = 1000 };

/* Turns `x6162` into `ab` in place. */
static char *decode(char *field)
{
    size_t len = strlen(field) / 2;

    for (size_t i = 0; i < len; i++) {
        char digits[3] = {field[1 + 2 * i], field[2 + 2 * i], '\0'};

        field[i] = (char)strtoul(digits, NULL, 16);
    }
    field[len] = '\0';
    return field;
}

/* Copies record `i` of an answer into the library's form. */
static void copy_record(SPF_dns_rr_t *rr, int i, const struct dns_record *record)
{
    bool is_addr = rr->rr_type == ns_t_a || rr->rr_type == ns_t_aaaa;
    const char *text = rr->rr_type == ns_t_txt ? record->text : record->name;
    size_t len = is_addr ? sizeof(record->addr.bytes) : strlen(text) + 1;

    if (SPF_dns_rr_buf_realloc(rr, i, len) != SPF_E_SUCCESS)
        abort();
    memcpy((char *)rr->rr[i], is_addr ? (const char *)record->addr.bytes : text, len);
    rr->num_rr = i + 1;
}

/* The library's question, out of the zone. */
static SPF_dns_rr_t *lookup(SPF_dns_server_t *layer, const char *name, ns_type type, int should_cache)
{
    static const SPF_dns_stat_t statuses[] = {
        [DNS_OK] = NETDB_SUCCESS,  [DNS_NODATA] = NO_DATA,    [DNS_NXDOMAIN] = HOST_NOT_FOUND,
        [DNS_TIMEOUT] = TRY_AGAIN, [DNS_FAILURE] = TRY_AGAIN,
    };
    struct dns *zone = layer->hook;
    const struct dns_answer *answer;
    SPF_dns_rr_t *rr;

    (void)should_cache;
    answer = dns_lookup(zone, name, (enum dns_type)type, clock_monotonic_ms(&clock_system) + QUESTION_LIMIT_MS);
    rr = SPF_dns_rr_new_init(layer, name, type, 0, statuses[answer->status]);
    for (size_t i = 0; rr && i < answer->count; i++)
        copy_record(rr, (int)i, &answer->records[i]);
    dns_answer_release(answer);
    return rr;
}

/* What a careful user makes of the result that the library calls invalid, as of a record that it cannot compile. */
static SPF_result_t judge(SPF_result_t result, SPF_errcode_t error)
{
    if (result != SPF_RESULT_INVALID)
        return result;
    return error == SPF_E_DNS_ERROR ? SPF_RESULT_TEMPERROR : SPF_RESULT_PERMERROR;
}

static SPF_request_t *create_request(SPF_server_t *server, char **fields)
{
    SPF_request_t *request = SPF_request_new(server);
    char sender[1024];

    snprintf(sender, sizeof(sender), "%s@%s", fields[4], fields[5]);
    if (strchr(fields[2], ':'))
        SPF_request_set_ipv6_str(request, fields[2]);
    else
        SPF_request_set_ipv4_str(request, fields[2]);
    SPF_request_set_helo_dom(request, fields[3]);
    SPF_request_set_env_from(request, fields[4][0] ? sender : fields[5]);
    return request;
}

static void print_encoded(const char *text)
{
    fputs(" x", stdout);
    for (; text && *text; text++)
        printf("%02x", (unsigned)(unsigned char)*text);
}

/* Runs a case and prints its line. */
static void answer_case(struct dns *zone, char **fields)
{
    SPF_dns_server_t layer = {.lookup = lookup, .name = "suite", .hook = zone};
    SPF_server_t *server = SPF_server_new_dns(&layer, 0);
    SPF_request_t *request;
    SPF_response_t *response = NULL, *ignored = NULL;
    SPF_result_t result;
    SPF_errcode_t error;

    for (int i = 3; i < FIELDS_MAX; i++)
        decode(fields[i]);
    SPF_server_set_rec_dom(server, fields[6][0] ? fields[6] : "unknown");
    SPF_server_set_explanation(server, "DEFAULT", &ignored);
    request = create_request(server, fields);
    error = SPF_request_query_mailfrom(request, &response);
    result = judge(SPF_response_result(response), error);
    printf("%s %s x x", fields[1], SPF_strresult(result));
    print_encoded(result == SPF_RESULT_FAIL ? SPF_response_get_explanation(response) : "");
    puts(" 0");
    fflush(stdout);
}

/* Runs a case in a process of its own; one that dies or does not end has the result `crash`. */
static void answer_apart(struct dns *zone, char **fields)
{
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(CASE_LIMIT_S);
        answer_case(zone, fields);
        _exit(EXIT_SUCCESS); /* nothing that the library holds is worth freeing */
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        printf("%s crash x x x 0\n", fields[1]);
}

static bool obey(struct dns **zone, char *line)
{
    char *fields[FIELDS_MAX] = {0}, *rest = line;
    size_t count = 0;

    for (char *field; count < FIELDS_MAX && (field = strsep(&rest, " \n")) != NULL && *field;)
        fields[count++] = field;
    if (count == 1 && strcmp(fields[0], "zone") == 0) {
        dns_destroy(*zone);
        *zone = suite_dns_create(&clock_system);
        return *zone != NULL;
    }
    if (count == 5 && strcmp(fields[0], "record") == 0) {
        size_t len = strlen(fields[4]) / 2;

        return suite_dns_add(*zone, decode(fields[1]), fields[2], (unsigned)strtoul(fields[3], NULL, 10),
                             decode(fields[4]), len);
    }
    if (count != FIELDS_MAX || strcmp(fields[0], "case") != 0)
        return false;
    answer_apart(*zone, fields);
    return true;
}

int main(void)
{
    struct dns *zone = NULL;
    char *line = NULL;
    size_t size = 0;
    int status = EXIT_SUCCESS;

    while (status == EXIT_SUCCESS && getline(&line, &size, stdin) > 0) {
        if (!obey(&zone, line)) {
            fprintf(stderr, "stock: cannot obey: %.60s\n", line);
            status = EXIT_FAILURE;
        }
    }
    free(line);
    dns_destroy(zone);
    return status;
}
