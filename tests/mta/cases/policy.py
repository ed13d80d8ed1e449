# SPDX-License-Identifier: GPL-2.0-or-later
"""Postfix asks the filter's policy socket (check_policy_service), in every list of restrictions, and no milter."""

import subprocess

import machine
import policy_services as ports
import spf_filter
from cases import Group
from policy_services import BOB, BOSS, NOBODY
from traffic import Traffic
from waiting import PATIENCE_S, wait_for
from world import BAD, BAD6, FORWARDER, GOOD, GOOD6

SOCKET = ("PolicySocket", f"inet:{ports.INET_SOCKET[1]}@{ports.INET_SOCKET[0]}")
KEY = "PolicySocket"

POLICY = Group("policy", [SOCKET], needs=KEY, setup=ports.install)
RECIPIENTS = Group("policy-recipients", [SOCKET, ("WhitelistTo", BOB)], needs=KEY, setup=ports.install)
DEFERS = Group("policy-defers", [SOCKET, ("RefuseMailFrom", "off"), ("DeferMailFrom", "fail")], needs=KEY, setup=ports.install)
HELD = Group("policy-held", [SOCKET, ("Quarantine", "hold")], needs=KEY, setup=ports.install)
REDIRECTED = Group("policy-redirected", [SOCKET, ("Quarantine", "on"), ("QuarantineBox", BOSS)], needs=KEY, setup=ports.install)
CHROOT = Group("policy-chroot", [("PolicySocket", "unix:" + ports.UNIX_SOCKET), ("SocketGroup", "postfix")], needs=KEY,
               setup=ports.install)
RESTARTS = Group("policy-restarts", [SOCKET, ("ControlSocket", f"unix:{spf_filter.DIRECTORY}/control")], needs=KEY,
                 setup=ports.install)
PASSES = Group("policy-passes", [SOCKET, ("OnPass", "passed"), ("OnHeloPass", "passed"), ("RefuseFail", "off"),
                                 ("RefuseFor", "fail.example fail")], needs=KEY, setup=ports.install)
BOTH = Group("policy-and-milter", [SOCKET, ("RefuseAt", "rcpt"), ("WhitelistTo", BOB), ("AddReceivedHeader", "on")], needs=KEY,
             setup=ports.install)
GROUPS = [POLICY, RECIPIENTS, DEFERS, HELD, REDIRECTED, CHROOT, RESTARTS, PASSES, BOTH]
POSTFIX = ("postfix",)  # Sendmail has no policy protocol

EVERYWHERE = (ports.RECIPIENT, ports.DATA, ports.ALL, ports.ALL_AT_ONCE, ports.LATE)
REASON = "is not permitted from"


def send(world, sender, client=BAD, port=ports.RECIPIENT, recipients=(BOB,), **how):
    return world.send(sender, client, port=port, recipients=recipients, **how)


def check_recorded(message, result="pass"):
    """The result of the sender stands there once, and no field is there twice."""
    assert f"spf={result}" in message.value("Authentication-Results"), message.fields
    assert len(message.values("Received-SPF")) <= 1, message.fields


def check_unrecorded(message):
    assert message.values("Authentication-Results") + message.values("Received-SPF") == [], message.fields


def new_sender(world):
    return f"a@policy{next(world.numbers)}.many.example"


def has_one_line(world, sender, start):
    return [line for line in world.filter.log()[start:].splitlines() if f"from=<{sender}>" in line]


@POLICY.case(POSTFIX)
def a_pass_is_recorded_once_in_every_list(world):
    for port in EVERYWHERE:
        for client in (GOOD, GOOD6):
            for recipients in ((BOB,), (BOB, BOSS)):
                check_recorded(send(world, "a@pass.example", client, port, recipients).delivered())


@POLICY.case(POSTFIX)
def a_pass_is_recorded_once_by_lists_with_connections_of_their_own(world):
    """Postfix asks about one message over several connections, where the restrictions differ in a context."""
    for recipients in ((BOB,), (BOB, BOSS), (BOB,)):
        check_recorded(send(world, "a@pass.example", GOOD, ports.CONTEXTS, recipients).delivered())
    send(world, "a@fail.example", BAD, ports.CONTEXTS).rcpts[0].check(550, "5.7.23", REASON)


@POLICY.case(POSTFIX)
def other_results_are_recorded(world):
    for port in EVERYWHERE:
        check_recorded(send(world, "a@softfail.example", BAD, port, helo="mail.none.example").delivered(), "softfail")
        check_recorded(send(world, "a@permerror.example", GOOD, port).delivered(), "permerror")


