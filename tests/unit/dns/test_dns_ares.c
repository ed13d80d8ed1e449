/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests the backend that asks the network against name servers of its own, on loopback, that behave well and badly. */
#include "dns/dns_ares.h"

#include "base/stats.h"
#include "support/alloc_fail.h"
#include "unit/dns/responder.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 30000 };

static int64_t now_ms(void)
{
    return clock_monotonic_ms(&clock_system);
}

static struct dns *create(const char *const *servers, size_t count)
{
    struct dns_ares_config config = {.servers = servers, .server_count = count};
    char error[256] = "";
    struct dns *dns = dns_ares_create(&config, &clock_system, error, sizeof(error));

    if (!dns)
        fail_msg("%s", error);
    return dns;
}

/* A responder and a backend that asks it. */
struct pair {
    struct responder *responder;
    struct dns *dns;
};

static struct pair start_pair(const char *address)
{
    struct pair pair = {.responder = responder_start(address, false)};
    const char *server;

    if (!pair.responder)
        return pair;
    server = responder_address(pair.responder);
    pair.dns = create(&server, 1);
    return pair;
}

static void stop_pair(struct pair *pair)
{
    dns_destroy(pair->dns);
    responder_stop(pair->responder);
}

/* Asks and compares; `record` is what the first record holds. */
static void expect(struct dns *dns, const char *name, enum dns_type type, enum dns_status status, uint32_t ttl_s,
                   const char *record)
{
    const struct dns_answer *answer = dns_ask(dns, name, type, now_ms() + LONG_MS);
    const char *got = "";
    char text[ADDR_TEXT_SIZE]; /* may be what got points to */

    if (answer->count > 0 && (type == DNS_A || type == DNS_AAAA))
        got = addr_format(&answer->records[0].addr, text);
    else if (answer->count > 0)
        got = type == DNS_TXT ? answer->records[0].text : answer->records[0].name;
    if (answer->status != status || answer->ttl_s != ttl_s || strcmp(got, record) != 0)
        fail_msg("%s %s: %s %u \"%s\"", name, dns_type_name(type), dns_status_name(answer->status), answer->ttl_s, got);
    dns_answer_release(answer);
}

static void ask_everything(struct dns *dns)
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
    uint64_t questions = stats_get(STATS_DNS_QUESTIONS), failures = stats_get(STATS_DNS_FAILURES);

    (void)state;
    assert_non_null(pair.responder);
    ask_everything(pair.dns);
    assert_int_equal(stats_get(STATS_DNS_QUESTIONS), questions + 10);
    assert_int_equal(stats_get(STATS_DNS_FAILURES), failures + 2);
    stop_pair(&pair);
}

static void test_ipv6(void **state)
{
    struct pair pair = start_pair("::1");

    (void)state;
    if (!pair.responder)
        skip(); /* this machine has no IPv6 loopback */
    ask_everything(pair.dns);
    stop_pair(&pair);
}

static void test_large_text(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    const struct dns_answer *answer = dns_ask(pair.dns, "big.example", DNS_TXT, now_ms() + LONG_MS);

    (void)state;
    assert_int_equal(answer->status, DNS_OK);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->records[0].text_len, 240 * 255);
    assert_int_equal(answer->records[0].text[0], 'A');
    assert_int_equal(answer->records[0].text[240 * 255 - 1], 'A' + 239 % 26);
    dns_answer_release(answer);
    stop_pair(&pair);
}

/* The octets of a question reach the wire as they are; a label is what stands between two dots. */
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
    const struct dns_answer *answer = dns_ask(pair.dns, "malformed.example", DNS_A, now_ms() + 500);

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

