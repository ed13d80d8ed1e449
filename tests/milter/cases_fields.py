# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields the filter writes, to the letter, and the forged ones it takes out."""

from wire_common import (BAD_IP, BAD_IP6, GOOD_IP, GOOD_IP6, HEADERS, MX, Mta, authentication_results, case, check,
                         classic, clean_log, delivered, equal, one, received_spf, rows, spf_result)

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
     "more than 10 terms that ask the DNS, at include:many.example.org of many.example.org"),
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
    ("in-comment", "mx.example.net; dkim=pass (spf=pass)", False),
    ("in-quotes", 'mx.example.net; dkim=pass reason="; spf=pass"', False),
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
def forged_thousands(binary):
    """More than anybody would write: all go, and the filter's memory stays its own."""
    forged_ones = [("Authentication-Results", f"mx.example.net; spf=pass smtp.helo=d{n}.example") for n in range(3000)]
    with classic(binary, {"AddHeader": "off"}) as filter_:
        equal(delivered(one(filter_, headers=HEADERS + forged_ones)).fields[1:], HEADERS, "fields")


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
