/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of all forms of the log, and what each says. */
#include "tools/report/read_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct line_case {
    const char *line;
    enum entry_kind kind;
    enum fate fate;
    int result; /* of the sender; -1: none */
    const char *client, *name, *sender, *reason, *why;
};

#define WHO "ip=192.0.2.1, fqdn=mx.example.org, helo=mx.example.org, from=<a@example.org>"

static const struct line_case cases[] = {
    /* smf-spf 2 */
    {"Nov 28 02:03:04 host smf-spf[123]: SPF fail: " WHO, ENTRY_RESULT, FATE_UNSAID, RESULT_FAIL, "192.0.2.1",
     "mx.example.org", "a@example.org", "", ""},
    {"Nov  8 02:03:04 host smf-spf[123]: SPF none (cached): ip=192.0.2.7, fqdn=[192.0.2.7], helo=pc, from=<>",
     ENTRY_RESULT, FATE_UNSAID, RESULT_NONE, "192.0.2.7", "", "", "", ""},
    /* several lines a message */
    {"2026-11-28T02:03:04.123456+01:00 host smf-spf[1]: SPF fail: " WHO ", reason=-all, id=4bXyZ12aBc", ENTRY_RESULT,
     FATE_UNSAID, RESULT_FAIL, "192.0.2.1", "mx.example.org", "a@example.org", "-all", ""},
    {"SPF temperror: " WHO ", reason=DNS timeout for x.example TXT, at include:x.example of example.org", ENTRY_RESULT,
     FATE_UNSAID, RESULT_TEMPERROR, "192.0.2.1", "mx.example.org", "a@example.org",
     "DNS timeout for x.example TXT, at include:x.example of example.org", ""},
    {"SPF permerror: " WHO ", reason=\"a%3Db%22%2C ip%3D192.0.2.99\"", ENTRY_RESULT, FATE_UNSAID, RESULT_PERMERROR,
     "192.0.2.1", "mx.example.org", "a@example.org", "a=b\", ip=192.0.2.99", ""},
    {"SPF pass: ip=192.0.2.1, fqdn=mx.example.org, helo=x, from=<\"a%2C id%3D<b>%20\"@example.org>, reason=100%25",
     ENTRY_RESULT, FATE_UNSAID, RESULT_PASS, "192.0.2.1", "mx.example.org", "\"a%2C id%3D<b>%20\"@example.org",
     "100%25", ""},
    {"SPF pass: " WHO ", reason=best guess a/24 mx", ENTRY_RESULT, FATE_UNSAID, RESULT_PASS, "192.0.2.1",
     "mx.example.org", "a@example.org", "a/24 mx", ""},
    {"SPF refused: " WHO ", reply=550 5.7.23", ENTRY_ACTION, FATE_REFUSED, -1, "192.0.2.1", "mx.example.org",
     "a@example.org", "", ""},
    {"SPF would be deferred: " WHO, ENTRY_ACTION, FATE_DEFERRED, -1, "192.0.2.1", "mx.example.org", "a@example.org", "",
     ""},
    {"SPF skipped (whitelisted host): " WHO, ENTRY_ACTION, FATE_EXEMPT, -1, "192.0.2.1", "mx.example.org",
     "a@example.org", "", "whitelisted-host"},
    /* one line a message */
    {"SPF fail: " WHO ", reason=-all, helo-result=none, verdict=refused, reply=550 5.7.23, to=<x@y>, id=Q",
     ENTRY_MESSAGE, FATE_REFUSED, RESULT_FAIL, "192.0.2.1", "mx.example.org", "a@example.org", "-all", ""},
    {"SPF exempt: " WHO ", why=authenticated, verdict=exempt", ENTRY_MESSAGE, FATE_EXEMPT, -1, "192.0.2.1",
     "mx.example.org", "a@example.org", "", "authenticated"},
    {"SPF unchecked: " WHO ", verdict=ended, id=Q", ENTRY_MESSAGE, FATE_ENDED, -1, "192.0.2.1", "mx.example.org",
     "a@example.org", "", ""},
    {"SPF refused: " WHO ", verdict=refused, why=sender-malformed, reply=550 5.1.7", ENTRY_MESSAGE, FATE_REFUSED, -1,
     "192.0.2.1", "mx.example.org", "a@example.org", "", "sender-malformed"},
    {"SPF skipped (authenticated sender): " WHO ", verdict=exempt", ENTRY_MESSAGE, FATE_EXEMPT, -1, "192.0.2.1",
     "mx.example.org", "a@example.org", "", "authenticated"},
    {"SPF pass: " WHO ", reason=mx, verdict=accepted, to=<b@c>, why=recipient-malformed, reply=550 5.1.3",
     ENTRY_MESSAGE, FATE_ACCEPTED, RESULT_PASS, "192.0.2.1", "mx.example.org", "a@example.org", "mx", ""},
    {"SPF fail: " WHO ", reason=-all, dmarc=example.org, helo-result=fail, helo-dmarc=example.org, verdict=tagged",
     ENTRY_MESSAGE, FATE_TAGGED, RESULT_FAIL, "192.0.2.1", "mx.example.org", "a@example.org", "-all", ""},
    {"SPF fail: " WHO ", reason=-all, dmarc=unknown (DNS timeout for _dmarc.example.org TXT), verdict=tagged",
     ENTRY_MESSAGE, FATE_TAGGED, RESULT_FAIL, "192.0.2.1", "mx.example.org", "a@example.org", "-all", ""},
    /* JSON */
    {"{\"time\":\"2026-11-28T02:03:04.567Z\",\"level\":\"info\",\"event\":\"message\",\"client\":\"192.0.2.1\","
     "\"name\":"
     "\"mx.example.org\",\"mail_from\":\"a@example.org\",\"checks\":[{\"identity\":\"mailfrom\",\"result\":"
     "\"softfail\","
     "\"reason\":\"~all\"},{\"identity\":\"helo\",\"result\":\"pass\"}],\"verdict\":\"tagged\",\"why\":\"result\"}",
     ENTRY_MESSAGE, FATE_TAGGED, RESULT_SOFTFAIL, "192.0.2.1", "mx.example.org", "a@example.org", "~all", "result"},
    {"{\"event\":\"message\",\"client\":\"192.0.2.1\",\"name\":\"[192.0.2.1]\",\"verdict\":\"shed\"}", ENTRY_MESSAGE,
     FATE_SHED, -1, "192.0.2.1", "", "", "", ""},
    {"{\"time\":\"2026-11-28T02:03:04.567Z\",\"level\":\"info\",\"event\":\"log\",\"text\":\"started\"}", ENTRY_OTHER,
     FATE_UNSAID, -1, "", "", "", "", ""},
    {"{\"MESSAGE\":\"SPF held: " WHO
     "\",\"SYSLOG_IDENTIFIER\":\"smf-spf\",\"__REALTIME_TIMESTAMP\":\"1700000000000000\"}",
     ENTRY_ACTION, FATE_HELD, -1, "192.0.2.1", "mx.example.org", "a@example.org", "", ""},
    {"{\"MESSAGE\":\"SPF held: " WHO "\",\"SYSLOG_IDENTIFIER\":\"sshd\"}", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "",
     "", ""},
    /* what makes no sense */
    {"{\"event\":\"message\",\"client\":\"192.0.2.1\"", ENTRY_UNREAD, FATE_UNSAID, -1, "", "", "", "", ""},
    {"{\"event\":\"message\",\"verdict\":7}", ENTRY_UNREAD, FATE_UNSAID, -1, "", "", "", "", ""},
    {"SPF fail: i", ENTRY_UNREAD, FATE_UNSAID, RESULT_FAIL, "", "", "", "", ""},
    {"SPF nonsense: ip=192.0.2.1", ENTRY_UNREAD, FATE_UNSAID, -1, "192.0.2.1", "", "", "", ""},
    {"Nov 28 02:03:04 host smf-spf[123]: 3.0.0 started", ENTRY_OTHER, FATE_UNSAID, -1, "", "", "", "", ""},
    {"<14>Nov 28 02:03:04 host smf-spf[123]: SPF none: " WHO, ENTRY_RESULT, FATE_UNSAID, RESULT_NONE, "192.0.2.1",
     "mx.example.org", "a@example.org", "", ""},
    {"<14>1 2026-11-28T02:03:04Z host smf-spf 123 - - SPF none: " WHO, ENTRY_RESULT, FATE_UNSAID, RESULT_NONE,
     "192.0.2.1", "mx.example.org", "a@example.org", "", ""},
    {"2026-11-28T02:03:04Z host smf-spf - m [x@1 y=\"z\"] SPF none: " WHO, ENTRY_RESULT, FATE_UNSAID, RESULT_NONE,
     "192.0.2.1", "mx.example.org", "a@example.org", "", ""},
    {"Nov 28 02:03:04 smf-spf smf-spf[123]: SPF none: " WHO, ENTRY_RESULT, FATE_UNSAID, RESULT_NONE, "192.0.2.1",
     "mx.example.org", "a@example.org", "", ""},
    {"Nov 28 02:03:04 smf-spf.example.org smf-spf: SPF none: " WHO, ENTRY_RESULT, FATE_UNSAID, RESULT_NONE, "192.0.2.1",
     "mx.example.org", "a@example.org", "", ""},
    {"Sat 2026-11-28 02:03:04 CET host smf-spf[123]: SPF none: " WHO, ENTRY_RESULT, FATE_UNSAID, RESULT_NONE,
     "192.0.2.1", "mx.example.org", "a@example.org", "", ""},
    /* somebody else's, or nothing */
    {"Nov 28 02:03:04 smf-spf other[1]: SPF fail: ip=192.0.2.1", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "", "", ""},
    {"<14>1 2026-11-28T02:03:04Z host smf-spf 123 - -", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "", "", ""},
    {"<14>1 2026-11-28T02:03:04Z host smf-spf 123 - [x", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "", "", ""},
    {"<14>1 ", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "", "", ""},
    {"<14", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "", "", ""},
    {"Nov 28 02:03:04 host smf-spf[123]: ", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "", "", ""},
    {"", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "", "", ""},
    {"Nov 28 02:03:04 host postfix/smtpd[1]: milter-reject: SPF fail: ip=192.0.2.1, from=<a@b>", ENTRY_FOREIGN,
     FATE_UNSAID, -1, "", "", "", "", ""},
    {"Nov 28 02:03:04 host other[1]: notsmf-spf: SPF fail: ip=192.0.2.1", ENTRY_FOREIGN, FATE_UNSAID, -1, "", "", "",
     "", ""},
};

