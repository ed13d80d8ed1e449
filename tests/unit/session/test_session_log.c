/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log lines of a connection. */
#include "base/log.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEVENTY      "0123456789012345678901234567890123456789012345678901234567890123456789"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct line_case {
    const char *config, *script, *expected; /* lines, each with its newline */
};

#define CLIENT "connect 192.0.2.1 mx.pass.example | helo h | "
#define KNOWN  "ip=192.0.2.1, fqdn=mx.pass.example, helo=h, "

static const struct line_case cases[] = {
    {"", CLIENT "mail <a@fail.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all, verdict=refused, reply=550 5.7.23\n"},
    {"", CLIENT "mail <a@pass.example> | mail <b@pass.example>",
     "SPF pass: " KNOWN "from=<a@pass.example>, reason=ip4:192.0.2.0/24, verdict=ended\n"
     "SPF pass (cached): " KNOWN "from=<b@pass.example>, reason=ip4:192.0.2.0/24, verdict=ended\n"},
    {"", CLIENT "mail <>", "SPF none: " KNOWN "from=<>, verdict=ended\n"},
    {"", "connect 192.0.2.1 x | mail <>", "SPF none: ip=192.0.2.1, fqdn=x, helo=, from=<>, verdict=ended\n"},
    {"SPFBestGuess on", CLIENT "mail <a@none.example>",
     "SPF pass: " KNOWN "from=<a@none.example>, reason=best guess a/24, verdict=ended\n"},
    {"ClientIPNAT 203.0.113.1:192.0.2.1", "connect 203.0.113.1 x | helo h | mail <a@pass.example>",
     "SPF pass: ip=192.0.2.1, fqdn=x, helo=h, from=<a@pass.example>, client=203.0.113.1, reason=ip4:192.0.2.0/24, "
     "verdict=ended\n"},
    {"WhitelistFrom a@", CLIENT "mail <a@fail.example>",
     "SPF skipped (whitelisted sender): " KNOWN "from=<a@fail.example>, verdict=exempt\n"},
    {"SkipNDR on", CLIENT "mail <>", "SPF skipped (null sender): " KNOWN "from=<>, verdict=exempt\n"},
    {"", CLIENT "macro auth_type=PLAIN | mail <a@fail.example>",
     "SPF skipped (authenticated sender): " KNOWN "from=<a@fail.example>, verdict=exempt\n"},
    {"WhitelistSPF pass.example", CLIENT "mail <a@fail.example> | mail <a@mx.pass.example>",
     "SPF skipped (whitelisted forwarder): " KNOWN "from=<a@fail.example>, verdict=exempt\n"
     "SPF pass: " KNOWN "from=<a@mx.pass.example>, reason=ip4:192.0.2.1, verdict=ended\n"},
    {"WhitelistHelo mx.forwarder.example", "connect 203.0.113.7 x | helo mx.forwarder.example | mail <>",
     "SPF skipped (whitelisted HELO name): ip=203.0.113.7, fqdn=x, helo=mx.forwarder.example, from=<>, "
     "verdict=exempt\n"},
    {"TrustedRelay 192.0.2.1",
     CLIENT
     "mail <a@pass.example> | header Received: from mx (x [192.0.2.9]) by y; Sun | eom | mail <a@pass.example> | eom",
     "SPF pass: ip=192.0.2.9, helo=mx, from=<a@pass.example>, client=192.0.2.1, reason=ip4:192.0.2.0/24, "
     "verdict=accepted, id=QID\n"
     "SPF skipped (the relay names no client): " KNOWN
     "from=<a@pass.example>, reason=no Received field, verdict=exempt, id=QID\n"},
    {"TrustedRelay 192.0.2.1",
     CLIENT
     "mail <a@fail.example> | header Received: from mx (x [127.0.0.1]) by y; Sun | header Received: from mx (x) by y; "
     "Sun | eom | mail <a@fail.example> | header Received: from mx (x [127.0.0.1]) by y; Sun | eom",
     "SPF skipped (the relay names no client): " KNOWN
     "from=<a@fail.example>, reason=Received field 2 is in no known form, verdict=exempt, id=QID\n"
     "SPF skipped (the relay names no client): " KNOWN "from=<a@fail.example>, reason=Received field 1 names one of "
     "our hosts, and is the last one, verdict=exempt, id=QID\n"},
    {"SkipCert on", CLIENT "macro verify=OK | mail <a@fail.example>",
     "SPF skipped (verified client certificate): " KNOWN "from=<a@fail.example>, verdict=exempt\n"},
    {"", "connect ::1 localhost", "SPF skipped (loopback client): ip=::1, fqdn=localhost, verdict=exempt\n"},
    {"RefuseAt eom", CLIENT "mail <a@fail.example> | rcpt <u@here.example> | eom",
     "SPF fail: " KNOWN
     "from=<a@fail.example>, reason=-all, verdict=refused, reply=550 5.7.23, recipients=1, id=QID\n"},
    {"WhitelistTo w@", CLIENT "macro i=EARLY | mail <a@fail.example> | rcpt <w@here.example> | mail <a@fail.example>",
     "SPF fail: " KNOWN
     "from=<a@fail.example>, reason=-all, verdict=ended, exempt-to=<w@here.example>, recipients=1, id=EARLY\n"
     "SPF unchecked: " KNOWN "from=<a@fail.example>, verdict=ended\n"},
    {"WhitelistIP 192.0.2.1", "connect 192.0.2.1 x",
     "SPF skipped (whitelisted address): ip=192.0.2.1, fqdn=x, verdict=exempt\n"},
    {"", "connect local localhost", "SPF skipped (local submission): ip=127.0.0.1, fqdn=localhost, verdict=exempt\n"},
    {"WhitelistTo w@", CLIENT "mail <a@fail.example> | rcpt <w@here.example> | rcpt <u@here.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all, verdict=ended, to=<u@here.example>, reply=550 5.7.23, "
     "exempt-to=<w@here.example>, recipients=1\n"},
    {"Quarantine on",
     CLIENT
     "mail <a@softfail.example> | rcpt <u@here.example> | header Received-SPF: pass receiver=host.here.example | eom",
     "SPF softfail: " KNOWN
     "from=<a@softfail.example>, reason=~all, verdict=quarantined, recipients=1, forged=1, id=QID\n"},
    {"RefuseHelo fail", CLIENT "helo fail.example | mail <a@pass.example>",
     "SPF pass: ip=192.0.2.1, fqdn=mx.pass.example, helo=fail.example, from=<a@pass.example>, reason=ip4:192.0.2.0/24, "
     "helo-result=fail, helo-reason=-all, verdict=refused, identity=helo, reply=550 5.7.23\n"},
    {"TestMode on\nWhitelistTo w@", CLIENT "mail <a@fail.example> | rcpt <u@here.example> | mail <\"a>",
     "SPF fail: " KNOWN
     "from=<a@fail.example>, reason=-all, verdict=refused, test=yes, to=<u@here.example>, reply=550 5.7.23\n"
     "SPF unchecked: " KNOWN
     "from=<\"%22%3C\\\\%22a%3E%22\">, verdict=refused, test=yes, why=sender-malformed, reply=550 5.1.7\n"},
    /* An address that is refused for its form leaves a line, too. */
    {"", CLIENT "mail <\"a> | mail <a@pass.example> | rcpt <\"b>",
     "SPF refused: " KNOWN "from=<\"%22%3C\\\\%22a%3E%22\">, verdict=refused, why=sender-malformed, reply=550 5.1.7\n"
     "SPF pass: " KNOWN "from=<a@pass.example>, reason=ip4:192.0.2.0/24, verdict=refused, to=<?>, "
     "why=recipient-malformed, reply=550 5.1.3\n"},
    {"RelaxedLocalPart off\nSoftFail on", CLIENT "mail <a@pass.example> | rcpt <" SEVENTY "@here.example>",
     "SPF pass: " KNOWN "from=<a@pass.example>, reason=ip4:192.0.2.0/24, verdict=refused, "
     "to=<0123456789012345678901234567890123456789012345678901234567890123456789@here.example>, "
     "why=recipient-too-long, reply=450 4.1.3\n"},
    {"TestMode on\nQuarantine on", CLIENT "mail <a@softfail.example> | rcpt <u@here.example> | eom",
     "SPF softfail: " KNOWN
     "from=<a@softfail.example>, reason=~all, verdict=quarantined, test=yes, recipients=1, id=QID\n"},
    {"AcceptTempError off", CLIENT "mail <a@temp.example>",
     "SPF temperror: " KNOWN
     "from=<a@temp.example>, reason=DNS failure for temp.example TXT, verdict=deferred, reply=451 4.7.24\n"},
    /* No value can begin a key or a line. */
    {"", "connect 192.0.2.1 x | helo h, from=<b@c>\n\x1b | mail <\"a>, x=\"@none.example>",
     "SPF none: ip=192.0.2.1, fqdn=x, helo=\"h%2C%20from%3D%3Cb@c%3E%0A%1B\", "
     "from=<\"%22a%3E%2C%20x=%22@none.example\">, verdict=ended\n"},
    {"WhitelistTo nobody@", CLIENT "mail <a@fail.example> | rcpt <\"u>, reply=250 2.0.0, to=<x\"@here.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all, verdict=refused, "
     "to=<\"%22u%3E%2C%20reply%3D250%202.0.0%2C%20to%3D%3Cx%22@here.example\">, reply=550 5.7.23\n"},
    {"WhitelistTo @here.example", CLIENT "mail <a@fail.example> | rcpt <\"u>, from=<x\"@here.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all, verdict=ended, "
     "exempt-to=<\"%22u%3E%2C%20from%3D%3Cx%22@here.example\">, recipients=1\n"},
};

static void keep_line(void *context, enum log_level level, const char *line)
{
    (void)level;
    strbuf_add(context, line);
    strbuf_add_char(context, '\n');
}

static void each_connection_leaves_its_lines(void **state)
{
    struct log_config quiet = {.level = LOG_LEVEL_DEBUG, .syslog_facility = -1, .ident = "test"};
    bool all = true;

    (void)state;
    assert_true(log_open(&quiet));
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world world;
        struct strbuf lines = STRBUF_INIT;
        struct strbuf out = STRBUF_INIT;

        assert_true(world_open(&world, cases[i].config));
        log_set_sink(keep_line, &lines);
        assert_true(story_play(&world, cases[i].script, &out));
        log_set_sink(NULL, NULL);
        if (strcmp(strbuf_text(&lines), cases[i].expected) != 0) {
            print_error("%s\nis\n%sexpected\n%s\n", cases[i].script, strbuf_text(&lines), cases[i].expected);
            all = false;
        }
        strbuf_free(&lines);
        strbuf_free(&out);
        world_close(&world);
    }
    log_close();
    assert_true(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_connection_leaves_its_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
