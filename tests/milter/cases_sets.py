# SPDX-License-Identifier: GPL-2.0-or-later
"""The sets of results, and the HELO identity beside the sender's, in both directions."""

import re
import signal

from wire_common import (BAD_IP, GOOD_IP, MX, Mta, authentication_results, case, check, classic, contains, delivered,
                         equal, lacks, one, received_spf, refused, rows, wait_until)

FAIL = "550 5.7.23"
GOOD_HELO, BAD_HELO = "mx.example.org", "nofrom.example.org"

# A sender for each result, for BAD_IP.
SENDERS = {
    "fail": "<a@example.org>", "softfail": "<a@soft.example.org>", "neutral": "<a@neutral.example.org>",
    "none": "<a@none.example.org>", "permerror": "<a@broken.example.org>", "temperror": "<a@servfail.example.org>",
}
CODES = {"fail": FAIL, "permerror": "550 5.7.24", "temperror": "451 4.7.24"}


@rows([(result, result) for result in SENDERS])
def refuse_mail_from(binary, result):
    with classic(binary, {"RefuseMailFrom": result}) as filter_:
        for name, sender in SENDERS.items():
            found = one(filter_, sender, ip=BAD_IP)
            if name == result:
                refused(found, CODES.get(name, "550 5.7.1"))
            else:
                delivered(found)


@rows([(result, result) for result in SENDERS])
def defer(binary, result):
    with classic(binary, {"RefuseMailFrom": "off", "Defer": result}) as filter_:
        for name, sender in SENDERS.items():
            found = one(filter_, sender, ip=BAD_IP)
            if name == result:
                refused(found, {"fail": "451 4.7.23", "permerror": "451 4.7.24", "temperror": "451 4.7.24"}
                        .get(name, "451 4.7.1"))
            else:
                delivered(found)


@rows([
    ("tempfail-on", {"RejectTempError": "on"}, "temperror", "451 4.7.24"),
    ("tempfail-off", {"RejectTempError": "off"}, "temperror", None),
    ("permfail-on", {"RejectPermError": "on"}, "permerror", "550 5.7.24"),
    ("permfail-off", {"RejectPermError": "off"}, "permerror", None),
    ("beside-a-set", {"RejectPermError": "on", "RefuseMailFrom": "off"}, "permerror", "550 5.7.24"),
])
def words_of_the_other_branch(binary, config, result, code):
    with classic(binary, config) as filter_:
        found = one(filter_, SENDERS[result], ip=BAD_IP)
        if code:
            refused(found, code)
        else:
            delivered(found)


def results(message):
    """[(result, property, name)] of the Authentication-Results fields, each with one result, from the top."""
    found = []
    for value in message.values("Authentication-Results"):
        authserv_id, infos = authentication_results(value)
        equal((authserv_id, len(infos), infos[0][0]), (MX, 1, "spf"), "authserv-id, number of results, method")
        found.append((infos[0][1], *next(iter(infos[0][2].items()))))
    return found


@rows([
    ("both-pass", GOOD_HELO, "<a@example.org>", [("pass", "smtp.mailfrom", "example.org"),
                                                 ("pass", "smtp.helo", GOOD_HELO)]),
    ("helo-fail", BAD_HELO, "<a@example.org>", [("pass", "smtp.mailfrom", "example.org"),
                                                ("fail", "smtp.helo", BAD_HELO)]),
    ("null-sender", GOOD_HELO, "<>", [("pass", "smtp.helo", GOOD_HELO)]),
    ("one-label", "localhost", "<a@example.org>", [("pass", "smtp.mailfrom", "example.org")]),
    ("literal", "[192.0.2.1]", "<a@example.org>", [("pass", "smtp.mailfrom", "example.org")]),
    ("injection", "x.y; dkim=pass", "<a@example.org>", [("pass", "smtp.mailfrom", "example.org")]),
])
def check_helo(binary, helo, sender, expected):
    with classic(binary, {"CheckHelo": "on", "AddReceivedHeader": "on"}) as filter_:
        message = delivered(one(filter_, sender, helo=helo))
        equal(results(message), expected, "Authentication-Results")
        fields = [received_spf(value) for value in message.values("Received-SPF")]
        equal([(found, pairs["identity"]) for found, _, pairs in fields],
              [(result, name.removeprefix("smtp.")) for result, name, _ in expected], "Received-SPF")
        equal(message.names()[:2 * len(expected)],
              ["Authentication-Results"] * len(expected) + ["Received-SPF"] * len(expected), "order")
    with classic(binary, {"CheckHelo": "off"}) as filter_:
        equal(results(delivered(one(filter_, sender, helo=helo))), expected[:1], "with CheckHelo off")


