# SPDX-License-Identifier: GPL-2.0-or-later
"""A hundred senders whose names answer late or not at all, and everybody else's mail.

No time is measured: who waits for whom shows in the order of the answers (tests/bench/run has the figures)."""

import concurrent.futures
import itertools
import threading
import time

import dns.name
from dns_common import Skip, asking, case, check, contains, equal, result_of, wait_until
from dns_server import DnsServer
from filter import sanitizer

ATTACKERS = 100
OTHERS = 30
LATE_S = 0.9
TIMEOUT_S = 30
DESCRIPTORS = 2048  # a quarter of them is what the DNS has
PASSES = "v=spf1 ip4:192.0.2.1 -all"
# Ten names that are new for each sender: no cache has them.
RECORD = "v=spf1 " + " ".join(f"exists:%{{l}}.n{number}.%{{d}}" for number in range(10)) + " -all"


class AttackedServer(DnsServer):
    """Below `late` each name is answered after LATE_S, below `silent` none is; their records come at once."""

    def _respond(self, query, fault, transport, send, handler):
        labels = query.question[0].name.relativize(dns.name.from_text("example.")).labels
        zone = labels[-1].decode().lower()
        if len(labels) > 1 and zone.startswith("silent"):
            return
        if len(labels) > 1 and zone.startswith("late"):
            time.sleep(LATE_S)
        super()._respond(query, fault, transport, send, handler)


def attacking(filter_, domain, is_over, answered):
    """One message after the other, each of a new sender."""
    for number in itertools.count():
        result_of(filter_, domain, local=f"u{number}")
        answered.append(domain)
        if is_over.is_set():
            return


def limited(server, binary):
    """A filter that has few ports for its queries."""
    filter_ = asking(server, binary, {"DNSTimeout": f"{TIMEOUT_S}s"})
    filter_.launcher = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]
    return filter_


def waits_for(server, domains):
    """The domains that the filter has asked a name of, below their records."""
    asked = {question.name.to_text().lower().split(".")[-3] for question in list(server.questions)
             if len(question.name.labels) > 3}
    return asked >= {domain.split(".", maxsplit=1)[0] for domain in domains}


@case(limit_s=300)
def a_hundred_attackers_delay_nobody_else(binary):
    """They hold as much of the filter as they can; meanwhile new names of others are looked up one after the other, and
    each message is through before any of the silent ones has reached its deadline. The late ones go on all the time. No outage is seen in it, and nothing is shed."""
    if sanitizer(binary):
        raise Skip("a filter that is so slow is busy with the attackers' messages alone")
    silent = [f"silent{number}.example" for number in range(ATTACKERS // 2)]
    late = [f"late{number}.example" for number in range(ATTACKERS // 2)]
    answered, is_over = [], threading.Event()
    with AttackedServer() as server, limited(server, binary) as filter_, \
            concurrent.futures.ThreadPoolExecutor(ATTACKERS) as pool:
        for domain in silent + late:
            server.add(domain, "TXT", RECORD)
        for number in range(OTHERS):
            server.add(f"other{number}.example", "TXT", PASSES)
        under_attack = [pool.submit(attacking, filter_, domain, is_over, answered) for domain in silent + late]
        try:
            wait_until(lambda: waits_for(server, silent + late), 60, "the attackers' queries")
            for number in range(OTHERS):
                equal(result_of(filter_, f"other{number}.example"), "pass", "somebody else's message")
            equal(sum(domain in silent for domain in answered), 0, "silent ones that were through before")
        finally:
            is_over.set()
        for future in under_attack:
            future.result()
        check(all(domain in answered for domain in silent + late), "some attacker had no answer at all")
        log = filter_.log()
        check("no server has replied" not in log, "a silent zone was taken for an outage")
        check("verdict=shed" not in log, "something was shed")
        contains(log, "DNS timeout for", "log")
