# SPDX-License-Identifier: GPL-2.0-or-later
"""Which results are refused or deferred, for whom, and at which step: each key in both directions."""

import re

from cases import Group
from world import BAD, GOOD, OTHER_USER, USER

HELO = Group("refuse-helo", [("RefuseHelo", "fail")])
DEFER = Group("defer", [("RefuseMailFrom", "permerror"), ("Defer", "fail, temperror")])
NULL_SENDER = Group("null-sender", [("RefuseMailFrom", "fail"), ("RefuseHelo", "fail"), ("RefuseNullSender", "off"),
                                    ("DeferHelo", "temperror"), ("DeferNullSender", "off")])
RULES = Group("rules", [("RefuseTo", USER + " fail, softfail"), ("RefuseTo", OTHER_USER + " off"),
                        ("RefuseFor", "neutral.example neutral")])
NO_MAIL = Group("no-mail", [("RefuseOnlyNoMail", "on")])
AT_RCPT = Group("refuse-at-rcpt", [("RefuseAt", "rcpt")])
AT_END = Group("refuse-at-end", [("RefuseAt", "eom"), ("Defer", "temperror")])
ERRORS = Group("errors", [("RejectTempError", "on"), ("RejectPermError", "on"), ("SPFBestGuess", "on")])
TEST = Group("test-mode", [("TestMode", "on"), ("Quarantine", "on")])
GROUPS = [HELO, DEFER, NULL_SENDER, RULES, NO_MAIL, AT_RCPT, AT_END, ERRORS, TEST]


@HELO.case()
def fail_of_the_helo_name_is_refused(world):
    start = len(world.filter.log())
    sent = world.send("a@pass.example", GOOD, helo="bad.fail.example")
    sent.mail.check(550, "5.7.23", "postmaster@bad.fail.example", "is not permitted from 203.0.113.10")
    line = world.filter.log()[start:].partition("SPF pass: ")[2].partition("\n")[0]
    assert "helo-result=fail" in line and "verdict=refused, identity=helo" in line, line
    assert (", id=" in line) == (world.mta.name == "sendmail"), line  # Postfix has none at MAIL FROM


@HELO.case()
def both_identities_are_recorded(world):
    message = world.send("a@pass.example", GOOD).delivered()
    results = [value.partition("; ")[2] for value in message.values("Authentication-Results")]
    assert results == ["spf=pass smtp.mailfrom=pass.example", "spf=pass smtp.helo=mail.pass.example"], results
    received = [value for name, value in message.fields if name == "Received-SPF"]
    assert ["identity=mailfrom" in value for value in received] == [True, False], received
    assert "identity=helo" in received[1], received


@HELO.case()
def null_sender_has_one_identity(world):
    message = world.send("", GOOD).delivered()
    assert message.value("Authentication-Results").endswith("; spf=pass smtp.helo=mail.pass.example"), message.fields


@HELO.case()
def helo_name_without_a_record_goes_on(world):
    message = world.send("a@pass.example", GOOD, helo="mail.none.example").delivered()
    assert message.values("Authentication-Results")[1].endswith("; spf=none smtp.helo=mail.none.example"), message.fields


@NULL_SENDER.case()
def bounces_have_sets_of_their_own(world):
    """What a sender or a HELO name is refused and deferred for does not touch them."""
    world.send("a@fail.example").mail.check(550, "5.7.23")
    world.send("a@pass.example", GOOD, helo="bad.fail.example").mail.check(550, "5.7.23")
    message = world.send("", GOOD, helo="bad.fail.example").delivered()
    assert message.value("Authentication-Results").endswith("; spf=fail smtp.helo=bad.fail.example"), message.fields
    world.send("", GOOD, helo="served-nowhere.test").delivered()


@NULL_SENDER.case()
def a_deferred_helo_name_comes_before_a_refused_sender(world):
    world.send("a@fail.example", helo="served-nowhere.test").mail.check(451, "4.7.24")
    world.send("a@served-nowhere.test", GOOD).delivered()  # the sender is not deferred


@DEFER.case()
def deferred_results(world):
    world.send("a@fail.example").mail.check(451, "4.7.23")
    world.send("a@served-nowhere.test").mail.check(451, "4.7.24")


@DEFER.case()
def refused_and_other_results_beside_deferred_ones(world):
    world.send("a@permerror.example").mail.check(550, "5.7.24")
    world.send("a@softfail.example").delivered()
    world.send("a@pass.example", GOOD).delivered()


