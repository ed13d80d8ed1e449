/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Senders and recipients as MTAs use them. The tables were seen on a Postfix 3.7 and a Sendmail 8.17 that are
 * mx.receiver.example and have local.example for one of their own: what the client wrote, what the macro said, and the
 * address that the message was sent on with. */
#include "mail/envelope.h"

#include "support/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

struct seen {
    const char *argument, *mail_addr;
    const char *text; /* NULL: the null sender */
};

/* clang-format off */
static const struct seen on_postfix[] = {
    {"<>", "MAILER-DAEMON", NULL},
    {"", "mailer-daemon@mx.receiver.example", NULL},
    {"<a%fail.example@[127.0.0.1]>", "a@fail.example", "a%fail.example@[127.0.0.1]"},
    {"<\"a%fail.example\"@receiver.example>", "a%fail.example@receiver.example", "\"a%fail.example\"@receiver.example"},
    {"<\"a\"@fail.example>", "a@fail.example", "\"a\"@fail.example"},
    {"<.a@fail.example>", "\".a\"@fail.example", ".a@fail.example"},
    {"<a.@fail.example>", "\"a.\"@fail.example", "a.@fail.example"},
    {"<a..b@fail.example>", "\"a..b\"@fail.example", "a..b@fail.example"},
    {"\"a\"@fail.example", "a@fail.example", "\"a\"@fail.example"},
    {"<\"a\"@local.example>", "a@local.example", "\"a\"@local.example"},
    {"<a%fail.example@local.example>", "a@fail.example", "a%fail.example@local.example"},
    {"<a%fail.example@local.example;>", "a@fail.example", "a%fail.example@local.example"},
    {"<a%fail.example%local.example>", "a@fail.example", "a%fail.example@local.example"},
    {"<fail.example!a@local.example>", "a@fail.example", "fail.example!a@local.example"},
    {"<local.example!fail.example!a>", "a@fail.example", "fail.example!a@local.example"},
    {"<\"a@fail.example\"@local.example>", "a@fail.example", "\"a@fail.example\"@local.example"},
    {"<\"a%fail.example\"@local.example>", "a@fail.example", "\"a%fail.example\"@local.example"},
    {"<\"fail.example!a\"@local.example>", "a@fail.example", "\"fail.example!a\"@local.example"},
    {"<\"fail.example!a\"@pass.example>", "fail.example!a@pass.example", "\"fail.example!a\"@pass.example"},
    {"<\"a\\@fail.example\"@local.example>", "a@fail.example", "\"a\\@fail.example\"@local.example"},
    {"<\"a @ fail.example\"@local.example>", "\"a \"@fail.example", "\"a @ fail.example\"@local.example"},
    {"<\"a%fail.example\"@localhost>", "a@fail.example", "\"a%fail.example\"@localhost"},
    {"<a\\@fail.example@local.example>", "a@fail.example", "\"a@fail.example\"@local.example"},
    {"<\"a@fail.example\"@[127.0.0.1]>", "a@fail.example", "\"a@fail.example\"@[127.0.0.1]"},
    {"<a@fail.example@local.example>", "a@fail.example", "\"a@fail.example\"@local.example"},
    {"<@local.example>", "mailer-daemon@local.example", "\"\"@local.example"},
    {"<\"\"@local.example>", "mailer-daemon@local.example", "\"\"@local.example"},
    {"<%local.example>", "mailer-daemon@local.example", "\"\"@local.example"},
    {"<\"+x\"@local.example>", "+x@local.example", "\"+x\"@local.example"},
    {"<a@fa\xC3\x9F.test>", "a@fass.test", "a@fa\xC3\x9F.test"},
    {"<a@FA\xC3\x9F.test>", "a@fass.test", "a@FA\xC3\x9F.test"},
    {"<a@fa\xE1\xBA\x9E.test>", "a@fass.test", "a@fa\xE1\xBA\x9E.test"},
    {"<a@\xCF\x82.test>", "a@\xCF\x83.test", "a@\xCF\x82.test"},
    {"<a@\xEF\xAC\x81.test>", "a@fi.test", "a@\xEF\xAC\x81.test"},
    {"<a@pa\xC5\xBF\xC5\xBF.example>", "a@pass.example", "a@pa\xC5\xBF\xC5\xBF.example"},
    {"<\xE1\xBA\x9E@fail.example>", "ss@fail.example", "\xE1\xBA\x9E@fail.example"},
    {"<\"\xC3\xBC\"@fail.example>", "\xC3\xBC@fail.example", "\"\xC3\xBC\"@fail.example"},
    {"<a\x01" "b@fail.example>", "\"a\x01" "b\"@fail.example", "a\?b@fail.example"},
    {"<a\x7F" "b@fail.example>", "\"a\x7F" "b\"@fail.example", "a\?b@fail.example"},
    {"<\x01>", "\"\x01\"@receiver.example", "\?@receiver.example"},
    {"<\x01@fail.example>", "\"\x01\"@fail.example", "\?@fail.example"},
    {"<\"a\x01\"@fail.example>", "\"a\x01\"@fail.example", "a\?@fail.example"},
    {"<a@fail.example;>", "a@fail.example", "a@fail.example"},
    {"<\"a@fail.example\">", "a@fail.example", "a@fail.example"},
    {"<;>", "", NULL},
    {"<>", "", NULL},
    {"<,>", "", NULL},
    {"<:>", "\":\"@receiver.example", "\":\"@receiver.example"},
    {"<:;>", "", NULL},
    {"<x:;>", "", NULL},
    {"<x:a@fail.example;>", "a@fail.example", "a@fail.example"},
    {"<x: a@fail.example ;>", "a@fail.example", "a@fail.example"},
    {"<x@pass.example:a@fail.example;>", "a@fail.example", "a@fail.example"},
    {"<x@pass.example:a@fail.example>", "\"x@pass.example:a\"@fail.example", "\"x@pass.example:a\"@fail.example"},
    {"<a\\@fail.example>", "a@fail.example", "a@fail.example"},
    {"<a\\@pass.example@fail.example>", "\"a@pass.example\"@fail.example", "\"a@pass.example\"@fail.example"},
    {"<\"alice\">", "alice@receiver.example", "alice@receiver.example"},
    {"<@pass.example:a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<@pass.example,@x.example:a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<\"\"@pass.example>", "\"\"@pass.example", "\"\"@pass.example"},
    {"<@fail.example>", "\"\"@fail.example", "\"\"@fail.example"},
    {"<\"\">", "", NULL},
    {"<fail.example!a>", "a@fail.example", "a@fail.example"},
    {"<a%pass.example@fail.example>", "a%pass.example@fail.example", "a%pass.example@fail.example"},
    {"<a%fail.example@mx.receiver.example>", "a%fail.example@mx.receiver.example", "a%fail.example@mx.receiver.example"},
    {"<fail.example!a@receiver.example>", "fail.example!a@receiver.example", "fail.example!a@receiver.example"},
    {"<a@fail.example@mx.receiver.example>", "\"a@fail.example\"@mx.receiver.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<\"a@fail.example\"@receiver.example>", "\"a@fail.example\"@receiver.example", "\"a@fail.example\"@receiver.example"},
    {"<\"a b\"@fail.example>", "\"a b\"@fail.example", "\"a b\"@fail.example"},
    {"<\"a>b\"@fail.example>", "\"a>b\"@fail.example", "\"a>b\"@fail.example"},
    {"<a @fail.example>", "a@fail.example", "a@fail.example"},
    {"<a@fail .example>", "a@fail.example", "a@fail.example"},
    {"< a@fail.example >", "a@fail.example", "a@fail.example"},
    {"<a@(c)fail.example>", "a@fail.example", "a@fail.example"},
    {"<a@fail.example(c)>", "a@fail.example", "a@fail.example"},
    {"<(a@pass.example)a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<(c)>", "", NULL},
    {"<a@fail.example,>", "a@fail.example", "a@fail.example"},
    {"<;a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<a:b@fail.example>", "\"a:b\"@fail.example", "\"a:b\"@fail.example"},
    {"<<a@fail.example>>", "a@fail.example", "a@fail.example"},
    {"a@fail.example;", "a@fail.example", "a@fail.example"},
    {"x:a@fail.example;", "a@fail.example", "a@fail.example"},
    {";", "", NULL},
    {"<a@fail\\.example>", "a@fail.example", "a@fail.example"},
    {"<a@\"fail.example\">", "a@fail.example", "a@fail.example"},
    {"<a\\b@fail.example>", "ab@fail.example", "ab@fail.example"},
    {"<a@@fail.example>", "\"a@\"@fail.example", "\"a@\"@fail.example"},
    {"<a%b%fail.example>", "a%b@fail.example", "a%b@fail.example"},
    {"<fail.example!>", "\"\"@fail.example", "\"\"@fail.example"},
    {"<a\\%fail.example>", "a@fail.example", "a@fail.example"},
    {"<a%fail.example;>", "a@fail.example", "a@fail.example"},
    {"<\"a%fail.example\">", "a@fail.example", "a@fail.example"},
    {"<\"@fail.example\">", "\"\"@fail.example", "\"\"@fail.example"},
    {"<\"a\\@fail.example\">", "a@fail.example", "a@fail.example"},
    {"<@pass.example:>", "", NULL},
    {"<@fail.example:;>", "", NULL},
    {"<@pass.example:@fail.example:a>", "a@receiver.example", "a@receiver.example"},
    {"<@pass.example:a@x.example:b@fail.example>", "\"a@x.example:b\"@fail.example", "\"a@x.example:b\"@fail.example"},
    {"<@pass.example:a%fail.example>", "a@fail.example", "a@fail.example"},
    {"<@pass.example@fail.example>", "\"@pass.example\"@fail.example", "\"@pass.example\"@fail.example"},
};

