# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is not checked, whose mail goes on whatever the result, and which address is checked in place of the client's."""

from cases import Group
from cases.results import check_fields
from world import BAD, BAD6, GOOD, GOOD6, OTHER_USER, USER

WHITELISTS = Group(
    "whitelists",
    [
        ("WhitelistIP", "203.0.113.20, 198.51.100.0/24"),
        ("WhitelistIP6", "2001:db8:1::77/128"),
        ("WhitelistPTR", "trusted.example"),
        ("WhitelistFrom", "friend@fail.example @listed.fail.example"),
        ("WhitelistFrom", "anyone@"),
        ("WhitelistTo", USER),
    ],
)
SENDERS = Group(
    "senders",
    [
        ("SkipNDR", "on"),
        ("ClientIPNAT", "203.0.113.66:203.0.113.10"),
        ("ClientIPNAT", "[2001:db8:1::66]:[2001:db8:1::10]"),
    ],
)
FORWARDERS = Group("forwarders", [("WhitelistHelo", ".trusted.example"), ("WhitelistSPF", "forwarder.example")])
RELAYS = Group("relays", [("TrustedRelay", "203.0.113.20")])
FIXED6 = Group("fixed-client-by-ipv6", [("FixedClientIP", "2001:db8:1::10")])
FIXED = Group("fixed-client", [("FixedClientIP", "203.0.113.10")])
CERTIFICATES = Group("certificates", [("SkipCert", "on"), ("SkipAuth", "off")])
LOOPBACK = Group("loopback", [])
UNSKIPPED = Group("unskipped", [("SkipAuth", "off")])
GROUPS = [WHITELISTS, SENDERS, FORWARDERS, RELAYS, FIXED, FIXED6, CERTIFICATES, LOOPBACK, UNSKIPPED]


def check_unchecked(world, sender="a@fail.example", **how):
    message = world.send(sender, recipients=(OTHER_USER,), **how).delivered()
    assert message.values("Authentication-Results") + message.values("Received-SPF") == [], message.fields
    assert message.value("Subject") == "hello", message.value("Subject")


def check_refused_at_rcpt(world, sender="a@fail.example", **how):
    """Where somebody may want the message whatever its result, the others' refusal comes at RCPT."""
    sent = world.send(sender, recipients=(OTHER_USER,), **how)
    assert sent.mail.code == 250, sent.mail
    sent.rcpts[0].check(550, "5.7.23", "is not permitted from")


@WHITELISTS.case()
def whitelisted_address(world):
    check_unchecked(world, client="203.0.113.20")


@WHITELISTS.case()
def whitelisted_prefix(world):
    check_unchecked(world, client="198.51.100.7")
    check_refused_at_rcpt(world, client="198.51.101.7")


@WHITELISTS.case()
def whitelisted_ipv6_address(world):
    check_unchecked(world, "a@pass.example", client="2001:db8:1::77")
    check_refused_at_rcpt(world, "a@pass.example", client=BAD6)


@WHITELISTS.case()
def whitelisted_name(world):
    check_unchecked(world, client="203.0.113.50")


@WHITELISTS.case()
def whitelisted_name_that_is_not_verified(world):
    check_refused_at_rcpt(world, client="203.0.113.51")


@WHITELISTS.case()
def whitelisted_name_ends_at_labels(world):
    check_refused_at_rcpt(world, client="203.0.113.52")


@WHITELISTS.case()
def whitelisted_sender(world):
    for sender in ("friend@fail.example", "a@listed.fail.example", "anyone@fail.example"):
        check_unchecked(world, sender)
    for sender in ("nofriend@fail.example", "friend@bad.fail.example"):
        check_refused_at_rcpt(world, sender)


@WHITELISTS.case()
def whitelisted_recipient(world):
    world.send("a@fail.example", recipients=(USER,)).delivered()


@WHITELISTS.case()
def whitelisted_recipient_beside_another(world):
    for recipients, refused in (((USER, OTHER_USER), 1), ((OTHER_USER, USER), 0)):
        sent = world.send("a@fail.example", recipients=recipients)
        sent.rcpts[refused].check(550, "5.7.23", "SPF: mail from a@fail.example is not permitted from 203.0.113.66.")
        sent.delivered([USER])


