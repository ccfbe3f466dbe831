"""`tributary serve` and `tributary worker`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from funding import create_app
from funding import worker as background
from funding.cli.common import open_database, read_config
from funding.config import Config


class Site(BaseApplication):
    """gunicorn, told by our settings instead of a file of its own."""

    def __init__(self, config: Config) -> None:
        self.settings = config
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

    def load(self) -> Any:
        return create_app(self.settings)


@click.command()
def serve() -> None:
    """Serve the site, with its background workers, until interrupted."""
    config = read_config()
    open_database(config)
    workers = [
        subprocess.Popen([sys.executable, "-m", "funding.cli", "worker"], env=os.environ)
        for _ in range(config.workers)
    ]
    click.echo(f"Tributary is at {config.public_url} (Ctrl-C stops it).")
    try:
        Site(config).run()
    finally:
        for process in workers:
            process.send_signal(signal.SIGTERM)
        for process in workers:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the worker finish its job; one that takes too long is stopped, and begun again later."""
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@click.command()
def worker() -> None:
    """Run one background worker: scenarios, imports, mail. `serve` starts its own."""
    config = read_config()
    open_database(config)
    background.work(config)