static const struct seen on_sendmail[] = {
    {"<\"a@fail.example\">", "a@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<,>", ",", "\",\"@mx.receiver.example"},
    {"<:>", ":", "\":\"@mx.receiver.example"},
    {"<:;>", ":", "\":\"@mx.receiver.example"},
    {"<x:a@fail.example;>", "x:a@fail.example", "\"x:a\"@fail.example"},
    {"<x: a@fail.example ;>", "x:a@fail.example", "\"x:a\"@fail.example"},
    {"<x:a@fail.example>", "x:a@fail.example", "\"x:a\"@fail.example"},
    {"<a\\@fail.example>", "a\\@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<a\\@fail.example@pass.example>", "a\\@fail.example@pass.example", "\"a@fail.example\"@pass.example"},
    {"<a\\@pass.example@fail.example>", "a\\@pass.example@fail.example", "\"a@pass.example\"@fail.example"},
    {"<alice>", "alice", "alice@mx.receiver.example"},
    {"<\"alice\">", "alice", "alice@mx.receiver.example"},
    {"<@fail.example:alice>", "alice", "alice@mx.receiver.example"},
    {"<a%fail.example@mx.receiver.example>", "a@fail.example", "a%fail.example@mx.receiver.example"},
    {"<a%fail.example@[127.0.0.1]>", "a@fail.example", "a%fail.example@mx.receiver.example"},
    {"<a%fail.example@localhost>", "a@fail.example", "a%fail.example@mx.receiver.example"},
    {"<fail.example!a@mx.receiver.example>", "a@fail.example", "fail.example!a@mx.receiver.example"},
    {"<\"a@fail.example\"@mx.receiver.example>", "a@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<;a@fail.example>", ";a@fail.example", "\";a\"@fail.example"},
    {"<:a@fail.example>", ":a@fail.example", "\":a\"@fail.example"},
    {"<a:b@fail.example>", "a:b@fail.example", "\"a:b\"@fail.example"},
    {"alice", "alice", "alice@mx.receiver.example"},
    {"<a@fail\\.example>", "a@fail\\.example", "a@fail.example"},
    {"<a@f\\ail.example>", "a@f\\ail.example", "a@fail.example"},
    {"<a@\"fail.example\">", "a@\"fail.example\"", "a@fail.example"},
    {"<a@\"fail\".example>", "a@\"fail\".example", "a@fail.example"},
    {"<a\"b\"@fail.example>", "a\"b\"@fail.example", "ab@fail.example"},
    {"<\"a\"\"b\"@fail.example>", "\"a\"\"b\"@fail.example", "ab@fail.example"},
    {"<\"a\" \"b\"@fail.example>", "\"a\"\"b\"@fail.example", "ab@fail.example"},
    {"<\"a\"b@fail.example>", "\"a\"b@fail.example", "ab@fail.example"},
    {"<a\\b@fail.example>", "a\\b@fail.example", "ab@fail.example"},
    {"<a\\ b@fail.example>", "a\\ b@fail.example", "\"a b\"@fail.example"},
    {"<a@fail.example\"\">", "a@fail.example\"\"", "a@fail.example"},
    {"<a@fail.example\"\"b>", "a@fail.example\"\"b", "a@fail.exampleb"},
    {"<!fail.example>", "!fail.example", "!fail.example@mx.receiver.example"},
    {"<fail.example!>", "fail.example!", "fail.example!@mx.receiver.example"},
    {"<a\\%fail.example>", "a\\%fail.example", "a%fail.example@mx.receiver.example"},
    {"<\"a%fail.example\">", "a@fail.example", "a%fail.example@mx.receiver.example"},
    {"<\"fail.example!a\">", "a@fail.example", "fail.example!a@mx.receiver.example"},
    {"<\"a@fail.example;\">", "a@fail.example", "\"a@fail.example;\"@mx.receiver.example"},
    {"<\"a@fail.example>\">", "\"a@fail.example>\"", "\"a@fail.example>\"@mx.receiver.example"},
    {"<\"a@fail.example\" >", "a@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<\"<a@fail.example>\">", "a@fail.example", "\"<a@fail.example>\"@mx.receiver.example"},
    {"<\"a\\@fail.example\">", "a\\@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<\"a\"@\"fail.example\">", "\"a\"@\"fail.example\"", "a@fail.example"},
    {"<@pass.example:@fail.example:a>", "a", "a@mx.receiver.example"},
    {"<@pass.example:\"a@fail.example\">", "a@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<@pass.example:alice>", "alice", "alice@mx.receiver.example"},
    {"<a:@fail.example>", "a:@fail.example", "\"a:\"@fail.example"},
    {"<a;@fail.example>", "a;@fail.example", "\"a;\"@fail.example"},
    {"<MAILER-DAEMON>", "mailer-daemon", "MAILER-DAEMON@mx.receiver.example"},
    {"<postmaster>", "postmaster", "postmaster@mx.receiver.example"},
    {"<a@mx.receiver.example>", "a", "a@mx.receiver.example"},
    {"<a@localhost>", "a", "a@mx.receiver.example"},
    {"<a@local.example>", "a", "a@local.example"},
    {"<A@LOCAL.example>", "a", "A@LOCAL.example"},
    {"<a@local.example.>", "a", "a@local.example"},
    {"<a@local.example;>", "a", "a@local.example"},
    {"<a%local.example>", "a", "a@local.example"},
    {"<a%local.example;>", "a", "a@local.example"},
    {"<local.example!a>", "a", "a@local.example"},
    {"<\"a@local.example\">", "a", "\"a@local.example\"@mx.receiver.example"},
    {"<x:a@local.example;>", "x:a", "\"x:a\"@local.example"},
    {"<x:a@local.example>", "x:a", "\"x:a\"@local.example"},
    {"<\"a\"@local.example>", "a", "\"a\"@local.example"},
    {"<\"a b\"@local.example>", "\"a b\"", "\"a b\"@local.example"},
    {"<a b@local.example>", "a.b", "a.b@local.example"},
    {"<a\\@local.example>", "a\\@local.example", "\"a@local.example\"@mx.receiver.example"},
    {"<a%fail.example@local.example>", "a@fail.example", "a%fail.example@local.example"},
    {"<a%fail.example@local.example;>", "a@fail.example", "a%fail.example@local.example"},
    {"<a%fail.example%local.example>", "a@fail.example", "a%fail.example@local.example"},
    {"<fail.example!a@local.example>", "a@fail.example", "fail.example!a@local.example"},
    {"<local.example!fail.example!a>", "a@fail.example", "fail.example!a@local.example"},
    {"<\"a@fail.example\"@local.example>", "a@fail.example", "\"a@fail.example\"@local.example"},
    {"<\"a%fail.example\"@local.example>", "a@fail.example", "\"a%fail.example\"@local.example"},
    {"<\"fail.example!a\"@local.example>", "a@fail.example", "\"fail.example!a\"@local.example"},
    {"<\"a\\@fail.example\"@local.example>", "a\\@fail.example", "\"a\\@fail.example\"@local.example"},
    {"<\"a @ fail.example\"@local.example>", "\"a @ fail.example\"", "\"a @ fail.example\"@local.example"},
    {"<\"a @ fail.example\">", "\"a @ fail.example\"", "\"a @ fail.example\"@mx.receiver.example"},
    {"<\"a%fail.example\"@localhost>", "a@fail.example", "a%fail.example@mx.receiver.example"},
    {"<a\\@fail.example@local.example>", "a\\@fail.example", "\"a@fail.example\"@local.example"},
    {"<@fail.example:a@local.example>", "a", "a@local.example"},
    {"<@local.example:\"a@fail.example\">", "a@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<a@localhost.receiver.example>", "a", "a@mx.receiver.example"},
    {"<a%fail.example@localhost.receiver.example>", "a@fail.example", "a%fail.example@mx.receiver.example"},
    {"<a@[127.0.0.1]>", "a", "a@mx.receiver.example"},
    {"<\"a@fail.example\"@[127.0.0.1]>", "a@fail.example", "\"a@fail.example\"@mx.receiver.example"},
    {"<a@fail.example@>", "a@fail.example@", "a@fail.example"},
    {"<a@local.example@>", "a@local.example@", "a@local.example"},
    {"<fail.example::a>", "fail.example::a", "\"fail.example::a\"@mx.receiver.example"},
    {"<fail::a>", "fail::a", "\"fail::a\"@mx.receiver.example"},
    {"<a@mx.receiver.example;>", "a", "a@mx.receiver.example"},
    {"<a%mx.receiver.example>", "a", "a@mx.receiver.example"},
    {"<MAILER-DAEMON@mx.receiver.example>", "mailer-daemon", "MAILER-DAEMON@mx.receiver.example"},
    {"<mailer-daemon@local.example>", "mailer-daemon", "mailer-daemon@local.example"},
    {"<\"MAILER-DAEMON\">", "mailer-daemon", "MAILER-DAEMON@mx.receiver.example"},
    {"<mailer-daemon;>", "mailer-daemon", "mailer-daemon@mx.receiver.example"},
    {"<a+b@local.example>", "a", "a+b@local.example"},
    {"<\"a\"(c)@fail.example>", "\"a\"@fail.example", "a@fail.example"},
    {"<a.\"b\".c@fail.example>", "a.\"b\".c@fail.example", "a.b.c@fail.example"},
    {"<a@fail.example;>", "a@fail.example", "a@fail.example"},
    {"<;>", "", NULL},
    {"<>", "", NULL},
    {"<@pass.example:a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<@pass.example,@x.example:a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<\"\"@fail.example>", "\"\"@fail.example", "\"\"@fail.example"},
    {"<pass.example!a@fail.example>", "pass.example!a@fail.example", "pass.example!a@fail.example"},
    {"<a%fail.example@receiver.example>", "a%fail.example@receiver.example", "a%fail.example@receiver.example"},
    {"<\"a@fail.example\"@receiver.example>", "\"a@fail.example\"@receiver.example", "\"a@fail.example\"@receiver.example"},
    {"<\"a@fail.example\"@pass.example>", "\"a@fail.example\"@pass.example", "\"a@fail.example\"@pass.example"},
    {"<\"a b\"@fail.example>", "\"a b\"@fail.example", "\"a b\"@fail.example"},
    {"<\"a>b\"@fail.example>", "\"a>b\"@fail.example", "\"a>b\"@fail.example"},
    {"<a @fail.example>", "a@fail.example", "a@fail.example"},
    {"<a@fail .example>", "a@fail.example", "a@fail.example"},
    {"< a@fail.example >", "a@fail.example", "a@fail.example"},
    {"<a(c)@fail.example>", "a@fail.example", "a@fail.example"},
    {"<a@fail(c).example>", "a@fail.example", "a@fail.example"},
    {"<(c)a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<a@fail.example(@pass.example)>", "a@fail.example", "a@fail.example"},
    {"<(c)>", "", NULL},
    {"<a@fail.example>(c)", "a@fail.example", "a@fail.example"},
    {"<<a@fail.example>>", "a@fail.example", "a@fail.example"},
    {"a@fail.example;", "a@fail.example", "a@fail.example"},
    {"\"a\"@fail.example", "\"a\"@fail.example", "\"a\"@fail.example"},
    {"x:a@fail.example;", "a@fail.example", "a@fail.example"},
    {"<a@[fail.example]>", "a@[fail.example]", "a@[fail.example]"},
    {"<a@[fail.example>", "a@[fail.example", "a@[fail.example"},
    {"<a@-fail.example>", "a@-fail.example", "a@-fail.example"},
    {"<a@fail.example\?x>", "a@fail.example\?x", "a@fail.example\?x"},
    {"<a@fail.example%pass.example>", "a@fail.example%pass.example", "a@fail.example%pass.example"},
    {"<a@pass.example!fail.example>", "a@pass.example!fail.example", "a@pass.example!fail.example"},
    {"<a%b%fail.example>", "a%b@fail.example", "a%b@fail.example"},
    {"<%>", "", NULL},
    {"<fail.example!a%pass.example>", "a%pass.example@fail.example", "a%pass.example@fail.example"},
    {"<a%fail.example;>", "a@fail.example", "a@fail.example"},
    {"<@pass.example,a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<@pass.example:a%fail.example>", "a@fail.example", "a@fail.example"},
    {"</a@fail.example>", "/a@fail.example", "/a@fail.example"},
    {"<fail.example!a%local.example>", "a%local.example@fail.example", "a%local.example@fail.example"},
    {"<\"fail.example!a\"@pass.example>", "\"fail.example!a\"@pass.example", "\"fail.example!a\"@pass.example"},
    {"<@local.example:a%fail.example>", "a@fail.example", "a@fail.example"},
    {"<a%fail>", "a@fail", "a@fail"},
    {"<a!b!c>", "a!b!c@mx.receiver.example", "a!b!c@mx.receiver.example"},
    {"<MAILER-DAEMON@receiver.example>", "MAILER-DAEMON@receiver.example", "MAILER-DAEMON@receiver.example"},
    {"<a@fail.example (c) >", "a@fail.example", "a@fail.example"},
    {"<(c\\)) a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<@a,@b,@c:a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<@[1.2.3.4]:a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<@\"x:y\":a@fail.example>", "a@fail.example", "a@fail.example"},
    {"<a@fail.example;;>", "a@fail.example", "a@fail.example"},
    {"<<>>", "", NULL},
    {"<x<>>", "", NULL},
    {"<x <a@fail.example>>", "a@fail.example", "a@fail.example"},
    {"<\"x@y\"<a@fail.example>>", "a@fail.example", "a@fail.example"},
    {"<a@pass.example <b@fail.example>>", "b@fail.example", "b@fail.example"},
    {"<<a@pass.example>,<b@fail.example>>", "b@fail.example", "b@fail.example"},
    {"<x:<a@fail.example>;>", "a@fail.example", "a@fail.example"},
    {"<<a%fail.example>>", "a@fail.example", "a@fail.example"},
    {"<@pass.example:<a@fail.example>>", "a@fail.example", "a@fail.example"},
};
/* clang-format on */

