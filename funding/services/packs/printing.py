"""The PDF of a pack: made for a reader, and kept once, as it was sealed."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database
from funding.exports.packs.document import Paper, Printed, Said
from funding.exports.pdf import NoPdf
from funding.formatting import format_when
from funding.language import gettext as _
from funding.models import Pack, PackFile
from funding.reports.discretion import Discretion
from funding.reports.packs.view import view
from funding.services.committee import rule_of, votes_on
from funding.services.letters.documents import folder_of, store
from funding.services.packs.remarks import remarks_on, seal_of

log = logging.getLogger("tributary.packs")

EVERYTHING = Discretion((), frozenset(), frozenset())
"""Of the copy that is kept: nothing is left out."""


def paper(session: Session, pack: Pack, discretion: Discretion) -> Paper:
    """What is printed for somebody with this discretion."""
    round_ = pack.plan.round
    sealed = seal_of(session, pack)
    may_read_all = not discretion.hides_something
    record = sealed.record if sealed is not None else None
    kinds = {"agree": _("agrees"), "dissent": _("dissents"), "comment": _("comments")}
    choices = {"for": _("for"), "against": _("against"), "abstain": _("abstains")}
    shown = view(pack.content or "", discretion)
    return Paper(
        number=pack.id,
        view=shown,
        digest=pack.digest or "",
        made_at=format_when(pack.made_at or pack.asked_at, round_.timezone),
        rule=rule_of(session, round_.id).says,
        content=pack.content if may_read_all else None,
        record=record if may_read_all else None,
        seal_digest=sealed.digest if sealed is not None else "",
        result=json.loads(record)["result"] if record is not None else None,
        votes=[
            Said(vote.person.name, choices[vote.choice], vote.words)
            for vote in votes_on(session, pack.plan)
        ]
        if sealed is not None and may_read_all
        else (),
        remarks=[
            Said(said.person.name, kinds[said.kind], said.words)
            for said in remarks_on(session, pack)
        ]
        if may_read_all
        else (),
    )


def print_pack(database: Database, config: Config, pack_id: int) -> None:
    """The task of a worker: make the PDF of a sealed pack and keep it."""
    with database.reading() as session:
        printed = paper(session, session.get_one(Pack, pack_id), EVERYTHING)
    try:
        name = store(config.data, Printed.of(printed).pdf)
    except NoPdf as reason:
        log.warning("pack %s has no PDF: %s", pack_id, reason)
        return
    database.in_transaction(_note, pack_id=pack_id, name=name)


def _note(session: Session, *, pack_id: int, name: str) -> None:
    known = sa.select(PackFile.id).where(PackFile.pack_id == pack_id, PackFile.sha256 == name)
    if session.scalars(known).first() is None:
        session.add(PackFile(pack_id=pack_id, sha256=name))


def kept_name(session: Session, pack: Pack) -> str | None:
    """SHA-256 of the PDF that was kept; None where none was."""
    files = sa.select(PackFile.sha256).where(PackFile.pack_id == pack.id).order_by(PackFile.id)
    return session.scalars(files.limit(1)).first()


def kept(session: Session, data: Path, pack: Pack) -> bytes | None:
    """The PDF that was kept when the pack was sealed."""
    name = kept_name(session, pack)
    path = folder_of(data) / name if name else None
    return path.read_bytes() if path is not None and path.exists() else None
