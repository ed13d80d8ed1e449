/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Macro expansion: the examples of RFC 7208 section 7.4, every letter and transformer, and what names are cut to. */
#include "spf/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *client_name(void *context, const char *domain)
{
    *(const char **)context = domain;
    return "mx.example.org";
}

static const char *asked_for; /* by the last p macro */

static struct macro_values values(const char *client)
{
    struct macro_values out = {.local = "strong-bad",
                               .sender = "email.example.com",
                               .domain = "email.example.com",
                               .helo = "mx.example.org",
                               .receiver = "",
                               .now_s = 1700000000,
                               .client_name = client_name,
                               .context = &asked_for};

    if (!addr_parse(client, &out.client))
        fail_msg("not an address: %s", client);
    return out;
}

static void check(const char *text, enum macro_place place, const struct macro_values *with, const char *wanted,
                  unsigned wanted_used)
{
    struct strbuf out = STRBUF_INIT;
    unsigned used = 0;

    if (!macro_check(text, strlen(text), place, NULL) || !macro_expand(text, strlen(text), place, with, &out, &used))
        fail_msg("not a macro string: %s", text);
    if (strcmp(strbuf_text(&out), wanted) != 0)
        fail_msg("%s gave %s, not %s", text, strbuf_text(&out), wanted);
    if (used != wanted_used)
        fail_msg("%s used %x, not %x", text, used, wanted_used);
    strbuf_free(&out);
}

