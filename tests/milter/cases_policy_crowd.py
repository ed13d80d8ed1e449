# SPDX-License-Identifier: GPL-2.0-or-later
"""More connections to the policy socket than the descriptors allow."""

import contextlib

from cases_policy import FIELD, PASS, message, serving
from policy_client import PolicyClient, request
from wire_common import case, check

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
