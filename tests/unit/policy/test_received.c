/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client in Received fields, as each MTA writes them, and as clients would like them to be read. */
#include "policy/received.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define POSTFIX                                                                                                        \
    "\n\tby gw.example.net (Postfix) with ESMTP id 4ABCDE\n\tfor <u@example.net>; Sun, 1 Jan 2023 00:00:00 +0000 "     \
    "(UTC)"
#define SENDMAIL "\n\tby gw.example.net (8.17.1/8.17.1/Debian-1) with ESMTP id 301;\n\tSun, 1 Jan 2023 00:00:00 GMT"
#define EXIM                                                                                                           \
    "\n\tby gw.example.net with esmtp (Exim 4.96)\n\t(envelope-from <a@example.org>)\n\tid 1pBqXX-0001;\n\tSun, 1"
#define EXCHANGE                                                                                                       \
    " by GW.example.net (10.0.0.1) with Microsoft SMTP Server (TLS) id 15.1; Sun, 1 Jan 2023 00:00:00 +0000"

struct case_ {
    const char *value;
    const char *client; /* NULL: none is named */
    const char *helo;
};

static const struct case_ postfix[] = {
    {"from mx.example.org (mx.example.org [192.0.2.1])" POSTFIX, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (unknown [192.0.2.1])" POSTFIX, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [IPv6:2001:db8::1])" POSTFIX, "2001:db8::1", "mx.example.org"},
    {"from unknown (unknown [192.0.2.1])" POSTFIX, "192.0.2.1", "unknown"},
    {"from [10.0.0.9] (mx.example.org [192.0.2.1])" POSTFIX, "192.0.2.1", "[10.0.0.9]"},
    {"from [IPv6:fd00::9] (unknown [IPv6:2001:db8::1])" POSTFIX, "2001:db8::1", "[IPv6:fd00::9]"},
    {"from mx.example.org (mx.example.org [192.0.2.1])\n\t(using TLSv1.3 with cipher X (256/256 bits)\n\t key-exchange "
     "X25519)\n\t(Client CN \"a [10.0.0.1]\", Issuer \"b\" (verified OK))" POSTFIX,
     "192.0.2.1", "mx.example.org"},
    {"from x;dkim=pass (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"by gw.example.net (Postfix, from userid 0)\n\tid 4ABC; Sun, 1 Jan 2023 00:00:00 +0000 (UTC)", NULL, NULL},
};

static const struct case_ sendmail[] = {
    {"from mx.example.org (mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org ([192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (other.example.org [192.0.2.1] (may be forged))" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org ([192.0.2.1] (may be forged))" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (mx.example.org [IPv6:2001:db8:0:0:0:0:0:1])" SENDMAIL, "2001:db8::1", "mx.example.org"},
    {"from mx.example.org ([IPv6:2001:db8:0:0:0:0:0:1])" SENDMAIL, "2001:db8::1", "mx.example.org"},
    {"from mx.example.org (fred@mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (IDENT:x [10.0.0.1]@mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "mx.example.org"},
    {"(from mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", ""},
    {"(from root@localhost)" SENDMAIL, NULL, NULL},
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
    {"from fred" EXIM, NULL, NULL},
};

static const struct case_ exchange[] = {
    {"from mx.example.org (192.0.2.1)" EXCHANGE, "192.0.2.1", "mx.example.org"},
    {"from mx.example.org (2001:db8::1)" EXCHANGE, "2001:db8::1", "mx.example.org"},
    {"from [10.0.0.9] (192.0.2.1)" EXCHANGE, "192.0.2.1", "[10.0.0.9]"},
    {"from EX01.example.net ([fe80::1%12]) by EX02.example.net ([fe80::2%12]) with mapi id 15.1; Sun, 1", NULL, NULL},
    {"from mx.example.org (::ffff:192.0.2.1)" EXCHANGE, "192.0.2.1", "mx.example.org"},
};

/* What a client says is never taken for what the MTA found out. */
static const struct case_ spoofed[] = {
    {"from mx.example.org ([192.0.2.1] helo=x [10.0.0.1])" EXIM, NULL, NULL},
    {"from mx.example.org ([192.0.2.1] helo=x) ([10.0.0.1]" EXIM, "192.0.2.1", "x"},
    {"from [192.0.2.1] (helo=x [10.0.0.1])" EXIM, NULL, NULL},
    {"from [192.0.2.1] (helo=x ident=y [10.0.0.1])" EXIM, NULL, NULL},
    {"from mx.example.org ([10.0.0.1]x@mx.example.org [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from mx.example.org ([10.0.0.1] x@mx.example.org [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from [10.0.0.1] (mx.example.org [192.0.2.1])" SENDMAIL, "192.0.2.1", "[10.0.0.1]"},
    {"from [10.0.0.1] (helo=x@mx.example.org [192.0.2.1])" SENDMAIL, NULL, NULL},
    {"from x(unknown [10.0.0.1]) (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"from x (y (unknown [192.0.2.1])" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1] [10.0.0.1] x)" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.1" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [192.0.2.256])" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown [unknown])" POSTFIX, NULL, NULL},
    {"from mx.example.org (unknown)" POSTFIX, NULL, NULL},
    {"from mx.example.org ()" POSTFIX, NULL, NULL},
    {"from mx.example.org" POSTFIX, NULL, NULL},
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
        bool is_read = received_parse(cases[i].value, &found);

        if (is_read != (cases[i].client != NULL))
            fail_msg("<%s> was %sread", cases[i].value, is_read ? "" : "not ");
        if (!is_read) {
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

static void nobody_is_spoofed(void **state)
{
    (void)state;
    check(spoofed, COUNT(spoofed));
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
        {FROM " by gw with esmtpsa (TLS1.3) (Exim 4.96); Sun", true},
        {FROM " by gw with asmtp (Exim 4.96); Sun", true},
        {FROM " by gw with UTF8SMTPSA id 4; Sun", true},
        {FROM " by gw with ESMTPS id 4; Sun", false},
        {FROM " by gw with Microsoft SMTP Server id 4; Sun", false},
        {FROM " by gw (with ESMTPA) with ESMTP id 4; Sun", false},
        {FROM " by gw; with ESMTPA", false},
        {FROM " by gw with", false},
        {FROM "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct received found;

        assert_true(received_parse(cases[i].value, &found));
        if (found.authenticated != cases[i].authenticated)
            fail_msg("<%s>", cases[i].value);
    }
}

static void a_helo_name_is_whole_or_none(void **state)
{
    char helo[300], value[400];
    struct received found;

    (void)state;
    for (size_t len = 254; len < 258; len++) {
        memset(helo, 'h', len);
        helo[len] = '\0';
        snprintf(value, sizeof(value), "from %s (x [192.0.2.1])", helo);
        assert_true(received_parse(value, &found));
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
        cmocka_unit_test(nobody_is_spoofed),
        cmocka_unit_test(logins_are_seen),
        cmocka_unit_test(a_helo_name_is_whole_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
