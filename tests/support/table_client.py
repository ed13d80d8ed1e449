# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks tables as MTAs do: socketmap (Postfix, Sendmail) and tcp_table (Postfix)."""

import re
import urllib.parse

from line_client import Closed, Connection  # noqa: F401


class Socketmap(Connection):
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


class TcpTable(Connection):
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
