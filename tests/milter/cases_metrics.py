# SPDX-License-Identifier: GPL-2.0-or-later
"""Metrics of a running filter, over HTTP."""

import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import threading

from dns_server import DnsServer
from wire_common import (BAD_IP, HEADERS, ZONE, Filter, case, check, delivered, equal, one, rows, wait_until)

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def watched(binary, config=None, **options):
    """A filter whose metrics are at a unix socket beside its other files."""
    options = options if "nameserver" in options else {"zone": ZONE, **options}
    server = options.pop("nameserver", None)
    filter_ = Filter(binary, {}, **options)
    asks = {"Nameserver": server.address} if server else {}
    filter_.configure({"Metrics": f"unix:{filter_.path('metrics')}", **asks, **(config or {})}, None)
    return filter_


def connected(filter_):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(filter_.path("metrics"))
    return client


def ask(filter_, path="/metrics", method="GET", **fields):
    """Status, type and text of an answer."""
    connection = http.client.HTTPConnection("filter", timeout=30)
    connection.sock = connected(filter_)
    connection.request(method, path, headers=fields)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("Content-Type"), text


def sample(filter_, name):
    lines = [line for line in ask(filter_)[2].splitlines() if line.rpartition(" ")[0] == name]
    equal(len(lines), 1, f"samples of {name}")
    return float(lines[0].rpartition(" ")[2])


def changes(filter_, before):
    """Every sample that differs from before, but for times, without the prefix; and all samples for the next call."""
    lines = [line.rpartition(" ") for line in ask(filter_)[2].splitlines() if not line.startswith("#")]
    now = {name.removeprefix("smf_spf_"): float(value) for name, _, value in lines}
    return {name: value - before.get(name, 0) for name, value in now.items()
            if value != before.get(name, 0) and "seconds" not in name}, now


@case
def messages_are_counted(binary):
    with watched(binary) as filter_:
        equal(sample(filter_, 'smf_spf_checks_total{identity="mailfrom",result="fail"}'), 0, "fails before the first message")
        check(one(filter_, ip=BAD_IP).refusal is not None, "the message was not refused")
        equal(sample(filter_, 'smf_spf_checks_total{identity="mailfrom",result="fail"}'), 1, "fails")
        equal(sample(filter_, 'smf_spf_refusals_total{why="result"}'), 1, "refusals")
        equal(sample(filter_, 'smf_spf_wait_seconds_count{step="mail"}'), 1, "waits in MAIL")
        equal(os.stat(filter_.path("metrics")).st_mode & 0o777, 0o660, "permissions")


EACH_RESULT = [
    ("pass", {}, "mailfrom", "pass"), ("fail", {"ip": BAD_IP}, "mailfrom", "fail"),
    ("neutral", {"sender": "<a@neutral.example.org>", "ip": BAD_IP}, "mailfrom", "neutral"),
    ("softfail", {"sender": "<a@soft.example.org>", "ip": BAD_IP}, "mailfrom", "softfail"),
    ("none", {"sender": "<a@none.example.org>"}, "mailfrom", "none"),
    ("temperror", {"sender": "<a@servfail.example.org>"}, "mailfrom", "temperror"),
    ("permerror", {"sender": "<a@broken.example.org>"}, "mailfrom", "permerror"),
    ("null-sender", {"sender": "<>", "helo": "soft.example.org", "ip": BAD_IP}, "helo", "softfail"),
]


@case
def checks_are_counted_by_identity_and_result(binary):
    with watched(binary, {"CheckHelo": "off"}) as filter_:
        _, before = changes(filter_, {})
        count = before["check_seconds_count"]
        for name, client, identity, result in EACH_RESULT:
            one(filter_, **client)
            changed, before = changes(filter_, before)
            counted = {key: value for key, value in changed.items() if key.startswith("checks_total")}
            equal(counted, {f'checks_total{{identity="{identity}",result="{result}"}}': 1}, name)
        equal(before["check_seconds_count"] - count, len(EACH_RESULT), "durations")


VARYING_ZONE = ZONE + r"""
varies      TXT "v=spf1 exists:%{l}.known.example.org -all"
a.known     A 127.0.0.2
"""


@case
def each_check_is_one_lookup_in_the_cache(binary):
    """With lookahead and without, cached or not, and where the outcome stands under a longer key."""
    for lookahead in ("on", "off"):
        with watched(binary, {"DNSLookahead": lookahead}, zone=VARYING_ZONE) as filter_:
            _, before = changes(filter_, {})
            for sender in ("<a@example.org>", "<a@varies.example.org>"):
                for outcome in ("miss", "hit", "hit"):
                    one(filter_, sender, ip=BAD_IP, helo="[192.0.2.66]")
                    changed, before = changes(filter_, before)
                    counted = {key: value for key, value in changed.items() if key.startswith('cache_lookups_total{cache="results"')}
                    equal(counted, {f'cache_lookups_total{{cache="results",outcome="{outcome}"}}': 1},
                          f"{sender}, DNSLookahead {lookahead}")


