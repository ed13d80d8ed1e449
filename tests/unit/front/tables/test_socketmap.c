/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers of the socketmap protocol. */
#include "front/tables/socketmap.h"

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
    char octets[SOCKETMAP_MAX + 64];
};

static void read_octets(struct result *result, const char *octets, size_t len)
{
    memcpy(result->octets, octets, len);
    result->problem = NULL;
    result->reading = socketmap_syntax.read(result->octets, len, &result->request, &result->taken, &result->problem);
}

/* However much of it has come; what follows is left alone. */
static void test_requests(void **state)
{
    static const struct {
        const char *text;
        enum table_direction direction;
        const char *name, *key;
    } cases[] = {
        {"25:forward alice@example.com,", TABLE_FORWARD, "forward", "alice@example.com"},
        {"44:reverse SRS0=UoEz=JQ=example.com=a@f.example,", TABLE_REVERSE, "reverse",
         "SRS0=UoEz=JQ=example.com=a@f.example"},
        {"10:forward \"\",", TABLE_FORWARD, "forward", "\"\""},
        {"8:forward ,", TABLE_FORWARD, "forward", ""},
        {"25:forward \"a b\"@example.com,", TABLE_FORWARD, "forward", "\"a b\"@example.com"},
        {"11:forward a,b,", TABLE_FORWARD, "forward", "a,b"},
        {"11:Forward a@b,", TABLE_OTHER, "Forward", "a@b"},
        {"6:srs a@,", TABLE_OTHER, "srs", "a@"},
    };
    static struct result result;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t len = strlen(cases[i].text);
        char followed[128];

        for (size_t part = 0; part < len; part++) {
            read_octets(&result, cases[i].text, part);
            assert_int_equal(result.reading, TABLE_INCOMPLETE);
        }
        (void)snprintf(followed, sizeof followed, "%s7:next", cases[i].text);
        read_octets(&result, followed, strlen(followed));
        assert_int_equal(result.reading, TABLE_COMPLETE);
        assert_int_equal(result.taken, len);
        assert_int_equal(result.request.direction, cases[i].direction);
        assert_string_equal(result.request.name, cases[i].name);
        assert_string_equal(result.request.key, cases[i].key);
        assert_memory_equal(result.octets + len, "7:next", 6);
    }
}

static void test_key_with_nul(void **state)
{
    static struct result result;

    (void)state;
    read_octets(&result, "11:forward a\0b,", 15);
    assert_int_equal(result.reading, TABLE_COMPLETE);
    assert_int_equal(result.taken, 15);
    assert_null(result.request.key);
}

static void test_broken(void **state)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"get a@b\n", "no length of a netstring"},
        {":forward a,", "no length of a netstring"},
        {",", "no length of a netstring"},
        {"\n", "no length of a netstring"},
        {" 11:forward a@b,", "no length of a netstring"},
        {"-1:", "no length of a netstring"},
        {"+11:forward a@b,", "no length of a netstring"},
        {"011:forward a@b,", "no length of a netstring"},
        {"00", "no length of a netstring"},
        {"11;forward a@b,", "no length of a netstring"},
        {"10001", "longer than 10000 octets"},
        {"99999:", "longer than 10000 octets"},
        {"100000", "longer than 10000 octets"},
        {"123456789012345678901234567890:", "longer than 10000 octets"},
        {"11:forward a@b;", "no comma after a netstring"},
        {"10:forward a@b,", "no comma after a netstring"},
        {"7:forward,", "no name of a table"},
        {"0:,", "no name of a table"},
        {"4: a@b,", "no name of a table"},
    };
    static struct result result;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_octets(&result, cases[i].text, strlen(cases[i].text));
        assert_int_equal(result.reading, TABLE_BROKEN);
        assert_string_equal(result.problem, cases[i].problem);
    }
    read_octets(&result, "11:for\0ard a@b,", 15);
    assert_int_equal(result.reading, TABLE_BROKEN);
}

static void test_longest(void **state)
{
    static struct result result;
    static char text[SOCKETMAP_MAX + 32];
    const int header = snprintf(text, sizeof text, "%d:", SOCKETMAP_MAX);

    (void)state;
    memset(text + header, 'x', SOCKETMAP_MAX);
    memcpy(text + header, "forward ", 8);
    read_octets(&result, text, (size_t)header + SOCKETMAP_MAX);
    assert_int_equal(result.reading, TABLE_INCOMPLETE);
    text[header + SOCKETMAP_MAX] = ',';
    read_octets(&result, text, (size_t)header + SOCKETMAP_MAX + 1);
    assert_int_equal(result.reading, TABLE_COMPLETE);
    assert_int_equal(strlen(result.request.key), SOCKETMAP_MAX - 8);
}

static void test_answers(void **state)
{
    static const struct {
        enum table_answer answer;
        const char *address, *text;
        enum table_answer written;
    } cases[] = {
        {TABLE_FOUND, "SRS0=hash=JQ=example.com=alice@fwd.example", "45:OK SRS0=hash=JQ=example.com=alice@fwd.example,",
         TABLE_FOUND},
        {TABLE_FOUND, "\"a b,\"@example.com", "21:OK \"a b,\"@example.com,", TABLE_FOUND},
        {TABLE_FOUND, "", "9:NOTFOUND ,", TABLE_NOT_FOUND},
        {TABLE_NOT_FOUND, "", "9:NOTFOUND ,", TABLE_NOT_FOUND},
        {TABLE_TRY_LATER, "", "18:TEMP out of memory,", TABLE_TRY_LATER},
        {TABLE_UNKNOWN, "", "45:PERM there are the tables forward and reverse,", TABLE_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT;

        assert_int_equal(socketmap_syntax.write(cases[i].answer, cases[i].address, &out), cases[i].written);
        assert_string_equal(strbuf_text(&out), cases[i].text);
        strbuf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests), cmocka_unit_test(test_key_with_nul), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_longest),  cmocka_unit_test(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
