# SPDX-License-Identifier: GPL-2.0-or-later
"""Signals of a running filter: reload, log rotation, counters."""

import ctypes
import os
import re
import signal
import threading
import time

from dns_server import DnsServer
from process_common import prepared
from wire_common import (BAD_IP, ZONE, Filter, Mta, case, check, classic, contains, delivered, equal, one, refused, rows,
                         spf_result, wait_until)

FAIL = "550 5.7.23"


def reload_and_wait(filter_, condition, what):
    filter_.signal(signal.SIGUSR1)
    wait_until(condition, 30, what)


def is_refused(filter_):
    return one(filter_, ip=BAD_IP).refusal is not None


@case
def reload_takes_effect_for_new_connections(binary):
    with classic(binary) as filter_, Mta(filter_.address, ip=BAD_IP) as old:
        refused(old.send(), FAIL)
        filter_.reconfigure({"RefuseFail": "off"})
        reload_and_wait(filter_, lambda: not is_refused(filter_), "the new configuration")
        refused(old.send(), FAIL)  # pinned to its configuration
        filter_.reconfigure({"RefuseFail": "on"})
        reload_and_wait(filter_, lambda: is_refused(filter_), "the configuration after the next")
        old.quit()


@rows([
    ("unknown-key", "RefuseFial off\n"), ("bad-value", "TTL never\n"), ("binary", "\x00\x01\x02"), ("missing", None),
])
def broken_configuration_keeps_the_old_one(binary, text):
    with classic(binary) as filter_:
        if text is None:
            os.rename(filter_.config_path, filter_.path("moved"))
        else:
            filter_.configure(f"Socket {filter_.address}\nRefuseFail off\n{text}")
        size = len(filter_.log())
        reload_and_wait(filter_, lambda: "smf-spf.conf" in filter_.log()[size:], "a log line about the file")
        check(is_refused(filter_), "the broken configuration took effect")
        filter_.reconfigure({"RefuseFail": "off"})
        reload_and_wait(filter_, lambda: not is_refused(filter_), "a good configuration after a broken one")


@case
def broken_zone_keeps_the_old_one(binary):
    with classic(binary) as filter_:
        filter_.write("zone", "example.org. NONSENSE x\n")
        size = len(filter_.log())
        reload_and_wait(filter_, lambda: filter_.path("zone") in filter_.log()[size:], "a log line about the zone")
        equal(spf_result(delivered(one(filter_, "<x@soft.example.org>")))[0], "pass", "result")
        filter_.write("zone", ZONE.replace("@           TXT", "fresh TXT \"v=spf1 ip4:192.0.2.1 -all\"\n@ TXT"))
        reload_and_wait(filter_, lambda: spf_result(delivered(one(filter_, "<x@fresh.example.org>")))[0] == "pass",
                        "the new zone")


@case
def rotated_log(binary):
    with classic(binary) as filter_:
        one(filter_, ip=BAD_IP)
        filter_.wait_log("SPF fail")
        os.rename(filter_.log_path, filter_.log_path + ".1")
        one(filter_, "<a@soft.example.org>", ip=BAD_IP)
        wait_until(lambda: "SPF softfail" in read(filter_.log_path + ".1"), 30, "a line in the file renamed")
        filter_.signal(signal.SIGUSR1)
        wait_until(lambda: os.path.exists(filter_.log_path), 30, "a new log file")
        one(filter_, "<a@neutral.example.org>", ip=BAD_IP)
        filter_.wait_log("SPF neutral")
        check("SPF neutral" not in read(filter_.log_path + ".1"), "still written to the file renamed")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


@case
def counters(binary):
    with classic(binary) as filter_:
        for _ in range(3):
            one(filter_)
        for _ in range(2):
            one(filter_, ip=BAD_IP)
        size = len(filter_.log())
        filter_.signal(signal.SIGUSR2)
        wait_until(lambda: re.search(r"pass\W+3\b", filter_.log()[size:]), 30, "3 passes among the counters")
        wait_until(lambda: re.search(r"\bfail\W+2\b", filter_.log()[size:]), 30, "2 fails among the counters")


@case
def signals_in_quick_succession(binary):
    with classic(binary) as filter_:
        for _ in range(100):
            filter_.signal(signal.SIGUSR1)
            filter_.signal(signal.SIGUSR2)
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")


@case
def signals_are_the_main_thread_s(binary):
    """libmilter waits for the stopping signals, too, and would end in the middle of messages."""
    with classic(binary) as filter_:
        pid = filter_.process.pid
        one(filter_)
        threads = [int(name) for name in os.listdir(f"/proc/{pid}/task") if int(name) != pid]
        check(len(threads) > 3, f"threads: {threads}")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for thread in threads:
                ctypes.CDLL(None).tgkill(pid, thread, number)
        for _ in range(10):
            time.sleep(0.05)
            equal(spf_result(delivered(one(filter_)))[0], "pass", "result")
        filter_.stop()


