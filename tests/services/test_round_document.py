"""Rows become the optimizer's document."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import RuleBroken
from funding.models import (
    Account,
    AccountKind,
    AreaNeed,
    ExcludedApplicant,
    FunderWeight,
    HistoricGrant,
    Import,
    Overlap,
    Pin,
    ProposalArea,
    Round,
    RoundFunder,
)
from funding.services.decisions import amend_line, approve_lines, decline_line
from funding.services.rates import rate
from funding.services.round_document import RoundInput, build_problem
from optimizer.read import read_round
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)
from tests.runs import make_scenario


def built(session: Session, round_: Round, **values: object) -> RoundInput:
    """The document of a scenario of this round, which the optimizer reads without a fault."""
    by = make_actor(session, make_organisation(session))
    given = build_problem(session, make_scenario(session, round_, by, **values))
    read_round(given.document)
    return given


def test_tags_are_rolled_up_to_top_areas(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_, areas=["evaluations-capability"])
    tags = {"evaluations": 0.25, "evaluations-capability": 0.5, "interpretability": 0.25}
    make_proposal(session, round_, areas=tags)
    document = built(session, round_).document
    assert document["proposals"][0]["areas"] == {"evaluations": 0.75, "interpretability": 0.25}
    assert document["commitments"][0]["areas"] == ["evaluations"]
    assert [area["id"] for area in document["areas"]] == ["interpretability", "evaluations"]


def test_a_tag_that_names_no_area_is_refused_by_name(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_)
    proposal = make_proposal(session, round_)
    proposal.areas.append(ProposalArea(area_key="astrology", weight=0.5))
    session.flush()
    with pytest.raises(RuleBroken, match="'astrology'"):
        built(session, round_)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 3_000_001), ("GBP", 777_77), ("EUR", 1)])
def test_converted_money_never_becomes_more_on_the_way_back(
    session: Session, currency: str, amount: int
) -> None:
    round_ = make_round(session)
    make_commitment(session, round_, amount=amount, currency=currency)
    make_proposal(session, round_)
    given = built(session, round_)
    in_base = given.document["commitments"][0]["amount"]
    assert given.rates[currency] == rate(currency, "USD", now().date())
    assert given.rates[currency].from_base(in_base) <= amount
    # and loses less than a unit of the base
    assert given.rates[currency].to_base(amount) == in_base


def test_a_smallest_ticket_in_yen_is_kept_by_every_line_that_keeps_it_in_dollars(
    session: Session,
) -> None:
    round_ = make_round(session)
    make_commitment(session, round_, amount=90_000_000, currency="JPY", ticket=1_000_001)
    make_proposal(session, round_)
    given = built(session, round_)
    ticket = given.document["commitments"][0]["ticket"]
    assert given.rates["JPY"].from_base(ticket) >= 1_000_001
    assert given.rates["JPY"].from_base(ticket - 1) < 1_000_001


def test_excluded_institutions_exclude_their_proposals(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(session, round_)
    lab = make_organisation(session, "institution")
    mine = make_proposal(session, round_, institution=lab)
    make_proposal(session, round_)
    commitment.excluded.append(ExcludedApplicant(institution=lab))
    session.flush()
    assert built(session, round_).document["commitments"][0]["excludes"] == [mine.key]


def test_pins_become_locks(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(session, round_)
    first, second, third = (make_proposal(session, round_) for _ in range(3))
    gone = make_proposal(session, round_, state="withdrawn")
    pins = [
        Pin(proposal_id=first.id, funded=True, reason="x"),
        Pin(proposal_id=second.id, amount=600_000, reason="x"),
        Pin(proposal_id=third.id, commitment_id=commitment.id, amount=0, reason="x"),
        Pin(proposal_id=gone.id, funded=True, reason="x"),
    ]
    locks = built(session, round_, pins=pins).document["locks"]
    assert locks == [
        {"proposal": first.key, "funded": True},
        {"proposal": second.key, "amount": 600_000},
        {"proposal": third.key, "commitment": commitment.key, "amount": 0},
    ]


def test_a_scenarios_policy_and_needs_go_before_the_rounds(session: Session) -> None:
    round_ = make_round(session, policy={"overlap_weight": 1.0, "round_to": 100})
    round_.needs.append(
        AreaNeed(area_key="evaluations", floor=5, spent=7, steps=[[1000, 0.5], [500, 0.25]])
    )
    make_commitment(session, round_)
    make_proposal(session, round_)
    document = built(
        session, round_, policy={"overlap_weight": 0.0}, needs={"evaluations": {"floor": 9}}
    ).document
    assert document["policy"] == {"overlap_weight": 0.0, "round_to": 100}
    evaluations = next(area for area in document["areas"] if area["id"] == "evaluations")
    assert (evaluations["floor"], evaluations["spent"]) == (9, 7)
    assert evaluations["steps"] == [
        {"width": 1000, "weight": 0.5},
        {"width": 500, "weight": 0.25},
    ]


def test_past_grants_of_the_last_24_months_count_as_spent(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_)
    make_proposal(session, round_)
    batch = Import(
        kind="history", organisation_id=round_.owner_id, filename="h.csv", sha256="", state="done"
    )
    session.add(batch)
    session.flush()
    opens = round_.opens_at.date()
    stranger = make_organisation(session)
    for number, (days, amount, currency, owner) in enumerate(
        [
            (10, 1_000_00, "USD", round_.owner_id),
            (700, 2_000_00, "EUR", round_.owner_id),
            (740, 4_000_00, "USD", round_.owner_id),  # too long ago
            (10, 8_000_00, "USD", stranger.id),  # nobody of this round imported it
            (10, 16_000_00, "XAU", round_.owner_id),  # no rate
        ]
    ):
        session.add(
            HistoricGrant(
                import_id=batch.id,
                organisation_id=owner,
                funder="F",
                recipient="R",
                amount=amount,
                currency=currency,
                awarded_on=opens - timedelta(days=days),
                area_key="evaluations-capability",
                fingerprint=str(number),
            )
        )
    session.flush()
    given = built(session, round_)
    areas = {area["id"]: area["spent"] for area in given.document["areas"]}
    euros = rate("EUR", "USD", now().date()).to_base(2_000_00)
    assert areas == {"interpretability": 0, "evaluations": 1_000_00 + euros}
    assert "EUR" in given.rates


def test_only_confirmed_duplicates_count_as_overlaps(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_)
    proposals = [make_proposal(session, round_) for _ in range(4)]
    for other, verdict in zip(
        proposals[1:], ("duplicate", "complementary", "candidate"), strict=True
    ):
        session.add(
            Overlap(
                round_id=round_.id, first=proposals[0], second=other, degree=0.5, verdict=verdict
            )
        )
    session.flush()
    assert built(session, round_).document["overlaps"] == [
        {"proposals": [proposals[0].key, proposals[1].key], "degree": 0.5}
    ]


def test_a_proposal_without_a_score_counts_with_merit_nought(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_)
    scored, unscored = make_proposal(session, round_), make_proposal(session, round_, score=None)
    given = built(session, round_)
    assert {p["id"]: p["merit"] for p in given.document["proposals"]} == {
        scored.key: 0.7,
        unscored.key: 0.0,
    }
    assert given.unscored == {unscored.key}


def test_drafts_and_withdrawn_proposals_are_no_candidates(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_)
    for state in ("draft", "withdrawn", "not funded"):
        make_proposal(session, round_, state=state)
    submitted = make_proposal(session, round_, state="submitted")
    assert [p["id"] for p in built(session, round_).document["proposals"]] == [submitted.key]


def test_funders_bring_their_weights_and_guarantees(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(session, round_)
    invited = make_organisation(session)
    round_.participants.append(RoundFunder(funder=invited))
    part = round_.participants[0]
    part.guarantee = "alone"
    part.weights.append(FunderWeight(area_key="evaluations", weight=2.5))
    make_proposal(session, round_)
    session.flush()
    assert built(session, round_).document["funders"] == [
        {"id": commitment.funder.key, "weights": {"evaluations": 2.5}, "guarantee": "alone"}
    ]


def test_decided_lines_stand_while_the_rest_is_solved_again(each_database: Database) -> None:
    def scene(session: Session) -> RoundInput:
        round_ = make_round(session, policy={"round_to": 100_00})
        funder = make_organisation(session)
        # one euro is more than a dollar, and never a whole number of cents
        commitment = make_commitment(
            session, round_, funder, amount=100_000_00, currency="EUR", key="money"
        )
        approved, amended, declined, waiting = (
            make_proposal(session, round_, ask=20_000_00, key=key)
            for key in ("approved", "amended", "declined", "waiting")
        )
        proposer, officer = make_actor(session, funder), make_actor(session, funder)
        lines = [(commitment, p, 9_000_00) for p in (approved, amended, declined, waiting)]
        plan = make_plan(session, round_, lines, proposer, base_amounts=[10_000_00] * 4)
        plan.run.rates = {
            "EUR": {"rate": "1.1111111", "on": "2026-01-02"},
            "USD": {"rate": "1", "on": "2026-01-02"},
        }
        session.flush()
        by_key = {line.proposal.key: line for line in plan.lines}
        approve_lines(session, by=officer, lines={by_key["approved"].id: None}, key="k1")
        decline_line(
            session, by=officer, line_id=by_key["declined"].id, version=None, reason="no", key="k2"
        )
        amend_line(
            session,
            by=officer,
            line_id=by_key["amended"].id,
            version=None,
            amount=8_123_45,
            reason="less will do",
            key="k3",
        )
        given = build_problem(session, make_scenario(session, round_, proposer))
        read_round(given.document)
        available = session.scalars(
            sa.select(Account.balance).where(
                Account.commitment_id == commitment.id, Account.kind == AccountKind.AVAILABLE
            )
        ).one()
        assert available == 100_000_00 - 9_000_00 - 9_000_00 - 8_123_45
        return given

    given = each_database.in_transaction(scene)
    euro = given.rates["EUR"]
    assert str(euro.rate) == "1.1111111"  # the plan's own, not the day's
    # 8,123.45 euros are 9,026.05 dollars: locked at 9,000, the rest taken off
    assert given.document["locks"] == [
        {"proposal": "amended", "commitment": "money", "amount": 9_000_00},
        {"proposal": "approved", "commitment": "money", "amount": 10_000_00},
        {"proposal": "declined", "commitment": "money", "amount": 0},
    ]
    amended = next(p for p in given.document["proposals"] if p["id"] == "amended")
    assert amended["ask"] == 20_000_00 - 26_05
    amount = given.document["commitments"][0]["amount"]
    assert amount == euro.to_base(100_000_00) - euro.to_base_at_least(8_123_45) + 9_000_00
    # whatever else is given, the euros suffice for it and for what was decided
    assert euro.from_base(amount - 19_000_00) + 9_000_00 + 8_123_45 <= 100_000_00
    assert given.decided["money", "approved"].amount == 9_000_00
