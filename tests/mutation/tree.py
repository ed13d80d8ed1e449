# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of the tree whose sources are changed, and its build with ASan and UBSan."""

import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARTS = ["CMakeLists.txt", "README.md", "COPYING", "conf", "docs", "init", "src", "systemd", "tests"]
BUILD_LIMIT_S = 900


class Tree:
    """place: where the copy is, and its build."""

    def __init__(self, place):
        self.source, self.build = os.path.join(place, "tree"), os.path.join(place, "build")

    def refresh(self):
        """Brings the copy up to date; what is the same keeps its time, so that it is not built again."""
        os.makedirs(self.source, exist_ok=True)
        wanted = set()
        for part in PARTS:
            whole = os.path.join(ROOT, part)
            files = [whole] if os.path.isfile(whole) else [
                os.path.join(folder, name) for folder, _, names in os.walk(whole) for name in names]
            for file in files:
                name = os.path.relpath(file, ROOT)
                if not name.startswith("tests/out/") and "__pycache__" not in name:
                    wanted.add(name)
                    self.copy(file, os.path.join(self.source, name))
        for folder, _, names in os.walk(self.source):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.relpath(path, self.source) not in wanted:
                    os.unlink(path)

    @staticmethod
    def copy(file, target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(file):
            if not os.path.islink(target):
                os.symlink(os.readlink(file), target)
            return
        with open(file, "rb") as opened:
            content = opened.read()
        if os.path.exists(target):
            with open(target, "rb") as opened:
                if opened.read() == content:
                    return
        with open(target, "wb") as opened:
            opened.write(content)
        shutil.copymode(file, target)

    def configure(self):
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        subprocess.run(["cmake", "-S", self.source, "-B", self.build, "-G", "Ninja", "-DSMF_SPF_TESTS=ON",
                        "-DSANITIZE=address,undefined", "-DCMAKE_C_FLAGS=-w", *launcher],
                       check=True, stdout=subprocess.DEVNULL)

    def make_all(self):
        """Builds everything, without which ctest does not know how a test is run; raises CalledProcessError."""
        subprocess.run(["cmake", "--build", self.build], stdout=subprocess.DEVNULL, check=True)

    def make(self, targets):
        """True if it builds."""
        try:
            return subprocess.run(["cmake", "--build", self.build, "--", *targets], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=BUILD_LIMIT_S, check=False).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def path(self, file):
        return os.path.join(self.source, "src", file)

    def write(self, file, content):
        with open(self.path(file), "wb") as opened:
            opened.write(content)

    def original(self, file):
        with open(os.path.join(ROOT, "src", file), "rb") as opened:
            return opened.read()
