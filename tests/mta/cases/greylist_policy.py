# SPDX-License-Identifier: GPL-2.0-or-later
"""Greylisting by the policy service of Postfix, alone and beside the milter."""

import greylist_hosts as hosts
import policy_services as ports
from cases.greylist import check_taken, group
from cases.policy import POSTFIX, SOCKET
from greylist_hosts import new_domain, reasons_of, try_once, wait_a_delay, wait_for_reasons
from policy_services import BOB, BOSS, NOBODY
from world import NAMELESS


def install():
    ports.install()
    hosts.forget_all()


POLICY = group("greylist-policy", [*hosts.SHORT, SOCKET], setup=install)
GROUPS = [POLICY]
CODE = 450  # Postfix's, for DEFER_IF_PERMIT
LISTS = (ports.RECIPIENT, ports.DATA, ports.ALL, ports.LATE)


def check_deferred(sent):
    for reply in sent.rcpts:
        reply.check(CODE, "4.7.1", "Greylisted")


@POLICY.case(POSTFIX)
def a_first_contact_and_its_retry_in_every_list(world):
    senders = {port: "a@" + new_domain(world) for port in LISTS}
    for port, sender in senders.items():
        check_deferred(try_once(world, sender, port=port, recipients=(BOB,)))
    wait_a_delay()
    for port, sender in senders.items():
        check_taken(try_once(world, sender, port=port, recipients=(BOB,)), (BOB,))
        check_taken(try_once(world, sender, port=port, recipients=(BOB,)), (BOB,))


@POLICY.case(POSTFIX)
def recipients_on_their_own(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender, port=ports.RECIPIENT, recipients=(BOB,)))
    wait_a_delay()
    sent = try_once(world, sender, port=ports.RECIPIENT, recipients=(BOSS, BOB))
    assert [reply.code for reply in sent.rcpts] == [CODE, 250], sent.replies()
    sent.delivered([BOB])


@POLICY.case(POSTFIX)
def after_unlisted_recipients_nobody_is_stored_for_a_user_who_does_not_exist(world):
    sender = "a@" + new_domain(world)
    sent = try_once(world, sender, port=ports.RECIPIENT, recipients=(NOBODY, BOB))
    sent.rcpts[0].check(550, "5.1.1")
    sent.rcpts[1].check(CODE, "4.7.1")
    try_once(world, "a@" + new_domain(world), port=ports.RECIPIENT, recipients=(BOB,))
    wait_for_reasons(world, sender, BOB, "new")
    assert not reasons_of(world, sender, NOBODY)


@POLICY.case(POSTFIX)
def before_unlisted_recipients_a_bot_is_told_to_come_back(world):
    """Why the manual has it otherwise."""
    sender = "a@" + new_domain(world)
    sent = try_once(world, sender, port=ports.LATE, recipients=(NOBODY,))
    sent.rcpts[0].check(CODE, "4.7.1")
    try_once(world, "a@" + new_domain(world), port=ports.LATE, recipients=(BOB,))
    wait_for_reasons(world, sender, NOBODY, "new")


@POLICY.case(POSTFIX)
def who_is_refused_is_not_greylisted(world):
    for _ in range(2):
        try_once(world, "a@fail.example", port=ports.RECIPIENT, recipients=(BOB,)).rcpts[0].check(550, "5.7.23")
    assert not reasons_of(world, "a@fail.example", BOB)


@POLICY.case(POSTFIX)
def a_null_sender_where_data_is_asked_about(world):
    helo = f"mail.{new_domain(world)}"
    with world.connect(NAMELESS, helo, ports.DATA) as connection:
        hosts.begin_null(connection, (BOB,))
        connection.command("DATA").check(CODE, "4.7.1", "Greylisted")
    wait_a_delay()
    with world.connect(NAMELESS, helo, ports.DATA) as connection:
        check_taken(world.send_on(connection, "", (BOB,)), (BOB,))


@POLICY.case(POSTFIX)
def a_null_sender_where_data_is_not_asked_about(world):
    """It is not greylisted."""
    with world.connect(NAMELESS, f"mail.{new_domain(world)}", ports.RECIPIENT) as connection:
        check_taken(world.send_on(connection, "", (BOB,)), (BOB,))


@POLICY.case(POSTFIX)
def with_a_milter_as_well_it_is_one_visit(world):
    sender = "a@" + new_domain(world)
    sent = try_once(world, sender, port=ports.BOTH, recipients=(BOB,))
    assert sent.rcpts[0].code in (450, 451), sent.replies()
    wait_a_delay()
    check_taken(try_once(world, sender, port=ports.BOTH, recipients=(BOB,)), (BOB,))
    check_taken(try_once(world, sender, port=ports.BOTH, recipients=(BOB,)), (BOB,))
    wait_for_reasons(world, sender, BOB, "new", "came-back", "known")


@POLICY.case(POSTFIX)
def what_the_policy_service_knows_the_milter_does(world):
    """They have one store."""
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender, port=ports.RECIPIENT, recipients=(BOB,)))
    wait_a_delay()
    check_taken(try_once(world, sender, recipients=(BOB,)), (BOB,))