static void test_deadline(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    uint64_t timeouts = stats_get(STATS_DNS_TIMEOUTS);
    int64_t start_ms = now_ms();
    const struct dns_answer *answer = dns_ask(pair.dns, "drop.example", DNS_A, start_ms + 300);

    (void)state;
    assert_int_equal(answer->status, DNS_TIMEOUT);
    assert_true(now_ms() >= start_ms + 300);
    assert_true(now_ms() < start_ms + 10000);
    assert_int_equal(stats_get(STATS_DNS_TIMEOUTS), timeouts + 1);
    dns_answer_release(answer);
    answer = dns_ask(pair.dns, "drop.example", DNS_A, start_ms - 1000); /* one that has passed */
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
    answer = dns_ask(pair.dns, "halftcp.example", DNS_TXT, now_ms() + 3000);
    assert_true(answer->status == DNS_FAILURE || answer->status == DNS_TIMEOUT);
    dns_answer_release(answer);
    stop_pair(&pair);
}

/* The second server answers where the first fails, is silent, or is not there. */
static void test_several_servers(void **state)
{
    static const char *const names[] = {"servfail1.example", "refused1.example", "notimp1.example", "drop1.example"};
    struct responder *first = responder_start("127.0.0.1", true), *second = responder_start("127.0.0.1", false);
    const char *servers[] = {responder_address(first), responder_address(second)};
    char address[64];
    struct dns *dns;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        dns = create(servers, 2); /* a new one, so that nothing is known about the first server */
        expect(dns, names[i], DNS_A, DNS_OK, 300, "192.0.2.1");
        dns_destroy(dns);
        assert_int_equal(responder_asked(first), i + 1);
    }
    snprintf(address, sizeof(address), "%s", servers[0]);
    servers[0] = address;
    responder_stop(first);
    dns = create(servers, 2);
    expect(dns, "plain.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    dns_destroy(dns);
    responder_stop(second);
}

/* A first server that is silent is asked no more than it has to be. */
static void test_silent_server(void **state)
{
    struct responder *first = responder_start("127.0.0.1", true), *second = responder_start("127.0.0.1", false);
    const char *const servers[] = {responder_address(first), responder_address(second)};
    struct dns *dns = create(servers, 2);

    (void)state;
    for (unsigned i = 0; i < 6; i++)
        expect(dns, "drop1.example", DNS_A, DNS_OK, 300, "192.0.2.1");
    assert_true(responder_asked(first) >= 1);
    assert_true(responder_asked(first) <= 2);
    dns_destroy(dns);
    responder_stop(first);
    responder_stop(second);
}

/* Nobody listens: no knowledge, and no waiting for the end of all tries. */
static void test_no_server(void **state)
{
    struct responder *responder = responder_start("127.0.0.1", false);
    char address[64];
    const char *server = address;
    struct dns *dns;

    (void)state;
    snprintf(address, sizeof(address), "%s", responder_address(responder));
    responder_stop(responder);
    dns = create(&server, 1);
    expect(dns, "plain.example", DNS_A, DNS_FAILURE, 0, "");
    dns_destroy(dns);
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

struct asks_on {
    struct dns *dns;
    struct counts counts;
};

static void ask_on(void *context, const struct dns_answer *answer)
{
    struct asks_on *asks_on = context;

    dns_answer_release(answer);
    dns_query(asks_on->dns, "plain.example", DNS_A, now_ms() + LONG_MS, count_answer, &asks_on->counts);
}

/* A callback may ask on; at the end it is told at once that nobody answers. */
static void test_callback_asks(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct asks_on asks_on = {.dns = pair.dns, .counts = {.lock = PTHREAD_MUTEX_INITIALIZER}};

    (void)state;
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + 100, ask_on, &asks_on);
    expect(pair.dns, "droponce.example", DNS_A, DNS_OK, 300, "192.0.2.1"); /* takes 2 s */
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, ask_on, &asks_on);
    stop_pair(&pair);
    assert_int_equal(asks_on.counts.answered, 2);
    assert_int_equal(asks_on.counts.timeouts, 1);
}

