"""What the optimizer says of a run, in sentences with names: for proposals, lines and conflicts.

Takes the optimizer's explanations as plain documents. Proposals are named in one form only
(`proposal_name`), so that readers in conflict can be spared the names they may not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding import formatting
from funding.formatting import (
    format_amount,
    format_date,
    format_number,
    format_percent,
    listed,
    minor_units,
    one_after_another,
)
from funding.imports.known import REGIONS
from funding.language import ENGLISH, AsWritten, current, ngettext, said
from funding.language import gettext as _
from funding.models import Commitment, Organisation, Proposal, Round
from optimizer.sentences import (
    Sentence,
    all_of,
    each_of,
    lines_of,
    made_of,
    percent,
    sentence,
    whole,
)


def proposal_name(key: str, title: str) -> str:
    """How sentences name a proposal; the only form in which they may."""
    return f"“{title}” ({key})"


def names_of(session: Session, round_: Round) -> dict[str, str]:
    """Names by the keys that a round's document uses as ids, and of its regions."""
    names = REGIONS | {area.key: area.name for area in round_.taxonomy.areas}
    rows = session.execute(
        sa.select(Proposal.key, Proposal.title).where(Proposal.round_id == round_.id)
    ).all()
    institutions = sa.select(Proposal.institution_id).where(Proposal.round_id == round_.id)
    funders = sa.select(Commitment.funder_id).where(Commitment.round_id == round_.id)
    organisations = session.execute(
        sa.select(Organisation.key, Organisation.name).where(
            sa.or_(Organisation.id.in_(institutions), Organisation.id.in_(funders))
        )
    ).all()
    names |= dict(organisations)
    commitments = session.execute(
        sa.select(Commitment.key, Commitment.name).where(Commitment.round_id == round_.id)
    ).all()
    return names | dict(commitments) | {key: proposal_name(key, title) for key, title in rows}


