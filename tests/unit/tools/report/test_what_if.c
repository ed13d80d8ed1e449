/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rule would do under a changed configuration. */
#include "tools/report/what_if.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *file, *line;
    const char *sender, *name;
    int mail_from, helo; /* results; -1: none */
    enum verdict_kind kind;
} cases[] = {
    {"", "RefuseMailFrom fail softfail", "a@x.org", "", RESULT_SOFTFAIL, -1, VERDICT_REFUSE},
    {"", "RefuseMailFrom fail softfail", "a@x.org", "", RESULT_NEUTRAL, -1, VERDICT_CONTINUE},
    {"", "RefuseMailFrom off", "a@x.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
    {"RefuseMailFrom fail\n", "RefuseMailFrom none", "a@x.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
    {"  refusemailfrom fail\n", "RefuseMailFrom none", "a@x.org", "", RESULT_NONE, -1, VERDICT_REFUSE},
    {"RefuseMailFrom fail\n", "RefuseFor x.org off", "a@x.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
    {"RefuseMailFrom fail\n", "RefuseFor x.org off", "a@y.org", "", RESULT_FAIL, -1, VERDICT_REFUSE},
    {"RefuseMailFrom fail\nWhitelistPTR a.org\n", "WhitelistPTR x.org", "a@y.org", "mx.x.org", RESULT_FAIL, -1,
     VERDICT_CONTINUE},
    {"RefuseMailFrom fail\nWhitelistPTR a.org\n", "WhitelistPTR x.org", "a@y.org", "mx.a.org", RESULT_FAIL, -1,
     VERDICT_CONTINUE},
    {"RefuseMailFrom fail\n", "WhitelistIP 192.0.2.0/24", "a@y.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
    {"RefuseMailFrom fail\n", "WhitelistFrom a@y.org", "a@y.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
    {"RefuseMailFrom off\n", "RefuseHelo fail", "a@y.org", "", RESULT_NONE, RESULT_FAIL, VERDICT_REFUSE},
    {"RefuseMailFrom off\n", "RefuseHelo fail", "a@y.org", "", RESULT_NONE, -1, VERDICT_CONTINUE},
    {"RefuseMailFrom off\n", "RefuseNullSender fail", "", "", RESULT_FAIL, -1, VERDICT_REFUSE},
    {"RefuseMailFrom off\n", "RefuseNullSender fail", "", "", -1, RESULT_FAIL, VERDICT_REFUSE},
};

static void test_decisions(void **state)
{
    static struct log_entry message;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf errors = STRBUF_INIT;
        const struct config *config = what_if_config(cases[i].file, strlen(cases[i].file), &cases[i].line, 1, &errors);

        if (config == NULL)
            fail_msg("%s: %s", cases[i].line, strbuf_text(&errors));
        log_entry_clear(&message);
        (void)snprintf(message.client, sizeof message.client, "192.0.2.1");
        (void)snprintf(message.sender, sizeof message.sender, "%s", cases[i].sender);
        (void)snprintf(message.name, sizeof message.name, "%s", cases[i].name);
        message.mail_from.is_known = cases[i].mail_from >= 0;
        message.mail_from.result = message.mail_from.is_known ? (enum spf_result)cases[i].mail_from : RESULT_NONE;
        message.helo_check.is_known = cases[i].helo >= 0;
        message.helo_check.result = message.helo_check.is_known ? (enum spf_result)cases[i].helo : RESULT_NONE;
        assert_true(what_if_applies(&message));
        if (what_if_decide(config, &message) != cases[i].kind)
            fail_msg("%zu: %s, %s: not %d", i, cases[i].file, cases[i].line, cases[i].kind);
        config_release(config);
        strbuf_free(&errors);
    }
}

static void test_wrong_line(void **state)
{
    static const char *const lines[] = {"RefuseMailFrom nonsense", "NoSuchKey 1", "Tag"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct strbuf errors = STRBUF_INIT;

        assert_null(what_if_config("", 0, &lines[i], 1, &errors));
        assert_true(errors.len > 0);
        strbuf_free(&errors);
    }
}

/* What was not decided by a result is not decided again. */
static void test_applies(void **state)
{
    static struct log_entry message;

    (void)state;
    log_entry_clear(&message);
    (void)snprintf(message.sender, sizeof message.sender, "a@x.org");
    assert_false(what_if_applies(&message));
    message.mail_from.is_known = true;
    assert_true(what_if_applies(&message));
    message.fate = FATE_EXEMPT;
    assert_false(what_if_applies(&message));
    message.fate = FATE_REFUSED;
    (void)snprintf(message.why, sizeof message.why, "sender-malformed");
    assert_false(what_if_applies(&message));
    (void)snprintf(message.why, sizeof message.why, "result");
    assert_true(what_if_applies(&message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_wrong_line),
        cmocka_unit_test(test_applies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
