/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths in the forms that MTAs let through. */
#include "mail/path.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

struct path_case {
    const char *argument;
    const char *text;         /* of PATH_STANDARD; NULL: malformed; "": the null path */
    const char *postfix_text; /* of PATH_POSTFIX; NULL: the same */
    const char *bare;         /* NULL: not looked at */
};

static const struct path_case cases[] = {
    {"<a@x.test>", "a@x.test", NULL, "a@x.test"},
    {"a@x.test", "a@x.test", NULL, "a@x.test"},
    {"<A@X.test>", "A@X.test", NULL, "A@X.test"},
    {"<a@x.test.>", "a@x.test", NULL, "a@x.test."},
    {"<a@x.test..>", "a@x.test", NULL, NULL},
    {"<alice>", "alice", NULL, "alice"},

    {"<>", "", NULL, NULL},
    {"", "", NULL, NULL},
    {"<;>", "", NULL, NULL},
    {"<,>", "", NULL, NULL},
    {"<:;>", "", NULL, NULL},
    {"<x:;>", "", NULL, NULL},
    {"<(c)>", "", NULL, NULL},
    {"<\"\">", "", NULL, NULL},
    {"<@x.test:>", "", NULL, NULL},
    {"<@x.test:;>", "", NULL, NULL},

    {"<a@x.test;>", "a@x.test", NULL, "a@x.test"},
    {"<a@x.test;;,;>", "a@x.test", NULL, "a@x.test"},
    {"<,;a@x.test>", "\",;a\"@x.test", "a@x.test", NULL},
    {"<g:a@x.test;>", "a@x.test", NULL, "a@x.test"},
    {"<g:h:a@x.test;>", "a@x.test", NULL, "a@x.test"},
    {"<g@y.test:a@x.test;>", "a@x.test", NULL, NULL},
    {"<g:a@x.test:;>", "", NULL, NULL},
    {"<g:a@[IPv6:2001:db8::1];>", "a@[IPv6:2001:db8::1]", NULL, NULL},
    {"<@y.test(c:a@x.test>", "\"\"@y.test", "a@x.test", NULL},
    {"<g:a@x.test>", "\"g:a\"@x.test", NULL, NULL},
    {"<@y.test:a@x.test>", "a@x.test", NULL, "a@x.test"},
    {"<@y.test,@z.test:a@x.test>", "a@x.test", NULL, "a@x.test"},
    {"<@y.test:@z.test:a@x.test>", "a@x.test", NULL, NULL},
    {"<@[IPv6:2001:db8::1]:a@x.test>", "a@x.test", "\"2001:db8::1]:a\"@x.test", NULL},
    {"<@y.test:,a@x.test;>", "a@x.test", NULL, "a@x.test"},
    {"<@y.test@x.test>", "\"@y.test\"@x.test", NULL, NULL},

    {"<@x.test>", "\"\"@x.test", NULL, NULL},
    {"<\"\"@x.test>", "\"\"@x.test", NULL, NULL},
    {"<%x.test>", "\"\"@x.test", NULL, NULL},
    {"<x.test!>", "x.test!", "\"\"@x.test", NULL},
    {"<a@x.test@>", "a@x.test", NULL, NULL},
    {"<a@>", "a", NULL, NULL},

    {"<a%x.test>", "a@x.test", NULL, "a%x.test"},
    {"<a%b%x.test>", "a%b@x.test", NULL, NULL},
    {"<x.test!a>", "a@x.test", NULL, "x.test!a"},
    {"<x.test!y.test!a>", "y.test!a@x.test", NULL, NULL},
    {"<x.test!a%y.test>", "a%y.test@x.test", NULL, NULL},
    {"<a%y.test@x.test>", "a%y.test@x.test", NULL, NULL},
    {"<y.test!a@x.test>", "y.test!a@x.test", NULL, NULL},

    {"<\"a@x.test\">", "\"a@x.test\"", "a@x.test", "\"a@x.test\""},
    {"<\"a%x.test\">", "a%x.test", "a@x.test", NULL},
    {"<\"x.test!a\">", "x.test!a", "a@x.test", NULL},
    {"<a\\@x.test>", "\"a@x.test\"", "a@x.test", NULL},
    {"<a\\%x.test>", "a%x.test", "a@x.test", NULL},
    {"<\"a@y.test\"@x.test>", "\"a@y.test\"@x.test", NULL, NULL},
    {"<a\\@y.test@x.test>", "\"a@y.test\"@x.test", NULL, NULL},
    {"<a@y.test@x.test>", "\"a@y.test\"@x.test", NULL, NULL},
    {"<a@\"x.test\">", "a@x.test", NULL, NULL},
    {"<a@x\\.test>", "a@x.test", NULL, NULL},
    {"<\"a\"@x.test>", "\"a\"@x.test", NULL, NULL},
    {"<\"a\"(c)@x.test>", "a@x.test", NULL, NULL},
    {"<a.\"b c\"@x.test>", "\"a.b c\"@x.test", NULL, NULL},
    {"<\"a\\\"b\"(c)@x.test>", "\"a\\\"b\"@x.test", NULL, NULL},

    {"<a (c) @ x . test>", "a@x.test", NULL, NULL},
    {"<(c (d) \\) e) a@x(f).test>", "a@x.test", NULL, NULL},
    {"<a@x.test(@y.test)>", "a@x.test", NULL, NULL},
    {"<a@x.test(@y.test>", "a@x.test", NULL, NULL},
    {"<a b@x.test>", "a.b@x.test", NULL, NULL},

    {"<G <a@x.test>>", "a@x.test", NULL, "a@x.test"},
    {"<<a@x.test>>", "a@x.test", NULL, NULL},
    {"<a@y.test<a@x.test>>", "a@x.test", NULL, NULL},
    {"<a@y.test>,<a@x.test>", "a@x.test", NULL, NULL},
    {"\"<a@y.test>\"<a@x.test>", "a@x.test", NULL, NULL},
    {"<a@x.test>b", "a@x.test", NULL, NULL},
    {"<a@x.test> SIZE=1 AUTH=<>", "a@x.test", NULL, NULL},

    {"<a@[192.0.2.1]>", "a@[192.0.2.1]", NULL, NULL},
    {"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", NULL, NULL},
    {"<j\xC3\xB6@b\xC3\xBC.test>", "j\xC3\xB6@b\xC3\xBC.test", NULL, NULL},
    {"<a\x01\x7F@x.test>", "a?\?@x.test", NULL, NULL},
    {"<a\xFF@x.test>", "a\xEF\xBF\xBD@x.test", NULL, NULL},
    {"<a@x\xFC.test>", "a@x\xEF\xBF\xBD.test", NULL, NULL},
    {"<a\t@x.test>", "a@x.test", NULL, NULL},

    {"<@>", NULL, NULL, NULL},
    {"<\"a@x.test>", NULL, NULL, NULL},
    {"<a\"@x.test>", NULL, NULL, NULL},
    {"a\\", NULL, NULL, NULL},
};

