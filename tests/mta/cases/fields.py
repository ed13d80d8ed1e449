# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields that came with the message: those that claim to be ours are removed, all others stay as they are."""

import os
import sys

import forgeries
from cases import Group
from machine import HOSTNAME
from world import BAD, GOOD, USER

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "support"))

import log_lines  # noqa: E402  pylint: disable=wrong-import-position,import-error

FORGERIES = Group("forgeries", [("WhitelistFrom", "friend@fail.example"), ("WhitelistIP", "203.0.113.20")])
OWN_NAME = Group("own-name", [("AuthservID", "spf.receiver.example")])
ALL_FORGERIES = Group("all-forgeries", [("RemoveForgedHeaders", "all")])
NO_FORGERIES = Group("no-forgeries", [("RemoveForgedHeaders", "off")])
GROUPS = [FORGERIES, OWN_NAME, ALL_FORGERIES, NO_FORGERIES]

OURS = "spf=pass smtp.mailfrom=bank.example"
THEIRS = "mx.elsewhere.example; spf=pass smtp.mailfrom=bank.example"
FORGED = f"{HOSTNAME}; {OURS}"
DKIM_OF_OURS = f"{HOSTNAME}; dkim=pass header.d=bank.example"


@FORGERIES.case()
def forged_results_are_removed(world):
    forged = [FORGED, f"{HOSTNAME.upper()} 1; {OURS}", f"{HOSTNAME};\n\tdkim=none;\n\t{OURS}"]
    forged += [f"(a comment) {HOSTNAME} ; {OURS}"]
    fields = [("Authentication-Results", value) for value in (forged[0], THEIRS, *forged[1:], DKIM_OF_OURS)]
    message = world.send("a@neutral.example", BAD, fields=fields).delivered()
    values = message.values("Authentication-Results")
    assert values[0].startswith(f"{HOSTNAME}; spf=neutral"), values
    assert values[1:] == [THEIRS, DKIM_OF_OURS], values


@FORGERIES.case()
def odd_spellings_are_removed(world):
    """Each spelling of our name and each of a result, as the MTA hands them over; how readers take them, see readers."""
    values = [value for value in forgeries.spelled_results(HOSTNAME) if len(value) < 500]
    honest = [value for value in forgeries.honest_results(HOSTNAME) if len(value) < 200][::4]
    fields = [("Authentication-Results", value) for value in values]
    for start in range(0, len(fields), 60):  # Sendmail takes 32 kB of header
        message = world.send("a@neutral.example", BAD, fields=fields[start:start + 60]).delivered()
        left = message.values("Authentication-Results")
        assert len(left) == 1 and left[0].startswith(f"{HOSTNAME}; spf=neutral"), left
    message = world.send("a@neutral.example", BAD, fields=[("Authentication-Results", value) for value in honest])
    assert len(message.delivered().values("Authentication-Results")) == len(honest) + 1, message.delivered().fields


@FORGERIES.case()
def white_space_before_the_colon_hides_nothing(world):
    """RFC 5322 4.5.8: both MTAs hand such a field over, and send it on, without."""
    names = ("Authentication-Results ", "Authentication-Results\t", "AUTHENTICATION-results", "Received-SPF ")
    for name in names:
        value = f"pass receiver={HOSTNAME}" if "SPF" in name else FORGED
        message = world.send("a@neutral.example", BAD, fields=[(name, value)]).delivered()
        found = [entry for entry in message.fields if entry[0].strip().lower() == name.strip().lower()]
        assert len(found) == 1 and "neutral" in found[0][1], found


@FORGERIES.case()
def hundreds_of_forged_fields_are_refused(world):
    fields = [("Authentication-Results", f"{HOSTNAME};spf=pass")]
    message = world.send("a@neutral.example", BAD, fields=fields * 500).delivered()
    assert len(message.values("Authentication-Results")) == 1, len(message.fields)
    sent = world.send("friend@fail.example", BAD, fields=fields * 501)
    sent.end.check(550, "5.7.1", "too many result fields")
    world.filter.wait_for_log("verdict=refused, why=too-many-forged, reply=550 5.7.1")


