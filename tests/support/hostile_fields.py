# SPDX-License-Identifier: GPL-2.0-or-later
"""What the hostile DNS server says in single fields of a packet: flags, counts, names, lengths, EDNS, frames of TCP."""

import struct

import dns.flags
import dns.rcode

from hostile_answers import failure, unless_plain
from hostile_turn import BEHAVIOURS, CLASS_IN, FORGED, HEADER_LEN, LIE, behaviour, texts

TYPE_OPT, TYPE_A = 41, 1
ROOT = b"\0"


# Flags and RCODE: what a truthful answer says in its header.

def flagged(turn, flags=0, without=0, rcode=None):
    response = turn.truth()
    response.flags = (response.flags | flags) & ~without
    if rcode is not None:
        response.set_rcode(rcode)
    turn.send(turn.encode(response))


BEHAVIOURS.update({
    "no-recursion": lambda turn: flagged(turn, without=dns.flags.RA | dns.flags.AA),
    "z-bit": lambda turn: flagged(turn, flags=0x0040),
    "authentic": lambda turn: flagged(turn, flags=dns.flags.AD | dns.flags.CD),
    "nxdomain-with-answer": lambda turn: flagged(turn, rcode=dns.rcode.NXDOMAIN),
    "servfail-with-answer": lambda turn: flagged(turn, rcode=dns.rcode.SERVFAIL),
    "refused-with-answer": lambda turn: flagged(turn, rcode=dns.rcode.REFUSED),
    "rcode-without-name": lambda turn: flagged(turn, rcode=13),
})


@behaviour
def tc_with_all(turn):
    """Everything is there, and is said to be cut."""
    response = turn.truth()
    if turn.transport == "udp":
        response.flags |= dns.flags.TC
    turn.send(turn.encode(response))


# Counts, with an answer that must not be believed.

def counted(turn, *, questions=1, answers=1, authority=0, additional=0):
    header = struct.pack("!6H", turn.query.id, 0x8580, questions, answers, authority, additional)
    turn.send(turn.frame(header + turn.question_wire() * min(questions, 1) + turn.record(LIE)))


BEHAVIOURS.update({
    "many-questions-said": lambda turn: counted(turn, questions=0xFFFF),
    "many-answers-said": lambda turn: counted(turn, answers=0xFFFF),
    "many-authorities-said": lambda turn: counted(turn, authority=0xFFFF),
    "many-additional-said": lambda turn: counted(turn, additional=0xFFFF),
})


@behaviour
def no_question(turn):
    """The answer comes without what it answers."""
    header = struct.pack("!6H", turn.query.id, 0x8580, 0, 1, 0, 0)
    owner = turn.query.question[0].name.to_wire()
    turn.send(turn.frame(header + turn.record(LIE, owner=owner)))


@behaviour
def forged_question_type(turn):
    """The right id and name, and another type."""
    asked = turn.query.question[0].name.to_wire() + struct.pack("!HH", TYPE_A, CLASS_IN)
    header = struct.pack("!6H", turn.query.id, 0x8580, 1, 1, 0, 0)
    turn.send(turn.frame(header + asked + turn.record(LIE)))


# Names and lengths.

@behaviour
def owner_too_long(turn):
    turn.send(turn.packet([turn.record(LIE, owner=(b"\x3f" + b"a" * 63) * 5 + ROOT)]))


@behaviour
def owner_without_end(turn):
    turn.send(turn.packet([turn.record(LIE, owner=b"\x3f" + b"a" * 63)[:40]]))


@behaviour
def owner_in_header(turn):
    """A pointer into the header, whose octets make no name."""
    turn.send(turn.packet([turn.record(LIE, owner=b"\xc0\x02")]))


@behaviour
def no_ttl(turn):
    response = turn.truth()
    for records in response.answer:
        records.ttl = 0
    turn.send(turn.encode(response))


def with_data(data, length=None):
    """A record of the type in question with these octets."""
    return lambda turn: turn.send(turn.packet([turn.record(data, length=length)]))


