#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that each room of src includes only itself and the rooms below, and that each outside library stays in its file.

usage: check_rooms.py [SOURCE DIRECTORY]
"""
import re
import sys
from pathlib import Path

ROOMS = ["base", "dns", "mail", "spf", "policy", "config", "session", "milter", "app"]  # from below to above

# What may stand in one place only: pattern, the files that may hold it.
CONFINED = [
    (re.compile(r"\bSPF_(?!TERM_SIZE|PROBLEM_SIZE|EXPLANATION_SIZE)\w+|spf2/"), {"spf/guard.c"}),
    (re.compile(r"\bsmfi_|\bSMFI[A-Z]*_|mfapi\.h"), {"milter/callbacks.c", "milter/listener.c"}),
    (re.compile(r"\bjson_|jansson\.h"), {"app/report_json.c"}),
    (re.compile(r"\bub_|\bUB_|unbound(-event)?\.h>"), {"dns/dns_unbound.c"}),
    (re.compile(r"\bpsl_|libpsl\.h"), {"dns/dns_registrable.c"}),
    (re.compile(r"\bevent_(?!loop|task|watch)\w+\(|\bEV_|\bEVLOOP|event2/"), {"base/event_loop.c"}),
]
# Names that begin like a library's: words of configurations that the converter reads.
OWN_NAMES = re.compile(r"SMF_\w+|SPF_Not_Pass|SPF_Enhanced_Status_Codes")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"


def check_includes(room: str, name: str, text: str) -> list[str]:
    faults = []
    for mark, path in INCLUDE.findall(text):
        if mark == "<":
            continue
        target = path.split("/")[0]
        if target not in ROOMS or "/" not in path:
            faults.append(f'{name}: #include "{path}" names no room')
        elif ROOMS.index(target) > ROOMS.index(room):
            faults.append(f'{name}: {room} lies below {target}, so it cannot include "{path}"')
    return faults


def check_confined(name: str, text: str) -> list[str]:
    text = OWN_NAMES.sub("", text)
    return [
        f"{name}: {match.group(0)} may stand only in {', '.join(sorted(places))}"
        for pattern, places in CONFINED
        if name not in places
        for match in [pattern.search(text)]
        if match
    ]


def check_file(src: Path, path: Path) -> list[str]:
    name = path.relative_to(src).as_posix()
    room = name.split("/")[0]
    text = path.read_text(encoding="utf-8")
    if room not in ROOMS or name.count("/") != 1:
        return [f"{name}: is in no room"]
    faults = check_includes(room, name, text) + check_confined(name, text)
    lines = text.splitlines()
    if SPDX not in lines[0]:
        faults.append(f"{name}: does not begin with its SPDX line")
    if not lines[1].startswith("/* "):
        faults.append(f"{name}: does not say in its second line what it is for")
    return faults


def self_test() -> list[str]:
    """The check can fail: each kind of fault is found in a text that has it."""
    found = [
        check_includes("base", "base/x.c", '#include "dns/dns.h"'),
        check_includes("spf", "spf/x.c", '#include "x.h"'),
        check_confined("spf/x.c", "SPF_server_new()"),
        check_confined("session/session.c", "smfi_getpriv(ctx)"),
        check_confined("dns/dns.c", "ub_resolve_event("),
        check_confined("dns/dns.c", "event_new("),
    ]
    sound = check_confined("app/x.c", "event_task_create(); event_watch_create(); SPF_TERM_SIZE") + check_includes("app", "app/x.c", '#include "base/log.h"')
    return [] if all(found) and not sound else ["the check itself does not find what it should"]


def main() -> int:
    source = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    src = source / "src"
    files = sorted(path for path in src.rglob("*") if path.suffix in (".c", ".h"))
    faults = self_test() + [fault for path in files for fault in check_file(src, path)]
    if len(files) < 20:
        faults.append(f"only {len(files)} files below {src}: is this the source directory?")
    print("\n".join(faults) if faults else f"{len(files)} files keep to their rooms")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
