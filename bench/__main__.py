"""`python -m bench`: every benchmark; `--full` adds the large sizes, `--write` keeps results.

With `--write` each measurement is kept in docs/benchmarks.json as it is made, and the page and
chart beside it are drawn anew; a run that was stopped goes on where it was, unless `--anew`.
`--draw` only draws. Subjects besides `optimizer` print their own report. How works are
compared has a command of its own, `python -m bench.overlap`.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Sequence

import bench
from bench import page
from bench.results import KEPT, Results, machine

PARTS = {"by_hand", "libraries", "optimizer", "overlap", "page", "results", "rounds", "targets"}


def subjects() -> list[str]:
    """The modules of this package that have a report of their own."""
    found = (module.name for module in pkgutil.iter_modules(bench.__path__))
    return sorted(name for name in found if name not in PARTS and not name.startswith("_"))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = ["optimizer", *subjects()]
    parser.add_argument("subject", nargs="*", help=f"of {', '.join(known)}; all if none")
    parser.add_argument("--full", action="store_true", help="also 50 x 5,000 and 100 x 20,000")
    parser.add_argument("--turns", type=int, default=3, help="how often each is measured")
    parser.add_argument("--write", action="store_true", help="keep the results, draw the page")
    parser.add_argument("--anew", action="store_true", help="forget an unfinished run")
    parser.add_argument("--draw", action="store_true", help="draw the page from what is kept")
    options = parser.parse_args(arguments)
    for name in set(options.subject) - set(known):
        parser.error(f"no subject {name}")
    if options.draw:
        page.write(Results.read())
        return 0
    wanted = options.subject or known
    if "optimizer" in wanted:
        _optimizer(options)
    for name in (name for name in wanted if name != "optimizer"):
        for line in importlib.import_module(f"bench.{name}").report():
            print(line, flush=True)
    return 0


def _optimizer(options: argparse.Namespace) -> None:
    results = Results.here(full=options.full)
    if options.write and not options.anew and KEPT.exists():
        kept = Results.read()
        if kept.machine == machine() and kept.full == options.full and not kept.is_finished:
            results = kept

    def save() -> None:
        if options.write:
            results.write()

    results.measure(options.turns, save, lambda line: print(line, flush=True))
    if options.write:
        page.write(results)
    print(page.page(results))


if __name__ == "__main__":
    raise SystemExit(main())
