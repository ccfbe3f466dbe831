"""`tributary import`: past grants, commitments or proposals from a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from funding.cli.common import WRONG_INPUT, open_database, read_config, refusals_in_words
from funding.formatting import format_amount, plural
from funding.imports.fields import FIELDS
from funding.services.import_now import Target, import_now
from funding.services.import_reading import Choices, Findings

_NOUNS = {"history": "past grant", "commitments": "commitment", "proposals": "proposal"}


class Pair(click.ParamType):
    """`LEFT=RIGHT`, split at the last or the first `=`."""

    name = "pair"

    def __init__(self, metavar: str, *, at_last: bool) -> None:
        self.metavar, self.at_last = metavar, at_last

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        left, sign, right = value.rpartition("=") if self.at_last else value.partition("=")
        if not (sign and left.strip() and right.strip()):
            self.fail(f"{value!r} is not {self.metavar}.", param, ctx)
        return left.strip(), right.strip()


@click.command("import")
@click.argument("kind", type=click.Choice(list(FIELDS)))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "mapping",
    type=Pair("COLUMN=FIELD", at_last=True),
    metavar="COLUMN=FIELD",
    multiple=True,
    help="This column holds this field; `-` for a column that is not to be used. May be repeated.",
)
@click.option(
    "--default",
    "defaults",
    type=Pair("FIELD=VALUE", at_last=False),
    metavar="FIELD=VALUE",
    multiple=True,
    help="Value for rows that leave a field blank, such as currency=USD. May be repeated.",
)
@click.option(
    "--round",
    "round_key",
    metavar="KEY",
    help="Round to import into, such as common-ground-2026; not needed where there is only one.",
)
@click.option(
    "--organisation",
    "organisation_key",
    metavar="KEY",
    help="Whose import it is; for history the platform's own, else the round's owner.",
)
@click.option("--sheet", metavar="NAME", help="Worksheet to read, where there are several.")
@click.option("--month-first", is_flag=True, help="05/06/2014 is the 6th of May.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print counts, notes and faults as JSON.")
def import_file(
    kind: str,
    file: Path,
    mapping: tuple[tuple[str, str], ...],
    defaults: tuple[tuple[str, str], ...],
    round_key: str | None,
    organisation_key: str | None,
    sheet: str | None,
    month_first: bool,
    is_dry: bool,
    as_json: bool,
) -> None:
    """Import past grants (history), commitments or proposals from FILE.

    FILE is a table in CSV (plain or gzipped) or XLSX, or JSON in the 360Giving form. Columns are
    recognised by their headings; docs/import.md lists the fields. All rows are imported or none:
    where a row is at fault, each fault is a line on standard error, nothing is written, and the
    exit status is 2. The same file again adds nothing.
    """
    config = read_config()
    database = open_database(config)
    terminal = _Terminal()
    with refusals_in_words():
        found = import_now(
            database,
            file,
            Target(kind, round_key, organisation_key),
            Choices(dict(mapping), dict(defaults), month_first, sheet),
            is_dry=is_dry,
            progress=terminal.tell,
        )
    terminal.clear()
    if as_json:
        click.echo(json.dumps(_document(kind, file, found, is_dry), indent=2, ensure_ascii=False))
    else:
        _say(kind, found, is_dry)
    for fault in found.faults:
        click.echo(str(fault), err=True)
    if found.faults:
        click.echo(f"{plural(len(found.faults), 'fault')}; nothing was written.", err=True)
        sys.exit(WRONG_INPUT)


class _Terminal:
    """One line of progress, rewritten in place; nothing where the output is not a terminal."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()
        self._width = 0

    def tell(self, stage: str, rows: int, share: float | None) -> None:
        if not self._is_shown:
            return
        line = f"{stage}: {rows:,} rows" + (f", {share:.0%}" if share is not None else " ...")
        sys.stderr.write(f"\r{line:<{self._width}}")
        sys.stderr.flush()
        self._width = len(line)

    def clear(self) -> None:
        if self._is_shown and self._width:
            sys.stderr.write(f"\r{'':<{self._width}}\r")
            sys.stderr.flush()


def _document(kind: str, file: Path, found: Findings, is_dry: bool) -> dict[str, Any]:
    return {
        "kind": kind,
        "file": file.name,
        "dry_run": is_dry,
        "written": not (is_dry or found.faults),
        **found.counts,
        **found.preview,
        "notes": list(found.notes),
        "faults": [
            {
                "row": fault.row,
                "field": fault.field,
                "value": fault.value,
                "rule": fault.rule,
                "text": str(fault),
            }
            for fault in found.faults
        ],
    }


def _say(kind: str, found: Findings, is_dry: bool) -> None:
    counts = found.counts
    click.echo(", ".join(f"{name} {number:,}" for name, number in counts.items()))
    for currency, total in found.preview["totals"].items():
        click.echo(f"Total: {format_amount(total, currency)}")
    for sentence in (*found.effects, *found.notes):
        click.echo(sentence)
    if found.faults:
        return
    new = plural(counts["new"], f"new {_NOUNS[kind]}")
    click.echo(f"Would import {new}." if is_dry else f"Imported {new}.")
