# SPDX-License-Identifier: GPL-2.0-or-later
"""Garbage, half and oversized frames, crowds, stalled clients, and memory over many transactions."""

import contextlib
import os
import random
import struct
import time

import milter_wire as wire
from cases_metrics import sample, watched
from dns_server import DnsServer
from milter_client import MilterClient
from wire_common import (BAD_IP, Filter, Mta, Skip, case, check, classic, delivered, equal, one, rows, sanitizer, spf_result,
                         wait_until)

CROWD = 500
STALLED = 200
TRANSACTIONS = 20000
GROWTH_KB = 12 * 1024
OFFER = wire.frame(wire.OPTNEG, struct.pack("!III", 6, wire.ALL_ACTIONS, wire.ALL_STEPS))
GREETING = (OFFER, wire.frame(wire.CONNECT, b"mx.example.org\0004" + struct.pack("!H", 25) + b"192.0.2.1\0"),
            wire.frame(wire.HELO, b"mx.example.org\0"))
UP_TO_MAIL = b"".join(GREETING) + wire.frame(wire.MAIL, b"<alice@example.org>\0")

RAW = [
    ("nothing", b""), ("one-octet", b"\0"), ("half-length", b"\0\0"), ("length-zero", b"\0\0\0\0"),
    ("huge-length", b"\xff\xff\xff\xff" + b"A" * 100), ("http", b"GET / HTTP/1.0\r\n\r\n"), ("smtp", b"EHLO x\r\n"),
    ("unknown-command", wire.frame(b"?", b"x")), ("offer-short", wire.frame(wire.OPTNEG, b"\0\0")),
    ("offer-empty", wire.frame(wire.OPTNEG)), ("offer-v0", wire.frame(wire.OPTNEG, b"\0" * 12)),
    ("offer-v99", wire.frame(wire.OPTNEG, struct.pack("!III", 99, 1, 1))),
    ("offer-twice", OFFER + OFFER), ("half-offer", OFFER[:9]),
    ("connect-unterminated", OFFER + wire.frame(wire.CONNECT, b"mx")),
    ("connect-no-family", OFFER + wire.frame(wire.CONNECT, b"mx\0")),
    ("connect-odd-family", OFFER + wire.frame(wire.CONNECT, b"mx\0Z\0\x19x\0")),
    ("connect-short-port", OFFER + wire.frame(wire.CONNECT, b"mx\0004\0")),
    ("connect-long", OFFER + wire.frame(wire.CONNECT, b"m" * 60000 + b"\0004\0\x19" + b"192.0.2.1\0")),
    ("helo-unterminated", b"".join(GREETING[:2]) + wire.frame(wire.HELO, b"mx")),
    ("helo-empty", b"".join(GREETING[:2]) + wire.frame(wire.HELO)),
    ("mail-unterminated", b"".join(GREETING) + wire.frame(wire.MAIL, b"<a@example.org>")),
    ("mail-empty", b"".join(GREETING) + wire.frame(wire.MAIL)),
    ("mail-many", b"".join(GREETING) + wire.frame(wire.MAIL, b"<a@example.org>\0" + b"X\0" * 20000)),
    ("rcpt-empty", UP_TO_MAIL + wire.frame(wire.RCPT)),
    ("header-one-string", UP_TO_MAIL + wire.frame(wire.HEADER, b"Subject\0")),
    ("header-no-name", UP_TO_MAIL + wire.frame(wire.HEADER, b"\0\0")),
    ("macro-odd", b"".join(GREETING) + wire.frame(wire.MACRO, b"Mi\0")),
    ("macro-empty", b"".join(GREETING) + wire.frame(wire.MACRO)),
    ("macro-unterminated", b"".join(GREETING) + wire.frame(wire.MACRO, b"Mi\0Q")),
    ("macro-unknown-stage", b"".join(GREETING) + wire.frame(wire.MACRO, b"?i\0Q\0")),
    ("oversized", UP_TO_MAIL + struct.pack("!I", 1 << 20) + b"L" + b"A" * ((1 << 20) - 1)),
    ("half-frame", UP_TO_MAIL + wire.frame(wire.RCPT, b"<bob@example.net>\0")[:11]),
    ("pipelined", UP_TO_MAIL + wire.frame(wire.RCPT, b"<bob@example.net>\0") + wire.frame(wire.EOM)),
]


@rows(RAW)
def raw(binary, data):
    """Sent whole, then octet by octet, then closed: the next message is judged as ever."""
    with classic(binary) as filter_:
        for step in (len(data) or 1, 1 if len(data) < 500 else 997):
            with contextlib.closing(wire.Wire(filter_.address, 10)) as stream, contextlib.suppress(wire.Closed):
                for at in range(0, len(data), step):
                    stream.send_raw(data[at:at + step])
        equal(spf_result(delivered(one(filter_)))[0], "pass", "message afterwards")


