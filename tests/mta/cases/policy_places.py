# SPDX-License-Identifier: GPL-2.0-or-later
"""Where Postfix may ask the policy socket besides: the words of the manual, and every other list and command."""

import contextlib
import socket
import time

import policy_services as ports
from cases import Group
from cases.policy import (KEY, POSTFIX, SOCKET, Senders, check_recorded, check_traffic, check_unrecorded,
                          check_what_is_recorded, has_one_line, new_sender, send)
from policy_services import BOB, BOSS
from waiting import wait_for
from world import BAD, BAD6, GOOD

PLACES = Group("policy-places", [SOCKET], needs=KEY, setup=ports.install)
OWN = Group("policy-own", [SOCKET, ("SkipAuth", "on"), ("RecipientPolicy", f"{BOSS} {{\nRefuseMailFrom fail softfail\n}}"),
                           ("RecipientPolicy", "jürgen@local.example {\nRefuseMailFrom off\n}"),
                           ("RecipientPolicy", "postmaster@ {\nTestMode on\n}")], needs=KEY, setup=ports.install)
GROUPS = [PLACES, OWN]
POSTMASTER, JUERGEN = "postmaster", "jürgen@local.example"

GAP_S = 3  # longer than Postfix tries to connect


@PLACES.case(POSTFIX)
def who_is_permitted_before_the_service_is_so_at_data(world):
    """The manual's words: for a client of mynetworks the list for recipients ends before the service."""
    for _ in range(2):
        check_unrecorded(send(world, "a@fail.example", BAD, ports.GUIDE, recipients=(BOB, BOSS)).delivered())
        send(world, "a@fail.example", BAD6, ports.GUIDE).rcpts[0].check(550, "5.7.23")
        check_recorded(send(world, "a@pass.example", GOOD, ports.GUIDE).delivered())


@PLACES.case(POSTFIX)
def a_service_that_is_asked_at_the_end_alone(world):
    for _ in range(2):
        sent = send(world, "a@fail.example", BAD, ports.END)
        sent.end.check(550, "5.7.23")
        assert send(world, "a@pass.example", GOOD, ports.END).delivered()


@PLACES.case(POSTFIX)
def a_service_among_the_relay_restrictions(world):
    for _ in range(2):
        send(world, "a@fail.example", BAD, ports.RELAY).rcpts[0].check(550, "5.7.23")
        check_recorded(send(world, "a@pass.example", GOOD, ports.RELAY, (BOB, BOSS)).delivered())


@PLACES.case(POSTFIX)
def other_commands_within_a_message(world):
    """VRFY and ETRN are asked about too, and are about no message."""
    for port in (ports.ALL, ports.ALL_AT_ONCE):
        start, sender = len(world.filter.log()), new_sender(world)
        with world.connect(GOOD, port=port) as connection:
            connection.command(f"VRFY {BOB}")
            connection.command("ETRN local.example")
            connection.mail(sender).check(250)
            connection.rcpt(BOB).check(250)
            connection.command(f"VRFY {BOSS}")
            connection.rcpt(BOSS).check(250)
            message, token = world.compose()
            connection.data(message).check(250)
            check_recorded(world.sink.wait_for(token, [BOB, BOSS]))
            check_recorded(world.send_on(connection, "a@pass.example", recipients=(BOB,)).delivered())
        wait_for("the line", lambda sender=sender, start=start: has_one_line(world, sender, start))
        assert len(has_one_line(world, sender, start)) == 1


@PLACES.case(POSTFIX)
def chunks_instead_of_data(world):
    for port in (ports.RECIPIENT, ports.DATA, ports.ALL):
        for _ in range(2):
            with world.connect(GOOD, port=port) as connection:
                connection.mail("a@pass.example").check(250)
                connection.rcpt(BOB).check(250)
                message, token = world.compose()
                octets = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                connection.send(f"BDAT {len(octets)} LAST\r\n".encode() + octets)
                connection.read_reply().check(250)
                check_recorded(world.sink.wait_for(token, [BOB]))


