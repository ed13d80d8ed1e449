# SPDX-License-Identifier: GPL-2.0-or-later
"""Greylisting: who is deferred, and when, and from where he may come back."""

import time

import greylist_hosts as hosts
from cases import Group
from greylist_hosts import check_deferred, new_domain, try_once, wait_a_delay, wait_for_reasons
from world import BAD, GOOD, NAMELESS, OTHER_USER, USER

KEY = "Greylist"
NEIGHBOUR, ELSEWHERE, FAR = NAMELESS, "198.51.100.7", "198.51.101.7"  # the first one is in the /24 of BAD
NAMELESS_TOO = "203.0.113.51"  # its name does not lead back
POSTMASTER, SALES, TESTER = "postmaster@receiver.example", "sales@receiver.example", "tester@receiver.example"


def group(name, settings, setup=hosts.forget_all, **more):
    return Group(name, settings, needs=KEY, setup=setup, **more)


SHORT = group("greylist", hosts.SHORT)
LONG = group("greylist-long", [*hosts.LONG, ("GreylistExempt", f"to:{POSTMASTER} @exempt.example {FAR}"),
                               ("RecipientPolicy", f"{SALES} {{\nGreylist off\n}}"),
                               ("RecipientPolicy", f"{TESTER} {{\nTestMode on\n}}")])
LATE = group("greylist-late", [*hosts.SHORT, ("GreylistWindow", f"{hosts.DELAY_S + 1}s"), ("GreylistLife", "1h")])
LEARN = group("greylist-learn", [*hosts.SHORT[1:], (KEY, "learn")])
ONCE = group("greylist-once", [*hosts.SHORT, ("GreylistPass", "once")])
ALL = group("greylist-all", [*hosts.SHORT, ("GreylistPass", "all")])
WIDE = group("greylist-wide", [*hosts.LONG, ("GreylistPass", "wide")])
GROUPS = [SHORT, LONG, LATE, LEARN, ONCE, ALL, WIDE]


def check_taken(sent, recipients=(USER,)):
    assert [reply.code for reply in sent.rcpts] == [250] * len(recipients), sent.replies()
    sent.delivered(list(recipients))


# ---- What does not pass, by network, domain and recipient ----


@SHORT.case()
def who_comes_back_after_the_delay_is_known(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender), hosts.DELAY_S)
    wait_a_delay()
    check_taken(try_once(world, sender))
    check_taken(try_once(world, sender))
    wait_for_reasons(world, sender, USER, "new", "came-back", "known")


@SHORT.case()
def from_another_address_of_the_network(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender))
    wait_a_delay()
    check_taken(try_once(world, sender, NEIGHBOUR))


@SHORT.case()
def from_another_network_it_is_a_first_contact(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender))
    wait_a_delay()
    check_deferred(try_once(world, sender, ELSEWHERE), hosts.DELAY_S)
    check_taken(try_once(world, sender))


@SHORT.case()
def each_recipient_on_its_own(world):
    """Five that are new; then two of them and one that is not."""
    sender = "a@" + new_domain(world)
    five = [f"{user}@receiver.example" for user in ("one", "two", "three", "four", "five")]
    sent = try_once(world, sender, recipients=five[:1])
    check_deferred(sent)
    wait_a_delay()
    sent = try_once(world, sender, recipients=five)
    assert [reply.code for reply in sent.rcpts] == [250] + [451] * 4, sent.replies()
    sent.delivered(five[:1])
    wait_a_delay()
    check_taken(try_once(world, sender, recipients=five), five)
    wait_for_reasons(world, sender, "one@receiver.example", "new", "came-back", "known")


@SHORT.case()
def after_two_that_came_back_the_sender_is_known_for_all(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender, recipients=(USER, OTHER_USER)))
    wait_a_delay()
    check_taken(try_once(world, sender, recipients=(USER, OTHER_USER)), (USER, OTHER_USER))
    check_taken(try_once(world, sender, NEIGHBOUR, recipients=("third@receiver.example",)), ("third@receiver.example",))
    check_deferred(try_once(world, sender, ELSEWHERE))
    wait_for_reasons(world, sender, "third@receiver.example", "known-sender")