@case
def header_frames_of_any_size(binary):
    with classic(binary) as filter_:
        headers = [("Subject", "s" * 60000), ("X-" + "n" * 5000, "v"), ("Authentication-Results", ";" * 3000),
                   ("Authentication-Results", "(" * 3000), ("Received-SPF", '"' * 20000), ("X", "\udcff" * 1000)]
        message = delivered(one(filter_, "<a@soft.example.org>", headers=headers, ip=BAD_IP))
        equal(message.value("Received-SPF"), '"' * 20000, "a field that is not ours")


@case
def result_fields_past_what_is_read_are_removed(binary):
    """They could hide one of ours; what an honest message has stays, whatever it is."""
    other = ("Authentication-Results", "other.example; spf=pass smtp.mailfrom=" + "a" * 900)
    with classic(binary) as filter_:
        message = delivered(one(filter_, headers=[other] * 30))
        equal(len(message.values("Authentication-Results")), 31, "fields of others, and ours")
        message = delivered(one(filter_, headers=[other] * 40 + [("Received-SPF", "pass")]))
        left = len(message.values("Authentication-Results")) - 1
        check(30 <= left < 40, f"{left} of 40 fields are left")
        equal([value[:4] for value in message.values("Received-SPF")], [], "fields after those")
        message = delivered(one(filter_, headers=[("Authentication-Results", "(" * 60000)]))
        equal(len(message.values("Authentication-Results")), 1, "ours alone")


@case
def random_frames(binary):
    """A fixed seed: commands with random data, cut at random places, on 300 connections."""
    seeded = random.Random(7208)
    commands = [wire.CONNECT, wire.HELO, wire.MAIL, wire.RCPT, wire.DATA, wire.HEADER, wire.EOH, wire.BODY, wire.EOM,
                wire.MACRO, wire.ABORT, wire.QUIT, wire.QUIT_NC, wire.OPTNEG, wire.UNKNOWN]
    with classic(binary) as filter_:
        for _ in range(300):
            data = OFFER
            for _ in range(seeded.randrange(12)):
                payload = bytes(seeded.choice(b"\0\0<>@.:;=%\r\n\xffaz4") for _ in range(seeded.randrange(60)))
                data += wire.frame(seeded.choice(commands), payload)
            with contextlib.closing(wire.Wire(filter_.address, 10)) as stream, contextlib.suppress(wire.Closed):
                stream.send_raw(data[:seeded.randrange(len(data) + 1)])
        equal(spf_result(delivered(one(filter_)))[0], "pass", "message afterwards")


@case
def crowd(binary):
    """500 connections at once, in step, two messages each; every one gets its own result."""
    with classic(binary, {"TagSubject": "off"}) as filter_, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(MilterClient(filter_.address, timeout=110)) for _ in range(CROWD)]
        for number, client in enumerate(clients):
            client.ask(wire.CONNECT, "connect", b"mx.example.org\0004" + struct.pack("!H", 25) +
                       (b"192.0.2.1\0" if number % 2 else b"198.51.100.9\0"))
            if not client.steps & wire.NR_CONN:
                client.answer()
        for _ in range(2):
            for number, client in enumerate(clients):
                client.ask(wire.MAIL, "mail", f"<user{number}@soft.example.org>\0".encode())
            equal({client.answer().kind for client in clients}, {"continue"}, "answers at MAIL")
            for client in clients:
                client.ask(wire.RCPT, "rcpt", b"<bob@example.net>\0")
            equal({client.answer().kind for client in clients}, {"continue"}, "answers at RCPT")
            for number, client in enumerate(clients):
                reply, changes = client.eom()
                equal(reply.kind in ("continue", "accept"), True, f"end of message: {reply}")
                wanted = "spf=pass" if number % 2 else "spf=softfail"
                check(wanted in str(changes), f"connection {number}: {changes}")
        for client in clients:
            client.quit()


@case
def stalled_clients(binary):
    """200 connections that stop in the middle of something, even of a frame: others are served, and the filter stops
    when told."""
    places = [b"", OFFER, OFFER[:5], GREETING[0] + GREETING[1], b"".join(GREETING), UP_TO_MAIL[:-3], UP_TO_MAIL]
    with classic(binary, {"DNSTimeout": "2s"}) as filter_, contextlib.ExitStack() as stack:
        for number in range(STALLED):
            stream = stack.enter_context(contextlib.closing(wire.Wire(filter_.address, 60)))
            stream.send_raw(places[number % len(places)])
        for _ in range(20):
            equal(spf_result(delivered(one(filter_)))[0], "pass", "message beside stalled clients")
        took_s = filter_.stop()
        check(took_s < 15, f"stopping took {took_s:.1f} s with stalled clients")


