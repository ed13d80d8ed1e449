# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter is told to stop under traffic: what began is judged to its end, what comes then is as without a filter."""

import signal

from cases import Group
from traffic import PARALLEL, Traffic
from waiting import wait_for
from world import GOOD, MAIN_PORT, OTHER_PORT, USER

# So long that an end which waited for it would be seen.
SETTINGS = [("DNSTimeout", "50s")]
END_LIMIT_S = 25
MESSAGES_PER_CONNECTION = 5

STOPPING = Group("stopping", SETTINGS)
STOPPING_OTHER = Group("stopping-other-socket", SETTINGS, other_socket=True)
GROUPS = [STOPPING, STOPPING_OTHER]


class Senders(Traffic):
    def __init__(self, world, port):
        super().__init__(world)
        self.port = port

    def talk(self, thread, number):
        with self.world.connect(GOOD, port=self.port) as connection:
            for _ in range(MESSAGES_PER_CONNECTION):
                self.sent.append(self.world.send_on(connection, "a@pass.example"))


def is_judged(sent):
    return "spf=pass" in " ".join(sent.delivered([USER]).values("Authentication-Results"))


def stop_under_traffic(world, port):
    """One message is between RCPT and DATA when the signal comes; returns what became of the others, in order."""
    with Senders(world, port) as traffic:
        traffic.wait_for_more(PARALLEL * MESSAGES_PER_CONNECTION)
        with world.connect(GOOD, port=port) as connection:
            message, token = world.compose()
            connection.mail("a@pass.example").check(250)
            connection.rcpt(USER).check(250)
            world.filter.program.process.send_signal(signal.SIGTERM)
            wait_for("the socket to close", lambda: not world.filter.accepts())
            connection.data(message).check(250)
        status = world.filter.program.process.wait(END_LIMIT_S)
        traffic.wait_for_more(PARALLEL)
    world.filter.stop()
    world.filter.start()
    assert status == 0, f"the filter ended with {status}"
    assert traffic.failures == [], traffic.failures
    value = world.sink.wait_for(token, [USER]).value("Authentication-Results")
    assert "spf=pass" in value, value
    return traffic.sent


@STOPPING.case()
def stopped_under_traffic(world):
    """Where the MTA defers without its filter: each message is judged or deferred, none refused or let through."""
    code, enhanced = world.mta.without_filter
    deferred = 0
    for sent in stop_under_traffic(world, MAIN_PORT):
        if sent.end is not None and sent.end.code == 250:
            assert is_judged(sent), "a message went through without a result"
        else:
            last = [reply for reply in (sent.mail, *sent.rcpts, sent.end) if reply is not None][-1]
            last.check(code, enhanced)
            deferred += 1
    assert deferred > 0, "the filter took messages to its end"


@STOPPING_OTHER.case()
def stopped_under_traffic_where_mail_goes_on(world):
    """Where the MTA goes on without its filter: every message is taken, with a result until the signal came."""
    judged = [is_judged(sent) for sent in stop_under_traffic(world, OTHER_PORT)]
    assert False in judged and True in judged, "the signal made no difference"
