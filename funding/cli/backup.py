"""`tributary backup` and `tributary restore`."""

from __future__ import annotations

from pathlib import Path

import click

from funding.cli.common import open_database, read_config, refusals_in_words
from funding.services import archive


def _tell(what: str) -> None:
    click.echo(f"\r{what:<40}", err=True, nl=False)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write everything but the secrets into FILE. The site may go on running."""
    config = read_config()
    with refusals_in_words():
        counts = archive.back_up(open_database(config), config.data, file, _tell)
    click.echo("\r", err=True, nl=False)
    click.echo(f"{sum(counts.values()):,} rows of {len(counts)} tables are in {file}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before replacing what is there now.")
def restore(file: Path, yes: bool) -> None:
    """Put everything back as it was in FILE; what is there now is replaced.

    The database must be there (`tributary init`); it may be of another kind than the one the
    backup was made of. The site may go on running: it shows the restored state at once.
    """
    config = read_config()
    database = open_database(config)
    if not yes:
        click.confirm("Everything there now is replaced by the backup. Go ahead?", abort=True)
    with refusals_in_words():
        counts = archive.restore(database, config.data, file, _tell)
    click.echo("\r", err=True, nl=False)
    click.echo(f"{sum(counts.values()):,} rows of {len(counts)} tables are restored.")
