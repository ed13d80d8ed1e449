/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each name server says, asked by itself. */
#include "dns/dns_diagnosis.h"

#include "unit/dns/responder.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 30000, SHORT_MS = 200 };

/* A port on loopback that nobody listens on. */
static void closed_port(struct dns_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    char text[64];
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(address.sin_port));
    assert_true(dns_server_read(text, server));
}

static void test_states(void **state)
{
    static const struct {
        const char *name, *state;
        int wait_ms;
        bool answers;
    } rows[] = {
        {"plain.example", "has an answer now", LONG_MS, true},
        {"nxdomain.example", "has an answer now", LONG_MS, true},
        {"servfail.example", "SERVFAIL", LONG_MS, false},
        {"refused.example", "REFUSED", LONG_MS, false},
        {"notimp.example", "NOTIMP", LONG_MS, false},
        {"drop.example", "no reply within 200 ms", SHORT_MS, false},
    };
    struct responder *responder = responder_start("127.0.0.1", true);
    struct dns_diagnosis found[DNS_DIAGNOSIS_SERVERS];
    struct dns_server servers[2];
    char shown[DNS_SERVER_SIZE];

    (void)state;
    assert_non_null(responder);
    assert_true(dns_server_read(responder_address(responder), &servers[0]));
    closed_port(&servers[1]);
    dns_server_show(&servers[0], shown);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(dns_diagnose(servers, 2, rows[i].name, DNS_TXT, rows[i].wait_ms, found), 2);
        assert_string_equal(found[0].server, shown);
        assert_string_equal(found[0].state, rows[i].state);
        assert_int_equal(found[0].answers, rows[i].answers);
        assert_string_equal(found[1].state, "connection refused");
        assert_false(found[1].answers);
    }
    assert_int_equal(dns_diagnose(servers, 2, "a..b", DNS_TXT, LONG_MS, found), 0);
    responder_stop(responder);
}

static void test_shown(void **state)
{
    struct dns_server server;
    char shown[DNS_SERVER_SIZE];

    (void)state;
    assert_true(dns_server_read("192.0.2.53", &server));
    dns_server_show(&server, shown);
    assert_string_equal(shown, "192.0.2.53:53");
    assert_true(dns_server_read("[2001:db8::53]:5353", &server));
    dns_server_show(&server, shown);
    assert_string_equal(shown, "[2001:db8::53]:5353");
    assert_string_equal(dns_rcode_name(5), "REFUSED");
    assert_string_equal(dns_rcode_name(15), "an error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_states), cmocka_unit_test(test_shown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
