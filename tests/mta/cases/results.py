# SPDX-License-Identifier: GPL-2.0-or-later
"""The seven results under the default configuration, but with Received-SPF: who is refused, what the fields say."""

import re

from cases import Group
from machine import HOSTNAME
from world import BAD, BAD6, GOOD, GOOD6, NAMELESS

DEFAULT = Group("default", [])
GROUPS = [DEFAULT]


def check_fields(message, result, identity, name, client, sender=""):
    """Checks Authentication-Results (RFC 8601), Received-SPF (RFC 7208 9.1), that they agree, and their order.

    identity: mailfrom or helo; name: the domain the result is for; sender: empty for the null sender.
    """
    results = message.value("Authentication-Results")
    assert re.match(rf"{re.escape(HOSTNAME)}( 1)?; *spf={result}\b", results), f"Authentication-Results: {results}"
    assert re.search(rf"\bsmtp\.{identity}={re.escape(name)}($|[ ;])", results), f"Authentication-Results: {results}"
    received = message.value("Received-SPF")
    assert re.match(rf"{result}\b", received), f"Received-SPF: {received}"
    pairs = dict(re.findall(r'([a-z-]+)=("[^"]*"|[^;\s]+)', received))
    values = {key: value.strip('"') for key, value in pairs.items()}
    assert values.get("client-ip") == client, f"Received-SPF: {received}"
    assert values.get("identity") == identity, f"Received-SPF: {received}"
    assert values.get("receiver") == HOSTNAME, f"Received-SPF: {received}"
    assert "helo" in values, f"Received-SPF: {received}"
    if sender:
        assert values.get("envelope-from") == sender, f"Received-SPF: {received}"
    order = [message.position("Authentication-Results"), message.position("Received-SPF"), message.position("Received")]
    assert order == [0, 1, 2], f"the fields stand at {order} in {[name for name, _ in message.fields]}"


def check_delivered(world, sender, result, client=BAD, tagged=False):
    message = world.send(sender, client).delivered()
    check_fields(message, result, "mailfrom", sender.partition("@")[2], client, sender)
    assert message.value("Subject") == ("[SPF:fail] hello" if tagged else "hello"), message.value("Subject")


@DEFAULT.case()
def result_pass(world):
    check_delivered(world, "a@pass.example", "pass", GOOD)


@DEFAULT.case()
def result_fail_is_refused_at_mail(world):
    sent = world.send("a@fail.example")
    sent.mail.check(550, "5.7.23", "SPF: mail from a@fail.example is not permitted from 203.0.113.66.")


@DEFAULT.case()
def result_softfail_is_tagged(world):
    check_delivered(world, "a@softfail.example", "softfail", tagged=True)


@DEFAULT.case()
def result_neutral(world):
    check_delivered(world, "a@neutral.example", "neutral")


@DEFAULT.case()
def result_none(world):
    check_delivered(world, "a@none.example", "none")


@DEFAULT.case()
def result_none_for_a_name_that_does_not_exist(world):
    check_delivered(world, "a@no-such-name.example", "none")


@DEFAULT.case()
def result_temperror_when_dns_refuses(world):
    check_delivered(world, "a@served-nowhere.test", "temperror")


@DEFAULT.case()
def result_temperror_when_dns_fails(world):
    check_delivered(world, "a@broken.test", "temperror")


@DEFAULT.case()
def result_permerror(world):
    check_delivered(world, "a@permerror.example", "permerror")


@DEFAULT.case()
def ipv6_pass(world):
    check_delivered(world, "a@pass.example", "pass", GOOD6)


@DEFAULT.case()
def ipv6_fail_is_refused(world):
    world.send("a@pass.example", BAD6).mail.check(550, "5.7.23", "is not permitted from 2001:db8:1::66")


@DEFAULT.case()
def null_sender_pass_by_helo(world):
    message = world.send("", GOOD).delivered()
    check_fields(message, "pass", "helo", "mail.pass.example", GOOD)


@DEFAULT.case()
def null_sender_fail_by_helo_is_refused(world):
    world.send("", BAD).mail.check(550, "5.7.23", "is not permitted from 203.0.113.66")


@DEFAULT.case()
def null_sender_none_by_helo(world):
    message = world.send("", GOOD, helo="mail.none.example").delivered()
    check_fields(message, "none", "helo", "mail.none.example", GOOD)


@DEFAULT.case()
def text_of_3000_octets_pass(world):
    check_delivered(world, "a@big.example", "pass", GOOD)


@DEFAULT.case()
def text_of_3000_octets_fail(world):
    world.send("a@big.example", BAD).mail.check(550, "5.7.23")


@DEFAULT.case()
def two_messages_on_one_connection(world):
    with world.connect(GOOD) as connection:
        first = world.send_on(connection, "a@pass.example")
        second = world.send_on(connection, "a@none.example")
    check_fields(first.delivered(), "pass", "mailfrom", "pass.example", GOOD, "a@pass.example")
    check_fields(second.delivered(), "none", "mailfrom", "none.example", GOOD, "a@none.example")


@DEFAULT.case()
def refused_and_reset_messages_before_a_good_one(world):
    with world.connect(BAD) as connection:
        world.send_on(connection, "a@fail.example").mail.check(550, "5.7.23")
        connection.mail("a@softfail.example").check(250)
        connection.command("RSET").check(250)
        message = world.send_on(connection, "a@neutral.example").delivered()
    check_fields(message, "neutral", "mailfrom", "neutral.example", BAD, "a@neutral.example")
    assert message.value("Subject") == "hello", message.value("Subject")


@DEFAULT.case()
def helo_of_an_address_literal(world):
    message = world.send("a@none.example", helo="[203.0.113.66]").delivered()
    check_fields(message, "none", "mailfrom", "none.example", BAD, "a@none.example")


@DEFAULT.case()
def log_says_what_was_found(world):
    world.send("a@fail.example", helo="log.fail.example")
    world.filter.wait_for_log("SPF fail")
    start = len(world.filter.log())
    world.send("b@fail.example", helo="log.fail.example")
    world.filter.wait_for_log(
        "SPF fail (cached): ip=203.0.113.66, fqdn=bad.fail.example, helo=log.fail.example, from=<b@fail.example>", start
    )
    start = len(world.filter.log())
    world.send("c@fail.example", NAMELESS, helo="log.fail.example")
    line = "SPF fail: ip=203.0.113.67, fqdn=[203.0.113.67], helo=log.fail.example, from=<c@fail.example>"
    world.filter.wait_for_log(line, start)


@DEFAULT.case()
def sender_in_any_case(world):
    message = world.send("A@PASS.Example", GOOD).delivered()
    results = message.value("Authentication-Results")
    assert re.search(r"spf=pass .*smtp\.mailfrom=pass\.example", results, re.IGNORECASE), results


@DEFAULT.case()
def internationalized_sender_does_no_harm(world):
    with world.connect(GOOD) as connection:
        if "SMTPUTF8" in connection.extensions:
            sent = world.send_on(connection, "é@pässe.example", parameters=" SMTPUTF8")
            results = sent.delivered().value("Authentication-Results")
            assert "spf=pass" in results, results
        else:
            reply = connection.mail("é@pässe.example")
            assert reply.code in (250, 550, 553, 555), reply
            connection.command("RSET").check(250)
        world.send_on(connection, "a@pass.example").delivered()


@DEFAULT.case()
def local_submission_is_never_refused(world):
    for sender in ("a@fail.example", "a@none.example", ""):
        world.submit_by_header(sender)
        world.submit_by_pipe(sender)
