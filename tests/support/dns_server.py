#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A DNS server for tests: UDP and TCP on a loopback address, its own zone, faults per name, a log of questions.

As a library:   with DnsServer(zone_text) as dns: ... dns.address, dns.fault(...), dns.count(...)
As a command:   dns_server.py [--host H] [--port P] [--zone FILE], then commands on stdin, one answer line each:
    count NAME [TYPE [udp|tcp]] | total | reset | questions
    record NAME TYPE VALUE...   | remove NAME | load FILE
    fault NAME KIND [type=T] [times=N] [seconds=S] [size=N] | clear | silent on|off | quit
It ends at the end of stdin; with --stay it goes on.
"""

import argparse
import collections
import shlex
import socket
import socketserver
import struct
import sys
import threading
import time
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from dns_zone import Zone, name_key, parse_name, simple

# drop: no answer. delay: after `seconds`. hold: not before release(). truncate: UDP answers longer than `size` (default: all) are cut, TC is set.
# tcponly: UDP is dropped. tcpclose: UDP says TC, TCP closes in the middle of its answer. tcprefuse: the same, no octet.
KINDS = ("drop", "delay", "hold", "servfail", "refused", "formerr", "notimp", "nxdomain", "truncate", "wrongid",
         "wrongquestion", "garbage", "tcponly", "tcpclose", "tcprefuse")
RCODES = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED, "formerr": dns.rcode.FORMERR,
          "notimp": dns.rcode.NOTIMP, "nxdomain": dns.rcode.NXDOMAIN}
SOA_TTL = 60
CNAME_LIMIT = 10
HOLD_LIMIT_S = 120

# name: as it was spelled; id and port: what the client chose.
Question = collections.namedtuple("Question", "name type transport time id port")


@dataclass
class Fault:
    """What is wrong with a name. times: how many questions it lasts, None for ever."""

    kind: str
    type: str = None
    times: int = None
    seconds: float = 1.0
    size: int = 0


class DnsServer:
    """Answers out of `zone` (text in the zone file format, or a Zone) until stop()."""

    kinds = KINDS

    def __init__(self, zone="", host="127.0.0.1", port=0):
        self.zone = zone if isinstance(zone, Zone) else Zone()
        if not isinstance(zone, Zone):
            self.zone.load(zone)
        self.host, self.port = host, port
        self.silent = False
        self.released = threading.Event()
        self.questions = []
        self._faults = {}
        self._lock = threading.Lock()
        self._servers = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()

    @property
    def address(self):
        """As the key Nameserver and the option --nameserver take it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def start(self):
        self._servers = self._bind()
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def _bind(self):
        """UDP and TCP on the same port; a free one is tried until both have it."""
        for attempt in range(50):
            udp = UdpServer(self, (self.host, self.port))
            port = udp.server_address[1]
            try:
                tcp = TcpServer(self, (self.host, port))
            except OSError:
                udp.server_close()
                if self.port or attempt == 49:
                    raise
                continue
            self.port = port
            return [udp, tcp]
        raise OSError("no port is free for both UDP and TCP")

    def release(self):
        """Everything that is held is answered, from now on at once."""
        self.released.set()

    def stop(self):
        self.release()
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers = []

    def add(self, name, kind, *values, ttl=300):
        with self._lock:
            self.zone.add(name, kind, *values, ttl=ttl)

    def remove(self, name):
        with self._lock:
            self.zone.remove(name)

    def fault(self, name, kind, **options):
        """From now on `kind` befalls questions at this name (options: see Fault)."""
        if kind not in self.kinds:
            raise ValueError(f"fault {kind}: one of {', '.join(self.kinds)}")
        with self._lock:
            self._faults.setdefault(name_key(parse_name(name)), []).append(Fault(kind, **options))

    def clear_faults(self):
        with self._lock:
            self._faults = {}

    def count(self, name=None, kind=None, transport=None):
        """How many questions came, of those that match."""
        key = None if name is None else name_key(parse_name(name))
        with self._lock:
            return sum(1 for asked in self.questions
                       if (key is None or name_key(asked.name) == key) and (kind is None or asked.type == kind)
                       and (transport is None or asked.transport == transport))

    def reset(self):
        """Forget the questions."""
        with self._lock:
            self.questions = []

    # One question.

    def answer(self, data, transport, send, handler):
        """Log the question and send() what it deserves; send takes octets, None closes a TCP stream. handler: of the
        datagram or stream."""
        try:
            query = dns.message.from_wire(data, ignore_trailing=True)
            asked = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return
        kind = dns.rdatatype.to_text(asked.rdtype)
        with self._lock:
            self.questions.append(Question(asked.name, kind, transport, time.monotonic(), query.id,
                                           handler.client_address[1]))
            fault = self._fault_for(asked.name, kind)
        if not self.silent:
            self._respond(query, fault, transport, send, handler)

    def _fault_for(self, name, kind):
        for fault in self._faults.get(name_key(name), []):
            if fault.type not in (None, kind) or fault.times == 0:
                continue
            if fault.times:
                fault.times -= 1
            return fault
        failure = self.zone.failures.get(name_key(name))
        return Fault(failure) if failure else None

    def _respond(self, query, fault, transport, send, _handler):
        kind = fault.kind if fault else None
        if kind == "drop" or (kind == "tcponly" and transport == "udp"):
            return
        if kind == "delay":
            time.sleep(fault.seconds)
        if kind == "hold" and not self.released.wait(HOLD_LIMIT_S):
            return
        response = self._failure(query, RCODES[kind]) if kind in RCODES else self._lookup(query)
        if kind == "wrongquestion":
            response.question = [dns.rrset.RRset(dns.name.from_text("wrong.invalid."), dns.rdataclass.IN,
                                                 query.question[0].rdtype)]
        if kind == "wrongid":
            response.id ^= 0x5555
        if transport == "udp":
            send(self._datagram(query, response, fault))
        elif kind in ("tcpclose", "tcprefuse"):
            wire = stream_form(response)
            send(wire[:len(wire) // 2] if kind == "tcpclose" else b"")
            send(None)
        else:
            send(b"\0\x10" + bytes(range(16)) if kind == "garbage" else stream_form(response))

    def _datagram(self, query, response, fault):
        if fault and fault.kind == "garbage":
            return bytes(response.id.to_bytes(2, "big")) + bytes(range(100, 160))
        limit = query.payload if query.edns >= 0 and query.payload >= 512 else 512
        if fault and fault.kind == "truncate":
            limit = min(limit, fault.size)
        if fault and fault.kind in ("tcpclose", "tcprefuse"):
            limit = 0
        wire = response.to_wire(max_size=65535)
        if len(wire) <= limit:
            return wire
        short = dns.message.make_response(query, our_payload=1232)
        short.flags |= dns.flags.TC | dns.flags.AA
        return short.to_wire()

    def _failure(self, query, rcode):
        response = dns.message.make_response(query, our_payload=1232)
        response.set_rcode(rcode)
        if rcode == dns.rcode.NXDOMAIN:
            response.flags |= dns.flags.AA
            response.authority.append(soa())
        return response

    def _lookup(self, query):
        """From the zone: records, along CNAMEs; else no data or no such name, with an SOA record."""
        response = dns.message.make_response(query, our_payload=1232)
        response.flags |= dns.flags.AA | dns.flags.RA
        name, kind = query.question[0].name, dns.rdatatype.to_text(query.question[0].rdtype)
        with self._lock:
            for _ in range(CNAME_LIMIT):
                found = self.zone.get(name, kind)
                alias = [] if found or kind == "CNAME" else self.zone.get(name, "CNAME")
                if found or alias:
                    response.answer.append(rrset(name, found or alias))
                if not alias:
                    break
                name = alias[0][1].target
            if not found:
                response.set_rcode(dns.rcode.NOERROR if self.zone.exists(name) else dns.rcode.NXDOMAIN)
                response.authority.append(soa())
        return response


def rrset(name, records):
    return dns.rrset.from_rdata_list(name, records[0][0], [rdata for _, rdata in records])


def soa():
    text = f"ns.invalid. host.invalid. 1 3600 600 86400 {SOA_TTL}"
    return dns.rrset.from_rdata_list(dns.name.root, SOA_TTL, [simple("SOA", [text])])


def stream_form(message):
    wire = message.to_wire(max_size=65535)
    return struct.pack("!H", len(wire)) + wire


class UdpHandler(socketserver.BaseRequestHandler):
    """One datagram."""

    def handle(self):
        data, sock = self.request
        self.server.owner.answer(data, "udp", lambda wire: sock.sendto(wire, self.client_address), self)


class TcpHandler(socketserver.BaseRequestHandler):
    """One stream, any number of questions."""

    def handle(self):
        self.request.settimeout(30)
        self.open = True
        try:
            while self.open:
                length = struct.unpack("!H", self.exactly(2))[0]
                self.server.owner.answer(self.exactly(length), "tcp", self.send, self)
        except (OSError, EOFError):
            pass

    def send(self, wire):
        if wire is None:
            self.open = False
        else:
            self.request.sendall(wire)

    def exactly(self, length):
        data = b""
        while len(data) < length:
            chunk = self.request.recv(length - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data


class UdpServer(socketserver.ThreadingUDPServer):
    """A thread per question, so that a slow name delays no other."""

    daemon_threads = True
    max_packet_size = 65535

    def __init__(self, owner, address):
        self.owner = owner
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, UdpHandler)

    def handle_error(self, *_):
        """A client that is gone is no matter of ours."""


class TcpServer(socketserver.ThreadingTCPServer):
    """A thread per stream."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, owner, address):
        self.owner = owner
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, TcpHandler)

    def handle_error(self, *_):
        """A client that is gone is no matter of ours."""


def command(server, line):
    """Carry out one line of the command's stdin; returns the answer."""
    verb, *words = shlex.split(line)
    if verb == "count":
        return str(server.count(*words))
    if verb == "total":
        return str(server.count())
    if verb == "questions":
        return " ".join(f"{asked.name}/{asked.type}/{asked.transport}" for asked in server.questions) or "-"
    if verb == "record":
        server.add(words[0], words[1].upper(), *words[2:])
    elif verb == "fault":
        options = dict(word.split("=", 1) for word in words[2:])
        casts = {"times": int, "seconds": float, "size": int}
        server.fault(words[0], words[1], **{key: casts.get(key, str)(value) for key, value in options.items()})
    elif verb == "load":
        with open(words[0], "rb") as file:
            server.zone.load(file.read())
    elif verb == "silent":
        server.silent = words[0] == "on"
    elif verb in ("reset", "remove", "clear"):
        getattr(server, "clear_faults" if verb == "clear" else verb)(*words)
    else:
        return f"unknown command {verb}"
    return "done"


def main():
    parser = argparse.ArgumentParser(description="DNS server for tests")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--zone", metavar="FILE")
    parser.add_argument("--stay", action="store_true", help="go on after the end of stdin")
    options = parser.parse_args()
    with DnsServer(host=options.host, port=options.port) as server:
        if options.zone:
            command(server, f"load {shlex.quote(options.zone)}")
        print(f"listening {server.address}", flush=True)
        for line in sys.stdin:
            if line.strip() == "quit":
                return
            if line.strip():
                try:
                    print(command(server, line), flush=True)
                except (ValueError, TypeError, IndexError, OSError, dns.exception.DNSException) as error:
                    print(f"error: {error}", flush=True)
        while options.stay:
            time.sleep(3600)


if __name__ == "__main__":
    main()