static bool is_set(enum address_status status)
{
    return status == ADDRESS_OK || status == ADDRESS_LOCAL_TOO_LONG;
}

static void check_sender(const char *argument, const struct envelope_mta *mta, const char *text)
{
    struct address address = {.text = NULL};
    enum address_status status = envelope_sender(argument, mta, &address);

    if (status != (text == NULL ? ADDRESS_NULL : ADDRESS_OK) || (text != NULL && strcmp(address.text, text) != 0))
        fail_msg("%s (%s) is %s, not %s", argument, mta->address != NULL ? mta->address : "-",
                 address.text != NULL ? address.text : "no address", text != NULL ? text : "the null sender");
    address_free(&address);
}

static void reads_senders_as_postfix_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(on_postfix); i++) {
        struct envelope_mta mta = {.address = on_postfix[i].mail_addr, .name = "mx.receiver.example"};

        check_sender(on_postfix[i].argument, &mta, on_postfix[i].text);
    }
}

static void reads_senders_as_sendmail_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(on_sendmail); i++) {
        struct envelope_mta mta = {
            .address = on_sendmail[i].mail_addr, .name = "mx.receiver.example", .is_sendmail = true};

        check_sender(on_sendmail[i].argument, &mta, on_sendmail[i].text);
    }
}

