# SPDX-License-Identifier: GPL-2.0-or-later
"""What the hostile DNS server does to packets: truncates them, and breaks them."""

import random
import socket
import struct
import time

import dns.flags

from dns_server import stream_form
from hostile_turn import (CLASS_CH, FORGED, HEADER_LEN, LIE, POINTER, TO_QUESTION, TYPE_CNAME, TYPE_SPF, TYPE_TXT,
                          behaviour, texts)

SLOW_PIECES, SLOW_PAUSE_S = 6, 0.1


# Truncation.

def truncated(turn, records=()):
    response = turn.truth()
    response.answer, response.authority = list(records), []
    response.flags |= dns.flags.TC
    turn.send(response.to_wire())


@behaviour
def tc_with_lies(turn):
    """What a truncated answer holds is not all, so it must not be used."""
    if turn.transport == "udp":
        truncated(turn, [texts(turn.query.question[0].name, FORGED)])
    else:
        turn.honest()


@behaviour
def tc_reset(turn):
    if turn.transport == "udp":
        truncated(turn)
        return
    turn.send(stream_form(turn.truth())[:-7])
    turn.handler.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    turn.send(None)
    turn.handler.request.close()


@behaviour
def tc_slow(turn):
    """The stream comes in small pieces, the length in two."""
    if turn.transport == "udp":
        truncated(turn)
        return
    wire = stream_form(turn.truth())
    size = -(-(len(wire) - 1) // SLOW_PIECES)
    for piece in [wire[:1]] + [wire[at:at + size] for at in range(1, len(wire), size)]:
        turn.send(piece)
        time.sleep(SLOW_PAUSE_S)


@behaviour
def tc_hangs(turn):
    """The stream stops in the middle of the answer and stays open."""
    if turn.transport == "udp":
        truncated(turn)
    else:
        turn.send(stream_form(turn.truth())[:-7])


@behaviour
def tc_in_tcp(turn):
    """TC where it makes no sense."""
    response = turn.truth()
    response.answer, response.authority = [], []
    response.flags |= dns.flags.TC
    turn.send(turn.encode(response))


# Broken packets. Those with a right header are the server's last word.

@behaviour
def short(turn):
    turn.send(turn.frame(turn.truth().to_wire()[:HEADER_LEN - 1]))


@behaviour
def empty(turn):
    turn.send(turn.frame(b""))


@behaviour
def header_only(turn):
    turn.send(turn.frame(struct.pack("!6H", turn.query.id, 0x8580, 0, 0, 0, 0)))


@behaviour
def cut(turn):
    """The last record ends too early."""
    turn.send(turn.packet([turn.record(LIE)[:-3]]))


@behaviour
def owner_loop(turn):
    """The owner of the record is a pointer to itself."""
    place = HEADER_LEN + len(turn.question_wire())
    turn.send(turn.packet([turn.record(LIE, owner=struct.pack("!H", POINTER | place))]))


@behaviour
def owner_loop_of_two(turn):
    """Two pointers to each other, with a label between them."""
    place = HEADER_LEN + len(turn.question_wire())
    owner = b"\x01a" + struct.pack("!H", POINTER | place)
    turn.send(turn.packet([turn.record(LIE, owner=owner)]))


@behaviour
def owner_beyond(turn):
    """A pointer to behind the packet."""
    turn.send(turn.packet([turn.record(LIE, owner=struct.pack("!H", POINTER | 0x3FFF))]))


@behaviour
def label_type_unknown(turn):
    turn.send(turn.packet([turn.record(LIE, owner=b"\x80abc\0")]))


@behaviour
def alias_loop(turn):
    """A CNAME record whose target is a pointer to itself."""
    place = HEADER_LEN + len(turn.question_wire()) + 2 + 10
    turn.send(turn.packet([turn.record(struct.pack("!H", POINTER | place), kind=TYPE_CNAME)]))


@behaviour
def alias_to_itself(turn):
    """A CNAME record that says that the name is another name for itself."""
    turn.send(turn.packet([turn.record(struct.pack("!H", TO_QUESTION), kind=TYPE_CNAME)]))


@behaviour
def too_few_said(turn):
    """The header says that there is no answer; one follows."""
    turn.send(turn.packet([turn.record(LIE)], answers=0))


@behaviour
def too_many_said(turn):
    turn.send(turn.packet([turn.record(LIE)], answers=7))


@behaviour
def two_questions(turn):
    asked = turn.question_wire()
    header = struct.pack("!6H", turn.query.id, 0x8580, 2, 1, 0, 0)
    turn.send(turn.frame(header + asked + asked + turn.record(LIE)))


@behaviour
def trailing_garbage(turn):
    turn.send(turn.frame(turn.truth().to_wire() + bytes(range(40))))


@behaviour
def wrong_class(turn):
    turn.send(turn.packet([turn.record(LIE, klass=CLASS_CH)]))


@behaviour
def wrong_type(turn):
    """A TXT record in the clothes of type 99 (RFC 7208 3.1 gave that up)."""
    turn.send(turn.packet([turn.record(LIE, kind=TYPE_SPF)]))


@behaviour
def high_ttl(turn):
    """RFC 2181 section 8: a TTL with its highest bit set means 0."""
    response = turn.truth()
    for records in response.answer:
        records.ttl = 0x7FFFFFFF
    wire = response.to_wire(want_shuffle=False).replace(b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff")
    turn.send(turn.frame(wire))


@behaviour
def long_record(turn):
    """The record is said to be longer than the packet."""
    turn.send(turn.packet([turn.record(LIE, length=4000)]))


@behaviour
def long_string(turn):
    """The string is said to be longer than its record."""
    turn.send(turn.packet([turn.record(b"\x40" + LIE[1:], kind=TYPE_TXT)]))


@behaviour
def record_without_string(turn):
    turn.send(turn.packet([turn.record(b"", kind=TYPE_TXT)]))


@behaviour
def not_a_response(turn):
    """The right answer in a message that says that it is a query."""
    turn.send(turn.packet([turn.record(LIE)], flags=0x0580))


@behaviour
def wrong_opcode(turn):
    turn.send(turn.packet([turn.record(LIE)], flags=0xA580))


@behaviour
def echo(turn):
    """The query comes back with QR set: no error, no answer, no SOA record."""
    turn.send(turn.packet([], flags=0x8180))


@behaviour
def noise(turn):
    """The right id, and then nothing that makes sense."""
    rng = random.Random(turn.query.id)
    turn.send(turn.frame(turn.query.id.to_bytes(2, "big") + rng.randbytes(200)))


@behaviour
def twice(turn):
    turn.honest()
    turn.honest()
