/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests answers, and waiting for backends that answer at once, late, or never. */
#include "dns/dns.h"

#include "base/stats.h"
#include "support/alloc_fail.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t now_ms(void)
{
    return clock_monotonic_ms(&clock_system);
}

/* A backend that keeps the last query, and answers when the test says so. */
struct puppet {
    struct dns dns;
    unsigned queries;
    bool answers_at_once;
    char name[DNS_NAME_MAX + 1];
    dns_callback done;
    void *context;
};

static const struct dns_answer *one_text(const char *text)
{
    struct dns_builder *builder = dns_builder_create(DNS_TXT);

    dns_builder_add_text(builder, text, strlen(text));
    return dns_builder_finish(builder, DNS_OK, 60);
}

static void puppet_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                         void *context)
{
    struct puppet *puppet = (struct puppet *)dns;

    (void)type;
    (void)deadline_ms;
    puppet->queries++;
    snprintf(puppet->name, sizeof(puppet->name), "%s", name);
    puppet->done = done;
    puppet->context = context;
    if (puppet->answers_at_once)
        dns_deliver(done, context, one_text("here"));
}

static void puppet_destroy(struct dns *dns)
{
    memset(dns, 0, sizeof(struct puppet));
}

static const struct dns_ops puppet_ops = {.query = puppet_query, .destroy = puppet_destroy};

/* A puppet that answers at once, or not at all. */
#define PUPPET(at_once)                                                                                                \
    ((struct puppet){.dns = {.ops = &puppet_ops, .clock = &clock_system}, .answers_at_once = (at_once)})

static void keep_answer(void *context, const struct dns_answer *answer)
{
    *(const struct dns_answer **)context = answer;
}

/* Each name, and whether it becomes a query. */
static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool valid;
    } rows[] = {
        {"example.com", true},
        {"x", true},
        {"_spf.example.com", true},
        {"with space.example", true},
        {"\"\\\x80\xff.example", true},
        {"", false},
        {".", false},
        {".example", false},
        {"example.", false},
        {"a..b", false},
        {"123456789012345678901234567890123456789012345678901234567890123.example", true},
        {"1234567890123456789012345678901234567890123456789012345678901234.example", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct puppet puppet = PUPPET(true);
        const struct dns_answer *answer = NULL;

        dns_query(&puppet.dns, rows[i].name, DNS_TXT, now_ms() + 1000, keep_answer, &answer);
        assert_non_null(answer);
        assert_int_equal(answer->status, rows[i].valid ? DNS_OK : DNS_NXDOMAIN);
        assert_int_equal(puppet.queries, rows[i].valid);
        if (rows[i].valid)
            assert_string_equal(puppet.name, rows[i].name);
        dns_answer_release(answer);
    }
}

static void test_name_lengths(void **state)
{
    (void)state;
    for (size_t len = 250; len <= 260; len++) {
        struct puppet puppet = PUPPET(true);
        const struct dns_answer *answer = NULL;
        char name[300];

        for (size_t i = 0; i < len; i++)
            name[i] = i % 50 == 49 && i + 1 < len ? '.' : 'a';
        name[len] = '\0';
        dns_query(&puppet.dns, name, DNS_TXT, now_ms() + 1000, keep_answer, &answer);
        assert_int_equal(puppet.queries, len <= DNS_NAME_MAX);
        dns_answer_release(answer);
    }
}

static void test_builder_records(void **state)
{
    struct dns_builder *builder = dns_builder_create(DNS_MX);
    const struct dns_answer *answer;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        char name[] = "mail?.example";

        name[4] = (char)('a' + i);
        assert_true(dns_builder_add_name(builder, (uint16_t)i, i == 7 ? "" : name));
    }
    answer = dns_builder_finish(builder, DNS_OK, 17);
    assert_int_equal(answer->status, DNS_OK);
    assert_int_equal(answer->ttl_s, 17);
    assert_int_equal(answer->count, 20);
    assert_string_equal(answer->records[0].name, "maila.example");
    assert_string_equal(answer->records[7].name, "");
    assert_string_equal(answer->records[19].name, "mailt.example");
    assert_int_equal(answer->records[19].preference, 19);
    dns_answer_release(answer);
}

static void test_builder_octets(void **state)
{
    struct dns_builder *builder = dns_builder_create(DNS_TXT);
    const struct dns_answer *answer;

    (void)state;
    assert_true(dns_builder_add_text(builder, "a\0b\xff", 4));
    assert_true(dns_builder_add_text(builder, "", 0));
    assert_true(dns_builder_add_text(builder, "end", 3));
    answer = dns_builder_finish(builder, DNS_OK, 1);
    assert_int_equal(answer->count, 3);
    assert_int_equal(answer->records[0].text_len, 4);
    assert_memory_equal(answer->records[0].text, "a\0b\xff", 5);
    assert_int_equal(answer->records[1].text_len, 0);
    assert_string_equal(answer->records[1].text, "");
    assert_string_equal(answer->records[2].text, "end");
    dns_answer_release(answer);
}

