/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values from outside in log lines. */
#include "base/log_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct value_case {
    const char *text, *shown; /* NULL: as it is */
};

static const struct value_case words[] = {
    {"", NULL},
    {"mx.example.org", NULL},
    {"a@example.org", NULL},
    {"bounce+user=example.org@list.example", NULL},
    {"prvs=0123abcd=a@example.org", NULL},
    {"SRS0=HASH=TT=example.org=a@relay.example", NULL},
    {"100%@example.org", NULL},
    {"x;spf=pass", NULL},
    {"[192.0.2.1]", NULL},
    {"b\xC3\xBC"
     "cher.example",
     NULL},
    {"a b", "\"a%20b\""},
    {"a,b", "\"a%2Cb\""},
    {"a> <b", "\"a%3E%20%3Cb\""},
    {"\"a\"@x", "\"%22a%22@x\""},
    {"ip=192.0.2.99", "\"ip%3D192.0.2.99\""},
    {"x.IP=1", "\"x.IP%3D1\""},
    {"xip=1", "\"xip%3D1\""},
    {"from=a", "\"from%3Da\""},
    {"exemption-unknown=x", "\"exemption-unknown%3Dx\""},
    {"%20 ", "\"%2520%20\""},
    {"a\nb\x7f", "\"a%0Ab%7F\""},
    {"h, from=<b@c>", "\"h%2C%20from%3D%3Cb@c%3E\""},
    {"x SPF refused: ip=192.0.2.99", "\"x%20SPF%20refused:%20ip%3D192.0.2.99\""},
};

static const struct value_case texts[] = {
    {"-all", NULL},
    {"exists:%{i}._spf.%{d} of example.org", NULL},
    {"example.org has more than one SPF record", NULL},
    {"too many DNS lookups (limit 10), at redirect=a.example of b.example", NULL},
    {"a, b", NULL},
    {"at octet 8: \"x\"", "\"at octet 8: %22x%22\""},
    {"at octet 8: SPF refused: ip=192.0.2.99, from=<a@b>",
     "\"at octet 8: SPF%20refused: ip%3D192.0.2.99, from%3D%3Ca@b%3E\""},
    {"spf fail", "\"spf%20fail\""},
    {"ip = 1", "\"ip %3D 1\""},
    {"reason=50%", "\"reason%3D50%25\""},
};

static void check_added(enum log_value_kind kind, const char *text, const char *expected)
{
    struct strbuf line = STRBUF_INIT;

    strbuf_add(&line, "key=");
    if (kind == LOG_VALUE_WORD)
        log_add_word(&line, text);
    else
        log_add_text(&line, text);
    assert_string_equal(strbuf_text(&line) + 4, expected);
    strbuf_free(&line);
}

static void check(enum log_value_kind kind, const struct value_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char out[LOG_TEXT_SIZE];

        assert_ptr_equal(log_value(kind, cases[i].text, out, sizeof(out)), out);
        assert_string_equal(out, cases[i].shown != NULL ? cases[i].shown : cases[i].text);
        check_added(kind, cases[i].text, out);
    }
}

static void only_what_misleads_is_quoted(void **state)
{
    (void)state;
    check(LOG_VALUE_WORD, words, COUNT(words));
    check(LOG_VALUE_TEXT, texts, COUNT(texts));
}

/* Wherever it stands. */
static void each_octet_is_seen(void **state)
{
    static const char misleading[] = "\"<>, \x01\x7f";

    (void)state;
    for (size_t len = 1; len < 50; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t i = 0; i < sizeof(misleading) - 1; i++) {
                char text[64], out[LOG_VALUE_SIZE];

                memset(text, 'a', len);
                text[len] = '\0';
                assert_string_equal(log_word(text, out), text);
                check_added(LOG_VALUE_WORD, text, text);
                text[at] = misleading[i];
                assert_int_equal(log_word(text, out)[0], '"');
                assert_int_equal(strlen(out), len + 4);
                check_added(LOG_VALUE_WORD, text, out);
            }
}

/* Whatever is cut, escapes are whole, and quotes end. */
static void long_values_are_cut(void **state)
{
    char text[1000], word[LOG_VALUE_SIZE], whole[LOG_TEXT_SIZE];

    (void)state;
    memset(text, 'a', sizeof(text));
    text[LOG_VALUE_MAX] = '\0';
    assert_string_equal(log_word(text, word), text);
    text[LOG_VALUE_MAX] = 'a';
    text[sizeof(text) - 1] = '\0';
    log_word(text, word);
    assert_int_equal(strlen(word), LOG_VALUE_MAX + 3);
    assert_string_equal(word + LOG_VALUE_MAX - 1, "a...");
    check_added(LOG_VALUE_WORD, text, word);
    for (size_t before = 0; before < 4; before++) {
        memset(text, ' ', sizeof(text) - 1);
        memset(text, 'a', before);
        log_word(text, word);
        assert_in_range(strlen(word), LOG_VALUE_MAX, LOG_VALUE_SIZE - 1);
        assert_string_equal(word + strlen(word) - 7, "%20...\"");
        check_added(LOG_VALUE_WORD, text, word);
    }
    memset(text, '"', sizeof(text) - 1);
    log_text(text, whole);
    assert_in_range(strlen(whole), LOG_TEXT_MAX, LOG_TEXT_SIZE - 1);
    assert_string_equal(whole + strlen(whole) - 7, "%22...\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_octet_is_seen),
        cmocka_unit_test(only_what_misleads_is_quoted),
        cmocka_unit_test(long_values_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
