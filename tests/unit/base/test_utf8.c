/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8: each line of the grammar at its edges, everything that it excludes, and texts that end too early. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_rows(void **state)
{
    static const struct {
        const char *text;
        size_t char_len;
    } rows[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xc3\xa4"
         "bc",
         2},
        {"", 0},
        {"\x80", 0},
        {"\xbf", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc3", 0},
        {"\xc3(", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xe2\x82", 0},
        {"\xe2\x82(", 0},
        {"\xed\xa0\x80", 0},
        {"\xed\xbf\xbf", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x9f\x92", 0},
        {"\xf0\x9f\x92(", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (utf8_char_len(rows[i].text, strlen(rows[i].text)) != rows[i].char_len)
            fail_msg("row %zu", i);
    assert_int_equal(utf8_char_len("", 1), 1);
}

static size_t encode(uint32_t c, char out[4])
{
    static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = len - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(heads[len] | c);
    return len;
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x120000; c++) {
        char text[4];
        size_t len = encode(c, text);
        size_t expected = (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0 : len;

        if (utf8_char_len(text, len) != expected)
            fail_msg("U+%04X", (unsigned)c);
        if (utf8_char_len(text, len - 1) != 0)
            fail_msg("U+%04X, cut", (unsigned)c);
    }
}

/* A sanitizer sees a look at what is no part of the text. */
static void test_no_octet(void **state)
{
    char *text = malloc(1);

    (void)state;
    assert_non_null(text);
    assert_int_equal(utf8_char_len(text + 1, 0), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_every_code_point),
                                       cmocka_unit_test(test_no_octet)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
