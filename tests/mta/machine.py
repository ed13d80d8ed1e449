# SPDX-License-Identifier: GPL-2.0-or-later
"""A private machine: namespaces, and an overlay root in which packages are unpacked and /etc is our own."""

import os
import shutil
import socket
import stat
import subprocess
import sys

# Each exists on every Debian; one that holds nothing we need is covered by a tmpfs (inside the mount namespace only).
MOUNT_POINTS = ("/mnt", "/media", "/srv")
HOSTNAME = "mx.receiver.example"
BINARY = "/usr/local/sbin/smf-spf"
ZONES = "/etc/nsd/zones"
LOGS = "/var/log/mta-test"

NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
USERS = ("smfs", "nsd", "postfix", "smmta", "smmsp")
FIRST_UID = 64100
POSTDROP_GID = 64199

CLIENT_ADDRESSES = (
    "203.0.113.10/32",
    "203.0.113.20/32",
    "203.0.113.50/32",
    "203.0.113.51/32",
    "203.0.113.52/32",
    "203.0.113.66/32",
    "203.0.113.67/32",
    "198.51.100.7/32",
    "198.51.101.7/32",
    "192.0.2.1/32",
    "192.0.2.2/32",
    "192.0.2.25/32",
    "2001:db8:1::10/128",
    "2001:db8:1::66/128",
    "2001:db8:1::77/128",
)

ETC_FILES = {
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n",
    "hosts": f"127.0.0.1 localhost\n::1 localhost\n127.0.0.1 {HOSTNAME} mx\n",
    "hostname": HOSTNAME + "\n",
    "host.conf": "multi on\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "aliases": "postmaster: root\n",
    "mailname": "receiver.example\n",
}


# What an MTA or a name server that was ever installed here has left: it is not seen in the private machine, where the
# accounts have other numbers.
LEFT_BEHIND = ("etc/postfix", "var/spool/postfix", "var/lib/postfix", "etc/mail", "var/spool/mqueue", "var/spool/mqueue-client",
               "var/lib/sendmail", "etc/nsd", "var/lib/nsd", "etc/opendmarc", "etc/default/opendmarc", "etc/dovecot")
SKIPPED = 77
HERE = os.path.dirname(os.path.realpath(__file__))


class Missing(Exception):
    """A program that a case needs is not on this machine: the case is skipped."""


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


def prepare(binary, packages, parts, optional=()):
    """Replaces this process by itself in namespaces, with the packages of these parts at hand; returns in them. Ends the
    program as skipped where that cannot be. An optional part that cannot be had takes only the cases that need it."""
    if is_inside():
        return
    if os.geteuid() != 0:
        skip("only root can build the private machine")
    if subprocess.run(["unshare", *NAMESPACES, "true"], capture_output=True, check=False).returncode != 0:
        skip("namespaces are forbidden on this machine")
    if not os.access(binary, os.X_OK):
        sys.exit(f"no program {binary}")
    command = [HERE + "/fetch", "--packages", packages]
    subprocess.run([*command, *optional], capture_output=True, check=False)
    done = subprocess.run([*command, *parts], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        skip("packages cannot be had: " + done.stdout.decode(errors="replace").strip().rpartition("\n")[2])
    reexecute_in_namespaces()


def available(packages, parts):
    """Those of the parts whose packages are there."""
    return [part for part in parts if os.path.exists(f"{packages}/{part}.list")]


def reexecute_in_namespaces():
    """Replaces this process by itself in namespaces of its own: when it ends, for whatever reason, all in it end."""
    environment = dict(os.environ, MTA_TEST_INSIDE="1")
    os.execvpe("unshare", ["unshare", *NAMESPACES, sys.executable, *sys.argv], environment)


def is_inside():
    return os.environ.get("MTA_TEST_INSIDE") == "1"


def run(*command, **options):
    """Runs a command that must succeed; its output is shown only when it does not."""
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False, **options)
    if done.returncode != 0:
        output = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {output}")
    return done.stdout.decode(errors="replace")


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)


