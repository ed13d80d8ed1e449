/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests how the address of a name server is read. */
#include "dns/dns_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_texts(void **state)
{
    static const struct {
        const char *text, *read; /* NULL: it is none */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1@53"},
        {"192.0.2.1:5353", "192.0.2.1@5353"},
        {"2001:db8::1", "2001:db8::1@53"},
        {"2001:DB8:0::1", "2001:db8::1@53"},
        {"[2001:db8::1]", "2001:db8::1@53"},
        {"[2001:db8::1]:5353", "2001:db8::1@5353"},
        {"::1", "::1@53"},
        {"192.0.2.1:65535", "192.0.2.1@65535"},
        {"fe80::1%eth0", "fe80::1%eth0@53"},
        {"[fe80::1%en-0.7]:5353", "fe80::1%en-0.7@5353"},
        {"", NULL},
        {"192.0.2", NULL},
        {"192.0.2.1:", NULL},
        {"192.0.2.1:0", NULL},
        {"192.0.2.1:65536", NULL},
        {"192.0.2.1:5x", NULL},
        {"192.0.2.1:-5", NULL},
        {"192.0.2.1%eth0", NULL},
        {"fe80::1%", NULL},
        {"fe80::1%a b", NULL},
        {"fe80::1%a@53", NULL},
        {"fe80::1%a-name-that-is-too-long", NULL},
        {"[192.0.2.1]:53", NULL},
        {"[2001:db8::1", NULL},
        {"[2001:db8::1]x", NULL},
        {"[2001:db8::1]:", NULL},
        {"2001:db8::1]:53", NULL},
        {"ns.example", NULL},
        {"none", NULL},
        {"192.0.2.1,192.0.2.2", NULL},
        {"192.0.2.1 ", NULL},
        {":53", NULL},
        {"[]:53", NULL},
        {"2001:db8:0:0:0:0:0:1:53:5353:2001:db8:0:0:0:0:0:1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dns_server server = {.text = "untouched"};
        const char *wanted = rows[i].read ? rows[i].read : "untouched";

        if (dns_server_read(rows[i].text, &server) != (rows[i].read != NULL) || strcmp(server.text, wanted) != 0)
            fail_msg("\"%s\": %s", rows[i].text, server.text);
        assert_int_equal(dns_server_valid(rows[i].text), rows[i].read != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
