# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of refusals, malformed addresses, and what reaches the log."""

import signal

from wire_common import (BAD_IP, MX, Mta, case, check, classic, clean_log, contains, delivered, equal, lacks, one,
                         refused, rows, spf_result)

FAIL = "550 5.7.23"
RCPT_RULE = {"WhitelistTo": "postmaster@"}


@case
def default_text(binary):
    for config in ({}, RCPT_RULE):
        with classic(binary, config) as filter_:
            text = refused(one(filter_, ip=BAD_IP), FAIL)
            contains(text, "SPF: mail from alice@example.org is not permitted from 198.51.100.9.", "reply")
            lacks(text, "%", "reply")


@rows([
    ("classic-order", "Rejected: sender=%s ip=%s host=%s",
     "Rejected: sender=alice@example.org ip=198.51.100.9 host=" + MX),
    ("one-percent-s", "Rejected, %s", "Rejected, alice@example.org"),
    ("fourth-percent-s", "%s %s %s", f"alice@example.org 198.51.100.9 {MX}"),
    ("no-percent", "Go away", "Go away"),
    ("other-percents", "100% of %n, %d %% %x", "100% of %n, %d %% %x"),
    ("last-percent", "this is 5%", "this is 5%"),
    ("macros", "%{s} %{l} %{o} %{d} %{i} %{h}",
     "alice@example.org alice example.org example.org 198.51.100.9 mx.example.org"),
    ("client", "%{c}", BAD_IP),
    ("receiver", "%{r}", MX),
    ("escaped", "see http://why.example/?s=%{S}&i=%{C}",
     "see http://why.example/?s=alice%40example.org&i=198.51.100.9"),
    ("unknown-macro", "x %{z} y", "x %{z} y"),
    ("unclosed-macro", "x %{s", "x %{s"),
    ("quoted", '"with  blanks # and hash"', "with  blanks # and hash"),
])
def reject_reason(binary, reason, text):
    for config in ({}, RCPT_RULE):
        with classic(binary, {"RejectReason": reason, **config}) as filter_:
            equal(refused(one(filter_, ip=BAD_IP), FAIL)[len(FAIL):].strip(), text, "reply text")


@case
def explanation_of_the_domain(binary):
    with classic(binary) as filter_:
        text = refused(one(filter_, "<a@why.example.org>", ip=BAD_IP), FAIL)
        contains(text, "198.51.100.9 may not send as 100% why.example.org", "reply")
        check("why.example.org" in text.split("198.51.100.9 may")[0] or "explain" in text.lower(),
              f"the explanation is not marked as the domain's own (RFC 7208 8.4): {text!r}")
    with classic(binary, {"RejectReason": "No. %{e}"}) as filter_:
        lacks(refused(one(filter_, ip=BAD_IP), FAIL), "%{e}", "reply without an explanation")


@case
def explanation_of_an_attacker(binary):
    """CR LF, backspaces and 8-bit octets never reach the reply (the client checks), nor a line of the log."""
    for config in ({}, RCPT_RULE):
        with classic(binary, config) as filter_:
            text = refused(one(filter_, "<a@evil.example.org>", ip=BAD_IP), FAIL)
            check(text.isascii(), f"8-bit reply {text!r}")
            filter_.wait_log("SPF fail")
            clean_log(filter_.log())


@rows([
    ("percent", "<100%s%n%d%%@example.org>", "100%s%n%d%%"),
    ("macro", "<%{h}@example.org>", "%{h}@example.org"),
    ("long", "<" + "l" * 64 + "@example.org>", "l" * 64),
    ("quoted", '<"a b;c"@example.org>', "example.org"),
    ("utf8", "<müller@example.org>", "example.org"),
    ("latin1", "<m\udcfcller@example.org>", ""),
])
def sender_in_the_reply(binary, sender, part):
    """Whatever the local part, the reply is one that an MTA sends on (client: no lone %, no control character)."""
    for config in ({}, RCPT_RULE):
        with classic(binary, config) as filter_:
            found = one(filter_, sender, ip=BAD_IP)
            check(found.refusal is not None, f"not refused: {found}")
            text = found.refusal.text
            check(text.startswith(FAIL + " ") or (not sender.isascii() and text.startswith("550 5.1.7 ")), text)
            contains(text, part if text.startswith(FAIL) else "", "reply")
            check(text.isascii(), f"8-bit reply {text!r}")


