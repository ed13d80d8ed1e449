/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the network backend against name servers of its own, on loopback, that behave well and badly. */
#include "dns/dns_resolver.h"

#include "base/stats.h"
#include "dns/dns_metrics.h"
#include "support/alloc_fail.h"
#include "support/hash_seeds.h"
#include "unit/dns/responder.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 30000, CACHE = 4 << 20 };

static int64_t now_ms(void)
{
    return clock_monotonic_ms(&clock_system);
}

static struct dns *create_with(const char *const *servers, size_t count, size_t octets)
{
    struct dns_resolver_config config = {
        .servers = servers, .server_count = count, .cache_octets = octets, .serve_stale = true};
    char error[256] = "";
    struct dns *dns = dns_resolver_create(&config, &clock_system, error, sizeof(error));

    if (!dns)
        fail_msg("%s", error);
    return dns;
}

/* Without a cache. */
static struct dns *create(const char *const *servers, size_t count)
{
    return create_with(servers, count, 0);
}

/* A responder and a backend that queries it. */
struct pair {
    struct responder *responder;
    struct dns *dns;
};

static struct pair start_pair_with(const char *address, size_t octets)
{
    struct pair pair = {.responder = responder_start(address, false)};
    const char *server;

    if (!pair.responder)
        return pair;
    server = responder_address(pair.responder);
    pair.dns = create_with(&server, 1, octets);
    return pair;
}

static struct pair start_pair(const char *address)
{
    return start_pair_with(address, 0);
}

static void stop_pair(struct pair *pair)
{
    dns_destroy(pair->dns);
    responder_stop(pair->responder);
}

/* Looks up and compares; `record` is what the first record holds. */
static void expect(struct dns *dns, const char *name, enum dns_type type, enum dns_status status, uint32_t ttl_s,
                   const char *record)
{
    const struct dns_answer *answer = dns_lookup(dns, name, type, now_ms() + LONG_MS);
    const char *got = "";
    char text[ADDR_TEXT_SIZE]; /* may be what got points to */

    if (answer->count > 0 && (type == DNS_A || type == DNS_AAAA))
        got = addr_format(&answer->records[0].addr, text);
    else if (answer->count > 0)
        got = type == DNS_TXT ? answer->records[0].text : answer->records[0].name;
    if (answer->status != status || answer->ttl_s != ttl_s ||
        strcasecmp(got, record) != 0) /* the case of the query is random */
        fail_msg("%s %s: %s %u \"%s\"", name, dns_type_name(type), dns_status_name(answer->status), answer->ttl_s, got);
    dns_answer_release(answer);
}

static void query_everything(struct dns *dns)
{
    expect(dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(dns, "plain.example", DNS_AAAA, DNS_OK, 300, "2001:db8::1");
    expect(dns, "plain.example", DNS_TXT, DNS_OK, 300, "v=spf1 -all");
    expect(dns, "plain.example", DNS_MX, DNS_OK, 300, "mail.example");
    expect(dns, "plain.example", DNS_PTR, DNS_OK, 300, "mail.example");
    expect(dns, "cname.example", DNS_A, DNS_OK, 20, "192.0.2.1");
    expect(dns, "nodata.example", DNS_A, DNS_NODATA, 60, "");
    expect(dns, "nxdomain.example", DNS_A, DNS_NXDOMAIN, 60, "");
    expect(dns, "servfail.example", DNS_A, DNS_FAILURE, 0, "");
    expect(dns, "refused.example", DNS_A, DNS_FAILURE, 0, "");
}

static void test_ipv4(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    uint64_t queries = stats_get(STATS_DNS_QUERIES), failures = stats_get(STATS_DNS_FAILURES);

    (void)state;
    assert_non_null(pair.responder);
    query_everything(pair.dns);
    /* Ten lookups; what fails is sent plainly, too, and on a slow machine what is slow. */
    assert_in_range(stats_get(STATS_DNS_QUERIES) - queries, 12, 20);
    assert_int_equal(stats_get(STATS_DNS_FAILURES), failures + 2);
    stop_pair(&pair);
}

static void test_ipv6(void **state)
{
    struct pair pair = start_pair("::1");

    (void)state;
    if (!pair.responder)
        skip(); /* this machine has no IPv6 loopback */
    query_everything(pair.dns);
    stop_pair(&pair);
}

/* What the metrics say of a sample. */
static long sample(const char *name)
{
    struct strbuf out = STRBUF_INIT;
    struct metrics_text text = {.out = &out};
    char line[128];
    const char *found;
    long value;

    dns_metrics_write(&text, &(struct dns_state){0});
    (void)snprintf(line, sizeof(line), "\nsmf_spf_%s ", name);
    found = strstr(strbuf_text(&out), line);
    assert_non_null(found);
    value = strtol(found + strlen(line), NULL, 10);
    strbuf_free(&out);
    return value;
}

static long questions(const char *type, const char *outcome)
{
    char name[96];

    (void)snprintf(name, sizeof(name), "dns_questions_total{type=\"%s\",outcome=\"%s\"}", type, outcome);
    return sample(name);
}

/* Each question counts once, by what came of it in the end, whatever it was that made it known. */
static void test_outcomes(void **state)
{
    static const struct {
        const char *outcome, *name;
        int64_t wait_ms;
    } rows[] = {
        {"answer", "plain.example", LONG_MS},      {"nodata", "nodata.example", LONG_MS},
        {"nxdomain", "nxdomain.example", LONG_MS}, {"servfail", "servfail.example", LONG_MS},
        {"refused", "refused.example", LONG_MS},   {"truncated", "halftcp.example", LONG_MS},
        {"timeout", "drop.example", 100},
    };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    struct pair pair = start_pair("127.0.0.1");
    long before[ROWS], took = sample("dns_seconds_count"), misses = (long)stats_get(STATS_DNS_CACHE_MISSES);

    (void)state;
    for (size_t n = 0; n < ROWS; n++)
        before[n] = questions("TXT", rows[n].outcome);
    for (size_t n = 0; n < ROWS; n++) {
        dns_answer_release(dns_lookup(pair.dns, rows[n].name, DNS_TXT, now_ms() + rows[n].wait_ms));
        if (questions("TXT", rows[n].outcome) != before[n] + 1)
            fail_msg("%s: %s is not counted", rows[n].name, rows[n].outcome);
    }
    for (size_t n = 0; n < ROWS; n++)
        assert_int_equal(questions("TXT", rows[n].outcome), before[n] + 1);
    assert_int_equal(sample("dns_seconds_count"), took + ROWS);
    assert_int_equal(stats_get(STATS_DNS_CACHE_MISSES), misses + ROWS);
    stop_pair(&pair);
}

static void test_large_text(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    const struct dns_answer *answer = dns_lookup(pair.dns, "big.example", DNS_TXT, now_ms() + LONG_MS);

    (void)state;
    assert_int_equal(answer->status, DNS_OK);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->records[0].text_len, 240 * 255);
    assert_int_equal(answer->records[0].text[0], 'A');
    assert_int_equal(answer->records[0].text[240 * 255 - 1], 'A' + 239 % 26);
    dns_answer_release(answer);
    stop_pair(&pair);
}

