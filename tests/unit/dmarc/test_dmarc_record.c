/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which texts are DMARC records, and what their psd tags say. */
#include "dmarc/dmarc_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOT          DMARC_RECORD_NONE
#define PLAIN        DMARC_RECORD_PLAIN
#define PSD_NO       DMARC_RECORD_PSD_NO
#define PSD_YES      DMARC_RECORD_PSD_YES

static void test_texts(void **state)
{
    static const struct {
        const char *text;
        enum dmarc_record expected;
    } rows[] = {
        {"v=DMARC1; p=reject", PLAIN},
        {"v=DMARC1;p=none", PLAIN},
        {"v=DMARC1", PLAIN},
        {"v=DMARC1;", PLAIN},
        {"v=DMARC1 ;\tp=reject ;", PLAIN},
        {"v = DMARC1 ; p = reject", PLAIN},
        {"V=DMARC1; P=reject", PLAIN},
        {"v=DMARC1; p=nonsense", PLAIN}, /* as p=none */
        {"v=DMARC1; rua=mailto:d@example.org", PLAIN},
        {"v=DMARC1; p=reject; psd=n", PSD_NO},
        {"v=DMARC1; PSD = N ;p=reject", PSD_NO},
        {"v=DMARC1; p=reject; psd=y; sp=none", PSD_YES},
        {"v=DMARC1; psd=u; p=reject", PLAIN},
        {"v=DMARC1; psd=yes", PLAIN},
        {"v=DMARC1; psd=", PLAIN},
        {"v=DMARC1; psd", PLAIN},
        {"v=DMARC1; xpsd=y; psdx=y; ; =y", PLAIN},
        {"v=DMARC1; rua=psd=y", PLAIN},
        {"v=DMARC1; psd=\x01y", PLAIN},

        {"", NOT},
        {";", NOT},
        {"v=DMARC1 p=reject", NOT},
        {"v=dmarc1; p=reject", NOT},
        {"v=DMARC", NOT},
        {"v=DMARC10; p=reject", NOT},
        {"v=DMARC2; p=reject", NOT},
        {"v==DMARC1", NOT},
        {" v=DMARC1; p=reject", NOT},
        {"\"v=DMARC1; p=reject\"", NOT},
        {"p=reject; v=DMARC1", NOT},
        {"v=spf1 -all", NOT},
        {"DMARC1", NOT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const enum dmarc_record found = dmarc_record_read(rows[i].text, strlen(rows[i].text));

        if (found != rows[i].expected)
            fail_msg("%s: %d instead of %d", rows[i].text, (int)found, (int)rows[i].expected);
    }
}

/* Nothing past the length is read, and a NUL is an octet like others. */
static void test_lengths(void **state)
{
    static const char text[] = "v=DMARC1; psd=y";
    static const char with_nul[] = "v=DMARC1\0; p=reject";

    (void)state;
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = malloc(len + 1); /* an exact copy, so that a sanitizer sees the octet behind it */
        const enum dmarc_record expected = len < 8 ? NOT : len < 15 ? PLAIN : PSD_YES;

        assert_non_null(copy);
        memcpy(copy, text, len);
        if (dmarc_record_read(copy, len) != (len == 9 ? PLAIN : expected))
            fail_msg("%zu octets", len);
        free(copy);
    }
    assert_int_equal(dmarc_record_read(with_nul, sizeof(with_nul) - 1), NOT);
}

static void check_answer(enum dns_status status, const char *const *texts, size_t count, enum dmarc_record expected)
{
    struct dns_builder *builder = dns_builder_create(DNS_TXT);
    const struct dns_answer *answer;

    for (size_t i = 0; i < count; i++)
        assert_true(dns_builder_add_text(builder, texts[i], strlen(texts[i])));
    answer = dns_builder_finish(builder, status, 300);
    assert_int_equal(dmarc_record_of_answer(answer), expected);
    dns_answer_release(answer);
}

static void test_answers(void **state)
{
    static const char *const one[] = {"v=spf1 -all", "v=DMARC1; psd=y", "hello"};
    static const char *const two[] = {"v=DMARC1; p=none", "hello", "v=DMARC1; p=reject"};
    static const char *const other[] = {"v=spf1 -all"};

    (void)state;
    check_answer(DNS_OK, one, COUNT(one), PSD_YES);
    check_answer(DNS_OK, two, COUNT(two), NOT); /* RFC 9989 4.10: several are discarded */
    check_answer(DNS_OK, other, COUNT(other), NOT);
    check_answer(DNS_NODATA, NULL, 0, NOT);
    check_answer(DNS_NXDOMAIN, NULL, 0, NOT);
    check_answer(DNS_TIMEOUT, NULL, 0, DMARC_RECORD_UNKNOWN);
    check_answer(DNS_FAILURE, NULL, 0, DMARC_RECORD_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
