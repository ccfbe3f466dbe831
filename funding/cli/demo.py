"""`tributary demo`: the fictional round, loaded and solved."""

from __future__ import annotations

import secrets

import click

from funding.cli.common import prepared_database, read_config, refusals_in_words
from funding.config import Config
from funding.models import Run, RunState
from funding.reports.results import headline_in_words
from funding.services import demo as service
from funding.services.solve_now import solve_waiting

KEPT_PASSWORD = "demo-password"


@click.command()
def demo() -> None:
    """Load the demo round, all of it fictional, and print how to sign in. Safe to repeat."""
    config = read_config()
    password = prepare_demo(config)
    click.echo(f"\nTributary: {config.public_url}\n{how_to_sign_in(password)}")


def prepare_demo(config: Config) -> str:
    """Load and solve the demo round where that was not done before; the people's password."""
    database = prepared_database(config)
    kept = config.data / KEPT_PASSWORD
    last = kept.read_text().strip() if kept.exists() else None
    password = config.demo_password or last or secrets.token_urlsafe(12)
    with refusals_in_words():
        loaded = database.in_transaction(service.load, password=password)
        if not loaded and password != last:
            database.in_transaction(service.change_password, password=password)
    kept.touch(mode=0o600)
    kept.write_text(password)
    click.echo("The demo round is loaded." if loaded else "The demo round was there already.")
    run = solve_waiting(database, config, service.round_key())
    if run is not None and run.state != RunState.DONE:
        click.echo(f"It could not be solved. {run.message}")
    elif run is not None:
        with database.reading() as session:
            click.echo("\n".join(headline_in_words(session, session.get_one(Run, run.id))))
    database.engine.dispose()  # web processes that part from this one must not share connections
    return password


def how_to_sign_in(password: str) -> str:
    """Whom to be, in a few lines."""
    people = [f"  {role:<16} {email}" for role, email in service.EXAMPLES.items()]
    return "\n".join([f"Password of all demo people: {password}", *people])
