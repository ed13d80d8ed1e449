# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks tables as MTAs do: socketmap (Postfix, Sendmail) and tcp_table (Postfix)."""

import contextlib
import re
import socket
import urllib.parse


class Closed(Exception):
    """The server closed the connection; its first argument is what it had sent."""


class TableConnection:
    """One connection. `address`: unix:path or inet:port@host."""

    def __init__(self, address, timeout=60):
        kind, _, rest = address.partition(":")
        if kind == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(rest)
        else:
            port, _, host = rest.partition("@")
            self.socket = socket.create_connection((host or "127.0.0.1", int(port)), timeout)
        self.read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.close()

    def send(self, octets):
        self.socket.sendall(octets)

    def more(self):
        octets = self.socket.recv(65536)
        if not octets:
            raise Closed(self.read)
        self.read += octets

    def answer(self):
        raise NotImplementedError


class Socketmap(TableConnection):
    """Asks both tables, by their names."""

    def ask(self, table, key):
        self.send(netstring(f"{table} {key}"))
        return self.answer()

    def answer(self):
        """`OK address`, `NOTFOUND `, `TEMP text` or `PERM text`."""
        while not (found := re.match(rb"(\d+):", self.read)) or len(self.read) < found.end() + int(found[1]) + 1:
            self.more()
        end = found.end() + int(found[1])
        answer, comma, self.read = self.read[found.end():end], self.read[end:end + 1], self.read[end + 1:]
        assert comma == b"," and str(int(found[1])).encode() == found[1], answer
        return answer.decode()


class TcpTable(TableConnection):
    """Asks the table of its socket."""

    def ask(self, key):
        self.send(get(key))
        return self.answer()

    def answer(self):
        """`200 address`, `500 text` or `400 text`, decoded as Postfix does."""
        while b"\n" not in self.read:
            self.more()
        answer, _, self.read = self.read.partition(b"\n")
        assert re.fullmatch(rb"(200|500|400) [ -~]+", answer) and len(answer) < 4096, answer
        return urllib.parse.unquote(answer.decode())


def netstring(text):
    octets = text.encode()
    return b"%d:%s," % (len(octets), octets)


def get(key):
    """As Postfix encodes: `%`, blanks and what is not printable."""
    return b"get " + b"".join(b"%%%02X" % octet if octet in b"%" or not 32 < octet < 127 else bytes([octet])
                              for octet in key.encode()) + b"\n"
