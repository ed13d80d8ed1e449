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
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all\nSPF refused: " KNOWN
     "from=<a@fail.example>, reply=550 5.7.23\n"},
    {"", CLIENT "mail <a@pass.example> | mail <b@pass.example>",
     "SPF pass: " KNOWN "from=<a@pass.example>, reason=ip4:192.0.2.0/24\nSPF pass (cached): " KNOWN
     "from=<b@pass.example>, reason=ip4:192.0.2.0/24\n"},
    {"", CLIENT "mail <>", "SPF none: " KNOWN "from=<>\n"},
    {"", "connect 192.0.2.1 x | mail <>", "SPF none: ip=192.0.2.1, fqdn=x, helo=, from=<>\n"},
    {"SPFBestGuess on", CLIENT "mail <a@none.example>",
     "SPF pass: " KNOWN "from=<a@none.example>, reason=best guess a/24\n"},
    {"ClientIPNAT 203.0.113.1:192.0.2.1", "connect 203.0.113.1 x | helo h | mail <a@pass.example>",
     "SPF pass: ip=192.0.2.1, fqdn=x, helo=h, from=<a@pass.example>, client=203.0.113.1, reason=ip4:192.0.2.0/24\n"},
    {"WhitelistFrom a@", CLIENT "mail <a@fail.example>",
     "SPF skipped (whitelisted sender): " KNOWN "from=<a@fail.example>\n"},
    {"SkipNDR on", CLIENT "mail <>", "SPF skipped (null sender): " KNOWN "from=<>\n"},
    {"", CLIENT "macro auth_type=PLAIN | mail <a@fail.example>",
     "SPF skipped (authenticated sender): ip=192.0.2.1, fqdn=mx.pass.example, helo=h\n"},
    {"WhitelistSPF pass.example", CLIENT "mail <a@fail.example> | mail <a@mx.pass.example>",
     "SPF skipped (whitelisted forwarder): " KNOWN "from=<a@fail.example>\nSPF pass: " KNOWN
     "from=<a@mx.pass.example>, reason=ip4:192.0.2.1\n"},
    {"WhitelistHelo mx.forwarder.example", "connect 203.0.113.7 x | helo mx.forwarder.example | mail <>",
     "SPF skipped (whitelisted HELO name): ip=203.0.113.7, fqdn=x, helo=mx.forwarder.example, from=<>\n"},
    {"TrustedRelay 192.0.2.1",
     CLIENT
     "mail <a@pass.example> | header Received: from mx (x [192.0.2.9]) by y; Sun | eom | mail <a@pass.example> | eom",
     "SPF pass: ip=192.0.2.9, helo=mx, from=<a@pass.example>, client=192.0.2.1, reason=ip4:192.0.2.0/24, id=QID\n"
     "SPF skipped (the relay names no client): " KNOWN "from=<a@pass.example>, reason=no Received field, id=QID\n"},
    {"TrustedRelay 192.0.2.1",
     CLIENT
     "mail <a@fail.example> | header Received: from mx (x [127.0.0.1]) by y; Sun | header Received: from mx (x) by y; "
     "Sun | eom | mail <a@fail.example> | header Received: from mx (x [127.0.0.1]) by y; Sun | eom",
     "SPF skipped (the relay names no client): " KNOWN
     "from=<a@fail.example>, reason=Received field 2 is in no known form, id=QID\n"
     "SPF skipped (the relay names no client): " KNOWN
     "from=<a@fail.example>, reason=Received field 1 names one of our hosts, and is the last one, id=QID\n"},
    {"SkipCert on", CLIENT "macro verify=OK | mail <a@fail.example>",
     "SPF skipped (verified client certificate): ip=192.0.2.1, fqdn=mx.pass.example, helo=h\n"},
    {"", "connect ::1 localhost", "SPF skipped (loopback client): ip=::1, fqdn=localhost\n"},
    {"RefuseAt eom", CLIENT "mail <a@fail.example> | rcpt <u@here.example> | eom",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all, id=QID\nSPF refused: " KNOWN
     "from=<a@fail.example>, reply=550 5.7.23, id=QID\n"},
    {"WhitelistTo w@", CLIENT "macro i=EARLY | mail <a@fail.example> | rcpt <w@here.example> | mail <a@fail.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all, id=EARLY\nSPF skipped (whitelisted recipient): " KNOWN
     "from=<a@fail.example>, to=<w@here.example>, id=EARLY\n"},
    {"WhitelistIP 192.0.2.1", "connect 192.0.2.1 x", "SPF skipped (whitelisted address): ip=192.0.2.1, fqdn=x\n"},
    {"", "connect local localhost", "SPF skipped (local submission): ip=127.0.0.1, fqdn=localhost\n"},
    {"WhitelistTo w@", CLIENT "mail <a@fail.example> | rcpt <w@here.example> | rcpt <u@here.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all\nSPF skipped (whitelisted recipient): " KNOWN
     "from=<a@fail.example>, to=<w@here.example>\nSPF refused: " KNOWN
     "from=<a@fail.example>, to=<u@here.example>, reply=550 5.7.23\n"},
    {"Quarantine on",
     CLIENT
     "mail <a@softfail.example> | rcpt <u@here.example> | header Received-SPF: pass receiver=host.here.example | eom",
     "SPF softfail: " KNOWN "from=<a@softfail.example>, reason=~all\nSPF removed forged results: " KNOWN
     "from=<a@softfail.example>, fields=1, id=QID\nSPF tagged: " KNOWN
     "from=<a@softfail.example>, id=QID\nSPF quarantined: " KNOWN
     "from=<a@softfail.example>, to=<postmaster>, recipients=1, id=QID\n"},
    {"RefuseHelo fail", CLIENT "helo fail.example | mail <a@pass.example>",
     "SPF pass: ip=192.0.2.1, fqdn=mx.pass.example, helo=fail.example, from=<a@pass.example>, reason=ip4:192.0.2.0/24\n"
     "SPF helo fail: ip=192.0.2.1, fqdn=mx.pass.example, helo=fail.example, from=<a@pass.example>, reason=-all\n"
     "SPF refused: ip=192.0.2.1, fqdn=mx.pass.example, helo=fail.example, from=<a@pass.example>, identity=helo, "
     "reply=550 5.7.23\n"},
    {"TestMode on\nWhitelistTo w@", CLIENT "mail <a@fail.example> | rcpt <u@here.example> | mail <\"a>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all\nSPF would be refused: " KNOWN
     "from=<a@fail.example>, to=<u@here.example>, reply=550 5.7.23\nSPF would be refused: " KNOWN
     "from=<\"%22%3C\\\\%22a%3E%22\">, reply=550 5.1.7, reason=the sender is no mail address\n"},
    /* An address that is refused for its form leaves a line, too. */
    {"", CLIENT "mail <\"a> | mail <a@pass.example> | rcpt <\"b>",
     "SPF refused: " KNOWN "from=<\"%22%3C\\\\%22a%3E%22\">, reply=550 5.1.7, reason=the sender is no mail address\n"
     "SPF pass: " KNOWN "from=<a@pass.example>, reason=ip4:192.0.2.0/24\nSPF refused: " KNOWN
     "from=<a@pass.example>, reply=550 5.1.3, reason=the recipient is no mail address\n"},
    {"RelaxedLocalPart off\nSoftFail on", CLIENT "mail <a@pass.example> | rcpt <" SEVENTY "@here.example>",
     "SPF pass: " KNOWN "from=<a@pass.example>, reason=ip4:192.0.2.0/24\nSPF refused: " KNOWN
     "from=<a@pass.example>, to=<" SEVENTY "@here.example>, reply=450 4.1.3, reason=the local part of the recipient is "
     "too long\n"},
    {"TestMode on\nQuarantine on", CLIENT "mail <a@softfail.example> | rcpt <u@here.example> | eom",
     "SPF softfail: " KNOWN "from=<a@softfail.example>, reason=~all\nSPF would be tagged: " KNOWN
     "from=<a@softfail.example>, id=QID\nSPF would be quarantined: " KNOWN "from=<a@softfail.example>, id=QID\n"},
    {"AcceptTempError off", CLIENT "mail <a@temp.example>",
     "SPF temperror: " KNOWN "from=<a@temp.example>, reason=DNS failure for temp.example TXT\nSPF deferred: " KNOWN
     "from=<a@temp.example>, reply=451 4.7.24\n"},
    /* No value can begin a key or a line. */
    {"", "connect 192.0.2.1 x | helo h, from=<b@c>\n\x1b | mail <\"a>, x=\"@none.example>",
     "SPF none: ip=192.0.2.1, fqdn=x, helo=\"h%2C%20from%3D%3Cb@c%3E%0A%1B\", "
     "from=<\"%22a%3E%2C%20x=%22@none.example\">\n"},
    {"WhitelistTo nobody@", CLIENT "mail <a@fail.example> | rcpt <\"u>, reply=250 2.0.0, to=<x\"@here.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all\nSPF refused: " KNOWN
     "from=<a@fail.example>, to=<\"%22u%3E%2C%20reply%3D250%202.0.0%2C%20to%3D%3Cx%22@here.example\">, "
     "reply=550 5.7.23\n"},
    {"WhitelistTo @here.example", CLIENT "mail <a@fail.example> | rcpt <\"u>, from=<x\"@here.example>",
     "SPF fail: " KNOWN "from=<a@fail.example>, reason=-all\nSPF skipped (whitelisted recipient): " KNOWN
     "from=<a@fail.example>, to=<\"%22u%3E%2C%20from%3D%3Cx%22@here.example\">\n"},
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
