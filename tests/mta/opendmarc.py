# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's OpenDMARC, a filter that judges a message by the result fields that stand in it already."""

import os
import sys

import machine
from waiting import Program

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "support"))

# pylint: disable=wrong-import-position,import-error
from mta import Mta  # noqa: E402

PROGRAM = "/usr/sbin/opendmarc"
SOCKET = "/run/opendmarc.sock"
CONFIG = "/etc/opendmarc-test.conf"
SETTINGS = f"""AuthservID {machine.HOSTNAME}
TrustedAuthservIDs {machine.HOSTNAME}
Socket local:{SOCKET}
SPFIgnoreResults false
SPFSelfValidate false
RejectFailures false
Syslog false
"""


class OpenDmarc:
    """Runs in a with statement."""

    def __init__(self):
        self.program = None

    def __enter__(self):
        if not os.path.exists(PROGRAM):
            raise machine.Missing("the package of OpenDMARC cannot be had")
        machine.write(CONFIG, SETTINGS)
        self.program = Program([PROGRAM, "-f", "-c", CONFIG], machine.LOGS + "/opendmarc.stderr")
        self.program.wait_until_listening(SOCKET)
        return self

    def __exit__(self, *exc):
        self.program.stop()

    def verdict(self, fields, author, sender, client):
        """What it says of a message with these fields, names and values, on top: its result field, without its own name."""
        headers = [*fields, ("From", author), ("To", "you@example"), ("Date", "Mon, 06 Jan 2025 10:00:00 +0000")]
        names = {"connect": {"j": machine.HOSTNAME}, "mail": {"{mail_addr}": sender}}
        with Mta("unix:" + SOCKET, ip=client, macros=names) as connection:
            outcome = connection.send(f"<{sender}>", headers=headers)
            connection.quit()
        assert outcome.delivered, f"OpenDMARC answers {outcome}"
        values = outcome.message.values("Authentication-Results")
        own = [value for value in values if value.partition(";")[2].strip().startswith("dmarc=")]
        assert len(own) == 1, f"OpenDMARC left {values}"
        return own[0].partition(";")[2].strip()