/* What an MTA looks up in its tables is where mail to the address goes, not the address. */
static void leaves_aliases_alone(void **state)
{
    struct envelope_mta mta = {.address = "jane@elsewhere.test", .name = "mx.receiver.example", .is_sendmail = true};

    (void)state;
    check_sender("<info@virtual.test>", &mta, "info@virtual.test");
    check_sender("<info@virtual.test;>", &mta, "info@virtual.test");
    mta.address = "jane";
    check_sender("<info@virtual.test>", &mta, "info@virtual.test");
    check_sender("<info@virtual.test;>", &mta, "info@virtual.test");
}

/* What Sendmail puts its own name after is a local part, whatever we read in it. */
static void takes_what_is_at_the_name_of_sendmail(void **state)
{
    struct envelope_mta mta = {.name = "mx.receiver.example", .is_sendmail = true};

    (void)state;
    mta.address = "fail.example!a@mx.receiver.example";
    check_sender("<fail.example!a>", &mta, "fail.example!a@mx.receiver.example");
    mta.address = "jane@mx.receiver.example"; /* an alias */
    check_sender("<fail.example!a>", &mta, "a@fail.example");
}

/* An MTA that says nothing, or nothing of use. */
static void does_without_the_mta(void **state)
{
    struct envelope_mta mta = {.address = NULL, .name = "mx.receiver.example"};

    (void)state;
    check_sender("<a@x.test>", &mta, "a@x.test");
    check_sender("<a@x.test;>", &mta, "a@x.test");
    check_sender("<a%x.test>", &mta, "a@x.test");
    check_sender("<\"a@x.test\">", &mta, "\"a@x.test\"@mx.receiver.example");
    check_sender("<alice>", &mta, "alice@mx.receiver.example");
    check_sender("<;>", &mta, NULL);
    check_sender("", &mta, NULL);
    mta.address = "";
    check_sender("<a@x.test>", &mta, "a@x.test");
    check_sender("", &mta, NULL);
    mta.address = "\"";
    check_sender("<a@x.test;>", &mta, "a@x.test");
    check_sender("<>", &mta, NULL);
    mta = (struct envelope_mta){.address = NULL};
    check_sender("<alice>", &mta, "alice");
}