@WHITELISTS.case()
def whitelisted_recipient_on_the_same_connection_as_another(world):
    with world.connect(BAD) as connection:
        first = world.send_on(connection, "a@fail.example", recipients=(USER,))
        second = world.send_on(connection, "a@fail.example", recipients=(OTHER_USER,))
        first.delivered()
        second.rcpts[0].check(550, "5.7.23")


@WHITELISTS.case()
def local_submission_beside_a_recipient_whitelist(world):
    world.submit_by_header("a@fail.example")
    world.submit_by_pipe("a@fail.example")


@WHITELISTS.case()
def authenticated_sender(world):
    with world.connect(BAD) as connection:
        world.mta.authenticate(connection)
        message = world.send_on(connection, "a@fail.example", recipients=(OTHER_USER,)).delivered()
    assert message.values("Authentication-Results") + message.values("Received-SPF") == [], message.fields


@WHITELISTS.case(mtas=("sendmail",))  # Postfix tells a filter nothing about client certificates
def a_verified_certificate_proves_nothing_by_default(world):
    with world.connect(BAD) as connection:
        world.mta.start_tls(connection, with_certificate=True)
        world.send_on(connection, "a@fail.example", recipients=(OTHER_USER,)).rcpts[0].check(550, "5.7.23")


@CERTIFICATES.case(mtas=("sendmail",))
def sender_with_a_verified_certificate(world):
    with world.connect(BAD) as connection:
        world.mta.start_tls(connection, with_certificate=True)
        message = world.send_on(connection, "a@fail.example", recipients=(OTHER_USER,)).delivered()
    assert message.values("Authentication-Results") + message.values("Received-SPF") == [], message.fields


@CERTIFICATES.case(mtas=("sendmail",))
def encryption_alone_proves_nothing(world):
    with world.connect(BAD) as connection:
        world.mta.start_tls(connection, with_certificate=False)
        world.send_on(connection, "a@fail.example", recipients=(OTHER_USER,)).mail.check(550, "5.7.23")


@CERTIFICATES.case()
def senders_without_encryption_are_checked(world):
    world.send("a@fail.example", BAD).mail.check(550, "5.7.23")


@LOOPBACK.case()
def loopback_clients_are_not_checked(world):
    """As content filters hand messages back: in a file without any exemption."""
    for client in ("127.0.0.1", "127.0.0.5", "::1"):
        check_unchecked(world, client=client)
        check_unchecked(world, "a@none.example", client=client)
    world.send("a@fail.example", BAD).mail.check(550, "5.7.23")


@FIXED.case()
def loopback_client_with_another_address(world):
    for client in ("127.0.0.1", "::1"):
        message = world.send("a@pass.example", client).delivered()
        check_fields(message, "pass", "mailfrom", "pass.example", "203.0.113.10", "a@pass.example")


@SENDERS.case()
def null_sender_skipped(world):
    message = world.send("", "203.0.113.67").delivered()
    assert message.values("Authentication-Results") == [], message.fields


@SENDERS.case()
def translated_client_address(world):
    for client in (BAD, BAD6):
        message = world.send("a@pass.example", client).delivered()
        assert "spf=pass" in message.value("Authentication-Results"), message.fields
    world.send("a@pass.example", "203.0.113.67").mail.check(550, "5.7.23")


@FIXED.case()
def fixed_client_address(world):
    message = world.send("a@pass.example", BAD).delivered()
    check_fields(message, "pass", "mailfrom", "pass.example", "203.0.113.10", "a@pass.example")


@FIXED6.case()
def fixed_client_address_of_ipv6(world):
    for client in (BAD, BAD6):
        message = world.send("a@pass.example", client).delivered()
        check_fields(message, "pass", "mailfrom", "pass.example", "2001:db8:1::10", "a@pass.example")
    world.send("a@fail.example", "203.0.113.10").mail.check(550, "5.7.23", "from 2001:db8:1::10.")


@FORWARDERS.case()
def whitelisted_helo_name_with_the_address_of_the_client(world):
    check_unchecked(world, client="203.0.113.50", helo="host.trusted.example")
    world.send("a@fail.example", BAD, helo="host.trusted.example").mail.check(550, "5.7.23")
    world.send("a@fail.example", "203.0.113.50", helo="bad.fail.example").mail.check(550, "5.7.23")


