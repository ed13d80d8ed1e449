# SPDX-License-Identifier: GPL-2.0-or-later
"""Each classic key in both directions: what a client sees with it, and what without."""

from wire_common import (BAD_IP, BAD_IP6, GOOD_IP, GOOD_IP6, MX, Mta, case, check, classic, contains, delivered,
                         equal, lacks, one, refused, rows, spf_result, untouched)

FAIL = "550 5.7.23"

# name, sender, client, result, refused by default with
OUTCOMES = [
    ("pass", "<alice@example.org>", GOOD_IP, "pass", None),
    ("pass6", "<alice@example.org>", GOOD_IP6, "pass", None),
    ("mapped", "<alice@example.org>", "::ffff:192.0.2.1", "pass", None),
    ("fail", "<alice@example.org>", BAD_IP, "fail", FAIL),
    ("fail6", "<alice@six.example.org>", BAD_IP6, "fail", FAIL),
    ("softfail", "<alice@soft.example.org>", BAD_IP, "softfail", None),
    ("neutral", "<alice@neutral.example.org>", BAD_IP, "neutral", None),
    ("none", "<alice@none.example.org>", BAD_IP, "none", None),
    ("permerror", "<alice@broken.example.org>", BAD_IP, "permerror", None),
    ("temperror", "<alice@servfail.example.org>", BAD_IP, "temperror", None),
    ("timeout", "<alice@timeout.example.org>", BAD_IP, "temperror", None),
    ("null-pass", "<>", GOOD_IP, "pass", None),
    ("null-fail", "<>", BAD_IP, "fail", FAIL),
]


@rows(OUTCOMES)
def outcome(binary, sender, client, result, code):
    with classic(binary, {"RefuseFail": "on", "DNSTimeout": "3s"}) as filter_:
        found = one(filter_, sender, ip=client)
        if code:
            refused(found, code)
        else:
            equal(spf_result(delivered(found))[0], result, "result")
    with classic(binary, {"RefuseFail": "off", "DNSTimeout": "3s"}) as filter_:
        equal(spf_result(delivered(one(filter_, sender, ip=client)))[0], result, "result with RefuseFail off")


@rows([
    ("ipv4", "198.51.100.9", BAD_IP, "198.51.100.8", ),
    ("ipv4-net", "198.51.100.0/28", "198.51.100.15", "198.51.100.16"),
    ("ipv4-all", "0.0.0.0/0", BAD_IP, BAD_IP6),
    ("ipv6", "2001:db8:9::9", BAD_IP6, "2001:db8:9::8"),
    ("ipv6-net", "2001:db8:9::/48", "2001:db8:9:ffff::1", "2001:db8:a::1"),
    ("mapped", "198.51.100.9", "::ffff:198.51.100.9", "::ffff:198.51.100.8"),
    ("list", "203.0.113.0/24, 198.51.100.9 2001:db8:9::/48", BAD_IP6, "198.51.100.8"),
])
def whitelist_ip(binary, value, inside, outside):
    with classic(binary, {"WhitelistIP": value}) as filter_:
        untouched(delivered(one(filter_, ip=inside)))
        refused(one(filter_, ip=outside), FAIL)


@case
def whitelist_ip_lines_and_alias(binary):
    config = {"WhitelistIP": ["203.0.113.1", "198.51.100.9"], "WhitelistIP6": "2001:db8:9::/64"}
    with classic(binary, config) as filter_:
        untouched(delivered(one(filter_, ip=BAD_IP)))
        untouched(delivered(one(filter_, ip=BAD_IP6)))
        refused(one(filter_, ip="198.51.100.8"), FAIL)


@rows([
    ("same", "example.com", "example.com", True),
    ("below", "example.com", "out.example.com", True),
    ("case", "EXAMPLE.com", "Out.Example.COM", True),
    ("boundary", "example.com", "badexample.com", False),
    ("above", "out.example.com", "example.com", False),
    ("suffix", "example.com", "example.com.evil.example", False),
    ("dot-below", ".example.com", "out.example.com", True),
    ("dot-same", ".example.com", "example.com", False),
    ("unverified", "example.com", "[198.51.100.9]", False),
])
def whitelist_ptr(binary, value, host, accepted):
    with classic(binary, {"WhitelistPTR": value}) as filter_:
        found = one(filter_, ip=BAD_IP, host=host, helo="out.example.com")
        if accepted:
            untouched(delivered(found))
        else:
            refused(found, FAIL)


