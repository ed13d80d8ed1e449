/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libspf2 is given in the place of a record. */
#include "spf/canonical.h"

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
        {"v=spf1", "192.0.2.1", "v=spf1 exists:_5.t"},
        {"v=spf1 -all", "192.0.2.1", "v=spf1 exists:_5.t -all"},
        {"V=SPF1 ~ALL a mx", "192.0.2.1", "v=spf1 exists:_5.t ~all"},
        {"v=spf1 a -mx ~ptr ?exists:e.org include:i.org", "192.0.2.1",
         "v=spf1 +a:_5.t -mx:_6.t ~exists:_7.t ?exists:_8.t +include:_9.t exists:_10.t"},
        {"v=spf1 a:%{l}.x.org/24//64 mx/32//128 a/0 mx//0", "192.0.2.1",
         "v=spf1 +a:_5.t/24 +mx:_6.t +a:_7.t +mx:_8.t exists:_9.t"},
        {"v=spf1 a:%{l}.x.org/24//64 mx/32//128 a/0 mx//0", "2001:db8::1",
         "v=spf1 +a:_5.t//64 +mx:_6.t +a:_7.t +mx:_8.t exists:_9.t"},
        {"v=spf1 ip4:192.0.2.2 ip6:2001:db8::/32 -ip4:192.0.2.9/24 a", "192.0.2.1",
         "v=spf1 exists:_7.t -ip4:192.0.2.9/24"},
        {"v=spf1 ip4:0.0.0.0/0 ip6:2001:db8::/32 a", "2001:db8::1", "v=spf1 exists:_6.t +ip6:2001:db8::/32"},
        {"v=spf1 ?ip4:1.2.3.4/0 -all", "192.0.2.1", "v=spf1 exists:_5.t ?ip4:0.0.0.0/1 ?ip4:128.0.0.0/1"},
        {"v=spf1 -ip6:::/0", "2001:db8::1", "v=spf1 exists:_5.t -ip6:::/1 -ip6:8000::/1"},
        {"v=spf1 redirect=r.org exp=e.org x=y a", "192.0.2.1", "v=spf1 +a:_8.t redirect=_5.t"},
        {"v=spf1 redirect=r.org a -all", "192.0.2.1", "v=spf1 +a:_6.t exists:_7.t -all"},
        {"v=spf1 a a a a a a a a a a a a a -all", "192.0.2.1",
         "v=spf1 +a:_5.t +a:_6.t +a:_7.t +a:_8.t +a:_9.t +a:_10.t +a:_11.t +a:_12.t +a:_13.t +a:_14.t +a:_15.t"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strbuf out = STRBUF_INIT;
        struct record_error error;
        struct record record;
        struct addr client;

        assert_true(addr_parse(rows[i].client, &client));
        assert_int_equal(record_parse(rows[i].record, strlen(rows[i].record), &record, &error), RECORD_OK);
        canonical_write(&record, &client, 5, &out);
        assert_string_equal(strbuf_text(&out), rows[i].wanted);
        strbuf_free(&out);
        record_free(&record);
    }
}

static void test_tags(void **state)
{
    static const struct {
        const char *text;
        struct tag tag;
    } good[] = {
        {"_0.t", {.number = 0}},
        {"_123456789.t", {.number = 123456789}},
        {"_7-0.t", {.number = 7, .is_mx_name = true}},
        {"_7-10.t", {.number = 7, .is_mx_name = true, .mx_index = 10}},
    };
    static const char *const bad[] = {"",
                                      "_",
                                      "_.t",
                                      "7.t",
                                      "_7",
                                      "_7.tt",
                                      "_7-.t",
                                      "_-7.t",
                                      "_7-1-2.t",
                                      "_+7.t",
                                      "_1234567890.t",
                                      "_7.T",
                                      "1.2.0.192.in-addr.arpa"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct tag tag;
        char text[TAG_SIZE];

        assert_true(tag_parse(good[i].text, &tag));
        assert_int_equal(tag.number, good[i].tag.number);
        assert_int_equal(tag.is_mx_name, good[i].tag.is_mx_name);
        assert_int_equal(tag.mx_index, good[i].tag.mx_index);
        assert_string_equal(tag_format(&tag, text), good[i].text);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct tag tag = {.number = 42};

        if (tag_parse(bad[i], &tag) || tag.number != 42)
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
