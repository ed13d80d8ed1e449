#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hands a running filter a few messages, as an MTA does, and prints what comes back.

usage: demonstration.py SOCKET
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mta import Mta  # noqa: E402

OWN_HOST = "mx.example.net"
MESSAGES = [
    ("An honest message: example.org's own server sends it",
     {"host": "mx.example.org", "ip": "192.0.2.1", "helo": "mx.example.org"}, "<alice@example.org>"),
    ("A forged one: somebody else claims to be alice@example.org",
     {"host": "[203.0.113.66]", "ip": "203.0.113.66", "helo": "pc.example.net"}, "<alice@example.org>"),
    ("A doubtful one: example.com asks to let such mail through, marked",
     {"host": "[203.0.113.66]", "ip": "203.0.113.66", "helo": "pc.example.net"}, "<carol@example.com>"),
    ("One from a domain that says nothing",
     {"host": "[203.0.113.66]", "ip": "203.0.113.66", "helo": "pc.example.net"}, "<dave@example.net>"),
]


INTRODUCTION = f"""
Each message arrives with a field that its sender has forged, to look like one of ours:
  Authentication-Results: {OWN_HOST}; spf=pass smtp.mailfrom=forged.example
The filter removes it from what goes on, and puts its own result there."""


def show(title, client, sender, address):
    headers = [("From", sender.strip("<>")), ("To", "bob@example.net"), ("Subject", "Hello"),
               ("Authentication-Results", f"{OWN_HOST}; spf=pass smtp.mailfrom=forged.example")]
    with Mta(address, **client) as mta:
        outcome = mta.send(sender, headers=headers)
        mta.quit()
    print(f"\n{title}\n  client {client['ip']}, HELO {client['helo']}, MAIL FROM:{sender}")
    if outcome.refusal:
        print(f"  refused: {outcome.refusal.text or outcome.refusal}")
        return
    print("  goes on, as:")
    for name, value in outcome.message.fields:
        print(f"    {name}: {value}".replace("\n", "\n    "))


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    print(INTRODUCTION)
    for title, client, sender in MESSAGES:
        show(title, client, sender, sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
