# SPDX-License-Identifier: GPL-2.0-or-later
"""Descriptors, threads and memory are refused to a running filter: messages go on unchecked, and once there are some
again it checks as before, without a restart."""

import contextlib
import os
import signal
import socket
import struct
import subprocess

import milter_wire as wire
from filter import UNPRIVILEGED, group_of
from faults_common import (BAD_IP, GOOD_IP, LONG, Mta, Names, Skip, asking, case, check, delivered, descriptors, equal,
                           fresh, metrics, result_of, rows, sanitizer, spf_result, threads, wait_until)

ROUNDS = 60 if LONG else 5
CONNECTIONS = 64 if LONG else 24
# As prlimit(1) and /proc/PID/limits have them.
LIMITS = {"nofile": "Max open files", "nproc": "Max processes", "as": "Max address space"}
POSSIBLE = ("pass", "temperror", "")


def set_soft(filter_, name, count):
    """By a program that runs as the filter's user: it may, where root of a container may not."""
    check(filter_.process.poll() is None, f"the filter ended: {filter_.process.returncode} {filter_.stderr()}")
    who = {} if os.geteuid() else {"user": UNPRIVILEGED, "group": group_of(UNPRIVILEGED), "extra_groups": []}
    command = ["prlimit", "--pid", str(filter_.process.pid), f"--{name}={count}:"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **who)
    if done.returncode != 0:
        raise Skip(f"prlimit: {done.stderr.strip()}")


@contextlib.contextmanager
def limited(filter_, name, count):
    """The soft limit of the running filter, for as long as the block. name: as prlimit(1) has it."""
    before = soft_limit(filter_, name)
    set_soft(filter_, name, count)
    try:
        yield
    finally:
        set_soft(filter_, name, before)


def soft_limit(filter_, name):
    with open(f"/proc/{filter_.process.pid}/limits", encoding="ascii") as file:
        return next(line[26:].split()[0] for line in file if line.startswith(LIMITS[name]))


def result(mta, without_macro=False):
    """The result of one message on this connection, "" where it went on without one. It is never refused. without_macro:
    libmilter may have had no memory for the name of the MTA (j), which is the host's then."""
    message = delivered(mta.send(f"<a@{fresh('pass')}>"))
    if not message.values("Authentication-Results"):
        return ""
    own = message.value("Authentication-Results").split(";")[0].strip()
    return spf_result(message, *([own] if without_macro and own == socket.gethostname() else []))[0]


def alive_and_right(filter_):
    """Results are right again, at once for names that nobody has asked for, and bad ones are still refused."""
    check(filter_.process.poll() is None, f"the filter ended: {filter_.stderr()}")
    wait_until(lambda: result_of(filter_, "pass") == "pass", 30, "the right result")
    equal(result_of(filter_, "fail", ip=BAD_IP), "fail", "result")
    equal(metrics(filter_)["smf_spf_disagreements_total"], 0, "disagreements")


def connected(stack, filter_, count):
    return [stack.enter_context(Mta(filter_.address, ip=GOOD_IP, timeout=60)) for _ in range(count)]


@rows([("none-left", 0), ("one-left", 1), ("few-left", 4)], whole=True)
def no_descriptors(binary, spare):
    """What is connected goes on. What connects waits until there are some."""
    with Names() as names, asking(names, binary, {"DNSTimeout": "2s", "RefuseFail": "off"}) as filter_, \
            contextlib.ExitStack() as stack:
        equal(result_of(filter_, "pass"), "pass", "before")
        mtas = connected(stack, filter_, 4)
        for _ in range(2):
            with limited(filter_, "nofile", descriptors(filter_) + spare):
                for mta in mtas:
                    found = result(mta)
                    check(found in POSSIBLE, found)
            alive_and_right(filter_)
            equal([result(mta) for mta in mtas], ["pass"] * 4, "on the old connections")


@case
def reload_without_descriptors(binary):
    """A reload that needs a new resolver finds so many: it is done, or all stays as it was."""
    with Names() as names, asking(names, binary, {"DNSTimeout": "2s", "RefuseFail": "off"}) as filter_:
        equal(result_of(filter_, "pass"), "pass", "before")
        for spare in range(14):
            filter_.reconfigure({"Nameserver": names.address, "Metrics": f"inet:{filter_.metrics_port}@127.0.0.1",
                                 "RefuseFail": "off", "DNSTimeout": "2s", "DNSCacheSize": f"{4 + spare}M"})
            size = len(filter_.log())
            with limited(filter_, "nofile", descriptors(filter_) + spare):
                filter_.signal(signal.SIGUSR1)
                wait_until(lambda: filter_.process.poll() is not None or "reloaded" in filter_.log()[size:]
                           or "as it was" in filter_.log()[size:], 30, f"the reload with {spare} descriptors")
            alive_and_right(filter_)


@case
def descriptors_are_left_for_the_dns(binary):
    """Whatever connects: what is connected gets results for names that no cache has. The rest is served later."""
    if sanitizer(binary):
        raise Skip("libmilter gets its connections from the sanitizer")
    with Names() as names, asking(names, binary, {"DNSTimeout": "9s", "RefuseFail": "off"}) as filter_, \
            contextlib.ExitStack() as stack:
        mtas = connected(stack, filter_, 4)
        equal([result(mta) for mta in mtas], ["pass"] * 4, "before")
        limit = descriptors(filter_) * 2
        with limited(filter_, "nofile", limit):
            waiting = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(limit)]
            for client in waiting:
                client.connect(filter_.path("sock"))
            filter_.wait_log("no file descriptor is left for connections")
            check(descriptors(filter_) < limit, "none is left")
            equal([result(mta) for mta in mtas], ["pass"] * 4, "results while others wait")
            for client in waiting:
                client.close()
            alive_and_right(filter_)

