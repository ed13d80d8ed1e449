/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client in Received fields, as each MTA writes them, and as clients would like them to be read. */
#include "mail/received.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define POSTFIX                                                                                                        \
    "\n\tby gw.example.net (Postfix) with ESMTP id 4ABCDE\n\tfor <u@example.net>; Sun, 1 Jan 2023 00:00:00 +0000 "     \
    "(UTC)"
#define SENDMAIL "\n\tby gw.example.net (8.17.1/8.17.1/Debian-1) with ESMTP id 301;\n\tSun, 1 Jan 2023 00:00:00 GMT"
#define EXIM                                                                                                           \
    "\n\tby gw.example.net with esmtp (Exim 4.96)\n\t(envelope-from <a@example.org>)\n\tid 1pBqXX-0001\n\tfor "        \
    "u@example.net;\n\tSun, 01 Jan 2023 00:00:00 +0000"
#define EXCHANGE                                                                                                       \
    " by GW.example.net (10.0.0.1) with Microsoft SMTP Server (version=TLS1_2, cipher=X) id 15.1.2507.35 via "         \
    "Frontend Transport; Sun, 1 Jan 2023 00:00:00 +0000"
#define QMAIL "\n  by gw.example.net with SMTP; 1 Jan 2023 00:00:00 -0000"
#define COMMUNIGATE                                                                                                    \
    "\n by gw.example.net (CommuniGate Pro SMTP 6.1.2)\n with ESMTP id 650626433; Sun, 01 Jan 2023 00:00:00 -0500"
#define MDAEMON                                                                                                        \
    "\n\tby gw.example.net (MDaemon PRO v9.6.6)\n\twith ESMTP id md500.msg\n\tfor <u@example.net>; Sun, 01 Jan 2023"

struct case_ {
    const char *value;
    const char *client; /* NULL: none is read */
    const char *helo;
};

