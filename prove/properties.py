"""The property tests, which try the same examples every day, on new ones."""

from __future__ import annotations

from collections.abc import Iterator

from prove._suite import ROOT, passed


def prove() -> Iterator[str]:
    files = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "from hypothesis import" in path.read_text()
    ]
    for file in files:
        count = passed(file, "--hypothesis-profile=new examples")
        yield f"{count} tests of {file} hold on new examples"
