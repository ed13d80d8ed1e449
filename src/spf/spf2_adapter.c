/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets libspf2 interpret surrogate records with hooks of ours in the place of its DNS. */
#define _DEFAULT_SOURCE /* h_errno's values in netdb.h: libspf2 has its hooks answer with them */
#include "spf/spf2_adapter.h"

#include "base/log.h"
#include "base/stats.h"
#include "spf/surrogate.h"

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

#ifndef NETDB_SUCCESS
#define NETDB_SUCCESS 0 /* musl has the others only */
#endif

enum {
    UNLIMITED = 1000,   /* the limits were counted by the walk */
    ADDRESSES_MAX = 16, /* of one answer that the library gets: an answer of 64 kB has thousands */
};

/* The names that the library sees as HELO and sender: it aborts without them, and expands them nowhere. */
#define NO_NAME "_.t"

#define ROOT "_.root" /* the name that asks for the first record */

/* All objects of one interpretation. */
struct adapter {
    struct walk *walk;
    size_t next;                 /* the visit of the walk that the library has to come to next */
    const struct walk_visit *mx; /* of the mx term whose exchangers it asks for */
    const char *fault;           /* it went another way, or failed; NULL: not so far */
    bool disagrees;              /* the fault is that it went another way */
    SPF_dns_server_t layer;
    SPF_server_t *server;
    SPF_request_t *request;
    SPF_response_t *response;
    SPF_record_t *record;
    SPF_dns_rr_t *spare; /* handed out to make the library give up, as it does not accept NULL */
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

static void fault(struct adapter *adapter, const char *what)
{
    if (!adapter->fault)
        adapter->fault = what;
}

static void disagree(struct adapter *adapter, const char *what)
{
    adapter->disagrees = adapter->disagrees || !adapter->fault;
    fault(adapter, what);
}

static const struct step *step_of(const struct walk *walk, const struct walk_visit *visit)
{
    return &walk->frames[visit->frame].policy->steps[visit->step];
}

/* The visit of the walk that this tag is for, if it is the next one. NULL: the library has come to something else. */
static const struct walk_visit *take_visit(struct adapter *adapter, const struct tag *tag)
{
    const struct walk_visit *visit = &adapter->walk->visits[adapter->next];

    if (adapter->next < adapter->walk->visit_count && visit->frame == tag->frame && visit->step == tag->step &&
        !tag->is_host) {
        adapter->next++;
        return visit;
    }
    disagree(adapter, "libspf2 and the walk go different ways");
    return NULL;
}

/* Writes the surrogate of the record that a name of the library's asks for; nothing if the walk ended there. */
static void write_record(struct adapter *adapter, const char *name, struct strbuf *out)
{
    struct walk *walk = adapter->walk;
    const struct addr *client = &walk->request->client;
    const struct walk_visit *visit;
    struct tag tag;
    char text[TAG_SIZE];

    if (strcmp(name, ROOT) == 0) {
        surrogate_write(walk->frames[0].policy, 0, client, out);
        return;
    }
    visit = tag_parse(name, &tag) ? take_visit(adapter, &tag) : NULL;
    if (!visit || (visit->outcome == VISIT_STOPPED && visit->opened == 0))
        return;
    if (visit->opened > 0) {
        surrogate_write(walk->frames[visit->opened].policy, (unsigned)visit->opened, client, out);
        return;
    }
    strbuf_add(out, "v=spf1"); /* RFC 8616 4: it matches nothing */
    tag.step++;
    if (step_of(walk, visit)->term->kind == TERM_REDIRECT)
        strbuf_addf(out, " exists:%s", tag_format(&tag, text));
}

/* The hook for records: the library's own way there would compile text from the DNS. */
static SPF_errcode_t get_record(SPF_server_t *server, SPF_request_t *request, SPF_response_t *response,
                                SPF_record_t **record)
{
    struct adapter *adapter = server->resolver->hook;
    struct strbuf surrogate = STRBUF_INIT;
    SPF_errcode_t error = SPF_E_DNS_ERROR;

    write_record(adapter, request->cur_dom, &surrogate);
    if (surrogate.failed)
        fault(adapter, "out of memory");
    else if (surrogate.len > 0)
        error = SPF_record_compile(server, response, record, surrogate.text);
    if (surrogate.len > 0 && error != SPF_E_SUCCESS) {
        log_error("libspf2: %s: %s", SPF_strerror(error), surrogate.text);
        if (error != SPF_E_NO_MEMORY)
            disagree(adapter, "libspf2 refused a surrogate record");
    }
    strbuf_free(&surrogate);
    return error;
}

/* The answer that makes the library give up, which it does at the first one. */
static SPF_dns_rr_t *give_up(struct adapter *adapter)
{
    SPF_dns_rr_t *answer = adapter->spare;

    adapter->spare = NULL;
    return answer;
}

/* Writes record `index` of an answer as the types of libspf2 want it: an address, or the tag of a mail exchanger. */
static bool fill(SPF_dns_rr_t *rr, size_t index, const struct addr *addr, struct tag *mx)
{
    if (SPF_dns_rr_buf_realloc(rr, (int)index, TAG_SIZE) != SPF_E_SUCCESS)
        return false;
    if (mx) {
        mx->is_host = true;
        mx->host = (unsigned)index;
        tag_format(mx, rr->rr[index]->mx);
    } else if (rr->rr_type == ns_t_a) {
        memcpy(&rr->rr[index]->a, addr->bytes, sizeof(rr->rr[index]->a));
    } else {
        memcpy(&rr->rr[index]->aaaa, addr->bytes, sizeof(rr->rr[index]->aaaa));
    }
    rr->num_rr = (int)index + 1;
    return true;
}

/* Answers with what a lookup found; NULL: nothing is known, which is no match. */
static SPF_dns_rr_t *reply(struct adapter *adapter, ns_type type, const struct lookup *lookup, struct tag *mx)
{
    const struct dns_answer *found = lookup ? lookup->answer : NULL;
    size_t count = found ? found->count : 0;
    SPF_dns_rr_t *rr = SPF_dns_rr_new_init(&adapter->layer, NULL, type, 0, count > 0 ? NETDB_SUCCESS : HOST_NOT_FOUND);

    for (size_t i = 0; rr && i < count; i++) {
        if (!fill(rr, i, &found->records[i].addr, mx)) {
            SPF_dns_rr_free(rr);
            rr = NULL;
        }
    }
    if (rr)
        return rr;
    fault(adapter, "out of memory");
    return give_up(adapter);
}

/* Answers with the client's own address: the term matches. */
static SPF_dns_rr_t *reply_match(struct adapter *adapter, ns_type type)
{
    const struct dns_record own = {.addr = adapter->walk->request->client};
    const struct dns_answer answer = {.status = DNS_OK, .count = 1, .records = &own};
    const struct lookup lookup = {.answer = &answer};

    return reply(adapter, type, &lookup, NULL);
}

/* Answers with some of many addresses: the first ones, and one that matches, if there is one. */
static SPF_dns_rr_t *reply_some(struct adapter *adapter, ns_type type, const struct term *term,
                                const struct dns_answer *all)
{
    const struct addr *client = &adapter->walk->request->client;
    const unsigned bits = client->family == ADDR_V6 ? term->bits6 : term->bits4;
    struct dns_record some[ADDRESSES_MAX];
    const struct dns_answer answer = {.status = all->status, .count = ADDRESSES_MAX, .records = some};
    const struct lookup lookup = {.answer = &answer};
    size_t i = 0;

    memcpy(some, all->records, sizeof(some));
    while (i < all->count && !addr_same_prefix(&all->records[i].addr, client, bits))
        i++;
    if (i < all->count)
        some[0] = all->records[i];
    return reply(adapter, type, &lookup, NULL);
}

/* Answers a lookup for addresses. With a prefix length of 0 any address matches (surrogate.c). */
static SPF_dns_rr_t *reply_addresses(struct adapter *adapter, ns_type type, const struct term *term,
                                     const struct lookup *lookup)
{
    bool is_v6 = adapter->walk->request->client.family == ADDR_V6;
    bool is_any = term->kind != TERM_EXISTS && (is_v6 ? term->bits6 : term->bits4) == 0;

    if (is_any && lookup && lookup->answer && lookup->answer->count > 0)
        return reply_match(adapter, type);
    if (lookup && lookup->answer && lookup->answer->count > ADDRESSES_MAX)
        return reply_some(adapter, type, term, lookup->answer);
    return reply(adapter, type, lookup, NULL);
}

/* Answers a lookup for a step that did not end the walk. */
static SPF_dns_rr_t *reply_step(struct adapter *adapter, ns_type type, const struct walk_visit *visit, struct tag *tag)
{
    const struct step *step = step_of(adapter->walk, visit);

    if (!step->term || !term_asks_dns(step->term)) /* a progress marker */
        return reply(adapter, type, NULL, NULL);
    if (step->term->kind == TERM_PTR)
        return visit->outcome == VISIT_MATCH ? reply_match(adapter, type) : reply(adapter, type, NULL, NULL);
    if (step->term->kind != TERM_MX)
        return reply_addresses(adapter, type, step->term, step->lookup);
    adapter->mx = visit;
    return reply(adapter, type, step->lookup, tag);
}

/* Answers a lookup for the addresses of a mail exchanger. One that is not known has none: another one matches. */
static SPF_dns_rr_t *reply_host(struct adapter *adapter, ns_type type, const struct tag *tag)
{
    const struct walk_visit *mx = adapter->mx;
    const struct step *step = mx ? step_of(adapter->walk, mx) : NULL;

    if (mx && mx->frame == tag->frame && mx->step == tag->step && tag->host < LIMIT_MX_NAMES)
        return reply_addresses(adapter, type, step->term, step->hosts[tag->host]);
    disagree(adapter, "libspf2 asked for a mail exchanger that does not exist");
    return give_up(adapter);
}

/* The hook for lookups. */
static SPF_dns_rr_t *lookup(SPF_dns_server_t *layer, const char *name, ns_type type, int should_cache)
{
    struct adapter *adapter = layer->hook;
    const struct walk_visit *visit;
    struct tag tag;

    (void)should_cache;
    if (!tag_parse(name, &tag))
        disagree(adapter, "libspf2 asked for a name of its own");
    if (adapter->fault)
        return give_up(adapter);
    if (tag.is_host)
        return reply_host(adapter, type, &tag);
    visit = take_visit(adapter, &tag);
    return visit && visit->outcome != VISIT_STOPPED ? reply_step(adapter, type, visit, &tag) : give_up(adapter);
}

static bool prepare(struct adapter *adapter)
{
    const struct addr *client = &adapter->walk->request->client;
    struct in_addr v4;
    struct in6_addr v6;

    adapter->layer = (SPF_dns_server_t){.lookup = lookup, .get_spf = get_record, .name = "smf-spf", .hook = adapter};
    adapter->spare = SPF_dns_rr_new_init(&adapter->layer, NULL, ns_t_any, 0, TRY_AGAIN);
    adapter->server = SPF_server_new_dns(&adapter->layer, 0);
    if (!adapter->spare || !adapter->server)
        return false;
    SPF_server_set_max_dns_mech(adapter->server, UNLIMITED);
    SPF_server_set_max_dns_mx(adapter->server, UNLIMITED);
    adapter->request = SPF_request_new(adapter->server);
    if (!adapter->request || SPF_request_set_helo_dom(adapter->request, NO_NAME) != SPF_E_SUCCESS ||
        SPF_request_set_env_from(adapter->request, NO_NAME) != 0)
        return false;
    adapter->response = SPF_response_new(adapter->request);
    memcpy(&v4, client->bytes, sizeof(v4));
    memcpy(&v6, client->bytes, sizeof(v6));
    if (client->family == ADDR_V6)
        return adapter->response && SPF_request_set_ipv6(adapter->request, v6) == SPF_E_SUCCESS;
    return adapter->response && SPF_request_set_ipv4(adapter->request, v4) == SPF_E_SUCCESS;
}

/* Where an allocation failed the library goes on with a result of its own, which says nothing. It may have no memory
 * for the message either: then the error that it ended with tells. */
static void look_for_lack_of_memory(struct adapter *adapter, SPF_errcode_t error)
{
    bool is_lacking = error == SPF_E_NO_MEMORY;

    for (int i = 0; i < SPF_response_messages(adapter->response); i++)
        is_lacking |= SPF_error_code(SPF_response_message(adapter->response, i)) == SPF_E_NO_MEMORY;
    if (is_lacking)
        fault(adapter, "out of memory");
}

static void interpret(struct adapter *adapter)
{
    SPF_errcode_t error;

    if (!prepare(adapter)) {
        fault(adapter, "out of memory");
        return;
    }
    adapter->request->cur_dom = ROOT;
    error = SPF_server_get_record(adapter->server, adapter->request, adapter->response, &adapter->record);
    if (error == SPF_E_SUCCESS) {
        adapter->response->spf_record_exp = adapter->record; /* the library aborts without one; ours has no exp */
        error = SPF_record_interpret(adapter->record, adapter->request, adapter->response, 0);
    }
    look_for_lack_of_memory(adapter, error);
}

/* Interprets in a place that on_error can come back to. What the library had allocated besides the adapter's objects is
 * lost then. */
static void interpret_safely(struct adapter *adapter)
{
    jmp_buf here;

    if (setjmp(here) == 0) {
        rescue = &here;
        interpret(adapter);
    } else {
        fault(adapter, "libspf2 failed");
    }
    rescue = NULL;
}

static void clean(struct adapter *adapter)
{
    if (adapter->record)
        SPF_record_free(adapter->record);
    if (adapter->response)
        SPF_response_free(adapter->response);
    if (adapter->request)
        SPF_request_free(adapter->request);
    if (adapter->server)
        SPF_server_free(adapter->server);
    if (adapter->spare)
        SPF_dns_rr_free(adapter->spare);
}

static bool result_of(SPF_response_t *response, enum spf_result *result)
{
    switch (response ? SPF_response_result(response) : SPF_RESULT_INVALID) {
    case SPF_RESULT_PASS:
        *result = RESULT_PASS;
        return true;
    case SPF_RESULT_FAIL:
        *result = RESULT_FAIL;
        return true;
    case SPF_RESULT_SOFTFAIL:
        *result = RESULT_SOFTFAIL;
        return true;
    case SPF_RESULT_NEUTRAL:
        *result = RESULT_NEUTRAL;
        return true;
    default:
        return false;
    }
}

/* Compares what the library has come to with the walk: the same steps, and the same result. */
static void compare(struct adapter *adapter)
{
    struct walk *walk = adapter->walk;
    enum spf_result result = RESULT_NONE;

    if (adapter->next < walk->visit_count)
        disagree(adapter, "libspf2 ended before the walk");
    else if (!walk->is_stopped && (!result_of(adapter->response, &result) || result != walk->result))
        disagree(adapter, "libspf2 and the walk have different results");
}

void spf2_adapter_interpret(struct walk *walk)
{
    struct adapter adapter = {.walk = walk};

    if (walk->frame_count == 0 || walk->is_fault)
        return;
    pthread_once(&handlers_once, install_handlers);
    interpret_safely(&adapter);
    if (!adapter.fault)
        compare(&adapter);
    if (adapter.fault) {
        stats_add(STATS_SPF_DISAGREEMENTS, adapter.disagrees);
        walk_fault(walk, adapter.fault);
    }
    clean(&adapter);
}

void spf2_adapter_add_version(struct strbuf *out)
{
    int major = 0, minor = 0, patch = 0;

    SPF_get_lib_version(&major, &minor, &patch);
    strbuf_addf(out, "%d.%d.%d", major, minor, patch);
}