/* The octets of a query reach the wire as they are; a label is what stands between two dots. */
static void test_odd_names(void **state)
{
    static const char *const names[] = {
        "echo.a b.example",
        "echo.\"quoted\".example",
        "echo.back\\slash\\.example",
        "echo.\\065.example",
        "echo.\x80\xff\xc3\xa4.example",
        "echo.\x01\n\t\x7f.example",
        "echo.(@$;).example",
        "echo.UPPER.example",
        "echo.*._x.example",
        "echo.\\",
    };
    struct pair pair = start_pair("127.0.0.1");

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        expect(pair.dns, names[i], DNS_TXT, DNS_OK, 300, names[i]);
    stop_pair(&pair);
}

/* Replies that are not replies are passed over until the right one comes. */
static void test_false_replies(void **state)
{
    struct pair pair = start_pair("127.0.0.1");

    (void)state;
    expect(pair.dns, "wrongid.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(pair.dns, "wrongname.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(pair.dns, "short.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    stop_pair(&pair);
}

/* A reply whose start is right and whose rest is broken never becomes an answer. */
static void test_malformed(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    const struct dns_answer *answer = dns_lookup(pair.dns, "malformed.example", DNS_A, now_ms() + 500);

    (void)state;
    assert_true(answer->status == DNS_FAILURE || answer->status == DNS_TIMEOUT);
    dns_answer_release(answer);
    stop_pair(&pair);
}

struct counts {
    pthread_mutex_t lock;
    unsigned answered, timeouts, failures;
};

static void count_answer(void *context, const struct dns_answer *answer)
{
    struct counts *counts = context;

    pthread_mutex_lock(&counts->lock);
    counts->answered++;
    counts->timeouts += answer->status == DNS_TIMEOUT;
    counts->failures += answer->status == DNS_FAILURE;
    pthread_mutex_unlock(&counts->lock);
    dns_answer_release(answer);
}

static void test_no_edns(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct counts counts = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        dns_query(pair.dns, "formerr.example", DNS_A, now_ms() + LONG_MS, count_answer, &counts);
    expect(pair.dns, "formerr.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(pair.dns, "formerr.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    pthread_mutex_lock(&counts.lock);
    assert_int_equal(counts.failures, 0);
    pthread_mutex_unlock(&counts.lock);
    stop_pair(&pair);
}

/* Resolvers that fail or are silent where EDNS is used get queries without. */
static void test_edns_is_no_obstacle(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    const struct dns_answer *answer;

    (void)state;
    expect(pair.dns, "ednsfail.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(pair.dns, "ednsdrop.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    answer = dns_lookup(pair.dns, "ednsbig.example", DNS_TXT, now_ms() + LONG_MS);
    assert_int_equal(answer->status, DNS_OK);
    assert_int_equal(answer->records[0].text_len, 240 * 255);
    dns_answer_release(answer);
    stop_pair(&pair);
}

static void test_deadline(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    uint64_t timeouts = stats_get(STATS_DNS_TIMEOUTS);
    int64_t start_ms = now_ms();
    const struct dns_answer *answer = dns_lookup(pair.dns, "drop.example", DNS_A, start_ms + 300);

    (void)state;
    assert_int_equal(answer->status, DNS_TIMEOUT);
    assert_true(now_ms() >= start_ms + 300);
    assert_true(now_ms() < start_ms + 10000);
    assert_int_equal(stats_get(STATS_DNS_TIMEOUTS), timeouts + 1);
    dns_answer_release(answer);
    answer = dns_lookup(pair.dns, "drop.example", DNS_A, start_ms - 1000); /* one that has passed */
    assert_int_equal(answer->status, DNS_TIMEOUT);
    dns_answer_release(answer);
    expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1"); /* the backend goes on */
    stop_pair(&pair);
}

/* A lost datagram is sent again, and a TCP connection that breaks ends nowhere else than at an outcome. */
static void test_retries(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    const struct dns_answer *answer;

    (void)state;
    expect(pair.dns, "droponce.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    answer = dns_lookup(pair.dns, "halftcp.example", DNS_TXT, now_ms() + 3000);
    assert_true(answer->status == DNS_FAILURE || answer->status == DNS_TIMEOUT);
    dns_answer_release(answer);
    stop_pair(&pair);
}

/* Whatever is under way when the backend goes is answered, once. */
static void test_destroy(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct counts counts = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    for (unsigned i = 0; i < 50; i++)
        dns_query(pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, count_answer, &counts);
    usleep(50000);
    for (unsigned i = 0; i < 50; i++)
        dns_query(pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, count_answer, &counts);
    stop_pair(&pair);
    assert_int_equal(counts.answered, 100);
    assert_int_equal(counts.timeouts, 100);
}

struct again {
    struct dns *dns;
    struct counts counts;
};

static void query_again(void *context, const struct dns_answer *answer)
{
    struct again *again = context;

    dns_answer_release(answer);
    dns_query(again->dns, "plain.example", DNS_A, now_ms() + LONG_MS, count_answer, &again->counts);
}

/* A callback may start queries; at the end it is told at once that there is no answer. */
static void test_callback_queries(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct again again = {.dns = pair.dns, .counts = {.lock = PTHREAD_MUTEX_INITIALIZER}};

    (void)state;
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + 100, query_again, &again);
    expect(pair.dns, "droponce.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, query_again, &again);
    stop_pair(&pair);
    assert_int_equal(again.counts.answered, 2);
    assert_int_equal(again.counts.timeouts, 1);
}

/* The same where the resolver answers by itself (RFC 7686 2), and nothing else is under way. */
static void test_callback_queries_at_once(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct again again = {.dns = pair.dns, .counts = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    unsigned answered = 0;

    (void)state;
    dns_query(pair.dns, "hidden.onion", DNS_A, now_ms() + LONG_MS, query_again, &again);
    for (unsigned tries = 0; tries < 10000 && answered == 0; tries++) {
        usleep(1000);
        pthread_mutex_lock(&again.counts.lock);
        answered = again.counts.answered;
        pthread_mutex_unlock(&again.counts.lock);
    }
    assert_int_equal(answered, 1);
    stop_pair(&pair);
}

/* Deadlines of each query, in whatever order they come. */
static void test_many_deadlines(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct counts counts = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int64_t start_ms = now_ms();
    const struct dns_answer *answer;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        dns_query(pair.dns, "drop.example", DNS_A, start_ms + 100 + i * 37 % 100, count_answer, &counts);
    answer = dns_lookup(pair.dns, "drop.example", DNS_A, start_ms + 400);
    assert_int_equal(answer->status, DNS_TIMEOUT);
    dns_answer_release(answer);
    pthread_mutex_lock(&counts.lock);
    assert_int_equal(counts.answered, 100);
    assert_int_equal(counts.timeouts, 100);
    pthread_mutex_unlock(&counts.lock);
    stop_pair(&pair);
}

static atomic_uint wrong_answers;

static void *ask_often(void *context)
{
    static const char *const names[] = {"plain.example", "cname.example", "big.example", "nodata.example",
                                        "nxdomain.example"};
    struct dns *dns = context;

    for (unsigned i = 0; i < 40; i++) {
        const char *name = names[i % 5];
        const struct dns_answer *answer = dns_lookup(dns, name, DNS_TXT, now_ms() + LONG_MS);

        wrong_answers += answer->status != (i % 5 < 3 ? DNS_OK : i % 5 == 3 ? DNS_NODATA : DNS_NXDOMAIN);
        dns_answer_release(answer);
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    pthread_t threads[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, pair.dns), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    stop_pair(&pair);
    assert_int_equal(wrong_answers, 0);
}

static void test_create(void **state)
{
    const char *const servers[] = {"127.0.0.1", "not.a.server"};
    struct dns_resolver_config config = {.servers = servers, .server_count = 2};
    char error[256] = "";

    (void)state;
    assert_null(dns_resolver_create(&config, &clock_system, error, sizeof(error)));
    assert_non_null(strstr(error, "\"not.a.server\" is not a name server"));
    dns_destroy(create(NULL, 0)); /* with resolv.conf's servers; nothing is sent */
}

static bool has_random = true;

ssize_t __real_getrandom(void *octets, size_t len, unsigned flags);
ssize_t __wrap_getrandom(void *octets, size_t len, unsigned flags);

ssize_t __wrap_getrandom(void *octets, size_t len, unsigned flags)
{
    return has_random ? __real_getrandom(octets, len, flags) : -1;
}

static void test_create_without_random_octets(void **state)
{
    struct dns_resolver_config config = {.server_count = 0};
    char error[256] = "";

    (void)state;
    has_random = false;
    assert_null(dns_resolver_create(&config, &clock_system, error, sizeof(error)));
    has_random = true;
    assert_string_equal(error, "the system gives no random octets");
}

/* Without a descriptor for a socket nothing is known about the name; with one again, all is well. */
static void test_no_descriptors(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct rlimit before, none;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect(pair.dns, "plain.example", DNS_A, DNS_FAILURE, 0, "");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    stop_pair(&pair);
}

/* Whichever allocation of the start fails, there is an error and no leak. */
static void test_create_memory(void **state)
{
    const char *const servers[] = {"127.0.0.1", "[::1]:5353"};
    struct dns_resolver_config config = {.servers = servers, .server_count = 2};
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        char error[256] = "";
        struct dns *dns;
        bool failed;

        alloc_fail_at(n);
        dns = dns_resolver_create(&config, &clock_system, error, sizeof(error));
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(dns == NULL, failed);
        if (failed)
            assert_true(error[0] != '\0');
        dns_destroy(dns);
        if (!failed)
            break;
    }
    assert_true(n > 3);
}

/* Whichever allocation of a query or its answer fails, the query is answered, with no knowledge at worst. */
static void test_query_memory(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        const struct dns_answer *answer;
        bool failed;

        alloc_fail_at(n);
        answer = dns_lookup(pair.dns, "plain.example", DNS_TXT, now_ms() + LONG_MS);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_true(answer->status == DNS_OK || (failed && answer->status == DNS_FAILURE)); /* a second try may do */
        dns_answer_release(answer);
        if (!failed)
            break;
    }
    assert_true(n > 4);
    stop_pair(&pair);
}

/* Several servers */

/* The other server answers where one fails, is silent, or is not there. */
static void test_several_servers(void **state)
{
    static const char *const names[] = {"servfail1.example", "refused1.example", "notimp1.example", "drop1.example"};
    struct responder *first = responder_start("127.0.0.1", true), *second = responder_start("127.0.0.1", false);
    const char *servers[] = {responder_address(first), responder_address(second)};
    char address[64];
    struct dns *dns;

    (void)state;
    for (size_t i = 0; i < 4 * sizeof(names) / sizeof(names[0]); i++) {
        dns = create(servers, 2); /* a new one, so that nothing is known about the servers */
        expect(dns, names[i / 4], DNS_A, DNS_OK, 300, "192.0.2.1");
        dns_destroy(dns);
    }
    snprintf(address, sizeof(address), "%s", servers[0]);
    servers[0] = address;
    responder_stop(first);
    dns = create(servers, 2);
    expect(dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    dns_destroy(dns);
    responder_stop(second);
}

/* A server that is silent is hardly queried, once that is known. */
static void test_silent_server(void **state)
{
    struct responder *first = responder_start("127.0.0.1", true), *second = responder_start("127.0.0.1", false);
    const char *const servers[] = {responder_address(first), responder_address(second)};
    struct dns *dns = create(servers, 2);

    (void)state;
    responder_set_silent(first, true);
    for (unsigned i = 0; i < 200; i++)
        expect(dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    assert_true(responder_queries(second) >= 200);
    assert_true(responder_queries(first) < 20);
    dns_destroy(dns);
    responder_stop(first);
    responder_stop(second);
}

/* Slow and silent names */

struct noise {
    struct dns *dns;
    atomic_bool is_over;
};

static void *make_noise(void *context)
{
    struct noise *noise = context;

    while (!noise->is_over)
        dns_answer_release(dns_lookup(noise->dns, "plain.example", DNS_A, now_ms() + LONG_MS));
    return NULL;
}

/* The server is quick as a rule, so it is queried again soon; a name that takes its time is waited for even so. */
static void test_late_name_among_quick_ones(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct noise noise = {.dns = pair.dns};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, make_noise, &noise), 0);
    usleep(200000);
    expect(pair.dns, "late.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    noise.is_over = true;
    pthread_join(thread, NULL);
    stop_pair(&pair);
}

/* How long a query is waited for. */
static int64_t time_of(struct dns *dns, const char *name, int64_t timeout_ms, enum dns_status status)
{
    int64_t start_ms = now_ms();
    const struct dns_answer *answer = dns_lookup(dns, name, DNS_A, start_ms + timeout_ms);

    if (answer->status != status && !(status == DNS_TIMEOUT && answer->status == DNS_FAILURE))
        fail_msg("%s: %s", name, dns_status_name(answer->status));
    dns_answer_release(answer);
    return now_ms() - start_ms;
}

/* What was silent for somebody's whole time keeps the next for half a second; others are untouched, and an idle filter
 * does not take it for an outage. */
static void test_silent_zone(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);

    (void)state;
    assert_true(time_of(pair.dns, "drop.a.example", 3000, DNS_TIMEOUT) >= 3000);
    expect(pair.dns, "late.b.example", DNS_A, DNS_OK, 300, "192.0.2.1"); /* 1.5 s: nobody cuts it short */
    assert_true(time_of(pair.dns, "drop.other.a.example", 20000, DNS_TIMEOUT) < 10000);
    assert_true(time_of(pair.dns, "drop.a.example", 20000, DNS_TIMEOUT) < 10000);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages);
    expect(pair.dns, "plain.a.example", DNS_A, DNS_OK, 300, "192.0.2.1"); /* the zone answers again */
    assert_true(time_of(pair.dns, "drop.third.a.example", 3000, DNS_TIMEOUT) >= 3000);
    stop_pair(&pair);
}

/* A zone that answers for its own name, from a cache or anew, and is silent about those below it, is still suspect. One
 * of them has to answer. */
static void test_zone_that_answers_at_its_apex(void **state)
{
    struct pair pair = start_pair_with("127.0.0.1", CACHE);

    (void)state;
    expect(pair.dns, "plain.example", DNS_TXT, DNS_OK, 300, "v=spf1 -all");
    assert_true(time_of(pair.dns, "drop.plain.example", 3000, DNS_TIMEOUT) >= 3000);
    dns_answer_release(dns_lookup(pair.dns, "plain.example", DNS_TXT, now_ms() + LONG_MS));
    assert_true(time_of(pair.dns, "drop.one.plain.example", 20000, DNS_TIMEOUT) < 10000);
    expect(pair.dns, "plain.example", DNS_MX, DNS_OK, 300, "mail.example");
    assert_true(time_of(pair.dns, "drop.two.plain.example", 20000, DNS_TIMEOUT) < 10000);
    expect(pair.dns, "plain.plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    assert_true(time_of(pair.dns, "drop.three.plain.example", 3000, DNS_TIMEOUT) >= 3000);
    stop_pair(&pair);
}

/* A zone that somebody reports as slow is waited for half a second, and others as ever, until it is reported as quick
 * and its servers have answered for a name below its apex: out of the cache, or at the apex, they have not. */
static void test_slow_zone(void **state)
{
    struct pair pair = start_pair_with("127.0.0.1", CACHE);
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);
    int64_t begun_ms;

    (void)state;
    expect(pair.dns, "plain.plain.example", DNS_A, DNS_OK, 300, "192.0.2.1"); /* cached from now on */
    assert_false(dns_is_slow(pair.dns, "plain.plain.example"));
    dns_report_slow(pair.dns, "one.Plain.example");
    assert_true(dns_is_slow(pair.dns, "plain.plain.example"));
    assert_true(dns_is_slow(pair.dns, "plain.example"));
    assert_false(dns_is_slow(pair.dns, "b.example"));
    assert_true(time_of(pair.dns, "drop.plain.example", 20000, DNS_TIMEOUT) < 10000);
    expect(pair.dns, "late.b.example", DNS_A, DNS_OK, 300, "192.0.2.1");

    begun_ms = now_ms();
    expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    dns_answer_release(dns_lookup(pair.dns, "plain.plain.example", DNS_A, now_ms() + LONG_MS));
    dns_report_quick(pair.dns, "plain.example", begun_ms);
    assert_true(dns_is_slow(pair.dns, "plain.example"));
    expect(pair.dns, "plain.plain.example", DNS_TXT, DNS_OK, 300, "v=spf1 -all");
    assert_true(dns_is_slow(pair.dns, "plain.example")); /* nobody says that it was in time */
    dns_report_quick(pair.dns, "b.example", begun_ms);
    assert_true(dns_is_slow(pair.dns, "plain.example"));
    dns_report_quick(pair.dns, "plain.example", begun_ms);
    assert_false(dns_is_slow(pair.dns, "plain.example"));
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages);
    stop_pair(&pair);
}

static void tally_answer(void *context, const struct dns_answer *answer)
{
    dns_answer_release(answer);
    ++*(atomic_uint *)context;
}

static unsigned open_descriptors(unsigned below)
{
    unsigned count = 0;

    for (unsigned fd = 0; fd < below; fd++)
        count += fcntl((int)fd, F_GETFD) != -1;
    return count;
}

/* Queries that nobody answers hold their ports for many seconds. Those of a suspect zone leave half of them to others,
 * whose answers come within their time. */
static void test_silent_zone_leaves_ports(void **state)
{
    enum { NAMES = 300, DESCRIPTORS = 256 };
    struct rlimit limit, low;
    struct pair pair;
    atomic_uint answered = 0;
    char name[64];

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = (struct rlimit){.rlim_cur = DESCRIPTORS, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    pair = start_pair("127.0.0.1");
    assert_true(time_of(pair.dns, "drop.a.example", 3000, DNS_TIMEOUT) >= 3000);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "drop.n%u.a.example", i);
        dns_query(pair.dns, name, DNS_A, now_ms() + LONG_MS, tally_answer, &answered);
    }
    time_of(pair.dns, "plain.b.example", 3000, DNS_OK);
    assert_in_range(open_descriptors(DESCRIPTORS), DESCRIPTORS / 8, DESCRIPTORS / 2); /* a quarter is for queries */
    while (answered < NAMES)
        usleep(1000);
    stop_pair(&pair);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* However many names of a zone are late, there is room for another zone's plain query, where only that is answered. */
static void test_late_zone_leaves_room_for_plain_queries(void **state)
{
    enum { NAMES = 300, PLAIN_MS = 1200 };
    struct pair pair = start_pair("127.0.0.1");
    atomic_uint answered = 0;
    char name[64];

    (void)state;
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "drop.n%u.a.example", i);
        dns_query(pair.dns, name, DNS_A, now_ms() + LONG_MS / 3, tally_answer, &answered);
    }
    usleep(PLAIN_MS * 1000); /* they are queried plainly, too */
    time_of(pair.dns, "ednsdrop.b.example", LONG_MS / 6, DNS_OK);
    assert_int_equal(answered, 0);
    stop_pair(&pair);
    assert_int_equal(answered, NAMES);
}

struct late_loop {
    atomic_bool is_held, is_answered;
    enum dns_status status;
};

static void note_status(void *context, const struct dns_answer *answer)
{
    struct late_loop *late = context;

    late->status = answer->status;
    dns_answer_release(answer);
    late->is_answered = true;
}

/* What nobody waits for any more is answered at once, alone; who else waits for the same query goes on. */
static void test_cancel(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct late_loop first = {.is_answered = false}, second = {.is_answered = false};
    uint64_t timeouts = stats_get(STATS_DNS_TIMEOUTS);

    (void)state;
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, note_status, &first);
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + 4000, note_status, &second);
    dns_cancel(pair.dns, "drop.example", DNS_AAAA, note_status, &first); /* another one */
    dns_cancel(pair.dns, "DROP.example", DNS_A, note_status, &first);
    dns_cancel(pair.dns, "drop.example", DNS_A, note_status, &first); /* it is gone */
    while (!first.is_answered)
        usleep(1000);
    assert_false(second.is_answered);
    assert_int_equal(first.status, DNS_TIMEOUT);
    assert_int_equal(stats_get(STATS_DNS_TIMEOUTS), timeouts); /* its time was not over */
    while (!second.is_answered)
        usleep(1000);
    assert_int_equal(stats_get(STATS_DNS_TIMEOUTS), timeouts + 1);
    stop_pair(&pair);
}

