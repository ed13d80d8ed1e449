/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewrites or reverses one address from the command line, as the filter would, and says why. */
#include "tools/srs_address.h"

#include "base/clock.h"
#include "base/wait.h"
#include "config/config.h"
#include "session/forwarding.h"
#include "session/service.h"
#include "session/srs_rules.h"
#include "tools/srs_explain.h"
#include "tools/tool_log.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { WAIT_MS = 60 * 1000 }; /* and again: SRSTimeout ends the wait before */

/* One run of the command. */
struct run {
    const struct srs_options *options;
    bool is_sender;
    const struct config *config;
    struct service *service;
    struct address address;
    bool is_null;

    struct wait_event answered;
    enum srs_status status; /* the answer */
    bool is_permitted;
    struct strbuf text; /* the address in it, for SRS_DONE */
};

static int no_memory(void)
{
    (void)fputs("smf-spf srs: out of memory\n", stderr);
    return EX_OSERR;
}

/* Prints "smf-spf srs: WHAT: PROBLEM". */
static int config_problem(const char *what, const char *problem)
{
    (void)fprintf(stderr, "smf-spf srs: %s%s%s\n", what, *what != '\0' ? ": " : "", problem);
    return EX_CONFIG;
}

static int read_address(struct run *run)
{
    const enum address_status status = address_parse(run->options->operand, &run->address);

    run->is_null = status == ADDRESS_NULL;
    if (status == ADDRESS_NO_MEMORY)
        return no_memory();
    if (status == ADDRESS_MALFORMED || (run->is_null && !run->is_sender) ||
        (!run->is_null && !address_is_alone(run->options->operand, &run->address)))
        return srs_options_error("ADDRESS is an address, not", run->options->operand);
    return EX_OK;
}

static int load_config(struct run *run)
{
    struct strbuf errors = STRBUF_INIT;
    int status = EX_OK;

    run->config = config_load(run->options->config_path, &errors);
    if (run->config == NULL)
        (void)fputs(strbuf_text(&errors), stderr); /* each line begins with file and number, as editors read it */
    if (run->config == NULL)
        status = EX_CONFIG;
    else if (run->config->srs_domain == NULL)
        status = config_problem(run->options->config_path, "SRSDomain is not set, so no address is rewritten");
    strbuf_free(&errors);
    return status;
}

static int open_service(struct run *run)
{
    struct strbuf error = STRBUF_INIT;
    int status = EX_OK;

    run->service = service_create(run->config, &error);
    if (run->service == NULL)
        status = config_problem("", strbuf_text(&error));
    strbuf_free(&error);
    return status;
}

/* The answer */

static void take_answer(void *context, const struct forwarding_answer *answer)
{
    struct run *run = context;

    run->status = answer->status;
    run->is_permitted = answer->is_permitted;
    if (answer->address != NULL)
        strbuf_add(&run->text, answer->address);
    wait_event_signal(&run->answered);
}

static int ask(struct run *run)
{
    if (run->is_sender)
        forwarding_sender_start(run->service, run->options->operand, take_answer, run);
    else
        forwarding_recipient(run->service, run->options->operand, take_answer, run);
    for (bool is_there = false; !is_there;) {
        const struct timespec moment = clock_moment_after(WAIT_MS);

        is_there = wait_event_until(&run->answered, &moment);
    }
    return run->status == SRS_NO_MEMORY || run->text.failed ? no_memory() : EX_OK;
}

static bool stays(const struct run *run)
{
    return run->is_sender && (run->is_permitted || run->status != SRS_DONE);
}

/* Why */

static void explain_outcome(const struct addr *from, const struct spf_outcome *outcome, struct strbuf *why)
{
    const char *detail = *outcome->problem != '\0' ? outcome->problem : outcome->mechanism;
    char text[ADDR_TEXT_SIZE];

    srs_explain_begin(why);
    strbuf_addf(why, "by SPF from %s it is %s", addr_format(from, text), result_name(outcome->result));
    if (*detail != '\0')
        strbuf_addf(why, "%s%s", *outcome->problem != '\0' ? ": " : ", by ", detail);
    strbuf_add_char(why, '\n');
}

/* Goes through the addresses as the filter does, up to the first that may not send. The outcomes are there already. */
static void explain_outgoing(const struct run *run, const struct session_shared *shared, struct strbuf *why)
{
    const struct addr_list *outgoing = &run->config->srs_outgoing;
    struct spf_outcome outcome = {.result = RESULT_PASS};

    for (size_t i = 0; i < outgoing->count && outcome.result == RESULT_PASS; i++) {
        const struct spf_request request = {
            .identity = IDENTITY_MAILFROM,
            .client = outgoing->items[i].base,
            .helo = shared->host_name,
            .local = run->address.local,
            .domain = run->address.domain,
            .receiver = shared->host_name,
            .is_alone = true,
        };

        spf_check(shared->checker, &request, &outcome);
        explain_outcome(&outgoing->items[i].base, &outcome, why);
    }
}

static void explain_sender(const struct run *run, const struct session_shared *shared, struct strbuf *why)
{
    const struct srs_settings *settings = srs_rules_settings(shared->srs);

    if (run->status == SRS_DONE) {
        if (run->config->srs_always)
            strbuf_add(why, "  SRSAlways is on: SPF does not matter\n");
        else if (run->config->srs_outgoing.count == 0)
            strbuf_add(why, "  SRSOutgoing has no address: SPF does not matter\n");
        else
            explain_outgoing(run, shared, why);
    }
    if (run->is_permitted)
        strbuf_add(why, "  so each SRSOutgoing may send for it: it stays, as it would lose that by another domain\n");
    else
        srs_explain_forward(settings, run->is_null ? NULL : &run->address, run->status, strbuf_text(&run->text), why);
}

static int print(const struct run *run)
{
    const char *address = stays(run) ? (run->is_null ? "<>" : run->address.text) : strbuf_text(&run->text);
    struct session_shared shared = service_acquire(run->service);
    struct strbuf why = STRBUF_INIT;
    int status = EX_OK;

    if (run->options->explain && run->is_sender)
        explain_sender(run, &shared, &why);
    else if (run->options->explain)
        srs_explain_reverse(srs_rules_settings(shared.srs), &run->address, clock_unix_s(&clock_system), &why);
    if (why.failed)
        status = no_memory();
    else
        printf("%s%s%s", address, *address != '\0' ? "\n" : "", strbuf_text(&why));
    strbuf_free(&why);
    service_release(&shared);
    return status;
}

static int exit_status(const struct run *run)
{
    if (stays(run))
        return SRS_EXIT_STAYS;
    if (run->status == SRS_DONE)
        return EX_OK;
    return run->status == SRS_FOREIGN || run->status == SRS_ORDINARY ? SRS_EXIT_OTHER : SRS_EXIT_FORGED;
}

int srs_address_run(const struct srs_options *options)
{
    struct run run = {.options = options, .is_sender = options->verb == SRS_FORWARD};
    int status;

    wait_event_init(&run.answered);
    tool_log_open("smf-spf srs");
    status = read_address(&run);
    if (status == EX_OK)
        status = load_config(&run);
    if (status == EX_OK)
        status = open_service(&run);
    if (status == EX_OK)
        status = ask(&run);
    if (status == EX_OK)
        status = print(&run);
    if (status == EX_OK)
        status = exit_status(&run);
    service_destroy(run.service);
    wait_event_destroy(&run.answered);
    config_release(run.config);
    address_free(&run.address);
    strbuf_free(&run.text);
    return status;
}
