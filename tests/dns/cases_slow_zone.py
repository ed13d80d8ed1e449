# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones that answer every single name, but so late that an evaluation of many has no time left.

Times are compared as in cases_outage.py: what shall be short with half of DNSTimeout.
"""

import concurrent.futures

from dns_common import BACK_S, asking, case, check, equal, result_of, rows, timed, wait_until
from dns_server import DnsServer

TIMEOUT_S = 5
SHORT_S = TIMEOUT_S / 2  # half a second and a machine that has much to do
CONFIG = {"DNSTimeout": f"{TIMEOUT_S}s"}
PASSES = "v=spf1 ip4:192.0.2.1 -all"
SLOW_S = 0.9
DEPTH = 9  # RFC 7208 4.6.4 allows one more


def chain(server, zone, depth=DEPTH):
    """Records of which each names the next, which nobody can foresee, and none of which is cached."""
    names = [zone] + [f"i{number}.{zone}" for number in range(depth)]
    for name, following in zip(names, names[1:]):
        server.add(name, "TXT", f"v=spf1 include:{following} -all", ttl=0)
    server.add(names[-1], "TXT", PASSES, ttl=0)
    return names


def delay(server, names, seconds=SLOW_S):
    for name in names:
        server.fault(name, "delay", seconds=seconds)


@rows([("with-its-record-too", 0), ("below-its-record", 1)])
def slow_zone_costs_one_message_its_deadline(binary, begins):
    """The next messages cost half a second each, whatever they wait for; other zones, slow too, are as ever, and the
    zone is when it is quick again."""
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_:
        names = chain(server, "slow.example")
        for number in range(3):
            server.add(f"other{number}.example", "TXT", PASSES)
        delay(server, names[begins:] + [f"other{number}.example" for number in range(3)])
        result, took_s = timed(filter_, "slow.example")
        equal(result, "temperror", "the first message")
        check(took_s > SHORT_S, f"the first message took {took_s:.1f} s")
        for number in range(3):
            result, took_s = timed(filter_, "slow.example")
            equal(result, "temperror", "the next message")
            check(took_s < SHORT_S, f"the next message took {took_s:.1f} s")
            equal(result_of(filter_, f"other{number}.example"), "pass", "another zone, late too")
        log = filter_.log()
        equal(log.count("used up the time of an evaluation"), 1, "marks of the zone in the log")
        check("no server has replied" not in log, "a slow zone was taken for an outage")
        server.clear_faults()
        wait_until(lambda: result_of(filter_, "slow.example") == "pass", BACK_S, "the zone is quick again")
        delay(server, names[:4])
        equal(result_of(filter_, "slow.example"), "pass", "a zone that is no longer slow takes its time")


@case
def slow_zone_in_a_record_of_another_is_the_one_to_blame(binary):
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_:
        slow = chain(server, "slow.example")
        server.add("sender.example", "TXT", "v=spf1 include:i0.sender.example -all", ttl=0)
        server.add("i0.sender.example", "TXT", "v=spf1 include:i1.slow.example -all", ttl=0)
        server.add("plain.sender.example", "TXT", PASSES, ttl=0)
        delay(server, slow)
        equal(result_of(filter_, "sender.example"), "temperror", "the first message")
        result, took_s = timed(filter_, "i2.slow.example")
        equal(result, "temperror", "a message of the slow zone's own")
        check(took_s < SHORT_S, f"a message of the slow zone's own took {took_s:.1f} s")
        delay(server, ["plain.sender.example"])
        equal(result_of(filter_, "plain.sender.example"), "pass", "the zone that named the slow one, late itself")


@case
def late_zone_that_ends_in_time_is_never_hurt(binary):
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_:
        delay(server, chain(server, "late.example", depth=1))  # some answers come with a second try, 0.7 s later
        for _ in range(3):
            equal(result_of(filter_, "late.example"), "pass", "a zone that is late, and in time")


@case
def quick_name_of_a_slow_zone_does_not_make_it_quick(binary):
    """A zone could answer one name at once, to be waited for anew with the others."""
    with DnsServer() as server, asking(server, binary, CONFIG) as filter_, \
            concurrent.futures.ThreadPoolExecutor(4) as pool:
        names = chain(server, "slow.example")
        delay(server, names[2:])  # the apex and i0 are quick
        equal(result_of(filter_, "slow.example"), "temperror", "the first message")
        for _ in range(2):
            for result, took_s in pool.map(lambda local: timed(filter_, "slow.example", local=f"u{local}"), range(4)):
                equal(result, "temperror", "the next message")
                check(took_s < SHORT_S, f"the next message took {took_s:.1f} s")
