"""The `tributary` command: one file per subject, loaded when its command is asked for."""

from __future__ import annotations

from importlib import import_module

import click

from funding import __version__

COMMANDS = {
    "backup": "backup:backup",
    "compare": "compare:compare",
    "demo": "demo:demo",
    "import": "imports:import_file",
    "init": "database:init",
    "pack": "packs:pack",
    "replay": "replay:replay",
    "restore": "backup:restore",
    "serve": "serve:serve",
    "settings": "settings:settings",
    "solve": "solve:solve",
    "user": "people:user",
    "verify-log": "database:verify_log",
    "worker": "serve:worker",
}
"""Name -> module:function. Loading all of them takes longer than most of them run."""


class Commands(click.Group):
    """The commands above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"funding.cli.{module}"), function)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tributary")
def main() -> None:
    """Tributary: funders pool, gaps get covered, nobody pays twice.

    Begin with `tributary demo` to load a fictional round, then `tributary serve`.
    """
