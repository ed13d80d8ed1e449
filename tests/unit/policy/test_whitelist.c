/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lists cover, exactly up to their label boundaries. */
#include "policy/whitelist.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

struct text_case {
    const char *item, *subject;
    bool covered;
};

static const struct text_case hosts[] = {
    {"example.org", "example.org", true},
    {"example.org", "mx.example.org", true},
    {"example.org", "a.b.example.org", true},
    {"example.org", "notexample.org", false},
    {"example.org", "example.org.evil.example", false},
    {"example.org", "org", false},
    {"example.org", ".example.org", false},
    {"Example.ORG", "MX.exAmple.org", true},
    {"example.org", "mx.example.org.", true},
    {"example.org.", "mx.example.org", true},
    {"example.org.", "example.org.", true},
    {".example.org", "mx.example.org", true},
    {".example.org", "a.mx.example.org.", true},
    {".example.org", "example.org", false},
    {".example.org", ".example.org", false},
    {".example.org", "notexample.org", false},
    {".example.org.", "mx.example.org", true},
    {"friendlyhost.friendlydomain", "friendlyhost.friendlydomain", true},
    {"friendlyhost.friendlydomain", "otherhost.friendlydomain", false},
    {"example.org", "", false},
    {"example.org", ".", false},
    {".", "example.org", false},
    {"", "example.org", false},
    {"", "", false},
    {".", "", false},
    {"example.org", "[192.0.2.1]", false},
    {"b\xC3\xBC"
     "cher.example",
     "mx.xn--bcher-kva.example", true},
    {".b\xC3\xBC"
     "cher.example",
     "xn--bcher-kva.example", false},
    {".b\xC3\xBC"
     "cher.example.",
     "mx.XN--bcher-kva.example", true},
    {"xn--bcher-kva.example",
     "b\xC3\xBC"
     "cher.example",
     true},
};

static const struct text_case mailboxes[] = {
    {"user@example.org", "<user@example.org>", true},
    {"user@example.org", "<USER@EXAMPLE.ORG.>", true},
    {"User@Example.Org", "<user@example.org>", true},
    {"user@example.org.", "<user@example.org>", true},
    {"user@example.org", "<xuser@example.org>", false},
    {"user@example.org", "<use@example.org>", false},
    {"user@example.org", "<user@mx.example.org>", false},
    {"user@example.org", "<user@example.org.uk>", false},
    {"user@example.org", "<user>", false},
    {"user@example.org", "<\"user\"@example.org>", true},
    {"\"user\"@example.org", "<user@example.org>", true},
    {"\"a b\"@example.org", "<\"a b\"@example.org>", true},
    {"\"a@b\"@example.org", "<\"A\\@b\"@example.org>", true},
    {"\"a@b\"@example.org", "<b@example.org>", false},
    {"friend@", "<friend@anywhere.example>", true},
    {"friend@", "<Friend>", true},
    {"friend@", "<boyfriend@anywhere.example>", false},
    {"friend@", "<friends@anywhere.example>", false},
    {"friend@", "<fr@anywhere.example>", false},
    {"@example.org", "<anybody@Example.org>", true},
    {"@example.org", "<anybody@mx.example.org>", false},
    {"@example.org", "<anybody@notexample.org>", false},
    {"@example.org", "<example.org>", false},
    {"@.example.org", "<anybody@example.org>", true},
    {"@.example.org", "<anybody@mx.example.org>", true},
    {"@.example.org", "<anybody@a.mx.Example.org.>", true},
    {"@.example.org", "<anybody@notexample.org>", false},
    {"@[192.0.2.1]", "<anybody@[192.0.2.1]>", true},
    {"@b\xC3\xBC"
     "cher.example",
     "<a@xn--bcher-kva.example>", true},
    {"@xn--bcher-kva.example",
     "<a@b\xC3\xBC"
     "cher.example>",
     true},
    {"@b\xC3\xBC"
     "cher.example",
     "<a@B\xC3\x9C"
     "cher.example>",
     true},
    {"a@.b\xC3\xBC"
     "cher.example",
     "<a@mx.xn--bcher-kva.example>", true},
    {"@b\xC3\xBC"
     "cher.example",
     "<a@mx.xn--bcher-kva.example>", false},
    {"ample", "<anybody@example.org>", true},
    {"BODY", "<anybody@example.org>", true},
    {"news-", "<news-7@example.org>", true},
    {"news-", "<new-7@example.org>", false},
    {"user", "<user>", true},
    {"", "<user@example.org>", false},
    {"@", "<user@example.org>", false},
    {"@", "<user>", false},
};

static const struct text_case helo_names[] = {
    {"mx.example.org", "mx.example.org", true},
    {"mx.example.org", "MX.Example.org.", true},
    {"mx.example.org.", "mx.example.org", true},
    {"mx.example.org", "a.mx.example.org", false},
    {"mx.example.org", "amx.example.org", false},
    {"mx.example.org", "example.org", false},
    {".example.org", "mx.example.org", true},
    {".example.org", "a.mx.example.org", true},
    {".example.org", "example.org", false},
    {".example.org", ".example.org", false},
    {".example.org", "notexample.org", false},
    {".example.org", "mx.example.org.evil.example", false},
    {".b\xC3\xBC"
     "cher.example",
     "mx.xn--bcher-kva.example", true},
    {"mx.example.org", "", false},
    {"mx.example.org", "[192.0.2.1]", false},
};

