"""`tributary init` and `tributary verify-log`."""

from __future__ import annotations

import sys

import click

from funding.cli.common import open_database, prepared_database, read_config
from funding.services.log import first_broken_link, head_of, still_holds


@click.command()
def init() -> None:
    """Make the data folder and bring the database up to date. Safe to repeat."""
    config = read_config()
    prepared_database(config)
    click.echo(f"The database is ready; the data folder is {config.data}.")


class Head(click.ParamType):
    """A head of the log as `verify-log` prints it: NUMBER:HASH."""

    name = "NUMBER:HASH"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str]:
        number, _, digest = value.partition(":")
        if not (number.isascii() and number.isdigit() and len(digest) == 64):
            self.fail(f"{value!r} is no head as `tributary verify-log` prints it.", param, ctx)
        return int(number), digest


@click.command()
@click.option("--head", type=Head(), help="A head printed earlier, which must still be there.")
def verify_log(head: tuple[int, str] | None) -> None:
    """Prove that no row of the log was changed, dropped or reordered (exit status 1 if one was).

    The last line is the log's head. Keep it in another place: rows cut off the end later show
    only against a head noted before, given with --head.
    """
    with open_database(read_config()).reading() as session:
        broken = first_broken_link(session)
        seq, digest = head_of(session)
        is_cut = head is not None and not still_holds(session, *head)
    if broken is not None:
        click.echo(f"The log is broken at event {broken}.")
        sys.exit(1)
    if is_cut:
        click.echo(f"Event {head[0]} is not the one noted: the log was cut or written anew.")
        sys.exit(1)
    click.echo(f"The log is whole; events: {seq:,}.")
    click.echo(f"{seq}:{digest}")
