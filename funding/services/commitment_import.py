"""Commitments from a file: funders found, rules checked, the money put on the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.imports.faults import Fault, shown
from funding.imports.known import Known
from funding.imports.records import CommitmentRecord
from funding.language import gettext as _
from funding.models import (
    Commitment,
    Import,
    Organisation,
    OrganisationKind,
    RoundFunder,
)
from funding.sayings import counted
from funding.services.commitments import add_commitment
from funding.services.import_plan import (
    Before,
    Directory,
    Outcome,
    Printed,
    Scope,
    Told,
    add_item,
    some_of,
)
from funding.services.joining import join_round
from funding.services.log import record
from funding.services.other_funders import Match, Others
from funding.services.promises import Promise, promise_faults
from funding.services.rates import is_published
from funding.services.restrictions import Terms

_FIELD_OF = {
    "starts_on": "starts",
    "earlier": "promised",
    "ends_on": "ends",
    "own_rate": "currency",
}
"""What a promise calls a field, and what a file calls it."""


@dataclass(frozen=True)
class NewCommitment:
    """A row that can be written."""

    entry: Printed
    funder: Organisation
    promise: Promise


def known(session: Session, scope: Scope) -> Known:
    """The round's top areas: a restriction names no finer ones."""
    tops = [area for area in scope.into.taxonomy.areas if area.parent_key is None]
    areas = {area.name.casefold(): area.key for area in tops}
    return Known(areas | {area.key.casefold(): area.key for area in tops})


def defaults(scope: Scope) -> dict[str, str]:
    """A funder's own list need not name the funder."""
    is_funder = scope.organisation.kind == OrganisationKind.FUNDER
    return {"funder": scope.organisation.key} if is_funder else {}


def plan(session: Session, scope: Scope, entries: list[Printed]) -> Outcome:
    """Every row against the round as it is: funders, areas, institutions, earlier imports."""
    return _Planner(session, scope).plan(entries)