@rows([
    ("address", "alice@example.org", "<alice@example.org>", True),
    ("address-other", "alice@example.org", "<bob@example.org>", False),
    ("address-longer", "alice@example.org", "<malice@example.org>", False),
    ("domain-case", "alice@example.org", "<alice@EXAMPLE.ORG>", True),
    ("local-part", "alice@", "<alice@mx.example.org>", True),
    ("local-part-other", "alice@", "<alice2@example.org>", False),
    ("domain", "@example.org", "<anyone@example.org>", True),
    ("domain-below", "@example.org", "<anyone@mx.example.org>", False),
    ("dot-domain", "@.example.org", "<anyone@example.org>", True),
    ("dot-domain-below", "@.example.org", "<anyone@mx.example.org>", True),
    ("dot-domain-boundary", "@.mple.org", "<anyone@example.org>", False),
    ("substring", "ice@exa", "<alice@example.org>", False),
    ("substring-without-at", "ample", "<alice@example.org>", True),
    ("substring-absent", "sample", "<alice@example.org>", False),
])
def whitelist_from(binary, pattern, sender, accepted):
    with classic(binary, {"WhitelistFrom": pattern}) as filter_:
        found = one(filter_, sender, ip=BAD_IP)
        if accepted:
            equal(delivered(found).values("Authentication-Results"), [], "fields of a skipped message")
        else:
            refused(found, FAIL)


@case
def whitelist_from_never_matches_the_null_sender(binary):
    with classic(binary, {"WhitelistFrom": "@example.org"}) as filter_:
        refused(one(filter_, "<>", ip=BAD_IP), FAIL)


@case
def whitelist_to_beside_others(binary):
    with classic(binary, {"WhitelistTo": "postmaster@"}) as filter_:
        found = one(filter_, recipients=["<bob@example.net>", "<postmaster@example.net>", "<carol@example.net>"],
                    ip=BAD_IP)
        message = delivered(found)
        equal(message.recipients, ["<postmaster@example.net>"], "recipients left")
        for recipient in ("<bob@example.net>", "<carol@example.net>"):
            check(found.rcpts[recipient].text.startswith(FAIL + " "), f"{recipient}: {found.rcpts[recipient]}")
        equal(spf_result(message)[0], "fail", "result of the message that goes on")


@case
def whitelist_to_all_refused_then_next_message(binary):
    with classic(binary, {"WhitelistTo": "postmaster@example.net"}) as filter_, Mta(filter_.address, ip=BAD_IP) as mta:
        found = mta.send(recipients=["<bob@example.net>", "<carol@example.net>"])
        refused(found, FAIL)
        equal([reply.code for reply in found.rcpts.values()], ["550", "550"], "codes at RCPT")
        delivered(mta.send(recipients="<postmaster@example.net>"))
        equal(spf_result(delivered(mta.send("<a@soft.example.org>")))[0], "softfail", "next message")
        mta.quit()


@case
def whitelist_to_same_words_at_mail_and_rcpt(binary):
    with classic(binary, {}) as filter_:
        at_mail = refused(one(filter_, ip=BAD_IP), FAIL)
    with classic(binary, {"WhitelistTo": "postmaster@"}) as filter_:
        found = one(filter_, ip=BAD_IP)
        equal(found.mail.kind, "continue", "MAIL with a rule per recipient")
        equal(refused(found, FAIL), at_mail, "reply at RCPT")


@case
def fixed_client_ip(binary):
    with classic(binary, {"FixedClientIP": GOOD_IP}) as filter_:
        equal(spf_result(delivered(one(filter_, ip=BAD_IP)))[0], "pass", "result")
    with classic(binary, {"FixedClientIP": BAD_IP}) as filter_:
        refused(one(filter_, ip=GOOD_IP), FAIL, BAD_IP)
    with classic(binary, {"FixedClientIP": GOOD_IP6}) as filter_:
        equal(spf_result(delivered(one(filter_, ip=BAD_IP)))[0], "pass", "result by IPv6")


@case
def client_ip_nat(binary):
    nat = [f"10.0.0.1:{GOOD_IP}", f"[2001:db8:aa::1]:[{GOOD_IP6}]", f"10.0.0.2:{BAD_IP}"]
    with classic(binary, {"ClientIPNAT": nat}) as filter_:
        for client in ("10.0.0.1", "2001:db8:aa::1"):
            equal(spf_result(delivered(one(filter_, ip=client)))[0], "pass", f"client {client}")
        refused(one(filter_, ip="10.0.0.2"), FAIL, BAD_IP)
        refused(one(filter_, ip="10.0.0.3"), FAIL)


