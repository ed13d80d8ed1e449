# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md tells an administrator of Postfix to do, word for word."""

import os
import re
import subprocess

import smtp
from cases import Group
from waiting import PATIENCE_S, wait_for
from world import BAD, GOOD

README_PATH = os.path.join(os.path.dirname(__file__), "..", "..", "..", "README.md")
CHROOT_PORT = 27

README = Group("readme", [])
GROUPS = [README]


def blocks_for_postfix():
    """The three blocks of code in the section on Postfix: the directory, the settings, the commands for Postfix."""
    with open(README_PATH, encoding="utf-8") as readme:
        section = readme.read().split("\n### Postfix\n")[1].split("\n### ")[0]
    blocks = re.findall(r"^```\w*\n(.*?)^```$", section, re.S | re.M)
    assert len(blocks) == 3, f"{len(blocks)} blocks of code for Postfix in README.md"
    return blocks


def dialogue_from_outside():
    """The lines to type to Postfix, in the section on how to see that the filter works."""
    with open(README_PATH, encoding="utf-8") as readme:
        section = readme.read().split("\n## How do I see that it works?\n")[1].split("\n## ")[0]
    return re.search(r"^```\n(EHLO .*?)^```$", section, re.S | re.M)[1].splitlines()


DIALOGUE = dialogue_from_outside()
DIRECTORY, SETTINGS, COMMANDS = blocks_for_postfix()  # the file is out of sight later


# No service manager runs here: the test itself starts the filter.
SYSTEMCTL = 'systemctl() { [ "$*" = "restart smf-spf" ]; }\n'


def do(commands):
    subprocess.run(["sh", "-ec", SYSTEMCTL + commands], check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)


@README.case(mtas=("postfix",))
def a_client_from_outside_is_played(world):
    """The dialogue, with this test's client and domain: the filter sees the address that XCLIENT names."""
    lines = [line.replace("203.0.113.66", BAD).replace("alice@example.org", "a@fail.example") for line in DIALOGUE]
    with smtp.Client("127.0.0.1", 25, "localhost") as client:
        replies = [client.command(line) for line in lines[:-1]]
    assert [reply.code for reply in replies[:3]] == [250, 220, 250], replies
    assert any(reply.code == 550 for reply in replies[3:]), replies


@README.case(mtas=("postfix",))
def unix_socket_in_the_chroot(world):
    """Started by root and by a service manager; the port in the chroot and the one outside."""
    world.filter.stop()
    do(DIRECTORY)
    pairs = [tuple(line.split()) for line in SETTINGS.splitlines()]
    address = dict(pairs)["Socket"].removeprefix("unix:")
    main_cf = "/etc/postfix/main.cf"
    with open(main_cf, encoding="utf-8") as file:
        before = file.read()
    try:
        world.filter.configure(address, [pair for pair in pairs if pair[0] != "Socket"])
        do(COMMANDS)
        for as_account in (False, True):
            world.filter.start(as_account)
            for port in (CHROOT_PORT, 25):
                refused = lambda port=port: world.send("a@fail.example", BAD, port=port).mail.code == 550
                wait_for(f"Postfix to ask the filter at port {port}", refused)
                message = world.send("a@pass.example", GOOD, port=port).delivered()
                assert "spf=pass" in message.value("Authentication-Results"), message.fields
            mode = oct(os.stat(address).st_mode & 0o777), oct(os.stat(os.path.dirname(address)).st_mode & 0o7777)
            assert mode == ("0o660", "0o2750"), mode
            world.filter.stop()
    finally:
        with open(main_cf, "w", encoding="utf-8") as file:
            file.write(before)
        do("postfix reload")
        world.filter.stop()
        world.filter.configure(world.mta.main_socket, [])
        world.filter.start()
