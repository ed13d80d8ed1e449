# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that send message after message, several on each connection, while something happens to the filter."""

import threading

from waiting import wait_for

PARALLEL = 3


class Traffic:
    """From the start of the `with` to its end, PARALLEL threads call talk(), each time for one connection."""

    def __init__(self, world):
        self.world = world
        self.sent, self.failures = [], []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(n,), daemon=True) for n in range(PARALLEL)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def talk(self, thread, number):
        """Connects, sends, and adds to self.sent. `number` counts the connections of a thread, from 1."""
        raise NotImplementedError

    def run(self, thread):
        number = 0
        try:
            while not self.is_over.is_set():
                number += 1
                self.talk(thread, number)
        except Exception as failure:  # pylint: disable=broad-except
            self.failures.append(repr(failure))

    def wait_for_more(self, count):
        wanted = len(self.sent) + count
        wait_for(f"{count} more messages", lambda: len(self.sent) >= wanted or self.failures)
        assert self.failures == [], self.failures
