"""A funder with one person: what a compensating review lets it do, and what refuses, on both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import (
    Approval,
    Award,
    CompensatingReview,
    ConflictOfInterest,
    Event,
    Mail,
    Organisation,
    Person,
    PlanLine,
    Role,
    Tranche,
)
from funding.permissions import Actor
from funding.reports.compensating import of_award, to_judge
from funding.services import compensating
from funding.services.decisions import amend_line, approve_alone, approve_lines
from funding.services.payments import tranches
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)

WHY = "We are one officer; the second post is vacant."


@dataclass(frozen=True)
class Scene:
    """A small funder with one officer, who put a plan of one line forward (6,000.00), one finance
    officer, an administrator and an auditor; `owner` sits on the round's committee."""

    line_id: int
    funder_id: int
    proposal_id: int
    officer: Actor
    finance: Actor
    admin: Actor
    auditor: Actor
    owner: Actor
    foreign: Actor


def set_scene(session: Session, *, above: int | None = None) -> Scene:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee)
    commitment = make_commitment(session, round_, funder, second_approval_above=above)
    proposal = make_proposal(session, round_)
    officer = make_actor(session, funder)
    plan = make_plan(session, round_, [(commitment, proposal, 6_000_00)], officer)
    other = make_organisation(session)
    make_commitment(session, round_, other)
    return Scene(
        plan.lines[0].id,
        funder.id,
        proposal.id,
        officer,
        make_actor(session, funder, Role.FINANCE_OFFICER),
        make_actor(session, funder, Role.FUNDER_ADMIN),
        make_actor(session, funder, Role.AUDITOR),
        make_actor(session, committee, Role.COMMITTEE),
        make_actor(session, other, Role.FUNDER_ADMIN),
    )


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def approve(database: Database, scene: Scene, why: str = WHY) -> dict[str, int]:
    return database.in_transaction(
        approve_alone,
        by=scene.officer,
        line_id=scene.line_id,
        version=None,
        alone_because=why,
        key="alone",
    )


def only_review(session: Session) -> CompensatingReview:
    return session.scalars(sa.select(CompensatingReview)).one()


def judge(database: Database, by: Actor, verdict: str = "agreed", finding: str = "Looked.") -> None:
    with database.reading() as session:
        review = only_review(session)
    database.in_transaction(
        compensating.give_verdict,
        by=by,
        review_id=review.id,
        version=review.version,
        verdict=verdict,
        finding=finding,
    )


def test_the_only_officer_approves_with_a_review_that_shows_until_it_is_done(
    each_database: Database, scene: Scene
) -> None:
    with pytest.raises(RuleBroken, match="with a compensating review"):
        each_database.in_transaction(
            approve_lines, by=scene.officer, lines={scene.line_id: None}, key="k"
        )
    with pytest.raises(InvalidInput):
        approve(each_database, scene, why=" ")
    assert approve(each_database, scene) == {"approved": 1, "waiting": 0}
    with each_database.reading() as session:
        award = session.scalars(sa.select(Award)).one()
        (row,) = of_award(session, scene.officer, award)
        assert (row.state, row.review.reason) == ("open", WHY)
        assert (to_judge(session, scene.admin), to_judge(session, scene.officer)) == (1, 0)
        told = set(session.scalars(sa.select(Mail.to).where(Mail.subject.contains("waits"))))
        assert told == {
            session.get_one(Person, who.person_id).email for who in (scene.admin, scene.auditor)
        }
    judge(each_database, scene.admin, finding="The line is the run's own.")
    with each_database.reading() as session:
        (row,) = of_award(session, scene.officer, award)
        assert (row.state, row.review.finding) == ("agreed", "The line is the run's own.")
        assert to_judge(session, scene.admin) == 0
        told = session.scalars(sa.select(Event.action).order_by(Event.seq)).all()
        assert told[-3:] == [
            "compensating review asked for",
            "line approved",
            "compensating review: agreed",
        ]
    with pytest.raises(RuleBroken, match="done already"):
        judge(each_database, scene.auditor)


