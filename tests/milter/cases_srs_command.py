# SPDX-License-Identifier: GPL-2.0-or-later
"""smf-spf srs: addresses forward and back, with their reasons, and secrets."""

import os
import re
import stat

from process_common import EX_CONFIG, EX_USAGE, prepared, run
from wire_common import BAD_IP, GOOD_IP, Skip, case, check, contains, equal, lacks, rows

EX_NOINPUT, EX_CANTCREAT = 66, 73
STAYS, OTHER, FORGED = 1, 2, 3
SECRET = re.compile(r"[A-Za-z0-9_-]{43}\n")


def configure(filter_, lines="", secrets="tops3cr3t\n"):
    path = filter_.write("secrets", secrets)
    os.chmod(path, 0o640)
    filter_.configure(f"SRSDomain fwd.example\nSRSSecretFile {path}\nZoneFile {filter_.path('zone')}\n{lines}")


def srs(binary, filter_, *arguments):
    return run(binary, "srs", *arguments, "-c", filter_.config_path)


# name, lines of the configuration, sender, exit status, a pattern of what is printed, a part of the explanation
FORWARD = [
    ("plain", "", "alice@example.com", 0, r"SRS0=[\w-]{4}=[A-Z2-7]{2}=example\.com=alice@fwd\.example", "first time"),
    ("brackets", "", "<alice@example.com>", 0, r"SRS0=.*=example\.com=alice@fwd\.example", "first time"),
    ("quoted", "", '"a b"@example.com', 0, r'"SRS0=.*=example\.com=a b"@fwd\.example', "first time"),
    ("again", "", "SRS0=abcd=XY=orig.example=bob@hop1.example", 0,
     r"SRS1=[\w-]{4}=hop1\.example==abcd=XY=orig\.example=bob@fwd\.example", "another host has rewritten it before"),
    ("separator", "SRSSeparator +\nSRSHashLength 8", "alice@example.com", 0, r"SRS0\+[\w-]{8}=.*@fwd\.example", ""),
    ("null", "", "", STAYS, "<>", "the null sender of bounces"),
    ("null-brackets", "", "<>", STAYS, "<>", "the null sender of bounces"),
    ("own", "", "alice@FWD.example", STAYS, r"alice@FWD\.example", "its domain is SRSDomain"),
    ("excluded", "SRSExclude .example.com", "alice@sub.example.com", STAYS, r"alice@sub\.example\.com", "SRSExclude"),
    ("no-domain", "", "alice", STAYS, "alice", "without a domain"),
    ("passes", f"SRSOutgoing {GOOD_IP}", "alice@example.org", STAYS, r"alice@example\.org", f"from {GOOD_IP} it is pass"),
    ("fails", f"SRSOutgoing {GOOD_IP}\nSRSOutgoing {BAD_IP}", "alice@example.org", 0, "SRS0=.*",
     f"from {BAD_IP} it is fail"),
    ("no-record", f"SRSOutgoing {GOOD_IP}", "alice@none.example.org", 0, "SRS0=.*", f"from {GOOD_IP} it is none"),
    ("temperror", f"SRSOutgoing {GOOD_IP}", "alice@servfail.example.org", 0, "SRS0=.*", "it is temperror"),
    ("always", f"SRSOutgoing {GOOD_IP}\nSRSAlways on", "alice@example.org", 0, "SRS0=.*", "SRSAlways is on"),
]


@rows(FORWARD)
def srs_forward(binary, lines, sender, status, printed, why):
    with prepared(binary) as filter_:
        configure(filter_, lines)
        done = srs(binary, filter_, "forward", sender)
        equal((done.returncode, done.stderr), (status, ""), "status and message")
        check(re.fullmatch(printed + "\n", done.stdout), f"printed {done.stdout!r}")
        explained = srs(binary, filter_, "forward", "--explain", sender)
        equal((explained.returncode, explained.stderr), (status, ""), "status and message with --explain")
        equal(explained.stdout.split("\n")[0] + "\n", done.stdout, "first line with --explain")
        contains(explained.stdout, why, "explanation")
        check(all(line.startswith("  ") for line in explained.stdout.split("\n")[1:-1]), explained.stdout)