def crowd(stack, path, count):
    """Connections on which nothing is asked."""
    for _ in range(count):
        stack.enter_context(socket.socket(socket.AF_UNIX)).connect(path)


@case
def crowds_on_all_sockets_leave_descriptors(binary):
    """As many connections to the policy service and the tables as there may be leave some for the milter's, and all of them
    together some for the DNS."""
    if sanitizer(binary):
        raise Skip("libmilter gets its connections from the sanitizer")
    limit = 512
    with Names() as names, contextlib.ExitStack() as stack:
        filter_ = asking(names, binary)
        secret = filter_.write_secret("a secret of this test")
        filter_.configure({"Nameserver": names.address, "Metrics": f"inet:{filter_.metrics_port}@127.0.0.1",
                           "DNSTimeout": "9s", "RefuseFail": "off", "PolicySocket": "unix:" + filter_.path("policy"),
                           "TableSocket": "socketmap:unix:" + filter_.path("tables"), "SRSDomain": "srs.example",
                           "SRSSecretFile": secret})
        filter_.launcher = ["/bin/sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh"]
        stack.enter_context(filter_)
        mtas = connected(stack, filter_, 2)
        equal([result(mta) for mta in mtas], ["pass"] * 2, "before")
        crowd(stack, filter_.path("policy"), limit)
        filter_.wait_log("PolicySocket: as many connections are open")
        crowd(stack, filter_.path("tables"), limit)
        filter_.wait_log("TableSocket: as many connections are open")
        mtas += connected(stack, filter_, 8)
        equal([result(mta) for mta in mtas], ["pass"] * 10, "beside crowds that ask nothing")
        crowd(stack, filter_.path("sock"), limit)
        filter_.wait_log("no file descriptor is left for connections")
        check(descriptors(filter_) <= limit - limit // 8, f"{descriptors(filter_)} of {limit} descriptors")
        equal([result(mta) for mta in mtas], ["pass"] * 10, "beside a crowd on each socket")


@case
def no_threads(binary):
    """libmilter gets no more threads, and forgets each connection that one was for: such threads are made once there
    are some, so that each message is answered, and no connection stays behind."""
    with Names() as names, asking(names, binary, {"DNSTimeout": "1s", "RefuseFail": "off"}) as filter_, \
            contextlib.ExitStack() as stack:
        if filter_.status("Uid").split()[0] == "0":
            raise Skip("root is refused no thread")
        equal(result_of(filter_, "pass"), "pass", "before")
        before = descriptors(filter_)
        mtas = connected(stack, filter_, CONNECTIONS)
        most = threads(filter_)
        with limited(filter_, "nproc", 1):
            for mta in mtas:  # they wait for names that are silent, at the same time
                name = fresh("silent")
                mta.client.macros["mail"]["{mail_addr}"] = f"a@{name}"
                mta.client.ask(wire.MAIL, "mail", f"<a@{name}>\0".encode())
            late = stack.enter_context(contextlib.closing(wire.Wire(filter_.address, 60)))
            late.send_raw(wire.frame(wire.OPTNEG, struct.pack("!III", 6, wire.ALL_ACTIONS, wire.ALL_STEPS)))
            filter_.wait_log("no thread is left")
            check(threads(filter_) <= most, f"{threads(filter_)} threads, {most} before")
        equal({mta.client.answer().kind for mta in mtas}, {"continue"}, "answers at MAIL")
        equal(late.receive()[0], wire.OPTNEG, "answer to what connected meanwhile")
        for mta in mtas:
            mta.client.abort()
        equal({result(mta) for mta in mtas}, {"pass"}, "on the old connections")
        stack.close()
        wait_until(lambda: descriptors(filter_) <= before + 4, 60, "descriptors to be given back")
        alive_and_right(filter_)


@rows([("nothing", 0), ("some", 300 << 10), ("a-page", 4 << 10), ("more", 2 << 20)][:4 if LONG else 2], whole=True)
def no_memory(binary, spare):
    """The address space is full, as far as this filter is concerned. libmilter closes a connection that it has no
    memory for, which is up to the MTA; nothing is refused, and nothing dies."""
    if sanitizer(binary):
        raise Skip("a sanitizer has its own idea of an address space")
    with Names() as names, asking(names, binary, {"DNSTimeout": "2s", "RefuseFail": "off"}) as filter_:
        equal(result_of(filter_, "pass"), "pass", "before")
        for _ in range(ROUNDS):
            size = int(filter_.status("VmSize").split()[0]) << 10
            with limited(filter_, "as", size + spare), contextlib.ExitStack() as stack:
                for _ in range(CONNECTIONS):
                    with contextlib.suppress(wire.Closed, wire.NoAnswer, OSError):
                        mta = stack.enter_context(Mta(filter_.address, ip=GOOD_IP, timeout=5))
                        found = result(mta, without_macro=True)
                        check(found in POSSIBLE, found)
            alive_and_right(filter_)
