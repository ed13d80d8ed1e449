# SPDX-License-Identifier: GPL-2.0-or-later
"""SRS addresses, written as their specification has it, and not by a program under test."""

import base64
import hashlib
import hmac
import time

SECRET = "tops3cr3t"
DAY_S = 86400
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def stamp(days_ago=0):
    day = int(time.time()) // DAY_S - days_ago
    return DIGITS[day // 32 % 32] + DIGITS[day % 32]


def signature(*parts, secret=SECRET, is_classic=False):
    """Of 4 characters; is_classic: with + and /."""
    digest = hmac.new(secret.encode(), "".join(parts).lower().encode(), hashlib.sha1).digest()
    return base64.b64encode(digest, None if is_classic else b"-_")[:4].decode()


def quoted(local):
    """A local part as SMTP writes it (RFC 5321 4.1.2)."""
    plain = set("!#$%&'*+-/=?^_`{|}~.") | {c for c in local if c.isalnum()}
    if set(local) <= plain and not local.startswith(".") and not local.endswith(".") and ".." not in local:
        return local
    return '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'


def first(user, host, domain, days_ago=0, separator="=", secret=SECRET, is_classic=False):
    """What a host of this domain forwards a message of user@host with; user without quotes."""
    day = stamp(days_ago)
    local = f"SRS0{separator}{signature(day, host, user, secret=secret, is_classic=is_classic)}={day}={host}={user}"
    return f"{quoted(local)}@{domain}"


def further(rest, host, domain, separator="=", secret=SECRET, is_classic=False):
    """What each further one writes. host: the first one; rest: what follows SRS0 in its address, with its separator."""
    return f"{quoted(f'SRS1{separator}{signature(host, rest, secret=secret, is_classic=is_classic)}={host}={rest}')}@{domain}"
