/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hash of parts, and what it is compared with. */
#include "srs/srs_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

#define SECRET "tops3cr3t"

static struct srs_part part(const char *text)
{
    return (struct srs_part){text, strlen(text)};
}

/* Values of another implementation of HMAC-SHA1, Python's. */
static void test_known(void **state)
{
    static const struct {
        const char *parts[3];
        const char *hash;
    } rows[] = {
        {{"JQ", "example.com", "alice"}, "UoEzZQ6zh2mQCwegI3squ+al3kQ"},
        {{"jq", "EXAMPLE.com", "ALICE"}, "UoEzZQ6zh2mQCwegI3squ+al3kQ"},
        {{"JQexample", ".comali", "ce"}, "UoEzZQ6zh2mQCwegI3squ+al3kQ"},
        {{"", "", ""}, "0N2YJjFSBKht0DMSOnhTABfRd2A"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct srs_part parts[] = {part(rows[i].parts[0]), part(rows[i].parts[1]), part(rows[i].parts[2])};
        char hash[SRS_HASH_SIZE];

        srs_hash_write(SECRET, parts, ARRAY_SIZE(parts), SRS_HASH_MAX_LEN, true, hash);
        assert_string_equal(hash, rows[i].hash);
    }
}

/* RFC 2202 3, test case 2, and a text that is longer than a block. */
static void test_hmac(void **state)
{
    char text[1001], hash[SRS_HASH_SIZE];
    struct srs_part question = part("what do ya want for nothing?"), long_one = {text, 1000}, halves[2];

    (void)state;
    srs_hash_write("Jefe", &question, 1, SRS_HASH_MAX_LEN, true, hash);
    assert_string_equal(hash, "7/zfauXrL6LSdBbV8YTfnCWafHk");
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "abcdefghijklmnopqrstuvwxyz"[i % 26];
    for (size_t cut = 0; cut <= 1000; cut += 37) {
        char other[SRS_HASH_SIZE];

        srs_hash_write(SECRET, &long_one, 1, SRS_HASH_MAX_LEN, true, hash);
        halves[0] = (struct srs_part){text, cut};
        halves[1] = (struct srs_part){text + cut, 1000 - cut};
        srs_hash_write(SECRET, halves, 2, SRS_HASH_MAX_LEN, true, other);
        assert_string_equal(hash, other);
    }
    assert_string_equal(hash, "jyui/EOQqU1oKu7ZyRHNb2KaKfw");
}

static void test_shorter_ones_are_its_beginning(void **state)
{
    const struct srs_part one = part("alice@example.com");
    char whole[SRS_HASH_SIZE], shorter[SRS_HASH_SIZE];

    (void)state;
    srs_hash_write(SECRET, &one, 1, SRS_HASH_MAX_LEN, false, whole);
    for (size_t len = 1; len <= SRS_HASH_MAX_LEN; len++) {
        srs_hash_write(SECRET, &one, 1, len, false, shorter);
        assert_int_equal(strlen(shorter), len);
        assert_memory_equal(shorter, whole, len);
    }
}

static void test_alphabets(void **state)
{
    struct srs_part empty = part("");
    char classic[SRS_HASH_SIZE], url[SRS_HASH_SIZE], secret[16];
    unsigned differ = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(secret, sizeof secret, "%d", i);
        srs_hash_write(secret, &empty, 1, SRS_HASH_MAX_LEN, true, classic);
        srs_hash_write(secret, &empty, 1, SRS_HASH_MAX_LEN, false, url);
        assert_int_equal(strlen(classic), SRS_HASH_MAX_LEN);
        assert_int_equal(strspn(url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                         SRS_HASH_MAX_LEN);
        differ += strcmp(classic, url) != 0;
        assert_true(srs_hash_matches(part(url), SRS_HASH_MAX_LEN, secret, &empty, 1));
        assert_true(srs_hash_matches(part(classic), SRS_HASH_MAX_LEN, secret, &empty, 1));
    }
    assert_true(differ > 10);
}

static void test_matches(void **state)
{
    static const struct {
        const char *given;
        size_t len;
        bool matches;
    } rows[] = {
        {"UoEz", 4, true},
        {"uoez", 4, true},
        {"UOEZ", 4, true},
        {"UoEzX", 4, true},
        {"UoEz", 27, true},
        {"U", 27, true},
        {"UoEX", 3, true},
        {"", 4, false},
        {"UoEX", 4, false},
        {"VoEz", 4, false},
        {"UoE", 4, true},
        {"UoEzX", 5, false},
        {"UoE\xfa", 4, false},
        {"UoEzZQ6zh2mQCwegI3squ+al3kQ", 27, true},
        {"UoEzZQ6zh2mQCwegI3squ-al3kQ", 27, true},
        {"UoEzZQ6zh2mQCwegI3squ_al3kQ", 27, false},
        {"UoEzZQ6zh2mQCwegI3squ/al3kQ", 27, false},
        {"UoEzZQ6zh2mQCwegI3squ+al3kR", 27, false},
        {"UoEzZQ6zh2mQCwegI3squ+al3kQ=and more than fits", 27, true},
    };
    struct srs_part parts[] = {part("JQ"), part("example.com"), part("alice")};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (srs_hash_matches(part(rows[i].given), rows[i].len, SECRET, parts, ARRAY_SIZE(parts)) != rows[i].matches)
            fail_msg("%s, %zu", rows[i].given, rows[i].len);
    assert_false(srs_hash_matches(part("UoEz"), 4, "tops3cr3T", parts, ARRAY_SIZE(parts)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known), cmocka_unit_test(test_hmac),
                                       cmocka_unit_test(test_shorter_ones_are_its_beginning),
                                       cmocka_unit_test(test_alphabets), cmocka_unit_test(test_matches)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
