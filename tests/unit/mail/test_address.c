/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Envelope addresses in every form that an MTA hands on. */
#include "mail/address.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEN               "0123456789"
#define SIXTY             TEN TEN TEN TEN TEN TEN
#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

struct parse_case {
    const char *argument;
    enum address_status status;
    const char *text, *local, *domain;
};

static const struct parse_case good[] = {
    {"<user@example.org>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"user@example.org", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"  <user@example.org>  ", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"\t<user@example.org>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"< user@example.org >", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<user @ example . org>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<User@Example.ORG>", ADDRESS_OK, "User@Example.ORG", "User", "Example.ORG"},
    {"<user@example.org.>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"user@example.org.", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<user>", ADDRESS_OK, "user", "user", ""},
    {"postmaster", ADDRESS_OK, "postmaster", "postmaster", ""},
    {"user.", ADDRESS_OK, "user.", "user.", ""},
    {"<\"a b\"@example.org>", ADDRESS_OK, "\"a b\"@example.org", "a b", "example.org"},
    {"<\"a\\\"b\"@x>", ADDRESS_OK, "\"a\\\"b\"@x", "a\"b", "x"},
    {"<\"a@b\"@x>", ADDRESS_OK, "\"a@b\"@x", "a@b", "x"},
    {"<\"a>b\"@x>", ADDRESS_OK, "\"a>b\"@x", "a>b", "x"},
    {"\"<a\"@x", ADDRESS_OK, "\"<a\"@x", "<a", "x"},
    {"<\"a\".\"b\"@x>", ADDRESS_OK, "\"a\".\"b\"@x", "a.b", "x"},
    {"<\"a\\\\b\"@x>", ADDRESS_OK, "\"a\\\\b\"@x", "a\\b", "x"},
    {"<a\\@b@x>", ADDRESS_OK, "a\\@b@x", "a@b", "x"},
    {"<@a.example:user@c.example>", ADDRESS_OK, "user@c.example", "user", "c.example"},
    {"<@a,@b:user@c>", ADDRESS_OK, "user@c", "user", "c"},
    {"<@a, @b : user@c>", ADDRESS_OK, "user@c", "user", "c"},
    {"<@[IPv6:2001:db8::1]:user@c>", ADDRESS_OK, "user@c", "user", "c"},
    {"<@a:user>", ADDRESS_OK, "user", "user", ""},
    {"@a:user@c", ADDRESS_OK, "user@c", "user", "c"},
    {"<user@[192.0.2.1]>", ADDRESS_OK, "user@[192.0.2.1]", "user", "[192.0.2.1]"},
    {"<user@[IPv6:2001:db8::1]>", ADDRESS_OK, "user@[IPv6:2001:db8::1]", "user", "[IPv6:2001:db8::1]"},
    {"<user@example.org> (comment)", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<user@example.org>(comment)", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"user@example.org (com (men) t)", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"(a <b@c>) user@example.org", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<user(c)@(d)example.org>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<user@example.org (\\))>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"A User <user@example.org>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"\"A <User>\" <user@example.org>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"\"A\"<user@example.org>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<user@example.org> SIZE=100 BODY=8BITMIME", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"<user@example.org> AUTH=<>", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"user@example.org SIZE=100", ADDRESS_OK, "user@example.org", "user", "example.org"},
    {"user AUTH=<>", ADDRESS_OK, "user", "user", ""},
    {"<j\xc3\xb6rg@b\xc3\xbc"
     "cher.example>",
     ADDRESS_OK,
     "j\xc3\xb6rg@b\xc3\xbc"
     "cher.example",
     "j\xc3\xb6rg",
     "b\xc3\xbc"
     "cher.example"},
    {"<a..b@example.org>", ADDRESS_OK, "a..b@example.org", "a..b", "example.org"},
    {"<a%b!c=d+e/f@example.org>", ADDRESS_OK, "a%b!c=d+e/f@example.org", "a%b!c=d+e/f", "example.org"},
    {"<user@_x.-y.example>", ADDRESS_OK, "user@_x.-y.example", "user", "_x.-y.example"},
    {"<" SIXTY "1234@x>", ADDRESS_OK, SIXTY "1234@x", SIXTY "1234", "x"},
    {"<" SIXTY "12345@x>", ADDRESS_LOCAL_TOO_LONG, SIXTY "12345@x", SIXTY "12345", "x"},
    {"<" SIXTY "12345>", ADDRESS_LOCAL_TOO_LONG, SIXTY "12345", SIXTY "12345", ""},
};

static void reads_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        const struct parse_case *c = &good[i];
        struct address address = {0};

        print_message("%s\n", c->argument);
        assert_int_equal(address_parse(c->argument, &address), c->status);
        assert_string_equal(address.text, c->text);
        assert_string_equal(address.local, c->local);
        assert_string_equal(address.domain, c->domain);
        address_free(&address);
        assert_null(address.text);
    }
}

