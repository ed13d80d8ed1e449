/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers one SPF request from the command line, or checks a record before it is published: with the real DNS, a given
 * server or a zone file. */
#include "tools/query.h"

#include "base/domain_text.h"
#include "config/config_hint.h"
#include "dns/dns_overlay.h"
#include "dns/dns_server.h"
#include "dns/dns_zone.h"
#include "mail/envelope.h"
#include "mail/idna.h"
#include "policy/verdict_decide.h"
#include "session/service.h"
#include "spf/domain.h"
#include "tools/query_greylist.h"
#include "tools/query_options.h"
#include "tools/query_servers.h"
#include "tools/report.h"
#include "tools/tool_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { TEXT_SHOWN_MAX = 100 };

/* One run of the command: what is asked for, checked and taken apart, and what is needed to answer. */
struct query {
    struct query_options options;
    struct addr client;
    struct address sender, recipient;
    bool null_sender;
    char helo[IDNA_SIZE], domain[IDNA_SIZE]; /* with A-labels */
    char record_domain[IDNA_SIZE];
    char host_name[256];

    const struct config *config;
    struct dns *dns; /* until the checker takes it over */
    struct record_check check;
    struct spf_trace trace;
    struct spf_outcome outcome;
    struct dns_diagnosis servers[DNS_DIAGNOSIS_SERVERS];
    size_t server_count;
    bool asks_dmarc; /* the outcome would be left to the DMARC filter, if */
    struct dmarc_discovery dmarc;
    struct query_greylist greylist;
};

/* The named configuration, or the defaults where the usual file is not there. */
static const struct config *load_config(const struct query_options *options)
{
    struct strbuf errors = STRBUF_INIT;
    const bool missing = !options->common.config_named && access(options->common.config_path, F_OK) != 0;
    const struct config *config =
        missing ? config_parse("", 0, "defaults", &errors) : config_load(options->common.config_path, &errors);

    if (config == NULL)
        fprintf(stderr, "smf-spf query: %s\n", strbuf_text(&errors));
    strbuf_free(&errors);
    return config;
}

/* The DNS of the command line, else that of the configuration. */
static struct dns *open_dns(const struct query_options *options, const struct config *config)
{
    char message[512] = "";
    struct strbuf error = STRBUF_INIT;
    struct dns *dns = NULL;

    if (options->zone != NULL)
        dns = dns_zone_load(options->zone, &clock_system, message, sizeof message);
    else
        dns = service_open_dns(config, options->nameserver, &error);
    if (dns == NULL)
        fprintf(stderr, "smf-spf query: %s\n", error.len > 0 ? strbuf_text(&error) : message);
    strbuf_free(&error);
    return dns;
}

static int no_memory(void)
{
    (void)fputs("smf-spf query: out of memory\n", stderr);
    return EX_OSERR;
}

/* Copies a name with A-labels (RFC 7208 4.3); one that is no domain name stays as it is, and has no policy then. */
static void copy_as_a_labels(const char *name, char ascii[IDNA_SIZE])
{
    if (!idna_to_ascii(name, ascii))
        (void)snprintf(ascii, IDNA_SIZE, "%s", strlen(name) < IDNA_SIZE ? name : "");
}

static int read_record_domain(struct query *query)
{
    copy_as_a_labels(query->options.domain, query->record_domain);
    query->record_domain[domain_text_strlen(query->record_domain)] = '\0';
    if (domain_can_have_policy(query->record_domain))
        return EX_OK;
    return query_options_error("--domain is a domain name of two labels or more, not", query->options.domain);
}

/* The HELO name to evaluate with: the given one, else the record's domain, else the sender's. */
static const char *helo_of(const struct query *query)
{
    if (query->options.helo != NULL)
        return query->options.helo;
    return query->options.record != NULL ? query->record_domain : query->sender.domain;
}

/* Where a record is tried, the domain's own postmaster is the sender, and its name the HELO name, unless others are
 * given. */
static int read_query_sender(struct query *query)
{
    const struct query_options *options = &query->options;
    char postmaster[IDNA_SIZE + sizeof "postmaster@"];
    const char *sender = options->sender;
    const struct envelope_mta no_mta = {.address = NULL};
    enum address_status status = ADDRESS_NULL;

    if (sender == NULL && options->record != NULL) {
        (void)snprintf(postmaster, sizeof postmaster, "postmaster@%s", query->record_domain);
        sender = postmaster;
    }
    if (sender != NULL)
        status = envelope_sender(sender, &no_mta, &query->sender);
    if (status == ADDRESS_MALFORMED)
        return query_options_error("--sender is an address (\"\" for the null sender), not", sender);
    if (status == ADDRESS_NO_MEMORY)
        return no_memory();
    query->null_sender = status == ADDRESS_NULL;
    if (query->null_sender && options->helo == NULL && options->record == NULL)
        return query_options_error("a null sender is evaluated by its HELO name: --helo is needed", NULL);
    copy_as_a_labels(helo_of(query), query->helo);
    copy_as_a_labels(query->null_sender || options->helo_identity ? query->helo : query->sender.domain, query->domain);
    return EX_OK;
}

