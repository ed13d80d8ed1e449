# SPDX-License-Identifier: GPL-2.0-or-later
"""The frames of the milter protocol: numbers, encoding, and what a filter may answer."""

import socket
import struct
import time
from dataclasses import dataclass

CONNECT, HELO, MAIL, RCPT, DATA, HEADER, EOH, BODY, EOM = b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B", b"E"
OPTNEG, MACRO, ABORT, QUIT, QUIT_NC, UNKNOWN = b"O", b"D", b"A", b"Q", b"K", b"U"

# Protocol steps (SMFIP_*) and actions (SMFIF_*).
NOCONNECT, NOHELO, NOMAIL, NORCPT, NOBODY, NOHDRS, NOEOH = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40
NR_HDR, NOUNKNOWN, NODATA, SKIP, RCPT_REJ = 0x80, 0x100, 0x200, 0x400, 0x800
NR_CONN, NR_HELO, NR_MAIL, NR_RCPT, NR_DATA, NR_UNKN = 0x1000, 0x2000, 0x4000, 0x8000, 0x10000, 0x20000
NR_EOH, NR_BODY, HDR_LEADSPC = 0x40000, 0x80000, 0x100000
ALL_STEPS = 0x1FFFFF
V1_STEPS = 0x3F  # what zero offered steps mean to libmilter

ADDHDRS, CHGBODY, ADDRCPT, DELRCPT, CHGHDRS, QUARANTINE = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
CHGFROM, ADDRCPT_PAR, SETSYMLIST = 0x40, 0x80, 0x100
ALL_ACTIONS = 0x1FF
V1_ACTIONS = 0xF

STAGES = {0: "connect", 1: "helo", 2: "mail", 3: "rcpt", 4: "data", 5: "eom", 6: "eoh"}
FINAL = {
    b"c": "continue", b"a": "accept", b"r": "reject", b"t": "tempfail", b"d": "discard",
    b"y": "replycode", b"s": "skip", b"4": "shutdown", b"f": "connfail",
}
MODIFICATIONS = {
    b"h": ("addheader", ADDHDRS), b"i": ("insheader", ADDHDRS), b"m": ("chgheader", CHGHDRS),
    b"+": ("addrcpt", ADDRCPT), b"2": ("addrcpt_par", ADDRCPT_PAR), b"-": ("delrcpt", DELRCPT),
    b"q": ("quarantine", QUARANTINE), b"b": ("replbody", CHGBODY), b"e": ("chgfrom", CHGFROM),
}


class ProtocolError(Exception):
    """The filter said something that an MTA would not accept."""


class NoAnswer(ProtocolError):
    """The filter was silent for as long as the client waits."""


class Closed(ProtocolError):
    """The filter closed the connection."""


