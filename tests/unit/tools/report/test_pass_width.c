/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Widths of terms. */
#include "tools/report/pass_width.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *term;
    enum pass_width width;
} cases[] = {
    {"+all", WIDTH_EVERYONE},
    {"all", WIDTH_EVERYONE},
    {"+all of example.net", WIDTH_EVERYONE},
    {"ip4:0.0.0.0/0", WIDTH_EVERYONE},
    {"a/0", WIDTH_EVERYONE},
    {"ip4:10.0.0.0/8", WIDTH_HUGE},
    {"ip6:2001::/16", WIDTH_HUGE},
    {"ip4:10.0.0.0/9", WIDTH_WIDE},
    {"mx/16", WIDTH_WIDE},
    {"ip6:2001:db8::/32", WIDTH_WIDE},
    {"ip4:10.0.0.0/17", WIDTH_NETWORK},
    {"ip4:192.0.2.0/24 of example.net", WIDTH_NETWORK},
    {"ip6:2001:db8::/64", WIDTH_NETWORK},
    {"ip4:192.0.2.0/25", WIDTH_HOSTS},
    {"ip4:192.0.2.1", WIDTH_HOSTS},
    {"ip6:2001:db8::1", WIDTH_HOSTS},
    {"a", WIDTH_NAMES},
    {"mx:example.org", WIDTH_NAMES},
    {"ptr", WIDTH_PTR},
    {"exists:%{i}.example.org", WIDTH_EXISTS},
    {"include:example.org", WIDTH_INCLUDE},
    {"-all", WIDTH_UNKNOWN},
    {"default", WIDTH_UNKNOWN},
    {"", WIDTH_UNKNOWN},
    {"ip4:", WIDTH_UNKNOWN},
    {"<script>", WIDTH_UNKNOWN},
};

static void test_widths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum pass_width width = WIDTH_COUNT;

        assert_true(pass_width_of(cases[i].term, &width));
        if (width != cases[i].width)
            fail_msg("%s: %s", cases[i].term, pass_width_name(width));
    }
}

static void test_out_of_memory(void **state)
{
    enum pass_width width = WIDTH_HOSTS;

    (void)state;
    alloc_fail_at(1);
    assert_false(pass_width_of("ip4:192.0.2.0/24", &width));
    assert_int_equal(width, WIDTH_HOSTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_widths), cmocka_unit_test(test_out_of_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