@RULES.case()
def recipients_with_sets_of_their_own(world):
    sent = world.send("a@softfail.example", recipients=(USER, OTHER_USER))
    sent.mail.check(250)
    sent.rcpts[0].check(550, "5.7.1")
    assert sent.delivered([OTHER_USER]).value("Subject") == "[SPF:fail] hello"
    sent = world.send("a@fail.example", recipients=(OTHER_USER, USER))
    sent.rcpts[1].check(550, "5.7.23")
    sent.delivered([OTHER_USER])


@RULES.case()
def recipients_with_sets_of_their_own_and_a_good_sender(world):
    world.send("a@pass.example", GOOD, recipients=(USER, OTHER_USER)).delivered()


@RULES.case()
def sender_with_a_set_of_its_own(world):
    third = "third@receiver.example"
    world.send("a@neutral.example", recipients=(third,)).rcpts[0].check(550, "5.7.1")
    world.send("a@softfail.example", recipients=(third,)).delivered()


@RULES.case()
def local_submission_under_rules(world):
    world.submit_by_header("a@softfail.example")
    world.submit_by_pipe("a@fail.example")


@NO_MAIL.case()
def only_domains_without_mail_are_refused(world):
    world.send("a@bad.fail.example").mail.check(550, "5.7.23")
    message = world.send("a@fail.example").delivered()
    assert message.value("Subject") == "[SPF:fail] hello", message.value("Subject")


@AT_RCPT.case()
def refused_at_rcpt(world):
    sent = world.send("a@fail.example", recipients=(USER, OTHER_USER))
    sent.mail.check(250)
    for reply in sent.rcpts:
        reply.check(550, "5.7.23", "SPF: mail from a@fail.example is not permitted from 203.0.113.66.")
    world.send("a@neutral.example", recipients=(USER, OTHER_USER)).delivered()


@AT_END.case()
def refused_at_the_end(world):
    start = len(world.filter.log())
    with world.connect(BAD) as connection:
        for sender, code, detail in (("a@fail.example", 550, "5.7.23"), ("a@served-nowhere.test", 451, "4.7.24")):
            sent = world.send_on(connection, sender)
            sent.mail.check(250)
            sent.rcpts[0].check(250)
            sent.end.check(code, detail)
        for event, verdict in (("SPF fail", "refused"), ("SPF temperror", "deferred")):
            line = world.filter.log()[start:].partition(f"{event}: ")[2].partition("\n")[0]
            assert re.search(rf", verdict={verdict}, .*, id=\w{{8,}}$", line), f"{event}: {line}"
        message = world.send_on(connection, "a@softfail.example").delivered()
    assert message.value("Subject") == "[SPF:fail] hello", message.value("Subject")
    assert "spf=softfail" in message.value("Authentication-Results"), message.fields


@AT_END.case()
def passed_at_the_end(world):
    message = world.send("a@pass.example", GOOD, recipients=(USER, OTHER_USER)).delivered()
    assert "spf=pass" in message.value("Authentication-Results"), message.fields


@TEST.case()
def nothing_is_done_in_test_mode(world):
    for sender, words in (("a@fail.example", "would be refused with 550 5.7.23"),
                          ("a@softfail.example", "would be tagged, quarantined")):
        message = world.send(sender).delivered()
        assert message.value("Subject") == "hello", message.value("Subject")
        assert f"(test mode: {words})" in message.value("Authentication-Results"), message.fields
        assert words in " ".join(message.value("Received-SPF").split()), message.fields
    world.filter.wait_for_log("verdict=refused, test=yes, reply=550 5.7.23")


@TEST.case()
def a_pass_in_test_mode(world):
    message = world.send("a@pass.example", GOOD).delivered()
    assert "test mode" not in message.value("Authentication-Results"), message.fields


@ERRORS.case()
def errors_by_their_own_keys(world):
    world.send("a@served-nowhere.test").mail.check(451, "4.7.24")
    world.send("a@permerror.example").mail.check(550, "5.7.24")


@ERRORS.case()
def a_guess_is_recorded_and_refuses_nothing(world):
    message = world.send("a@none.example").delivered()
    assert "best guess" in message.value("Authentication-Results"), message.fields
    message = world.send("a@pass.example", GOOD).delivered()
    assert "best guess" not in message.value("Authentication-Results"), message.fields
