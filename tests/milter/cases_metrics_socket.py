# SPDX-License-Identifier: GPL-2.0-or-later
"""The socket that metrics are read from: handed over, left over, occupied, and under attack. Mail never waits for it."""

import contextlib
import http.client
import os
import resource
import socket

from cases_metrics import ask, connected, watched
from wire_common import BAD_IP, ZONE, Filter, FilterFailed, case, check, contains, equal, free_port, one, rows, wait_until

MANY = 1000
SERVED_AT_ONCE = 16  # docs/monitoring.md
LIMIT_S = 30


def listener_at(filter_, kind):
    """A socket that listens, as a service manager would make it, and its address."""
    if kind == "unix":
        address = filter_.path("handed-over")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        os.chmod(address, 0o666)
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        address = listener.getsockname()
    listener.listen(4)
    return listener, address


def get(client, path="/metrics"):
    """Status and text of an answer on a connection that there is."""
    connection = http.client.HTTPConnection("filter", timeout=LIMIT_S)
    connection.sock = client
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def dial(listener, address):
    client = socket.socket(listener.family)
    client.settimeout(LIMIT_S)
    client.connect(address)
    return client


@rows([("unix", "unix"), ("inet", "inet")])
def metrics_on_a_socket_that_was_handed_over(binary, kind):
    """It outlives the filter, and who comes while there is none is served by the next one."""
    with contextlib.ExitStack() as stack:
        filter_ = Filter(binary, {}, zone=ZONE)
        listener, address = listener_at(filter_, kind)
        stack.enter_context(listener)
        filter_.pass_fds = (listener.fileno(),)
        filter_.reconfigure({"Metrics": f"fd:{listener.fileno()}"})
        stack.enter_context(filter_)
        with dial(listener, address) as client:
            contains(get(client)[1], "smf_spf_build_info", "metrics")
        filter_.stop()
        if kind == "unix":
            check(os.path.exists(address), "the socket of another was removed")
        with dial(listener, address) as early:
            filter_.start()
            equal(get(early, "/healthz"), (200, "ok\n"), "the answer of the next filter")


def fails_to_start(filter_, *parts):
    try:
        filter_.start()
    except FilterFailed as failure:
        for part in parts:
            contains(str(failure), part, "the error")
        return
    raise AssertionError("it has started")


@case
def a_descriptor_that_is_no_socket_is_an_error(binary):
    with open(os.devnull, "rb") as file:
        filter_ = Filter(binary, {}, zone=ZONE)
        filter_.pass_fds = (file.fileno(),)
        filter_.reconfigure({"Metrics": f"fd:{file.fileno()}"})
        fails_to_start(filter_, "Metrics: ", f"fd:{file.fileno()}")


