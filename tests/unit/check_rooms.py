#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the rooms of src: each includes and calls only itself and what stands below, each outside library stays behind
its door, no files include or call each other in a circle, and the pure rooms call nothing that waits or looks around.

usage: check_rooms.py [SOURCE DIRECTORY] [--objects LIST [--nm PROGRAM]]

LIST is a file with the path of one object file in each line. Without it the calls are not checked.
"""
import argparse
import posixpath
import re
import subprocess
import sys
from pathlib import Path

BELOW_FRONT = ["base", "dns", "mail", "spf", "dmarc", "policy", "srs", "greylist", "greylist/store", "config",
               "session"]  # from below to above
QUIRKS = "front/milter/quirks"
MAY_USE = {room: set(BELOW_FRONT[:n]) for n, room in enumerate(BELOW_FRONT)} | {
    "greylist/store": {"base", "greylist"},
    QUIRKS: {"base"},
    "front": set(BELOW_FRONT),
    "front/milter": {*BELOW_FRONT, "front", QUIRKS},
    "front/metrics": {*BELOW_FRONT, "front"},
    "front/policy": {*BELOW_FRONT, "front"},
    "front/tables": {*BELOW_FRONT, "front"},
    "tools": {*BELOW_FRONT, "tools/greylist"},
    "tools/report": set(BELOW_FRONT),
    "tools/greylist": {*BELOW_FRONT, "app/process"},
    "app/process": set(BELOW_FRONT),
    "app/preflight": {*BELOW_FRONT, "app/process"},
    "app": {*BELOW_FRONT, "front", "front/metrics", "front/milter", "front/policy", "front/tables", "app/process",
            "app/preflight"},
}
# The one file that may use more than its room: it hands commands to the tools.
MAY_USE_TOO = {"app/main.c": {"tools", "tools/greylist", "tools/report"}}

# What may stand in one place only: pattern, the files that may hold it.
CONFINED = [
    (re.compile(r"\bSPF_(?!TERM_SIZE|PROBLEM_SIZE|EXPLANATION_SIZE)\w+|spf2/"), {"spf/spf2_adapter.c"}),
    (re.compile(r"\bsmfi_|\bSMFI[A-Z]*_|mfapi\.h"), {"front/milter/callbacks.c", "front/milter/listener.c"}),
    (re.compile(r"\bjson_|jansson\.h"), {"tools/report_json.c", "tools/greylist/greylist_json.c", "tools/report/read_json.c", "tools/report/write_json.c"}),
    (re.compile(r"\bgz(open|dopen|read|close|error|buffer|offset)\b|zlib\.h"), {"tools/report/log_input.c"}),
    (re.compile(r"\bub_|\bUB_|unbound(-event)?\.h>"), {"dns/dns_unbound.c"}),
    (re.compile(r"\bpsl_|libpsl\.h"), {"dns/dns_registrable.c"}),
    (re.compile(r"\bidn2_|\bIDN2_|idn2\.h"), {"mail/idna.c"}),
    (re.compile(r"\bhmac_sha1_|nettle/"), {"srs/srs_hash.c"}),
    (re.compile(r"\bsqlite3_|sqlite3\.h"),
     {f"greylist/store/sqlite_{name}" for name in ("checkpoint.c", "database.c", "database.h", "room.c", "store.c")}),
    (re.compile(r"\bredis[A-Z]\w+\(|\bREDIS_(REPLY|ERR|OK)|hiredis\.h"), {"greylist/store/redis_link.c"}),
    (re.compile(r"\bevent_(?!loop|task|watch)\w+\(|\bEV_|\bEVLOOP|event2/"), {"base/event_loop.c"}),
    # What POSIX.1-2008 does not have: such a file asks for it in its third line, says why, and does without where it is missing.
    (
        re.compile(r"\b_(GNU|DEFAULT|BSD)_SOURCE\b"),
        {
            "app/process/capabilities.c",
            "app/process/privileges.c",
            "app/process/sandbox_files.c",
            "base/log.c",
            "base/scratch_file.c",
            "base/socket_file.c",
            "front/milter/quirks/late_threads.c",
            "front/milter/quirks/next_symbol.c",
            "front/milter/quirks/thread_stacks.c",
            "spf/spf2_adapter.c",
        },
    ),
    # What only some systems have, though their C libraries do not have to be asked.
    (re.compile(r"sys/(epoll|inotify|signalfd|timerfd)\.h"), set()),
    (re.compile(r"sys/syscall\.h|\bsyscall\("), {"app/process/capabilities.c", "app/process/sandbox_files.c"}),
    (re.compile(r"\blandlock_|\bLANDLOCK_|linux/(capability|landlock|prctl|sched)\.h"),
     {"app/process/capabilities.c", "app/process/sandbox_calls.c", "app/process/sandbox_files.c"}),
    (re.compile(r"\bseccomp_|\bSCMP_|\bscmp_|<seccomp\.h"), {"app/process/sandbox_calls.c"}),
    (re.compile(r"sys/eventfd\.h"), {"base/event_loop.c"}),
    (re.compile(r"sys/prctl\.h"), {"app/process/capabilities.c", "app/process/core_dumps.c", "app/process/sandbox_files.c"}),
    (
        re.compile(r'"/proc/'),
        {"app/process/sandbox_files.c", "base/process_metrics.c", "base/scratch_file.c", "base/socket_file.c", "front/milter/quirks/listening_socket.c"},
    ),
]
# The same as the object files show it: what an undefined symbol begins with. (jansson has doors in two rooms.)
CONFINED_CALLS = ("SPF_", "smfi_", "MHD_", "ub_", "psl_", "idn2_", "event_base_", "event_new", "seccomp_", "nettle_",
                  "sqlite3_", "redisC", "redisF", "redisA", "redisG")

# The C library's, of which a quirk has a definition of its own: whoever calls it means the C library's.
REPLACED = {"accept", "pthread_create", "sigwait"}

# Pure rooms: what they answer follows from what they are given. None of these is called there.
PURE = {"greylist", "mail", "policy", "srs"}
IMPURE = re.compile(
    r"(pthread_\w+|open|openat|fopen|read|write|recv|send|socket|connect|poll|select|usleep|nanosleep|sleep|time|clock_\w+"
    r"|gettimeofday|getrandom|random|rand|getenv|log_\w+|dns_lookup|dns_query)"
)

# Files that call each other in a circle. This list only ever gets shorter; what is not needed any more is an error too.
KNOWN_CIRCLES = []

# Names that begin like a library's: words of configurations that the converter reads.
OWN_NAMES = re.compile(r"SMF_\w+|SPF_Not_Pass|SPF_Enhanced_Status_Codes")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"


def room_of(name: str) -> str:
    return name.rpartition("/")[0]


def may_use(user: str, used: str) -> bool:
    """Whether file `user` may know of file `used`."""
    room, below = room_of(user), room_of(used)
    return room == below or below in MAY_USE[room] | MAY_USE_TOO.get(user, set())


def own_includes(text: str) -> list[str]:
    return [path for mark, path in INCLUDE.findall(text) if mark == '"']


def check_includes(name: str, text: str) -> list[str]:
    faults = []
    for path in own_includes(text):
        if room_of(path) not in MAY_USE:
            faults.append(f'{name}: #include "{path}" names no room')
        elif not may_use(name, path):
            faults.append(f'{name}: {room_of(name)} does not stand above {room_of(path)}, so it cannot include "{path}"')
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


def check_file(name: str, text: str) -> list[str]:
    if room_of(name) not in MAY_USE:
        return [f"{name}: is in no room"]
    faults = check_includes(name, text) + check_confined(name, text)
    lines = text.splitlines()
    if SPDX not in lines[0]:
        faults.append(f"{name}: does not begin with its SPDX line")
    if not lines[1].startswith("/* "):
        faults.append(f"{name}: does not say in its second line what it is for")
    return faults


def circles(edges: dict[str, set[str]]) -> list[set[str]]:
    """The largest sets of files each of which leads to each other one."""

    def reached_from(start: str) -> set[str]:
        seen, todo = set(), [start]
        while todo:
            new = edges.get(todo.pop(), set()) - seen
            seen |= new
            todo += new
        return seen

    reached = {name: reached_from(name) for name in edges}
    found = []
    for name in sorted(edges):
        circle = {other for other in reached[name] if name in reached.get(other, set())}
        if circle and circle not in found:
            found.append(circle)
    return found


def check_circles(kind: str, edges: dict[str, set[str]], known: list[set[str]]) -> list[str]:
    found = circles(edges)
    faults = [f"{kind} go in a circle: {', '.join(sorted(c))}" for c in found if not any(c <= k for k in known)]
    return faults + [
        f"{', '.join(sorted(k))}: the circle is gone or smaller, so the list of known circles gets shorter"
        for k in known
        if k not in found
    ]


def symbols_of(objects: list[str], nm: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Which file defines each function or datum, and what each file needs of others."""
    defined, needed = {}, {}
    listing = subprocess.run([nm, "-A", "-g", "-P", *objects], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        path, symbol, kind = line.split()[:3]
        parts = re.search(r"/src/(.*)/CMakeFiles/\w+\.dir/(.*\.c)\.o:$", path)
        name = posixpath.normpath(f"{parts[1]}/{parts[2]}")
        needed.setdefault(name, set())
        if kind in "Uw":
            needed[name].add(symbol)
        elif symbol not in REPLACED:
            defined[symbol] = name
    return defined, needed


def check_calls(defined: dict[str, str], needed: dict[str, set[str]], known: list[set[str]]) -> list[str]:
    faults = []
    edges = {name: {defined[s] for s in symbols if s in defined} - {name} for name, symbols in needed.items()}
    for name, symbols in sorted(needed.items()):
        places = [s for s in sorted(symbols) if s in defined and not may_use(name, defined[s])]
        faults += [f"{name}: calls {s} of {defined[s]}, which is not below it" for s in places]
        if room_of(name) in PURE:
            faults += [f"{name}: {s} has no place in a pure room" for s in sorted(symbols) if IMPURE.fullmatch(s)]
    for library in CONFINED_CALLS:
        doors = {room_of(n) for n, symbols in needed.items() if any(s.startswith(library) for s in symbols - set(defined))}
        if len(doors) > 1:
            faults.append(f"{library}* is called in several rooms: {', '.join(sorted(doors))}")
    return faults + check_circles("calls", edges, known)


def self_test() -> list[str]:
    """The check can fail: each kind of fault is found in a text that has it."""
    wrong = [
        check_includes("base/x.c", '#include "dns/dns.h"'),
        check_includes("spf/x.c", '#include "x.h"'),
        check_includes("policy/x.c", '#include "config/config.h"'),
        check_includes("tools/x.c", '#include "front/milter/callbacks.h"'),
        check_includes("app/daemon.c", '#include "tools/query.h"'),
        check_includes(f"{QUIRKS}/x.c", '#include "front/milter/callbacks.h"'),
        check_confined("spf/x.c", "SPF_server_new()"),
        check_confined("session/session.c", "smfi_getpriv(ctx)"),
        check_confined("dns/dns.c", "ub_resolve_event("),
        check_confined("dns/dns.c", "event_new("),
        check_confined("mail/x.c", "#include <nettle/hmac.h>"),
        check_confined("dns/dns.c", "#define _GNU_SOURCE"),
        check_confined("dns/dns.c", "#include <sys/epoll.h>"),
        check_confined("dns/dns.c", 'open("/proc/self/fd")'),
        check_circles("calls", {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}, []),
        check_circles("calls", {"a": {"b"}, "b": set()}, [{"a", "b"}]),
        check_calls({"f": "dns/a.c"}, {"base/b.c": {"f"}}, []),
        check_calls({}, {"mail/a.c": {"pthread_mutex_lock"}}, []),
        check_calls({}, {"mail/a.c": {"ub_x"}, "dns/b.c": {"ub_y"}}, []),
    ]
    right = [
        check_confined("app/x.c", "event_task_create(); event_watch_create(); SPF_TERM_SIZE"),
        check_includes("app/main.c", '#include "tools/query.h"\n#include "base/log.h"'),
        check_circles("calls", {"a": {"b", "c"}, "b": {"c"}, "c": set()}, []),
        check_circles("calls", {"a": {"b"}, "b": {"a"}}, [{"a", "b"}]),
        check_calls({"f": "base/a.c"}, {"mail/b.c": {"f", "strlen"}, "base/a.c": set()}, []),
    ]
    return [] if all(wrong) and not any(right) else ["the check itself does not find what it should"]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", nargs="?", default=".")
    parser.add_argument("--objects")
    parser.add_argument("--nm", default="nm")
    options = parser.parse_args()
    src = Path(options.source) / "src"
    paths = sorted(path for path in src.rglob("*") if path.suffix in (".c", ".h"))
    texts = {path.relative_to(src).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    faults = self_test() + [fault for name, text in texts.items() for fault in check_file(name, text)]
    faults += check_circles("includes", {name: set(own_includes(text)) for name, text in texts.items()}, [])
    if len(texts) < 20:
        faults.append(f"only {len(texts)} files below {src}: is this the source directory?")
    if options.objects:
        objects = Path(options.objects).read_text(encoding="utf-8").split()
        faults += check_calls(*symbols_of(objects, options.nm), KNOWN_CIRCLES)
    print("\n".join(faults) if faults else f"{len(texts)} files keep to their rooms")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
