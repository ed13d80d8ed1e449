# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields the filter writes, to the letter, and the forged ones it takes out."""

import re

from wire_common import (BAD_IP, BAD_IP6, GOOD_IP, GOOD_IP6, HEADERS, MX, Mta, ZONE, authentication_results, case, check,
                         classic, clean_log, contains, delivered, equal, lacks, one, received_spf, refused, rows,
                         spf_result)
from log_lines import by_search, parse  # pylint: disable=wrong-import-order

BOTH = {"AddReceivedHeader": "on"}
OPEN = {"AddReceivedHeader": "on", "RefuseFail": "off", "TagSubject": "off"}


@case
def authentication_results_exactly(binary):
    with classic(binary) as filter_:
        equal(delivered(one(filter_)).value("Authentication-Results"),
              "mx.example.net; spf=pass smtp.mailfrom=example.org", "field")
        equal(delivered(one(filter_, "<>")).value("Authentication-Results"),
              "mx.example.net; spf=pass smtp.helo=mx.example.org", "field of a null sender")


@rows([
    ("pass", "<alice@example.org>", GOOD_IP, "pass"),
    ("pass6", "<alice@example.org>", GOOD_IP6, "pass"),
    ("fail", "<alice@example.org>", BAD_IP, "fail"),
    ("fail6", "<alice@example.org>", BAD_IP6, "fail"),
    ("softfail", "<alice@soft.example.org>", BAD_IP, "softfail"),
    ("neutral", "<alice@neutral.example.org>", BAD_IP, "neutral"),
    ("none", "<alice@none.example.org>", BAD_IP, "none"),
    ("permerror", "<alice@broken.example.org>", BAD_IP, "permerror"),
    ("temperror", "<alice@servfail.example.org>", BAD_IP, "temperror"),
    ("quoted-sender", '<"al (ice)\\" \\\\;x=y"@example.org>', GOOD_IP, "pass"),
    ("long", "<" + "a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".example.org>", GOOD_IP, "none"),
])
def both_fields_agree(binary, sender, client, result):
    with classic(binary, OPEN) as filter_:
        message = delivered(one(filter_, sender, ip=client))
        domain = sender.strip("<>").rpartition("@")[2]
        equal(spf_result(message), (result, {"smtp.mailfrom": domain}), "Authentication-Results")
        found, _, pairs = received_spf(message.value("Received-SPF"))
        equal(found, result, "Received-SPF result")
        equal(pairs.get("client-ip"), client, "client-ip")
        equal(pairs.get("envelope-from"), sender.strip("<>"), "envelope-from")
        equal(pairs.get("helo"), "mx.example.org", "helo")
        equal(pairs.get("identity", "mailfrom"), "mailfrom", "identity")
        equal(pairs.get("receiver", MX), MX, "receiver")
        longest = max(len(line) for line in ("Received-SPF: " + message.value("Received-SPF")).split("\n"))
        check(longest <= 998, f"a line of {longest} octets")


@case
def received_spf_of_a_null_sender(binary):
    with classic(binary, BOTH) as filter_:
        result, _, pairs = received_spf(delivered(one(filter_, "<>")).value("Received-SPF"))
        equal(result, "pass", "result")
        equal(pairs.get("identity"), "helo", "identity")
        equal(pairs.get("helo"), "mx.example.org", "helo")
        check(pairs.get("envelope-from") in (None, "", "<>", "postmaster@mx.example.org"), f"envelope-from: {pairs}")


@rows([
    ("mailfrom", "<alice@bücher.example.org>", "mx.example.org", BAD_IP, "fail",
     {"smtp.mailfrom": "xn--bcher-kva.example.org"}, {"envelope-from": "alice@xn--bcher-kva.example.org"}),
    ("mailfrom-pass", "<alice@BÜCHER.example.org>", "mx.example.org", GOOD_IP, "pass",
     {"smtp.mailfrom": "xn--bcher-kva.example.org"}, {"envelope-from": "alice@xn--bcher-kva.example.org"}),
    ("local-part", "<älice@local.example.org>", "mx.example.org", GOOD_IP, "fail",
     {"smtp.mailfrom": "local.example.org"}, {}),
    ("helo", "<>", "bücher.example.org", BAD_IP, "fail", {"smtp.helo": "xn--bcher-kva.example.org"},
     {"helo": "xn--bcher-kva.example.org", "identity": "helo"}),
    ("macros", "<a@macros.example.org>", "bücher.example.org", BAD_IP, "pass", {"smtp.mailfrom": "macros.example.org"},
     {"helo": "xn--bcher-kva.example.org", "mechanism": "exists:%{o}.%{h}.macros.example.org"}),
])
def internationalised(binary, sender, helo, client, result, properties, pairs):
    """U-labels are evaluated, and shown, as A-labels; a local part that is not ASCII matches no macro."""
    with classic(binary, OPEN) as filter_:
        message = delivered(one(filter_, sender, ip=client, helo=helo))
        equal(spf_result(message), (result, properties), "Authentication-Results")
        found = received_spf(message.value("Received-SPF"))[2]
        equal({key: found.get(key) for key in pairs}, pairs, "Received-SPF")
        check(message.value("Received-SPF").isascii(), "Received-SPF is ASCII")


@rows([
    ("term", "example.org", GOOD_IP, "mechanism", "ip4:192.0.2.1"),
    ("all", "example.org", BAD_IP, "mechanism", "-all"),
    ("redirect", "to.example.org", BAD_IP, "mechanism", "-all of example.org"),
    ("syntax", "broken.example.org", BAD_IP, "problem",
     "record of broken.example.org: not an IPv4 address at octet 12: 192.0.2.999 -all"),
    ("temperror", "servfail.example.org", BAD_IP, "problem", "DNS failure for servfail.example.org TXT"),
    ("limit", "many.example.org", BAD_IP, "problem",
     "too many DNS lookups (limit 10), as a record leads back to itself, at include:many.example.org of many.example.org"),
])
def what_decided(binary, domain, client, key, text):
    """The field and the log name the term that decided, or at which the evaluation ended."""
    with classic(binary, OPEN) as filter_:
        message = delivered(one(filter_, f"<a@{domain}>", ip=client))
        pairs = received_spf(message.value("Received-SPF"))[2]
        equal(pairs.get(key), text, key)
        filter_.wait_log(f"reason={text}")


@case
def order_of_insertion(binary):
    with classic(binary, BOTH) as filter_:
        equal(delivered(one(filter_)).names()[:3], ["Authentication-Results", "Received-SPF", "Received"], "top fields")


@rows([
    ("injection", "x;dkim=pass"), ("space", "foo bar"), ("comment", "foo (bar"), ("quote", 'foo"bar'),
    ("backslash", "foo\\"), ("utf8", "müx.example.org"), ("latin1", "m\udcfcx.example.org"), ("equals", "a=b"),
    ("long", "h" * 300), ("long-name", ".".join(["h" * 60] * 5)), ("newline", "x\r\nX-Evil: yes"),
    ("tab", "x\tspf=pass"),
    ("nul-like", "\x01\x02\x7f"), ("literal", "[192.0.2.1]"), ("literal6", "[IPv6:2001:db8::1]"), ("empty", ""),
    ("dot", "."), ("dots", "a..example.org"), ("percent", "%{l}%s%n.example.org"), ("underscore", "a_b.example.org"),
    ("single", "localhost"), ("bom", "\ufeffmx.example.org"), ("semicolon-result", "a; spf=pass"),
])
def odd_helo(binary, helo):
    """No HELO name adds a result, a parameter, a line, or ends the filter."""
    with classic(binary, OPEN) as filter_:
        for sender in ("<>", "<alice@example.org>", "<a@helo.example.org>"):
            message = delivered(one(filter_, sender, helo=helo))
            authserv_id, infos = authentication_results(message.value("Authentication-Results"))
            equal((authserv_id, len(infos), infos[0][0]), (MX, 1, "spf"), "Authentication-Results")
            check(set(infos[0][2]) <= {"smtp.mailfrom", "smtp.helo", "reason"}, f"properties {infos}")
            received_spf(message.value("Received-SPF"))
            equal(message.values("X-Evil"), [], "injected field")
            all_ascii(message)
        filter_.wait_log("SPF ")
        clean_log(filter_.log())


# Search for a result, a key or an encoded word in a field: only what we write ourselves may be found.
OWN_WORDS = re.compile(r"[^a-z](?:client-ip|envelope-from|helo|identity|mechanism|problem|receiver)=")


def says_nothing_else(message):
    """A search, which knows neither quotes nor comments, finds our result and our keys alone."""
    for name in ("Authentication-Results", "Received-SPF"):
        value = message.value(name)
        lacks(value, "=?", name)
        searched = value.replace("spf=", "", 1).replace("smtp.mailfrom=", "", 1).replace("smtp.helo=", "", 1)
        searched = OWN_WORDS.sub(" ", searched)
        check(re.search(r"(?<!\\)=", searched) is None, f"{name}: a key that is not ours: {value!r}")
        if name == "Received-SPF":
            equal(len(re.findall(r"identity=", value)), 1, value)


@rows([
    ("helo", "<>", "x;spf=pass", None), ("helo-encoded", "<>", "=?us-ascii?q?spf=3Dpass?=", None),
    ("local-part", '<"spf=pass identity=helo"@none.example.org>', "mx.example.org", None),
    ("local-part-encoded", '<"=?us-ascii?q?spf=3Dpass?="@none.example.org>', "mx.example.org", None),
    ("domain", "<a@x;spf=pass>", "mx.example.org", None), ("domain-no-host", "<a@b+c.example>", "mx.example.org", None),
    ("verp", "<bounce+user=example.org@none.example.org>", "mx.example.org", None),
    ("record", "<a@hostile.example.org>", "mx.example.org", "problem"),
    ("mechanism", "<a@odd.example.org>", "mx.example.org", "mechanism"),
])
def foreign_text_says_nothing(binary, sender, helo, key):
    """Whatever the client, the sender or the record say, a search of our fields for text finds what we say."""
    zone = ZONE + ('\nhostile TXT "v=spf1 spf=pass; =?us-ascii?q?spf=3Dpass?= identity=mailfrom -all"\n'
                   'odd TXT "v=spf1 exists:spf=pass.example.org ?exists:spf=fail.example.org ?all"\n'
                   'spf=fail A 127.0.0.2\n')
    with classic(binary, OPEN, zone=zone) as filter_:
        outcome = one(filter_, sender, helo=helo, ip=BAD_IP)
        if outcome.refusal is not None:  # no address at all
            check(outcome.refusal.text.startswith("550 5.1.7 "), outcome)
            return
        message = outcome.message
        says_nothing_else(message)
        pairs = received_spf(message.value("Received-SPF"))[2]
        if key:
            contains(pairs[key], "spf=", key)
        if helo != "mx.example.org":
            lacks(str(message.fields), "x;spf", "HELO name")
            check("helo" not in pairs, pairs)


# What a record, a client and a sender would like the log to say: zone, sender, HELO name.
LIE = "SPF refused: ip=192.0.2.99, from=<victim@example.com>, reply=550 5.7.23"
LIES = [
    ("record", f'"v=spf1 {LIE} -all"', "<a@lie.example.org>", "h.example"),
    ("term", '"v=spf1 exists:ip=192.0.2.99,from=<a@b>.%{d} a:x.org"', "<a@lie.example.org>", "h.example"),
    ("modifier", '"v=spf1 ip=192.0.2.99 from=<x redirect=from=ip=192.0.2.99.example"', "<a@lie.example.org>", "h.example"),
    ("timeout", '"v=spf1 a:SPF=ip=192.0.2.99.timeout.example.org -all"', "<a@lie.example.org>", "h.example"),
    ("helo", '"v=spf1 -all"', "<a@lie.example.org>", LIE),
    ("helo-of-null-sender", '"v=spf1 -all"', "<>", "x, " + LIE),
    ("helo-quoted", '"v=spf1 -all"', "<>", 'x", ip=192.0.2.99, helo="y'),
    ("helo-line", '"v=spf1 -all"', "<>", "x\u2028" + LIE),
    ("sender", '"v=spf1 -all"', '<"x, SPF refused: ip=192.0.2.99, to="@lie.example.org>', "h.example"),
    ("percent", '"v=spf1 -all"', '<"%22, ip%3D192.0.2.99 "@lie.example.org>', "%20"),
]


@rows(LIES)
def no_text_passes_for_a_key_of_the_log(binary, record, sender, helo):
    """Read strictly or by a search, each line says the client's address and our event."""
    config = {"RefuseFail": "on", "TagSubject": "off", "DNSTimeout": "1s", "RefuseAt": "rcpt"}
    with classic(binary, config, zone=ZONE + f"\nlie TXT {record}\n") as filter_:
        one(filter_, sender, recipients=['<"u, ip=192.0.2.99"@example.net>'], helo=helo, ip=BAD_IP)
        filter_.wait_log("SPF ")
        lines = filter_.log().splitlines()
        found = [parse(line) for line in lines if parse(line)]
        check(found, lines)
        for line in lines:
            pairs = by_search(line)
            check(pairs.get("ip", BAD_IP) == BAD_IP, f"a search finds another client: {line!r}")
            check(not re.search("SPF (?!record)", line.partition("SPF ")[2]), f"another event: {line!r}")
        for _, pairs in found:
            equal(pairs["ip"], BAD_IP, "client")
            equal(pairs["helo"].replace("\\xE2\\x80\\xA8", "\u2028"), helo, "HELO name")
            equal(pairs.get("from", ""), sender[1:-1], "sender")


def all_ascii(message):
    for name in ("Authentication-Results", "Received-SPF"):
        value = message.value(name)
        check(value.isascii(), f"{name} with octets outside ASCII: {value!r}")


@case
def sender_domain_of_octets(binary):
    """U-labels are looked up as A-labels (RFC 7208 4.3); what is no name at all gets none or its RFC reply."""
    zone = 'xn--mller-kva.example. TXT "v=spf1 ip4:192.0.2.1 -all"\n'
    with classic(binary, {"AddReceivedHeader": "on"}, zone=zone) as filter_:
        message = delivered(one(filter_, "<alice@müller.example>"))
        equal(spf_result(message)[0], "pass", "U-label")
        domain = spf_result(message)[1].get("smtp.mailfrom")
        check(domain in ("xn--mller-kva.example", "müller.example"), message)
        found = one(filter_, "<alice@müller.example>", ip=BAD_IP)
        check(found.refusal is not None and found.refusal.text.startswith("550 5.7.23 "), f"U-label: {found}")
        for sender in ("<alice@m\udcfcller.example>", "<a\udcff@none.example>", "<ülice@müller.example>"):
            found = one(filter_, sender)
            check(found.delivered or found.refusal.text.startswith("550 5.1.7 "), f"{sender!r}: {found}")


# Forged fields: name, value, removed. The filter's own name is mx.example.net.
FORGED = [
    ("plain", "mx.example.net; spf=pass smtp.mailfrom=example.org", True),
    ("case", "MX.Example.NET; SPF=Pass smtp.mailfrom=example.org", True),
    ("no-space", "mx.example.net;spf=pass", True),
    ("version", "mx.example.net 1; spf=pass", True),
    ("comment", "(a (nested) one) mx.example.net (b); (c) spf (d) = (e) pass", True),
    ("folded", "mx.example.net;\n\tdkim=pass header.d=example.org;\n\tspf=pass", True),
    ("folded-name", "\n\tmx.example.net; spf=pass", True),
    ("quoted", '"mx.example.net"; spf=pass', True),
    ("quoted-escape", '"mx.exampl\\e.net"; spf=pass', True),
    ("method-version", "mx.example.net; spf/1=pass", True),
    ("last", "mx.example.net; dkim=fail; dmarc=none; spf=fail", True),
    ("leading-blanks", "   mx.example.net ; spf=pass", True),
    ("dkim-only", "mx.example.net; dkim=pass header.d=example.org", False),
    ("none", "mx.example.net; none", False),
    ("in-comment", "mx.example.net; dkim=pass (spf=pass)", True),
    ("in-quotes", 'mx.example.net; dkim=pass reason="; spf=pass"', True),
    ("spaced-dots", "mx . example(x). \n\tnet; spf=pass", True),
    ("comment-in-name", "mx.exam(x)ple.net; spf=pass", True),
    ("encoded-result", "mx.example.net; =?us-ascii?q?spf=3Dpass?=", True),
    ("encoded-name", "=?us-ascii?q?mx.exa?= =?utf-8?B?bXBsZS5uZXQ=?=; spf=pass", True),
    ("encoded-all", "=?utf-8?q?mx.example.net=3B_spf=3Dpass?=", True),
    ("unknown-charset", "mx.example.net; =?utf-7?q?+AHM-pf=3Dpass?=", True),
    ("open-comment", "(a (b) mx.example.net; spf=pass", True),
    ("odd-letters", "mx.example.net; \u017fpf\uff1dpass", True),
    ("dkim-with-encoded-comment", "mx.example.net; dkim=pass (=?utf-8?q?gr=C3=BCn?=) header.d=example.org", False),
    ("encoded-other", "=?us-ascii?q?mx.example.com?=; spf=pass", False),
    ("other", "mx.example.com; spf=pass", False),
    ("below", "a.mx.example.net; spf=pass", False),
    ("longer", "mx.example.network; spf=pass", False),
    ("in-properties", "other.example; spf=pass smtp.helo=mx.example.net", False),
]


@rows(FORGED)
def forged(binary, value, removed):
    field = ("Authentication-Results", value)
    with classic(binary, {"AddHeader": "off"}) as filter_:
        message = delivered(one(filter_, headers=HEADERS + [field]))
        expected = HEADERS if removed else HEADERS + [field]
        equal(message.fields[1:], list(expected), "fields")


@rows(FORGED)
def remove_forged_headers(binary, value, removed):
    """`all` takes whatever stands under our name; `off` nothing."""
    fields = [("Authentication-Results", value), ("Received-SPF", "pass client-ip=192.0.2.1; receiver=mx.example.net")]
    ours = removed or value.startswith("mx.example.net;")
    with classic(binary, {"AddHeader": "off", "RemoveForgedHeaders": "all"}) as filter_:
        message = delivered(one(filter_, headers=HEADERS + fields))
        equal(message.fields[1:], list(HEADERS if ours else HEADERS + fields[:1]), "fields with all")
    with classic(binary, {"AddHeader": "off", "RemoveForgedHeaders": "off"}) as filter_:
        message = delivered(one(filter_, headers=HEADERS + fields))
        equal(message.fields[1:], HEADERS + fields, "fields with off")


@rows([("spf", "spf", False), ("all", "all", True), ("off", "off", False)])
def forged_arc_results(binary, mode, removed):
    """They are signed, and SpamAssassin alone takes them for ours, where it is told to."""
    fields = [("ARC-Authentication-Results", "i=1; mx.example.net; spf=pass smtp.mailfrom=example.org"),
              ("ARC-Authentication-Results", "i=2; mx.elsewhere.example; spf=pass smtp.mailfrom=example.org")]
    with classic(binary, {"AddHeader": "off", "RemoveForgedHeaders": mode}) as filter_:
        message = delivered(one(filter_, headers=HEADERS + fields))
        equal(message.fields[1:], HEADERS + fields[1 if removed else 0:], "fields")


@case
def behind_another_filter_of_the_same_name(binary):
    """What it put on top stays, and the numbers of the forged ones below it are right."""
    dkim = ("Authentication-Results", "mx.example.net; dkim=pass header.d=example.org")
    forged_one = ("Authentication-Results", "mx.example.net; spf=pass smtp.mailfrom=example.org")
    with classic(binary) as filter_:
        message = delivered(one(filter_, headers=[dkim] + HEADERS + [forged_one]))
        equal(message.values("Authentication-Results"),
              ["mx.example.net; spf=pass smtp.mailfrom=example.org", dkim[1]], "fields")
        equal([change for change in message.changes if change[0] == "chgheader"],
              [("chgheader", [2, "Authentication-Results", ""])], "deletions")


@case
def forged_several_among_others(binary):
    headers = []
    for number, (_, value, _) in enumerate(FORGED):
        headers += [("authentication-RESULTS", value), (f"X-{number}", value)]
    headers.append(("Subject", "hello"))
    last = len(headers) - 1
    kept = [entry for place, entry in enumerate(headers) if place % 2 or place == last or not FORGED[place // 2][2]]
    with classic(binary, {"AddHeader": "off"}) as filter_, Mta(filter_.address) as mta:
        for _ in range(2):
            message = delivered(mta.send(headers=headers))
            equal(message.fields[1:], kept, "fields")
            indices = [arguments[0] for name, arguments in message.changes if name == "chgheader"]
            equal(indices, sorted(indices, reverse=True), "from the highest index down")
        mta.quit()


@case
def forged_hundreds_and_thousands(binary):
    """Up to 500 go. With more the message is refused, not half cleaned, and not looked at any longer than that takes."""
    def forged_ones(count):
        return HEADERS + [("Authentication-Results", f"mx.example.net; spf=pass smtp.helo=d{n}.example")
                          for n in range(count)]

    with classic(binary, {"AddHeader": "off"}) as filter_:
        equal(delivered(one(filter_, headers=forged_ones(500))).fields[1:], HEADERS, "fields")
        for count in (501, 10051):
            refused(one(filter_, headers=forged_ones(count)), "550 5.7.1", "too many result fields")
        filter_.wait_log("verdict=refused, why=too-many-forged, reply=550 5.7.1")
    with classic(binary, {"TestMode": "on", "AddHeader": "off"}) as filter_:
        equal(delivered(one(filter_, headers=forged_ones(501))).fields[1:], forged_ones(501), "fields in TestMode")
        filter_.wait_log("verdict=refused, test=yes, why=too-many-forged, reply=550 5.7.1")


@case
def forged_as_u_label_and_a_label(binary):
    for own, theirs in (("xn--mx-xka.example.net", "müx.example.net"), ("xn--mx-xka.example.net", "MÜX.Example.net"),
                        ("müx.example.net", "xn--mx-xka.example.net"), ("müx.example.net", "müx.example.net")):
        headers = HEADERS + [("Authentication-Results", f"{theirs}; spf=pass")]
        with classic(binary, {"AddHeader": "off"}) as filter_:
            message = delivered(one(filter_, headers=headers, macros={"connect": {"j": own}}))
            equal(message.fields[1:], HEADERS, f"{theirs} while we are {own}")


@rows([
    ("skipped-sender", {"WhitelistFrom": "alice@example.org"}, {}, "<alice@example.org>", True),
    ("skipped-ndr", {"SkipNDR": "on"}, {}, "<>", True),
    ("trusted-client", {"WhitelistIP": GOOD_IP}, {}, "<alice@example.org>", False),
    ("trusted-name", {"WhitelistPTR": "mx.example.org"}, {}, "<alice@example.org>", False),
    ("authenticated", {}, {"mail": {"{auth_authen}": "fred", "{auth_type}": "PLAIN"}}, "<alice@example.org>", False),
    ("no-result-field-of-ours", {"AddHeader": "off"}, {}, "<alice@example.org>", True),
])
def forged_in_a_skipped_message(binary, config, macros, sender, removed):
    field = ("Authentication-Results", "mx.example.net; spf=pass")
    with classic(binary, config) as filter_:
        message = delivered(one(filter_, sender, headers=HEADERS + [field], macros=macros))
        equal(message.values("Authentication-Results"), [] if removed else [field[1]], "forged field")


@rows([
    ("receiver", "pass client-ip=192.0.2.1; receiver=mx.example.net; helo=x", True),
    ("receiver-case", "Pass (x) client-ip=192.0.2.1; Receiver=MX.example.NET;", True),
    ("receiver-quoted", 'pass client-ip=192.0.2.1; receiver="mx.example.net"', True),
    ("receiver-folded", "pass client-ip=192.0.2.1;\n\treceiver=\n\tmx.example.net", True),
    ("receiver-other", "pass client-ip=192.0.2.1; receiver=other.example; helo=mx.example.net", False),
    ("no-receiver", "pass client-ip=192.0.2.1; helo=x", False),
])
def forged_received_spf(binary, value, removed):
    field = ("Received-SPF", value)
    with classic(binary) as filter_:
        message = delivered(one(filter_, headers=HEADERS + [field]))
        equal(message.values("Received-SPF"), [] if removed else [value], "Received-SPF")


@case
def own_fields_are_not_taken_for_forged_ones(binary):
    """A message which passes the filter twice on its way keeps the second opinion only."""
    with classic(binary, BOTH) as filter_:
        first = delivered(one(filter_))
        second = delivered(one(filter_, "<a@soft.example.org>", headers=first.fields, ip=BAD_IP))
        equal(spf_result(second)[0], "softfail", "result")
        equal(received_spf(second.value("Received-SPF"))[0], "softfail", "Received-SPF")
