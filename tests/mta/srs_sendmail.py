# SPDX-License-Identifier: GPL-2.0-or-later
"""A Sendmail that forwards, beside the one of the other cases, with the rule sets of the guide.

It delivers by itself, into a file with the senders, and finds the next host by its MX record, at the sink's port.
"""

import os
import re

import documents
import machine
import sendmail
from sink import ADDRESS
from srs_hosts import YOU
from srs_programs import HOP1, SOCKETMAP
from waiting import Program, wait_for

GUIDE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "srs.md")
PORT = 3041
QUEUE_RUN_S = 2
USER = "nobody"  # an account of this machine
CONFIG = "/etc/mail/forwarding.cf"
KEEPER = "/usr/local/sbin/keep-mail"
KEPT = machine.LOGS + "/kept.log"
# What the guide has for domain and socket, and what is there.
REPLACED = (("srs.example.org", HOP1), ("unix:/var/run/smfs/tables.sock", f"inet:{SOCKETMAP}@127.0.0.1"))

MC = """VERSIONID(`smf-spf test')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `mx.{domain}')
define(`confPID_FILE', `/run/forwarding.pid')
define(`ALIAS_FILE', `/etc/mail/forwarding.aliases')
define(`STATUS_FILE', `')
define(`HELP_FILE', `')
define(`QUEUE_DIR', `/var/spool/mqueue-forwarding')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confTO_IDENT', `0')
define(`confTO_RESOLVER_RETRANS', `2s')
define(`confTO_RESOLVER_RETRY', `1')
define(`confQUEUE_LA', `1000')
define(`confREFUSE_LA', `1000')
define(`confDELAY_LA', `1000')
define(`confBAD_RCPT_THROTTLE', `0')
define(`confDOUBLE_BOUNCE_ADDRESS', `')
define(`LOCAL_MAILER_PATH', `{keeper}')
define(`LOCAL_MAILER_ARGS', `keep-mail $g $u')
define(`LOCAL_MAILER_FLAGS', `mn9')
define(`SMTP_MAILER_ARGS', `TCP $h {port}')
define(`ESMTP_MAILER_ARGS', `TCP $h {port}')
FEATURE(`accept_unresolvable_domains')
LOCAL_DOMAIN(`{domain} users.{domain}')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Name=forwarding, Family=inet, Addr=127.0.0.1, Port={listen}')
DAEMON_OPTIONS(`Name=forwarding-mx, Family=inet, Addr=192.0.2.1, Port={port}')
MAILER(`local')
MAILER(`smtp')
"""

ALIASES = f"""postmaster: root
list: {YOU}
both: {USER}, {YOU}
gone: gone@far.example
"""

KEEP = f"""#!/bin/sh
# Local delivery: sender and user, a blank, and the message's token.
token=$(sed -n 's/^X-Test-Token: //p' | head -n 1)
echo "<$1> $2 $token" >>{KEPT}
"""


# Read here, as the private machine need not have the directory.
RULE_SETS = "".join(step.text for step in documents.steps_of_guide(documents.Path(GUIDE)) if step.kind == "mc")


def rule_sets():
    """Those of the guide, for this domain and this socket."""
    text = RULE_SETS
    for old, new in REPLACED:
        assert old in text, f"the guide does not name {old}"
        text = text.replace(old, new)
    return text


class ForwardingSendmail:
    """Started once."""

    def __init__(self):
        self.program = None

    def start(self):
        if self.program:
            return
        mc = MC.format(domain=HOP1, keeper=KEEPER, port=ADDRESS[1], listen=PORT)
        machine.write("/etc/mail/forwarding.mc", mc + rule_sets())
        options = f"-D_CF_DIR_={sendmail.CF_DIR}", sendmail.CF_DIR + "m4/cf.m4"
        machine.write(CONFIG, machine.run("m4", *options, "/etc/mail/forwarding.mc"))
        machine.write("/etc/mail/forwarding.aliases", ALIASES)
        machine.write(KEEPER, KEEP, 0o755)
        machine.write(KEPT, "", 0o666)
        os.makedirs("/var/spool/mqueue-forwarding", mode=0o700, exist_ok=True)
        machine.run(sendmail.SENDMAIL, "-C", CONFIG, "-bi")
        self.program = Program([sendmail.SENDMAIL, "-bD", f"-q{QUEUE_RUN_S}s", "-C", CONFIG], machine.LOGS + "/forwarding.stderr")
        self.program.wait_until_listening(("127.0.0.1", PORT))

    def rewritten(self, address, mailer="esmtp"):
        """What the sender becomes for this mailer, by Sendmail's own test mode."""
        output = machine.run("sh", "-c", f"printf '%s\\n' '/tryflags SE' '/try {mailer} {address}' | "
                                         f"{sendmail.SENDMAIL} -bt -C {CONFIG}")
        return re.search(r"Rcode = (\d+), addr = (.*)", output).groups()


def kept(token):
    """(sender, user) of each local delivery of the message."""
    with open(KEPT, encoding="utf-8") as lines:
        return [(sender.strip("<>"), user) for sender, user, found in (line.split() for line in lines) if found == token]


def wait_for_kept(token):
    wait_for(f"the local delivery of {token}", lambda: kept(token))
    return kept(token)