def forwarded(binary, filter_, sender="alice@example.com"):
    done = srs(binary, filter_, "forward", sender)
    equal(done.returncode, 0, "exit status of forward")
    return done.stdout.strip()


def changed(address, begin, end, text):
    return address[:begin] + text + address[end:]


# name, what is made of the address that was written, exit status, what is printed, a part of the explanation
REVERSE = [
    ("whole", lambda address: address, 0, "alice@example.com\n", "right with secret 1 of 1"),
    ("lower-case", str.lower, 0, "alice@example.com\n", "right with secret 1 of 1"),
    ("forged", lambda address: changed(address, 5, 9, "AAAA"), FORGED, "", "right with none of 1 secret"),
    ("short", lambda address: changed(address, 5, 9, "AAA"), FORGED, "", "SRSHashMinimum is 4"),
    ("incomplete", lambda address: "SRS0=abcd@fwd.example", FORGED, "", "it is not whole"),
    ("ordinary", lambda address: "alice@fwd.example", OTHER, "", "no SRS address"),
    ("foreign", lambda address: address.replace("@fwd.", "@other."), OTHER, "", "not ours"),
]


@rows(REVERSE)
def srs_reverse(binary, change, status, printed, why):
    with prepared(binary) as filter_:
        configure(filter_)
        address = change(forwarded(binary, filter_))
        done = srs(binary, filter_, "reverse", address)
        equal((done.returncode, done.stdout, done.stderr), (status, printed, ""), "status, output and message")
        explained = srs(binary, filter_, "reverse", address, "--explain")
        equal((explained.returncode, explained.stderr), (status, ""), "status and message with --explain")
        check(explained.stdout.startswith(printed + "  its domain is "), explained.stdout)
        contains(explained.stdout, why, "explanation")


@case
def srs_reverse_by_an_older_secret(binary):
    with prepared(binary) as filter_:
        configure(filter_)
        address = forwarded(binary, filter_)
        configure(filter_, secrets="newsecret\ntops3cr3t\n")
        done = srs(binary, filter_, "reverse", address, "--explain")
        equal(done.returncode, 0, "exit status")
        contains(done.stdout, "right with secret 2 of 2", "explanation")
        contains(done.stdout, "0 days ago", "explanation")


@case
def srs_two_hops_and_back(binary):
    with prepared(binary) as filter_:
        configure(filter_)
        first = forwarded(binary, filter_).replace("@fwd.example", "@hop1.example")
        done = srs(binary, filter_, "reverse", forwarded(binary, filter_, first))
        equal((done.returncode, done.stdout), (0, first + "\n"), "status and output")


@rows([
    ("no-address", ["forward", "a@b@c"], EX_USAGE, "ADDRESS is an address"),
    ("no-recipient", ["reverse", ""], EX_USAGE, "ADDRESS is an address"),
    ("control", ["forward", "a\x1b@example.org"], EX_USAGE, "ADDRESS is an address"),
    ("name", ["forward", "Alice <alice@example.org>"], EX_USAGE, "ADDRESS is an address"),
    ("blank", ["forward", "a b@example.org"], EX_USAGE, "ADDRESS is an address"),
    ("two", ["reverse", "a@fwd.example b@fwd.example"], EX_USAGE, "ADDRESS is an address"),
    ("route", ["forward", "@relay.example:alice@example.org"], EX_USAGE, "ADDRESS is an address"),
    ("dot", ["forward", "alice@example.org."], EX_USAGE, "ADDRESS is an address"),
])
def srs_addresses_that_are_none(binary, arguments, status, words):
    with prepared(binary) as filter_:
        configure(filter_)
        done = srs(binary, filter_, *arguments)
        equal((done.returncode, done.stdout, done.stderr.count("\n")), (status, "", 1), "status, output and lines")
        contains(done.stderr, words, "message")


