# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket: smf-spf reload and reopen, and whoever else connects to it."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from dns_server import DnsServer
from filter import group_of, UNPRIVILEGED
from wire_common import (BAD_IP, Filter, Mta, Skip, case, check, classic, contains, delivered, equal, lacks, one,
                         refused, rows, sanitizer, wait_until)

EX_OK, EX_UNAVAILABLE, EX_CANTCREAT, EX_NOPERM, EX_CONFIG = 0, 69, 73, 77, 78
FAIL = "550 5.7.23"
LIMIT_S = 60
HELD_UP_S = 20  # by a peer that has 2 s, on a busy machine
STRANGER = "daemon"  # an account that is neither root nor the filter's


def ask(filter_, verb, config=None, **how):
    """Runs the command; returns its status and all that it printed."""
    done = subprocess.run([filter_.binary, verb, "-c", config or filter_.config_path], capture_output=True, text=True,
                          timeout=LIMIT_S, stdin=subprocess.DEVNULL, check=False, **how)
    return done.returncode, done.stdout + done.stderr


def says(filter_, verb, status, *parts):
    found, text = ask(filter_, verb)
    equal(found, status, f"exit status of {verb}, which printed {text!r}")
    for part in parts:
        contains(text, part, verb)
    return text


def is_refused(filter_):
    return one(filter_, ip=BAD_IP).refusal is not None


@case
def reload_answers_when_it_is_done(binary):
    with classic(binary) as filter_:
        check(is_refused(filter_), "a fail was not refused")
        filter_.reconfigure({"RefuseFail": "off"})
        says(filter_, "reload", EX_OK, "configuration reloaded from " + filter_.config_path)
        check(not is_refused(filter_), "the reload was not done when the command ended")
        says(filter_, "reload", EX_OK, "nothing has changed")


@case
def reload_names_what_waits_for_a_restart(binary):
    with classic(binary) as filter_:
        filter_.reconfigure({"PidFile": filter_.path("pid"), "RefuseFail": "off"})
        says(filter_, "reload", EX_OK, "effective only after a restart: PidFile")
        check(not is_refused(filter_), "the other keys did not take effect")


@rows([
    ("unknown-key", {"RefuseFial": "off"}, "RefuseFial"),
    ("bad-value", {"TTL": "never"}, "never"),
    ("missing-zone", {"ZoneFile": "/nonexistent/zone"}, "/nonexistent/zone"),
    ("log", {"LogTo": "/nonexistent/log"}, "LogTo: cannot open /nonexistent/log"),
])
def reload_that_fails_says_why(binary, config, reason):
    with classic(binary) as filter_:
        filter_.reconfigure({"RefuseFail": "off", **config})
        says(filter_, "reload", EX_CONFIG, reason, "stays as it was")
        check(is_refused(filter_), "a part of the configuration took effect")
        filter_.reconfigure({"RefuseFail": "off"})
        says(filter_, "reload", EX_OK)


def tells_of_reloads(filter_, failed, last):
    done = subprocess.run([filter_.binary, "stats", "--prometheus", "-c", filter_.config_path], capture_output=True,
                          text=True, timeout=LIMIT_S, check=False)
    equal(done.returncode, EX_OK, done.stderr)
    samples = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    equal(samples['smf_spf_config_reloads_total{outcome="failed"}'], str(failed), "failed reloads")
    equal(samples["smf_spf_config_last_reload_successful"], str(last), "the last reload")


@case
def a_file_that_does_not_parse_fails_where_it_is_seen(binary):
    """It reaches the filter, in whose log and metrics the failure stands; and the other commands do not mind."""
    with classic(binary) as filter_:
        filter_.reconfigure({"RefuseFial": "off", "TTL": "never"})
        says(filter_, "reload", EX_CONFIG, "RefuseFial", "never", "the running configuration stays as it was")
        filter_.wait_log("RefuseFial: there is no such key")
        tells_of_reloads(filter_, failed=1, last=0)
        os.rename(filter_.log_path, filter_.path("log.1"))
        says(filter_, "reopen", EX_OK)
        check(os.path.exists(filter_.log_path), "the log was not opened again")
        filter_.reconfigure({})
        says(filter_, "reload", EX_OK)
        tells_of_reloads(filter_, failed=1, last=1)


