# SPDX-License-Identifier: GPL-2.0-or-later
"""/etc/resolv.conf, which says whom to ask where the configuration does not: missing, full of nonsense, changed."""

import contextlib
import itertools
import os
import threading
import time

from dns_common import BAD_IP, Filter, case, check, equal, result_of, rows, wait_until
from dns_server import DnsServer
from process_common import run

RESOLV_CONF = "/etc/resolv.conf"
FIRST, SECOND = "127.0.0.11", "127.0.0.12"  # not what any resolver library takes where nothing is said
PORT = 53
NOTICED_S = 20
RECORD = "v=spf1 ip4:192.0.2.1 -all"
CONFIG = {"TTL": "0", "DNSCacheSize": "0", "TagSubject": "off", "RefuseFail": "off", "DNSTimeout": "4s"}


class AnyDomain(DnsServer):
    """Knows a record of every domain, but a text of none below `search.example`."""

    def _lookup(self, query):
        name = query.question[0].name
        if not self.zone.exists(name) and not str(name).endswith("search.example."):
            self.add(name, "TXT", RECORD)
        return super()._lookup(query)


def serving(host):
    return AnyDomain(host=host, port=PORT)


def write(text):
    """In place, as an editor may."""
    with open(RESOLV_CONF, "w", encoding="latin-1") as file:
        file.write(text)


def replace(text):
    """By a new file of that name, as resolver daemons do."""
    with open(RESOLV_CONF + ".new", "w", encoding="latin-1") as file:
        file.write(text)
    os.rename(RESOLV_CONF + ".new", RESOLV_CONF)


def remove():
    with contextlib.suppress(FileNotFoundError):
        os.unlink(RESOLV_CONF)


def using(*hosts):
    return "".join(f"nameserver {host}\n" for host in hosts)


def filter_without_nameserver(binary, config=None):
    return Filter(binary, {**CONFIG, **(config or {})})


NAMES = (f"domain{number}.example" for number in itertools.count())


def result_of_new(filter_):
    """The result for a domain that was never asked for."""
    return result_of(filter_, next(NAMES))


NONSENSE = "# nameserver 127.0.0.11\nnameserver\nnameserver nobody\nfoo bar\n"


@rows([("missing", None), ("empty", ""), ("nonsense", NONSENSE)])
def resolv_conf_at_the_start(binary, text):
    """The filter starts, says so once, answers with temperror, and asks as soon as there is somebody to ask."""
    remove()
    if text is not None:
        write(text)
    with serving(FIRST) as server, filter_without_nameserver(binary) as filter_:
        for _ in range(3):
            equal(result_of_new(filter_), "temperror", "result without a name server")
        equal(server.count(), 0, "queries")
        time.sleep(3)  # as long as it may take to look at the file again
        said = [line for line in (filter_.log() + filter_.stderr()).splitlines() if "resolv.conf" in line]
        equal(len(said), 1, f"lines of the log about the file: {said}")
        replace(using(FIRST))
        wait_until(lambda: result_of_new(filter_) == "pass", NOTICED_S, "the name server that is named now is asked")
        equal(result_of_new(filter_), "pass", "and from then on")


class Traffic:
    """Messages, one after the other, each of a new domain, until the block is left; `results` counts what they got."""

    def __init__(self, filter_):
        self.filter, self.results, self.stopping = filter_, {}, False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.stopping:
            try:
                result = result_of_new(self.filter)
            except Exception as error:  # pylint: disable=broad-except
                result = f"{type(error).__name__}: {error}"
            self.results[result] = self.results.get(result, 0) + 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping = True
        self.thread.join()


@rows([("in-place", write), ("by-a-new-file", replace)])
def resolv_conf_changes_under_traffic(binary, change):
    """No result suffers, the new server is asked, and the old one no longer."""
    write(using(FIRST))
    with serving(FIRST) as first, serving(SECOND) as second, filter_without_nameserver(binary) as filter_:
        with Traffic(filter_) as traffic:
            wait_until(lambda: first.count() > 50, NOTICED_S, "the first server is asked")
            equal(second.count(), 0, "queries to the second server before the change")
            change(using(SECOND))
            wait_until(lambda: second.count() > 50, NOTICED_S, "the second server is asked after the change")
            first.reset()
            wait_until(lambda: second.count() > 200, NOTICED_S, "the second server is asked on")
            equal(first.count(), 0, "queries to the first server after the change")
        equal(list(traffic.results), ["pass"], f"results {traffic.results}")


