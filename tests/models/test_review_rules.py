"""What the database refuses of reviews by itself, asked in raw SQL on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from funding.db import Database, now
from funding.errors import RuleBroken
from funding.models import (
    CoAuthor,
    ConflictOfInterest,
    Proposal,
    ReviewDeclaration,
    Role,
    TeamMember,
    WaivedConflict,
)
from funding.services.reviewing.found_conflicts import WORDS, conflicts_among, kinds_of_pair
from tests.builders import make_organisation, make_person, make_proposal
from tests.review_scene import Scene, accept, assign, hand_in, make_scene

REVIEW = (
    "insert into review (assignment_id, proposal_id, person_id, form_id, marks, score,"
    " for_committee, for_applicant, handed_in_at) values (:assignment, :proposal, :person, :form,"
    " '{}', 50, '', '', '2026-01-01')"
)


def run(database: Database, statement: str, **values: object) -> None:
    database.in_transaction(lambda session: session.execute(sa.text(statement), values))


def refused(database: Database, words: str, statement: str, **values: object) -> None:
    with pytest.raises(RuleBroken, match=re.escape(words)):
        run(database, statement, **values)


def ids_of(database: Database, *, accepted: bool) -> tuple[Scene, dict[str, int]]:
    """A scene with one assignment, and the numbers to write into statements."""

    def make(session) -> tuple[Scene, dict[str, int]]:
        scene = make_scene(session)
        made = accept(session, scene) if accepted else assign(session, scene)
        form = session.scalar(sa.text("select max(id) from review_form"))
        return scene, {
            "assignment": made.id,
            "proposal": made.proposal_id,
            "person": made.person_id,
            "form": form,
        }

    return database.in_transaction(make)


def test_no_review_without_a_declaration(each_database: Database) -> None:
    _, ids = ids_of(each_database, accepted=False)
    refused(each_database, "a reviewer declares before reviewing", REVIEW, **ids)
    refused(
        each_database,
        "a reviewer declares before access",
        "update review_assignment set state = 'accepted' where id = :assignment",
        assignment=ids["assignment"],
    )
    # a declared conflict is no leave either
    each_database.in_transaction(
        lambda session: session.add(
            ReviewDeclaration(
                proposal_id=ids["proposal"], person_id=ids["person"], has_conflict=True, words="x"
            )
        )
    )
    refused(each_database, "a reviewer declares before reviewing", REVIEW, **ids)


def test_a_review_belongs_to_an_assignment_that_was_accepted(each_database: Database) -> None:
    scene, ids = ids_of(each_database, accepted=True)
    other = {**ids, "person": scene.reviewers[1].id}
    each_database.in_transaction(
        lambda session: session.add(
            ReviewDeclaration(
                proposal_id=ids["proposal"], person_id=other["person"], has_conflict=False
            )
        )
    )
    with pytest.raises(RuleBroken):  # the assignment is another person's
        run(each_database, REVIEW, **other)
    run(
        each_database,
        "update review_assignment set state = 'withdrawn' where id = :assignment",
        assignment=ids["assignment"],
    )
    refused(each_database, "a review belongs to an assignment", REVIEW, **ids)


def _declared(session, scene: Scene, proposal: Proposal) -> None:
    person = scene.reviewers[0].id
    session.add(
        ConflictOfInterest(
            proposal_id=proposal.id, person_id=person, reason="kin", declared_by_id=person
        )
    )


def _same_institution(session, scene: Scene, proposal: Proposal) -> None:
    proposal.institution = scene.reviewers[0].bindings[0].organisation


def _named(session, scene: Scene, proposal: Proposal) -> None:
    proposal.team.append(TeamMember(position=0, name=scene.reviewers[0].name.upper()))


def _co_applicant(session, scene: Scene, proposal: Proposal) -> None:
    """Together with the lead, in another round, two years ago."""
    earlier = make_proposal(session, scene.round, lead=proposal.lead, score=None)
    earlier.submitted_at = now() - timedelta(days=730)
    earlier.team.append(TeamMember(position=0, name="R", person_id=scene.reviewers[0].id))


def _co_author(session, scene: Scene, proposal: Proposal) -> None:
    proposal.team.append(TeamMember(position=0, name="Ada Quill", orcid="0009-9999-9900-0018"))
    session.add(
        CoAuthor(
            person_id=scene.reviewers[0].id,
            name="A. Quill",
            orcid="0009-9999-9900-0018",
            last_on=date(now().year - 1, 12, 31),
        )
    )


CAUSES = {
    "declared": _declared,
    "same institution": _same_institution,
    "named in the team": _named,
    "co-applicant": _co_applicant,
    "co-author": _co_author,
}


@pytest.mark.parametrize("kind", WORDS)
def test_no_review_with_a_conflict_of_any_kind_until_it_is_waived(
    each_database: Database, kind: str
) -> None:
    """Found after the reviewer had declared to have none."""
    scene, ids = ids_of(each_database, accepted=True)

    def bring_about(session) -> None:
        CAUSES[kind](session, scene, session.get_one(Proposal, ids["proposal"]))

    each_database.in_transaction(bring_about)
    with each_database.reading() as session:
        pair = ids["proposal"], ids["person"]
        assert kinds_of_pair(session, *pair) == {kind}
        found = conflicts_among(session, scene.round.id, [person.id for person in scene.reviewers])
        # both ways of asking say the same of every pair
        for proposal in session.scalars(sa.select(Proposal)):
            for person in scene.reviewers:
                both = (
                    found.of(proposal.id, person.id),
                    kinds_of_pair(session, proposal.id, person.id),
                )
                assert both[0] == both[1], (proposal.key, person.name)
    refused(each_database, "a person in conflict does not review", REVIEW, **ids)
    if kind == "declared":
        return
    for asked, waived in (
        (scene.officer.person_id, scene.officer.person_id),
        (scene.officer.person_id, ids["person"]),
        (ids["person"], scene.officer.person_id),
    ):
        with pytest.raises(RuleBroken, match="four_eyes"):
            _waive(each_database, ids, kind, asked, waived)
    _waive(each_database, ids, kind, scene.officer.person_id, scene.colleague.person_id)
    run(each_database, REVIEW, **ids)


def _waive(database: Database, ids: dict[str, int], kind: str, asked: int, waived: int) -> None:
    database.in_transaction(
        lambda session: session.add(
            WaivedConflict(
                proposal_id=ids["proposal"],
                person_id=ids["person"],
                kind=kind,
                found=WORDS[kind],
                asked_because="Nobody else knows the field.",
                asked_by_id=asked,
                reason="It was long ago.",
                waived_by_id=waived,
            )
        )
    )


def test_what_is_older_than_three_years_is_no_conflict(each_database: Database) -> None:
    scene, ids = ids_of(each_database, accepted=True)

    def bring_about(session) -> None:
        proposal = session.get_one(Proposal, ids["proposal"])
        _co_applicant(session, scene, proposal)
        _co_author(session, scene, proposal)
        session.flush()
        for other in session.scalars(sa.select(Proposal)):
            if other.id not in {p.id for p in scene.proposals}:
                other.submitted_at = now() - timedelta(days=3 * 366 + 2)
        session.scalars(sa.select(CoAuthor)).one().last_on = date(now().year - 4, 12, 31)

    each_database.in_transaction(bring_about)
    with each_database.reading() as session:
        assert kinds_of_pair(session, ids["proposal"], ids["person"]) == set()
        found = conflicts_among(session, scene.round.id, [ids["person"]])
        assert not found.of(ids["proposal"], ids["person"])
    run(each_database, REVIEW, **ids)


def test_a_review_stays_as_handed_in_and_a_release_stays_too(each_database: Database) -> None:
    review = each_database.in_transaction(lambda s: hand_in(s, make_scene(s)))
    for change in ("score = 99", "for_applicant = 'no'", "marks = '{}'", "form_id = form_id"):
        refused(
            each_database,
            "a review stays as it was handed in",
            f"update review set {change} where id = :id",
            id=review.id,
        )
    refused(
        each_database,
        "a score is what the review says",
        "update score set score = 99 where review_id = :id",
        id=review.id,
    )
    release = "update review set released_at = '2026-01-01' where id = :id"
    run(each_database, release, id=review.id)
    refused(each_database, "what was released stays released", release, id=review.id)
    refused(
        each_database,
        "a released review is kept",
        "delete from review where id = :id",
        id=review.id,
    )


def test_one_review_a_reviewer_and_proposal(each_database: Database) -> None:
    review = each_database.in_transaction(lambda s: hand_in(s, make_scene(s)))
    with pytest.raises(RuleBroken):
        run(
            each_database,
            REVIEW,
            assignment=review.assignment_id,
            proposal=review.proposal_id,
            person=review.person_id,
            form=review.form_id,
        )


def test_an_assignment_is_not_handed_in_without_its_review(each_database: Database) -> None:
    _, ids = ids_of(each_database, accepted=True)
    refused(
        each_database,
        "a review is handed in with its marks",
        "update review_assignment set state = 'handed in' where id = :assignment",
        assignment=ids["assignment"],
    )
    refused(
        each_database,
        "an assignment cannot become another",
        "update review_assignment set person_id = person_id where id = :assignment",
        assignment=ids["assignment"],
    )


def test_nobody_discusses_before_the_own_review_or_in_conflict(each_database: Database) -> None:
    scene, ids = ids_of(each_database, accepted=True)
    remark = (
        "insert into review_remark (proposal_id, person_id, text, made_at)"
        " values (:proposal, :person, 'x', '2026-01-01')"
    )
    ids = {"proposal": ids["proposal"], "person": ids["person"]}
    refused(each_database, "a reviewer hands in before joining", remark, **ids)
    officer = scene.officer.person_id
    run(each_database, remark, proposal=ids["proposal"], person=officer)
    refused(each_database, "a remark stays", "update review_remark set text = 'y'")
    refused(each_database, "a remark is kept", "delete from review_remark")
    each_database.in_transaction(
        lambda session: session.add(
            ConflictOfInterest(
                proposal_id=ids["proposal"], person_id=officer, reason="k", declared_by_id=officer
            )
        )
    )
    refused(
        each_database,
        "a person in conflict has no part in the discussion",
        remark,
        proposal=ids["proposal"],
        person=officer,
    )


def test_another_of_the_same_institution_is_no_reason(each_database: Database) -> None:
    """Only the reviewer's own organisations count, in whatever role."""
    _, ids = ids_of(each_database, accepted=True)

    def move(session) -> None:
        other = make_organisation(session, "institution")
        make_person(session, other, Role.REVIEWER)
        session.get_one(Proposal, ids["proposal"]).institution = other

    each_database.in_transaction(move)
    run(each_database, REVIEW, **ids)