/* Lookups under way are bounded over all: past that one is a fault, at once, also where others wait for the same. Each
 * that is over makes room. */
static void test_bound_of_lookups(void **state)
{
    enum { MAX = 4 };
    struct pair pair = {.responder = responder_start("127.0.0.1", false)};
    const char *const server = responder_address(pair.responder);
    struct dns_resolver_config config = {.servers = &server, .server_count = 1, .waiters_max = MAX};
    struct late_loop waiting[MAX] = {{.is_answered = false}};
    char error[256], name[64];
    const struct dns_answer *answer;

    (void)state;
    pair.dns = dns_resolver_create(&config, &clock_system, error, sizeof(error));
    assert_non_null(pair.dns);
    for (unsigned i = 0; i < MAX; i++) {
        snprintf(name, sizeof(name), "drop.n%u.example", i);
        dns_query(pair.dns, name, DNS_A, now_ms() + LONG_MS, note_status, &waiting[i]);
    }
    answer = dns_lookup(pair.dns, "plain.example", DNS_A, now_ms() + LONG_MS);
    assert_int_equal(answer->status, DNS_FAILURE);
    assert_true(answer->is_fault);
    dns_answer_release(answer);
    for (unsigned i = 0; i < MAX; i++)
        assert_false(waiting[i].is_answered);
    dns_cancel(pair.dns, "drop.n0.example", DNS_A, note_status, &waiting[0]);
    while (!waiting[0].is_answered)
        usleep(1000);
    expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    stop_pair(&pair);
}