@SHORT.case()
def a_sender_with_another_address_each_time(world):
    """The domain counts: VERP, SRS, a domain below the registered one."""
    domain = new_domain(world)
    check_deferred(try_once(world, f"bounce-1-a3f9@{domain}"))
    wait_a_delay()
    for sender in (f"bounce-2-77c1@news.{domain}", f"SRS0=abcd=XY=author.example=alice@{domain}",
                   f"SRS0=wxyz=XZ=other.example=bob@{domain}", f"news+user=receiver.example@mx7.{domain}"):
        check_taken(try_once(world, sender))


@SHORT.case()
def a_null_sender_is_answered_at_data(world):
    """For all of its recipients; and is known by its HELO name, where the client has none."""
    helo = f"mail.{new_domain(world)}"
    with world.connect(NAMELESS, helo) as connection:
        hosts.begin_null(connection, (USER, OTHER_USER))
        connection.command("DATA").check(451, "4.7.1", "Greylisted")
    wait_a_delay()
    with world.connect(NAMELESS_TOO, helo) as connection:
        check_taken(world.send_on(connection, "", (USER, OTHER_USER)), (USER, OTHER_USER))
        check_taken(world.send_on(connection, "", (USER,)))


@SHORT.case()
def a_null_sender_of_a_client_with_a_name(world):
    """It is known by that, whatever its HELO name."""
    for helo in ("mail.none.example", "localhost.localdomain"):
        with world.connect(BAD, helo) as connection:
            hosts.begin_null(connection)
            connection.command("DATA").check(451, "4.7.1", "Greylisted")
    wait_a_delay()
    with world.connect(BAD, "another.none.example") as connection:
        check_taken(world.send_on(connection, "", (USER,)))


@SHORT.case()
def a_null_sender_waits_as_long_as_one_of_its_recipients(world):
    """DATA has one answer."""
    helo = f"mail.{new_domain(world)}"
    with world.connect(NAMELESS, helo) as connection:
        hosts.begin_null(connection)
        connection.command("DATA").check(451, "4.7.1", "Greylisted")
    wait_a_delay()
    with world.connect(NAMELESS, helo) as connection:
        hosts.begin_null(connection, (USER, OTHER_USER))
        connection.command("DATA").check(451, "4.7.1", "Greylisted")
        connection.command("RSET").check(250)
        check_taken(world.send_on(connection, "", (USER,)))


@SHORT.case()
def who_only_asks_for_a_recipient_is_not_stored(world):
    """A call-out: it leaves after RCPT, and its report of later is a first contact."""
    helo = f"mail.{new_domain(world)}"
    with world.connect(NAMELESS, helo) as connection:
        hosts.begin_null(connection)
        connection.command("RSET").check(250)
        hosts.begin_null(connection)
    wait_a_delay()
    with world.connect(NAMELESS, helo) as connection:
        hosts.begin_null(connection)
        connection.command("DATA").check(451, "4.7.1", f"in {hosts.DELAY_S} second")


@SHORT.case()
def two_senders_on_one_connection(world):
    first, second = new_domain(world), new_domain(world)
    with world.connect(BAD, hosts.HELO) as connection:
        for domain in (first, second):
            check_deferred(world.send_on(connection, "a@" + domain))
        wait_a_delay()
        for domain in (second, first):
            check_taken(world.send_on(connection, "a@" + domain))


# ---- Who is not deferred, or not now ----


@LONG.case()
def who_comes_back_too_early_waits_on(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender), 3600)
    wait_a_delay()
    sent = try_once(world, sender)
    check_deferred(sent)
    seconds = int(sent.rcpts[0].text.partition(" in ")[2].split()[0])
    assert 3600 - 300 < seconds < 3600, str(sent.rcpts[0])
    wait_for_reasons(world, sender, USER, "new", "early")


@LONG.case()
def who_passes_is_known(world):
    for sender in ("a@pass.example", "a@two-networks.example"):
        check_taken(world.send(sender, GOOD))
    check_taken(try_once(world, "a@two-networks.example", ELSEWHERE))


@LONG.case()
def other_results_are_deferred(world):
    for sender in ("a@softfail.example", "a@neutral.example", "a@permerror.example"):
        check_deferred(try_once(world, sender))


@LONG.case()
def who_is_refused_is_not_greylisted(world):
    """Nor stored."""
    start = len(world.filter.log())
    with world.connect(BAD) as connection:
        replies = world.send_on(connection, "a@fail.example").replies()
    assert any(reply.startswith("550") for reply in replies), replies
    world.filter.wait_for_log("from=<a@fail.example>", start)
    lines = [line for line in world.filter.log()[start:].splitlines() if "from=<a@fail.example>" in line]
    assert not any("greylist" in line for line in lines), lines


