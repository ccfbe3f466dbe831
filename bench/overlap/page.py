"""docs/overlap.md: tables between markers, drawn from what was measured; the rest is text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from bench.overlap import real
from bench.results import ROOT

PAGE = ROOT / "docs" / "overlap.md"
KEPT = ROOT / "docs" / "overlap.json"
METHODS = ("characters", "sentences")
SIZES = (10_000, 100_000, 1_000_000)
_NOT = "not measured"


def read() -> dict[str, Any]:
    if not KEPT.exists():
        return {}
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def write(kept: dict[str, Any]) -> None:
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    KEPT.write_text(text + "\n", encoding="utf-8")


def draw(kept: dict[str, Any]) -> None:
    """Put the tables between their markers; the text around them stays."""
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8"), kept), encoding="utf-8")


def drawn(text: str, kept: dict[str, Any]) -> str:
    for name, table in tables(kept).items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = pattern.sub(lambda m, table=table: f"{m[1]}{table}\n{m[2]}", text)
    return text


def tables(kept: dict[str, Any]) -> dict[str, str]:
    parts = kept.get("parts", {})
    return {
        "machine": _machine(kept),
        "labelled": _by_method(parts.get("labelled", []), "labelled test"),
        "kinds": _kinds(parts),
        "reliability": _reliability(parts),
        "demo": _by_method(parts.get("demo", []), "demo round"),
        "giving": _plain(parts.get("giving", [])),
        "speed": _speed(parts),
        "pairs": _pairs(parts.get("pairs")),
        "real": real_table(),
    }


def _machine(kept: dict[str, Any]) -> str:
    m = kept.get("machine")
    if not m:
        return _NOT
    versions = ", ".join(f"{name} {m[name]}" for name in ("faiss-cpu", "scikit-learn", "scipy"))
    return (
        f"**{kept['date']}**, {m['processor']}, {m['cores']} cores, {m['gigabytes']} GB, "
        f"{m['system']}, Python {m['python']}, {versions}."
    )


def _by_method(lines: Sequence[Sequence[str]], head: str) -> str:
    found: dict[str, dict[str, str]] = {}
    for what, value in lines:
        before, _, after = what.partition(": ")
        found.setdefault(after, {})[before.removeprefix(f"{head}, ")] = value
    rows = [[what, *(row.get(m, _NOT) for m in METHODS)] for what, row in found.items()]
    return _table(["", *METHODS], rows)


def _kinds(parts: dict[str, Any]) -> str:
    found: dict[str, list[str]] = {}
    for method in METHODS:
        for kind, same, count, *figures in parts.get(f"kinds {method}", []):
            row = found.setdefault(kind, [kind, same, count])
            row += figures
    header = ["kind", "same work", "pairs"]
    for method in METHODS:
        header += [f"{method}: likeness", "probability", "0.5 and more"]
    return _table(header, list(found.values()))


def _reliability(parts: dict[str, Any]) -> str:
    rows = []
    for method in METHODS:
        for said, true, count in parts.get(f"reliability {method}", []):
            rows.append([method, f"{said:.2f}", f"{true:.2f}", str(count), "#" * round(20 * true)])
    return _table(["method", "probability said", "share true", "pairs", ""], rows)


def _plain(lines: Sequence[Sequence[str]]) -> str:
    return _table(["", "figure"], [list(line) for line in lines])


def _speed(parts: dict[str, Any]) -> str:
    measured = {
        (method, size): found
        for method in METHODS
        for size in SIZES
        if (found := parts.get(f"speed {method} {size}"))
    }
    names = dict.fromkeys(name for found in measured.values() for name in found)
    rows = [
        [name, *(figure(found[name]) if name in found else "" for found in measured.values())]
        for name in names
    ]
    return _table(["rows", *(f"{method}, {size:,}" for method, size in measured)], rows)


def figure(value: float) -> str:
    """Three digits, and no more of a large number than its whole part."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _pairs(found: dict[str, float] | None) -> str:
    return _table(["", "figure"], [[k, figure(v)] for k, v in (found or {}).items()])


def real_table() -> str:
    """The most probable overlaps between funders, facts only; empty where the file is missing."""
    if not real.FILE.exists():
        return _NOT
    rows = []
    for number, pair in enumerate(real.across("characters")[: real.LISTED], 1):
        sides = [
            f"{w.funder} to {w.institution}, "
            f"{'amount unknown' if w.amount is None else f'${w.amount // 100:,}'}, {w.starts_on}"
            for w in (pair.first, pair.second)
        ]
        rows.append([str(number), f"{pair.judgement.probability:.2f}", *sides])
    return _table(["", "probability", "grant", "and grant"], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return _NOT
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