BROKEN_ZONE = ZONE + r"""
syntax      TXT "v=spf1 ip4:192.0.2.999 -all"
lookups     TXT "v=spf1 a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org a:mx.example.org -all"
void        TXT "v=spf1 a:n1.example.org a:n2.example.org a:n3.example.org -all"
multiple    TXT "v=spf1 -all"
multiple    TXT "v=spf1 +all"
loop        TXT "v=spf1 include:loop2.example.org -all"
loop2       TXT "v=spf1 redirect=loop.example.org"
target      TXT "v=spf1 include:none.example.org -all"
octets      TXT "v=spf1 include:o1.example.org include:o2.example.org include:o3.example.org include:o4.example.org include:o5.example.org a -all"
""" + "".join(f'o{number} TXT "v=spf1 ?all"\no{number} TXT ' + f'"{"x" * 250}" ' * 240 + "\n" for number in range(1, 6))


@case
def broken_records_are_counted_by_what_is_wrong(binary):
    with watched(binary, zone=BROKEN_ZONE) as filter_:
        _, before = changes(filter_, {})
        for why in ("syntax", "lookups", "void", "multiple", "loop", "octets", "target"):
            for expected in ({f'records_broken_total{{why="{why}"}}': 1}, {}):  # the second result is a cached one
                one(filter_, f"<a@{why}.example.org>", ip=BAD_IP)
                changed, before = changes(filter_, before)
                counted = {key: value for key, value in changed.items() if key.startswith("records_broken")}
                equal(counted, expected, why)


EACH_REPLY = [
    ("550", {}, {"ip": BAD_IP}, 0), ("450", {"SoftFail": "on"}, {"ip": BAD_IP}, 0),
    ("451", {"AcceptTempError": "off"}, {"sender": "<a@servfail.example.org>"}, 0),
    ("550", {}, {"sender": "<a@why.example.org>", "ip": BAD_IP}, 1),
    ("550", {"RejectReason": "No."}, {"sender": "<a@why.example.org>", "ip": BAD_IP}, 0),
    (None, {"TestMode": "on"}, {"sender": "<a@why.example.org>", "ip": BAD_IP}, 0),
]


@rows([(f"{code}-{number}", code, config, client, explained)
       for number, (code, config, client, explained) in enumerate(EACH_REPLY)])
def replies_are_counted_by_code(binary, code, config, client, explained):
    with watched(binary, config) as filter_:
        _, before = changes(filter_, {})
        one(filter_, **client)
        changed, _ = changes(filter_, before)
        counted = {key: value for key, value in changed.items() if key.startswith("replies")}
        equal(counted, {f'replies_total{{code="{code}"}}': 1} if code else {}, "replies")
        equal(changed.get("explanations_total", 0), explained, "explanations")


EACH_LIST = [
    ("WhitelistIP", BAD_IP, {"ip": BAD_IP}), ("WhitelistPTR", "friend.example", {"ip": BAD_IP, "host": "mx.friend.example"}),
    ("WhitelistFrom", "alice@example.org", {"ip": BAD_IP}), ("WhitelistTo", "bob@example.net", {"ip": BAD_IP}),
    ("WhitelistHelo", "mx.example.org", {"helo": "mx.example.org", "sender": "<a@nofrom.example.org>"}),
    ("WhitelistSPF", "example.org", {"sender": "<a@nofrom.example.org>"}),
]


@rows([(key, key, value, client) for key, value, client in EACH_LIST])
def whitelisted_are_counted_by_list(binary, key, value, client):
    with watched(binary, {key: value}) as filter_:
        delivered(one(filter_, **client))
        equal(sample(filter_, f'smf_spf_whitelisted_total{{list="{key}"}}'), 1, key)


@case
def removed_fields_are_counted(binary):
    with watched(binary) as filter_:
        delivered(one(filter_, headers=HEADERS + [("Authentication-Results", "mx.example.net; spf=pass")] * 3))
        equal(sample(filter_, "smf_spf_forged_fields_removed_total"), 3, "removed fields")


@case
def an_evaluation_is_in_flight_until_its_deadline(binary):
    with DnsServer() as server, watched(binary, {"DNSTimeout": "2s"}, nameserver=server) as filter_:
        server.silent = True
        equal(sample(filter_, "smf_spf_evaluations_in_flight"), 0, "before")
        sending = threading.Thread(target=one, args=(filter_,))
        sending.start()
        for gauge in ("evaluations_in_flight", "threads_waiting", "messages_open", "connections_open"):
            wait_until(lambda gauge=gauge: sample(filter_, f"smf_spf_{gauge}") == 1, 30, f"{gauge} 1")
        sending.join()
        for gauge in ("evaluations_in_flight", "threads_waiting", "messages_open", "connections_open"):
            wait_until(lambda gauge=gauge: sample(filter_, f"smf_spf_{gauge}") == 0, 30, f"{gauge} 0")
        equal(sample(filter_, "smf_spf_deadline_exceeded_total"), 1, "deadlines")
        check(sample(filter_, "smf_spf_threads") >= 1, "no thread")


