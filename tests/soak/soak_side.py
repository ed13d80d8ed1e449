# SPDX-License-Identifier: GPL-2.0-or-later
"""One filter of a soak and all that is done to it: mail, MTAs that die, scrapes, reloads, rotations of its log."""

import contextlib
import random
import subprocess
import threading

import milter_wire as wire
from bench_processes import Load, SmfSpf
from cases_mta_dies import die, places
from faults_common import BAD_IP, GOOD_IP, free_port, metrics
from filter import STOP_LIMIT_S, wait_until
from policy_processes import PolicyLoad
from table_processes import TableLoad, write_secret

CACHES = {"CacheSize": "8M", "DNSCacheSize": "16M"}
CACHES_KB = 24 * 1024
MAIL = [("mixed", 16), ("terms", 3), ("refused", 3)]  # workloads and their connections
POLICY = ("zipf", 4)  # the same of the policy service
# Senders whose forwarded address is looked up: known domains, and evaluations of five lookups after the caches were dropped.
TABLE_KEYS = [f"user{number}@d{number}.{zone}.test" for number in range(300) for zone in ("hot", "zipf", "nested", "mx")]
TABLE_CONNECTIONS = 2
# Of which zones these have names. One that was silent has a shorter wait until it answers again, each by itself.
ZONES = ("new", "new", "new", "provider", "nested", "sibling", "mx", "exists", "soft", "bare", "large", "zipf",
         "terms", "refused")
PER_CONNECTION, CLIENTS = 20, 4
SETTLE_LIMIT_S = 60
COMMAND_LIMIT_S = 120

# What a reload brings. The first keeps everything; then caches are dropped, the resolver is made anew, the log differs, the
# store of greylisting ends and begins.
GOOD = [{}, {"TTL": "10m"}, {"DNSCacheSize": "12M"}, {}, {"LogFormat": "json"}, {"AddReceivedHeader": "on"}, {},
        {"CacheSize": "6M"}, {"Greylist": "off"}]
BAD = [{"DNSTimeout": "soon"}, {"NoSuchKey": "1"}, {"ZoneFile": "/nonexistent/zone"}, {"Nameserver": "here"}]