@case
def clients_that_come_and_go(binary):
    """Descriptors are given back: 3000 connections that close without a word."""
    with classic(binary) as filter_:
        one(filter_)
        for _ in range(3000):
            wire.Wire(filter_.address, 30).close()
        equal(spf_result(delivered(one(filter_)))[0], "pass", "message afterwards")
        fds = f"/proc/{filter_.process.pid}/fd"
        try:
            os.listdir(fds)
        except PermissionError:
            return
        wait_until(lambda: len(os.listdir(fds)) < 64, 60, "descriptors to be given back")


@case
def names_without_messages_have_nothing_looked_up(binary):
    """With RefuseAt eom lookups begin at MAIL, ahead of their use, but not for one who resets each time; for one who
    sends a message they begin again."""
    with DnsServer() as server:
        for number in range(60):
            server.add(f"d{number}.example", "TXT", "v=spf1 -all")
        with Filter(binary, {"Nameserver": server.address, "RefuseAt": "eom", "CheckHelo": "off"}) as filter_:
            with MilterClient(filter_.address) as client:
                client.connect("mx.example.org", BAD_IP)
                client.helo("mx.example.org")
                for number in range(50):
                    client.mail(f"<joe@d{number}.example>")
                    client.abort()
                for number in (50, 51):
                    client.mail(f"<joe@d{number}.example>")
                    if number == 51:
                        wait_until(lambda: server.count("d51.example") > 0, 30, "lookups to begin at MAIL again")
                    client.rcpt("<bob@example.net>")
                    client.data()
                    client.eoh()
                    equal(client.eom()[0].refused, True, "refused at its end")
                client.quit()
            looked_up = {number for number in range(50) if server.count(f"d{number}.example") > 0}
            check(looked_up <= set(range(8)), f"looked up for nothing: {looked_up}")


def evaluations_become(filter_, count, when):
    wait_until(lambda: sample(filter_, "smf_spf_evaluations_in_flight") == count, 30, f"{count} evaluations under way {when}")


@case
def what_nobody_waits_for_any_more_is_cancelled(binary):
    """RSET and the end of the connection end what was begun at HELO and at MAIL, long before the deadline."""
    config = {"RefuseAt": "eom", "DNSTimeout": "300s", "CheckHelo": "on"}
    with DnsServer() as server, watched(binary, config, nameserver=server) as filter_:
        server.silent = True
        with MilterClient(filter_.address) as client:
            client.connect("mx.example.org", BAD_IP)
            client.helo("helo.example.org")
            evaluations_become(filter_, 1, "after HELO")
            client.helo("other.example.org")
            wait_until(lambda: server.count("other.example.org") > 0, 30, "the query for the other HELO name")
            evaluations_become(filter_, 1, "after another HELO")
            client.mail("<joe@some.example>")
            evaluations_become(filter_, 2, "after MAIL")
            client.abort()
            evaluations_become(filter_, 0, "after RSET")
            client.mail("<joe@some.example>")
            evaluations_become(filter_, 1, "after MAIL")
        evaluations_become(filter_, 0, "after the end of the connection")


def transactions(filter_, first, count):
    """Many senders and domains, refusals, tags and deletions; a new connection now and then."""
    headers = [("Subject", "hello"), ("Authentication-Results", "mx.example.net; spf=pass")]
    senders = ["<u{}@example.org>", "<u{}@soft.example.org>", "<u{}@d{}.example>", "<u{}@local.example.org>", "<>"]
    mta = None
    for number in range(first, first + count):
        if mta is None:
            mta = Mta(filter_.address, ip=f"198.51.100.{number // 250 % 250}", style="sendmail")
        mta.send(senders[number % 5].format(number, number), headers=headers, body=b"")
        if number % 50 == 49:
            mta.quit()
            mta = None
    if mta:
        mta.quit()


@case(limit_s=400)
def memory_over_many_transactions(binary):
    if sanitizer(binary):
        raise Skip("a sanitizer keeps memory of its own")
    with classic(binary, {"CacheSize": "1M", "LogLevel": "error"}) as filter_:
        transactions(filter_, 0, TRANSACTIONS // 5)
        before = filter_.rss_kb()
        begun = time.monotonic()
        transactions(filter_, TRANSACTIONS, TRANSACTIONS)
        growth = filter_.rss_kb() - before
        check(growth < GROWTH_KB, f"{growth} kB more after {TRANSACTIONS} messages ({time.monotonic() - begun:.0f} s)")
