"""Which grants are the pool that is replayed, and which lie beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funding.errors import Fault, InvalidInput
from funding.formatting import one_after_another
from funding.language import gettext as _
from funding.replay.areas import AreaReading, Weights
from funding.replay.grants import GrantList, PastGrant, order_of_rounds, years_of


@dataclass(frozen=True)
class Pool:
    """What is replayed: a year, a named round, or the part of a round that lies in a year."""

    year: int | None = None
    round: str | None = None

    @property
    def label(self) -> str:
        """In words: "2022", "SFF 2021 H1", "SFF 2021 H1 in 2021"."""
        if self.round is None:
            return str(self.year)
        return self.round if self.year is None else f"{self.round} in {self.year}"

    @property
    def unit(self) -> str:
        """What periods are called: year or round."""
        return "year" if self.round is None else "round"


@dataclass(frozen=True)
class Dated:
    """A grant with its place in time: `period` counts years or rounds, the pool's own is 0."""

    grant: PastGrant
    period: int
    in_pool: bool
    weights: Weights


@dataclass(frozen=True)
class Timeline:
    """All grants that have a place in time, in the order of the list.

    `periods`: names by place (only rounds have names of their own); `undated`: how many grants
    were left out because they have no year (or round).
    """

    pool: Pool
    dated: tuple[Dated, ...]
    names: dict[int, str]
    undated: int

    def beside(self, window: int) -> list[Dated]:
        """Grants of the pool's period and of `window` periods on each side."""
        return [one for one in self.dated if abs(one.period) <= window]

    def of_pool(self) -> list[Dated]:
        return [one for one in self.dated if one.in_pool]

    def span(self, window: int) -> str:
        """The periods of a window in words: "2021 to 2023"."""
        places = sorted({one.period for one in self.beside(window)})
        first, last = self.names[places[0]], self.names[places[-1]]
        return first if first == last else f"{first} to {last}"


def place_in_time(listed: GrantList, pool: Pool, areas: AreaReading) -> Timeline:
    """Raises InvalidInput, with what there is instead, where the list has no such year or round."""
    grants = listed.grants
    if pool.round is None:
        if pool.year is None:
            raise InvalidInput(
                Fault(
                    "year", _("name a year or a round; %(grants)s", grants=_what_there_is(grants))
                )
            )
        place = {year: year - pool.year for year in {g.year for g in grants if g.year is not None}}
        periods = [None if g.year is None else place[g.year] for g in grants]
        names = {at: str(year) for year, at in place.items()}
    else:
        order = order_of_rounds(grants)
        if pool.round not in order:
            raise InvalidInput(
                Fault(
                    "round",
                    _(
                        "there is no round “%(round)s”; %(grants)s",
                        round=pool.round,
                        grants=_what_there_is(grants),
                    ),
                )
            )
        here = order.index(pool.round)
        by_name = {name: at - here for at, name in enumerate(order)}
        periods = [by_name.get(g.round) for g in grants]
        names = {at: name for name, at in by_name.items()}
    dated = tuple(
        Dated(grant, period, period == 0 and pool.year in (None, grant.year), weights)
        for grant, period, weights in zip(grants, periods, areas.weights, strict=True)
        if period is not None
    )
    if not any(one.in_pool for one in dated):
        there_is = _what_there_is(grants)
        rule = (
            _("there is no grant in %(year)s; %(grants)s", year=pool.year, grants=there_is)
            if pool.round is None
            else _(
                "there is no grant of %(round)s in %(year)s; %(grants)s",
                round=pool.round,
                year=pool.year,
                grants=there_is,
            )
        )
        raise InvalidInput(Fault("year", rule))
    return Timeline(pool, dated, names, len(grants) - len(dated))


def _what_there_is(grants: Sequence[PastGrant]) -> str:
    years = [period.name for period in reversed(years_of(grants))]
    rounds = order_of_rounds(grants)
    parts = [
        _("years in the list: %(years)s", years=one_after_another(years))
        if years
        else _("years in the list: none")
    ]
    if rounds:
        parts.append(_("rounds: %(rounds)s", rounds=one_after_another(rounds)))
    return one_after_another(parts, ";")
