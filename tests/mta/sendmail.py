# SPDX-License-Identifier: GPL-2.0-or-later
"""A private Sendmail: two SMTP ports in front of the filter, everything is delivered to the sink."""

import os
import socket
import ssl
import struct
import threading

import machine
import sink
import spf_filter
from waiting import PATIENCE_S, Program

SENDMAIL = "/usr/libexec/sendmail/sendmail"
CF_DIR = "/usr/share/sendmail/cf/"
CONFIG = "/etc/mail/sendmail.cf"
CERTIFICATE = "/etc/mail/certs/test.pem"
KEY = "/etc/mail/certs/test.key"
SASLAUTHD = "/run/saslauthd/mux"

MC = """VERSIONID(`smf-spf test')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `{hostname}')
define(`confPID_FILE', `/run/sendmail.pid')
define(`ALIAS_FILE', `')
define(`STATUS_FILE', `')
define(`HELP_FILE', `')
define(`QUEUE_DIR', `/var/spool/mqueue')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confTO_IDENT', `0')
define(`confTO_RESOLVER_RETRANS', `2s')
define(`confTO_RESOLVER_RETRY', `1')
define(`confQUEUE_LA', `1000')
define(`confREFUSE_LA', `1000')
define(`confDELAY_LA', `1000')
define(`confBAD_RCPT_THROTTLE', `0')
define(`confMAX_RCPTS_PER_MESSAGE', `0')
define(`confAUTH_MECHANISMS', `PLAIN')
define(`confAUTH_OPTIONS', `')
define(`confCACERT_PATH', `/etc/mail/certs')
define(`confCACERT', `{certificate}')
define(`confSERVER_CERT', `{certificate}')
define(`confSERVER_KEY', `{key}')
define(`SMART_HOST', `smtp:[{sink[0]}]')
define(`MAIL_HUB', `smtp:[{sink[0]}]')
define(`LOCAL_RELAY', `smtp:[{sink[0]}]')
define(`SMTP_MAILER_ARGS', `TCP $h {sink[1]}')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
RELAY_DOMAIN(`receiver.example')
LOCAL_DOMAIN(`local.example')
FEATURE(`no_default_msa')
MAIL_FILTER(`main', `S={main}, F=T, T=C:10s;S:{patience}s;R:{patience}s;E:{patience}s')
MAIL_FILTER(`other', `S={other}, T=C:10s;S:{patience}s;R:{patience}s;E:{patience}s')
define(`confINPUT_MAIL_FILTERS', `main')
DAEMON_OPTIONS(`Name=four, Family=inet, Port=25, InputMailFilters=main')
DAEMON_OPTIONS(`Name=six, Family=inet6, Addr=::1, Port=25, InputMailFilters=main')
DAEMON_OPTIONS(`Name=second, Family=inet, Port=26, InputMailFilters=other')
MAILER(`local')
MAILER(`smtp')
"""


def milter(address):
    return "unix:" + address if isinstance(address, str) else f"inet:{address[1]}@{address[0]}"


class Sendmail:
    """Port 25 has the filter by a unix socket and is unavailable without it; port 26 by inet and accepts without it."""

    name = "sendmail"
    packages, optional = ("sendmail",), ("redis",)
    log = "/var/log/mta-test/sendmail.log"
    main_socket = spf_filter.UNIX_SOCKET
    other_socket = spf_filter.INET_SOCKET
    without_filter = (451, "4.3.2")

    def __init__(self):
        self.program = None

    def start(self):
        self.write_configuration()
        make_certificate()
        serve(socket.SOCK_DGRAM, "/dev/log", self.keep_log)
        serve(socket.SOCK_STREAM, SASLAUTHD, accept_passwords)
        self.program = Program([SENDMAIL, "-bD", "-q3s", "-C", CONFIG], machine.LOGS + "/sendmail.stderr")
        for address in (("127.0.0.1", 25), ("::1", 25), ("127.0.0.1", 26)):
            self.program.wait_until_listening(address)

    def write_configuration(self):
        mc = MC.format(
            hostname=machine.HOSTNAME,
            sink=sink.ADDRESS,
            main=milter(self.main_socket),
            other=milter(self.other_socket),
            patience=PATIENCE_S,
            certificate=CERTIFICATE,
            key=KEY,
        )
        machine.write("/etc/mail/test.mc", mc)
        macros = machine.run("m4", f"-D_CF_DIR_={CF_DIR}", CF_DIR + "m4/cf.m4", "/etc/mail/test.mc")
        machine.write(CONFIG, macros)
        machine.write("/etc/mail/local-host-names", "")
        sasl_conf = f"pwcheck_method: saslauthd\nmech_list: PLAIN\nsaslauthd_path: {SASLAUTHD}\n"
        for directory in ("/etc/mail/sasl", "/etc/sasl2", "/usr/lib/sasl2"):
            machine.write(directory + "/Sendmail.conf", sasl_conf)
        os.makedirs("/var/spool/mqueue", mode=0o700, exist_ok=True)
        os.makedirs(os.path.dirname(SASLAUTHD), exist_ok=True)

    def stop(self):
        self.program.stop()

    def keep_log(self, receiver):
        while True:
            line = receiver.recv(65536).rstrip(b"\n\0") + b"\n"
            with open(self.log, "ab") as log:
                log.write(line)

    def authenticate(self, client):
        client.command("AUTH PLAIN AGZyZWQAc2VjcmV0").check(235)  # fred, secret

    def held(self):
        """The queued messages that wait for somebody to look at them, as text."""
        return machine.run(SENDMAIL, "-C", CONFIG, "-bp", "-qQ")

    def command(self, *arguments):
        """The sendmail command, with the daemon's configuration, for a user of this machine."""
        return [SENDMAIL, "-Am", "-C", CONFIG, *arguments]

    def start_tls(self, client, with_certificate):
        """Encrypts the client's connection, with or without a client certificate that Sendmail verifies."""
        context = ssl.create_default_context(cafile=CERTIFICATE)
        context.check_hostname = False
        if with_certificate:
            context.load_cert_chain(CERTIFICATE, KEY)
        client.start_tls(context)


def make_certificate():
    """One certificate that is its own authority and serves both sides."""
    os.makedirs(os.path.dirname(CERTIFICATE))
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", KEY)
    contents = ("-days", "3650", "-subj", "/CN=" + machine.HOSTNAME, "-out", CERTIFICATE)
    machine.run("openssl", "req", "-x509", *new_key, *contents)
    os.chmod(KEY, 0o600)


def serve(kind, path, talk):
    """Runs talk(socket) on a thread of its own with a socket bound to this path."""
    receiver = socket.socket(socket.AF_UNIX, kind)
    receiver.bind(path)
    os.chmod(path, 0o666)
    threading.Thread(target=talk, args=(receiver,), daemon=True).start()


def accept_passwords(listener):
    """What saslauthd does, for any name and password: four counted strings in, one out."""
    listener.listen()
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            for _ in range(4):
                stream.read(*struct.unpack("!H", stream.read(2)))
            connection.sendall(struct.pack("!H", 2) + b"OK")
