# SPDX-License-Identifier: GPL-2.0-or-later
"""An orderly stop under traffic: no new message is taken, none under way is cut off, and the end does not wait for it."""

import contextlib
import http.client
import os
import signal
import socket
import sys
import threading
import urllib.request

import cases_metrics
from dns_server import DnsServer
from filter import accepts
from milter_client import MilterClient
from milter_wire import Closed, NoAnswer
from policy_client import PolicyClient
from process_common import prepared
from wire_common import (BAD_IP, ZONE, Filter, case, check, classic, contains, equal, rows, sanitizer, wait_until)

TRANSPORTS = [("unix", "unix"), ("inet", "inet"), ("inet6", "inet6")]
LONG_S = 40  # DNSTimeout, for which the end must not wait
END_LIMIT_S = 20
PARALLEL = 4


def connected(filter_, **client):
    """A connection at which a message may begin."""
    mta = MilterClient(filter_.address)
    mta.connect(**client)
    mta.helo()
    return mta


def finish(mta):
    """The rest of a message that has begun: its changes."""
    equal(mta.rcpt("<bob@example.net>").kind, "continue", "RCPT")
    mta.data()
    mta.header("Subject", "hello")
    mta.eoh()
    reply, changes = mta.eom()
    equal(reply.kind, "continue", "end of the message")
    return changes


def stop_begins(filter_):
    """Sends SIGTERM, and waits until nobody new is let in."""
    filter_.signal(signal.SIGTERM)
    wait_until(lambda: not accepts(filter_.address), END_LIMIT_S, "the socket to close")
    check(filter_.process.poll() is None, "it ended under the messages")