@dataclass(frozen=True)
class Words:
    """Names by id, and the currency of amounts."""

    names: Mapping[str, str]
    currency: str

    def name(self, id_: str) -> str:
        return self.names.get(id_, id_)

    def money(self, minor: float) -> str:
        """Whole units: nobody weighs value by the cent."""
        rounded = round(minor)
        parts = {"minor": rounded, "currency": self.currency}
        return made_of(_whole(rounded, self.currency), parts)

    # -- proposals ------------------------------------------------------------------------------

    def funded(self, amount: int, ask: int, total: Mapping[str, float]) -> str:
        """Why a proposal is in the plan: what its lines earn and cost together (`earned`)."""
        parts = [_("its merit earns %(money)s of value", money=self.money(total["merit"]))]
        if total["gap"] > 0.5:
            parts.append(_("the needs it meets add %(money)s", money=self.money(total["gap"])))
        if total["floor"] > 0.5:
            parts.append(
                _(
                    "it keeps an area at its least, worth %(money)s",
                    money=self.money(total["floor"]),
                )
            )
        if total["overlap"] < -0.5:
            parts.append(
                _(
                    "overlaps with funded proposals cost %(money)s",
                    money=self.money(-total["overlap"]),
                )
            )
        if amount >= ask:
            return _("Funded in full: %(listed)s.", listed=listed(parts))
        return _(
            "Funded with %(share)s of its ask: %(listed)s.",
            share=format_percent(amount / ask),
            listed=listed(parts),
        )

    def changes(self, refusal: Mapping[str, Any]) -> list[Sentence]:
        """What else could be decided, where the reason itself says so."""
        kind = refusal["kind"]
        if kind == "overlap":
            others = all_of([self.name(id_) for id_ in refusal["others"]])
            return [
                sentence("Funding it in the place of %(listed)s, not beside it.", listed=others)
            ]
        return [sentence(_CHANGES[kind])] if kind in _CHANGES else []

    # -- conflicts ------------------------------------------------------------------------------

    def conflict(self, members: Sequence[Mapping[str, Any]]) -> Sentence:
        """The demands that cannot all hold, one a line."""
        return lines_of([self._demand(member) for member in members])

    def repair(self, changes: Sequence[Mapping[str, Any]]) -> Sentence:
        """The least changes that would let a plan exist, in one sentence."""
        return sentence(
            "The least that would mend this, found by solving again: %(changes)s.",
            changes=each_of([self._change(change) for change in changes], ";"),
        )

    def _change(self, change: Mapping[str, Any]) -> Sentence:
        kind, limit, to = change["kind"], change["limit"], change["to"]
        where = self.name(change["where"])
        if kind == "lock":
            return sentence("no longer ask that %(lock)s", lock=self._lock(change["lock"]))
        if kind in _GIVEN_UP:
            return sentence(_GIVEN_UP[kind], name=where)
        parts = {"name": where, "to": self.money(to), "limit": self.money(limit)}
        if to == limit:
            return sentence(
                "keep to %(money)s for %(name)s, which is what leaving would bring it now",
                money=self.money(to),
                name=where,
            )
        if kind == "releases":
            parts["year"] = str(change["year"])
        if change["share"] is not None:
            parts["share"] = percent(change["share"], _decimals(change["share"]))
        return sentence(_EASED[kind], **parts)

    def _demand(self, member: Mapping[str, Any]) -> Sentence:
        kind, limit, short_by = member["kind"], member["limit"], member["short_by"]
        if kind == "lock":
            return whole(self._lock(member["lock"]))
        parts = {"name": self.name(member["where"])}
        if limit is not None:
            parts["money"] = self.money(limit)
        demand = sentence(_DEMANDS[kind], **parts)
        if short_by is None:
            return demand
        if kind in ("guarantee", "region_least"):
            return sentence(
                "%(demand)s With %(money)s less, the others could hold.",
                demand=demand,
                money=self.money(short_by),
            )
        return sentence(
            "%(demand)s With %(money)s more, the others could hold.",
            demand=demand,
            money=self.money(short_by),
        )

    def _lock(self, lock: Mapping[str, Any]) -> Sentence:
        proposal = self.name(lock["proposal"])
        if lock["amount"] is None:
            if lock["funded"]:
                return sentence("%(proposal)s is pinned in", proposal=proposal)
            return sentence("%(proposal)s is pinned out", proposal=proposal)
        if lock["commitment"] is None:
            return sentence(
                "%(proposal)s is fixed at %(money)s",
                proposal=proposal,
                money=self.money(lock["amount"]),
            )
        payer = self.name(lock["commitment"])
        if lock["amount"] == 0:
            return sentence(
                "%(proposal)s gets nothing from %(payer)s", proposal=proposal, payer=payer
            )
        return sentence(
            "%(proposal)s gets %(money)s from %(payer)s",
            proposal=proposal,
            money=self.money(lock["amount"]),
            payer=payer,
        )


_CHANGES = {
    "no_eligible_money": "Money without these restrictions, or a waiver from one funder.",
    "out_of_reach": "A lower least amount, or more money that may pay it.",
    "limit": "More room under the limits named, or less for others under them.",
    "locked_out": "Removing what keeps it out.",
}
"""By kind of refusal: what else could be decided."""

_DEMANDS = {
    "guarantee": "%(name)s is to reach a value of at least %(money)s.",
    "area cap": "%(name)s gets at most %(money)s.",
    "institution_share": "No institution gets more than %(money)s.",
    "region_least": "%(name)s gets at least %(money)s.",
    "risk_most": "Proposals of %(name)s risk get at most %(money)s.",
    "budget": "What proposals need by the end of each year has been released by then.",
    "match": "%(name)s pays a proposal no more than its match of what other funders pay.",
    "only_if": "%(name)s pays a proposal only if other funders do.",
    "joins_if": "%(name)s pays nothing unless other funders join the round.",
}
"""By kind of demand: what it asks."""

_GIVEN_UP = {
    "match": "let %(name)s pay without its match of what other funders pay",
    "only_if": "let %(name)s pay proposals that no other funder pays",
    "joins_if": "let %(name)s pay even if no other funders join the round",
}
"""By kind of condition: what it is to give it up."""

