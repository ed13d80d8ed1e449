# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults of a soak: each is a context, in which messages may get temperror but nothing worse."""

import contextlib
import ctypes
import os
import subprocess
import time

from cases_limits import set_soft, soft_limit
from private_net import CLONE_NEWNS

LOG_DISK = "64m"


def private_disk(place):
    """A small file system there for the logs, seen by this process and its children alone. False: only root can."""
    private = ["mount", "--make-rprivate", "/"]
    if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0 or subprocess.run(private, check=False).returncode != 0:
        return False
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LOG_DISK},mode=1777", "tmpfs", place],
                          check=False).returncode == 0


@contextlib.contextmanager
def behaving(soak, **how):
    soak.dns.behave(**how)
    yield
    soak.dns.behave()


def slow(soak):
    """Answers take 50 to 150 ms, and come out of order."""
    return behaving(soak, delay_ms=50, jitter_ms=100)


def lossy(soak):
    """A tenth of the datagrams is lost."""
    return behaving(soak, loss_percent=10)


def silent(soak):
    """No answer at all."""
    return behaving(soak, silent=True)


@contextlib.contextmanager
def restarted(soak):
    """The resolver's port is closed for a while, twice; connections to it are reset."""
    for _ in range(2):
        soak.dns.end()
        time.sleep(soak.slot_s / 4)
        soak.dns.begin()
        time.sleep(soak.slot_s / 8)
    yield


@contextlib.contextmanager
def attacked(soak):
    """Senders whose names are never answered, or late."""
    attackers = [(side, side.start_load(workload, 16)) for side in soak.sides for workload in ("dead", "tardy")]
    yield
    for side, attacker in attackers:
        side.judge_load(side.end_load(attacker), may_fail=True)


@contextlib.contextmanager
def refused(soak, limit, count_of):
    """The kernel refuses the filters what the limit is about."""
    before = [(side.filter, soft_limit(side.filter, limit)) for side in soak.sides]
    for filter_, _ in before:
        set_soft(filter_, limit, count_of(filter_))
    time.sleep(soak.slot_s / 3)
    for filter_, soft in before:
        set_soft(filter_, limit, soft)
    yield


def no_descriptors(soak):
    """None is left beyond those in use."""
    return refused(soak, "nofile", lambda filter_: len(os.listdir(f"/proc/{filter_.process.pid}/fd")))


def no_threads(soak):
    """None beyond those that run."""
    return refused(soak, "nproc", lambda filter_: 1)


@contextlib.contextmanager
def full_disk(soak):
    """No room for the logs."""
    path = os.path.join(soak.log_place, "filler")
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 65536)
    yield
    os.unlink(path)


DNS_FAULTS = [slow, lossy, silent, restarted, attacked]
LIMITS = [no_descriptors, no_threads]
DISK = [full_disk]