@case
def refuse_helo(binary):
    with classic(binary, {"RefuseHelo": "fail"}) as filter_:
        text = refused(one(filter_, helo=BAD_HELO), FAIL, "postmaster@" + BAD_HELO)
        lacks(text, "alice", "reply")
        delivered(one(filter_, helo=GOOD_HELO))
        delivered(one(filter_, helo="none.example.org"))
        refused(one(filter_, ip=BAD_IP, helo="none.example.org"), FAIL, "alice@example.org")
        refused(one(filter_, "<>", helo=BAD_HELO), FAIL)
        filter_.wait_log("helo-result=fail, helo-reason=")
        filter_.wait_log("identity=helo, reply=550 5.7.23")
    with classic(binary, {"CheckHelo": "on"}) as filter_:
        delivered(one(filter_, helo=BAD_HELO))


@case
def refuse_helo_alone(binary):
    with classic(binary, {"RefuseMailFrom": "off", "RefuseHelo": "fail, none"}) as filter_:
        delivered(one(filter_, "<a@nofrom.example.org>", helo=GOOD_HELO))
        refused(one(filter_, "<>", ip=BAD_IP, helo="none.example.org"), "550 5.7.1")
        refused(one(filter_, "<a@none.example.org>", ip=GOOD_IP, helo="none.example.org"), "550 5.7.1")


@case
def a_refusal_by_helo_is_final_where_the_sender_is_deferred(binary):
    with classic(binary, {"RefuseHelo": "fail", "Defer": "temperror"}) as filter_:
        refused(one(filter_, SENDERS["temperror"], helo=BAD_HELO), FAIL)
        refused(one(filter_, SENDERS["temperror"], helo=GOOD_HELO), "451 4.7.24")
        refused(one(filter_, helo="servfail.example.org"), "451 4.7.24")


@case
def a_set_for_null_senders(binary):
    """Bounces have a set of their own, whatever is refused for senders and HELO names."""
    with classic(binary, {"RefuseMailFrom": "fail", "RefuseHelo": "fail", "RefuseNullSender": "off"}) as filter_:
        delivered(one(filter_, "<>", helo=BAD_HELO))
        refused(one(filter_, ip=BAD_IP), FAIL)
        refused(one(filter_, helo=BAD_HELO), FAIL)
    with classic(binary, {"RefuseMailFrom": "off", "RefuseNullSender": "fail"}) as filter_:
        refused(one(filter_, "<>", helo=BAD_HELO), FAIL)
        delivered(one(filter_, ip=BAD_IP, helo=BAD_HELO))


@case
def a_set_to_defer_for_each_identity(binary):
    temp, null, helo = SENDERS["temperror"], "<>", "servfail.example.org"
    expected = {"DeferMailFrom": (True, True, False), "DeferHelo": (False, True, True),
                "DeferNullSender": (False, True, False)}
    for key, deferred in expected.items():
        with classic(binary, {key: "temperror", **({"CheckHelo": "on"} if key == "DeferMailFrom" else {})}) as filter_:
            for found, is_deferred in zip((one(filter_, temp), one(filter_, null, helo=helo), one(filter_, helo=helo)),
                                          deferred):
                if is_deferred:
                    refused(found, "451 4.7.24")
                else:
                    delivered(found)


@case
def defer_helo_comes_before_a_refusal_for_the_sender(binary):
    for config, code in (({"DeferHelo": "temperror"}, "451 4.7.24"), ({"Defer": "temperror", "CheckHelo": "on"}, FAIL)):
        with classic(binary, config) as filter_:
            refused(one(filter_, ip=BAD_IP, helo="servfail.example.org"), code)


