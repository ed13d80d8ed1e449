# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers that are signed, wrongly signed or not signed at all, under a trust anchor of the test's own (`DNSSEC on`)."""

import contextlib
import os
import time

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec

import private_net
from dns_common import BAD_IP, GOOD_IP, asking, case, equal, result_of
from dns_server import DnsServer
from case_runner import Skip

ANCHORS = "/usr/share/dns"  # where the package dns-root-data has them
DAY_S = 24 * 3600
ZONE = """
$TTL 300
right.example  TXT "v=spf1 include:right2.example -all"
right2.example TXT "v=spf1 ip4:192.0.2.1 -all"
forged.example TXT "v=spf1 +all"
stale.example  TXT "v=spf1 +all"
bare.example   TXT "v=spf1 +all"
leads.example  TXT "v=spf1 include:forged.example -all"
"""


class SignedServer(DnsServer):
    """The root zone and all below it, signed by one key: but for bare.example, and wrongly for two others."""

    def __init__(self):
        super().__init__(ZONE)
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.key = dns.dnssec.make_dnskey(self.secret.public_key(), "ECDSAP256SHA256", flags=257)

    def _lookup(self, query):
        response = super()._lookup(query)
        asked = query.question[0]
        if asked.name == dns.name.root and asked.rdtype == dns.rdatatype.DNSKEY:
            response.answer = [dns.rrset.from_rdata(dns.name.root, 300, self.key)]
            response.authority = []
        for records in list(response.answer):
            if records.name.to_text().lower() != "bare.example.":
                response.answer.append(self.signature(records))
        return response

    def signature(self, records):
        name, now_s = records.name.to_text().lower(), int(time.time())
        if name == "forged.example.":
            records = dns.rrset.from_text(records.name, records.ttl, "IN", "TXT", '"v=spf1 -all"')
        until_s = now_s - 7 * DAY_S if name == "stale.example." else now_s + DAY_S
        rdata = dns.dnssec.sign(records, self.secret, dns.name.root, self.key, inception=until_s - 2 * DAY_S,
                                expiration=until_s)
        return dns.rrset.from_rdata(records.name, records.ttl, rdata)


@contextlib.contextmanager
def trusted(server):
    """The server's key is the trust anchor of the root."""
    if not os.path.isdir(ANCHORS):
        raise Skip("the package dns-root-data is not there")
    private_net.run("mount", "-t", "tmpfs", "tmpfs", ANCHORS)
    try:
        with open(f"{ANCHORS}/root.key", "w", encoding="ascii") as file:
            file.write(f". 300 IN DNSKEY {server.key.to_text()}\n")
        yield
    finally:
        private_net.run("umount", ANCHORS)


@case
def signatures_decide_with_dnssec(binary):
    """RFC 7208 section 4.4: what is bogus is an error of the DNS."""
    with SignedServer() as server, trusted(server), asking(server, binary, {"DNSSEC": "on"}) as filter_:
        equal(result_of(filter_, "right.example", ip=GOOD_IP), "pass", "a signed record and include")
        equal(result_of(filter_, "right.example", ip=BAD_IP), "fail", "another client")
        equal(result_of(filter_, "forged.example"), "temperror", "a record that the key has not signed")
        equal(result_of(filter_, "stale.example"), "temperror", "a signature whose time is over")
        equal(result_of(filter_, "bare.example"), "temperror", "a record without signature")
        equal(result_of(filter_, "leads.example"), "temperror", "a signed record that includes a forged one")


@case
def signatures_are_nothing_without_dnssec(binary):
    with SignedServer() as server, trusted(server), asking(server, binary, {"DNSSEC": "off"}) as filter_:
        for domain in ("forged.example", "stale.example", "bare.example"):
            equal(result_of(filter_, domain), "pass", domain)


@case
def unsigned_root_is_a_temperror_with_dnssec(binary):
    """The real root is signed; a server that leaves all signatures out proves nothing."""
    with DnsServer(ZONE) as server, asking(server, binary, {"DNSSEC": "on"}) as filter_:
        equal(result_of(filter_, "right.example"), "temperror", "result")
