/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The envelope: who is checked, what is refused, and where. */
#include "base/stats.h"
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

/* The beginnings of most stories. */
#define CLIENT   "connect 192.0.2.1 mx.pass.example | helo mx.pass.example | "
#define STRANGER "connect 203.0.113.9 [203.0.113.9] | helo stranger.example | "

#define RELAY "connect 198.51.100.26 mx2.here.example | helo mx2.here.example | "

/* What our own relays write, and what stands below it. */
#define FROM(helo, address) "header Received: from " helo " (unknown [" address "])\n\tby mx2 (Postfix) with ESMTP; Sun"
#define TRUSTED             "TrustedRelay 198.51.100.26\nWhitelistIP 198.51.100.0/24, 10.0.0.0/8\nAddHeader off\n"

/* What a content filter on the relay writes between two fields of the relay's MTA. */
#define AMAVIS                                                                                                         \
    "header Received: from mx2 ([127.0.0.1])\n\tby localhost (mx2 [127.0.0.1]) (amavisd-new, port 10024)\n\twith "     \
    "ESMTP "                                                                                                           \
    "id 1; Sun"
#define LOOPS3 FROM("x", "127.0.0.1") " | " FROM("x", "::1") " | " FROM("x", "198.51.100.26")

#define MALFORMED        "550 5.1.7 SPF: the sender is no mail address"
#define SOFTFAIL_AT_RCPT "550 5.7.1 SPF: mail from a@softfail.example is not permitted from 192.0.2.1."
#define SEVENTY          "0123456789012345678901234567890123456789012345678901234567890123456789"
#define FAIL_AT_MAIL     "550 5.7.23 SPF: mail from a@fail.example is not permitted from 192.0.2.1."