@case
def eight_bit_reject_reason(binary):
    with classic(binary, {"RejectReason": "Größe %s zurückgewiesen"}) as filter_:
        text = refused(one(filter_, ip=BAD_IP), FAIL)
        check(text.isascii(), f"8-bit reply {text!r}")
        contains(text, "alice@example.org", "reply")


@case
def reject_reason_longer_than_a_reply(binary):
    with classic(binary, {"RejectReason": "%{s} " * 60}) as filter_:
        text = refused(one(filter_, "<" + "l" * 64 + "@example.org>", ip=BAD_IP), FAIL)
        check(max(len(line) for line in text.split("\r\n")) <= 990, f"a line of {len(text)} octets")
    with classic(binary, {"RejectReason": "%%" * 390 + "%{s}"}) as filter_:
        refused(one(filter_, ip=BAD_IP), FAIL)


@rows([
    ("local-part-huge", "<" + "x" * 60000 + "@example.org>"),
    ("open-quote", '<"alice@example.org>'),
    ("quote", '"'),
    ("at", "<@>"),
])
def malformed_sender(binary, sender):
    """Nobody can read it: refused where anything is."""
    for config in ({}, RCPT_RULE):
        with classic(binary, config) as filter_:
            found = one(filter_, sender, ip=BAD_IP)
            check(found.refusal is not None and found.refusal.text.startswith("550 5.1.7 "), found)
            equal(found.mail.kind, "replycode", "refused at MAIL")
            delivered(one(filter_))
            clean_log(filter_.log())
    with classic(binary, {"RefuseFail": "off"}) as filter_:
        equal(spf_result(delivered(one(filter_, sender, ip=BAD_IP)))[0], "none", "of a malformed sender")


@rows([
    ("local-part-65", "<" + "x" * 65 + "@example.org>"),
    ("two-ats", "<a@b@example.org>"),
    ("empty-local-part", "<@example.org>"),
    ("quoted-empty-local-part", '<""@example.org>'),
    ("space", "<a b@example.org>"),
    ("newline", "<a\r\nX-Evil: 1@example.org>"),
    ("control", "<a\x01b@example.org>"),
    ("delete", "<a\x7fb@example.org>"),
    ("octets", "<a\udcff@example.org>"),
    ("open-bracket", "<alice@example.org"),
    ("separator", "<alice@example.org;>"),
    ("percent", "<alice%example.org>"),
    ("group", "<x:alice@example.org;>"),
])
def sender_in_an_odd_form(binary, sender):
    for config in ({}, RCPT_RULE, {"AddReceivedHeader": "on"}):
        with classic(binary, config) as filter_:
            refused(one(filter_, sender, ip=BAD_IP), FAIL)
            equal(spf_result(delivered(one(filter_, sender)))[0], "pass", sender)
            clean_log(filter_.log())


@rows([
    ("local-part-huge", "<" + "y" * 60000 + "@example.net>"),
    ("open-quote", '<"bob@example.net>'),
    ("null", "<>"),
])
def malformed_recipient(binary, recipient):
    with classic(binary) as filter_, Mta(filter_.address) as mta:
        found = mta.send(recipients=[recipient, "<bob@example.net>"])
        check(found.rcpts[recipient].text.startswith("550 5.1.3 "), f"{found.rcpts[recipient]}")
        equal(delivered(found).recipients, ["<bob@example.net>"], "recipients")
        mta.quit()
        clean_log(filter_.log())