@POLICY.case(POSTFIX)
def a_fail_is_refused_at_the_recipient(world):
    """As Postfix delays what other lists say."""
    for port in (ports.RECIPIENT, ports.DATA, ports.ALL, ports.LATE):
        for client in (BAD, BAD6):
            sent = send(world, "a@fail.example", client, port, recipients=(BOB, BOSS))
            assert sent.mail.code == 250, sent.replies()
            for reply in sent.rcpts:
                reply.check(550, "5.7.23", REASON, client)


@POLICY.case(POSTFIX)
def a_fail_is_refused_at_mail_where_nothing_is_delayed(world):
    for port in (ports.ALL_AT_ONCE, ports.ACCESS):
        send(world, "a@fail.example", BAD, port).mail.check(550, "5.7.23", REASON)


@POLICY.case(POSTFIX)
def nothing_is_recorded_by_lists_before_the_recipient(world):
    """Postfix ignores it there, or the field would stand in a message that is begun later."""
    message = send(world, "a@pass.example", GOOD, ports.ACCESS).delivered()
    assert len(message.values("Authentication-Results")) <= 1, message.fields


@POLICY.case(POSTFIX)
def messages_of_one_connection_are_judged_one_by_one(world):
    """All of them over one connection to the service, too."""
    for port in EVERYWHERE[:3]:
        with world.connect(BAD, port=port) as connection:
            for _ in range(2):
                fail = world.send_on(connection, "a@fail.example", recipients=(BOB,))
                fail.rcpts[0].check(550, "5.7.23")
                soft = world.send_on(connection, "a@softfail.example", recipients=(BOB, BOSS))
                check_recorded(soft.delivered(), "softfail")


@POLICY.case(POSTFIX)
def a_message_without_an_end_does_not_reach_into_the_next(world):
    """RSET, and a connection that ends, tell the service nothing."""
    for port in EVERYWHERE[:3]:
        with world.connect(GOOD, port=port) as connection:
            connection.mail("a@pass.example").check(250)
            connection.rcpt(BOB).check(250)
            connection.command("RSET").check(250)
            sent = world.send_on(connection, "a@softfail.example", recipients=(BOB,))
            check_recorded(sent.delivered(), "pass")
            connection.mail("a@pass.example").check(250)
            connection.rcpt(BOB).check(250)
        send(world, "a@fail.example", BAD, port).rcpts[0].check(550, "5.7.23")
        check_recorded(send(world, "a@pass.example", GOOD, port).delivered())


@POLICY.case(POSTFIX)
def a_recipient_that_is_given_twice_is_answered_alike(world):
    for port in EVERYWHERE:
        sent = send(world, "a@pass.example", GOOD, port, recipients=(BOB, BOB))
        assert [reply.code for reply in sent.rcpts] == [250, 250], sent.replies()
        check_recorded(sent.delivered([BOB]))


@POLICY.case(POSTFIX)
def each_message_has_one_line(world):
    """The service learns of the end of a message from the next one, which the same smtpd has."""
    for port in EVERYWHERE:
        start, senders = len(world.filter.log()), [new_sender(world) for _ in range(3)]
        for sender in senders:
            send(world, sender, GOOD, port, recipients=(BOB, BOSS)).delivered()
        for sender in senders[:-1]:
            wait_for(f"the line of {sender}", lambda sender=sender: has_one_line(world, sender, start))
            lines = has_one_line(world, sender, start)
            assert len(lines) == 1 and "SPF pass" in lines[0] and "verdict=accepted" in lines[0], lines


@POLICY.case(POSTFIX)
def the_line_has_the_queue_id(world):
    """Postfix names it at the second recipient, and at DATA."""
    for port, recipients in ((ports.RECIPIENT, (BOB, BOSS)), (ports.DATA, (BOB,))):
        start, sender = len(world.filter.log()), new_sender(world)
        sent = send(world, sender, GOOD, port, recipients)
        send(world, "a@pass.example", GOOD, port).delivered()
        wait_for(f"the line of {sender}", lambda sender=sender, start=start: has_one_line(world, sender, start))
        queue_id = sent.end.text.rpartition(" ")[2]
        lines = has_one_line(world, sender, start)
        assert f"id={queue_id}" in lines[0], (queue_id, lines)


@POLICY.case(POSTFIX)
def a_recipient_that_is_not_listed(world):
    """Where Postfix looks first, its word counts, and the service is not asked."""
    sent = send(world, "a@fail.example", BAD, recipients=(NOBODY, BOB))
    sent.rcpts[0].check(550, "5.1.1")
    sent.rcpts[1].check(550, "5.7.23")
    sent = send(world, "a@pass.example", GOOD, recipients=(NOBODY, BOB))
    sent.rcpts[0].check(550, "5.1.1")
    check_recorded(sent.delivered([BOB]))


