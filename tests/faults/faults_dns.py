# SPDX-License-Identifier: GPL-2.0-or-later
"""A name server of few instructions, in a process of its own: names of any number, so that each message is new to
every cache. The first label, up to its hyphen, says what is there (`pass-7.example.org` has the record of `pass`);
`silent` has no answer."""

import os
import signal
import socket
import struct

TTL_S = 300
TXT, A, MX, SOA = 16, 1, 15, 6
RECORDS = {
    "pass": "v=spf1 a:h-{n}.example.org include:i-{n}.example.org mx:m-{n}.example.org ip4:192.0.2.1 -all",
    "fail": "v=spf1 include:i-{n}.example.org exists:%{{l}}.%{{i}}.z-{n}.example.org -all exp=e-{n}.example.org",
    "soft": "v=spf1 include:i-{n}.example.org a:h-{n}.example.org ~all",
    "dmarc": "v=spf1 a:h-{n}.example.org -all",
    "i": "v=spf1 ip4:198.51.100.77 ip6:2001:db8::/32 -all",
    "e": "not from %{{i}}, %{{s}}",
}
SERVFAIL, NXDOMAIN = 2, 3


def name_wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def text_wire(text):
    data = text.encode()
    return b"".join(bytes([len(part)]) + part for part in (data[at:at + 255] for at in range(0, len(data), 255)))


def found(labels, kind):
    """(rcode, records) of a name."""
    word, _, number = labels[0].partition("-")
    if labels[0] == "_dmarc" and labels[1].startswith("dmarc-") and kind == TXT:
        return 0, [text_wire("v=DMARC1; p=reject")]
    if word == "temp":
        return SERVFAIL, []
    if word in RECORDS and kind == TXT:
        return 0, [text_wire(RECORDS[word].format(n=number))]
    if word == "m" and kind == MX:
        return 0, [struct.pack("!H", 10) + name_wire(f"x-{number}.example.org")]
    if word in ("h", "x") and kind == A:
        return 0, [bytes([203, 0, 113, 1])]
    return (0, []) if word in RECORDS or word in ("m", "h", "x") else (NXDOMAIN, [])


def answer(query):
    """The packet that answers a query of one question."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
        at += 1 + query[at]
    question, kind = query[12:at + 5], struct.unpack("!H", query[at + 1:at + 3])[0]
    rcode, data = found(labels or [""], kind)
    records = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, TTL_S, len(one)) + one for one in data)
    authority = b""
    if not data and rcode != SERVFAIL:
        soa = name_wire("ns.invalid") * 2 + struct.pack("!5I", 1, 3600, 600, 86400, TTL_S)
        authority = name_wire("org") + struct.pack("!HHIH", SOA, 1, TTL_S, len(soa)) + soa
    header = struct.pack("!2s5H", query[:2], 0x8580 | rcode, 1, len(data), 1 if authority else 0, 0)
    return header + question + records + authority


def serve(sock):
    while True:
        query, client = sock.recvfrom(4096)
        try:
            if query[13:20] != b"silent-":
                sock.sendto(answer(query), client)
        except (IndexError, struct.error, OSError):
            pass


class Names:
    """The server; `address` is for Nameserver. Its process ends with the block, and with its parent."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.sock.getsockname()[1]}"
        self.process = 0

    def __enter__(self):
        parent = os.getpid()
        self.process = os.fork()
        if self.process == 0:
            signal.alarm(0)
            self.sock.settimeout(1)
            while os.getppid() == parent:
                try:
                    serve(self.sock)
                except socket.timeout:
                    pass
            os._exit(0)
        return self

    def __exit__(self, *_):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        self.sock.close()
