# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases about the DNS share: filters that ask a server of the test, and messages judged one by one."""

import os
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", part) for part in ("support", "milter")]

# pylint: disable=wrong-import-position,unused-import
from wire_common import (BAD_IP, GOOD_IP, Filter, Skip, case, check, contains, delivered, equal,  # noqa: E402,F401
                         lacks, one, rows, spf_result, wait_until)

BACK_S = 15  # until what was silent is as before
UNCACHED = {"TTL": "0", "DNSCacheSize": "0"}  # every message asks the DNS


def asking(servers, binary, config=None, **options):
    """A filter that asks this server (or these), and refuses nobody. Results are not cached, DNS answers are."""
    servers = servers if isinstance(servers, (list, tuple)) else [servers]
    addresses = [server if isinstance(server, str) else server.address for server in servers]
    keys = {"Nameserver": addresses, "TTL": "0", "TagSubject": "off", "RefuseFail": "off", **(config or {})}
    return Filter(binary, keys, **options)


def result_of(filter_, domain, ip=GOOD_IP, local="a", **client):
    """The result for a sender of this domain."""
    return spf_result(delivered(one(filter_, f"<{local}@{domain}>", ip=ip, **client)))[0]


def result_after_silence(filter_, domain, **client):
    """The same where this name, or its zone, was silent before: it is waited for half a second only, which a busy
    machine may take to answer. As an MTA would, it tries again."""
    deadline = time.monotonic() + BACK_S
    while True:
        result = result_of(filter_, domain, **client)
        if result != "temperror" or time.monotonic() > deadline:
            return result
        time.sleep(0.2)


def timed(filter_, domain, **client):
    """(result, seconds)"""
    begun = time.monotonic()
    return result_of(filter_, domain, **client), time.monotonic() - begun
