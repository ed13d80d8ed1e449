/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which messages are greylisted, and under which keys. */
#include "greylist/greylist_subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

struct subject_case {
    const char *client, *name, *helo, *from, *to; /* `from` "": the null sender */
    enum spf_result result;
    unsigned bits;
    enum greylist_pass pass;
    enum greylist_exemption exemption;
    const char *entry, *sender;
};

static struct greylist_settings settings_of(enum greylist_pass pass)
{
    struct greylist_settings settings = {
        .terms = {GREYLIST_ON, 60, 86400, 36 * 86400, 2},
        .results = RESULT_BIT(RESULT_NONE) | RESULT_BIT(RESULT_NEUTRAL) | RESULT_BIT(RESULT_SOFTFAIL),
        .pass = pass,
        .width = {16, 32},
        .network = {24, 64},
    };

    return settings;
}

static enum greylist_exemption subject_of(const struct greylist_settings *settings, const struct subject_case *row,
                                          struct greylist_subject *subject)
{
    struct address from = {0}, to = {0};
    struct greylist_facts facts = {
        .client_name = row->name, .helo = row->helo, .result = row->result, .matched_bits = row->bits};
    enum greylist_exemption exemption;

    if (*row->client != '\0')
        assert_true(addr_parse(row->client, &facts.client));
    if (*row->from != '\0') {
        assert_int_equal(address_parse(row->from, &from), ADDRESS_OK);
        facts.sender = &from;
    }
    assert_true(address_parse(row->to, &to) != ADDRESS_MALFORMED);
    facts.recipient = &to;
    exemption = greylist_subject_of(settings, &facts, subject);
    address_free(&from);
    address_free(&to);
    return exemption;
}

static void check(const struct subject_case *row)
{
    struct greylist_settings settings = settings_of(row->pass);
    struct greylist_subject subject = {"untouched", "untouched"};
    enum greylist_exemption exemption = subject_of(&settings, row, &subject);

    if (exemption != row->exemption)
        fail_msg("%s: %s", row->from, greylist_exemption_words(exemption));
    assert_string_equal(subject.entry, row->entry ? row->entry : "untouched");
    assert_string_equal(subject.sender, row->entry ? row->sender : "untouched");
}

#define V4   "192.0.2.77"
#define TO   "User@Our.Example"
#define NET  "192.0.2.0/24 "
#define OURS " user@our.example"
/* Versions of clang-format differ in how they break braces. */
/* clang-format off */
#define UNPROVED(from, domain) {V4, "mx.example.net", "helo.example.com", from, TO, RESULT_NONE, 0, GREYLIST_PASS_KNOWN, \
                                GREYLIST_APPLIES, NET domain OURS, NET domain}
/* clang-format on */

static const struct subject_case unproved[] = {
    UNPROVED("a@example.org", "example.org"),
    UNPROVED("bounce-1234=x@news.Example.ORG", "example.org"),
    UNPROVED("a@deep.below.example.co.uk", "example.co.uk"),
    UNPROVED("a@co.uk", "co.uk"),
    UNPROVED("a@me.github.io", "me.github.io"),
    UNPROVED("a@b\xC3\xBC"
             "cher.example",
             "xn--bcher-kva.example"),
    UNPROVED("a@[192.0.2.9]", "[192.0.2.9]"),
    UNPROVED("somebody", "-"),
    {V4, NULL, "h", "a@b.example",
     "u@b\xC3\xBC"
     "cher.example",
     RESULT_NONE, 0, GREYLIST_PASS_KNOWN, GREYLIST_APPLIES, NET "b.example u@xn--bcher-kva.example", NET "b.example"},
    {"2001:db8:1:2:3::4", NULL, "h", "a@b.example", TO, RESULT_SOFTFAIL, 0, GREYLIST_PASS_ALL, GREYLIST_APPLIES,
     "2001:db8:1:2::/64 b.example" OURS, "2001:db8:1:2::/64 b.example"},
    {V4, NULL, "h", "a@b.example", "\"a b\"@our.example", RESULT_NONE, 0, GREYLIST_PASS_KNOWN, GREYLIST_APPLIES,
     NET "b.example #cee89780cc7e1ae737878526b2de4bf2", NET "b.example"},
};

