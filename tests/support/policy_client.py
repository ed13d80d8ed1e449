# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaks Postfix's policy delegation protocol."""

import os

from line_client import Closed, Connection  # noqa: F401


class PolicyClient(Connection):
    """Asks about messages."""

    def answer(self):
        """The action of the next answer."""
        while b"\n\n" not in self.read:
            self.more()
        answer, _, self.read = self.read.partition(b"\n\n")
        assert answer.startswith(b"action=") and b"\n" not in answer, answer
        return answer[len(b"action="):].decode()

    def ask(self, **attributes):
        self.send(request(**attributes))
        return self.answer()


def request(**attributes):
    """A request as Postfix writes it, with these attributes in the place of the usual ones."""
    given = {"protocol_state": "RCPT", "protocol_name": "ESMTP", "helo_name": "mail.example.org", "queue_id": "",
             "sender": "alice@example.org", "recipient": "bob@example.net", "recipient_count": "0",
             "client_address": "192.0.2.1", "client_name": "mail.example.org", "reverse_client_name": "mail.example.org",
             "client_port": "40000", "instance": f"{os.getpid():x}.1.0", "sasl_method": "", "sasl_username": "", "size": "0",
             "ccert_fingerprint": "", "encryption_protocol": "", "policy_context": "", **attributes}
    lines = ["request=smtpd_access_policy"] + [f"{name}={value}" for name, value in given.items()]
    return ("\n".join(lines) + "\n\n").encode()