static void keeps_the_case_of_what_was_written(void **state)
{
    struct envelope_mta mta = {.address = "friend@b\xC3\xBC.test", .name = "mx.receiver.example"};

    (void)state;
    check_sender("<Friend@B\xC3\x9C.TEST>", &mta, "Friend@B\xC3\x9C.TEST");
    check_sender("<Friend@B\xC3\x9C.TEST;>", &mta, "Friend@B\xC3\x9C.TEST");
    check_sender("<Friend@xn--b-wga.test>", &mta, "Friend@xn--b-wga.test");
    mta.address = "a@fass.test"; /* what Postfix makes of sharp s, and never sends */
    check_sender("<a@fa\xC3\x9F.test>", &mta, "a@fa\xC3\x9F.test");
    check_sender("<a@fa\xC3\x9F.test;>", &mta, "a@fa\xC3\x9F.test");
}

static void says_what_is_malformed(void **state)
{
    struct envelope_mta mta = {.address = NULL};
    struct address address;

    (void)state;
    assert_int_equal(envelope_sender("<\"a@x.test>", &mta, &address), ADDRESS_MALFORMED);
    assert_string_equal(address.text, "\"<\\\"a@x.test>\"");
    assert_string_equal(address.domain, "");
    address_free(&address);
    mta.address = "a@x.test";
    check_sender("<\"a@x.test>", &mta, "a@x.test");
}

