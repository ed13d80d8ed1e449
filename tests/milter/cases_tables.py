# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of TableSocket, over socketmap and tcp_table: what is answered to what, how, and to how many at once."""

import contextlib
import os
import resource
import signal
import socket
import stat
import threading
import time

from cases_metrics import ask, sample
from dns_server import DnsServer
from filter import UNPRIVILEGED, free_port
from process_common import prepared, run
from reload_common import reload_and_stop
from table_client import Closed, Socketmap, TcpTable, get, netstring
from wire_common import Filter, Skip, case, check, contains, equal, rows, sanitizer, wait_until

ZONE = """
$TTL 300
$ORIGIN example.org.
@     TXT "v=spf1 ip4:192.0.2.99 -all"
$ORIGIN permits.example.
@     TXT "v=spf1 ip4:192.0.2.1 -all"
"""
SENDER = "alice@example.org"
NOT_FOUND = {"map": "NOTFOUND ", "tcp": "500 not found"}


def serving(binary, config=None, servers=None, **options):
    """A filter with tables: filter_.map, filter_.forward and filter_.reverse."""
    filter_ = Filter(binary, {}, **({"zone": ZONE} if servers is None else {}), **options)
    filter_.map = f"unix:{filter_.path('map')}"
    filter_.forward, filter_.reverse = (f"inet:{free_port()}@127.0.0.1" for _ in range(2))
    asks = {"Nameserver": servers.address} if servers else {}
    filter_.configure({"TableSocket": [f"socketmap:{filter_.map}", f"tcp-forward:{filter_.forward}",
                                       f"tcp-reverse:{filter_.reverse}"],
                       "SRSDomain": "fwd.example", "SRSSecretFile": filter_.write_secret("tops3cr3t"), "SRSOutgoing": "192.0.2.1",
                       "Metrics": f"unix:{filter_.path('metrics')}", **asks, **(config or {})}, None)
    return filter_


