# SPDX-License-Identifier: GPL-2.0-or-later
"""Metrics of a running filter, over HTTP."""

import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess

from wire_common import BAD_IP, ZONE, Filter, case, check, equal, one, rows, wait_until

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def watched(binary, **options):
    """A filter whose metrics are at a unix socket beside its other files."""
    filter_ = Filter(binary, {}, zone=ZONE, **options)
    filter_.configure({"Metrics": f"unix:{filter_.path('metrics')}"}, None)
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


@case
def messages_are_counted(binary):
    with watched(binary) as filter_:
        equal(sample(filter_, 'smf_spf_checks_total{result="fail"}'), 0, "fails before the first message")
        check(one(filter_, ip=BAD_IP).refusal is not None, "the message was not refused")
        equal(sample(filter_, 'smf_spf_checks_total{result="fail"}'), 1, "fails")
        equal(sample(filter_, 'smf_spf_refusals_total{why="result"}'), 1, "refusals")
        equal(sample(filter_, 'smf_spf_wait_seconds_count{step="mail"}'), 1, "waits in MAIL")
        equal(os.stat(filter_.path("metrics")).st_mode & 0o777, 0o660, "permissions")


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
