# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields that came with the message: those that claim to be ours are removed, all others stay as they are."""

from cases import Group
from machine import HOSTNAME
from world import BAD, GOOD, USER

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
