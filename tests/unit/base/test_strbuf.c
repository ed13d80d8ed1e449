/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing strings: each way to append, the limit, running out of memory, and that a failure sticks. */
#include "base/strbuf.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_empty(void **state)
{
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    assert_string_equal(strbuf_text(&buf), "");
    strbuf_truncate(&buf, 0);
    strbuf_truncate(&buf, 9);
    assert_int_equal(buf.len, 0);
    strbuf_free(&buf);
    strbuf_free(&buf);
}

static void test_room(void **state)
{
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        char *room = strbuf_make_room(&buf, 1000);

        memset(room, 'a' + (int)i % 26, 1000);
        strbuf_fill_room(&buf, 7);
        assert_int_equal(buf.len, 7 * (i + 1));
        assert_int_equal(buf.text[buf.len], '\0');
    }
    assert_memory_equal(buf.text + 693, "vvvvvvv", 8);
    strbuf_drop(&buf, 0);
    assert_int_equal(buf.len, 700);
    strbuf_drop(&buf, 692);
    assert_string_equal(strbuf_text(&buf), "uvvvvvvv");
    strbuf_drop(&buf, 8);
    assert_string_equal(strbuf_text(&buf), "");
    strbuf_free(&buf);
    strbuf_drop(&buf, 0);
    buf.limit = 10;
    assert_null(strbuf_make_room(&buf, 11));
    assert_true(buf.failed);
    strbuf_free(&buf);
}

static void test_each_way_to_append(void **state)
{
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_add(&buf, "ab");
    strbuf_add(&buf, "");
    strbuf_add_char(&buf, 'c');
    strbuf_add_mem(&buf, "d\0e", 3);
    strbuf_add_mem(&buf, NULL, 0);
    strbuf_addf(&buf, "%s=%d%%", "f", 42);
    strbuf_add_number(&buf, 0);
    strbuf_add_number(&buf, 10);
    strbuf_add_number(&buf, UINT64_MAX);
    assert_false(buf.failed);
    assert_int_equal(buf.len, 34);
    assert_memory_equal(buf.text, "abcd\0ef=42%01018446744073709551615", 35);
    strbuf_truncate(&buf, 3);
    assert_string_equal(strbuf_text(&buf), "abc");
    strbuf_truncate(&buf, 4);
    assert_int_equal(buf.len, 3);
    strbuf_free(&buf);
}

/* Every length around the sizes at which the buffer grows, by each function. */
static void test_growth(void **state)
{
    struct strbuf by_char = STRBUF_INIT, by_format = STRBUF_INIT;

    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        strbuf_add_char(&by_char, (char)('a' + i % 26));
        strbuf_addf(&by_format, "%c", 'a' + i % 26);
        assert_int_equal(by_char.len, i + 1);
        assert_int_equal(by_char.text[by_char.len], '\0');
        assert_true(by_char.size > by_char.len);
    }
    assert_string_equal(strbuf_text(&by_char), strbuf_text(&by_format));

    struct strbuf at_once = STRBUF_INIT;
    strbuf_addf(&at_once, "%s", strbuf_text(&by_char));
    strbuf_add(&at_once, strbuf_text(&by_char));
    assert_int_equal(at_once.len, 10000);
    assert_string_equal(at_once.text + 5000, by_char.text);
    strbuf_free(&by_char);
    strbuf_free(&by_format);
    strbuf_free(&at_once);
}

static void test_short_texts_take_little(void **state)
{
    static const size_t lengths[] = {0, 1, 31, 32, 100, 255, 256, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct strbuf buf = STRBUF_INIT;

        strbuf_begin_short(&buf, lengths[i]);
        assert_string_equal(strbuf_text(&buf), "");
        assert_int_equal(buf.size, lengths[i] < 256 ? (lengths[i] / 32 + 1) * 32 : 0);
        for (size_t n = 0; n < 1000; n++)
            strbuf_add_char(&buf, 'x');
        assert_int_equal(buf.len, 1000);
        assert_int_equal(strlen(strbuf_text(&buf)), 1000);
        strbuf_truncate(&buf, 3);
        strbuf_begin_short(&buf, 1); /* it has memory */
        assert_string_equal(strbuf_text(&buf), "xxx");
        strbuf_free(&buf);
    }
}

static void test_limit(void **state)
{
    struct strbuf buf = {.limit = 8};

    (void)state;
    strbuf_add(&buf, "12345678");
    assert_false(buf.failed);
    strbuf_add(&buf, "");
    assert_false(buf.failed);
    strbuf_add_char(&buf, '9');
    assert_true(buf.failed);
    assert_string_equal(strbuf_text(&buf), "12345678");
    buf.failed = false;
    strbuf_addf(&buf, "%d", 9); /* for which the memory would do */
    assert_true(buf.failed);
    assert_string_equal(strbuf_text(&buf), "12345678");

    strbuf_truncate(&buf, 2);
    strbuf_add_char(&buf, 'x');
    strbuf_addf(&buf, "%d", 7);
    assert_string_equal(strbuf_text(&buf), "12");
    assert_null(strbuf_take(&buf));

    assert_int_equal(buf.limit, 8);
    strbuf_addf(&buf, "%09d", 1);
    assert_true(buf.failed);
    strbuf_free(&buf);
    assert_int_equal(buf.limit, 0);
    assert_false(buf.failed);
}

