"""`tributary serve` and `tributary worker`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from funding import create_app
from funding.cli.common import WRONG_INPUT, open_database, read_config
from funding.config import Config
from funding.services.jobs import GRACE


class Site(BaseApplication):
    """gunicorn, told by our settings instead of a file of its own."""

    def __init__(self, config: Config, when_ready: Callable[[], None]) -> None:
        self.settings, self.when_ready = config, when_ready
        super().__init__()

    def load_config(self) -> None:
        self.cfg.set("bind", f"{self.settings.host}:{self.settings.port}")
        self.cfg.set("workers", self.settings.web_processes)
        self.cfg.set("preload_app", True)  # loaded once, before the web processes part
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", 8)
        self.cfg.set("timeout", 120)
        self.cfg.set("graceful_timeout", 10)
        self.cfg.set("loglevel", "warning")
        self.cfg.set("control_socket_disable", True)
        self.cfg.set("when_ready", lambda _server: self.when_ready())
        # Ctrl-C goes to the whole group; heard twice, once passed on, it would break an orderly end
        self.cfg.set("post_worker_init", _leave_interrupts_to_the_first_process)

    def load(self) -> Any:
        return create_app(self.settings)


def _leave_interrupts_to_the_first_process(_worker: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@click.command()
@click.option(
    "--demo", "is_demo", is_flag=True, help="Load and solve the demo round first, if need be."
)
def serve(is_demo: bool) -> None:
    """Serve the site, with its background workers, until interrupted."""
    config = read_config()
    _refuse_a_taken_port(config)
    last_words = ""
    if is_demo:
        # here, since a site of one's own needs none of it
        from funding.cli.demo import how_to_sign_in, prepare_demo

        last_words = f"\n{how_to_sign_in(prepare_demo(config))}"
    else:
        open_database(config).engine.dispose()
    workers: list[subprocess.Popen[bytes]] = []
    is_ending = threading.Event()

    def begin() -> None:
        """Once the site answers: workers, which would only have slowed its start; the address."""
        workers.extend(_start_worker() for _ in range(config.workers))
        if config.live_workers:
            threading.Thread(
                target=_keep_live, args=(config.live_workers, workers, is_ending), daemon=True
            ).start()
        click.echo(f"\nTributary is at {config.public_url} (Ctrl-C stops it).{last_words}")

    try:
        Site(config, begin).run()
    finally:
        is_ending.set()
        for process in workers:
            process.send_signal(signal.SIGTERM)
        for process in workers:
            _end(process)


def _start_worker(*options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "funding.cli", "worker", *options]
    # a session of its own: an interrupt comes here alone, and is passed on in good order
    return subprocess.Popen(command, start_new_session=True)


def _keep_live(
    count: int, workers: list[subprocess.Popen[bytes]], is_ending: threading.Event
) -> None:
    """Start the processes for live sessions, and another where one died: a meeting waits for it."""
    live: list[subprocess.Popen[bytes]] = []
    while not is_ending.is_set():
        for process in [process for process in live if process.poll() is not None]:
            live.remove(process)
            workers.remove(process)
        for _ in range(count - len(live)):
            live.append(_start_worker("--live"))
            workers.append(live[-1])
        is_ending.wait(1)


def _refuse_a_taken_port(config: Config) -> None:
    """End with a sentence, instead of the server's five tries, where it could not listen."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            click.echo(
                f"The site cannot listen at {config.host}, port {config.port}:"
                f" {os.strerror(error.errno or 0).lower()}. Is it running already?"
                " Another port: TRIBUTARY_PORT=8001.",
                err=True,
            )
            sys.exit(WRONG_INPUT)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a worker that was told to stop; it hands back a job that takes longer."""
    try:
        process.wait(timeout=5 * GRACE.total_seconds())
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@click.command()
@click.option("--live", "is_live", is_flag=True, help="Solve for live sessions, and nothing else.")
def worker(is_live: bool) -> None:
    """Run one background worker: scenarios, imports, mail. `serve` starts its own."""
    # here, since the site itself never solves
    from funding import live_worker
    from funding import worker as background

    config = read_config()
    open_database(config).engine.dispose()
    (live_worker if is_live else background).work(config)
