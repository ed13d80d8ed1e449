# SPDX-License-Identifier: GPL-2.0-or-later
"""Real programs that read result fields: which fields does each take for a pass of ours? Whatever asks one whose package
is not there raises machine.Missing."""

import email
import email.policy
import functools
import os
import re
import shutil
import subprocess

import machine
from opendmarc import OpenDmarc

try:
    import authres
except ImportError:
    authres = None

OWN = machine.HOSTNAME
CLIENT = "203.0.113.66"
LIMIT_S = 240
SIEVE_BATCH = 200

# What a rule for our results looks like: our name at the beginning, and then the result.
SEARCH = re.compile(rf"^\s*{re.escape(OWN)}\b.*\bspf\s*=\s*pass\b", re.IGNORECASE | re.DOTALL)


def octets(text):
    return text.encode("utf-8", "surrogateescape")


def message(fields):
    lines = [f"{name}: {value}\n" for name, value in fields]
    lines += ["From: a@pass.example\n", "To: you@example\n", "Date: Mon, 06 Jan 2025 10:00:00 +0000\n", "\n", "text\n"]
    return octets("".join(lines))


def unfolded(value):
    return re.sub(r"\r?\n(?=[ \t])", "", value)


def need_authres():
    if authres is None:
        raise machine.Missing("the package of python3-authres cannot be had")


def taken_by_authres(value):
    try:
        header = authres.AuthenticationResultsHeader.parse_value(unfolded(value).strip())
    except (authres.AuthResError, ValueError):
        return False
    return header.authserv_id.lower() == OWN and any(
        result.method.lower() == "spf" and result.result.lower() == "pass" for result in header.results)


def is_one_result(value):
    """True for an spf result of ours, alone in its field."""
    need_authres()
    header = authres.AuthenticationResultsHeader.parse_value(unfolded(value).strip())
    return header.authserv_id == OWN and [result.method for result in header.results] == ["spf"]


def text_search(values):
    """A regular expression over the text, as in procmail or header_checks."""
    return [bool(SEARCH.search(unfolded(value))) for value in values]


def python_authres(values):
    need_authres()
    return [taken_by_authres(value) for value in values]


def python_email(values):
    """What email.policy.default shows, searched and, where there is a parser, parsed."""
    taken = []
    for value in values:
        parsed = email.message_from_bytes(message([("Authentication-Results", value)]), policy=email.policy.default)
        shown = str(parsed["Authentication-Results"])
        taken.append(bool(SEARCH.search(shown)) or (authres is not None and taken_by_authres(shown)))
    return taken


def sieve_script(count):
    tests = [f'if header :index {n} :matches "Authentication-Results" "{OWN}*spf=pass*" {{ debug_log "taken {n} "; }}'
             for n in range(1, count + 1)]
    return 'require ["index", "vnd.dovecot.debug"];\n' + "\n".join(tests) + "\n"


def dovecot_settings():
    """Of Dovecot 2.3, or of 2.4, which calls them otherwise and wants to know for which version they are."""
    version = subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True, check=True, timeout=LIMIT_S).stdout
    account = "mail_home = /tmp/sieve\nmail_uid = nobody\nmail_gid = nogroup\n"
    if version.startswith(b"2.3"):
        return account + "mail_location = maildir:/tmp/sieve/mail\nplugin {\n  sieve_max_script_size = 0\n}\n"
    return ("dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n" + account +
            "mail_driver = maildir\nmail_path = /tmp/sieve/mail\nsieve_max_script_size = 0\n")


def sieve_batch(values):
    os.makedirs("/tmp/sieve", exist_ok=True)
    os.chmod("/tmp/sieve", 0o777)
    machine.write("/tmp/sieve/script", sieve_script(len(values)))
    with open("/tmp/sieve/message", "wb") as out:
        out.write(message([("Authentication-Results", value) for value in values]))
    command = ["sieve-test", "-c", "/tmp/sieve/dovecot.conf", "-x", "+vnd.dovecot.debug",
               "/tmp/sieve/script", "/tmp/sieve/message"]
    machine.write("/tmp/sieve/dovecot.conf", dovecot_settings())
    done = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_S)
    output = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"sieve-test ended with {done.returncode}: {output[-2000:]}"
    found = {int(number) for number in re.findall(r"taken (\d+) ", output)}
    return [n in found for n in range(1, len(values) + 1)]


def sieve(values):
    if shutil.which("sieve-test") is None:
        raise machine.Missing("the packages of Dovecot's Sieve cannot be had")
    taken = []
    for start in range(0, len(values), SIEVE_BATCH):
        taken += sieve_batch(values[start:start + SIEVE_BATCH])
    return taken


def perl(messages):
    """For each message what spamassassin.pl says: four words."""
    if shutil.which("spamassassin") is None:
        raise machine.Missing("the packages of SpamAssassin cannot be had")
    stream = b"".join(b"%d\n%s" % (len(text), text) for text in messages)
    done = subprocess.run([__file__.rpartition("/")[0] + "/spamassassin.pl", OWN], input=stream, capture_output=True,
                          check=False, timeout=LIMIT_S)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and len(lines) == len(messages), f"spamassassin.pl: {done.stderr.decode()[-2000:]}"
    return [line.split() for line in lines]


def by_spamassassin(field_lists):
    """(result of the sender, result of the HELO name), or - for none, as SpamAssassin takes them from the fields above
    our own Received field."""
    received = ("Received", f"from x.example (x.example [{CLIENT}]) by {OWN} with ESMTP id 1; "
                            "Mon, 06 Jan 2025 10:00:00 +0000")
    return [tuple(answer[2:]) for answer in perl([message([*fields, received]) for fields in field_lists])]


def opendmarc(values, name="Authentication-Results"):
    """A pass for a domain that asks to reject what has none."""
    with OpenDmarc() as running:
        return [running.verdict([(name, value)], "a@pass.example", "a@pass.example", CLIENT).startswith("dmarc=pass")
                for value in values]


@functools.lru_cache(maxsize=1)
def perl_answers(values):
    return perl([message([("Authentication-Results", value)]) for value in values])


def spamassassin(values):
    return [answer[0] == "1" for answer in perl_answers(tuple(values))]


def perl_parser(values):
    return [answer[1] == "1" for answer in perl_answers(tuple(values))]


# Each says for each value of Authentication-Results whether it is taken for a pass of ours.
READERS = {"a text search": text_search, "python3-authres": python_authres, "email.policy": python_email, "Sieve": sieve,
           "SpamAssassin": spamassassin, "Mail::AuthenticationResults": perl_parser, "OpenDMARC": opendmarc}