static const struct subject_case null_senders[] = {
    {V4, "mx.Example.net", "helo.example.com", "", TO, RESULT_NONE, 0, GREYLIST_PASS_KNOWN, GREYLIST_APPLIES,
     NET "null:example.net" OURS, NET "null:example.net"},
    {V4, NULL, "helo.example.com", "", TO, RESULT_NONE, 0, GREYLIST_PASS_KNOWN, GREYLIST_APPLIES,
     NET "null:example.com" OURS, NET "null:example.com"},
    {V4, NULL, "[192.0.2.77]", "", TO, RESULT_NONE, 0, GREYLIST_PASS_KNOWN, GREYLIST_APPLIES,
     NET "null:[192.0.2.77]" OURS, NET "null:[192.0.2.77]"},
    {V4, NULL, "", "", TO, RESULT_NONE, 0, GREYLIST_PASS_KNOWN, GREYLIST_APPLIES, NET "null:-" OURS, NET "null:-"},
    {V4, "mx.example.net", "helo.example.com", "", TO, RESULT_PASS, 32, GREYLIST_PASS_ALL, GREYLIST_APPLIES,
     "pass example.com" OURS, "pass example.com"},
};

static const struct subject_case passes[] = {
    {V4, NULL, "h", "a@m.b.example", TO, RESULT_PASS, 0, GREYLIST_PASS_KNOWN, GREYLIST_PASSES, NULL, NULL},
    {V4, NULL, "h", "a@m.b.example", TO, RESULT_PASS, 32, GREYLIST_PASS_ONCE, GREYLIST_APPLIES, "pass b.example", ""},
    {V4, NULL, "h", "a@m.b.example", TO, RESULT_PASS, 32, GREYLIST_PASS_ALL, GREYLIST_APPLIES, "pass b.example" OURS,
     "pass b.example"},
    {V4, NULL, "h", "a@m.b.example", TO, RESULT_PASS, 16, GREYLIST_PASS_WIDE, GREYLIST_PASSES, NULL, NULL},
    {V4, NULL, "h", "a@m.b.example", TO, RESULT_PASS, 15, GREYLIST_PASS_WIDE, GREYLIST_APPLIES, NET "b.example" OURS,
     NET "b.example"},
    {"2001:db8::1", NULL, "h", "a@b.example", TO, RESULT_PASS, 32, GREYLIST_PASS_WIDE, GREYLIST_PASSES, NULL, NULL},
    {"2001:db8::1", NULL, "h", "a@b.example", TO, RESULT_PASS, 31, GREYLIST_PASS_WIDE, GREYLIST_APPLIES,
     "2001:db8::/64 b.example" OURS, "2001:db8::/64 b.example"},
    {V4, NULL, "h", "a@b.example", TO, RESULT_FAIL, 32, GREYLIST_PASS_ALL, GREYLIST_NOT_THIS_RESULT, NULL, NULL},
    {V4, NULL, "h", "a@b.example", TO, RESULT_TEMPERROR, 0, GREYLIST_PASS_ALL, GREYLIST_NOT_THIS_RESULT, NULL, NULL},
    {"", NULL, "h", "a@b.example", TO, RESULT_NONE, 0, GREYLIST_PASS_ALL, GREYLIST_NO_CLIENT, NULL, NULL},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(unproved); i++)
        check(&unproved[i]);
    for (size_t i = 0; i < ARRAY_SIZE(null_senders); i++)
        check(&null_senders[i]);
    for (size_t i = 0; i < ARRAY_SIZE(passes); i++)
        check(&passes[i]);
}

/* The longest of all parts, of any octets: what comes out is a key, and another domain has another one. */
static void test_long_parts(void **state)
{
    struct greylist_settings settings = settings_of(GREYLIST_PASS_KNOWN);
    struct greylist_subject first, second;
    char from[300], to[300];
    struct subject_case row = {.client = "2001:db8:1234:5678:9abc:def0:1234:5678", .helo = "h", .from = from, .to = to};

    (void)state;
    settings.network.v6 = 128;
    snprintf(from, sizeof from, "a@%060d.%050d.example", 1, 1);
    snprintf(to, sizeof to, "%064d@%060d.example", 1, 1);
    assert_int_equal(subject_of(&settings, &row, &first), GREYLIST_APPLIES);
    for (const char *at = first.entry; *at != '\0'; at++)
        assert_true(*at >= ' ' && *at <= '~');
    snprintf(from, sizeof from, "a@%060d.%050d.example", 2, 1); /* the same organizational domain */
    assert_int_equal(subject_of(&settings, &row, &second), GREYLIST_APPLIES);
    assert_string_equal(first.entry, second.entry);
    snprintf(from, sizeof from, "a@%060d.%063d.%063d.example", 2, 1, 1);
    assert_int_equal(subject_of(&settings, &row, &second), GREYLIST_APPLIES);
    assert_string_not_equal(first.entry, second.entry);
    snprintf(to, sizeof to, "%064d@%060d.example", 2, 1);
    assert_int_equal(subject_of(&settings, &row, &first), GREYLIST_APPLIES);
    assert_string_not_equal(first.entry, second.entry);
    assert_string_equal(first.sender, second.sender);
}

