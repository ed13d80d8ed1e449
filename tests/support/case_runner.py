# SPDX-License-Identifier: GPL-2.0-or-later
"""Collects test cases and runs them, a few at a time, each and all of them bounded in time."""

import argparse
import atexit
import glob
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

from filter import runs_unprivileged, sanitizer

CASES = []
CASE_LIMIT_S = 120
SHORT_TABLE = 4  # rows of a table that always run all
ROW_OF = {}  # name of a case: number of its row, where not all rows of its table need run
EXIT_FAILED = 1


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


def rows(table, limit_s=CASE_LIMIT_S, whole=False):
    """Decorator: one case per row of the table; the row's first value is the end of its name. whole: all rows run,
    whatever the command line says."""
    def register(body):
        for number, row in enumerate(table):
            name = f"{body.__name__}-{row[0]}".replace("_", "-").replace(" ", "-")
            if not whole and len(table) > SHORT_TABLE:
                ROW_OF[name] = number
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
    parser.add_argument("--each-row", type=int, default=1, metavar="N",
                        help=f"of tables of more than {SHORT_TABLE} rows only each Nth row (default: 1, all of them)")
    return parser.parse_args()


def selected(only, each_row):
    return [entry for entry in CASES if ROW_OF.get(entry[0], 0) % each_row == 0
            and (not only or any(part in entry[0] for part in only))]


def run_here(entry, binary, left_s):
    """Runs a case, prints how it ended, and returns that word: ok, not ok or skip."""
    name, body, limit_s = entry
    began = time.monotonic()
    try:
        why = run_case(body, binary, min(limit_s, left_s)) if left_s > 0 else "no time left"
    except Skip as skip:
        print(f"skip {name}: {skip}", flush=True)
        return "skip"
    took = f" ({time.monotonic() - began:.2f} s)"
    print(f"ok {name}{took}" if why is None else f"not ok {name}{took}: {why}", flush=True)
    return "ok" if why is None else "not ok"


class Share:
    """Some of the cases, one after the other in a process of their own, whose output goes to a file until it ends."""

    def __init__(self, cases, place, binary, deadline):
        self.cases = cases
        self.output, self.words = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # pylint: disable=consider-using-with
        sys.stdout.flush()
        self.process = os.fork()
        if self.process == 0:
            os.dup2(self.output.fileno(), 1)
            os.dup2(self.output.fileno(), 2)
            try:
                self.work(place, binary, deadline)
            except BaseException:  # pylint: disable=broad-except
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(0)  # what is missing among the words says enough

    def work(self, place, binary, deadline):
        place()
        for entry in self.cases:
            word = run_here(entry, binary, int(deadline - time.monotonic()))
            os.write(self.words.fileno(), word.encode() + b"\n")

    @staticmethod
    def content(file):
        file.seek(0)
        with file:
            return file.read().decode("utf-8", "backslashreplace")

    def end(self):
        """Prints the output; returns the word of each case. Those of a process that was killed did not pass."""
        words = self.content(self.words).split("\n")[:-1]
        print(self.content(self.output), end="")
        for name, _, _ in self.cases[len(words):]:
            print(f"not ok {name}: its process ended")
            words.append("not ok")
        sys.stdout.flush()
        return words


def run_all(cases, options, place):
    """Runs the cases, shared out to `options.jobs` processes; returns the word that each ended with. place: where it is
    given, each case has a process of its own, as it can be left in no other way."""
    deadline, binary = time.monotonic() + options.limit, options.smf_spf
    shares = [[entry] for entry in cases] if place else [cases[n::options.jobs] for n in range(options.jobs)]
    waiting, running, words = [share for share in reversed(shares) if share], {}, []
    while waiting or running:
        while waiting and len(running) < options.jobs:
            share = Share(waiting.pop(), place or (lambda: None), binary, deadline)
            running[share.process] = share
        process, _ = os.wait()
        words += running.pop(process).end()
    return words


def reachable(binary):
    """The binary; or where other accounts cannot get at it, as below /root, a copy for them, with the modules that tests
    load into it."""
    if os.geteuid() != 0 or runs_unprivileged(binary):
        return binary
    place = tempfile.mkdtemp(prefix="smf-spf-reachable.")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.chmod(place, 0o755)
    modules = os.path.join(os.path.dirname(binary), "tests", "faults")
    os.makedirs(os.path.join(place, "tests", "faults"))
    for module in glob.glob(os.path.join(modules, "*.so")):
        shutil.copy(module, os.path.join(place, "tests", "faults"))
    return shutil.copy(binary, place)


def main(description, place=None):
    """Run what was asked for; returns the exit status. place: called before each case, in
    a process of its own."""
    options = arguments(description)
    cases = selected(options.only, options.each_row)
    if options.list:
        print("\n".join(name for name, _, _ in cases))
        return 0
    if not os.access(options.smf_spf, os.X_OK):
        print(f"{options.smf_spf} is not an executable", file=sys.stderr)
        return 2
    signal.signal(signal.SIGALRM, on_alarm)
    options.smf_spf = reachable(os.path.abspath(options.smf_spf))
    for find_out in (sanitizer, runs_unprivileged):  # once for all cases, which have processes of their own
        find_out(options.smf_spf)
    words = run_all(cases, options, place)
    passed, failed = words.count("ok"), words.count("not ok")
    print(f"{passed} passed, {failed} failed", flush=True)
    return EXIT_FAILED if failed or not passed else 0