_EASED = {
    "guarantee": "promise %(name)s a value of %(to)s instead of %(limit)s",
    "area cap": "let %(name)s get up to %(to)s instead of %(limit)s",
    "institution_share": "let an institution get up to %(to)s (%(share)s) instead of %(limit)s",
    "region_least": "ask for at least %(to)s for %(name)s (%(share)s) instead of %(limit)s",
    "risk_most": "let proposals of %(name)s risk get up to %(to)s (%(share)s) instead of %(limit)s",
    "releases": "have %(to)s of %(name)s released by the end of %(year)s instead of %(limit)s",
}
"""By kind of demand with a number: how it gives way."""


def _decimals(share: float) -> int:
    """Of a share in per cent, to three figures."""
    return len(f"{share * 100:.3g}".partition(".")[2])


EARNS = ("merit", "gap", "floor", "overlap", "agreement")
"""The parts of the plan's value that a line earns or costs, as the optimizer names them."""


def earned(grounds: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """(part, value) of what lines earn and cost together."""
    return [(part, sum(ground[part] for ground in grounds)) for part in EARNS]


def _whole(minor: int, currency: str) -> str:
    """Without decimals, in the current language."""
    size = abs(minor) - abs(minor) % 10 ** minor_units(currency)
    return format_amount(size if minor >= 0 else -size, currency)


def told(kept: Any) -> str:
    """A sentence of the optimizer or a saying as it was kept, in the current language.

    Words from before sentences kept what they were made of are looked up as they stand.
    """
    if not isinstance(kept, dict):
        return str(said(kept))
    if "minor" in kept:
        return _whole(kept["minor"], kept["currency"])
    if "share" in kept:
        return format_percent(kept["share"], kept.get("decimals", 0))
    if "whole" in kept:
        clause = told(kept["whole"])
        return f"{clause[:1].upper()}{clause[1:]}."
    if "lines" in kept:
        return "\n".join(map(told, kept["lines"]))
    if "all" in kept:
        return listed([told(part) for part in kept["all"]])
    if "each" in kept:
        return one_after_another(map(told, kept["each"]), kept["sign"])
    if "as_written" in kept:
        return AsWritten(kept["as_written"])
    if "format" in kept:
        return str(getattr(formatting, kept["format"])(*kept["of"]))
    if "day" in kept:
        return format_date(date.fromisoformat(kept["day"]))
    if "digits" in kept:
        return format_number(kept["digits"])
    parts = {name: told(part) for name, part in kept["parts"].items()}
    if "number" in kept:
        one, many, number = kept["one"], kept["many"], kept["number"]
        return ngettext(one, many, number, num=format_number(number), **parts)
    form = kept["form"]
    return _(form, **parts)


def said_again(words: str, says: Any) -> str:
    """What was stored as English words and what they were made of, in the current language.

    What is from before `says` was kept has its English words only.
    """
    return words if current() is ENGLISH else told(says or words)


def why_of(amount: int, ask: int, reason: str, detail: Mapping[str, Any], currency: str) -> str:
    """Why a proposal is in a plan or not, in the current language; `reason` as it was stored."""
    if current() is not ENGLISH and amount and detail.get("earned"):
        return Words({}, currency).funded(amount, ask, dict(detail["earned"]))
    return said_again(reason, detail.get("says"))


def baselines_of(
    plan: Mapping[str, Any], explanation: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """By funder's key: its `value` in the plan, and `alone` and `leave` where they are proven."""
    stated: dict[str, dict[str, Any]] = plan.get("funders", {})
    explained: dict[str, dict[str, Any]] = explanation.get("why", {}).get("funders", {})
    proven = {key: figures for key, figures in explained.items() if figures["is_proven"]}
    return {key: {**proven.get(key, {}), **figures} for key, figures in stated.items()}


def least_gain(funders: Mapping[str, Mapping[str, Any]]) -> float | None:
    """The smallest gain of a funder over leaving, as a share; None where no such value is known."""
    gains = [
        figures["value"] / figures["leave"] - 1
        for figures in funders.values()
        if figures.get("leave")
    ]
    return min(gains, default=None)
