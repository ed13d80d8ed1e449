# SPDX-License-Identifier: GPL-2.0-or-later
"""A connection on which requests are answered one after the other."""

import contextlib
import socket


class Closed(Exception):
    """The server closed the connection; its first argument is what it had sent."""


class Connection:
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
