# SPDX-License-Identifier: GPL-2.0-or-later
"""RecipientPolicy: each key that may stand there, for the recipients it is for, and for others beside them."""

from wire_common import (BAD_IP, GOOD_IP, ZONE, Mta, case, check, classic, contains, delivered, equal, lacks, one, refused,
                         rows, spf_result, untouched)

FAIL = "550 5.7.23"
BOSS, BOB, WHITE = "<boss@example.net>", "<bob@example.net>", "<white@example.net>"
SENDER, SOFT, NONE, BROKEN, SERVFAIL = (f"<alice@{domain}>" for domain in (
    "example.org", "soft.example.org", "none.example.org", "broken.example.org", "servfail.example.org"))


def block(*lines, patterns="boss@example.net"):
    return {"RecipientPolicy": patterns + " {\n" + "\n".join(lines) + "\n}"}


def codes(outcome):
    return [reply.text[:3] if reply.kind == "replycode" else "-" for reply in outcome.rcpts.values()]


AUTHENTICATED = {"macros": {"mail": {"{auth_authen}": "joe", "{auth_type}": "PLAIN"}}}
CERTIFIED = {"macros": {"helo": {"{verify}": "OK", "{cert_subject}": "joe"}}}

# what, lines of the block, keys for all, sender, options of the client, reply to the one it is for, reply to others
EITHER = [
    ("refuse-more", ["RefuseMailFrom fail softfail"], {}, SOFT, {}, "550", "-"),
    ("refuse-less", ["RefuseMailFrom off"], {}, SENDER, {}, "-", "550"),
    ("refuse-fail", ["RefuseFail off"], {}, SENDER, {}, "-", "550"),
    ("refuse-none", ["RefuseSPFNone on"], {}, NONE, {}, "550", "-"),
    ("refuse-null-none", ["RefuseSPFNoneHelo on"], {}, "<>", {"helo": "none.example.org"}, "550", "-"),
    ("refuse-for", ["RefuseFor soft.example.org softfail"], {}, SOFT, {}, "550", "-"),
    ("refuse-helo", ["RefuseHelo fail"], {}, NONE, {}, "550", "-"),
    ("refuse-null-sender", ["RefuseNullSender off"], {}, "<>", {}, "-", "550"),
    ("check-helo", ["CheckHelo on", "Defer fail"], {"RefuseFail": "off"}, NONE, {}, "451", "-"),
    ("defer", ["Defer temperror"], {}, SERVFAIL, {}, "451", "-"),
    ("defer-mail-from", ["DeferMailFrom temperror"], {}, SERVFAIL, {}, "451", "-"),
    ("defer-helo", ["DeferHelo fail"], {}, NONE, {}, "451", "-"),
    ("defer-null-sender", ["DeferNullSender none"], {}, "<>", {"helo": "none.example.org"}, "451", "-"),
    ("temp-error", ["AcceptTempError off"], {}, SERVFAIL, {}, "451", "-"),
    ("reject-temp-error", ["RejectTempError on"], {}, SERVFAIL, {}, "451", "-"),
    ("perm-error", ["RejectPermError on"], {}, BROKEN, {}, "550", "-"),
    ("only-no-mail", ["RefuseOnlyNoMail on"], {}, SENDER, {}, "-", "550"),
    ("soft-fail", ["SoftFail on"], {}, SENDER, {}, "450", "550"),
    ("leave-to-dmarc", ["LeaveToDMARC on"], {}, SENDER, {}, "-", "550"),
    ("not-left-to-dmarc", ["LeaveToDMARC off"], {"LeaveToDMARC": "on"}, SENDER, {}, "550", "-"),
    ("test-mode", ["TestMode on"], {}, SENDER, {}, "-", "550"),
    ("whitelist-ip", [f"WhitelistIP {BAD_IP}"], {}, SENDER, {}, "-", "550"),
    ("no-whitelist-ip", ["WhitelistIP none"], {"WhitelistIP": BAD_IP}, SENDER, {}, "550", "-"),
    ("other-whitelist-ip", ["WhitelistIP 192.0.2.99"], {"WhitelistIP": BAD_IP}, SENDER, {}, "550", "-"),
    ("whitelist-ptr", ["WhitelistPTR .verified.example"], {}, SENDER, {"host": "mail.verified.example"}, "-", "550"),
    ("no-whitelist-ptr", ["WhitelistPTR none"], {"WhitelistPTR": ".verified.example"}, SENDER,
     {"host": "mail.verified.example"}, "550", "-"),
    ("whitelist-from", ["WhitelistFrom alice@"], {}, SENDER, {}, "-", "550"),
    ("no-whitelist-from", ["WhitelistFrom none"], {"WhitelistFrom": "alice@"}, SENDER, {}, "550", "-"),
    ("whitelist-helo", ["WhitelistHelo bad.example.org"], {}, SENDER, {"helo": "bad.example.org"}, "-", "550"),
    ("no-whitelist-helo", ["WhitelistHelo none"], {"WhitelistHelo": "bad.example.org"}, SENDER,
     {"helo": "bad.example.org"}, "550", "-"),
    ("whitelist-spf", ["WhitelistSPF forwarder.example.org"], {}, SENDER, {}, "-", "550"),
    ("no-whitelist-spf", ["WhitelistSPF none"], {"WhitelistSPF": "forwarder.example.org"}, SENDER, {}, "550", "-"),
    ("skip-auth", ["SkipAuth off"], {}, SENDER, AUTHENTICATED, "550", "-"),
    ("no-skip-auth", ["SkipAuth on"], {"SkipAuth": "off"}, SENDER, AUTHENTICATED, "-", "550"),
    ("skip-cert", ["SkipCert on"], {}, SENDER, CERTIFIED, "-", "550"),
    ("no-skip-cert", ["SkipCert off"], {"SkipCert": "on"}, SENDER, CERTIFIED, "550", "-"),
    ("skip-ndr", ["SkipNDR on"], {}, "<>", {}, "-", "550"),
    ("no-skip-ndr", ["SkipNDR off"], {"SkipNDR": "on"}, "<>", {}, "550", "-"),
    ("in-a-file-with-sets", ["RefuseMailFrom off"], {"RefuseMailFrom": "fail softfail"}, SOFT, {}, "-", "550"),
    ("beside-legacy-keys", ["Defer neutral"], {"RefuseSPFNone": "on"}, NONE, {}, "550", "550"),
]
MORE = ZONE + f"""
_dmarc      TXT "v=DMARC1; p=reject"
bad         A {BAD_IP}
forwarder   TXT "v=spf1 ip4:{BAD_IP} -all"
"""


