# SPDX-License-Identifier: GPL-2.0-or-later
"""A DKIM signature on a message, and whether it still holds, by Debian's dkimpy."""

import base64

import machine
from smtp import Reply

DOMAIN, SELECTOR = b"author.example", b"test"
SIGNED = [b"From", b"To", b"Subject", b"Date", b"Message-Id"]


class Signer:
    """A key of its own; Missing where there is no such program."""

    def __init__(self):
        try:
            import dkim  # pylint: disable=import-outside-toplevel,import-error
            import nacl.signing  # pylint: disable=import-outside-toplevel,import-error
        except ImportError as missing:
            raise machine.Missing(f"the package of dkimpy cannot be had: {missing}") from None
        self.dkim = dkim
        key = nacl.signing.SigningKey.generate()
        self.key = base64.b64encode(bytes(key))
        self.record = b"v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(key.verify_key))

    def sign(self, message):
        """The message with a signature on top that forgives no change of a field, not of a blank."""
        text = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        canonical = (b"simple", b"simple")
        return self.dkim.sign(text, SELECTOR, DOMAIN, self.key, include_headers=SIGNED, canonicalize=canonical,
                              signature_algorithm=b"ed25519-sha256") + text

    def holds(self, message):
        return self.dkim.verify(message, dnsfunc=lambda *_, **__: self.record)


def send(world, port, sender, recipient, message, client):
    """Sends this very message."""
    with world.connect(client, port=port) as connection:
        connection.mail(sender).check(250)
        connection.rcpt(recipient).check(250)
        reply: Reply = connection.data(message)
        return reply.check(250)
