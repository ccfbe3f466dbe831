"""docs/import.md names every field that a file can have, and every option of the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from funding.cli.imports import import_file
from funding.imports.fields import FIELDS

TEXT = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
SECTIONS = {kind: TEXT.partition(f"(`{kind}`)")[2].partition("\n## ")[0] for kind in FIELDS}


@pytest.mark.parametrize("kind", list(FIELDS))
def test_every_field_is_documented_and_said_to_be_needed_where_it_is(kind: str) -> None:
    rows = [line.split("|") for line in SECTIONS[kind].splitlines() if line.startswith("| `")]
    for field in FIELDS[kind]:
        (row,) = [row for row in rows if f"`{field.name}`" in row[1]]
        needed = row[2].strip()
        assert (needed == "yes" or field.name in needed.split()) == field.is_required or (
            field.name == "currency" and kind == "commitments"
        )


def test_every_option_is_documented() -> None:
    for parameter in import_file.params:
        for option in parameter.opts:
            assert not option.startswith("--") or f"`{option}" in TEXT, option
