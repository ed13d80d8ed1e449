/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers one SPF question from the command line, from the real DNS, a given server or a zone file. */
#include "app/query.h"

#include "app/service.h"
#include "dns/dns_ares.h"
#include "dns/dns_zone.h"
#include "policy/address.h"
#include "policy/header.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* The command line as given. */
struct query {
    const char *config_path;
    bool config_named;
    const char *ip, *helo, *sender, *nameserver, *zone;
    bool helo_identity;
};

/* What is asked for, checked and taken apart. */
struct subject {
    struct addr client;
    struct address sender;
    bool null_sender;
};

static void print_usage(FILE *to)
{
    (void)fputs("usage: smf-spf query --ip ADDRESS --helo NAME --sender ADDRESS [--identity mailfrom|helo]\n"
                "                     [-c FILE] [--nameserver ADDRESS[:PORT]] [--zone FILE]\n",
                to);
}

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "smf-spf query: %s%s%s%s\n", what, value != NULL ? " \"" : "", value != NULL ? value : "",
            value != NULL ? "\"" : "");
    print_usage(stderr);
    return EX_USAGE;
}

/* Takes one option; EX_OK, or EX_USAGE after a message. */
static int take_option(int option, const char *value, struct query *query)
{
    switch (option) {
    case 'c':
        query->config_path = value;
        query->config_named = true;
        return EX_OK;
    case 'i':
        query->ip = value;
        return EX_OK;
    case 'e':
        query->helo = value;
        return EX_OK;
    case 's':
        query->sender = value;
        return EX_OK;
    case 'n':
        query->nameserver = value;
        return EX_OK;
    case 'z':
        query->zone = value;
        return EX_OK;
    case 'd':
        query->helo_identity = strcmp(value, "helo") == 0;
        if (!query->helo_identity && strcmp(value, "mailfrom") != 0)
            return usage_error("--identity is mailfrom or helo, not", value);
        return EX_OK;
    default:
        print_usage(stderr);
        return EX_USAGE;
    }
}

static int read_command_line(int argc, char **argv, struct query *query)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},   {"ip", required_argument, NULL, 'i'},
        {"helo", required_argument, NULL, 'e'},     {"sender", required_argument, NULL, 's'},
        {"identity", required_argument, NULL, 'd'}, {"nameserver", required_argument, NULL, 'n'},
        {"zone", required_argument, NULL, 'z'},     {NULL, 0, NULL, 0},
    };
    int option = 0;
    int status = EX_OK;

    optind = 1;
    while (status == EX_OK && (option = getopt_long(argc, argv, "c:", options, NULL)) != -1)
        status = take_option(option, optarg, query);
    if (status != EX_OK)
        return status;
    if (optind < argc)
        return usage_error("unexpected argument", argv[optind]);
    if (query->ip == NULL || query->helo == NULL || (query->sender == NULL && !query->helo_identity))
        return usage_error("--ip, --helo and --sender are needed", NULL);
    if (query->nameserver != NULL && query->zone != NULL)
        return usage_error("--nameserver and --zone exclude each other", NULL);
    return EX_OK;
}

/* The named configuration, or the defaults where the usual file is not there. */
static const struct config *load_config(const struct query *query)
{
    struct strbuf errors = STRBUF_INIT;
    const bool missing = !query->config_named && access(query->config_path, F_OK) != 0;
    const struct config *config =
        missing ? config_parse("", 0, "defaults", &errors) : config_load(query->config_path, &errors);

    if (config == NULL)
        fprintf(stderr, "smf-spf query: %s\n", strbuf_text(&errors));
    strbuf_free(&errors);
    return config;
}

/* The DNS of the command line, else that of the configuration. */
static struct dns *open_dns(const struct query *query, const struct config *config)
{
    char message[512] = "not a name server's address";
    struct strbuf error = STRBUF_INIT;
    struct dns *dns = NULL;

    if (query->zone != NULL) {
        dns = dns_zone_load(query->zone, &clock_system, message, sizeof message);
    } else if (query->nameserver != NULL) {
        const struct dns_ares_config servers = {.servers = &query->nameserver, .server_count = 1};

        if (dns_ares_server_valid(query->nameserver))
            dns = dns_ares_create(&servers, &clock_system, message, sizeof message);
    } else {
        dns = service_open_dns(config, &error);
    }
    if (dns == NULL)
        fprintf(stderr, "smf-spf query: %s\n", error.len > 0 ? strbuf_text(&error) : message);
    strbuf_free(&error);
    return dns;
}

static struct spf_checker *build_checker(const struct query *query, const struct config *config)
{
    struct strbuf error = STRBUF_INIT;
    struct dns *dns = open_dns(query, config);
    struct spf_checker *checker = NULL;

