"""The overlaps of a round: a page of pairs, and one pair side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from funding.formatting import format_amount, format_day
from funding.language import gettext
from funding.listing import Listing
from funding.models import Organisation, OutsideOverlap, Overlap, Person, Proposal
from funding.permissions import Actor, without_conflict
from funding.places import region_name
from funding.services.run_words import told

SORTABLE = ("probability", "similarity", "degree", "first", "decided")
FILTERS = ("verdict", "q")
VERDICT_WORDS = {
    "candidate": "to be judged",
    "duplicate": "duplicate",
    "complementary": "complementary",
    "distinct": "distinct work",
    "unsure": "unsure",
}


@dataclass(frozen=True)
class PairRow:
    """A pair in the list; asks in base minor units."""

    id: int
    first: Proposal
    second: Proposal
    similarity: float | None
    probability: float | None
    degree: float
    verdict: str
    note: str
    decided_by: str | None


def list_pairs(
    session: Session, by: Actor, round_id: int, listing: Listing, *, is_whole: bool = False
) -> tuple[Listing, list[PairRow]]:
    """One page of the pairs the person may see (all if `is_whole`). Two queries."""
    first, second = aliased(Proposal), aliased(Proposal)
    conditions = [
        Overlap.round_id == round_id,
        without_conflict(by, first),
        without_conflict(by, second),
    ]
    if listing.args.get("verdict") in VERDICT_WORDS:
        conditions.append(Overlap.verdict == listing.args["verdict"])
    if "q" in listing.args:
        words = listing.args["q"]
        texts = (first.title, first.key, second.title, second.key)
        conditions.append(sa.or_(*(t.icontains(words, autoescape=True) for t in texts)))
    query = (
        sa.select(Overlap, first, second, Person.name)
        .join(first, first.id == Overlap.first_id)
        .join(second, second.id == Overlap.second_id)
        .outerjoin(Person, Person.id == Overlap.decided_by_id)
        .where(*conditions)
    )
    total = session.scalar(
        query.with_only_columns(sa.func.count(Overlap.id), maintain_column_froms=True)
    )
    listing = listing.counting(total or 0)
    orders = {
        "probability": Overlap.probability,
        "similarity": Overlap.similarity,
        "degree": Overlap.degree,
        "first": first.key,
        "decided": Overlap.decided_at,
    }
    column = orders.get(listing.sort_key, Overlap.probability)
    order = column.desc() if listing.is_descending else column.asc()
    query = query.order_by(order.nulls_last(), Overlap.id)
    if not is_whole:
        query = query.limit(listing.per_page).offset(listing.offset)
    return listing, [
        PairRow(o.id, p, r, o.similarity, o.probability, o.degree, o.verdict, o.note, name)
        for o, p, r, name in session.execute(query)
    ]


def counts_by_verdict(session: Session, by: Actor, round_id: int) -> dict[str, int]:
    first, second = aliased(Proposal), aliased(Proposal)
    rows = session.execute(
        sa.select(Overlap.verdict, sa.func.count())
        .join(first, first.id == Overlap.first_id)
        .join(second, second.id == Overlap.second_id)
        .where(
            Overlap.round_id == round_id,
            without_conflict(by, first),
            without_conflict(by, second),
        )
        .group_by(Overlap.verdict)
    )
    return dict(rows.all())


def decided_by(session: Session, overlap: Overlap | OutsideOverlap) -> str | None:
    if overlap.decided_by_id is None:
        return None
    return session.get_one(Person, overlap.decided_by_id).name


def institution_name(session: Session, proposal: Proposal) -> str:
    if proposal.institution_id is None:
        return ""
    return session.get_one(Organisation, proposal.institution_id).name


@dataclass(frozen=True)
class Spoken:
    """A signal in the reader's words, and which way it pushes: -1 to 1, the strongest being 1."""

    words: str
    push: float

    @property
    def direction(self) -> str:
        if abs(self.push) > _STRONG:
            is_for, is_against = "strongly for the same work", "strongly against the same work"
        else:
            is_for, is_against = "for the same work", "against the same work"
        return is_for if self.push > 0 else is_against


_STRONG = 0.6


def spoken(overlap: Overlap | OutsideOverlap) -> list[Spoken]:
    """What speaks for and against the two being the same work, the strongest first."""
    said = overlap.signals.get("said", [])
    most = max((abs(push) for _, push in said), default=0.0)
    return [Spoken(told(kept), push / most) for kept, push in said] if most else []


@dataclass(frozen=True)
class SharedFact:
    """One thing that two proposals may have in common, as text for each."""

    label: str
    left: str
    right: str

    @property
    def is_same(self) -> bool:
        return bool(self.left) and self.left == self.right


def facts_of(session: Session, first: Proposal, second: Proposal) -> list[SharedFact]:
    """Institution, people, money, period and region of both."""
    currency = first.round.base_currency

    def texts(p: Proposal) -> list[str]:
        team = ", ".join(sorted(member.name for member in p.team))
        period = (
            gettext(
                "%(starts_on)s to %(ends_on)s",
                starts_on=format_day(p.starts_on),
                ends_on=format_day(p.ends_on),
            )
            if p.ends_on
            else ""
        )
        asked = gettext(
            "%(ask)s, at least %(minimum)s",
            ask=format_amount(p.ask, currency),
            minimum=format_amount(p.minimum, currency),
        )
        place = region_name(p.region)
        return [institution_name(session, p), p.lead.name, team, asked, period, place]

    labels = ("Institution", "Lead", "Team", "Ask", "Period", "Region")
    rows = zip(labels, texts(first), texts(second), strict=True)
    return [SharedFact(*row) for row in rows]


CSV_HEAD: Sequence[str] = (
    "first",
    "first title",
    "second",
    "second title",
    "probability",
    "similarity",
    "verdict",
    "degree",
    "decided by",
    "note",
)


def csv_rows(rows: list[PairRow]) -> Iterable[Sequence[object]]:
    return (
        (
            row.first.key,
            row.first.title,
            row.second.key,
            row.second.title,
            row.probability,
            row.similarity,
            VERDICT_WORDS[row.verdict],
            row.degree if row.verdict == "duplicate" else None,
            row.decided_by,
            row.note,
        )
        for row in rows
    )