static void test_lines(void **state)
{
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct line_case *c = &cases[i];

        read_line(&time, c->line, strlen(c->line), &entry);
        if (entry.kind != c->kind || entry.fate != c->fate)
            fail_msg("%s: kind %d, fate %d", c->line, entry.kind, entry.fate);
        assert_int_equal(entry.mail_from.is_known ? (int)entry.mail_from.result : -1, c->result);
        assert_string_equal(entry.client, c->client);
        assert_string_equal(entry.name, c->name);
        assert_string_equal(entry.sender, c->sender);
        assert_string_equal(entry.mail_from.reason, c->reason);
        assert_string_equal(entry.why, c->why);
    }
}

/* The tag is looked for in the first 200 octets. */
static void test_far_tag(void **state)
{
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};
    char line[400];

    (void)state;
    for (int before = 192; before <= 193; before++) {
        snprintf(line, sizeof line, "%0*d smf-spf[1]: SPF none: " WHO, before, 0);
        read_line(&time, line, strlen(line), &entry);
        assert_int_equal(entry.kind, before == 192 ? ENTRY_RESULT : ENTRY_FOREIGN);
    }
    for (size_t len = 198; len <= 202; len++) { /* a sanitizer sees a look past the end */
        char *text = malloc(len);

        assert_non_null(text);
        memset(text, 'x', len);
        memcpy(text + len - 6, "smf-sp", 6);
        read_line(&time, text, len, &entry);
        assert_int_equal(entry.kind, ENTRY_FOREIGN);
        free(text);
    }
}

