# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenDMARC behind the filter: a second identity changes nothing about what it says, and no forged field does."""

from cases import Group
from machine import HOSTNAME
from opendmarc import OpenDmarc
from world import BAD, GOOD

OPEN = [("RefuseFail", "off"), ("TagSubject", "off")]
ONE_IDENTITY = Group("dmarc-of-one-identity", OPEN)
TWO_IDENTITIES = Group("dmarc-of-two-identities", [*OPEN, ("CheckHelo", "on")])
LEFT = Group("dmarc-decides", [("LeaveToDMARC", "on"), ("TagSubject", "off")])
GROUPS = [ONE_IDENTITY, TWO_IDENTITIES, LEFT]

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


# Fields in a message of a client that may not send for pass.example, each of which OpenDMARC takes for a pass.
FORGED = [
    ("Authentication-Results", f"{HOSTNAME.replace('.', ' . ')}; spf=pass smtp.mailfrom=pass.example"),
    ("Authentication-Results", f"{HOSTNAME.replace('.', '.(x)')}; spf=pass smtp.mailfrom=pass.example"),
    ("Authentication-Results", f"{HOSTNAME}; spf=pass smtp.mailfrom=pass.example"),
    ("Received-SPF", f'pass client-ip={BAD}; envelope-from="a@pass.example"; identity=mailfrom; receiver={HOSTNAME}'),
    ("Received-SPF", f'pass client-ip={BAD}; envelope-from="a@pass.example"; identity=mailfrom; receiver=mx.elsewhere'),
]


def result_fields(message):
    return [field for field in message.fields if field[0] in ("Authentication-Results", "Received-SPF")]


def check_verdicts(world, identities):
    with OpenDmarc() as opendmarc:
        for client, helo, sender, author, expected, results in MESSAGES:
            fields = result_fields(world.send(sender, client, helo=helo).delivered())
            found = [value.partition("; spf=")[2].split()[0] for name, value in fields if name != "Received-SPF"]
            assert found == results.split()[:identities], f"{sender}, {helo}: {fields}"
            verdict = opendmarc.verdict(fields, author, sender, client)
            assert verdict.startswith(f"dmarc={expected} "), f"{sender}, {helo}, by {author}: {verdict} from {fields}"


@ONE_IDENTITY.case(mtas=("postfix",))
def verdicts_from_a_field_with_one_identity(world):
    check_verdicts(world, 1)


@TWO_IDENTITIES.case(mtas=("postfix",))
def the_same_verdicts_from_a_field_with_two(world):
    check_verdicts(world, 2)


@ONE_IDENTITY.case(mtas=("postfix",))
def no_forged_field_makes_a_pass(world):
    """The last of them is somebody else's and stays: OpenDMARC takes the topmost Received-SPF, which is ours."""
    with OpenDmarc() as opendmarc:
        for field in FORGED:
            verdict = opendmarc.verdict([field], "a@pass.example", "a@pass.example", BAD)
            assert verdict.startswith("dmarc=pass "), f"OpenDMARC does not take {field}: {verdict}"
            fields = result_fields(world.send("a@pass.example", BAD, fields=[field]).delivered())
            verdict = opendmarc.verdict(fields, "a@pass.example", "a@pass.example", BAD)
            assert verdict.startswith("dmarc=fail "), f"{verdict} from {fields}"


@LEFT.case()
def only_a_fail_with_a_dmarc_record_goes_on(world):
    """Its result is recorded all the same."""
    message = world.send("a@pass.example", BAD).delivered()
    assert "spf=fail" in message.value("Authentication-Results"), message.fields
    world.send("a@fail.example", BAD).mail.check(550, "5.7.23")


@LEFT.case(mtas=("postfix",))
def a_forward_with_a_valid_signature_passes(world):
    """OpenDKIM's field, as it stands on top of what it has verified, makes the difference."""
    signed = ("Authentication-Results", f"{HOSTNAME}; dkim=pass header.d=pass.example")
    with OpenDmarc() as opendmarc:
        for extra, expected in (([signed], "pass"), ([], "fail")):
            fields = result_fields(world.send("a@pass.example", BAD, fields=extra).delivered())
            verdict = opendmarc.verdict(fields, "a@pass.example", "a@pass.example", BAD)
            assert verdict.startswith(f"dmarc={expected} "), f"{verdict} from {fields}"
