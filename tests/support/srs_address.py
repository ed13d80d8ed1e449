# SPDX-License-Identifier: GPL-2.0-or-later
"""SRS addresses by the description of the scheme, for tests: not by the code under test."""

import base64
import hashlib
import hmac
import time

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
DAY_S = 86400


def stamp(days_ago=0):
    day = int(time.time()) // DAY_S - days_ago
    return DIGITS[day // 32 % 32] + DIGITS[day % 32]


def signature(secret, *parts):
    digest = hmac.new(secret.encode(), "".join(parts).lower().encode(), hashlib.sha1).digest()
    return base64.urlsafe_b64encode(digest).decode()[:4]


def srs0(secret, host, user, domain, days_ago=0):
    """The address that user@host is forwarded with, written so many days ago."""
    day = stamp(days_ago)
    return f"SRS0={signature(secret, day, host, user)}={day}={host}={user}@{domain}"