static const struct case_ postfix[] = {
    {"from mx.example.org (mx.example.org [192.0.2.1])" POSTFIX, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (unknown [192.0.2.1])" POSTFIX, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [IPv6:2001:db8::1])" POSTFIX, "2001:db8::1", "mx.example.org"},
    {"from unknown (unknown [192.0.2.1])" POSTFIX, "192.0.2.1", "unknown"},
    {"from [10.0.0.9] (mx.example.org [192.0.2.1])" POSTFIX, "192.0.2.1", "[10.0.0.9]"},
    {"from [IPv6:fd00::9] (unknown [IPv6:2001:db8::1])" POSTFIX, "2001:db8::1", "[IPv6:fd00::9]"},
    {"from x?[198.51.100.25]?helo=y? (unknown [192.0.2.1])" POSTFIX, "192.0.2.1", "x?[198.51.100.25]?helo=y?"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\t(using TLSv1.3 with cipher X (256/256 bits)\n\t key-exchange "
     "X25519)\n\t(Client CN \"a [10.0.0.1]\", Issuer \"b\" (verified OK))" POSTFIX,
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\t(using TLSv1.2 with cipher X (128/128 bits))\n\t(No client "
     "certificate requested)\n\t(Authenticated sender: fred)" POSTFIX,
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\t(using TLSv1.2 with cipher X (128/128 bits))\n\t(Client did "
     "not "
     "present a certificate)" POSTFIX,
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\tby gw (Postfix) with ESMTP id 4\n\tfor <\"a;)b\"@c>; Sun, 1",
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (unknown [192.0.2.1]) by gw; Sun", "192.0.2.1", "mx.example.org"},
    {"from x;dkim=pass (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"by gw.example.net (Postfix, from userid 0)\n\tid 4ABC; Sun, 1 Jan 2023 00:00:00 +0000 (UTC)", NULL, NULL},
    {"by gw.example.net (Postfix) with ESMTPA; Sun, 1 Jan 2023 00:00:00 +0000 (UTC)", NULL, NULL},
};

static const struct case_ sendmail[] = {
    {"from mx.example.org (mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org ([192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (other.example.org [192.0.2.1] (may be forged))" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org ([192.0.2.1] (may be forged))" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [IPv6:2001:db8:0:0:0:0:0:1])" SENDMAIL, "2001:db8::1", "mx.example.org"},
    {"from mx.example.org ([IPv6:2001:db8:0:0:0:0:0:1])" SENDMAIL, "2001:db8::1", "mx.example.org"},
    {"from mx.example.org (fred@mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (IDENT:fred@mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from [10.0.0.1] (helo=x@mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "[10.0.0.1]"},
    {"(from mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", ""},
    {"(from fred@mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", ""},
    {"(from root@localhost)" SENDMAIL, NULL, NULL},
    {"(from HELO [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from localhost.localdomain (localhost.localdomain [127.0.0.1])" SENDMAIL, "127.0.0.1", "localhost.localdomain"},
};

static const struct case_ exim[] = {
    {"from mx.example.org ([192.0.2.1])" EXIM, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org ([192.0.2.1]:25000 helo=other.example.org)" EXIM, "192.0.2.1", "other.example.org"},
    {"from mx.example.org ([192.0.2.1] helo=other.example.org ident=fred)" EXIM, "192.0.2.1", "other.example.org"},
    {"from mx.example.org ([192.0.2.1] ident=fred)" EXIM, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org ([2001:db8::1] helo=[10.0.0.9])" EXIM, "2001:db8::1", "[10.0.0.9]"},
    {"from [192.0.2.1] (helo=mx.example.org)" EXIM, "192.0.2.1", "mx.example.org"},
    {"from [192.0.2.1] (port=25000 helo=mx.example.org)" EXIM, "192.0.2.1", "mx.example.org"},
    {"from [192.0.2.1]:25000 (helo=[10.0.0.9])" EXIM, "192.0.2.1", "[10.0.0.9]"},
    {"from [2001:db8::1] (helo=mx.example.org)" EXIM, "2001:db8::1", "mx.example.org"},
    {"from [192.0.2.1]" EXIM, "192.0.2.1", ""},
    {"from [192.0.2.1] (helo=x)\n\tby gw with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\n\t(Exim "
     "4.96)\n\t(envelope-from "
     "<\"a)(\\\"b\"@example.org>)\n\tid 1pB-00\n\tfor \"a;b\"@c;\n\tSun, 01 Jan 2023 00:00:00 +0000",
     "192.0.2.1", "x"},
    {"from fred" EXIM, NULL, NULL},
    {"from fred by gw with local (Exim 4.96)\n\t(envelope-from <fred@gw>)\n\tid 1pB-00; Sun, 01 Jan 2023", NULL, NULL},
};

static const struct case_ exchange[] = {
    {"from mx.example.org (192.0.2.1)" EXCHANGE, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (2001:db8::1)" EXCHANGE, "2001:db8::1", "mx.example.org"},
    {"from [10.0.0.9] (192.0.2.1)" EXCHANGE, "192.0.2.1", "[10.0.0.9]"},
    {"from mx.example.org (192.0.2.1) by GW (10.0.0.1) with Microsoft SMTP Server (TLS) id 15.0; Sun, 1 Jan\n 2023",
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org ([192.0.2.1]) by GW with Microsoft SMTPSVC(6.0.3790.3959);\n\t Sun, 1 Jan 2023", "192.0.2.1",
     "mx.example.org"},
    {"from EX01.example.net ([fe80::1%12]) by EX02.example.net ([fe80::2%12]) with mapi id 15.1; Sun, 1", NULL, NULL},
    {"from EX01.example.net (10.0.0.1) by EX02.example.net (10.0.0.2) with mapi id 15.1; Sun, 1", NULL, NULL},
    {"from mail pickup service by GW with Microsoft SMTPSVC; Sun, 1 Jan 2023", NULL, NULL},
    {"from mx.example.org (::ffff:192.0.2.1)" EXCHANGE, "192.0.2.1", "mx.example.org"},
};

static const struct case_ qmail[] = {
    {"from unknown (HELO mx.example.org) (192.0.2.1)" QMAIL, "192.0.2.1", "mx.example.org"},
    {"from name.example.org (HELO mx.example.org) (fred@192.0.2.1)" QMAIL, "192.0.2.1", "mx.example.org"},
    {"from unknown (HELO [198.51.100.25]) (203.0.113.9)" QMAIL, "203.0.113.9", "[198.51.100.25]"},
    {"from unknown (HELO ?198.51.100.25?) (198.51.100.25@203.0.113.9)" QMAIL, "203.0.113.9", "?198.51.100.25?"},
    {"from 198.51.100.25 (HELO x) (x@198.51.100.25@203.0.113.9)" QMAIL, "203.0.113.9", "x"},
    {"from mx.example.org (192.0.2.1)" QMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (fred@192.0.2.1)" QMAIL, "192.0.2.1", "mx.example.org"},
    {"from unknown (HELO unkown) (::1)\n        by gw.example.net (Haraka/2.8.28) with ESMTPSA; Sun, 01 Jan 2023",
     "::1", "unkown"},
    {"from x (HELO mx.example.org) (192.0.2.1)\n by gw (qpsmtpd/0.94) with (ECDHE-RSA-AES256-GCM-SHA384 encrypted) "
     "SMTP; Thu, 05",
     "192.0.2.1", "mx.example.org"},
    {"from x (HELO mx.example.org) (fred@[192.0.2.1])\n          (envelope-sender <a@b>)\n          by gw "
     "(qmail-ldap-1.03) with "
     "SMTP\n          for <u@c>; 1 Jan 2023",
     "192.0.2.1", "mx.example.org"},
    {"from unknown (HELO mx.example.org) ([192.0.2.1])\n  by gw.example.net with ESMTP/TLS/DHE-RSA-AES256-SHA; 01 Jan "
     "2023",
     "192.0.2.1", "mx.example.org"},
    {"from 192.0.2.1  (EHLO mx.example.org) (192.0.2.1)\n  by gw with SMTPs (version=TLS1_2 cipher=X); Sun, 01 Jan "
     "2023",
     "192.0.2.1", "mx.example.org"},
    {"(qmail 4711 invoked by uid 89); 1 Jan 2023 00:00:00 -0000", NULL, NULL},
    {"(qmail 4711 invoked from network)", NULL, NULL},
    {"(qmail x invoked from network); 1 Jan 2023 00:00:00 -0000", NULL, NULL},
};

static const struct case_ others[] = {
    {"from mx.example.org (mx.example.org. [192.0.2.1])\n by mx.google.com with ESMTPS id 20si1\n for <u@c>\n "
     "(version=TLS1_2 "
     "cipher=X bits=128/128);\n Wed, 09 Nov 2016 13:29:28 -0800 (PST)",
     "192.0.2.1", "mx.example.org"},
    {"from pps.filterd (m0098404.ppops.net [127.0.0.1])\n\tby mx0a.example.net (8.18.1.2/8.18.1.2) with ESMTP id "
     "52V;\n\tMon, 1",
     "127.0.0.1", "pps.filterd"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\tby mx0a.example.net (PPS) with ESMTPS id "
     "45q-1\n\t(version=TLSv1.2 "
     "cipher=X bits=256 verify=NOT);\n\tMon, 31 Mar 2025 11:20:59 +0000 (GMT)",
     "192.0.2.1", "mx.example.org"},
    {"from gw.example.net ([127.0.0.1])\n\tby localhost (gw.example.net [127.0.0.1]) (amavisd-new, port 10024)\n\twith "
     "ESMTP id "
     "jJ5d; Fri,  2 Aug 2019 16:54:11 +0000 (UTC)",
     "127.0.0.1", "gw.example.net"},
    {"from mx.example.org (mx.example.org [::ffff:192.0.2.1])\n  (TLS: TLSv1/SSLv3,256bits,AES256-SHA)\n  by gw with "
     "esmtp; Mon, "
     "27 Feb 2012 23:09:04 +0100\n  id 00400F65.4F4BFF01.000033F1",
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [::ffff:192.0.2.1])\n  (IDENT: list)\n  by gw with ESMTP\n id 00; Sun, 22 "
     "Dec 2019",
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\tby gw (OpenSMTPD) with ESMTPS id 3d60 "
     "(TLSv1.3:X:256:NO)\n\tfor "
     "<u@c>;\n\tMon, 16 Feb 2026 00:49:03 +0000 (UTC)",
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (<unknown> [192.0.2.1])\n\tby gw (OpenSMTPD) with ESMTP id 3d60;\n\tMon, 16 Feb 2026",
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\tby gw (Haraka/2.8.28) with ESMTPS id 1F37.1\n\tenvelope-from "
     "<a@b>\n\ttls X;\n\tTue, 19 Apr 2022 11:26:30 +0000",
     "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [192.0.2.1]) (Using TLS) by relay with ESMTP with STARTTLS id us-mta-1; Fri, "
     "27",
     "192.0.2.1", "mx.example.org"},
    {"from [192.0.2.1] (HELO mx.example.org)" COMMUNIGATE, "192.0.2.1", "mx.example.org"},
    {"from [203.0.113.9] (HELO [198.51.100.25])" COMMUNIGATE, "203.0.113.9", "[198.51.100.25]"},
    {"from [192.0.2.1] (account fred@example.net HELO [10.0.0.1])" COMMUNIGATE, "192.0.2.1", ""},
    {"from mx.example.org ([192.0.2.1] verified)" COMMUNIGATE, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org" MDAEMON, NULL, NULL},
    {"from mx.example.org ([192.0.2.1])" MDAEMON, NULL, NULL},
    {"from 192.0.2.1 ([192.0.2.1]) by webmail.example.net (Horde) with HTTP; Sun, 1 Jan 2023", NULL, NULL},
    {"from localhost (gw [local])\n\tby gw (OpenSMTPD) with ESMTPA id d44b;\n\tThu, 22 Sep 2022", NULL, NULL},
    {"from [192.0.2.1] ([192.0.2.1]:10627 \"EHLO mx\" rhost-flags-OK) by vger with ESMTP id S1; Thu, 22", NULL, NULL},
};

/* What a client says is never taken for what the MTA found out. */
static const struct case_ spoofed[] = {
    /* HELO [198.51.100.25] */
    {"from [203.0.113.9] (HELO [198.51.100.25])" POSTFIX, NULL, NULL},
    {"from [198.51.100.25]" MDAEMON, NULL, NULL},
    {"from [198.51.100.25] by mx", NULL, NULL},
    {"from [198.51.100.25] (helo=x)" POSTFIX, NULL, NULL},
    {"from [198.51.100.25] (mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "[198.51.100.25]"},
    {"from [198.51.100.25] by gw (MDaemon PRO v9) with ESMTP id 1 for <a@b> (Exim 4.96); Sun, 1", NULL, NULL},
    /* two comments */
    {"from x (unknown [198.51.100.25]) (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"from x ([198.51.100.25]) (unknown [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from x (198.51.100.25) (192.0.2.1)" EXCHANGE, NULL, NULL},
    {"from x (198.51.100.25) ([192.0.2.1])" EXIM, NULL, NULL},
    {"from x ([198.51.100.25] helo=y) ([192.0.2.1] helo=z)" EXIM, NULL, NULL},
    {"from x (HELO y) (198.51.100.25) (192.0.2.1)" QMAIL, NULL, NULL},
    {"from x (HELO y) (HELO z) (192.0.2.1)" QMAIL, NULL, NULL},
    {"from x (HELO y [198.51.100.25])" QMAIL, NULL, NULL},
    {"from x (HELO 198.51.100.25)" QMAIL, NULL, NULL},
    {"from x (HELO y z) (192.0.2.1)" QMAIL, NULL, NULL},
    {"from x (HELO y) (a b@192.0.2.1)" QMAIL, NULL, NULL},
    {"from x (HELO y) (192.0.2.1@unknown)" QMAIL, NULL, NULL},
    {"from x (unknown [198.51.100.25]) (using TLS (unknown [192.0.2.1]))" POSTFIX, NULL, NULL},
    {"from x (unknown [198.51.100.25]) (Client CN \"x\", Issuer \"y\" (z) [192.0.2.1] (may be forged))" POSTFIX, NULL,
     NULL},
    {"from x (unknown [198.51.100.25]) (envelope-sender <a> [192.0.2.1])" POSTFIX, NULL, NULL},
    {"from x ([198.51.100.25])(using TLS x@192.0.2.1)" QMAIL, NULL, NULL},
    {"from x ([198.51.100.25] helo=@192.0.2.1)" QMAIL, NULL, NULL},
    /* a whole field of its own */
    {"from x (unknown [198.51.100.25]) by gw (Postfix) with ESMTP id 4; Sun, 1 Jan (unknown [192.0.2.1])" POSTFIX, NULL,
     NULL},
    {"from x (unknown [198.51.100.25]) by gw (Postfix) with ESMTP id 4 (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"from x (unknown [198.51.100.25]) by gw (Postfix) with ESMTP id 4 for \" (unknown [192.0.2.1])" POSTFIX, NULL,
     NULL},
    {"from x (unknown [198.51.100.25]) by gw with ESMTP for \" (unknown [192.0.2.1]) by gw with ESMTP for "
     "<\"a\\\"b\"@c>; 1",
     NULL, NULL},
    /* others */
    {"from mx.example.org ([192.0.2.1] helo=x [10.0.0.1])" EXIM, NULL, NULL},
    {"from mx.example.org ([192.0.2.1] helo=x) ([10.0.0.1]" EXIM, NULL, NULL},
    {"from [192.0.2.1] (helo=x [10.0.0.1])" EXIM, NULL, NULL},
    {"from [192.0.2.1] (helo=x ident=y [10.0.0.1])" EXIM, NULL, NULL},
    {"from mx.example.org ([10.0.0.1]x@mx.example.org [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from mx.example.org ([10.0.0.1] x@mx.example.org [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from mx.example.org (IDENT:x [10.0.0.1]@mx.example.org [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from x(unknown [10.0.0.1]) (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"from x (y (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1] [10.0.0.1] x)" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.256])" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [unknown])" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown)" POSTFIX, NULL, NULL},
    {"from mx.example.org ()" POSTFIX, NULL, NULL},
    {"from mx.example.org" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) by", NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) by gw", NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) by gw with SMTP", NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) by gw with SMTP;", NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) by gw with SMTP; (UTC)", NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) by gw with SMTP; Sun (UTC", NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) by gw with; Sun", NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1]) at gw with SMTP; Sun", NULL, NULL},
    {"from", NULL, NULL},
    {"from ", NULL, NULL},
    {"from (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"fromage x (x [192.0.2.1])", NULL, NULL},
    {"(from", NULL, NULL},
    {"((((", NULL, NULL},
    {"", NULL, NULL},
};

static void check(const struct case_ *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct received found = {.helo = "untouched"};
        char client[ADDR_TEXT_SIZE];
        const char *problem = NULL;
        enum received_kind kind = received_parse(cases[i].value, &found, &problem);

        if (kind != (cases[i].client != NULL ? RECEIVED_CLIENT : RECEIVED_UNREAD))
            fail_msg("<%s> is of kind %d", cases[i].value, (int)kind);
        if (kind == RECEIVED_UNREAD) {
            assert_non_null(problem);
            assert_string_equal(found.helo, "untouched");
            continue;
        }
        assert_string_equal(addr_format(&found.client, client), cases[i].client);
        assert_string_equal(found.helo, cases[i].helo);
    }
}

static void postfix_is_read(void **state)
{
    (void)state;
    check(postfix, COUNT(postfix));
}

static void sendmail_is_read(void **state)
{
    (void)state;
    check(sendmail, COUNT(sendmail));
}

static void exim_is_read(void **state)
{
    (void)state;
    check(exim, COUNT(exim));
}

static void exchange_is_read(void **state)
{
    (void)state;
    check(exchange, COUNT(exchange));
}

static void qmail_is_read(void **state)
{
    (void)state;
    check(qmail, COUNT(qmail));
}

static void others_are_read(void **state)
{
    (void)state;
    check(others, COUNT(others));
}

static void nobody_is_spoofed(void **state)
{
    (void)state;
    check(spoofed, COUNT(spoofed));
}

static void problems_are_told(void **state)
{
    static const struct {
        const char *value, *problem;
    } cases[] = {
        {"by gw (Postfix, from userid 0) id 4; Sun", "names no client"},
        {"from x by gw with SMTP; Sun", "names no client"},
        {"(from root@localhost) by gw (8.17/8.17) id 4; Sun", "names no client"},
        {"from x (y [192.0.2.1]) by gw with HTTP; Sun", "is not about SMTP"},
        {"from x (y [192.0.2.1]) (z [192.0.2.2]) by gw with SMTP; Sun", "is in no known form"},
        {"from x (y) by gw with SMTP; Sun", "is in no known form"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct received found;
        const char *problem = NULL;

        assert_int_equal(received_parse(cases[i].value, &found, &problem), RECEIVED_UNREAD);
        assert_string_equal(problem, cases[i].problem);
    }
}

static void steps_inside_lead_on(void **state)
{
    static const char *const values[] = {
        "(qmail 4711 invoked from network); 1 Jan 2023 00:00:00 -0000",
        "by mail-wr1-f54.google.com with SMTP id b17-20so.12\n        for <u@c>; Tue, 19 Apr 2022 04:26:30 (PDT)",
        "by 2002:a05:6a10:2914:b0:1 with SMTP id x1csp1;\n        Tue, 19 Apr 2022 04:26:30 -0700 (PDT)",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct received found;
        const char *problem;

        if (received_parse(values[i], &found, &problem) != RECEIVED_INSIDE)
            fail_msg("<%s>", values[i]);
    }
}

/* The forms with the places that a client controls: $H is its HELO name, $I what its ident server says, $S its sender,
 * $R a recipient, $C the subject of its certificate. Its address is 192.0.2.1. */
static const char *const controlled[] = {
    "from $H (unknown [192.0.2.1])\n\tby gw (Postfix) with ESMTP id 4\n\tfor <$R>; Sun, 1 Jan 2023 00:00:00 +0000 "
    "(UTC)",
    "from $H (unknown [192.0.2.1])\n\t(using TLSv1.3 with cipher X (256/256 bits))\n\t(Client CN \"$C\", Issuer \"$C\" "
    "(not "
    "verified))\n\tby gw (Postfix) with ESMTPS id 4\n\tfor <$R>; Sun, 1 Jan 2023 00:00:00 +0000 (UTC)",
    "from $H ($I@mx.example.org [192.0.2.1])\n\tby gw (8.17.1/8.17.1) with ESMTP id 301\n\tfor <$R>;\n\tSun, 1 Jan "
    "2023 00:00:00 GMT",
    "from $H ($I@mx.example.org [192.0.2.1] (may be forged))\n\tby gw (8.17.1/8.17.1) with ESMTP id 301;\n\tSun, 1 Jan "
    "2023",
    "(from $I@mx.example.org [192.0.2.1])\n\tby gw (8.17.1/8.17.1) with SMTP id 301\n\tfor <$R>;\n\tSun, 1 Jan 2023 "
    "00:00:00 GMT",
    "from mx.example.org ([192.0.2.1] helo=$H ident=$I)\n\tby gw with esmtp (Exim 4.96)\n\t(envelope-from <$S>)\n\tid "
    "1pB-00\n\tfor "
    "$R;\n\tSun, 01 Jan 2023 00:00:00 +0000",
    "from [192.0.2.1] (helo=$H ident=$I)\n\tby gw with esmtp (Exim 4.96)\n\t(envelope-from <$S>)\n\tid 1pB-00;\n\tSun, "
    "01 Jan 2023",
    "from $H (192.0.2.1) by GW (10.0.0.1) with Microsoft SMTP Server id 15.1; Sun, 1 Jan 2023 00:00:00 +0000",
    "from unknown (HELO $H) (192.0.2.1)\n  by gw with SMTP; 1 Jan 2023 00:00:00 -0000",
    "from unknown (HELO $H) ($I@192.0.2.1)\n  by gw with SMTP; 1 Jan 2023 00:00:00 -0000",
    "from unknown ($I@192.0.2.1)\n  by gw with SMTP; 1 Jan 2023 00:00:00 -0000",
    "from unknown (HELO $H) ([192.0.2.1])\n  by gw with ESMTP; 01 Jan 2023 00:00:00 +0000",
    "from [192.0.2.1] (HELO $H)\n by gw (CommuniGate Pro SMTP 6.1.2)\n with ESMTP id 65 for $R; Sun, 01 Jan 2023 "
    "00:00:00 -0500",
    "from $H\n\tby gw (MDaemon PRO v9.6.6)\n\twith ESMTP id md5.msg\n\tfor <$R>; Sun, 01 Jan 2023 00:00:00 +0000",
    "from $H (mx.example.org [::ffff:192.0.2.1])\n  (IDENT: $I)\n  by gw with esmtp; Mon, 27 Feb 2012 23:09:04 +0100\n "
    " id 00.4F.0F",
    "from $H (mx.example.org [192.0.2.1])\n\tby gw (OpenSMTPD) with ESMTPS id 3d6 (TLSv1.3:X:256:NO)\n\tfor "
    "<$R>;\n\tMon, 16 Feb 2026",
    "from $H (mx.example.org [192.0.2.1])\n\tby gw (Haraka/2.8.28) with ESMTPS id 1F.1\n\tenvelope-from <$S>;\n\tTue, "
    "19 Apr 2022",
    "from $H (mx.example.org. [192.0.2.1])\n by mx.google.com with ESMTPS id 20si1\n for <$R>\n (version=TLS1_2 "
    "cipher=X);\n Wed, 09",
};

/* What hostile text is made of. */
static const char *const pieces[] = {
    "x",
    " ",
    "(",
    ")",
    "[198.51.100.25]",
    "198.51.100.25",
    "(unknown [198.51.100.25])",
    "([198.51.100.25])",
    "(198.51.100.25)",
    "\"",
    "\\",
    ";",
    "; Sun",
    "by gw with SMTP",
    " by gw (Postfix) with ESMTP id 4; Sun",
    "HELO ",
    "EHLO x",
    "(HELO x)",
    "helo=",
    "ident=x",
    "@",
    "<",
    ">",
    "(using TLS",
    "(using TLS)",
    "(Client CN \"x\", Issuer \"y\" (z",
    "(IDENT: x",
    "(AUTH: PLAIN x)",
    "(may be forged)",
    "(envelope-sender <x>)",
    "(envelope-from <",
    "(Exim 4.96)",
    "(CommuniGate Pro SMTP 6)",
    "with ESMTPA",
    "for ",
    "id ",
    "from",
    "\n\t",
    "qmail 1 invoked from network",
    "[",
    "]",
    ":25",
};

static uint32_t random_state = 1;

static size_t random_below(size_t limit)
{
    random_state = random_state * 1664525U + 1013904223U;
    return (random_state >> 8) % limit;
}

static void add(char *text, size_t size, const char *more, size_t len)
{
    size_t used = strlen(text);

    if (used + len < size) {
        memcpy(text + used, more, len);
        text[used + len] = '\0';
    }
}

static void add_octet(char *text, size_t size, char octet)
{
    add(text, size, &octet, 1);
}

static void hostile(char *text, size_t size)
{
    *text = '\0';
    for (size_t left = random_below(7); left > 0; left--) {
        const char *piece = pieces[random_below(COUNT(pieces))];

        add(text, size, piece, strlen(piece));
    }
}

/* What an MTA leaves of a comment's text: parentheses that fit. */
static void add_balanced(char *text, size_t size, const char *from)
{
    size_t depth = 0;

    for (; *from != '\0'; from++) {
        depth += *from == '(';
        add_octet(text, size, *from == '\\' || *from == '\n' || (*from == ')' && depth == 0) ? '?' : *from);
        depth -= *from == ')' && depth > 0;
    }
    for (; depth > 0; depth--)
        add_octet(text, size, ')');
}

/* A local part that is a quoted string (RFC 5321 4.1.2), at some domain. */
static void add_address(char *text, size_t size, const char *from)
{
    add_octet(text, size, '"');
    for (; *from != '\0'; from++) {
        if (*from == '"' || *from == '\\')
            add_octet(text, size, '\\');
        add_octet(text, size, *from == '\n' ? ' ' : *from);
    }
    add(text, size, "\"@x.org", strlen("\"@x.org"));
}

static void add_replaced(char *text, size_t size, const char *from, const char *unsafe)
{
    for (; *from != '\0'; from++)
        add_octet(text, size, strchr(unsafe, *from) != NULL ? '?' : *from);
}

/* The client's words as MTAs write them into a field. Exim has the ident as it is, behind the address. */
static void add_written(char *text, size_t size, char place, const char *form, const char *from)
{
    if (place == 'C')
        add_balanced(text, size, from);
    else if (place == 'S' || place == 'R')
        add_address(text, size, from);
    else if (place == 'I')
        add_replaced(text, size, from, strstr(form, "(Exim") != NULL ? "\n\t" : " \n\t()[]<>\\\";,");
    else
        add_replaced(text, size, from, " \n\t()<>\\\";@");
}

/* Fills the places of a form: `raw` (or 0: none) with hostile text as it is, the others with nothing special, or with
 * `raw` 0 all of them with hostile text as an MTA writes it. */
static void fill(const char *form, char raw, char *text, size_t size)
{
    char words[1024];

    *text = '\0';
    for (const char *at = form; *at != '\0';) {
        size_t len = strcspn(at, "$");

        add(text, size, at, len);
        at += len;
        if (*at != '$')
            break;
        hostile(words, sizeof words);
        if (at[1] == raw)
            add(text, size, words, strlen(words));
        else if (raw != 0 || random_below(3) == 0)
            add(text, size, "mx.example.org", strlen("mx.example.org"));
        else
            add_written(text, size, at[1], form, words);
        at += 2;
    }
}

/* Returns how many of the fields were read. */
static size_t read_hostile(char raw, size_t rounds)
{
    char text[4096], client[ADDR_TEXT_SIZE];
    struct received found;
    const char *problem;
    size_t count = 0;

    for (size_t round = 0; round < rounds; round++) {
        fill(controlled[round % COUNT(controlled)], raw, text, sizeof text);
        switch (received_parse(text, &found, &problem)) {
        case RECEIVED_CLIENT:
            if (strcmp(addr_format(&found.client, client), "192.0.2.1") != 0)
                fail_msg("<%s> gives %s", text, client);
            count++;
            break;
        case RECEIVED_INSIDE:
            fail_msg("<%s> leads to the field below", text);
            break;
        case RECEIVED_UNREAD:
            break;
        }
    }
    return count;
}

static void no_client_chooses_its_address(void **state)
{
    (void)state;
    for (const char *place = "HISRC"; *place != '\0'; place++)
        assert_true(read_hostile(*place, 60000) > 1000);
}

/* ... and where the MTA writes its words as it does, only few of them keep the field from being read. */
static void no_client_hides_its_address(void **state)
{
    size_t rounds = 200000;

    (void)state;
    assert_true(read_hostile(0, rounds) > rounds / 2);
}

#define FROM "from mx.example.org (mx.example.org [192.0.2.1])"

static void logins_are_seen(void **state)
{
    static const struct {
        const char *value;
        bool authenticated;
    } cases[] = {
        {FROM " by gw.example.net (Postfix) with ESMTPSA id 4; Sun", true},
        {FROM "\n\t(using TLS (x))\n\t(Authenticated sender: fred)\n\tby gw (Postfix) with\n\tESMTPA id 4; Sun", true},
        {FROM "\n\t(authenticated bits=0)\n\tby gw (8.13.1/8.13.1) with ESMTP id 4; Sun", true},
        {FROM "\n  (AUTH: PLAIN fred, TLS: TLSv1)\n  by gw with esmtp; Sun", true},
        {FROM "\n  (IDENT: x) (AUTH: PLAIN fred)\n  by gw with esmtp; Sun", false},
        {FROM " by gw with esmtpsa (TLS1.3) (Exim 4.96); Sun", true},
        {FROM " by gw with asmtp (Exim 4.96); Sun", true},
        {FROM " by gw with UTF8SMTPSA id 4; Sun", true},
        {FROM " by gw with ESMTPS id 4; Sun", false},
        {FROM " by gw with ESMTP id ESMTPA; Sun", false},
        {FROM " by gw with Microsoft SMTP Server id 4; Sun", false},
        {FROM " by gw (with ESMTPA) with ESMTP id 4; Sun", false},
        {FROM " by gw with ESMTP (with ESMTPA) id 4; Sun", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct received found;
        const char *problem;

        assert_int_equal(received_parse(cases[i].value, &found, &problem), RECEIVED_CLIENT);
        if (found.authenticated != cases[i].authenticated)
            fail_msg("<%s>", cases[i].value);
    }
}

static void a_helo_name_is_whole_or_none(void **state)
{
    char helo[300], value[400];
    struct received found;
    const char *problem;

    (void)state;
    for (size_t len = 254; len < 258; len++) {
        memset(helo, 'h', len);
        helo[len] = '\0';
        snprintf(value, sizeof(value), "from %s (x [192.0.2.1]) by gw with SMTP; Sun", helo);
        assert_int_equal(received_parse(value, &found, &problem), RECEIVED_CLIENT);
        assert_string_equal(found.helo, len < RECEIVED_HELO_SIZE ? helo : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postfix_is_read),
        cmocka_unit_test(sendmail_is_read),
        cmocka_unit_test(exim_is_read),
        cmocka_unit_test(exchange_is_read),
        cmocka_unit_test(qmail_is_read),
        cmocka_unit_test(others_are_read),
        cmocka_unit_test(nobody_is_spoofed),
        cmocka_unit_test(problems_are_told),
        cmocka_unit_test(steps_inside_lead_on),
        cmocka_unit_test(no_client_chooses_its_address),
        cmocka_unit_test(no_client_hides_its_address),
        cmocka_unit_test(logins_are_seen),
        cmocka_unit_test(a_helo_name_is_whole_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
