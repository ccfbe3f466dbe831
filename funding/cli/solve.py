"""`tributary solve`: a scenario solved in the foreground."""

from __future__ import annotations

import sys

import click

from funding.cli.common import open_database, read_config, refusals_in_words
from funding.models import Run, RunState
from funding.reports.results import headline_in_words
from funding.services.solve_now import solve_now

NO_PLAN = 3


@click.command()
@click.argument("round_key", metavar="ROUND")
@click.option("--scenario", help="Name of the scenario; the round's own policy if left out.")
def solve(round_key: str, scenario: str | None) -> None:
    """Solve a scenario of ROUND (its key, such as common-ground-2026) and print what came out.

    The run and its plan are kept and can be read on the site. Exit status 3 where there is no
    plan: the reason is printed.
    """
    config = read_config()
    database = open_database(config)
    with refusals_in_words():
        ended = solve_now(database, config, round_key, scenario)
    if ended.state != RunState.DONE:
        click.echo(f"No plan. {ended.message}")
        sys.exit(NO_PLAN)
    with database.reading() as session:
        click.echo("\n".join(headline_in_words(session, session.get_one(Run, ended.id))))
