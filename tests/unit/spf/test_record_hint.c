/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hints say about mistakes that people make. */
#include "spf/record_hint.h"

#include "spf/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Each record is wrong at `offset`, and its hint holds `part`. */
static void test_hints(void **state)
{
    static const struct {
        const char *record;
        size_t offset;
        const char *part;
    } rows[] = {
        {"v=spf1 ip4:192.0.2.300 -all", 11, "ip4:192.0.2.1 or"},
        {"v=spf1 ip4:192.0.2.0/33", 20, "ip4:192.0.2.1 or"},
        {"v=spf1 ip4:", 11, "ip4:192.0.2.1 or"},
        {"v=spf1 ipv4:192.0.2.1", 7, "ip4:192.0.2.1 or"},
        {"v=spf1 -ipv6:2001:db8::1", 8, "ip6:2001:db8::1 or"},
        {"v=spf1 192.0.2.1 -all", 7, "ip4:192.0.2.1"},
        {"v=spf1 2001:db8::1/64 -all", 7, "ip6:2001:db8::1"},
        {"v=spf1 inclued:example.org", 7, "include:example.org"},
        {"v=spf1 include", 14, "include:example.org"},
        {"v=spf1 mx:", 10, "mx:example.org"},
        {"v=spf1 - all", 8, "directly after its sign"},
        {"v=spf1 all.", 7, "-all"},
        {"v=spf1 -all;", 8, "-all"},
        {"v=spf1 --all", 8, "-all, ~all or"},
        {"v=spf1 ptr/24", 10, "ptr:example.org"},
        {"v=spf1 exists:%x.org", 14, "%{i}"},
        {"v=spf1 exists:%{q}.org", 16, "%{i}"},
        {"v=spf1 redirect=a.org redirect=b.org", 22, "redirect=example.org"},
        {"v=spf1 exp=a", 11, "exp=text"},
        {"v=spf1 somethingelse", 7, "all, include, a, mx"},
        {"v=spf1 a\tmx", 7, "US-ASCII"},
        {"v=spf1 \xe2\x80\x90"
         "all",
         7, "US-ASCII"},
        {"v=spf1 averyveryveryveryveryverylongwordindeed", 7, "all, include, a, mx"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = rows[i].record;
        struct record record;
        struct record_error error;

        if (record_parse(text, strlen(text), &record, &error) != RECORD_SYNTAX)
            fail_msg("%s: not wrong", text);
        if (error.offset != rows[i].offset)
            fail_msg("%s: wrong at %zu", text, error.offset);
        if (!strstr(record_hint(text, strlen(text), error.offset), rows[i].part))
            fail_msg("%s: %s", text, record_hint(text, strlen(text), error.offset));
    }
}

static void test_mechanisms(void **state)
{
    static const struct {
        const char *name, *meant;
    } rows[] = {{"ip4", "ip4"},      {"IPv4", "ip4"},    {"includes", "include"},
                {"exist", "exists"}, {"redirect", NULL}, {"v", NULL},
                {"", NULL},          {"op", NULL},       {"A", "a"},
                {"ra", NULL}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *meant = record_hint_mechanism(rows[i].name, strlen(rows[i].name));

        if (!rows[i].meant && meant)
            fail_msg("%s: %s", rows[i].name, meant);
        if (rows[i].meant && (!meant || strcmp(meant, rows[i].meant) != 0))
            fail_msg("%s: %s", rows[i].name, meant ? meant : "nothing");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hints), cmocka_unit_test(test_mechanisms)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
