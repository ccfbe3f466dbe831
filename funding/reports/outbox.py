"""The outbox: what was sent to whom and when, what waits, and what could not be delivered."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.listing import Listing
from funding.models import Mail
from funding.permissions import Actor, visible_mail
from funding.services.mail import MOST_TRIES

SORTABLE = {"written": Mail.created_at, "to": Mail.to, "sent": Mail.sent_at}
FILTERS = ("q", "state", "kind")

STATES = (("sent", "Sent"), ("waiting", "Waiting"), ("failed", "Not delivered"))
KINDS = (
    ("offer", "Offers"),
    ("decline", "Declines"),
    ("report", "Reports"),
    ("bank details", "Bank details"),
    ("message", "Other messages"),
)


def state_of(mail: Mail) -> str:
    if mail.sent_at is not None:
        return "sent"
    if mail.tries >= MOST_TRIES:
        return "failed"
    return "trying again" if mail.error else "waiting"


def letters(session: Session, by: Actor, listing: Listing) -> tuple[Listing, list[Mail]]:
    """One page of the letters the person may see, under the listing's filters."""
    args = dict(listing.args)
    query = visible_mail(by)
    if text := args.get("q"):
        query = query.where(sa.func.lower(Mail.to).like(f"%{text.lower()}%"))
    if kind := args.get("kind"):
        query = query.where(Mail.kind == kind)
    state = args.get("state")
    if state == "sent":
        query = query.where(Mail.sent_at.is_not(None))
    elif state == "failed":
        query = query.where(Mail.sent_at.is_(None), Mail.tries >= MOST_TRIES)
    elif state == "waiting":
        query = query.where(Mail.sent_at.is_(None), Mail.tries < MOST_TRIES)
    total = session.scalar(query.with_only_columns(sa.func.count(Mail.id)).order_by(None))
    listing = listing.counting(total or 0)
    column = SORTABLE[listing.sort_key]
    ordered = column.desc() if listing.is_descending else column
    rows = session.scalars(
        query.order_by(ordered.nulls_last(), Mail.id.desc())
        .limit(listing.per_page)
        .offset(listing.offset)
    )
    return listing, list(rows)
