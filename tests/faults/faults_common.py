# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases of faults share: filters that ask a server of the test, its domains, and what the process holds."""

import itertools
import os
import sys
import urllib.request

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", part) for part in ("support", "milter")]

# pylint: disable=wrong-import-position,unused-import
from wire_common import (BAD_IP, GOOD_IP, Filter, Mta, Skip, case, check, contains, delivered, equal,  # noqa: E402,F401
                         free_port, lacks, one, rows, sanitizer, spf_result, wait_until)
from faults_dns import Names  # noqa: E402,F401

LONG = os.environ.get("SMF_FAULTS_LONG") == "1"  # set by run --long
NUMBERS = itertools.count(1)


def library(binary, name):
    """A library that the build made for these tests, None where the build has none."""
    path = f"{os.path.dirname(binary)}/tests/faults/lib{name}.so"
    return path if os.path.exists(path) else None


def fresh(word):
    """A domain that no cache knows, with the record of `word` (faults_dns)."""
    return f"{word}-{next(NUMBERS)}.example.org"


def asking(names, binary, config=None, **options):
    """A filter that asks the test's server, not started, and has metrics."""
    keys = {"Nameserver": names.address, "Metrics": f"inet:{free_port()}@127.0.0.1", **(config or {})}
    filter_ = Filter(binary, keys, **options)
    filter_.metrics_port = keys["Metrics"].split(":")[1].split("@")[0]
    return filter_


def metrics(filter_):
    """Every sample without labels, and those with, under their text."""
    with urllib.request.urlopen(f"http://127.0.0.1:{filter_.metrics_port}/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def result_of(filter_, word, ip=GOOD_IP, **client):
    """The result of a message from a domain that is new."""
    return spf_result(delivered(one(filter_, f"<a@{fresh(word)}>", ip=ip, **client)))[0]


def descriptors(filter_):
    return len(os.listdir(f"/proc/{filter_.process.pid}/fd"))


def threads(filter_):
    return len(os.listdir(f"/proc/{filter_.process.pid}/task"))
