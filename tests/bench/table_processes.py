# SPDX-License-Identifier: GPL-2.0-or-later
"""The load on tables, and what a filter needs to have some."""

import os
import pwd
import subprocess
import sys

from bench_processes import Load

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from filter import UNPRIVILEGED, group_of  # noqa: E402

SECRET = "tops3cr3t"


def write_secret(target):
    """The path of a file with SECRET that the filter may read."""
    path = target.write("secret", SECRET)
    os.chmod(path, 0o600)
    if os.geteuid() == 0:
        os.chown(path, pwd.getpwnam(UNPRIVILEGED).pw_uid, group_of(UNPRIVILEGED))
    return path


class TableLoad:
    """Lookups of the keys in a file, one on each line."""

    def __init__(self, programs, keys_path):
        self.program, self.keys_path = os.path.join(programs, "table_load"), keys_path

    def start(self, address, table, *how):
        """By socketmap if the table has a name, else by tcp_table."""
        arguments = [self.program, "--address", address, "--keys", self.keys_path,
                     *(["--table", table] if table else []), *how]
        return subprocess.Popen([str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    finish = staticmethod(Load.finish)
