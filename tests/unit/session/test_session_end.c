/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done at the end of a message, and in which order. */
#include "base/stats.h"
#include "config/config.h"
#include "session/session.h"
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct story {
    const char *name, *config, *script, *expected;
};

#define CLIENT "connect 192.0.2.1 mx.pass.example | helo mx.pass.example | macro j=mx.here.example | "
#define PASS   CLIENT "mail <a@pass.example> | rcpt <u@here.example> | "
#define SOFT   CLIENT "mail <a@softfail.example> | rcpt <u@here.example> | "

#define MAIL_PASS "macro j=mx.here.example | mail <a@pass.example> | "

#define RESULT(result, domain)                                                                                         \
    "[insert Authentication-Results: mx.here.example; spf=" result " smtp.mailfrom=" domain "]"

/* The answers up to eom are not shown again. */
static const struct story stories[] = {
    {"the result field", "", PASS "eom", RESULT("pass", "pass.example")},
    {"the HELO identity", "", CLIENT "mail <> | eom",
     "[insert Authentication-Results: mx.here.example; spf=pass smtp.helo=mx.pass.example]"},
    {"AuthservID", "AuthservID mail.here.example", PASS "eom",
     "[insert Authentication-Results: mail.here.example; spf=pass smtp.mailfrom=pass.example]"},
    {"without the MTA's name", "", "connect 192.0.2.1 x | mail <a@pass.example> | eom",
     "[insert Authentication-Results: host.here.example; spf=pass smtp.mailfrom=pass.example]"},
    {"AddHeader off", "AddHeader off", PASS "eom", "nothing"},
    {"both fields, Authentication-Results on top", "AddReceivedHeader on", PASS "eom",
     "[insert Received-SPF: pass (mx.here.example: domain of a@pass.example designates\n\t192.0.2.1 as permitted "
     "sender) "
     "client-ip=192.0.2.1;\n\tenvelope-from=\"a@pass.example\"; helo=mx.pass.example; identity=mailfrom;\n\t"
     "mechanism=\"ip4:192.0.2.0/24\"; receiver=mx.here.example]" RESULT("pass", "pass.example")},
    {"two identities", "CheckHelo on", PASS "eom",
     "[insert Authentication-Results: mx.here.example; spf=pass smtp.helo=mx.pass.example]"
     "[insert Authentication-Results: mx.here.example; spf=pass smtp.mailfrom=pass.example]"},
    {"two identities, in Received-SPF the sender on top", "CheckHelo on\nAddReceivedHeader on\nAddHeader off",
     PASS "eom",
     "[insert Received-SPF: pass (mx.here.example: domain of postmaster@mx.pass.example\n\tdesignates 192.0.2.1 as "
     "permitted sender) client-ip=192.0.2.1;\n\tenvelope-from=\"a@pass.example\"; helo=mx.pass.example; "
     "identity=helo;\n\tmechanism=\"ip4:192.0.2.1\"; receiver=mx.here.example][insert Received-SPF: pass "
     "(mx.here.example: domain of "
     "a@pass.example designates\n\t192.0.2.1 as permitted sender) client-ip=192.0.2.1;\n\t"
     "envelope-from=\"a@pass.example\"; helo=mx.pass.example; identity=mailfrom;\n\tmechanism=\"ip4:192.0.2.0/24\"; "
     "receiver=mx.here.example]"},
    {"a null sender has one identity", "CheckHelo on", CLIENT "mail <> | eom",
     "[insert Authentication-Results: mx.here.example; spf=pass smtp.helo=mx.pass.example]"},
    {"a HELO name of one label is not checked", "CheckHelo on", CLIENT "helo mx | " MAIL_PASS "eom",
     RESULT("pass", "pass.example")},
    {"nor is an address", "CheckHelo on", CLIENT "helo 192.0.2.1 | helo [192.0.2.1] | " MAIL_PASS "eom",
     RESULT("pass", "pass.example")},
    {"nor is no HELO name", "CheckHelo on", "connect 192.0.2.1 x | " MAIL_PASS "eom", RESULT("pass", "pass.example")},
    {"an internationalised HELO name", "CheckHelo on",
     CLIENT "helo b\xC3\xBC"
            "cher.example | " MAIL_PASS "eom",
     "[insert Authentication-Results: mx.here.example; spf=fail smtp.helo=xn--bcher-kva.example]"
     "[insert Authentication-Results: mx.here.example; spf=pass smtp.mailfrom=pass.example]"},
    {"a fail of the HELO name tags nothing", "CheckHelo on",
     CLIENT "helo fail.example | " MAIL_PASS "header Subject: s | eom",
     "[insert Authentication-Results: mx.here.example; spf=fail smtp.helo=fail.example]"
     "[insert Authentication-Results: mx.here.example; spf=pass smtp.mailfrom=pass.example]"},
    {"nor does a pass of it save from a tag", "CheckHelo on", SOFT "header Subject: s | eom",
     "[change 1 Subject: [SPF:fail] s][insert Authentication-Results: mx.here.example; spf=pass "
     "smtp.helo=mx.pass.example]"
     "[insert Authentication-Results: mx.here.example; spf=softfail smtp.mailfrom=softfail.example]"},
    {"a HELO name is never guessed", "CheckHelo on\nSPFBestGuess on", CLIENT "helo none.example | " MAIL_PASS "eom",
     "[insert Authentication-Results: mx.here.example; spf=none smtp.helo=none.example]"
     "[insert Authentication-Results: mx.here.example; spf=pass smtp.mailfrom=pass.example]"},
    {"a guess", "SPFBestGuess on", CLIENT "mail <a@none.example> | eom",
     "[insert Authentication-Results: mx.here.example; spf=pass (best guess record for domain of none.example) "
     "smtp.mailfrom=none.example]"},
    {"a skipped message gets no field", "WhitelistFrom a@", PASS "header Subject: s | eom", "nothing"},
    {"nor does that of a trusted forwarder, though it is cleaned", "WhitelistSPF pass.example\nQuarantine on",
     SOFT "header Subject: s | header Authentication-Results: mx.here.example; spf=pass | eom",
     "[change 1 Authentication-Results: (gone)]"},
    {"but a pass is recorded", "WhitelistSPF pass.example", PASS "eom", RESULT("pass", "pass.example")},
    {"quarantine of what a relay sends", "TrustedRelay 192.0.2.1\nQuarantine on\nTagSubject off",
     SOFT "header Received: from h (x [203.0.113.9]) by y; Sun | eom",
     "[delrcpt <u@here.example>][addrcpt postmaster][add X-SPF-Original-To: u@here.example]" RESULT(
         "softfail", "softfail.example")},
    {"both identities as the relay saw them",
     "TrustedRelay 192.0.2.1\nCheckHelo on\nAddReceivedHeader on\nAddHeader off",
     PASS "header Received: from fail.example (x [192.0.2.9]) by y; Sun | eom",
     "[insert Received-SPF: fail (mx.here.example: domain of postmaster@fail.example does\n\tnot permit 192.0.2.9 as "
     "sender) client-ip=192.0.2.9;\n\tenvelope-from=\"a@pass.example\"; helo=fail.example; identity=helo;\n\t"
     "mechanism=-all; receiver=mx.here.example][insert Received-SPF: pass (mx.here.example: domain of "
     "a@pass.example designates\n\t192.0.2.9 as permitted sender) client-ip=192.0.2.9;\n\t"
     "envelope-from=\"a@pass.example\"; helo=fail.example; identity=mailfrom;\n\tmechanism=\"ip4:192.0.2.0/24\"; "
     "receiver=mx.here.example]"},
    {"no recipients, no headers", "", SOFT "eom", "[add Subject: [SPF:fail]]" RESULT("softfail", "softfail.example")},

    {"a tagged subject", "", SOFT "header Subject: hello | header subject: second | eom",
     "[change 1 Subject: [SPF:fail] hello][change 2 Subject: [SPF:fail] second]" RESULT("softfail",
                                                                                        "softfail.example")},
    {"a tag of one's own", "Tag \"**SPAM?**\"", SOFT "header SUBJECT: hello | eom",
     "[change 1 Subject: **SPAM?** hello]" RESULT("softfail", "softfail.example")},
    {"a subject with its tag", "", SOFT "header Subject: [SPF:fail] hello | eom",
     RESULT("softfail", "softfail.example")},
    {"an empty subject", "", SOFT "header Subject: | eom",
     "[change 1 Subject: [SPF:fail]]" RESULT("softfail", "softfail.example")},
    {"an encoded subject", "", SOFT "header Subject: =?utf-8?q?=C3=BC?= | eom",
     "[change 1 Subject: [SPF:fail] =?utf-8?q?=C3=BC?=]" RESULT("softfail", "softfail.example")},
    {"a fail that goes on is tagged too", "RefuseFail off",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | header Subject: x | eom",
     "[change 1 Subject: [SPF:fail] x]" RESULT("fail", "fail.example")},
    {"TagSubject off", "TagSubject off", SOFT "header Subject: x | eom", RESULT("softfail", "softfail.example")},
    {"a pass is not tagged", "", PASS "header Subject: x | eom", RESULT("pass", "pass.example")},
    {"nor is what goes to a whitelisted recipient too", "WhitelistTo w@here.example",
     SOFT "rcpt <w@here.example> | header Subject: x | eom", RESULT("softfail", "softfail.example")},

    {"a recipient with a set of its own gets a tagged fail", "RefuseTo open@ off",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | rcpt <open@here.example> | header Subject: x | eom",
     "[change 1 Subject: [SPF:fail] x]" RESULT("fail", "fail.example")},
    {"and in quarantine, but not the whitelisted one",
     "RefuseTo open@ off\nQuarantine on\nTagSubject off\nAddHeader off\nWhitelistTo w@",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | rcpt <open@here.example> | rcpt <w@here.example> | eom",
     "[delrcpt <open@here.example>][addrcpt postmaster][add X-SPF-Original-To: open@here.example]"},

    {"TestMode: refused", "TestMode on",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | header Subject: x | eom",
     "[insert Authentication-Results: mx.here.example; spf=fail (test mode: would be refused with 550 5.7.23) "
     "smtp.mailfrom=fail.example]"},
    {"TestMode: refused by HELO, said there", "TestMode on\nRefuseHelo fail\nDefer temperror",
     CLIENT "helo fail.example | macro j=mx.here.example | mail <a@temp.example> | rcpt <u@here.example> | eom",
     "[insert Authentication-Results: mx.here.example; spf=fail (test mode: would be refused with 550 5.7.23) "
     "smtp.helo=fail.example]"
     "[insert Authentication-Results: mx.here.example; spf=temperror smtp.mailfrom=temp.example]"},
    {"TestMode: deferred", "TestMode on\nDefer temperror", CLIENT "mail <a@temp.example> | rcpt <u@here.example> | eom",
     "[insert Authentication-Results: mx.here.example; spf=temperror (test mode: would be deferred with 451 4.7.24) "
     "smtp.mailfrom=temp.example]"},
    {"TestMode: tagged and quarantined", "TestMode on\nQuarantine on", SOFT "header Subject: x | eom",
     "[insert Authentication-Results: mx.here.example; spf=softfail (test mode: would be tagged, quarantined) "
     "smtp.mailfrom=softfail.example]"},
    {"TestMode: forged fields go", "TestMode on", PASS "header Authentication-Results: mx.here.example; spf=pass | eom",
     "[change 1 Authentication-Results: (gone)]" RESULT("pass", "pass.example")},
    {"TestMode: for some recipients", "TestMode on\nRefuseTo open@ off",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | rcpt <open@here.example> | eom",
     "[insert Authentication-Results: mx.here.example; spf=fail (test mode: would be refused with 550 5.7.23 for some "
     "recipients, tagged) smtp.mailfrom=fail.example]"},
    {"TestMode: for all but a whitelisted recipient", "TestMode on\nWhitelistTo w@",
     CLIENT "mail <a@fail.example> | rcpt <w@here.example> | rcpt <u@here.example> | eom",
     "[insert Authentication-Results: mx.here.example; spf=fail (test mode: would be refused with 550 5.7.23 for some "
     "recipients) smtp.mailfrom=fail.example]"},
    {"RefuseAt eom: tagged and quarantined", "RefuseAt eom\nQuarantine on", SOFT "header Subject: x | eom",
     "[change 1 Subject: [SPF:fail] x][delrcpt <u@here.example>][addrcpt postmaster][add X-SPF-Original-To: "
     "u@here.example]" RESULT("softfail", "softfail.example")},
    {"RefuseAt eom: a pass", "RefuseAt eom\nQuarantine on", PASS "header Subject: x | eom",
     RESULT("pass", "pass.example")},
    {"RefuseAt eom in TestMode", "RefuseAt eom\nTestMode on",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | header Subject: x | eom",
     "[insert Authentication-Results: mx.here.example; spf=fail (test mode: would be refused with 550 5.7.23) "
     "smtp.mailfrom=fail.example]"},
    {"RefuseAt rcpt: tagged", "RefuseAt rcpt", SOFT "header Subject: x | eom",
     "[change 1 Subject: [SPF:fail] x]" RESULT("softfail", "softfail.example")},
    {"RefuseAt eom: a skipped message", "RefuseAt eom\nWhitelistFrom a@",
     CLIENT "mail <a@fail.example> | rcpt "
            "<u@here.example> | header Subject: x | eom",
     "nothing"},
    {"forged results, counted over all of that name", "",
     PASS
     "header Authentication-Results: other.example; spf=pass | header AUTHENTICATION-RESULTS: MX.here.example; "
     "spf=pass | "
     "header Received-SPF: pass receiver=mx.here.example | header authentication-results: mx.here.example; dkim=pass | "
     "header "
     "Authentication-Results: mx.here.example;\n\tspf=fail | header Received-SPF: pass receiver=other.example | header "
     "received-spf: fail (x) receiver=\"mx.here.example\" | eom",
     "[change 4 Authentication-Results: (gone)][change 2 Authentication-Results: (gone)][change 3 Received-SPF: "
     "(gone)][change 1 "
     "Received-SPF: (gone)]" RESULT("pass", "pass.example")},
    {"forged results under AuthservID", "AuthservID mail.here.example",
     PASS "header Authentication-Results: mx.here.example; spf=pass | header Authentication-Results: "
          "mail.here.example; spf=pass | eom",
     "[change 2 Authentication-Results: (gone)][insert Authentication-Results: mail.here.example; spf=pass "
     "smtp.mailfrom=pass.example]"},
    {"forged results in a skipped message", "WhitelistFrom a@\nAddHeader off",
     PASS "header Authentication-Results: mx.here.example; spf=pass | eom",
     "[change 1 Authentication-Results: (gone)]"},
    {"RemoveForgedHeaders all", "RemoveForgedHeaders all\nAddHeader off",
     PASS "header Authentication-Results: mx.here.example; dkim=pass | header Authentication-Results: other.example; "
          "spf=pass | header Authentication-Results: mx.here.example; spf=pass | header Received-SPF: pass "
          "receiver=mx.here.example | eom",
     "[change 3 Authentication-Results: (gone)][change 1 Authentication-Results: (gone)][change 1 Received-SPF: "
     "(gone)]"},
    {"RemoveForgedHeaders off", "RemoveForgedHeaders off\nAddHeader off",
     PASS "header Authentication-Results: mx.here.example; spf=pass | header Received-SPF: pass "
          "receiver=mx.here.example | eom",
     "nothing"},
    {"a tag needs the subject with RemoveForgedHeaders off too", "RemoveForgedHeaders off\nAddHeader off",
     SOFT "header Subject: s | eom", "[change 1 Subject: [SPF:fail] s]"},
    {"the numbers begin anew with each message", "",
     PASS "header Authentication-Results: x; none | abort | macro j=mx.here.example | mail <a@pass.example> | header "
          "Authentication-Results: mx.here.example; spf=pass | eom",
     "[change 1 Authentication-Results: (gone)]" RESULT("pass", "pass.example")},

    {"quarantine", "Quarantine on\nTagSubject off\nAddHeader off",
     SOFT "rcpt U2@here.example | rcpt <u3@here.example> | eom",
     "[delrcpt <u@here.example>][delrcpt U2@here.example][delrcpt <u3@here.example>][addrcpt postmaster][add "
     "X-SPF-Original-To: "
     "u@here.example][add X-SPF-Original-To: U2@here.example][add X-SPF-Original-To: u3@here.example]"},
    {"quarantine of a message with fields like its own",
     "Quarantine on\nTagSubject off\nAddHeader off\nRemoveForgedHeaders off",
     SOFT "header X-SPF-Original-To: e@evil.example | header x-spf-original-to: f@evil.example | eom",
     "[change 2 X-SPF-Original-To: (gone)][change 1 X-SPF-Original-To: (gone)][delrcpt <u@here.example>][addrcpt "
     "postmaster][add "
     "X-SPF-Original-To: u@here.example]"},
    {"hold", "Quarantine hold", SOFT "rcpt U2@here.example | header Subject: s | eom",
     "[change 1 Subject: [SPF:fail] s][hold SPF softfail]" RESULT("softfail", "softfail.example")},
    {"hold of a null sender", "Quarantine hold\nTagSubject off\nAddHeader off\nRefuseFail off",
     CLIENT "helo fail.example | mail <> | rcpt <u@here.example> | eom", "[hold SPF fail]"},
    {"hold of a pass", "Quarantine hold", PASS "eom", RESULT("pass", "pass.example")},
    {"nothing is held from a whitelisted recipient", "Quarantine hold\nWhitelistTo w@",
     SOFT "rcpt <w@here.example> | eom", RESULT("softfail", "softfail.example")},
    {"quarantine of a pass", "Quarantine on", PASS "eom", RESULT("pass", "pass.example")},
    {"quarantine with a tag, a box, and a whitelisted recipient",
     "Quarantine on\nQuarantineBox box@here.example\nWhitelistTo w@\n",
     SOFT "rcpt <w@here.example> | header Subject: s | eom",
     "[delrcpt <u@here.example>][addrcpt box@here.example][add X-SPF-Original-To: u@here.example]" RESULT(
         "softfail", "softfail.example")},
    {"quarantine of a message for whitelisted recipients only", "Quarantine on\nWhitelistTo u@", SOFT "eom",
     RESULT("softfail", "softfail.example")},
    {"a refused recipient is not quarantined", "Quarantine on\nAddHeader off\nTagSubject off", SOFT "rcpt <\"b> | eom",
     "[delrcpt <u@here.example>][addrcpt postmaster][add X-SPF-Original-To: u@here.example]"},
    {"quarantine of a local submission", "Quarantine on\nFixedClientIP 192.0.2.1\nAddHeader off\nTagSubject off",
     "connect local localhost | mail a@softfail.example | rcpt u@here.example | rcpt a\r\nX: b@c | rcpt \"x\r\n | "
     "eom",
     "[delrcpt u@here.example][delrcpt a\r\nX: b@c][delrcpt <a??X: b@c>][delrcpt <\"a??X:b\"@c>][delrcpt \"x\r\n]"
     "[addrcpt postmaster][add X-SPF-Original-To: u@here.example][add X-SPF-Original-To: \"a??X:b\"@c][add "
     "X-SPF-Original-To: \"x??]"},
    {"quarantine takes a recipient by what the MTA may know it as", "Quarantine on\nAddHeader off\nTagSubject off",
     SOFT "rcpt <x:v%here.example;> | rcpt <@a,@b:w@here.example> | rcpt y | eom",
     "[delrcpt <u@here.example>][delrcpt <x:v%here.example;>][delrcpt <v%here.example>][delrcpt <v@here.example>]"
     "[delrcpt <@a,@b:w@here.example>][delrcpt <w@here.example>][delrcpt y][delrcpt <y@mx.here.example>][addrcpt "
     "postmaster][add X-SPF-Original-To: u@here.example][add X-SPF-Original-To: v@here.example][add "
     "X-SPF-Original-To: w@here.example][add X-SPF-Original-To: y@mx.here.example]"},
    {"everything in its order", "Quarantine on\nAddReceivedHeader on",
     SOFT "header Authentication-Results: mx.here.example; spf=pass | header Subject: s | eom",
     "[change 1 Authentication-Results: (gone)][change 1 Subject: [SPF:fail] s][delrcpt <u@here.example>][addrcpt "
     "postmaster][add X-SPF-Original-To: u@here.example][insert Received-SPF: softfail (mx.here.example: domain of "
     "a@softfail.example probably\n\tdoes not permit 192.0.2.1 as sender) client-ip=192.0.2.1;\n"
     "\tenvelope-from=\"a@softfail.example\"; helo=mx.pass.example; identity=mailfrom;\n\tmechanism=~all; "
     "receiver=mx.here.example]" RESULT("softfail", "softfail.example")},
    {"a HELO that would like to be a result", "",
     "connect 192.0.2.1 x | helo x;dkim=pass | macro j=mx.here.example | mail <> | eom",
     "[insert Authentication-Results: mx.here.example; spf=none (the HELO name is no host name)]"},
};

