/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of sockets in the syntax of others, and what was meant. */
#include "base/endpoint_guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
    const char *text, *meant; /* NULL: no guess */
} rows[] = {
    /* Postfix: host and port the other way round */
    {"inet:127.0.0.1:10010", "inet:10010@127.0.0.1"},
    {"inet:localhost:10010", "inet:10010@localhost"},
    {"inet:[::1]:10010", "inet6:10010@::1"},
    {"inet6:[::1]:10010", "inet6:10010@::1"},
    {"unix:smfs/smf-spf.sock", "unix:/var/spool/postfix/smfs/smf-spf.sock"},
    {"local:smfs/smf-spf.sock", "unix:/var/spool/postfix/smfs/smf-spf.sock"},
    /* Sendmail */
    {"S=inet:10010@127.0.0.1", "inet:10010@127.0.0.1"},
    {"S=unix:/run/s, T=S:30s;R:30s", "unix:/run/s"},
    {"S=local:/run/s", "unix:/run/s"},
    /* host and port exchanged, no word before, another word */
    {"inet:127.0.0.1@10010", "inet:10010@127.0.0.1"},
    {"10010@127.0.0.1", "inet:10010@127.0.0.1"},
    {"127.0.0.1:10010", "inet:10010@127.0.0.1"},
    {"127.0.0.1 10010", "inet:10010@127.0.0.1"},
    {"localhost:10010", "inet:10010@localhost"},
    {"mx.example.org:10010", "inet:10010@mx.example.org"},
    {"[::1]:10010", "inet6:10010@::1"},
    {"10010@[::1]", "inet6:10010@::1"},
    {"inet:10010@::1", "inet6:10010@::1"},
    {"inet:10010@[2001:db8::1]", "inet6:10010@2001:db8::1"},
    {"inet6:10010@127.0.0.1", "inet:10010@127.0.0.1"},
    {"inet6:localhost:10010", "inet6:10010@localhost"},
    {"tcp:127.0.0.1:10010", "inet:10010@127.0.0.1"},
    {"tcp://127.0.0.1:10010/", "inet:10010@127.0.0.1"},
    {"tcp6:[::1]:10010", "inet6:10010@::1"},
    {"http://localhost:9100", "inet:9100@localhost"},
    {"unix:///run/s", "unix:/run/s"},
    {"file:/run/s", "unix:/run/s"},
    {"fd://3", "fd:3"},
    /* a port alone */
    {"10010", "inet:10010@127.0.0.1"},
    {"tcp:10010", "inet:10010@127.0.0.1"},
    {":10010", "inet:10010"},
    {"*:10010", "inet:10010"},
    {"inet:*:10010", "inet:10010"},
    {"inet6:[::]:10010", "inet6:10010@::"},
    /* right ones, and what nobody can tell */
    {"inet:10010@127.0.0.1", NULL},
    {"unix:/run/s", NULL},
    {"fd:3", NULL},
    {"", NULL},
    {"inet:", NULL},
    {"inet:127.0.0.1", NULL},
    {"inet:0@127.0.0.1", NULL},
    {"inet:70000@127.0.0.1", NULL},
    {"inet:127.0.0.1:70000", NULL},
    {"inet:a b:10010", NULL},
    {"[::1:10010", NULL},
    {"unix:/run/", NULL},
    {"unix:", NULL},
    {"fd:x", NULL},
    {"no words at all", NULL},
};

static void test_sockets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf meant = STRBUF_INIT;
        const bool found = endpoint_guess(rows[i].text, &meant);

        if (found != (rows[i].meant != NULL) || (found && strcmp(strbuf_text(&meant), rows[i].meant) != 0))
            fail_msg("%s: meant \"%s\"", rows[i].text, strbuf_text(&meant));
        strbuf_free(&meant);
    }
}

static void test_hosts(void **state)
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } hosts[] = {
        {"192.0.2.53#5353", "192.0.2.53", 5353},
        {"192.0.2.53@5353", "192.0.2.53", 5353},
        {"udp:192.0.2.53:53", "192.0.2.53", 53},
        {"dns://192.0.2.53", "192.0.2.53", 0},
        {"2001:db8::53@53", "2001:db8::53", 53},
        {"2001:db8::53", "2001:db8::53", 0},
        {"[192.0.2.53]", "192.0.2.53", 0},
        {"ns.example.org", "ns.example.org", 0},
        {"inet:5353@192.0.2.53", "192.0.2.53", 5353},
    };

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct endpoint_guess guess;

        assert_true(endpoint_guess_host(hosts[i].text, &guess));
        assert_string_equal(guess.host, hosts[i].host);
        assert_int_equal(guess.port, hosts[i].port);
    }
}

static void test_long_texts(void **state)
{
    char text[1024];
    struct endpoint_guess guess;
    struct strbuf out = STRBUF_INIT;

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(endpoint_guess(text, &out));
    assert_false(endpoint_guess_host(text, &guess));
    memcpy(text, "unix:", 5);
    assert_false(endpoint_guess(text, &out));
    text[290] = '\0';
    assert_false(endpoint_guess(text, &out));
    assert_false(endpoint_guess_host(text, &guess));
    strbuf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sockets), cmocka_unit_test(test_hosts),
                                       cmocka_unit_test(test_long_texts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
