# SPDX-License-Identifier: GPL-2.0-or-later
"""Tries one change: builds it, and runs the tests that reach the changed line. That no test noticed a change is said only
where tests ran, or where none anywhere reaches its line; all else is an error."""

import collections
import concurrent.futures
import os
import time

import gcov_lines

TOGETHER = 6          # unit tests that are built at a time, the likeliest first
UNIT_LIMIT_S = 240    # no more are begun for one change after that
WIRE_LIMIT_S = 200    # for its cases over the wire
WIRE_WHOLE_LIMIT_S = 600
WIRE_AT_ONCE = 7      # they wait more than they work
CUT_SHORT = object()

# why: what a test said, "build" where the change does not build, else "". ran: how many tests ran.
Outcome = collections.namedtuple("Outcome", "why test ran")


class BrokenTree(Exception):
    """The tree does not build without a change: then nothing can be said about any."""


class Tests:
    """The probes of the changed tree, and which of them reach a line. whole: long tables over the wire with all rows."""

    def __init__(self, coverage, build, whole=False):
        self.coverage, self.left_out = coverage, set()
        self.programs = {probe.name: probe for probe in gcov_lines.programs(build)}
        self.wire = {probe.name: probe for probe in gcov_lines.wire(build, 1 if whole else 3)}
        self.wire_limit_s = WIRE_WHOLE_LIMIT_S if whole else WIRE_LIMIT_S

    def reach(self, change, names):
        """Those of `names` that run the changed line. Where no probe at all is known to (a table has no lines that run, and a
        process that ends by _exit or a signal leaves no counts), those that run its file."""
        return self.reaching(change, [name for name in names if name in self.coverage.probes
                                      and not self.coverage.probes[name]["failed"] and name not in self.left_out])

    def reaching(self, change, names):
        lines = {name: probe["lines"].get(change.file, []) for name, probe in self.coverage.probes.items()}
        if any(change.line in of_probe for of_probe in lines.values()):
            return [name for name in names if change.line in lines[name]]
        return [name for name in names if lines[name]]

    def should_run(self, change, with_wire):
        """Whether some test reaches the line, be it one that this tree lacks, or that fails in it."""
        return bool(self.reaching(change, [name for name in self.coverage.probes if with_wire or "/" not in name]))

    def order(self, change, names):
        """The test of the file itself first, then its room's, then the quickest."""
        room, stem = os.path.split(change.file)
        own = f"unit-{room.replace('/', '_')}-{stem[:-2]}"
        prefix = f"unit-{room.replace('/', '_')}-"
        return sorted(names, key=lambda name: (name != own, self.seconds(name) > 20, not name.startswith(prefix),
                                               self.seconds(name)))

    def seconds(self, name):
        return self.coverage.probes[name]["seconds"]

    def limit(self, name):
        return 15 + min(8 * self.seconds(name), 60 + 2 * self.seconds(name))  # a long one waits rather than works


def by_units(tests, tree, change):
    names = tests.order(change, tests.reach(change, tests.programs))
    began = time.monotonic()
    ran = 0
    while names and time.monotonic() - began < UNIT_LIMIT_S:
        size = TOGETHER if ran else 1
        part, names = names[:size], names[size:]
        targets = sorted({target for name in part for target in tests.programs[name].targets})
        if not tree.make(targets):
            return Outcome("build", targets, ran)
        for name in part:
            ran += 1
            why = tests.programs[name].run(limit_s=tests.limit(name))
            if why:
                return Outcome(why, name, ran)
    return Outcome("", "", ran)


def by_wire(tests, tree, change):
    """What fails among others has to fail alone, too: cases have deadlines, and the machine may be busy."""
    names = sorted(tests.reach(change, tests.wire), key=tests.seconds)
    if not names:
        return Outcome("", "", 0)
    if not tree.make(tests.wire[names[0]].targets):
        return Outcome("build", tests.wire[names[0]].targets, 0)
    deadline, ended = time.monotonic() + tests.wire_limit_s, set()
    while len(ended) < len(names):
        name = first_failure(tests, names, deadline, ended)
        if name is None:
            break
        ended.add(name)
        why = tests.wire[name].run(limit_s=60 + 10 * tests.seconds(name))
        if why:
            return Outcome(why, name, len(ended))
    return Outcome("", "", len(ended))


def first_failure(tests, names, deadline, ended):
    """Runs those that have not ended, and returns the first that fails; None if none has by the deadline."""
    with concurrent.futures.ThreadPoolExecutor(WIRE_AT_ONCE) as pool:
        running = {pool.submit(run_until, tests, name, deadline): name for name in names if name not in ended}
        for done in concurrent.futures.as_completed(running):
            if done.result() is CUT_SHORT:
                continue
            if done.result():
                for other in running:
                    other.cancel()
                return running[done]
            ended.add(running[done])
    return None


def run_until(tests, name, deadline):
    """As Probe.run; CUT_SHORT where the deadline was first."""
    left_s = deadline - time.monotonic()
    if left_s <= 1:
        return CUT_SHORT
    why = tests.wire[name].run(limit_s=min(60 + 10 * tests.seconds(name), left_s))
    return CUT_SHORT if why and why.startswith("no end") and time.monotonic() >= deadline else why


def attempt(tests, tree, change, with_units, with_wire):
    """What became of the change; the tree is as before afterwards."""
    content = tree.original(change.file)
    tree.write(change.file, content[:change.offset] + change.new.encode() + content[change.end:])
    try:
        units = by_units(tests, tree, change) if with_units else Outcome("", "", 0)
        if units.why or not with_wire:
            outcome = units
        else:
            wire = by_wire(tests, tree, change)
            outcome = wire._replace(ran=units.ran + wire.ran)
    finally:
        tree.write(change.file, content)
    if outcome.why == "build":
        if not tree.make(outcome.test):
            raise BrokenTree(f"without a change this does not build either: {' '.join(outcome.test)}")
        return outcome._replace(test="")
    return outcome


def state_of(tests, change, outcome, with_wire, ran_before=0):
    """(state, why) for what is written down of an outcome."""
    if outcome.why:
        return ("build", "") if outcome.why == "build" else ("noticed", outcome.why)
    left = "survived" if with_wire else "unit"
    if outcome.ran or ran_before:
        return left, ""
    if tests.should_run(change, with_wire):
        return "error", "tests reach this line, but none could be run"
    return left, "no test runs this file" if with_wire else "no unit test runs it"