class Side:
    """`figures` are sums since the start; `problems` what must not have happened."""

    def __init__(self, soak, transport):
        self.soak, self.transport = soak, transport
        port = free_port()
        self.filter = SmfSpf(soak.binary, soak.dns, transport)
        self.filter.log_path = f"{soak.log_place or self.filter.dir}/{transport}.log"
        self.base = {"Nameserver": f"127.0.0.1:{soak.dns.port}", "Metrics": f"inet:{port}@127.0.0.1",
                     "LogTo": self.filter.log_path, "PolicySocket": self.policy_socket(), **self.tables(), **CACHES,
                     # who is deferred would count as lost; to learn asks the store about the same messages
                     "Greylist": "learn", "GreylistStore": f"sqlite:{self.filter.path('greylist.db')}", "GreylistEntries": 20000}
        self.filter.metrics_port = str(port)
        self.filter.reconfigure(self.base)
        self.load, self.policy_load = Load(soak.programs), PolicyLoad(soak.programs)
        self.table_load = TableLoad(soak.programs, self.filter.write("keys", "".join(f"{key}\n" for key in TABLE_KEYS)))
        self.figures = dict.fromkeys(("messages", "temperror", "temperror_calm", "wrong", "lost", "died", "scrapes",
                                      "reloads", "refused", "requests", "lookups"), 0)
        self.problems = []
        self.counted = {"disagreements": 0, "faults": 0}
        self.is_calm = True  # no fault, and none has just ended
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self.guarded, args=(work,)) for work in (self.serve, self.die)]

    def policy_socket(self):
        """Where the policy service is, by the other transport."""
        self.filter.policy = (f"inet:{free_port()}@127.0.0.1" if self.transport == "unix" else
                              "unix:" + self.filter.path("policy"))
        return self.filter.policy

    def tables(self):
        """SRS, with lookups over the transport that the milter has."""
        self.filter.map = ("unix:" + self.filter.path("map") if self.transport == "unix" else
                           f"inet:{free_port()}@127.0.0.1")
        return {"SRSDomain": "fwd.example", "SRSOutgoing": "198.51.100.77", "SRSSecretFile": write_secret(self.filter),
                "TableSocket": f"socketmap:{self.filter.map}"}

    # ---- mail ----

    def start_load(self, workload, connections, seconds=None):
        return self.load.start(self.filter, workload, connections=connections, seconds=seconds or self.soak.slot_s,
                               per_connection=PER_CONNECTION, clients=CLIENTS)

    def end_load(self, process):
        return self.load.finish(process)

    def judge_load(self, report, may_fail):
        """may_fail: temperror is no fault of the filter now. Any other wrong result always is."""
        wrong = report["wrong"] - report["temperror"]
        self.figures["messages"] += report["messages"]
        self.figures["temperror"] += report["temperror"]
        self.figures["temperror_calm"] += 0 if may_fail else report["temperror"]
        self.figures["wrong"] += wrong
        self.figures["lost"] += report["lost"]
        if wrong or report["lost"] or (report["temperror"] and not may_fail):
            self.problem(f"{report['messages']} messages, {wrong} wrong, {report['temperror']} temperror, "
                         f"{report['lost']} lost: {report['complaint']}")

    def start_policy_load(self, workload, connections):
        return self.policy_load.start(self.filter, workload, at_data=True, connections=connections, seconds=self.soak.slot_s)

    def judge_policy_load(self, report, may_fail):
        """In a slot with a fault an answer may be that of a temperror, and a connection may not be had."""
        self.figures["requests"] += report["requests"]
        if (report["wrong"] or report["lost"]) and not may_fail:
            self.problem(f"{report['requests']} policy requests, {report['wrong']} wrong, {report['lost']} lost: "
                         f"{report['complaint']}")

    def start_table_load(self):
        return self.table_load.start(self.filter.map, "forward", "--connections", TABLE_CONNECTIONS,
                                     "--seconds", self.soak.slot_s)

    def judge_table_load(self, report, may_fail):
        """Without the DNS an address is rewritten, too; only a connection may be lost in a slot with a fault."""
        self.figures["lookups"] += report["lookups"]
        if report["wrong"] or (report["lost"] and not may_fail):
            self.problem(f"{report['lookups']} lookups in tables, {report['wrong']} wrong, {report['lost']} lost")

    def recover(self):
        """Waits until names that are new get their results again, of each zone."""
        for zone in ZONES:
            wait_until(lambda name=zone: self.load.run(self.filter, name, messages=1)["wrong"] == 0, SETTLE_LIMIT_S,
                       f"{self.transport}: the right result after {self.soak.slot} in {zone}.test")

    def look_at_counters(self, may_fail):
        """may_fail: the machine refused something, which is counted as a fault."""
        now = metrics(self.filter)
        for what, before in self.counted.items():
            count = int(sum(value for name, value in now.items() if name.startswith(f"smf_spf_{what}_total")))
            if count > before and not (may_fail and what == "faults"):
                self.problem(f"{count - before} {what}")
            self.counted[what] = count

    def problem(self, text):
        line = f"{self.transport}, {self.soak.slot}: {text}"
        self.problems.append(line)
        print(f"    {line}", flush=True)

    # ---- what goes on meanwhile ----

    def guarded(self, work):
        try:
            while not self.done.is_set():
                work()
        except Exception as error:  # pylint: disable=broad-except
            self.problem(f"{work.__name__}: {error!r}")

    def die(self):
        """An MTA that dies in the middle of its message, each time elsewhere."""
        chosen = random.Random(self.figures["died"])
        word, ip = chosen.choice([("pass", GOOD_IP), ("fail", BAD_IP)])
        place = chosen.choice(self.soak.places)
        with contextlib.suppress(wire.ProtocolError, OSError):
            die(self.filter, place, word, ip, chosen.choice(["close", "reset", "half"]))
        self.figures["died"] += 1
        self.done.wait(0.02)

    def serve(self):
        """Scrapes each second; now and then a reload, counters and a rotated log."""
        for tick in range(self.soak.reload_ticks):
            if self.done.wait(self.soak.tick_s):
                return
            with contextlib.suppress(OSError):
                self.figures["scrapes"] += bool(metrics(self.filter))
            if tick == 0:
                self.command("stats")
        with contextlib.suppress(FileNotFoundError):
            self.soak.remove(self.filter.log_path)
        self.command("reopen")
        self.reload()

    def command(self, word):
        """The exit status; asked over the control socket, so that a filter without a descriptor may let it wait."""
        return subprocess.run([self.filter.binary, "-c", self.filter.config_path, word], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=COMMAND_LIMIT_S, check=False).returncode

    def reload(self):
        """Two good files, then one that must be refused."""
        number = self.figures["reloads"] + self.figures["refused"]
        is_bad = number % 3 == 2
        change = BAD[number // 3 % len(BAD)] if is_bad else GOOD[number % len(GOOD)]
        was_calm = self.is_calm
        self.filter.reconfigure({**self.base, **change})
        status = self.command("reload")
        if is_bad and status == 0:
            self.problem(f"a file with {change} was taken")
        elif not is_bad and status != 0 and was_calm and self.is_calm:
            self.problem(f"a file with {change} was refused")
        self.figures["refused" if is_bad else "reloads"] += 1

    # ---- the ends ----

    def begin(self):
        self.filter.start()
        self.soak.samples[self.transport] = []
        for thread in self.threads:
            thread.start()

    def settle(self):
        """Ends all that goes on; what the idle filter still holds must be nothing of it."""
        self.done.set()
        for thread in self.threads:
            thread.join()

        def is_idle():
            now = metrics(self.filter)
            return not any(now[f"smf_spf_{what}"] for what in ("connections_open", "messages_open",
                                                              "evaluations_in_flight"))
        wait_until(is_idle, SETTLE_LIMIT_S, f"{self.transport}: no connection, message or evaluation under way")

    def end(self):
        took_s = self.filter.stop()
        if took_s > STOP_LIMIT_S:
            self.problem(f"the stop took {took_s:.0f} s")

    def remove(self):
        self.done.set()
        self.filter.remove()


def die_places():
    """Where an MTA may die, of messages that need no wait."""
    return list(places("pass", GOOD_IP))
