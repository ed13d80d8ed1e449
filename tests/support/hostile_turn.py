# SPDX-License-Identifier: GPL-2.0-or-later
"""What the behaviours of the hostile DNS server are made with: the query, the truth about it, packets made by hand."""

import struct

import dns.rrset

from dns_zone import txt

HEADER_LEN = 12
POINTER = 0xC000
TO_QUESTION = POINTER | HEADER_LEN
CLASS_IN, CLASS_CH = 1, 3
TYPE_CNAME, TYPE_TXT, TYPE_SPF = 5, 16, 99
TTL_S = 300
FORGED = "v=spf1 +all"  # what no client may ever hear of
LIE = bytes([len(FORGED)]) + FORGED.encode("ascii")
VICTIM = "victim.dns.example"  # the name whose records are slipped into answers about others

BEHAVIOURS = {}


def behaviour(function):
    """Decorator: makes the function a kind of fault, named after it."""
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


class Turn:
    """One query that arrived at a name with a fault."""

    def __init__(self, server, query, transport, send, handler):
        self.server, self.query, self.transport, self.send, self.handler = server, query, transport, send, handler

    @property
    def has_edns(self):
        return self.query.edns >= 0

    def truth(self):
        """The message that a good server would send."""
        return self.server.honest(self.query)

    def encode(self, message):
        """Its octets, as this transport has them."""
        return self.frame(message.to_wire(max_size=65535))

    def frame(self, wire):
        return wire if self.transport == "udp" else struct.pack("!H", len(wire)) + wire

    def honest(self):
        """What a good server does."""
        self.server.respond_honestly(self)

    def question_wire(self):
        asked = self.query.question[0]
        return asked.name.to_wire() + struct.pack("!HH", asked.rdtype, asked.rdclass)

    def packet(self, records, answers=None, flags=0x8580):
        """A packet made by hand: header, question, and these octets, said to be `answers` records."""
        answers = len(records) if answers is None else answers
        header = struct.pack("!6H", self.query.id, flags, 1, answers, 0, 0)
        return self.frame(header + self.question_wire() + b"".join(records))

    def record(self, data, owner=struct.pack("!H", TO_QUESTION), kind=None, klass=CLASS_IN, ttl=TTL_S, length=None):
        """A record made by hand, of the type in question; owner: octets of a name, by default the one in question."""
        kind = self.query.question[0].rdtype if kind is None else kind
        length = len(data) if length is None else length
        return owner + struct.pack("!HHIH", kind, klass, ttl, length) + data


def texts(name, text):
    return dns.rrset.from_rdata_list(name, TTL_S, [txt([text])])