static const struct story stories[] = {
    {"pass", "", CLIENT "mail <a@pass.example> | rcpt <u@here.example>", "- | - | - | -"},
    {"fail", "", CLIENT "mail <a@fail.example>", "- | - | " FAIL_AT_MAIL},
    {"fail, from elsewhere", "", STRANGER "mail <a@pass.example>",
     "- | - | 550 5.7.23 SPF: mail from a@pass.example is not permitted from 203.0.113.9."},
    {"fail with an explanation", "", STRANGER "mail <a@explain.example>",
     "- | - | 550 5.7.23 SPF: mail from a@explain.example is not permitted from 203.0.113.9. explain.example explains: "
     "203.0.113.9 is 100% wrong"},
    {"IPv6", "",
     "connect 2001:db8::1 x | helo x | mail <a@pass.example> | connect 2001:db9::1 x | mail <a@pass.example>",
     "- | - | - | - | 550 5.7.23 SPF: mail from a@pass.example is not permitted from 2001:db9::1."},
    {"all other results go on", "",
     CLIENT "mail <a@softfail.example> | mail <a@neutral.example> | mail <a@none.example> | mail <a@temp.example> | "
            "mail <a@perm.example> | mail <a> | mail <a@nowhere.invalid>",
     "- | - | - | - | - | - | - | - | -"},
    {"without HELO", "", "connect 192.0.2.1 x | mail <a@fail.example> | mail <>", "- | " FAIL_AT_MAIL " | -"},
    {"the null sender is checked by the HELO name", "", STRANGER "helo mx.pass.example | mail <>",
     "- | - | - | 550 5.7.23 SPF: mail from postmaster@mx.pass.example is not permitted from 203.0.113.9."},
    {"and passes by it", "", CLIENT "mail <> | rcpt <u@here.example>", "- | - | - | -"},
    {"RefuseFail off", "RefuseFail off", CLIENT "mail <a@fail.example> | rcpt <u@here.example>", "- | - | - | -"},
    {"SoftFail", "SoftFail on", CLIENT "mail <a@fail.example> | mail <\"a@b>",
     "- | - | 450 4.7.23 SPF: mail from a@fail.example is not permitted from 192.0.2.1. | 450 4.1.7 SPF: the sender is "
     "no mail "
     "address"},
    {"RefuseSPFNone", "RefuseSPFNone on", CLIENT "mail <a@none.example> | mail <>",
     "- | - | 550 5.7.1 SPF: mail from a@none.example is not permitted from 192.0.2.1. | -"},
    {"RefuseSPFNoneHelo", "RefuseSPFNoneHelo on", STRANGER "mail <a@none.example> | mail <>",
     "- | - | - | 550 5.7.1 SPF: mail from postmaster@stranger.example is not permitted from 203.0.113.9."},
    {"AcceptTempError off", "AcceptTempError off", CLIENT "mail <a@temp.example> | mail <a@perm.example>",
     "- | - | 451 4.7.24 *temp.example* | -"},
    {"RefuseMailFrom", "RefuseMailFrom softfail, permerror",
     CLIENT "mail <a@softfail.example> | mail <a@perm.example> | mail <a@fail.example>",
     "- | - | 550 5.7.1 SPF: mail from a@softfail.example is not permitted from 192.0.2.1. | 550 5.7.24 *perm.example* "
     "| -"},
    {"Defer", "Defer fail temperror", CLIENT "mail <a@fail.example> | mail <a@temp.example>",
     "- | - | 451 4.7.23 SPF: mail from a@fail.example is not permitted from 192.0.2.1. | 451 4.7.24 *temp.example*"},
    {"RefuseHelo", "RefuseHelo fail",
     "connect 203.0.113.9 x | helo mx.pass.example | mail <joe@local.example> | helo fail | mail <joe@local.example>",
     "- | - | 550 5.7.23 SPF: mail from postmaster@mx.pass.example is not permitted from 203.0.113.9. | - | -"},
    {"RefuseHelo with the explanation of the HELO name", "RefuseHelo fail",
     CLIENT "helo explain.example | mail <a@pass.example>",
     "- | - | - | 550 5.7.23 SPF: mail from postmaster@explain.example is not permitted from 192.0.2.1. "
     "explain.example "
     "explains: 192.0.2.1 is 100% wrong"},
    {"the sender's refusal goes before that of the HELO name", "RefuseHelo fail",
     CLIENT "helo fail.example | mail <a@fail.example>", "- | - | - | " FAIL_AT_MAIL},
    {"a refusal by HELO goes before a deferral of the sender", "RefuseHelo fail\nDefer temperror",
     CLIENT "helo fail.example | mail <a@temp.example>",
     "- | - | - | 550 5.7.23 SPF: mail from postmaster@fail.example is not permitted from 192.0.2.1."},
    {"CheckHelo alone refuses nothing", "CheckHelo on", CLIENT "helo fail.example | mail <a@pass.example>",
     "- | - | - | -"},
    {"the null sender has one identity, which both sets refuse", "RefuseMailFrom off\nRefuseHelo fail",
     CLIENT "helo fail.example | mail <>",
     "- | - | - | 550 5.7.23 SPF: mail from postmaster@fail.example is not permitted from 192.0.2.1."},
    {"a HELO name with a dot at its end", "RefuseHelo fail", CLIENT "helo fail.example. | mail <a@pass.example>",
     "- | - | - | 550 5.7.23 SPF: mail from postmaster@fail.example.*"},
    {"a HELO name refused beside a whitelisted recipient", "RefuseHelo fail\nWhitelistTo w@",
     CLIENT "helo fail.example | mail <a@pass.example> | rcpt <u@here.example> | rcpt <w@here.example>",
     "- | - | - | - | 550 5.7.23 SPF: mail from postmaster@fail.example is not permitted from 192.0.2.1. | -"},
    {"a guess is never refused", "SPFBestGuess on\nRefuseSPFNone on",
     CLIENT "mail <a@none.example> | mail <a@fail.example>", "- | - | - | " FAIL_AT_MAIL},
    {"an internationalised domain", "",
     CLIENT "mail <a@b\xC3\xBC"
            "cher.example>",
     "- | - | 550 5.7.23 SPF: mail from a@xn--bcher-kva.example is not permitted from 192.0.2.1."},
    {"an internationalised HELO name", "",
     "connect 203.0.113.9 x | helo b\xC3\xBC"
     "cher.example | mail <> | mail <a@helo.example> | mail <a@macros.example>",
     "- | - | 550 5.7.23 SPF: mail from postmaster@xn--bcher-kva.example is not permitted from 203.0.113.9. | - | -"},
    {"an internationalised domain that is whitelisted",
     "WhitelistFrom @b\xC3\xBC"
     "cher.example\nWhitelistTo @xn--bcher-kva.example",
     CLIENT "mail <a@b\xC3\xBC"
            "cher.example> | mail <a@XN--bcher-kva.example> | mail <a@fail.example> | rcpt <u@b\xC3\xBC"
            "cher.example>",
     "- | - | - | - | - | -"},

    {"whitelisted address", "WhitelistIP 192.0.2.0/28, 2001:db8::/32",
     "connect 192.0.2.15 x | connect 192.0.2.16 x | connect 2001:db8::9 x", "accept | - | accept"},
    {"whitelisted host", "WhitelistPTR pass.example unknown",
     "connect 203.0.113.1 MX.pass.example. | connect 203.0.113.1 xpass.example | connect 203.0.113.1 [203.0.113.1] | "
     "connect "
     "203.0.113.1 unknown",
     "accept | - | - | -"},
    {"no client address", "", "connect none localhost", "accept"},
    {"whitelisted sender", "WhitelistFrom @fail.example",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | mail <a@pass.example>", "- | - | - | - | -"},
    {"whitelisted sender with a long local part", "WhitelistFrom @fail.example",
     CLIENT "mail <0123456789012345678901234567890123456789012345678901234567890123456789@fail.example>", "- | - | -"},
    {"whitelisted HELO name", "WhitelistHelo .forwarder.example",
     "connect 203.0.113.7 x | helo mx.forwarder.example | mail <a@fail.example> | rcpt <u@here.example> | mail <> | "
     "connect 2001:db8:7::7 x | helo MX.forwarder.example. | mail <a@fail.example>",
     "- | - | - | - | - | - | - | -"},
    {"of another host", "WhitelistHelo mx.forwarder.example",
     CLIENT "helo mx.forwarder.example | mail <a@fail.example>", "- | - | - | " FAIL_AT_MAIL},
    {"whitelisted forwarder", "WhitelistSPF none.example forwarder.example",
     "connect 203.0.113.7 x | helo x | mail <a@fail.example> | rcpt <u@here.example> | mail <a@fail.example>",
     "- | - | - | - | -"},
    {"whitelisted forwarder, found at RCPT", "WhitelistSPF forwarder.example\nWhitelistTo w@",
     "connect 203.0.113.7 x | helo x | mail <a@fail.example> | rcpt <u@here.example> | rcpt <v@here.example>",
     "- | - | - | - | -"},
    {"whitelisted forwarder, found at the end", "WhitelistSPF forwarder.example\nRefuseAt eom",
     "connect 203.0.113.7 x | helo x | mail <a@fail.example> | rcpt <u@here.example> | eom", "- | - | - | - | nothing"},
    {"whitelisted HELO name, found at RCPT", "WhitelistHelo mx.forwarder.example\nRefuseAt rcpt",
     "connect 203.0.113.7 x | helo mx.forwarder.example | mail <a@fail.example> | rcpt <u@here.example>",
     "- | - | - | -"},
    {"no forwarder", "WhitelistSPF forwarder.example softfail.example", CLIENT "mail <a@fail.example>",
     "- | - | " FAIL_AT_MAIL},
    {"a relay's client passes", TRUSTED,
     RELAY "mail <a@pass.example> | rcpt <u@here.example> | " FROM("x", "192.0.2.9") " | eom",
     "- | - | - | - | nothing"},
    {"a relay's client fails", TRUSTED,
     RELAY "mail <a@pass.example> | rcpt <u@here.example> | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | - | 550 5.7.23 SPF: mail from a@pass.example is not permitted from 203.0.113.9."},
    {"a null sender is checked by the HELO name at the relay", TRUSTED,
     RELAY "mail <> | " FROM("mx.pass.example", "203.0.113.9") " | eom | mail <> | " FROM("mx.pass.example",
                                                                                          "192.0.2.1") " | eom",
     "- | - | - | 550 5.7.23 SPF: mail from postmaster@mx.pass.example is not permitted from 203.0.113.9. | - | "
     "nothing"},
    {"only the topmost field counts", TRUSTED,
     RELAY "mail <a@pass.example> | " FROM("x", "203.0.113.9") " | " FROM(
         "x", "192.0.2.9") " | eom | "
                           "mail <a@pass.example> | "
                           "header Received: by mx2 "
                           "(Postfix); Sun | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9. | - | nothing"},
    {"a relay without a field, or with one that nobody can read", TRUSTED,
     RELAY "mail <a@fail.example> | eom | mail <a@fail.example> | header Received: from x (y) by z; Sun | eom",
     "- | - | - | nothing | - | nothing"},
    {"whitelists hold for a relay's client", TRUSTED,
     RELAY "mail <a@fail.example> | " FROM("x", "10.0.0.9") " | eom | mail <a@fail.example> | " FROM(
         "x", "127.0.0.1") " | eom | mail <a@fail.example> | " FROM("x", "198.51.100.26") " | eom",
     "- | - | - | nothing | - | nothing | - | nothing"},
    {"a field of a relay that names another leads to the next", TRUSTED,
     RELAY "mail <a@pass.example> | " FROM("x", "127.0.0.1") " | " AMAVIS " | " FROM("x", "203.0.113.9") " | " FROM(
         "x",
         "192.0.2.9") " | eom | mail <a@pass.example> | " FROM("x",
                                                               "198.51.100.26") " | " FROM("x",
                                                                                           "192.0.2.9") " | " FROM("x",
                                                                                                                   "203"
                                                                                                                   ".0."
                                                                                                                   "113"
                                                                                                                   ".9") " | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9. | - | nothing"},
    {"and so does one that names no client, but a step inside", TRUSTED,
     RELAY
     "mail <a@pass.example> | header Received: (qmail 47 invoked from network); 1 Jan 2023 | header Received: from x "
     "(HELO [192.0.2.9]) (192.0.2.9@203.0.113.9)\n  by mx2 with SMTP; 1 Jan 2023 | eom | mail <a@pass.example> | "
     "header "
     "Received: by mail-wr1.google.com with SMTP id x; Sun | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9. | - | 550 5.7.23 *203.0.113.9."},
    {"to nowhere, where it is the last", TRUSTED,
     RELAY "mail <a@fail.example> | " FROM("x", "127.0.0.1") " | eom | mail <a@fail.example> | " FROM(
         "x", "127.0.0.1") " | header Received: from x by y with SMTP; Sun | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | nothing | - | nothing"},
    {"and not for ever", TRUSTED,
     RELAY "mail <a@fail.example> | " LOOPS3 " | " LOOPS3 " | " LOOPS3
           " | " FROM("x", "203.0.113.9") " | eom | mail <a@fail.example> | " LOOPS3 " | " LOOPS3 " | " LOOPS3
                                          " | " FROM("x", "127.0.0.1") " | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9. | - | nothing"},
    {"a user of the relay that logged in by loopback, a webmail's", TRUSTED,
     RELAY "mail <a@fail.example> | header Received: from x (y [127.0.0.1]) by z with ESMTPA id 1; Sun | " FROM(
         "x", "203.0.113.9") " | eom",
     "- | - | - | nothing"},
    {"another relay that logged in at the first", TRUSTED,
     RELAY "mail <a@fail.example> | header Received: from x (y [198.51.100.26]) by z with ESMTPA id 1; Sun | " FROM(
         "x", "203.0.113.9") " | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9."},
    {"the words of a relay's client are not taken for its address", TRUSTED,
     RELAY
     "mail <a@pass.example> | header Received: from unknown (HELO [192.0.2.9]) (203.0.113.9)\n  by mx2 with SMTP; 1 "
     "Jan "
     "2023 | eom | "
     "mail <a@pass.example> | header Received: from [203.0.113.9] (HELO [192.0.2.9]) by mx2; Sun | eom | "
     "mail <a@pass.example> | header Received: from [192.0.2.9] by mx2 (MDaemon PRO v9.6.6) with ESMTP id 1; Sun | eom "
     "| "
     "mail <a@pass.example> | header Received: from x (y [192.0.2.9]) (z [203.0.113.9]) by mx2 with SMTP; Sun | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9. | - | nothing | - | nothing | - | nothing"},
    {"one that logged in there", TRUSTED,
     RELAY "mail <a@fail.example> | header Received: from x (y [203.0.113.9]) by z with ESMTPSA id 1; Sun | eom",
     "- | - | - | nothing"},
    {"which SkipAuth off checks", TRUSTED "SkipAuth off",
     RELAY "mail <a@fail.example> | header Received: from x (y [203.0.113.9]) by z with ESMTPSA id 1; Sun | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9."},
    {"a relay that logs in here sends the mail of others all the same", TRUSTED "SkipCert on",
     RELAY "macro auth_authen=mx2 | macro verify=OK | mail <a@fail.example> | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | 550 5.7.23 *203.0.113.9."},
    {"a message of a relay for a whitelisted recipient", TRUSTED "WhitelistTo w@\nRefuseTo \"u@ softfail\"",
     RELAY "mail <a@fail.example> | rcpt <u@here.example> | rcpt <w@here.example> | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | - | - | nothing"},
    {"and for others", TRUSTED "WhitelistTo w@",
     RELAY "mail <a@fail.example> | rcpt <u@here.example> | " FROM("x", "203.0.113.9") " | eom",
     "- | - | - | - | 550 5.7.23 *203.0.113.9."},
    {"Received fields of others mean nothing", TRUSTED,
     CLIENT "mail <a@pass.example> | " FROM("x", "203.0.113.9") " | eom", "- | - | - | nothing"},
    {"a relay's client behind a translated address", TRUSTED "ClientIPNAT 203.0.113.9:192.0.2.9",
     RELAY "mail <a@pass.example> | " FROM("x", "203.0.113.9") " | eom", "- | - | - | nothing"},
    {"SkipNDR", "SkipNDR on", STRANGER "helo mx.pass.example | mail <>", "- | - | - | -"},
    {"authenticated", "", CLIENT "macro auth_authen=joe | mail <a@fail.example>", "- | - | accept"},
    {"authenticated without a name", "", CLIENT "macro auth_type=EXTERNAL | mail <a@fail.example>", "- | - | accept"},
    {"a verified certificate proves nothing by default", "", CLIENT "macro verify=OK | mail <a@fail.example>",
     "- | - | " FAIL_AT_MAIL},
    {"SkipCert", "SkipCert on\nSkipAuth off", CLIENT "macro verify=OK | mail <a@fail.example>", "- | - | accept"},
    {"an unverified certificate", "SkipCert on", CLIENT "macro verify=NO | mail <a@fail.example>",
     "- | - | " FAIL_AT_MAIL},
    {"no certificate", "SkipCert on", CLIENT "mail <a@fail.example>", "- | - | " FAIL_AT_MAIL},
    {"SkipCert is not SkipAuth", "SkipCert on\nSkipAuth off", CLIENT "macro auth_authen=joe | mail <a@fail.example>",
     "- | - | " FAIL_AT_MAIL},
    {"empty macros", "", CLIENT "macro auth_type= | macro auth_authen= | macro verify= | mail <a@fail.example>",
     "- | - | " FAIL_AT_MAIL},
    {"the macros of one message do not reach the next", "",
     CLIENT "macro auth_authen=joe | mail <a@fail.example> | mail <a@fail.example>", "- | - | accept | " FAIL_AT_MAIL},
    {"SkipAuth off", "SkipAuth off", CLIENT "macro auth_authen=joe | mail <a@fail.example>", "- | - | " FAIL_AT_MAIL},

    {"FixedClientIP", "FixedClientIP 192.0.2.77", STRANGER "mail <a@pass.example> | mail <a@fail.example>",
     "- | - | - | 550 5.7.23 SPF: mail from a@fail.example is not permitted from 192.0.2.77."},
    {"ClientIPNAT comes first", "ClientIPNAT 203.0.113.9:192.0.2.9\nFixedClientIP 203.0.113.1",
     STRANGER "mail <a@pass.example> | connect 203.0.113.8 x | mail <a@pass.example>",
     "- | - | - | - | 550 5.7.23 SPF: mail from a@pass.example is not permitted from 203.0.113.1."},
    {"the whitelist looks at the real client", "ClientIPNAT 203.0.113.9:192.0.2.9\nWhitelistIP 192.0.2.9",
     "connect 203.0.113.9 x | connect 192.0.2.9 x", "- | accept"},
    {"local submission", "", "connect local localhost", "accept"},
    {"local submission checked by another address", "FixedClientIP 203.0.113.1\nWhitelistTo w@here.example",
     "connect local localhost | helo localhost | mail a@pass.example",
     "- | - | 550 5.7.23 SPF: mail from a@pass.example is not permitted from 203.0.113.1."},
    {"a recipient of a local submission is never refused", "FixedClientIP 192.0.2.1",
     "connect local localhost | mail a@pass.example | rcpt \"b | rcpt | rcpt u@here.example", "- | - | - | - | -"},
    {"loopback is not checked, whatever is whitelisted", "",
     "connect 127.0.0.1 localhost | connect 127.9.9.9 x | connect ::1 x | connect ::ffff:127.0.0.1 x | connect "
     "128.0.0.1 x",
     "accept | accept | accept | accept | -"},
    {"but for what it is translated to", "ClientIPNAT 127.0.0.1:192.0.2.9",
     "connect 127.0.0.1 localhost | mail <a@fail.example> | connect ::1 x | connect 192.0.2.9 x | mail "
     "<a@fail.example>",
     "- | 550 5.7.23 *192.0.2.9. | accept | - | 550 5.7.23 *192.0.2.9."},
    {"or fixed to", "FixedClientIP 192.0.2.9", "connect ::1 localhost | mail <a@fail.example>",
     "- | 550 5.7.23 *192.0.2.9."},
    {"nor is a client that is translated to loopback", "ClientIPNAT 192.0.2.9:127.0.0.1",
     "connect 192.0.2.9 x | connect 192.0.2.8 x | mail <a@fail.example>", "accept | - | 550 5.7.23 *192.0.2.8."},
    {"a relay of our own on this host", "TrustedRelay 127.0.0.1\nAddHeader off",
     "connect 127.0.0.1 localhost | mail <a@pass.example> | " FROM(
         "x", "203.0.113.9") " | eom | mail <a@pass.example> | " FROM("x",
                                                                      "192.0.2.9") " | eom | connect ::1 localhost",
     "- | - | 550 5.7.23 *203.0.113.9. | - | nothing | accept"},

    {"malformed sender", "", CLIENT "mail <\"a@fail.example> | mail <@>", "- | - | " MALFORMED " | " MALFORMED},
    {"malformed sender that the MTA can read", "",
     CLIENT "macro mail_addr=a@fail.example | mail <\"a> | macro mail_addr=a@pass.example | mail <\"a> | macro "
            "mail_addr=\"b | mail <\"a>",
     "- | - | " FAIL_AT_MAIL " | - | " MALFORMED},
    {"a malformed sender where nothing is refused", "RefuseFail off\nTagSubject off",
     CLIENT "mail <\"a@fail.example> | rcpt <u@here.example> | eom",
     "- | - | - | - | [insert Authentication-Results: host.here.example; spf=none]"},
    {"a malformed sender in TestMode", "TestMode on", CLIENT "mail <\"a@fail.example> | rcpt <u@here.example> | eom",
     "- | - | - | - | [insert Authentication-Results: host.here.example; spf=none (test mode: would be refused with "
     "550 "
     "5.1.7)]"},
    {"a sender whom the MTA reads in another way", "",
     CLIENT "macro mail_addr=a@fail.example | mail <a@fail.example;> | macro mail_addr=a@fail.example | mail "
            "<a%fail.example> | macro mail_addr=a@fail.example | mail <\"a@fail.example\">",
     "- | - | " FAIL_AT_MAIL " | " FAIL_AT_MAIL " | " FAIL_AT_MAIL},
    {"a sender whom we read in another way", "",
     CLIENT
     "mail <a@fail.example;> | mail <a%fail.example> | mail <x:a@fail.example;> | mail <@pass.example:a@fail.example>",
     "- | - | " FAIL_AT_MAIL " | " FAIL_AT_MAIL " | " FAIL_AT_MAIL " | " FAIL_AT_MAIL},
    {"an address in quotes is a local part to Sendmail", "",
     CLIENT
     "macro v=8.17.1.9 | macro j=fail.example | macro mail_addr=a@pass.example | mail <\"a@pass.example\"> | "
     "macro v=Postfix 3.7.11 | macro j=fail.example | macro mail_addr=a@pass.example | mail <\"a@pass.example\">",
     "- | - | 550 5.7.23 SPF: mail from \"a@pass.example\"@fail.example is not permitted from 192.0.2.1. | -"},
    {"a null sender in another form", "",
     STRANGER "helo mx.pass.example | macro mail_addr= | mail <;> | macro mail_addr= | mail <\"\">",
     "- | - | - | 550 5.7.23 SPF: mail from postmaster@mx.pass.example is not permitted from 203.0.113.9. | 550 5.7.23 "
     "SPF: mail from postmaster@mx.pass.example is not permitted from 203.0.113.9."},
    {"a null sender in another form is skipped", "SkipNDR on", STRANGER "macro mail_addr= | mail <;>", "- | - | -"},
    {"a sender without a domain is of the MTA's", "",
     CLIENT
     "macro j=fail.example | mail <alice> | macro j=pass.example | mail <alice> | macro "
     "mail_addr=alice@fail.example | mail <alice> | macro j=fail.example | macro v=8.17 | macro mail_addr=alice | "
     "mail <alice>",
     "- | - | 550 5.7.23 SPF: mail from alice@fail.example is not permitted from 192.0.2.1. | - | 550 5.7.23 SPF: mail "
     "from alice@fail.example is not permitted from 192.0.2.1. | 550 5.7.23 SPF: mail from alice@fail.example is not "
     "permitted from 192.0.2.1."},
    {"a sender without a local part", "RejectReason \"%s %{l} %{s}\"",
     CLIENT "mail <@fail.example> | mail <\"\"@fail.example> | mail <@pass.example> | macro "
            "mail_addr=\"\"@fail.example | mail <@fail.example>",
     "- | - | 550 5.7.23 \"\"@fail.example postmaster \"\"@fail.example | 550 5.7.23 \"\"@fail.example postmaster "
     "\"\"@fail.example | - | 550 5.7.23 \"\"@fail.example postmaster \"\"@fail.example"},
    {"a whitelisted sender is the MTA's", "WhitelistFrom friend@fail.example",
     CLIENT "macro mail_addr=a@fail.example | mail <friend@fail.example;a@fail.example> | macro "
            "mail_addr=friend@fail.example | mail <friend@fail.example;>",
     "- | - | " FAIL_AT_MAIL " | -"},
    {"long local part of the sender", "RelaxedLocalPart off", CLIENT "mail <" SEVENTY "@pass.example>",
     "- | - | 550 5.1.7 SPF: the local part of the sender is too long"},
    {"and relaxed", "", CLIENT "mail <" SEVENTY "@pass.example> | rcpt <" SEVENTY "@here.example>", "- | - | - | -"},
    {"malformed recipients", "RelaxedLocalPart off",
     CLIENT "mail <a@pass.example> | rcpt <\"b> | rcpt <> | rcpt <" SEVENTY "@here.example> | rcpt <u@here.example>",
     "- | - | - | 550 5.1.3 SPF: the recipient is no mail address | 550 5.1.3 SPF: the recipient is no mail address | "
     "550 5.1.3 SPF: the local part of the recipient is too long | -"},
    {"a rule for a recipient holds in every form", "RefuseTo boss@here.example softfail\nRefuseMailFrom off",
     CLIENT
     "mail <a@softfail.example> | rcpt <u@here.example> | rcpt <boss@here.example;> | rcpt <boss%here.example> | "
     "macro rcpt_addr=boss@here.example | rcpt <\"boss@here.example\"> | rcpt <boss%here.example@there.example> | "
     "macro rcpt_addr=boss@here.example | rcpt <x!boss@here.example>",
     "- | - | - | - | " SOFTFAIL_AT_RCPT " | " SOFTFAIL_AT_RCPT " | " SOFTFAIL_AT_RCPT " | " SOFTFAIL_AT_RCPT
     " | " SOFTFAIL_AT_RCPT},
    {"nobody gets into the whitelist by a form", "WhitelistTo w@here.example",
     CLIENT "mail <a@fail.example> | rcpt <w@here.example> | macro rcpt_addr=u@here.example | rcpt "
            "<u%here.example@w@here.example> | macro rcpt_addr=w@here.example | rcpt <w@here.example;> | macro "
            "rcpt_addr=u@there.example | rcpt <w@here.example;>",
     "- | - | - | - | " FAIL_AT_MAIL " | - | " FAIL_AT_MAIL},
    {"an alias of Sendmail's is no other recipient", "WhitelistTo w@here.example",
     CLIENT "macro v=8.17 | mail <a@fail.example> | macro rcpt_addr=u@there.example | rcpt <w@here.example> | macro "
            "rcpt_addr=w | rcpt <w@here.example;>",
     "- | - | - | - | -"},

    {"a whitelisted recipient beside another", "WhitelistTo w@here.example",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | rcpt <W@Here.example> | rcpt <v@here.example> | eom",
     "- | - | - | " FAIL_AT_MAIL " | - | " FAIL_AT_MAIL
     " | [insert Authentication-Results: host.here.example; spf=fail smtp.mailfrom=fail.example]"},
    {"deferred at the recipient", "WhitelistTo w@here.example\nAcceptTempError off",
     CLIENT "mail <a@temp.example> | rcpt <w@here.example> | rcpt <u@here.example>",
     "- | - | - | - | 451 4.7.24 *temp.example*"},

    {"recipients with sets of their own", "RefuseTo strict@ softfail fail\nRefuseTo open@ off\nRefuseMailFrom fail",
     CLIENT
     "mail <a@softfail.example> | rcpt <strict@here.example> | rcpt <open@here.example> | rcpt <u@here.example> | "
     "mail <a@fail.example> | rcpt <strict@here.example> | rcpt <open@here.example> | rcpt <u@here.example>",
     "- | - | - | 550 5.7.1 SPF: mail from a@softfail.example is not permitted from 192.0.2.1. | - | - | - "
     "| " FAIL_AT_MAIL " | - | " FAIL_AT_MAIL},
    {"a sender domain with a set of its own is refused at MAIL",
     "RefuseFor softfail.example softfail\nRefuseFor fail.example off",
     CLIENT "mail <a@softfail.example> | mail <a@fail.example> | mail <a@neutral.example> | mail <a@explain.example>",
     "- | - | 550 5.7.1 SPF: mail from a@softfail.example is not permitted from 192.0.2.1. | - | - | 550 5.7.23 *"},
    {"RefuseTo goes before RefuseFor", "RefuseFor fail.example off\nRefuseTo strict@ fail",
     CLIENT "mail <a@fail.example> | rcpt <strict@here.example> | rcpt <u@here.example>",
     "- | - | - | " FAIL_AT_MAIL " | -"},
    {"a recipient of a local submission has no rule", "FixedClientIP 192.0.2.1\nRefuseTo strict@ softfail",
     "connect local localhost | mail a@softfail.example | rcpt strict@here.example", "- | - | -"},
    {"RefuseOnlyNoMail", "RefuseOnlyNoMail on",
     STRANGER "mail <a@pass.example> | mail <a@explain.example> | mail <a@fail.example> | mail <b@fail.example>",
     "- | - | - | - | 550 5.7.23 *fail.example* | 550 5.7.23 *b@fail.example*"},

    {"TestMode", "TestMode on\nRefuseSPFNone on\nAcceptTempError off",
     CLIENT
     "mail <a@fail.example> | rcpt <u@here.example> | rcpt <\"b> | mail <a@none.example> | mail <a@temp.example> | "
     "mail <\"a@b> | rcpt <u@here.example> | mail "
     "<0123456789012345678901234567890123456789012345678901234567890123456789@pass.example>",
     "- | - | - | - | - | - | - | - | - | -"},

    {"RefuseAt rcpt", "RefuseAt rcpt",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | rcpt <v@here.example> | mail <a@pass.example> | rcpt "
            "<u@here.example>",
     "- | - | - | " FAIL_AT_MAIL " | " FAIL_AT_MAIL " | - | -"},
    {"RefuseAt eom", "RefuseAt eom",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | rcpt <\"b> | header Subject: x | eom | eom | mail "
            "<a@fail.example>",
     "- | - | - | - | 550 5.1.3 SPF: the recipient is no mail address | " FAIL_AT_MAIL " | nothing | -"},
    {"RefuseAt eom, aborted before", "RefuseAt eom",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | abort | eom", "- | - | - | - | nothing"},
    {"RefuseAt eom by HELO", "RefuseAt eom\nRefuseHelo fail",
     CLIENT "helo fail.example | mail <a@pass.example> | rcpt <u@here.example> | eom",
     "- | - | - | - | - | 550 5.7.23 SPF: mail from postmaster@fail.example is not permitted from 192.0.2.1."},
    {"RefuseAt eom, deferred", "RefuseAt eom\nDefer temperror",
     CLIENT "mail <a@temp.example> | rcpt <u@here.example> | eom", "- | - | - | - | 451 4.7.24 *temp.example*"},
    {"a malformed sender is refused at MAIL even so", "RefuseAt eom", CLIENT "mail <\"a@b>", "- | - | " MALFORMED},
    {"a rule for recipients makes it RCPT", "RefuseAt eom\nWhitelistTo w@",
     CLIENT "mail <a@fail.example> | rcpt <u@here.example> | rcpt <w@here.example>",
     "- | - | - | " FAIL_AT_MAIL " | -"},
    {"a local submission with RefuseAt rcpt is refused at MAIL", "RefuseAt rcpt\nFixedClientIP 203.0.113.1",
     "connect local localhost | mail a@pass.example | mail b@softfail.example | rcpt u@here.example",
     "- | 550 5.7.23 SPF: mail from a@pass.example is not permitted from 203.0.113.1. | - | -"},
    {"and with RefuseAt eom at its end", "RefuseAt eom\nFixedClientIP 203.0.113.1",
     "connect local localhost | mail a@pass.example | rcpt u@here.example | eom",
     "- | - | - | 550 5.7.23 SPF: mail from a@pass.example is not permitted from 203.0.113.1."},

    {"a recipient without a sender", "", CLIENT "rcpt <u@here.example> | eom", "- | - | - | nothing"},
    {"a refused message is over", "", CLIENT "mail <a@fail.example> | rcpt <u@here.example> | eom",
     "- | - | " FAIL_AT_MAIL " | - | nothing"},
    {"an aborted message is over", "", CLIENT "mail <a@pass.example> | abort | rcpt <\"b> | eom",
     "- | - | - | - | nothing"},
    {"HELO ends a message", "", CLIENT "mail <a@pass.example> | helo other.example | rcpt <\"b> | eom",
     "- | - | - | - | - | nothing"},
    {"several messages on one connection", "",
     CLIENT
     "mail <a@pass.example> | rcpt <u@here.example> | eom | mail <a@fail.example> | mail <b@pass.example> | rcpt "
     "<u@here.example> | abort | abort",
     "- | - | - | - | [insert Authentication-Results: host.here.example; spf=pass smtp.mailfrom=pass.example] "
     "| " FAIL_AT_MAIL " | - | -"},
    {"answers out of the cache keep senders apart", "",
     STRANGER "mail <joe@local.example> | mail <ann@local.example> | mail <joe@local.example>",
     "- | - | - | 550 5.7.23 SPF: mail from ann@local.example is not permitted from 203.0.113.9. | -"},
    {"and HELO names", "",
     "connect 203.0.113.9 x | helo h | mail <a@helo.example> | helo i | mail <a@helo.example> | helo h | mail "
     "<a@helo.example>",
     "- | - | - | - | 550 5.7.23 SPF: mail from a@helo.example is not permitted from 203.0.113.9. | - | -"},
};

/* Compares with `pattern`, in which a '*' stands for any text. */
static bool matches(const char *text, const char *pattern)
{
    const char *star = strchr(pattern, '*');

    if (star == NULL)
        return strcmp(text, pattern) == 0;
    if (strncmp(text, pattern, (size_t)(star - pattern)) != 0)
        return false;
    for (text += star - pattern;; text++) {
        if (matches(text, star + 1))
            return true;
        if (*text == '\0')
            return false;
    }
}

static void each_story_has_its_answers(void **state)
{
    bool all = true;

    (void)state;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct world world;
        struct strbuf out = STRBUF_INIT;

        assert_true(world_open(&world, stories[i].config));
        assert_true(story_play(&world, stories[i].script, &out));
        if (!matches(strbuf_text(&out), stories[i].expected)) {
            print_error("%s:\n  is       %s\n  expected %s\n", stories[i].name, strbuf_text(&out), stories[i].expected);
            all = false;
        }
        strbuf_free(&out);
        world_close(&world);
    }
    assert_true(all);
}

/* A HELO name that would be cut is not mistaken for another one. */
static void an_over_long_helo_is_none(void **state)
{
    enum { LEN = 3000 };
    char script[LEN + 200];
    struct world world;
    struct strbuf out = STRBUF_INIT;

    (void)state;
    assert_true(world_open(&world, "AddReceivedHeader on"));
    strcpy(script, "connect 203.0.113.9 x | helo ");
    memset(script + strlen(script), 'h', LEN);
    strcpy(script + 29 + LEN, " | mail <> | rcpt <u@here.example> | eom");
    assert_true(story_play(&world, script, &out));
    assert_non_null(strstr(strbuf_text(&out), "- | - | - | - | [insert Received-SPF: none (host.here.example: "));
    assert_null(strstr(out.text, "hhh"));
    assert_in_range(out.len, 200, 1000);
    assert_non_null(strstr(out.text, "Authentication-Results: host.here.example; spf=none]"));
    strbuf_free(&out);
    world_close(&world);
}

static void what_happens_is_counted(void **state)
{
    struct world world;
    struct strbuf out = STRBUF_INIT;
    uint64_t before[STATS_COUNT];
    const struct {
        enum stats_counter counter;
        unsigned n;
    } expected[] = {{STATS_MESSAGES, 6},  {STATS_SKIPPED, 2}, {STATS_PASS, 1},      {STATS_FAIL, 2},
                    {STATS_TEMPERROR, 1}, {STATS_CACHED, 1},  {STATS_EVALUATED, 3}, {STATS_REFUSED, 2},
                    {STATS_DEFERRED, 1},  {STATS_FAULTS, 0},  {STATS_NONE, 0}};

    (void)state;
    assert_true(world_open(&world, "AcceptTempError off\nWhitelistFrom w@"));
    for (unsigned i = 0; i < STATS_COUNT; i++)
        before[i] = stats_get((enum stats_counter)i);
    assert_true(story_play(
        &world,
        CLIENT "mail <a@pass.example> | mail <a@fail.example> | mail <a@fail.example> | mail <a@temp.example> | "
               "mail <w@fail.example> | macro auth_type=X | mail <a@fail.example>",
        &out));
    for (size_t i = 0; i < COUNT(expected); i++) {
        uint64_t n = stats_get(expected[i].counter) - before[expected[i].counter];
        if (n != expected[i].n)
            fail_msg("%s: %u, not %u", stats_name(expected[i].counter), (unsigned)n, expected[i].n);
    }
    strbuf_free(&out);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_story_has_its_answers),
        cmocka_unit_test(an_over_long_helo_is_none),
        cmocka_unit_test(what_happens_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