static void test_times(void **state)
{
    static const struct {
        const char *line;
        int64_t time_s;
    } rows[] = {
        {"{\"MESSAGE\":\"SPF held: " WHO "\",\"__REALTIME_TIMESTAMP\":\"1795831384999999\"}", 1795831384},
        {"{\"time\":\"2026-11-28T02:03:04.999Z\",\"event\":\"message\",\"client\":\"192.0.2.1\",\"verdict\":\"shed\"}",
         1795831384},
        {"2026-11-28T03:03:04+01:00 host smf-spf[1]: SPF none: " WHO, 1795831384},
    };
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_line(&time, rows[i].line, strlen(rows[i].line), &entry);
        assert_int_equal(entry.time_s, rows[i].time_s);
    }
}

/* A line that is cut anywhere is read within its bounds, and never as something else. */
static void test_cut_lines(void **state)
{
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t len = 0; len <= strlen(cases[i].line); len++) {
            char *copy = malloc(len > 0 ? len : 1); /* no octet more: ASan sees a read past the end */

            assert_non_null(copy);
            memcpy(copy, cases[i].line, len);
            read_line(&time, copy, len, &entry);
            assert_true(entry.kind == cases[i].kind || entry.kind == ENTRY_UNREAD || entry.kind == ENTRY_FOREIGN ||
                        entry.kind == ENTRY_OTHER || entry.kind == ENTRY_RESULT || entry.kind == ENTRY_ACTION);
            free(copy);
        }
    }
}