@case
def client_ip_nat_goes_before_fixed_client_ip(binary):
    with classic(binary, {"ClientIPNAT": f"10.0.0.1:{GOOD_IP}", "FixedClientIP": BAD_IP}) as filter_:
        equal(spf_result(delivered(one(filter_, ip="10.0.0.1")))[0], "pass", "mapped client")
        refused(one(filter_, ip=GOOD_IP), FAIL)


@rows([
    ("login", {"mail": {"{auth_type}": "PLAIN", "{auth_authen}": "fred"}}, True),
    ("certificate", {"helo": {"{verify}": "OK"}, "mail": {"{verify}": "OK"}}, False),
    ("empty-login", {"mail": {"{auth_type}": "", "{auth_authen}": ""}}, False),
    ("neither", {}, False),
])
def skip_auth(binary, macros, skipped):
    with classic(binary, {"SkipAuth": "on"}) as filter_:
        found = one(filter_, ip=BAD_IP, macros=macros)
        if skipped:
            untouched(delivered(found))
        else:
            refused(found, FAIL)
    with classic(binary, {"SkipAuth": "off"}) as filter_:
        refused(one(filter_, ip=BAD_IP, macros=macros), FAIL)


@rows([
    ("verified", {"helo": {"{verify}": "OK"}, "mail": {"{verify}": "OK"}}, True),
    ("verified-at-helo", {"helo": {"{verify}": "OK"}}, True),
    ("not-verified", {"helo": {"{verify}": "NO"}, "mail": {"{verify}": "NO"}}, False),
    ("failed", {"helo": {"{verify}": "FAIL"}, "mail": {"{verify}": "FAIL"}}, False),
    ("named", {"helo": {"{cert_subject}": "/CN=mx.example.org", "{cert_issuer}": "/CN=CA"}}, False),
    ("login", {"mail": {"{auth_type}": "PLAIN", "{auth_authen}": "fred"}}, False),
    ("neither", {}, False),
])
def skip_cert(binary, macros, skipped):
    with classic(binary, {"SkipCert": "on", "SkipAuth": "off"}) as filter_:
        found = one(filter_, ip=BAD_IP, macros=macros)
        if skipped:
            untouched(delivered(found))
        else:
            refused(found, FAIL)
    with classic(binary, {"SkipCert": "off", "SkipAuth": "off"}) as filter_:
        refused(one(filter_, ip=BAD_IP, macros=macros), FAIL)


@rows([("ipv4", "127.0.0.1"), ("ipv4-other", "127.9.9.9"), ("ipv6", "::1")])
def loopback_client(binary, client):
    """Content filters and webmail, in a file without WhitelistIP too."""
    with classic(binary) as filter_:
        untouched(delivered(one(filter_, "<a@none.example.org>", ip=client)))
        untouched(delivered(one(filter_, ip=client)))
    with classic(binary, {"FixedClientIP": BAD_IP}) as filter_:
        refused(one(filter_, ip=client), FAIL, BAD_IP)
    text = f"[{client}]" if ":" in client else client
    with classic(binary, {"ClientIPNAT": f"{text}:{BAD_IP}"}) as filter_:
        refused(one(filter_, ip=client), FAIL, BAD_IP)


@case
def skip_auth_of_one_message_is_not_that_of_the_next(binary):
    with classic(binary) as filter_, Mta(filter_.address, ip=BAD_IP) as mta:
        mta.client.macros["mail"]["{auth_authen}"] = "fred"
        mta.client.macros["mail"]["{auth_type}"] = "PLAIN"
        delivered(mta.send())
        del mta.client.macros["mail"]["{auth_authen}"], mta.client.macros["mail"]["{auth_type}"]
        refused(mta.send(), FAIL)


@case
def skip_ndr(binary):
    with classic(binary, {"SkipNDR": "on"}) as filter_:
        equal(delivered(one(filter_, "<>", ip=BAD_IP)).values("Authentication-Results"), [], "fields")
        refused(one(filter_, ip=BAD_IP), FAIL)
    with classic(binary, {"SkipNDR": "off"}) as filter_:
        refused(one(filter_, "<>", ip=BAD_IP), FAIL)


@case
def refuse_spf_none(binary):
    with classic(binary, {"RefuseSPFNone": "on"}) as filter_:
        refused(one(filter_, "<alice@none.example.org>", ip=BAD_IP), "550 5.7.1")
        delivered(one(filter_))
        delivered(one(filter_, "<alice@soft.example.org>", ip=BAD_IP))
    with classic(binary, {"RefuseSPFNone": "off"}) as filter_:
        delivered(one(filter_, "<alice@none.example.org>", ip=BAD_IP))