@rows(EITHER)
def key_for_some(binary, lines, config, sender, options, own, other):
    """Whoever comes first, and each alone."""
    with classic(binary, {**config, **block(*lines)}, zone=MORE) as filter_:
        for recipients, expected in (([BOSS, BOB], [own, other]), ([BOB, BOSS], [other, own]), ([BOSS], [own]), ([BOB], [other])):
            with Mta(filter_.address, ip=BAD_IP, **options) as mta:
                equal(codes(mta.send(sender, recipients)), expected, f"{recipients}")


@case
def words_and_fields_for_some(binary):
    config = {"AddReceivedHeader": "off", "WhitelistTo": WHITE[1:-1],
              **block('RejectReason "not for the boss: %{s}"', "AddReceivedHeader on", "AddHeader off")}
    with classic(binary, config) as filter_:
        with Mta(filter_.address, ip=BAD_IP) as mta:
            replies = mta.send(SENDER, [BOSS, BOB]).rcpts
        contains(replies[BOSS].text, "not for the boss: alice@example.org", "reply to the boss")
        contains(replies[BOB].text, "is not permitted", "reply to bob")
        for recipients, names in (([BOB], ["Authentication-Results"]), ([BOSS], ["Received-SPF"]),
                                  ([BOSS, BOB], ["Authentication-Results", "Received-SPF"])):
            message = delivered(one(filter_, ip=GOOD_IP, recipients=recipients))
            equal([name for name in ("Authentication-Results", "Received-SPF") if message.values(name)], names, f"{recipients}")


