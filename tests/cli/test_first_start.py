"""`make run` as a newcomer meets it: the demo served, stopped, started again, or refused."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from funding.cli import main
from funding.cli.demo import prepare_demo
from funding.config import Config
from funding.db import Database
from funding.errors import NotPermitted
from funding.models import Job
from funding.services import demo, jobs
from funding.services.identity import sign_in
from tests.builders import PASSWORD

ROOT = Path(__file__).parents[2]
LAST_LINE = list(demo.EXAMPLES.values())[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def settings(demo_file: Path, tmp_path: Path) -> dict[str, str]:
    """Those of a site whose data folder holds the demo round, not solved yet."""
    shutil.copy(demo_file, tmp_path / "tributary.sqlite3")
    return {
        "TRIBUTARY_DATA": str(tmp_path),
        "TRIBUTARY_PORT": str(free_port()),
        "TRIBUTARY_DEMO_PASSWORD": PASSWORD,
    }


@contextmanager
def started(settings: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """(`tributary serve --demo`, what it said until it was ready); in a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "funding.cli", "serve", "--demo"],
        env=os.environ | settings | {"PYTHONPATH": str(ROOT)},
        cwd=settings["TRIBUTARY_DATA"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if LAST_LINE in line:
            break
    try:
        yield process, said
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def interrupt(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C; the answer is what was still said."""
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate()[0]


@pytest.mark.slow
def test_the_demo_is_served_stops_when_told_and_is_there_the_next_time(
    settings: dict[str, str],
) -> None:
    with started(settings) as (process, said):
        assert "suggested to" in said
        address = f"http://127.0.0.1:{settings['TRIBUTARY_PORT']}"
        assert re.search(rf"Tributary is at {address} .*\nPassword of all demo people: ", said)
        assert said.rstrip().endswith(LAST_LINE), "how to sign in comes last"
        with urllib.request.urlopen(f"{address}/healthz") as answer:
            assert answer.status == 200
        assert interrupt(process) == ""
        assert process.returncode == 0
    with started(settings) as (process, said):
        assert said.startswith("The demo round was there already.\n\nTributary is at ")
        interrupt(process)
        assert process.returncode == 0
    database = Database(f"sqlite:///{settings['TRIBUTARY_DATA']}/tributary.sqlite3")
    with database.reading() as session:
        assert not session.query(Job).filter(Job.state == "running").all(), "handed back"


def test_a_port_that_is_taken_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        folder = tmp_path / "data"
        answer = CliRunner().invoke(
            main,
            ["serve", "--demo"],
            env={"TRIBUTARY_PORT": port, "TRIBUTARY_DATA": str(folder)},
        )
    assert answer.exit_code == 2
    assert f"cannot listen at 127.0.0.1, port {port}: address already in use" in answer.output
    assert not folder.exists()


@pytest.mark.parametrize("command", ["init", "demo"])
def test_a_data_folder_that_cannot_be_written_is_named(command: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    folder = tmp_path / "file" / "data"
    answer = CliRunner().invoke(main, [command], env={"TRIBUTARY_DATA": str(folder)})
    assert answer.exit_code == 2
    assert answer.output.startswith(f"Nothing can be written to the data folder {folder}: not a d")
    assert "TRIBUTARY_DATA=" in answer.output


def test_the_password_that_is_printed_is_the_one_that_signs_in(settings: dict[str, str]) -> None:
    email = demo.EXAMPLES["program officer"]
    database = Database(f"sqlite:///{settings['TRIBUTARY_DATA']}/tributary.sqlite3")
    for given in ({"TRIBUTARY_DEMO_PASSWORD": "another-password"}, {}):
        config = Config.from_environment(
            settings | {"TRIBUTARY_DEMO_PASSWORD": "", "TRIBUTARY_SOLVE_SECONDS": "1"} | given
        )
        printed = prepare_demo(config)
        assert printed == "another-password"
        assert database.in_transaction(sign_in, email=email, password=printed, browser="")
        with pytest.raises(NotPermitted):
            database.in_transaction(sign_in, email=email, password=PASSWORD, browser="")


def test_a_job_that_is_handed_back_waits_again_as_if_untouched(each_database: Database) -> None:
    each_database.in_transaction(jobs.enqueue, "run_scenario", run_id=1)
    for _ in range(2 * jobs.MOST_TRIES):
        job = each_database.in_transaction(jobs.claim, worker="one")
        assert job is not None
        each_database.in_transaction(jobs.hand_back, job_id=job.id, worker="another")
        assert each_database.in_transaction(jobs.claim, worker="two") is None
        each_database.in_transaction(jobs.hand_back, job_id=job.id, worker="one")


def test_the_site_starts_without_what_only_the_worker_needs() -> None:
    heavy = ("sklearn", "openpyxl", "pandas", "scipy")
    code = (
        "import sys; from funding import create_app; create_app();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