static void test_dmarc(void **state)
{
    static const struct {
        const char *line;
        enum tristate mail_from, helo;
    } lines[] = {
        {"SPF fail: " WHO ", dmarc=example.org, verdict=tagged", TRISTATE_YES, TRISTATE_NO},
        {"SPF fail: " WHO ", dmarc=\"unknown (DNS timeout for _dmarc%2Corg TXT)\", verdict=tagged", TRISTATE_UNKNOWN,
         TRISTATE_NO},
        {"SPF none: " WHO ", helo-result=fail, helo-dmarc=unknown (DNS timeout for x TXT), verdict=accepted",
         TRISTATE_NO, TRISTATE_UNKNOWN},
        {"SPF fail: " WHO ", verdict=refused", TRISTATE_NO, TRISTATE_NO},
        {"{\"event\":\"message\",\"verdict\":\"tagged\",\"checks\":[{\"identity\":\"mailfrom\",\"result\":\"fail\","
         "\"dmarc\":\"unknown\"},{\"identity\":\"helo\",\"result\":\"fail\",\"dmarc\":\"x.org\"}]}",
         TRISTATE_UNKNOWN, TRISTATE_YES},
        {"{\"event\":\"message\",\"verdict\":\"tagged\",\"checks\":[{\"identity\":\"mailfrom\",\"result\":\"fail\","
         "\"dmarc\":7}]}",
         TRISTATE_NO, TRISTATE_NO},
    };
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        read_line(&time, lines[i].line, strlen(lines[i].line), &entry);
        assert_int_equal(entry.kind, ENTRY_MESSAGE);
        if (entry.mail_from.dmarc != lines[i].mail_from || entry.helo_check.dmarc != lines[i].helo)
            fail_msg("%s: %d, %d", lines[i].line, entry.mail_from.dmarc, entry.helo_check.dmarc);
    }
}

static void test_octets(void **state)
{
    static const char line[] = "SPF fail: ip=192.0.2.1, from=<a@b>\0x";
    static const char control[] = "SPF fail: ip=192.0.2.1, fqdn=a\tb, from=<a@b>";
    static struct log_entry entry;
    struct log_time time = {.now_s = 1800000000};

    (void)state;
    read_line(&time, line, sizeof line - 1, &entry);
    assert_int_equal(entry.kind, ENTRY_UNREAD);
    read_line(&time, control, sizeof control - 1, &entry);
    assert_string_equal(entry.name, "a?b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),     cmocka_unit_test(test_far_tag), cmocka_unit_test(test_times),
        cmocka_unit_test(test_cut_lines), cmocka_unit_test(test_dmarc),   cmocka_unit_test(test_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
