# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that may send mail of any sender: forwarders, and clients behind translated addresses, in both directions."""

from wire_common import (BAD_IP, BAD_IP6, GOOD_IP, GOOD_IP6, HEADERS, ZONE, Mta, case, check, classic, delivered, equal,
                         lacks, one, received_spf, refused, rows, spf_result)

FAIL = "550 5.7.23"
FORWARDER, FORWARDER6 = "198.51.100.7", "2001:db8:7::7"
FORWARDING = ZONE + r"""
$ORIGIN forwarder.example.
@         TXT "v=spf1 a:out.forwarder.example -all"
out       A 198.51.100.7
          AAAA 2001:db8:7::7
a.out     A 198.51.100.7
elsewhere A 203.0.113.77
dead      SERVFAIL
slow      TXT "v=spf1 include:dead.forwarder.example -all"
soft      TXT "v=spf1 ~all"
xn--bcher-kva A 198.51.100.7
"""


def forwarding(binary, config):
    return classic(binary, config, zone=FORWARDING)


def unchecked(message):
    equal(message.values("Authentication-Results"), [], "fields of a skipped message")


@rows([
    ("same", "out.forwarder.example", "out.forwarder.example", FORWARDER, True),
    ("same6", "out.forwarder.example", "out.forwarder.example", FORWARDER6, True),
    ("mapped", "out.forwarder.example", "out.forwarder.example", "::ffff:" + FORWARDER, True),
    ("case-and-dot", "OUT.forwarder.example.", "out.FORWARDER.example.", FORWARDER, True),
    ("below-without-dot", "out.forwarder.example", "a.out.forwarder.example", FORWARDER, False),
    ("below", ".forwarder.example", "a.out.forwarder.example", FORWARDER, True),
    ("not-below", ".out.forwarder.example", "out.forwarder.example", FORWARDER, False),
    ("another-address", "out.forwarder.example", "out.forwarder.example", BAD_IP, False),
    ("another-address6", "out.forwarder.example", "out.forwarder.example", BAD_IP6, False),
    ("elsewhere", ".forwarder.example", "elsewhere.forwarder.example", FORWARDER, False),
    ("no-such-name", ".forwarder.example", "nowhere.forwarder.example", FORWARDER, False),
    ("dead-dns", ".forwarder.example", "dead.forwarder.example", FORWARDER, None),
    ("not-listed", "mx.example.org", "out.forwarder.example", FORWARDER, False),
    ("u-label", "xn--bcher-kva.forwarder.example", "bücher.forwarder.example", FORWARDER, True),
])
def whitelist_helo(binary, listed, helo, client, accepted):
    with forwarding(binary, {"WhitelistHelo": listed}) as filter_:
        found = one(filter_, ip=client, helo=helo)
        if accepted:
            unchecked(delivered(found))
            unchecked(delivered(one(filter_, "<>", ip=client, helo=helo)))
            filter_.wait_log("SPF skipped (whitelisted HELO name): ")
        else:
            refused(found, FAIL if accepted is not None else "451 4.7.23")


@rows([
    ("helo", {"WhitelistHelo": ".forwarder.example"}, "dead.forwarder.example", "WhitelistHelo"),
    ("spf", {"WhitelistSPF": "slow.forwarder.example"}, "mx.example.org", "WhitelistSPF"),
    ("late", {"WhitelistSPF": "slow.forwarder.example", "RefuseAt": "eom"}, "mx.example.org", "WhitelistSPF"),
    ("rcpt", {"WhitelistSPF": "slow.forwarder.example", "RefuseAt": "rcpt"}, "mx.example.org", "WhitelistSPF"),
])
def exemption_that_is_unknown_is_named(binary, config, helo, key):
    """A fail that is only deferred since a lookup failed says so, to the client and in the log."""
    with forwarding(binary, config) as filter_:
        refused(one(filter_, ip=FORWARDER, helo=helo), "451 4.7.23",
                "SPF: temporary, as it cannot be looked up now whether this client is exempt. SPF: mail from ")
        line = filter_.wait_log(", verdict=deferred, ")
        check(f"exemption-unknown={key}" in line and "reply=451 4.7.23" in line, line)
    with forwarding(binary, {**config, "TestMode": "on"}) as filter_:
        delivered(one(filter_, ip=FORWARDER, helo=helo))
        line = filter_.wait_log(", verdict=deferred, test=yes")
        check(f"exemption-unknown={key}" in line and "reply=451 4.7.23" in line, line)


