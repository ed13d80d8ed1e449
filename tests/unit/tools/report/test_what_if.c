/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rule would do under a changed configuration. */
#include "tools/report/read_line.h"
#include "tools/report/what_if.h"
#include "tools/report/what_if_notes.h"

#include "config/config_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* none and temperror are stopped, fail is not */
#define LEGACY "refusefail off\n RefuseSPFNone on\nRefuseSPFNoneHelo on\nAcceptTempError off\n"

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
    /* Legacy keys of the file become sets beside a set. */
    {LEGACY, "RefuseMailFrom fail softfail", "a@x.org", "", RESULT_SOFTFAIL, -1, VERDICT_REFUSE},
    {LEGACY, "RefuseMailFrom fail softfail", "a@x.org", "", RESULT_NONE, -1, VERDICT_CONTINUE},
    {LEGACY, "RefuseMailFrom fail softfail", "a@x.org", "", RESULT_TEMPERROR, -1, VERDICT_DEFER},
    {LEGACY, "RefuseMailFrom fail softfail", "", "", -1, RESULT_NONE, VERDICT_CONTINUE},
    {LEGACY, "RefuseHelo fail", "a@x.org", "", RESULT_NONE, -1, VERDICT_REFUSE},
    {LEGACY, "RefuseHelo fail", "a@x.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
    {LEGACY, "RefuseHelo fail", "a@x.org", "", RESULT_PASS, RESULT_FAIL, VERDICT_REFUSE},
    {LEGACY, "Defer off", "a@x.org", "", RESULT_TEMPERROR, -1, VERDICT_CONTINUE},
    {LEGACY, "Defer off", "a@x.org", "", RESULT_NONE, -1, VERDICT_REFUSE},
    {"RefuseFail on\nRefuseSPFNoneHelo on\n", "Defer temperror", "", "", -1, RESULT_NONE, VERDICT_REFUSE},
    {"RefuseFail on\nRefuseSPFNoneHelo on\n", "Defer temperror", "a@x.org", "", RESULT_NONE, -1, VERDICT_CONTINUE},
    {LEGACY, "RefuseFail on", "a@x.org", "", RESULT_FAIL, -1, VERDICT_REFUSE},
    {LEGACY, "RefuseFor x.org fail", "a@x.org", "", RESULT_FAIL, -1, VERDICT_REFUSE},
    /* Keys that say the opposite of each other. */
    {"RejectTempError off\n", "AcceptTempError off", "a@x.org", "", RESULT_TEMPERROR, -1, VERDICT_DEFER},
    {"AcceptTempError on\n", "RejectTempError on", "a@x.org", "", RESULT_TEMPERROR, -1, VERDICT_DEFER},
    {"CheckHelo off\n", "RefuseHelo fail", "a@x.org", "", RESULT_NONE, RESULT_FAIL, VERDICT_REFUSE},
    /* An alias, in other letters, after a byte order mark. */
    {"\xef\xbb\xbfREFUSEMAILFROM fail\n", "RefuseMailFrom off", "a@x.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
    {"WhitelistIP 203.0.113.0/24\n", "WhitelistIP6 192.0.2.1", "a@x.org", "", RESULT_FAIL, -1, VERDICT_CONTINUE},
};

/* The configuration of a file with one line, and in *now that of the file. NULL, with messages in `errors`. */
static const struct config *with_line(const char *file, const char *line, const struct config **now,
                                      struct strbuf *errors)
{
    *now = config_parse(file, strlen(file), "file", errors);
    assert_non_null(*now);
    return what_if_config(*now, file, strlen(file), "file", &line, 1, errors);
}

static void test_decisions(void **state)
{
    static struct log_entry message;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf errors = STRBUF_INIT;
        const struct config *now, *config = with_line(cases[i].file, cases[i].line, &now, &errors);

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
        if (what_if_decide(now, config, &message).then != cases[i].kind)
            fail_msg("%zu: %s, %s: not %d", i, cases[i].file, cases[i].line, cases[i].kind);
        config_release(config);
        config_release(now);
        strbuf_free(&errors);
    }
}

#define FAIL_OF(sender)                                                                                                \
    "SPF fail: ip=192.0.2.1, fqdn=mx.x.org., helo=helo.x.org, from=" sender ", reason=-all, verdict=refused"

static struct what_if decide_text(const char *file, const char *line, const char *text)
{
    static struct log_entry message;
    struct log_time time = {.now_s = 1800000000};
    struct strbuf errors = STRBUF_INIT;
    const struct config *now, *then = with_line(file, line, &now, &errors);
    struct what_if found;

    assert_non_null(then);
    read_line(&time, text, strlen(text), &message);
    assert_int_equal(message.kind, ENTRY_MESSAGE);
    found = what_if_decide(now, then, &message);
    config_release(now);
    config_release(then);
    return found;
}

