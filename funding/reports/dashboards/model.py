"""What a dashboard is made of: headline figures, charts with their tables, and addresses.

Values only: pages, files and PDFs are made from the same. Amounts are minor units of the page's
currency and become text here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from funding.formatting import (
    format_amount_number,
    format_date,
    format_number,
    format_percent,
    minor_units,
)
from funding.models import Round
from funding.permissions import Actor
from funding.reports.ground import Filters, Ground


@dataclass(frozen=True)
class Entry:
    """One cell of a table: what is read, what a file holds, where it leads."""

    text: str
    value: object = None
    url: str | None = None


@dataclass(frozen=True)
class Head:
    label: str
    numeric: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Strip:
    """A small chart of a long table: one row's amounts over `Strips.along`, in front of others."""

    label: str
    total: str
    amounts: tuple[int, ...]
    said: tuple[str, ...]
    url: str | None = None
    behind: tuple[int, ...] = ()


@dataclass(frozen=True)
class Strips:
    """Small charts on one scale, side by side: `most` is the tallest bar of any."""

    along: tuple[str, ...]
    rows: tuple[Strip, ...]

    @property
    def most(self) -> int:
        every = (amount for row in self.rows for amount in (*row.amounts, *row.behind))
        return max(every, default=0) or 1


@dataclass(frozen=True)
class Figure:
    """One chart and its table. `drawing` is Plotly's JSON, or none where there is only a table.

    `id` is its place on the page and its name in addresses of files.
    """

    id: str
    finding: str
    unit: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Entry]]
    total: Sequence[Entry] = ()
    drawing: str | None = None
    strips: Strips | None = None
    note: str | None = None
    source: str | None = None
    rows_url: str | None = None
    rows_label: str | None = None
    size: str = "regular"
    wide: bool = False
    open: bool = False


@dataclass(frozen=True)
class Stat:
    """A headline figure, with where its rows are and what it was in the round compared with."""

    label: str
    value: str
    amount: int
    note: str = ""
    url: str | None = None
    url_label: str | None = None


@dataclass(frozen=True)
class Dashboard:
    """One question, its answer in a sentence, and what it rests on."""

    key: str
    question: str
    answer: str
    stats: Sequence[Stat]
    figures: Sequence[Figure]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Links:
    """Where the rows behind figures are; a filter given here is added to those in force."""

    rows: Callable[..., str]
    award: Callable[[int], str]
    run: Callable[[int], str]
    changes: Callable[..., str]
    off_plan: Callable[..., str]
    commitments: str
    needs: str
    scenarios: str
    overlaps: str
    overlap: Callable[[int], str]
    study: Callable[[int], str]


@dataclass(frozen=True)
class Asked:
    """Who asks, of which round, narrowed to what, since when, beside which other round."""

    ground: Ground
    filters: Filters
    links: Links
    since: datetime
    area_names: dict[str, str]
    funder_names: dict[int, str]
    other: Asked | None = field(default=None)

    @property
    def session(self) -> Session:
        return self.ground.session

    @property
    def by(self) -> Actor:
        return self.ground.by

    @property
    def round(self) -> Round:
        return self.ground.round

    @property
    def currency(self) -> str:
        return self.ground.currency

    def area(self, key: str) -> str:
        return self.area_names.get(key, key)

    def funder(self, id_: int) -> str:
        return self.funder_names.get(id_, "")


def major(amount: int, currency: str) -> Decimal:
    """Minor units as files hold them: a number with the currency's decimals."""
    return Decimal(amount).scaleb(-minor_units(currency))


def money(amount: int | None, currency: str, url: str | None = None) -> Entry:
    """An amount; None where there is none to tell."""
    if amount is None:
        return Entry("–", None)
    return Entry(format_amount_number(amount, currency), major(amount, currency), url)


def count(number: int, url: str | None = None) -> Entry:
    return Entry(format_number(number), number, url)


def percent(share: float | None, decimals: int = 0) -> Entry:
    if share is None:
        return Entry("–", None)
    return Entry(format_percent(share, decimals), round(share, 4))


def day(on: date) -> Entry:
    return Entry(format_date(on), on)


def words(text: str, url: str | None = None) -> Entry:
    return Entry(text, text, url)


def numeric(*labels: str) -> list[Head]:
    return [Head(label, True) for label in labels]