static void test_impossible_length(void **state)
{
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_add(&buf, "kept");
    strbuf_add_mem(&buf, "x", SIZE_MAX);
    assert_true(buf.failed);
    assert_string_equal(strbuf_text(&buf), "kept");
    strbuf_free(&buf);
}

static void test_take(void **state)
{
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_add(&buf, "mine");
    char *text = strbuf_take(&buf);
    assert_string_equal(text, "mine");
    assert_string_equal(strbuf_text(&buf), "");
    assert_null(buf.text);
    free(text);

    text = strbuf_take(&buf);
    assert_non_null(text);
    assert_string_equal(text, "");
    free(text);
}

static char *build(void)
{
    struct strbuf buf = STRBUF_INIT;

    strbuf_add(&buf, "a text ");
    strbuf_addf(&buf, "%200d", 1);
    for (int i = 0; i < 1000; i++)
        strbuf_add_char(&buf, 'x');
    return strbuf_take(&buf);
}

/* In memory of the caller, and past its end. */
static void test_lent_room(void **state)
{
    char room[8];
    struct strbuf buf = strbuf_in(room, sizeof room);
    char *text;

    (void)state;
    assert_string_equal(strbuf_text(&buf), "");
    strbuf_add(&buf, "1234567");
    assert_ptr_equal(buf.text, room);
    strbuf_add_char(&buf, '8');
    assert_ptr_not_equal(buf.text, room);
    assert_string_equal(room, "1234567");
    assert_string_equal(strbuf_text(&buf), "12345678");
    strbuf_addf(&buf, "%300d", 9);
    assert_int_equal(buf.len, 308);
    strbuf_free(&buf);

    buf = strbuf_in(room, sizeof room);
    strbuf_add_mem(&buf, "a\0b", 3);
    text = strbuf_take(&buf);
    assert_memory_equal(text, "a\0b", 4);
    assert_string_equal(strbuf_text(&buf), "");
    free(text);

    buf = strbuf_in(room, sizeof room);
    strbuf_add(&buf, "1234");
    alloc_fail_at(1);
    strbuf_add(&buf, "5678");
    alloc_fail_at(0);
    assert_true(buf.failed);
    assert_string_equal(strbuf_text(&buf), "1234");
    strbuf_free(&buf);
}

static void test_shown(void **state)
{
    static const struct {
        const char *text, *shown;
        size_t max;
    } rows[] = {
        {"", "", 10},
        {"plain text", "plain text", 10},
        {"one octet more", "one octet ...", 10},
        {"a\tb\n", "a\\x09b\\x0a", 10},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", 10},
        {"\xff\xc3", "\\xff\\xc3", 10},
        {"\xc2\x9b"
         "2J\xc2\xa0",
         "\\xc2\\x9b2J\xc2\xa0", 10},                          /* a control sequence for a terminal */
        {"\xe2\x80\xaemo\xe2\x80\xac\xe2\x81\xa6\xe2\x81\xa9", /* what turns text around, and back */
         "\\xe2\\x80\\xaemo\\xe2\\x80\\xac\\xe2\\x81\\xa6\\xe2\\x81\\xa9", 20},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc...", 3}, /* no half character */
        {"x", "...", 0},
    };
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        strbuf_add_shown(&buf, rows[i].text, rows[i].max);
        assert_string_equal(strbuf_text(&buf), rows[i].shown);
        strbuf_free(&buf);
    }
}

static void test_out_of_memory(void **state)
{
    unsigned n = 1;
    char *text;

    (void)state;
    for (;; n++) {
        alloc_fail_at(n);
        text = build();
        if (!alloc_fail_happened())
            break;
        assert_null(text);
    }
    alloc_fail_at(0);
    assert_true(n > 3);
    assert_non_null(text);
    assert_int_equal(strlen(text), 7 + 200 + 1000);
    free(text);
}

static void test_out_of_memory_keeps_text(void **state)
{
    struct strbuf buf = STRBUF_INIT;

    (void)state;
    strbuf_add(&buf, "kept");
    alloc_fail_at(1);
    strbuf_addf(&buf, "%300d", 1);
    assert_true(alloc_fail_happened());
    assert_true(buf.failed);
    strbuf_add(&buf, "lost");
    assert_string_equal(strbuf_text(&buf), "kept");
    strbuf_free(&buf);

    alloc_fail_at(1);
    assert_null(strbuf_take(&buf));
    alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_each_way_to_append),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_short_texts_take_little),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_impossible_length),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_lent_room),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_out_of_memory_keeps_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
