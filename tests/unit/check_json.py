#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares docs/json.md with what `smf-spf query --json` prints: each member of the output is documented with its type, each
documented member occurs, and so does each that the source can write.

usage: check_json.py SMF-SPF [SOURCE DIRECTORY]
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
from dns_server import DnsServer  # noqa: E402 pylint: disable=wrong-import-position

ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \|", re.MULTILINE)
WRITTEN = re.compile(r'\bset_member\(\w+, "([^"]+)"')
TYPES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}
CLIENT = "192.0.2.9"
ZONE = r"""
$TTL 300
$ORIGIN example.org.
@            TXT "v=spf1 include:inc.example.org a:nohost.example.org ptr -all exp=why.example.org"
_dmarc       TXT "v=DMARC1; p=reject"
why          TXT "no %{i}"
inc          TXT "v=spf1 ip4:192.0.2.1 redirect=red.example.org"
red          TXT "v=spf1 mx ~all"
red          MX 10 mx
mx           A 192.0.2.50
bad          TXT "v=spf1 ip4:1.2.3.400 -all"
comma        TXT "v=spf1 ip4:192.0.2.1, -all"
slow         TXT "v=spf1 a:silent.example.org -all"
silent       TIMEOUT
$ORIGIN example.com.
@            TXT "v=spf1 -all"
_dmarc       SERVFAIL
$ORIGIN example.net.
h            A 192.0.2.9
$ORIGIN 2.0.192.in-addr.arpa.
9            PTR h.example.net.
"""
SENDERS = ("a@example.org", "a@bad.example.org", "a@comma.example.org", "a@slow.example.org", "a@example.com", "a@none.example.org", "")
RECORDS = ("v=spf1 include:bad.example.org ptr a:nohost.example.org +all exp=why.example.org", "v=spf1 ip4:1.2.3.400",
           "v=spf1 mx -all", "v=spf1 ip4:192.0.2.1, -all")
FAILING = "fails.example.org"


def run(command, extra):
    done = subprocess.run(command + extra, capture_output=True, check=False, timeout=60)
    if done.returncode > 6:
        sys.exit(f"{' '.join(extra)}: exit {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def outputs(binary):
    """Objects of many kinds."""
    with tempfile.TemporaryDirectory(prefix="smf-spf-json.") as directory:
        zone, config, grey = Path(directory, "zone"), Path(directory, "conf"), Path(directory, "grey")
        zone.write_text(ZONE, encoding="utf-8")
        config.write_text("LeaveToDMARC on\n", encoding="utf-8")
        grey.write_text(f"Greylist on\nUser nobody\nGreylistTo @here.example\nGreylistStore sqlite:{directory}/db\n", encoding="utf-8")
        common = [binary, "query", "-c", config, "--json"]
        runs = [["--ip", CLIENT, "--helo", "h.example.net", "--sender", sender, "--trace"] for sender in SENDERS]
        runs += [["--domain", "example.org", "--record", record] for record in RECORDS]
        for recipient in ("u@here.example", "u@there.example"):
            yield run([binary, "query", "-c", str(grey), "--json"],
                      ["--zone", str(zone), "--ip", CLIENT, "--sender", "a@none.example.org", "--recipient", recipient])
        for extra in runs:
            yield run(common, ["--zone", str(zone), *extra])
        with DnsServer("$ORIGIN example.org.\n") as server:
            server.fault(FAILING, "servfail")
            yield run(common, ["--nameserver", server.address, "--ip", CLIENT, "--sender", f"a@{FAILING}"])


def name_of(path, member, value):
    """Under which name a member is documented, and its name as a place of further members. Records are in terms, and terms
    in records, so each begins anew."""
    name = f"{path}.{member}" if path else member
    if member == "record" and isinstance(value, dict):
        return name, "record"
    return name, name


def members(path, value, found):
    if isinstance(value, dict):
        for member, inner in value.items():
            name, place = name_of(path, member, inner)
            found.setdefault(name, set()).add(TYPES[type(inner)])
            members(place, inner, found)
    elif isinstance(value, list):
        place = {"terms": "term", "questions": "query"}.get(path.rpartition(".")[2], path + "[]")
        for inner in value:
            members(place, inner, found)


def main() -> int:
    binary, source = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    text = (source / "docs/json.md").read_text(encoding="utf-8").partition("\n## Lines of the log\n")[0]
    documented = dict(ROW.findall(text))
    found = {}
    for output in outputs(binary):
        members("", output, found)
    faults = [f"docs/json.md does not have {name} ({'/'.join(types)})" for name, types in found.items()
              if name not in documented]
    faults += [f"docs/json.md has {name}, which no output has" for name in documented if name not in found]
    written = set(WRITTEN.findall((source / "src/tools/report_json.c").read_text(encoding="utf-8")))
    faults += [f"no output has a member {name}, which the source can write" for name in
               sorted(written - {name.rpartition(".")[2] for name in found})]
    faults += [f"{name} is {'/'.join(types)}, not {documented[name]}" for name, types in found.items()
               if name in documented and types != {documented[name]}]
    print("\n".join(faults) or f"{len(documented)} members")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
