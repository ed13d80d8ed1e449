# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that forward: a private Postfix each, beside the one of the other cases, with SRS in its configuration.

All of them find the next host by its MX record, at port 10025 (machine.CLIENT_ADDRESSES, zones/example.zone).
"""

import os
import re

import documents
import machine
import postfix
from sink import ADDRESS
from srs_programs import FORWARD, HOP1, HOP2, OTHER_FORWARD, OTHER_REVERSE, REVERSE, SOCKETMAP
from waiting import PATIENCE_S, listens, wait_for

MX_PORT = ADDRESS[1]
BOB, BOSS, YOU = "bob@local.example", "boss@local.example", "you@far.example"

# What each host does with its users' mail.
ALIASES = {"both": f"{BOB}, {YOU}", "list": YOU, "gone": "gone@far.example", "bob": BOB, "postmaster": "root@far.example",
           "chain": f"list@{HOP2}", "chain-gone": f"gone@{HOP2}"}

COMMON = """
smtp_tcp_port = {port}
inet_interfaces = 127.0.0.1
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
default_transport = smtp
relay_transport = smtp
transport_maps = inline:{{ {{ local.example = smtp:[192.0.2.25] }} }}
relay_domains = local.example
local_header_rewrite_clients = permit_inet_interfaces
smtpd_milters =
non_smtpd_milters =
mydomain = {domain}
myorigin = {domain}
myhostname = mx.{domain}
virtual_alias_domains = {domain}
virtual_alias_maps = {aliases}
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 2s
"""


def aliases_of(domain):
    return "inline:{ " + ", ".join(f"{{ {user}@{domain} = {to} }}" for user, to in ALIASES.items()) + " }"


def socketmap(name):
    return f"socketmap:inet:127.0.0.1:{SOCKETMAP}:{name}"


def canonical(forward, reverse, header=False):
    """The simple way: canonical maps for all mail."""
    return [f"sender_canonical_maps={forward}", "sender_canonical_classes=envelope_sender", f"recipient_canonical_maps={reverse}",
            "recipient_canonical_classes=envelope_recipient" + (",header_recipient" if header else "")]


POLICY = "inet:127.0.0.1:10011"
GUIDE = documents.Path(os.path.realpath(__file__)).parents[2] / "docs" / "srs.md"


def guided(heading, forward, reverse, port=0):
    """What the guide has its reader type under this heading, for these tables, this port, and the domains of the tests; not what
    takes it back."""
    steps = [step for step in documents.steps_of_guide(GUIDE, heading) if step.kind == "sh"]
    lines = [line for step in steps if not re.search(r"^postconf -M?X", step.text, re.MULTILINE) for line in documents.commands_of(step)]
    text = "\n".join(line for line in lines if line.startswith("postconf ")) + "\n"
    replaced = (("socketmap:unix:smfs/tables.sock:forward", forward), ("socketmap:unix:smfs/tables.sock:reverse", reverse),
                ("10027", str(port)), ("srs.example.org", "srs." + HOP1), (" - y - ", " - n - "), ("unix:smfs/policy.sock", POLICY))
    for old, new in replaced:
        text = text.replace(old, new)
    assert "example.org" not in text and "postconf" in text, text
    return text


class Host:
    """A Postfix that receives at `port` and, with mx, at this address, that of its domain's MX record. guide: commands for its
    configuration."""

    def __init__(self, name, domain, port, settings=(), guide="", mx=None):
        self.name, self.domain, self.port = name, domain, port
        self.settings, self.guide, self.mx = list(settings), guide, mx
        self.log = f"{machine.LOGS}/postfix-{name}.log"
        self.directory = "/etc/postfix-" + name

    def start(self):
        """Once."""
        if os.path.exists(self.directory):
            return
        main = postfix.MAIN_CF.format(log=self.log, hostname="mx." + self.domain, sink=ADDRESS, main="", patience=PATIENCE_S)
        master = postfix.MASTER_CF.partition("pickup ")
        ports = [str(self.port)] + ([f"{self.mx}:{MX_PORT}"] if self.mx else [])
        listeners = "".join(f"{port} inet n - n - - smtpd\n" for port in ports)
        machine.write(self.directory + "/main.cf", main)
        machine.write(self.directory + "/master.cf", listeners + master[1] + master[2])
        machine.write(self.directory + "/dynamicmaps.cf", "")
        common = COMMON.format(port=MX_PORT, domain=self.domain, aliases=aliases_of(self.domain))
        own = [f"queue_directory=/var/spool/postfix-{self.name}", f"data_directory=/var/lib/postfix-{self.name}"]
        for directory in ("/var/lib/postfix-", "/var/spool/postfix-"):
            os.makedirs(directory + self.name, exist_ok=True)
        machine.run("chown", "postfix:postfix", "/var/lib/postfix-" + self.name)
        self.configure(*[line.replace(" = ", "=", 1) for line in common.strip().splitlines()], *own, *self.settings)
        machine.run("sh", "-euc", f'postconf() {{ command postconf -c {self.directory} "$@"; }}\n{self.guide}')
        self.run("start")
        wait_for(f"Postfix at port {self.port}", lambda: listens(("127.0.0.1", self.port)))

    def configure(self, *settings):
        machine.run("postconf", "-c", self.directory, "-e", *settings)

    def run(self, command):
        machine.run("postfix", "-c", self.directory, command, timeout=PATIENCE_S)


def back(reverse):
    """The way back where the domain has users too."""
    return [f"recipient_canonical_maps={reverse}", "recipient_canonical_classes=envelope_recipient"]


# Word for word what PostSRSd's own manual tells its users to write.
CLASSIC = ["sender_canonical_maps = tcp:localhost:10001", "sender_canonical_classes = envelope_sender",
           "recipient_canonical_maps = tcp:localhost:10002", "recipient_canonical_classes= envelope_recipient,header_recipient"]

TCP = f"tcp:127.0.0.1:{FORWARD}", f"tcp:127.0.0.1:{REVERSE}"

MAPS = socketmap("forward"), socketmap("reverse")
EXACT = "The exact way"

CLASSIC_HOST = Host("classic", HOP1, 3001, CLASSIC, mx="192.0.2.1")
SIMPLE_HOST = Host("simple", HOP1, 3002, canonical(*MAPS))
EXACT_HOST = Host("exact", HOP1, 3003, back(MAPS[1]), guide=guided(EXACT, *MAPS, port=3013))
EXACT_TCP_HOST = Host("exact-tcp", HOP1, 3004, back(TCP[1]), guide=guided(EXACT, *TCP, port=3014))
HOP2_HOST = Host("hop2", HOP2, 3005, canonical(f"tcp:127.0.0.1:{OTHER_FORWARD}", f"tcp:127.0.0.1:{OTHER_REVERSE}"), mx="192.0.2.2")
# A domain for the addresses alone, which are aliases.
SRS_DOMAIN = "srs." + HOP1
DEDICATED_HOST = Host("dedicated", HOP1, 3006, guide=guided("The way back", *MAPS) + guided(EXACT, *MAPS, port=3016))
# Postfix asks a milter about recipients that it has found: about all of them, where it does not look.
MILTER_HOST = Host("milter", HOP1, 3007, [*back(MAPS[1]), "smtpd_milters=inet:127.0.0.1:10010", "smtpd_reject_unlisted_recipient=no"],
                   guide=guided(EXACT, *MAPS, port=3017))
POLICY_HOST = Host("policy", HOP1, 3008, guide=guided("The way back", *MAPS) + guided(EXACT, *MAPS, port=3018) +
                   guided("The reason in the refusal", *MAPS))