static void covers_helo_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(helo_names); i++) {
        const struct text_case *c = &helo_names[i];
        struct text_list list = {0};

        assert_true(text_list_add(&list, "other.example"));
        assert_true(text_list_add(&list, c->item));
        if (whitelist_has_exact_host(&list, c->subject) != c->covered)
            fail_msg("\"%s\" and \"%s\"", c->item, c->subject);
        text_list_free(&list);
    }
}

static void covers_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        struct text_list list = {0};

        print_message("%s %s\n", hosts[i].item, hosts[i].subject);
        assert_true(text_list_add(&list, hosts[i].item));
        assert_int_equal(whitelist_has_host(&list, hosts[i].subject), hosts[i].covered);
        text_list_free(&list);
    }
}

static void covers_mailboxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mailboxes); i++) {
        struct text_list list = {0};
        struct address address;

        print_message("%s %s\n", mailboxes[i].item, mailboxes[i].subject);
        assert_true(text_list_add(&list, "other@example.net"));
        assert_true(text_list_add(&list, mailboxes[i].item));
        assert_int_equal(address_parse(mailboxes[i].subject, &address), ADDRESS_OK);
        assert_int_equal(whitelist_has_mailbox(&list, &address), mailboxes[i].covered);
        address_free(&address);
        text_list_free(&list);
    }
}

static const struct text_case addresses[] = {
    {"192.0.2.0/24", "192.0.2.255", true},   {"192.0.2.0/24", "192.0.3.0", false},
    {"192.0.2.1", "192.0.2.1", true},        {"192.0.2.1", "192.0.2.2", false},
    {"0.0.0.0/0", "198.51.100.1", true},     {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},           {"::/0", "192.0.2.1", false},
    {"2001:db8::/33", "2001:db8::1", true},  {"2001:db8::/33", "2001:db8:8000::1", false},
    {"192.0.2.1", "::ffff:192.0.2.1", true}, {"::ffff:192.0.2.0/120", "192.0.2.9", true},
};

static void covers_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        struct addr_list list = {0};
        struct addr_prefix prefix;
        struct addr addr, none = {0};

        assert_true(addr_prefix_parse(addresses[i].item, &prefix));
        assert_true(addr_parse(addresses[i].subject, &addr));
        assert_false(whitelist_has_addr(&list, &addr));
        assert_true(addr_list_add(&list, &prefix));
        assert_int_equal(whitelist_has_addr(&list, &addr), addresses[i].covered);
        assert_false(whitelist_has_addr(&list, &none));
        addr_list_free(&list);
    }
}

static struct addr addr_of(const char *text)
{
    struct addr addr;

    assert_true(addr_parse(text, &addr));
    return addr;
}

static void translates(void **state)
{
    (void)state;
    struct nat_list list = {0};
    struct addr inside = addr_of("10.0.0.1"), v6 = addr_of("fd00::1"), other = addr_of("10.0.0.2"), none = {0};
    struct nat_rule rules[] = {
        {inside, addr_of("198.51.100.1")}, {v6, addr_of("2001:db8::1")}, {inside, addr_of("192.0.2.1")}};
    struct addr result;

    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        assert_true(nat_list_add(&list, &rules[i]));
    result = nat_translate(&list, &inside);
    assert_true(addr_equal(&result, &rules[2].to));
    result = nat_translate(&list, &v6);
    assert_true(addr_equal(&result, &rules[1].to));
    result = nat_translate(&list, &other);
    assert_true(addr_equal(&result, &other));
    result = nat_translate(&list, &none);
    assert_true(addr_equal(&result, &none));
    nat_list_free(&list);
    result = nat_translate(&list, &inside);
    assert_true(addr_equal(&result, &inside));
}

enum { MANY = 100 };

static void grows(void **state)
{
    (void)state;
    struct text_list list = {0};
    char name[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "host%d.example", i);
        assert_true(text_list_add(&list, name));
    }
    assert_int_equal(list.count, MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "host%d.example", i);
        assert_string_equal(list.items[i], name);
    }
    text_list_free(&list);
    assert_int_equal(list.count, 0);
    assert_null(list.items);
}

/* Fails every allocation of every _add in turn: the list stays as it was. */
static void survives_no_memory(void **state)
{
    (void)state;
    struct addr_prefix prefix = {0};
    struct nat_rule rule = {0};
    struct text_list texts = {0};
    struct addr_list addrs = {0};
    struct nat_list nats = {0};

    for (unsigned round = 0; round < 5; round++) {
        for (unsigned n = 1; n <= 2; n++) {
            alloc_fail_at(n);
            bool added = text_list_add(&texts, "example.org");
            assert_int_equal(added, !alloc_fail_happened());
            alloc_fail_at(1);
            added = addr_list_add(&addrs, &prefix);
            assert_int_equal(added, !alloc_fail_happened());
            alloc_fail_at(1);
            added = nat_list_add(&nats, &rule);
            assert_int_equal(added, !alloc_fail_happened());
        }
        alloc_fail_at(0);
        size_t count = texts.count;
        assert_true(text_list_add(&texts, "example.net"));
        assert_int_equal(texts.count, count + 1);
        assert_string_equal(texts.items[count], "example.net");
        assert_true(addr_list_add(&addrs, &prefix));
        assert_true(nat_list_add(&nats, &rule));
    }
    text_list_free(&texts);
    addr_list_free(&addrs);
    nat_list_free(&nats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_hosts),       cmocka_unit_test(covers_helo_names), cmocka_unit_test(covers_mailboxes),
        cmocka_unit_test(covers_addresses),   cmocka_unit_test(translates),        cmocka_unit_test(grows),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
