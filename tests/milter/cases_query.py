# SPDX-License-Identifier: GPL-2.0-or-later
"""smf-spf query: exit status, result, reason and fields, out of a zone file and from a server."""

import json
import re

from dns_server import DnsServer
from filter import free_port
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


# What the trace and the check of a record say.

TRACE_ZONE = r"""
$TTL 300
$ORIGIN example.org.
@       TXT "v=spf1 ip4:192.0.2.0/28 include:inc.example.org a:%{i}.h.example.org mx -all exp=why.example.org"
@       MX 10 mx.example.org.
mx      A 192.0.2.1
        AAAA 2001:db8::1
why     TXT "not %{i}"
inc     TXT "v=spf1 ip4:198.51.100.200 ~all"
to      TXT "v=spf1 redirect=example.org"
wrong   TXT "v=spf1 mx ipv4:192.0.2.1 -all"
outer   TXT "v=spf1 include:wrong.example.org -all"
ptr     TXT "v=spf1 ptr -all"
void    TXT "v=spf1 a:n1.example.org a:n2.example.org a:n3.example.org -all"
octets  TXT "v=spf1 a:\255\200.example.org -all"
xn--bcher-kva TXT "v=spf1 -all"
"""

TRACES = {
    "fail": ("a@example.org", BAD_IP, 1, """\
DNS example.org TXT: 1 record (TTL 300 s, 0 ms)
record of example.org: v=spf1 ip4:192.0.2.0/28 include:inc.example.org a:%{i}.h.example.org mx -all exp=why.example.org
    ip4:192.0.2.0/28         no match
    include:inc.example.org  no match: the record below gives softfail (DNS lookup 1 of 10)
        DNS inc.example.org TXT: 1 record (TTL 300 s, 0 ms)
        record of inc.example.org: v=spf1 ip4:198.51.100.200 ~all
            ip4:198.51.100.200  no match
            ~all                match: softfail
    a:%{i}.h.example.org     no match (DNS lookup 2 of 10)
        name: 198.51.100.9.h.example.org
        DNS 198.51.100.9.h.example.org A: there is no such name (NXDOMAIN) (TTL 300 s, 0 ms, void lookup 1 of 2)
    mx                       no match (DNS lookup 3 of 10)
        DNS example.org MX: 10 mx.example.org (TTL 300 s, 0 ms, 1 of 10 mail exchangers)
        DNS mx.example.org A: 192.0.2.1 (TTL 300 s, 0 ms)
    -all                     match: fail
    exp=why.example.org      names an explanation
explanation:
    name: why.example.org
    DNS why.example.org TXT: "not %{i}" (TTL 300 s, 0 ms)
decided by: -all of the record of example.org
cost: 3 of 10 DNS lookups, 1 of 2 void lookups, 6 queries, 0 ms
"""),
    "syntax": ("a@outer.example.org", BAD_IP, 4, """\
DNS outer.example.org TXT: 1 record (TTL 300 s, 0 ms)
record of outer.example.org: v=spf1 include:wrong.example.org -all
    include:wrong.example.org  the evaluation ends here: permerror (DNS lookup 1 of 10)
        DNS wrong.example.org TXT: 1 record (TTL 300 s, 0 ms)
        v=spf1 mx ipv4:192.0.2.1 -all
                  ^ an unknown mechanism, at octet 11
                    did you mean: ip4:192.0.2.1
    -all                       not reached
ended at: include:wrong.example.org of the record of outer.example.org
cost: 1 of 10 DNS lookups, 0 of 2 void lookups, 2 queries, 0 ms
"""),
    "ptr": ("a@ptr.example.org", BAD_IP, 1, """\
DNS ptr.example.org TXT: 1 record (TTL 300 s, 0 ms)
record of ptr.example.org: v=spf1 ptr -all
    ptr   no match (DNS lookup 1 of 10)
        DNS 9.100.51.198.in-addr.arpa PTR: there is no such name (NXDOMAIN) (TTL 300 s, 0 ms, void lookup 1 of 2)
        the client has no validated name
    -all  match: fail
decided by: -all of the record of ptr.example.org
cost: 1 of 10 DNS lookups, 1 of 2 void lookups, 2 queries, 0 ms
"""),
    "no-domain": ("a@localhost", BAD_IP, 6, """\
no DNS queries: this domain cannot have a policy (RFC 7208 4.3)
cost: 0 of 10 DNS lookups, 0 of 2 void lookups, 0 queries, 0 ms
"""),
}


