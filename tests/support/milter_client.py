# SPDX-License-Identifier: GPL-2.0-or-later
"""The MTA's side of one milter connection: each step by itself, as negotiated, and what the filter answers."""

import struct

import milter_wire as wire
from milter_wire import Closed, ProtocolError, Reply

CONNECT_MACROS = {"j": "mx.example.net", "_": "client", "{daemon_name}": "smtpd", "{daemon_addr}": "192.0.2.25",
                  "v": "Testfix 1.0"}


class MilterClient:
    """Steps that the filter declined are not sent, replies that it does not give are not waited for."""

    def __init__(self, address, *, timeout=60.0, version=6, actions=wire.ALL_ACTIONS, steps=wire.ALL_STEPS,
                 negotiate=True):
        self.wire = wire.Wire(address, timeout)
        self.offered_version, self.offered_actions, self.offered_steps = version, actions, steps
        self.version = self.actions = self.steps = 0
        self.symbols = {}  # stage -> names that the filter asked for; an absent stage means the MTA's defaults
        self.macros = {"connect": dict(CONNECT_MACROS), "helo": {}, "mail": {}, "rcpt": {}, "data": {}, "eoh": {},
                       "eom": {}}
        if negotiate:
            self.negotiate()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.wire.close()

    def negotiate(self):
        """Offer, and take in what the filter chose."""
        self.send(wire.OPTNEG, struct.pack("!III", self.offered_version, self.offered_actions, self.offered_steps))
        kind, payload = self.wire.receive()
        if kind != wire.OPTNEG or len(payload) < 12:
            raise ProtocolError(f"negotiation answered with {kind!r} {payload!r}")
        self.version, self.actions, self.steps = struct.unpack("!III", payload[:12])
        if self.version > self.offered_version:
            raise ProtocolError(f"the filter wants version {self.version}, {self.offered_version} was offered")
        if self.actions & ~(self.offered_actions or wire.V1_ACTIONS):
            raise ProtocolError(f"actions {self.actions:#x} were not offered")
        if self.steps & ~(self.offered_steps or wire.V1_STEPS):
            raise ProtocolError(f"steps {self.steps:#x} were not offered")
        self._read_symbols(payload[12:])

    def _read_symbols(self, data):
        if data and not self.offered_actions & wire.SETSYMLIST:
            raise ProtocolError("macro lists for an MTA that does not know them")
        while data:
            if len(data) < 5 or b"\0" not in data[4:]:
                raise ProtocolError(f"macro list cut short: {data!r}")
            stage = struct.unpack("!I", data[:4])[0]
            names, data = data[4:].split(b"\0", 1)
            if stage not in wire.STAGES:
                raise ProtocolError(f"macro list for unknown stage {stage}")
            self.symbols[wire.STAGES[stage]] = names.decode("ascii").replace(",", " ").split()

    # The steps, in the order of SMTP.

    def connect(self, host="mx.example.org", ip="192.0.2.1", port=25000, family=None):
        """family: 4, 6, L (unix socket), U (unknown); found from `ip` when not given."""
        family = family or ("6" if ":" in ip else "4")
        payload = wire.strings(host) + family.encode("ascii")
        if family != "U":
            payload += struct.pack("!H", port) + wire.strings(ip)
        return self._step(wire.CONNECT, "connect", payload, wire.NOCONNECT, wire.NR_CONN)

    def helo(self, name="mx.example.org"):
        return self._step(wire.HELO, "helo", wire.strings(name), wire.NOHELO, wire.NR_HELO)

    def mail(self, sender, *parameters):
        return self._step(wire.MAIL, "mail", wire.strings(sender, *parameters), wire.NOMAIL, wire.NR_MAIL)

    def rcpt(self, recipient, *parameters):
        return self._step(wire.RCPT, "rcpt", wire.strings(recipient, *parameters), wire.NORCPT, wire.NR_RCPT)

    def data(self):
        return self._step(wire.DATA, "data", b"", wire.NODATA, wire.NR_DATA)

    def header(self, name, value):
        return self._step(wire.HEADER, None, wire.strings(name, value), wire.NOHDRS, wire.NR_HDR)

    def eoh(self):
        return self._step(wire.EOH, "eoh", b"", wire.NOEOH, wire.NR_EOH)

    def body(self, chunk):
        return self._step(wire.BODY, None, wire.octets(chunk), wire.NOBODY, wire.NR_BODY)

    def unknown(self, command):
        return self._step(wire.UNKNOWN, None, wire.strings(command), wire.NOUNKNOWN, wire.NR_UNKN)

    def eom(self):
        """(reply, modifications): each modification is (name, arguments) in the order of arrival."""
        self.send_macros(wire.EOM, "eom")
        self.send(wire.EOM)
        changes = []
        while True:
            kind, payload = self.wire.receive()
            if kind == b"p":
                continue
            if kind in wire.FINAL:
                return self._final(kind, payload), changes
            if kind not in wire.MODIFICATIONS:
                raise ProtocolError(f"answer {kind!r} at the end of the message")
            if not self.actions & wire.MODIFICATIONS[kind][1]:
                raise ProtocolError(f"{wire.MODIFICATIONS[kind][0]} was not negotiated")
            changes.append(wire.modification(kind, payload))

    def abort(self):
        self.send(wire.ABORT)

    def quit(self):
        """Orderly end; returns when the filter has closed."""
        self.send(wire.QUIT)
        rest = self.wire.wait_closed()
        self.close()
        if rest:
            raise ProtocolError(f"unasked data before the end: {rest!r}")

    def quit_nc(self):
        """End of this session, the stream stays for the next one."""
        self.send(wire.QUIT_NC)

    # Below the steps.

    def send(self, command, payload=b""):
        if self.wire.pending():
            raise ProtocolError(f"unasked data: {self.wire.receive()!r}")
        self.wire.send_raw(wire.frame(command, payload))

    def send_macros(self, command, stage):
        values = self.macros.get(stage, {})
        if stage in self.symbols:
            values = {name: value for name, value in values.items() if plain(name) in map(plain, self.symbols[stage])}
        if values:
            pairs = [part for item in values.items() for part in item]
            self.send(wire.MACRO, command + wire.strings(*pairs))

    def ask(self, command, stage, payload):
        """Send one step without waiting, for tests that drive many connections at once."""
        if stage:
            self.send_macros(command, stage)
        self.send(command, payload)

    def answer(self):
        kind, payload = self.wire.receive()
        while kind == b"p":
            kind, payload = self.wire.receive()
        return self._final(kind, payload)

    def _step(self, command, stage, payload, declined, silent):
        if self.steps & declined:
            return Reply("skipped")
        self.ask(command, stage, payload)
        if self.steps & silent:
            return Reply("noreply")
        return self.answer()

    @staticmethod
    def _final(kind, payload):
        if kind not in wire.FINAL:
            raise ProtocolError(f"answer {kind!r} {payload!r} is not allowed here")
        if kind == b"y":
            return Reply("replycode", wire.reply_text(payload))
        if payload:
            raise ProtocolError(f"answer {kind!r} with data {payload!r}")
        return Reply(wire.FINAL[kind])


def plain(symbol):
    """`{name}` and `name` are the same macro."""
    return symbol.strip("{}")


__all__ = ["Closed", "MilterClient", "ProtocolError", "Reply"]
