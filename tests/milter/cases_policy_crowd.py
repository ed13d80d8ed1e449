# SPDX-License-Identifier: GPL-2.0-or-later
"""More connections to the policy socket than the descriptors allow, and more in requests than is kept."""

import contextlib

from cases_policy import FIELD, PASS, message, serving
from policy_client import PolicyClient, request
from wire_common import Skip, case, check, contains, rows, sanitizer

LONG_ONES = 200
LIMIT, CLIENTS = 512, 300  # descriptors of the filter, and more connections than the half of them


@case
def who_comes_too_many_waits_for_those_before(binary):
    """The DNS and the milter keep their half; nobody is turned away."""
    filter_ = serving(binary)
    filter_.launcher = ["/bin/sh", "-c", f'ulimit -n {LIMIT}; exec "$@"', "sh"]
    with filter_, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(PolicyClient(filter_.policy)) for _ in range(CLIENTS)]
        for number, client in enumerate(clients):
            client.send(request(**message(number, **PASS)))
        for client in clients[:LIMIT // 2]:
            check(client.answer().startswith(FIELD), "an answer")
        filter_.wait_log("as many connections are open as the descriptors allow")
        for late in clients[LIMIT // 2:]:
            late.socket.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                late.answer()
                raise AssertionError("one too many was served")
        for early, late in zip(clients, clients[LIMIT // 2:]):
            early.close()
            late.socket.settimeout(60)
            check(late.answer().startswith(FIELD), "a late answer")


@rows([(name.replace("_", "-"), name) for name in ("helo_name", "sender", "instance", "queue_id", "recipient", "client_name")])
def long_requests_leave_nothing_behind(binary, attribute):
    """A connection lasts as long as its client likes."""
    if sanitizer(binary):
        raise Skip("a sanitizer's allocator takes more")
    with serving(binary) as filter_, contextlib.ExitStack() as stack:
        before = filter_.rss_kb()
        for number in range(LONG_ONES):
            client = stack.enter_context(PolicyClient(filter_.policy))
            asked = message(number, **{**PASS, "client_port": str(10000 + number), attribute: "x" * 60000 + "@example.org"})
            check(client.ask(**asked) != "", "an answer")
        check(filter_.rss_kb() - before < 20 * LONG_ONES, f"{(filter_.rss_kb() - before) / LONG_ONES:.1f} kB each")


@case
def half_requests_are_bounded(binary):
    """Crowds of them are refused, and others are answered."""
    if sanitizer(binary):
        raise Skip("a sanitizer's allocator takes more")
    with serving(binary) as filter_, contextlib.ExitStack() as stack:
        before = filter_.rss_kb()
        for _ in range(3 * LONG_ONES):
            client = stack.enter_context(PolicyClient(filter_.policy))
            with contextlib.suppress(OSError):
                client.send(b"request=smtpd_access_policy\nsender=" + b"x" * 65000)
        with PolicyClient(filter_.policy) as client:
            check(client.ask(**message(1, **PASS)).startswith(FIELD), "an answer")
        contains(filter_.log(), "too many large ones are unfinished")
        check(filter_.rss_kb() - before < 24000, f"{filter_.rss_kb() - before} kB")