static void says_what_is_long(void **state)
{
    static const char argument[] = "<0123456789012345678901234567890123456789012345678901234567890123456789@x.test;>";
    struct envelope_mta mta = {.address = NULL};
    struct address address;

    (void)state;
    assert_int_equal(envelope_sender(argument, &mta, &address), ADDRESS_LOCAL_TOO_LONG);
    assert_string_equal(address.domain, "x.test");
    address_free(&address);
}

static void knows_sendmail(void **state)
{
    (void)state;
    assert_true(envelope_is_sendmail("8.17.1.9"));
    assert_false(envelope_is_sendmail("Postfix 3.7.11"));
    assert_false(envelope_is_sendmail(""));
    assert_false(envelope_is_sendmail(NULL));
}

static const struct {
    const char *argument, *rcpt_addr;
    bool is_sendmail;
    const char *readings; /* NULL: malformed */
    const char *bare;
} recipients[] = {
    {"<u@x.test>", "u@x.test", false, "u@x.test", NULL},
    {"<U@x.test>", NULL, false, "U@x.test", NULL},
    {"<u@virtual.test>", "jane", true, "u@virtual.test", NULL},
    {"<u@x.test;>", "u@x.test", false, "u@x.test u@x.test", "u@x.test"},
    {"<u@x.test;>", NULL, false, "u@x.test", "u@x.test"},
    {"<g:u@x.test;>", "g:u@x.test", true, "u@x.test \"g:u\"@x.test", NULL},
    {"<u%x.test>", "u@x.test", false, "u@x.test u@x.test", "u%x.test"},
    {"<\"u@x.test\">", "u@x.test", false, "u@x.test u@x.test", "\"u@x.test\""},
    {"<\"u@x.test\">", "u@x.test", true, "u@x.test", NULL},
    {"<u%x.test@local.example>", "u@x.test", false, "u%x.test@local.example u@x.test u@x.test",
     "u%x.test@local.example"},
    {"<u%x.test@local.example>", NULL, false, "u%x.test@local.example u@x.test", "u%x.test@local.example"},
    {"<u%x.test%y.test@local.example>", "u", true, "u%x.test%y.test@local.example u@x.test u@x.test", NULL},
    {"<u@local.example;>", "u", true, "u@local.example u@local.example", NULL},
    {"<u>", "u@receiver.example", false, "u@receiver.example", "u"},
    {"<u>", "u", true, "u@mx.receiver.example", NULL},
    {"<u>", NULL, false, "u@mx.receiver.example", "u"},
    {"<\"u>", "u@x.test", false, "u@x.test", NULL},
    {"<\"u>", NULL, false, NULL, NULL},
    {"<>", NULL, false, NULL, NULL},
};