@rows([
    ("none", "", TEXT), ("any", "*/*", TEXT), ("openmetrics", "application/openmetrics-text", OPENMETRICS),
    ("prometheus", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPENMETRICS),
    ("rather-text", "application/openmetrics-text;q=0.3, text/plain", TEXT),
])
def accept_chooses_the_format(binary, accept, expected):
    with watched(binary) as filter_:
        status, kind, text = ask(filter_, Accept=accept)
        equal((status, kind, text.endswith("# EOF\n")), (200, expected, expected == OPENMETRICS), "the answer")


@case
def the_libraries_are_named(binary):
    with watched(binary) as filter_:
        lines = [line for line in ask(filter_)[2].splitlines() if line.startswith("smf_spf_build_info{")]
        equal(len(lines), 1, "build_info")
        for library in ("libspf2", "libunbound", "libmilter"):
            check(re.search(rf'[,{{]{library}="[1-9]\d*\.\d+\.\d+"', lines[0]), f"no version of {library}: {lines[0]}")


@case
def other_requests_are_harmless(binary):
    with watched(binary) as filter_:
        equal(ask(filter_, "/")[0], 404, "another path")
        equal(ask(filter_, method="POST")[0], 405, "another method")
        equal(ask(filter_, method="HEAD")[::2], (200, ""), "HEAD")
        for octets in (b"\x00\xff\r\n\r\n", b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET", b""):
            with connected(filter_) as client:
                try:
                    client.sendall(octets)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
                except OSError:
                    pass
        equal(ask(filter_)[0], 200, "afterwards")


@case
def connections_that_say_nothing_stop_no_mail(binary):
    with watched(binary) as filter_:
        clients = [connected(filter_) for _ in range(16)]
        check(one(filter_, ip=BAD_IP).refusal is not None, "the message was not refused")
        for client in clients:
            client.close()
        wait_until(lambda: ask(filter_)[0] == 200, 30, "an answer after they have gone")


@case
def a_failed_reload_is_unhealthy(binary):
    with watched(binary) as filter_:
        equal(ask(filter_, "/healthz")[::2], (200, "ok\n"), "at the start")
        good = open(filter_.config_path, encoding="utf-8").read()
        for text, status in (("Nonsense x\n", 503), ("", 200)):
            with open(filter_.config_path, "w", encoding="utf-8") as file:
                file.write(good + text)
            filter_.signal(signal.SIGUSR1)
            wait_until(lambda status=status: ask(filter_, "/healthz")[0] == status, 30, f"status {status}")


@case
def an_outage_of_the_dns_is_degraded_until_it_ends(binary):
    """The filter answers all the same: to take it out of service would gain nothing."""
    with DnsServer() as server, watched(binary, {"DNSTimeout": "3s"}, nameserver=server) as filter_:
        degraded = (200, "degraded: no name server replies\n")
        equal((sample(filter_, "smf_spf_dns_up"), ask(filter_, "/healthz")[::2]), (1, (200, "ok\n")), "before")
        server.silent = True
        wait_until(lambda: one(filter_) and ask(filter_, "/healthz")[::2] == degraded, 60, "the outage")
        equal(sample(filter_, "smf_spf_dns_up"), 0, "in the outage")
        server.silent = False
        wait_until(lambda: one(filter_) and ask(filter_, "/healthz")[::2] == (200, "ok\n"), 60, "the end of the outage")
        equal(sample(filter_, "smf_spf_dns_up"), 1, "afterwards")


def config_hashes(filter_):
    return [line for line in ask(filter_)[2].splitlines() if line.startswith("smf_spf_config_hash_info{")]


@case
def the_hash_is_that_of_the_configuration_in_force(binary):
    with watched(binary) as filter_:
        printed = subprocess.run([binary, "config", "-c", filter_.config_path], capture_output=True, check=True, timeout=60)
        before = config_hashes(filter_)
        equal(before, [f'smf_spf_config_hash_info{{sha256="{hashlib.sha256(printed.stdout).hexdigest()}"}} 1'], "the hash")
        for text, changes in (("# a comment\n", False), ("RefuseFail off\n", True)):
            with open(filter_.config_path, "a", encoding="utf-8") as file:
                file.write(text)
            reloads = sample(filter_, 'smf_spf_config_reloads_total{outcome="done"}')
            filter_.signal(signal.SIGUSR1)
            wait_until(lambda count=reloads: sample(filter_, 'smf_spf_config_reloads_total{outcome="done"}') > count, 30,
                       "the reload")
            equal(config_hashes(filter_) != before, changes, f"another hash after {text}")


@case
def the_socket_goes_with_the_filter(binary):
    with watched(binary) as filter_:
        path = filter_.path("metrics")
        check(os.path.exists(path), "no socket")
        filter_.stop()
        check(not os.path.exists(path), "the socket is left")