@case
def refuse_spf_none_helo(binary):
    with classic(binary, {"RefuseSPFNoneHelo": "on"}) as filter_:
        refused(one(filter_, "<>", ip=BAD_IP, helo="none.example.org"), "550 5.7.1")
        delivered(one(filter_, "<alice@none.example.org>", ip=BAD_IP, helo="none.example.org"))
        delivered(one(filter_, "<>"))
    with classic(binary, {"RefuseSPFNoneHelo": "off"}) as filter_:
        delivered(one(filter_, "<>", ip=BAD_IP, helo="none.example.org"))


@case
def accept_temp_error(binary):
    for domain in ("servfail", "timeout"):
        with classic(binary, {"AcceptTempError": "off", "DNSTimeout": "2s"}) as filter_:
            refused(one(filter_, f"<alice@{domain}.example.org>"), "451 4.7.24")
            delivered(one(filter_))
        with classic(binary, {"AcceptTempError": "on", "DNSTimeout": "2s"}) as filter_:
            equal(spf_result(delivered(one(filter_, f"<alice@{domain}.example.org>")))[0], "temperror", domain)


@case
def soft_fail_turns_refusals_into_deferrals(binary):
    with classic(binary, {"SoftFail": "on", "RefuseSPFNone": "on"}) as filter_:
        text = refused(one(filter_, ip=BAD_IP), "450 4.7.23")
        lacks(text, " 5.7.", "reply")
        refused(one(filter_, "<alice@none.example.org>"), "450 4.7.1")
    with classic(binary, {"SoftFail": "on", "WhitelistTo": "postmaster@"}) as filter_:
        refused(one(filter_, ip=BAD_IP), "450 4.7.23")


@case
def spf_best_guess(binary):
    with classic(binary, {"SPFBestGuess": "on", "RefuseSPFNone": "on"}) as filter_:
        message = delivered(one(filter_, "<alice@guess.example.org>", ip="192.0.2.77"))
        equal(spf_result(message)[0] in ("pass", "none", "neutral"), True, "a guessed result")
        contains(message.value("Authentication-Results").lower(), "guess", "guessed result")
        delivered(one(filter_, "<alice@guess.example.org>", ip=BAD_IP))
        refused(one(filter_, ip=BAD_IP), FAIL)
    with classic(binary, {"SPFBestGuess": "off"}) as filter_:
        equal(spf_result(delivered(one(filter_, "<a@guess.example.org>", ip="192.0.2.77")))[0], "none", "without")


@case
def relaxed_local_part(binary):
    longer, longest = "<" + "x" * 65 + "@example.org>", "<" + "x" * 64 + "@example.org>"
    to_longer = "<" + "y" * 65 + "@example.net>"
    with classic(binary, {"RelaxedLocalPart": "off"}) as filter_:
        refused(one(filter_, longer), "550 5.1.7")
        delivered(one(filter_, longest))
        refused(one(filter_, recipients=to_longer), "550 5.1.3")
    with classic(binary, {"RelaxedLocalPart": "on"}) as filter_:
        delivered(one(filter_, longer))
        delivered(one(filter_, recipients=to_longer))
        refused(one(filter_, longer, ip=BAD_IP), FAIL)


@case
def add_header(binary):
    with classic(binary, {"AddHeader": "off"}) as filter_:
        equal(delivered(one(filter_)).names(), ["Received", "From", "To", "Subject"], "fields")
    with classic(binary, {"AddHeader": "off", "AddReceivedHeader": "on"}) as filter_:
        message = delivered(one(filter_))
        equal(message.values("Authentication-Results"), [], "fields")
        message.value("Received-SPF")
    with classic(binary, {"AddReceivedHeader": "off"}) as filter_:
        equal(delivered(one(filter_)).values("Received-SPF"), [], "Received-SPF by default")


@case
def authserv_id(binary):
    with classic(binary, {"AuthservID": "auth.example.com"}) as filter_:
        equal(spf_result(delivered(one(filter_)), "auth.example.com")[0], "pass", "result")
    with classic(binary) as filter_:
        equal(spf_result(delivered(one(filter_)), MX)[0], "pass", "result, name from the MTA")
        equal(spf_result(delivered(one(filter_, macros={"connect": {"j": "other.example.net"}})),
                         "other.example.net")[0], "pass", "result, another name of the MTA")
