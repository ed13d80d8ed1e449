# SPDX-License-Identifier: GPL-2.0-or-later
"""The words that smf-spf.conf takes for OnPass, each shown to Postfix as the answer for a recipient of its own."""

import os
import re

import policy_services as ports
from cases import Group
from cases.policy import KEY, POSTFIX, SOCKET, send
from policy_services import BOB
from world import BAD, GOOD

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..", "src", "config", "config_action.c")
ARGUMENTS = {"NONE": "", "OPTIONAL": "", "NEEDED": " none.example", "NUMBER": " 0", "ADDRESS": " boss@local.example",
             "NEXT_HOP": " discard:", "FIELD": " X-Passed: yes"}
COMPLAINTS = re.compile("unknown smtpd restriction|do not specify lookup tables|must be followed by|requires|"
                        "specify .* name|invalid|bad ")


def actions():
    """As they are known to the filter, with an argument where they need one; those that refuse only warn."""
    with open(SOURCE, encoding="utf-8") as file:
        rows = re.findall(r'\{"(\w+)", ARGUMENT_(\w+)\}', file.read())
    words = [(name, ARGUMENTS[kind]) for name, kind in rows if kind != "TABLE"]
    return [("warn_if_reject " if re.match("reject|defer", name) else "") + name + argument for name, argument in words]


ACTIONS = {f"u{number}@local.example": action for number, action in enumerate(actions())}
ANSWERS = Group("policy-answers", [SOCKET, *(("RecipientPolicy", f"{recipient} {{\nOnPass {action}\n}}")
                                             for recipient, action in ACTIONS.items())], needs=KEY, setup=ports.install)
CERTIFIED = Group("policy-certified", [SOCKET, ("SkipCert", "on")], needs=KEY, setup=ports.install)
GROUPS = [ANSWERS, CERTIFIED]


def mail_log(world):
    return world.logs()["mail server"]


@ANSWERS.case(POSTFIX)
def each_action_for_a_pass_is_known_to_postfix(world):
    assert len(ACTIONS) > 50, ACTIONS
    for recipient, action in ACTIONS.items():
        start = len(mail_log(world))
        sent = send(world, "a@pass.example", GOOD, ports.LATE, recipients=(recipient,))
        assert sent.rcpts[0].code != 451, (action, sent.replies())
        lines = [line for line in mail_log(world)[start:].splitlines() if "warning" in line and COMPLAINTS.search(line)]
        assert lines == [], (action, lines)


@CERTIFIED.case(POSTFIX)
def a_certificate_that_postfix_trusts_exempts(world):
    """Postfix names its subject to the policy service then; also to somebody who was refused before STARTTLS."""
    for name, is_exempt in ((None, False), ("foreign", False), ("own", True)):
        with world.connect(BAD, port=ports.CERTIFIED) as connection:
            connection.mail("a@fail.example").check(550, "5.7.23")
            ports.start_tls(connection, name)
            connection.mail("a@fail.example").check(250 if is_exempt else 550)
            if is_exempt:
                connection.rcpt(BOB).check(250)