@rows(TRANSPORTS)
def messages_that_began_are_finished_and_no_other_begins(binary, transport):
    """Three connections: one waits for the DNS, one is in the middle of its message, one is between messages."""
    with DnsServer(ZONE) as server:
        server.fault("slow.example", "delay", seconds=2)
        server.add("slow.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
        config = {"Nameserver": server.address, "DNSTimeout": f"{LONG_S}s"}
        with Filter(binary, config, transport=transport) as filter_:
            waiting, begun, idle = connected(filter_, ip=BAD_IP), connected(filter_), connected(filter_)
            equal(begun.mail("<alice@example.org>").kind, "continue", "MAIL")
            waiting.ask(b"M", "mail", b"<a@slow.example>\0")
            wait_until(lambda: server.count("slow.example"), 30, "the question")
            stop_begins(filter_)
            idle.ask(b"M", "mail", b"<alice@example.org>\0")
            changes = finish(begun)
            contains(str(changes), "spf=pass", "fields of the message that had begun")
            reply = waiting.answer()
            check(reply.text.startswith("550 5.7.23"), f"answered {reply}")
            equal(filter_.process.wait(END_LIMIT_S), 0, "exit status")
            try:
                reply = idle.answer()
                check(False, f"a message that began after the signal was answered: {reply}")
            except Closed:
                pass


class Traffic(threading.Thread):
    """Message after message over one connection, until the filter takes no more. `cut_off` says which step failed."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.finished, self.cut_off = address, 0, None

    def run(self):
        with MilterClient(self.address) as mta:
            mta.connect()
            mta.helo()
            while True:
                try:
                    mta.mail("<alice@example.org>")
                except Closed:
                    return
                try:
                    finish(mta)
                except (Closed, AssertionError) as failure:
                    self.cut_off = repr(failure)
                    return
                self.finished += 1


@rows(TRANSPORTS)
def steady_traffic_does_not_hold_up_the_end(binary, transport):
    with classic(binary, {"DNSTimeout": f"{LONG_S}s"}, transport=transport) as filter_:
        threads = [Traffic(filter_.address) for _ in range(PARALLEL)]
        for thread in threads:
            thread.start()
        wait_until(lambda: all(thread.finished > 20 for thread in threads), 60, "some messages of each connection")
        filter_.signal(signal.SIGTERM)
        equal(filter_.process.wait(END_LIMIT_S), 0, "exit status")
        for thread in threads:
            thread.join(END_LIMIT_S)
            check(not thread.is_alive(), "a connection is open after the end")
            equal(thread.cut_off, None, "the message cut off")


@case
def the_last_answer_is_written_before_the_end(binary):
    """Each time the process ends on the heels of one message; its answer must be out by then."""
    for _ in range(3 if sanitizer(binary) else 20):
        with classic(binary) as filter_:
            mta = connected(filter_)
            mta.mail("<alice@example.org>")
            stop_begins(filter_)
            contains(str(finish(mta)), "spf=pass", "fields")
            mta.close()
            equal(filter_.process.wait(END_LIMIT_S), 0, "exit status")


@case
def a_connection_that_is_not_judged_is_answered_to_the_end(binary):
    with classic(binary, {"WhitelistIP": "192.0.2.1"}) as filter_:
        begun, trusted = connected(filter_, ip=BAD_IP), connected(filter_)
        begun.mail("<alice@neutral.example.org>")
        stop_begins(filter_)
        equal(trusted.mail("<alice@example.org>").kind, "accept", "MAIL of a whitelisted client")
        finish(begun)
        equal(filter_.process.wait(END_LIMIT_S), 0, "exit status")


@case
def the_bound_of_a_stop_is_the_dns_timeout(binary):
    """A message that does not end is cut off; a second signal does not wait even so long."""
    with classic(binary, {"DNSTimeout": "1s"}) as filter_:
        mta = connected(filter_)
        mta.mail("<alice@example.org>")
        stop_begins(filter_)
        equal(filter_.process.wait(END_LIMIT_S), 0, "exit status")
    with classic(binary, {"DNSTimeout": f"{LONG_S}s"}) as filter_:
        mta = connected(filter_)
        mta.mail("<alice@example.org>")
        stop_begins(filter_)
        filter_.signal(signal.SIGTERM)
        equal(filter_.process.wait(END_LIMIT_S), 0, "exit status after two signals")


def health(watcher):
    watcher.request("GET", "/healthz")
    with watcher.getresponse() as answer:
        return answer.status, answer.read().decode()


@case
def a_filter_that_stops_is_unhealthy(binary):
    """To those who are connected to its metrics; nobody new gets in, as a successor may have the socket by then."""
    with cases_metrics.watched(binary, {"DNSTimeout": f"{LONG_S}s"}) as filter_:
        watchers = []
        for _ in range(2):  # one request each; where the later is answered, the other was accepted, too
            watchers.append(http.client.HTTPConnection("filter", timeout=END_LIMIT_S))
            watchers[-1].sock = cases_metrics.connected(filter_)
        equal(health(watchers[1]), (200, "ok\n"), "before")
        mta = connected(filter_)
        mta.mail("<alice@example.org>")
        stop_begins(filter_)
        check(not os.path.exists(filter_.path("sock")), "the socket is left to who cannot be served")
        equal(health(watchers[0]), (503, "stopping: no new connection is taken\n"), "while the last message is under way")
        wait_until(lambda: not os.path.exists(filter_.path("metrics")), END_LIMIT_S, "the socket of the metrics to go")
        finish(mta)
        equal(filter_.process.wait(END_LIMIT_S), 0, "exit status")


@contextlib.contextmanager
def listener_of(filter_):
    kind, _, where = filter_.address.partition(":")
    with socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET) as listener:
        if kind == "unix":
            listener.bind(where)
            os.chmod(where, 0o666)
        else:
            listener.bind(("127.0.0.1", int(where.partition("@")[0])))
        listener.listen(64)
        yield listener


def is_answered(address):
    """Whether somebody takes a connection from the queue and negotiates."""
    try:
        MilterClient(address, timeout=0.5).close()
        return True
    except NoAnswer:
        return False


@rows([("unix", "unix"), ("inet", "inet")])
def a_socket_that_was_handed_over_keeps_who_comes(binary, transport):
    """A service manager holds it open: what comes while the filter stops is served by the next one."""
    with prepared(binary, transport=transport) as filter_, listener_of(filter_) as listener:
        filter_.pass_fds = (listener.fileno(),)
        filter_.reconfigure({"Socket": f"fd:{listener.fileno()}", "DNSTimeout": f"{LONG_S}s"})
        filter_.start()
        first, begun = filter_.process, connected(filter_)
        begun.mail("<alice@example.org>")
        filter_.signal(signal.SIGTERM)
        wait_until(lambda: not is_answered(filter_.address), END_LIMIT_S, "the first to take no more connections")
        late = MilterClient(filter_.address, negotiate=False)
        finish(begun)
        equal(first.wait(END_LIMIT_S), 0, "exit status")
        filter_.start()
        late.negotiate()
        late.connect()
        late.helo()
        late.mail("<alice@example.org>")
        contains(str(finish(late)), "spf=pass", "fields")
        filter_.stop()


# What a service manager does: sockets from descriptor 3 on, and their names in the environment of this very process.
PASS_SOCKETS = """
import fcntl, os, sys
names, descriptors, command = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
kept = [fcntl.fcntl(int(descriptor), fcntl.F_DUPFD_CLOEXEC, 50) for descriptor in descriptors]
for place, descriptor in enumerate(kept):
    os.dup2(descriptor, 3 + place)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kept)), LISTEN_FDNAMES=names)