static int nameserver_error(const char *text)
{
    struct strbuf what = STRBUF_INIT;
    int status;

    strbuf_add(&what, "--nameserver is an address, or ADDRESS:PORT, not ");
    strbuf_add_shown(&what, text, TEXT_SHOWN_MAX);
    config_hint_server(text, &what);
    status = query_options_error(strbuf_text(&what), NULL);
    strbuf_free(&what);
    return status;
}

static int read_subject(struct query *query)
{
    int status = EX_OK;

    if (query->options.nameserver != NULL && !dns_server_valid(query->options.nameserver))
        return nameserver_error(query->options.nameserver);
    if (query->options.ip != NULL && !addr_parse(query->options.ip, &query->client))
        return query_options_error("--ip is an IPv4 or IPv6 address, not", query->options.ip);
    if (query->options.recipient != NULL && address_parse(query->options.recipient, &query->recipient) != ADDRESS_OK)
        return query_options_error("--recipient is an address, not", query->options.recipient);
    if (query->options.record != NULL)
        status = read_record_domain(query);
    return status == EX_OK ? read_query_sender(query) : status;
}

/* Checks the record, and lays it over the DNS for the evaluation. */
static int check_record(struct query *query)
{
    const char *record = query->options.record;

    record_check_run(&query->check, record, strlen(record), query->record_domain, query->dns,
                     clock_monotonic_ms(&clock_system) + query->config->dns_timeout_ms);
    query->dns = dns_overlay_create(query->dns, query->record_domain, record, strlen(record));
    return query->dns != NULL ? EX_OK : no_memory();
}

/* Finds out what LeaveToDMARC makes of the outcome. */
static void find_dmarc(struct query *query, const struct spf_checker *checker, const struct spf_request *request)
{
    query->asks_dmarc =
        verdict_asks_dmarc(&query->config->verdict, request->identity, query->null_sender, &query->outcome);
    if (query->asks_dmarc)
        dmarc_discover(spf_checker_dns(checker), request->domain, spf_checker_deadline_ms(checker), &query->dmarc);
}

/* Finds out what greylisting would do, after the result is known. */
static void decide_greylist(struct query *query)
{
    const struct spf_outcome *outcome = &query->outcome;
    const enum tristate dmarc = query->asks_dmarc ? query->dmarc.is_published : TRISTATE_NO;
    const struct verdict_case message = {.mail_from = query->null_sender ? NULL : outcome,
                                         .helo = query->null_sender ? outcome : NULL,
                                         .sender = query->null_sender ? NULL : &query->sender,
                                         .recipient = &query->recipient,
                                         .mail_from_dmarc = dmarc,
                                         .helo_dmarc = dmarc};
    const struct greylist_facts facts = {.client = query->client,
                                         .helo = query->helo,
                                         .sender = message.sender,
                                         .recipient = &query->recipient,
                                         .result = outcome->guessed ? RESULT_NONE : outcome->result,
                                         .matched_bits = outcome->matched_bits};
    const struct config *config;

    if (query->options.recipient == NULL)
        return;
    config = config_for_recipient(query->config, &query->recipient);
    query_greylist_decide(&query->greylist, &facts,
                          verdict_decide(&config->verdict, &message).kind != VERDICT_CONTINUE);
}

/* Evaluates. */
static int evaluate_sender(struct query *query)
{
    const bool by_helo = query->options.helo_identity || query->null_sender;
    struct spf_request request = {
        .identity = by_helo ? IDENTITY_HELO : IDENTITY_MAILFROM,
        .client = query->client,
        .helo = query->helo,
        .local = by_helo ? "postmaster" : query->sender.local,
        .domain = query->domain,
        .receiver = query->host_name,
        .best_guess = query->config->spf_best_guess,
        .trace = &query->trace,
    };
    struct strbuf error = STRBUF_INIT;
    struct spf_checker *checker = service_build_checker(query->config, query->dns, &error);

    query->dns = NULL;
    if (checker != NULL) {
        spf_check(checker, &request, &query->outcome);
        find_dmarc(query, checker, &request);
        decide_greylist(query);
    } else {
        fprintf(stderr, "smf-spf query: %s\n", strbuf_text(&error));
    }
    strbuf_free(&error);
    spf_checker_release(checker);
    return checker != NULL ? EX_OK : EX_CONFIG;
}