@POLICY.case(POSTFIX)
def a_recipient_that_is_refused_after_the_service_was_asked(world):
    """Its answer had the field, which the message has all the same, once."""
    sent = send(world, "a@pass.example", GOOD, ports.LATE, recipients=(NOBODY, BOB))
    sent.rcpts[0].check(550, "5.1.1")
    check_recorded(sent.delivered([BOB]))


@POLICY.case(POSTFIX)
def a_foreign_recipient_is_refused_before_the_service_is_asked(world):
    sent = send(world, "a@fail.example", BAD, recipients=("you@elsewhere.example", BOB))
    sent.rcpts[0].check(554, "5.7.1")
    sent.rcpts[1].check(550, "5.7.23")


@POLICY.case(POSTFIX)
def a_restriction_class_asks_for_some_recipients_only(world):
    sent = send(world, "a@fail.example", BAD, ports.CLASS, recipients=(BOB, BOSS))
    assert sent.rcpts[0].code == 250, sent.replies()
    sent.rcpts[1].check(550, "5.7.23", REASON)
    check_unrecorded(sent.delivered([BOB]))
    check_recorded(send(world, "a@pass.example", GOOD, ports.CLASS, recipients=(BOB, BOSS)).delivered())


@POLICY.case(POSTFIX)
def a_client_that_a_proxy_names(world):
    """XCLIENT: another address, another name at HELO; before and after, the connection's own."""
    for port in EVERYWHERE:
        with world.connect(GOOD, port=port) as connection:
            check_recorded(world.send_on(connection, "a@pass.example", recipients=(BOB,)).delivered())
            connection.command(f"XCLIENT NAME=bad.fail.example ADDR={BAD}").check(220)
            connection.ehlo("bad.fail.example")
            sent = world.send_on(connection, "a@pass.example", recipients=(BOB,))
            (sent.mail if port == ports.ALL_AT_ONCE else sent.rcpts[0]).check(550, "5.7.23", BAD)
            connection.command(f"XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:{GOOD6}").check(220)
            connection.ehlo("mail.pass.example")
            check_recorded(world.send_on(connection, "a@pass.example", recipients=(BOB,)).delivered())


@POLICY.case(POSTFIX)
def an_authenticated_sender_is_not_checked(world):
    for port in EVERYWHERE[:3]:
        with world.connect(BAD, port=port) as connection:
            world.mta.authenticate(connection)
            check_unrecorded(world.send_on(connection, "a@fail.example", recipients=(BOB,)).delivered())


@POLICY.case(POSTFIX)
def senders_beyond_ascii(world):
    for port in EVERYWHERE:
        sent = send(world, "jürgen@pässe.example", GOOD, port, parameters=" SMTPUTF8")
        check_recorded(sent.delivered())
        sent = send(world, "jürgen@pässe.example", BAD, port, parameters=" SMTPUTF8", helo="mail.none.example")
        (sent.mail if port == ports.ALL_AT_ONCE else sent.rcpts[0]).check(550, "5.7.23")


@POLICY.case(POSTFIX)
def a_null_sender_is_checked_by_its_helo_name(world):
    for port in EVERYWHERE:
        check_recorded(send(world, "", GOOD, port).delivered())
        sent = send(world, "", BAD, port)
        first = next(reply for reply in (sent.mail, *sent.rcpts) if reply.code != 250)
        first.check(550, "5.7.23")


@POLICY.case(POSTFIX)
def odd_senders_are_read_as_postfix_reads_them(world):
    for sender, client in (('"a b"@pass.example', GOOD), ("A@PASS.Example", GOOD), ("@none.example:a@pass.example", GOOD),
                           ("a=b@pass.example", GOOD), ('"a@fail.example"@pass.example', GOOD)):
        check_recorded(send(world, sender, client).delivered())
    for sender in ("@pass.example:a@fail.example", '"a@pass.example"@fail.example', "a@FAIL.example"):
        send(world, sender, BAD).rcpts[0].check(550, "5.7.23")


