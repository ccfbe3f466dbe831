"""`tributary replay`: what would pooling have changed, from a plain list of past grants."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from funding.cli.common import WRONG_INPUT
from funding.errors import InvalidInput
from funding.replay.assumptions import Assumptions, many_of
from funding.replay.grants import likely_year
from funding.replay.pool import Pool
from funding.replay.reading import BadFile, read_grants
from funding.replay.run import replay as run_replay
from funding.replay.solving import OutOfTime, SolverFault
from funding.reports.replay_text import as_text, catalogue_as_text

NO_PLAN = 3


def _print_catalogue(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(catalogue_as_text(), nl=False)
        ctx.exit()


@click.command("replay")
@click.argument("file", metavar="GRANTS", type=click.Path(path_type=Path))
@click.option("--year", type=int, help="The year to replay, such as 2022.")
@click.option("--round", "round_name", metavar="NAME", help="The round to replay, by its column.")
@click.option(
    "--assume",
    metavar="KEY=VALUE",
    multiple=True,
    help="Assume something else, such as merit=equal or ask_factor=1.5. May be repeated.",
)
@click.option(
    "--assumptions",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_catalogue,
    help="List everything that is assumed, with the reasons, and end.",
)
@click.option(
    "--variations",
    type=click.Choice(["all", "each", "none"]),
    help="Other assumptions to try: each by itself and some together, each by itself, or none."
    "  [default: all; none for very large lists]",
)
@click.option(
    "--map",
    "mapping",
    metavar="COLUMN=FIELD",
    multiple=True,
    help="This column holds this field: funder, recipient, amount, awarded_on, area, purpose, "
    "round, ask, minimum, merit, ... May be repeated.",
)
@click.option(
    "--currency", metavar="CODE", help="Reckon in this one; the list's main one if left out."
)
@click.option("--sheet", metavar="NAME", help="Worksheet to read, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole result as JSON.")
def replay(
    file: Path,
    year: int | None,
    round_name: str | None,
    assume: tuple[str, ...],
    variations: str | None,
    mapping: tuple[str, ...],
    currency: str | None,
    sheet: str | None,
    as_json: bool,
) -> None:
    """Show what pooling would have changed in a list of past grants of several funders.

    GRANTS is a CSV, XLSX or 360Giving JSON file with at least funder, recipient, amount and date.
    Each funder's real total of the year (or round) becomes its commitment; everybody whom anyone
    in the list paid in that year or the two beside it becomes a candidate. The plan that the
    funders could have made together is set against what really happened, and every assumption is
    varied to see what hangs on it. Nothing is stored, no database is needed.

    Exit status 2 where the file or an option is wrong, a line for each fault; 3 where no plan
    was found.
    """
    try:
        given = Assumptions.read(many_of(assume))
        columns = _columns(mapping)
        listed = read_grants(file, mapping=columns, currency=currency, sheet=sheet)
        if year is None and round_name is None and (likely := likely_year(listed.grants)):
            click.echo(f"No --year was given: taking {likely}.", err=True)
            year = likely
        result = run_replay(
            listed,
            Pool(year, round_name),
            given,
            extent=variations,  # type: ignore[arg-type]  # click has checked the choice
            tell=_progress(as_json),
        )
    except BadFile as bad:
        _refuse(str(fault) for fault in bad.faults)
    except InvalidInput as refusal:
        _refuse(f"{fault.field}: {fault.rule}" for fault in refusal.faults)
    except (OutOfTime, SolverFault) as fault:
        click.echo(f"No plan. {fault}", err=True)
        sys.exit(NO_PLAN)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        click.echo(as_text(result), nl=False)


def _columns(mapping: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in mapping]
    for column, sign, field in pairs:
        if not (column.strip() and sign and field.strip()):
            raise click.BadParameter("write it as COLUMN=FIELD", param_hint="--map")
    return {column.strip(): field.strip() for column, _, field in pairs}


def _refuse(lines) -> None:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(WRONG_INPUT)


def _progress(is_quiet: bool):
    """Tells on a terminal how far it has come; says nothing into a file."""
    if is_quiet or not sys.stderr.isatty():
        return None

    def tell(part: float, words: str) -> None:
        sys.stderr.write(f"\r\033[K{part:4.0%}  {words[:70]}")
        if part >= 0.99:
            sys.stderr.write("\r\033[K")
        sys.stderr.flush()

    return tell