static void join_readings(const struct envelope_recipient *recipient, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < recipient->count; i++)
        snprintf(out + strlen(out), size - strlen(out), "%s%s", i > 0 ? " " : "", recipient->readings[i].text);
}

static void reads_recipients(void **state)
{
    char readings[400];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(recipients); i++) {
        struct envelope_mta mta = {.address = recipients[i].rcpt_addr,
                                   .name = "mx.receiver.example",
                                   .is_sendmail = recipients[i].is_sendmail};
        struct envelope_recipient recipient = {.count = 0};
        enum address_status status = envelope_recipient(recipients[i].argument, &mta, &recipient);

        print_message("%s\n", recipients[i].argument);
        assert_int_equal(is_set(status), recipients[i].readings != NULL);
        join_readings(&recipient, readings, sizeof readings);
        assert_string_equal(readings, recipients[i].readings != NULL ? recipients[i].readings : "");
        assert_string_equal(recipient.bare != NULL ? recipient.bare : "-",
                            recipients[i].bare != NULL ? recipients[i].bare : "-");
        envelope_recipient_free(&recipient);
    }
}

static void survives_no_memory(void **state)
{
    struct envelope_mta mta = {.address = "u@x.test", .name = "mx.receiver.example"};

    (void)state;
    for (unsigned n = 1, happened = 1; happened; n++) {
        struct envelope_recipient recipient = {.count = 0};
        struct address address = {.text = NULL};

        alloc_fail_at(n);
        enum address_status sender = envelope_sender("<u%x.test@local.example;>", &mta, &address);
        bool sender_happened = alloc_fail_happened();
        alloc_fail_at(n);
        enum address_status status = envelope_recipient("<u%x.test@local.example;>", &mta, &recipient);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        assert_true(sender == ADDRESS_OK || (sender == ADDRESS_NO_MEMORY && sender_happened));
        if (sender == ADDRESS_OK)
            assert_string_equal(address.text, "u%x.test@local.example");
        assert_int_equal(status, happened ? ADDRESS_NO_MEMORY : ADDRESS_OK);
        address_free(&address);
        envelope_recipient_free(&recipient);
    }
}

