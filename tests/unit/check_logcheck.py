#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the rules of logcheck with what the program logs: no rule hides a warning or an error, and each line of a
healthy filter (info, notice) has its rule, but for those that somebody should read.

usage: check_logcheck.py SOURCE_DIRECTORY
"""

import re
import sys
from pathlib import Path

RULES = "init/deb/smf-spf.logcheck.ignore.server"
START = re.compile(r"^\^.* smf-spf\\\[\[\[:digit:\]\]\+\\\]: ")
CALL = re.compile(r'\b(?:log_(?=[a-z]+\()|tell_line\(\w+, LOG_LEVEL_)(error|warning|notice|info)[(,]\s*((?:"(?:[^"\\]|\\.)*"|\s|SMF_SPF_VERSION|PRI\w+)+)', re.IGNORECASE)
CONVERSION = re.compile(r"%[-+ #0-9.*]*(?:hh|h|ll|l|z|j|t)?[a-zA-Z]")
# What is no fault, and yet worth a mail: what somebody asked for, and the end of an outage.
READ = ("counters:", "reasons:", "result cache:", "DNS: recovered", "0; smf-spf reload and reopen do not reach")


def calls(source):
    """Level and text of each call, each conversion as a 0 (with the version, which is a literal there)."""
    for path in sorted((source / "src").rglob("*.c")):
        for level, parts in CALL.findall(path.read_text(encoding="utf-8")):
            parts = parts.replace("SMF_SPF_VERSION", '"3.0"')
            text = re.sub(r'"\s*PRI\w+\s*"', "d", parts)
            yield path, level.lower(), CONVERSION.sub("0", "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)))


def main():
    source = Path(sys.argv[1])
    lines = (source / RULES).read_text(encoding="utf-8").splitlines()
    rules = [re.compile("^" + START.sub("", line)) for line in lines]
    faults = [f"{RULES}: not a rule for smf-spf: {line}" for line in lines if not START.match(line)]
    found = list(calls(source))
    if not {"error", "warning", "notice", "info"} <= {level for _path, level, _text in found}:
        faults.append("src: a level has no lines at all; does this check still know how they are written?")
    for path, level, text in found:
        hides = next((rule.pattern for rule in rules if rule.match(text)), None)
        if level in ("error", "warning") and hides:
            faults.append(f"{path}: the rule {hides} hides the {level} {text!r}")
        if level in ("notice", "info") and not hides and not text.startswith(READ):
            faults.append(f"{path}: logcheck has no rule for the {level} {text!r}")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
