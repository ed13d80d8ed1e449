# SPDX-License-Identifier: GPL-2.0-or-later
"""A DNS server that does, at the names it is told to, each wrong thing that servers and forgers do."""

import contextlib

import hostile_answers  # noqa: F401  pylint: disable=unused-import
import hostile_fields  # noqa: F401  pylint: disable=unused-import
import hostile_packets  # noqa: F401  pylint: disable=unused-import
from dns_server import DnsServer
from hostile_turn import BEHAVIOURS, VICTIM, Turn


class HostileServer(DnsServer):
    """A DnsServer whose faults can also be any of BEHAVIOURS. has_tcp: whether anybody listens there."""

    kinds = DnsServer.kinds + tuple(BEHAVIOURS)

    def __init__(self, zone="", host="127.0.0.1", port=0, has_tcp=True):
        super().__init__(zone, host, port)
        self.has_tcp = has_tcp

    def _bind(self):
        servers = super()._bind()
        if not self.has_tcp:
            servers.pop().server_close()
        return servers

    def honest(self, query):
        return self._lookup(query)

    def respond_honestly(self, turn):
        super()._respond(turn.query, None, turn.transport, turn.send, turn.handler)

    def _respond(self, query, fault, transport, send, handler):
        if fault and fault.kind in BEHAVIOURS:
            with contextlib.suppress(OSError):
                BEHAVIOURS[fault.kind](Turn(self, query, transport, send, handler))
        else:
            super()._respond(query, fault, transport, send, handler)


__all__ = ["BEHAVIOURS", "HostileServer", "VICTIM"]
