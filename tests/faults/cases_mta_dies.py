# SPDX-License-Identifier: GPL-2.0-or-later
"""The MTA dies at every step of the protocol, and half-way in each packet: sessions, messages, descriptors and threads
return to what they were."""

import contextlib
import random
import socket
import struct

import milter_wire as wire
import policy_client
import table_client
from faults_common import (BAD_IP, GOOD_IP, LONG, Names, asking, case, check, contains, descriptors, equal, fresh,
                           metrics, result_of, rows, threads, wait_until)

ANSWERED = (wire.OPTNEG, wire.MAIL, wire.RCPT, wire.EOM)
SPARE_THREADS = 4  # that libmilter may make between two looks


def dialogue(word, ip):
    """(frame, is it answered) of two messages, the second one aborted, and the end."""
    def step(command, payload=b"", macros=b""):
        if macros:
            yield wire.frame(wire.MACRO, command + macros), False
        yield wire.frame(command, payload), command in ANSWERED

    def message(sender):
        yield from step(wire.MAIL, wire.strings(f"<a@{sender}>"), wire.strings("{mail_addr}", f"a@{sender}"))
        yield from step(wire.RCPT, wire.strings("<bob@example.net>"), wire.strings("{rcpt_addr}", "bob@example.net"))
        yield from step(wire.HEADER, wire.strings("Subject", "hello"))
        yield from step(wire.HEADER, wire.strings("Authentication-Results", "mx.example.net; spf=pass"))

    yield from step(wire.OPTNEG, struct.pack("!III", 6, wire.ALL_ACTIONS, wire.ALL_STEPS))
    yield from step(wire.CONNECT, wire.strings("mx.example.org") + b"4" + struct.pack("!H", 25) + wire.strings(ip),
                    wire.strings("j", "mx.example.net"))
    yield from step(wire.HELO, wire.strings(fresh("pass")))
    yield from message(fresh(word))
    yield from step(wire.EOM, b"", wire.strings("i", "QUEUE1"))
    yield from message(fresh("pass"))
    yield from step(wire.ABORT)
    yield from step(wire.QUIT)