/* The same where c-ares answers by itself (RFC 7686 2), and nothing else is under way. */
static void test_callback_asks_after_no_question(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct asks_on asks_on = {.dns = pair.dns, .counts = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    unsigned answered = 0;

    (void)state;
    dns_query(pair.dns, "hidden.onion", DNS_A, now_ms() + LONG_MS, ask_on, &asks_on);
    for (unsigned tries = 0; tries < 10000 && answered == 0; tries++) {
        usleep(1000);
        pthread_mutex_lock(&asks_on.counts.lock);
        answered = asks_on.counts.answered;
        pthread_mutex_unlock(&asks_on.counts.lock);
    }
    assert_int_equal(answered, 1);
    stop_pair(&pair);
}

/* What the kernel keeps for a UDP socket, as it is when `fd` is -1. */
static int receive_buffer(int fd)
{
    int own_fd = fd < 0 ? socket(AF_INET, SOCK_DGRAM, 0) : -1, octets = 0;
    socklen_t len = sizeof(octets);

    assert_int_equal(getsockopt(fd < 0 ? own_fd : fd, SOL_SOCKET, SO_RCVBUF, &octets, &len), 0);
    if (own_fd >= 0)
        close(own_fd);
    return octets;
}

/* The descriptor of a UDP socket that is connected to the responder, -1 if there is none. */
static int find_asking_socket(const struct responder *responder)
{
    const unsigned port = (unsigned)strtoul(strrchr(responder_address(responder), ':') + 1, NULL, 10);

    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in peer;
        socklen_t len = sizeof(peer), type_len = sizeof(int);
        int type = 0;

        if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && ntohs(peer.sin_port) == port &&
            getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_DGRAM)
            return fd;
    }
    return -1;
}

/* Replies that come all at once must find room: a lost one costs two seconds. */
static void test_room_for_replies(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct counts counts = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int fd = -1;

    (void)state;
    dns_query(pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, count_answer, &counts);
    for (unsigned tries = 0; tries < 10000 && (fd = find_asking_socket(pair.responder)) < 0; tries++)
        usleep(1000);
    assert_true(fd >= 0);
    assert_true(receive_buffer(fd) > receive_buffer(-1));
    stop_pair(&pair);
}

/* Two questions whose replies are there together. */
struct two_replies {
    struct pair pair;
    struct counts third;
    atomic_bool second_is_asked, first_has_asked, third_came_in_time;
};

static void ask_third(void *context, const struct dns_answer *answer)
{
    struct two_replies *two = context;

    dns_answer_release(answer);
    while (!two->second_is_asked)
        usleep(1000);
    usleep(100000); /* now the reply to the second is there, too */
    dns_query(two->pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, count_answer, &two->third);
    two->first_has_asked = true;
}

static void look_for_third(void *context, const struct dns_answer *answer)
{
    struct two_replies *two = context;

    dns_answer_release(answer);
    for (unsigned tries = 0; tries < 1000 && two->first_has_asked && !two->third_came_in_time; tries++) {
        usleep(1000);
        two->third_came_in_time = responder_asked(two->pair.responder) >= 4;
    }
}

