# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter as its own resolver (`Nameserver none`), where the test plays the root servers."""

import contextlib

import dns.flags
import dns.message
import dns.name
import dns.rrset
import private_net
from dns_common import BACK_S, BAD_IP, GOOD_IP, Filter, case, check, equal, result_of, timed, wait_until
from dns_server import DnsServer

# Of root servers a to m, with those that moved at their old and new addresses: what a resolver's hints may hold.
ROOT_ADDRESSES = ("198.41.0.4", "199.9.14.201", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10",
                  "192.5.5.241", "192.112.36.4", "198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129",
                  "199.7.83.42", "202.12.27.33")
ZONE = """
$TTL 300
a.root-servers.net A 198.41.0.4
dns.example        TXT "v=spf1 include:odd.example -all"
odd.example        TXT "v=spf1 exists:%{l}._spf.odd.example ip4:192.0.2.1 -all"
bob+tag._spf.odd.example A 127.0.0.2
"""
SILENT, ANSWERING = "198.51.100.53", "198.51.100.54"  # name servers of zones
TIMEOUT_S = 6
SHORT_S = TIMEOUT_S / 2  # half a second and a machine that has much to do
LONG_S = TIMEOUT_S * 2
PASSES = "v=spf1 ip4:192.0.2.1 -all"
CONFIG = {"TTL": "0", "TagSubject": "off", "RefuseFail": "off"}


class RootServer(DnsServer):
    """Knows everything itself, from the root down."""

    def __init__(self, host):
        super().__init__(ZONE, host=host, port=53)
        self.add(".", "NS", "a.root-servers.net.")


class DelegatingServer(RootServer):
    """The same, but for zones that other servers have: {zone: address}."""

    delegations = {}

    def _lookup(self, query):
        for zone, address in self.delegations.items():
            zone = dns.name.from_text(zone)
            if query.question[0].name.is_subdomain(zone):
                return referral(query, zone, address)
        return super()._lookup(query)


def referral(query, zone, address):
    server = dns.name.from_text("ns", zone)
    response = dns.message.make_response(query)
    response.flags &= ~dns.flags.AA
    response.authority.append(dns.rrset.from_text(zone, 300, "IN", "NS", str(server)))
    response.additional.append(dns.rrset.from_text(server, 300, "IN", "A", address))
    return response


@contextlib.contextmanager
def root_servers(kind=RootServer):
    with contextlib.ExitStack() as stack:
        servers = []
        for address in ROOT_ADDRESSES:
            private_net.add_address(address)
            servers.append(stack.enter_context(kind(address)))
        try:
            yield servers
        finally:
            for address in ROOT_ADDRESSES:
                private_net.remove_address(address)


@case
def recursion_begins_at_the_root(binary):
    with root_servers() as servers, Filter(binary, {**CONFIG, "Nameserver": "none", "DNSTimeout": "25s"}) as filter_:
        equal(result_of(filter_, "dns.example", ip=GOOD_IP), "pass", "result")
        equal(result_of(filter_, "dns.example", ip=BAD_IP), "fail", "result")
        equal(result_of(filter_, "dns.example", ip=BAD_IP, local="bob+tag"), "pass", "result")
        check(sum(server.count() for server in servers) > 0, "no root server was asked")


@case
def recursion_without_a_network_is_a_temperror(binary):
    with Filter(binary, {**CONFIG, "Nameserver": "none", "DNSTimeout": "4s"}) as filter_:
        equal(result_of(filter_, "dns.example"), "temperror", "result")


@contextlib.contextmanager
def zones_of(address, zones, **ttl):
    """A name server at `address` that has these zones, each with some names; the root servers name it."""
    private_net.add_address(address)
    try:
        with DnsServer(host=address, port=53) as server:
            for zone in zones:
                DelegatingServer.delegations[zone] = address
                for name in (zone, *(f"n{number}.{zone}" for number in range(6))):
                    server.add(name, "TXT", PASSES, **ttl)
            yield server
    finally:
        DelegatingServer.delegations = {}
        private_net.remove_address(address)


@case(limit_s=180)
def silent_server_of_several_zones(binary):
    """The first message for each of its zones has a result at its deadline, the next ones after half a second. Zones of
    another server are not touched, no outage is seen, and each of its zones is served when it answers again."""
    dead = [f"dead{number}.example" for number in range(3)]
    with root_servers(DelegatingServer), zones_of(SILENT, dead) as server, \
            zones_of(ANSWERING, ["alive.example"], ttl=0), \
            Filter(binary, {**CONFIG, "Nameserver": "none", "DNSTimeout": f"{TIMEOUT_S}s"}) as filter_:
        equal(result_of(filter_, "alive.example"), "pass", "a zone of another server")
        server.silent = True
        for zone in dead[:2]:
            result, took_s = timed(filter_, f"n0.{zone}")
            equal(result, "temperror", "the first message of a zone")
            check(took_s < LONG_S, f"the first message of a zone took {took_s:.1f} s")
            for number in range(1, 4):
                result, took_s = timed(filter_, f"n{number}.{zone}")
                equal(result, "temperror", "the next message of the zone")
                check(took_s < SHORT_S, f"the next message of the zone took {took_s:.1f} s")
                result, took_s = timed(filter_, "n0.alive.example")
                equal(result, "pass", "a zone of another server")
                check(took_s < SHORT_S, f"a zone of another server took {took_s:.1f} s")
        check(server.count() > 0, "the silent server was not asked")
        check("no server has replied" not in filter_.log(), "a silent server was taken for an outage")
        server.silent = False
        for zone in dead:
            wait_until(lambda name=f"n5.{zone}": result_of(filter_, name) == "pass", BACK_S, f"{zone} answers again")
