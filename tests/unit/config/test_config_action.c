/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which actions of Postfix can be the answer for a pass, and what is said about others. */
#include "config/config_action.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void what_postfix_can_do_is_taken(void **state)
{
    static const char *const texts[] = {
        "OK",
        "ok",
        "DUNNO",
        "permit",
        "permit_mynetworks",
        "PERMIT_MyNetworks",
        "no_greylisting",
        "no-greylisting2",
        "2nd",
        "no_greylisting, permit",
        "no_greylisting permit",
        "no_greylisting,permit_dnswl_client list.example=127.0.0.2",
        "reject_rhsbl_sender list.example=127.0.0.[2..9], permit",
        "warn_if_reject reject_rbl_client list.example",
        "permit_mynetworks, reject",
        "sleep 1, permit",
        "FILTER smtp:[192.0.2.1]:10025",
        "HOLD",
        "HOLD for a look",
        "INFO",
        "PREPEND X-SPF: pass, and more",
        "PREPEND X-SPF:",
        "REDIRECT box@example.org",
        "BCC box@example.org",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (!config_action_is_valid(texts[i]))
            fail_msg("%s", texts[i]);
}

static void what_it_cannot_is_not(void **state)
{
    static const struct {
        const char *text, *hint;
    } cases[] = {
        {"", ""},
        {",", ""},
        {"550", "; mail that passes is not refused"},
        {"450 4.7.1 later", "; mail that passes is not refused"},
        {"REJECT", "; mail that passes is not refused"},
        {"reject", "; mail that passes is not refused"},
        {"defer_if_permit later", "; mail that passes is not refused"},
        {"DISCARD", "; mail that passes is not refused"},
        {"permit_mynetwork", "; did you mean permit_mynetworks?"},
        {"no_greylisting, permit_sasl_authentcated", "; did you mean permit_sasl_authenticated?"},
        {"reject_everything_from_everybody", "; Postfix has no such restriction"},
        {"permit_whatever_you_like", "; Postfix has no such restriction"},
        {"reject_unknown_forward_client_hostname", "; Postfix has no such restriction"},
        {"OK then", "; what follows OK is wrong"},
        {"no_greylisting, OK", "; what follows OK is wrong"},
        {"PREPEND", "; what follows PREPEND is wrong"},
        {"permit_dnswl_client", "; what follows permit_dnswl_client is wrong"},
        {"check_policy_service { unix:a, timeout=9s }",
         "; Postfix takes check_policy_service in a restriction class only: name one that has it"},
        {"check_policy_service unix:private/postgrey",
         "; Postfix takes check_policy_service in a restriction class only: name one that has it"},
        {"no_greylisting, check_client_access hash:/etc/postfix/clients",
         "; Postfix takes check_client_access in a restriction class only: name one that has it"},
        {"sleep long", "; what follows sleep is wrong"},
        {"FILTER smtp", "; what follows FILTER is wrong"},
        {"REDIRECT box", "; what follows REDIRECT is wrong"},
        {"BCC box", "; what follows BCC is wrong"},
        {"PREPEND pass", "; what follows PREPEND is wrong"},
        {"PREPEND X SPF: pass", "; what follows PREPEND is wrong"},
        {"PREPEND : pass", "; what follows PREPEND is wrong"},
        {"no greylisting!", ""},
        {"a=b", ""},
        {"off", "; none is no action"},
        {"Yes", "; none is no action"},
        {"no_greylisting, on", ""},
        {"{ a }", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct strbuf hint = STRBUF_INIT;

        if (config_action_is_valid(cases[i].text))
            fail_msg("%s is valid", cases[i].text);
        config_action_hint(cases[i].text, &hint);
        assert_string_equal(strbuf_text(&hint), cases[i].hint);
        strbuf_free(&hint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_postfix_can_do_is_taken),
        cmocka_unit_test(what_it_cannot_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
