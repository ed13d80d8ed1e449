# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache of results, and name servers that are slow, dead, wrong, or say a lot."""

import contextlib
import signal
import socket
import time

import milter_wire as wire
from dns_server import DnsServer
from milter_client import MilterClient
from process_common import run
from wire_common import (BAD_IP, BAD_IP6, GOOD_IP, Filter, Mta, Skip, case, check, classic, contains, delivered,
                         equal, have_ipv6, lacks, one, received_spf, refused, rows, spf_result, wait_until)

FAIL = "550 5.7.23"
BACK_S = 30  # until what was silent is as before
RECORDS = """
$TTL 300
$ORIGIN dns.example.
@     TXT "v=spf1 ip4:192.0.2.1 -all"
inc   TXT "v=spf1 include:dns.example mx -all"
inc   MX 10 mail
mail  A 192.0.2.50
short 1 TXT "v=spf1 ip4:192.0.2.1 -all"
alias CNAME dns.example.
two   TXT "v=spf1 -all"
two   TXT "v=spf1 +all"
voids TXT "v=spf1 a:v1.dns.example a:v2.dns.example a:v3.dns.example -all"
l     TXT "v=spf1 exists:%{l}.users.dns.example -all"
alice.users A 127.0.0.2
h     TXT "v=spf1 exists:%{h}.hosts.dns.example -all"
good.example.hosts A 127.0.0.2
"""


def asking(server, binary, config=None):
    """A filter that asks this server (or these)."""
    servers = server if isinstance(server, list) else [server]
    addresses = [entry if isinstance(entry, str) else entry.address for entry in servers]
    return Filter(binary, {"Nameserver": addresses, "TagSubject": "off", "RefuseFail": "off", **(config or {})})


def result_of(filter_, sender, **client):
    return spf_result(delivered(one(filter_, sender, **client)))[0]


SILENCE = """
$TTL 300
$ORIGIN quiet.example.
@      TXT "v=spf1 a:h1.quiet.example include:dead.quiet.example -all"
h1     A 192.0.2.77
ptr    TXT "v=spf1 a mx ptr -all"
ptr    A 192.0.2.77
ptr    MX 10 h1
then   TXT "v=spf1 ptr include:good.quiet.example -all"
good   TXT "v=spf1 ip4:198.51.100.9 -all"
"""
SILENT = [
    ("include", "quiet.example", "temperror",
     "DNS timeout for dead.quiet.example TXT, at include:dead.quiet.example of quiet.example"),
    ("reverse-zone", "ptr.quiet.example", "fail", "-all"),
    ("reverse-zone-first", "then.quiet.example", "pass", "include:good.quiet.example"),
]


@rows([(f"{name}-{lookahead}", domain, result, reason, lookahead)
       for name, domain, result, reason in SILENT for lookahead in ("on", "off")])
def reason_is_the_silent_name(binary, domain, result, reason, lookahead):
    """Field, log and query name the name that nobody answered for; a reverse zone that is silent is no match (RFC 7208
    5.5), and what is known is used."""
    with DnsServer(SILENCE) as server:
        server.fault("dead.quiet.example", "drop")
        server.fault("9.100.51.198.in-addr.arpa", "drop")
        with asking(server, binary, {"DNSLookahead": lookahead, "DNSTimeout": "4s", "AddReceivedHeader": "on"}) as filter_:
            found = received_spf(delivered(one(filter_, f"<a@{domain}>", ip="198.51.100.9")).value("Received-SPF"))
            equal(found[0], result, "result")
            equal(found[2].get("problem") or found[2].get("mechanism"), reason, "problem or mechanism")
            filter_.wait_log(f"reason={reason}")
            done = run(binary, "query", "-c", filter_.config_path, "--ip", "198.51.100.9", "--helo", "h.example",
                       "--sender", f"a@{domain}")
            contains(done.stdout, f"result: {result}\nreason: {reason}\n", "query")


