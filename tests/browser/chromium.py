"""Finding a Chromium to drive: one on the PATH, else the system's package, else playwright's own.

`python -m tests.browser.chromium --install` makes sure there is one; it is quick where there is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str | None:
    """A Chromium of the machine's own; None where playwright's own must do."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _run(*command: str) -> bool:
    print("+", *command, flush=True)
    return subprocess.run(command, check=False).returncode == 0


def install() -> bool:
    """Install a browser where there is none; False where nothing worked."""
    if executable() or _has_own():
        return True
    if shutil.which("apt-get") and os.geteuid() == 0:
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
        if executable():
            return True
    return _run(sys.executable, "-m", "playwright", "install", "chromium")


def _has_own() -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return os.path.exists(playwright.chromium.executable_path)


if __name__ == "__main__":
    sys.exit(0 if install() else "No Chromium could be found or installed; the tests need one.")
