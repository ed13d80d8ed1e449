/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets libspf2 interpret canonical records with hooks of ours in the place of its DNS. */
#include "spf/guard.h"

#include "base/log.h"
#include "spf/canonical.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* The headers of libspf2 need those above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#pragma GCC diagnostic pop

enum { UNLIMITED = 1000 }; /* the limits are ours to count, in evaluation.c */

/* The names that the library sees as HELO and sender: it aborts without them, and expands them nowhere. */
#define NO_NAME "_.t"

/* All objects of one evaluation. */
struct guard {
    struct evaluation *evaluation;
    SPF_dns_server_t layer;
    SPF_server_t *server;
    SPF_request_t *request;
    SPF_response_t *response;
    SPF_record_t *record;
    SPF_dns_rr_t *spare; /* handed out when a lookup has no memory left, as the library does not accept NULL */
};

static pthread_once_t handlers_once = PTHREAD_ONCE_INIT;

/* Where to go when the library would end the process; NULL outside of it. */
static _Thread_local jmp_buf *rescue;

__attribute__((noreturn)) static void on_error(const char *file, int line, const char *message)
{
    log_error("libspf2: %s (%s:%d)", message, file, line);
    if (rescue)
        longjmp(*rescue, 1);
    abort();
}

static void on_message(const char *file, int line, const char *message)
{
    log_debug("libspf2: %s (%s:%d)", message, file, line);
}

static void install_handlers(void)
{
    SPF_error_handler = on_error;
    SPF_warning_handler = on_message;
    SPF_info_handler = on_message;
    SPF_debug_handler = on_message;
}

/* The hook for records: the library's own way there would compile text from the DNS. */
static SPF_errcode_t get_record(SPF_server_t *server, SPF_request_t *request, SPF_response_t *response,
                                SPF_record_t **record)
{
    struct guard *guard = server->resolver->hook;
    char *canonical = evaluation_record(guard->evaluation, request->cur_dom);
    SPF_errcode_t error = SPF_E_DNS_ERROR;

    if (!canonical)
        return error;
    error = SPF_record_compile(server, response, record, canonical);
    if (error != SPF_E_SUCCESS) {
        log_error("libspf2: %s: %s", SPF_strerror(error), canonical);
        evaluation_fault(guard->evaluation, "libspf2 refused a canonical record");
    }
    free(canonical);
    return error;
}

/* The answer that makes the library give up, which it does at the first one. */
static SPF_dns_rr_t *give_up(struct guard *guard)
{
    SPF_dns_rr_t *answer = guard->spare;

    guard->spare = NULL;
    return answer;
}

/* Copies record `index` of an answer, as the types of libspf2 want it. */
static bool fill(SPF_dns_rr_t *rr, int index, const char *tag, const struct evaluation_answer *answer)
{
    struct tag mx_name = {0};

    if (SPF_dns_rr_buf_realloc(rr, index, TAG_SIZE) != SPF_E_SUCCESS)
        return false;
    if (!answer->addrs) {
        if (!tag_parse(tag, &mx_name))
            return false;
        mx_name.is_mx_name = true;
        mx_name.mx_index = (unsigned)index;
        tag_format(&mx_name, rr->rr[index]->mx);
    } else if (rr->rr_type == ns_t_a) {
        memcpy(&rr->rr[index]->a, answer->addrs[index].bytes, sizeof(rr->rr[index]->a));
    } else {
        memcpy(&rr->rr[index]->aaaa, answer->addrs[index].bytes, sizeof(rr->rr[index]->aaaa));
    }
    rr->num_rr = index + 1;
    return true;
}

/* The hook for questions. */
static SPF_dns_rr_t *lookup(SPF_dns_server_t *layer, const char *tag, ns_type type, int should_cache)
{
    struct guard *guard = layer->hook;
    struct evaluation_answer answer;
    SPF_dns_rr_t *rr;

    (void)should_cache;
    if (!evaluation_answer(guard->evaluation, tag, &answer))
        return give_up(guard);
    rr = SPF_dns_rr_new_init(layer, NULL, type, 0, answer.count > 0 ? NETDB_SUCCESS : HOST_NOT_FOUND);
    for (size_t i = 0; rr && i < answer.count; i++) {
        if (!fill(rr, (int)i, tag, &answer)) {
            SPF_dns_rr_free(rr);
            rr = NULL;
        }
    }
    if (rr)
        return rr;
    evaluation_fault(guard->evaluation, "out of memory");
    return give_up(guard);
}

