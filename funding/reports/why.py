"""Why a proposal of a run is not funded: estimated at once, confirmed when that is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.language import gettext as _
from funding.models import Proposal, Run, RunProposal, RunState, Study
from funding.reports.discretion import Discretion
from funding.services.questions import confirmation_of
from funding.services.run_words import Words, names_of, told
from funding.services.studies import is_study_under_way
from funding.services.why_words import Sentences, confirmed, estimated, for_applicant, touched
from optimizer.sentences import kept


@dataclass(frozen=True)
class Why:
    """What is said of an unfunded proposal. `study` is its confirmation, if one was asked for."""

    said: Sentences
    is_confirmed: bool
    is_under_way: bool
    study: Study | None

    @property
    def has_failed(self) -> bool:
        return self.study is not None and self.study.state == RunState.FAILED


def why_not(session: Session, run: Run, proposal: Proposal, discretion: Discretion) -> Why | None:
    """None where the proposal is funded, or the run is from before there were estimates."""
    about = session.scalars(
        sa.select(RunProposal.detail["about"]).where(
            RunProposal.run_id == run.id,
            RunProposal.proposal_id == proposal.id,
            RunProposal.amount == 0,
        )
    ).one_or_none()
    if not about:
        return None
    words = words_of(session, run)
    study = confirmation_of(session, run.id, proposal.key)
    if study is not None and study.state == RunState.DONE:
        found = visible(discretion, study.result or {}, proposal.key)
        row = _row(run, proposal.key)
        said = confirmed(words, found["confirmed"], found["proof"], row["ask"], row["minimum"])
        return Why(said, True, False, study)
    is_under_way = study is not None and is_study_under_way(session, study)
    return Why(estimated(words, discretion.document(about)), False, is_under_way, study)


def words_of(session: Session, run: Run) -> Words:
    return Words(names_of(session, run.scenario.round), run.scenario.round.base_currency)


def visible(discretion: Discretion, document: dict[str, Any], own: str) -> dict[str, Any]:
    """A study's document for a reader who may see the proposal that it is about."""
    found = discretion.document({k: v for k, v in document.items() if k != "proof"})
    kept: dict[str, Any] = {**found, "proof": document["proof"]}
    return kept


def _row(run: Run, key: str) -> dict[str, Any]:
    """The proposal as the run's round had it, in base minor units."""
    rows: list[dict[str, Any]] = (run.problem or {})["proposals"]
    return next(row for row in rows if row["id"] == key)


def applicant_sentences(session: Session, run: Run, proposal: Proposal) -> list[str]:
    """What was confirmed of ask, least amount and eligible money; nothing else of the run."""
    study = confirmation_of(session, run.id, proposal.key)
    if study is None or study.state != RunState.DONE:
        return []
    smallest = (study.result or {})["confirmed"]["smallest"]
    words = Words({}, run.scenario.round.base_currency)
    return for_applicant(words, smallest, _row(run, proposal.key)["ask"])


@dataclass(frozen=True)
class Price:
    """What a decision would cost; `conflict` where no plan can keep it."""

    costs: str
    touches: list[str]
    funders: list[tuple[str, float, float]]
    conflict: list[str]
    is_none: bool


def price(
    session: Session, run: Run, study: Study, proposal: Proposal, discretion: Discretion
) -> Price:
    """The answer of a finished study of an override."""
    words = words_of(session, run)
    document = study.result or {}
    if "conflict" in document:
        lines = discretion.text(told(kept(words.conflict(document["conflict"])))).split("\n")
        return Price("No plan can keep this.", [], [], [line for line in lines if line], False)
    outcome = discretion.document(document["outcome"])
    proof = document["proof"]
    slack = max(0.0, proof["bound"] - proof["value"])
    if outcome["is_none"]:
        costs = _(
            "Nothing that can be measured: the plan would be worth as much, to within "
            "%(money)s of value.",
            money=words.money(slack),
        )
    elif outcome["lost"] > 0:
        costs = _("The plan would be worth %(money)s less.", money=words.money(outcome["lost"]))
    else:
        costs = _("The plan would be worth %(money)s more.", money=words.money(-outcome["lost"]))
    least = 0.005
    funders = [
        (words.name(key), before, after)
        for key, (before, after) in outcome["funders"].items()
        if before and abs(after - before) > least * before
    ]
    return Price(costs, touched(words, outcome, proposal.key), funders, [], outcome["is_none"])
