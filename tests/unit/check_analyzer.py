#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs gcc -fanalyzer over src: check_analyzer.py SOURCE_DIRECTORY. It finds nothing but what analyzer_known has, each
with its reason, and all of that.

Another version of gcc finds other things, and the list is one of gcc 12's: elsewhere the check is skipped."""

import concurrent.futures
import os
import re
import subprocess
import sys

VERSION = "12"
SKIPPED = 77
AT_ONCE = 2
FILES_PER_RUN = 12
FLAGS = ["-fanalyzer", "-O1", "-std=c11", "-D_FILE_OFFSET_BITS=64", "-D_POSIX_C_SOURCE=200809L", "-D_XOPEN_SOURCE=700",
         '-DSMF_SPF_VERSION=""', '-DSMF_SPF_CONFDIR=""', "-fdiagnostics-plain-output", "-fno-diagnostics-show-caret",
         "-S", "-o", "/dev/null"]


def sources(root):
    found = []
    for folder, _, names in os.walk(os.path.join(root, "src")):
        found += [os.path.join(folder, name) for name in names if name.endswith(".c")]
    return sorted(found)


def analyze(root, source):
    """What gcc says about a file: (`FILE FUNCTION OPTION`, its text) of each warning."""
    run = subprocess.run(["gcc", *FLAGS, "-I", os.path.join(root, "src"), source], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, errors="replace", check=False,
                         env={**os.environ, "LC_ALL": "C"})
    found, function = [], "-"
    for line in run.stderr.splitlines():
        inside = re.search(r"In function '(\w+)':", line)
        warning = re.match(r"(\S+?):(\d+):\d+: (warning|error): (.*)", line)
        if inside:
            function = inside.group(1)
        elif warning:
            option = re.search(r"\[(-W[\w-]+)\]$", line)
            key = f"{os.path.relpath(source, root)} {function} {option.group(1) if option else 'error'}"
            found.append((key, line))
    if run.returncode != 0 and not found:
        found.append((f"{os.path.relpath(source, root)} - error", run.stderr[:500]))
    return found


def known(path):
    """{key: reason}: a line of the key, and those that are indented below it."""
    found, key = {}, ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith(" "):
                found[key] += line.strip()
            else:
                key = line.strip()
                found[key] = ""
    return found


def main(root):
    version = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.split(".")[0]
    if version.strip() != VERSION:
        print(f"skipped: the list of what is no fault is one of gcc {VERSION}'s")
        return SKIPPED
    reasons = known(os.path.join(root, "tests", "unit", "analyzer_known"))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        found = [entry for entries in pool.map(lambda source: analyze(root, source), sources(root)) for entry in entries]
    complaints = [text for key, text in found if not reasons.get(key)]
    complaints += [f"analyzer_known: gcc says no more: {key}" for key in reasons if key not in {key for key, _ in found}]
    print("\n".join(complaints) or f"{len(sources(root))} files, {len(reasons)} known findings that are no fault")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
