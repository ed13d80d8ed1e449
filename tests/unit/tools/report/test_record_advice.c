/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said about broken records, from the log alone and with the DNS. */
#include "tools/report/record_advice.h"

#include "dns/dns_zone.h"
#include "spf/spf_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *problem, *advice; /* a part of it; NULL: nothing is said */
} cases[] = {
    {"too many DNS lookups (limit 10), at include:x of example.org", "ip4 and ip6 networks"},
    {"example.org has more than one SPF record", "publish one record"},
    {"x.example has no SPF record, at include:x.example of example.org", "remove the include"},
    {"more than 2 void lookups, at mx of example.org", "remove terms"},
    {"record of example.org: not an IPv4 address at octet 12: v=spf1 ip4:192.0.2.300 -all", "ip4:192.0.2.1"},
    {"record of x: not an IPv4 address at octet 12: 192.0.2.999 -all",
     "instead of 192.0.2.999: an IPv4 address or network: ip4:192.0.2.1"},
    {"record of x: unknown mechanism at octet 8: v=spf1 ipv4:192.0.2.1 -all, at include:x of y", "expected"},
    {"record of x: why at octet 8: v=spf1 -all", NULL},
    {"", NULL},
    {"something else", NULL},
    {"octet : ", NULL},
};

static void test_by_log(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT;

        record_advice("example.org", cases[i].problem, NULL, 0, &out);
        if (cases[i].advice == NULL && cases[i].problem[0] != 'o')
            assert_string_equal(strbuf_text(&out), "");
        else if (cases[i].advice != NULL && strstr(strbuf_text(&out), cases[i].advice) == NULL)
            fail_msg("%s: %s", cases[i].problem, strbuf_text(&out));
        strbuf_free(&out);
    }
}

/* A zone file with `text`. */
static struct dns *open_zone(const char *text)
{
    char path[] = "/tmp/smf-spf-advice-XXXXXX", error[200] = "";
    const int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    struct dns *dns;

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    dns = dns_zone_load(path, &clock_system, error, sizeof error);
    (void)remove(path);
    if (dns == NULL)
        fail_msg("%s", error);
    return dns;
}

/* What evaluations say that broken records end is what advice is looked up by, word for word. */
static void test_own_problems(void **state)
{
    static const char zone[] = "$TTL 60\n"
                               "syntax.test. TXT \"v=spf1 ip4:192.0.2.300 -all\"\n"
                               "two.test. TXT \"v=spf1 -all\"\ntwo.test. TXT \"v=spf1 ~all\"\n"
                               "none.test. TXT \"v=spf1 include:gone.test -all\"\n"
                               "loop.test. TXT \"v=spf1 include:loop.test -all\"\n"
                               "name.test. TXT \"v=spf1 include:a..test -all\"\n"
                               "void.test. TXT \"v=spf1 a:a.test a:b.test a:c.test -all\"\n"
                               "terms.test. TXT \"v=spf1 a a a a a a a a a a a -all\"\nterms.test. A 192.0.2.1\n"
                               "mx.test. TXT \"v=spf1 mx -all\"\n"
                               "mx.test. MX 1 a.test.\nmx.test. MX 1 b.test.\nmx.test. MX 1 c.test.\n"
                               "mx.test. MX 1 d.test.\nmx.test. MX 1 e.test.\nmx.test. MX 1 f.test.\n"
                               "mx.test. MX 1 g.test.\nmx.test. MX 1 h.test.\nmx.test. MX 1 i.test.\n"
                               "mx.test. MX 1 j.test.\nmx.test. MX 1 k.test.\n";
    static const char *const wanted[][2] = {
        {"syntax.test", "ip4:192.0.2.1"},  {"two.test", "publish one record"},  {"none.test", "remove the include"},
        {"loop.test", "that leads back"},  {"name.test", "correct the domain"}, {"void.test", "remove terms"},
        {"terms.test", "replace include"}, {"mx.test", "replace mx"},
    };
    struct spf_checker_config config = {.dns = open_zone(zone), .clock = &clock_system, .timeout_ms = 60000};
    struct spf_checker *checker = spf_checker_create(&config);

    (void)state;
    assert_non_null(checker);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct spf_request request = {.helo = "h.test", .local = "a", .domain = wanted[i][0], .receiver = "r.test"};
        struct spf_outcome outcome;
        struct strbuf out = STRBUF_INIT;

        assert_true(addr_parse("203.0.113.1", &request.client));
        spf_check(checker, &request, &outcome);
        assert_int_equal(outcome.result, RESULT_PERMERROR);
        record_advice(wanted[i][0], outcome.problem, NULL, 0, &out);
        if (strstr(strbuf_text(&out), wanted[i][1]) == NULL)
            fail_msg("%s: %s", outcome.problem, strbuf_text(&out));
        strbuf_free(&out);
    }
    spf_checker_release(checker);
}

static void test_by_dns(void **state)
{
    static const char *const expected[][2] = {
        {"bad.example", "not an IPv4 address"}, {"two.example", "several SPF records"},
        {"good.example", "is valid now"},       {"gone.example", "publish one record"}, /* from the log */
        {"no domain", "publish one record"},
    };
    static const char zone[] = "bad.example. 60 IN TXT \"v=spf1 ip4:192.0.2.300 -all\"\n"
                               "two.example. 60 IN TXT \"v=spf1 -all\"\ntwo.example. 60 IN TXT \"v=spf1 ~all\"\n"
                               "good.example. 60 IN TXT \"v=spf1 -all\"\n";
    struct dns *dns = open_zone(zone);

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct strbuf out = STRBUF_INIT;

        record_advice(expected[i][0], "x has more than one SPF record", dns, 10000, &out);
        if (strstr(strbuf_text(&out), expected[i][1]) == NULL)
            fail_msg("%s: %s", expected[i][0], strbuf_text(&out));
        strbuf_free(&out);
    }
    dns_destroy(dns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_log), cmocka_unit_test(test_own_problems),
                                       cmocka_unit_test(test_by_dns)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
