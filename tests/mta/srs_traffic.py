# SPDX-License-Identifier: GPL-2.0-or-later
"""What cases about forwarding do: a message to a host that forwards, who got it and from whom, and what came back."""

from waiting import wait_for
from world import GOOD

ALICE = "alice@author.example"


def forward(world, port, sender, *recipients, client=GOOD, **how):
    """Sends a message, from the author's host; returns what the replies were."""
    return world.send(sender, client, port=port, recipients=recipients, **how)


def senders(world, sent, *reached):
    """The sender under which the message came to each of these recipients; no others may have got it."""
    sent.delivered(list(reached))
    return {to: delivery.sender for delivery in world.sink.with_token(sent.token) for to in delivery.recipients}


def sender_at(world, port, sender, recipient, reached, **how):
    """The sender under which a message to the recipient comes to the one that it is forwarded to."""
    return senders(world, forward(world, port, sender, recipient, **how), reached)[reached]


def bounces(world, token):
    """Of the message with this token, what was delivered with the null sender."""
    return [delivery for delivery in list(world.sink.deliveries) if delivery.sender == "" and token.encode() in delivery.body]


def bounced_to(world, sent):
    """Waits for the bounce of the message; returns its recipients."""
    assert sent.end is not None and sent.end.code == 250, f"not accepted: {sent.replies()}"
    wait_for(f"the bounce of {sent.token}", lambda: bounces(world, sent.token))
    found = bounces(world, sent.token)
    assert len(found) == 1, [delivery.recipients for delivery in found]
    return found[0].recipients


def returned_to(world, port, address, sender="", **how):
    """A bounce comes in to an address that was written by forwarding; returns the recipients that it was delivered to."""
    sent = forward(world, port, sender, address, **how)
    assert sent.end is not None and sent.end.code == 250, f"{address} is not accepted: {sent.replies()}"
    wait_for(f"the message to {address}", lambda: world.sink.with_token(sent.token))
    return [to for delivery in world.sink.with_token(sent.token) for to in delivery.recipients]


def refusal(world, port, address, sender="", **how):
    """The reply to an address that is to be refused."""
    sent = forward(world, port, sender, address, **how)
    assert sent.rcpts and sent.rcpts[0].code != 250, f"{address} is accepted"
    return sent.rcpts[0]
