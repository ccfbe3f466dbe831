"""A commitment's restrictions: said back in words, and how many open proposals they reach.

Who may be paid is decided by the rule of the exchange format, written here for rows of the
database; a test holds it to the same answers as the optimizer's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import sqlalchemy as sa
from babel.lists import format_list
from sqlalchemy.orm import Session

from funding.formatting import format_amount, format_share
from funding.imports.known import REGIONS
from funding.language import ENGLISH, current, isolated, lazy, said
from funding.language import gettext as _
from funding.models import CANDIDATE_STATES, Commitment, Proposal, ProposalArea, Round, Taxonomy
from funding.permissions import Actor, without_conflict
from funding.places import region_name
from funding.services.areas import top_areas
from funding.services.other_funders import Match, Others, match_in_words, waits_in_words
from funding.services.rates import Rate

SHARE_TOLERANCE = Fraction(1, 10**9)
FEW = 2
"""Where so few are left out, they are named instead of all those that are not."""

_SHARES = {0.25: lazy("a quarter"), 0.5: lazy("half"), 0.75: lazy("three quarters")}


@dataclass(frozen=True)
class Terms:
    """What a commitment asks, as typed or as stored: amounts in minor units of `currency`.

    Lists are None for any. `excluded`: institution id -> name. `earlier`: year -> what falls due
    then to awards made before, which is honoured first.
    """

    amount: int
    currency: str
    areas: tuple[str, ...] | None = None
    least_share: float = 0.5
    pays_share_only: bool = False
    regions: tuple[str, ...] | None = None
    risk_tiers: tuple[str, ...] | None = None
    excluded: Mapping[int, str] = field(default_factory=dict)
    cap_per_proposal: int | None = None
    cap_share_of_ask: float = 1.0
    ticket: int = 0
    match: Match | None = None
    only_if: Others | None = None
    joins_if: Others | None = None
    earlier: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, commitment: Commitment) -> Terms:
        def listed(keys: list[str] | None) -> tuple[str, ...] | None:
            return None if keys is None else tuple(keys)

        return cls(
            amount=commitment.amount,
            currency=commitment.currency,
            areas=listed(commitment.areas),
            least_share=commitment.least_share,
            pays_share_only=commitment.pays_share_only,
            regions=listed(commitment.regions),
            risk_tiers=listed(commitment.risk_tiers),
            excluded={e.institution_id: e.institution.name for e in commitment.excluded},
            cap_per_proposal=commitment.cap_per_proposal,
            cap_share_of_ask=commitment.cap_share_of_ask,
            ticket=commitment.ticket,
            match=None
            if commitment.match_ratio is None
            else Match(commitment.match_ratio, commitment.match_up_to),
            only_if=Others.stored(commitment.only_if),
            joins_if=Others.stored(commitment.joins_if),
            earlier={promise.year: promise.amount for promise in commitment.earlier},
        )


# -- in words -----------------------------------------------------------------------------------


def sentence(commitment: Commitment | Terms, taxonomy: Taxonomy) -> str:
    """What the restrictions mean, in plain words: one sentence or a few."""
    terms = Terms.of(commitment) if isinstance(commitment, Commitment) else commitment
    return in_words(terms, {a.key: a.name for a in taxonomy.areas if a.parent_key is None})


def in_words(terms: Terms, names: Mapping[str, str]) -> str:
    """As `sentence`; `names`: key -> name of every top area."""
    words = [_("May pay %(terms)s%(terms2)s.", terms=_how_much(terms), terms2=_which(terms, names))]
    if terms.pays_share_only and terms.areas:
        these = _("this area") if len(terms.areas) == 1 else _("these areas")
        words.append(_("Pays only for the share of the work that lies in %(these)s.", these=these))
    if terms.ticket:
        words.append(
            _(
                "Gives a proposal nothing, or at least %(ticket)s.",
                ticket=format_amount(terms.ticket, terms.currency),
            )
        )
    if terms.match is not None:
        words.append(match_in_words(terms.match, terms.currency))
    words += waits_in_words(terms.only_if, terms.joins_if, terms.currency)
    if terms.earlier:
        words.append(_kept(terms))
    if terms.excluded:
        words.append(
            _("Never pays %(any_of)s.", any_of=any_of(sorted(terms.excluded.values()), "or"))
        )
    return " ".join(words)


def _kept(terms: Terms) -> str:
    """`Keeps USD 70,000 for earlier awards, which are paid first: USD 50,000 in 2027 and ...`"""
    if len(terms.earlier) == 1:
        [(year, part)] = terms.earlier.items()
        return _(
            "Keeps %(part)s of %(year)s for earlier awards, which are paid first.",
            part=format_amount(part, terms.currency),
            year=year,
        )
    due = [
        _("%(part)s in %(year)s", part=format_amount(part, terms.currency), year=year)
        for year, part in sorted(terms.earlier.items())
    ]
    total = format_amount(sum(terms.earlier.values()), terms.currency)
    return _(
        "Keeps %(total)s for earlier awards, which are paid first: %(any_of)s.",
        total=total,
        any_of=any_of(due, "and"),
    )


def _how_much(terms: Terms) -> str:
    share = _("at most %(share)s", share=format_share(terms.cap_share_of_ask))
    cap = None
    if terms.cap_per_proposal is not None:
        cap = _(
            "at most %(cap_per_proposal)s",
            cap_per_proposal=format_amount(terms.cap_per_proposal, terms.currency),
        )
    if terms.cap_share_of_ask < 1:
        return (
            _("%(share)s, and %(cap)s, of any proposal", share=share, cap=cap)
            if cap
            else _("%(share)s of any proposal", share=share)
        )
    return _("%(cap)s towards any proposal", cap=cap) if cap else _("for any proposal")


def _which(terms: Terms, names: Mapping[str, str]) -> str:
    """Which proposals: areas, then regions, then risk, each clause after the one before."""
    clauses = []
    if terms.areas is not None:
        clauses.append(_of_areas(terms, names))
    if terms.regions is not None:
        places = [region_name(key) for key in terms.regions]
        others = [region_name(key) for key in REGIONS if key not in terms.regions]
        if 0 < len(others) <= FEW:
            clauses.append(_(" outside %(any_of)s", any_of=any_of(others, "or")))
        else:
            clauses.append(
                _(" in %(any_of)s", any_of=any_of(places, "or"))
                if places
                else _(" in no region at all")
            )
    if terms.risk_tiers is not None:
        tiers = [str(said(tier)) for tier in terms.risk_tiers]
        clauses.append(
            _(" of %(any_of)s risk", any_of=any_of(tiers, "or"))
            if tiers
            else _(" in no tier of risk")
        )
    return _(", ").rstrip().join(clauses)


def _of_areas(terms: Terms, names: Mapping[str, str]) -> str:
    words = [_lowered(names.get(key, key)) for key in terms.areas or ()]
    others = [_lowered(name) for key, name in names.items() if key not in (terms.areas or ())]
    share = (
        _("wholly")
        if terms.least_share == 1
        else _("at least %(least_share)s", least_share=_share(terms.least_share))
    )
    if not words:
        return _(" in no area at all")
    if 0 < len(others) <= FEW < len(words):
        return _(
            " that is %(share)s in areas other than %(any_of)s",
            share=share,
            any_of=any_of(others, "or"),
        )
    together = _(" (together)") if len(words) > 1 else ""
    return _(
        " that is %(share)s %(any_of)s%(together)s",
        share=share,
        any_of=any_of(words, "or"),
        together=together,
    )


def _share(share: float) -> str:
    return str(_SHARES.get(share) or format_share(share))


def _lowered(name: str) -> str:
    """Interpretability is interpretability within an English sentence; AI policy stays as it is."""
    if current() is not ENGLISH:
        return name
    is_acronym = len(name) > 1 and name[1].isupper()
    return name if is_acronym else name[:1].lower() + name[1:]


def any_of(words: Iterable[str], last: str) -> str:
    """A list in words. Where an item has an 'and' of its own, commas keep the items apart."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    if current() is not ENGLISH:
        style = "or" if last == "or" else "standard"
        return format_list([isolated(item) for item in items], style=style, locale=current().locale)
    comma = "," if any(" and " in item or "," in item for item in items) else ""
    return f"{', '.join(items[:-1])}{comma} {last} {items[-1]}"