@case
def second_identical_message_comes_from_the_cache(binary):
    with DnsServer(RECORDS) as server, asking(server, binary, {"RefuseFail": "on"}) as filter_:
        first = refused(one(filter_, "<a@dns.example>", ip=BAD_IP), FAIL)
        filter_.wait_log("SPF fail: ")
        asked = server.count()
        equal(refused(one(filter_, "<a@dns.example>", ip=BAD_IP), FAIL), first, "second reply")
        contains(filter_.wait_log("SPF fail (cached): "), f"ip={BAD_IP}", "log line")
        equal(server.count(), asked, "questions")
        refused(one(filter_, "<b@DNS.example>", ip=BAD_IP), FAIL, "b@DNS.example")
        equal(server.count(), asked, "questions, another local part of the same domain")
        refused(one(filter_, "<a@dns.example>", ip="198.51.100.10"), FAIL, "198.51.100.10")


@case
def ttl_zero_keeps_nothing(binary):
    with DnsServer(RECORDS) as server, asking(server, binary, {"TTL": "0", "DNSCacheSize": "0"}) as filter_:
        for expected in (1, 2, 3):
            equal(result_of(filter_, "<a@dns.example>"), "pass", "result")
            check(server.count("dns.example", "TXT") >= expected, f"questions after {expected} messages")
        check("(cached)" not in filter_.log(), "cached with TTL 0")


@rows([("of-the-record", {}, "short.dns.example"), ("of-the-key", {"TTL": "1s", "DNSCacheSize": "0"}, "dns.example")])
def ttl_runs_out(binary, config, domain):
    with DnsServer(RECORDS) as server, asking(server, binary, config) as filter_:
        equal(result_of(filter_, f"<a@{domain}>"), "pass", "result")
        server.remove(domain)
        server.add(domain, "TXT", "v=spf1 -all")
        deadline = time.monotonic() + 20
        while result_of(filter_, f"<a@{domain}>") == "pass":
            check(time.monotonic() < deadline, "the old result is still given after 20 s")
            time.sleep(0.2)


@case
def a_long_ttl_of_the_record_is_kept(binary):
    with DnsServer(RECORDS) as server, asking(server, binary, {"TTL": "1h"}) as filter_:
        equal(result_of(filter_, "<a@dns.example>"), "pass", "result")
        server.remove("dns.example")
        server.add("dns.example", "TXT", "v=spf1 -all")
        equal(result_of(filter_, "<a@dns.example>"), "pass", "result out of the cache")


@rows([
    ("local-part", ["<alice@l.dns.example>", "<mallory@l.dns.example>"], ["good.example"] * 2),
    ("helo", ["<a@h.dns.example>"] * 2, ["good.example", "bad.example"]),
])
def macros_make_keys_different(binary, senders, helos):
    """Whoever comes first: each sender or HELO name gets its own answer, again and again."""
    wanted = ["pass", "fail"]
    for order in ((0, 1, 0, 1), (1, 0, 1, 0)):
        with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
            for which in order:
                equal(result_of(filter_, senders[which], helo=helos[which], ip=BAD_IP), wanted[which],
                      f"{senders[which]} {helos[which]}")
            asked = server.count()
            for which in order:
                equal(result_of(filter_, senders[which], helo=helos[which], ip=BAD_IP), wanted[which], "again")
            equal(server.count(), asked, "questions when all is cached")


@case
def small_cache(binary):
    with classic(binary, {"CacheSize": "1K"}) as filter_:
        with Mta(filter_.address) as mta:
            for number in range(300):
                equal(spf_result(delivered(mta.send(f"<a@d{number}.example>")))[0], "none", "result")
            equal(spf_result(delivered(mta.send()))[0], "pass", "result")
            mta.quit()


