"""`tributary compare`: a round by several rules of allocation, side by side."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from funding.cli.common import WRONG_INPUT, open_database, read_config, refusals_in_words
from funding.services.solve_now import document_of
from funding.studies.rules import RULES, BadInput, table_of


@click.command()
@click.argument("source", metavar="ROUND")
@click.option("--rules", multiple=True, type=click.Choice(list(RULES)), help="May be repeated.")
@click.option("--seconds", default=120.0, show_default=True, help="For all rules together.")
def compare(source: str, rules: tuple[str, ...], seconds: float) -> None:
    """Lay what several rules make of ROUND side by side; nothing is stored.

    ROUND is a file of the optimizer (round.json), or the key of a round here, such as
    common-ground-2026. All rules are compared if none is named.
    """
    path = Path(source)
    if path.is_file():
        given: Path | dict[str, object] = path
    else:
        with refusals_in_words():
            given = document_of(open_database(read_config()), source)
    try:
        lines = table_of(given, rules, seconds)
    except BadInput as bad:
        click.echo("\n".join(bad.faults), err=True)
        sys.exit(WRONG_INPUT)
    click.echo("\n".join(lines))