@case
def a_file_that_is_gone_fails_where_it_is_seen(binary):
    """By its name alone, its socket cannot be known: the default one is tried."""
    with at_the_default_socket(binary) as filter_:
        os.remove(filter_.config_path)
        says(filter_, "reload", EX_CONFIG, filter_.config_path + ": cannot be read")
        filter_.wait_log(filter_.config_path + ": cannot be read")
        tells_of_reloads(filter_, failed=1, last=0)


def at_the_default_socket(binary):
    """A filter, and commands, that see a /run of their own: the filter's is at /proc/PID/root of its process."""
    filter_ = classic(binary, as_root=True)
    runtime = filter_.path("run")
    os.makedirs(os.path.join(runtime, "smfs"))
    shutil.chown(os.path.join(runtime, "smfs"), UNPRIVILEGED, group_of(UNPRIVILEGED))
    filter_.write("wrapper", "#!/bin/sh\nexec unshare --mount sh -c "
                             f"'mount --bind {runtime} /run && exec \"$0\" \"$@\"' {filter_.binary} \"$@\"\n")
    os.chmod(filter_.path("wrapper"), 0o755)
    if os.geteuid() != 0 or subprocess.run([filter_.path("wrapper"), "-V"], capture_output=True, check=False).returncode:
        filter_.remove()
        raise Skip("no mount namespace can be made here")
    filter_.binary = filter_.path("wrapper")
    filter_.reconfigure({"ControlSocket": "unix:/var/run/smfs/control.sock"})
    return filter_


@rows([("another", "unix:/var/run/smfs/another.sock"), ("none", "none")])
def a_changed_control_socket_waits_for_a_restart(binary, changed):
    with at_the_default_socket(binary) as filter_:
        filter_.reconfigure({"ControlSocket": changed, "RefuseFail": "off"})
        says(filter_, "reload", EX_OK, "effective only after a restart: ControlSocket")
        check(not is_refused(filter_), "the other keys did not take effect")
        says(filter_, "reopen", EX_OK)
        says(filter_, "stats", EX_OK, "Messages by what became of them")
        other = filter_.path("other.conf")
        with open(other, "w", encoding="utf-8") as file:
            file.write(f"ControlSocket {changed}\n")
        status, text = ask(filter_, "reload", other)
        equal(status, EX_CONFIG if changed == "none" else EX_UNAVAILABLE, "status for the file of no running filter")
        contains(text, "ControlSocket is none" if changed == "none" else "is it running")


@case
def nobody_is_there(binary):
    filter_ = classic(binary)
    try:
        says(filter_, "reload", EX_UNAVAILABLE, filter_.path("control"), "is it running")
        filter_.reconfigure({"RefuseFial": "off"})
        says(filter_, "reload", EX_UNAVAILABLE, "RefuseFial", "is it running")
        filter_.reconfigure({"ControlSocket": "none"})
        says(filter_, "reload", EX_CONFIG, "ControlSocket is none")
    finally:
        filter_.remove()


@case
def another_file_is_not_reloaded(binary):
    """Two filters, and the second file names the first one's socket by mistake."""
    with classic(binary) as filter_:
        other = filter_.path("other.conf")
        shutil.copy(filter_.config_path, other)
        status, text = ask(filter_, "reload", other)
        equal(status, EX_CONFIG, "exit status")
        contains(text, "runs with another file, " + filter_.config_path)
        os.symlink(filter_.config_path, filter_.path("link.conf"))
        equal(ask(filter_, "reload", filter_.path("link.conf"))[0], EX_OK, "by a link to the same file")


@case
def strangers_are_turned_away(binary):
    if os.geteuid() != 0:
        raise Skip("only root can be somebody else")
    with classic(binary) as filter_:
        os.chmod(filter_.config_path, 0o644)
        status, text = ask(filter_, "reload", user=STRANGER, group=group_of(STRANGER), extra_groups=[])
        equal(status, EX_NOPERM, f"exit status with {text!r}")
        contains(text, "only root and the user of the filter may")
        if UNPRIVILEGED != STRANGER and not filter_.root:
            status, text = ask(filter_, "reload", user=UNPRIVILEGED, group=group_of(UNPRIVILEGED), extra_groups=[])
            equal(status, EX_OK, f"exit status of the account itself with {text!r}")