@case
def silent_server_is_a_temperror_and_comes_back(binary):
    with DnsServer(RECORDS) as server, asking(server, binary, {"DNSTimeout": "2s"}) as filter_:
        server.silent = True
        begun = time.monotonic()
        equal(result_of(filter_, "<a@dns.example>"), "temperror", "result of a silent server")
        took_s = time.monotonic() - begun
        check(took_s < 25, f"{took_s:.1f} s with DNSTimeout 2s")
        check(server.count() > 0, "nobody asked the server")
        server.silent = False
        wait_until(lambda: result_of(filter_, "<a@dns.example>") == "pass", BACK_S, "the server is back")
    config = {"DNSTimeout": "2s", "AcceptTempError": "off"}
    with DnsServer(RECORDS) as server, asking(server, binary, config) as filter_:
        server.silent = True
        refused(one(filter_, "<a@dns.example>"), "451 4.7.24")
        server.silent = False
        wait_until(lambda: result_of(filter_, "<a@dns.example>") == "pass", BACK_S, "the server is back")


@case
def no_server_at_all(binary):
    with DnsServer() as server:
        address = server.address
    with asking(address, binary, {"DNSTimeout": "2s"}) as filter_:
        equal(result_of(filter_, "<a@dns.example>"), "temperror", "nobody listens")


@case
def one_of_two_servers_is_dead(binary):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole, DnsServer(RECORDS) as server:
        hole.bind(("127.0.0.1", 0))
        silent = f"127.0.0.1:{hole.getsockname()[1]}"
        with DnsServer() as gone:
            closed = gone.address
        for dead in (silent, closed):
            for order in ([dead, server], [server, dead]):
                with asking(order, binary, {"TTL": "0"}) as filter_:
                    for _ in range(2):
                        equal(result_of(filter_, "<a@inc.dns.example>"), "pass", f"servers {order}")


@case
def server_on_ipv6(binary):
    if not have_ipv6():
        raise Skip("no IPv6 loopback here")
    with DnsServer(RECORDS, host="::1") as server, asking(server, binary) as filter_:
        equal(result_of(filter_, "<a@dns.example>"), "pass", "result")
        check(server.count("dns.example", "TXT") > 0, "the server was not asked")


