# SPDX-License-Identifier: GPL-2.0-or-later
"""The name server of the private machine: nsd with the test zones, on 127.0.0.1:53."""

import os
import signal

import machine
from waiting import Program

ADDRESS = ("127.0.0.1", 53)
# A zone without a file: whatever is asked there is answered SERVFAIL. A name in no zone at all is answered REFUSED.
BROKEN_ZONE = "broken.test"

CONFIG = """server:
    ip-address: 127.0.0.1
    do-ip6: no
    server-count: 1
    username: nsd
    zonesdir: "{zones}"
    database: ""
    zonelistfile: "/run/nsd/zone.list"
    xfrdfile: "/run/nsd/xfrd.state"
    xfrdir: "/run/nsd"
    pidfile: ""
    rrl-ratelimit: 0
remote-control:
    control-enable: no
"""


class NameServer:
    def __init__(self):
        os.makedirs("/run/nsd", exist_ok=True)
        config = CONFIG.format(zones=machine.ZONES)
        for name in sorted(os.listdir(machine.ZONES)):
            if name.endswith(".zone"):
                config += f'zone:\n    name: "{name[:-len(".zone")]}"\n    zonefile: "{name}"\n'
        config += f'zone:\n    name: "{BROKEN_ZONE}"\n    zonefile: "there-is-none"\n'
        machine.write("/etc/nsd/nsd.conf", config)
        machine.run("chown", "nsd:nsd", "/run/nsd")
        self.program = None

    def start(self):
        self.program = Program(["/usr/sbin/nsd", "-d", "-c", "/etc/nsd/nsd.conf"], machine.LOGS + "/nsd.log")
        self.program.wait_until_listening(ADDRESS)

    def freeze(self):
        """From now on questions get no answer at all."""
        self.program.signal_group(signal.SIGSTOP)

    def thaw(self):
        self.program.signal_group(signal.SIGCONT)

    def stop(self):
        """From now on the port is closed."""
        self.program.stop()
