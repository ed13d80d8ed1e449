# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters of a running filter: a reload neither resets nor loses them, and which lookahead was used."""

import signal

from cases_metrics import ask, changes, sample, watched
from dns_server import DnsServer
from mta import Mta
from wire_common import BAD_IP, ZONE, case, check, delivered, equal, one, rows, wait_until

RECORDS = """$TTL 300
both.example.  TXT "v=spf1 a:first.example a:second.example -all"
first.example.  A 192.0.2.1
second.example. A 192.0.2.2
"""


def counters(filter_):
    """All samples that only ever grow."""
    families = {}
    for line in ask(filter_)[2].splitlines():
        if line.startswith("# TYPE "):
            kind = line.split()[3]
        elif not line.startswith("#") and kind in ("counter", "histogram"):
            name, _, value = line.rpartition(" ")
            families[name] = float(value)
    return families


def reload(filter_, config):
    done = sample(filter_, 'smf_spf_config_reloads_total{outcome="done"}')
    filter_.configure({"Metrics": f"unix:{filter_.path('metrics')}", **config}, None)
    filter_.signal(signal.SIGUSR1)
    wait_until(lambda: sample(filter_, 'smf_spf_config_reloads_total{outcome="done"}') > done, 30, "the reload")


def never_go_back(filter_, steps):
    """Each step is done in turn. Returns all counters after the last."""
    before = counters(filter_)
    for name, step in steps:
        step()
        now = counters(filter_)
        equal(sorted(before), sorted(now), f"counters after {name}")
        equal({key: (value, now[key]) for key, value in before.items() if now[key] < value}, {}, f"smaller after {name}")
        before = now
    return before


@case
def a_reload_sets_no_counter_back(binary):
    """Whatever it replaces: the results, the DNS with its answers, a zone file for it, and back."""
    with DnsServer(RECORDS) as server, watched(binary, nameserver=server) as filter_:
        filter_.write("other", ZONE)
        asks = {"Nameserver": server.address}

        def mail():
            for _ in range(2):
                one(filter_, "<a@both.example>", ip=BAD_IP)

        configs = [("results", {**asks, "TTL": "10m"}), ("no-results", {**asks, "TTL": "0"}), ("size", {**asks, "CacheSize": "1K"}),
                   ("dns", {**asks, "DNSServeStale": "off"}), ("zone", {"ZoneFile": filter_.path("other")}), ("back", asks)]
        steps = [("mail", mail)]
        for name, config in configs:
            steps += [(name, lambda config=config: reload(filter_, config)), (f"mail after {name}", mail)]
        done = never_go_back(filter_, steps)
        equal(done['smf_spf_checks_total{identity="mailfrom",result="fail"}'], 2 * 6, "checks, but for those by the zone")
        check(done["smf_spf_dns_queries_total"] > 0, "no query was counted")


@case
def old_connections_count_after_a_reload(binary):
    """A connection goes on with the caches that it began with."""
    with DnsServer(RECORDS) as server, watched(binary, nameserver=server) as filter_:
        with Mta(filter_.address) as old:
            delivered(old.send("<a@both.example>"))
            reload(filter_, {"Nameserver": server.address, "DNSServeStale": "off"})
            _, before = changes(filter_, {})
            delivered(old.send("<a@both.example>"))
            changed, _ = changes(filter_, before)
            old.quit()
        equal(changed.get('cache_lookups_total{cache="results",outcome="hit"}'), 1, "hits in the cache that was replaced")


# The record's terms are looked up at once, but only those up to the one that matches become due.
@rows([("all", BAD_IP, 1), ("first-matches", "192.0.2.1", 0)])
def lookahead_is_counted_and_whether_it_was_used(binary, client, used):
    with DnsServer(RECORDS) as server, watched(binary, nameserver=server) as filter_:
        equal((sample(filter_, "smf_spf_dns_lookahead_queries_total"), sample(filter_, "smf_spf_dns_lookahead_used_total")),
              (0, 0), "before")
        server.fault("first.example", "delay", seconds=0.3)
        one(filter_, "<a@both.example>", ip=client)
        wait_until(lambda: sample(filter_, "smf_spf_evaluations_in_flight") == 0, 30, "the end of the evaluation")
        equal(sample(filter_, "smf_spf_dns_lookahead_queries_total"), 1, "queries")
        equal(sample(filter_, "smf_spf_dns_lookahead_used_total"), used, "used")


@case
def no_evaluation_stays_in_flight_past_a_reload(binary):
    """A gauge: what was under way with the DNS that a reload replaces ends, too."""
    with DnsServer(RECORDS) as server, watched(binary, {"DNSTimeout": "2s"}, nameserver=server) as filter_:
        server.silent = True
        with Mta(filter_.address) as old:
            old.send("<a@both.example>")
            reload(filter_, {"Nameserver": server.address, "DNSServeStale": "off", "DNSTimeout": "2s"})
            old.quit()
        for gauge in ("evaluations_in_flight", "threads_waiting", "messages_open", "connections_open"):
            wait_until(lambda gauge=gauge: sample(filter_, f"smf_spf_{gauge}") == 0, 30, f"{gauge} 0")