static void test_builder_ends(void **state)
{
    const struct addr v6 = addr_from_v6((const uint8_t[16]){0x20, 1});
    const struct dns_answer *answer;
    struct dns_builder *builder;

    (void)state;
    answer = dns_builder_finish(dns_builder_create(DNS_A), DNS_OK, 30);
    assert_int_equal(answer->status, DNS_NODATA);
    assert_int_equal(answer->ttl_s, 30);
    dns_answer_release(answer);

    answer = dns_builder_finish(dns_builder_create(DNS_A), DNS_NXDOMAIN, 31);
    assert_int_equal(answer->status, DNS_NXDOMAIN);
    assert_int_equal(answer->ttl_s, 31);
    dns_answer_release(answer);

    answer = dns_builder_finish(NULL, DNS_OK, 30);
    assert_int_equal(answer->status, DNS_FAILURE);
    assert_int_equal(answer->ttl_s, 0);
    dns_answer_release(answer);

    builder = dns_builder_create(DNS_A); /* a record of the other family is a fault */
    assert_false(dns_builder_add_addr(builder, &v6));
    answer = dns_builder_finish(builder, DNS_OK, 30);
    assert_int_equal(answer->status, DNS_FAILURE);
    dns_answer_release(answer);

    builder = dns_builder_create(DNS_TXT); /* what was added before a failure is no answer */
    assert_true(dns_builder_add_text(builder, "x", 1));
    answer = dns_builder_finish(builder, DNS_TIMEOUT, 30);
    assert_int_equal(answer->status, DNS_TIMEOUT);
    assert_int_equal(answer->count, 0);
    assert_int_equal(answer->ttl_s, 0);
    dns_answer_release(answer);
}

/* Whichever allocation fails, the answer is DNS_FAILURE and nothing leaks. */
static void test_builder_memory(void **state)
{
    unsigned n = 1;

    (void)state;
    for (;; n++) {
        struct dns_builder *builder;
        const struct dns_answer *answer;
        bool failed;

        alloc_fail_at(n);
        builder = dns_builder_create(DNS_TXT);
        for (unsigned i = 0; i < 6; i++)
            dns_builder_add_text(builder, "some text that is not so short", 30);
        answer = dns_builder_finish(builder, DNS_OK, 5);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(answer->status, failed ? DNS_FAILURE : DNS_OK);
        dns_answer_release(answer);
        if (!failed)
            break;
    }
    assert_true(n > 4);
}

static void test_negative_memory(void **state)
{
    const struct dns_answer *answer;

    (void)state;
    alloc_fail_at(1);
    answer = dns_answer_empty(DNS_NXDOMAIN, 300);
    alloc_fail_at(0);
    assert_int_equal(answer->status, DNS_NXDOMAIN);
    assert_int_equal(answer->ttl_s, 0);
    dns_answer_release(answer);
}

/* The same records with another TTL: not copied, and alive as long as either is. */
static void test_other_ttl(void **state)
{
    const struct dns_answer *answer = one_text("shared"), *view = dns_answer_with_ttl(answer, 7), *same;

    (void)state;
    assert_int_equal(view->status, DNS_OK);
    assert_int_equal(view->ttl_s, 7);
    assert_int_equal(view->count, 1);
    assert_ptr_equal(view->records, answer->records);
    assert_in_range(dns_answer_octets(answer), strlen("shared") + 10, strlen("shared") + 30);
    assert_int_equal(dns_answer_octets(view), dns_answer_octets(answer));
    same = dns_answer_with_ttl(answer, answer->ttl_s);
    assert_ptr_equal(same, answer);
    dns_answer_release(same);
    dns_answer_release(answer);
    assert_string_equal(view->records[0].text, "shared");
    answer = dns_answer_with_ttl(view, 5);
    dns_answer_release(view);
    assert_string_equal(answer->records[0].text, "shared");
    alloc_fail_at(1);
    view = dns_answer_with_ttl(answer, 3);
    alloc_fail_at(0);
    assert_int_equal(view->status, DNS_FAILURE);
    dns_answer_release(view);
    dns_answer_release(answer);
    assert_int_equal(dns_answer_octets(dns_answer_empty(DNS_FAILURE, 0)), 0);
}

static void *share(void *context)
{
    const struct dns_answer *answer = context;

    for (unsigned i = 0; i < 10000; i++) {
        assert_ptr_equal(dns_answer_acquire(answer), answer);
        assert_string_equal(answer->records[0].text, "shared");
        dns_answer_release(answer);
    }
    dns_answer_release(answer);
    return NULL;
}

