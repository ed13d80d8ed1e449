# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenDMARC behind the filter: a second identity in our field changes nothing about what it says."""

from cases import Group
from opendmarc import OpenDmarc
from world import BAD, GOOD

OPEN = [("RefuseFail", "off"), ("TagSubject", "off")]
ONE_IDENTITY = Group("dmarc-of-one-identity", OPEN)
TWO_IDENTITIES = Group("dmarc-of-two-identities", [*OPEN, ("CheckHelo", "on")])
GROUPS = [ONE_IDENTITY, TWO_IDENTITIES]

# client, HELO name, sender, author, DMARC's result; then the identities where both are checked
MESSAGES = [
    (GOOD, "mail.pass.example", "a@pass.example", "a@pass.example", "pass", "pass pass"),
    (GOOD, "bad.fail.example", "a@pass.example", "a@pass.example", "pass", "pass fail"),
    (GOOD, "mail.none.example", "a@pass.example", "a@pass.example", "pass", "pass none"),
    (BAD, "bad.fail.example", "a@pass.example", "a@pass.example", "fail", "fail fail"),
    (GOOD, "mail.pass.example", "a@exp.example", "a@pass.example", "fail", "fail pass"),
    (GOOD, "mail.pass.example", "a@softfail.example", "a@pass.example", "fail", "pass pass"),
    (GOOD, "mail.pass.example", "a@none.example", "a@pass.example", "fail", "none pass"),
    (BAD, "bad.fail.example", "a@none.example", "a@nodmarc.example", "none", "none fail"),
]


def check_verdicts(world, identities):
    with OpenDmarc() as opendmarc:
        for client, helo, sender, author, expected, results in MESSAGES:
            fields = world.send(sender, client, helo=helo).delivered().values("Authentication-Results")
            found = [part.split()[0].removeprefix("spf=") for part in fields[0].split(";")[1:]]
            assert found == results.split()[:identities], f"{sender}, {helo}: {fields}"
            verdict = opendmarc.verdict(fields, author, sender, client)
            assert verdict.startswith(f"dmarc={expected} "), f"{sender}, {helo}, by {author}: {verdict} from {fields}"


@ONE_IDENTITY.case(mtas=("postfix",))
def verdicts_from_a_field_with_one_identity(world):
    check_verdicts(world, 1)


@TWO_IDENTITIES.case(mtas=("postfix",))
def the_same_verdicts_from_a_field_with_two(world):
    check_verdicts(world, 2)
