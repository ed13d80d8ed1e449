/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record grammar of RFC 7208 section 12: what is a record, what is not and where, and what the terms hold. */
#include "spf/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array)  (sizeof(array) / sizeof(array)[0])
#define TEXT(literal) literal, sizeof(literal) - 1

static void test_version(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool is_spf;
    } rows[] = {
        {TEXT("v=spf1"), true},
        {TEXT("v=spf1 "), true},
        {TEXT("v=spf1 -all"), true},
        {TEXT("V=SPF1 -all"), true},
        {TEXT("v=spf10"), false},
        {TEXT("v=spf1-all"), false},
        {TEXT("v=spf1\t-all"), false},
        {TEXT("v=spf1\0 -all"), false},
        {TEXT(" v=spf1"), false},
        {TEXT("v=spf"), false},
        {TEXT(""), false},
        {TEXT("spf2.0/pra"), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (record_is_spf(rows[i].text, rows[i].len) != rows[i].is_spf)
            fail_msg("row %zu: %s", i, rows[i].text);
}

static void test_valid(void **state)
{
    static const char *const texts[] = {
        "v=spf1",
        "v=spf1   ",
        "v=spf1 all",
        "v=spf1 +ALL",
        "v=spf1 a mx ptr",
        "v=spf1 a/0 a//0 a/32//128 mx/24 mx//64",
        "v=spf1 a:example.com a:example.com/24 a:example.com//64 a:example.com/24//64",
        "v=spf1 a:example.com. a:_under.example.com a:%{d} a:%{l1r-}.example.com a:%{d}/24 a:x.%{ir}.%{v}",
        "v=spf1 a:a%%b.example.com a:a%_b.example.com a:x%-",
        "v=spf1 a:!#$&'()*+,;<=>?@[]^`{|}~.example.com a:x\".example.com",
        "v=spf1 a:example.x-y a:example.2x a:example.xn--p1ai a:a/b.example.com",
        "v=spf1 a:foo:8080.example.com",
        "v=spf1 include:example.com -include:%{d}",
        "v=spf1 exists:%{ir}.%{l1r+-}.%{s}.%{h}.%{p}.%{o}.example.com",
        "v=spf1 exists:%{L}.%{d128}.%{i3R.-+,/_=}.example.com",
        "v=spf1 ip4:0.0.0.0 ip4:192.0.2.1/0 ip4:192.0.2.1/32",
        "v=spf1 ip6::: ip6:::1/128 ip6:2001:DB8::/32 ip6:::ffff:192.0.2.1 ip6:::/0",
        "v=spf1 redirect=example.com exp=example.com",
        "v=spf1 exp=%{d}.example.com -all",
        "v=spf1 REDIRECT=example.com ?A",
        "v=spf1 moo= moo= moo.cow-far_out=man:dog/cat all",
        "v=spf1 a=b ip4=1 unknown=%{d}%%",
        "v=spf1 default=-",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct record_error error = {0};
        struct record record;

        if (record_parse(texts[i], strlen(texts[i]), &record, &error) != RECORD_OK)
            fail_msg("%s: at %zu: %s", texts[i], error.offset, error.reason);
        record_free(&record);
    }
}

static void test_invalid(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        size_t offset;
    } rows[] = {
        {TEXT("v=spf1 foo"), 7},
        {TEXT("v=spf1 -all:"), 11},
        {TEXT("v=spf1 all/8"), 10},
        {TEXT("v=spf1 -all:foobar"), 11},
        {TEXT("v=spf1 --all"), 8},
        {TEXT("v=spf1 -"), 8},
        {TEXT("v=spf1 a-all"), 7},
        {TEXT("v=spf1 a\tmx"), 7},
        {TEXT("v=spf1 a:ctrl.example.com\rptr -all"), 25},
        {TEXT("v=spf1 a:"), 9},
        {TEXT("v=spf1 a:/24"), 9},
        {TEXT("v=spf1 a/"), 8},
        {TEXT("v=spf1 a/33"), 8},
        {TEXT("v=spf1 a/024"), 8},
        {TEXT("v=spf1 a//129"), 8},
        {TEXT("v=spf1 a//064"), 8},
        {TEXT("v=spf1 a//64/24"), 8},
        {TEXT("v=spf1 a/24/64"), 11},
        {TEXT("v=spf1 a///64"), 8},
        {TEXT("v=spf1 a/24//"), 8},
        {TEXT("v=spf1 a:example.com:8080"), 9},
        {TEXT("v=spf1 a:museum"), 9},
        {TEXT("v=spf1 a:museum."), 9},
        {TEXT("v=spf1 a:111.222.33.44"), 9},
        {TEXT("v=spf1 a:example.-com"), 9},
        {TEXT("v=spf1 a:example.com-"), 9},
        {TEXT("v=spf1 a:example..com.."), 9},
        {TEXT("v=spf1 a:example.c_m"), 9},
        {TEXT("v=spf1 a:%{d}com"), 13},
        {TEXT("v=spf1 a:%"), 9},
        {TEXT("v=spf1 a:%a.example.com"), 9},
        {TEXT("v=spf1 a:%{.example.com"), 11},
        {TEXT("v=spf1 a:%{x}.example.com"), 11},
        {TEXT("v=spf1 a:%{c}.example.com"), 11},
        {TEXT("v=spf1 a:%{R}.example.com"), 11},
        {TEXT("v=spf1 a:%{t}.example.com"), 11},
        {TEXT("v=spf1 a:%{d0}.example.com"), 12},
        {TEXT("v=spf1 a:%{dr2}.example.com"), 13},
        {TEXT("v=spf1 a:%{d:}.example.com"), 12},
        {TEXT("v=spf1 a:%{d"), 12},
        {TEXT("v=spf1 a:%{"), 11},
        {TEXT("v=spf1 include"), 14},
        {TEXT("v=spf1 include:"), 15},
        {TEXT("v=spf1 include:example.com/24"), 15},
        {TEXT("v=spf1 include/24"), 14},
        {TEXT("v=spf1 exists"), 13},
        {TEXT("v=spf1 exists:"), 14},
        {TEXT("v=spf1 exists:example.com/24"), 14},
        {TEXT("v=spf1 ptr:"), 11},
        {TEXT("v=spf1 ptr/0"), 10},
        {TEXT("v=spf1 ip4"), 10},
        {TEXT("v=spf1 ip4:"), 11},
        {TEXT("v=spf1 ip4/8"), 10},
        {TEXT("v=spf1 ip4:1.2.3"), 11},
        {TEXT("v=spf1 ip4:1.2.3.256"), 11},
        {TEXT("v=spf1 ip4:1.2.3.04"), 11},
        {TEXT("v=spf1 ip4:1.2.3.4:8080"), 11},
        {TEXT("v=spf1 ip4:1.2.3.4/33"), 18},
        {TEXT("v=spf1 ip4:1.2.3.4/"), 18},
        {TEXT("v=spf1 ip4:1.2.3.4/08"), 18},
        {TEXT("v=spf1 ip4:1.2.3.4//32"), 18},
        {TEXT("v=spf1 ip4:1.2.3.4/+8"), 18},
        {TEXT("v=spf1 ip4:::1"), 11},
        {TEXT("v=spf1 ip6:1.2.3.4"), 11},
        {TEXT("v=spf1 ip6:::1/129"), 14},
        {TEXT("v=spf1 ip6:::1//64"), 14},
        {TEXT("v=spf1 ip6:1:2:3:4:5:6:7:8:9"), 11},
        {TEXT("v=spf1 redirect="), 16},
        {TEXT("v=spf1 redirect=foo"), 16},
        {TEXT("v=spf1 redirect:example.com"), 7},
        {TEXT("v=spf1 -redirect=example.com"), 8},
        {TEXT("v=spf1 redirect=a.example redirect=b.example"), 26},
        {TEXT("v=spf1 exp="), 11},
        {TEXT("v=spf1 exp=%{r}.example.com"), 13},
        {TEXT("v=spf1 exp=a.example EXP=b.example"), 21},
        {TEXT("v=spf1 =foo"), 7},
        {TEXT("v=spf1 1up=foo"), 7},
        {TEXT("v=spf1 a,b=foo"), 7},
        {TEXT("v=spf1 moo=%"), 11},
        {TEXT("v=spf1 moo=%{t}"), 13},
        {TEXT("v=spf1 moo=a\x7f"), 12},
        {TEXT("v=spf1 a\0 -all"), 7},
        {TEXT("v=spf1 \0all"), 7},
        {TEXT("v=spf1 ip4:1.2.3.4\0"), 11},
        {TEXT("v=spf1 a:example.com\0"), 20},
        {TEXT("v=spf1 a:\xc3\xa9.example.com"), 9},
        {TEXT("v=spf1 \x80"), 7},
        {TEXT("v=spf1 -all \xa0"), 12},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct record_error error = {0};
        struct record record = {0};

        if (record_parse(rows[i].text, rows[i].len, &record, &error) != RECORD_SYNTAX)
            fail_msg("accepted: %s", rows[i].text);
        if (error.offset != rows[i].offset || !error.reason)
            fail_msg("%s: error at %zu, not %zu", rows[i].text, error.offset, rows[i].offset);
        assert_null(record.text);
    }
}