@case
def whitelist_helo_of_each_message(binary):
    """The HELO name of the moment counts, and forged fields are removed all the same."""
    forged = ("Authentication-Results", "mx.example.net; spf=pass")
    with forwarding(binary, {"WhitelistHelo": "out.forwarder.example"}) as filter_:
        with Mta(filter_.address, ip=FORWARDER, helo="out.forwarder.example") as mta:
            unchecked(delivered(mta.send(headers=HEADERS + [forged])))
            mta.helo("mx.example.org")
            refused(mta.send(), FAIL)
            mta.quit()


@rows([
    ("permitted", "forwarder.example", FORWARDER, True),
    ("permitted6", "forwarder.example", FORWARDER6, True),
    ("case-and-dot", "Forwarder.EXAMPLE.", FORWARDER, True),
    ("second", "example.com, soft.forwarder.example forwarder.example", FORWARDER, True),
    ("behind-a-dead-one", "slow.forwarder.example forwarder.example", FORWARDER, True),
    ("not-permitted", "forwarder.example", BAD_IP, False),
    ("not-permitted6", "forwarder.example", BAD_IP6, False),
    ("softfail-is-no-pass", "soft.forwarder.example", FORWARDER, False),
    ("no-record", "out.forwarder.example", FORWARDER, False),
    ("dead", "slow.forwarder.example", FORWARDER, None),
    ("dead-before-another", "slow.forwarder.example soft.forwarder.example", FORWARDER, None),
])
def whitelist_spf(binary, listed, client, accepted):
    with forwarding(binary, {"WhitelistSPF": listed}) as filter_:
        for _ in range(2):  # the second time out of the cache
            found = one(filter_, ip=client, helo="any.example.com")
            if accepted:
                unchecked(delivered(found))
            else:
                refused(found, FAIL if accepted is not None else "451 4.7.23")
        if accepted:
            filter_.wait_log("SPF skipped (whitelisted forwarder): ")
            lacks(filter_.log(), "SPF fail", "log")


@case
def whitelist_spf_beside_results(binary):
    with forwarding(binary, {"WhitelistSPF": "forwarder.example", "Quarantine": "on"}) as filter_:
        for sender in ("<a@soft.example.org>", "<a@none.example.org>", "<a@broken.example.org>"):
            message = delivered(one(filter_, sender, ip=FORWARDER))
            unchecked(message)
            equal((message.value("Subject"), message.recipients), ("hello", ["<bob@example.net>"]), sender)
        equal(spf_result(delivered(one(filter_)))[0], "pass", "a sender that passes is recorded")
        message = delivered(one(filter_, "<a@soft.example.org>", ip=BAD_IP))
        check(message.recipients != ["<bob@example.net>"], "quarantined from elsewhere")


@case
def whitelist_spf_beside_the_helo_identity(binary):
    with forwarding(binary, {"WhitelistSPF": "forwarder.example", "RefuseHelo": "fail"}) as filter_:
        sender = "<a@forwarder.example>"
        unchecked(delivered(one(filter_, sender, ip=FORWARDER, helo="nofrom.example.org")))
        refused(one(filter_, ip=GOOD_IP, helo="nofrom.example.org"), FAIL)


@rows([("ipv4", GOOD_IP, BAD_IP), ("ipv6", GOOD_IP6, BAD_IP6)])
def fixed_client_address_of_either_family(binary, good, bad):
    for client in (GOOD_IP, BAD_IP, GOOD_IP6, BAD_IP6):
        with classic(binary, {"FixedClientIP": good, "AddReceivedHeader": "on"}) as filter_:
            message = delivered(one(filter_, ip=client))
            equal(spf_result(message)[0], "pass", f"result of {client}")
            check(f"client-ip={good};" in message.value("Received-SPF").replace('"', ""), message)
            filter_.wait_log(f"SPF pass: ip={good}, ")
        with classic(binary, {"FixedClientIP": bad}) as filter_:
            refused(one(filter_, ip=client), FAIL, bad)