def octets(text):
    """str or bytes -> bytes; surrogates carry octets that are not UTF-8."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def text_of(data):
    """bytes -> str, so that octets(text_of(x)) == x."""
    return data.decode("utf-8", "surrogateescape")


def frame(command, payload=b""):
    return struct.pack("!I", len(payload) + 1) + command + payload


def strings(*values):
    return b"".join(octets(value) + b"\0" for value in values)


@dataclass
class Reply:
    """One final answer. kind: a value of FINAL, or `skipped` (step declined) or `noreply` (none negotiated)."""

    kind: str
    text: str = ""

    @property
    def code(self):
        """The three digits of the SMTP reply as an MTA would give it, or an empty string."""
        if self.kind == "replycode":
            return self.text[:3]
        return {"reject": "550", "tempfail": "451"}.get(self.kind, "")

    @property
    def refused(self):
        return self.kind in ("reject", "tempfail", "replycode")

    def __str__(self):
        return f"{self.kind} {self.text!r}" if self.text else self.kind


def reply_text(payload):
    """The text of a reply code as the MTA sends it on: `%%` is a percent sign, a lone one is an error."""
    if not payload.endswith(b"\0"):
        raise ProtocolError(f"reply text without its end: {payload!r}")
    text = payload[:-1]
    if b"\0" in text or b"%" in text.replace(b"%%", b""):
        raise ProtocolError(f"reply text with NUL or a single percent sign: {text!r}")
    for line in text.split(b"\r\n"):
        if any(octet < 32 or octet == 127 for octet in line):
            raise ProtocolError(f"control character in reply text: {text!r}")
        if not line[:3].isdigit() or line[:1] not in b"45":
            raise ProtocolError(f"reply line without a code: {text!r}")
    return text_of(text.replace(b"%%", b"%"))


def modification(kind, payload):
    """(name, arguments) of a modification frame; raises on what would break a header or an envelope."""
    name = MODIFICATIONS[kind][0]
    index = []
    if kind in (b"i", b"m"):
        index, payload = [struct.unpack("!I", payload[:4])[0]], payload[4:]
    if kind == b"b":
        return name, [payload]
    if not payload.endswith(b"\0"):
        raise ProtocolError(f"{name} without its end: {payload!r}")
    values = payload[:-1].split(b"\0")
    if kind in (b"h", b"i", b"m"):
        check_field(values)
    elif any(octet < 32 or octet == 127 for value in values for octet in value):
        raise ProtocolError(f"control character in {name}: {values!r}")
    return name, index + [text_of(value) for value in values]


def check_field(values):
    if len(values) != 2:
        raise ProtocolError(f"header change with {len(values)} strings: {values!r}")
    name, value = values
    if not name or any(octet <= 32 or octet >= 127 or octet == 58 for octet in name):
        raise ProtocolError(f"bad field name {name!r}")
    for line_no, line in enumerate(value.replace(b"\r\n", b"\n").split(b"\n")):
        if line_no > 0 and line[:1] not in (b" ", b"\t"):
            raise ProtocolError(f"field value {value!r} starts a new header line")
        if any((octet < 32 and octet != 9) or octet == 127 for octet in line):
            raise ProtocolError(f"control character in field value {value!r}")


class Wire:
    """A connected stream of frames, with a limit of `timeout` seconds on every wait."""

    def __init__(self, address, timeout=60.0):
        self.timeout = timeout
        self.sock = open_stream(address, timeout)

    def send_raw(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def receive(self):
        """(kind, payload) of the next frame."""
        length = struct.unpack("!I", self._exactly(4))[0]
        if length < 1 or length > 1 << 20:
            raise ProtocolError(f"frame of {length} octets")
        data = self._exactly(length)
        return data[:1], data[1:]

    def pending(self):
        """True where the filter has sent something that nobody has read."""
        self.sock.setblocking(False)
        try:
            return bool(self.sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return False
        finally:
            self.sock.settimeout(self.timeout)

    def wait_closed(self):
        """Read until the filter closes; returns what came before."""
        seen = b""
        while True:
            try:
                chunk = self.sock.recv(65536)
            except ConnectionResetError:
                return seen
            if not chunk:
                return seen
            seen += chunk

    def close(self):
        self.sock.close()

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            try:
                chunk = self.sock.recv(length - len(data))
            except ConnectionResetError as error:
                raise Closed(str(error)) from error
            except socket.timeout as error:
                raise NoAnswer(f"no answer within {self.timeout:.0f} s") from error
            if not chunk:
                raise Closed("the filter closed the connection")
            data += chunk
        return data


def open_stream(address, timeout):
    """A socket connected to `unix:path`, `inet:port@host` or `inet6:port@host`; waits while the queue is full."""
    kind, _, where = address.partition(":")
    deadline = time.monotonic() + timeout
    while True:
        if kind == "unix":
            family, target = socket.AF_UNIX, where
        else:
            port, _, host = where.partition("@")
            family, target = (socket.AF_INET6 if kind == "inet6" else socket.AF_INET), (host, int(port))
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(target)
            if kind != "unix":
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except BlockingIOError:
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        except BaseException:
            sock.close()
            raise
