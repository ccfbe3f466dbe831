"""`python -m bench.overlap`: how well and how fast works are compared, one figure a line.

| | |
|---|---|
| `python -m bench.overlap` | quality; speed at 10,000 rows, and against all pairs |
| `--full` | also 100,000 rows by both methods and 1,000,000 by the default one: hours |
| `--write` | keep what was measured in docs/overlap.json and draw the tables of docs/overlap.md |
| `--anew` | with `--write`: also measure sizes again that are kept already |
| `--draw` | only draw them from what is kept |
| `--look` | the twenty most probable overlaps between funders in the real file, in full |
| `train` | learn the weights anew, into funding/overlap/weights.json |
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from bench.overlap import page, quality, real, speed
from bench.overlap.training import train
from bench.results import machine

PACKAGES = ("faiss-cpu", "numpy", "scikit-learn", "scipy")
SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.overlap", description="see the module")
    parser.add_argument("what", nargs="?", choices=["train"])
    for name in ("full", "write", "anew", "draw", "look"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args(arguments)
    if options.what == "train":
        lines: Iterator[str] = iter(train())
    elif options.look:
        lines = looked_at()
    elif options.draw:
        page.draw(page.read())
        return 0
    else:
        lines = figures(full=options.full, is_kept=options.write, anew=options.anew)
    for line in lines:
        print(line, flush=True)
    return 0


def figures(*, full: bool, is_kept: bool, anew: bool) -> Iterator[str]:
    """Every figure as a line, kept as soon as it is there.

    Sizes that are kept already are not measured again, so that a run that was stopped goes on.
    """
    kept = page.read()
    known = kept.get("parts", {}) if is_kept and not anew else {}
    kept["machine"], kept["date"] = machine(PACKAGES), datetime.date.today().isoformat()

    def keep(part: str, value: Any) -> None:
        kept.setdefault("parts", {})[part] = value
        if is_kept:
            page.write(kept)

    for part, lines in (
        ("labelled", quality.labelled_lines),
        ("demo", quality.demo_lines),
        ("giving", quality.giving_lines),
    ):
        told = []
        for what, figure in lines():
            told.append((what, figure))
            yield f"{what}: {figure}"
        keep(part, told)
    for method in quality.methods():
        keep(f"kinds {method}", quality.by_kind(method))
        keep(f"reliability {method}", quality.reliability(method))
    yield from _speed(full, known, keep)
    if is_kept:
        page.draw(kept)


def _speed(full: bool, known: dict[str, Any], keep: Any) -> Iterator[str]:
    sizes = [(method, SMALL) for method in quality.methods()]
    if full:
        sizes += [(method, MIDDLE) for method in quality.methods()]
        sizes.append(("characters", LARGE))
    for method, count in sizes:
        part = f"speed {method} {count}"
        found = known.get(part) or _in_a_process(method, str(count))
        keep(part, found)
        for what, figure in found.items():
            yield f"{count:,} rows, {method}: {what}: {page.figure(figure)}"
    found = known.get("pairs") or _in_a_process("pairs")
    keep("pairs", found)
    for what, figure in found.items():
        yield f"{SMALL:,} rows, nearest five of each: {what}: {page.figure(figure)}"


def _in_a_process(*arguments: str) -> dict[str, float]:
    done = subprocess.run(speed.command(*arguments), capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def looked_at() -> Iterator[str]:
    """The pairs that docs/overlap.md tells of, as they stand in the file."""
    if not real.FILE.exists():
        yield "ai_safety_grants.csv is not at hand"
        return
    for method in quality.methods():
        for number, pair in enumerate(real.across(method)[: real.LISTED], 1):
            said = ", ".join(signal.words for signal in pair.judgement.signals)
            yield f"{method} {number}: {pair.judgement.probability:.2f}: {said}"
            for work in (pair.first, pair.second):
                amount = "?" if work.amount is None else f"{work.amount // 100:,}"
                money = f"{amount}, {work.starts_on}"
                yield f"   {work.id}: {work.funder} to {work.institution}, {money}"
                yield f"      {work.text}"


if __name__ == "__main__":
    raise SystemExit(main())
