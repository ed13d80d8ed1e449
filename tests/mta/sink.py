# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the mail servers deliver: a small SMTP server that keeps each message with its envelope."""

import asyncio
import re
import threading

from waiting import wait_for

ADDRESS = ("127.0.0.1", 10025)
HOSTS = (ADDRESS[0], "192.0.2.25")  # the second one is that of the domains whose mail comes by their MX record
UNKNOWN = "gone@"  # recipients that are refused begin so
TOKEN_FIELD = "X-Test-Token"
MAX_LINE = 1 << 20


class Delivery:
    """One transaction: the sender, the recipients, and the message as it was sent."""

    def __init__(self, sender, recipients, data):
        self.sender = sender
        self.recipients = recipients
        self.data = data
        head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
        self.body = body
        self.fields = [field.partition(":")[::2] for field in unfold(head.decode("utf-8", "surrogateescape"))]

    def values(self, name):
        return [value.strip() for field, value in self.fields if field.lower() == name.lower()]

    def value(self, name):
        """The value of a field that must be there exactly once."""
        values = self.values(name)
        assert len(values) == 1, f"{len(values)} fields {name} in the delivered message: {values}"
        return values[0]

    def position(self, name, pattern=""):
        """Where the first field of this name stands whose value holds the pattern."""
        for position, (field, value) in enumerate(self.fields):
            if field.lower() == name.lower() and re.search(pattern, value):
                return position
        raise AssertionError(f"no field {name} with /{pattern}/ in the delivered message, but {self.fields}")


def unfold(head):
    return re.sub(r"\n[ \t]+", " ", head).split("\n")


class Sink:
    """Runs on a thread of its own, which ends with the process."""

    def __init__(self):
        self.deliveries = []
        self.is_listening = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()
        assert self.is_listening.wait(10), "the sink does not listen"

    async def serve(self):
        server = await asyncio.start_server(self.session, HOSTS, ADDRESS[1], limit=MAX_LINE)
        self.is_listening.set()
        await server.serve_forever()

    async def session(self, reader, writer):
        sender, recipients = None, []
        writer.write(b"220 sink ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n")
                continue
            if verb == b"MAIL":
                sender, recipients = path_of(line), []
            elif verb == b"RCPT" and path_of(line).startswith(UNKNOWN):
                writer.write(b"550 5.1.1 nobody here has this name\r\n")
                continue
            elif verb == b"RCPT":
                recipients.append(path_of(line))
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self.deliveries.append(Delivery(sender, recipients, await read_data(reader)))
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                break
            writer.write(b"250 2.0.0 ok\r\n")
            await writer.drain()
        writer.close()

    def with_token(self, token):
        return [delivery for delivery in list(self.deliveries) if token in delivery.values(TOKEN_FIELD)]

    def wait_for(self, token, recipients):
        """Waits until the message with this token has reached these recipients; returns its last delivery.

        AssertionError when it does not, or reaches anybody else besides.
        """
        wanted = {recipient.lower() for recipient in recipients}

        def reached():
            return {recipient.lower() for delivery in self.with_token(token) for recipient in delivery.recipients}

        wait_for(f"the message to reach {sorted(wanted)}", lambda: wanted <= reached())
        assert reached() == wanted, f"the message reached {sorted(reached())}, not {sorted(wanted)}"
        return self.with_token(token)[-1]


def path_of(line):
    return re.search(rb"<(.*)>", line).group(1).decode("utf-8", "surrogateescape")


async def read_data(reader):
    lines = []
    while (line := await reader.readline()) not in (b".\r\n", b""):
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)
