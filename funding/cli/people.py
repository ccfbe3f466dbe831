"""`tributary user`: the first administrator, and help for those locked out."""

from __future__ import annotations

import click

from funding.cli.common import open_database, read_config, refusals_in_words
from funding.models import Role
from funding.services import accounts


@click.group()
def user() -> None:
    """Accounts: add the first administrator, or make a link to choose a new password."""


@user.command()
@click.argument("email")
@click.argument("name")
@click.option(
    "--organisation",
    default=accounts.PLATFORM,
    metavar="KEY",
    show_default=True,
    help="Key of the organisation, such as northlight.",
)
@click.option(
    "--role",
    default=Role.PLATFORM_ADMIN.value,
    show_default=True,
    type=click.Choice([role.value for role in Role]),
    help="What the person may do there.",
)
def add(email: str, name: str, organisation: str, role: str) -> None:
    """Add a person with a role, and print the one-time link to choose a password."""
    config = read_config()
    with refusals_in_words():
        link = open_database(config).in_transaction(
            accounts.add_person,
            email=email,
            name=name,
            organisation_key=organisation,
            role=role,
            public_url=config.public_url,
        )
    click.echo(link)


@user.command()
@click.argument("email")
def link(email: str) -> None:
    """Print a one-time link with which this person chooses a new password."""
    config = read_config()
    with refusals_in_words():
        address = open_database(config).in_transaction(
            accounts.make_reset_link, email=email, public_url=config.public_url
        )
    click.echo(address)