/* Outages */

/* Begins with a query without a reply, and a probe; ends with the first reply, even without a query. */
static void test_outage(void **state)
{
    struct pair pair = start_pair_with("127.0.0.1", CACHE);
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);

    (void)state;
    expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    responder_set_silent(pair.responder, true);
    assert_true(time_of(pair.dns, "plain.a.example", 4000, DNS_TIMEOUT) >= 3900);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
    for (unsigned i = 0; i < 4; i++)
        assert_true(time_of(pair.dns, i % 2 ? "plain.b.example" : "plain.c.example", 20000, DNS_TIMEOUT) < 10000);
    assert_true(time_of(pair.dns, "plain.example", 20000, DNS_OK) < 10000); /* what is known */
    responder_set_silent(pair.responder, false);
    time_of(pair.dns, "plain.a.example", LONG_MS, DNS_OK); /* the first lookup is sent, whatever was sent before */
    expect(pair.dns, "late.e.example", DNS_A, DNS_OK, 300, "192.0.2.1"); /* waited for as ever */
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
    stop_pair(&pair);
}

/* Where there are no plain queries, libunbound gives up before the deadline: that is silence as well. */
static void test_outage_without_plain_queries(void **state)
{
    struct pair pair = {.responder = responder_start("127.0.0.1", false)};
    const char *const server = responder_address(pair.responder);
    struct dns_resolver_config config = {.servers = &server, .server_count = 1, .dnssec = true};
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);
    char error[256];

    (void)state;
    pair.dns = dns_resolver_create(&config, &clock_system, error, sizeof(error));
    assert_non_null(pair.dns);
    responder_set_silent(pair.responder, true);
    time_of(pair.dns, "plain.a.example", LONG_MS, DNS_TIMEOUT);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages + 1);
    stop_pair(&pair);
}