/* Lists that the filter asks the DNS about, and switches, by what the log has. */
static void test_exemptions(void **state)
{
    static const struct {
        const char *file, *line, *text;
        enum verdict_kind now, then;
    } logs[] = {
        {"", "WhitelistSPF x.org", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_CONTINUE},
        {"", "WhitelistSPF news.X.org", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_CONTINUE},
        {"", "WhitelistSPF y.org", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_REFUSE},
        {"", "WhitelistSPF org", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_REFUSE},
        /* The filter knew the first, and its record did not permit the client. */
        {"WhitelistSPF x.org\n", "WhitelistSPF z.org", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_REFUSE},
        {"WhitelistHelo z.org\n", "WhitelistHelo helo.x.org", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_CONTINUE},
        {"WhitelistHelo helo.x.org\n", "WhitelistHelo z.org", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_REFUSE},
        {"", "SkipNDR on", FAIL_OF("<>"), VERDICT_REFUSE, VERDICT_CONTINUE},
        {"", "SkipNDR on", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_REFUSE},
        {"", "TestMode on", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_CONTINUE},
        {"TestMode on\n", "TestMode off", FAIL_OF("<a@y.org>"), VERDICT_CONTINUE, VERDICT_REFUSE},
        {"TestMode on\n", "RefuseMailFrom off", FAIL_OF("<a@y.org>"), VERDICT_REFUSE, VERDICT_CONTINUE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        const struct what_if found = decide_text(logs[i].file, logs[i].line, logs[i].text);

        if (found.now != logs[i].now || found.then != logs[i].then)
            fail_msg("%zu: %s, %s: now %d, then %d", i, logs[i].line, logs[i].text, found.now, found.then);
    }
}

/* Each key has a row, so that a new one is thought of. */
static void test_scopes(void **state)
{
    size_t count;
    const struct config_option *options = config_options(&count);

    (void)state;
    for (size_t i = 0; i < count; i++)
        if (what_if_scope(options[i].key) == WHAT_IF_UNKNOWN_KEY)
            fail_msg("%s is not in the table of what_if_notes.c", options[i].key);
    assert_int_equal(what_if_scope("NoSuchKey"), WHAT_IF_UNKNOWN_KEY);
}

static void test_notes(void **state)
{
    static const struct {
        const char *file, *line, *note; /* NULL: none */
    } notes[] = {
        {"", "RefuseMailFrom fail softfail", NULL},
        {"RefuseFail on\n", "RefuseMailFrom fail softfail", NULL},
        {"", "TestMode on", NULL},
        {"", "WhitelistSPF x.org", "WhitelistSPF is decided roughly: a client counts"},
        {"", "WhitelistTo a@x.org", "WhitelistTo is left out: the log does not say whom"},
        {"", "TrustedRelay 192.0.2.1", "TrustedRelay is left out: "},
        {"", "RefuseTo a@x.org fail", "RefuseTo is left out: "},
        {"", "RefuseOnlyNoMail on", "RefuseOnlyNoMail is decided roughly: "},
        {"", "RefuseHelo fail", "CheckHelo is decided roughly: "},
        {"", "Tag x", "no message is refused or deferred for a change of Tag."},
        {"Tag x\n", "Tag x", "the configuration says this already."},
        {"RefuseFail on\n", "RefuseMailFrom fail", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct strbuf errors = STRBUF_INIT;
        static struct sheets sheets;
        const struct config *now, *then = with_line(notes[i].file, notes[i].line, &now, &errors);

        assert_non_null(then);
        sheets.note_count = 0;
        what_if_notes(now, then, &sheets);
        if (sheets.note_count != (notes[i].note != NULL) ||
            (notes[i].note != NULL && strstr(sheets.notes[0], notes[i].note) == NULL))
            fail_msg("%s: %zu notes, %s", notes[i].line, sheets.note_count, sheets.notes[0]);
        config_release(now);
        config_release(then);
    }
}

#define WHO "ip=192.0.2.1, fqdn=mx.x.org, helo=mx.x.org, from="
#define JSON                                                                                                           \
    "{\"event\":\"message\",\"client\":\"192.0.2.1\",\"mail_from\":\"a@x.org\",\"verdict\":\"tagged\",\"checks\":[{"

/* LeaveToDMARC goes by what the log says about DMARC records, and says where it says nothing. */
static void test_dmarc(void **state)
{
    static const char on[] = "LeaveToDMARC on\n", off[] = "", leave[] = "LeaveToDMARC on",
                      refuse[] = "LeaveToDMARC off";
    static const struct {
        const char *file, *line, *text;
        struct what_if expected;
    } logs[] = {
        {on, refuse, "SPF fail: " WHO "<a@x.org>, reason=-all, dmarc=x.org, verdict=tagged", {0, VERDICT_REFUSE, 0, 0}},
        {off, leave, "SPF fail: " WHO "<a@x.org>, reason=-all, dmarc=x.org, verdict=tagged", {VERDICT_REFUSE, 0, 0, 0}},
        {on,
         refuse,
         "SPF fail: " WHO "<a@x.org>, dmarc=unknown (DNS timeout for _dmarc.x.org TXT), verdict=tagged",
         {0, VERDICT_REFUSE, 0, 0}},
        {on, refuse, "SPF fail: " WHO "<>, reason=-all, dmarc=x.org, verdict=tagged", {0, VERDICT_REFUSE, 0, 0}},
        {"LeaveToDMARC on\nRefuseHelo fail\n",
         refuse,
         "SPF none: " WHO "<a@x.org>, helo-result=fail, helo-reason=-all, helo-dmarc=x.org, verdict=accepted",
         {0, VERDICT_REFUSE, 0, 0}},
        {on,
         refuse,
         JSON "\"identity\":\"mailfrom\",\"result\":\"fail\",\"dmarc\":\"x.org\"}]}",
         {0, VERDICT_REFUSE, 0, 0}},
        {on,
         refuse,
         JSON "\"identity\":\"mailfrom\",\"result\":\"fail\",\"dmarc\":\"unknown\"}]}",
         {0, VERDICT_REFUSE, 0, 0}},
        {"LeaveToDMARC on\nRefuseHelo fail\n",
         refuse,
         JSON
         "\"identity\":\"mailfrom\",\"result\":\"none\"},{\"identity\":\"helo\",\"result\":\"fail\",\"dmarc\":\"x\"}]}",
         {0, VERDICT_REFUSE, 0, 0}},
        /* Nobody had looked. */
        {off,
         leave,
         "SPF fail: " WHO "<a@x.org>, reason=-all, verdict=refused, reply=550 5.7.23",
         {VERDICT_REFUSE, VERDICT_REFUSE, true, false}},
        {on,
         "RefuseMailFrom fail softfail",
         "SPF softfail: " WHO "<a@x.org>, reason=~all, verdict=tagged",
         {0, VERDICT_REFUSE, true, false}},
        /* Somebody had, and found none. */
        {on,
         "RefuseMailFrom fail softfail",
         "SPF fail: " WHO "<a@x.org>, verdict=refused, reply=550 5.7.23",
         {VERDICT_REFUSE, VERDICT_REFUSE, false, true}},
        /* It makes no difference. */
        {on, "RefuseMailFrom none", "SPF none: " WHO "<a@x.org>, verdict=accepted", {0, VERDICT_REFUSE, 0, 0}},
        {off, "RefuseMailFrom none", "SPF fail: " WHO "<a@x.org>, verdict=tagged", {VERDICT_REFUSE, 0, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        const struct what_if found = decide_text(logs[i].file, logs[i].line, logs[i].text);

        if (found.now != logs[i].expected.now || found.then != logs[i].expected.then ||
            found.dmarc_is_unknown != logs[i].expected.dmarc_is_unknown ||
            found.dmarc_is_assumed != logs[i].expected.dmarc_is_assumed)
            fail_msg("%zu: %s: now %d, then %d, dmarc %d %d", i, logs[i].text, found.now, found.then,
                     found.dmarc_is_unknown, found.dmarc_is_assumed);
    }
}

/* The message begins with the number of the line, or says which file it cannot stand in. */
static void test_wrong_line(void **state)
{
    static const struct {
        const char *file, *line, *message;
    } wrong[] = {
        {"", "RefuseMailFrom nonsense", "--what-if:1: RefuseMailFrom: "},
        {"", "NoSuchKey 1", "--what-if:1: NoSuchKey: "},
        {"", "Tag", "--what-if:1: Tag: "},
        {"", "", "--what-if:1: a line of smf-spf.conf is needed"},
        {"", "  # RefuseMailFrom fail", "--what-if:1: a line of smf-spf.conf is needed"},
        {"", "Tag a\nRefuseMailFrom fail", "--what-if:1: a line of smf-spf.conf is needed"},
        {"Tag a\nRefuseMailFrom fail\n", "RefuseFail on",
         "file with --what-if:4: RefuseFail: contradicts RefuseMailFrom in line 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct strbuf errors = STRBUF_INIT;
        const struct config *now;

        assert_null(with_line(wrong[i].file, wrong[i].line, &now, &errors));
        if (strncmp(strbuf_text(&errors), wrong[i].message, strlen(wrong[i].message)) != 0)
            fail_msg("\"%s\": %s", wrong[i].line, strbuf_text(&errors));
        config_release(now);
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
        cmocka_unit_test(test_decisions), cmocka_unit_test(test_exemptions), cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_notes),     cmocka_unit_test(test_dmarc),      cmocka_unit_test(test_wrong_line),
        cmocka_unit_test(test_applies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
