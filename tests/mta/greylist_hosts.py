# SPDX-License-Identifier: GPL-2.0-or-later
"""What greylisting is tried with: stores, a second filter that shares one, and messages that come again."""

import os
import re
import time

import machine
import spf_filter
from waiting import Program, wait_for
from world import BAD, USER

REDIS = "/usr/bin/redis-server"
REDIS_PORT = 6390
DIRECTORY = spf_filter.DIRECTORY + "/greylist"
FILE_STORE = f"sqlite:{DIRECTORY}/greylist.db"
REDIS_STORE = f"redis://127.0.0.1:{REDIS_PORT}/0"
HELO = "mail.none.example"  # a name without a record

DELAY_S = 2
# A case that has to wait does so for DELAY_S alone; one in which nothing may come back has the long delay.
SHORT = [("Greylist", "on"), ("GreylistDelay", f"{DELAY_S}s"), ("GreylistStore", FILE_STORE)]
LONG = [("Greylist", "on"), ("GreylistDelay", "1h"), ("GreylistStore", FILE_STORE)]


def forget_all():
    """An empty store in a file."""
    machine.run("rm", "-rf", DIRECTORY)
    machine.run("install", "-d", "-o", "smfs", "-g", "smfs", "-m", "0700", DIRECTORY)


class Redis:
    """Debian's server, without a file: who kills it, has it forget. Runs from start to stop."""

    def __init__(self):
        self.program = None

    def start(self):
        if not os.path.exists(REDIS):
            raise machine.Missing("the package of Redis cannot be had")
        command = [REDIS, "--bind", "127.0.0.1", "--port", str(REDIS_PORT), "--save", "", "--appendonly", "no", "--dir", "/tmp"]
        self.program = Program(command, machine.LOGS + "/redis.log")
        self.program.wait_until_listening(("127.0.0.1", REDIS_PORT))

    def stop(self, *number):
        if self.program:
            self.program.stop(*number)
            self.program = None


class OtherHost:
    """The program a second time, as on another host with the same store. Runs in a with statement."""

    def __init__(self, address, settings):
        self.address = address
        self.config = spf_filter.DIRECTORY + "/other.conf"
        lines = [("Socket", spf_filter.socket_setting(address)), ("User", "smfs"), ("Syslog", "none"),
                 ("LogTo", spf_filter.DIRECTORY + "/other.log"), *settings]
        self.settings = "".join(f"{key} {value}\n" for key, value in lines)
        self.program = None

    def __enter__(self):
        machine.write(self.config, self.settings)
        self.program = Program([machine.BINARY, "-f", "-c", self.config], machine.LOGS + "/other-smf-spf.stderr")
        self.program.wait_until_listening(self.address)
        return self

    def __exit__(self, *exc):
        status = self.program.stop()
        assert status == 0, f"the second filter ended with {status}: {self.program.read_output()}"


def new_domain(world):
    """Without a record, and unlike all others."""
    return f"new{next(world.numbers)}.example"


def try_once(world, sender, client=BAD, recipients=(USER,), **how):
    """One attempt of a client that does not pass."""
    return world.send(sender, client, **{"helo": HELO, "recipients": recipients, **how})


def check_deferred(sent, seconds=None):
    """All recipients were, each with the time to wait if that is known."""
    assert sent.rcpts, sent.replies()
    for reply in sent.rcpts:
        reply.check(451, "4.7.1", "Greylisted: try again in")
        if seconds is not None:
            assert f"in {seconds} second" in reply.text, str(reply)


def wait_a_delay():
    time.sleep(DELAY_S + 0.1)


def begin_null(connection, recipients=(USER,)):
    """A message without a sender up to its recipients, who are taken."""
    connection.mail("").check(250)
    for recipient in recipients:
        connection.rcpt(recipient).check(250)


def reasons_of(world, sender, recipient):
    """What greylisting has made of each message of this sender to this recipient, by the log."""
    lines = [line for line in world.filter.log().splitlines() if f"from=<{sender}>" in line]
    found = (re.search(rf"to=<{re.escape(recipient)}>.*?, greylist=([a-z-]+)", line) for line in lines)
    return [match.group(1) for match in found if match]


def wait_for_reasons(world, sender, recipient, *reasons):
    """The policy service logs a message when the next one begins."""
    wait_for(f"{len(reasons)} lines about {recipient}", lambda: len(reasons_of(world, sender, recipient)) >= len(reasons))
    found = reasons_of(world, sender, recipient)
    assert found == list(reasons), found