@FORGERIES.case(mtas=("postfix",))
def helo_that_is_no_host_name_is_not_written(world):
    """Sendmail refuses such a name."""
    message = world.send("", BAD, helo="x;spf=pass").delivered()
    assert message.value("Authentication-Results") == f"{HOSTNAME}; spf=none (the HELO name is no host name)"
    assert "spf=pass" not in message.value("Received-SPF"), message.fields


@FORGERIES.case()
def no_record_writes_a_log_line(world):
    start = len(world.filter.log())
    world.send("a@lie.example", BAD).delivered()
    world.filter.wait_for_log("a@lie.example", start)
    lines = [line for line in world.filter.log()[start:].splitlines() if "a@lie.example" in line]
    assert lines, world.filter.log()
    for line in lines:
        pairs = log_lines.parse(line)[1]
        assert pairs["ip"] == BAD and pairs["from"] == "a@lie.example", line
        assert log_lines.by_search(line)["ip"] == BAD, line


@FORGERIES.case()
def forged_received_spf_is_removed(world):
    theirs = "pass (elsewhere) client-ip=192.0.2.1; receiver=mx.elsewhere.example; identity=mailfrom"
    forged = f"pass client-ip=192.0.2.1; receiver={HOSTNAME}; identity=mailfrom"
    fields = [("Received-SPF", forged), ("Received-SPF", theirs)]
    message = world.send("a@neutral.example", BAD, fields=fields).delivered()
    values = message.values("Received-SPF")
    assert len(values) == 2 and values[0].startswith("neutral") and values[1] == theirs, values


@FORGERIES.case()
def forged_results_of_a_skipped_sender_are_removed(world):
    fields = [("Authentication-Results", FORGED), ("Authentication-Results", THEIRS)]
    message = world.send("friend@fail.example", BAD, fields=fields).delivered()
    assert message.values("Authentication-Results") == [THEIRS], message.fields


@FORGERIES.case()
def results_from_a_trusted_client_stay(world):
    message = world.send("a@fail.example", "203.0.113.20", fields=[("Authentication-Results", FORGED)]).delivered()
    assert message.values("Authentication-Results") == [FORGED], message.fields


@FORGERIES.case()
def forged_results_of_one_message_do_not_reach_the_next(world):
    with world.connect(GOOD) as connection:
        world.send_on(connection, "a@pass.example", fields=[("Authentication-Results", FORGED)] * 3).delivered([USER])
        fields = [("Authentication-Results", THEIRS)] * 3
        message = world.send_on(connection, "a@pass.example", fields=fields).delivered()
    assert message.values("Authentication-Results")[1:] == [THEIRS] * 3, message.fields


@OWN_NAME.case()
def own_authserv_id(world):
    fields = [("Authentication-Results", f"spf.receiver.example; {OURS}"), ("Authentication-Results", FORGED)]
    message = world.send("a@neutral.example", BAD, fields=fields).delivered()
    values = message.values("Authentication-Results")
    assert values[0].startswith("spf.receiver.example; spf=neutral") and values[1:] == [FORGED], values


def send_forgeries(world):
    fields = [("Authentication-Results", value) for value in (FORGED, DKIM_OF_OURS, THEIRS)]
    return world.send("a@neutral.example", BAD, fields=fields).delivered().values("Authentication-Results")[1:]


@ALL_FORGERIES.case()
def whatever_stands_under_our_name_is_removed(world):
    assert send_forgeries(world) == [THEIRS]


@NO_FORGERIES.case()
def forged_results_stay_where_that_is_wanted(world):
    assert send_forgeries(world) == [FORGED, DKIM_OF_OURS, THEIRS]
