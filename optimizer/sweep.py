"""Running independent pieces of work: in this process, on local processes, or on a Dask cluster.

The pieces do not depend on where they run, and answers come back in the order of the pieces, so
that the result is the same everywhere.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from optimizer.clock import Cancelled

HERE, PROCESSES = "here", "processes"
EVERY = 0.3  # seconds between two looks at whether to stop

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")

_stop: Any = None  # in a process of a sweep: the event that ends it


def is_place(where: str) -> bool:
    """Whether this names a place to run at: 'here', 'processes', or a Dask scheduler's address."""
    scheme, _, address = where.partition("://")
    return where in (HERE, PROCESSES) or (scheme in ("tcp", "tls") and bool(address))


def sweep(
    work: Callable[[Piece, Callable[[], bool]], Answer],
    pieces: Sequence[Piece],
    *,
    where: str = HERE,
    known: Mapping[int, Answer] | None = None,
    on_answer: Callable[[Mapping[int, Answer]], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    processes: int | None = None,
) -> list[Answer]:
    """`work(piece, cancelled)` of every piece, in their order.

    `work` is a function of a module, and pieces and answers can be pickled. `known`: answers by
    number of piece that need not be worked out again; `on_answer` is handed all answers so far
    each time there are more. Raises Cancelled, and whatever `work` raises.
    """
    answers: dict[int, Answer] = dict(known or {})
    waiting = [k for k in range(len(pieces)) if k not in answers]
    asked = cancelled or (lambda: False)
    if not waiting:
        return [answers[k] for k in range(len(pieces))]
    with _place(where, asked, processes or min(len(waiting), os.cpu_count() or 1)) as place:
        for number, answer in place.run(work, {k: pieces[k] for k in waiting}):
            answers[number] = answer
            if on_answer is not None:
                on_answer(answers)
    return [answers[k] for k in range(len(pieces))]


class _Place(Protocol):
    def run(self, work: Any, pieces: Mapping[int, Any]) -> Iterator[tuple[int, Any]]: ...


@contextmanager
def _place(where: str, asked: Callable[[], bool], processes: int) -> Iterator[_Place]:
    if where == HERE or (where == PROCESSES and processes == 1):
        yield _Here(asked)
    elif where == PROCESSES:
        yield _Processes(asked, processes)
    elif is_place(where):
        yield _Cluster(asked, where)
    else:
        raise ValueError(f"{where!r} is neither 'here', 'processes' nor a scheduler's address")


class _Here:
    def __init__(self, asked: Callable[[], bool]) -> None:
        self.asked = asked

    def run(self, work: Any, pieces: Mapping[int, Any]) -> Iterator[tuple[int, Any]]:
        for number, piece in pieces.items():
            if self.asked():
                raise Cancelled
            yield number, work(piece, self.asked)


class _Processes:
    """New processes, started afresh: a fork would copy threads of the solver and the site."""

    def __init__(self, asked: Callable[[], bool], count: int) -> None:
        self.asked, self.count = asked, count

    def run(self, work: Any, pieces: Mapping[int, Any]) -> Iterator[tuple[int, Any]]:
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        with ProcessPoolExecutor(
            self.count, mp_context=context, initializer=_begin, initargs=(stop,)
        ) as pool:
            futures: dict[Future[Any], int] = {
                pool.submit(_in_process, work, piece): number for number, piece in pieces.items()
            }
            try:
                while futures:
                    done, _ = wait(futures, timeout=EVERY, return_when=FIRST_COMPLETED)
                    for future in sorted(done, key=lambda f: futures[f]):
                        yield futures.pop(future), future.result()
                    if self.asked():
                        raise Cancelled
            finally:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)


def _begin(stop: Any) -> None:
    """In a new process: know what ends it, and end with the process that started it."""
    global _stop
    _stop = stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # it was killed: nobody is left to hear of an answer


def _in_process(work: Any, piece: Any) -> Any:
    return work(piece, _stop.is_set)


class _Cluster:
    """A Dask cluster; `distributed` is asked for only here, since most sites have none."""

    def __init__(self, asked: Callable[[], bool], address: str) -> None:
        self.asked, self.address = asked, address

    def run(self, work: Any, pieces: Mapping[int, Any]) -> Iterator[tuple[int, Any]]:
        from distributed import Client

        client = Client(  # type: ignore[no-untyped-call]  # distributed has few types
            self.address, timeout="10s", set_as_default=False
        )
        with client:
            futures = {
                client.submit(_on_cluster, work, piece, pure=False): number
                for number, piece in pieces.items()
            }
            try:
                while futures:
                    finished = [future for future in futures if future.done()]  # type: ignore[no-untyped-call]
                    for future in sorted(finished, key=lambda f: futures[f]):
                        yield futures.pop(future), future.result()
                    if self.asked():
                        raise Cancelled
                    if futures and not finished:
                        time.sleep(EVERY / 3)
            finally:
                client.cancel(list(futures))  # type: ignore[no-untyped-call]


def _on_cluster(work: Any, piece: Any) -> Any:
    return work(piece, _never)


def _never() -> bool:
    return False
