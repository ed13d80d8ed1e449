# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter as its own resolver (`Nameserver none`), where the test plays the root servers."""

import contextlib

import private_net
from dns_common import BAD_IP, GOOD_IP, Filter, case, check, equal, result_of
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
CONFIG = {"TTL": "0", "TagSubject": "off", "RefuseFail": "off"}


class RootServer(DnsServer):
    """Knows everything itself, from the root down."""

    def __init__(self, host):
        super().__init__(ZONE, host=host, port=53)
        self.add(".", "NS", "a.root-servers.net.")


@contextlib.contextmanager
def root_servers():
    with contextlib.ExitStack() as stack:
        servers = []
        for address in ROOT_ADDRESSES:
            private_net.add_address(address)
            servers.append(stack.enter_context(RootServer(address)))
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
