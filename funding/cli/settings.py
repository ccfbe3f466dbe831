"""`tributary settings`: every setting, its value and its meaning."""

from __future__ import annotations

import os

import click

from funding.cli.common import read_config
from funding.config import SETTINGS


@click.command()
def settings() -> None:
    """List every setting with its value now. Set one by setting the environment variable."""
    config = read_config()
    for setting in SETTINGS:
        given = os.environ.get(setting.name)
        value = given or setting.default or "(not set)"
        if setting.is_secret and given:
            value = "(set, not shown)"
        click.echo(f"{setting.name}={value}\n    {setting.meaning}")
    click.echo(f"\ndata folder: {config.data}")