/* A resolver that fails all the time is no outage: it replies. */
static void test_failing_is_no_outage(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    uint64_t outages = stats_get(STATS_DNS_OUTAGES);

    (void)state;
    responder_set_failing(pair.responder, true);
    assert_true(time_of(pair.dns, "plain.example", 20000, DNS_FAILURE) < 10000);
    assert_true(time_of(pair.dns, "drop.example", 3000, DNS_TIMEOUT) >= 3000);
    assert_int_equal(stats_get(STATS_DNS_OUTAGES), outages);
    stop_pair(&pair);
}

/* The cache */

static void test_cache(void **state)
{
    struct pair pair = start_pair_with("127.0.0.1", CACHE);
    uint64_t hits = stats_get(STATS_DNS_CACHE_HITS), failures = stats_get(STATS_DNS_CACHE_FAILURES);
    unsigned before;

    (void)state;
    expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(pair.dns, "nxdomain.example", DNS_A, DNS_NXDOMAIN, 60, "");
    expect(pair.dns, "servfail.example", DNS_A, DNS_FAILURE, 0, "");
    before = responder_queries(pair.responder);
    assert_true(time_of(pair.dns, "PLAIN.example", LONG_MS, DNS_OK) < LONG_MS);
    assert_true(time_of(pair.dns, "nxdomain.example", LONG_MS, DNS_NXDOMAIN) < LONG_MS);
    assert_true(time_of(pair.dns, "servfail.example", LONG_MS, DNS_FAILURE) < LONG_MS);
    assert_int_equal(responder_queries(pair.responder), before);
    assert_int_equal(stats_get(STATS_DNS_CACHE_HITS), hits + 2);
    assert_int_equal(stats_get(STATS_DNS_CACHE_FAILURES), failures + 1);
    stop_pair(&pair);
}

