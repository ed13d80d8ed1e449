/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares the index with a look at each pattern, for random patterns, addresses and names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/domain_text.h"
#include "base/strbuf.h"
#include "base/text_search.h"
#include "mail/idna.h"
#include "policy/pattern_index.h"
#include "support/alloc_fail.h"
#include "support/tree_steps.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

enum { PATTERNS = 30, PATTERN_SIZE = 100, ROUNDS = 1000, LOOKUPS = 20 };

/* ---- What each kind of pattern means, one by one ---- */

static bool same_name(const char *a, const char *b)
{
    size_t len = domain_text_strlen(a);

    return len > 0 && len == domain_text_strlen(b) && strncasecmp(a, b, len) == 0;
}

/* True if `name` has labels in front of `domain`. */
static bool is_below(const char *domain, const char *name)
{
    size_t domain_len = domain_text_strlen(domain), len = domain_text_strlen(name);
    if (domain_len == 0 || len < domain_len + 2)
        return false;

    const char *tail = name + (len - domain_len);
    return tail[-1] == '.' && strncasecmp(tail, domain, domain_len) == 0;
}

static bool covers_host(const char *pattern, const char *name, bool with_below)
{
    char pattern_ascii[IDNA_SIZE], name_ascii[IDNA_SIZE];
    bool only_below = *pattern == '.';
    const char *domain = idna_ascii_form(pattern + only_below, pattern_ascii);

    name = idna_ascii_form(name, name_ascii);
    return ((only_below || with_below) && is_below(domain, name)) || (!only_below && same_name(domain, name));
}

/* Compares a pattern's local part, which may be quoted, with an address's, which no longer is. */
static bool same_local(const char *written, size_t len, const char *local)
{
    for (size_t i = 0; i < len; i++) {
        if (written[i] == '"')
            continue;
        if (written[i] == '\\' && i + 1 < len)
            i++;
        if (tolower((unsigned char)written[i]) != tolower((unsigned char)*local++))
            return false;
    }
    return *local == '\0';
}

static bool covers_domain(const char *pattern, const char *name)
{
    bool with_below = *pattern == '.';

    return covers_host(pattern + with_below, name, with_below);
}

static bool covers_mailbox(const char *pattern, const struct address *address)
{
    const char *at = strrchr(pattern, '@');

    if (at == NULL)
        return *pattern != '\0' && text_search_has_nocase(address->text, pattern);
    if (at != pattern && !same_local(pattern, (size_t)(at - pattern), address->local))
        return false;
    return at[1] == '\0' || covers_domain(at + 1, address->domain);
}

/* ---- Random patterns ---- */

/* Few, so that they meet, and each with a brother that it must not be taken for. */
static const char *const pattern_locals[] = {"a", "A", "ab", "\"a b\"", "\"a\\@b\"", "\"ab\"", "b.a", ""};
static const char *const address_locals[] = {"a", "A", "ab", "\"a b\"", "\"a@b\"", "AB", "b.a", "c"};
static const char *const domains[] = {"example.org",
                                      "EXAMPLE.org",
                                      "sub.example.org",
                                      "x.sub.example.org",
                                      "badexample.org",
                                      "org",
                                      "b\xc3\xbc"
                                      "cher.example",
                                      "xn--bcher-kva.example",
                                      "a.b\xc3\xbc"
                                      "cher.example"};

static uint32_t state_of_random = 7208;

static size_t below(size_t bound)
{
    state_of_random = state_of_random * 1664525U + 1013904223U;
    return (state_of_random >> 8) % bound;
}

#define ANY(array) ((array)[below(ARRAY_SIZE(array))])

/* Each is in some address, and some begin alike. */
static const char *const parts[] = {"a",       "xa",  "ample",     "EXAMPLE", "e.o", "sub.",
                                    "sub.exa", "org", "b\xc3\xbc", "b.a",     "zz"};

static void random_mailbox_pattern(char pattern[PATTERN_SIZE])
{
    const char *local = ANY(pattern_locals), *domain = ANY(domains);

    switch (below(5)) {
    case 0:
        snprintf(pattern, PATTERN_SIZE, "%s@", *local != '\0' ? local : "a");
        break;
    case 1:
        snprintf(pattern, PATTERN_SIZE, "@%s", domain);
        break;
    case 2:
        snprintf(pattern, PATTERN_SIZE, "@.%s", domain);
        break;
    case 3:
        snprintf(pattern, PATTERN_SIZE, "%s", ANY(parts));
        break;
    default:
        snprintf(pattern, PATTERN_SIZE, "%s@%s", local, domain);
    }
}

static void compare_mailboxes(const struct pattern_index *index, char patterns[][PATTERN_SIZE], size_t count,
                              size_t *found)
{
    char text[PATTERN_SIZE];
    struct address address;
    size_t last = 0;

    if (below(10) == 0) /* without a domain */
        snprintf(text, sizeof text, "%s", ANY(address_locals));
    else
        snprintf(text, sizeof text, "<%s@%s>", ANY(address_locals), ANY(domains));
    assert_int_equal(address_parse(text, &address), ADDRESS_OK);
    for (size_t i = 0; i < count; i++)
        if (covers_mailbox(patterns[i], &address))
            last = i + 1;
    if (pattern_index_find_mailbox(index, &address) != last)
        fail_msg("%s: %zu, not %zu", text, pattern_index_find_mailbox(index, &address), last);
    *found += last > 0;
    address_free(&address);
}

/* Neither all lookups find something, nor do none. */
static void check_found(size_t found)
{
    assert_in_range(found, ROUNDS * LOOKUPS / 20, ROUNDS * LOOKUPS - ROUNDS * LOOKUPS / 20);
}

