# SPDX-License-Identifier: GPL-2.0-or-later
"""SMTP ports of Postfix that ask a policy service, each in other lists of restrictions; none of them has a milter."""

import os
import re
import ssl

import machine
from waiting import wait_for, listens

INET_SOCKET = ("127.0.0.1", 10011)
DIRECTORY = "/var/spool/postfix/smfs"
UNIX_SOCKET = DIRECTORY + "/policy.sock"
INET = "inet:127.0.0.1:10011"
MILTER = "inet:127.0.0.1:10010"
GUIDE_TEXT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "docs", "postfix-policy.md")

CERTIFICATES = "/etc/postfix/certificates"

# Recipients of this host, those that are listed; everything for them goes to the sink.
BOB, BOSS, NOBODY = "bob@local.example", "boss@local.example", "nobody@local.example"
LISTED = (f"local_recipient_maps=inline:{{ {{ {BOB} = x }}, {{ {BOSS} = x }}, {{ postmaster@local.example = x }}, "
          f"{{ postmaster@receiver.example = x }}, {{ jürgen@local.example = x }} }}")
BEFORE = "reject_unauth_destination, reject_unlisted_recipient"


def ask(*settings):
    """A restriction that asks the service."""
    return f"check_policy_service {{ {', '.join([INET, *settings])} }}" if settings else f"check_policy_service {INET}"


def lists(*names, context=""):
    """Options of a port that asks in these lists. context: each says which one it is. Postfix has a connection to the
    service for each text of a restriction, so the lists have one in common without context, and one each with it."""
    options = []
    for name in names:
        asks = ask(f"policy_context={context}{name}" if context else "timeout=60s")
        options.append(f"smtpd_{name}_restrictions={BEFORE + ', ' if name == 'recipient' else ''}{asks}")
    return options


def guided(name):
    """The first words that the manual has for this list, about the socket of the tests."""
    with open(GUIDE_TEXT, encoding="utf-8") as file:
        words = re.search(rf"postconf -e '(smtpd_{name}_restrictions=[^']*)'", file.read()).group(1)
    return words.replace("unix:smfs/policy.sock", INET)


EVERY = ("client", "helo", "sender", "recipient", "data")

RECIPIENT, DATA, ALL, ALL_AT_ONCE, ACCESS, CLASS, CHROOT, PATIENT, OPTIONAL, LATE, CONTEXTS, PASSES, BOTH, BOTH_AT_ONCE, GUIDE, \
    END, RELAY, KEPT, CERTIFIED = range(2601, 2620)

SERVICES = {  # port: options; a word in front of them: the columns of master.cf where they are not the usual ones
    RECIPIENT: lists("recipient"),
    DATA: lists("recipient", "data"),
    ALL: lists(*EVERY),
    ALL_AT_ONCE: ["smtpd_delay_reject=no", *lists(*EVERY)],
    ACCESS: ["smtpd_delay_reject=no", *lists("client", "helo", "sender")],
    CLASS: ["smtpd_restriction_classes=policed", f"policed={ask()}",
            f"smtpd_recipient_restrictions={BEFORE}, check_recipient_access inline:{{ {{ {BOSS} = policed }} }}"],
    CHROOT: [f"smtpd_recipient_restrictions={BEFORE}, check_policy_service unix:smfs/policy.sock"],
    # Asks again until the service is back.
    PATIENT: ["smtpd_policy_service_try_limit=60", *lists("recipient", "data")],
    # Has the time that Postfix gives a service by itself, and no action for one that is away.
    KEPT: lists("recipient", "data"),
    OPTIONAL: [f"smtpd_recipient_restrictions={BEFORE}, {ask('default_action=DUNNO', 'timeout=10s')}"],
    CONTEXTS: lists(*EVERY, context="at-"),
    # What passes has a class of its own, which leaves out the last restriction.
    PASSES: ["smtpd_restriction_classes=passed", f"passed=check_recipient_access inline:{{ {{ {BOB} = OK }} }}",
             f"smtpd_recipient_restrictions={BEFORE}, {ask('timeout=60s')}, reject",
             f"smtpd_data_restrictions={ask('timeout=60s')}"],
    # And a milter.
    BOTH: [f"smtpd_milters={MILTER}", *lists(*EVERY)],
    BOTH_AT_ONCE: [f"smtpd_milters={MILTER}", "smtpd_delay_reject=no", *lists(*EVERY)],
    # A client that may send anything, and the manual's words.
    GUIDE: ["mynetworks=127.0.0.0/8 203.0.113.66", "smtpd_authorized_xclient_hosts=0.0.0.0/0 [::]/0",
            "smtpd_relay_restrictions=", guided("recipient"), guided("data")],
    END: [f"smtpd_end_of_data_restrictions={ask()}"],
    RELAY: [f"smtpd_relay_restrictions=reject_unauth_destination, {ask('timeout=60s')}",
            f"smtpd_data_restrictions={ask('timeout=60s')}",
            f"smtpd_etrn_restrictions={ask('timeout=60s')}"],
    # Asks clients for a certificate, and trusts one authority.
    CERTIFIED: ["smtpd_tls_security_level=may", "smtpd_tls_ask_ccert=yes", f"smtpd_tls_cert_file={CERTIFICATES}/own.pem",
                f"smtpd_tls_key_file={CERTIFICATES}/own.key", f"smtpd_tls_CAfile={CERTIFICATES}/own.pem",
                "smtpd_delay_reject=no", *lists("sender", "recipient")],
    LATE: [f"smtpd_recipient_restrictions=reject_unauth_destination, {ask()}"],
}


def line(port, options):
    """A service of master.cf: one smtpd at a time, so that all clients come over its one connection to the service;
    where many come at once, as many as they are."""
    chroot, processes = ("y" if port == CHROOT else "n"), ("-" if port in (PATIENT, KEPT) else "1")
    words = "".join(f"\n  -o {{ {option} }}" for option in ("smtpd_milters=", LISTED, *options))
    return f"{port} inet n - {chroot} - {processes} smtpd{words}\n"


def make_certificates():
    """One that is its own authority, the trusted one, and one of an authority that is not."""
    os.makedirs(CERTIFICATES)
    for name in ("own", "foreign"):
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{CERTIFICATES}/{name}.key")
        machine.run("openssl", "req", "-x509", *key, "-days", "3650", "-subj", f"/CN={name}.example", "-out",
                    f"{CERTIFICATES}/{name}.pem")


def start_tls(connection, name=None):
    """With the certificate of this name, or none."""
    context = ssl.create_default_context(cafile=f"{CERTIFICATES}/own.pem")
    context.check_hostname = False
    if name:
        context.load_cert_chain(f"{CERTIFICATES}/{name}.pem", f"{CERTIFICATES}/{name}.key")
    connection.start_tls(context)


def install():
    """Adds the ports to the private Postfix, once."""
    with open("/etc/postfix/master.cf", encoding="utf-8") as file:
        text = file.read()
    if f"\n{RECIPIENT} " in text:
        return
    make_certificates()
    machine.write("/etc/postfix/master.cf", text + "".join(line(*service) for service in SERVICES.items()))
    machine.run("install", "-d", "-o", "smfs", "-g", "postfix", "-m", "2750", DIRECTORY)
    machine.run("postfix", "reload")
    for port in SERVICES:
        wait_for(f"Postfix at port {port}", lambda port=port: listens(("127.0.0.1", port)))
