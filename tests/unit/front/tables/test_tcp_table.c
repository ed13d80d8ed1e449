/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers of tcp_table(5). */
#include "front/tables/tcp_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct result {
    enum table_reading reading;
    struct table_request request;
    size_t taken;
    const char *problem;
    char octets[2 * TCP_TABLE_REQUEST_MAX];
};

static void read_octets(struct result *result, const struct table_syntax *syntax, const char *octets, size_t len)
{
    memcpy(result->octets, octets, len);
    result->octets[len] = '#';
    result->problem = NULL;
    result->reading = syntax->read(result->octets, len, &result->request, &result->taken, &result->problem);
}

static void test_requests(void **state)
{
    static const struct {
        const char *text, *key; /* NULL: one that no address has */
    } cases[] = {
        {"get alice@example.com\n", "alice@example.com"},
        {"get alice@example.com\r\n", "alice@example.com"},
        {"get %22a%20b%22@example.com\n", "\"a b\"@example.com"},
        {"get a%25b@example.com\n", "a%b@example.com"},
        {"get %c3%BC@example.com\n", "\303\274@example.com"},
        {"get a b@example.com\n", "a b@example.com"}, /* as no Postfix writes it */
        {"get \"\"\n", "\"\""},
        {"get \n", ""},
        {"get %0a@example.com\n", "\n@example.com"},
        {"get a%00b@example.com\n", NULL},
        {"get a%zz@example.com\n", NULL},
        {"get a%2\n", NULL},
        {"get a%\n", NULL},
    };
    static struct result result;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t len = strlen(cases[i].text);
        char followed[128];

        for (size_t part = 0; part < len; part++) {
            read_octets(&result, &tcp_forward_syntax, cases[i].text, part);
            assert_int_equal(result.reading, TABLE_INCOMPLETE);
        }
        (void)snprintf(followed, sizeof followed, "%sget next", cases[i].text);
        read_octets(&result, &tcp_forward_syntax, followed, strlen(followed));
        assert_int_equal(result.reading, TABLE_COMPLETE);
        assert_int_equal(result.taken, len);
        assert_int_equal(result.request.direction, TABLE_FORWARD);
        if (cases[i].key == NULL)
            assert_null(result.request.key);
        else
            assert_string_equal(result.request.key, cases[i].key);
        assert_memory_equal(result.octets + len, "get next", 8);
    }
    read_octets(&result, &tcp_reverse_syntax, "get a@b\n", 8);
    assert_int_equal(result.request.direction, TABLE_REVERSE);
    read_octets(&result, &tcp_reverse_syntax, "get a\0b\n", 8);
    assert_int_equal(result.reading, TABLE_COMPLETE);
    assert_null(result.request.key);
}

static void test_broken(void **state)
{
    static const char *const cases[] = {"\n",
                                        "get\n",
                                        "GET a@b\n",
                                        "put a@b x\n",
                                        "\r\n",
                                        "geta@b\n",
                                        " get a@b\n",
                                        "11:forward a@b,\n",
                                        "quit\n",
                                        "get\ta@b\n",
                                        "GET / HTTP/1.1\r\n\r\n"};
    static struct result result;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_octets(&result, &tcp_forward_syntax, cases[i], strlen(cases[i]));
        assert_int_equal(result.reading, TABLE_BROKEN);
        assert_string_equal(result.problem, "a line that is not get KEY");
    }
}

static void test_longest(void **state)
{
    static struct result result;
    static char text[TCP_TABLE_REQUEST_MAX + 1];

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "get ", 4);
    read_octets(&result, &tcp_forward_syntax, text, TCP_TABLE_REQUEST_MAX - 1);
    assert_int_equal(result.reading, TABLE_INCOMPLETE);
    text[TCP_TABLE_REQUEST_MAX - 1] = '\n';
    read_octets(&result, &tcp_forward_syntax, text, TCP_TABLE_REQUEST_MAX);
    assert_int_equal(result.reading, TABLE_COMPLETE);
    text[TCP_TABLE_REQUEST_MAX - 1] = 'x';
    text[TCP_TABLE_REQUEST_MAX] = '\n';
    read_octets(&result, &tcp_forward_syntax, text, TCP_TABLE_REQUEST_MAX);
    assert_int_equal(result.reading, TABLE_BROKEN);
    read_octets(&result, &tcp_forward_syntax, text, TCP_TABLE_REQUEST_MAX + 1);
    assert_int_equal(result.reading, TABLE_BROKEN);
    assert_string_equal(result.problem, "a line longer than 10000 octets");
}

static void assert_written(enum table_answer answer, const char *address, const char *text, enum table_answer written)
{
    struct strbuf out = STRBUF_INIT;

    strbuf_add(&out, "before ");
    assert_int_equal(tcp_forward_syntax.write(answer, address, &out), written);
    assert_string_equal(strbuf_text(&out) + strlen("before "), text);
    strbuf_free(&out);
}

static void test_answers(void **state)
{
    static char address[TCP_TABLE_MAX + 1], text[TCP_TABLE_MAX + 8];

    (void)state;
    assert_written(TABLE_FOUND, "a@example.com", "200 a@example.com\n", TABLE_FOUND);
    assert_written(TABLE_FOUND, "\"a b%\n\303\274\"@example.com", "200 \"a%20b%25%0A%C3%BC\"@example.com\n",
                   TABLE_FOUND);
    assert_written(TABLE_FOUND, "", "500 not found\n", TABLE_NOT_FOUND);
    assert_written(TABLE_NOT_FOUND, "", "500 not found\n", TABLE_NOT_FOUND);
    assert_written(TABLE_TRY_LATER, "", "400 out of memory\n", TABLE_TRY_LATER);
    memset(address, 'x', TCP_TABLE_MAX - 5);
    (void)snprintf(text, sizeof text, "200 %s\n", address);
    assert_written(TABLE_FOUND, address, text, TABLE_FOUND);
    memset(address, 'x', TCP_TABLE_MAX - 4);
    assert_written(TABLE_FOUND, address, "500 not found\n", TABLE_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
