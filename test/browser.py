"""A headless Chromium that tests can drive, over a pipe: no driver, no port, no further package.

The DevTools protocol: JSON messages that end in a zero byte, requests on descriptor 3, answers and events on 4.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium here (on Debian: apt install chromium)")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
    "--remote-debugging-pipe",
)
# Puts two descriptors where Chromium wants them, by way of higher ones, and becomes Chromium.
WIRED = """
import fcntl, os, sys
incoming, outgoing = (fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3])
os.dup2(incoming, 3)
os.dup2(outgoing, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
PATIENCE_S = 60.0


class Browser:
    """One page."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests = requests
        self.answers = answers
        self.buffer = b""
        self.count = 0
        self.session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command; its result. Events that come meanwhile are kept."""
        self.count += 1
        message: dict[str, Any] = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.requests, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.count:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            assert select.select([self.answers], [], [], PATIENCE_S)[0], "Chromium is silent"
            chunk = os.read(self.answers, 1 << 16)
            assert chunk, "Chromium ended"
            self.buffer += chunk
        message, _, self.buffer = self.buffer.partition(b"\0")
        return dict(json.loads(message))

    def open(self, page: Path, width: int = 1280, height: int = 800) -> None:
        """Show a file."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=page.resolve().as_uri())

    def run(self, script: str) -> Any:
        """The value of an expression."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait(self, script: str) -> Any:
        """The value of an expression once it is true."""
        until = time.monotonic() + PATIENCE_S
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"still not true: {script}"
            time.sleep(0.05)
        return value

    def hover(self, x: float, y: float) -> None:
        """Move the mouse there, in two steps as a hand does."""
        for step in (3.0, 0.0):
            self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x - step, y=y)

    def screenshot(self, path: Path) -> None:
        """What is seen, as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def complaints(self) -> list[str]:
        """Errors and warnings of the page so far."""
        reported = []
        for event in self.events:
            params = event.get("params", {})
            entry = params.get("entry", {})
            if event["method"] == "Runtime.exceptionThrown" or (
                event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert")
            ):
                reported.append(json.dumps(params))
            elif event["method"] == "Log.entryAdded" and entry["level"] in ("error", "warning"):
                reported.append(json.dumps(entry))
        return reported

    def requested(self) -> list[str]:
        """Addresses that the page asked for."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A browser with a fresh profile, ended with the block."""
    incoming, requests = os.pipe()
    answers, outgoing = os.pipe()
    command = [
        sys.executable,
        "-c",
        WIRED,
        str(incoming),
        str(outgoing),
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={profile}",
    ]
    process = subprocess.Popen(
        command, pass_fds=(incoming, outgoing), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(incoming)
    os.close(outgoing)
    try:
        yield Browser(requests, answers)
    finally:
        process.terminate()
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(requests)
        os.close(answers)
