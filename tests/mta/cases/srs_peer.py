# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter and PostSRSd 1.10 are asked about the same addresses. Where they differ, it is for a reason that we know."""

import collections

import srs_differences
from cases import Group
from cases.srs import KEY, POSTFIX, SRS
from srs_differences import read_answer
from srs_programs import FORWARD, HOP1, OTHER_FORWARD, OTHER_REVERSE, REVERSE, PostSrsd, TcpTable, write_secrets
from srs_random import Addresses

COUNT = 2000
# The classic alphabet, as PostSRSd reads no other.
PEER = Group("srs-peer", [*SRS, ("SRSClassicHash", "on")], needs=KEY, setup=write_secrets)
GROUPS = [PEER]


class Comparison:
    """Two tables that should answer alike, and the reasons for which they need not."""

    def __init__(self, ours, theirs, reasons):
        self.ours, self.theirs = ours, theirs
        self.reasons = srs_differences.reasons_of(reasons)
        self.seen, self.unexplained, self.alike = collections.Counter(), [], 0

    def ask(self, key):
        """Both answers."""
        ours, theirs = read_answer(*self.ours.ask(key), True), read_answer(*self.theirs.ask(key), False)
        if ours == theirs:
            self.alike += 1
            return ours, theirs
        found = [name for name, holds in self.reasons.items() if holds(key, ours, theirs)]
        self.seen.update(found[:1])
        if not found:
            self.unexplained.append(f"{key!r}: ours {ours!r}, PostSRSd {theirs!r}")
        return ours, theirs

    def check(self, what, least_alike):
        print(f"# {what}: {self.alike} alike, {dict(sorted(self.seen.items()))}", flush=True)
        assert not self.unexplained, f"{what}: {len(self.unexplained)} without a reason: {'; '.join(self.unexplained[:5])}"
        assert self.alike >= least_alike, f"{what}: only {self.alike} alike"


def compare(addresses, forward, reverse):
    """Asks for each address in both directions, and about whatever was answered."""
    for _ in range(COUNT):
        key = addresses.one()
        written = {answer for answer in forward.ask(key) if answer is not None and "\n" not in answer}
        for answer in sorted({key, *written}):
            reverse.ask(answer)


@PEER.case(POSTFIX)
def both_programs_answer_alike(world):
    options = ["-X.hop1.example"]
    with PostSrsd(HOP1, OTHER_FORWARD, OTHER_REVERSE, options), TcpTable(FORWARD) as ours, TcpTable(OTHER_FORWARD) as theirs, \
            TcpTable(REVERSE) as our_reverse, TcpTable(OTHER_REVERSE) as their_reverse:
        forward = Comparison(ours, theirs, srs_differences.Forward())
        reverse = Comparison(our_reverse, their_reverse, srs_differences.Reverse(HOP1))
        compare(Addresses(world.seed), forward, reverse)
    forward.check("forward", COUNT // 3)
    reverse.check("reverse", COUNT // 3)
