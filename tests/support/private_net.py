# SPDX-License-Identifier: GPL-2.0-or-later
"""A network and an /etc of the test's own, in namespaces: nothing of the machine's is changed, and when the test ends,
for whatever reason, all that runs in them ends."""

import ctypes
import os
import subprocess
import sys
import tempfile

INSIDE = "SMF_SPF_TEST_INSIDE"
SKIPPED = 77
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000


def enter():
    """Go on in namespaces of one's own, which take every process with them. Exit status 77 where one may not."""
    if os.environ.get(INSIDE) != "1":
        if os.geteuid() != 0 or not run_quietly("unshare", "--net", "--mount", "true"):
            print("skipped: only root can make namespaces")
            sys.exit(SKIPPED)
        options = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        os.execvpe("unshare", ["unshare", *options, sys.executable, *sys.argv], dict(os.environ, **{INSIDE: "1"}))


def enter_again():
    """One more network, loopback alone, and one more /etc, for this process and its children: below enter()."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    run("ip", "link", "set", "lo", "up")
    own_etc()


def own_etc():
    """What is written to /etc from now on is seen in these namespaces alone, and forgotten."""
    base = tempfile.mkdtemp(prefix="smf-spf-etc.")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", base)
    for name in ("upper", "work"):
        os.mkdir(f"{base}/{name}")
    run("mount", "-t", "overlay", "-o", f"lowerdir=/etc,upperdir={base}/upper,workdir={base}/work", "overlay", "/etc")
    run("umount", "--lazy", base)
    os.rmdir(base)


def add_address(address):
    """One more IPv4 address of this host."""
    run("ip", "address", "add", f"{address}/32", "dev", "lo")


def remove_address(address):
    run("ip", "address", "delete", f"{address}/32", "dev", "lo")


def run(*command):
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")


def run_quietly(*command):
    """True where the command succeeds."""
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0
