/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libspf2 is given in the place of a record. */
#include "spf/surrogate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_texts(void **state)
{
    static const struct {
        const char *record, *client, *wanted;
    } rows[] = {
        {"v=spf1", "192.0.2.1", "v=spf1 exists:_5-0.t"},
        {"v=spf1 -all", "192.0.2.1", "v=spf1 exists:_5-0.t -all"},
        {"V=SPF1 ~ALL a mx", "192.0.2.1", "v=spf1 exists:_5-0.t ~all"},
        {"v=spf1 a -mx ~ptr ?exists:e.org include:i.org", "192.0.2.1",
         "v=spf1 +a:_5-0.t -mx:_5-1.t ~exists:_5-2.t ?exists:_5-3.t +include:_5-4.t exists:_5-5.t"},
        {"v=spf1 a:%{l}.x.org/24//64 mx/32//128 a/0 mx//0", "192.0.2.1",
         "v=spf1 +a:_5-0.t/24 +mx:_5-1.t +a:_5-2.t +mx:_5-3.t exists:_5-4.t"},
        {"v=spf1 a:%{l}.x.org/24//64 mx/32//128 a/0 mx//0", "2001:db8::1",
         "v=spf1 +a:_5-0.t//64 +mx:_5-1.t +a:_5-2.t +mx:_5-3.t exists:_5-4.t"},
        {"v=spf1 ip4:192.0.2.2 ip6:2001:db8::/32 -ip4:192.0.2.9/24 a", "192.0.2.1",
         "v=spf1 exists:_5-0.t -ip4:192.0.2.9/24"},
        {"v=spf1 ip4:0.0.0.0/0 ip6:2001:db8::/32 a", "2001:db8::1", "v=spf1 exists:_5-0.t +ip6:2001:db8::/32"},
        {"v=spf1 ?ip4:1.2.3.4/0 -all", "192.0.2.1", "v=spf1 exists:_5-0.t ?ip4:0.0.0.0/1 ?ip4:128.0.0.0/1"},
        {"v=spf1 -ip6:::/0", "2001:db8::1", "v=spf1 exists:_5-0.t -ip6:::/1 -ip6:8000::/1"},
        {"v=spf1 redirect=r.org exp=e.org x=y a", "192.0.2.1", "v=spf1 +a:_5-0.t redirect=_5-1.t"},
        {"v=spf1 redirect=r.org a -all", "192.0.2.1", "v=spf1 +a:_5-0.t exists:_5-1.t -all"},
        {"v=spf1 a a a a a a a a a a a a a -all", "192.0.2.1",
         "v=spf1 +a:_5-0.t +a:_5-1.t +a:_5-2.t +a:_5-3.t +a:_5-4.t +a:_5-5.t +a:_5-6.t +a:_5-7.t +a:_5-8.t +a:_5-9.t"
         " +a:_5-10.t exists:_5-11.t"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct policy_reader reader = {.terms_max = LIMIT_DNS_TERMS};
        struct strbuf out = STRBUF_INIT;
        struct policy *policy;

        assert_true(addr_parse(rows[i].client, &reader.client));
        policy = policy_from_text(&reader, rows[i].record);
        assert_non_null(policy);
        surrogate_write(policy, 5, &reader.client, &out);
        assert_string_equal(strbuf_text(&out), rows[i].wanted);
        strbuf_free(&out);
        policy_free(policy);
    }
}

static void test_tags(void **state)
{
    static const struct {
        const char *text;
        struct tag tag;
    } good[] = {
        {"_0-0.t", {.frame = 0}},
        {"_10-123456789.t", {.frame = 10, .step = 123456789}},
        {"_7-3-0.t", {.frame = 7, .step = 3, .is_host = true}},
        {"_7-3-10.t", {.frame = 7, .step = 3, .is_host = true, .host = 10}},
    };
    static const char *const bad[] = {"",        "_",
                                      "_.t",     "_.root",
                                      "7-1.t",   "_7.t",
                                      "_7-1",    "_7-1.tt",
                                      "_7-.t",   "_-7.t",
                                      "_7-1-.t", "_7-1-2-3.t",
                                      "_+7-1.t", "_1234567890-1.t",
                                      "_7-1.T",  "1.2.0.192.in-addr.arpa"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct tag tag;
        char text[TAG_SIZE];

        assert_true(tag_parse(good[i].text, &tag));
        assert_int_equal(tag.frame, good[i].tag.frame);
        assert_int_equal(tag.step, good[i].tag.step);
        assert_int_equal(tag.is_host, good[i].tag.is_host);
        assert_int_equal(tag.host, good[i].tag.host);
        assert_string_equal(tag_format(&tag, text), good[i].text);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct tag tag = {.frame = 42};

        if (tag_parse(bad[i], &tag) || tag.frame != 42)
            fail_msg("%s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
