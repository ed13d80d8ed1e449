/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which lookups are wanted, and what bounds those that are lookahead. */
#include "spf/lookups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

/* Wants a name by a slot of its own, as another term would. */
static struct lookup *want(struct lookups *lookups, const char *name)
{
    struct lookup *slot = NULL;

    return lookups_want(lookups, &slot, name, DNS_A);
}

static void answer(struct lookups *lookups, struct lookup *lookup)
{
    lookup->is_sent = true;
    lookups_answer(lookups, lookup, dns_answer_empty(DNS_NODATA, 0));
}

/* One name and type is one lookup, whatever its case. */
static void test_same(void **state)
{
    struct lookups lookups;
    struct lookup *first, *slot = NULL;

    (void)state;
    lookups_init(&lookups, true, &lookups);
    lookups_begin(&lookups);
    first = want(&lookups, "Mx.Example.org");
    assert_ptr_equal(first->owner, &lookups);
    assert_ptr_equal(want(&lookups, "mX.eXample.ORG"), first);
    assert_ptr_not_equal(lookups_want(&lookups, &slot, "mx.example.org", DNS_AAAA), first);
    assert_true(lookup_is_wanted(&lookups, first));
    answer(&lookups, first);
    assert_false(lookup_is_wanted(&lookups, first));
    lookups_begin(&lookups);
    assert_ptr_equal(want(&lookups, "mx.example.org"), first);
    assert_false(lookup_is_wanted(&lookups, slot)); /* not by this walk */
    lookups_free(&lookups);
}

/* What stands before all that is missing is needed; the rest is wanted only with lookahead. */
static void test_needed(void **state)
{
    (void)state;
    for (unsigned has_lookahead = 0; has_lookahead < 2; has_lookahead++) {
        struct lookups lookups;
        struct lookup *first, *second;

        lookups_init(&lookups, has_lookahead, NULL);
        lookups_begin(&lookups);
        first = want(&lookups, "a.org");
        lookups.is_blocked = true;
        second = want(&lookups, "b.org");
        assert_ptr_equal(want(&lookups, "a.org"), first); /* again, behind */
        assert_true(first->is_needed && lookup_is_wanted(&lookups, first));
        assert_int_equal(second != NULL, has_lookahead);
        if (second)
            assert_true(!second->is_needed && lookup_is_wanted(&lookups, second));
        answer(&lookups, first);
        lookups_begin(&lookups);
        second = want(&lookups, "b.org");
        assert_true(second->is_needed && lookup_is_wanted(&lookups, second));
        lookups_free(&lookups);
    }
}

/* Ten guesses at a time; one that turns out to be in reach is none. */
static void test_guesses(void **state)
{
    struct lookups lookups;
    char name[32];
    unsigned wanted = 0;

    (void)state;
    lookups_init(&lookups, true, NULL);
    lookups_begin(&lookups);
    lookups.is_blocked = true;
    lookups.is_certain = false;
    for (unsigned i = 0; i < 20; i++) {
        struct lookup *lookup;

        snprintf(name, sizeof(name), "h%u.org", i);
        lookup = want(&lookups, name);
        wanted += lookup != NULL;
        if (lookup)
            lookup->is_sent = true;
    }
    assert_int_equal(wanted, 10);
    lookups_begin(&lookups);
    lookups.is_blocked = true;
    want(&lookups, "h0.org"); /* certainly */
    want(&lookups, "h1.org");
    lookups.is_certain = false;
    assert_non_null(want(&lookups, "h17.org"));
    assert_non_null(want(&lookups, "h18.org"));
    assert_null(want(&lookups, "h19.org"));
    lookups_free(&lookups);
}

/* Hosts before their term's turn: as long as no more than two terms before may be void lookups. */
static void test_hosts(void **state)
{
    struct lookups lookups;
    struct lookup *slots[3] = {NULL};
    const struct lookup *lookup;

    (void)state;
    lookups_init(&lookups, true, NULL);
    lookups_begin(&lookups);
    lookups.void_lookups = 2;
    lookups.open = 1;
    assert_true(lookups_want_host(&lookups, &slots[0], "a.org", DNS_A, &lookup)); /* its turn */
    assert_non_null(lookup);
    lookups.is_blocked = true;
    assert_true(lookups_want_host(&lookups, &slots[1], "b.org", DNS_A, &lookup));
    assert_null(lookup);
    lookups.open = 0;
    assert_true(lookups_want_host(&lookups, &slots[1], "b\\047.org", DNS_A, &lookup));
    assert_string_equal(lookup->name, "b/.org");
    lookups.open = 1;
    assert_true(lookups_want_host(&lookups, &slots[2], "A.org", DNS_A, &lookup));
    assert_ptr_equal(lookup, slots[0]); /* known anyway */
    slots[2] = NULL;
    assert_false(lookups_want_host(&lookups, &slots[2], "", DNS_A, &lookup));
    assert_false(lookups_want_host(&lookups, &slots[2], "a\\046b.org", DNS_A, &lookup));
    lookups_free(&lookups);
}

enum { LARGE = 30000 };

/* A TXT record of LARGE octets of text. */
static const struct dns_answer *large_answer(void)
{
    struct dns_builder *builder = dns_builder_create(DNS_TXT);
    char text[LARGE];

    assert_non_null(builder);
    memset(text, 'x', sizeof text);
    assert_true(dns_builder_add_text(builder, text, sizeof text));
    return dns_builder_finish(builder, DNS_OK, 0);
}

/* Answers of more than 64 kB end lookahead; what is needed is asked all the same, and so is what is known. */
static void test_octets(void **state)
{
    static const char *const needed[] = {"a.org", "b.org", "c.org", "d.org"};
    struct lookups lookups;

    (void)state;
    lookups_init(&lookups, true, NULL);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const bool has_lookahead = i * LARGE <= 65536;
        struct lookup *lookup;
        char ahead[] = "0.ahead.org";

        ahead[0] = (char)('0' + i);
        lookups_begin(&lookups);
        lookup = want(&lookups, needed[i]);
        assert_true(lookup_is_wanted(&lookups, lookup));
        lookups.is_blocked = true;
        assert_int_equal(want(&lookups, ahead) != NULL, has_lookahead);
        assert_non_null(want(&lookups, "0.ahead.org"));
        lookup->is_sent = true;
        lookups_answer(&lookups, lookup, large_answer());
    }
    lookups_free(&lookups);
}

static void test_no_memory(void **state)
{
    struct lookups lookups;

    (void)state;
    lookups_init(&lookups, true, NULL);
    lookups_begin(&lookups);
    alloc_fail_at(1);
    assert_null(want(&lookups, "a.org"));
    alloc_fail_at(0);
    assert_true(lookups.failed);
    lookups_free(&lookups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),  cmocka_unit_test(test_needed), cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_hosts), cmocka_unit_test(test_octets), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
