/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lists cover, exactly up to their label boundaries. */
#include "policy/whitelist.h"

#include "support/alloc_fail.h"
#include "support/tree_steps.h"

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
    {"@.b\xC3\xBC"
     "cher.example",
     "<a@mx.xn--bcher-kva.example>", true},
    {"a@b\xC3\xBC"
     "cher.example",
     "<a@xn--bcher-kva.example>", true},
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
        struct host_list list = {0};

        assert_true(host_list_add(&list, "other.example"));
        assert_true(host_list_add(&list, c->item));
        if (whitelist_has_exact_host(&list, c->subject) != c->covered)
            fail_msg("\"%s\" and \"%s\"", c->item, c->subject);
        host_list_free(&list);
    }
}

static void covers_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        struct host_list list = {0};

        print_message("%s %s\n", hosts[i].item, hosts[i].subject);
        assert_true(host_list_add(&list, hosts[i].item));
        assert_int_equal(whitelist_has_host(&list, hosts[i].subject), hosts[i].covered);
        host_list_free(&list);
    }
}

static void covers_mailboxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mailboxes); i++) {
        struct mailbox_list list = {0};
        struct address address;

        print_message("%s %s\n", mailboxes[i].item, mailboxes[i].subject);
        assert_true(mailbox_list_add(&list, "other@example.net"));
        assert_true(mailbox_list_add(&list, mailboxes[i].item));
        assert_int_equal(address_parse(mailboxes[i].subject, &address), ADDRESS_OK);
        assert_int_equal(whitelist_has_mailbox(&list, &address), mailboxes[i].covered);
        address_free(&address);
        mailbox_list_free(&list);
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

static uint32_t state_of_random = 4408;

static unsigned below(unsigned bound)
{
    state_of_random = state_of_random * 1664525U + 1013904223U;
    return (state_of_random >> 8) % bound;
}

/* Out of few, so that they meet: with 1 or 0 in the first bits and some later ones. */
static struct addr random_addr(void)
{
    const unsigned places[] = {0, 1, 2, 7, 8, 9, 15, 23, 24, 30, 31, 63, 64, 127};
    const bool v4 = below(2) != 0;
    uint8_t octets[16] = {0};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        if (below(3) == 0)
            octets[places[i] / 8] |= (uint8_t)(0x80 >> places[i] % 8);
    return v4 ? addr_from_v4(octets) : addr_from_v6(octets);
}

static struct addr_prefix random_prefix(void)
{
    const struct addr addr = random_addr();
    const unsigned bits = below(addr.family == ADDR_V4 ? 33 : 129);
    char text[ADDR_TEXT_SIZE + 4], of_addr[ADDR_TEXT_SIZE];
    struct addr_prefix prefix;

    snprintf(text, sizeof text, "%s/%u", addr_format(&addr, of_addr), bits);
    assert_true(addr_prefix_parse(text, &prefix)); /* clears the other bits */
    return prefix;
}

static bool any_contains(const struct addr_list *list, const struct addr *addr)
{
    for (size_t i = 0; i < list->count; i++)
        if (addr_prefix_contains(&list->items[i], addr))
            return true;
    return false;
}

static void finds_the_addresses_that_a_look_at_each_finds(void **state)
{
    enum { ROUNDS = 2000, LOOKUPS = 20, PREFIXES = 40 };
    unsigned found = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct addr_list list = {0};

        for (unsigned n = below(PREFIXES); n > 0; n--) {
            const struct addr_prefix prefix = random_prefix();

            if (prefix.bits > below(8)) /* few that hold half of all addresses */
                assert_true(addr_list_add(&list, &prefix));
        }
        for (int i = 0; i < LOOKUPS; i++) {
            const struct addr addr = random_addr();

            assert_int_equal(whitelist_has_addr(&list, &addr), any_contains(&list, &addr));
            found += whitelist_has_addr(&list, &addr);
        }
        addr_list_free(&list);
    }
    assert_in_range(found, ROUNDS * LOOKUPS / 20, ROUNDS * LOOKUPS - ROUNDS * LOOKUPS / 20);
}

static struct addr last_translation(const struct nat_list *list, const struct addr *client)
{
    for (size_t i = list->count; i > 0; i--)
        if (addr_equal(&list->items[i - 1].from, client))
            return list->items[i - 1].to;
    return *client;
}