static void it_finds_the_mailboxes_that_a_look_at_each_finds(void **state)
{
    char patterns[PATTERNS][PATTERN_SIZE];
    size_t found = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct pattern_index index = {.kinds = 0};
        const size_t count = below(round % 2 != 0 ? PATTERNS : 4);

        for (size_t i = 0; i < count; i++) {
            random_mailbox_pattern(patterns[i]);
            assert_true(pattern_index_add_mailbox(&index, patterns[i], i + 1));
        }
        for (int i = 0; i < LOOKUPS; i++)
            compare_mailboxes(&index, patterns, count, &found);
        pattern_index_free(&index);
    }
    check_found(found);
}

static void compare_hosts(const struct pattern_index *index, char patterns[][PATTERN_SIZE], size_t count, size_t *found)
{
    static const char *const before[] = {"", "", ".", "x.", "x..", "[", "y.x."}, *const after[] = {"", "", "", ".",
                                                                                                   ".."};
    const bool with_below = below(2) != 0;
    char name[PATTERN_SIZE];
    size_t last = 0;

    snprintf(name, sizeof name, "%s%s%s", ANY(before), ANY(domains), ANY(after));
    for (size_t i = 0; i < count; i++)
        if (covers_host(patterns[i], name, with_below))
            last = i + 1;
    if (pattern_index_find_host(index, name, with_below) != last)
        fail_msg("%s: %zu, not %zu", name, pattern_index_find_host(index, name, with_below), last);
    *found += last > 0;
}

static void it_finds_the_hosts_that_a_look_at_each_finds(void **state)
{
    char patterns[PATTERNS][PATTERN_SIZE];
    size_t found = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct pattern_index index = {.kinds = 0};
        const size_t count = below(6);

        for (size_t i = 0; i < count; i++) {
            snprintf(patterns[i], PATTERN_SIZE, "%s%s%s", below(2) != 0 ? "." : "", ANY(domains),
                     below(4) == 0 ? "." : "");
            assert_true(pattern_index_add_host(&index, patterns[i], i + 1));
        }
        for (int i = 0; i < LOOKUPS; i++)
            compare_hosts(&index, patterns, count, &found);
        pattern_index_free(&index);
    }
    check_found(found);
}

/* ---- Costs ---- */

/* The most comparisons that one of some lookups takes among `count` patterns of each kind. */
static size_t count_steps(size_t count)
{
    struct pattern_index index = {.kinds = 0};
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        static const char *const forms[] = {"user%zu@example.org", "user%zu@", "@example%zu.org", "@.example%zu.org",
                                            "part%zu"};

        for (size_t n = 0; n < ARRAY_SIZE(forms); n++) {
            char pattern[PATTERN_SIZE];

            snprintf(pattern, sizeof pattern, forms[n], i);
            assert_true(pattern_index_add_mailbox(&index, pattern, i + 1));
        }
    }
    for (size_t i = 0; i < count; i += count / 64) {
        struct address address;
        char text[PATTERN_SIZE];

        snprintf(text, sizeof text, "user%zu@mx.example%zu.org", i, i);
        assert_int_equal(address_parse(text, &address), ADDRESS_OK);
        tree_steps = 0;
        assert_int_equal(pattern_index_find_mailbox(&index, &address), i + 1);
        most = tree_steps > most ? tree_steps : most;
        address_free(&address);
    }
    pattern_index_free(&index);
    return most;
}

/* Some 40 lookups, most for parts, each of which takes four comparisons more in a tree of sixteen times the size. */
static void many_patterns_take_hardly_more_steps_than_few(void **state)
{
    const size_t few = count_steps(64), many = count_steps(16384);

    (void)state;
    print_message("%zu and %zu comparisons\n", few, many);
    assert_in_range(few, 100, 600);
    assert_in_range(many, few, few * 3);
}

/* No address is as long, so that it is as good as none: it is no error, and no beginning of it is one either. */
static void a_pattern_that_is_too_long_meets_nobody(void **state)
{
    char pattern[4096];
    struct address address;

    (void)state;
    memset(pattern, 'a', sizeof pattern);
    pattern[sizeof pattern - 1] = '\0';
    assert_int_equal(address_parse("<aaaa@example.org>", &address), ADDRESS_OK);
    for (int with_at = 0; with_at < 2; with_at++) {
        struct pattern_index index = {.kinds = 0};

        assert_true(pattern_index_add_mailbox(&index, pattern, 1));
        assert_int_equal(pattern_index_find_mailbox(&index, &address), 0);
        pattern_index_free(&index);
        pattern[0] = '@';
    }
    address_free(&address);
}

static void it_survives_no_memory(void **state)
{
    static const char *const patterns[] = {"a@example.org", "a@", "@example.org", "@.example.org", "part"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        bool failed = true;

        for (unsigned n = 1; failed; n++) {
            struct pattern_index index = {.kinds = 0};

            alloc_fail_at(n);
            const bool added = pattern_index_add_mailbox(&index, patterns[i], 1);
            failed = alloc_fail_happened();
            alloc_fail_at(0);
            assert_true(failed != added);
            assert_true(pattern_index_add_mailbox(&index, patterns[i], 2));
            pattern_index_free(&index);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_the_mailboxes_that_a_look_at_each_finds),
        cmocka_unit_test(it_finds_the_hosts_that_a_look_at_each_finds),
        cmocka_unit_test(many_patterns_take_hardly_more_steps_than_few),
        cmocka_unit_test(a_pattern_that_is_too_long_meets_nobody),
        cmocka_unit_test(it_survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