@case
def reopen_follows_a_rotation_and_reloads_nothing(binary):
    with classic(binary) as filter_:
        one(filter_)
        os.rename(filter_.log_path, filter_.path("log.1"))
        filter_.reconfigure({"RefuseFail": "off"})
        says(filter_, "reopen", EX_OK)
        check(is_refused(filter_), "the changed configuration took effect")
        filter_.wait_log("SPF fail")
        with open(filter_.path("log.1"), encoding="utf-8") as rotated:
            lacks(rotated.read(), "SPF fail", "the rotated file")


@case
def log_in_a_directory_of_roots_survives_its_rotation(binary):
    """Root makes the file at the start, and the account of the filter cannot make it again."""
    if os.geteuid() != 0:
        raise Skip("only root can make such a directory")
    filter_ = classic(binary, as_root=True)
    with tempfile.TemporaryDirectory(prefix="smf-spf-logs.") as directory:
        os.chmod(directory, 0o755)
        rotate_in(filter_, os.path.join(directory, "spf.log"))


def rotate_in(filter_, log):
    filter_.log_path = log
    filter_.configure({"LogTo": log}, True)
    with filter_:
        os.rename(log, log + ".1")
        filter_.configure({"LogTo": log, "RefuseFail": "off"}, True)
        says(filter_, "reload", EX_OK, "configuration reloaded", f"LogTo: cannot open {log}", UNPRIVILEGED)
        check(not is_refused(filter_), "a valid reload was held up by the log")
        says(filter_, "reopen", EX_CANTCREAT, f"LogTo: cannot open {log}")
        with open(log + ".1", encoding="utf-8") as rotated:
            contains(rotated.read(), "SPF fail", "the file that stayed open")
        with open(log, "w", encoding="utf-8"):  # as logrotate's "create" does
            shutil.chown(log, UNPRIVILEGED, group_of(UNPRIVILEGED))
        says(filter_, "reopen", EX_OK)
        one(filter_, ip=BAD_IP)
        filter_.wait_log("SPF fail")


@rows([
    ("nothing", b""), ("no-end", b"reload"), ("unknown", b"shutdown /etc/passwd\n"), ("empty-line", b"\n"),
    ("long", b"x" * 100000 + b"\n"), ("binary", bytes(range(256)) + b"\n"), ("no-file", b"reload\n"),
])
def odd_requests_do_no_harm(binary, request):
    with classic(binary) as filter_:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(LIMIT_S)
            peer.connect(filter_.path("control"))
            try:
                peer.sendall(request)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(4096):
                    pass
            except OSError:
                pass  # it was hung up on
        says(filter_, "reload", EX_OK)
        check(is_refused(filter_), "a fail was not refused")


@case
def peers_that_say_nothing_are_waited_for_in_vain(binary):
    with classic(binary) as filter_:
        silent = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for peer in silent:
            peer.connect(filter_.path("control"))
        check(is_refused(filter_), "mail was held up")
        says(filter_, "reload", EX_OK)
        for peer in silent:
            peer.close()


@case
def a_peer_that_sends_an_octet_at_a_time_holds_up_nothing_for_long(binary):
    """It has as much time as one that says nothing."""
    with classic(binary) as filter_, socket.socket(socket.AF_UNIX) as peer:
        peer.connect(filter_.path("control"))
        over = threading.Event()

        def trickle():
            while not over.wait(0.3):
                with contextlib.suppress(OSError):
                    peer.sendall(b"s")

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            begun_s = time.monotonic()
            says(filter_, "reload", EX_OK)
            check(time.monotonic() - begun_s < HELD_UP_S, f"a reload took {time.monotonic() - begun_s:.1f} s")
        finally:
            over.set()
            thread.join()


@case
def socket_of_a_dead_filter_is_replaced_and_of_a_live_one_is_not(binary):
    with classic(binary) as first:
        first.process.kill()
        first.process.wait(LIMIT_S)
        check(os.path.exists(first.path("control")), "nothing was left behind")
        first.start()
        says(first, "reload", EX_OK)
        with classic(binary, {"ControlSocket": "unix:" + first.path("control")}) as second:
            second.wait_log("do not reach this filter")
            check(is_refused(second), "the second does not filter")
            contains(ask(second, "reload")[1], "runs with another file, " + first.config_path)
        says(first, "reload", EX_OK)


