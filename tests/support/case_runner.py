# SPDX-License-Identifier: GPL-2.0-or-later
"""Collects test cases and runs them, a few at a time, each in a process of its own; each and all of them bounded in time."""

import argparse
import os
import signal
import sys
import tempfile
import time
import traceback

from filter import runs_unprivileged, sanitizer

CASES = []
CASE_LIMIT_S = 120
EXIT_FAILED = 1
EXIT_SKIPPED = 77


class Skip(Exception):
    """This case cannot be shown here; the text says why."""


class Overdue(BaseException):
    """A case took longer than it may. Not an Exception, so that no case swallows it."""


def case(function=None, *, limit_s=CASE_LIMIT_S):
    """Decorator: the function, called with the path of the binary, is a test case named after it."""
    def register(body):
        CASES.append((body.__name__.replace("_", "-"), body, limit_s))
        return body
    return register(function) if function else register


def rows(table, limit_s=CASE_LIMIT_S):
    """Decorator: one case per row of the table; the row's first value is the end of its name."""
    def register(body):
        for row in table:
            name = f"{body.__name__}-{row[0]}".replace("_", "-").replace(" ", "-")
            CASES.append((name, lambda binary, row=row: body(binary, *row[1:]), limit_s))
        return body
    return register


def check(condition, what):
    if not condition:
        raise AssertionError(str(what))


def equal(found, expected, what=""):
    if found != expected:
        raise AssertionError(f"{what or 'value'}: found {found!r}, expected {expected!r}")


def contains(text, part, what=""):
    if part not in text:
        raise AssertionError(f"{what or 'text'}: {part!r} is not in {text!r}")


def lacks(text, part, what=""):
    if part in text:
        raise AssertionError(f"{what or 'text'}: {part!r} is in {text!r}")


def run_case(body, binary, limit_s):
    """None when passed, else why not."""
    signal.alarm(limit_s)
    try:
        body(binary)
        return None
    except Overdue:
        return f"took longer than {limit_s} s\n{traceback.format_exc(limit=-6)}"
    except Skip:
        raise
    except Exception as error:  # pylint: disable=broad-except
        where = traceback.extract_tb(error.__traceback__)
        own = [entry for entry in where if os.path.basename(entry.filename).startswith("cases_")]
        last = (own or where)[-1]
        return f"{type(error).__name__} at {os.path.basename(last.filename)}:{last.lineno}: {error}"
    finally:
        signal.alarm(0)


def on_alarm(*_):
    raise Overdue


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--smf-spf", required=True, metavar="BINARY", help="the filter under test")
    parser.add_argument("--only", metavar="TEXT", action="append", help="only cases whose name contains this")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and end")
    parser.add_argument("--limit", type=int, default=1500, metavar="SECONDS", help="for everything together")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="cases at the same time (default: 1)")
    parser.add_argument("--times", action="store_true", help="print how long each case took")
    return parser.parse_args()


def selected(only):
    return [entry for entry in CASES if not only or any(part in entry[0] for part in only)]


class Running:
    """A case in a process of its own, whose output goes to a file until the case ends."""

    def __init__(self, entry, place, binary, left_s):
        self.name, self.began = entry[0], time.monotonic()
        self.output = tempfile.TemporaryFile()  # pylint: disable=consider-using-with
        sys.stdout.flush()
        self.process = os.fork()
        if self.process == 0:
            os.dup2(self.output.fileno(), 1)
            os.dup2(self.output.fileno(), 2)
            place()
            os._exit(run_here(entry, binary, left_s))

    def end(self, status):
        """What was printed, and the status of the case: of run_here, or EXIT_FAILED for a process that was killed."""
        self.output.seek(0)
        text = self.output.read().decode("utf-8", "backslashreplace")
        self.output.close()
        if os.WIFEXITED(status):
            return os.WEXITSTATUS(status), text
        return EXIT_FAILED, f"{text}not ok {self.name}: ended by signal {os.WTERMSIG(status)}\n"


def run_here(entry, binary, left_s):
    """Runs a case and prints how it ended: 0 passed, EXIT_FAILED or EXIT_SKIPPED."""
    name, body, limit_s = entry
    try:
        why = run_case(body, binary, min(limit_s, left_s)) if left_s > 0 else "no time left"
    except Skip as skip:
        print(f"skip {name}: {skip}", flush=True)
        return EXIT_SKIPPED
    print(f"ok {name}" if why is None else f"not ok {name}: {why}", flush=True)
    return EXIT_FAILED if why else 0


def run_all(cases, options, place):
    """Runs the cases, `options.jobs` at a time; returns how many ended with each status."""
    deadline = time.monotonic() + options.limit
    waiting, running, ended = list(reversed(cases)), {}, {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            one = Running(waiting.pop(), place, os.path.abspath(options.smf_spf), int(deadline - time.monotonic()))
            running[one.process] = one
        process, how = os.wait()
        one = running.pop(process)
        status, text = one.end(how)
        took = f"{time.monotonic() - one.began:7.2f} s " if options.times else ""
        print(took + text, end="", flush=True)
        ended[status] = ended.get(status, 0) + 1
    return ended


def main(description, place=None):
    """Run what was asked for; returns the exit status. place: called in the process of each case before it runs."""
    options = arguments(description)
    cases = selected(options.only)
    if options.list:
        print("\n".join(name for name, _, _ in cases))
        return 0
    if not os.access(options.smf_spf, os.X_OK):
        print(f"{options.smf_spf} is not an executable", file=sys.stderr)
        return 2
    signal.signal(signal.SIGALRM, on_alarm)
    for find_out in (sanitizer, runs_unprivileged):  # once for all cases, which have processes of their own
        find_out(os.path.abspath(options.smf_spf))
    ended = run_all(cases, options, place or (lambda: None))
    passed, skipped = ended.get(0, 0), ended.get(EXIT_SKIPPED, 0)
    failed = sum(ended.values()) - passed - skipped
    print(f"{passed} passed, {failed} failed", flush=True)
    return EXIT_FAILED if failed or not passed else 0
