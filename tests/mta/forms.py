# SPDX-License-Identifier: GPL-2.0-or-later
"""Forms in which a client may write an address: those that were found to matter, and any number made up at random."""

import random

# Each is what stands after MAIL FROM:.
SENDERS = r"""
<a@fail.example>
<A@FAIL.Example>
<a@fail.example;>
<a@fail.example;;>
<;a@fail.example>
<,a@fail.example>
<a@fail.example,>
<a%fail.example>
<a%fail.example;>
<"a@fail.example">
<"a%fail.example">
<"a@fail.example" >
<fail.example!a>
<fail.example!pass.example!a>
<pass.example!a@fail.example>
<a%pass.example@fail.example>
<a%pass.example@local.example>
<a%pass.example@local.example;>
<"a@pass.example"@local.example>
<pass.example!a@local.example>
<local.example!pass.example!a>
<a%pass.example%local.example>
<a@local.example>
<a@local.example;>
<a%local.example>
<a@mx.receiver.example>
<a%pass.example@mx.receiver.example>
<a@localhost>
<a@[127.0.0.1]>
<a%pass.example@localhost>
<a@pass.example.uucp>
<a\@pass.example>
<a\@pass.example@fail.example>
<a\%pass.example>
<"a\@pass.example">
<"pass.example!a">
<x:a@fail.example;>
<x:a@fail.example>
<x:y:a@fail.example;>
<x@pass.example:a@fail.example;>
<@pass.example:a@fail.example>
<@fail.example:a@pass.example>
<@pass.example,@none.example:a@fail.example>
<@pass.example:@none.example:a@fail.example>
<@pass.example:"a@fail.example">
<@pass.example:alice>
<@fail.example>
<""@fail.example>
<%fail.example>
<a@fail.example@>
<a@pass.example@fail.example>
<a@fail.example.>
<a @ fail . example>
<a(c)@fail(d).example(@pass.example)>
<(a@pass.example)a@fail.example>
<a b@fail.example>
<a@"fail.example">
<a@fail\.example>
<a\b@fail.example>
<Phrase <a@fail.example>>
<<a@fail.example>>
<a@pass.example <a@fail.example>>
<<a@pass.example>,<a@fail.example>>
a@fail.example
a@fail.example;
a%fail.example
x:a@fail.example;
;a@fail.example
"a@fail.example"
a@pass.example<a@fail.example>
alice
<alice>
<"alice">
<postmaster>
<MAILER-DAEMON>
<>
<;>
<,>
<:;>
<x:;>
<%>
<"">
<(c)>
<@pass.example:>
""".strip().split("\n")

# Each is what stands after RCPT TO:, for boss@receiver.example.
RECIPIENTS = r"""
<boss@receiver.example>
<BOSS@receiver.EXAMPLE>
<boss@receiver.example;>
<boss%receiver.example>
<boss%receiver.example;>
<"boss@receiver.example">
<"boss"@receiver.example>
<"bo\ss"@receiver.example>
<\boss@receiver.example>
<boss\@receiver.example>
<receiver.example!boss>
<x:boss@receiver.example;>
<@none.example:boss@receiver.example>
<@user:boss@receiver.example>
<@none.example:@none.example:boss@receiver.example>
<;@none.example:boss@receiver.example>
<;boss@receiver.example@>
<;boss%receiver.example@>
<x:boss@receiver.example@;>
<x <@none.example:boss@receiver.example>>
<<@none.example:"boss"@receiver.example>>
<boss@receiver.example.>
<boss(c)@receiver.example>
<boss @ receiver . example>
<boss@receiver.example(user@receiver.example)>
<(user@receiver.example)boss@receiver.example>
boss@receiver.example
boss@receiver.example;
<boss@receiver.example,>
<,boss@receiver.example>
<user@receiver.example <boss@receiver.example>>
<x <boss@receiver.example>>
<boss%receiver.example@local.example>
<"boss@receiver.example"@local.example>
<receiver.example!boss@local.example>
<boss%receiver.example%local.example>
<boss@receiver.example@local.example>
<boss@"receiver.example">
""".strip().split("\n")

DOMAINS = (
    ["fail.example", "pass.example", "local.example"] * 4
    + ["FAIL.example", "fail.example.", "mx.receiver.example", "localhost", "[127.0.0.1]", "[203.0.113.66]"]
    + ["receiver.example", "pass.example.uucp", "none.example", "fail(c).example", "fail .example", '"fail.example"']
)
UTF8_DOMAINS = ["pässe.example", "PÄSSE.example", "i❤.example", "a\u200db.example"]
WORDS = ["a", "alice", "a+b", "a.b", "a b", '"a"', '"a b"', '""', "", "a\\b", "postmaster", "(c)a", "a=b"]
SIGNS = list(";,:@%!\"\\()<> .") + [";", "%", "@"] * 3


def local_part(rng, domains):
    """A word, or one in which there is an address."""
    if rng.random() < 0.6:
        return rng.choice(WORDS)
    return rng.choice(('"{0}@{1}"', "{0}\\@{1}", "{0}%{1}", "{1}!{0}", '"{0}%{1}"', '"{1}!{0}"', "{0}@{1}")).format(
        rng.choice(("a", "b")), rng.choice(domains)
    )


def mailbox(rng, domains):
    local, domain = local_part(rng, domains), rng.choice(domains)
    return rng.choice(("{0}@{1}",) * 6 + ("{0}%{1}", "{1}!{0}", "{0}", '"{0}@{1}"', "{0}\\@{1}", "@{1}")).format(
        local, domain
    )


def wrap(rng, address, domains):
    """Puts something around an address, or nothing."""
    other = rng.choice(domains)
    return rng.choice(
        ("{0}",) * 8
        + ("{0};", ";{0}", "{0},", ",{0}", "x:{0};", "x:{0}", "@{1}:{0}", "@{1},@{1}:{0}", "(c){0}", "{0}(a@{1})")
        + ("x <{0}>", "<{0}>", "b@{1} <{0}>", "<{0}>,<b@{1}>", "{0},b@{1}", "{0};b@{1}", "{0}@", " {0} ", "{0}.")
    ).format(address, other)


def mutate(rng, text):
    """Adds, drops or doubles a sign somewhere."""
    place = rng.randint(0, len(text))
    return rng.choice((text[:place] + rng.choice(SIGNS) + text[place:], text[:place] + text[place + 1 :]))


def made_up(seed, number, bare, utf8):
    """Senders made up at random; bare: also without brackets; utf8: with names beyond US-ASCII."""
    rng = random.Random(seed)
    domains = DOMAINS + (UTF8_DOMAINS if utf8 else [])
    forms = []
    for _ in range(number):
        text = mailbox(rng, domains)
        for _ in range(rng.choice((0, 1, 1, 2))):
            text = wrap(rng, text, domains)
        for _ in range(rng.choice((0, 0, 1, 2))):
            text = mutate(rng, text)
        forms.append(text if bare and rng.random() < 0.2 and " " not in text else f"<{text}>")
    return forms