@dataclass
class _Planner:
    session: Session
    scope: Scope
    faults: list[Fault] = field(default_factory=list)
    joining: dict[str, Organisation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        round_id = self.scope.into.id
        keys = self.session.scalars(
            sa.select(Commitment.key).where(Commitment.round_id == round_id)
        )
        self._before = Before(self.session, self.scope, keys)
        self._funders = Directory(self.session, OrganisationKind.FUNDER)
        self._institutions = Directory(self.session, OrganisationKind.INSTITUTION)
        self._parts = {part.funder_id: part for part in self.scope.into.participants}
        self._rates = _stated_rates(self.session, round_id)

    def plan(self, entries: list[Printed]) -> Outcome:
        new, same = [], 0
        for entry in entries:
            if self._before.holds(entry):
                same += 1
            elif (made := self._new(entry)) is not None:
                new.append(made)
        effects = []
        if self.joining:
            effects.append(
                counted(
                    "%(num)s funder joins the round: %(names)s.",
                    "%(num)s funders join the round: %(names)s.",
                    len(self.joining),
                    names=some_of(self.joining),
                )
            )
        return Outcome(new, same, tuple(self.faults), tuple(effects))

    def _new(self, entry: Printed) -> NewCommitment | None:
        before = len(self.faults)
        if fault := self._before.against(entry, "commitment"):
            self.faults.append(fault)
        funder = self._funder(entry)
        excluded = self._excluded(entry)
        promise = self._promise(entry.record, funder, excluded)
        for wrong in promise_faults(self.session, self.scope.into, promise, None):
            self._fault(
                entry, _FIELD_OF.get(wrong.field, wrong.field), None, _rule(wrong.field, wrong.rule)
            )
        if funder is None or len(self.faults) > before:
            return None
        return NewCommitment(entry, funder, promise)

    def _funder(self, entry: Printed) -> Organisation | None:
        word = entry.record.funder
        funder = self._funders.find(word)
        if funder is None:
            self._fault(entry, "funder", word, self._funders.unknown(word))
            return None
        if rule := self._against(funder):
            self._fault(entry, "funder", word, rule)
        return funder

    def _against(self, funder: Organisation) -> str | None:
        """Why this person cannot promise this funder's money to the round."""
        by, round_ = self.scope.by, self.scope.into
        if by is not None and funder.id not in by.where("import.commitments"):
            return "is not a funder whose commitments you may register"
        part = self._parts.get(funder.id)
        if part is not None and part.joined_at is not None:
            return None
        if by is not None:
            if part is None and round_.may_join != "any funder":
                return _("is not invited to %(name)s", name=round_.name)
            if not by.may("round.join", funder.id):
                return "has not joined the round; its administrator joins first"
        self.joining[funder.name] = funder
        return None

    def _excluded(self, entry: Printed) -> dict[int, str]:
        found = {}
        for word in entry.record.excludes:
            institution = self._institutions.find(word)
            if institution is None:
                self._fault(entry, "excludes", word, self._institutions.unknown(word))
            else:
                found[institution.id] = institution.name
        return found

    def _promise(
        self, record: CommitmentRecord, funder: Organisation | None, excluded: dict[int, str]
    ) -> Promise:
        rate, rate_on = self._rates.get(record.currency, (None, None))
        if is_published(record.currency, self.scope.into.base_currency):
            rate = rate_on = None
        return Promise(
            name=record.name or (f"Commitment of {funder.name}" if funder else record.funder),
            terms=Terms(
                amount=record.amount,
                currency=record.currency,
                areas=record.areas,
                least_share=record.least_share,
                pays_share_only=record.pays_share_only,
                regions=record.regions,
                risk_tiers=record.risk_tiers,
                excluded=excluded,
                cap_per_proposal=record.cap_per_proposal,
                cap_share_of_ask=record.cap_share_of_ask,
                ticket=record.ticket,
                match=Match(record.match_ratio, record.match_up_to) if record.match_ratio else None,
                only_if=_others(record.only_if_funders, record.only_if_least, record.only_if_total),
                joins_if=_others(
                    record.joins_if_funders, record.joins_if_least, record.joins_if_total
                ),
                earlier=dict(record.promised),
            ),
            starts_on=record.starts,
            ends_on=record.ends,
            releases=dict(record.releases),
            own_rate=rate,
            own_rate_on=rate_on,
            note=record.note,
        )

    def _fault(self, entry: Printed, name: str, value: str | None, rule: str) -> None:
        said = None if value is None else shown(value)
        self.faults.append(Fault(entry.row, name, said, rule))


def _others(funders: int, least: int, total: int) -> Others | None:
    others = Others(funders, least, total)
    return others if others != Others() else None


def _rule(name: str, rule: str) -> str:
    if name == "own_rate":
        return (
            "no reference rate is published for it; register one commitment in it by hand first, "
            "with the rate that counts"
        )
    return rule


def _stated_rates(session: Session, round_id: int) -> dict[str, tuple[Decimal, date | None]]:
    """Rates that funders of the round have stated for currencies without a published one."""
    rows = session.execute(
        sa.select(Commitment.currency, Commitment.own_rate, Commitment.own_rate_on)
        .where(Commitment.round_id == round_id, Commitment.own_rate.is_not(None))
        .order_by(Commitment.id.desc())
    )
    return {currency: (Decimal(rate), on) for currency, rate, on in rows}


def write(session: Session, scope: Scope, batch: Import, outcome: Outcome, told: Told) -> None:
    """Let the funders join that have not, then register each commitment with its money."""
    for place, made in enumerate(outcome.new, 1):
        _join(session, scope, made.funder)
        identifier = made.entry.record.external_id
        commitment = add_commitment(
            session, scope.by, scope.into, made.funder.id, made.promise, key=identifier
        )
        add_item(session, batch, made.entry, commitment_id=commitment.id)
        told(place, len(outcome.new))


def _join(session: Session, scope: Scope, funder: Organisation) -> None:
    round_ = scope.into
    part = next((p for p in round_.participants if p.funder_id == funder.id), None)
    if part is not None and part.joined_at is not None:
        return
    if scope.by is not None:
        guarantee = part.guarantee if part else "alone"
        join_round(
            session, by=scope.by, round_id=round_.id, funder_id=funder.id, guarantee=guarantee
        )
        return
    if part is None:
        part = RoundFunder(funder=funder)
        round_.participants.append(part)
    part.joined_at = now()
    session.flush()
    record(session, None, "round joined", part, organisation_id=funder.id, round_id=round_.id)