def leave_socket(path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    os.chmod(path, 0o666)


def leave_link(path):
    os.symlink(path + ".elsewhere", path)


def leave_file(path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("mine\n")


NO_SOCKET = "is there already, and is no socket"


@rows([("socket", leave_socket, None), ("file", leave_file, NO_SOCKET), ("link", leave_link, NO_SOCKET),
       ("directory", os.mkdir, NO_SOCKET)])
def what_stands_at_the_path_of_the_socket(binary, leave, error):
    """A socket that nobody answers on makes way; nothing else does, and none of it is touched."""
    filter_ = Filter(binary, {}, zone=ZONE)
    path = filter_.path("metrics")
    filter_.reconfigure({"Metrics": f"unix:{path}"})
    leave(path)
    before = os.lstat(path)
    if error is None:
        with filter_:
            equal(ask(filter_, "/healthz")[0], 200, "an answer")
        return
    fails_to_start(filter_, "Metrics: ", path, error)
    equal(os.lstat(path)[:3], before[:3], "what stood there")


@case
def a_socket_that_another_process_serves_is_not_taken(binary):
    with socket.socket(socket.AF_UNIX) as other:
        filter_ = Filter(binary, {}, zone=ZONE)
        path = filter_.path("metrics")
        filter_.reconfigure({"Metrics": f"unix:{path}"})
        other.bind(path)
        other.listen(4)
        os.chmod(path, 0o666)
        fails_to_start(filter_, "Metrics: ", path, "Address already in use")
        with dial(other, path):  # it still listens there
            pass


@rows([("0600", 0o600), ("0666", 0o666)])
def the_mode_of_the_socket(binary, mode):
    with watched(binary, {"SocketMode": f"{mode:04o}"}) as filter_:
        equal(os.stat(filter_.path("metrics")).st_mode & 0o777, mode, "permissions")


def mail_passes(filter_):
    for _ in range(5):
        check(one(filter_, ip=BAD_IP).refusal is not None, "a message was not refused")


def descriptors(filter_):
    return len(os.listdir(f"/proc/{filter_.process.pid}/fd"))


@case
def readers_that_never_read_hold_up_nobody(binary):
    """Each asks for far more than a socket buffer holds, and takes none of it."""
    with watched(binary) as filter_, contextlib.ExitStack() as stack:
        for _ in range(SERVED_AT_ONCE):
            client = stack.enter_context(connected(filter_))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(0.5)
            with contextlib.suppress(OSError):  # the filter need not take them all
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
        mail_passes(filter_)
        stack.close()
        wait_until(lambda: ask(filter_)[0] == 200, LIMIT_S, "an answer after they have gone")


@case
def a_thousand_connections_take_no_more_than_their_share(binary):
    """Each sends half a request. Of all of them, few are served at once; the others wait outside the process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * MANY)), hard))
    port = free_port("127.0.0.1")
    with Filter(binary, {"Metrics": f"inet:{port}@127.0.0.1"}, zone=ZONE) as filter_, contextlib.ExitStack() as stack:
        mail_passes(filter_)
        before = descriptors(filter_)
        for _ in range(MANY):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            with contextlib.suppress(OSError):
                client.send(b"GET /metrics HTTP/1.1\r\nX-Half: ")
        mail_passes(filter_)
        check(descriptors(filter_) <= before + SERVED_AT_ONCE + 8, f"{descriptors(filter_)} descriptors, {before} before")
        stack.close()

        def answers():
            with contextlib.suppress(OSError, http.client.HTTPException), \
                    socket.create_connection(("127.0.0.1", port), 5) as client:
                return get(client)[0] == 200
            return False

        wait_until(answers, LIMIT_S, "an answer after they have gone")


@case
def who_sends_an_octet_at_a_time_keeps_nobody_out(binary):
    """There are as many of them as are served, and none is ever silent for long."""
    with watched(binary) as filter_, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(filter_)) for _ in range(SERVED_AT_ONCE)]

        def is_served():
            for client in slow:
                with contextlib.suppress(OSError):
                    client.send(b"x")
            with connected(filter_) as client, contextlib.suppress(OSError, http.client.HTTPException):
                client.settimeout(1)
                return get(client)[0] == 200
            return False

        check(not is_served(), "they keep nobody out")
        wait_until(is_served, 60, "an answer beside them")


LONG = b"x" * 1000000
ODD_REQUESTS = [
    ("long-field", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + LONG + b"\r\n\r\n"),
    ("many-fields", b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 100000 + b"\r\n"),
    ("long-accept", b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: " + b"text/plain;q=0.1," * 700 + b"\r\n\r\n"),
    ("long-method", LONG + b" /metrics HTTP/1.1\r\n\r\n"),
    ("long-path", b"GET /" + LONG + b" HTTP/1.1\r\n\r\n"),
    ("no-version", b"GET /metrics\r\n\r\n"),
    ("odd-version", b"GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n"),
    ("no-host", b"GET /metrics HTTP/1.1\r\n\r\n"),
    ("nul", b"G\0T /met\0rics HTTP/1.1\r\nHost: \0\r\n\r\n"),
    ("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)),
    ("escapes", b"GET /%6detrics/..%2f%00%ff%zz?a=%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("huge-body", b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + LONG),
    ("bad-length", b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
    ("two-lengths", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n"),
    ("expects", b"PUT /metrics HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
    *[(method.lower(), method.encode() + b" /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      for method in ("PUT", "DELETE", "CONNECT", "TRACE", "OPTIONS", "PATCH", "get", "BREW")],
]


WELL_FORMED = ("long-accept", "no-host")


@case
def odd_requests_for_metrics_have_no_effect(binary):
    """Whatever comes, the connection gets an error or is closed, and the next one is served."""
    with watched(binary) as filter_:
        before = descriptors(filter_)
        for name, octets in ODD_REQUESTS:
            with connected(filter_) as client, contextlib.suppress(ConnectionError):
                client.sendall(octets)
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(65536)
                good = answer.startswith(b"HTTP/1.1 200") and name in WELL_FORMED
                check(good or not answer or answer[9:10] in (b"4", b"5"), f"the answer to {name}: {answer[:100]}")
            equal(ask(filter_, "/healthz")[0], 200, f"the answer after {name}")
        wait_until(lambda: descriptors(filter_) <= before + 1, LIMIT_S, "the descriptors to be closed")
        mail_passes(filter_)
