# SPDX-License-Identifier: GPL-2.0-or-later
"""When parts of it fail: the filter is restarted, gone, or dies under a message; the name server is gone or silent."""

from cases import Group
from world import BAD, GOOD, OTHER_PORT, USER

RESTARTS = Group("restarts", [])
OTHER_SOCKET = Group("other-socket", [], other_socket=True)
NO_DNS = Group("no-dns", [("DNSTimeout", "2s"), ("Nameserver", "127.0.0.1:53"), ("TTL", "0")])
GROUPS = [RESTARTS, OTHER_SOCKET, NO_DNS]


def check_works(world, port=25):
    message = world.send("a@pass.example", GOOD, port=port).delivered()
    assert "spf=pass" in message.value("Authentication-Results"), message.fields
    world.send("a@fail.example", BAD, port=port).mail.check(550, "5.7.23")


def check_temporary(world, reply):
    code, enhanced = world.mta.without_filter
    reply.check(code, enhanced)


@RESTARTS.case()
def restarted_between_messages(world):
    check_works(world)
    world.filter.stop()
    world.filter.start()
    check_works(world)


@RESTARTS.case()
def crashed_and_started_again(world):
    world.filter.kill()
    world.filter.start()
    check_works(world)


@RESTARTS.case()
def down(world):
    world.filter.stop()
    with world.connect(GOOD) as connection:
        check_temporary(world, connection.mail("a@pass.example"))
    world.filter.start()
    check_works(world)


@RESTARTS.case()
def killed_under_a_message(world):
    with world.connect(GOOD) as connection:
        connection.mail("a@pass.example").check(250)
        world.filter.kill()
        check_temporary(world, connection.rcpt(USER))
    world.filter.start()
    check_works(world)


@RESTARTS.case()
def reloaded_between_messages(world):
    start = len(world.filter.log())
    world.filter.configure(world.filter.address, [("RefuseFail", "off")])
    world.filter.reload()
    world.wait_until_taken("a@fail.example")
    world.filter.configure(world.filter.address, RESTARTS.settings)
    world.filter.reload()
    world.wait_until_refused("a@fail.example")
    assert "SPF fail" in world.filter.log()[start:]


@OTHER_SOCKET.case()
def other_kind_of_socket(world):
    check_works(world, OTHER_PORT)


@OTHER_SOCKET.case()
def other_kind_of_socket_down(world):
    world.filter.kill()
    message = world.send("a@fail.example", BAD, port=OTHER_PORT).delivered()
    assert message.values("Authentication-Results") == [], message.fields
    world.filter.start()
    check_works(world, OTHER_PORT)


@NO_DNS.case()
def name_server_is_gone(world):
    check_works(world)
    world.name_server.stop()
    try:
        message = world.send("a@softfail.example", BAD).delivered()
    finally:
        world.name_server.start()
    assert "spf=temperror" in message.value("Authentication-Results"), message.fields
    check_works(world)


@NO_DNS.case()
def name_server_is_silent(world):
    world.name_server.freeze()
    try:
        message = world.send("a@neutral.example", BAD).delivered()  # one whose late answer is not in the cache
    finally:
        world.name_server.thaw()
    assert "spf=temperror" in message.value("Authentication-Results"), message.fields
    check_works(world)
