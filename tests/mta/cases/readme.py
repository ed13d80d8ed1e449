# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md tells an administrator of Postfix to do, word for word."""

import os
import re
import subprocess

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
    blocks = re.findall(r"^```\n(.*?)^```$", section, re.S | re.M)
    assert len(blocks) == 3, f"{len(blocks)} blocks of code for Postfix in README.md"
    return blocks


DIRECTORY, SETTINGS, COMMANDS = blocks_for_postfix()  # the file is out of sight later


def do(commands):
    subprocess.run(["sh", "-ec", commands], check=True, timeout=PATIENCE_S, stdout=subprocess.DEVNULL)


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
