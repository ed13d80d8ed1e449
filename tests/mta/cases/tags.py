# SPDX-License-Identifier: GPL-2.0-or-later
"""A message that goes on although it failed: the tag in its subject, and quarantine."""

import email.header

from cases import Group
from cases.results import check_fields
from waiting import wait_for
from world import BAD, GOOD, OTHER_USER, USER

BOX = "box@receiver.example"
TAG = Group("tag", [("RefuseFail", "off")])
OWN_TAG = Group("own-tag", [("RefuseFail", "off"), ("Tag", '"*** forged? ***"')])
NOTHING = [("RefuseFail", "off"), ("TagSubject", "off"), ("AddHeader", "off"), ("AddReceivedHeader", "off")]
NO_TAG = Group("no-tag", NOTHING)
QUARANTINE = Group("quarantine", [("RefuseFail", "off"), ("Quarantine", "on"), ("QuarantineBox", BOX)])
HOLD = Group("hold", [("RefuseFail", "off"), ("Quarantine", "hold"), ("WhitelistTo", OTHER_USER)])
RELAY = "203.0.113.20"
RELAYED = Group("relayed-tag", [("RefuseFail", "off"), ("TrustedRelay", RELAY)])
GROUPS = [TAG, OWN_TAG, NO_TAG, QUARANTINE, HOLD, RELAYED]


def decoded(subject):
    return str(email.header.make_header(email.header.decode_header(subject)))


@TAG.case()
def fail_is_tagged(world):
    message = world.send("a@fail.example").delivered()
    check_fields(message, "fail", "mailfrom", "fail.example", BAD, "a@fail.example")
    assert message.value("Subject") == "[SPF:fail] hello", message.value("Subject")


@TAG.case()
def tag_stands_once(world):
    message = world.send("a@fail.example", subject="[SPF:fail] hello").delivered()
    assert "spf=fail" in message.value("Authentication-Results"), message.fields
    assert message.value("Subject") == "[SPF:fail] hello", message.value("Subject")


@TAG.case()
def encoded_subject_is_tagged(world):
    encoded = "=?utf-8?Q?gr=C3=BC=C3=9Fe?= =?utf-8?B?IGF1cyBLw7Zsbg==?="
    message = world.send("a@fail.example", subject=encoded).delivered()
    assert decoded(message.value("Subject")) == "[SPF:fail] grüße aus Köln", message.value("Subject")


@TAG.case()
def folded_subject_is_tagged(world):
    message = world.send("a@fail.example", subject="hello\n\tyou\n there").delivered()
    assert " ".join(message.value("Subject").split()) == "[SPF:fail] hello you there", message.value("Subject")


@TAG.case()
def missing_subject_is_tagged(world):
    message = world.send("a@fail.example", subject=None).delivered()
    assert message.value("Subject") == "[SPF:fail]", message.value("Subject")


@TAG.case()
def empty_subject_is_tagged(world):
    message = world.send("a@softfail.example", subject="").delivered()
    assert message.value("Subject") == "[SPF:fail]", message.value("Subject")


@TAG.case()
def subject_of_eight_bits_is_tagged(world):
    message = world.send("a@fail.example", subject="grüße").delivered()
    assert decoded(message.value("Subject")).startswith("[SPF:fail] "), message.value("Subject")


@TAG.case()
def only_the_failed_message_of_a_connection_is_tagged(world):
    with world.connect(BAD) as connection:
        first = world.send_on(connection, "a@fail.example")
        second = world.send_on(connection, "a@neutral.example", subject=None)
    assert first.delivered().value("Subject") == "[SPF:fail] hello"
    assert second.delivered().values("Subject") == []


@TAG.case()
def each_of_several_subjects_is_tagged(world):
    message = world.send("a@fail.example", fields=[("Subject", "first")]).delivered()
    assert sorted(message.values("Subject")) == ["[SPF:fail] first", "[SPF:fail] hello"], message.fields