class Tables:
    """Both tables over one of the protocols, on one connection or two."""

    def __init__(self, filter_, protocol, timeout=60):
        self.protocol = protocol
        if protocol == "map":
            self.both = Socketmap(filter_.map, timeout)
        else:
            self.sockets = TcpTable(filter_.forward, timeout), TcpTable(filter_.reverse, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in [self.both] if self.protocol == "map" else self.sockets:
            client.close()

    def forward(self, key):
        return self.both.ask("forward", key) if self.protocol == "map" else self.sockets[0].ask(key)

    def reverse(self, key):
        return self.both.ask("reverse", key) if self.protocol == "map" else self.sockets[1].ask(key)

    def found(self, answer):
        """The address of an answer that has one."""
        word = "OK " if self.protocol == "map" else "200 "
        check(answer.startswith(word), f"no address: {answer!r}")
        return answer[len(word):]


PROTOCOLS = [("socketmap", "map"), ("tcp", "tcp")]


@rows(PROTOCOLS)
def a_sender_goes_out_and_comes_home(binary, protocol):
    with serving(binary) as filter_, Tables(filter_, protocol) as tables:
        for sender in (SENDER, "A=b+c@Example.ORG", '"a b"@example.org', "50%@example.org", "alice@[192.0.2.1]"):
            ours = tables.found(tables.forward(sender))
            check(ours.lstrip('"').startswith("SRS0=") and ours.endswith("@fwd.example"), ours)
            equal(tables.found(tables.reverse(ours)), sender, "reversed")
            equal(tables.found(tables.reverse(ours.lower())).lower(), sender.lower(), "reversed in lower case")
            equal(tables.forward(ours), NOT_FOUND[protocol], "our own address")
        focused = tables.found(tables.forward("alice<@example.org.>"))
        equal(focused, tables.found(tables.forward(SENDER)).replace("@", "<@") + ".>", "with Sendmail's focus")
        equal(tables.found(tables.reverse(focused)), "alice<@example.org.>", "reversed with a focus")


@rows(PROTOCOLS)
def what_is_not_ours_is_not_found(binary, protocol):
    with serving(binary, {"SRSExclude": "own.example"}) as filter_, Tables(filter_, protocol) as tables:
        ours = tables.found(tables.forward(SENDER))
        for key in ('""', "<>", "<@>", "", "alice", "a@own.example", "a@fwd.example", "a@permits.example", "a@b@", "@",
                    "a\tb@example.org", "x" * 3000 + "@example.org",
                    '"' + " " * 2000 + '"@example.org'):
            equal(tables.forward(key), NOT_FOUND[protocol], f"the sender {key[:40]!r}")
        for key in ("", "<>", SENDER, "a@fwd.example", "SRS0@fwd.example", "SRS0=@fwd.example", ours.replace("SRS0=", "SRS0=x"),
                    ours.replace("alice", "bob"), ours.replace("fwd.example", "other.example")):
            equal(tables.reverse(key), NOT_FOUND[protocol], f"the recipient {key!r}")


@case
def the_start_and_n_name_all_sockets(binary):
    with serving(binary) as filter_:
        line = filter_.wait_log("listens on")
        for text in (f"TableSocket socketmap:{filter_.map}", f"TableSocket tcp-forward:{filter_.forward}",
                     f"TableSocket tcp-reverse:{filter_.reverse}"):
            contains(line, text, "the line of the start")
        filter_.configure({"User": UNPRIVILEGED, "TableSocket": f"tcp-reverse:{filter_.reverse}", "SRSDomain": "fwd.example",
                           "SRSSecretFile": filter_.path("secret")}, None)
        checked = run(binary, "-n", "-c", filter_.config_path)
        equal(checked.returncode, 0, f"-n beside it: {checked.stdout}{checked.stderr}")


@rows([("double", {"TableSocket": ["socketmap:unix:{dir}/map", "tcp-forward:unix:{dir}/map"]}, "names the same file"),
       ("double-port", {"TableSocket": ["socketmap:inet:10001", "tcp-forward:inet:10001"]}, "names the same socket"),
       ("of-policy", {"TableSocket": "socketmap:unix:{dir}/map", "PolicySocket": "unix:{dir}/map"}, "names the same file"),
       ("no-domain", {"SRSDomain": "none"}, "TableSocket: its tables are about addresses of SRSDomain"),
       ("no-protocol", {"TableSocket": "unix:/run/map"}, "did you mean socketmap:unix:/run/map?"),
       ("other-protocol", {"TableSocket": "tcp:inet:10001"}, "is not a protocol and a socket"),
       ("no-socket", {"TableSocket": "socketmap:"}, "is not a protocol and a socket"),
       ("port", {"TableSocket": "tcp-forward:inet:99999"}, "a port is from 1 to 65535"),
       ("relative", {"TableSocket": "socketmap:unix:srs.sock"}, "is not a protocol and a socket"),
       ("directory", {"TableSocket": "socketmap:unix:/nowhere/map"}, "/nowhere"),
       ("many", {"TableSocket": [f"socketmap:inet:{port}" for port in range(20001, 20018)]}, "at most 16")])
def what_cannot_be_is_told_before_the_start(binary, config, problem):
    with prepared(binary) as filter_:
        texts = {key: [v.format(dir=filter_.dir) for v in (value if isinstance(value, list) else [value])]
                 for key, value in {"TableSocket": "socketmap:unix:{dir}/map", "SRSDomain": "fwd.example", **config}.items()}
        filter_.reconfigure({"SRSSecretFile": filter_.write_secret("tops3cr3t"), **texts})
        for arguments in (["-n"], ["-f"]):
            done = run(binary, *arguments, "-c", filter_.config_path)
            contains(done.stdout + done.stderr, problem, " ".join(arguments))
            check(done.returncode != 0, "it is no problem")


@case
def sixteen_sockets_serve(binary):
    with prepared(binary) as filter_:
        paths = [filter_.path(f"map{number}") for number in range(16)]
        filter_.reconfigure({"TableSocket": [f"socketmap:unix:{path}" for path in paths], "SRSDomain": "fwd.example",
                             "SRSSecretFile": filter_.write_secret("tops3cr3t"), "SocketMode": "0640"})
        filter_.start()
        for path in paths:
            equal(stat.S_IMODE(os.stat(path).st_mode), 0o640, "permissions")
            with Socketmap(f"unix:{path}") as client:
                contains(client.ask("forward", SENDER), "OK SRS0=", path)
        filter_.stop()
        equal([path for path in paths if os.path.exists(path)], [], "sockets that are left")


@case
def one_that_cannot_listen_ends_the_start_without_a_trace(binary):
    with prepared(binary) as filter_, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        filter_.reconfigure({"TableSocket": [f"socketmap:unix:{filter_.path('map')}", f"tcp-forward:inet:{port}"],
                             "User": UNPRIVILEGED,
                             "SRSDomain": "fwd.example", "SRSSecretFile": filter_.write_secret("tops3cr3t")})
        done = run(binary, "-f", "-c", filter_.config_path)
        contains(done.stderr, f"TableSocket: inet:{port}@127.0.0.1: cannot listen", "the reason")
        check(not os.path.exists(filter_.path("map")), "the other socket is left")


@case
def a_change_needs_a_restart(binary):
    with serving(binary) as filter_:
        filter_.configure({"TableSocket": f"socketmap:{filter_.map}", "SRSDomain": "other.example",
                           "SRSSecretFile": filter_.write_secret("tops3cr3t")}, None)
        filter_.signal(signal.SIGUSR1)
        contains(filter_.wait_log("only after a restart"), "TableSocket", "the log")
        with TcpTable(filter_.forward) as client:
            contains(client.ask(SENDER), "@other.example", "the old socket with the new domain")


BROKEN = {
    "map": [("length", b"x"), ("zeros", b"025:forward " + SENDER.encode() + b","), ("too-long", b"10001:forward "),
            ("digits", b"9" * 4000), ("comma", b"11:forward a@b;"), ("no-name", b"5:hello,"), ("empty", b"0:,"),
            ("get", b"get a@b\n"), ("http", b"GET / HTTP/1.0\r\n\r\n"), ("zero", b"\0" * 100)],
    "tcp": [("empty", b"\n"), ("word", b"put a b\n"), ("case", b"GET a@b\n"), ("no-key", b"get\n"),
            ("too-long", b"get " + b"x" * 10000), ("map", b"11:forward a@b,\n"), ("http", b"GET / HTTP/1.0\r\n\r\n"),
            ("zero", b"\0" * 10000)]}


@rows([(f"{protocol}-{name}", protocol, octets) for protocol, broken in BROKEN.items() for name, octets in broken])
def broken_requests_have_no_answer(binary, protocol, octets):
    """Whole or in pieces, after a good one: that is answered, the connection is closed, a line says why, others go on."""
    with serving(binary) as filter_:
        kind, address = (Socketmap, filter_.map) if protocol == "map" else (TcpTable, filter_.forward)
        good = netstring(f"forward {SENDER}") if protocol == "map" else get(SENDER)
        for step in (len(octets), 1 if len(octets) < 500 else 999):
            with kind(address) as client:
                client.send(good)
                contains(client.answer(), "SRS0=", "the good one")
                with contextlib.suppress(OSError):
                    for begin in range(0, len(octets), step):
                        client.send(octets[begin:begin + step])
                try:
                    raise AssertionError(f"answered with {client.answer()}")
                except Closed as closed:
                    equal(closed.args[0], b"", "octets before the end")
                except ConnectionResetError:
                    pass
            with Tables(filter_, protocol) as tables:
                contains(tables.forward(SENDER), "SRS0=", "afterwards")
        contains(filter_.log(), "TableSocket: a request that cannot be read", "log")
        label = "socketmap" if protocol == "map" else "tcp"
        equal(sample(filter_, f'smf_spf_table_requests_broken_total{{protocol="{label}"}}'), 2, "counted")


@rows(PROTOCOLS)
def a_request_without_its_end_is_broken(binary, protocol):
    """Its client has gone; one that has asked nothing is no fault."""
    whole = netstring(f"forward {SENDER}") if protocol == "map" else get(SENDER)
    with serving(binary) as filter_:
        kind, address = (Socketmap, filter_.map) if protocol == "map" else (TcpTable, filter_.forward)
        for octets in (b"", whole, whole[:-1], whole + whole[:2]):
            with kind(address) as client:
                client.send(octets)
                client.socket.shutdown(socket.SHUT_WR)
                try:
                    while True:
                        contains(client.answer(), "SRS0=", "a whole one")
                except Closed as closed:
                    equal(closed.args[0], b"", "octets before the end")
        equal(filter_.log().count("TableSocket: a request that cannot be read (it ends too early)"), 2, "lines")
        label = "socketmap" if protocol == "map" else "tcp"
        equal(sample(filter_, f'smf_spf_table_requests_broken_total{{protocol="{label}"}}'), 2, "counted")


@case
def another_table_is_an_error_of_the_mta(binary):
    with serving(binary) as filter_:
        with Socketmap(filter_.map) as client:
            for _ in range(3):
                contains(client.ask("srs", SENDER), "PERM ", "the answer")
            contains(client.ask("forward", SENDER), "OK SRS0=", "the connection goes on")
        lines = [line for line in filter_.log().splitlines() if "there is no table srs" in line]
        equal(len(lines), 1, "lines")
        equal(sample(filter_, 'smf_spf_table_requests_total{protocol="socketmap",table="other",answer="unknown"}'), 3,
              "counted")


@rows(PROTOCOLS)
def requests_come_in_any_pieces_and_many_at_once(binary, protocol):
    """The answers are in the order of the requests."""
    keys = [f"user{number}@example.org" for number in range(100)]
    with serving(binary) as filter_:
        kind, address = (Socketmap, filter_.map) if protocol == "map" else (TcpTable, filter_.forward)
        octets = b"".join(netstring(f"forward {key}") if protocol == "map" else get(key) for key in keys)
        for step in (1, 7, 500, len(octets)):
            with kind(address) as client:
                for begin in range(0, len(octets), step):
                    client.send(octets[begin:begin + step])
                for key in keys:
                    contains(client.answer(), f"=example.org={key.split('@')[0]}@fwd.example", f"in pieces of {step}")


@rows(PROTOCOLS)
def who_sends_and_ends_gets_all_answers(binary, protocol):
    with serving(binary) as filter_:
        kind, address = (Socketmap, filter_.map) if protocol == "map" else (TcpTable, filter_.forward)
        with kind(address) as client:
            client.send((netstring(f"forward {SENDER}") if protocol == "map" else get(SENDER)) * 50)
            client.socket.shutdown(socket.SHUT_WR)
            for _ in range(50):
                contains(client.answer(), "SRS0=", "an answer")


@rows(PROTOCOLS)
def who_reads_late_gets_all_answers_and_holds_up_nobody(binary, protocol):
    """What it sends waits in the sockets, and what the filter keeps for it stays small."""
    count = 50000
    with serving(binary) as filter_:
        kind, address = (Socketmap, filter_.map) if protocol == "map" else (TcpTable, filter_.forward)
        request_ = netstring(f"forward {SENDER}") if protocol == "map" else get(SENDER)
        with kind(address) as deaf:
            sender = threading.Thread(target=lambda: deaf.send(request_ * count))
            before = filter_.rss_kb()
            sender.start()
            time.sleep(0.5)
            with Tables(filter_, protocol, timeout=20) as tables:
                contains(tables.forward(SENDER), "SRS0=", "somebody else")
            check(filter_.rss_kb() - before < 8000 or sanitizer(binary), f"{filter_.rss_kb() - before} kB more")
            for _ in range(count):
                contains(deaf.answer(), "SRS0=", "an answer")
            sender.join()


@case
def who_never_reads_is_left_at_the_stop(binary):
    with serving(binary, {"DNSTimeout": "1s"}) as filter_, TcpTable(filter_.forward, timeout=1) as deaf:
        with contextlib.suppress(OSError):
            for _ in range(1000):
                deaf.send(get(SENDER) * 1000)
        check(filter_.stop() < 10, "the stop took too long")


@rows(PROTOCOLS)
def a_lookup_that_waits_holds_up_its_connection_alone(binary, protocol):
    """Of a sender whose domain is silent: rewritten at SRSTimeout."""
    with DnsServer(ZONE) as server:
        server.fault("silent.example", "drop")
        with serving(binary, {"SRSTimeout": "2s"}, servers=server) as filter_, \
                Tables(filter_, protocol) as first, Tables(filter_, protocol) as second:
            begun, answers = time.monotonic(), []
            waiting = threading.Thread(target=lambda: answers.append(first.forward("a@silent.example")))
            waiting.start()
            wait_until(lambda: server.count("silent.example") > 0, 30, "the query of the first")
            for _ in range(100):
                contains(second.forward(SENDER), "SRS0=", "the second")
            equal(answers, [], "the first one waits still")
            waiting.join()
            contains(answers[0], "=silent.example=a@fwd.example", "the first one at last")
            check(1.5 < time.monotonic() - begun < 10, f"after {time.monotonic() - begun:.1f} s")


@rows(PROTOCOLS)
def requests_behind_one_that_waits_are_answered_after_it(binary, protocol):
    keys = [SENDER, "a@silent.example", "b@example.org", "c@silent.example", "d@example.org"]
    with DnsServer(ZONE) as server:
        server.fault("silent.example", "drop")
        with serving(binary, {"SRSTimeout": "1s"}, servers=server) as filter_:
            kind, address = (Socketmap, filter_.map) if protocol == "map" else (TcpTable, filter_.forward)
            with kind(address) as client:
                client.send(b"".join(netstring(f"forward {key}") if protocol == "map" else get(key) for key in keys))
                for key in keys:
                    user, _, domain = key.partition("@")
                    contains(client.answer(), f"={domain}={user}@fwd.example", "in order")


@case
def who_leaves_while_its_lookup_waits_is_forgotten(binary):
    with DnsServer(ZONE) as server:
        server.fault("silent.example", "drop")
        with serving(binary, {"SRSTimeout": "1s"}, servers=server) as filter_:
            for number in range(50):
                with Socketmap(filter_.map) as client:
                    client.send(netstring(f"forward {number}@silent.example"))
            wait_until(lambda: sample(filter_, "smf_spf_connections_open") == 0, 30, "the end of all connections")
            with Socketmap(filter_.map) as client:
                contains(client.ask("forward", SENDER), "SRS0=", "afterwards")


@case
def a_stop_answers_what_waits(binary):
    with DnsServer(ZONE) as server:
        server.fault("silent.example", "drop")
        with serving(binary, {"SRSTimeout": "2s"}, servers=server) as filter_:
            with Socketmap(filter_.map) as client, Socketmap(filter_.map) as idle:
                contains(idle.ask("forward", SENDER), "SRS0=", "an idle one")
                client.send(netstring("forward a@silent.example"))
                wait_until(lambda: server.count("silent.example") > 0, 30, "the query")
                filter_.signal(signal.SIGTERM)
                contains(client.answer(), "=silent.example=a@fwd.example", "the answer")
                filter_.stop()


@case
def requests_and_connections_are_counted(binary):
    with serving(binary) as filter_:
        with Tables(filter_, "map") as tables:
            ours = tables.found(tables.forward(SENDER))
            tables.reverse(ours)
            tables.reverse("a@b.example")
        with Tables(filter_, "tcp") as tables:
            tables.forward("<>")
        found = {line.partition(" ")[0]: int(line.split()[-1]) for line in ask(filter_)[2].splitlines()
                 if line.startswith("smf_spf_table_")}
    equal({name[len("smf_spf_table_"):]: count for name, count in found.items() if count},
          {'connections_total{protocol="socketmap"}': 1, 'connections_total{protocol="tcp"}': 2,
           'requests_total{protocol="socketmap",table="forward",answer="found"}': 1,
           'requests_total{protocol="socketmap",table="reverse",answer="found"}': 1,
           'requests_total{protocol="socketmap",table="reverse",answer="not_found"}': 1,
           'requests_total{protocol="tcp",table="forward",answer="not_found"}': 1}, "counted")


@case
def it_serves_without_a_milter(binary):
    filter_ = serving(binary, {"Socket": "off"})
    with contextlib.ExitStack() as stack:
        stack.callback(filter_.remove)
        filter_.launch()
        stack.callback(filter_.kill)
        filter_.wait_log("listens on")
        with Tables(filter_, "map") as tables:
            contains(tables.forward(SENDER), "SRS0=", "without a milter")
        filter_.stop()


@case
def a_socket_that_was_passed_serves(binary):
    with socket.socket() as listening, prepared(binary) as filter_:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        os.set_inheritable(listening.fileno(), True)
        filter_.pass_fds = (listening.fileno(),)
        filter_.reconfigure({"TableSocket": f"tcp-forward:fd:{listening.fileno()}", "SRSDomain": "fwd.example",
                             "SRSSecretFile": filter_.write_secret("tops3cr3t")})
        filter_.start()
        with TcpTable(f"inet:{listening.getsockname()[1]}@127.0.0.1") as client:
            contains(client.ask(SENDER), "200 SRS0=", "the answer")
        filter_.stop()


@case
def idle_connections_cost_little(binary):
    if sanitizer(binary):
        raise Skip("a sanitizer's allocator takes more")
    count = 2000
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 8 * count:
        raise Skip("too few descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8 * count, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with serving(binary) as filter_, contextlib.ExitStack() as stack:
        with Socketmap(filter_.map) as client:
            client.ask("forward", SENDER)
        before = filter_.rss_kb()
        clients = [stack.enter_context(Socketmap(filter_.map)) for _ in range(count)]
        for client in clients:
            contains(client.ask("forward", SENDER), "SRS0=", "an answer")
        check(filter_.rss_kb() - before < count, f"{(filter_.rss_kb() - before) / count:.2f} kB each")
        for client in clients:
            contains(client.ask("forward", SENDER), "SRS0=", "another answer")


@case
def connections_past_the_limit_wait(binary):
    """A quarter of the descriptors is for tables; the milter is served meanwhile."""
    with serving(binary) as filter_:
        filter_.stop()
        filter_.launcher = ["/bin/sh", "-c", 'ulimit -n 256; exec "$0" "$@"']
        filter_.start()
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(Socketmap(filter_.map)) for _ in range(64)]
            for client in clients:
                contains(client.ask("forward", SENDER), "SRS0=", "one within the limit")
            late = stack.enter_context(Socketmap(filter_.map, timeout=1))
            try:
                raise AssertionError(late.ask("forward", SENDER))
            except TimeoutError:
                pass
            contains(filter_.log(), "TableSocket: as many connections are open as the descriptors allow", "log")
            clients[0].close()
            late.socket.settimeout(30)
            contains(late.answer(), "SRS0=", "once there is room")


@rows(PROTOCOLS)
def reloads_and_a_stop_lose_no_request(binary, protocol):
    def ask(tables, text):
        ours = tables.found(tables.forward(f"{text}@example.org"))
        found = tables.found(tables.reverse(ours))
        return None if found == f"{text}@example.org" else f"{ours} is {found}"

    with serving(binary) as filter_:
        reload_and_stop(filter_, lambda: Tables(filter_, protocol), ask)