@rows([
    ("ipv4", "10.0.0.1", "10.0.0.2", GOOD_IP, BAD_IP),
    ("ipv6", "fd00::1", "fd00::2", GOOD_IP6, BAD_IP6),
    ("ipv6-to-ipv4", "fd00::1", "fd00::2", GOOD_IP, BAD_IP),
    ("ipv4-to-ipv6", "10.0.0.1", "10.0.0.2", GOOD_IP6, BAD_IP6),
])
def translated_address_of_either_family(binary, inside, other, good, bad):
    def rule(client, address):
        return ":".join(f"[{text}]" if ":" in text else text for text in (client, address))

    with classic(binary, {"ClientIPNAT": [rule(inside, good), rule(other, bad)]}) as filter_:
        equal(spf_result(delivered(one(filter_, ip=inside)))[0], "pass", "the client that leaves by a good address")
        refused(one(filter_, ip=other), FAIL, bad)
        refused(one(filter_, ip=BAD_IP6), FAIL, BAD_IP6)
        equal(spf_result(delivered(one(filter_, ip=GOOD_IP6)))[0], "pass", "a client without a rule")


RELAY = "198.51.100.26"


def written(client, helo="any.example.com"):
    return ("Received", f"from {helo} (unknown [{client}])\n\tby mx2.example.net (Postfix) with ESMTP id 4; Sun, 1 Jan 2023")


@rows([
    ("postfix", "from {helo} (unknown [{ip}])\n\tby mx2 (Postfix) with ESMTP id 4; Sun"),
    ("sendmail", "from {helo} ([{ip}])\n\tby mx2 (8.17.1/8.17.1) with ESMTP id 4;\n\tSun"),
    ("exim", "from [{ip}] (helo={helo})\n\tby mx2 with esmtp (Exim 4.96)\n\tid 4; Sun"),
    ("exchange", "from {helo} ({ip}) by MX2 (10.0.0.1) with Microsoft SMTP Server id 15.1; Sun"),
])
def trusted_relay(binary, form):
    with classic(binary, {"TrustedRelay": RELAY, "WhitelistIP": RELAY, "AddReceivedHeader": "on"}) as filter_:
        for client, helo in ((GOOD_IP, "a.example.com"), (GOOD_IP6, "b.example.com")):
            headers = [("Received", form.format(ip=client, helo=helo))] + HEADERS
            message = delivered(one(filter_, ip=RELAY, headers=headers))
            equal(spf_result(message)[0], "pass", f"result of {client}")
            pairs = received_spf(message.value("Received-SPF"))[2]
            equal((pairs["client-ip"], pairs["helo"]), (client, helo), "client and HELO name")
        for client in (BAD_IP, BAD_IP6):
            headers = [("Received", form.format(ip=client, helo="x.example.com"))] + HEADERS
            found = one(filter_, ip=RELAY, headers=headers)
            refused(found, FAIL, client)
            equal((found.mail.kind, [reply.kind for reply in found.rcpts.values()]), ("continue", ["continue"]),
                  "before the end")


@case
def trusted_relay_believes_its_own_field_only(binary):
    with classic(binary, {"TrustedRelay": RELAY}) as filter_:
        refused(one(filter_, ip=RELAY, headers=[written(BAD_IP), written(GOOD_IP)] + HEADERS), FAIL, BAD_IP)
        delivered(one(filter_, ip=RELAY, headers=[written(GOOD_IP), written(BAD_IP)] + HEADERS))
        refused(one(filter_, ip=BAD_IP, headers=[written(GOOD_IP)] + HEADERS), FAIL, BAD_IP)
        local = ("Received", "by mx2.example.net (Postfix, from userid 0); Sun")
        unchecked(delivered(one(filter_, ip=RELAY, headers=[local, written(GOOD_IP)] + HEADERS)))
        unchecked(delivered(one(filter_, ip=RELAY, headers=HEADERS)))
        filter_.wait_log("SPF skipped (the relay names no client): ")