def trace_query(binary, filter_, *arguments):
    filter_.configure("AuthservID mx.example.net\n")
    with open(filter_.path("trace.zone"), "w", encoding="utf-8") as zone:
        zone.write(TRACE_ZONE)
    return run(binary, "query", "-c", filter_.config_path, "--zone", filter_.path("trace.zone"), *arguments)


def without_times(text):
    """The text with each time as 0 ms."""
    return re.sub(r"\b\d+ ms\b", "0 ms", text)


@rows([(name, *row) for name, row in TRACES.items()])
def query_trace(binary, sender, client, code, expected):
    with prepared(binary) as filter_:
        done = trace_query(binary, filter_, "--ip", client, "--helo", "h.example.org", "--sender", sender, "--trace")
        equal(done.returncode, code, "exit status")
        equal(without_times(done.stdout.partition("\n\n")[2]), expected, "trace")


@case
def query_trace_of_hostile_octets(binary):
    with prepared(binary) as filter_:
        done = trace_query(binary, filter_, "--ip", BAD_IP, "--helo", "h", "--sender", "a@octets.example.org", "--trace")
        equal(done.returncode, 4, "exit status")
        check(all(" " <= char <= "~" or char in "\n\t" for char in done.stdout), f"octets: {done.stdout!r}")


def walk(record):
    """Every record of a JSON trace, with its terms."""
    yield record
    for term in record["terms"]:
        if "record" in term:
            yield from walk(term["record"])


@rows([("text", []), ("json", ["--json"])])
def query_prints_nothing_that_steers_a_terminal(binary, options):
    """U+009B begins a control sequence, U+202E turns text around, in a record and in its explanation."""
    record = "v=spf1 \u009b2J -all"
    zone = ('$TTL 300\n$ORIGIN example.org.\n@ TXT "v=spf1 -all exp=why.example.org"\n'
            'why TXT "no \\194\\1552J \\226\\128\\174 mail\\127"\n')
    with prepared(binary, zone=zone) as filter_:
        for done in (query(binary, filter_, "a@example.org", BAD_IP, "--trace", "--zone", filter_.path("zone"), *options),
                     run(binary, "query", "--record", record, "--domain", "example.org", *options)):
            contains(done.stdout, "mail" if "why" in done.stdout else "2J", "output")
            equal([sign for sign in "\u009b\u202e\x7f\x1b" if sign in done.stdout + done.stderr], [], "signs")
            if options:
                json.loads(done.stdout)


@case
def query_json(binary):
    """The JSON says what the text says."""
    with prepared(binary) as filter_:
        asked = ("--ip", BAD_IP, "--helo", "h.example.org", "--sender", "a@to.example.org", "--json")
        plain = json.loads(trace_query(binary, filter_, *asked).stdout)
        equal((plain["result"], plain["mechanism"], plain["explanation"], plain["domain"], plain["client_ip"]),
              ("fail", "-all of example.org", f"not {BAD_IP}", "to.example.org", BAD_IP), "result")
        equal(authentication_results(plain["fields"]["Authentication-Results"])[1][0][1], "fail", "field")
        equal(received_spf(plain["fields"]["Received-SPF"])[0], "fail", "Received-SPF")
        check("trace" not in plain, "a trace that was not asked for")
        done = trace_query(binary, filter_, *asked, "--trace")
        trace = json.loads(done.stdout)["trace"]
        equal(done.returncode, 1, "exit status")
        equal(trace["decided_by"], [{"domain": "to.example.org", "term": "redirect=example.org"},
                                    {"domain": "example.org", "term": "-all"}], "decided by")
        equal((trace["dns_terms"], trace["void_lookups"], trace["asked"]), (4, 1, 7), "costs")
        records = list(walk(trace["record"]))
        equal([(record["domain"], record["result"]) for record in records],
              [("to.example.org", "fail"), ("example.org", "fail"), ("inc.example.org", "softfail")], "records")
        terms = records[1]["terms"]
        equal([term["state"] for term in terms], ["no match"] * 4 + ["match", "modifier"], "states")
        equal([question["type"] for question in terms[3]["questions"]], ["MX", "A"], "questions of mx")
        equal(terms[3]["questions"][1]["records"], ["192.0.2.1"], "answer")
        equal(terms[2]["name"], f"{BAD_IP}.h.example.org", "expanded name")