def test_whoever_may_not_look_at_it_cannot(each_database: Database, scene: Scene) -> None:
    approve(each_database, scene)
    for who, refusal in (
        (scene.officer, NotPermitted),
        (scene.finance, NotPermitted),
        (scene.foreign, NotFound),
    ):
        with pytest.raises(refusal):
            judge(each_database, who)
    with pytest.raises(InvalidInput):
        judge(each_database, scene.owner, finding="")
    judge(each_database, scene.owner)


def test_a_review_asked_for_first_that_objects_stops_the_approval(
    each_database: Database, scene: Scene
) -> None:
    each_database.in_transaction(
        compensating.ask_for_line, by=scene.officer, line_id=scene.line_id, reason=WHY
    )
    judge(each_database, scene.auditor, "objected", "The budget was not read.")
    with pytest.raises(RuleBroken, match="objected"):
        approve(each_database, scene)
    each_database.in_transaction(
        amend_line,
        by=scene.officer,
        line_id=scene.line_id,
        version=None,
        amount=5_500_00,
        reason="After the objection",
        key="amend",
    )
    with each_database.reading() as session:
        assert session.get_one(PlanLine, scene.line_id).amount == 5_500_00
    assert approve(each_database, scene)["approved"] == 1


def test_where_a_colleague_can_do_it_no_review_takes_their_place(
    each_database: Database, scene: Scene
) -> None:
    def hire(session: Session) -> int:
        return make_person(session, session.get_one(Organisation, scene.funder_id)).id

    colleague = each_database.in_transaction(hire)
    with pytest.raises(RuleBroken, match="A colleague"):
        approve(each_database, scene)

    def fall_out(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=scene.proposal_id,
                person_id=colleague,
                declared_by_id=colleague,
                reason="A former student",
            )
        )

    each_database.in_transaction(fall_out)
    assert approve(each_database, scene)["approved"] == 1


def test_above_the_threshold_a_review_done_first_stands_for_the_second_person(
    each_database: Database,
) -> None:
    scene = each_database.in_transaction(set_scene, above=1_000_00)
    with pytest.raises(RuleBroken, match="has to be done first"):
        approve(each_database, scene)
    each_database.in_transaction(
        compensating.ask_for_line, by=scene.officer, line_id=scene.line_id, reason=WHY
    )
    with pytest.raises(RuleBroken, match="has to be done first"):
        approve(each_database, scene)
    judge(each_database, scene.admin)
    assert approve(each_database, scene) == {"approved": 1, "waiting": 0}


def test_the_only_finance_officer_releases_what_they_prepared_with_a_review(
    each_database: Database, scene: Scene
) -> None:
    approve(each_database, scene)
    judge(each_database, scene.admin)

    def prepare(session: Session) -> tuple[int, int]:
        award = session.scalars(sa.select(Award)).one()
        award.state = "accepted"
        session.flush()
        answer = tranches.schedule_tranche(
            session,
            by=scene.finance,
            award_id=award.id,
            amount=1_000_00,
            due_on=date(2027, 1, 1),
            condition="",
            key="s",
        )
        return answer["tranche_id"], session.get_one(Tranche, answer["tranche_id"]).version

    tranche_id, version = each_database.in_transaction(prepare)
    release = {"by": scene.finance, "tranche_id": tranche_id, "version": version}
    with pytest.raises(RuleBroken, match="a colleague has to"):
        each_database.in_transaction(tranches.release_tranche, **release)
    each_database.in_transaction(tranches.release_tranche, **release, alone_because=WHY)
    with each_database.reading() as session:
        tranche = session.get_one(Tranche, tranche_id)
        assert tranche.state == "released"
        review = session.get_one(CompensatingReview, tranche.compensating_review_id)
        assert review.is_open
        assert review.asked_by_id == scene.finance.person_id


# what the database refuses by itself

