/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the MTA says over the milter protocol, as facts. */
#include "front/milter/facts.h"
#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_client_has_a_name_where_it_is_verified(void **state)
{
    static const struct {
        const char *address, *host;
        uint16_t port;
        bool verified, local;
    } cases[] = {
        {"192.0.2.1", "mx.example.org", 25000, true, false},
        {"192.0.2.1", "[192.0.2.1]", 25000, false, false},
        {"192.0.2.1", "UNKNOWN", 25000, false, false},
        {"192.0.2.1", "", 25000, false, false},
        {"192.0.2.1", NULL, 25000, false, false},
        {"127.0.0.1", "localhost", 0, true, true},
        {"127.0.0.1", "localhost", 25000, true, false},
        {"192.0.2.1", "mx.example.org", 0, true, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct addr address;

        assert_true(addr_parse(cases[i].address, &address));
        const struct session_client client = facts_client(&address, cases[i].port, cases[i].host);

        assert_int_equal(client.name_is_verified, cases[i].verified);
        assert_int_equal(client.is_local, cases[i].local);
        assert_ptr_equal(client.name, cases[i].host);
    }
}

static void a_sender_has_shown_what_the_macros_say(void **state)
{
    static const struct {
        struct facts_macros macros;
        bool authenticated, has_certificate;
        const char *receiver, *address;
    } cases[] = {
        {{.mta_name = "mx.example"}, false, false, "mx.example", "a@b.example"},
        {{.mta_name = ""}, false, false, "host.example", "a@b.example"},
        {{.auth_type = "PLAIN"}, true, false, "host.example", "a@b.example"},
        {{.auth_authen = "joe", .auth_type = ""}, true, false, "host.example", "a@b.example"},
        {{.auth_authen = ""}, false, false, "host.example", "a@b.example"},
        {{.verify = "OK"}, false, true, "host.example", "a@b.example"},
        {{.verify = "FAIL"}, false, false, "host.example", "a@b.example"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct facts_mta mta = {.is_sendmail = true};
        struct session_sender sender = facts_sender("<a@b.example>", &cases[i].macros, "host.example", &mta);

        assert_int_equal(sender.authenticated, cases[i].authenticated);
        assert_int_equal(sender.has_certificate, cases[i].has_certificate);
        assert_string_equal(sender.receiver, cases[i].receiver);
        assert_string_equal(mta.name, cases[i].receiver);
        assert_int_equal(sender.status, ADDRESS_OK);
        assert_string_equal(sender.address.text, cases[i].address);
        assert_false(mta.is_sendmail);
        address_free(&sender.address);
    }
}

static void a_sender_without_a_domain_gets_the_mta_s(void **state)
{
    const struct facts_macros macros = {.mail_addr = "joe", .mta_version = "8.17.1"};
    struct facts_mta mta = {.is_sendmail = false};
    struct session_sender sender = facts_sender("<joe>", &macros, "host.example", &mta);

    (void)state;
    assert_true(mta.is_sendmail);
    assert_string_equal(sender.address.domain, "host.example");
    address_free(&sender.address);
}

/* All forms in which an MTA may know a recipient, since one that is not found stays. */
static void a_recipient_has_a_handle_for_each_mta(void **state)
{
    static const struct {
        const char *argument, *handles[SESSION_HANDLES_MAX];
    } cases[] = {
        {"<u@here.example>", {"<u@here.example>"}},
        {"u@here.example", {"u@here.example"}},
        {"<@r.example:u@here.example>", {"<@r.example:u@here.example>", "<u@here.example>"}},
    };
    const struct facts_mta mta = {.name = "mx.example"};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct facts_recipient facts;
        size_t n = 0;

        facts_recipient(cases[i].argument, NULL, &mta, &facts);
        for (; n < SESSION_HANDLES_MAX && cases[i].handles[n] != NULL; n++)
            assert_string_equal(facts.recipient.handles[n], cases[i].handles[n]);
        assert_int_equal(facts.recipient.handle_count, n);
        facts_recipient_free(&facts);
    }
}

static void without_memory_a_recipient_says_so(void **state)
{
    const struct facts_mta mta = {.name = "mx.example"};
    bool more = true;
    unsigned n = 1;

    (void)state;
    for (; more; n++) {
        struct facts_recipient facts;

        alloc_fail_at(n);
        facts_recipient("<@r.example:u@here.example>", NULL, &mta, &facts);
        more = alloc_fail_happened();
        alloc_fail_at(0);
        assert_int_equal(facts.recipient.status, more ? ADDRESS_NO_MEMORY : ADDRESS_OK);
        facts_recipient_free(&facts);
    }
    assert_in_range(n, 3, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_has_a_name_where_it_is_verified),
        cmocka_unit_test(a_sender_has_shown_what_the_macros_say),
        cmocka_unit_test(a_sender_without_a_domain_gets_the_mta_s),
        cmocka_unit_test(a_recipient_has_a_handle_for_each_mta),
        cmocka_unit_test(without_memory_a_recipient_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