def places(word, ip):
    """Where the MTA may die: (number of whole frames, octets of the next one)."""
    for number, (frame, _) in enumerate(dialogue(word, ip)):
        inside = range(len(frame)) if LONG else sorted({0, 1, 4, 5, len(frame) // 2, len(frame) - 1})
        yield from ((number, octets) for octets in inside)
    yield number + 1, 0


def answer_of(stream):
    """The command that ends the answer; changes of a message come before it."""
    kind = b""
    while kind not in wire.FINAL and kind != wire.OPTNEG:
        kind = stream.receive()[0]
    return kind


def end(sock, how):
    """What comes before the socket is closed."""
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif how == "half":
        sock.shutdown(socket.SHUT_WR)


def die(filter_, place, word, ip, how):
    """Plays up to the place and is gone. how: `close`, `reset` (what is sent is lost), `half` (sends no more)."""
    whole, octets = place
    with contextlib.closing(wire.Wire(filter_.address, 20)) as stream:
        for number, (frame, answered) in enumerate(dialogue(word, ip)):
            if number == whole:
                stream.send_raw(frame[:octets])
                break
            stream.send_raw(frame)
            if answered and (number + 1 < whole or octets):
                answer_of(stream)
        end(stream.sock, how)


def send_and_die(path, octets, how):
    """The same of a client of a unix socket that sends these octets."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as sock:
        sock.connect(path)
        sock.sendall(octets)
        end(sock, how)


def settled(filter_):
    """Waits until no connection and no message is counted; returns (descriptors, threads)."""
    def idle():
        samples = metrics(filter_)
        return samples["smf_spf_connections_open"] == samples["smf_spf_messages_open"] == 0
    wait_until(idle, 30, f"no connection: {metrics(filter_)}")
    wait_until(lambda: descriptors(filter_) <= 64, 30, "descriptors to be given back")
    return descriptors(filter_), threads(filter_)


@rows([(f"{how}-{transport}", how, transport) for how, transport in
       [("close", "unix"), ("reset", "inet"), ("half", "unix")]], whole=True, limit_s=600)
def mta_dies(binary, how, transport):
    seeded = random.Random(7208)
    config = {"DNSTimeout": "1s", "AddReceivedHeader": "on", "RefuseFail": "off"}
    with Names() as names, asking(names, binary, config, transport=transport) as filter_:
        equal(result_of(filter_, "pass"), "pass", "before")
        before = None
        for word, ip in (("pass", GOOD_IP), ("fail", BAD_IP), ("silent", GOOD_IP)):
            spots = list(places(word, ip))
            if word == "silent" and not LONG:
                spots = [spot for spot in spots if spot[1] == 0]
                spots = seeded.sample(spots, 6)  # each may wait for its deadline
            for place in spots:
                with contextlib.suppress(wire.Closed):
                    die(filter_, place, word, ip, how)
            now = settled(filter_)
            equal(result_of(filter_, "pass"), "pass", f"after {word}")
            if before:
                check(now[1] <= before[1] + SPARE_THREADS, f"threads and descriptors {now}, before {before}")
            before = now


@case
def scraper_dies(binary):
    """The same at the metrics and at the control socket."""
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with Names() as names, asking(names, binary) as filter_:
        before = settled(filter_)
        for octets in range(0, len(request) + 1, 1 if LONG else 3):
            with contextlib.closing(socket.create_connection(("127.0.0.1", int(filter_.metrics_port)), 10)) as sock:
                sock.sendall(request[:octets])
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as sock, contextlib.suppress(OSError):
                sock.settimeout(10)
                sock.connect(filter_.path("control"))
                sock.sendall(b"stats\n"[:octets])
        wait_until(lambda: descriptors(filter_) <= before[0] + 2, 60, "descriptors to be given back")
        equal(result_of(filter_, "pass"), "pass", "after")
        contains(str(metrics(filter_)), "smf_spf_connections_open", "metrics")


@rows([("close", "close"), ("reset", "reset"), ("half", "half")], whole=True, limit_s=600)
def policy_client_dies(binary, how):
    """Within a request, between two, while the DNS is silent, and with an answer that nobody reads."""
    with Names() as names:
        filter_ = asking(names, binary, {"DNSTimeout": "1s", "PolicySocket": "unix:/replaced"})
        filter_.configure({**{"Nameserver": names.address, "Metrics": f"inet:{filter_.metrics_port}@127.0.0.1"},
                           "DNSTimeout": "1s", "PolicySocket": "unix:" + filter_.path("policy")})
        with filter_:
            equal(result_of(filter_, "pass"), "pass", "before")
            before = settled(filter_)
            for word, ip in (("pass", GOOD_IP), ("fail", BAD_IP), ("silent", GOOD_IP)):
                shown = {"client_address": ip, "helo_name": fresh("pass")}
                octets = policy_client.request(sender=f"a@{fresh(word)}", **shown) * 2
                places = range(0, len(octets) + 1, 7 if LONG else 61) if word != "silent" else (len(octets) // 2, len(octets))
                for place in (*places, len(octets)):
                    send_and_die(filter_.path("policy"), octets[:place], how)
            now = settled(filter_)
            check(now[0] <= before[0] + 2 and now[1] <= before[1] + SPARE_THREADS, f"{now}, before {before}")
            with policy_client.PolicyClient("unix:" + filter_.path("policy")) as client:
                contains(client.ask(sender=f"a@{fresh('pass')}", client_address=GOOD_IP), "spf=pass", "after")


@rows([("close", "close"), ("reset", "reset"), ("half", "half")], whole=True, limit_s=600)
def table_client_dies(binary, how):
    """Within a lookup, between two, and while the DNS is silent about the sender."""
    with Names() as names:
        filter_ = asking(names, binary)
        filter_.configure({"Nameserver": names.address, "Metrics": f"inet:{filter_.metrics_port}@127.0.0.1", "DNSTimeout": "1s",
                           "TableSocket": "socketmap:unix:" + filter_.path("tables"), "SRSDomain": "srs.example",
                           "SRSOutgoing": GOOD_IP, "SRSSecretFile": filter_.write_secret("a secret of this test")})
        with filter_:
            before = settled(filter_)
            for word in ("pass", "silent"):
                octets = table_client.netstring(f"forward a@{fresh(word)}") * 2
                for place in range(0, len(octets) + 1, 1 if LONG else 5):
                    send_and_die(filter_.path("tables"), octets[:place], how)
            wait_until(lambda: descriptors(filter_) <= before[0] + 2, 30, "descriptors to be given back")
            check(threads(filter_) <= before[1] + SPARE_THREADS, f"{threads(filter_)} threads, before {before}")
            with table_client.Socketmap("unix:" + filter_.path("tables")) as client:
                contains(client.ask("forward", f"a@{fresh('fail')}"), "SRS0=", "after")