static void test_no_cache(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    unsigned before = 0;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
        expect(pair.dns, "nxdomain.example", DNS_A, DNS_NXDOMAIN, 60, "");
        expect(pair.dns, "servfail.example", DNS_A, DNS_FAILURE, 0, "");
        assert_true(responder_queries(pair.responder) >= before + 3);
        before = responder_queries(pair.responder);
    }
    stop_pair(&pair);
}

/* Where a name fails or is silent, what is known of it is given after its time; that it does not exist is not. */
static void check_stale(bool fails)
{
    struct pair pair = start_pair_with("127.0.0.1", CACHE);

    expect(pair.dns, "brief.example", DNS_A, DNS_OK, 1, "192.0.2.1");
    expect(pair.dns, "briefnx.example", DNS_A, DNS_NXDOMAIN, 1, "");
    usleep(2100000);
    responder_set_failing(pair.responder, fails);
    responder_set_silent(pair.responder, !fails);
    assert_true(time_of(pair.dns, "brief.example", 6000, DNS_OK) < 5000);
    time_of(pair.dns, "briefnx.example", 3000, DNS_TIMEOUT);
    responder_set_failing(pair.responder, false);
    responder_set_silent(pair.responder, false);
    stop_pair(&pair);
}

static void test_stale(void **state)
{
    (void)state;
    check_stale(true);
    check_stale(false);
}