@FORWARDERS.case()
def forwarder_permitted_by_its_own_domain(world):
    for client in ("203.0.113.20", "2001:db8:1::77"):
        check_unchecked(world, client=client)
        check_unchecked(world, "a@softfail.example", client=client)
    world.send("a@fail.example", BAD).mail.check(550, "5.7.23")
    world.send("a@fail.example", BAD6).mail.check(550, "5.7.23")


def field_of_a_relay(world, client, helo):
    """What the mail server itself writes about this client, as a relay of the same kind would."""
    message = world.send("a@neutral.example", client, helo=helo).delivered()
    return ("Received", message.values("Received")[0])


@RELAYS.case()
def client_of_a_relay(world):
    for client, bad in ((GOOD, BAD), (GOOD6, BAD6)):
        by_good = field_of_a_relay(world, client, "mail.pass.example")
        by_bad = field_of_a_relay(world, bad, "bad.fail.example")
        message = world.send("a@pass.example", "203.0.113.20", fields=[by_good, by_bad]).delivered()
        check_fields(message, "pass", "mailfrom", "pass.example", client, "a@pass.example")
        assert "helo=mail.pass.example;" in message.value("Received-SPF"), message.fields
        refused = world.send("a@pass.example", "203.0.113.20", fields=[by_bad, by_good])
        refused.end.check(550, "5.7.23", f"is not permitted from {bad}.")


@RELAYS.case()
def fields_of_other_clients_mean_nothing(world):
    by_good = field_of_a_relay(world, GOOD, "mail.pass.example")
    world.send("a@pass.example", BAD, fields=[by_good]).mail.check(550, "5.7.23", f"from {BAD}.")


@RELAYS.case(mtas=("postfix",))  # Sendmail refuses such names itself
def helo_name_that_looks_like_an_address(world):
    for helo in ("mail.pass.example (x [203.0.113.10])", "[203.0.113.10]", "x([203.0.113.10] helo=y)"):
        by_bad = field_of_a_relay(world, BAD, helo)
        refused = world.send("a@pass.example", "203.0.113.20", fields=[by_bad])
        refused.end.check(550, "5.7.23", f"is not permitted from {BAD}.")


@RELAYS.case()
def client_of_a_relay_behind_a_content_filter(world):
    """The mail server's own words about loopback and about the relay lead to what it wrote before."""
    by_loopback = field_of_a_relay(world, "127.0.0.1", "localhost")
    by_loopback6 = field_of_a_relay(world, "::1", "localhost")
    by_bad = field_of_a_relay(world, BAD, "bad.fail.example")
    by_good = field_of_a_relay(world, GOOD, "mail.pass.example")
    inside = [by_loopback, by_loopback6]
    message = world.send("a@pass.example", "203.0.113.20", fields=[*inside, by_good, by_bad]).delivered()
    check_fields(message, "pass", "mailfrom", "pass.example", GOOD, "a@pass.example")
    refused = world.send("a@pass.example", "203.0.113.20", fields=[*inside, by_bad, by_good])
    refused.end.check(550, "5.7.23", f"is not permitted from {BAD}.")
    check_unchecked(world, client="203.0.113.20", fields=inside)
    world.filter.wait_for_log("reason=Received field 2 names one of our hosts, and is the last one")


@RELAYS.case()
def fields_that_cannot_be_read_say_so(world):
    by_good = field_of_a_relay(world, GOOD, "mail.pass.example")
    spoofed = ("Received", "from x (y [203.0.113.10]) (z [203.0.113.66]) by mx2 (Postfix) with ESMTP id 4; Sun, 1 Jan 2023")
    check_unchecked(world, client="203.0.113.20", fields=[spoofed, by_good])
    world.filter.wait_for_log("SPF skipped (the relay names no client): ip=203.0.113.20, ")
    world.filter.wait_for_log("reason=Received field 1 is in no known form")


@RELAYS.case()
def message_that_the_relay_itself_made(world):
    check_unchecked(world, client="203.0.113.20")


@UNSKIPPED.case()
def authenticated_sender_is_checked_where_it_is_wanted(world):
    with world.connect(BAD) as connection:
        world.mta.authenticate(connection)
        world.send_on(connection, "a@fail.example").mail.check(550, "5.7.23")
