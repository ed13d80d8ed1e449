/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which record is chosen out of an answer, and which of its terms are steps. */
#include "spf/policy.h"

#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct dns_answer *answer_of(const char *const texts[3])
{
    struct dns_builder *builder = dns_builder_create(DNS_TXT);

    for (unsigned i = 0; i < 3 && texts[i]; i++)
        dns_builder_add_text(builder, texts[i], strlen(texts[i]));
    return dns_builder_finish(builder, DNS_OK, 60);
}

static struct policy_reader reader_of(const char *client)
{
    struct policy_reader reader = {.terms_max = LIMIT_DNS_TERMS};

    assert_true(addr_parse(client, &reader.client));
    return reader;
}

static void test_choice(void **state)
{
    static const struct {
        const char *texts[3];
        enum policy_status status;
    } rows[] = {
        {{NULL}, POLICY_NONE},
        {{"text", "v=spf10 -all", "v=spf1-all"}, POLICY_NONE},
        {{"text", "v=spf1 -all"}, POLICY_OK},
        {{"v=spf1 -all", "text", "V=SPF1"}, POLICY_SEVERAL},
        {{"v=spf1 -all", "v=spf1 -all ", "text"}, POLICY_SEVERAL},
        {{"v=spf1 -all", "text", "v=spf1 -all"}, POLICY_OK},
        {{"v=spf1 -all", "v=spf1 -all", "v=spf1 ~all"}, POLICY_SEVERAL},
        {{"v=spf1 foo", "v=spf1 foo"}, POLICY_SYNTAX},
    };
    const struct policy_reader reader = reader_of("192.0.2.1");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dns_answer *answer = answer_of(rows[i].texts);
        struct policy *policy = policy_read(&reader, answer);

        assert_int_equal(policy->status, rows[i].status);
        if (policy->status == POLICY_SYNTAX)
            assert_int_equal(policy->error.offset, 7);
        policy_free(policy);
        dns_answer_release(answer);
    }
}

/* The steps, written as the terms themselves; `.` is the record's end. */
static void test_steps(void **state)
{
    static const struct {
        const char *client, *record, *steps;
    } rows[] = {
        {"192.0.2.1", "v=spf1", "."},
        {"192.0.2.1", "v=spf1 -all a", "-all"},
        {"192.0.2.1", "v=spf1 ip4:10.0.0.1 a ip6:::/0 ?ip4:192.0.2.0/24 mx", "a ?ip4:192.0.2.0/24"},
        {"2001:db8::1", "v=spf1 ip4:0.0.0.0/0 x=y redirect=r.org a exp=e.org", "a redirect=r.org ."},
        {"192.0.2.1", "v=spf1 redirect=r.org all", "all"},
        {"192.0.2.1", "v=spf1 a a a a a a a a a a redirect=r.org", "a a a a a a a a a a redirect=r.org ."},
        {"192.0.2.1", "v=spf1 a a a a a a a a a a a a a redirect=r.org", "a a a a a a a a a a a ."},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct policy_reader reader = reader_of(rows[i].client);
        struct policy *policy = policy_from_text(&reader, rows[i].record);
        struct strbuf steps = STRBUF_INIT;

        for (size_t k = 0; k < policy->count; k++) {
            const struct term *term = policy->steps[k].term;

            strbuf_addf(&steps, "%s%.*s", k > 0 ? " " : "", term ? (int)term->len : 1, term ? term->text : ".");
        }
        assert_string_equal(strbuf_text(&steps), rows[i].steps);
        strbuf_free(&steps);
        policy_free(policy);
    }
}

/* For no client: only all is an end. */
static void test_survey(void **state)
{
    struct policy_reader reader = reader_of("192.0.2.1");
    struct policy *policy;

    (void)state;
    reader.is_survey = true;
    reader.terms_max = 100;
    policy = policy_from_text(&reader, "v=spf1 ip4:192.0.2.1 a a a a a a a a a a a a -all mx");
    assert_int_equal(policy->count, 13);
    policy_free(policy);
}

/* A record of many terms takes no more memory than one of its steps, unless all are to be shown. */
static void test_kept_terms(void **state)
{
    struct policy_reader reader = reader_of("192.0.2.1");
    struct strbuf text = STRBUF_INIT;
    struct policy *policy;

    (void)state;
    strbuf_add(&text, "v=spf1 exp=why.org a:h.org");
    for (unsigned i = 0; i < 5000; i++)
        strbuf_add(&text, " b= ip4:198.51.100.1");
    strbuf_add(&text, " redirect=r.org");
    policy = policy_from_text(&reader, strbuf_text(&text));
    assert_int_equal(policy->count, 3);
    assert_int_equal(policy->record.count, 3);
    assert_ptr_equal(policy->record.redirect, policy->steps[1].term);
    assert_int_equal(policy->record.redirect->kind, TERM_REDIRECT);
    assert_int_equal(policy->record.exp->kind, TERM_EXP);
    assert_false(policy->refuses_all);
    policy_free(policy);
    reader.keeps_terms = true;
    policy = policy_from_text(&reader, strbuf_text(&text));
    assert_int_equal(policy->record.count, 10003);
    policy_free(policy);
    strbuf_free(&text);

    reader.keeps_terms = false;
    policy = policy_from_text(&reader, "v=spf1 ip4:198.51.100.1 -all");
    assert_int_equal(policy->record.count, 1);
    assert_false(policy->refuses_all);
    policy_free(policy);
    policy = policy_from_text(&reader, "v=spf1 -all");
    assert_true(policy->refuses_all);
    policy_free(policy);
}

static void test_no_memory(void **state)
{
    static const char *const texts[3] = {"v=spf1 a mx -all"};
    const struct policy_reader reader = reader_of("192.0.2.1");
    const struct dns_answer *answer = answer_of(texts);
    bool failed = true;

    (void)state;
    for (unsigned n = 1; failed; n++) {
        struct policy *policy;

        alloc_fail_at(n);
        policy = policy_read(&reader, answer);
        failed = alloc_fail_happened();
        alloc_fail_at(0);
        assert_true((policy == NULL) == failed);
        policy_free(policy);
    }
    dns_answer_release(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),     cmocka_unit_test(test_steps),     cmocka_unit_test(test_survey),
        cmocka_unit_test(test_kept_terms), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
