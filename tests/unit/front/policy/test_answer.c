/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers: one line, one action, in words that Postfix knows. */
#include "front/policy/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_refusals(void **state)
{
    static const struct {
        struct session_reply reply;
        enum policy_action action;
        const char *answer;
    } rows[] = {
        {{.code = "550", .enhanced = "5.7.23", .text = "no mail"}, POLICY_REFUSE, "action=550 5.7.23 no mail\n\n"},
        {{.code = "451", .enhanced = "4.7.24", .text = "later"},
         POLICY_DEFER,
         "action=DEFER_IF_PERMIT 4.7.24 later\n\n"},
        /* Postfix takes a code alone for OK */
        {{.code = "550", .enhanced = "5.7.23", .text = ""}, POLICY_REFUSE, "action=550 5.7.23 refused by SPF\n\n"},
        {{.code = "550", .enhanced = "5.7.23", .text = NULL}, POLICY_REFUSE, "action=550 5.7.23 refused by SPF\n\n"},
        {{.code = "550", .enhanced = "5.7.23", .text = "a\r\n\nb\x7f"}, POLICY_REFUSE, "action=550 5.7.23 a   b \n\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = STRBUF_INIT;

        assert_int_equal(answer_refusal(&rows[i].reply, &out), rows[i].action);
        assert_string_equal(strbuf_text(&out), rows[i].answer);
        strbuf_free(&out);
    }
}

/* At most 900 octets of a text, and no character is cut. */
static void test_long_refusal(void **state)
{
    static const char character[] = "\xe2\x82\xac", begin[] = "action=550 5.7.23 ";
    char text[1000];

    (void)state;
    for (size_t before = 890; before < 910; before++) {
        const struct session_reply reply = {.code = "550", .enhanced = "5.7.23", .text = text};
        const size_t given = before > 900 ? 900 : before + 3 <= 900 ? before + 3 : before;
        struct strbuf out = STRBUF_INIT;

        memset(text, 'x', before);
        memcpy(text + before, character, sizeof character);
        assert_int_equal(answer_refusal(&reply, &out), POLICY_REFUSE);
        assert_int_equal(out.len, strlen(begin) + given + strlen("\n\n"));
        assert_memory_equal(out.text + strlen(begin), text, given);
        strbuf_free(&out);
    }
    memset(text, '\x80', sizeof text - 1); /* no character at all */
    text[sizeof text - 1] = '\0';
    const struct session_reply reply = {.code = "550", .enhanced = "5.7.23", .text = text};
    struct strbuf out = STRBUF_INIT;
    assert_int_equal(answer_refusal(&reply, &out), POLICY_REFUSE);
    assert_string_equal(strbuf_text(&out), "action=550 5.7.23 \n\n");
    strbuf_free(&out);
}

static void test_others(void **state)
{
    struct strbuf out = STRBUF_INIT;

    (void)state;
    assert_int_equal(answer_dunno(&out), POLICY_DUNNO);
    assert_int_equal(answer_hold("SPF softfail", &out), POLICY_HOLD);
    assert_string_equal(strbuf_text(&out), "action=DUNNO\n\naction=HOLD SPF softfail\n\n");
    strbuf_free(&out);
}

/* A field comes on one line; one that Postfix would not read whole does not come. */
static void test_fields(void **state)
{
    struct strbuf out = STRBUF_INIT;
    char value[4096];

    (void)state;
    assert_true(answer_field("Received-SPF", "pass (a  b)\n\tclient-ip=192.0.2.1;\r\n  helo=x", &out));
    assert_string_equal(strbuf_text(&out), "action=PREPEND Received-SPF: pass (a  b) client-ip=192.0.2.1; helo=x\n\n");
    for (size_t len = 1900; len < 2100; len++) {
        const size_t before = out.len;

        memset(value, 'x', len);
        value[len] = '\0';
        if (answer_field("X", value, &out) != (len + strlen("action=PREPEND X: \n\n") <= 2000))
            fail_msg("%zu octets", len);
        assert_true(out.len - before <= 2000);
        strbuf_truncate(&out, before);
    }
    strbuf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_refusal),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
