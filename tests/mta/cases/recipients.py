# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules for recipients hold however the client wrote them."""

import re

import forms
from cases import Group
from cases.senders import domain_of, outermost_at
from waiting import wait_for
from world import BAD

BOSS, BOX = "boss@receiver.example", "box@receiver.example"

STRICT = Group("strict-recipient", [("RefuseMailFrom", "off"), ("RefuseTo", BOSS + " softfail"), ("TagSubject", "off")])
OPEN = Group("open-recipient", [("WhitelistTo", "user@receiver.example")])
QUARANTINE = Group("quarantined-recipients", [("Quarantine", "on"), ("QuarantineBox", BOX), ("TagSubject", "off")])
GROUPS = [STRICT, OPEN, QUARANTINE]


def mailbox_of(sent_on):
    local = re.sub(r'["\\]', "", sent_on[: outermost_at(sent_on)])
    return f"{local}@{domain_of(sent_on)}".lower()


def try_recipients(world, sender, recipients):
    """Sends a message to each; returns the replies of those that were not taken, and where the others went."""
    refused, taken = {}, {}
    with world.connect(BAD) as connection:
        for form in recipients:
            message, token = world.compose()
            connection.mail(sender).check(250)
            reply = connection.command("RCPT TO:" + form)
            if reply.code == 250:
                connection.data(message).check(250)
                taken[form] = token
            else:
                refused[form] = reply
                connection.command("RSET").check(250)
    for form, token in taken.items():
        wait_for(f"the message to {form}", lambda token=token: world.sink.with_token(token))
        taken[form] = {rcpt for message in world.sink.with_token(token) for rcpt in message.recipients}
    return refused, taken


@STRICT.case()
def nobody_gets_round_a_rule(world):
    refused, taken = try_recipients(world, "a@softfail.example", forms.RECIPIENTS + ["<user@receiver.example>"])
    reached = [f"{form} reached {to}" for form, to in taken.items() if BOSS in map(mailbox_of, to)]
    assert not reached, "; ".join(reached)
    assert "<user@receiver.example>" in taken, refused
    by_filter = [form for form, reply in refused.items() if "5.7.1 " in reply.text and "softfail.example" in reply.text]
    assert len(by_filter) > 15, [str(reply) for reply in refused.values()]


@OPEN.case()
def nobody_gets_into_the_whitelist(world):
    own = [form.replace("user", "boss") for form in forms.RECIPIENTS]
    refused, taken = try_recipients(world, "a@fail.example", own + [form.replace("boss", "user") for form in own])
    wrong = [f"{form} reached {to}" for form, to in taken.items() if {*map(mailbox_of, to)} != {"user@receiver.example"}]
    assert not wrong, "; ".join(wrong)
    assert len(taken) > 8, [str(reply) for reply in refused.values()]


@QUARANTINE.case()
def nobody_but_the_box_gets_it(world):
    recipients = [form for form in forms.RECIPIENTS if not form.startswith("<@user")]
    recipients += ["<boss>", "<postmaster;>", "<boss@local.example;>", "<x:@local.example;>"]
    _, taken = try_recipients(world, "a@softfail.example", recipients)
    wrong = [f"{form} reached {to}" for form, to in taken.items() if to != {BOX}]
    assert not wrong, "; ".join(wrong)
    assert len(taken) > 15, taken
