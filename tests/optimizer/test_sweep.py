"""Sweeps: the same answers here, on processes and on a cluster; stopped, and gone on with."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.clock import Cancelled
from optimizer.sweep import is_place, sweep

PIECES = (3, 1, 2)


def squared(piece: int, _cancelled: Callable[[], bool]) -> int:
    return piece * piece


def broken(_piece: int, _cancelled: Callable[[], bool]) -> int:
    raise ArithmeticError("no square")


def endless(_piece: int, cancelled: Callable[[], bool]) -> int:
    while not cancelled():
        time.sleep(0.01)
    raise Cancelled


@pytest.mark.parametrize("where", ["here", "processes"])
def test_answers_come_in_the_order_of_the_pieces(where: str) -> None:
    assert sweep(squared, PIECES, where=where, processes=2) == [9, 1, 4]


def test_what_is_known_is_not_worked_out_again() -> None:
    heard: list[int] = []
    answers = sweep(
        squared, PIECES, known={1: 77}, on_answer=lambda known: heard.append(len(known))
    )
    assert answers == [9, 77, 4]
    assert heard == [2, 3]


@pytest.mark.parametrize("where", ["here", "processes"])
def test_a_fault_of_a_piece_is_raised(where: str) -> None:
    with pytest.raises(ArithmeticError, match="no square"):
        sweep(broken, PIECES, where=where, processes=2)


def test_pieces_under_way_in_processes_stop_when_nobody_wants_them() -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        sweep(endless, PIECES, where="processes", processes=2, cancelled=cancelled)


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """A worker that is killed leaves no process behind."""
    script = (
        "import sys\n"
        "from optimizer.sweep import sweep\n"
        "from tests.optimizer.test_sweep import says_its_number\n"
        "if __name__ == '__main__':\n"
        "    sweep(says_its_number, [sys.argv[1], sys.argv[2]], where='processes', processes=2)\n"
    )
    path = tmp_path / "starts.py"
    path.write_text(script, encoding="utf-8")
    files = [tmp_path / "first", tmp_path / "second"]
    command = [sys.executable, str(path), *map(str, files)]
    starter = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    _wait_until(lambda: all(file.exists() and file.stat().st_size for file in files))
    numbers = [int(file.read_text(encoding="utf-8")) for file in files]
    assert all(map(_is_running, numbers))
    starter.kill()
    starter.wait()
    _wait_until(lambda: not any(map(_is_running, numbers)))


def says_its_number(file: str, cancelled: Callable[[], bool]) -> int:
    Path(file).write_text(str(os.getpid()), encoding="utf-8")
    return endless(0, cancelled)


def _wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(2400):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_sweep_that_nobody_wants_does_not_begin() -> None:
    with pytest.raises(Cancelled):
        sweep(squared, PIECES, cancelled=lambda: True)


def test_a_place_is_here_processes_or_an_address() -> None:
    assert is_place("here")
    assert is_place("processes")
    assert is_place("tcp://scheduler.example:8786")
    assert not is_place("tcp://")
    assert not is_place("somewhere")
    with pytest.raises(ValueError, match="somewhere"):
        sweep(squared, PIECES, where="somewhere")


@pytest.mark.filterwarnings("ignore")  # of the cluster's own parts, when it is taken down
def test_a_dask_cluster_gives_the_same_answers() -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address=None,
        host="127.0.0.1",
        protocol="tcp://",
    ) as cluster:
        assert sweep(squared, PIECES, where=cluster.scheduler_address) == [9, 1, 4]
        with pytest.raises(ArithmeticError, match="no square"):
            sweep(broken, PIECES, where=cluster.scheduler_address)
