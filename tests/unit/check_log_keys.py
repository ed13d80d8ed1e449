#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that base/log_value.c knows each key of the log's lines: a key that it does not know could be imitated by a value.

usage: check_log_keys.py [SOURCE DIRECTORY]
"""
import re
import sys
from pathlib import Path

ROOMS = ["session", "front"]  # where the lines about connections and messages are written
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
KEY = re.compile(r"(?:, |: )([a-z][a-z-]*)=")
TABLE = re.compile(r"\bkeys\[\] = \{(.*?)\};", re.DOTALL)


def keys_written(source: Path) -> set[str]:
    found = set()
    for path in sorted(path for room in ROOMS for path in (source / "src" / room).rglob("*.c")):
        text = path.read_text(encoding="utf-8")
        for literal in LITERAL.findall(text):
            found |= set(KEY.findall(literal))
    return found


def main() -> int:
    source = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    table = TABLE.search((source / "src/base/log_value.c").read_text(encoding="utf-8"))
    known = set(LITERAL.findall(table.group(1))) if table else set()
    written = keys_written(source)
    faults = [f"src/base/log_value.c does not know the key {key}" for key in sorted(written - known)]
    faults += [f"src/base/log_value.c knows {key}, which no line has" for key in sorted(known - written)]
    if "ip" not in written:
        faults.append("no key was found in src/session")
    print("\n".join(faults) or f"{len(known)} keys")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