@rows([("3000", 3000), ("20000", 20000), ("60000", 60000)])
def large_txt(binary, size):
    """Too large for UDP: TC, then TCP. The record is first, last, or among others."""
    with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
        terms, number = "v=spf1", 0
        while len(terms) < size - 40:
            terms += f" ip4:10.{number // 256 % 256}.{number % 256}.0/24"
            number += 1
        server.add("big.example", "TXT", terms + " ip4:192.0.2.1 -all")
        server.add("among.example", "TXT", "x" * size)
        server.add("among.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
        for domain in ("big.example", "among.example"):
            equal(result_of(filter_, f"<a@{domain}>"), "pass", domain)
            equal(result_of(filter_, f"<a@{domain}>", ip=BAD_IP), "fail", domain)
            check(server.count(domain, "TXT", "tcp") > 0, f"{domain} was not asked over TCP")


SAID_OF_A_SERVER = {"servfail": "SERVFAIL", "refused": "REFUSED", "notimp": "NOTIMP", "drop": "no reply"}


@rows([
    ("servfail", "servfail", "temperror"), ("refused", "refused", "temperror"), ("notimp", "notimp", "temperror"),
    ("drop", "drop", "temperror"), ("nxdomain", "nxdomain", "none"), ("wrongid", "wrongid", "temperror"),
    ("wrongquestion", "wrongquestion", "temperror"), ("garbage", "garbage", "temperror"),
    ("truncate", "truncate", "pass"),
    ("tcpclose", "tcpclose", "temperror"), ("tcprefuse", "tcprefuse", "temperror"), ("formerr", "formerr", "temperror"),
])
def faulty_server(binary, kind, result):
    """The deadline holds, the result is as it must be, and the filter is well afterwards."""
    config = {"DNSTimeout": "2s", "DNSCacheSize": "0"}  # a failure would be remembered for a while
    with DnsServer(RECORDS) as server, asking(server, binary, config) as filter_:
        server.fault("dns.example", kind)
        begun = time.monotonic()
        equal(result_of(filter_, "<a@dns.example>"), result, kind)
        check(time.monotonic() - begun < 25, f"{time.monotonic() - begun:.1f} s with DNSTimeout 2s")
        if kind in SAID_OF_A_SERVER:
            filter_.wait_log("DNS: dns.example TXT: ")
            contains(filter_.log(), f"{server.address}: {SAID_OF_A_SERVER[kind]})", "log")
        server.clear_faults()
        after = "none" if result == "none" else "pass"
        wait_until(lambda: result_of(filter_, "<b@dns.example>") == after, BACK_S, f"the right result after {kind}")


@rows([("servfail", "servfail"), ("drop", "drop"), ("wrongid", "wrongid")])
def a_fault_that_passes_is_retried(binary, kind):
    with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
        server.fault("dns.example", kind, times=1)
        found = result_of(filter_, "<a@dns.example>")
        check(found == "pass" or (kind == "servfail" and found == "temperror"), f"result {found}")


@case
def slow_server(binary):
    with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
        server.fault("dns.example", "delay", seconds=0.5)
        equal(result_of(filter_, "<a@inc.dns.example>"), "pass", "result")


@case
def one_slow_name_holds_nobody_up(binary):
    with DnsServer(RECORDS) as server, asking(server, binary, {"DNSTimeout": "20s"}) as filter_:
        server.fault("slow.example", "drop")
        with Mta(filter_.address, timeout=60) as waiting:
            waiting.client.ask(b"M", "mail", b"<a@slow.example>\0")
            for _ in range(5):
                equal(result_of(filter_, "<a@dns.example>"), "pass", "others meanwhile")
            check(not waiting.client.wire.pending(), "the slow one was answered first")
            waiting.client.close()


@case(limit_s=150)
def a_crowd_waits_for_its_own_names_only(binary):
    """60 connections that come at once, each with a name that nobody answers for until all of them are asked for:
    libmilter must find a thread for each."""
    domains = [f"d{number}.example" for number in range(60)]
    with DnsServer() as server, asking(server, binary, {"DNSTimeout": "90s"}) as filter_, contextlib.ExitStack() as stack:
        for domain in domains:
            server.add(domain, "TXT", "v=spf1 ip4:192.0.2.1 -all")
            server.fault(domain, "hold")
        clients = [stack.enter_context(MilterClient(filter_.address, timeout=100)) for _ in domains]
        filter_.process.send_signal(signal.SIGSTOP)  # so that it finds them all ready at the same moment
        for client, domain in zip(clients, domains):
            client.connect(ip=GOOD_IP)
            client.helo()
            client.ask(wire.MAIL, "mail", f"<a@{domain}>\0".encode())
        filter_.process.send_signal(signal.SIGCONT)
        wait_until(lambda: all(server.count(domain, "TXT") for domain in domains), 60, "a query for each of them")
        check(not any(client.wire.pending() for client in clients), "one was answered before the others were asked for")
        server.release()
        equal({client.answer().kind for client in clients}, {"continue"}, "answers at MAIL")
        lacks(filter_.log(), "temperror", "log")


@rows([
    ("alias", "alias.dns.example", "pass"), ("two-records", "two.dns.example", "permerror"),
    ("void-limit", "voids.dns.example", "permerror"), ("include", "inc.dns.example", "pass"),
])
def records(binary, domain, result):
    with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
        equal(result_of(filter_, f"<a@{domain}>", ip=GOOD_IP), result, domain)


@case
def binary_text_records(binary):
    with DnsServer() as server, asking(server, binary) as filter_:
        contents = [b"v=spf1 \xff\xfe -all", b"v=spf1\0-all", b"v=spf1 -all\0", b"v=spf1 exp=\x80 -all",
                    b"v=spf1 ip4:\xb9.2 -all", bytes(range(256)), b""]
        for number, record in enumerate(contents):
            server.add(f"b{number}.example", "TXT", record)
            found = result_of(filter_, f"<a@b{number}.example>", ip=BAD_IP6)
            check(found in ("permerror", "none"), f"{record!r}: {found}")


@case
def cname_loop_is_no_loop(binary):
    with DnsServer() as server, asking(server, binary, {"DNSTimeout": "3s"}) as filter_:
        server.add("l1.example", "CNAME", "l2.example.")
        server.add("l2.example", "CNAME", "l1.example.")
        check(result_of(filter_, "<a@l1.example>") in ("none", "temperror", "permerror"), "result")