/* Holds the loop's thread up beyond the short wait. */
static void hold_up(void *context, const struct dns_answer *answer)
{
    struct late_loop *late = context;

    dns_answer_release(answer);
    late->is_held = true;
    usleep(800000);
}

static void drop_answer(void *context, const struct dns_answer *answer)
{
    (void)context;
    dns_answer_release(answer);
}

/* In an outage a stale answer is due before the short wait is over. Where the loop is late, it finds the answer, the
 * end of the wait and a new query at the same time: the answer counts. */
static void test_stale_and_a_late_loop(void **state)
{
    struct pair pair = start_pair_with("127.0.0.1", CACHE);
    struct late_loop late = {.is_held = false};

    (void)state;
    expect(pair.dns, "brief.example", DNS_A, DNS_OK, 1, "192.0.2.1");
    expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    responder_set_silent(pair.responder, true);
    assert_true(time_of(pair.dns, "plain.a.example", 4000, DNS_TIMEOUT) >= 3900); /* brief is over, too */
    dns_query(pair.dns, "brief.example", DNS_A, now_ms() + LONG_MS, note_status, &late);
    usleep(100000);
    dns_query(pair.dns, "plain.example", DNS_A, now_ms() + LONG_MS, hold_up, &late);
    while (!late.is_held)
        usleep(1000);
    dns_query(pair.dns, "plain.example", DNS_A, now_ms() + LONG_MS, drop_answer, NULL);
    while (!late.is_answered)
        usleep(1000);
    assert_int_equal(late.status, DNS_OK);
    stop_pair(&pair);
}

/* The same of a reply that came in time: where the loop is late, it finds the reply, the deadline and a new query. */
static void test_reply_and_a_late_loop(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct late_loop late = {.is_held = false};

    (void)state;
    dns_query(pair.dns, "slow.example", DNS_A, now_ms() + 500, note_status, &late);
    usleep(50000);
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, hold_up, &late);
    dns_cancel(pair.dns, "drop.example", DNS_A, hold_up, &late);
    while (!late.is_held)
        usleep(1000);
    dns_query(pair.dns, "plain.example", DNS_A, now_ms() + LONG_MS, drop_answer, NULL);
    while (!late.is_answered)
        usleep(1000);
    assert_int_equal(late.status, DNS_OK);
    stop_pair(&pair);
}

/* A long chain of answers at hand is worked off without going deeper and deeper. */
struct chain {
    struct dns *dns;
    atomic_uint left;
};

static void query_next(void *context, const struct dns_answer *answer)
{
    struct chain *chain = context;

    dns_answer_release(answer);
    if (--chain->left > 0)
        dns_query(chain->dns, "localhost", DNS_A, now_ms() + LONG_MS, query_next, chain);
}

