"""The `tributary` command: one file per subject, put together here."""

from __future__ import annotations

import click

from funding import __version__
from funding.cli import backup, database, demo, imports, people, replay, serve, settings, solve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tributary")
def main() -> None:
    """Tributary: funders pool, gaps get covered, nobody pays twice.

    Begin with `tributary demo` to load a fictional round, then `tributary serve`.
    """


for command in (
    serve.serve,
    serve.worker,
    backup.backup,
    backup.restore,
    database.init,
    database.verify_log,
    demo.demo,
    imports.import_file,
    people.user,
    replay.replay,
    settings.settings,
    solve.solve,
):
    main.add_command(command)