    if (dns == NULL)
        return NULL;
    checker = service_build_checker(config, dns, &error);
    if (checker == NULL)
        fprintf(stderr, "smf-spf query: %s\n", strbuf_text(&error));
    strbuf_free(&error);
    return checker;
}

static int read_subject(const struct query *query, struct subject *subject)
{
    enum address_status status = ADDRESS_NULL;

    if (!addr_parse(query->ip, &subject->client))
        return usage_error("--ip is an IPv4 or IPv6 address, not", query->ip);
    if (query->sender != NULL)
        status = address_parse(query->sender, &subject->sender);
    if (status == ADDRESS_MALFORMED)
        return usage_error("--sender is an address (\"\" for the null sender), not", query->sender);
    if (status == ADDRESS_NO_MEMORY) {
        (void)fputs("smf-spf query: out of memory\n", stderr);
        return EX_OSERR;
    }
    subject->null_sender = status == ADDRESS_NULL;
    return EX_OK;
}

static void print_field(const char *name, const struct strbuf *value)
{
    printf("%s: %s\n", name, strbuf_text(value));
}

static void print_outcome(const struct header_result *result, const char *authserv_id)
{
    const struct spf_outcome *outcome = result->outcome;
    struct strbuf authentication_results = STRBUF_INIT, received_spf = STRBUF_INIT;

    printf("result: %s%s\n", result_name(outcome->result), outcome->guessed ? " (best guess)" : "");
    if (outcome->problem[0] != '\0')
        printf("reason: %s\n", outcome->problem);
    else if (outcome->mechanism[0] != '\0')
        printf("reason: %s\n", outcome->mechanism);
    else
        printf("reason: %s publishes no SPF record\n", result->domain[0] != '\0' ? result->domain : "a missing domain");
    if (outcome->explanation[0] != '\0')
        printf("explanation: %s\n", outcome->explanation);
    header_authentication_results(authserv_id, result, &authentication_results);
    header_received_spf(result, &received_spf);
    print_field("Authentication-Results", &authentication_results);
    print_field("Received-SPF", &received_spf);
    strbuf_free(&authentication_results);
    strbuf_free(&received_spf);
}

/* Evaluates and prints; the exit status for the result. */
static int answer(struct spf_checker *checker, const struct config *config, const struct query *query,
                  const struct subject *subject)
{
    static const int statuses[RESULT_COUNT] = {
        [RESULT_PASS] = 0,      [RESULT_FAIL] = 1,      [RESULT_SOFTFAIL] = 2, [RESULT_NEUTRAL] = 3,
        [RESULT_PERMERROR] = 4, [RESULT_TEMPERROR] = 5, [RESULT_NONE] = 6,
    };
    const bool by_helo = query->helo_identity || subject->null_sender;
    char host_name[256] = "";
    struct spf_outcome outcome;
    struct spf_question question = {
        .identity = by_helo ? IDENTITY_HELO : IDENTITY_MAILFROM,
        .client = subject->client,
        .helo = query->helo,
        .local = by_helo ? "postmaster" : subject->sender.local,
        .domain = by_helo ? query->helo : subject->sender.domain,
        .receiver = host_name,
        .best_guess = config->spf_best_guess,
    };
    struct header_result result = {
        .outcome = &outcome,
        .identity = question.identity,
        .client = subject->client,
        .sender = subject->null_sender ? "" : subject->sender.text,
        .domain = question.domain,
        .helo = query->helo,
        .receiver = host_name,
    };

    if (gethostname(host_name, sizeof host_name - 1) != 0 || host_name[0] == '\0')
        memcpy(host_name, "localhost", sizeof "localhost");
    spf_check(checker, &question, &outcome);
    print_outcome(&result, config->authserv_id != NULL ? config->authserv_id : host_name);
    return statuses[outcome.result];
}

int query_run(int argc, char **argv, const char *config_path, bool config_named)
{
    struct query query = {.config_path = config_path, .config_named = config_named};
    struct subject subject = {0};
    const struct config *config = NULL;
    struct spf_checker *checker = NULL;
    int status = read_command_line(argc, argv, &query);

    if (status == EX_OK)
        status = read_subject(&query, &subject);
    if (status != EX_OK)
        goto done;
    status = EX_CONFIG;
    config = load_config(&query);
    if (config == NULL)
        goto done;
    checker = build_checker(&query, config);
    if (checker != NULL)
        status = answer(checker, config, &query, &subject);
done:
    spf_checker_release(checker);
    config_release(config);
    address_free(&subject.sender);
    return status;
}
