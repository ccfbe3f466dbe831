"""`tributary demo`: the fictional round, loaded and solved."""

from __future__ import annotations

import secrets

import click

from funding.cli.common import prepared_database, read_config
from funding.models import Run, RunState
from funding.reports.results import headline_in_words
from funding.services import demo as service
from funding.services.solve_now import solve_waiting

KEPT_PASSWORD = "demo-password"


@click.command()
def demo() -> None:
    """Load the demo round, all of it fictional, and print how to sign in. Safe to repeat."""
    config = read_config()
    database = prepared_database(config)
    kept = config.data / KEPT_PASSWORD
    password = config.demo_password
    if not password:
        password = kept.read_text().strip() if kept.exists() else secrets.token_urlsafe(12)
        kept.touch(mode=0o600)
        kept.write_text(password)
    loaded = database.in_transaction(service.load, password=password)
    click.echo("The demo round is loaded." if loaded else "The demo round was there already.")
    run = solve_waiting(database, config, service.round_key())
    if run is not None and run.state != RunState.DONE:
        click.echo(f"It could not be solved. {run.message}")
    elif run is not None:
        with database.reading() as session:
            click.echo("\n".join(headline_in_words(session, session.get_one(Run, run.id))))
    click.echo(f"\nTributary: {config.public_url}\nPassword of all demo people: {password}")
    for role, email in service.EXAMPLES.items():
        click.echo(f"  {role:<18} {email}")