@case
def query_trace_tells_the_cache_apart(binary):
    """With the configured name servers, what is asked twice comes from the cache."""
    with prepared(binary) as filter_, DnsServer(TRACE_ZONE + "twice TXT \"v=spf1 a:mx.example.org a:mx.example.org "
                                                "-all\"\n") as server:
        filter_.configure(f"Nameserver {server.address}\nZoneFile none\n")
        asked = ("query", "-c", filter_.config_path, "--ip", BAD_IP, "--helo", "h", "--sender", "a@twice.example.org",
                 "--trace")
        done = run(binary, *asked)
        equal(done.returncode, 1, f"exit status: {done.stderr}")
        equal(done.stdout.count("(from the cache, TTL"), 1, "answers from the cache")
        terms = json.loads(run(binary, *asked, "--json").stdout)["trace"]["record"]["terms"]
        equal([question["source"] for term in terms for question in term["questions"]], ["asked", "cache"], "sources")


@rows([("octets", "a@octets.example.org", 4), ("syntax", "a@outer.example.org", 4), ("void", "a@void.example.org", 4),
       ("none", "a@none.example.org", 6), ("no-domain", "a@localhost", 6), ("utf8", "é@bücher.example.org", 1),
       ("quote", '"a\\"b"@example.org', 1), ("control", "a\x01\x7f@example.org", None), ("null", "", 6),
       ("not-utf8", "a\udcff@example.org", None)])
def query_json_is_valid(binary, sender, code):
    with prepared(binary) as filter_:
        done = trace_query(binary, filter_, "--ip", BAD_IP, "--helo", "h\t\udcff.org", "--sender", sender, "--json",
                           "--trace")
        if code is not None:
            equal(done.returncode, code, f"exit status: {done.stderr}")
        if done.returncode != 64:
            json.loads(done.stdout)


