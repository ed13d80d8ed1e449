#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the keys and defaults that the program has with those of the shipped configuration and the manual.

    check_options.py BINARY [SOURCE_DIRECTORY]

Prints each difference on a line of its own and exits 1 if there is one.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

# Keys whose examples name things that a test machine need not have.
NEEDS_THE_SYSTEM = {"GreylistPasswordFile", "LogTo", "Metrics", "PidFile", "PolicySocket", "Socket", "SocketGroup", "SRSDomain", "SRSSecretFile",
                    "TableSocket", "User", "ZoneFile"}
# What a test machine has, instead of the defaults of User and Socket.
ON_ANY_MACHINE = "\nUser nobody\nSocket inet:10010@127.0.0.1\n"
# Two ways to name the same results: a file has one of them.
EITHER_OR = ({"RefuseFail", "RefuseSPFNone", "RefuseSPFNoneHelo", "AcceptTempError"},
             {"RefuseMailFrom", "RefuseHelo", "RefuseNullSender", "Defer", "DeferMailFrom", "DeferHelo",
              "DeferNullSender"})
UNSET = ("none", "unset")  # how the texts call a value that is not there; "none" is a result in a set
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "K": 1024, "M": 1024**2, "G": 1024**3}
SECONDS = 20


def plain(text):
    """The value without its quotes."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text


def comparable(text):
    """One spelling for each value: 60m, 3600s and 1h are the same, and so are an empty value, none and unset."""
    text = plain(text)
    if text == "those of /etc/resolv.conf":  # a list without a value
        return "none"
    number = re.fullmatch(r"(\d+)([smhdKMG]?)", text)
    if number:
        return int(number[1]) * UNITS.get(number[2], 1)
    return text if text and text not in UNSET else "none"


def run(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)


def program_defaults(binary, problems):
    """Key to default, as the program prints them for an empty file."""
    done = run(binary, "-c", "/dev/null", "config")
    if done.returncode != 0:
        done = run(binary, "config", "-c", "/dev/null")
    if done.returncode != 0:
        problems.append(f"{binary} config ended with {done.returncode}: {done.stderr.strip()}")
        return {}
    defaults = {}
    for line in done.stdout.splitlines():
        match = re.fullmatch(r"#?\s?([A-Za-z]\w*)(?:\s+(.*))?", line)
        if not match:
            problems.append(f"config prints a line that is no key: {line!r}")
        elif match[1] in defaults:
            problems.append(f"config prints {match[1]} twice for an empty file")
        else:
            defaults[match[1]] = match[2] or ""
    return defaults


def file_defaults(path, problems):
    """Key to default, as the comments of the shipped file say; checks the line of each key on the way."""
    defaults, stated = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        comment = re.fullmatch(r"# Default: (.*?)\.?", line)
        setting = re.fullmatch(r"(#?)([A-Za-z]\w*)\s+(\S.*)", line)
        if comment:
            stated = comment[1]
        elif setting:
            commented, key, value = setting.groups()
            if key in defaults:
                problems.append(f"{path.name}: {key} stands there twice")
            if stated is None:
                problems.append(f"{path.name}: no default is given above {key}")
            elif commented and comparable(stated) != "none" and comparable(value) != comparable(stated):
                problems.append(f"{path.name}: the line of {key} says {value}, the comment above it {stated}")
            defaults[key], stated = stated or "", None
    return defaults


def manual_defaults(path, problems):
    """Key to default, as the manual says."""
    defaults, key = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        item = re.match(r"\.It Ic (\w+) Ar ", line)
        stated = re.fullmatch(r"Default: (.*?)\.?", line)
        if item:
            if key and key not in defaults:
                problems.append(f"{path.name}: no default is given for {key}")
            key = item[1]
            if key in defaults:
                problems.append(f"{path.name}: {key} is explained twice")
        elif stated:
            defaults[key] = stated[1]
    return defaults


def compare(name, found, expected, problems):
    """The program is right by definition: it is what runs."""
    for key in sorted(expected.keys() - found.keys()):
        problems.append(f"{name}: {key} is missing")
    for key in sorted(found.keys() - expected.keys()):
        problems.append(f"{name}: the program does not print a key {key}")
    for key in sorted(found.keys() & expected.keys()):
        if comparable(found[key]) != comparable(expected[key]):
            problems.append(f"{name}: default of {key} is {found[key] or 'none'}, the program has "
                            f"{expected[key] or 'none'}")


def expect_accepted(binary, what, text, problems):
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as conf:
        os.chmod(conf.name, 0o644)
        conf.write(text + ON_ANY_MACHINE)
        conf.flush()
        done = run(binary, "-n", "-c", conf.name)
    if done.returncode != 0:
        problems.append(f"{what} is not accepted ({done.returncode}): {(done.stderr or done.stdout).strip()}")


def with_every_key_active(text, except_these):
    """The shipped file as it is after someone took away each # in front of a key, but for these."""

    def activate_block(match):
        return re.sub(r"^#", "", match[0], flags=re.MULTILINE)

    def activate(match):
        return match[0] if match[1] in NEEDS_THE_SYSTEM | except_these else match[0][1:]

    text = re.sub(r"^#\w+ .*\{\n(?:#.*\n)*?#\}$", activate_block, text, flags=re.MULTILINE)
    return re.sub(r"^#([A-Za-z]\w*)\s.*$", activate, text, flags=re.MULTILINE)


def lint_manuals(docs, problems):
    if not shutil.which("mandoc"):
        problems.append("mandoc is not installed: the manuals were not checked")
        return
    for page in ("smf-spf.8", "smf-spf.conf.5"):
        command = ["mandoc", "-Tlint", "-W", "warning", str(docs / page)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode != 0 or done.stdout.strip():
            problems.append(f"{shlex.join(command)}:\n{(done.stdout + done.stderr).strip()}")


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__.strip(), file=sys.stderr)
        return 64
    binary = sys.argv[1]
    source = pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else pathlib.Path(__file__).resolve().parents[2])
    shipped = source / "conf" / "smf-spf.conf"
    manual = source / "docs" / "smf-spf.conf.5"
    problems = []

    program = program_defaults(binary, problems)
    compare(shipped.name, file_defaults(shipped, problems), program, problems)
    compare(manual.name, manual_defaults(manual, problems), program, problems)

    text = shipped.read_text(encoding="utf-8")
    expect_accepted(binary, "the shipped file", text, problems)
    for keys in EITHER_OR:
        expect_accepted(binary, f"the shipped file with every key active but {', '.join(sorted(keys))}",
                        with_every_key_active(text, keys), problems)
    expect_accepted(binary, "what config prints for an empty file", run(binary, "config", "-c", "/dev/null").stdout,
                    problems)
    lint_manuals(source / "docs", problems)

    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
