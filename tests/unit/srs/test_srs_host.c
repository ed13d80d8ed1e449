/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domains are written, and which are the same. */
#include "srs/srs_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

#define LABEL    "a23456789b123456789c123456789d123456789e123456789f123456789g123"
#define LONG_253 LABEL "." LABEL "." LABEL ".a23456789b123456789c123456789d123456789e123456789f123456789g1"

static void test_write(void **state)
{
    static const struct {
        const char *host, *written; /* NULL: it is none */
    } rows[] = {
        {"example.org", "example.org"},
        {"Example.ORG", "Example.ORG"},
        {"a_b.example", "a_b.example"},
        {"localhost", "localhost"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"[192.0.2.1]", "[192.0.2.1]"},
        {"[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
        {"[ipv6:::ffff:192.0.2.1]", "[ipv6:::ffff:192.0.2.1]"},
        {LONG_253, LONG_253},
        {"a" LONG_253, NULL},
        {"", NULL},
        {"example.org.", NULL},
        {"a..b", NULL},
        {"192.0.2.1", NULL},
        {"[2001:db8::1]", NULL},
        {"[IPv6:192.0.2.1]", NULL},
        {"[IPv6:]", NULL},
        {"[IPv6:", NULL},
        {"[]", NULL},
        {"[", NULL},
        {"]", NULL},
        {"[192.0.2.1", NULL},
        {"192.0.2.1]", NULL},
        {"[x:y]", NULL},
        {"a b", NULL},
        {"a,b", NULL},
        {"a=b", NULL},
        {"a@b", NULL},
        {"a\"b", NULL},
        {"\xff.example", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char out[IDNA_SIZE];
        bool is_host = srs_host_write((struct srs_part){rows[i].host, strlen(rows[i].host)}, out);

        if (is_host != (rows[i].written != NULL))
            fail_msg("%s", rows[i].host);
        if (is_host)
            assert_string_equal(out, rows[i].written);
    }
}

static void test_of_a_longer_text(void **state)
{
    char out[IDNA_SIZE], long_text[2 * IDNA_SIZE];

    (void)state;
    assert_true(srs_host_write((struct srs_part){"example.org=user", 11}, out));
    assert_string_equal(out, "example.org");
    memset(long_text, 'a', sizeof long_text);
    assert_false(srs_host_write((struct srs_part){long_text, IDNA_SIZE}, out));
    assert_false(srs_host_write((struct srs_part){long_text, sizeof long_text}, out));
}

static void test_same(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"fwd.example", "fwd.example", true},
        {"fwd.example", "FWD.Example", true},
        {"fwd.example", "fwd.example.", true},
        {"fwd.example", "a.fwd.example", false},
        {"fwd.example", "wd.example", false},
        {"fwd.example", "fwd.exampl", false},
        {"fwd.example", "fwd.example..", false},
        {"fwd.example", "", false},
        {"b\xc3\xbc"
         "cher.example",
         "XN--bcher-kva.example", true},
        {"b\xc3\xbc"
         "cher.example",
         "B\xc3\x9c"
         "CHER.example",
         true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(srs_host_is_same(rows[i].a, rows[i].b), rows[i].same);
        assert_int_equal(srs_host_is_same(rows[i].b, rows[i].a), rows[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_write), cmocka_unit_test(test_of_a_longer_text),
                                       cmocka_unit_test(test_same)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
