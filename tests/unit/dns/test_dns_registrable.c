/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests what belongs to one owner. */
#include "dns/dns_registrable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
    static const struct {
        const char *name, *owned;
    } rows[] = {
        {"example.org", "example.org"},
        {"_spf.mail.example.org", "example.org"},
        {"_spf.mail.Example.ORG", "Example.ORG"},
        {"a.b.example.co.uk", "example.co.uk"},
        {"co.uk", "co.uk"}, /* nobody's: it stands for itself alone */
        {"uk", "uk"},
        {"a.b.example", "b.example"},
        {"4.3.2.192.in-addr.arpa", "3.2.192.in-addr.arpa"},
        {"2.192.in-addr.arpa", "2.192.in-addr.arpa"},
        {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa",
         "3.2.1.0.8.b.d.0.1.0.0.2.ip6.arpa"},
        {"_dmarc.mail.example.org", "_dmarc.mail.example.org"},
        {"_DMARC.example.org", "_DMARC.example.org"},
        {"a._dmarc.example.org", "example.org"},
        {"_dmarcs.example.org", "example.org"},
        {"odd octets+\x80.example.org", "example.org"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *owned = dns_registrable(rows[i].name);

        assert_string_equal(owned, rows[i].owned);
        assert_ptr_equal(owned + strlen(owned), rows[i].name + strlen(rows[i].name)); /* a part of it */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