BEHAVIOURS.update({
    "record-shorter-than-said": with_data(LIE, length=len(LIE) + 1),
    "record-longer-than-said": with_data(LIE, length=len(LIE) - 1),
    "strings-without-text": with_data(b"\0" * 64),
    "string-of-nuls": with_data(b"\x06v=spf1\x08\0+all\0\0\0"),
    "data-of-one-octet": with_data(b"\x01"),
    "data-of-three-octets": with_data(b"\x7f\0\0"),
    "data-of-five-octets": with_data(b"\x7f\0\0\x01\x01"),
    "data-is-a-loop": with_data(b"\0\x0a\xc0\x0c"),
    "data-leads-out": with_data(b"\0\x0a\xff\xff"),
})


# EDNS (RFC 6891) in more ways than hostile_answers has.

def option_record(owner=ROOT, size=1232, ttl=0, data=b"", length=None):
    return owner + struct.pack("!HHIH", TYPE_OPT, size, ttl, len(data) if length is None else length) + data


def with_options(*options):
    """The truth, and these OPT records after it."""
    def act(turn):
        response = turn.truth()
        response.use_edns(False)
        wire = bytearray(response.to_wire(max_size=65535))
        struct.pack_into("!H", wire, HEADER_LEN - 2, struct.unpack_from("!H", wire, HEADER_LEN - 2)[0] + len(options))
        turn.send(turn.frame(bytes(wire) + b"".join(options)))
    return act


@behaviour
def edns_left_out(turn):
    """The right answer without OPT record: it does not know EDNS, and does not say so."""
    response = turn.truth()
    response.use_edns(False)
    turn.send(turn.encode(response))


def formerr_with_options(turn):
    response = turn.truth()
    response.answer, response.authority = [], []
    response.set_rcode(dns.rcode.FORMERR)
    return turn.encode(response)


BEHAVIOURS.update({
    "edns-refused": unless_plain(lambda turn: failure(turn, dns.rcode.REFUSED)),
    "edns-formerr-with-options": unless_plain(formerr_with_options),
    "edns-twice": with_options(option_record(), option_record()),
    "edns-of-a-name": with_options(option_record(owner=b"\x01a\0")),
    "edns-version-255": with_options(option_record(ttl=0x00FF0000)),
    "edns-all-flags": with_options(option_record(ttl=0x0000FFFF)),
    "edns-size-0": with_options(option_record(size=0)),
    "edns-too-long": with_options(option_record(data=b"\0\x0a\xff\xff\0\0")),
    "edns-cut": with_options(option_record(data=b"\0\x0a", length=200)),
    "edns-cookie-of-another": with_options(option_record(data=b"\0\x0a\0\x08abcdefgh")),
})


# TCP: the length before a message, and what follows.

def streamed(turn, wire):
    """Cut over UDP; over TCP these octets, and then the end."""
    if turn.transport == "udp":
        response = turn.truth()
        response.answer = [texts(turn.query.question[0].name, FORGED)]
        response.flags |= dns.flags.TC
        turn.send(response.to_wire())
        return
    turn.send(wire(turn.truth().to_wire(max_size=65535)))
    turn.send(None)
    turn.handler.request.close()


BEHAVIOURS.update({
    "tcp-length-0": lambda turn: streamed(turn, lambda wire: b"\0\0"),
    "tcp-length-short": lambda turn: streamed(turn, lambda wire: struct.pack("!H", 20) + wire),
    "tcp-length-long": lambda turn: streamed(turn, lambda wire: struct.pack("!H", len(wire) + 9) + wire),
    "tcp-half-a-length": lambda turn: streamed(turn, lambda wire: b"\0"),
    "tcp-closed-mid-answer": lambda turn: streamed(turn, lambda wire: struct.pack("!H", len(wire)) + wire[:30]),
    "tcp-closed-at-once": lambda turn: streamed(turn, lambda wire: b""),
    "tcp-and-more": lambda turn: streamed(turn, lambda wire: (struct.pack("!H", len(wire)) + wire) * 2 + b"\0\x05ab"),
})