static bool is_set(enum address_status status)
{
    return status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG;
}

static void check(const char *argument, enum path_style style, const char *text, const char *bare)
{
    struct path path = {.bare = NULL};
    enum address_status status = path_read(argument, style, &path);

    print_message("%s: %s\n", argument, is_set(status) ? path.address.text : "-");
    assert_int_equal(status, text == NULL ? ADDRESS_MALFORMED : *text == '\0' ? ADDRESS_NULL : ADDRESS_OK);
    if (status == ADDRESS_OK) {
        assert_string_equal(path.address.text, text);
        if (bare != NULL)
            assert_string_equal(path.bare, bare);
    }
    path_free(&path);
    assert_null(path.address.text);
}

static void reads_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct path_case *c = &cases[i];

        check(c->argument, PATH_STANDARD, c->text, c->bare);
        check(c->argument, PATH_POSTFIX, c->postfix_text != NULL ? c->postfix_text : c->text, c->bare);
    }
}

/* Postfix knows a recipient under what it makes of the argument before it looks for further routes and signs. */
static void keeps_what_postfix_keeps(void **state)
{
    (void)state;
    check("<@y.test:@z.test:a@x.test>", PATH_POSTFIX, "a@x.test", "@z.test:a@x.test");
    check("@y.test,@w.test:@z.test:a@x.test", PATH_POSTFIX, "a@x.test", "@z.test:a@x.test");
    check("<;@y.test:a@x.test>", PATH_POSTFIX, "a@x.test", "@y.test:a@x.test");
    check("<@y.test:;@z.test:a@x.test;>", PATH_POSTFIX, "a@x.test", "a@x.test");
    check("<;a@x.test@>", PATH_POSTFIX, "a@x.test", "a@x.test@");
    check("<;a%x.test@@>", PATH_POSTFIX, "a@x.test", "a%x.test@@");
    check("<b <@y.test:a@x.test>>", PATH_POSTFIX, "a@x.test", "@y.test:a@x.test");
    check("<<@y.test:\"a\"@x.test>>", PATH_POSTFIX, "a@x.test", "@y.test:\"a\"@x.test");
    check("<g:a@x.test@;>", PATH_POSTFIX, "a@x.test", "a@x.test@");
}

/* What an MTA has read already is taken as it is. */
static void takes_what_was_read_before(void **state)
{
    (void)state;
    check("a%x.test", PATH_CLEAN, "a%x.test", NULL);
    check("x.test!a", PATH_CLEAN, "x.test!a", NULL);
    check("g:a@x.test", PATH_CLEAN, "\"g:a\"@x.test", NULL);
    check(",", PATH_CLEAN, "\",\"", NULL);
    check("\"a@\"@x.test", PATH_CLEAN, "\"a@\"@x.test", NULL);
    check("a\\@x.test", PATH_CLEAN, "\"a@x.test\"", NULL);
    check("a@x.test@", PATH_CLEAN, "a@x.test", NULL);
    check("", PATH_CLEAN, "", NULL);
}

