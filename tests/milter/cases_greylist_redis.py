# SPDX-License-Identifier: GPL-2.0-or-later
"""Greylisting with a real Redis server: two filters that share it, in their sandboxes; its password; and its absence."""

import os
import shutil
import signal
import time

from filter import UNPRIVILEGED
from greylist_common import DELAY_S, NONE, keys, line_with
from redis_server import RedisServer
from wire_common import Filter, ZONE, case, check, contains, equal, one, rows, wait_until

AWAY = "greylist: no store: "
BACK = "greylist: the store is there again"


def sharing(binary, store, password=None, **config):
    """A filter with a store on a server, and a file with this text as its password."""
    filter_ = Filter(binary, {}, zone=ZONE)
    if password is not None:
        config["GreylistPasswordFile"] = write_password(filter_, password)
    filter_.configure(keys(filter_, config={"GreylistStore": store, **config}), None)
    return filter_


def write_password(filter_, text):
    path = filter_.write("redis.password", text)
    os.chmod(path, 0o640)
    if os.geteuid() == 0:
        shutil.chown(path, UNPRIVILEGED)
    return path


def deferred(filter_):
    """Whether a first contact is deferred, once a message waits long enough for that."""
    refusal = one(filter_, NONE).refusal
    return refusal is not None and refusal.text.startswith("451 4.7.1 Greylisted")


@case
def greylist_filters_share_a_redis_server(binary):
    with RedisServer() as server:
        store = f"redis+unix:{server.path}?prefix=mx:"
        with sharing(binary, store) as first, sharing(binary, store) as second:
            wait_until(lambda: deferred(first), 30, "a deferral")
            time.sleep(DELAY_S + 0.2)
            equal(one(second, NONE).refusal, None, "refusal of one that came back")
            line_with(second, "greylist=came-back")
            equal(one(first, NONE).refusal, None, "refusal of one that is known")
            line_with(first, "greylist=known")
        contains(server.command("KEYS mx:entry:*"), " example.org bob@example.net", "keys")


@rows([("address", "127.0.0.1", "secret"), ("name", "localhost", "secret\n"), ("user", "localhost", "default secret\n")])
def greylist_by_tcp_with_a_password(binary, host, password):
    with RedisServer("--requirepass", "secret", tcp=True) as server:
        with sharing(binary, f"redis://{host}:{server.port}/1", password) as filter_:
            wait_until(lambda: deferred(filter_), 30, "a deferral")
            check(AWAY not in filter_.log(), "it was away")
            time.sleep(DELAY_S + 0.2)
            equal(one(filter_, NONE).refusal, None, "refusal of one that came back")


@case
def greylist_without_the_right_password_defers_nobody(binary):
    with RedisServer("--requirepass", "secret") as server:
        with sharing(binary, f"redis+unix:{server.path}", "wrong\n") as filter_:
            filter_.wait_log(f"{AWAY}redis+unix:{server.path}: it does not take the password of GreylistPasswordFile: WRONGPASS ")
            equal(one(filter_, NONE).refusal, None, "refusal")
            write_password(filter_, "secret\n")
            filter_.wait_log(BACK)
            wait_until(lambda: deferred(filter_), 30, "a deferral")


@rows([("killed", signal.SIGKILL), ("stopped", signal.SIGSTOP)])
def greylist_goes_on_without_its_redis_server(binary, number):
    with RedisServer() as server, sharing(binary, f"redis+unix:{server.path}", GreylistDelay="1h") as filter_:
        wait_until(lambda: deferred(filter_), 30, "a deferral")
        server.signal(number)
        wait_until(lambda: not deferred(filter_), 30, "a message that goes on")
        filter_.wait_log(AWAY)
        equal(one(filter_, NONE).refusal, None, "refusal without the server")
        if number == signal.SIGSTOP:
            server.signal(signal.SIGCONT)
        else:
            server.kill()
            server.start()
        filter_.wait_log(BACK)
        server.command("FLUSHALL")
        wait_until(lambda: deferred(filter_), 90, "a deferral by the server that is there again")
        equal(filter_.log().count(AWAY), 1, "lines about it")
