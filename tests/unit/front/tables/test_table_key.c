/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses with and without Sendmail's focus: an answer has the form of its key. */
#include "front/tables/table_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_forms(void **state)
{
    static const struct {
        const char *key, *read, *written; /* what becomes of "new@a.example" */
    } cases[] = {
        {"alice@example.com", "alice@example.com", "new@a.example"},
        {"alice<@example.com>", "alice@example.com", "new<@a.example>"},
        {"alice<@example.com.>", "alice@example.com", "new<@a.example.>"},
        {"alice<@[192.0.2.1]>", "alice@[192.0.2.1]", "new<@a.example>"},
        {"\"a<@b\"@example.com", "\"a<@b\"@example.com", "new@a.example"},
        {"\"a<@b\"<@example.com.>", "\"a<@b\"@example.com", "new<@a.example.>"},
        {"<alice@example.com>", "<alice@example.com>", "new@a.example"},
        {"", "", "new@a.example"},
        {"<>", "<>", "new@a.example"},
        {"<@>", "<@>", "new@a.example"},
        {">", ">", "new@a.example"},
        {"a<@>", "a@", "new<@a.example>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT;
        struct table_key_form form;
        char key[64];

        (void)snprintf(key, sizeof key, "%s", cases[i].key);
        form = table_key_read(key);
        assert_string_equal(key, cases[i].read);
        table_key_write("new@a.example", form, &out);
        assert_string_equal(strbuf_text(&out), cases[i].written);
        strbuf_free(&out);
    }
}

/* The focus is before the last @. */
static void test_quoted_answer(void **state)
{
    struct strbuf out = STRBUF_INIT;

    (void)state;
    table_key_write("\"a@b\"@c.example", (struct table_key_form){.has_focus = true, .has_dot = true}, &out);
    assert_string_equal(strbuf_text(&out), "\"a@b\"<@c.example.>");
    strbuf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_quoted_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