/* The answer to the last step. */
static const char *last_answer(const struct strbuf *out)
{
    const char *last = strbuf_text(out);

    for (const char *bar; (bar = strstr(last, " | ")) != NULL;)
        last = bar + 3;
    return last;
}

static void each_message_ends_as_told(void **state)
{
    bool all = true;

    (void)state;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct world world;
        struct strbuf out = STRBUF_INIT;

        assert_true(world_open(&world, stories[i].config));
        assert_true(story_play(&world, stories[i].script, &out));
        if (strcmp(last_answer(&out), stories[i].expected) != 0) {
            print_error("%s:\n  is       %s\n  expected %s\n", stories[i].name, last_answer(&out), stories[i].expected);
            all = false;
        }
        strbuf_free(&out);
        world_close(&world);
    }
    assert_true(all);
}

static unsigned occurrences(const char *text, const char *what)
{
    unsigned n = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

/* Plays one message with `n` steps of `step`. */
static void play_many(const char *config, const char *step, unsigned n, struct strbuf *out)
{
    struct world world;
    struct strbuf script = STRBUF_INIT;

    strbuf_add(&script, SOFT);
    for (unsigned i = 0; i < n; i++)
        strbuf_add(&script, step);
    strbuf_add(&script, "eom");
    assert_true(world_open(&world, config));
    assert_true(story_play(&world, strbuf_text(&script), out));
    strbuf_free(&script);
    world_close(&world);
}

static void a_thousand_recipients_are_kept(void **state)
{
    struct strbuf out = STRBUF_INIT;
    uint64_t faults = stats_get(STATS_FAULTS);

    (void)state;
    play_many("Quarantine on", "rcpt <v@b> | ", 999, &out);
    assert_int_equal(occurrences(out.text, "[delrcpt "), 1000);
    assert_int_equal(occurrences(out.text, "[addrcpt "), 1);
    assert_int_equal(occurrences(out.text, "[add X-SPF-Original-To: "), 1000);
    assert_int_equal(stats_get(STATS_FAULTS), faults);
    strbuf_free(&out);
}

static void five_hundred_forged_fields_are_all_removed(void **state)
{
    struct strbuf out = STRBUF_INIT;

    (void)state;
    play_many("", "header Authentication-Results: mx.here.example;spf=pass | ", 500, &out);
    assert_int_equal(occurrences(out.text, "(gone)"), 500);
    assert_non_null(strstr(out.text, "[change 500 Authentication-Results: (gone)][change 499 "));
    strbuf_free(&out);
}

/* More are an attack: the message is refused, whatever else is true of it, and never half cleaned. */
static void more_forged_fields_are_refused(void **state)
{
    static const struct {
        const char *config, *step;
        unsigned times;
        const char *answer; /* the beginning of the last one; "": the message goes on with its fields */
    } cases[] = {
        {"", "header Authentication-Results: mx.here.example;spf=pass | ", 501,
         "550 5.7.1 SPF: too many result fields"},
        {"", "header Authentication-Results: mx.here.example;spf=pass | ", 2000, "550 5.7.1 "},
        {"", "header Received-SPF: pass receiver=mx.here.example | ", 501, "550 5.7.1 "},
        {"",
         "header Received-SPF: pass receiver=mx.here.example | header Authentication-Results: mx.here.example;spf=pass "
         "| ",
         251, "550 5.7.1 "},
        {"WhitelistTo u@", "header Received-SPF: pass receiver=mx.here.example | ", 501, "550 5.7.1 "},
        {"WhitelistFrom a@", "header Received-SPF: pass receiver=mx.here.example | ", 501, "550 5.7.1 "},
        {"SoftFail on", "header Received-SPF: pass receiver=mx.here.example | ", 501, "450 4.7.1 "},
        {"Quarantine on", "header X-SPF-Original-To: x@y | ", 501, "550 5.7.1 "},
        {"Quarantine hold", "header X-SPF-Original-To: x@y | ", 501, ""},
        {"", "header X-SPF-Original-To: x@y | ", 501, ""},
        {"", "header Authentication-Results: mx.elsewhere.example;spf=pass | ", 501, ""},
        {"RemoveForgedHeaders off", "header Authentication-Results: mx.here.example;spf=pass | ", 501, ""},
        {"TestMode on", "header Authentication-Results: mx.here.example;spf=pass | ", 501, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;

        play_many(cases[i].config, cases[i].step, cases[i].times, &out);
        assert_int_equal(occurrences(out.text, "(gone)"), 0);
        if (cases[i].answer[0] == '\0')
            assert_non_null(strstr(out.text, "[insert Authentication-Results: "));
        else
            assert_non_null(strstr(out.text, cases[i].answer));
        assert_int_equal(strstr(out.text, "5.7.1 ") != NULL || strstr(out.text, "4.7.1 ") != NULL,
                         cases[i].answer[0] != '\0');
        strbuf_free(&out);
    }
}

static void a_hundred_subjects_are_tagged(void **state)
{
    struct strbuf out = STRBUF_INIT;

    (void)state;
    play_many("", "header Subject: s | ", 100, &out);
    assert_int_equal(occurrences(out.text, " Subject: [SPF:fail] s]"), 100);
    assert_non_null(strstr(out.text, "[change 100 Subject: [SPF:fail] s]"));
    strbuf_free(&out);
}

static void a_subject_too_long_for_a_packet_is_cut_and_tagged(void **state)
{
    struct strbuf header = STRBUF_INIT;
    struct strbuf out = STRBUF_INIT;

    (void)state;
    strbuf_add(&header, "header Subject: ");
    for (unsigned i = 0; i < 7000; i++)
        strbuf_add(&header, "word wor\n ");
    strbuf_add(&header, "| ");
    play_many("", header.text, 1, &out);
    assert_non_null(strstr(out.text, "[change 1 Subject: [SPF:fail] word wor\n word wor\n "));
    assert_non_null(strstr(out.text, " word wor\n word wor][insert Authentication-Results: "));
    assert_in_range(out.len, 59000, 61000);
    strbuf_free(&header);
    strbuf_free(&out);
}

static void the_steps_that_are_needed(void **state)
{
    struct strbuf errors = STRBUF_INIT;
    const char *text = "Quarantine on\n";
    const struct config *with = config_parse(text, strlen(text), "c", &errors);
    const struct config *without = config_parse("", 0, "c", &errors);
    const char *nothing_text = "TagSubject off\nRemoveForgedHeaders off\nQuarantine hold\n";
    const struct config *nothing = config_parse(nothing_text, strlen(nothing_text), "c", &errors);

    (void)state;
    assert_true(session_needs(with).changes_recipients);
    assert_false(session_needs(without).changes_recipients);
    assert_true(session_needs(without).headers && session_needs(without).changes_headers);
    assert_false(session_needs(nothing).headers || session_needs(nothing).changes_recipients);
    config_release(nothing);
    config_release(with);
    config_release(without);
    strbuf_free(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_ends_as_told),
        cmocka_unit_test(a_thousand_recipients_are_kept),
        cmocka_unit_test(five_hundred_forged_fields_are_all_removed),
        cmocka_unit_test(more_forged_fields_are_refused),
        cmocka_unit_test(a_hundred_subjects_are_tagged),
        cmocka_unit_test(a_subject_too_long_for_a_packet_is_cut_and_tagged),
        cmocka_unit_test(the_steps_that_are_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