@POLICY.case(POSTFIX)
def an_explanation_stays_in_its_reply(world):
    """Line ends, and more text than a reply holds, come from a sender's DNS."""
    for sender, words in (("a@exp.example", "servers only"), ("a@expcrlf.example", REASON), ("a@explong.example", "SPF: ")):
        with world.connect(BAD, port=ports.RECIPIENT) as connection:
            reply = world.send_on(connection, sender, recipients=(BOB,)).rcpts[0].check(550, "5.7.23", words)
            assert len(reply.lines) == 1 and len(reply.text) < 1200, str(reply)
            connection.command("NOOP").check(250, "2.0.0")


@RECIPIENTS.case(POSTFIX)
def some_recipients_are_refused(world):
    for port in (ports.RECIPIENT, ports.DATA, ports.ALL, ports.LATE):
        for recipients, refused in (((BOB, BOSS), 1), ((BOSS, BOB), 0)):
            sent = send(world, "a@fail.example", BAD, port, recipients=recipients)
            sent.rcpts[refused].check(550, "5.7.23", REASON)
            check_recorded(sent.delivered([BOB]), "fail")


@RECIPIENTS.case(POSTFIX)
def all_recipients_are_refused(world):
    for port in (ports.RECIPIENT, ports.DATA, ports.ALL, ports.LATE):
        send(world, "a@fail.example", BAD, port, recipients=(BOSS,)).rcpts[0].check(550, "5.7.23")


@DEFERS.case(POSTFIX)
def a_deferral_leaves_the_word_to_what_refuses(world):
    """DEFER_IF_PERMIT: a later restriction of the list may refuse. The unlisted recipient is found before it only where
    that is asked first."""
    sent = send(world, "a@fail.example", BAD, recipients=(BOB, NOBODY))
    assert sent.rcpts[0].code == 450 and sent.rcpts[0].text.startswith("4.7.2"), sent.replies()
    sent.rcpts[1].check(550, "5.1.1")
    assert send(world, "a@fail.example", BAD, ports.LATE, recipients=(NOBODY,)).rcpts[0].code == 450


def check_held(world, sender, port):
    sent = send(world, sender, BAD, port, helo="mail.none.example")
    assert sent.end.code == 250, sent.replies()
    wait_for("the message to be held or delivered", lambda: sender in world.mta.held() or world.sink.with_token(sent.token))
    assert world.sink.with_token(sent.token) == [], "it was delivered"


@HELD.case(POSTFIX)
def a_message_is_held_at_data(world):
    for number in range(2):  # the first one is before the service knows that it is asked at DATA
        check_held(world, f"held{number}@softfail.example", ports.DATA)


@HELD.case(POSTFIX)
def a_message_is_held_at_its_recipient(world):
    check_held(world, "held2@softfail.example", ports.RECIPIENT)


@HELD.case(POSTFIX)
def a_message_is_held_at_its_end(world):
    check_held(world, "held3@softfail.example", ports.END)


@REDIRECTED.case(POSTFIX)
def a_message_is_redirected(world):
    """At DATA as well as at its recipient; the first one is before the service knows that it is asked at DATA."""
    for port in (ports.DATA, ports.DATA, ports.RECIPIENT):
        send(world, "a@softfail.example", BAD, port, helo="mail.none.example").delivered([BOSS])
        check_recorded(send(world, "a@pass.example", GOOD, port).delivered([BOB]))
    send(world, "a@softfail.example", BAD, ports.END, helo="mail.none.example").delivered([BOSS])  # which has no field


@PASSES.case(POSTFIX)
def a_pass_is_permitted_by_its_class(world):
    """For each recipient on its own; what is no pass meets the next restriction. The field comes at DATA."""
    for _ in range(2):
        sent = send(world, "a@pass.example", GOOD, ports.PASSES, recipients=(BOB, BOSS))
        assert [reply.code for reply in sent.rcpts] == [250, 554], sent.replies()
        check_recorded(sent.delivered([BOB]))
        send(world, "a@softfail.example", BAD, ports.PASSES, helo="mail.none.example").rcpts[0].check(554, "5.7.1", "denied")


@PASSES.case(POSTFIX)
def a_helo_name_that_passes_has_its_class_but_saves_no_sender(world):
    sent = send(world, "a@none.example", GOOD, ports.PASSES, helo="mail.pass.example")
    check_recorded(sent.delivered(), "none")
    send(world, "a@fail.example", FORWARDER, ports.PASSES, helo="forwarder.example").rcpts[0].check(550, "5.7.23", REASON)


