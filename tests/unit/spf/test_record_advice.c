/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was meant by the mistakes that people make in records, and where the mistake is. */
#include "spf/record_advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The record is the version, a term, and -all, but for what `rest` says; the caret stands below `at` of the term. */
static const struct row {
    const char *term;
    size_t at;
    const char *meant, *reason; /* "": nobody can tell */
} rows[] = {
    /* punctuation */
    {"include:x.org,", 13, "include:x.org", "comma"},
    {"include:x.org;", 13, "include:x.org", "semicolon"},
    {"//a/64:", 0, "", ""},
    {"mx.", 2, "mx", "punctuation"},
    {"mx\"", 2, "mx", "quotation"},
    {"\"mx", 0, "mx", "quotation"},
    {"(mx)", 0, "mx", "punctuation"},
    {"ip4:192.0.2.1,ip4:192.0.2.2", 13, "ip4:192.0.2.1 ip4:192.0.2.2", "comma"},
    {"ip4:192.0.2.1,192.0.2.2", 13, "ip4:192.0.2.1 ip4:192.0.2.2", "comma"},
    {"ip4:192.0.2.1;mx;include:x.org", 13, "ip4:192.0.2.1 mx include:x.org", "semicolon"},
    {"mx,a", 2, "mx a", "comma"},
    /* a missing space */
    {"include:_spf.example.com~all", 24, "include:_spf.example.com ~all", "space is missing"},
    {"ip4:192.0.2.1-all", 13, "ip4:192.0.2.1 -all", "space is missing"},
    {"ip4:192.0.2.1ip4:192.0.2.2", 13, "ip4:192.0.2.1 ip4:192.0.2.2", "space is missing"},
    {"mx-all", 2, "mx -all", "space is missing"},
    {"mx~all", 2, "mx ~all", "space is missing"},
    {"ip4:192.0.2.1/24include:x.org", 16, "ip4:192.0.2.1/24 include:x.org", "space is missing"},
    /* a port, a URL, a path, an address */
    {"a:h.org:25", 7, "a:h.org", "port"},
    {"include:https://x.org/spf", 8, "include:x.org", "URL"},
    {"include:x.org/", 13, "include:x.org", ""},
    {"include:*.x.c~d", 0, "", ""},
    {"ip4:192.0.2.1:25", 13, "ip4:192.0.2.1", "port"},
    /* the kind of an address */
    {"ip4:2001:db8::1", 0, "ip6:2001:db8::1", "IPv6 address after ip4"},
    {"-ip4:2001:db8::/32", 1, "-ip6:2001:db8::/32", "IPv6 address after ip4"},
    {"ip6:192.0.2.1", 0, "ip4:192.0.2.1", "IPv4 address after ip6"},
    {"ip6:192.0.2.0/24", 0, "ip4:192.0.2.0/24", "IPv4 address after ip6"},
    {"a:192.0.2.1", 0, "ip4:192.0.2.1", "takes a name"},
    {"mx:192.0.2.1", 0, "ip4:192.0.2.1", "takes a name"},
    {"include:192.0.2.1", 0, "ip4:192.0.2.1", "takes a name"},
    {"ptr:192.0.2.1", 0, "ip4:192.0.2.1", "takes a name"},
    {"~a:192.0.2.0/24", 1, "~ip4:192.0.2.0/24", "takes a name"},
    {"a:2001:db8::1", 0, "ip6:2001:db8::1", "takes a name"},
    {"ipv4:192.0.2.1", 0, "ip4:192.0.2.1", "unknown mechanism"},
    {"ip:192.0.2.1", 0, "ip4:192.0.2.1", "unknown mechanism"},
    {"ip:2001:db8::1", 0, "ip6:2001:db8::1", "unknown mechanism"},
    {"ipv6:2001:db8::1", 0, "ip6:2001:db8::1", "unknown mechanism"},
    {"192.0.2.1", 0, "ip4:192.0.2.1", "kind"},
    {"+192.0.2.0/24", 1, "+ip4:192.0.2.0/24", "kind"},
    {"2001:db8::/32", 0, "ip6:2001:db8::/32", "kind"},
    {"ip4:mail.example.org", 4, "a:mail.example.org", "takes an address"},
    {"mail.example.org", 0, "a:mail.example.org", "without a mechanism"},
    {"ip6:[2001:db8::1]", 4, "ip6:2001:db8::1", "brackets"},
    {"ip6:[2001:db8::1]:25", 4, "ip6:2001:db8::1", "brackets"},
    {"ip4:192.0.2.*", 4, "ip4:192.0.2.0/24", "prefix length"},
    {"ip4:192.0.2.0-255", 13, "ip4:192.0.2.0/24", "range"},
    {"ip4:192.0.2", 4, "ip4:192.0.2.0/24", "prefix length"},
    {"ip4:10.1.*.*", 4, "ip4:10.1.0.0/16", "prefix length"},
    {"ip4:192.0.2/24", 11, "ip4:192.0.2.0/24", "IPv4 network"},
    {"ip4:192.0.2.0/255.255.255.0", 13, "ip4:192.0.2.0/24", "netmask"},
    {"ip4:192.0.2.0\\24", 13, "ip4:192.0.2.0/24", "backslash"},
    {"ip4:192.000.2.1", 4, "ip4:192.0.2.1", "begins with 0"},
    {"ip4:192.0.2.0//24", 13, "ip4:192.0.2.0/24", "IPv4 network"},
    {"mx/24/64", 5, "mx/24//64", "two slashes"},
    {"ip4:192.0.2.300", 4, "", "IPv4 address"},
    {"ip4:192.0.2.0/33", 13, "", "prefix length"},
    /* names and signs */
    {"inclued:x.org", 0, "include:x.org", "name of a mechanism"},
    {"redirect:x.org", 8, "redirect=x.org", "equals sign"},
    {"exp:x.org", 3, "exp=x.org", "equals sign"},
    {"--all", 1, "-all", "one sign"},
    {"~~all", 1, "~all", "one sign"},
    {"all-", 3, "-all", "before the mechanism"},
    {"-alll", 1, "-all", "name of a mechanism"},
    {"somethingelse", 0, "", "unknown mechanism"},
    /* two mistakes at once */
    {"ipv4:192.0.2.1,", 14, "ip4:192.0.2.1", "comma"},
    {"inclued:x.org;", 13, "include:x.org", "semicolon"},
    /* spaces within a term */
    {"include: x.org", 8, "include:x.org", "space within"},
    {"ip4: 192.0.2.1", 4, "ip4:192.0.2.1", "space within"},
    {"ip4 :192.0.2.1", 3, "ip4:192.0.2.1", "space within"},
    {"- all", 1, "-all", "space within"},
    {"redirect = x.org", 8, "redirect=x.org", "space within"},
    /* what is not US-ASCII */
    {"\xe2\x80\x9cmx\xe2\x80\x9d", 0, "mx", "quotation mark"},
    {"\xe2\x80\x93"
     "all",
     0, "-all", "dash"},
    {"mx\xc2\xa0"
     "a",
     2, "mx a", "no-break"},
    {"include:x.org\xe2\x80\x8b", 13, "include:x.org", "invisible"},
    {"mx\ta", 2, "mx a", "tab"},
    {"a:b\xc3\xbc"
     "cher.org",
     3, "", "US-ASCII"},
};

