# SPDX-License-Identifier: GPL-2.0-or-later
"""smf-spf query: exit status, result, reason and fields, out of a zone file and from a server."""

from dns_server import DnsServer
from process_common import prepared, run
from wire_common import (BAD_IP, BAD_IP6, GOOD_IP, GOOD_IP6, ZONE, Skip, authentication_results, case, check,
                         contains, equal, have_ipv6, received_spf, rows)

RESULTS = [
    ("pass", "a@example.org", GOOD_IP, 0), ("pass6", "a@example.org", GOOD_IP6, 0),
    ("fail", "a@example.org", BAD_IP, 1),
    ("softfail", "a@soft.example.org", BAD_IP, 2), ("neutral", "a@neutral.example.org", BAD_IP, 3),
    ("permerror", "a@broken.example.org", BAD_IP, 4), ("temperror", "a@servfail.example.org", BAD_IP6, 5),
    ("none", "a@none.example.org", BAD_IP, 6), ("null", "", GOOD_IP, 0),
    ("mapped", "a@example.org", "::ffff:192.0.2.1", 0),
    ("brackets", "<a@example.org>", GOOD_IP, 0), ("no-address", "<>", GOOD_IP, 0),
]
WORDS = ["pass", "fail", "softfail", "neutral", "permerror", "temperror", "none"]


def query(binary, filter_, sender, client, *more, helo="mx.example.org"):
    filter_.configure("TTL 1h\nDNSTimeout 3s\nAuthservID mx.example.net\n")
    return run(binary, "query", "--ip", client, "--helo", helo, "--sender", sender, "-c", filter_.config_path, *more)


def fields_of(text):
    """name -> value of the header fields in the output, unfolded."""
    fields = {}
    lines = text.replace("\r", "").replace("\n\t", " ").replace("\n ", " ").split("\n")
    for line in lines:
        name, colon, value = line.strip().partition(": ")
        if colon and name in ("Authentication-Results", "Received-SPF"):
            fields[name] = value
    return fields


def looks_right(done, code):
    equal(done.returncode, code, f"exit status ({done.stdout!r} {done.stderr!r})")
    contains(done.stdout, WORDS[code], "output")
    fields = fields_of(done.stdout)
    equal(authentication_results(fields["Authentication-Results"])[1][0][1], WORDS[code], "Authentication-Results")
    equal(received_spf(fields["Received-SPF"])[0], WORDS[code], "Received-SPF")


@rows(RESULTS)
def query_zone(binary, sender, client, code):
    with prepared(binary) as filter_:
        looks_right(query(binary, filter_, sender, client, "--zone", filter_.path("zone")), code)


@rows([row for row in RESULTS if row[0] != "null"])
def query_server(binary, sender, client, code):
    with prepared(binary) as filter_, DnsServer(ZONE) as server:
        looks_right(query(binary, filter_, sender, client, "--nameserver", server.address), code)
        check(server.count() > 0, "the server was not asked")


@case
def query_server_on_ipv6(binary):
    if not have_ipv6():
        raise Skip("no IPv6 loopback here")
    with prepared(binary) as filter_, DnsServer(ZONE, host="::1") as server:
        looks_right(query(binary, filter_, "a@example.org", GOOD_IP, "--nameserver", server.address), 0)


@case
def query_timeout(binary):
    with prepared(binary) as filter_, DnsServer(ZONE) as server:
        server.silent = True
        looks_right(query(binary, filter_, "a@example.org", GOOD_IP, "--nameserver", server.address), 5)


@case
def query_identity(binary):
    with prepared(binary) as filter_:
        zone = ["--zone", filter_.path("zone")]
        for identity, code in (("mailfrom", 1), ("helo", 0)):
            done = query(binary, filter_, "a@nofrom.example.org", GOOD_IP, "--identity", identity, *zone)
            equal(done.returncode, code, f"{identity}: {done.stdout}")
        fields = fields_of(query(binary, filter_, "a@nofrom.example.org", GOOD_IP, "--identity", "helo", *zone).stdout)
        equal(authentication_results(fields["Authentication-Results"])[1],
              [("spf", "pass", {"smtp.helo": "mx.example.org"})], "field of the HELO identity")


@case
def query_explains(binary):
    with prepared(binary) as filter_:
        done = query(binary, filter_, "a@why.example.org", BAD_IP, "--zone", filter_.path("zone"))
        equal(done.returncode, 1, "exit status")
        contains(done.stdout, "198.51.100.9 may not send as 100% why.example.org", "explanation")


@case
def query_uses_the_zone_of_the_configuration(binary):
    with prepared(binary) as filter_:
        done = run(binary, "query", "--ip", GOOD_IP, "--helo", "mx.example.org", "--sender", "a@example.org", "-c",
                   filter_.config_path)
        equal(done.returncode, 0, f"exit status: {done.stderr}")


@case
def query_without_a_configuration_file(binary):
    """The question needs no installation: a zone is enough."""
    with prepared(binary) as filter_:
        done = run(binary, "query", "--ip", GOOD_IP, "--helo", "mx.example.org", "--sender", "a@example.org", "--zone",
                   filter_.path("zone"))
        equal(done.returncode, 0, f"exit status: {done.stderr}")


@rows([("8-bit", "a\udcff@example.org"), ("control", "a\x01b@example.org"), ("newline", "a\nX-Evil: 1@example.org"),
       ("long", "x" * 5000 + "@example.org")])
def query_of_hostile_values(binary, sender):
    with prepared(binary) as filter_:
        done = query(binary, filter_, sender, GOOD_IP, "--zone", filter_.path("zone"), helo="x\nX-Evil: 2")
        check(0 <= done.returncode <= 6 or done.returncode == 64, f"exit status {done.returncode}")
        injected = any(line.startswith("X-Evil") for line in done.stdout.splitlines())
        check(not injected, f"injected line: {done.stdout!r}")
