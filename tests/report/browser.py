# SPDX-License-Identifier: GPL-2.0-or-later
"""A headless Chromium, driven over WebDriver with the standard library alone."""

import base64
import contextlib
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

START_S = 60


class Unavailable(Exception):
    """No browser runs here."""


def environment(root, home):
    """Libraries and fonts of the unpacked packages."""
    libraries = glob.glob(f"{root}/usr/lib/*-linux-gnu*") + glob.glob(f"{root}/usr/lib/*-linux-gnu*/pulseaudio")
    fonts = os.path.join(home, "fonts.conf")
    with open(fonts, "w", encoding="utf-8") as file:
        file.write(f"<fontconfig><dir>{root}/usr/share/fonts</dir><cachedir>{home}/fonts</cachedir></fontconfig>")
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "LD_LIBRARY_PATH": ":".join(libraries),
        "FONTCONFIG_FILE": fonts,
        "TZ": "UTC",
    }


class Browser:
    """One session. Use as a context manager; all of it is gone afterwards."""

    def __init__(self, root):
        self.root = root
        self.home = tempfile.mkdtemp(prefix="smf-spf-browser-")
        self.driver = None
        self.base = ""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.push(self)
            self._start_driver()
            self._start_session()
            stack.pop_all()
        return self

    def _start_driver(self):
        # A process group of its own, so that the browser's processes end with it.
        self.driver = subprocess.Popen(
            [f"{self.root}/usr/bin/chromedriver", "--port=0"],
            env=environment(self.root, self.home),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                self.base = f"http://127.0.0.1:{found[1]}/session"
                return
        raise Unavailable("the driver does not start")

    def _start_session(self):
        switches = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            f"--user-data-dir={self.home}/profile",
        ]
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": f"{self.root}/usr/lib/chromium/chromium", "args": switches},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        try:
            value = self._send("POST", "", {"capabilities": {"alwaysMatch": capabilities}})
        except (urllib.error.URLError, OSError) as error:
            detail = error.read().decode(errors="replace")[:300] if isinstance(error, urllib.error.HTTPError) else error
            raise Unavailable(f"the browser does not start: {detail}") from error
        self.base += "/" + value["sessionId"]

    def _send(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=START_S) as answer:
            return json.load(answer)["value"]

    def __exit__(self, *_):
        if self.driver is not None:
            with contextlib.suppress(OSError, KeyError):
                self._send("DELETE", "")
            self.driver.terminate()
            try:
                self.driver.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self.driver.pid, 9)
                self.driver.wait()
            self.driver.stdout.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def open(self, path):
        self._send("POST", "/url", {"url": pathlib.Path(path).absolute().as_uri()})

    def run(self, script, *arguments):
        """The value of a function body."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def protocol(self, command, **parameters):
        """A command of the DevTools protocol."""
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def show(self, width, height, scheme):
        """The size of the window, and "light" or "dark"."""
        self.protocol("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.protocol("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def keys(self, text):
        """Presses keys: \\ue004 is Tab, \\ue007 Enter, a blank the space bar."""
        strokes = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def console(self):
        """What the console has had since the last call."""
        return self._send("POST", "/se/log", {"type": "browser"})

    def requests(self):
        """The addresses that were requested since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self._send("POST", "/se/log", {"type": "performance"})]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._send("GET", "/screenshot")))