static void test_terms(void **state)
{
    unsigned faults = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[300];
        struct record record;
        struct record_error error = {0, NULL};
        struct record_advice advice;

        (void)snprintf(text, sizeof(text), "v=spf1 a %s -all", rows[i].term);
        if (record_parse(text, strlen(text), &record, &error) != RECORD_SYNTAX)
            fail_msg("%s: not wrong", text);
        record_advise(text, strlen(text), &error, &advice);
        if (strcmp(strbuf_text(&advice.meant), rows[i].meant) != 0 || !strstr(advice.reason, rows[i].reason) ||
            (rows[i].reason[0] != '\0' && advice.offset != strlen("v=spf1 a ") + rows[i].at)) {
            print_error("%s: meant \"%s\" at %zu: %s\n", rows[i].term, strbuf_text(&advice.meant),
                        advice.offset - strlen("v=spf1 a "), advice.reason);
            faults++;
        }
        assert_true(rows[i].meant[0] == '\0' || record_terms_are_right(rows[i].meant, strlen(rows[i].meant)));
        strbuf_free(&advice.meant);
    }
    assert_int_equal(faults, 0);
}

static void test_versions(void **state)
{
    static const struct {
        const char *text, *meant, *reason;
        size_t at;
    } versions[] = {
        {"spf1 mx -all", "v=spf1 mx -all", "begins with v=spf1", 0},
        {"v=spf1; mx -all", "v=spf1 mx -all", "begins with v=spf1", 6},
        {"v=spf1, mx -all", "v=spf1 mx -all", "begins with v=spf1", 6},
        {"v=spf1mx -all", "v=spf1 mx -all", "begins with v=spf1", 6},
        {"v=spf1:mx -all", "v=spf1 mx -all", "begins with v=spf1", 6},
        {"v = spf1 mx -all", "v=spf1 mx -all", "begins with v=spf1", 0},
        {"v:spf1 mx -all", "v=spf1 mx -all", "begins with v=spf1", 0},
        {"v=spf mx -all", "v=spf1 mx -all", "begins with v=spf1", 0},
        {"v=spfl mx -all", "v=spf1 mx -all", "begins with v=spf1", 0},
        {"v=spf2 mx -all", "v=spf1 mx -all", "Sender ID", 0},
        {"spf2.0/mfrom,pra mx -all", "v=spf1 mx -all", "Sender ID", 0},
        {" v=spf1 mx -all", "v=spf1 mx -all", "begins with v=spf1", 0},
        {"\"v=spf1 mx -all\"", "v=spf1 mx -all", "zone file", 0},
        {"example.org. IN TXT \"v=spf1 mx -all\"", "v=spf1 mx -all", "zone file", 0},
        {"@ 3600 IN TXT ( \"v=spf1 mx \" \"-all\" )", "v=spf1 mx -all", "zone file", 0},
        {"'v=spf1 mx -all'", "v=spf1 mx -all", "begins with v=spf1", 0},
        {"\xe2\x80\x9cv=spf1 mx -all\xe2\x80\x9d", "v=spf1 mx -all", "quotation mark", 0},
        {"\xef\xbb\xbfv=spf1 mx -all", "v=spf1 mx -all", "byte order mark", 0},
        {"v=spf1\tmx -all", "v=spf1 mx -all", "tab", 6},
        {"v=spf1\xc2\xa0mx -all", "v=spf1 mx -all", "no-break", 6},
        {"spf1", "v=spf1", "begins with v=spf1", 0},
        {"spf1 nonsense", "", "begins with v=spf1", 0},
        {"v=DKIM1; p=x", "", "begins with v=spf1", 0},
        {"", "", "begins with v=spf1", 0},
        {"mx -all", "", "begins with v=spf1", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct record_advice advice;

        assert_false(record_is_spf(versions[i].text, strlen(versions[i].text)));
        record_advise_version(versions[i].text, strlen(versions[i].text), &advice);
        if (strcmp(strbuf_text(&advice.meant), versions[i].meant) != 0 || !strstr(advice.reason, versions[i].reason) ||
            advice.offset != versions[i].at)
            fail_msg("%s: meant \"%s\" at %zu: %s", versions[i].text, strbuf_text(&advice.meant), advice.offset,
                     advice.reason);
        strbuf_free(&advice.meant);
    }
}

/* Allowed by the grammar, and no domain all the same. */
static void test_domains(void **state)
{
    static const struct {
        const char *term, *meant; /* NULL: nothing is wrong */
    } domains[] = {
        {"include:https://x.org", "include:x.org"},
        {"include:x.org-all", "include:x.org -all"},
        {"include:x.org,y.org", "include:x.org include:y.org"},
        {"include:x.org,all.de", "include:x.org include:all.de"},
        {"include:spf@x.org", "include:x.org"},
        {"include:*.x.org", "include:x.org"},
        {"redirect=http://x.org", "redirect=x.org"},
        {"a:x.org", NULL},
        {"a:_x.x-y.org.", NULL},
        {"exists:%{i}.x@y.org", NULL},
        {"mx", NULL},
        {"-all", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(domains); i++) {
        char text[200];
        struct record record;
        struct record_error error;
        struct strbuf meant = STRBUF_INIT;
        const char *reason = NULL;
        bool found;

        (void)snprintf(text, sizeof(text), "v=spf1 %s", domains[i].term);
        assert_int_equal(record_parse(text, strlen(text), &record, &error), RECORD_OK);
        found = record_advise_domain(&record.terms[0], &meant, &reason);
        if (found != (domains[i].meant != NULL) || (found && strcmp(strbuf_text(&meant), domains[i].meant) != 0))
            fail_msg("%s: meant \"%s\"", text, strbuf_text(&meant));
        assert_true(!found || reason);
        strbuf_free(&meant);
        record_free(&record);
    }
}

/* Without memory there is less advice, and nothing else. */
static void test_no_memory(void **state)
{
    static const char text[] = "v=spf1 ipv4:192.0.2.1, -all";
    const struct record_error error = {7, "an unknown mechanism"};

    (void)state;
    for (unsigned n = 1, happened = 1; happened; n++) {
        struct record_advice advice;

        alloc_fail_at(n);
        record_advise(text, strlen(text), &error, &advice);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        if (!happened)
            assert_string_equal(strbuf_text(&advice.meant), "ip4:192.0.2.1");
        assert_non_null(advice.reason);
        assert_true(advice.offset < strlen(text));
        strbuf_free(&advice.meant);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_terms), cmocka_unit_test(test_versions),
                                       cmocka_unit_test(test_domains), cmocka_unit_test(test_no_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
