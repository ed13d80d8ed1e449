# SPDX-License-Identifier: GPL-2.0-or-later
"""A real resolver, unbound, stands between the filter and servers that do each thing wrong."""

import concurrent.futures
import contextlib

from dns_common import BAD_IP, asking, case, check, equal, result_of, wait_until
from hostile_dns import VICTIM, HostileServer
from hostile_table import EXPECTED
from resolver import Resolver

PORT = 5300
BACK_S = 30
# unbound reads the four bits of the header and not the others: nobody behind it can know.
RESOLVER_MISTAKES = {"edns-badvers": ("none",)}
RECORD = "v=spf1 ip4:192.0.2.1 -all"
ZONE = """
$TTL 300
$ORIGIN dns.example.
healthy     TXT "v=spf1 ip4:192.0.2.1 -all"
bob+tag=x#y._spf A 127.0.0.2
odd         TXT "v=spf1 exists:%{l}._spf.dns.example -all"
victim      TXT "v=spf1 ip4:192.0.2.66 -all"
victim      A 192.0.2.66
inc         TXT "v=spf1 include:healthy.dns.example -all"
alias       CNAME healthy
"""


def hostile_servers(stack):
    """{zone: its server}: one for each behaviour, so that none suffers from what the resolver thinks of another."""
    servers = {}
    for number, (kind, _, _) in enumerate(EXPECTED):
        name = f"{kind}.example"
        server = stack.enter_context(HostileServer(host=f"127.0.1.{number + 1}", port=PORT))
        server.add(name, "TXT", RECORD)
        server.fault(name, kind)
        servers[name] = server
    return servers


def zones_of(servers):
    return {name: (server.host, server.port) for name, server in servers.items()}


@case(limit_s=240)
def servers_that_do_each_thing_wrong(binary):
    """What the resolver makes of it is its own business: no forged record is believed and no fault becomes a result
    that would have been another one; what it cannot find out is a temperror."""
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(HostileServer(ZONE, host="127.0.2.1", port=PORT))
        servers = hostile_servers(stack)
        resolver = stack.enter_context(Resolver(zones_of({**servers, "dns.example": good})))
        filter_ = stack.enter_context(asking(resolver, binary))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(len(EXPECTED)))
        found = {kind: pool.submit(result_of, filter_, f"{kind}.example", ip=ip) for kind, ip, _ in EXPECTED}
        for _ in range(5):
            equal(result_of(filter_, "healthy.dns.example"), "pass", "a healthy name meanwhile")
        for kind, _, results in EXPECTED:
            result, allowed = found[kind].result(), {*results, "temperror", *RESOLVER_MISTAKES.get(kind, ())}
            check(result in allowed, f"{kind}: {result}, expected {' or '.join(sorted(allowed))}")
        equal(result_of(filter_, "inc.dns.example"), "pass", "a healthy name afterwards")
        equal(result_of(filter_, "alias.dns.example", ip=BAD_IP), "fail", "a healthy alias afterwards")


@case
def odd_names_pass_the_resolver(binary):
    with HostileServer(ZONE, host="127.0.2.1", port=PORT) as server, \
            Resolver({"dns.example": (server.host, PORT)}) as resolver, asking(resolver, binary) as filter_:
        equal(result_of(filter_, "odd.dns.example", local="bob+tag=x#y"), "pass", "a user who is there")
        equal(result_of(filter_, "odd.dns.example", local="bob+tag=x#z"), "fail", "a user who is not")


@case
def records_of_others_do_not_come_through(binary):
    with HostileServer(ZONE, host="127.0.2.1", port=PORT) as good, \
            HostileServer(host="127.0.2.2", port=PORT) as bad, \
            Resolver({"dns.example": (good.host, PORT), "bad.example": (bad.host, PORT)}) as resolver, \
            asking(resolver, binary) as filter_:
        for kind in ("others-in-answer", "others-in-authority", "others-in-additional"):
            bad.add(f"{kind}.bad.example", "TXT", RECORD)
            bad.fault(f"{kind}.bad.example", kind)
            check(result_of(filter_, f"{kind}.bad.example") in ("pass", "temperror"), kind)
        equal(result_of(filter_, VICTIM, ip=BAD_IP), "fail", "the victim")
        equal(result_of(filter_, VICTIM, ip="192.0.2.66"), "pass", "the victim")


@case(limit_s=240)
def resolver_that_is_restarted(binary):
    """Stopped, it costs no known sender a result; started again, it is asked as before."""
    with HostileServer(ZONE, host="127.0.2.1", port=PORT) as server, \
            Resolver({"dns.example": (server.host, PORT)}) as resolver, \
            asking(resolver, binary, {"DNSTimeout": "6s"}) as filter_:
        equal(result_of(filter_, "healthy.dns.example"), "pass", "before")
        resolver.stop()
        equal(result_of(filter_, "inc.dns.example"), "temperror", "a new name meanwhile")
        equal(result_of(filter_, "healthy.dns.example"), "pass", "a known name meanwhile")
        resolver.start()
        wait_until(lambda: result_of(filter_, "inc.dns.example") == "pass", BACK_S, "the resolver is asked again")


@case(limit_s=240)
def dead_zone_behind_the_resolver(binary):
    """The resolver is silent about one zone for long, or says SERVFAIL in the end; others are as fast as they are."""
    with HostileServer(ZONE, host="127.0.2.1", port=PORT) as good, \
            HostileServer(host="127.0.2.2", port=PORT) as dead, \
            Resolver({"dns.example": (good.host, PORT), "dead.example": (dead.host, PORT)}) as resolver, \
            asking(resolver, binary, {"DNSTimeout": "6s"}) as filter_:
        dead.silent = True
        good.fault("healthy.dns.example", "delay", seconds=0.8)
        equal(result_of(filter_, "one.dead.example"), "temperror", "a name of the dead zone")
        equal(result_of(filter_, "healthy.dns.example"), "pass", "a slow name of another zone")
        equal(result_of(filter_, "two.dead.example"), "temperror", "another name of the dead zone")
        equal(result_of(filter_, "inc.dns.example"), "pass", "another name of the other zone")