static void test_domain_letters(void **state)
{
    static const struct {
        const char *text, *wanted;
        unsigned used;
    } rows[] = {
        /* RFC 7208 7.4 */
        {"%{s}", "strong-bad@email.example.com", MACRO_USED_LOCAL | MACRO_USED_SENDER},
        {"%{o}", "email.example.com", MACRO_USED_SENDER},
        {"%{d}", "email.example.com", 0},
        {"%{d4}", "email.example.com", 0},
        {"%{d3}", "email.example.com", 0},
        {"%{d2}", "example.com", 0},
        {"%{d1}", "com", 0},
        {"%{dr}", "com.example.email", 0},
        {"%{d2r}", "example.email", 0},
        {"%{l}", "strong-bad", MACRO_USED_LOCAL},
        {"%{l-}", "strong.bad", MACRO_USED_LOCAL},
        {"%{lr}", "strong-bad", MACRO_USED_LOCAL},
        {"%{lr-}", "bad.strong", MACRO_USED_LOCAL},
        {"%{l1r-}", "strong", MACRO_USED_LOCAL},
        {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com", 0},
        {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com", MACRO_USED_LOCAL},
        {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com", MACRO_USED_LOCAL},
        {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com", MACRO_USED_LOCAL},
        {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net", 0},
        /* what libspf2 has wrong */
        {"%{l1-}", "bad", MACRO_USED_LOCAL},
        {"%{D2}", "example.com", 0},
        {"%{S}", "strong-bad%40email.example.com", MACRO_USED_LOCAL | MACRO_USED_SENDER},
        /* the rest */
        {"%{h}", "mx.example.org", MACRO_USED_HELO},
        {"%{H1}", "org", MACRO_USED_HELO},
        {"%{p}", "mx.example.org", MACRO_USED_NAME},
        {"%{p2}", "example.org", MACRO_USED_NAME},
        {"%{d99999999999999999999999}", "email.example.com", 0},
        {"%{d000002}", "example.com", 0},
        {"%{d128r}", "com.example.email", 0},
        {"%{i}", "192.0.2.3", 0},
        {"a%%b%_c%-d", "a%b c%20d", 0},
        {"", "", 0},
        {"plain", "plain", 0},
        {"%{l-}%{l-}", "strong.badstrong.bad", MACRO_USED_LOCAL},
    };
    struct macro_values with = values("192.0.2.3");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(rows[i].text, MACRO_IN_DOMAIN, &with, rows[i].wanted, rows[i].used);
    assert_string_equal(asked_for, "email.example.com");
}

static void test_explanation_letters(void **state)
{
    struct macro_values v4 = values("192.0.2.3"), v6 = values("2001:db8::cb01");

    (void)state;
    check("%{c} at %{t}: %{r}", MACRO_IN_EXPLANATION, &v4, "192.0.2.3 at 1700000000: unknown",
          MACRO_USED_TIME | MACRO_USED_RECEIVER);
    v6.receiver = "mail.example.net";
    check("%{c} %{R}", MACRO_IN_EXPLANATION, &v6, "2001:db8::cb01 mail.example.net", MACRO_USED_RECEIVER);
    check("%{ir}.%{v}", MACRO_IN_EXPLANATION, &v6,
          "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6", 0);
    check("%{C}", MACRO_IN_EXPLANATION, &v6, "2001%3Adb8%3A%3Acb01", 0);
}

static void test_odd_values(void **state)
{
    struct macro_values with = values("192.0.2.3");

    (void)state;
    with.local = "a..b+c=d/e,f_g";
    check("%{l+=/,_}", MACRO_IN_DOMAIN, &with, "a..b.c.d.e.f.g", MACRO_USED_LOCAL);
    check("%{lr}", MACRO_IN_DOMAIN, &with, "b+c=d/e,f_g..a", MACRO_USED_LOCAL);
    check("%{l2}", MACRO_IN_DOMAIN, &with, ".b+c=d/e,f_g", MACRO_USED_LOCAL);
    with.local = "";
    check("<%{l}%{l1}%{lr}%{l1r-}>", MACRO_IN_DOMAIN, &with, "<>", MACRO_USED_LOCAL);
    with.local = ".";
    check("<%{l}|%{l1}|%{lr}|%{l1r}>", MACRO_IN_DOMAIN, &with, "<.||.|>", MACRO_USED_LOCAL);
    with.local = "~jack&jill=up-a_b3.c\xff \"";
    check("%{L}", MACRO_IN_DOMAIN, &with, "~jack%26jill%3Dup-a_b3.c%FF%20%22", MACRO_USED_LOCAL);
    check("%{L=}", MACRO_IN_DOMAIN, &with, "~jack%26jill.up-a_b3.c%FF%20%22", MACRO_USED_LOCAL);
    with.client_name = NULL;
    check("%{p}", MACRO_IN_DOMAIN, &with, "unknown", MACRO_USED_NAME);
}

static void test_place(void **state)
{
    struct macro_error error;

    (void)state;
    assert_false(macro_check("a b", 3, MACRO_IN_DOMAIN, &error));
    assert_int_equal(error.offset, 1);
    assert_true(macro_check("a b", 3, MACRO_IN_EXPLANATION, &error));
    assert_false(macro_check("a\tb", 3, MACRO_IN_EXPLANATION, &error));
    assert_false(macro_check("%{t}", 4, MACRO_IN_DOMAIN, &error));
    assert_true(macro_check("%{t}", 4, MACRO_IN_EXPLANATION, &error));
    assert_false(macro_check("%{q}", 4, MACRO_IN_EXPLANATION, &error));
    assert_false(macro_check("100%", 4, MACRO_IN_EXPLANATION, &error));
    assert_int_equal(error.offset, 3);
    assert_false(macro_check("a\0b", 3, MACRO_IN_EXPLANATION, NULL));
}

static void check_domain(const char *text, const struct macro_values *with, const char *wanted)
{
    struct strbuf out = STRBUF_INIT;
    unsigned used = 0;

    assert_true(macro_expand_domain(text, strlen(text), with, &out, &used));
    assert_string_equal(strbuf_text(&out), wanted);
    strbuf_free(&out);
}

static void test_length(void **state)
{
    struct macro_values with = values("192.0.2.3");
    char local[300], text[400];

    (void)state;
    check_domain("example.com.", &with, "example.com");
    check_domain("%{d}.", &with, "email.example.com");
    with.local = local;
    memset(local, 'a', sizeof(local));
    local[0] = 'b';
    local[3] = '.';
    local[253] = '\0'; /* exactly 253 octets stay */
    check_domain("%{l}", &with, local);
    local[253] = 'a';
    local[254] = '\0'; /* one more, and the first label goes */
    check_domain("%{l}", &with, local + 4);
    memset(local, 'a', 4); /* no label to remove but the only one: left as it is, and nothing will be asked */
    check_domain("%{l}", &with, local);
    memset(text, 'x', sizeof(text));
    for (size_t i = 9; i < sizeof(text); i += 10)
        text[i] = '.';
    text[sizeof(text) - 2] = '\0';
    check_domain(text, &with, text + 150); /* 398 octets: 15 labels go, 248 stay */
}

static unsigned names_asked;

static const char *count_name(void *context, const char *domain)
{
    (void)context;
    (void)domain;
    names_asked++;
    return "a";
}

/* A name is expanded from its end, and no further than it can be used, whatever stands before. */
static void test_long_specs(void **state)
{
    struct macro_values with = values("192.0.2.3");
    struct strbuf text = STRBUF_INIT, out = STRBUF_INIT;
    char local[64];
    unsigned used = 0;

    (void)state;
    with.client_name = count_name;
    with.helo = "";
    strbuf_add(&text, "%{l}");
    for (unsigned i = 0; i < 15000; i++)
        strbuf_add(&text, "%{p}%{h}.");
    strbuf_add(&text, "org");
    assert_true(macro_expand_domain(text.text, text.len, &with, &out, &used));
    assert_int_equal(out.len, 253); /* 125 times "a." and org */
    assert_int_equal(used, MACRO_USED_NAME | MACRO_USED_HELO);
    assert_in_range(names_asked, 125, 128);
    strbuf_free(&out);

    memset(local, 'x', sizeof(local) - 1); /* a literal as long, behind it */
    local[sizeof(local) - 1] = '\0';
    strbuf_truncate(&text, text.len - 3);
    for (unsigned i = 0; i < 5; i++)
        strbuf_addf(&text, "%s.", local);
    strbuf_add(&text, "org");
    names_asked = used = 0;
    assert_true(macro_expand_domain(text.text, text.len, &with, &out, &used));
    assert_int_equal(out.len, 3 * 64 + 3);
    assert_int_equal(names_asked + used, 0);
    strbuf_free(&out);

    strbuf_truncate(&text, 0); /* an explanation is expanded up to its limit */
    for (unsigned i = 0; i < 15000; i++)
        strbuf_add(&text, "%{p}");
    out.limit = 511;
    assert_true(macro_expand(text.text, text.len, MACRO_IN_EXPLANATION, &with, &out, &used));
    assert_true(out.failed);
    assert_in_range(names_asked, 511, 513);
    strbuf_free(&out);
    strbuf_free(&text);
}

static void test_out_of_memory(void **state)
{
    struct macro_values with = values("192.0.2.3");
    static const char text[] = "%{l1r-}.%{ir}.%{d2}.a-rather-long-name-so-that-the-buffer-must-grow.example.org";

    (void)state;
    for (unsigned n = 1;; n++) {
        struct strbuf out = STRBUF_INIT;
        unsigned used = 0;
        bool happened;

        alloc_fail_at(n);
        macro_expand_domain(text, strlen(text), &with, &out, &used);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        assert_true(out.failed == happened);
        strbuf_free(&out);
        if (!happened)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domain_letters), cmocka_unit_test(test_explanation_letters),
        cmocka_unit_test(test_odd_values),     cmocka_unit_test(test_place),
        cmocka_unit_test(test_length),         cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_long_specs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