static bool prepare(struct guard *guard)
{
    const struct addr *client = &guard->evaluation->question->client;
    struct in_addr v4;
    struct in6_addr v6;

    guard->layer = (SPF_dns_server_t){.lookup = lookup, .get_spf = get_record, .name = "smf-spf", .hook = guard};
    guard->spare = SPF_dns_rr_new_init(&guard->layer, NULL, ns_t_any, 0, TRY_AGAIN);
    guard->server = SPF_server_new_dns(&guard->layer, 0);
    if (!guard->spare || !guard->server)
        return false;
    SPF_server_set_max_dns_mech(guard->server, UNLIMITED);
    SPF_server_set_max_dns_mx(guard->server, UNLIMITED);
    guard->request = SPF_request_new(guard->server);
    if (!guard->request || SPF_request_set_helo_dom(guard->request, NO_NAME) != SPF_E_SUCCESS ||
        SPF_request_set_env_from(guard->request, NO_NAME) != 0)
        return false;
    guard->response = SPF_response_new(guard->request);
    memcpy(&v4, client->bytes, sizeof(v4));
    memcpy(&v6, client->bytes, sizeof(v6));
    if (client->family == ADDR_V6)
        return guard->response && SPF_request_set_ipv6(guard->request, v6) == SPF_E_SUCCESS;
    return guard->response && SPF_request_set_ipv4(guard->request, v4) == SPF_E_SUCCESS;
}

static void interpret(struct guard *guard)
{
    if (!prepare(guard)) {
        evaluation_fault(guard->evaluation, "out of memory");
        return;
    }
    guard->request->cur_dom = EVALUATION_ROOT;
    if (SPF_server_get_record(guard->server, guard->request, guard->response, &guard->record) != SPF_E_SUCCESS)
        return;
    guard->response->spf_record_exp = guard->record; /* the library aborts without one; ours has no exp */
    SPF_record_interpret(guard->record, guard->request, guard->response, 0);
}

/* Interprets in a place that on_error can come back to. What the library had allocated besides the guard's objects is
 * lost then. */
static void interpret_safely(struct guard *guard)
{
    jmp_buf here;

    if (setjmp(here) == 0) {
        rescue = &here;
        interpret(guard);
    } else {
        evaluation_fault(guard->evaluation, "libspf2 failed");
    }
    rescue = NULL;
}

static void clean(struct guard *guard)
{
    if (guard->record)
        SPF_record_free(guard->record);
    if (guard->response)
        SPF_response_free(guard->response);
    if (guard->request)
        SPF_request_free(guard->request);
    if (guard->server)
        SPF_server_free(guard->server);
    if (guard->spare)
        SPF_dns_rr_free(guard->spare);
}

static enum spf_result result_of(struct guard *guard)
{
    struct evaluation *evaluation = guard->evaluation;

    if (!evaluation->stopped) {
        switch (SPF_response_result(guard->response)) {
        case SPF_RESULT_PASS:
            return RESULT_PASS;
        case SPF_RESULT_FAIL:
            return RESULT_FAIL;
        case SPF_RESULT_SOFTFAIL:
            return RESULT_SOFTFAIL;
        case SPF_RESULT_NEUTRAL:
            return RESULT_NEUTRAL;
        default: /* an error that our hooks did not give it */
            evaluation_fault(evaluation, "libspf2 failed");
        }
    }
    return evaluation->stop_result;
}

enum spf_result guard_evaluate(struct evaluation *evaluation)
{
    struct guard guard = {.evaluation = evaluation};
    enum spf_result result;

    pthread_once(&handlers_once, install_handlers);
    interpret_safely(&guard);
    result = result_of(&guard);
    clean(&guard);
    return result;
}