@case
def signals_with_no_meaning(binary):
    with classic(binary) as filter_:
        filter_.signal(signal.SIGPIPE)
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")


@case
def socket_change_at_a_reload_is_told(binary):
    """A socket cannot move under a running filter: the old one stays, and mail goes on."""
    with classic(binary) as filter_:
        filter_.reconfigure({"Socket": "unix:" + filter_.path("other"), "RefuseFail": "off"})
        filter_.signal(signal.SIGUSR1)
        check(filter_.wait_log("effective only after a restart: ").endswith(": Socket"), "other keys are named, too")
        for _ in range(5):
            one(filter_)
        equal(spf_result(delivered(one(filter_)))[0], "pass", "result")


@case
def failed_reload_leaves_the_log_where_it_was(binary):
    """The zone file of the new configuration is not there, so neither its log file nor its level counts."""
    with classic(binary) as filter_:
        size, other = len(filter_.log()), filter_.path("other.log")
        filter_.reconfigure({"ZoneFile": filter_.path("missing"), "LogTo": other, "LogLevel": "error"})
        reload_and_wait(filter_, lambda: "stays as it was" in read_if_there(filter_.log_path)[size:]
                        or "stays as it was" in read_if_there(other), "the end of the reload")
        contains(filter_.log()[size:], filter_.path("missing"), "log")
        check(not os.path.exists(other), "the other log file was made")
        check(is_refused(filter_), "the result changed")
        filter_.wait_log("SPF fail")


def read_if_there(path):
    return read(path) if os.path.exists(path) else ""


@rows([
    ("unchanged", {}, False), ("policy", {"RefuseFail": "off", "AddReceivedHeader": "on"}, False),
    ("results", {"TTL": "10m", "CacheSize": "1M"}, False),
    ("deadline", {"DNSTimeout": "3s", "DNSLookahead": "off"}, False), ("dns", {"DNSServeStale": "off"}, True),
])
def reload_keeps_what_the_dns_has_answered(binary, config, forgotten):
    """Only where the settings of the DNS itself change, its answers are forgotten."""
    with DnsServer('$TTL 300\ndns.example. TXT "v=spf1 ip4:192.0.2.1 -all"\n') as server, \
            Filter(binary, {"Nameserver": server.address}) as filter_:
        equal(spf_result(delivered(one(filter_, "<a@dns.example>")))[0], "pass", "result")
        asked = server.count("dns.example", "TXT")  # more than once, where the machine was slow
        filter_.reconfigure({"Nameserver": server.address, **config})
        reload_and_wait(filter_, lambda: "configuration reloaded" in filter_.log(), "the reload")
        equal(spf_result(delivered(one(filter_, "<a@dns.example>")))[0], "pass", "result after it")
        equal(server.count("dns.example", "TXT") > asked, forgotten, "questions after it")


@case
def reload_under_load(binary):
    """Four clients send while the configuration is swapped: each answer is one of the two, none is lost."""
    failures, done = [], threading.Event()

    def client():
        try:
            while not done.is_set():
                with Mta(filter_.address, ip=BAD_IP) as mta:
                    for _ in range(5):
                        outcome = mta.send()
                        if outcome.refusal:
                            refused(outcome, FAIL)
                        else:
                            contains(delivered(outcome).value("Authentication-Results"), "spf=fail", "field")
                    mta.quit()
        except Exception as error:  # pylint: disable=broad-except
            failures.append(repr(error))

    with classic(binary) as filter_:
        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in range(40):
                filter_.reconfigure({"RefuseFail": "on" if number % 2 else "off", "CacheSize": f"{number + 1}K"})
                reload_and_wait(filter_, lambda on=bool(number % 2): is_refused(filter_) == on, "the new one")
        finally:
            done.set()
            for thread in threads:
                thread.join()
        equal(failures, [], "failures")


@case
def reload_follows_a_link_anew(binary):
    with prepared(binary) as filter_:
        link, filter_.config_path = filter_.config_path, filter_.path("link")
        os.symlink(link, filter_.config_path)
        filter_.start()
        filter_.write("other.conf", "RefuseFail off\n" + open(link, encoding="utf-8").read())
        os.symlink(filter_.path("other.conf"), filter_.path("new"))
        os.rename(filter_.path("new"), filter_.config_path)
        reload_and_wait(filter_, lambda: not is_refused(filter_), "the configuration that the link leads to now")


@case
def reload_in_the_background(binary):
    with prepared(binary).background() as filter_:
        equal(filter_.parent(), 0, f"start: {filter_.stderr()}")
        pid = filter_.background_pid()
        check(is_refused(filter_), "a fail was not refused")
        filter_.background(RefuseFail="off")
        os.kill(pid, signal.SIGUSR1)
        wait_until(lambda: not is_refused(filter_), 30, "the new configuration")
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(filter_.path("pid")), 30, "the end")
