"""A server on PostgreSQL, as its machine runs it: from an empty database to an approved line."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.models import Award, PlanLine
from tests.builders import PASSWORD
from tests.pages import fields_of

ROOT = Path(__file__).parents[2]


class Reader:
    """A browser without scripts: follows redirects, keeps cookies, sends forms as they stand."""

    def __init__(self, site: str, email: str) -> None:
        self.site = site
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.send("/sign-in", "/sign-in", email=email, password=PASSWORD)

    def open(self, path: str, data: bytes | None = None) -> tuple[str, str]:
        """(the path in the end, its page)"""
        with self._opener.open(self.site + path, data) as answer:
            return answer.url.removeprefix(self.site), answer.read().decode()

    def send(self, page: str, action: str, **typed: str) -> tuple[str, str]:
        """Send the form of `page` that posts to `action`, with this filled in."""
        sent = {**fields_of(self.open(page)[1], action), **typed}
        return self.open(action, urllib.parse.urlencode(sent).encode())

    def wait_for(self, path: str, is_there: Callable[[str, str], bool]) -> tuple[str, str]:
        for _ in range(600):
            where, page = self.open(path)
            if is_there(where, page):
                return where, page
            time.sleep(0.5)
        raise AssertionError(f"{path} does not come to an end")


def tributary(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "funding.cli", *words]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.slow
@pytest.mark.postgres
def test_a_round_is_solved_put_forward_and_approved_on_postgresql(
    postgres_url: str, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "TRIBUTARY_DATA": str(tmp_path / "data"),
        "TRIBUTARY_DATABASE_URL": postgres_url,
        "TRIBUTARY_PORT": str(port),
        "TRIBUTARY_DEMO_PASSWORD": PASSWORD,
    }
    assert "ready" in tributary(environment, "init")
    shown = tributary(environment, "demo")
    assert "The demo round is loaded." in shown
    assert re.search(r"suggested to \d+ of 120 proposals", shown)
    server = subprocess.Popen(
        [sys.executable, "-m", "funding.cli", "serve"],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    try:
        _wait_until_served(site)
        amara = Reader(site, "amara.osei@northlight.example")
        scenarios = "/rounds/1/scenarios"
        scenario, page = amara.send(scenarios, scenarios, name="More for control")
        amara.send(scenario, f"{scenario}/runs")
        _, page = amara.wait_for(scenario, lambda _at, page: "See the result" in page)
        run = re.search(r'href="(/runs/\d+)"', page).group(1)
        assert "Put forward" in amara.open(run)[1]
        plan, _ = amara.send(f"{run}/put-forward", f"{run}/put-forward", note="As solved")
        assert plan == "/rounds/1/plan"

        declan = Reader(site, "declan.whitmoor@northlight.example")
        database = Database(postgres_url)
        with database.reading() as session:
            line = session.scalars(
                sa.select(PlanLine)
                .where(PlanLine.approvals_needed == 1, PlanLine.state == "recommended")
                .join(PlanLine.commitment)
                .where(sa.text("commitment.key like 'northlight-%'"))
                .order_by(PlanLine.id)
            ).first()
            assert line is not None
            picked = f"{line.id}:{line.version}"
        _, page = declan.send("/rounds/1/plan", "/rounds/1/plan/approve", picked=picked)
        assert "One line is approved." in page
        with database.reading() as session:
            assert session.get_one(PlanLine, line.id).state == "approved"
            award = session.scalars(sa.select(Award).where(Award.plan_line_id == line.id)).one()
            assert award.amount == line.amount
        database.engine.dispose()
        backup = str(tmp_path / "backup.zip")
        assert "rows of" in tributary(environment, "backup", backup)
        first = tributary(environment, "verify-log")
        assert first.startswith("The log is whole")
        head = first.splitlines()[-1]
        assert "rows of" in tributary(environment, "restore", backup, "--yes")
        assert tributary(environment, "verify-log", "--head", head)
        assert declan.open(f"/lines/{line.id}")[1]  # the site shows what was restored
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


def _wait_until_served(site: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{site}/healthz") as answer:
                assert json.loads(answer.read()) == {"status": "ok"}
                return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise AssertionError(f"{site} does not answer")