@case
def srs_needs_its_configuration(binary):
    with prepared(binary) as filter_:
        filter_.configure("TTL 1h\n")
        done = srs(binary, filter_, "forward", "alice@example.com")
        equal((done.returncode, done.stdout), (EX_CONFIG, ""), "status and output")
        contains(done.stderr, "SRSDomain is not set", "message")
        filter_.configure("SRSDomain\n")
        done = srs(binary, filter_, "forward", "alice@example.com")
        equal((done.returncode, done.stdout), (EX_CONFIG, ""), "status and output")
        contains(done.stderr, "SRSDomain", "message")
        done = run(binary, "srs", "reverse", "a@example.org", "-c", "/nonexistent/conf")
        equal((done.returncode, done.stdout), (EX_CONFIG, ""), "status and output without a file")


@case
def srs_alone_is_its_help(binary):
    done = run(binary, "srs")
    equal((done.returncode, done.stdout), (0, run(binary, "srs", "--help").stdout), "status and output")
    contains(done.stdout, "srs forward", "help")


# Secrets

@case
def srs_secrets_differ(binary):
    printed = {run(binary, "srs", "secret").stdout for _ in range(20)}
    equal(len(printed), 20, "different secrets")
    check(all(SECRET.fullmatch(secret) for secret in printed), f"{printed}")


@case
def srs_secret_file_is_made_used_and_rotated(binary):
    with prepared(binary) as filter_:
        configure(filter_)
        path = filter_.path("new-secrets")
        filter_.configure(f"SRSDomain fwd.example\nSRSSecretFile {path}\nUser nobody\n")
        done = srs(binary, filter_, "forward", "alice@example.com")
        equal((done.returncode, done.stdout), (EX_CONFIG, ""), "status and output without the file")
        contains(done.stderr, "SRSSecretFile", "message without the file")
        done = srs(binary, filter_, "secret", path)
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "making it")
        mode = os.stat(path).st_mode
        equal(stat.S_IMODE(mode), 0o640, "mode")
        with open(path, encoding="ascii") as file:
            first = file.read()
        check(SECRET.fullmatch(first), first)
        address = forwarded(binary, filter_)

        done = srs(binary, filter_, "secret", path)
        equal((done.returncode, done.stdout), (EX_CANTCREAT, ""), "making it again")
        contains(done.stderr, "--add", "message")
        with open(path, encoding="ascii") as file:
            equal(file.read(), first, "the file after that")

        done = srs(binary, filter_, "secret", "--add", path)
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "adding one")
        with open(path, encoding="ascii") as file:
            both = file.read()
        check(both.endswith(first) and SECRET.fullmatch(both[:-len(first)]), both)
        equal(os.stat(path).st_mode, mode, "mode")
        equal(srs(binary, filter_, "reverse", address).stdout, "alice@example.com\n", "what the old one has signed")
        check(forwarded(binary, filter_) != address, "the old one signs")


@case
def srs_secret_file_belongs_to_the_filters_group(binary):
    if os.geteuid() != 0:
        raise Skip("root alone can give a file another group")
    with prepared(binary) as filter_:
        filter_.configure("User nobody\n")
        path = filter_.path("new-secrets")
        equal(srs(binary, filter_, "secret", path).returncode, 0, "exit status")
        found = os.stat(path)
        check(found.st_uid == 0 and found.st_gid != 0, f"owner {found.st_uid}, group {found.st_gid}")


@case
def srs_secret_that_cannot_be(binary):
    with prepared(binary) as filter_:
        done = srs(binary, filter_, "secret", "/nonexistent/secret")
        equal((done.returncode, done.stdout), (EX_CANTCREAT, ""), "status and output")
        contains(done.stderr, "/nonexistent/secret: ", "message")
        done = srs(binary, filter_, "secret", "--add", filter_.path("none"))
        equal((done.returncode, done.stdout), (EX_NOINPUT, ""), "status and output")
        lacks(os.listdir(filter_.path(".")), "none", "files")