static void translates_as_a_look_at_each_does(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        struct nat_list list = {0};

        for (unsigned n = below(200); n > 0; n--) {
            const struct nat_rule rule = {.from = random_addr(), .to = random_addr()};

            assert_true(nat_list_add(&list, &rule));
        }
        for (int i = 0; i < 20; i++) {
            const struct addr addr = random_addr(), to = nat_translate(&list, &addr),
                              expected = last_translation(&list, &addr);

            assert_true(addr_equal(&to, &expected));
        }
        nat_list_free(&list);
    }
}

enum { MANY_NETWORKS = 16384 };

/* Twice the binary digits of their number. */
static void many_networks_take_few_steps(void **state)
{
    struct addr_list list = {0};
    struct nat_list nat = {0};

    (void)state;
    for (unsigned i = 0; i < MANY_NETWORKS; i++) {
        const uint8_t octets[4] = {10, (uint8_t)(i >> 8), (uint8_t)i, 0};
        const struct addr_prefix prefix = {.base = addr_from_v4(octets), .bits = 24};
        const struct nat_rule rule = {prefix.base, prefix.base};

        assert_true(addr_list_add(&list, &prefix) && nat_list_add(&nat, &rule));
    }
    for (unsigned i = 0; i < MANY_NETWORKS; i += MANY_NETWORKS / 64) {
        tree_steps = 0;
        assert_true(whitelist_has_addr(&list, &list.items[i].base));
        assert_in_range(tree_steps, 1, 28);
        tree_steps = 0;
        (void)nat_translate(&nat, &list.items[i].base);
        assert_in_range(tree_steps, 1, 28);
    }
    addr_list_free(&list);
    nat_list_free(&nat);
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

enum { LISTS = 5 };

struct lists {
    struct text_list texts;
    struct host_list hosts;
    struct mailbox_list mailboxes;
    struct addr_list addrs;
    struct nat_list nats;
};

/* Adds the `number`th item to one of the lists. */
static bool add_to(struct lists *lists, unsigned which, unsigned number)
{
    const uint8_t octets[4] = {10, 0, 0, (uint8_t)number};
    const struct addr_prefix prefix = {.base = addr_from_v4(octets), .bits = 32};
    const struct nat_rule rule = {prefix.base, prefix.base};
    char text[32];

    snprintf(text, sizeof text, "@host%u.example", number);
    switch (which) {
    case 0:
        return text_list_add(&lists->texts, text);
    case 1:
        return host_list_add(&lists->hosts, text + 1);
    case 2:
        return mailbox_list_add(&lists->mailboxes, text);
    case 3:
        return addr_list_add(&lists->addrs, &prefix);
    default:
        return nat_list_add(&lists->nats, &rule);
    }
}

static size_t count_of(const struct lists *lists, unsigned which)
{
    const size_t counts[LISTS] = {lists->texts.count, lists->hosts.texts.count, lists->mailboxes.texts.count,
                                  lists->addrs.count, lists->nats.count};

    return counts[which];
}

/* Fails every allocation of every _add in turn: the list stays as it was. */
static void survives_no_memory(void **state)
{
    struct lists lists = {0};

    (void)state;
    for (unsigned which = 0; which < LISTS; which++) {
        unsigned number = 0;

        for (unsigned n = 1; n <= 6; n++) {
            for (unsigned i = 0; i < 5; i++) { /* from one power of two to the next */
                const size_t count = count_of(&lists, which);

                alloc_fail_at(n);
                bool added = add_to(&lists, which, number++);
                assert_int_equal(added, !alloc_fail_happened());
                assert_int_equal(count_of(&lists, which), count + added);
                alloc_fail_at(0);
            }
            assert_true(add_to(&lists, which, number++));
        }
    }
    assert_string_equal(lists.texts.items[lists.texts.count - 1], "@host35.example");
    assert_true(whitelist_has_host(&lists.hosts, "a.host35.example"));
    assert_false(whitelist_has_host(&lists.hosts, "a.host0.example"));
    text_list_free(&lists.texts);
    host_list_free(&lists.hosts);
    mailbox_list_free(&lists.mailboxes);
    addr_list_free(&lists.addrs);
    nat_list_free(&lists.nats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_hosts),
        cmocka_unit_test(covers_helo_names),
        cmocka_unit_test(covers_mailboxes),
        cmocka_unit_test(covers_addresses),
        cmocka_unit_test(translates),
        cmocka_unit_test(grows),
        cmocka_unit_test(finds_the_addresses_that_a_look_at_each_finds),
        cmocka_unit_test(translates_as_a_look_at_each_does),
        cmocka_unit_test(many_networks_take_few_steps),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