static void knows_plain_mailboxes(void **state)
{
    static const struct {
        const char *argument;
        bool is_plain;
    } rows[] = {
        {"<a@x.test>", true},
        {"a@x.test", true},
        {"<a.b+c=d%e!f@x-y_z.test>", true},
        {"<\"a b\"@x.test>", true},
        {"<\"a@b\"@x.test>", true},
        {"<a@[192.0.2.1]>", true},
        {"<\xC3\xBC@x.test>", true},
        {"<a>", false},
        {"<a@x.test.>", false},
        {"<a@x.test;>", false},
        {"<;a@x.test>", false},
        {"<g:a@x.test;>", false},
        {"<@y:a@x.test>", false},
        {"<@x.test>", false},
        {"<a@b@x.test>", false},
        {"< a@x.test>", false},
        {"<a(c)@x.test>", false},
        {"<a\\b@x.test>", false},
        {"<\"a\"b@x.test>", false},
        {"<a@\"x.test\">", false},
        {"<<a@x.test>>", false},
        {"<a@x.test", false},
        {"<a@x.test>b", false},
        {"<a\x01@x.test>", false},
        {"<a\xFF@x.test>", false},
        {"<a@[192.0.2.1>", false},
        {"<a@x/y.test>", false},
        {"<a@x..test>", false},
        {"<a@.x.test>", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct path path;

        print_message("%s\n", rows[i].argument);
        assert_int_equal(path_read(rows[i].argument, PATH_STANDARD, &path), ADDRESS_OK);
        assert_int_equal(path.is_plain, rows[i].is_plain);
        path_free(&path);
    }
}

static void follows_routes(void **state)
{
    static const struct {
        const char *local, *text; /* NULL: no route */
    } rows[] = {
        {"a%x.test", "a@x.test"},
        {"x.test!a", "a@x.test"},
        {"a@x.test", "a@x.test"},
        {"a @ x.test ", "a@x.test"},
        {"a%b%x.test", "a%b@x.test"},
        {"%x.test", "\"\"@x.test"},
        {"a", NULL},
        {"a%", NULL},
        {"@", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct address address = {.text = NULL};
        enum address_status status = path_read_routed(rows[i].local, &address);

        print_message("%s\n", rows[i].local);
        assert_int_equal(is_set(status), rows[i].text != NULL);
        if (rows[i].text != NULL)
            assert_string_equal(address.text, rows[i].text);
        address_free(&address);
    }
}

static enum address_status read_long(size_t local, size_t domain, struct path *path)
{
    static char argument[10000];

    memset(argument, 'l', local);
    argument[local] = '@';
    memset(argument + local + 1, 'd', domain);
    argument[local + 1 + domain] = '\0';
    return path_read(argument, PATH_STANDARD, path);
}

/* A long local part hides no domain. */
static void is_bounded(void **state)
{
    struct path path;

    (void)state;
    assert_int_equal(read_long(64, 10, &path), ADDRESS_OK);
    path_free(&path);
    assert_int_equal(read_long(65, 10, &path), ADDRESS_LOCAL_TOO_LONG);
    path_free(&path);
    assert_int_equal(read_long(5000, 10, &path), ADDRESS_LOCAL_TOO_LONG);
    assert_int_equal(strlen(path.address.local), 900);
    assert_string_equal(path.address.domain, "dddddddddd");
    path_free(&path);
    assert_int_equal(read_long(1, 1001, &path), ADDRESS_MALFORMED);
    assert_int_equal(read_long(8000, 10, &path), ADDRESS_MALFORMED);
}

static void makes_a_local_part_of_anything(void **state)
{
    struct address address;

    (void)state;
    assert_int_equal(path_as_local_part("<\"a@x.test>\n", &address), ADDRESS_OK);
    assert_string_equal(address.text, "\"<\\\"a@x.test>?\"");
    assert_string_equal(address.domain, "");
    address_free(&address);
}

static void survives_no_memory(void **state)
{
    static const char *const arguments[] = {"<a@x.test>", "<g:\"a b\".c%x.test;>"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(arguments); i++) {
        for (unsigned n = 1, happened = 1; happened; n++) {
            struct path path = {.bare = NULL};

            alloc_fail_at(n);
            enum address_status status = path_read(arguments[i], PATH_STANDARD, &path);
            happened = alloc_fail_happened();
            alloc_fail_at(0);
            assert_int_equal(status, happened ? ADDRESS_NO_MEMORY : ADDRESS_OK);
            path_free(&path);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(keeps_what_postfix_keeps),
        cmocka_unit_test(takes_what_was_read_before),
        cmocka_unit_test(knows_plain_mailboxes),
        cmocka_unit_test(follows_routes),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(makes_a_local_part_of_anything),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