@rows([
    ("local-part-64", "<" + "y" * 64 + "@example.net>"), ("no-domain", "<postmaster>"),
    ("quoted", '<"a b"@example.net>'),
    ("utf8", "<müller@müller.example>"), ("literal", "<bob@[192.0.2.5]>"), ("plus", "<bob+tag=x@example.net>"),
])
def unusual_recipient(binary, recipient):
    with classic(binary) as filter_:
        equal(delivered(one(filter_, recipients=recipient)).recipients, [recipient], "recipients")


@rows([("no-domain", "<root>"), ("literal", "<a@[192.0.2.5]>"), ("single-label", "<a@localhost>"),
       ("dotless", "<a@com>"), ("label-64", "<a@" + "x" * 64 + ".example.org>"), ("empty-label", "<a@example..org>"),
       ("domain-254", "<a@" + ".".join(["x" * 49] * 6) + ".example.org>")])
def sender_without_a_domain_to_ask(binary, sender):
    """Not a multi-label name: none (RFC 7208 4.3), and not refused for it."""
    with classic(binary) as filter_:
        equal(spf_result(delivered(one(filter_, sender, ip=BAD_IP)))[0], "none", "result")


@case
def log_lines(binary):
    table = [("<alice@example.org>", BAD_IP, "fail"), ("<alice@soft.example.org>", BAD_IP, "softfail"),
             ("<alice@none.example.org>", BAD_IP, "none"), ("<alice@example.org>", "192.0.2.1", "pass"),
             ("<alice@servfail.example.org>", BAD_IP, "temperror"), ("<a@broken.example.org>", BAD_IP, "permerror")]
    with classic(binary, {"LogLevel": "debug"}) as filter_:
        for sender, client, result in table:
            one(filter_, sender, ip=client, host="out.example.com", helo="helo.example.com")
            filter_.wait_log(f"SPF {result}: ip={client}, fqdn=out.example.com, helo=helo.example.com, from={sender}")
        clean_log(filter_.log())


@rows([
    ("helo-newline", {"helo": "x\r\nX-Evil: 1"}), ("helo-result", {"helo": "x, from=<y>\nX-Evil: SPF pass: ip=1"}),
    ("helo-long", {"helo": "h" * 5000}), ("helo-8-bit", {"helo": "\udcff\udc80\x1b[31m"}),
    ("host", {"host": "a\nX-Evil: b"}),
    ("macro", {"macros": {"connect": {"j": "mx\nX-Evil: 1"}, "mail": {"i": "Q\nX-Evil: 2"}}}),
])
def log_of_hostile_values(binary, client):
    with classic(binary, {"LogLevel": "debug"}) as filter_:
        for sender in ("<alice@example.org>", "<alice@soft.example.org>", "<>"):
            one(filter_, sender, ip=BAD_IP, **client)
        filter_.wait_log("SPF fail")
        clean_log(filter_.log())
        longest = max(len(line) for line in filter_.log().splitlines())
        check(longest < 4096, f"a log line of {longest} octets")


@case
def refusals_for_the_form_of_an_address_are_told_and_counted(binary):
    with classic(binary) as filter_:
        refused(one(filter_, '<"a@other.example>'), "550 5.1.7")
        contains(filter_.wait_log("SPF refused: "), "why=sender-malformed, reply=550 5.1.7", "sender")
        one(filter_, recipients=['<"b@other.example>'])
        contains(filter_.wait_log("reply=550 5.1.3"), "why=recipient-malformed", "recipient")
        filter_.signal(signal.SIGUSR2)
        contains(filter_.wait_log("reasons: "), "sender-malformed=1 recipient-malformed=1", "reasons")
        contains(filter_.wait_log("counters: "), " refused=2 ", "counters")


@case
def whitelist_from_and_malformed(binary):
    """A substring pattern must not open the door to an address that is none."""
    with classic(binary, {"WhitelistFrom": "example"}) as filter_:
        refused(one(filter_, '<"a@other.example>', ip=BAD_IP), "550 5.1.7")
