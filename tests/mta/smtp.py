# SPDX-License-Identifier: GPL-2.0-or-later
"""An SMTP client that sends exactly what it is told, from the address it is told."""

import re
import socket

from waiting import PATIENCE_S


class Reply:
    def __init__(self, lines):
        self.lines = lines
        self.code = int(lines[-1][:3])
        self.text = "\n".join(line[4:] for line in lines)

    def __str__(self):
        return " / ".join(self.lines)

    def check(self, code, enhanced=None, *texts):
        """Checks the code, the enhanced code, and that each text stands somewhere in the reply."""
        assert self.code == code, f"reply {self}, not {code}"
        assert enhanced is None or self.text.split()[0] == enhanced, f"reply {self}, not {enhanced}"
        for text in texts:
            assert text in self.text, f"reply {self} does not say {text!r}"
        return self


class Dialogue:
    """The client's side of SMTP over a readable stream and a function that sends; begins with reading the greeting."""

    def __init__(self, stream, send):
        self.stream = stream
        self.send = send
        self.extensions = set()
        self.greeting = self.read_reply()

    def read_reply(self):
        lines = []
        while True:
            line = self.stream.readline()
            assert line, f"the server closed the connection after {lines}"
            assert re.match(rb"\d{3}[ -]", line), f"not a reply line: {line!r}"
            lines.append(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))
            if line[3:4] == b" ":
                return Reply(lines)

    def command(self, line):
        raw = line if isinstance(line, bytes) else line.encode("utf-8", "surrogateescape")
        self.send(raw + b"\r\n")
        return self.read_reply()

    def ehlo(self, name):
        reply = self.command("EHLO " + name).check(250)
        self.extensions = {line[4:].split(" ")[0].upper() for line in reply.lines[1:]}

    def mail(self, sender, parameters=""):
        return self.command(f"MAIL FROM:<{sender}>{parameters}")

    def rcpt(self, recipient):
        return self.command(f"RCPT TO:<{recipient}>")

    def data(self, message):
        """Sends a message (bytes, any line ends); returns the final reply."""
        self.command("DATA").check(354)
        lines = message.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
        stuffed = [b"." + line if line.startswith(b".") else line for line in lines]
        return self.command(b"\r\n".join(stuffed) + b"\r\n.")


class Client(Dialogue):
    """A connection from a client address to a port of the server; used as a context it says QUIT at the end."""

    def __init__(self, source, port, helo):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE_S)
        self.socket.bind((source, 0))
        self.socket.connect(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
        super().__init__(self.socket.makefile("rb"), self.socket.sendall)
        self.helo = helo
        self.ehlo(helo)

    def start_tls(self, context):
        self.command("STARTTLS").check(220)
        self.stream.close()
        self.socket = context.wrap_socket(self.socket)
        self.stream, self.send = self.socket.makefile("rb"), self.socket.sendall
        self.ehlo(self.helo)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.socket.sendall(b"QUIT\r\n")
            self.stream.readline()
        except OSError:
            pass
        self.stream.close()
        self.socket.close()