def enter(packages, parts, binary, tests, keep):
    """Builds the machine from the packages of these parts, moves into it, and brings up its network.

    tests: the directory of these tests; keep: a directory of the real machine in which the logs are to remain, or None.
    """
    base = free_mount_point([packages, binary, tests])
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "-o", "mode=755,size=512m", "tmpfs", base)
    root = base + "/root"
    for directory in ("upper", "work", "root"):
        os.mkdir(f"{base}/{directory}")
    run("mount", "-t", "overlay", "-o", f"lowerdir=/,upperdir={base}/upper,workdir={base}/work", "overlay", root)
    forget_left_behind(root)
    unpack(packages, parts, root)
    fill_dev(root + "/dev")
    run("mount", "-t", "proc", "proc", root + "/proc")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", root + "/run")
    run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", root + "/tmp")
    os.makedirs(root + LOGS, exist_ok=True)
    if keep:
        run("mount", "--bind", keep, root + LOGS)
        for old in os.listdir(root + LOGS):
            if old.endswith((".log", ".stderr")):
                os.unlink(f"{root}{LOGS}/{old}")
    os.chmod(root + LOGS, 0o777)
    shutil.copytree(tests + "/zones", root + ZONES, dirs_exist_ok=True)
    os.makedirs(root + os.path.dirname(BINARY), exist_ok=True)
    shutil.copy(binary, root + BINARY)
    bring_along(os.path.dirname(tests), root)
    os.chroot(root)
    os.chdir("/")
    fill_etc()
    bring_up_network()


def bring_along(directory, root):
    """Binds the directory, if the machine does not have it yet: what is on another file system is not in the overlay,
    and /tmp and /run are the machine's own."""
    if os.stat(directory).st_dev != os.stat("/").st_dev or not os.path.exists(root + directory):
        os.makedirs(root + directory, exist_ok=True)
        run("mount", "--bind", directory, root + directory)


def free_mount_point(needed):
    for candidate in MOUNT_POINTS:
        if os.path.isdir(candidate) and not any(os.path.realpath(path).startswith(candidate + "/") for path in needed):
            return candidate
    raise RuntimeError("no directory to mount on: " + ", ".join(MOUNT_POINTS))


def forget_left_behind(root):
    for path in (f"{root}/{name}" for name in LEFT_BEHIND):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)


def unpack(packages, parts, root):
    """Unpacks as dpkg does: directories that are links (usr-merge) stay links."""
    for part in parts:
        with open(f"{packages}/{part}.list", encoding="ascii") as names:
            for name in names.read().split():
                read_package = ["dpkg-deb", "--fsys-tarfile", f"{packages}/{name}"]
                extract = ["tar", "-x", "-p", "--keep-directory-symlink", "-C", root]
                with subprocess.Popen(read_package, stdout=subprocess.PIPE) as deb:
                    tar = subprocess.run(extract, stdin=deb.stdout, check=False)
                if tar.returncode != 0 or deb.returncode != 0:
                    raise RuntimeError(f"cannot unpack {name}")


def fill_dev(dev):
    """A /dev of our own, so that a /dev/log in it is not the real one."""
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", dev)
    devices = (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0))
    for name, major, minor in devices:
        os.mknod(f"{dev}/{name}", 0o666 | stat.S_IFCHR, os.makedev(major, minor))
        os.chmod(f"{dev}/{name}", 0o666)
    os.symlink("/proc/self/fd", dev + "/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{dev}/{name}")
    os.mkdir(dev + "/shm", 0o1777)
    os.chmod(dev + "/shm", 0o1777)


def fill_etc():
    for name, text in ETC_FILES.items():
        write("/etc/" + name, text)
    passwd = ["root:x:0:0:root:/root:/bin/sh", "nobody:x:65534:65534:nobody:/nonexistent:/bin/false"]
    group = ["root:x:0:", "nogroup:x:65534:", "mail:x:8:", f"postdrop:x:{POSTDROP_GID}:"]
    for uid, user in enumerate(USERS, FIRST_UID):
        passwd.append(f"{user}:x:{uid}:{uid}:{user}:/nonexistent:/bin/false")
        members = "postfix" if user == "smfs" else ""  # so that Postfix reaches the filter's unix socket
        group.append(f"{user}:x:{uid}:{members}")
    write("/etc/passwd", "\n".join(passwd) + "\n")
    write("/etc/group", "\n".join(group) + "\n")


def bring_up_network():
    socket.sethostname(HOSTNAME)
    lines = ["link set lo up"]
    for address in CLIENT_ADDRESSES:
        lines.append(f"address add {address} dev lo" + (" nodad" if ":" in address else ""))
    for line in lines:
        run("ip", *line.split())
