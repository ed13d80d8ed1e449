# SPDX-License-Identifier: GPL-2.0-or-later
"""What a forger would have to guess: ports, ids and spelling of queries. And what becomes of a name when the filter
has no descriptor left to ask for it."""

import contextlib
import functools
import os
import subprocess
import time

from dns_common import GOOD_IP, UNCACHED, asking, case, check, equal, result_of
from dns_server import DnsServer
from filter import UNPRIVILEGED, group_of
from mta import Mta

NAMES = 50
HELD_S = 20  # much longer than all other names together take
SETTLED_S = 0.3
RECORD = "v=spf1 ip4:192.0.2.1 -all"


def names(server):
    for number in range(NAMES):
        name = f"some-domain{number}.dns.example"
        server.add(name, "TXT", RECORD)
        yield name


@functools.lru_cache(maxsize=None)
def queries_while_one_is_open(binary):
    """What the server saw of NAMES names, while the answer to one more was held back."""
    with DnsServer() as server, asking(server, binary, {"DNSTimeout": f"{HELD_S}s"}) as filter_:
        server.fault("held.example", "drop")
        with Mta(filter_.address, timeout=60) as waiting:
            waiting.client.ask(b"M", "mail", b"<a@held.example>\0")
            for name in names(server):
                equal(result_of(filter_, name), "pass", name)
            check(server.count("held.example") > 0, "the name that is held back was not asked for")
            check(not waiting.client.wire.pending(), "the one that is held back was answered")
            waiting.client.close()
        server.clear_faults()  # so that the filter, which ends no message in the middle, need not wait for its deadline
        return [query for query in server.questions
                if query.transport == "udp" and "some-domain" in str(query.name).lower()]


@case
def each_query_leaves_from_a_port_of_its_own(binary):
    queries = queries_while_one_is_open(binary)
    ports = {query.port for query in queries}
    check(len(ports) >= len(queries) * 3 // 4, f"{len(ports)} ports for {len(queries)} queries")
    steps = [two.port - one.port for one, two in zip(queries, queries[1:])]
    check(max(map(steps.count, steps)) < len(steps) // 2, f"ports that can be foretold: {steps}")


@case
def each_query_has_an_id_of_its_own(binary):
    queries = queries_while_one_is_open(binary)
    ids = {query.id for query in queries}
    check(len(ids) >= len(queries) * 3 // 4, f"{len(ids)} ids for {len(queries)} queries")
    steps = [two.id - one.id for one, two in zip(queries, queries[1:])]
    check(max(map(steps.count, steps)) < len(steps) // 2, f"ids that can be foretold: {steps}")


@case
def queries_are_spelled_at_random(binary):
    """0x20: the server gives the name back as it was spelled, so a forger must guess that too."""
    with DnsServer() as server, asking(server, binary, UNCACHED) as filter_:
        for name in names(server):
            equal(result_of(filter_, name), "pass", name)
        spelled = [str(query.name) for query in server.questions]
        mixed = [name for name in spelled if name not in (name.lower(), name.upper())]
        check(len(mixed) > len(spelled) // 2, f"{len(mixed)} of {len(spelled)} names in mixed case")


def limits_of(process):
    """(soft, hard)"""
    with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
        words = next(line for line in file if line.startswith("Max open files")).split()
    return words[3], words[4]


def limit_descriptors(process, soft, hard):
    """As the filter's own user, which may do that everywhere."""
    user = {"user": UNPRIVILEGED, "group": group_of(UNPRIVILEGED), "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(["prlimit", "--pid", str(process.pid), f"--nofile={soft}:{hard}"], check=True, timeout=30, **user)


def settled_descriptors(process):
    """The numbers of its descriptors, once it closes none any more: what asked whether it is up may be open still."""
    used, since_s = None, time.monotonic()
    while used is None or time.monotonic() - since_s < SETTLED_S:
        now = {int(name) for name in os.listdir(f"/proc/{process.pid}/fd")}
        if now != used:
            used, since_s = now, time.monotonic()
        time.sleep(SETTLED_S / 10)
    return used


@contextlib.contextmanager
def no_descriptor_left(process):
    """The process can open nothing in this block; what it has open it keeps."""
    soft, hard = limits_of(process)
    used = settled_descriptors(process)
    limit_descriptors(process, next(number for number in range(len(used) + 1) if number not in used), hard)
    try:
        yield
    finally:
        limit_descriptors(process, soft, hard)


@case
def lack_of_descriptors_is_not_remembered_against_a_name(binary):
    """The connections are there before the lack begins: nothing but the DNS needs a descriptor meanwhile."""
    with DnsServer() as server, asking(server, binary, {"DNSTimeout": "4s"}) as filter_, \
            contextlib.ExitStack() as stack:
        server.add("dns.example", "TXT", RECORD)
        server.add("other.example", "TXT", RECORD)
        before, after, another = (stack.enter_context(Mta(filter_.address, ip=GOOD_IP)) for _ in range(3))
        with no_descriptor_left(filter_.process):
            found = field_of(before)
            equal(found, "temperror", "result without a descriptor")
            equal(server.count(), 0, "queries without a descriptor")
        equal(field_of(after), "pass", "the same name right after")
        equal(field_of(another, "other.example"), "pass", "another name")


def field_of(mta, domain="dns.example"):
    outcome = mta.send(f"<a@{domain}>")
    check(outcome.delivered, str(outcome))
    return outcome.message.value("Authentication-Results").partition("spf=")[2].split()[0]