@case
def queries_under_way_end_well_when_resolv_conf_changes(binary):
    """The old server answers what it was asked before the change, when that was noticed."""
    write(using(FIRST))
    with serving(FIRST) as first, serving(SECOND) as second, \
            filter_without_nameserver(binary, {"DNSTimeout": "90s"}) as filter_:
        first.fault("slow.example", "hold")
        second.fault("slow.example", "drop")
        found = []
        thread = threading.Thread(target=lambda: found.append(result_of(filter_, "slow.example")), daemon=True)
        thread.start()
        wait_until(lambda: first.count("slow.example"), NOTICED_S, "the query for the slow name")
        replace(using(SECOND))
        wait_until(lambda: result_of_new(filter_) == "pass" and second.count() > 0, NOTICED_S, "the change was noticed")
        check(not found, "the slow name was answered before")
        first.release()
        thread.join()
        equal(found, ["pass"], "the slow name")


@rows([("vanishes", None), ("is-emptied", "")])
def resolv_conf_that(binary, text):
    """A file that is gone for a moment is no reason to forget whom to ask."""
    write(using(FIRST))
    with serving(FIRST) as first, serving(SECOND) as second, filter_without_nameserver(binary) as filter_:
        first.fault("slow.example", "delay", seconds=1.5)
        equal(result_of_new(filter_), "pass", "result")
        remove()
        if text is not None:
            write(text)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            equal(result_of_new(filter_), "pass", "result without the file")
        equal(result_of(filter_, "slow.example"), "pass", "a slow name without the file")
        write(using(SECOND))
        wait_until(lambda: result_of_new(filter_) == "pass" and second.count(), NOTICED_S, "the new file was noticed")


@rows([
    ("comments", f"; one\n# two\n\n   \n{using(FIRST)}# three"),
    ("words", f"nameserver\nnameserver nobody.example\nnameserver 300.1.1.1\nnameserver fe80::1%none\n{using(FIRST)}"),
    ("options", f"domain search.example\nsearch search.example other.search.example\nsortlist 192.0.2.0/24\n"
                f"options ndots:15 timeout:1 attempts:1 rotate edns0 trust-ad nonsense use-vc-not:7\n{using(FIRST)}"),
    ("blanks", f"nameserver \t {FIRST}  \t  # the only one\n"),
    ("no-newline", f"nameserver {FIRST}"),
    ("returns", f"nameserver {FIRST}\r\nsearch search.example\r\n"),
    ("long-lines", f"search {'x.search.example ' * 2000}\n# {'x' * 70000}\n{using(FIRST)}"),
    ("octets", f"\xff\xfe\x01\x02\n\0\0\0\n{using(FIRST)}"),
    ("many", using(*[FIRST] * 60)),
    ("dead-ones-first", using("127.0.0.13", "127.0.0.14", FIRST)),
])
def resolv_conf_with(binary, text):
    """What can be read is taken, the rest is no harm; names are asked for as they are."""
    write(text)
    with serving(FIRST) as server, filter_without_nameserver(binary) as filter_:
        for _ in range(3):
            equal(result_of_new(filter_), "pass", "result")
        searched = [str(query.name) for query in server.questions if "search.example" in str(query.name)]
        equal(searched, [], "names below a search domain")


@case
def query_asks_whom_resolv_conf_names(binary):
    write(using(FIRST))
    with serving(FIRST) as server:
        for ip, result in (("192.0.2.1", "pass"), (BAD_IP, "fail")):
            done = run(binary, "query", "--ip", ip, "--sender", "a@asked.example", "--helo", "mx.example.org")
            check(f"result: {result}\n" in done.stdout, done.stdout + done.stderr)
        check(server.count("asked.example", "TXT") > 0, "the server was not asked")


@case
def query_without_resolv_conf_is_a_temperror(binary):
    remove()
    done = run(binary, "query", "--ip", "192.0.2.1", "--sender", "a@asked.example", "--helo", "mx.example.org")
    check("result: temperror\n" in done.stdout, done.stdout + done.stderr)