/* What a callback asks is on its way before the next reply is looked at. */
static void test_callback_asks_at_once(void **state)
{
    struct two_replies two = {.pair = start_pair("127.0.0.1"), .third = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    struct counts silent = {.lock = PTHREAD_MUTEX_INITIALIZER};

    (void)state;
    dns_query(two.pair.dns, "drop.example", DNS_A, now_ms() + LONG_MS, count_answer, &silent); /* keeps the socket */
    dns_query(two.pair.dns, "plain.example", DNS_A, now_ms() + LONG_MS, ask_third, &two);
    dns_query(two.pair.dns, "plain.example", DNS_TXT, now_ms() + LONG_MS, look_for_third, &two);
    while (responder_asked(two.pair.responder) < 3)
        usleep(1000);
    two.second_is_asked = true;
    for (unsigned tries = 0; tries < 10000 && !two.third_came_in_time; tries++)
        usleep(1000);
    assert_true(two.third_came_in_time);
    stop_pair(&two.pair);
}

/* Deadlines of each question, in whatever order they come. */
static void test_many_deadlines(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    struct counts counts = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int64_t start_ms = now_ms();
    const struct dns_answer *answer;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        dns_query(pair.dns, "drop.example", DNS_A, start_ms + 100 + i * 37 % 100, count_answer, &counts);
    answer = dns_ask(pair.dns, "drop.example", DNS_A, start_ms + 400);
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
        const struct dns_answer *answer = dns_ask(dns, name, DNS_TXT, now_ms() + LONG_MS);

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

static void test_server_texts(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"192.0.2.1", true},
        {"192.0.2.1:5353", true},
        {"2001:db8::1", true},
        {"[2001:db8::1]", true},
        {"[2001:db8::1]:53", true},
        {"::1", true},
        {"192.0.2.1:65535", true},
        {"", false},
        {"192.0.2", false},
        {"192.0.2.1:", false},
        {"192.0.2.1:0", false},
        {"192.0.2.1:65536", false},
        {"192.0.2.1:5x", false},
        {"192.0.2.1:-5", false},
        {"[192.0.2.1]:53", false},
        {"[2001:db8::1", false},
        {"[2001:db8::1]x", false},
        {"[2001:db8::1]:", false},
        {"2001:db8::1]:53", false},
        {"ns.example", false},
        {"192.0.2.1,192.0.2.2", false},
        {"192.0.2.1 ", false},
        {"fe80::1%eth0", false},
        {":53", false},
        {"[]:53", false},
        {"2001:db8:0:0:0:0:0:1:53:5353:2001:db8:0:0:0:0:0:1", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (dns_ares_server_valid(rows[i].text) != rows[i].valid)
            fail_msg("\"%s\"", rows[i].text);
}

static void test_create(void **state)
{
    const char *const servers[] = {"127.0.0.1", "not.a.server"};
    struct dns_ares_config config = {.servers = servers, .server_count = 2};
    char error[256] = "";

    (void)state;
    assert_null(dns_ares_create(&config, &clock_system, error, sizeof(error)));
    assert_non_null(strstr(error, "\"not.a.server\" is not a name server"));
    dns_destroy(create(NULL, 0)); /* with resolv.conf's servers; nothing is asked */
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
    struct dns_ares_config config = {.servers = servers, .server_count = 2};
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        char error[256] = "";
        struct dns *dns;
        bool failed;

        alloc_fail_at(n);
        dns = dns_ares_create(&config, &clock_system, error, sizeof(error));
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(dns == NULL, failed);
        assert_int_equal(error[0] != '\0', failed);
        dns_destroy(dns);
        if (!failed)
            break;
    }
    assert_true(n > 3);
}

/* Whichever allocation of a question or its answer fails, the question is answered, with no knowledge at worst. */
static void test_ask_memory(void **state)
{
    struct pair pair = start_pair("127.0.0.1");
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        const struct dns_answer *answer;
        bool failed;

        alloc_fail_at(n);
        answer = dns_ask(pair.dns, "plain.example", DNS_TXT, now_ms() + LONG_MS);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(answer->status, failed ? DNS_FAILURE : DNS_OK);
        dns_answer_release(answer);
        if (!failed)
            break;
    }
    assert_true(n > 4);
    stop_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_false_replies),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_no_edns),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_several_servers),
        cmocka_unit_test(test_silent_server),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_destroy),
        cmocka_unit_test(test_callback_asks),
        cmocka_unit_test(test_many_deadlines),
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_server_texts),
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_create_memory),
        cmocka_unit_test(test_ask_memory),
        cmocka_unit_test(test_callback_asks_after_no_question),
        cmocka_unit_test(test_room_for_replies),
        cmocka_unit_test(test_callback_asks_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