@RELAYED.case()
def what_a_relay_forwards_is_tagged(world):
    """It is judged at its end, when its subject went by long ago."""
    by_relay = world.send("a@neutral.example").delivered().values("Received")[0]
    for sender in ("a@fail.example", "a@softfail.example"):
        message = world.send(sender, RELAY, fields=[("Received", by_relay)]).delivered()
        assert message.value("Subject") == "[SPF:fail] hello", message.fields
    message = world.send("a@neutral.example", RELAY, fields=[("Received", by_relay)]).delivered()
    assert message.value("Subject") == "hello", message.fields


@OWN_TAG.case()
def tag_of_the_configuration(world):
    message = world.send("a@softfail.example").delivered()
    assert message.value("Subject") == "*** forged? *** hello", message.value("Subject")


@NO_TAG.case()
def everything_switched_off(world):
    message = world.send("a@fail.example").delivered()
    assert message.value("Subject") == "hello", message.value("Subject")
    assert message.values("Authentication-Results") + message.values("Received-SPF") == [], message.fields


@QUARANTINE.case()
def fail_goes_to_quarantine(world):
    message = world.send("a@fail.example", recipients=(USER, OTHER_USER)).delivered([BOX])
    originals = " ".join(message.values("X-SPF-Original-To"))
    for recipient in (USER, OTHER_USER):
        assert originals.count(recipient) == 1, f"X-SPF-Original-To: {originals}"
    check_fields(message, "fail", "mailfrom", "fail.example", BAD, "a@fail.example")


@QUARANTINE.case()
def softfail_goes_to_quarantine(world):
    message = world.send("a@softfail.example").delivered([BOX])
    assert USER in message.value("X-SPF-Original-To"), message.fields


@QUARANTINE.case()
def pass_goes_to_its_recipients(world):
    with world.connect(GOOD) as connection:
        world.send_on(connection, "a@pass.example", recipients=(USER, OTHER_USER)).delivered([USER, OTHER_USER])


@QUARANTINE.case()
def recipients_of_one_message_do_not_reach_the_next(world):
    with world.connect(BAD) as connection:
        first = world.send_on(connection, "a@fail.example", recipients=(USER,))
        second = world.send_on(connection, "a@fail.example", recipients=(OTHER_USER,))
    assert USER in first.delivered([BOX]).value("X-SPF-Original-To")
    assert USER not in second.delivered([BOX]).value("X-SPF-Original-To")


@QUARANTINE.case()
def recipients_without_number_stay_in_quarantine(world):
    """What is too many is deferred."""
    recipients = [f"user{n}@receiver.example" for n in range(1010)]
    sent = world.send("a@fail.example", recipients=recipients)
    assert [reply.code for reply in sent.rcpts] == [250] * 1000 + [452] * 10, sent.replies()[995:]
    sent.rcpts[-1].check(452, "4.5.3", "SPF: too many recipients at once")
    message = sent.delivered([BOX])
    assert len(message.values("X-SPF-Original-To")) == 1000, message.fields


@HOLD.case()
def failed_messages_are_held(world):
    for sender, result in (("held@fail.example", "fail"), ("held@softfail.example", "softfail")):
        world.send(sender).end.check(250)
        wait_for(f"{sender} in the queue of held messages", lambda sender=sender: sender in world.mta.held())
        if world.mta.name == "sendmail":  # Postfix has no place for the reason
            assert f"quarantine=SPF {result}" in world.logs()["mail server"], world.logs()["mail server"]
        world.filter.wait_for_log("verdict=held")


@HOLD.case()
def all_others_are_delivered(world):
    world.send("free@pass.example", GOOD).delivered()
    world.send("free@neutral.example").delivered()
    world.send("free@fail.example", recipients=(USER, OTHER_USER)).delivered()
    assert "free@" not in world.mta.held(), world.mta.held()
