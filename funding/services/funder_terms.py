"""How a funder offers: by letter or at once, and what it wants checked before an offer."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Conflict, Fault, InvalidInput, NotFound
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import LANGUAGES, AwardState, DiligenceItem, FunderTerms
from funding.permissions import Actor, require
from funding.services.log import record

LONGEST_TITLE = 200
LONGEST_ASKS = 2_000
MOST_ITEMS = 40


def terms_of(session: Session, funder_id: int) -> FunderTerms:
    """The funder's terms; where nobody has set them, what holds then, with version 0."""
    return session.get(FunderTerms, funder_id) or FunderTerms(
        funder_id=funder_id, by_letter=False, offer_days=21, language="en", version=0
    )


def first_state(session: Session, funder_id: int) -> AwardState:
    """What an award of this funder begins as: to be offered, where it offers by letter."""
    by_letter = terms_of(session, funder_id).by_letter
    if by_letter or items_of(session, funder_id, used=True):
        return AwardState.TO_BE_OFFERED
    return AwardState.OFFERED


def set_terms(
    session: Session,
    *,
    by: Actor,
    funder_id: int,
    version: int,
    by_letter: bool,
    offer_days: int | None,
    language: str,
) -> FunderTerms:
    """Set whether offers go out by letter, the days to answer, and the usual language.

    It holds for lines approved from now on. Raises NotFound, NotPermitted, Conflict, InvalidInput.
    """
    require(by, "terms.edit", funder_id)
    faults = []
    if offer_days is None or not 1 <= offer_days <= 365:
        faults.append(Fault("offer_days", "a whole number from 1 to 365, please"))
    if language not in LANGUAGES:
        faults.append(Fault("language", "choose one of them"))
    if faults:
        raise InvalidInput(*faults)
    terms = session.get(FunderTerms, funder_id)
    if (terms.version if terms else 0) != version:
        raise Conflict("Somebody else changed these terms meanwhile.")
    if terms is None:
        terms = FunderTerms(funder_id=funder_id)
        session.add(terms)
    terms.by_letter, terms.offer_days, terms.language = by_letter, offer_days, language
    session.flush()
    record(
        session,
        by,
        "offer terms set",
        organisation_id=funder_id,
        by_letter=by_letter,
        offer_days=offer_days,
        language=language,
    )
    return terms


def items_of(session: Session, funder_id: int, *, used: bool | None = None) -> list[DiligenceItem]:
    """The funder's items in order; only those in use (or out of it) where `used` says so."""
    query = sa.select(DiligenceItem).where(DiligenceItem.funder_id == funder_id)
    if used is not None:
        query = query.where(DiligenceItem.is_used.is_(used))
    return list(session.scalars(query.order_by(DiligenceItem.position, DiligenceItem.id)))


def _faults_of(title: str, asks: str) -> list[Fault]:
    faults = []
    if not title.strip():
        faults.append(Fault("title", "please give it a name"))
    elif len(title) > LONGEST_TITLE:
        faults.append(
            Fault("title", _("at most %(longest_title)s characters", longest_title=LONGEST_TITLE))
        )
    if len(asks) > LONGEST_ASKS:
        faults.append(
            Fault(
                "asks",
                _("at most %(longest_asks)s characters", longest_asks=format_number(LONGEST_ASKS)),
            )
        )
    return faults


def add_item(
    session: Session, *, by: Actor, funder_id: int, title: str, asks: str
) -> DiligenceItem:
    """Add an item at the end; awards made from now on have to have it checked."""
    require(by, "terms.edit", funder_id)
    faults = _faults_of(title, asks)
    there = items_of(session, funder_id)
    if sum(item.is_used for item in there) >= MOST_ITEMS:
        faults.append(Fault("title", _("at most %(most_items)s items", most_items=MOST_ITEMS)))
    if faults:
        raise InvalidInput(*faults)
    item = DiligenceItem(
        funder_id=funder_id,
        position=max((each.position for each in there), default=0) + 1,
        title=title.strip(),
        asks=asks.strip(),
    )
    session.add(item)
    session.flush()
    record(session, by, "due diligence item added", item, organisation_id=funder_id)
    return item


def edit_item(
    session: Session,
    *,
    by: Actor,
    item_id: int,
    version: int,
    title: str,
    asks: str,
    position: int | None,
    is_used: bool,
) -> DiligenceItem:
    """Change an item, its place, or whether it is used; awards made before keep theirs."""
    item = session.get(DiligenceItem, item_id)
    if item is None or not by.may("terms.read", item.funder_id):
        raise NotFound("item")
    require(by, "terms.edit", item.funder_id)
    if item.version != version:
        raise Conflict("Somebody else changed this item meanwhile.")
    faults = _faults_of(title, asks)
    if position is None or not 0 <= position <= 1000:
        faults.append(Fault("position", "a whole number from 0 to 1000, please"))
    if faults:
        raise InvalidInput(*faults)
    item.title, item.asks, item.position = title.strip(), asks.strip(), position
    item.is_used = is_used
    session.flush()
    record(
        session,
        by,
        "due diligence item changed",
        item,
        organisation_id=item.funder_id,
        is_used=is_used,
    )
    return item