os.execv(command[0], command)
"""


@case
def sockets_that_systemd_names_are_found(binary):
    """The second one is the milter's; a reload and a restart keep them all."""
    config = {"Socket": "fd:smf-spf.socket", "Metrics": "fd:web", "PolicySocket": "fd:policy"}
    with prepared(binary) as filter_, listener_of(filter_) as listener, \
            socket.create_server(("127.0.0.1", 0)) as metrics, socket.create_server(("127.0.0.1", 0)) as policy:
        filter_.pass_fds = (metrics.fileno(), listener.fileno(), policy.fileno())
        filter_.launcher = [sys.executable, "-c", PASS_SOCKETS, "web:smf-spf.socket:policy",
                            ",".join(str(descriptor) for descriptor in filter_.pass_fds)]
        filter_.reconfigure(config)
        for _ in range(2):
            filter_.start()
            filter_.reconfigure({**config, "TagSubject": "on"})
            filter_.signal(signal.SIGUSR1)
            filter_.wait_log("configuration reloaded")
            mta = connected(filter_)
            mta.mail("<alice@example.org>")
            contains(str(finish(mta)), "spf=pass", "fields")
            port = metrics.getsockname()[1]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=END_LIMIT_S) as answer:
                equal(answer.read(), b"ok\n", "health")
            with PolicyClient(f"inet:{policy.getsockname()[1]}@127.0.0.1") as client:
                contains(client.ask(), "spf=pass", "the answer")
            mta.close()
            filter_.stop()


@case
def a_socket_that_is_not_passed_prevents_the_start(binary):
    with prepared(binary) as filter_, listener_of(filter_) as listener:
        filter_.pass_fds = (listener.fileno(),)
        filter_.launcher = [sys.executable, "-c", PASS_SOCKETS, "milter", str(listener.fileno())]
        filter_.reconfigure({"Socket": "fd:milter", "Metrics": "fd:metrics"})
        equal(filter_.launch().wait(END_LIMIT_S), 78, "exit status")
        lines = filter_.stderr().splitlines()
        equal(len(lines), 1, "lines")
        contains(lines[0], "Metrics: fd:metrics: the service manager has passed no socket of this name, but milter",
                 "what it says")


@rows([("unix", "unix"), ("inet", "inet")])
def a_successor_may_start_while_the_last_messages_end(binary, transport):
    """The socket is free from the beginning of the stop, and what the successor puts there is not taken away."""
    with classic(binary, {"DNSTimeout": f"{LONG_S}s"}, transport=transport) as filter_:
        mta = connected(filter_)
        mta.mail("<alice@example.org>")
        stop_begins(filter_)
        first = filter_.process
        filter_.start()
        finish(mta)
        equal(first.wait(END_LIMIT_S), 0, "exit status of the first")
        if transport == "unix":
            check(os.path.exists(filter_.path("sock")), "the successor's socket was taken away")
        mta = connected(filter_)
        mta.mail("<alice@example.org>")
        contains(str(finish(mta)), "spf=pass", "fields of the successor")