RECORDS = [
    ("fine", "v=spf1 mx -all", 0, ["record: fine"]),
    ("warnings", "v=spf1 ptr +all a", 0, ["record: fine", "warning: ptr: should not", "warning: +all: lets everybody",
                                          "warning: a: is never reached"]),
    ("syntax", "v=spf1 ip4:192.0.2.300 -all", 4, ["v=spf1 ip4:192.0.2.300 -all\n           ^ not an IPv4 address",
                                                 "expected: an IPv4 address or network"]),
    ("version", "spf1 -all", 4, ["did you mean: v=spf1 -all"]),
    ("empty", "", 4, ["v=spf1"]),
    ("include", "v=spf1 include:outer.example.org -all", 4, ["record of wrong.example.org: an unknown mechanism"]),
    ("none", "v=spf1 include:none.example.org -all", 4, ["none.example.org has no SPF record"]),
    ("limit", "v=spf1 " + "exists:%{i}.example.org " * 11 + "-all", 4, ["11 DNS-querying terms", "11 of 10 DNS lookups"]),
    ("void", "v=spf1 a:n1.example.org a:n2.example.org a:n3.example.org -all", 4, ["3 terms are void lookups"]),
    ("octets", "v=spf1 \udcff -all", 4, ["US-ASCII"]),
    ("long", "v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(40)) + " -all", 0, ["strings", "above 512"]),
]


@rows(RECORDS)
def query_record(binary, record, code, parts):
    with prepared(binary) as filter_:
        asked = ("--record", record, "--domain", "new.example.org")
        done = trace_query(binary, filter_, *asked)
        equal(done.returncode, code, f"exit status: {done.stdout} {done.stderr}")
        for part in parts:
            contains(done.stdout, part, "output")
        done = trace_query(binary, filter_, *asked, "--json")
        equal(done.returncode, code, "exit status with --json")
        status = json.loads(done.stdout)["check"]["status"]
        equal(status, "fine" if code == 0 else "permerror", "status")


@case
def query_record_with_a_client(binary):
    """The record is tried in place of the one that is published."""
    with prepared(binary) as filter_:
        for client, result, decided in (("192.0.2.77", "pass", "ip4:192.0.2.64/26"), ("192.0.2.1", "fail", "-all")):
            asked = ("--record", "v=spf1 ip4:192.0.2.64/26 -all", "--domain", "example.org.", "--ip", client)
            done = trace_query(binary, filter_, *asked, "--trace")
            equal(done.returncode, 0, f"exit status is the record's: {done.stdout} {done.stderr}")
            contains(done.stdout, f"result: {result}\nreason: {decided}\n", "output")
            contains(done.stdout, "note: example.org publishes this now", "output")
            contains(done.stdout, f"decided by: {decided} of the record of example.org", "trace")
            answer = json.loads(trace_query(binary, filter_, *asked, "--json").stdout)
            equal((answer["result"], answer["check"]["status"], answer["sender"]),
                  (result, "fine", "postmaster@example.org"), "JSON")


@case
def query_names_the_server_that_fails(binary):
    """Which one, and why: in text and JSON, of a result and of a record."""
    with prepared(binary) as filter_, DnsServer(ZONE) as server:
        filter_.configure(f"DNSTimeout 2s\nNameserver 127.0.0.1:{free_port()} {server.address}\n")
        server.silent = True
        asked = ("query", "-c", filter_.config_path, "--ip", "192.0.2.1", "--sender", "a@example.org")
        done = run(binary, *asked)
        equal(done.returncode, 5, f"exit status: {done.stdout}")
        contains(done.stdout, ": connection refused\n", "output")
        contains(done.stdout, f"name server {server.address}: no reply within 2000 ms\n", "output")
        states = [entry["state"] for entry in json.loads(run(binary, *asked, "--json").stdout)["name_servers"]]
        equal(states, ["connection refused", "no reply within 2000 ms"], "states")
        done = run(binary, "query", "-c", filter_.config_path, "--record", "v=spf1 a:x.example.org -all", "--domain",
                   "example.org")
        contains(done.stdout, f"name server {server.address}: no reply", "output")


@rows([("space", "exists", '"a b"@odd.example.org', "a b.odd.example.org"),
       ("octets", "a", "\u00fc@odd.example.org", "c.odd.example.org"),
       ("long", "exists", "x" * 60 + "@odd.example.org", "x" * 60 + ".odd.example.org")])
def query_diagnoses_the_lookup_that_failed(binary, mechanism, sender, name):
    """The name servers are asked once more for what failed, however its name is written, not for another name."""
    target = "%{l}.odd.example.org" if mechanism == "exists" else "c.odd.example.org"
    zone = f'$ORIGIN odd.example.org.\n@ 60 TXT "v=spf1 {mechanism}:{target} -all"\n'
    with prepared(binary) as filter_, DnsServer(zone) as server:
        server.fault(name.replace(" ", "\\032"), "servfail", type="A")
        filter_.configure("DNSTimeout 2s\n")
        done = run(binary, "query", "-c", filter_.config_path, "--ip", "192.0.2.1", "--sender", sender,
                   "--nameserver", server.address)
        equal(done.returncode, 5, f"exit status: {done.stdout}")
        contains(done.stdout, f"name server {server.address}: SERVFAIL\n", "output")


@case
def query_record_without_dns(binary):
    """What cannot be asked makes the check incomplete: temperror."""
    with prepared(binary) as filter_, DnsServer(ZONE) as server:
        server.silent = True
        filter_.configure("DNSTimeout 1s\n")
        done = run(binary, "query", "-c", filter_.config_path, "--record", "v=spf1 a:x.example.org -all", "--domain",
                   "example.org", "--nameserver", server.address)
        equal(done.returncode, 5, f"exit status: {done.stdout}")
        contains(done.stdout, "unknown: a:x.example.org: DNS timeout", "output")


@rows([("record-alone", ["--record", "v=spf1 -all"]), ("domain-alone", ["--domain", "example.org"]),
       ("bad-domain", ["--record", "v=spf1 -all", "--domain", "org"]),
       ("trace-alone", ["--record", "v=spf1 -all", "--domain", "example.org", "--trace"]),
       ("helo-alone", ["--record", "v=spf1 -all", "--domain", "example.org", "--helo", "h.example.org"])])
def query_record_mistakes(binary, arguments):
    with prepared(binary) as filter_:
        done = trace_query(binary, filter_, *arguments)
        equal(done.returncode, 64, "exit status")
        contains(done.stderr, "smf-spf query --help tells more", "usage")
