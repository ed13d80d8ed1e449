# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests over the wire share: the DNS server process, zones for it, and SPF questions put to a real daemon."""

import os
import re
import select
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support")]
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position,unused-import
from filter import Filter, FilterFailed  # noqa: E402,F401
from mta import Mta  # noqa: E402
from result_fields import received_spf  # noqa: E402
from suite import encode, host  # noqa: E402

ANSWER_LIMIT_S = 60
DOT_STRING = re.compile(r"[^\x00- \"(),:;<>@\[\\\]\x7f]+")
CONFIG = {"TTL": "0", "DNSCacheSize": "0", "RefuseFail": "off", "AddReceivedHeader": "on", "TagSubject": "off",
          "DNSTimeout": "3s"}
CONFIG_REFUSING = {"TTL": "0", "DNSCacheSize": "0", "RejectReason": "Explanation: %{e}", "DNSTimeout": "3s"}


class DnsProcess:
    """wire_dns.py as a process of its own; leaving the block ends it."""

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/bin/python3", os.path.join(HERE, "wire_dns.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.address = self._answer().split()[1]
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _answer(self):
        if not select.select([self.process.stdout], [], [], ANSWER_LIMIT_S)[0]:
            raise FilterFailed("the DNS server is silent")
        line = self.process.stdout.readline()
        if not line:
            raise FilterFailed("the DNS server has ended")
        return line.rstrip("\n")

    def load(self, lines):
        """Serve this zone, and nothing else, from now on; the count of questions begins again."""
        self.process.stdin.write("\n".join(["zone", *lines, "ready"]) + "\n")
        self.process.stdin.flush()
        if self._answer() != "ready":
            raise FilterFailed("the DNS server does not take the zone")

    def questions(self):
        """[(name, type)] since the zone was loaded."""
        self.process.stdin.write("questions\n")
        words = self._answer().split()
        return [] if words == ["-"] else [(bytes.fromhex(word[1:word.index("/")]).decode("utf-8", "replace"),
                                           word[word.index("/") + 1:]) for word in words]


def record(name, kind, value, preference=0):
    """A line for the server. value: a string, or the several strings of a TXT."""
    values = value if isinstance(value, (list, tuple)) and value else [value or ""]
    return f"record {encode(name)} {kind} {preference} {','.join(encode(part) for part in values)}"


def suite_zone(zonedata):
    """The zone of a scenario as lines; TXT records keep their strings. Type SPF stands for TXT as in suite.py."""
    lines = []
    for name, entries in (zonedata or {}).items():
        name, later, has_text = host(name), [], False
        for entry in entries or []:
            for kind, value in (("ANY", "TIMEOUT"),) if entry == "TIMEOUT" else entry.items():
                has_text |= kind == "TXT"
                if value != "NONE":
                    line = suite_record(name, "TXT" if kind == "SPF" else kind, value)
                    (later if kind == "SPF" else lines).append(line)
        lines += [] if has_text else later
    return lines


def suite_record(name, kind, value):
    if value == "TIMEOUT":
        return record(name, "TIMEOUT", kind)
    if kind == "MX":
        return record(name, kind, host(value[1]), value[0])
    return record(name, kind, host(value) if kind in ("PTR", "CNAME") else value)


def mailbox(sender):
    """A sender as it stands in MAIL FROM: a local part that is no dot-string is quoted (RFC 5321 4.1.2)."""
    local, at, domain = sender.rpartition("@")
    if not at or not local or DOT_STRING.fullmatch(local):
        return sender
    return '"' + re.sub(r'(["\\])', r"\\\1", local) + '"@' + domain


def send(daemon, client, helo, sender, receiver="mx.example.net"):
    """Hand a daemon one message of this client; returns the Outcome. Nothing else is corrected on the way."""
    with Mta(daemon.address, host="unknown", ip=client, helo=helo, macros={"connect": {"j": receiver}}) as mta:
        outcome = mta.send(f"<{mailbox(sender)}>")
        mta.quit()
    return outcome


def result_of(outcome):
    """(result, {key: value}) of the Received-SPF field, or what came instead of one."""
    if not outcome.delivered:
        return f"refused with {outcome.refusal.text!r}", {}
    fields = outcome.message.values("Received-SPF")
    if len(fields) != 1:
        return f"{len(fields)} fields", {}
    result, _, pairs = received_spf(fields[0])
    return result, pairs


def explanation_of(outcome):
    """The domain's explanation as the client is told it, or ""; None where it is not refused for a fail."""
    if outcome.refusal is None or not outcome.refusal.text.startswith("550 5.7.23 Explanation:"):
        return None
    return outcome.refusal.text.partition(" explains: ")[2]