@case
def stats_are_printed_for_people_and_for_prometheus(binary):
    with classic(binary) as filter_:
        one(filter_)
        one(filter_, ip=BAD_IP)
        filter_.reconfigure({"RefuseFail": "off"})
        says(filter_, "reload", EX_OK)
        text = says(filter_, "stats", EX_OK, "Messages by what became of them\n")
        for label, count in (("accepted", 1), ("refused", 1), ("mailfrom fail", 1), ("done", 1)):
            check(re.search(rf"^  {label} +{count}$", text, re.MULTILINE), f"{label} in {text}")
        lacks(text, "held", "stats")
        lacks(text, "1 if the name server replied", "stats")  # of a zone file there are none
        check(re.search(r"^When the process began +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$", text, re.MULTILINE), text)
        check(re.search(r"^  mail +2, \S+ m?s on average, half within \S+ m?s, 99 % within \S+ m?s$", text, re.MULTILINE), text)
        lines = text.splitlines()
        for line, after in zip(lines, lines[1:] + [""]):
            check(re.search(r"  +\S|\d$", line) or after.startswith("  "), f"a heading with nothing below: {line}")
        done = subprocess.run([binary, "stats", "--prometheus", "-c", filter_.config_path], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        equal(done.returncode, EX_OK, done.stderr)
        contains(done.stdout, 'smf_spf_messages_total{verdict="refused"} 1\n')
        contains(done.stdout, "# TYPE smf_spf_wait_seconds histogram\n")


ZONE_OF_TWO = '$TTL 3600\nexample.org. TXT "v=spf1 ip4:192.0.2.1 -all"\n'
PAIRS = ("north", "south")  # each configuration has one of these in two places, which must agree in each message


def configuration_of(server, number):
    """A good file for even numbers; a bad one, of each kind, for odd ones."""
    word = PAIRS[number // 2 % 2]
    good = {"Nameserver": server.address, "RefuseFail": "off", "Tag": f"[{word}]", "AuthservID": f"{word}.example.net"}
    bad = ({"RefuseFial": "on"}, {"ZoneFile": "/nonexistent/zone"}, {"LogTo": "/nonexistent/log"}, {"TTL": "never"})
    return good if number % 2 == 0 else {**good, "AuthservID": "half.example.net", **bad[number // 2 % len(bad)]}


def send_and_compare(filter_, turns, failures, sent):
    """Messages of a fail, some on each connection."""
    try:
        for _ in range(turns):
            with Mta(filter_.address, ip=BAD_IP) as mta:
                for _ in range(5):
                    message = delivered(mta.send())
                    field, subject = message.value("Authentication-Results"), message.value("Subject")
                    word = field.split(".", 1)[0].strip()
                    check(word in PAIRS and f"[{word}]" in subject, f"{field!r} beside {subject!r}")
                    contains(field, "spf=fail", "field")
                    sent.append(word)
                mta.quit()
    except Exception as error:  # pylint: disable=broad-except
        failures.append(repr(error))


@case
def thousands_of_messages_during_hundreds_of_reloads(binary):
    """None is lost, none is judged by half a configuration, and the record is asked for once."""
    plain = not sanitizer(binary)
    clients, turns, reloads = (4, 500, 200) if plain else (4, 25, 20)
    failures, sent = [], []
    with DnsServer(ZONE_OF_TWO) as server, Filter(binary, configuration_of(server, 0)) as filter_:
        threads = [threading.Thread(target=send_and_compare, args=(filter_, turns, failures, sent))
                   for _ in range(clients)]
        equal(one(filter_).refusal, None, "refusal")
        asked = server.count("example.org", "TXT")  # more than once, where the machine was slow
        for thread in threads:
            thread.start()
        for number in range(1, reloads + 1):
            filter_.reconfigure(configuration_of(server, number))
            says(filter_, "reload", EX_CONFIG if number % 2 else EX_OK)
        for thread in threads:
            thread.join()
        equal(failures, [], "failures")
        equal(len(sent), clients * turns * 5, "messages")
        equal(set(sent), set(PAIRS), "configurations that were seen")
        equal(server.count("example.org", "TXT"), asked, "queries for the record")
        wait_until(lambda: "stays as it was" in filter_.log(), LIMIT_S, "the reasons in the log")
