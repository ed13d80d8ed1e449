# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred senders whose names answer late or not at all, and everybody else's mail.

No time is measured: who waits for whom shows in the order in which names are queried (tests/bench/run has the figures).
"""

import contextlib
import time

import dns.name
import milter_wire as wire
from dns_common import GOOD_IP, Skip, asking, case, check, equal, result_of, wait_until
from dns_server import DnsServer
from filter import sanitizer
from milter_client import MilterClient

ATTACKERS = 100
NAMES = 10  # that each attacker's record names; RFC 7208 4.6.4 allows no more
OTHERS = 30
LATE_S = 0.9
LIMIT_S = 120
DESCRIPTORS = 512  # a quarter of them is for queries: by far not enough for all the attackers' at a time
PASSES = "v=spf1 ip4:192.0.2.1 -all"
# What no cache has.
RECORD = "v=spf1 " + " ".join(f"exists:%{{l}}.n{number}.%{{d}}" for number in range(NAMES)) + " -all"


class AttackedServer(DnsServer):
    """Below `late` each name is answered after LATE_S, below `silent` none is; their records come at once.
    `records`: domains of attackers whose record has been sent; `attacked`: names that the filter was made to query."""

    def __init__(self):
        super().__init__()
        self.records, self.attacked = set(), set()

    def _respond(self, query, fault, transport, send, handler):
        name = query.question[0].name
        labels = name.relativize(dns.name.from_text("example.")).labels
        zone = labels[-1].decode().lower()
        if len(labels) > 1:
            self.attacked.add(name)  # compared without regard to case
        if len(labels) > 1 and zone.startswith("silent"):
            return
        if len(labels) > 1:
            time.sleep(LATE_S)
        super()._respond(query, fault, transport, send, handler)
        if not zone.startswith("other"):
            self.records.add(zone)


def attack(stack, filter_, domain):
    """A connection whose MAIL has been sent, and not answered."""
    client = stack.enter_context(MilterClient(filter_.address, timeout=LIMIT_S))
    client.connect(ip=GOOD_IP)
    client.helo()
    client.ask(wire.MAIL, "mail", f"<u@{domain}>\0".encode())
    return client


@case(limit_s=300)
def a_hundred_attackers_delay_nobody_else(binary):
    """They queue far more names than the filter may query at a time. A name of somebody else is queried before those;
    each message of theirs gets its result. No outage is seen in it, and nothing is shed."""
    if sanitizer(binary):
        raise Skip("a filter that is so slow is busy with the attackers' messages alone")
    domains = [f"{kind}{number}.example" for number in range(ATTACKERS // 2) for kind in ("silent", "late")]
    others = [f"other{number}.example" for number in range(OTHERS)]
    with AttackedServer() as server, contextlib.ExitStack() as stack:
        filter_ = asking(server, binary, {"DNSTimeout": f"{LIMIT_S}s"})
        filter_.launcher = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]
        stack.callback(filter_.remove)
        stack.callback(filter_.kill)  # a stop would wait for the silent ones
        filter_.start()
        for domain in domains:
            server.add(domain, "TXT", RECORD)
        for domain in others:
            server.add(domain, "TXT", PASSES)
        waiting = {domain: attack(stack, filter_, domain) for domain in domains}
        wait_until(lambda: len(server.records) == ATTACKERS, LIMIT_S / 2, "the attackers' records")
        equal(result_of(filter_, others[0]), "pass", "somebody else's first message")
        queried = len(server.attacked)
        check(queried < ATTACKERS * NAMES * 3 / 4, f"{queried} of the attackers' names were queried before it")
        equal({result_of(filter_, domain) for domain in others[1:]}, {"pass"}, "somebody else's messages")
        equal({waiting[domain].answer().kind for domain in domains if domain.startswith("late")}, {"continue"},
              "answers to the late ones")
        log = filter_.log()
        check("no server has replied" not in log, "a silent zone was taken for an outage")
        check("verdict=shed" not in log, "something was shed")