static void test_sharing(void **state)
{
    const struct dns_answer *answer = one_text("shared");
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, share, (void *)dns_answer_acquire(answer)), 0);
    dns_answer_release(answer);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void test_lookup_at_once(void **state)
{
    struct puppet puppet = PUPPET(true);
    const struct dns_answer *answer;

    (void)state;
    answer = dns_lookup(&puppet.dns, "example.com", DNS_TXT, now_ms() - 5);
    assert_int_equal(answer->status, DNS_OK);
    assert_string_equal(answer->records[0].text, "here");
    dns_answer_release(answer);
    dns_destroy(&puppet.dns);
    assert_null(puppet.dns.ops);
    dns_destroy(NULL);
}

/* The waiter goes at the deadline; an answer that comes after that finds nobody, and harms nobody. */
static void test_lookup_too_late(void **state)
{
    struct puppet puppet = PUPPET(false);
    uint64_t timeouts = stats_get(STATS_DNS_TIMEOUTS);
    int64_t start_ms = now_ms();
    const struct dns_answer *answer = dns_lookup(&puppet.dns, "example.com", DNS_TXT, start_ms + 100);

    (void)state;
    assert_int_equal(answer->status, DNS_TIMEOUT);
    assert_true(now_ms() >= start_ms + 100);
    assert_true(now_ms() < start_ms + 10000);
    assert_int_equal(stats_get(STATS_DNS_TIMEOUTS), timeouts + 1);
    dns_answer_release(answer);
    puppet.done(puppet.context, one_text("nobody is there"));
}

static void *answer_later(void *context)
{
    struct puppet *puppet = context;

    usleep(50000);
    puppet->done(puppet->context, one_text("later"));
    return NULL;
}

static void later_query(struct dns *dns, const char *name, enum dns_type type, int64_t deadline_ms, dns_callback done,
                        void *context)
{
    pthread_t thread;

    puppet_query(dns, name, type, deadline_ms, done, context);
    assert_int_equal(pthread_create(&thread, NULL, answer_later, dns), 0);
    pthread_detach(thread);
}

static void test_lookup_other_thread(void **state)
{
    static const struct dns_ops later_ops = {.query = later_query, .destroy = puppet_destroy};
    struct puppet puppet = {.dns = {.ops = &later_ops, .clock = &clock_system}};
    const struct dns_answer *answer = dns_lookup(&puppet.dns, "example.com", DNS_TXT, now_ms() + 20000);

    (void)state;
    assert_int_equal(answer->status, DNS_OK);
    assert_string_equal(answer->records[0].text, "later");
    dns_answer_release(answer);
}

static void test_lookup_memory(void **state)
{
    struct puppet puppet = PUPPET(false);
    const struct dns_answer *answer;

    (void)state;
    alloc_fail_at(1);
    answer = dns_lookup(&puppet.dns, "example.com", DNS_TXT, now_ms() + 1000);
    alloc_fail_at(0);
    assert_int_equal(answer->status, DNS_FAILURE);
    assert_int_equal(puppet.queries, 0);
}

static void ignore_answer(void *context, const struct dns_answer *answer)
{
    (void)context;
    dns_answer_release(answer);
}

static void test_counters(void **state)
{
    uint64_t timeouts = stats_get(STATS_DNS_TIMEOUTS), failures = stats_get(STATS_DNS_FAILURES);

    (void)state;
    dns_deliver(ignore_answer, NULL, dns_answer_empty(DNS_TIMEOUT, 0));
    dns_deliver(ignore_answer, NULL, dns_answer_empty(DNS_FAILURE, 0));
    dns_deliver(ignore_answer, NULL, dns_answer_empty(DNS_NXDOMAIN, 9));
    assert_int_equal(stats_get(STATS_DNS_TIMEOUTS), timeouts + 1);
    assert_int_equal(stats_get(STATS_DNS_FAILURES), failures + 1);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(dns_type_name(DNS_A), "A");
    assert_string_equal(dns_type_name(DNS_AAAA), "AAAA");
    assert_string_equal(dns_type_name(DNS_MX), "MX");
    assert_string_equal(dns_type_name(DNS_PTR), "PTR");
    assert_string_equal(dns_type_name(DNS_TXT), "TXT");
    assert_string_equal(dns_status_name(DNS_NXDOMAIN), "NXDOMAIN");
    assert_string_equal(dns_status_name(DNS_TIMEOUT), "timeout");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),           cmocka_unit_test(test_name_lengths),
        cmocka_unit_test(test_builder_records), cmocka_unit_test(test_builder_octets),
        cmocka_unit_test(test_builder_ends),    cmocka_unit_test(test_builder_memory),
        cmocka_unit_test(test_negative_memory), cmocka_unit_test(test_other_ttl),
        cmocka_unit_test(test_sharing),         cmocka_unit_test(test_lookup_at_once),
        cmocka_unit_test(test_lookup_too_late), cmocka_unit_test(test_lookup_other_thread),
        cmocka_unit_test(test_lookup_memory),   cmocka_unit_test(test_counters),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
