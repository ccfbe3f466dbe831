"""`tributary pack`: decision packs shown and verified from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.cli.common import WRONG_INPUT, open_database, read_config
from funding.models import Pack, PackState, PlanPutForward, Round
from funding.services.packs.files import verify_file
from funding.services.packs.remarks import seal_of
from funding.services.packs.verifying import Answer, is_whole, verify

NOT_WHOLE = 1


@click.group()
def pack() -> None:
    """Show and verify decision packs."""


@pack.command()
@click.argument("which", metavar="PACK")
@click.option("--json", "as_json", is_flag=True, help="The content itself, byte for byte.")
def show(which: str, as_json: bool) -> None:
    """Show a pack: its number, or the key of a round for its newest."""
    with open_database(read_config()).reading() as session:
        found = _pack(session, which)
        if as_json:
            click.echo(found.content, nl=False)
            return
        plan = found.plan
        sealed = seal_of(session, found)
        click.echo(f"Pack {found.id} of {plan.round.name}, plan {plan.id}, run {plan.run_id}")
        click.echo(f"Made {found.made_at:%Y-%m-%d %H:%M} UTC, SHA-256 {found.digest}")
        click.echo(
            f"Sealed {sealed.sealed_at:%Y-%m-%d %H:%M} UTC ({sealed.endorsement.result}),"
            f" SHA-256 {sealed.digest}"
            if sealed is not None
            else "Not sealed."
        )


@pack.command(name="verify")
@click.argument("which", metavar="PACK|FILE")
@click.option("--alone", is_flag=True, help="Of a file: ask no database.")
def verify_pack(which: str, alone: bool) -> None:
    """Make a pack's figures again and compare them, or verify a PDF or JSON file of one.

    Exit status 1 where something is not as it was; what differs is named.
    """
    path = Path(which)
    if path.is_file():
        content = path.read_bytes()
        if alone:
            answers = verify_file(content)
        else:
            with open_database(read_config()).reading() as session:
                answers = verify_file(content, session)
    else:
        with open_database(read_config()).reading() as session:
            answers = verify(session, _pack(session, which))
    for answer in answers:
        click.echo(_line(answer))
    if not is_whole(answers):
        sys.exit(NOT_WHOLE)


def _line(answer: Answer) -> str:
    details = "".join(f"\n     {detail}" for detail in answer.details)
    return f"{'yes' if answer.is_so else 'NO '}  {answer.question}{details}"


def _pack(session: Session, which: str) -> Pack:
    query = (
        sa.select(Pack)
        .join(PlanPutForward, PlanPutForward.id == Pack.plan_id)
        .join(Round, Round.id == PlanPutForward.round_id)
        .where(Pack.state == PackState.READY)
        .order_by(Pack.id.desc())
    )
    named = Pack.id == int(which) if which.isdecimal() else Round.key == which
    found = session.scalars(query.where(named).limit(1)).first()
    if found is None:
        click.echo(f"There is no pack {which}, and no file of this name.", err=True)
        sys.exit(WRONG_INPUT)
    return found
