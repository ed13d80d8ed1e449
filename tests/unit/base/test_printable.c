/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printable, and what becomes of the rest. */
#include "base/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_texts(void **state)
{
    static const struct {
        const char *text, *made, *masked;
    } rows[] = {
        {"", "", ""},
        {" a~", " a~", " a~"},
        {"a\r\nb\tc\x7f", "a??b?c?", "a??b?c?"},
        {"\xC3\xA4\x1B[m", "???[m", "\xC3\xA4?[m"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[32], masked[32];

        strcpy(text, rows[i].text);
        strcpy(masked, rows[i].text);
        assert_int_equal(printable_is(text, strlen(text)), strcmp(rows[i].text, rows[i].made) == 0);
        printable_make(text);
        assert_string_equal(text, rows[i].made);
        assert_true(printable_is(text, strlen(text)));
        printable_mask_controls(masked);
        assert_string_equal(masked, rows[i].masked);
    }
    assert_false(printable_is("a\0b", 3));
    assert_int_equal(printable_char('\0'), '?');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