# -- how far it reaches ---------------------------------------------------------------------------


class Reach(NamedTuple):
    """`count` of the `total` open proposals may be paid; these ask for `asked` together, in base
    minor units."""

    count: int
    total: int
    asked: int


@dataclass(frozen=True)
class OpenProposal:
    """What eligibility looks at; `areas`: top area -> share, `ask` in base minor units."""

    ask: int
    areas: Mapping[str, Fraction]
    region: str | None
    risk_tier: str | None
    institution_id: int | None


def reach(
    session: Session,
    commitment: Commitment | Terms,
    round_: Round,
    rate: Rate | None,
    by: Actor | None = None,
) -> Reach:
    """How many open proposals the restrictions reach.

    Open: submitted or in review. `rate` converts caps and ticket; without one they are left out.
    Proposals on which `by` has a conflict are counted neither way.
    """
    terms = Terms.of(commitment) if isinstance(commitment, Commitment) else commitment
    proposals = open_proposals(session, round_, by)
    reached = [proposal for proposal in proposals if may_pay(terms, proposal, rate)]
    return Reach(len(reached), len(proposals), sum(proposal.ask for proposal in reached))


def open_proposals(session: Session, round_: Round, by: Actor | None) -> list[OpenProposal]:
    """Two queries, however many there are."""
    candidates = sa.select(Proposal).where(
        Proposal.round_id == round_.id, Proposal.state.in_(CANDIDATE_STATES), Proposal.ask > 0
    )
    if by is not None:
        candidates = candidates.where(without_conflict(by))
    columns = (
        Proposal.id,
        Proposal.ask,
        Proposal.region,
        Proposal.risk_tier,
        Proposal.institution_id,
    )
    rows = session.execute(candidates.with_only_columns(*columns)).all()
    tops = top_areas(round_)
    shares: dict[int, dict[str, Fraction]] = {row.id: {} for row in rows}
    ids = candidates.with_only_columns(Proposal.id)
    tags = sa.select(ProposalArea.proposal_id, ProposalArea.area_key, ProposalArea.weight)
    for proposal_id, key, weight in session.execute(tags.where(ProposalArea.proposal_id.in_(ids))):
        top = tops.get(key, key)
        held = shares[proposal_id]
        held[top] = held.get(top, Fraction(0)) + _as_written(weight)
    return [
        OpenProposal(row.ask, shares[row.id], row.region, row.risk_tier, row.institution_id)
        for row in rows
    ]