ASK = (
    "insert into compensating_review (funder_id, plan_line_id, amount, reason, asked_by_id,"
    " asked_at, finding, version) values (:funder, :line, {amount}, '{reason}', :{asker},"
    " '2026-01-01 00:00:00', '', 1)"
)
VERDICT = (
    "update compensating_review set verdict = 'agreed', finding = 'x', reviewed_by_id = :{who},"
    " reviewed_at = '2026-01-02 00:00:00'"
)
ALONE = (
    "insert into approval (plan_line_id, person_id, amount, given_at, put_forward_by_id,"
    " compensating_review_id) values (:line, :officer, 600000, '2026-01-01 00:00:00', {who},"
    " {review})"
)
OWN_REVIEW = "(select max(id) from compensating_review)"


def test_the_rules_of_a_review_hold_against_raw_sql(each_database: Database, scene: Scene) -> None:
    names = {
        "line": scene.line_id,
        "funder": scene.funder_id,
        **{
            name: getattr(scene, name).person_id
            for name in ("officer", "finance", "admin", "foreign", "owner")
        },
    }

    def run(statement: str) -> None:
        bound = {k: v for k, v in names.items() if f":{k}" in statement}
        each_database.in_transaction(lambda s: s.execute(sa.text(statement), bound))

    refused = [
        ASK.format(amount=600000, reason="", asker="officer"),
        ASK.format(amount=1, reason="r", asker="officer"),
        ASK.format(amount=600000, reason="r", asker="finance"),
        ASK.format(amount=600000, reason="r", asker="foreign"),
        ALONE.format(who=":officer", review="null"),
        ALONE.format(who="null", review="null"),
        ALONE.format(who=":admin", review="null"),
        ALONE.format(who=":officer", review=OWN_REVIEW),
    ]
    for statement in refused:
        with pytest.raises(RuleBroken):
            run(statement)
    run(ASK.format(amount=600000, reason="r", asker="officer"))
    for statement in (
        VERDICT.format(who="officer"),
        VERDICT.format(who="finance"),
        VERDICT.format(who="foreign"),
        "update compensating_review set verdict = 'agreed'",
        "update compensating_review set amount = 1",
        "delete from compensating_review",
    ):
        with pytest.raises(RuleBroken):
            run(statement)
    run(ALONE.format(who=":officer", review=OWN_REVIEW))
    run(VERDICT.format(who="admin"))
    with pytest.raises(RuleBroken, match="done is not changed"):
        run(VERDICT.format(who="owner"))
    with each_database.reading() as session:
        assert session.scalars(sa.select(Approval)).one().compensating_review_id


def test_a_release_alone_holds_against_raw_sql(each_database: Database, scene: Scene) -> None:
    approve(each_database, scene)

    def prepare(session: Session) -> tuple[int, int]:
        award = session.scalars(sa.select(Award)).one()
        award.tranches.append(
            Tranche(amount=5, due_on=date(2027, 1, 1), prepared_by_id=scene.finance.person_id)
        )
        session.flush()
        award.tranches[0].state = "due"
        return award.tranches[0].id, only_review(session).id

    tranche, of_line = each_database.in_transaction(prepare)

    def run(statement: str, **bound: int) -> None:
        each_database.in_transaction(lambda s: s.execute(sa.text(statement), bound))

    released = (
        "update tranche set state = 'released', released_by_id = prepared_by_id"
        "{more} where id = :tranche"
    )
    for more in ("", f", compensating_review_id = {of_line}"):
        with pytest.raises(RuleBroken):
            run(released.format(more=more), tranche=tranche)
    ask = (
        "insert into compensating_review (funder_id, tranche_id, amount, reason, asked_by_id,"
        " asked_at, finding, version) values (:funder, :tranche, 5, 'r', :who,"
        " '2026-01-01 00:00:00', '', 1)"
    )
    with pytest.raises(RuleBroken):
        run(ask, funder=scene.funder_id, tranche=tranche, who=scene.officer.person_id)
    run(ask, funder=scene.funder_id, tranche=tranche, who=scene.finance.person_id)
    own = f", compensating_review_id = {OWN_REVIEW}"
    run(released.format(more=own), tranche=tranche)
    with pytest.raises(RuleBroken):
        run(
            "update tranche set compensating_review_id = :other where id = :tranche",
            tranche=tranche,
            other=of_line,
        )