static void test_terms(void **state)
{
    static const char text[] =
        "v=spf1 -a:x.example/24//64  ~ip4:192.0.2.1/25 mx//48 x=y ?exists:%{i}.e.org redirect=r.org";
    static const struct {
        enum term_kind kind;
        char qualifier;
        const char *text, *domain;
        unsigned bits4, bits6;
    } rows[] = {
        {TERM_A, '-', "-a:x.example/24//64", "x.example", 24, 64},
        {TERM_IP4, '~', "~ip4:192.0.2.1/25", NULL, 32, 128},
        {TERM_MX, '+', "mx//48", NULL, 32, 48},
        {TERM_OTHER, '+', "x=y", NULL, 32, 128},
        {TERM_EXISTS, '?', "?exists:%{i}.e.org", "%{i}.e.org", 32, 128},
        {TERM_REDIRECT, '+', "redirect=r.org", "r.org", 32, 128},
    };
    struct record_error error;
    struct record record;

    (void)state;
    assert_int_equal(record_parse(text, strlen(text), &record, &error), RECORD_OK);
    assert_int_equal(record.count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct term *term = &record.terms[i];

        assert_int_equal(term->kind, rows[i].kind);
        assert_int_equal(term->qualifier, rows[i].qualifier);
        assert_int_equal(term->len, strlen(rows[i].text));
        assert_memory_equal(term->text, rows[i].text, term->len);
        assert_int_equal(term->bits4, rows[i].bits4);
        assert_int_equal(term->bits6, rows[i].bits6);
        assert_int_equal(term->domain != NULL, rows[i].domain != NULL);
        if (rows[i].domain) {
            assert_int_equal(term->domain_len, strlen(rows[i].domain));
            assert_memory_equal(term->domain, rows[i].domain, term->domain_len);
        }
    }
    assert_int_equal(record.terms[1].network.bits, 25);
    assert_ptr_equal(record.redirect, &record.terms[5]);
    assert_null(record.exp);
    record_free(&record);
    record_free(&record);
}

static void test_large(void **state)
{
    enum { TERMS = 4000 };
    char *text = malloc(20 * TERMS);
    int len = sprintf(text, "v=spf1");
    struct record_error error;
    struct record record;

    (void)state;
    for (int i = 0; i < TERMS; i++)
        len += sprintf(text + len, " ip4:10.%d.%d.1", i / 200, i % 200);
    assert_int_equal(record_parse(text, (size_t)len, &record, &error), RECORD_OK);
    assert_int_equal(record.count, TERMS);
    record_free(&record);
    free(text);
}

static void test_out_of_memory(void **state)
{
    static const char text[] = "v=spf1 a mx -all";
    struct record_error error;
    struct record record = {0};
    enum record_status status;

    (void)state;
    for (unsigned n = 1;; n++) {
        alloc_fail_at(n);
        status = record_parse(text, strlen(text), &record, &error);
        if (!alloc_fail_happened())
            break;
        assert_int_equal(status, RECORD_NO_MEMORY);
        assert_null(record.text);
    }
    alloc_fail_at(0);
    assert_int_equal(status, RECORD_OK);
    record_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version), cmocka_unit_test(test_valid), cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_terms),   cmocka_unit_test(test_large), cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