def _as_written(number: float) -> Fraction:
    """The decimal a person wrote: 0.29 is 29/100, not the binary fraction next to it."""
    return Fraction(Decimal(repr(number)))


def may_pay(terms: Terms, proposal: OpenProposal, rate: Rate | None) -> bool:
    """The exchange format's rule: every list holds, and the least of the caps leaves a ticket."""
    if proposal.institution_id is not None and proposal.institution_id in terms.excluded:
        return False
    if terms.regions is not None and proposal.region not in terms.regions:
        return False
    if terms.risk_tiers is not None and proposal.risk_tier not in terms.risk_tiers:
        return False
    inside = Fraction(1)
    if terms.areas is not None:
        inside = sum((proposal.areas.get(a, Fraction(0)) for a in set(terms.areas)), Fraction(0))
        if inside < _as_written(terms.least_share) - SHARE_TOLERANCE:
            return False
    return _most(terms, proposal, inside, rate) >= max(
        1, rate.to_base_at_least(terms.ticket) if rate else 0
    )


def _most(terms: Terms, proposal: OpenProposal, inside: Fraction, rate: Rate | None) -> int:
    """The most of one line, in base minor units."""
    limits = [proposal.ask, int(_as_written(terms.cap_share_of_ask) * proposal.ask)]
    if terms.pays_share_only:
        limits.append(int(min(Fraction(1), inside) * proposal.ask))
    if rate is not None:
        limits.append(rate.to_base(max(0, terms.amount - sum(terms.earlier.values()))))
        if terms.match is not None and terms.match.up_to is not None:
            limits.append(rate.to_base(terms.match.up_to))
        if terms.cap_per_proposal is not None:
            limits.append(rate.to_base(terms.cap_per_proposal))
    return min(limits)