static int print_report(const struct query *query)
{
    const struct query_options *options = &query->options;
    const struct header_result result = {
        .result = query->outcome.result,
        .guessed = query->outcome.guessed,
        .is_helo = options->helo_identity || query->null_sender,
        .mechanism = query->outcome.mechanism,
        .problem = query->outcome.problem,
        .client = query->client,
        .sender = query->null_sender ? "" : query->sender.text,
        .domain = query->domain,
        .helo = options->helo != NULL || options->record != NULL ? query->helo : "",
        .receiver = query->host_name,
    };
    const struct report report = {
        .record = options->record,
        .record_len = options->record != NULL ? strlen(options->record) : 0,
        .record_domain = query->record_domain,
        .check = options->record != NULL ? &query->check : NULL,
        .outcome = options->ip != NULL ? &query->outcome : NULL,
        .result = options->ip != NULL ? &result : NULL,
        .authserv_id = query->config->authserv_id != NULL ? query->config->authserv_id : query->host_name,
        .trace = options->trace ? &query->trace : NULL,
        .servers = query->servers,
        .server_count = query->server_count,
        .dmarc = query->asks_dmarc ? &query->dmarc : NULL,
        .greylist = query->greylist.settings != NULL ? &query->greylist : NULL,
    };
    struct strbuf text = STRBUF_INIT;
    bool written;

    if (options->json)
        report_json(&report, &text);
    else
        report_text(&report, &text);
    written = !text.failed;
    if (written)
        (void)fputs(strbuf_text(&text), stdout);
    strbuf_free(&text);
    return written ? EX_OK : no_memory();
}

/* The lookup that failed. False: none did. */
static bool find_failed_lookup(const struct query *query, struct dns_lookup_key *lookup)
{
    const bool is_temperror = query->options.ip != NULL && query->outcome.result == RESULT_TEMPERROR;

    *lookup = query->trace.failed_lookup;
    for (size_t i = 0; i < query->check.count && lookup->name[0] == '\0'; i++)
        *lookup = query->check.findings[i].failed_lookup;
    if (lookup->name[0] == '\0' && is_temperror) { /* none by itself: they took too long together */
        (void)snprintf(lookup->name, sizeof lookup->name, "%.*s", DNS_NAME_MAX, query->domain);
        lookup->type = DNS_TXT;
    }
    return lookup->name[0] != '\0';
}

static void diagnose(struct query *query)
{
    struct dns_lookup_key lookup;

    if (query->options.zone == NULL && find_failed_lookup(query, &lookup))
        query->server_count = query_servers_diagnose(query->config, query->options.nameserver, &lookup, query->servers);
}

/* The exit status for what was found out. */
static int exit_status_of_result(const struct query *query)
{
    static const int statuses[RESULT_COUNT] = {
        [RESULT_PASS] = 0,      [RESULT_FAIL] = 1,      [RESULT_SOFTFAIL] = 2, [RESULT_NEUTRAL] = 3,
        [RESULT_PERMERROR] = 4, [RESULT_TEMPERROR] = 5, [RESULT_NONE] = 6,
    };

    if (query->options.record == NULL)
        return statuses[query->outcome.result];
    if (record_check_has(&query->check, FINDING_ERROR) || query->outcome.result == RESULT_PERMERROR)
        return statuses[RESULT_PERMERROR];
    if (record_check_has(&query->check, FINDING_UNKNOWN) || query->outcome.result == RESULT_TEMPERROR)
        return statuses[RESULT_TEMPERROR];
    return EX_OK;
}

/* Does all that the options ask for, with a configuration at hand. */
static int run_query(struct query *query)
{
    int status = EX_OK;

    tool_log_open("smf-spf query");
    if (gethostname(query->host_name, sizeof query->host_name - 1) != 0 || query->host_name[0] == '\0')
        memcpy(query->host_name, "localhost", sizeof "localhost");
    /* A zone file may be that of whoever asks; the DNS has threads, before which the account is changed. */
    if (query->options.zone != NULL)
        query->dns = open_dns(&query->options, query->config);
    if (query->options.recipient != NULL)
        query_greylist_open(&query->greylist, query->config, &query->recipient);
    if (query->options.zone == NULL)
        query->dns = open_dns(&query->options, query->config);
    if (query->dns == NULL)
        return EX_CONFIG;
    if (query->options.record != NULL)
        status = check_record(query);
    if (status == EX_OK && query->options.ip != NULL)
        status = evaluate_sender(query);
    if (status == EX_OK) {
        diagnose(query);
        status = print_report(query);
    }
    return status == EX_OK ? exit_status_of_result(query) : status;
}

int query_run(int argc, char **argv, const struct command_defaults *defaults)
{
    struct query query = {.options = {.common = *defaults}};
    int status = EX_OK;

    if (!query_options_read(argc, argv, &query.options, &status))
        return status;
    status = read_subject(&query);
    if (status != EX_OK)
        goto done;
    status = EX_CONFIG;
    query.config = load_config(&query.options);
    if (query.config != NULL)
        status = run_query(&query);
done:
    dns_destroy(query.dns);
    trace_free(&query.trace);
    record_check_free(&query.check);
    query_greylist_free(&query.greylist);
    config_release(query.config);
    address_free(&query.sender);
    address_free(&query.recipient);
    return status;
}
