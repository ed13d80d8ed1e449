# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cases share that reload a filter, and stop it, while many ask."""

import signal
import threading

from cases_metrics import sample
from line_client import Closed
from wire_common import equal, wait_until

CLIENTS, RELOADS, TURNS = 8, 5, 10 ** 6


def reload_and_stop(filter_, connect, ask):
    """Clients at once, each with what `connect()` opens: ask(client, text) with a text that comes once returns what is
    wrong with the answer, or None. Each request that was sent is answered, or its connection is closed before a part
    of an answer came."""
    problems, done = [], threading.Event()

    def load(number):
        with connect() as client:
            try:
                for turn in range(TURNS):
                    problem = ask(client, f"{number}.{turn}")
                    if problem:
                        problems.append(problem)
            except Closed as closed:
                if closed.args[0] or not done.is_set():
                    problems.append(f"closed: {closed.args[0]!r}")
            except OSError as error:
                if not done.is_set():
                    problems.append(repr(error))

    def count():
        return sample(filter_, 'smf_spf_config_reloads_total{outcome="done"}')

    threads = [threading.Thread(target=load, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for _ in range(RELOADS):
        before = count()
        filter_.signal(signal.SIGUSR1)
        wait_until(lambda before=before: count() > before, 30, "a reload")
    done.set()
    filter_.stop()
    for thread in threads:
        thread.join()
    equal(problems, [], "problems")
