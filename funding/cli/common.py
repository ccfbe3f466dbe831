"""What every command needs: the settings, the database, and errors as one line each."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import click
import sqlalchemy as sa

from funding import schema
from funding.config import Config
from funding.db import Database
from funding.errors import TributaryError

WRONG_INPUT = 2


def read_config() -> Config:
    """The settings; ends the command with exit status 2 where one cannot be read."""
    try:
        return Config.from_environment()
    except ValueError as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG_INPUT)


def open_database(config: Config) -> Database:
    """The database, if it is there and current; ends the command with exit status 2 otherwise."""
    database = Database(config.database_url)
    fault = schema.fault(database)
    if fault:
        click.echo(f"{fault} Run `tributary init`.", err=True)
        sys.exit(WRONG_INPUT)
    return database


def prepared_database(config: Config) -> Database:
    """The database, made and migrated where needed."""
    try:
        config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=config.data):
            pass
    except OSError as error:
        fault = os.strerror(error.errno or 0).lower()
        click.echo(
            f"Nothing can be written to the data folder {config.data}: {fault}."
            " Choose another with TRIBUTARY_DATA=FOLDER.",
            err=True,
        )
        sys.exit(WRONG_INPUT)
    database = Database(config.database_url)
    try:
        schema.migrate(database)
    except sa.exc.OperationalError as error:
        click.echo(schema.unreachable(error), err=True)
        sys.exit(WRONG_INPUT)
    return database


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """A refusal ends the command with its sentence and exit status 2, without a traceback."""
    try:
        yield
    except TributaryError as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG_INPUT)
