# SPDX-License-Identifier: GPL-2.0-or-later
"""What the hostile DNS server says: errors to EDNS, forged answers, answers to what nobody asked, incomplete ones."""

import socket
import struct
import time

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rrset

from dns_zone import simple
from hostile_turn import BEHAVIOURS, FORGED, TTL_S, VICTIM, behaviour, texts

FORGED_LEAD_S = 0.3  # how much earlier than the truth a forged answer arrives
BADCOOKIE = 23  # any extended RCODE whose low four bits are not 0; those of BADVERS (16) are 0, as of NOERROR


# Servers that do not know EDNS (RFC 6891), each in its way. To a query without it they answer as they should.

def failure(turn, rcode):
    """An error message with the question and without EDNS."""
    response = turn.truth()
    response.answer, response.authority, response.additional = [], [], []
    response.use_edns(False)
    response.set_rcode(rcode)
    return turn.encode(response)


def bare_failure(turn, rcode):
    """An error message that is a header and nothing else."""
    return turn.frame(struct.pack("!6H", turn.query.id, 0x8180 | rcode, 0, 0, 0, 0))


def badvers(turn):
    """The low four bits of this RCODE are those of NOERROR."""
    response = turn.truth()
    response.answer, response.authority = [], []
    response.set_rcode(dns.rcode.BADVERS)
    return turn.encode(response)


def unless_plain(reply):
    """A behaviour: queries with EDNS get reply(turn), which may be nothing, all others what they should."""
    def act(turn):
        wire = reply(turn) if turn.has_edns else None
        if wire:
            turn.send(wire)
        elif not turn.has_edns:
            turn.honest()
    return act


BEHAVIOURS.update({
    "edns-formerr": unless_plain(lambda turn: failure(turn, dns.rcode.FORMERR)),
    "edns-formerr-bare": unless_plain(lambda turn: bare_failure(turn, dns.rcode.FORMERR)),
    "edns-notimp": unless_plain(lambda turn: failure(turn, dns.rcode.NOTIMP)),
    "edns-notimp-bare": unless_plain(lambda turn: bare_failure(turn, dns.rcode.NOTIMP)),
    "edns-servfail": unless_plain(lambda turn: failure(turn, dns.rcode.SERVFAIL)),
    "edns-badvers": unless_plain(badvers),
    "edns-silent": unless_plain(lambda turn: None),
})


@behaviour
def edns_echoed(turn):
    """The OPT record of the query comes back as it was, options and all, with the right answer."""
    response = turn.truth()
    if turn.has_edns:
        response.use_edns(0, turn.query.ednsflags, turn.query.payload, options=turn.query.options)
    turn.send(turn.encode(response))


@behaviour
def extended_rcode(turn):
    """A failure of which a reader of the header alone sees an RCODE without its upper bits, whatever is asked."""
    response = turn.truth()
    response.answer, response.authority = [], []
    if turn.has_edns:
        response.set_rcode(BADCOOKIE)
    else:
        response.set_rcode(dns.rcode.SERVFAIL)
    turn.send(turn.encode(response))


# Forgers: an answer that lets everybody pass arrives first, the true one a little later.

def forged(turn):
    response = turn.truth()
    response.answer = [texts(turn.query.question[0].name, FORGED)]
    response.authority = []
    response.set_rcode(dns.rcode.NOERROR)
    return response


def then_the_truth(turn):
    time.sleep(FORGED_LEAD_S)
    turn.honest()


def send_from(turn, address, wire):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.sendto(wire, turn.handler.client_address)


@behaviour
def forged_port(turn):
    if turn.transport == "udp":
        send_from(turn, (turn.server.host, 0), forged(turn).to_wire())
    then_the_truth(turn)


@behaviour
def forged_address(turn):
    if turn.transport == "udp":
        send_from(turn, ("127.0.0.2", turn.server.port), forged(turn).to_wire())
    then_the_truth(turn)


@behaviour
def forged_id(turn):
    response = forged(turn)
    response.id ^= 0x0101
    turn.send(turn.encode(response))
    then_the_truth(turn)


@behaviour
def forged_question(turn):
    """The right id with another name in question."""
    response = forged(turn)
    name = dns.name.from_text("other.dns.example.")
    response.question = [dns.rrset.RRset(name, dns.rdataclass.IN, turn.query.question[0].rdtype)]
    response.answer = [texts(name, FORGED)]
    turn.send(turn.encode(response))
    then_the_truth(turn)


@behaviour
def forged_question_class(turn):
    response = forged(turn)
    asked = turn.query.question[0]
    response.question = [dns.rrset.RRset(asked.name, dns.rdataclass.CH, asked.rdtype)]
    turn.send(turn.encode(response))
    then_the_truth(turn)


# More than was asked for.

def slipped_in(turn, section):
    response = turn.truth()
    getattr(response, section).append(texts(dns.name.from_text(VICTIM + "."), FORGED))
    turn.send(turn.encode(response))


@behaviour
def others_in_answer(turn):
    slipped_in(turn, "answer")


@behaviour
def others_in_authority(turn):
    slipped_in(turn, "authority")


@behaviour
def others_in_additional(turn):
    slipped_in(turn, "additional")


@behaviour
def addresses_in_additional(turn):
    """An address of the victim that is not its own, beside the name of a mail exchanger."""
    response = turn.truth()
    response.additional.append(dns.rrset.from_rdata_list(dns.name.from_text(VICTIM + "."), TTL_S,
                                                         [simple("A", ["198.51.100.9"])]))
    turn.send(turn.encode(response))


@behaviour
def other_owner(turn):
    """All records of the answer belong to another name."""
    response = turn.truth()
    response.answer = [texts(dns.name.from_text("other.dns.example."), FORGED)]
    turn.send(turn.encode(response))


# Letter case of the name in question, which a client may use against forgers (0x20).

def respelled(turn, respell):
    response = turn.truth()
    asked = response.question[0]
    name = dns.name.Name([respell(label) for label in asked.name.labels])
    response.question = [dns.rrset.RRset(name, asked.rdclass, asked.rdtype)]
    for records in response.answer:
        if records.name == asked.name:
            records.name = name
    turn.send(turn.encode(response))


@behaviour
def lower_case(turn):
    respelled(turn, bytes.lower)


@behaviour
def upper_case(turn):
    respelled(turn, bytes.upper)


# Incomplete answers.

@behaviour
def one_alias_at_a_time(turn):
    """A CNAME record and nothing of where it leads to."""
    response = turn.truth()
    response.answer, response.authority = response.answer[:1], []
    turn.send(turn.encode(response))


@behaviour
def nxdomain_without_soa(turn):
    response = turn.truth()
    response.answer, response.authority = [], []
    response.set_rcode(dns.rcode.NXDOMAIN)
    turn.send(turn.encode(response))


@behaviour
def nothing_without_soa(turn):
    response = turn.truth()
    response.answer, response.authority = [], []
    response.set_rcode(dns.rcode.NOERROR)
    turn.send(turn.encode(response))
