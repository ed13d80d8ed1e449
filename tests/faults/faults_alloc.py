# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the n-th allocation of a running filter fail, and knows who made it."""

import mmap
import os
import struct
import subprocess

from faults_common import library

FRAMES = 24
FORMAT = struct.Struct(f"=3Q{2 * FRAMES}Q")  # as alloc_control.c has it
ALL = 1 << 40
OURS = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "alloc_control_fails", "note_frames")


class Allocations:
    """The memory that is shared with a filter, which prepare() makes load the allocator."""

    def __init__(self, filter_):
        self.filter, self.maps = filter_, ""
        path = filter_.write("alloc", "\0" * FORMAT.size)
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), FORMAT.size)
        filter_.environment["SMF_FAULTS_ALLOC"] = path
        preload = library(filter_.binary, "faults_alloc")
        if preload:
            filter_.environment["LD_PRELOAD"] = preload

    def arm(self, number, width=1):
        """The number-th allocation from now fails (1: the next), and the `width` - 1 after it."""
        self.memory[8:FORMAT.size] = struct.pack("=Q", width) + bytes(FORMAT.size - 16)
        self.memory[0:8] = struct.pack("=Q", number)

    def disarm(self):
        """Ends that. True if an allocation failed."""
        self.memory[0:8] = bytes(8)
        return FORMAT.unpack(self.memory[:])[2] > 0

    def remember_maps(self):
        """Where the libraries of the process are, for when it is gone. Call it once it runs."""
        with open(f"/proc/{self.filter.process.pid}/maps", encoding="utf-8") as file:
            self.maps = file.read()

    def frames(self):
        """Who made the first allocation that failed: (library, address in it), innermost first."""
        return located(FORMAT.unpack(self.memory[:])[3:3 + FRAMES], self.maps)

    def death(self):
        """Where the process died, in the same form."""
        return located(FORMAT.unpack(self.memory[:])[3 + FRAMES:], self.maps)


def located(places, maps):
    first, found = {}, []
    spans = []
    for line in maps.splitlines():
        words = line.split(None, 5)
        if len(words) == 6 and words[5].startswith("/"):
            low, high = (int(word, 16) for word in words[0].split("-"))
            first.setdefault(words[5], low - int(words[2], 16))
            spans.append((low, high, words[5]))
    for place in places:
        for low, high, path in spans:
            if low <= place < high and "faults_alloc" not in path:
                found.append((path, place - first[path] - 1))
                break
    return found


def owner(frames):
    """The file name of the library (or program) whose code asked for the memory, the C library aside."""
    for path, _ in frames:
        name = os.path.basename(path)
        if not name.startswith(("libc.so", "libc-", "ld-linux")):
            return name
    return ""


def story(frames, count=8):
    """Those frames in words."""
    lines = []
    for path, place in frames[:count]:
        done = subprocess.run(["addr2line", "-fse", path, hex(place)], capture_output=True, text=True, check=False)
        word = "@".join(done.stdout.split())
        lines.append(f"{os.path.basename(path).partition('.so')[0]}:{hex(place) if '??' in word else word}")
    return " < ".join(lines)