@BOTH.case(POSTFIX)
def a_message_that_both_see_is_judged_once(world):
    """One line, with the queue id and the recipient that the milter did not hear of; each field once."""
    for port in (ports.BOTH, ports.BOTH_AT_ONCE):
        start, sender = len(world.filter.log()), new_sender(world)
        sent = send(world, sender, GOOD, port, recipients=(BOB, BOSS))
        message = sent.delivered()
        assert len(message.values("Authentication-Results")) == len(message.values("Received-SPF")) == 1, message.fields
        [line] = has_one_line(world, sender, start)
        assert "SPF pass" in line and f"id={sent.end.text.rpartition(' ')[2]}" in line, line
        start, sender = len(world.filter.log()), new_sender(world)
        sent = send(world, sender, BAD, port, recipients=(BOB, BOSS))
        assert [reply.code for reply in sent.rcpts] == [250, 550], sent.replies()
        check_recorded(sent.delivered([BOB]), "fail")
        [line] = has_one_line(world, sender, start)
        assert f"to=<{BOSS}>, reply=550 5.7.23, exempt-to=<{BOB}>, recipients=1, id=" in line, line


@BOTH.case(POSTFIX)
def a_message_that_both_see_and_nobody_gets_has_one_line(world):
    for port in (ports.BOTH, ports.BOTH_AT_ONCE):
        start, sender = len(world.filter.log()), new_sender(world)
        send(world, sender, BAD, port, recipients=(BOSS,)).rcpts[0].check(550, "5.7.23", REASON)
        send(world, "a@pass.example", GOOD, port).delivered()
        wait_for("the line", lambda sender=sender, start=start: has_one_line(world, sender, start))
        [line] = has_one_line(world, sender, start)
        assert "SPF fail" in line and f"verdict=refused, to=<{BOSS}>" in line, line


@CHROOT.case(POSTFIX)
def unix_socket_in_the_chroot_for_policy(world):
    """Started by root and by a service manager."""
    for as_account in (True, False):
        world.filter.stop()
        world.filter.start(as_account)
        check_recorded(send(world, "a@pass.example", GOOD, ports.CHROOT).delivered())
        send(world, "a@fail.example", BAD, ports.CHROOT).rcpts[0].check(550, "5.7.23")


class Senders(Traffic):
    """Each message is from a domain of its own; every third connection is that of a client whose mail is refused."""

    port = ports.PATIENT

    def talk(self, thread, number):
        client = BAD if number % 3 == 0 else GOOD
        with self.world.connect(client, port=self.port) as connection:
            for message in range(3):
                sent = self.world.send_on(connection, f"a@p{thread}n{number}m{message}.many.example", recipients=(BOB, BOSS))
                self.sent.append((client, sent))


def check_traffic(traffic, check):
    """Every message was judged: the temporary replies of a service that is away are none of the answers. check: of a
    message that was delivered."""
    assert traffic.failures == [], traffic.failures
    for client, sent in traffic.sent:
        if client == BAD:
            for reply in sent.rcpts:
                reply.check(550, "5.7.23")
        else:
            check(sent.delivered())


def check_what_is_recorded(message):
    """A new process does not know what the old one has said about a message that is under way."""
    assert all("spf=pass" in value for value in message.values("Authentication-Results")), message.fields


@RESTARTS.case(POSTFIX)
def reloads_under_traffic(world):
    with Senders(world) as traffic:
        for number in range(8):
            traffic.wait_for_more(10)
            world.filter.configure(world.mta.main_socket, [*RESTARTS.settings, ("TTL", f"{30 + number}m")])
            done = subprocess.run([machine.BINARY, "reload", "-c", spf_filter.CONFIG], capture_output=True, check=False,
                                  timeout=PATIENCE_S)
            assert done.returncode == 0, done
        traffic.wait_for_more(10)
    check_traffic(traffic, check_recorded)


@RESTARTS.case(POSTFIX)
def restarts_under_traffic(world):
    """Postfix asks again until the service is back."""
    with Senders(world) as traffic:
        for _ in range(4):
            traffic.wait_for_more(10)
            world.filter.stop()
            world.filter.start()
        traffic.wait_for_more(10)
    check_traffic(traffic, check_what_is_recorded)


@RESTARTS.case(POSTFIX)
def a_service_that_is_away(world):
    """Its default action decides; without one, the message is deferred."""
    world.filter.stop()
    try:
        sent = send(world, "a@fail.example", BAD, ports.OPTIONAL)
        check_unrecorded(sent.delivered())
        send(world, "a@fail.example", BAD, ports.RECIPIENT).rcpts[0].check(451, "4.3.5")
    finally:
        world.filter.start()
    send(world, "a@fail.example", BAD, ports.OPTIONAL).rcpts[0].check(550, "5.7.23")
    send(world, "a@fail.example", BAD, ports.RECIPIENT).rcpts[0].check(550, "5.7.23")