static void test_chain(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct chain chain = {.dns = pair.dns, .left = 200000};

    (void)state;
    dns_query(chain.dns, "localhost", DNS_A, now_ms() + LONG_MS, query_next, &chain);
    for (unsigned tries = 0; tries < 60000 && chain.left > 0; tries++)
        usleep(1000);
    assert_int_equal(chain.left, 0);
    assert_int_equal(responder_queries(pair.responder), 0);
    stop_pair(&pair);
}

/* Names that are nobody else's stay here (RFC 6761); those of test zones are the resolver's. */
static void test_local_names(void **state)
{
    struct pair pair = start_pair("127.0.0.1");

    (void)state;
    time_of(pair.dns, "localhost", LONG_MS, DNS_OK);
    time_of(pair.dns, "plain.invalid", LONG_MS, DNS_NXDOMAIN);
    time_of(pair.dns, "plain.onion", LONG_MS, DNS_NXDOMAIN);
    assert_int_equal(responder_queries(pair.responder), 0);
    expect(pair.dns, "plain.test", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(pair.dns, "plain.home.arpa", DNS_A, DNS_OK, 300, "192.0.2.1");
    expect(pair.dns, "plain.10.in-addr.arpa", DNS_PTR, DNS_OK, 300, "mail.example");
    expect(pair.dns, "plain.168.192.in-addr.arpa", DNS_PTR, DNS_OK, 300, "mail.example");
    stop_pair(&pair);
}

/* The name servers of the system */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* As resolv.conf is there, empty, or names other servers. It takes the default port, so nothing but the log and what
 * changes can be seen: see tests/milter for answers. */
static void test_resolv_conf(void **state)
{
    char path[] = "/tmp/smf-spf-resolv.XXXXXX", error[256];
    struct dns_resolver_config config = {.resolv_conf = path};
    struct dns *dns;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    dns = dns_resolver_create(&config, &clock_system, error, sizeof(error));
    assert_non_null(dns);
    time_of(dns, "plain.example", 1500, DNS_TIMEOUT);
    write_file(path, "nameserver 127.0.0.2\n");
    time_of(dns, "plain.example", 1500, DNS_TIMEOUT);
    unlink(path);
    time_of(dns, "localhost", 1500, DNS_OK);
    dns_destroy(dns);
}

/* Signatures are checked only with an anchor to check them by. */
static void test_dnssec(void **state)
{
    const char *const server = "127.0.0.1";
    struct dns_resolver_config config = {
        .servers = &server, .server_count = 1, .dnssec = true, .trust_anchor = "/nonexistent/root.key"};
    char error[256] = "";

    (void)state;
    assert_null(dns_resolver_create(&config, &clock_system, error, sizeof(error)));
    assert_non_null(strstr(error, "trust anchor"));
    assert_non_null(strstr(error, "/nonexistent/root.key"));
}

/* Two that run at the same time, as around a reload, each make and delete resolvers when they have to. */
static void *make_and_delete(void *failures)
{
    static const char *const servers[] = {"127.0.0.1"};
    const struct dns_resolver_config config = {.servers = servers, .server_count = 1, .cache_octets = CACHE};
    char error[256];

    for (int i = 0; i < 40; i++) {
        struct dns *dns = dns_resolver_create(&config, &clock_system, error, sizeof(error));

        atomic_fetch_add((atomic_uint *)failures, dns == NULL);
        dns_destroy(dns);
    }
    return NULL;
}

static void test_several_at_once(void **state)
{
    pthread_t threads[4];
    atomic_uint failures = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_and_delete, &failures), 0);
    for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(failures, 0);
}

/* The table of queries has random octets, which nobody outside can know. */
static void test_seeds(void **state)
{
    (void)state;
    hash_seeds_forget();
    for (unsigned i = 1; i <= 3; i++) {
        struct pair pair = start_pair("127.0.0.1");

        expect(pair.dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
        assert_int_equal(hash_seeds_count(), i);
        stop_pair(&pair);
    }
    assert_false(hash_seeds_were_zero());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_false_replies),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_no_edns),
        cmocka_unit_test(test_edns_is_no_obstacle),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_destroy),
        cmocka_unit_test(test_callback_queries),
        cmocka_unit_test(test_many_deadlines),
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_create_without_random_octets),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_create_memory),
        cmocka_unit_test(test_query_memory),
        cmocka_unit_test(test_several_servers),
        cmocka_unit_test(test_silent_server),
        cmocka_unit_test(test_late_name_among_quick_ones),
        cmocka_unit_test(test_silent_zone),
        cmocka_unit_test(test_slow_zone),
        cmocka_unit_test(test_zone_that_answers_at_its_apex),
        cmocka_unit_test(test_silent_zone_leaves_ports),
        cmocka_unit_test(test_late_zone_leaves_room_for_plain_queries),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_bound_of_lookups),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_outage_without_plain_queries),
        cmocka_unit_test(test_failing_is_no_outage),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_no_cache),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_stale_and_a_late_loop),
        cmocka_unit_test(test_reply_and_a_late_loop),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_local_names),
        cmocka_unit_test(test_resolv_conf),
        cmocka_unit_test(test_dnssec),
        cmocka_unit_test(test_callback_queries_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
