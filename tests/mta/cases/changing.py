# SPDX-License-Identifier: GPL-2.0-or-later
"""An administrator's day under traffic: reloads of good and bad files, rotations of the log, a resolv.conf that changes.

Each message is judged as without them, and has its one line in the log."""

import os
import re
import subprocess

import machine
import spf_filter
from cases import Group
from cases.readme import CHROOT_PORT, COMMANDS, DIRECTORY, SETTINGS, do
from traffic import Traffic
from waiting import PATIENCE_S, wait_for
from world import BAD, GOOD, USER

CHANGING = Group("changing", [])
GROUPS = [CHANGING]

MESSAGES_PER_CONNECTION = 4
ROUNDS = 16  # of one change of each kind
PER_ROUND = 12  # messages between two rounds
RESOLV_CONF = "/etc/resolv.conf"
NAME_SERVERS = ("nameserver 127.0.0.1\n", "options timeout:3\nnameserver 127.0.0.1\nnameserver 127.0.0.2\n")
REFUSED_EVERY = 3


class Senders(Traffic):
    """Each message is from a domain of its own, so that each needs the DNS; every third connection is that of a client
    whose mail is refused."""

    def talk(self, thread, number):
        client = BAD if number % REFUSED_EVERY == 0 else GOOD
        with self.world.connect(client, port=CHROOT_PORT) as connection:
            for message in range(MESSAGES_PER_CONNECTION):
                sender = f"a@t{thread}n{number}m{message}.many.example"
                self.sent.append((sender, client, self.world.send_on(connection, sender)))


def tell_filter(command, expected):
    done = subprocess.run([machine.BINARY, command, "-c", spf_filter.CONFIG], capture_output=True, text=True,
                          check=False, timeout=PATIENCE_S)
    assert done.returncode == expected, f"{command}: exit {done.returncode}: {done.stdout}{done.stderr}"


def change_everything(world, address, settings, number):
    """One good reload, one bad one, one rotation, one new resolv.conf, in part by a new file, in part within the old."""
    world.filter.configure(address, [*settings, ("TTL", f"{30 + number}m"), ("Tag", f"[SPF{number}]")])
    tell_filter("reload", 0)
    os.rename(spf_filter.LOG, f"{spf_filter.LOG}.{number}")
    tell_filter("reopen", 0)
    if number % 2 == 0:
        machine.write(RESOLV_CONF + ".new", NAME_SERVERS[number // 2 % 2])
        os.rename(RESOLV_CONF + ".new", RESOLV_CONF)
    else:
        with open(RESOLV_CONF, "w", encoding="ascii") as file:
            file.write(NAME_SERVERS[number // 2 % 2])
    bad = ("RefuseFail", "perhaps") if number % 2 == 0 else ("LogTo", "/nowhere/log")
    world.filter.configure(address, [*settings, ("RefuseFail", "off"), bad])
    tell_filter("reload", 78)
    world.filter.configure(address, settings)


def read_logs(rotations):
    text = ""
    for path in [*(f"{spf_filter.LOG}.{number}" for number in range(rotations)), spf_filter.LOG]:
        with open(path, encoding="utf-8") as file:
            text += file.read()
    return text


def check_message(sender, client, sent, log):
    """What became of it, and its line; the MTA's words hold the queue ID."""
    lines = [line for line in log.splitlines() if f"<{sender}>" in line]
    assert len(lines) == 1, f"{len(lines)} lines about {sender}: {lines}"
    if client == BAD:
        sent.mail.check(550, "5.7.23")
        return
    value = sent.delivered([USER]).value("Authentication-Results")
    assert "spf=pass" in value, value
    queue_id = re.search(r"queued as (\w+)", str(sent.end))[1]
    assert re.search(rf"\b{queue_id}\b", lines[0]), f"{queue_id} is not in {lines[0]!r}"


@CHANGING.case(mtas=("postfix",))
def everything_changes_under_traffic(world):
    world.filter.stop()
    do(DIRECTORY)
    settings = [tuple(line.split()) for line in SETTINGS.splitlines()]
    address = dict(settings).pop("Socket").removeprefix("unix:")
    settings = [pair for pair in settings if pair[0] != "Socket"]
    settings.append(("ControlSocket", f"unix:{spf_filter.DIRECTORY}/control"))
    main_cf, resolv_conf = read("/etc/postfix/main.cf"), read(RESOLV_CONF)
    try:
        world.filter.configure(address, settings)
        world.filter.start()
        do(COMMANDS)
        wait_for("Postfix to ask the filter",
                 lambda: world.send("a@first.many.example", BAD, port=CHROOT_PORT).mail.code == 550)
        with Senders(world) as traffic:
            for number in range(ROUNDS):
                traffic.wait_for_more(PER_ROUND)
                change_everything(world, address, settings, number)
                if number // 2 % 2 == 1:  # it is looked at once a second, and the rounds may be shorter
                    wait_for("the new resolv.conf to be read", lambda n=number: "127.0.0.2" in read_logs(n + 1))
            traffic.wait_for_more(PER_ROUND)
        assert traffic.failures == [], traffic.failures
        world.filter.check_is_running()
        world.filter.stop()
        log = read_logs(ROUNDS)
        for sender, client, sent in traffic.sent:
            check_message(sender, client, sent, log)
    finally:
        machine.write("/etc/postfix/main.cf", main_cf)
        machine.write(RESOLV_CONF, resolv_conf)
        do("postfix reload")
        world.filter.stop()
        world.filter.configure(world.mta.main_socket, [])
        world.filter.start()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