@LONG.case()
def who_is_exempt(world):
    domain = new_domain(world)
    check_taken(try_once(world, "a@exempt.example"))
    check_taken(try_once(world, "a@" + domain, FAR))
    sent = try_once(world, "a@" + domain, recipients=(POSTMASTER, USER, SALES))
    assert [reply.code for reply in sent.rcpts] == [250, 451, 250], sent.replies()
    sent.delivered([POSTMASTER, SALES])


@LONG.case()
def an_authenticated_user_is_not_greylisted(world):
    with world.connect(BAD, hosts.HELO) as connection:
        world.mta.authenticate(connection)
        check_taken(world.send_on(connection, "a@" + new_domain(world)))


@LONG.case()
def mail_of_this_host_is_not_greylisted(world):
    world.submit_by_header("a@" + new_domain(world))


@LONG.case()
def a_recipient_with_a_test_is_told_and_taken(world):
    start, sender = len(world.filter.log()), "a@" + new_domain(world)
    check_taken(try_once(world, sender, recipients=(TESTER,)), (TESTER,))
    world.filter.wait_for_log("test", start)


@LONG.case()
def a_reload_keeps_the_store(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender))
    world.filter.reload()
    wait_a_delay()
    check_deferred(try_once(world, sender))
    wait_for_reasons(world, sender, USER, "new", "early")


@LONG.case()
def a_restart_keeps_what_is_stored(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender))
    world.filter.stop()
    world.filter.start()
    check_deferred(try_once(world, sender))
    wait_for_reasons(world, sender, USER, "new", "early")


# ---- Who comes too late ----


@LATE.case()
def who_comes_back_after_the_window_begins_anew(world):
    sender = "a@" + new_domain(world)
    check_deferred(try_once(world, sender))
    time.sleep(hosts.DELAY_S + 2)
    check_deferred(try_once(world, sender), hosts.DELAY_S)
    wait_a_delay()
    check_taken(try_once(world, sender))
    wait_for_reasons(world, sender, USER, "new", "late", "came-back")


# ---- A week of learning ----


@LEARN.case()
def nobody_is_deferred_while_it_learns(world):
    sender = "a@" + new_domain(world)
    check_taken(try_once(world, sender))
    wait_a_delay()
    check_taken(try_once(world, sender))
    check_taken(try_once(world, sender))
    wait_for_reasons(world, sender, USER, "new", "came-back", "known")


@LEARN.case()
def what_was_learned_is_known_when_it_is_on(world):
    known, seen = "a@" + new_domain(world), "a@" + new_domain(world)
    for sender in (known, seen):
        check_taken(try_once(world, sender))
    wait_a_delay()
    check_taken(try_once(world, known))
    with_settings(world, LEARN, [(KEY, "on")])
    try:
        check_taken(try_once(world, known))
        check_taken(try_once(world, seen))  # its second message
        check_deferred(try_once(world, "a@" + new_domain(world)))
    finally:
        with_settings(world, LEARN, [])


def with_settings(world, a_group, settings):
    """Another start, with these in addition to those of the group."""
    world.filter.stop()
    keys = {key for key, _ in settings}
    world.filter.configure(world.filter.address, [pair for pair in a_group.settings if pair[0] not in keys] + settings)
    world.filter.start()


# ---- What a pass is worth ----


@ONCE.case()
def a_domain_that_passes_is_deferred_once_in_its_life(world):
    """Then it is known for all, from whatever address passes."""
    sender = "a@two-networks.example"
    check_deferred(try_once(world, sender))
    wait_a_delay()
    check_taken(try_once(world, sender, ELSEWHERE))
    check_taken(try_once(world, "b@two-networks.example", recipients=(OTHER_USER,)), (OTHER_USER,))
    check_deferred(try_once(world, "a@softfail.example"))


@ALL.case()
def a_pass_counts_by_domain_from_whatever_address(world):
    sender = "a@two-networks.example"
    check_deferred(try_once(world, sender))
    wait_a_delay()
    check_taken(try_once(world, sender, ELSEWHERE))
    check_deferred(try_once(world, sender, ELSEWHERE, recipients=(OTHER_USER,)))


@WIDE.case()
def a_pass_by_a_term_that_lets_all_send_is_greylisted(world):
    check_taken(try_once(world, "a@two-networks.example"))
    check_deferred(try_once(world, "a@lets-all-send.example"))
    check_deferred(try_once(world, "a@lets-a-half-send.example"))
