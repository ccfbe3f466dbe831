"""A review from assignment to hand-in: who may, what stands in the way, what is never lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, RuleBroken
from funding.models import (
    AssignmentState,
    ConflictOfInterest,
    Event,
    LiftedConflict,
    Mail,
    ParkedForm,
    Person,
    Proposal,
    Review,
    ReviewAssignment,
    Role,
    RoundReviewer,
    Score,
    TeamMember,
    WaivedConflict,
)
from funding.permissions import Actor
from funding.services import conflicts, scores
from funding.services.reviewing import (
    absences,
    after_review,
    assigning,
    co_authors,
    declaring,
    drafts,
    handing_in,
    people,
    settings,
    waivers,
)
from tests.builders import make_organisation, make_person
from tests.conftest import make_config
from tests.review_scene import (
    FIELDS,
    URL,
    Scene,
    accept,
    assign,
    hand_in,
    make_scene,
)


@pytest.fixture
def scene(database: Database) -> Scene:
    return database.in_transaction(make_scene)


def state_of(database: Database, assignment_id: int) -> str:
    with database.reading() as session:
        return session.get_one(ReviewAssignment, assignment_id).state


def mails(database: Database) -> list[Mail]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Mail).order_by(Mail.id)))


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Event.action).order_by(Event.id)))


# -- assigning ----------------------------------------------------------------------------------


def test_who_is_assigned_is_told_and_declares_before_anything_opens(
    database: Database, scene: Scene
) -> None:
    made = database.in_transaction(assign, scene)
    (mail,) = mails(database)
    assert mail.to == scene.reviewers[0].email
    assert "conflict of interest" in mail.body
    assert scene.proposals[0].title not in mail.body
    with pytest.raises(NotFound):  # nothing is there to write into yet
        database.in_transaction(
            drafts.keep_draft, by=scene.actor(0), assignment_id=made.id, fields={}, seen=""
        )
    database.in_transaction(
        declaring.declare, by=scene.actor(0), assignment_id=made.id, answer="none", words=""
    )
    assert state_of(database, made.id) == AssignmentState.ACCEPTED


def test_a_full_load_or_a_conflict_stands_in_the_way_of_an_assignment(
    database: Database, scene: Scene
) -> None:
    def fill(session: Any) -> None:
        reviewer = session.scalars(
            sa.select(RoundReviewer).where(RoundReviewer.person_id == scene.reviewers[0].id)
        ).one()
        reviewer.most = 1

    database.in_transaction(fill)
    database.in_transaction(assign, scene)
    with pytest.raises(RuleBroken, match="has 1 reviews already and takes 1"):
        database.in_transaction(assign, scene, 1, 0)
    database.in_transaction(
        lambda s: s.add(
            TeamMember(proposal_id=scene.proposals[1].id, position=0, name=scene.reviewers[1].name)
        )
    )
    with pytest.raises(RuleBroken, match="is named in the team"):
        database.in_transaction(assign, scene, 1, 1)


def test_only_officers_of_the_round_assign(database: Database, scene: Scene) -> None:
    stranger = database.in_transaction(
        lambda s: Actor.of(make_person(s, make_organisation(s), Role.PROGRAM_OFFICER))
    )
    for by in (stranger, scene.actor(0), scene.owner):
        with pytest.raises(NotFound):
            database.in_transaction(
                assigning.assign,
                by=by,
                proposal_id=scene.proposals[0].id,
                person_id=scene.reviewers[0].id,
                public_url=URL,
            )


def test_a_review_is_reassigned_with_a_reason_and_on_record(
    database: Database, scene: Scene
) -> None:
    made = database.in_transaction(assign, scene)
    values = {"by": scene.officer, "assignment_id": made.id, "to_id": scene.reviewers[1].id}
    with pytest.raises(InvalidInput):
        database.in_transaction(assigning.withdraw, reason=" ", **values)
    taken = database.in_transaction(assigning.withdraw, reason="Too slow.", **values)
    assert taken.person_id == scene.reviewers[1].id
    assert state_of(database, made.id) == AssignmentState.WITHDRAWN
    with database.reading() as session:
        assert session.get_one(ReviewAssignment, taken.id).from_id == made.id
    assert "review reassigned" in actions(database)
    # and back again: the earlier assignment is taken up, not made twice
    again = database.in_transaction(assign, scene)
    assert again.id == made.id


# -- conflicts ----------------------------------------------------------------------------------


def test_a_declared_conflict_shuts_the_proposal_until_a_second_person_lifts_it(
    database: Database, scene: Scene
) -> None:
    made = database.in_transaction(assign, scene)
    declare = {"by": scene.actor(0), "assignment_id": made.id, "answer": "conflict"}
    with pytest.raises(InvalidInput) as refusal:
        database.in_transaction(declaring.declare, words="", **declare)
    assert refusal.value.faults[0].field == "words"
    database.in_transaction(declaring.declare, words="My sister leads it.", **declare)
    assert state_of(database, made.id) == AssignmentState.IN_CONFLICT
    with pytest.raises(NotFound):  # as if it were not there
        database.in_transaction(declaring.declare, words="", **{**declare, "answer": "none"})
    with database.reading() as session:
        conflict = session.scalars(sa.select(ConflictOfInterest)).one()
    database.in_transaction(
        conflicts.lift,
        by=scene.officer,
        proposal_id=scene.proposals[0].id,
        conflict_id=conflict.id,
        reason="She has left the team.",
    )
    assert state_of(database, made.id) == AssignmentState.ASSIGNED  # to be declared anew
    with database.reading() as session:
        assert session.scalars(sa.select(LiftedConflict)).one().lifted_by_id != made.person_id
    database.in_transaction(declaring.declare, words="", **{**declare, "answer": "none"})


def test_a_conflict_found_by_itself_is_waived_by_a_second_officer_only(
    database: Database, scene: Scene
) -> None:
    def same_house(session: Any) -> None:
        proposal = session.get_one(Proposal, scene.proposals[0].id)
        proposal.institution_id = scene.reviewers[0].bindings[0].organisation_id

    database.in_transaction(same_house)
    with pytest.raises(RuleBroken, match="belongs to the institution that applies"):
        database.in_transaction(assign, scene)
    pair = {"proposal_id": scene.proposals[0].id, "person_id": scene.reviewers[0].id}
    with pytest.raises(InvalidInput):
        database.in_transaction(waivers.ask_waiver, by=scene.officer, reason="", **pair)
    database.in_transaction(
        waivers.ask_waiver, by=scene.officer, reason="Nobody else knows.", **pair
    )
    answer = {"reason": "Another campus.", "waive": True, **pair}
    with pytest.raises(RuleBroken, match="Another officer"):
        database.in_transaction(waivers.answer_waiver, by=scene.officer, **answer)
    with pytest.raises(InvalidInput):
        database.in_transaction(
            waivers.answer_waiver, by=scene.colleague, **{**answer, "reason": ""}
        )
    database.in_transaction(waivers.answer_waiver, by=scene.colleague, **answer)
    with database.reading() as session:
        waived = session.scalars(sa.select(WaivedConflict)).one()
    assert (waived.kind, waived.reason) == ("same institution", "Another campus.")
    database.in_transaction(hand_in, scene)


def test_a_waiver_can_be_refused_and_needs_something_to_waive(
    database: Database, scene: Scene
) -> None:
    pair = {"proposal_id": scene.proposals[0].id, "person_id": scene.reviewers[0].id}
    with pytest.raises(RuleBroken, match="Nothing that could be waived"):
        database.in_transaction(waivers.ask_waiver, by=scene.officer, reason="x", **pair)
    database.in_transaction(
        lambda s: s.add(
            TeamMember(
                proposal_id=pair["proposal_id"], position=0, name="R", person_id=pair["person_id"]
            )
        )
    )
    database.in_transaction(waivers.ask_waiver, by=scene.officer, reason="x", **pair)
    database.in_transaction(
        waivers.answer_waiver, by=scene.colleague, reason="No.", waive=False, **pair
    )
    with pytest.raises(RuleBroken):
        database.in_transaction(assign, scene)


def test_a_conflict_that_comes_up_while_writing_stops_the_hand_in(
    database: Database, scene: Scene
) -> None:
    made = database.in_transaction(accept, scene)
    database.in_transaction(
        lambda s: s.add(
            TeamMember(
                proposal_id=made.proposal_id, position=0, name="R", email=scene.reviewers[0].email
            )
        )
    )
    with pytest.raises(RuleBroken, match="is named in the team"):
        database.in_transaction(
            handing_in.hand_in,
            by=scene.actor(0),
            assignment_id=made.id,
            form_number=1,
            fields=FIELDS,
        )


# -- writing and handing in ---------------------------------------------------------------------


def test_what_is_typed_is_kept_as_typed_and_never_overwritten_from_another_window(
    database: Database, scene: Scene
) -> None:
    made = database.in_transaction(accept, scene)
    keep = {"by": scene.actor(0), "assignment_id": made.id}
    first = database.in_transaction(
        drafts.keep_draft, fields={"mark_idea": "four?"}, seen="", **keep
    )
    with pytest.raises(Conflict):
        database.in_transaction(drafts.keep_draft, fields={"mark_idea": "5"}, seen="", **keep)
    database.in_transaction(
        drafts.keep_draft, fields={"mark_idea": "4"}, seen=first.isoformat(), **keep
    )
    with database.reading() as session:
        kept = drafts.kept_draft(session, scene.reviewers[0].id, made.id)
    assert kept is not None
    assert kept.fields == {"mark_idea": "4"}


def test_a_review_becomes_a_score_and_stays_on_its_form(database: Database, scene: Scene) -> None:
    review = database.in_transaction(hand_in, scene)
    assert review.score == 62.5  # (3 x 3 + 1 x 1) / (4 x 4)
    with database.reading() as session:
        score = session.scalars(sa.select(Score)).one()
        assert (score.score, score.review_id) == (62.5, review.id)
        assert session.scalars(sa.select(ParkedForm)).all() == []
    database.in_transaction(
        settings.set_form,
        by=scene.owner,
        round_id=scene.round.id,
        number=1,
        scale=(0, 10),
        guidance="",
        criteria=(settings.CriterionText("", "Use", "", 1, "0: none\n10: great"),),
    )
    with database.reading() as session:
        stored = session.scalars(sa.select(Review)).one()
        assert [c.key for c in stored.form.criteria] == ["idea", "team"]
        newest = settings.form_of(session, scene.round.id)
    assert newest is not None
    assert newest.number == 2
    made = database.in_transaction(accept, scene, 1)
    with pytest.raises(Conflict, match="form has been changed"):
        database.in_transaction(
            handing_in.hand_in,
            by=scene.actor(0),
            assignment_id=made.id,
            form_number=1,
            fields=FIELDS,
        )


@pytest.mark.parametrize("mark", ["", "0", "6", "nan", "1e309", "3.25", "vier", "-1"])
def test_a_mark_off_the_scale_is_refused_by_name(
    database: Database, scene: Scene, mark: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        database.in_transaction(hand_in, scene, mark_idea=mark)
    (fault,) = refusal.value.faults
    assert fault.field == "mark_idea"
    assert fault.rule.startswith("Idea: write a number from 1 to 5")


def test_both_texts_are_asked_for(database: Database, scene: Scene) -> None:
    with pytest.raises(InvalidInput) as refusal:
        database.in_transaction(hand_in, scene, for_committee=" ", for_applicant="")
    assert [fault.field for fault in refusal.value.faults] == ["for_committee", "for_applicant"]


def test_an_officer_does_not_change_the_score_of_a_review_but_can_send_it_back(
    database: Database, scene: Scene
) -> None:
    review = database.in_transaction(hand_in, scene)
    with database.reading() as session:
        score = session.scalars(sa.select(Score)).one()
        seen = scores.seen_mark(score)
    with pytest.raises(RuleBroken, match="that of a review"):
        database.in_transaction(
            scores.change_score,
            by=scene.officer,
            score_id=score.id,
            score="1",
            comment="",
            seen=seen,
        )
    back = {"by": scene.officer, "assignment_id": review.assignment_id, "public_url": URL}
    with pytest.raises(InvalidInput):
        database.in_transaction(handing_in.send_back, reason="", **back)
    database.in_transaction(handing_in.send_back, reason="The marks are upside down.", **back)
    assert state_of(database, review.assignment_id) == AssignmentState.ACCEPTED
    with database.reading() as session:
        assert session.scalars(sa.select(Score)).all() == []
        kept = drafts.kept_draft(session, scene.reviewers[0].id, review.assignment_id)
    assert kept is not None
    assert kept.fields == FIELDS
    assert "upside down" in mails(database)[-1].body
    database.in_transaction(
        handing_in.hand_in,
        by=scene.actor(0),
        assignment_id=review.assignment_id,
        form_number=1,
        fields=kept.fields,
    )


# -- afterwards ---------------------------------------------------------------------------------


def test_discussion_opens_with_the_own_review(database: Database, scene: Scene) -> None:
    database.in_transaction(accept, scene)
    say = {"proposal_id": scene.proposals[0].id, "text": "I read it otherwise."}
    for number in (0, 1):  # one has not handed in, the other is not asked at all
        with pytest.raises(NotFound):
            database.in_transaction(after_review.add_remark, by=scene.actor(number), **say)
    database.in_transaction(after_review.add_remark, by=scene.officer, **say)
    database.in_transaction(hand_in, scene, 1, 1)
    database.in_transaction(
        after_review.add_remark,
        by=scene.actor(1),
        proposal_id=scene.proposals[1].id,
        text="Agreed.",
    )


def test_a_release_tells_the_applicants_once_and_stays(database: Database, scene: Scene) -> None:
    review = database.in_transaction(hand_in, scene)
    give = {"by": scene.officer, "round_id": scene.round.id, "public_url": URL}
    assert database.in_transaction(after_review.release, proposal_ids=None, **give) == 1
    told = mails(database)[-1]
    with database.reading() as session:
        assert told.to == session.get_one(Person, scene.proposals[0].lead_id).email
        assert session.get_one(Review, review.id).released_by_id == scene.officer.person_id
    assert scene.reviewers[0].name not in told.body
    with pytest.raises(RuleBroken, match="nothing to release"):
        database.in_transaction(after_review.release, proposal_ids=None, **give)
    with pytest.raises(RuleBroken, match="released"):
        database.in_transaction(
            handing_in.send_back,
            by=scene.officer,
            assignment_id=review.assignment_id,
            reason="x",
            public_url=URL,
        )


def test_reminders_go_out_once_for_what_is_due_soon(
    database: Database, scene: Scene, tmp_path: Any
) -> None:
    config = make_config(tmp_path, "sqlite://")
    made = database.in_transaction(assign, scene)
    database.in_transaction(assign, scene, 1, 1)
    before = len(mails(database))
    after_review.remind_reviewers(database, config)
    assert len(mails(database)) == before  # ten days are left

    def hurry(session: Any) -> None:
        session.get_one(ReviewAssignment, made.id).due_at = now() + timedelta(days=1)

    database.in_transaction(hurry)
    after_review.remind_reviewers(database, config)
    after_review.remind_reviewers(database, config)
    reminders = mails(database)[before:]
    assert [mail.to for mail in reminders] == [scene.reviewers[0].email]
    assert f"/reviews/{made.id}" in reminders[0].body


# -- while away ---------------------------------------------------------------------------------


def _absent(database: Database, scene: Scene, days: int = 0, **values: Any) -> Any:
    today = now().date()
    with database.reading() as session:
        reviewer = session.scalars(
            sa.select(RoundReviewer).where(RoundReviewer.person_id == scene.reviewers[0].id)
        ).one()
    return database.in_transaction(
        absences.record_absence,
        **{
            "by": scene.actor(0),
            "reviewer_id": reviewer.id,
            "from_on": today + timedelta(days=days),
            "until_on": today + timedelta(days=days + 7),
            "delegate_id": scene.reviewers[1].id,
            "public_url": URL,
            **values,
        },
    )


def test_who_stands_in_gets_what_waits_and_declares_for_themselves(
    database: Database, scene: Scene
) -> None:
    made = database.in_transaction(accept, scene)
    _absent(database, scene)
    assert state_of(database, made.id) == AssignmentState.DELEGATED
    with database.reading() as session:
        (taken,) = session.scalars(
            sa.select(ReviewAssignment).where(ReviewAssignment.from_id == made.id)
        )
    assert (taken.person_id, taken.state) == (scene.reviewers[1].id, AssignmentState.ASSIGNED)
    assert scene.reviewers[0].name in taken.reason
    # what comes while it lasts goes there too
    later = database.in_transaction(assign, scene, 1, 0)
    assert later.person_id == scene.reviewers[1].id
    with pytest.raises(NotFound):
        database.in_transaction(
            drafts.keep_draft, by=scene.actor(0), assignment_id=made.id, fields={}, seen=""
        )


def test_a_conflict_of_who_stands_in_leaves_the_review_where_it_is(
    database: Database, scene: Scene
) -> None:
    made = database.in_transaction(accept, scene)
    database.in_transaction(
        lambda s: s.add(
            TeamMember(
                proposal_id=made.proposal_id, position=0, name="R", person_id=scene.reviewers[1].id
            )
        )
    )
    _absent(database, scene)
    assert state_of(database, made.id) == AssignmentState.ACCEPTED


def test_an_absence_that_lies_ahead_is_carried_out_when_it_begins(
    database: Database, scene: Scene, tmp_path: Any
) -> None:
    made = database.in_transaction(accept, scene)
    absence = _absent(database, scene, days=2)
    after_review.remind_reviewers(database, make_config(tmp_path, "sqlite://"))
    assert state_of(database, made.id) == AssignmentState.ACCEPTED
    database.in_transaction(
        lambda s: s.execute(
            sa.text("update reviewer_absence set from_on = :day where id = :id"),
            {"day": str(now().date()), "id": absence.id},
        )
    )
    after_review.remind_reviewers(database, make_config(tmp_path, "sqlite://"))
    assert state_of(database, made.id) == AssignmentState.DELEGATED


def test_an_absence_needs_days_and_another_reviewer(database: Database, scene: Scene) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _absent(database, scene, from_on=None, until_on=None, delegate_id=scene.reviewers[0].id)
    assert [f.field for f in refusal.value.faults] == ["from_on", "until_on", "delegate"]


# -- reviewers ----------------------------------------------------------------------------------


def test_co_authors_are_taken_as_a_whole_or_not_at_all(database: Database, scene: Scene) -> None:
    with database.reading() as session:
        reviewer_id = session.scalars(sa.select(RoundReviewer.id)).first()
    state = {"by": scene.actor(0), "reviewer_id": reviewer_id}
    table = "Ada Quill, 2025, 0009-9999-9900-0018\nBo Reed, 2024\n"
    assert database.in_transaction(co_authors.state_co_authors, table=table, **state) == 2
    with pytest.raises(InvalidInput) as refusal:
        database.in_transaction(
            co_authors.state_co_authors, table="Ada Quill, 2025\nCy Dorn, soon\n, 2020", **state
        )
    assert [str(f.rule)[:7] for f in refusal.value.faults] == ["Line 2:", "Line 3:"]
    with database.reading() as session:
        text = co_authors.co_authors_text(session, scene.reviewers[0].id)
    assert text == "Ada Quill,2025,0009-9999-9900-0018\nBo Reed,2024\n"


def test_a_reviewer_sets_the_own_expertise_and_nobody_elses(
    database: Database, scene: Scene
) -> None:
    with database.reading() as session:
        own, other = session.scalars(sa.select(RoundReviewer).order_by(RoundReviewer.id))
    values = {
        "by": scene.actor(0),
        "areas": ["evaluations"],
        "expertise": "Sandbagging in evaluations.",
        "most": 4,
    }
    database.in_transaction(people.set_expertise, reviewer_id=own.id, version=own.version, **values)
    with pytest.raises(Conflict):
        database.in_transaction(
            people.set_expertise, reviewer_id=own.id, version=own.version, **values
        )
    with pytest.raises(NotFound):
        database.in_transaction(
            people.set_expertise, reviewer_id=other.id, version=other.version, **values
        )


def test_people_are_added_once_and_removed_only_without_reviews(
    database: Database, scene: Scene
) -> None:
    person = database.in_transaction(
        lambda s: make_person(s, make_organisation(s, "institution"), Role.REVIEWER)
    )
    add = {"by": scene.officer, "round_id": scene.round.id, "public_url": URL}
    added = database.in_transaction(people.add_reviewers, person_ids=[person.id], **add)
    again = database.in_transaction(people.add_reviewers, person_ids=[person.id], **add)
    assert (added, again) == (1, 0)
    with pytest.raises(NotFound):  # an officer is no reviewer
        database.in_transaction(people.add_reviewers, person_ids=[scene.officer.person_id], **add)
    database.in_transaction(assign, scene)
    with database.reading() as session:
        busy = session.scalars(
            sa.select(RoundReviewer.id).where(RoundReviewer.person_id == scene.reviewers[0].id)
        ).one()
    with pytest.raises(RuleBroken, match="reassign or withdraw"):
        database.in_transaction(people.remove_reviewer, by=scene.officer, reviewer_id=busy)
