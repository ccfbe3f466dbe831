"""A funder's texts in each language: its own newest version, else the ones that come along."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.errors import Conflict, Fault, InvalidInput, NotFound
from funding.formatting import one_after_another
from funding.language import gettext, said
from funding.models import LANGUAGES, LetterKind, LetterTemplate
from funding.paths import SEEDS
from funding.permissions import Actor, require
from funding.services.letters.placeholders import faults_of
from funding.services.log import record
from optimizer.sentences import marked


@dataclass(frozen=True)
class Text:
    """A template's text; `number` 0 is the standard one."""

    kind: str
    language: str
    number: int
    body: str

    @property
    def name(self) -> str:
        """As an offer keeps it: which text it was made from."""
        which = f"version {self.number}" if self.number else "standard text"
        return f"{self.kind}, {LANGUAGES[self.language]}, {which}"


def name_in_words(name: str) -> str:
    """A `Text.name` as an offer keeps it, in the current language."""
    kind, language, which = name.split(", ")
    if which == "standard text":
        version = gettext("standard text")
    else:
        version = gettext("version %(number)s", number=which.removeprefix("version "))
    return one_after_another([str(said(kind)), str(said(language)), version])


@cache
def shipped(kind: str, language: str) -> str:
    """The standard text; raises NotFound for another kind or language."""
    if kind not in set(LetterKind) or language not in LANGUAGES:
        raise NotFound("text")
    return (SEEDS / "letters" / f"{kind}.{language}.txt").read_text(encoding="utf-8")


def text_of(session: Session, funder_id: int, kind: str, language: str) -> Text:
    """What a funder's letters of this kind say now, in this language."""
    newest = session.scalars(
        sa.select(LetterTemplate)
        .where(
            LetterTemplate.funder_id == funder_id,
            LetterTemplate.kind == kind,
            LetterTemplate.language == language,
        )
        .order_by(LetterTemplate.number.desc())
        .limit(1)
    ).one_or_none()
    if newest is None:
        return Text(kind, language, 0, shipped(kind, language))
    return Text(kind, language, newest.number, newest.body)


def versions_of(session: Session, funder_id: int, kind: str, language: str) -> list[LetterTemplate]:
    """All versions, the newest first."""
    return list(
        session.scalars(
            sa.select(LetterTemplate)
            .options(joinedload(LetterTemplate.written_by))
            .where(
                LetterTemplate.funder_id == funder_id,
                LetterTemplate.kind == kind,
                LetterTemplate.language == language,
            )
            .order_by(LetterTemplate.number.desc())
        )
    )


def save_text(
    session: Session,
    *,
    by: Actor,
    funder_id: int,
    kind: str,
    language: str,
    number: int,
    body: str,
) -> Text:
    """Save a text as the next version; `number` is the version that was edited.

    Raises NotFound, NotPermitted, Conflict where somebody saved one meanwhile, and InvalidInput
    naming the placeholder or the line that is wrong.
    """
    require(by, "terms.edit", funder_id)
    now_there = text_of(session, funder_id, kind, language)
    if now_there.number != number:
        raise Conflict("Somebody else changed this text meanwhile.")
    body = body.replace("\r\n", "\n").strip() + "\n"
    faults: list[Fault] = faults_of(kind, body)
    if faults:
        raise InvalidInput(*faults)
    if body == now_there.body:
        return now_there
    saved = LetterTemplate(
        funder_id=funder_id,
        kind=kind,
        language=language,
        number=number + 1,
        body=body,
        written_by_id=by.person_id,
    )
    session.add(saved)
    session.flush()
    record(
        session,
        by,
        marked("letter text saved"),
        saved,
        organisation_id=funder_id,
        kind=kind,
        language=language,
        number=saved.number,
    )
    return Text(kind, language, saved.number, body)