@case
def helo_of_each_message(binary):
    """A second HELO on the connection is the one that counts from then on."""
    with classic(binary, {"RefuseHelo": "fail"}) as filter_:
        with Mta(filter_.address, helo=GOOD_HELO) as mta:
            delivered(mta.send())
            mta.helo(BAD_HELO)
            refused(mta.send(), FAIL)
            mta.helo(GOOD_HELO)
            delivered(mta.send())
            mta.quit()
        contains(filter_.log(), "helo-result=pass", "log")


@case
def recipients_with_sets_of_their_own(binary):
    config = {"RefuseMailFrom": "fail", "RefuseTo": ["strict@example.net fail, softfail, none", "open@ off"],
              "WhitelistTo": "white@"}
    recipients = [f"<{name}@example.net>" for name in ("bob", "strict", "open", "white")]
    with classic(binary, config) as filter_:
        for sender, left, code in ((SENDERS["fail"], ("open", "white"), FAIL),
                                   (SENDERS["softfail"], ("bob", "open", "white"), "550 5.7.1"),
                                   (SENDERS["none"], ("bob", "open", "white"), "550 5.7.1"),
                                   (SENDERS["neutral"], ("bob", "strict", "open", "white"), None)):
            found = one(filter_, sender, recipients, ip=BAD_IP)
            equal(found.mail.kind, "continue", "MAIL")
            message = delivered(found)
            equal(message.recipients, [f"<{name}@example.net>" for name in left], f"recipients of {sender}")
            lacks(message.value("Subject"), "[SPF", "subject of a message that a whitelisted recipient gets too")
            for recipient in set(recipients) - set(message.recipients):
                check(found.rcpts[recipient].text.startswith(code + " "), f"{recipient}: {found.rcpts[recipient]}")
        message = delivered(one(filter_, SENDERS["fail"], recipients[:3], ip=BAD_IP))
        equal((message.recipients, message.value("Subject")), (["<open@example.net>"], "[SPF:fail] hello"), "tag")


@case
def senders_with_sets_of_their_own(binary):
    config = {"RefuseMailFrom": "fail",
              "RefuseFor": ["soft.example.org softfail", ".example.org off", "none.example.org none"]}
    with classic(binary, config) as filter_:
        delivered(one(filter_, SENDERS["fail"], ip=BAD_IP))
        delivered(one(filter_, SENDERS["softfail"], ip=BAD_IP))  # the last rule that fits counts
        found = one(filter_, SENDERS["none"], ip=BAD_IP)
        refused(found, "550 5.7.1")
        check(found.mail.refused, "refused at RCPT, though no recipient has a rule")
        refused(one(filter_, "<>", ip=BAD_IP), FAIL)  # has no sender domain
    with classic(binary, {"RefuseFor": "soft.example.org softfail"}) as filter_:
        refused(one(filter_, SENDERS["softfail"], ip=BAD_IP), "550 5.7.1")
        refused(one(filter_, SENDERS["fail"], ip=BAD_IP), FAIL)


@case
def refuse_only_no_mail(binary):
    """mx.example.org fails by `a -all`, nofrom.example.org by `-all` alone; also out of the cache."""
    with classic(binary, {"RefuseOnlyNoMail": "on"}) as filter_:
        for _ in range(2):
            refused(one(filter_, "<a@nofrom.example.org>", ip=BAD_IP), FAIL)
            contains(delivered(one(filter_, "<a@mx.example.org>", ip=BAD_IP)).value("Subject"), "[SPF:fail]", "subject")
        refused(one(filter_, "<>", ip=BAD_IP, helo="nofrom.example.org"), FAIL)
        delivered(one(filter_, "<>", ip=BAD_IP, helo="mx.example.org"))
    with classic(binary, {"RefuseOnlyNoMail": "off"}) as filter_:
        refused(one(filter_, "<a@mx.example.org>", ip=BAD_IP), FAIL)


