# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk is full: mail goes on, and when there is room again the log does, by itself."""

import contextlib
import ctypes
import itertools
import os
import signal
import subprocess

from filter import serves
from faults_common import (BAD_IP, Names, Skip, asking, case, check, contains, delivered, equal, fresh,
                           metrics, one, result_of, rows, wait_until)
from private_net import CLONE_NEWNS

SIZE, STORE_SIZE = "64k", "512k"
FULL = 'smf_spf_greylist_store_answers_total{answer="full"}'
RELOADS = 'smf_spf_config_reloads_total{outcome="done"}'


@contextlib.contextmanager
def small_disk(filter_, size=SIZE):
    """A file system of this size in the filter's directory. It is the test's namespace's, so it ends with the test."""
    place = filter_.path("disk")
    os.mkdir(place)
    private = ["mount", "--make-rprivate", "/"]
    if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0 or subprocess.run(private, check=False).returncode != 0:
        raise Skip("only root can make a namespace of mounts")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", place], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"mount: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=False)


def fill(place):
    """Takes all the room there is; returns the file's path."""
    path = os.path.join(place, "filler")
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)
    return path


def settings(place, **more):
    return {"LogTo": place + "/log", "PidFile": place + "/pid", "RefuseFail": "on", **more}


@rows([("text", "text"), ("json", "json")], whole=True)
def disk_full(binary, log_format):
    """Under the log while it runs."""
    with Names() as names:
        filter_ = asking(names, binary)
        with small_disk(filter_) as place:
            filter_.log_path = place + "/log"
            metrics_at = f"inet:{filter_.metrics_port}@127.0.0.1"
            filter_.reconfigure({"Nameserver": names.address, "Metrics": metrics_at,
                                 **settings(place, LogFormat=log_format)})
            with filter_:
                equal(result_of(filter_, "pass"), "pass", "before")
                filler = fill(place)
                lost = metrics(filter_)["smf_spf_log_lines_dropped_total"]
                for _ in range(40):  # more than the last block of the log may still hold
                    equal(result_of(filter_, "pass"), "pass", "while it is full")
                    check(one(filter_, f"<a@{fresh('fail')}>", ip=BAD_IP).refusal, "a fail was not refused")
                check(metrics(filter_)["smf_spf_log_lines_dropped_total"] > lost, "no line was lost")
                reloads = metrics(filter_)[RELOADS]
                filter_.signal(signal.SIGUSR1)
                filter_.signal(signal.SIGUSR2)
                wait_until(lambda: metrics(filter_)[RELOADS] > reloads, 30, "a reload")
                os.unlink(filler)
                name = fresh("pass")
                delivered(one(filter_, f"<a@{name}>"))
                line = filter_.wait_log(name)
                check(line.endswith("}") if log_format == "json" else "SPF" in line, f"a line of its own: {line!r}")
                if log_format == "json":
                    check(line.startswith("{"), f"a line of its own: {line!r}")


def soft(filter_, recipient):
    """Mail from a softfail, which greylisting may defer."""
    return one(filter_, "<a@soft-1.example.org>", f"<{recipient}@example.net>", ip=BAD_IP)


@case
def disk_full_under_the_store_of_greylisting(binary):
    """Who came back is known still, and who is new is not deferred; with room again greylisting goes on by itself."""
    strangers = (f"stranger{number}" for number in itertools.count())
    with Names() as names:
        filter_ = asking(names, binary)
        with small_disk(filter_, STORE_SIZE) as place:
            metrics_at = f"inet:{filter_.metrics_port}@127.0.0.1"
            filter_.reconfigure({"Nameserver": names.address, "Metrics": metrics_at, "Greylist": "on", "GreylistDelay": "1s",
                                 "GreylistKnownAfter": "0", "GreylistStore": f"sqlite:{place}/greylist.db"})
            with filter_:
                wait_until(lambda: soft(filter_, "friend").refusal, 30, "the first contact, once the store is there")
                wait_until(lambda: soft(filter_, "friend").delivered, 30, "its return")
                filler = fill(place)
                wait_until(lambda: soft(filter_, next(strangers)).delivered, 30, "a store that is full")
                for _ in range(10):
                    delivered(soft(filter_, next(strangers)))
                    delivered(soft(filter_, "friend"))
                check(metrics(filter_)[FULL] > 10, "it is not counted")
                os.unlink(filler)
                wait_until(lambda: soft(filter_, next(strangers)).refusal, 30, "a first contact that is deferred again")


@case
def disk_full_at_the_start(binary):
    """There is no room for the PidFile: that is told, and nothing half-written stays. With room it starts."""
    with Names() as names:
        filter_ = asking(names, binary)
        with small_disk(filter_) as place, contextlib.ExitStack() as stack:
            stack.callback(filter_.remove)
            filter_.reconfigure({"Nameserver": names.address, **settings(place)})
            filler = fill(place)
            filter_.launch()
            wait_until(lambda: filter_.process.poll() is not None or serves(filter_.address), 30, "a start or none")
            if filter_.process.poll() is not None:
                contains(filter_.stderr(), "/pid", "what is told")
                check(not os.path.exists(place + "/pid"), "a PidFile without its content stays")
            else:
                filter_.stop()
            os.unlink(filler)
            filter_.start()
            with open(place + "/pid", encoding="ascii") as file:
                equal(int(file.read()), filter_.process.pid, "PidFile")
            filter_.stop()


@case
def report_on_a_full_disk(binary):
    """smf-spf report cannot write its page: it says so and fails."""
    with Names() as names, asking(names, binary, {"RefuseFail": "off"}) as filter_:
        for _ in range(5):
            equal(result_of(filter_, "pass"), "pass", "before")
        with open("/dev/full", "w", encoding="ascii") as full:
            for form in ([], ["--json"], ["--html"]):
                command = [binary, "report", *form, filter_.log_path]
                done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                                      text=True, check=False, timeout=60)
                check(done.returncode != 0, f"report as {form} says that it was written: {done.stderr}")
                check(done.stderr.strip() and done.stderr.count("\n") == 1, f"one line: {done.stderr!r}")
            done = subprocess.run([binary, "-c", filter_.config_path, "stats"], stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False, timeout=60)
            check(done.returncode != 0, f"stats says that it was written: {done.stderr}")
