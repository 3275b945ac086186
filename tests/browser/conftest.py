"""A real browser for the pages that people open: Chromium without a window, steered over a pipe.

It is optional: where neither ``chromium`` nor ``google-chrome`` is installed, these tests are skipped.
"""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_S = 60


class Browser:
    """One page of a headless Chromium, by the DevTools protocol: JSON messages over a websocket on 127.0.0.1."""

    def __init__(self, program: str, profile: Path) -> None:
        quiet = ("quic", "gpu", "sync", "component-update", "background-networking", "dev-shm-usage")
        command = [program, "--headless", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0",
                   *(f"--disable-{name}" for name in quiet), f"--user-data-dir={profile}", "about:blank"]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port, path = _address(profile / "DevToolsActivePort")
        self._socket = connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None)
        self._number, self._session = 0, ""
        self.events: list[dict[str, Any]] = []
        page = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while (answer := self._receive()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _receive(self) -> dict[str, Any]:
        return json.loads(self._socket.recv(PATIENCE_S))

    def open(self, page: Path, width: int = 1280, height: int = 900) -> None:
        """Show a file in a window of so many pixels and wait until it is loaded."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.events.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def run(self, script: str) -> Any:
        """What an expression of JavaScript gives."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def commonest_colour(self, x: float, y: float, width: float, height: float) -> tuple[int, int, int]:
        """Red, green and blue (0 to 255) of most points of a part of the page, however far down it lies."""
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        picture = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        points = Image.open(BytesIO(base64.b64decode(picture["data"]))).convert("RGB")
        return max(points.getcolors(points.width * points.height))[1]

    def complaints(self) -> list[dict[str, Any]]:
        """Errors and warnings since the page was opened."""
        self.run("0")
        bad = ("Runtime.exceptionThrown", "Log.entryAdded")
        return [event for event in self.events if event.get("method") in bad]

    def loads(self) -> list[str]:
        """Everything the page asked for, by address."""
        asked = [event for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in asked]

    def close(self) -> None:
        """End the browser."""
        self._socket.close()
        self._process.terminate()
        self._process.wait(PATIENCE_S)


def _address(file: Path) -> tuple[str, str]:
    """Port and path that the browser listens at; it writes them once it is up."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        lines = file.read_text().split() if file.exists() else []
        if len(lines) == 2:
            return lines[0], lines[1]
        time.sleep(0.05)
    pytest.fail("the browser did not start")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium is installed: the pages are not looked at in a browser")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
