/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names beyond US-ASCII. */
#include "mail/idna.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/alloc_fail.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BUECHER                                                                                                        \
    "b\xC3\xBC"                                                                                                        \
    "cher"

static const struct {
    const char *domain, *ascii; /* NULL: no domain name */
} names[] = {
    {"example.org", "example.org"},
    {"EXAMPLE.org", "EXAMPLE.org"},
    {"", ""},
    {BUECHER ".example", "xn--bcher-kva.example"},
    {"B\xC3\x9C"
     "CHER.example",
     "xn--bcher-kva.example"},
    {"bu\xCC\x88"
     "cher.example",
     "xn--bcher-kva.example"}, /* u and a combining diaeresis */
    {BUECHER "\xE3\x80\x82"
             "example",
     "xn--bcher-kva.example"}, /* an ideographic full stop */
    {"fa\xC3\x9F.example", "xn--fa-hia.example"},
    {"\xD0\xBF\xD0\xBE\xD1\x87\xD1\x82\xD0\xB0.example", "xn--80a1acny.example"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"\xFF.example", NULL},

    /* No U-labels, and yet names that MTAs look up. */
    {"i\xE2\x9D\xA4.test", "xn--i-7iq.test"},             /* a heart */
    {"I\xE2\x9D\xA4\xEF\xB8\x8F.test", "xn--i-7iq.test"}, /* and what is ignored */
    {"\xF0\x9F\x8D\x95.test", "xn--vi8h.test"},           /* a pizza */
    {"a\xE2\x80\x8D"
     "b.test",
     "xn--ab-m1t.test"}, /* a joiner out of context */
    {"b\xC3\xBC--x.test", "xn--b--x-0ra.test"},
    {"B\xC3\x9C--X.test", "xn--b--x-0ra.test"},
    {"bu\xCC\x88--x.test", "xn--b--x-0ra.test"},
    {"-\xC3\xBC-.test", "xn-----xka.test"},
    {"\xCC\x81-\xC3\xBC--.test", "xn------hoa79w.test"},
    {"fa\xC3\x9F\xE2\x9D\xA4.test", "xn--fa-hia8550b.test"}, /* sharp s stays one */
    {"\xD7\x90"
     "a.test",
     "xn--a-zhc.test"}, /* both directions */
    {"\xC2\xBD.test", "xn--12-c6t.test"},
    {"\xEF\xBC\xA1--x\xEF\xBC\x8Etest", "a--x.test"}, /* full width */
    {"i\xE2\x9D\xA4.XN--BCHER-KVA.test.", "xn--i-7iq.XN--BCHER-KVA.test."},
    {"i\xE2\x9D\xA4.\xEF\xBF\xBD.test", NULL}, /* U+FFFD is no character */
    {"b\xFC.i\xE2\x9D\xA4.test", NULL},
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char ascii[IDNA_SIZE] = "untouched";
        bool is_name = idna_to_ascii(names[i].domain, ascii);

        if (is_name != (names[i].ascii != NULL))
            fail_msg("%s: %d", names[i].domain, is_name);
        assert_string_equal(ascii, is_name ? names[i].ascii : "untouched");
        assert_string_equal(idna_ascii_form(names[i].domain, ascii), is_name ? names[i].ascii : names[i].domain);
    }
}

static void test_folded_names(void **state)
{
    (void)state;
    assert_true(idna_same_folded("fa\xC3\x9F.test", "fass.test"));
    assert_true(idna_same_folded("\xCF\x82.test", "\xCF\x83.test"));
    assert_true(idna_same_folded("A.test", "a.test"));
    assert_false(idna_same_folded("fa\xC3\x9F.test", "fas.test"));
    assert_false(idna_same_folded("\xFF.test", "\xFF.test"));
}

static void test_long_names(void **state)
{
    char domain[5000], ascii[IDNA_SIZE];

    (void)state;
    memset(domain, 'a', sizeof(domain));
    domain[sizeof(domain) - 1] = '\0';
    assert_false(idna_to_ascii(domain, ascii));
    assert_ptr_equal(idna_ascii_form(domain, ascii), domain);
    domain[IDNA_SIZE - 1] = '\0';
    assert_true(idna_to_ascii(domain, ascii));
    domain[0] = '\xC3';
    domain[1] = '\xBC';
    assert_ptr_equal(idna_ascii_form(domain, ascii), domain);
}

static void test_mailboxes(void **state)
{
    static const struct {
        const char *address, *written;
    } rows[] = {
        {"a@example.org", "a@example.org"},
        {"a@" BUECHER ".example", "a@xn--bcher-kva.example"},
        {BUECHER "@" BUECHER ".example", BUECHER "@xn--bcher-kva.example"},
        {"\"a@b\"@" BUECHER ".example", "\"a@b\"@xn--bcher-kva.example"},
        {BUECHER, BUECHER},
        {"a@\xFF", "a@\xFF"},
        {"", ""},
        {"@", "@"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct strbuf out = STRBUF_INIT;

        idna_add_mailbox(rows[i].address, &out);
        assert_string_equal(strbuf_text(&out), rows[i].written);
        strbuf_free(&out);
    }
}

static void test_no_memory(void **state)
{
    char ascii[IDNA_SIZE];
    struct strbuf out = STRBUF_INIT;

    (void)state;
    alloc_fail_at(1);
    idna_add_mailbox("a@example.org", &out);
    assert_true(alloc_fail_happened());
    alloc_fail_at(0);
    assert_true(out.failed);
    strbuf_free(&out);
    assert_string_equal(idna_ascii_form(BUECHER ".example", ascii), "xn--bcher-kva.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_folded_names), cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_mailboxes), cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