/* What an MTA says of an address is followed with less memory as with enough, or it is said that there was none. */
static void check_without_memory(const struct seen *seen, bool is_sendmail)
{
    struct envelope_mta mta = {.address = seen->mail_addr, .name = "mx.receiver.example", .is_sendmail = is_sendmail};

    for (unsigned n = 1, happened = 1; happened; n++) {
        struct address address = {.text = NULL};

        alloc_fail_at(n);
        enum address_status status = envelope_sender(seen->argument, &mta, &address);
        happened = alloc_fail_happened();
        alloc_fail_at(0);
        if (status != ADDRESS_NO_MEMORY &&
            strcmp(address.text != NULL ? address.text : "", seen->text != NULL ? seen->text : "") != 0)
            fail_msg("%s (%s) is %s without memory", seen->argument, seen->mail_addr, address.text);
        assert_true(status != ADDRESS_NO_MEMORY || happened);
        address_free(&address);
    }
}

static void senders_need_memory(void **state)
{
    static const struct seen routed_twice = {"<\"\\\"a@b.exa\\\\mple\\\"@c.example\"@fail.example@>", "a@b.example",
                                             "\"\\\"a@b.exa\\\\mple\\\"@c.example\"@fail.example"};

    (void)state;
    check_without_memory(&routed_twice, false);
    for (size_t i = 0; i < ARRAY_SIZE(on_postfix); i++)
        check_without_memory(&on_postfix[i], false);
    for (size_t i = 0; i < ARRAY_SIZE(on_sendmail); i++)
        check_without_memory(&on_sendmail[i], true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_senders_as_postfix_does),
        cmocka_unit_test(reads_senders_as_sendmail_does),
        cmocka_unit_test(leaves_aliases_alone),
        cmocka_unit_test(takes_what_is_at_the_name_of_sendmail),
        cmocka_unit_test(does_without_the_mta),
        cmocka_unit_test(keeps_the_case_of_what_was_written),
        cmocka_unit_test(says_what_is_malformed),
        cmocka_unit_test(says_what_is_long),
        cmocka_unit_test(knows_sendmail),
        cmocka_unit_test(reads_recipients),
        cmocka_unit_test(survives_no_memory),
        cmocka_unit_test(senders_need_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
