"""`tributary init` and `tributary verify-log`."""

from __future__ import annotations

import sys

import click

from funding.cli.common import open_database, prepared_database, read_config
from funding.services.log import first_broken_link


@click.command()
def init() -> None:
    """Make the data folder and bring the database up to date. Safe to repeat."""
    config = read_config()
    prepared_database(config)
    click.echo(f"The database is ready; the data folder is {config.data}.")


@click.command()
def verify_log() -> None:
    """Prove that no row of the log was changed, dropped or reordered (exit status 1 if one was)."""
    with open_database(read_config()).reading() as session:
        broken = first_broken_link(session)
    if broken is None:
        click.echo("The log is whole.")
        return
    click.echo(f"The log is broken at event {broken}.")
    sys.exit(1)