@PLACES.case(POSTFIX)
def clients_of_a_proxy_that_tells_no_port(world):
    """XCLIENT with PORT=[UNAVAILABLE]: two of one address at once, at two processes of Postfix, are two clients."""
    with world.connect(GOOD, port=ports.PATIENT) as first, world.connect(GOOD, port=ports.PATIENT) as second:
        connections = (first, second)
        for connection in connections:
            connection.command(f"XCLIENT NAME=mail.pass.example ADDR={GOOD} PORT=[UNAVAILABLE]").check(220)
            connection.ehlo("mail.pass.example")
            connection.mail("a@pass.example").check(250)
        for recipient in (BOB, BOSS):
            for connection in connections:
                connection.rcpt(recipient).check(250)
        for connection in connections:
            message, token = world.compose()
            connection.data(message).check(250)
            check_recorded(world.sink.wait_for(token, [BOB, BOSS]))


class SendersToKept(Senders):
    port = ports.KEPT


@contextlib.contextmanager
def kept_socket(the_filter, address, settings):
    """While it lasts, the policy socket is one that a service manager would keep open; afterwards the settings are those
    of the group again."""
    the_filter.stop()
    with socket.create_server(address) as listener:
        the_filter.kept = (listener.fileno(),)
        the_filter.configure(the_filter.address, [("PolicySocket", f"fd:{listener.fileno()}")])
        the_filter.start()
        try:
            yield
        finally:
            the_filter.stop()
    the_filter.kept = ()
    the_filter.configure(the_filter.address, settings)
    the_filter.start()


@OWN.case(POSTFIX)
def recipients_with_settings_of_their_own(world):
    """In any order."""
    for port in (ports.RECIPIENT, ports.DATA, ports.ALL, ports.ALL_AT_ONCE, ports.LATE, ports.GUIDE):
        for recipients, codes in (((BOB, BOSS), [250, 550]), ((BOSS, BOB), [550, 250])):
            sent = send(world, "a@softfail.example", BAD6, port, recipients, helo="mail.none.example")
            assert [reply.code for reply in sent.rcpts] == codes, (port, sent.replies())
            check_recorded(sent.delivered([BOB]), "softfail")


@OWN.case(POSTFIX)
def a_postmaster_without_a_domain(world):
    """Postfix takes it and asks nobody; it names it at DATA, if there is no other recipient."""
    for port in (ports.DATA, ports.ALL, ports.GUIDE):
        for _ in range(2):
            sent = send(world, "a@fail.example", BAD6, port, (POSTMASTER,))
            check_recorded(sent.delivered([POSTMASTER + "@receiver.example"]), "fail")
    check_unrecorded(send(world, "a@fail.example", BAD6, ports.RECIPIENT, (POSTMASTER,)).delivered(
        [POSTMASTER + "@receiver.example"]))


@OWN.case(POSTFIX)
def a_recipient_beyond_ascii_with_settings_of_its_own(world):
    for port in (ports.RECIPIENT, ports.DATA, ports.ALL):
        sent = send(world, "a@fail.example", BAD, port, (BOB, JUERGEN), parameters=" SMTPUTF8")
        assert [reply.code for reply in sent.rcpts] == [550, 250], (port, sent.replies())
        check_recorded(sent.delivered([JUERGEN]), "fail")


@OWN.case(POSTFIX)
def who_is_authenticated_is_so_at_data(world):
    """In the manual's lists the service is not asked then; in others it is told."""
    for port in (ports.GUIDE, ports.DATA, ports.END):
        with world.connect(BAD6, port=port) as connection:
            world.mta.authenticate(connection)
            check_unrecorded(world.send_on(connection, "a@fail.example", recipients=(BOB, BOSS)).delivered())


@PLACES.case(POSTFIX)
def restarts_on_a_socket_that_is_kept_open(world):
    """Postfix waits in the queue of the socket, with its own defaults: no message is deferred, none goes unchecked."""
    with kept_socket(world.filter, ports.INET_SOCKET, PLACES.settings), SendersToKept(world) as traffic:
        for _ in range(3):
            traffic.wait_for_more(10)
            world.filter.stop()
            time.sleep(GAP_S)
            world.filter.start()
        traffic.wait_for_more(10)
    check_traffic(traffic, check_what_is_recorded)
