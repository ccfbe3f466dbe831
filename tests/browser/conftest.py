"""A served demo round and a browser in front of it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas  # noqa: F401 - charts of one thread would find what the worker's has half loaded
import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from werkzeug.serving import make_server

from funding import create_app
from funding.config import Config
from funding.services.jobs import LONG, NOBODY_WAITS_FOR
from funding.tasks import TASKS
from funding.worker import Worker
from tests.browser.chromium import FLAGS, executable
from tests.builders import PASSWORD

if TYPE_CHECKING:
    from tests.browser.every_page import Shown

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

SOON_DONE = TASKS | dict.fromkeys((*LONG, *NOBODY_WAITS_FOR), lambda *_arguments, **_named: None)
"""Every task, those that take minutes left undone: a solver at work outlives a test's thread."""


PATIENCE = 30_000
"""Milliseconds for what a page is to show: as long as going to one may take on a busy machine."""

LOST_CONNECTION = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
"""What the console says of requests without a network."""


@dataclass
class LiveSite:
    """A site with the demo round, served on a free port."""

    address: str
    app: Flask

    @property
    def database(self):
        return self.app.extensions["database"]


@pytest.fixture(scope="module")
def live_demo(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Served for a module of tests; what one test changes the next one sees."""
    with served(demo_file, tmp_path_factory.mktemp("live"), has_worker=True) as site:
        yield site


@pytest.fixture(scope="session")
def quiet_demo(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Without a worker: what only fills in figures later is left undone. To be looked at only."""
    with served(demo_file, tmp_path_factory.mktemp("quiet"), has_worker=False) as site:
        yield site


@pytest.fixture(scope="session")
def shown(quiet_demo: LiveSite) -> list[Shown]:
    """Every page of it, filled once: that takes a minute."""
    from tests.browser.every_page import every_page  # which needs what stands here

    return every_page(quiet_demo.app)


@contextmanager
def served(demo_file: Path, data: Path, *, has_worker: bool) -> Iterator[LiveSite]:
    """The demo round on a site of its own in the folder `data`."""
    shutil.copy(demo_file, data / "tributary.sqlite3")
    config = Config.from_environment({"TRIBUTARY_DATA": str(data)})
    app = create_app(config)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    worker = Worker(app.extensions["database"], config, SOON_DONE)
    threads = [
        threading.Thread(target=server.serve_forever, daemon=True),
        *([threading.Thread(target=worker.run, daemon=True)] if has_worker else []),
    ]
    for thread in threads:
        thread.start()
    yield LiveSite(f"http://127.0.0.1:{server.server_port}", app)
    worker.stop.set()
    server.shutdown()
    for thread in threads:
        thread.join(timeout=60)
    server.server_close()
    app.extensions["database"].engine.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        yield made
        made.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_demo: LiveSite) -> Iterator[OpenPage]:
    """open_page(email): a page signed in as that person; anything the console says fails, but for
    lost connections where `may_lose_connection` says that the test cuts them."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def enter(
        email: str | None = None, *, may_lose_connection: bool = False, **options: object
    ) -> Page:
        context = browser.new_context(
            **{"viewport": DESKTOP, "base_url": live_demo.address, **options}
        )
        contexts.append(context)
        page = context.new_page()

        def heard(message: ConsoleMessage) -> None:
            is_lost = any(words in message.text for words in LOST_CONNECTION)
            if message.type == "error" and not (may_lose_connection and is_lost):
                said.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: said.append(str(error)))
        if email:
            page.goto("/sign-in")
            page.get_by_label("E-mail address").fill(email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("main").get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert not said, said
