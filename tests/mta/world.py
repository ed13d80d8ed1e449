# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case works with: the mail server, the filter, the name server, the sink, and ways to send a message."""

import itertools
import subprocess

import machine
import smtp
from sink import TOKEN_FIELD
from waiting import PATIENCE_S, wait_for

# The client that may send for the domains, the one that may not, and one without a name; the first two by IPv6 as well.
GOOD, BAD, NAMELESS = "203.0.113.10", "203.0.113.66", "203.0.113.67"
FORWARDER = "203.0.113.20"  # may send for forwarder.example
GOOD6, BAD6 = "2001:db8:1::10", "2001:db8:1::66"
HELO = {GOOD: "mail.pass.example", GOOD6: "mail.pass.example"}

USER, OTHER_USER = "user@receiver.example", "other@receiver.example"
MAIN_PORT, OTHER_PORT = 25, 26


class Sent:
    """A message on its way: the replies so far, and what arrived at the other end."""

    def __init__(self, sink, token, recipients):
        self.sink = sink
        self.token = token
        self.recipients = recipients
        self.mail = None
        self.rcpts = []
        self.end = None

    def replies(self):
        return [str(reply) for reply in (self.mail, *self.rcpts, self.end) if reply is not None]

    def delivered(self, recipients=None):
        """Checks that the server took the message; returns it as it reached these recipients, or all of its own."""
        assert self.end is not None and self.end.code == 250, f"not accepted: {self.replies()}"
        return self.sink.wait_for(self.token, self.recipients if recipients is None else recipients)


class World:
    def __init__(self, mta, spf_filter, name_server, sink):
        self.mta = mta
        self.filter = spf_filter
        self.name_server = name_server
        self.sink = sink
        self.numbers = itertools.count(1)
        self.forms, self.seed = 0, 0  # how many senders to make up at random, and from what

    def connect(self, client=BAD, helo=None, port=MAIN_PORT):
        return smtp.Client(client, port, helo or HELO.get(client, "bad.fail.example"))

    def compose(self, fields=(), subject="hello"):
        """Returns a message and its token; subject None leaves the field out."""
        token = f"{self.mta.name}-{next(self.numbers)}"
        lines = [f"{TOKEN_FIELD}: {token}", f"Message-Id: <{token}@test.example>", "From: someone@example"]
        lines += ["To: you@example", "Date: Mon, 06 Jan 2025 10:00:00 +0000"]
        lines += [f"{name}: {value}" for name, value in fields]
        if subject is not None:
            lines.append("Subject: " + subject)
        return ("\n".join(lines) + "\n\nThe text.\n").encode("utf-8", "surrogateescape"), token

    def send_on(self, connection, sender, recipients=(USER,), fields=(), subject="hello", parameters=""):
        """Sends a message as far as the server lets it: recipients it refuses are left out."""
        message, token = self.compose(fields, subject)
        sent = Sent(self.sink, token, [])
        sent.mail = connection.mail(sender, parameters)
        if sent.mail.code != 250:
            return sent
        for recipient in recipients:
            reply = connection.rcpt(recipient)
            sent.rcpts.append(reply)
            if reply.code == 250:
                sent.recipients.append(recipient)
        if sent.recipients:
            sent.end = connection.data(message)
        else:
            connection.command("RSET").check(250)
        return sent

    def send(self, sender, client=BAD, helo=None, port=MAIN_PORT, **message):
        with self.connect(client, helo, port) as connection:
            return self.send_on(connection, sender, **message)

    def wait_until_refused(self, sender):
        wait_for(f"{sender} to be refused", lambda: self.send(sender).mail.code == 550)

    def wait_until_taken(self, sender):
        wait_for(f"{sender} to be taken", lambda: self.send(sender).mail.code == 250)

    def submit_by_header(self, sender):
        """A message handed to the sendmail command, its recipient in the header; returns it as delivered."""
        message, token = self.compose()
        message = message.replace(b"To: you@example", b"To: " + USER.encode())
        command = self.mta.command("-t", "-i", "-f", sender or "<>")
        done = subprocess.run(command, input=message, capture_output=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == 0, f"sendmail -t ended with {done.returncode}: {done.stderr.decode(errors='replace')}"
        return self.sink.wait_for(token, [USER])

    def submit_by_pipe(self, sender):
        """A message handed to the sendmail command in SMTP, as mail programs do; returns it as delivered."""
        with subprocess.Popen(self.mta.command("-bs"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            dialogue = smtp.Dialogue(process.stdout, lambda data: (process.stdin.write(data), process.stdin.flush()))
            dialogue.ehlo("localhost")
            sent = self.send_on(dialogue, sender)
            dialogue.command("QUIT")
        return sent.delivered([USER])

    def logs(self):
        stderr = read(machine.LOGS + "/smf-spf.stderr")
        return {"filter": self.filter.log(), "filter's stderr": stderr, "mail server": read(self.mta.log)}


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as text:
            return text.read()
    except FileNotFoundError:
        return ""