static const char *const null_senders[] = {"<>", "", " ", "< >", "<> (bounce)", "<(c)>", "<> AUTH=<>", "Mailer <>"};

static const char *const malformed[] = {
    "<",
    ">",
    "<user@example.org",
    "user@example.org>",
    "<<user@example.org>>",
    "<user@example.org>>",
    "a@b <c@d>",
    "Name<user@example.org>",
    "<a@b@c>",
    "a@b@c",
    "<a@@b>",
    "<@>",
    "<@example.org>",
    "<@a,@b>",
    "<@a:>",
    "<@[a:b@c>",
    "<user@>",
    "<user@.>",
    "<user@example.org..>",
    "<\"\"@example.org>",
    "<\"user@example.org>",
    "<\"user\\\"@example.org>",
    "<user@example.org (>",
    "<user@example.org )>",
    "(user@example.org",
    "<user name@example.org>",
    "<user\\",
    "<user@exam\\ple.org>",
    "<user@\"example.org\">",
    "<user@example.org>junk",
    "<us\ner@example.org>",
    "<us\rer@example.org>",
    "<user@example.org>\n",
    "<\"us\ter\"@example.org>",
    "<us\x01"
    "er@example.org>",
    "<us\x7f"
    "er@example.org>",
    "<us\xff"
    "er@example.org>",
    "<us\xc3@example.org>",
    "<us\xed\xa0\x80@example.org>",
};

static void knows_null_senders_and_nonsense(void **state)
{
    (void)state;
    struct address address = {.text = (char *)(uintptr_t)1};

    for (size_t i = 0; i < ARRAY_SIZE(null_senders); i++) {
        print_message("%s\n", null_senders[i]);
        assert_int_equal(address_parse(null_senders[i], &address), ADDRESS_NULL);
    }
    for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
        print_message("%s\n", malformed[i]);
        assert_int_equal(address_parse(malformed[i], &address), ADDRESS_MALFORMED);
    }
    assert_ptr_equal(address.text, (char *)(uintptr_t)1);
}

/* An address of `octets` octets is read, one of one octet more is not. */
static void is_bounded(void **state)
{
    (void)state;
    char argument[1100];
    struct address address = {0};

    for (size_t octets = 1000; octets <= 1001; octets++) {
        memset(argument, 'x', octets + 2);
        argument[0] = '<';
        argument[5] = '@';
        argument[octets + 1] = '>';
        argument[octets + 2] = '\0';
        assert_int_equal(address_parse(argument, &address), octets == 1000 ? ADDRESS_OK : ADDRESS_MALFORMED);
    }
    assert_int_equal(strlen(address.text), 1000);
    address_free(&address);
}

static void survives_no_memory(void **state)
{
    (void)state;
    struct address address = {0};

    alloc_fail_at(1);
    assert_int_equal(address_parse("<user@example.org>", &address), ADDRESS_NO_MEMORY);
    assert_true(alloc_fail_happened());
    alloc_fail_at(0);
    assert_null(address.text);
    address_free(&address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(knows_null_senders_and_nonsense),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
