# SPDX-License-Identifier: GPL-2.0-or-later
"""A private Postfix: two SMTP ports in front of the filter, everything is delivered to the sink."""

import json
import os

import machine
import sink
import spf_filter
from waiting import PATIENCE_S, wait_for, listens

MAIN_CF = """compatibility_level = 3.6
queue_directory = /var/spool/postfix
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = /var/lib/postfix
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = /var
myhostname = {hostname}
mydomain = receiver.example
myorigin = receiver.example
mydestination = local.example
local_transport = smtp:[{sink[0]}]:{sink[1]}
local_recipient_maps =
alias_maps =
inet_interfaces = all
inet_protocols = all
mynetworks = 0.0.0.0/0 [::]/0
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = smtp:[{sink[0]}]:{sink[1]}
smtputf8_enable = yes
smtpd_authorized_xclient_hosts = $mynetworks
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_recipient_limit = 5000
smtpd_client_connection_count_limit = 0
local_header_rewrite_clients =
smtpd_milters = {main}
non_smtpd_milters = {main}
milter_default_action = tempfail
milter_command_timeout = {patience}s
"""

MASTER_CF = """25        inet  n - n - - smtpd
26        inet  n - n - - smtpd
  -o smtpd_milters={other} -o milter_default_action=accept
27        inet  n - y - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def milter(address):
    return "unix:" + address if isinstance(address, str) else f"inet:{address[0]}:{address[1]}"


class Postfix:
    """Port 25 has the filter by inet and is unavailable without it; port 26 by a unix socket and accepts without it;
    port 27 is as 25, in the chroot."""

    name = "postfix"
    packages, optional = ("postfix",), ("opendmarc", "postsrsd", "dkim", "redis")
    log = "/var/log/mta-test/postfix.log"
    main_socket = spf_filter.INET_SOCKET
    other_socket = spf_filter.UNIX_SOCKET
    # What the filter's absence looks like on port 25.
    without_filter = (451, "4.7.1")

    def start(self):
        main_cf = MAIN_CF.format(
            log=self.log,
            hostname=machine.HOSTNAME,
            sink=sink.ADDRESS,
            main=milter(self.main_socket),
            patience=PATIENCE_S,
        )
        machine.write("/etc/postfix/main.cf", main_cf)
        machine.write("/etc/postfix/master.cf", MASTER_CF.format(other=milter(self.other_socket)))
        for directory in ("/var/lib/postfix", "/var/spool/postfix"):
            os.makedirs(directory, exist_ok=True)
        machine.run("chown", "postfix:postfix", "/var/lib/postfix")
        machine.write("/etc/postfix/dynamicmaps.cf", "")
        for program in ("postdrop", "postqueue"):
            machine.run("chgrp", "postdrop", "/usr/sbin/" + program)
            os.chmod("/usr/sbin/" + program, 0o2555)
        machine.run("postfix", "start", timeout=PATIENCE_S)
        for port in (25, 26, 27):
            wait_for(f"Postfix at port {port}", lambda: listens(("127.0.0.1", port)))

    def stop(self):
        machine.run("postfix", "stop", timeout=PATIENCE_S)

    def authenticate(self, client):
        """Makes the client look like an authenticated one, as a proxy in front of Postfix would."""
        client.command("XCLIENT LOGIN=fred").check(220)
        client.ehlo("bad.fail.example")

    def held(self):
        """The queued messages that wait for somebody to look at them, as text."""
        queue = [json.loads(line) for line in machine.run("postqueue", "-j").splitlines()]
        return "\n".join(str(entry) for entry in queue if entry["queue_name"] == "hold")

    def command(self, *arguments):
        """The sendmail command for a user of this machine."""
        return ["/usr/sbin/sendmail", *arguments]