@rows([
    ("qmail", "from unknown (HELO [{good}]) ({bad})\n  by mx2 with SMTP; 1 Jan 2023", True),
    ("qmail-ident", "from unknown (HELO x) ({good}@{bad})\n  by mx2 with SMTP; 1 Jan 2023", True),
    ("communigate", "from [{bad}] (HELO [{good}])\n by mx2 (CommuniGate Pro SMTP 6.1) with ESMTP id 1; Sun", True),
    ("helo-in-a-comment", "from [{bad}] (HELO [{good}]) by mx2 with SMTP; Sun", False),
    ("mdaemon", "from [{good}] by mx2 (MDaemon PRO v9.6.6) with ESMTP id md5; Sun", False),
    ("two-comments", "from x (y [{good}]) (z [{bad}]) by mx2 (Postfix) with ESMTP id 4; Sun", False),
    ("a-field-in-a-field", "from x (y [{good}]) by mx2 with SMTP; Sun (z [{bad}]) by mx2 with SMTP; Sun", False),
    ("webmail", "from x ([{good}]) by mx2 (webmail) with HTTP; Sun", False),
])
def trusted_relay_takes_no_word_of_its_client_for_an_address(binary, field, read):
    with classic(binary, {"TrustedRelay": RELAY}) as filter_:
        headers = [("Received", field.format(good=GOOD_IP, bad=BAD_IP)), written(GOOD_IP)] + HEADERS
        found = one(filter_, ip=RELAY, headers=headers)
        if read:
            refused(found, FAIL, BAD_IP)
        else:
            unchecked(delivered(found))
            filter_.wait_log("reason=Received field 1 ")


INNER = [
    ("Received", "from localhost (localhost [127.0.0.1])\n\tby mx2 (Postfix) with ESMTP id 5; Sun"),
    ("Received", "from mx2 ([127.0.0.1])\n\tby localhost (mx2 [127.0.0.1]) (amavisd-new, port 10024)\n\twith ESMTP id x; Sun"),
    ("Received", f"from mx3 (mx3.example.net [{RELAY}])\n\tby mx2 (8.18.1/8.18.1) with ESMTP id 5; Sun"),
    ("Received", "from pps.filterd (mx3 [127.0.0.1])\n\tby mx3 (8.18.1.2/8.18.1.2) with ESMTP id 52; Sun"),
    ("Received", "(qmail 4711 invoked from network); 1 Jan 2023 00:00:00 -0000"),
    ("Received", "by mail-wr1-f54.google.com with SMTP id b17; Sun"),
]


@case
def trusted_relay_behind_others_of_ours(binary):
    with classic(binary, {"TrustedRelay": RELAY}) as filter_:
        for count in range(1, len(INNER) + 1):
            inner = INNER[:count]
            refused(one(filter_, ip=RELAY, headers=inner + [written(BAD_IP), written(GOOD_IP)] + HEADERS), FAIL, BAD_IP)
            found = delivered(one(filter_, ip=RELAY, headers=inner + [written(GOOD_IP), written(BAD_IP)] + HEADERS))
            equal(spf_result(found)[0], "pass", f"behind {count} fields")
            unchecked(delivered(one(filter_, ip=RELAY, headers=inner + HEADERS)))
            broken = [("Received", "from x (y) by z; Sun")]
            unchecked(delivered(one(filter_, ip=RELAY, headers=inner + broken + [written(BAD_IP)] + HEADERS)))
            filter_.wait_log(f"reason=Received field {count + 1} is in no known form")
        many = (INNER * 2)[:10]
        refused(one(filter_, ip=RELAY, headers=many[:9] + [written(BAD_IP)] + HEADERS), FAIL, BAD_IP)
        unchecked(delivered(one(filter_, ip=RELAY, headers=many + [written(BAD_IP)] + HEADERS)))
        filter_.wait_log("reason=Received field 10 names one of our hosts")


@case
def trusted_relay_sends_several_messages(binary):
    """What is known of one message's client is forgotten before the next."""
    with classic(binary, {"TrustedRelay": RELAY}) as filter_, Mta(filter_.address, ip=RELAY) as mta:
        for _ in range(2):
            equal(spf_result(delivered(mta.send(headers=[written(GOOD_IP)] + HEADERS)))[0], "pass", "result")
            refused(mta.send(headers=[written(BAD_IP)] + HEADERS), FAIL, BAD_IP)
            unchecked(delivered(mta.send(headers=HEADERS)))
        mta.quit()


@case
def trusted_relay_needs_the_header(binary):
    config = {"TrustedRelay": RELAY, "TagSubject": "off", "RemoveForgedHeaders": "off"}
    with classic(binary, config) as filter_:
        refused(one(filter_, ip=RELAY, headers=[written(BAD_IP)] + HEADERS), FAIL)
