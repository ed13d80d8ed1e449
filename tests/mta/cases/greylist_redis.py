# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts, each with a filter, that share what greylisting knows on a Redis server; and what follows when it dies."""

import signal

import greylist_hosts as hosts
from cases.greylist import KEY, check_taken, group
from greylist_hosts import check_deferred, new_domain, try_once, wait_a_delay
from traffic import Traffic
from waiting import wait_for
from world import MAIN_PORT, OTHER_PORT, OTHER_USER, USER

STORE = [(KEY, "on"), ("GreylistDelay", f"{hosts.DELAY_S}s"), ("GreylistStore", hosts.REDIS_STORE)]
SERVER = hosts.Redis()


def start_server():
    SERVER.stop()
    try:
        SERVER.start()
    except hosts.machine.Missing:
        pass  # each case says so


SHARED = group("greylist-redis", STORE, setup=start_server)
GROUPS = [SHARED]


def need_server():
    if SERVER.program is None:
        SERVER.start()


@SHARED.case()
def who_comes_back_to_the_other_host_is_known_to_both(world):
    need_server()
    sender = "a@" + new_domain(world)
    with hosts.OtherHost(world.mta.other_socket, STORE):
        for port in (MAIN_PORT, OTHER_PORT):
            check_deferred(try_once(world, sender, port=port))
        wait_a_delay()
        check_taken(try_once(world, sender, port=OTHER_PORT))
        check_taken(try_once(world, sender, port=MAIN_PORT))


@SHARED.case()
def what_two_hosts_have_counted_is_added(world):
    """One that came back to each makes the sender known for all recipients, of both."""
    need_server()
    sender, third = "a@" + new_domain(world), "third@receiver.example"
    with hosts.OtherHost(world.mta.other_socket, STORE):
        check_deferred(try_once(world, sender, port=MAIN_PORT, recipients=(USER,)))
        check_deferred(try_once(world, sender, port=OTHER_PORT, recipients=(OTHER_USER,)))
        wait_a_delay()
        check_taken(try_once(world, sender, port=OTHER_PORT, recipients=(USER,)))
        check_taken(try_once(world, sender, port=MAIN_PORT, recipients=(OTHER_USER,)), (OTHER_USER,))
        for port in (MAIN_PORT, OTHER_PORT):
            check_taken(try_once(world, sender, port=port, recipients=(third,)), (third,))


class NewSenders(Traffic):
    """Each message is the first one of its sender."""

    def talk(self, thread, number):
        sent = try_once(self.world, "a@" + new_domain(self.world))
        self.sent.append(sent)

    def last(self, count):
        return [sent.rcpts[0].code for sent in self.sent[-count:]]


def wait_for_codes(traffic, code, count=5):
    """Until that is what some messages after the other were answered."""
    wait_for(f"replies {code}", lambda: len(traffic.sent) > count and set(traffic.last(count)) == {code} or traffic.failures)


@SHARED.case()
def killed_and_started_under_traffic(world):
    """While the server is away, everybody is taken; no other reply is ever heard."""
    need_server()
    start = len(world.filter.log())
    with NewSenders(world) as traffic:
        for _ in range(2):
            wait_for_codes(traffic, 451)
            SERVER.stop(signal.SIGKILL)
            wait_for_codes(traffic, 250)
            SERVER.start()
        wait_for_codes(traffic, 451)
    assert traffic.failures == [], traffic.failures
    assert {sent.rcpts[0].code for sent in traffic.sent} == {250, 451}, [sent.replies() for sent in traffic.sent]
    for sent in traffic.sent:
        if sent.rcpts[0].code == 250:
            sent.delivered()
    world.filter.wait_for_log("greylist: no store", start)
    world.filter.wait_for_log("greylist: the store is there again", start)


@SHARED.case()
def stopped_and_not_gone(world):
    """A server that takes connections and says nothing: nobody waits for it."""
    need_server()
    SERVER.program.process.send_signal(signal.SIGSTOP)
    try:
        for _ in range(5):
            check_taken(try_once(world, "a@" + new_domain(world)))
    finally:
        SERVER.program.process.send_signal(signal.SIGCONT)
    wait_for("greylisting again", lambda: try_once(world, "a@" + new_domain(world)).rcpts[0].code == 451)


@SHARED.case()
def a_start_without_a_server(world):
    need_server()
    SERVER.stop()
    world.filter.stop()
    world.filter.start()
    check_taken(try_once(world, "a@" + new_domain(world)))
    SERVER.start()
    wait_for("greylisting", lambda: try_once(world, "a@" + new_domain(world)).rcpts[0].code == 451)
