# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache of DNS answers: what is asked again and what is not, and how mail goes on while the DNS does not."""

import concurrent.futures
import time

from dns_server import DnsServer
from filter import wait_until
from wire_common import Filter, case, check, contains, delivered, equal, one, rows, spf_result

RECORDS = """
$TTL 300
$ORIGIN dns.example.
@     TXT "v=spf1 ip4:192.0.2.1 -all"
one   TXT "v=spf1 include:provider.dns.example -all"
two   TXT "v=spf1 include:provider.dns.example -all"
new   TXT "v=spf1 ip4:192.0.2.1 -all"
newer TXT "v=spf1 ip4:192.0.2.1 -all"
provider TXT "v=spf1 ip4:192.0.2.1 -all"
short 1 TXT "v=spf1 ip4:192.0.2.1 -all"
"""
SHORT_S = 1
CLOCK_S = 1  # the cache counts whole seconds
NO_RESULTS = {"TTL": "0", "TagSubject": "off", "RefuseFail": "off"}  # each message is evaluated


def asking(server, binary, config=None):
    address = server if isinstance(server, str) else server.address
    return Filter(binary, {"Nameserver": address, **NO_RESULTS, **(config or {})})


def result_of(filter_, sender):
    return spf_result(delivered(one(filter_, sender)))[0]


def timed(filter_, sender):
    """(result, seconds)"""
    begun = time.monotonic()
    return result_of(filter_, sender), time.monotonic() - begun


@case
def answers_are_shared_by_evaluations(binary):
    with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
        for domain in ("one", "two", "one", "ONE"):
            equal(result_of(filter_, f"<a@{domain}.dns.example>"), "pass", domain)
        for name in ("one", "two", "provider"):
            equal(server.count(f"{name}.dns.example", "TXT"), 1, f"questions for {name}")


@case
def answers_that_there_is_nothing_are_kept(binary):
    with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
        for _ in range(3):
            equal(result_of(filter_, "<a@nothing.dns.example>"), "none", "result")
        equal(server.count("nothing.dns.example", "TXT"), 1, "questions")


@case
def without_a_size_nothing_is_kept(binary):
    with DnsServer(RECORDS) as server, asking(server, binary, {"DNSCacheSize": "0"}) as filter_:
        for expected in (1, 2, 3):
            equal(result_of(filter_, "<a@dns.example>"), "pass", "result")
            equal(server.count("dns.example", "TXT"), expected, "questions")


@rows([("kept", {}), ("not-kept", {"DNSCacheSize": "0"})])
def questions_on_their_way_are_joined(binary, config):
    with DnsServer(RECORDS) as server, asking(server, binary, config) as filter_:
        server.fault("dns.example", "delay", seconds=2)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: result_of(filter_, "<a@dns.example>"), range(8)))
        equal(results, ["pass"] * 8, "results")
        check(server.count("dns.example", "TXT") < 8, "each message asked for itself")


@rows([("given", "on", "pass"), ("not-given", "off", "temperror")])
def answers_that_ran_out(binary, switch, result):
    with DnsServer(RECORDS) as server, asking(server, binary, {"DNSServeStale": switch}) as filter_:
        equal(result_of(filter_, "<a@short.dns.example>"), "pass", "result")
        server.fault("short.dns.example", "servfail")
        time.sleep(SHORT_S + CLOCK_S + 0.1)
        for _ in range(2):
            equal(result_of(filter_, "<a@short.dns.example>"), result, "result while the name fails")
        server.clear_faults()
        wait_until(lambda: result_of(filter_, "<a@short.dns.example>") == "pass", 30, "the name resolved again")


@case
def a_name_that_fails_is_not_asked_for_at_once(binary):
    with DnsServer(RECORDS) as server, asking(server, binary) as filter_:
        server.fault("dns.example", "servfail")
        equal(result_of(filter_, "<a@dns.example>"), "temperror", "result")
        asked = server.count("dns.example", "TXT")
        for _ in range(3):
            equal(result_of(filter_, "<a@dns.example>"), "temperror", "result")
        equal(server.count("dns.example", "TXT"), asked, "questions")
        server.clear_faults()
        wait_until(lambda: result_of(filter_, "<a@dns.example>") == "pass", 30, "the name resolved again")


