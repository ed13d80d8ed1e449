/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of listening sockets: each form, and what is none. */
#include "base/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_forms(void **state)
{
    static const struct {
        const char *text, *canonical, *path, *host;
        enum endpoint_kind kind;
        unsigned number;
    } rows[] = {
        {"unix:/run/s", "unix:/run/s", "/run/s", "", ENDPOINT_UNIX, 0},
        {"UNIX:/run/S", "unix:/run/S", "/run/S", "", ENDPOINT_UNIX, 0},
        {"local:/run/s", "unix:/run/s", "/run/s", "", ENDPOINT_UNIX, 0},
        {"/run/s", "unix:/run/s", "/run/s", "", ENDPOINT_UNIX, 0},
        {"inet:8890", "inet:8890", NULL, "", ENDPOINT_INET, 8890},
        {"Inet:1@127.0.0.1", "inet:1@127.0.0.1", NULL, "127.0.0.1", ENDPOINT_INET, 1},
        {"inet:65535@[127.0.0.1]", "inet:65535@[127.0.0.1]", NULL, "127.0.0.1", ENDPOINT_INET, 65535},
        {"inet:8890@mx.example.org", "inet:8890@mx.example.org", NULL, "mx.example.org", ENDPOINT_INET, 8890},
        {"inet6:8890@::1", "inet6:8890@::1", NULL, "::1", ENDPOINT_INET6, 8890},
        {"inet6:8890@[::1]", "inet6:8890@[::1]", NULL, "::1", ENDPOINT_INET6, 8890},
        {"inet6:8890", "inet6:8890", NULL, "", ENDPOINT_INET6, 8890},
        {"fd:0", "fd:0", NULL, "", ENDPOINT_DESCRIPTOR, 0},
        {"fd:3", "fd:3", NULL, "", ENDPOINT_DESCRIPTOR, 3},
        {"FD:Milter_1.socket", "fd:Milter_1.socket", NULL, "", ENDPOINT_DESCRIPTOR, 0},
        {"fd:smf-spf@1.socket", "fd:smf-spf@1.socket", NULL, "", ENDPOINT_DESCRIPTOR, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct endpoint endpoint;
        struct strbuf canonical = STRBUF_INIT;

        assert_true(endpoint_parse(rows[i].text, &endpoint));
        assert_int_equal(endpoint.kind, rows[i].kind);
        assert_int_equal(endpoint.number, rows[i].number);
        assert_string_equal(endpoint.host, rows[i].host);
        assert_string_equal(endpoint.path != NULL ? endpoint.path : "", rows[i].path != NULL ? rows[i].path : "");
        assert_ptr_equal(endpoint_unix_path(rows[i].text), endpoint.path);
        assert_true(endpoint_add_canonical(rows[i].text, &canonical));
        assert_string_equal(strbuf_text(&canonical), rows[i].canonical);
        strbuf_free(&canonical);
    }
}

static void test_others(void **state)
{
    static const char *const texts[] = {
        "",
        "/",
        "unix:",
        "unix:run/s",
        "unix:/run/",
        "run/s",
        "tcp:80",
        "inet:",
        "inet:0",
        "inet:65536",
        "inet:123456",
        "inet:-1",
        "inet:80x",
        "inet:80@",
        "inet:80@::1",
        "inet6:80@127.0.0.1",
        "inet:80@a b",
        "inet:80@[a.org]",
        "inet:80@[127.0.0.1",
        "inet:80@1.2.3",
        "fd:",
        "fd:-1",
        "fd:3x",
        "fd:a b",
        "fd:a:b",
        "fd:_a",
        "fd:65536",
        "fd:3@a",
        " unix:/run/s",
    };
    struct strbuf out = STRBUF_INIT;
    char long_path[120] = "unix:/";

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct endpoint endpoint = {.number = 77};

        assert_false(endpoint_parse(texts[i], &endpoint));
        assert_int_equal(endpoint.number, 77);
        assert_false(endpoint_add_canonical(texts[i], &out));
    }
    memset(long_path + 6, 'x', 106); /* with the slash 107 octets, what a sockaddr_un holds beside its NUL */
    assert_true(endpoint_add_canonical(long_path, &out));
    strbuf_truncate(&out, 0);
    long_path[6 + 106] = 'x';
    assert_false(endpoint_add_canonical(long_path, &out));
    assert_int_equal(out.len, 0);
    strbuf_free(&out);
    assert_string_equal(endpoint_unix_path("local:run/s"), "run/s");
    assert_null(endpoint_unix_path("inet:80"));
    assert_null(endpoint_unix_path("run/s"));
}

/* What is wrong with a path or a port that looks right; "": it is neither. */
static void test_problems(void **state)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"inet:99999", "a port is from 1 to 65535"},
        {"inet:0@127.0.0.1", "a port is from 1 to 65535"},
        {"inet6:65536@::1", "a port is from 1 to 65535"},
        {"INET:123456789012345678901234567890", "a port is from 1 to 65535"},
        {"inet:65535", ""},
        {"inet:1@", ""},
        {"inet:", ""},
        {"inet:@127.0.0.1", ""},
        {"inet:99999:127.0.0.1", ""},
        {"fd:99999", ""},
        {"tcp:99999", ""},
        {"unix:/x", ""},
        {"", ""},
    };
    char path[300];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf found = STRBUF_INIT;

        assert_int_equal(endpoint_add_problem(rows[i].text, &found), rows[i].problem[0] != '\0');
        assert_string_equal(strbuf_text(&found), rows[i].problem);
        strbuf_free(&found);
    }
    for (size_t len = 100; len < 120; len++) {
        struct strbuf found = STRBUF_INIT;
        struct endpoint endpoint;

        memset(path, 'x', sizeof path);
        memcpy(path, "unix:/", 6);
        path[5 + len] = '\0';
        assert_int_equal(endpoint_add_problem(path, &found), !endpoint_parse(path, &endpoint));
        assert_int_equal(strstr(strbuf_text(&found), "the path of a socket has at most") != NULL,
                         !endpoint_parse(path, &endpoint));
        strbuf_free(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_others),
                                       cmocka_unit_test(test_problems)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
