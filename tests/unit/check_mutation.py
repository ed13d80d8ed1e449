#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that tests/mutation/run calls no change unnoticed for which a test did not run: check_mutation.py ROOT."""

import collections
import os
import sys
import tempfile

ROOT = sys.argv[1]
sys.path[:0] = [os.path.join(ROOT, "tests", "mutation"), os.path.join(ROOT, "tests", "coverage")]
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position,import-error
import gcov_lines  # noqa: E402
import trial  # noqa: E402

Change = collections.namedtuple("Change", "file line offset end new", defaults=("a.c", 2, 0, 1, "b"))
Coverage = collections.namedtuple("Coverage", "probes")
REACHED = {"failed": None, "seconds": 0.1, "lines": {"a.c": [2]}}
ELSEWHERE = {"failed": None, "seconds": 0.1, "lines": {}}
BESIDE = {"failed": None, "seconds": 0.1, "lines": {"a.c": [1]}}


class Probe:
    """A test that says `why`, one each time; the last one holds on."""

    targets = ["t"]

    def __init__(self, *why):
        self.why = list(why)

    def run(self, limit_s):
        del limit_s
        return self.why.pop(0) if len(self.why) > 1 else self.why[0]


class Tree:
    """Files in memory. made: what the next builds end with; the last one holds on."""

    def __init__(self, made):
        self.made, self.content = list(made), b"a"

    def make(self, _targets):
        return self.made.pop(0) if len(self.made) > 1 else self.made[0]

    def original(self, _file):
        return b"a"

    def write(self, _file, content):
        self.content = content


def tests_of(covered, programs, wire=None, left_out=()):
    tests = trial.Tests.__new__(trial.Tests)
    tests.coverage, tests.left_out = Coverage(covered), set(left_out)
    tests.programs, tests.wire, tests.wire_limit_s = programs, wire or {}, 100
    return tests


def state(tests, with_units=True, with_wire=False, ran_before=0, made=(True,)):
    outcome = trial.attempt(tests, Tree(made), Change(), with_units, with_wire)
    return trial.state_of(tests, Change(), outcome, with_wire, ran_before)[0]


def broken(tests, made):
    """Whether it ends the run that the tree does not build without a change either."""
    try:
        state(tests, made=made)
    except trial.BrokenTree:
        return True
    return False


def names_what_is_not_built():
    """ctest leaves out the command of a program that is not there: this was taken for no test."""
    with tempfile.TemporaryDirectory() as build:
        with open(os.path.join(build, "CTestTestfile.cmake"), "w", encoding="utf-8") as file:
            file.write(f'add_test(unit-x "{build}/test_x")\nset_tests_properties(unit-x PROPERTIES LABELS unit)\n')
        try:
            gcov_lines.programs(build)
        except gcov_lines.NotBuilt:
            pass
        else:
            return False
        with open(os.path.join(build, "test_x"), "w", encoding="utf-8") as file:
            os.chmod(file.name, 0o755)
        return [probe.name for probe in gcov_lines.programs(build)] == ["unit-x"]


def counts_again_what_has_changed():
    """A test that is new within a program reaches lines that the map does not know."""
    with tempfile.TemporaryDirectory() as directory:
        file, ran = os.path.join(directory, "test"), []
        counted = collections.namedtuple("Counted", "run")(lambda probe: ran.append(probe.name) or (None, 0.1, {}))
        probe = gcov_lines.Probe("x", [], [], 1, [file])
        for stamp, wanted in ((1, 1), (1, 1), (2, 2)):
            with open(file, "w", encoding="ascii"):
                pass
            os.utime(file, ns=(stamp, stamp))
            gcov_lines.Map(os.path.join(directory, "map")).complete(counted, [probe], 1, lambda text: None)
            if len(ran) != wanted:
                return False
    return True


def main():
    passes, fails = Probe(None), Probe("not ok 1")
    one, wired = {"unit-x": REACHED}, {"milter/x": REACHED}
    checks = {
        "a test that fails has noticed": state(tests_of(one, {"unit-x": fails})) == "noticed",
        "a test that passes has not": state(tests_of(one, {"unit-x": passes})) == "unit",
        "nor over the wire": state(tests_of(wired, {}, {"milter/x": passes}), with_wire=True) == "survived",
        "a test over the wire notices": state(tests_of(wired, {}, {"milter/x": fails}), with_wire=True) == "noticed",
        "but it has to fail twice": state(tests_of(wired, {}, {"milter/x": Probe("late", None)}), with_wire=True) == "survived",
        "no program of a test that reaches the line: an error": state(tests_of(one, {})) == "error",
        "the same over the wire": state(tests_of(wired, {}), with_wire=True) == "error",
        "a test that is left out: an error": state(tests_of(one, {"unit-x": passes}, left_out=["unit-x"])) == "error",
        "unit tests ran before, nothing over the wire": state(tests_of(one, {}), False, True, 1) == "survived",
        "left to the wire, where nothing runs": state(tests_of(one, {}), False, True) == "error",
        "no test reaches the file": state(tests_of({"unit-x": ELSEWHERE}, {"unit-x": fails}), with_wire=True) == "survived",
        "only one over the wire reaches the line": state(tests_of({"unit-x": BESIDE, **wired}, {"unit-x": fails})) == "unit",
        "none is known to reach the line: those of its file": state(tests_of({"unit-x": BESIDE}, {"unit-x": fails})) == "noticed",
        "a change that does not build": state(tests_of(one, {"unit-x": passes}), made=(False, True)) == "build",
        "nothing builds: the run ends": broken(tests_of(one, {"unit-x": passes}), (False,)),
        "a program that is not built is named": names_what_is_not_built(),
        "what has changed is counted again": counts_again_what_has_changed(),
    }
    for name, good in checks.items():
        print(f"{'ok' if good else 'not ok'} {name}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
