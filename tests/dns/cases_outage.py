# SPDX-License-Identifier: GPL-2.0-or-later
"""Silence: of one name, of one zone, of everything. Who waits how long, whose result suffers, and when it is over.

No time here is measured finely: what shall be short is compared with half of DNSTimeout, which it would exceed.
"""

import concurrent.futures
import time

from dns_common import BACK_S, asking, case, check, equal, result_of, rows, timed, wait_until
from dns_server import DnsServer

TIMEOUT_S = 6
SHORT_S = TIMEOUT_S / 2  # half a second and a machine that has much to do
LONG_S = TIMEOUT_S * 2
CONFIG = {"DNSTimeout": f"{TIMEOUT_S}s"}
PASSES = "v=spf1 ip4:192.0.2.1 -all"
SLOW_S = 0.8


def served(server, *domains, ttl=300):
    for domain in domains:
        server.add(domain, "TXT", PASSES, ttl=ttl)


def in_background(pool, filter_, domain):
    return pool.submit(timed, filter_, domain)


@case
def dead_name_does_no_harm_to_a_slow_one_that_follows(binary):
    """An idle filter, one name that nobody answers for, and then a healthy one that takes 0.8 s."""
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_:
        served(server, "slow.example.org")
        server.fault("dead.example.net", "drop")
        server.fault("slow.example.org", "delay", seconds=SLOW_S)
        result, took_s = timed(filter_, "dead.example.net")
        equal(result, "temperror", "the dead name")
        check(took_s < LONG_S, f"the dead name took {took_s:.1f} s")
        equal(result_of(filter_, "slow.example.org"), "pass", "the slow name after the dead one")


@case
def dead_name_does_no_harm_to_a_slow_one_meanwhile(binary):
    """The slow name comes while the dead one is waited for, and the filter has heard of nothing else."""
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        served(server, "slow.example.org")
        server.fault("dead.example.net", "drop")
        server.fault("slow.example.org", "delay", seconds=SLOW_S)
        dead = in_background(pool, filter_, "dead.example.net")
        wait_until(lambda: server.count("dead.example.net"), 10, "the query for the dead name")
        time.sleep(SLOW_S)  # long enough that the silence could be taken for that of the resolver
        equal(result_of(filter_, "slow.example.org"), "pass", "the slow name beside the dead one")
        equal(dead.result()[0], "temperror", "the dead name")


@case
def several_dead_names_of_one_domain_are_no_outage(binary):
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_, \
            concurrent.futures.ThreadPoolExecutor(8) as pool:
        served(server, "slow.example.org")
        dead = [f"d{number}.dead.example.net" for number in range(6)]
        for name in dead:
            server.fault(name, "drop")
        server.fault("slow.example.org", "delay", seconds=SLOW_S)
        waiting = [in_background(pool, filter_, name) for name in dead]
        wait_until(lambda: server.count(dead[0]), 10, "the query for a dead name")
        time.sleep(SLOW_S)
        equal(result_of(filter_, "slow.example.org"), "pass", "the slow name beside the dead ones")
        equal({future.result()[0] for future in waiting}, {"temperror"}, "the dead names")
        equal(result_of(filter_, "slow.example.org"), "pass", "the slow name after the dead ones")


@case
def dead_zone_costs_its_next_names_little_and_others_nothing(binary):
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_:
        names = [f"n{number}.dead.example" for number in range(5)]
        served(server, *names)
        for name in names:
            server.fault(name, "drop")
        for number in range(4):
            served(server, f"slow{number}.example.org")
            server.fault(f"slow{number}.example.org", "delay", seconds=SLOW_S)
        equal(result_of(filter_, names[0]), "temperror", "the first name of the dead zone")
        for number, name in enumerate(names[1:4]):
            result, took_s = timed(filter_, name)
            equal(result, "temperror", "the next name of the dead zone")
            check(took_s < SHORT_S, f"the next name of the dead zone was waited for {took_s:.1f} s")
            equal(result_of(filter_, f"slow{number}.example.org"), "pass", "another zone, slow")
        server.clear_faults()
        wait_until(lambda: result_of(filter_, names[4]) == "pass", BACK_S, "the zone answers again")
        server.fault(names[1], "delay", seconds=SLOW_S)
        wait_until(lambda: result_of(filter_, names[1]) == "pass", BACK_S, "a slow name of the zone that is back")


def stops(server):
    """The server's port is closed from now on."""
    server.stop()


def falls_silent(server):
    server.silent = True


def returns(server):
    if server.silent:
        server.silent = False
    else:
        server.start()


@rows([("of-a-silent-server", falls_silent), ("of-a-stopped-server", stops)], limit_s=240)
def outage(binary, begins):
    """What is known goes on, though its TTL is over; the first that are new wait for their deadline, the next for much
    less; and when the server is back all is as before, also for names that were asked for meanwhile."""
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_:
        known = [f"known{number}.example" for number in range(3)]
        fresh = [f"fresh{number}.example" for number in range(12)]
        served(server, *known, ttl=1)
        served(server, *fresh, "after.example")
        for name in known:
            equal(result_of(filter_, name), "pass", "before the outage")
        time.sleep(1.5)  # beyond their TTL
        begins(server)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for result, took_s in pool.map(lambda name: timed(filter_, name), fresh[:6]):
                equal(result, "temperror", "new, at the beginning of the outage")
                check(took_s < LONG_S, f"new, at the beginning of the outage: {took_s:.1f} s")
        for name in fresh[6:]:
            result, took_s = timed(filter_, name)
            equal(result, "temperror", "new, later in the outage")
            check(took_s < SHORT_S, f"new, later in the outage: {took_s:.1f} s")
        for name in known * 3:
            result, took_s = timed(filter_, name)
            equal(result, "pass", "known, in the outage")
            check(took_s < SHORT_S, f"known, in the outage: {took_s:.1f} s")
        returns(server)
        wait_until(lambda: result_of(filter_, "after.example") == "pass", BACK_S, "the server is back")
        server.fault("slow.example", "delay", seconds=SLOW_S)
        served(server, "slow.example")
        equal(result_of(filter_, "slow.example"), "pass", "a slow answer after the outage")
        wait_until(lambda: {result_of(filter_, name) for name in fresh} == {"pass"}, BACK_S, "the names that failed")
