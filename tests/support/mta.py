# SPDX-License-Identifier: GPL-2.0-or-later
"""An MTA in miniature on top of the milter client: sends messages, and applies what the filter changes."""

import re
from dataclasses import dataclass, field

from milter_client import MilterClient
from milter_wire import ProtocolError, Reply

OWN_RECEIVED = ("Received", "from client by mx.example.net")
HEADERS = [("From", "Alice <alice@example.org>"), ("To", "bob@example.net"), ("Subject", "hello")]


@dataclass
class Message:
    """A message as it will be delivered: fields top to bottom, recipients as the client gave them."""

    fields: list
    recipients: list
    body: bytes = b""
    quarantine: str = ""
    changes: list = field(default_factory=list)

    def values(self, name):
        return [value for own, value in self.fields if own.lower() == name.lower()]

    def value(self, name):
        """The value of the one field of that name; fails where there are none or several."""
        found = self.values(name)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} fields {name}: {self.fields!r}")
        return found[0]

    def names(self):
        return [name for name, _ in self.fields]

    def apply(self, changes):
        self.changes = changes
        for name, arguments in changes:
            getattr(self, "_" + name)(*arguments)

    def _addheader(self, name, value):
        self.fields.append((name, value))

    def _insheader(self, index, name, value):
        self.fields.insert(index, (name, value))

    def _chgheader(self, index, name, value):
        """The MTA's own Received field, the topmost one, is not counted: the filter was not shown it."""
        places = [place for place, entry in enumerate(self.fields)
                  if entry[0].lower() == name.lower() and entry != OWN_RECEIVED]
        if not 1 <= index:
            raise ProtocolError(f"field {name} number {index}")
        if index > len(places):
            if value:
                self.fields.append((name, value))
            return
        if value:
            self.fields[places[index - 1]] = (self.fields[places[index - 1]][0], value)
        else:
            del self.fields[places[index - 1]]

    def _addrcpt(self, address):
        self.recipients.append(address)

    def _addrcpt_par(self, address, *_):
        self.recipients.append(address)

    def _delrcpt(self, address):
        """Literal and case-sensitive; no match is silently nothing (measured on both MTAs)."""
        if address in self.recipients:
            self.recipients.remove(address)

    def _quarantine(self, reason):
        self.quarantine = reason or "(no reason)"

    def _replbody(self, data):
        self.body = data

    def _chgfrom(self, *_):
        raise ProtocolError("the filter changed the envelope sender")


@dataclass
class Outcome:
    """What became of one transaction. refusal: the reply which ended it for everyone, else None."""

    mail: Reply
    rcpts: dict
    eom: Reply = None
    refusal: Reply = None
    message: Message = None

    @property
    def delivered(self):
        return self.message is not None

    def __str__(self):
        rcpts = ", ".join(f"{address}: {reply}" for address, reply in self.rcpts.items())
        return f"mail {self.mail}; rcpt {rcpts or '-'}; eom {self.eom}"


def cleaned(sender):
    """{mail_addr}: what the MTA makes of the client's text; None where it cannot read it."""
    text = sender.strip("<> ").rstrip(".")
    if text and not re.fullmatch(r"[^\s<>\"\\\x00-\x1f\x7f@]+@[^\s<>@\x00-\x1f\x7f]+", text):
        return None
    return text


class Mta:
    """One SMTP connection as the filter sees it. style: `postfix` (queue id late, abort after each message) or
    `sendmail`."""

    def __init__(self, address, *, style="postfix", host="mx.example.org", ip="192.0.2.1", port=25000, family=None,
                 helo="mx.example.org", macros=None, **options):
        self.client = MilterClient(address, **options)
        self.style = style
        self.accepted_all = False
        self.queue_id = 0
        for stage, values in (macros or {}).items():
            self.client.macros[stage].update(values)
        self._session_reply(self.client.connect(host, ip, port, family))
        if helo is not None:
            self.helo(helo)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.client.close()

    def helo(self, name):
        if not self.accepted_all:
            self._session_reply(self.client.helo(name))

    def quit(self):
        self.client.quit()

    def _session_reply(self, reply):
        if reply.kind == "accept":
            self.accepted_all = True
        elif reply.refused:
            raise AssertionError(f"the session was refused: {reply}")

    def send(self, sender="<alice@example.org>", recipients=("<bob@example.net>",), headers=None, body=b"Hello\r\n"):
        """A whole transaction; str or tuple for recipients."""
        recipients = [recipients] if isinstance(recipients, str) else list(recipients)
        message = Message([OWN_RECEIVED] + list(HEADERS if headers is None else headers), [], body)
        if self.accepted_all:
            message.recipients = recipients
            return Outcome(Reply("accept"), {}, message=message)
        self._new_queue_id()
        outcome = self._envelope(sender, recipients, message)
        if outcome.delivered or outcome.refusal:
            return outcome
        return self._content(outcome, message)

    def _new_queue_id(self):
        self.queue_id += 1
        for stage in ("mail", "rcpt", "data", "eoh", "eom"):
            if stage != "mail" or self.style == "sendmail":
                self.client.macros[stage]["i"] = f"QUEUE{self.queue_id}"

    def _envelope(self, sender, recipients, message):
        self.client.macros["mail"].pop("{mail_addr}", None)
        if cleaned(sender) is not None:
            self.client.macros["mail"]["{mail_addr}"] = cleaned(sender)
        outcome = Outcome(self.client.mail(sender), {})
        if outcome.mail.refused:
            outcome.refusal = outcome.mail
            self._reset()
            return outcome
        if outcome.mail.kind in ("accept", "discard"):
            message.recipients = recipients
            outcome.message = message
            return outcome
        for recipient in recipients:
            self.client.macros["rcpt"]["{rcpt_addr}"] = recipient.strip("<>")
            reply = self.client.rcpt(recipient)
            outcome.rcpts[recipient] = reply
            if reply.kind == "accept":
                message.recipients = recipients
                outcome.message = message
                return outcome
            if not reply.refused:
                message.recipients.append(recipient)
        if not message.recipients:
            outcome.refusal = list(outcome.rcpts.values())[-1]
            self._reset()
        return outcome

    def _content(self, outcome, message):
        replies = [self.client.data()]
        if replies[0].refused:
            outcome.refusal = replies[0]
            self._reset()
            return outcome
        for name, value in message.fields[1:]:
            replies.append(self.client.header(name, value))
        replies.append(self.client.eoh())
        if message.body:
            replies.append(self.client.body(message.body))
        for reply in replies:
            if reply.kind not in ("continue", "skipped", "noreply", "skip"):
                raise AssertionError(f"the content was answered with {reply}")
        outcome.eom, changes = self.client.eom()
        if outcome.eom.refused:
            outcome.refusal = outcome.eom
        elif outcome.eom.kind in ("continue", "accept"):
            message.apply(changes)
            outcome.message = message
        else:
            raise AssertionError(f"end of message answered with {outcome.eom}")
        if self.style == "postfix":
            self._reset()
        return outcome

    def _reset(self):
        self.client.abort()