/* Recipients that no key can have as they are, and the same in capital letters: each has a hash of its own. */
static void test_hashes(void **state)
{
    struct greylist_settings settings = settings_of(GREYLIST_PASS_KNOWN);
    char longest[700], other[700], raised[700];
    const char *const recipients[][2] = {
        {"#0123456789abcdef@our.example", "#0123456789ABCDEF@our.example"},
        {"j\xC3\xB6rg@our.example", "J\xC3\xB6RG@Our.Example"},
        {"\"a b\"@our.example", "\"A B\"@our.example"},
        {longest, raised},
        {other, other},
    };
    char entries[ARRAY_SIZE(recipients)][GREYLIST_KEY_SIZE];

    (void)state;
    snprintf(longest, sizeof longest, "%0500dx@our.example", 1);
    snprintf(raised, sizeof raised, "%0500dX@our.example", 1);
    snprintf(other, sizeof other, "%0500dx@our2.example", 1);
    for (size_t i = 0; i < ARRAY_SIZE(recipients); i++) {
        struct subject_case row = {.client = V4, .helo = "h", .from = "a@b.example", .to = recipients[i][0]};
        struct greylist_subject subject, again;

        assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_APPLIES);
        assert_int_equal(strlen(subject.entry), strlen(NET "b.example #") + 32);
        row.to = recipients[i][1];
        assert_int_equal(subject_of(&settings, &row, &again), GREYLIST_APPLIES);
        assert_string_equal(subject.entry, again.entry);
        memcpy(entries[i], subject.entry, sizeof entries[i]);
        for (size_t n = 0; n < i; n++)
            assert_string_not_equal(entries[n], entries[i]);
    }
}

/* A pass by a term that is too wide is neither better nor worse than neutral. */
static void test_wide_is_neutral(void **state)
{
    struct greylist_settings settings = settings_of(GREYLIST_PASS_WIDE);
    struct subject_case row = {.client = V4, .helo = "h", .from = "a@b.example", .to = TO, .result = RESULT_PASS};
    struct greylist_subject wide, neutral;

    (void)state;
    assert_int_equal(subject_of(&settings, &row, &wide), GREYLIST_APPLIES);
    row.result = RESULT_NEUTRAL;
    assert_int_equal(subject_of(&settings, &row, &neutral), GREYLIST_APPLIES);
    assert_string_equal(wide.entry, neutral.entry);
    settings.results &= ~RESULT_BIT(RESULT_NEUTRAL);
    assert_int_equal(subject_of(&settings, &row, &neutral), GREYLIST_NOT_THIS_RESULT);
    row.result = RESULT_PASS;
    assert_int_equal(subject_of(&settings, &row, &wide), GREYLIST_NOT_THIS_RESULT);
}

static void test_lists(void **state)
{
    struct greylist_settings settings = settings_of(GREYLIST_PASS_KNOWN);
    struct subject_case row = {V4, "mx.example.net", "h", "a@b.example", TO, RESULT_NONE, 0, GREYLIST_PASS_KNOWN, 0, 0,
                               0};
    struct greylist_subject subject;
    struct addr_prefix prefix;

    (void)state;
    assert_true(mailbox_list_add(&settings.to, "@other.example"));
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_NOT_THIS_RECIPIENT);
    assert_true(mailbox_list_add(&settings.to, "@our.example"));
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_APPLIES);

    assert_true(addr_prefix_parse("192.0.2.64/26", &prefix));
    assert_true(addr_list_add(&settings.exempt.clients, &prefix));
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_EXEMPT);
    addr_list_free(&settings.exempt.clients);

    assert_true(host_list_add(&settings.exempt.hosts, ".example.net"));
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_EXEMPT);
    row.name = NULL;
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_APPLIES);
    host_list_free(&settings.exempt.hosts);

    assert_true(mailbox_list_add(&settings.exempt.senders, "a@"));
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_EXEMPT);
    row.from = "";
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_APPLIES);
    mailbox_list_free(&settings.exempt.senders);

    assert_true(mailbox_list_add(&settings.exempt.recipients, "user@our.example"));
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_EXEMPT);
    mailbox_list_free(&settings.exempt.recipients);
    mailbox_list_free(&settings.to);

    settings.terms.mode = GREYLIST_OFF;
    assert_int_equal(subject_of(&settings, &row, &subject), GREYLIST_IS_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),           cmocka_unit_test(test_long_parts), cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_wide_is_neutral), cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
