"""A person's calendar address and digest of what waits for them (`funding.reports.inbox`)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database, now
from funding.errors import Fault, InvalidInput, NotFound
from funding.formatting import format_date, format_number
from funding.language import gettext as _
from funding.language import ngettext, said, using
from funding.models import Digest, Person
from funding.permissions import Actor, load_actor
from funding.reports.inbox import Waiting, waiting_for
from funding.services.log import record
from funding.services.mail import Written, language_of, paragraphs, post_mail

SEND_DIGESTS = "send_digests"
NOT_BEFORE = time(6)
"""By the person's own clock: a digest is there when the working day begins."""
MONDAY = 0
DATES_TOLD = 5
"""How many dates of one kind of work a mail names; the page has the rest."""


def make_calendar_address(session: Session, *, by: Actor) -> str:
    """A new secret for the address of one's calendar, told this once; an older one is void."""
    token = secrets.token_urlsafe(32)
    person = session.get_one(Person, by.person_id)
    person.calendar_hash = _digest_of(token)
    record(session, by, "calendar address made", person)
    return token


def end_calendar(session: Session, *, by: Actor) -> None:
    """Nobody reads this person's calendar by an address any more."""
    person = session.get_one(Person, by.person_id)
    person.calendar_hash = None
    record(session, by, "calendar address ended", person)


def reader_of_calendar(session: Session, token: str) -> Actor:
    """Whose calendar this secret opens; raises NotFound."""
    person_id = session.scalar(
        sa.select(Person.id).where(Person.calendar_hash == _digest_of(token))
    )
    if person_id is None:
        raise NotFound("calendar")
    return load_actor(session, person_id)


def choose_digest(session: Session, *, by: Actor, how_often: str) -> None:
    """Be mailed what waits daily, on Mondays, or never. Raises InvalidInput."""
    if how_often not in tuple(Digest):
        raise InvalidInput(Fault("digest", _("Choose one of %(join)s.", join=", ".join(Digest))))
    person = session.get_one(Person, by.person_id)
    person.digest = how_often
    record(session, by, "digest chosen", person, digest=how_often)


def _digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def send_digests(database: Database, config: Config) -> None:
    """Put the digests that are due into the outbox: one a person and day, none that is empty."""
    with database.reading() as session:
        wanted = sa.select(Person.id).where(Person.is_active, Person.digest != Digest.NEVER)
        people = session.scalars(wanted.order_by(Person.id)).all()
    for person_id in people:
        database.in_transaction(
            post_digest, person_id=person_id, at=now(), public_url=config.public_url
        )


def post_digest(session: Session, *, person_id: int, at: datetime, public_url: str) -> bool:
    """One person's digest, where it is due at this moment; whether there was something to tell."""
    person = session.scalars(
        sa.select(Person).where(Person.id == person_id).with_for_update()
    ).one()
    local = at.astimezone(_zone(person))
    if local.time() < NOT_BEFORE or person.digest_sent_on == local.date():
        return False
    if person.digest == Digest.WEEKLY and local.weekday() != MONDAY:
        return False
    person.digest_sent_on = local.date()
    with using(language_of(person)):
        work = waiting_for(session, load_actor(session, person_id))
    if not work:
        return False
    post_mail(session, person, lambda: _letter(person, work, public_url))
    return True


def _zone(person: Person) -> ZoneInfo:
    try:
        return ZoneInfo(person.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # as in formatting.format_when
        return ZoneInfo("UTC")


def _letter(person: Person, work: Sequence[Waiting], public_url: str) -> Written:
    lines = []
    for one in work:
        lines.append(f"- {format_number(one.count)} {said(one.text)}")
        lines += [f"    {format_date(day.on)}: {said(day.text)}" for day in one.dates[:DATES_TOLD]]
        if len(one.dates) > DATES_TOLD:
            more = one.count - DATES_TOLD
            told = ngettext("and %(num)s more", "and %(num)s more", more, num=format_number(more))
            lines.append(f"    {told}")
    count = sum(one.count for one in work)
    links = (
        _("All of it: %(link)s", link=public_url),
        _("Fewer of these mails: %(link)s", link=f"{public_url}/account"),
    )
    return (
        ngettext(
            "Tributary: %(num)s thing waits for you",
            "Tributary: %(num)s things wait for you",
            count,
            num=format_number(count),
        ),
        paragraphs(
            _("Good day, %(name)s", name=person.name),
            _("This waits for you:"),
            "\n".join(lines),
            "\n".join(links),
        ),
    )
