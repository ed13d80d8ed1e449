# SPDX-License-Identifier: GPL-2.0-or-later
"""A build that counts which lines run, the probes that run in it, and what gcov says about each."""

import concurrent.futures
import json
import os
import shutil
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LABELS = {"unit", "fuzz", "conformance", "report"}
TOO_LONG = ("report-browser", "conformance-wire", "conformance-odd", "conformance-cost", "conformance-random", "unit-install",
            "unit-init-runs", "unit-units")
PYTHON = "/usr/bin/python3"
WIRE = {"milter": ("run", "daemon"), "dns": ("hostile",)}
WIRE_LIMIT_S = 600


class NotBuilt(Exception):
    """A test is known whose program is not built."""


class Probe:
    """A test, or a file of cases over the wire, that runs by itself: its name, its command for a build, the targets of
    that build which it needs, and the files that it is made of."""

    def __init__(self, name, command, targets, limit_s, files):
        self.name, self.command, self.targets, self.limit_s, self.files = name, command, targets, limit_s, files

    def stamp(self):
        """Another one after a change of it, or of what it tests."""
        return max(os.stat(file).st_mtime_ns for file in self.files)

    def run(self, environment=None, limit_s=None):
        """None where it passed, else why not."""
        started = time.monotonic()
        process = subprocess.Popen(self.command, cwd=ROOT, env={**os.environ, **(environment or {})},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        try:
            output, _ = process.communicate(timeout=limit_s or self.limit_s)
        except subprocess.TimeoutExpired:
            return f"no end after {time.monotonic() - started:.0f} s"
        finally:
            end_group(process)
        return None if process.returncode == 0 else last_words(output, process.returncode)


def end_group(process):
    """Ends what a probe has left of itself: it has a session of its own."""
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait()


def last_words(output, status):
    """The line of an output that says best what failed."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    for word in ("not ok ", "runtime error", "ERROR: ", "error: ", "FAILED"):
        for line in lines:
            if word in line:
                return line[:160]
    return (lines[-1][:160] if lines else "") or f"status {status}"


def programs(build):
    """Probes of C programs and of the checks that run them, as ctest knows them. That leaves the command of a test out
    whose program is not there, so everything has to be built before."""
    listed = json.loads(subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, capture_output=True, check=True).stdout)
    found = []
    for test in listed["tests"]:
        properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
        if not LABELS & set(properties.get("LABELS", [])) or test["name"] in TOO_LONG:
            continue
        if "command" not in test:
            raise NotBuilt(f"{test['name']} is not built in {build}")
        prefix = build + "/"
        targets = [word[len(prefix):] for word in test["command"] if word.startswith(prefix) and os.path.basename(word) != "objects"]
        if targets:
            found.append(Probe(test["name"], test["command"], targets, float(properties.get("TIMEOUT", 300)),
                               [word for word in test["command"] if os.path.isfile(word)]))
    return found


def modules(script):
    """The files of cases that a script over the wire imports."""
    with open(script, encoding="utf-8") as file:
        return [line.split()[1] for line in file if line.startswith("import cases_")]


def wire(build, each_row=3):
    """Probes of one file of cases over the wire each; of long tables each `each_row`th row."""
    binary = os.path.join(build, "smf-spf")
    found = []
    for folder, scripts in WIRE.items():
        for script in scripts:
            for module in modules(os.path.join(ROOT, "tests", folder, script)):
                command = [PYTHON, os.path.join(ROOT, "tests", "mutation", "cases"), folder, module, "--smf-spf", binary,
                           "--each-row", str(each_row)]
                cases = os.path.join(ROOT, "tests", folder, module + ".py")
                found.append(Probe(f"{folder}/{module}", command, ["smf-spf"], WIRE_LIMIT_S, [binary, cases]))
    return found


def make_build(build, options, targets=()):
    """Configures, and builds; raises CalledProcessError, whose output says why."""
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DSMF_SPF_TESTS=ON", *options],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build, "--", *targets], check=True, stdout=subprocess.DEVNULL)


class Counted:
    """Runs probes in a build that counts lines, each with counts of its own, below `place`."""

    def __init__(self, build, place):
        self.build, self.place = build, place
        self.notes = []  # *.gcno of src
        for folder, _, names in os.walk(os.path.join(build, "src")):
            self.notes += [os.path.join(folder, name) for name in names if name.endswith(".gcno")]

    def prepare(self, place):
        """Counts go to `place`, in which the filter's account may write, with the notes beside them."""
        folders = {place + os.path.dirname(note) for note in self.notes}
        for folder in folders:
            os.makedirs(folder, exist_ok=True)
        for folder, _, _ in os.walk(place):
            os.chmod(folder, 0o777)
        for note in self.notes:
            os.symlink(note, place + note)

    def lines(self, place):
        """{file below src: {line: count}} of the counts that are in `place`."""
        counts = [place + note[:-len("gcno")] + "gcda" for note in self.notes]
        counts = [path for path in counts if os.path.exists(path)]
        found = {}
        if not counts:
            return found
        printed = subprocess.run(["gcov", "--json-format", "--stdout", *counts], capture_output=True, check=True,
                                 cwd=place).stdout
        for text in printed.splitlines():
            for file in json.loads(text)["files"] if text.strip() else []:
                name = os.path.relpath(os.path.realpath(file["file"]), os.path.join(ROOT, "src"))
                if name.startswith("..") or not name.endswith(".c"):
                    continue
                of_file = found.setdefault(name, {})
                for line in file["lines"]:
                    number = line["line_number"]
                    of_file[number] = of_file.get(number, 0) + line["count"]
        return found

    def run(self, probe):
        """(why it failed or None, seconds, lines)"""
        place = os.path.join(self.place, probe.name.replace("/", "-"))
        shutil.rmtree(place, ignore_errors=True)
        self.prepare(place)
        began = time.monotonic()
        failed = probe.run({"GCOV_PREFIX": place})
        seconds, lines = time.monotonic() - began, self.lines(place)
        shutil.rmtree(place, ignore_errors=True)
        return failed, seconds, lines


class Map:
    """Which probe runs which lines; in a file, so that each is counted again only when it has changed."""

    def __init__(self, path):
        self.path = path
        self.probes = {}  # name: {"failed", "seconds", "stamp", "lines": {file: [lines that ran]}}
        self.all = {}     # file: [lines that there are]
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
            self.probes, self.all = content["probes"], content["all"]

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump({"probes": self.probes, "all": self.all}, file)
        os.replace(self.path + ".new", self.path)

    def add(self, name, failed, seconds, stamp, lines):
        self.probes[name] = {"failed": failed, "seconds": round(seconds, 2), "stamp": stamp, "lines": {
            file: sorted(number for number, count in counts.items() if count) for file, counts in lines.items()}}
        for file, counts in lines.items():
            self.all[file] = sorted(set(self.all.get(file, [])) | set(counts))
        self.save()

    def complete(self, counted, probes, at_once, tell):
        """Runs the probes that are not there yet as they are now, or that failed, some at a time."""
        stamps = {probe.name: probe.stamp() for probe in probes}
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            running = {pool.submit(counted.run, probe): probe.name for probe in probes
                       if self.probes.get(probe.name, {}).get("stamp") != stamps[probe.name]
                       or self.probes[probe.name]["failed"]}
            for done in concurrent.futures.as_completed(running):
                failed, seconds, lines = done.result()
                self.add(running[done], failed, seconds, stamps[running[done]], lines)
                tell(f"{running[done]}: {seconds:.1f} s{', ' + failed if failed else ''}")