@case
def test_mode(binary):
    config = {"TestMode": "on", "Defer": "temperror", "Quarantine": "on", "AddReceivedHeader": "on"}
    undone = [("fail", "would be refused with 550 5.7.23"), ("softfail", "would be tagged, quarantined"),
              ("temperror", "would be deferred with 451 4.7.24"), ("neutral", None)]
    with classic(binary, config) as filter_:
        for result, words in undone:
            message = delivered(one(filter_, SENDERS[result], ip=BAD_IP))
            equal((message.recipients, message.value("Subject")), (["<bob@example.net>"], "hello"), "message")
            equal(results(message)[0][0], result, "result")
            received_spf(message.value("Received-SPF"))
            for name in ("Authentication-Results", "Received-SPF"):
                value = " ".join(message.value(name).split())
                equal("test mode" in value, words is not None, value)
                contains(value, words or result, name)
        delivered(one(filter_, "<a@b@c>"))
        filter_.wait_log("verdict=refused, test=yes, reply=550 5.7.23")
    with classic(binary, config | {"TestMode": "off"}) as filter_:
        refused(one(filter_, SENDERS["fail"], ip=BAD_IP), FAIL)
        equal(delivered(one(filter_, SENDERS["softfail"], ip=BAD_IP)).recipients, ["postmaster"], "quarantine")


@rows([("mail", "mail"), ("rcpt", "rcpt"), ("eom", "eom")])
def refuse_at(binary, step):
    """The same reply at the step that was chosen, and the same changes to what goes on."""
    with classic(binary) as filter_:
        usual = refused(one(filter_, ip=BAD_IP), FAIL)
    with classic(binary, {"RefuseAt": step, "Defer": "temperror"}) as filter_:
        found = one(filter_, ip=BAD_IP)
        equal(refused(found, FAIL), usual, "reply")
        steps = {"mail": found.mail, "rcpt": next(iter(found.rcpts.values()), None), "eom": found.eom}
        equal([name for name, reply in steps.items() if reply is not None and reply.refused], [step], "refused at")
        refused(one(filter_, SENDERS["temperror"]), "451 4.7.24")
        message = delivered(one(filter_, SENDERS["softfail"], ip=BAD_IP))
        equal((results(message)[0][0], message.value("Subject")), ("softfail", "[SPF:fail] hello"), "softfail")
        equal(results(delivered(one(filter_)))[0][0], "pass", "pass")
        with Mta(filter_.address, ip=BAD_IP) as mta:
            refused(mta.send(), FAIL)
            delivered(mta.send(SENDERS["neutral"]))
            refused(mta.send(), FAIL)
            mta.quit()


def counted(filter_):
    """The counters of the moment."""
    size = len(filter_.log())
    filter_.signal(signal.SIGUSR2)
    return wait_until(lambda: re.search("counters: .*", filter_.log()[size:]), 30, "the counters").group(0)


@rows([("rcpt", "rcpt"), ("eom", "eom")])
def refuse_at_answers_mail_before_it_has_a_result(binary, step):
    with classic(binary, {"RefuseAt": step, "DNSTimeout": "2s"}) as filter_, Mta(filter_.address, ip=BAD_IP) as mta:
        equal(mta.client.mail("<a@timeout.example.org>").kind, "continue", "MAIL")
        lacks(counted(filter_), " temperror=1 ", "counters after MAIL")
        equal(mta.client.rcpt("<bob@example.net>").kind, "continue", "RCPT")
        equal(" temperror=1 " in counted(filter_), step == "rcpt", "judged at RCPT")
        equal(mta.client.eom()[0].kind, "continue", "end of message")
        filter_.wait_log("SPF temperror")
        mta.quit()


@case
def refuse_at_with_rules_for_recipients(binary):
    """They are decided at RCPT, whatever RefuseAt says."""
    for step in ("mail", "rcpt", "eom"):
        with classic(binary, {"RefuseAt": step, "WhitelistTo": "white@"}) as filter_:
            found = one(filter_, recipients=["<bob@example.net>", "<white@example.net>"], ip=BAD_IP)
            equal(delivered(found).recipients, ["<white@example.net>"], step)


@case
def refuse_at_asks_for_the_same_steps(binary):
    asked = set()
    for step in ("mail", "rcpt", "eom"):
        with classic(binary, {"RefuseAt": step}) as filter_, Mta(filter_.address) as mta:
            asked.add((mta.client.steps, mta.client.actions))
            mta.quit()
    equal(len(asked), 1, f"steps and actions {asked}")