@case
def a_name_that_is_silent_is_waited_for_once(binary):
    """The others' answers show whose fault it is."""
    with DnsServer(RECORDS) as server, asking(server, binary, {"DNSTimeout": "8s"}) as filter_:
        server.fault("dns.example", "drop")
        result, took_s = timed(filter_, "<a@dns.example>")
        equal(result, "temperror", "result of a silent name")
        check(took_s > 5, f"a silent name was given up after {took_s:.1f} s")
        equal(result_of(filter_, "<a@new.dns.example>"), "pass", "another name")
        for _ in range(3):
            result, took_s = timed(filter_, "<a@dns.example>")
            equal(result, "temperror", "result of a silent name")
            check(took_s < 5, f"the silent name was waited for again, {took_s:.1f} s")
        equal(result_of(filter_, "<a@newer.dns.example>"), "pass", "another name")


@case
def past_max_checks_a_message_goes_on_at_once(binary):
    """While one evaluation is under way, which takes 5 s, another message is let through unchecked, though its result is
    to be deferred; a cached result and the same evaluation are still to be had."""
    config = {"MaxChecks": "1", "TTL": "1h", "DNSTimeout": "20s", "AcceptTempError": "off"}
    with DnsServer(RECORDS) as server, asking(server, binary, config) as filter_, \
            concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        equal(result_of(filter_, "<a@new.dns.example>"), "pass", "with nothing else under way")
        server.fault("dns.example", "delay", seconds=5)
        slow = [pool.submit(result_of, filter_, "<a@dns.example>") for _ in range(2)]
        wait_until(lambda: server.count("dns.example", "TXT") > 0, 30, "the slow query")
        equal(result_of(filter_, "<a@newer.dns.example>"), "temperror", "past the limit")
        equal(result_of(filter_, "<a@new.dns.example>"), "pass", "what is cached")
        check(not any(future.done() for future in slow), "the slow evaluation was waited for")
        equal([future.result() for future in slow], ["pass", "pass"], "the slow evaluation")
        equal(result_of(filter_, "<a@newer.dns.example>"), "pass", "when there is room again")
        equal(server.count("newer.dns.example", "TXT"), 1, "questions for what was shed before")
        contains(filter_.log(), "reason=too many evaluations under way (MaxChecks), verdict=shed", "log")
        contains(filter_.log(), "overload: as many SPF evaluations", "log")


@case
def a_silent_dns_holds_nobody_up(binary):
    with DnsServer(RECORDS) as server, asking(server, binary, {"DNSTimeout": "8s"}) as filter_:
        equal(result_of(filter_, "<a@dns.example>"), "pass", "result")
        server.silent = True
        equal(result_of(filter_, "<a@gone.dns.example>"), "temperror", "the first that asks a silent server")
        equal(result_of(filter_, "<a@dns.example>"), "pass", "what is known")
        for number in range(4):
            result, took_s = timed(filter_, f"<a@gone{number}.dns.example>")
            equal(result, "temperror", "result of a silent server")
            check(took_s < 5, f"a silent server was waited for again, {took_s:.1f} s")
        contains(filter_.log(), "DNS: no server has replied for", "log")
        contains(filter_.log(), f"({server.address}: no reply); until one does", "log")
        server.silent = False
        wait_until(lambda: result_of(filter_, "<a@new.dns.example>") == "pass", 30, "the server answers again")
        contains(filter_.wait_log("DNS: recovered after"), " ms", "log")
        server.fault("newer.dns.example", "delay", seconds=1.5)
        equal(result_of(filter_, "<a@newer.dns.example>"), "pass", "a slow answer is waited for again")


@case
def a_server_that_was_not_there(binary):
    with DnsServer() as server:
        address = server.address
    with asking(address, binary) as filter_:
        for number in range(5):
            equal(result_of(filter_, f"<a@d{number}.example>"), "temperror", "nobody listens")
        equal(result_of(filter_, "<a@dns.example>"), "temperror", "nobody listens")
        with DnsServer(RECORDS, port=int(address.rpartition(":")[2])):
            wait_until(lambda: result_of(filter_, "<a@new.dns.example>") == "pass", 30, "the server answers")
            equal(result_of(filter_, "<a@dns.example>"), "pass", "what failed before")