@case
def nobody_who_is_checked_gets_it(binary):
    """An exempt message is left as it is, and its log line says why."""
    with classic(binary, block(f"WhitelistIP {BAD_IP}")) as filter_:
        untouched(delivered(one(filter_, ip=BAD_IP, recipients=[BOSS])))
        contains(filter_.wait_log("verdict=exempt"), "SPF skipped (whitelisted address)", "log")
        message = delivered(one(filter_, ip=BAD_IP, recipients=[BOSS, BOB]))
        equal(message.values("Authentication-Results"), [], "fields for the exempt one alone")


@case
def test_mode_for_some_is_said(binary):
    with classic(binary, block("TestMode on")) as filter_:
        message = delivered(one(filter_, ip=BAD_IP, recipients=[BOSS]))
        contains(message.value("Authentication-Results"), "spf=fail (test mode: would be refused with 550 5.7.23)", "field")
        contains(filter_.wait_log("test-to=<boss@example.net>"), "test-reply=550 5.7.23, recipients=1", "log")
        lacks(filter_.log(), "test=yes", "log")


@case
def the_last_policy_counts_and_case_does_not(binary):
    policies = ["@example.net {\n RefuseMailFrom off\n}", "Boss@Example.NET bob@example.net {\n RefuseMailFrom fail\n}"]
    with classic(binary, {"RecipientPolicy": policies}) as filter_:
        with Mta(filter_.address, ip=BAD_IP) as mta:
            equal(codes(mta.send(SENDER, [BOSS, BOB, "<BOB@example.NET>", WHITE, "<x@other.example>"])),
                  ["550", "550", "550", "-", "550"], "replies")


@case
def rules_for_recipients_take_precedence(binary):
    config = {"RefuseTo": "bob@example.net off", "WhitelistTo": "white@example.net",
              **block("RefuseMailFrom fail", patterns="@example.net"), "RefuseMailFrom": "off"}
    with classic(binary, config) as filter_:
        with Mta(filter_.address, ip=BAD_IP) as mta:
            outcome = mta.send(SENDER, [BOB, WHITE, BOSS])
        equal(codes(outcome), ["-", "-", "550"], "replies")
        equal(spf_result(delivered(outcome))[0], "fail", "the whitelisted recipient's field")


@case
def a_relay_s_message_has_the_settings_for_all(binary):
    """Also where a name is checked for some only."""
    received = ("Received", f"from mx.example.org (unknown [{GOOD_IP}])\n\tby mx2 (Postfix) with ESMTP id 4; Sun, 1 Jan 2023")
    with classic(binary, {"TrustedRelay": BAD_IP, **block("RefuseHelo none fail", "WhitelistFrom alice@")}) as filter_:
        message = delivered(one(filter_, ip=BAD_IP, recipients=[BOSS], headers=[received]))
        equal(len(message.values("Authentication-Results")), 1, f"fields: {message.values('Authentication-Results')}")
        equal(spf_result(message)[0], "pass", "result")
        lacks(filter_.wait_log("verdict="), "helo-result", "log")


@case
def a_reload_takes_other_policies(binary):
    with classic(binary, block("RefuseMailFrom off")) as filter_:
        delivered(one(filter_, ip=BAD_IP, recipients=[BOSS]))
        filter_.reconfigure(block("RefuseMailFrom fail"))
        filter_.signal(10)
        filter_.wait_log("reloaded")
        check(one(filter_, ip=BAD_IP, recipients=[BOSS]).rcpts[BOSS].text.startswith(FAIL), "refused after the reload")
