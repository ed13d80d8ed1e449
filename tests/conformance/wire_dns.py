#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A DNS server process for conformance tests: its zone, by the rules of the openspf suites, changes with every `zone`.

It prints `listening ADDRESS`, then obeys lines on its standard input until that ends:
    zone                                           a new, empty zone; the count begins again
    record xNAME TYPE PREFERENCE xDATA[,xDATA...]  an entry; all octets in hexadecimal; several strings for a TXT
    ready                                          the answer is `ready`, when all lines before have been obeyed
    questions                                      the answer is what was asked since `zone`: words xNAME/TYPE, or `-`.
                                                   A question that is repeated over TCP counts once
TIMEOUT as a TYPE: no answer to questions for which nothing stands before this entry; with a type as data, to that only.
"""
import functools
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

# pylint: disable=wrong-import-position
import dns.name  # noqa: E402
import dns.rdataclass  # noqa: E402
import dns.rdatatype  # noqa: E402
import dns.rdtypes.ANY.CNAME  # noqa: E402
import dns.rdtypes.ANY.MX  # noqa: E402
import dns.rdtypes.ANY.PTR  # noqa: E402
import dns_server  # noqa: E402
from dns_server import DnsServer, Fault  # noqa: E402
from dns_zone import Zone, name_key, simple, txt  # noqa: E402

CNAME_LIMIT = 8
LABEL_MAX = 63
dns_server.SOA_TTL = 0  # nothing of one zone may be remembered in the next


def decode(field):
    return bytes.fromhex(field[1:])


def name_of(octets):
    """An absolute name; None for what no name can be."""
    labels = octets.rstrip(b".").split(b".") if octets.rstrip(b".") else []
    if any(not 0 < len(label) <= LABEL_MAX for label in labels):
        return None
    try:
        return dns.name.Name(labels + [b""])
    except dns.name.NameTooLong:
        return None


def rdata_of(kind, preference, values):
    """A record's data; None where it names no name."""
    if kind == "TXT":
        return txt(values)
    if kind in ("A", "AAAA"):
        return simple(kind, [values[0].decode("ascii")])
    target = name_of(values[0])
    if target is None:
        return None
    if kind == "MX":
        return dns.rdtypes.ANY.MX.MX(dns.rdataclass.IN, dns.rdatatype.MX, preference, target)
    module = {"PTR": dns.rdtypes.ANY.PTR.PTR, "CNAME": dns.rdtypes.ANY.CNAME.CNAME}[kind]
    return module(dns.rdataclass.IN, dns.rdatatype.from_text(kind), target)


class SuiteServer(DnsServer):
    """A DnsServer whose entries keep their order, as TIMEOUT needs it."""

    def __init__(self):
        super().__init__()
        self.entries = {}

    def new_zone(self):
        with self._lock:
            self.zone, self.entries, self.questions = Zone(), {}, []

    def record(self, owner, kind, preference, values):
        """One entry; of types that it does not know, the server knows nothing."""
        name = name_of(owner)
        if name is None or kind not in ("A", "AAAA", "TXT", "MX", "PTR", "CNAME", "TIMEOUT"):
            return
        rdata = None if kind == "TIMEOUT" else rdata_of(kind, preference, values)
        if kind != "TIMEOUT" and rdata is None:
            return
        with self._lock:
            self.entries.setdefault(name_key(name), []).append((kind, rdata or values[0].decode("ascii")))
            types = self.zone.records.setdefault(name_key(name), {})
            if rdata is not None:
                types.setdefault(kind, []).append((0, rdata))

    def _lookup(self, query):
        response = super()._lookup(query)
        response.to_wire = functools.partial(response.to_wire, want_shuffle=False)  # the suites' answers have an order
        return response

    def _fault_for(self, name, kind):
        for _ in range(CNAME_LIMIT):
            alias = None
            found = False
            for own, data in self.entries.get(name_key(name), []):
                if own == "TIMEOUT" and (data == kind or (data not in ("A", "AAAA", "TXT", "MX", "PTR") and not found)):
                    return Fault("drop")
                found = found or own == kind
                alias = data if own == "CNAME" else alias
            if found or alias is None:
                break
            name = alias.target
        if name_key(name) not in self.entries and name.labels[0].lower() == b"error":
            return Fault("drop")
        return None


def obey(server, line):
    """Carry out one line; returns the answer, or None."""
    words = line.split()
    if words[0] == "zone":
        server.new_zone()
    elif words[0] == "record":
        server.record(decode(words[1]), words[2], int(words[3]), [decode(field) for field in words[4].split(",")])
    elif words[0] == "ready":
        return "ready"
    elif words[0] == "questions":
        asked = [f"x{asked_name(question.name).hex()}/{question.type}" for question in list(server.questions)
                 if question.transport == "udp"]
        return " ".join(asked) or "-"
    else:
        raise ValueError(line)
    return None


def asked_name(name):
    return b".".join(name.labels[:-1])


def main():
    with SuiteServer() as server:
        print(f"listening {server.address}", flush=True)
        for line in sys.stdin:
            answer = obey(server, line)
            if answer is not None:
                print(answer, flush=True)


if __name__ == "__main__":
    main()
