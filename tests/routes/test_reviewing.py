"""The pages of reviews: who sees what and when, and that nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from funding.db import Database
from funding.listing import Listing
from funding.models import (
    AssignmentState,
    Attachment,
    Review,
    ReviewAssignment,
    ReviewSuggestion,
    RoundReviewer,
    SuggestedPair,
    WaivedConflict,
)
from funding.reports import timeline
from funding.routes.unsent import COOKIE
from funding.services.reviewing import suggesting
from tests.builders import make_actor, make_organisation
from tests.conftest import SignIn, make_config
from tests.pages import fields_of, words_of
from tests.queries import count_queries
from tests.review_scene import FIELDS, Scene, accept, assign, hand_in, make_scene


@pytest.fixture
def scene(site: Flask) -> Scene:
    return database_of(site).in_transaction(make_scene)


def database_of(site: Flask) -> Database:
    database: Database = site.extensions["database"]
    return database


def email_of(site: Flask, person_id: int) -> str:
    with database_of(site).reading() as session:
        return str(
            session.scalar(sa.text("select email from person where id = :id"), {"id": person_id})
        )


@pytest.fixture
def enter(site: Flask, sign_in: SignIn) -> Any:
    return lambda person_id: sign_in(site, email_of(site, person_id))


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.get_data(as_text=True)


# -- the reviewer -------------------------------------------------------------------------------


def test_before_declaring_only_title_institution_and_team_are_there(
    site: Flask, scene: Scene, enter: Any
) -> None:
    proposal = scene.proposals[0]
    made = database_of(site).in_transaction(assign, scene)

    def attach(session: Any) -> int:
        file = Attachment(
            proposal_id=proposal.id,
            name="plan.pdf",
            media_type="application/pdf",
            size=3,
            sha256="0" * 64,
            added_by_id=proposal.lead_id,
        )
        session.add(file)
        session.flush()
        return file.id

    file_id = database_of(site).in_transaction(attach)
    client = enter(scene.reviewers[0].id)
    page = text(client, f"/reviews/{made.id}")
    assert proposal.title in page
    assert proposal.institution.name in page
    assert proposal.abstract not in page
    file = f"/reviews/{made.id}/attachments/{file_id}/plan.pdf"
    assert client.get(file).status_code == 404
    assert client.get(f"/proposals/{proposal.id}").status_code == 404
    answer = client.post(f"/reviews/{made.id}/declare", data={"answer": ""})
    assert answer.status_code == 422
    client.post(f"/reviews/{made.id}/declare", data={"answer": "none", "words": ""})
    page = text(client, f"/reviews/{made.id}")
    assert proposal.abstract in page
    assert file in page


def test_a_declared_conflict_makes_the_proposal_vanish(
    site: Flask, scene: Scene, enter: Any
) -> None:
    made = database_of(site).in_transaction(assign, scene)
    client = enter(scene.reviewers[0].id)
    assert scene.proposals[0].title in text(client, "/reviews")
    answer = client.post(
        f"/reviews/{made.id}/declare", data={"answer": "conflict", "words": "My brother leads it."}
    )
    assert answer.status_code == 303
    assert client.get(f"/reviews/{made.id}").status_code == 404
    text(client, "/reviews")  # says what became of it, once
    assert scene.proposals[0].title not in text(client, "/reviews")


def test_a_refused_hand_in_keeps_every_word(site: Flask, scene: Scene, enter: Any) -> None:
    made = database_of(site).in_transaction(accept, scene)
    client = enter(scene.reviewers[0].id)
    sent = fields_of(text(client, f"/reviews/{made.id}"), f"/reviews/{made.id}")
    typed = {
        **sent,
        **FIELDS,
        "mark_idea": "nine",
        "for_committee": "Each <word>.",
        "act": "hand-in",
    }
    answer = client.post(f"/reviews/{made.id}", data=typed)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    kept = fields_of(page, f"/reviews/{made.id}")
    assert kept["mark_idea"] == "nine"
    assert kept["for_committee"] == "Each <word>."
    assert "Idea: write a number from 1 to 5" in words_of(page)
    # another day, another window: still there
    again = fields_of(text(enter(scene.reviewers[0].id), f"/reviews/{made.id}"), "/reviews/")
    assert again["for_committee"] == "Each <word>."


def test_what_is_typed_while_signed_out_is_given_back(
    site: Flask, scene: Scene, enter: Any
) -> None:
    made = database_of(site).in_transaction(accept, scene)
    stranger = site.test_client()
    answer = stranger.post(
        f"/reviews/{made.id}/autosave",
        data={**FIELDS, "for_committee": "Typed in vain?"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 401
    token = stranger.get_cookie(COOKIE)
    assert token is not None
    client = enter(scene.reviewers[0].id)
    client.set_cookie(COOKIE, token.value)
    page = text(client, f"/reviews/{made.id}")
    assert "Typed in vain?" in page
    assert "You were signed out while writing" in page


def test_autosave_says_when_another_window_typed_something_else(
    site: Flask, scene: Scene, enter: Any
) -> None:
    made = database_of(site).in_transaction(accept, scene)
    client = enter(scene.reviewers[0].id)
    first = client.post(f"/reviews/{made.id}/autosave", data={"mark_idea": "3", "seen": ""})
    assert first.status_code == 200
    other = client.post(f"/reviews/{made.id}/autosave", data={"mark_idea": "4", "seen": ""})
    assert other.status_code == 409
    assert "another window" in other.get_json()["elsewhere"]


def test_others_reviews_are_there_only_after_ones_own(
    site: Flask, scene: Scene, enter: Any
) -> None:
    database = database_of(site)
    database.in_transaction(hand_in, scene, 0, 1, for_committee="The other's word.")
    made = database.in_transaction(accept, scene)
    client = enter(scene.reviewers[0].id)
    assert "The other's word." not in text(client, f"/reviews/{made.id}").replace("&#39;", "'")
    answer = client.post(f"/proposals/{scene.proposals[0].id}/remarks", data={"text": "Early."})
    assert answer.status_code == 404
    sent = {**FIELDS, "form_number": "1", "seen": "", "act": "hand-in"}
    assert client.post(f"/reviews/{made.id}", data=sent).status_code == 303
    page = text(client, f"/reviews/{made.id}").replace("&#39;", "'")
    assert "The other's word." in page
    assert scene.reviewers[1].name in page
    answer = client.post(f"/proposals/{scene.proposals[0].id}/remarks", data={"text": " "})
    assert answer.status_code == 422
    client.post(f"/proposals/{scene.proposals[0].id}/remarks", data={"text": "I see it so."})
    assert "I see it so." in text(client, f"/reviews/{made.id}")
    # and a reviewer of another proposal sees none of it
    assert enter(scene.reviewers[1].id).get(f"/reviews/{made.id}").status_code == 404


# -- the researcher -----------------------------------------------------------------------------


def test_the_researcher_sees_what_is_released_when_it_is_released(
    site: Flask, scene: Scene, enter: Any
) -> None:
    database = database_of(site)
    review = database.in_transaction(
        hand_in, scene, 0, 0, for_applicant="Show more of the data.", for_committee="A weak team."
    )
    proposal = scene.proposals[0]
    lead = enter(proposal.lead_id)
    page = text(lead, f"/proposals/{proposal.id}")
    assert "Show more of the data." not in page
    officer = enter(scene.officer.person_id)
    assert "Show more of the data." in text(officer, f"/rounds/{scene.round.id}/reviews/release")
    officer.post(f"/rounds/{scene.round.id}/reviews/release", data={"picked": str(proposal.id)})
    page = text(lead, f"/proposals/{proposal.id}")
    assert "Show more of the data." in page
    for hidden in (
        "A weak team.",
        scene.reviewers[0].name,
        scene.reviewers[0].email,
        f"{review.score:g}",
        "Idea",
    ):
        assert hidden not in page.split('id="reviews"')[1].split("</section>")[0]
        assert hidden != "A weak team." or hidden not in page
    assert lead.get(f"/proposals/{proposal.id}/reviews").status_code == 403


# -- the officer --------------------------------------------------------------------------------


def test_an_officer_assigns_reassigns_and_sees_why(site: Flask, scene: Scene, enter: Any) -> None:
    client, proposal = enter(scene.officer.person_id), scene.proposals[0]
    address = f"/proposals/{proposal.id}/reviewers"
    page = text(client, address)
    for reviewer in scene.reviewers:
        assert reviewer.name in page
    client.post(address, data={"person": scene.reviewers[0].id})
    with database_of(site).reading() as session:
        (made,) = session.scalars(sa.select(ReviewAssignment))
    refused = client.post(
        f"/assignments/{made.id}/withdraw", data={"reason": "", "to": scene.reviewers[1].id}
    )
    assert refused.status_code == 422
    client.post(
        f"/assignments/{made.id}/withdraw",
        data={"reason": "On leave.", "to": scene.reviewers[1].id},
    )
    page = words_of(text(client, address))
    assert f"instead of {scene.reviewers[0].name}" in page
    progress = words_of(text(client, f"/rounds/{scene.round.id}/reviews"))
    assert scene.reviewers[1].name in progress


def test_a_waiver_takes_two_officers(site: Flask, scene: Scene, enter: Any) -> None:
    proposal, person = scene.proposals[0], scene.reviewers[0]
    database_of(site).in_transaction(
        lambda s: s.execute(
            sa.text("update proposal set institution_id = :home where id = :id"),
            {"home": person.bindings[0].organisation_id, "id": proposal.id},
        )
    )
    first, second = enter(scene.officer.person_id), enter(scene.colleague.person_id)
    address = f"/proposals/{proposal.id}/reviewers"
    assert "belongs to the institution that applies" in text(first, address)
    waiver = f"{address}/{person.id}/waiver"
    first.post(waiver, data={"reason": "Nobody else."})
    assert "conflict of a reviewer to waive" in text(second, "/")
    answer = {"reason": "Another campus.", "act": "waive"}
    assert first.post(f"{waiver}/answer", data=answer).status_code == 409
    assert second.post(f"{waiver}/answer", data=answer).status_code == 303
    with database_of(site).reading() as session:
        assert session.scalars(sa.select(WaivedConflict)).one().person_id == person.id
    assert first.post(address, data={"person": person.id}).status_code == 303


def test_the_form_is_written_and_changed_by_the_rounds_owner(
    site: Flask, scene: Scene, enter: Any
) -> None:
    address = f"/rounds/{scene.round.id}/reviews/form"
    assert enter(scene.officer.person_id).get(f"{address}/edit").status_code == 404
    client = enter(scene.owner.person_id)
    sent = fields_of(text(client, f"{address}/edit"))
    sent |= {"scale": "0-10", "name_3": "Use", "weight_3": "none", "anchors_3": "ten: great"}
    refused = client.post(f"{address}/edit", data=sent)
    assert refused.status_code == 422
    assert 'value="Use"' in refused.get_data(as_text=True)
    sent |= {"weight_3": "2", "anchors_3": "0: none\n10: great"}
    assert client.post(f"{address}/edit", data=sent).status_code == 303
    assert "Version 2" in words_of(text(client, address))
    # somebody who still has version 1 open loses nothing
    stale = client.post(f"{address}/edit", data=sent)
    assert stale.status_code == 409
    assert 'value="Use"' in stale.get_data(as_text=True)


def test_a_suggestion_is_looked_through_changed_and_taken(
    site: Flask, scene: Scene, enter: Any, tmp_path: Any
) -> None:
    database, round_id = database_of(site), scene.round.id
    client = enter(scene.officer.person_id)
    address = f"/rounds/{round_id}/reviews/suggestion"
    text(client, address)
    client.post(address)
    with database.reading() as session:
        last = suggesting.last_suggestion(session, round_id)
    assert last is not None
    assert client.get(f"{address}/working").status_code == 204
    suggesting.suggest_reviewers(database, make_config(tmp_path, "sqlite://"), last.id)
    with database.reading() as session:
        pairs = session.scalars(sa.select(SuggestedPair).order_by(SuggestedPair.id)).all()
        assert session.scalars(sa.select(ReviewAssignment)).all() == []  # nothing is saved yet
    assert len(pairs) == 4  # two proposals, two reviews each
    text(client, address)
    sent = {f"person_{pair.id}": str(pair.person_id) for pair in pairs}
    answer = client.post(
        f"{address}/pairs",
        data={**sent, "keep": [str(pair.id) for pair in pairs[1:]], "act": "take"},
    )
    assert answer.status_code == 303
    with database.reading() as session:
        taken = {
            (a.proposal_id, a.person_id): a.reason
            for a in session.scalars(sa.select(ReviewAssignment))
        }
        assert session.scalars(sa.select(ReviewSuggestion)).one().state == "taken"
    assert taken.keys() == {(p.proposal_id, p.person_id) for p in pairs[1:]}
    assert all(reason.endswith(".") for reason in taken.values())


def test_what_a_suggestion_cannot_meet_is_said_by_name(
    site: Flask, scene: Scene, enter: Any, tmp_path: Any
) -> None:
    database = database_of(site)

    def narrow(session: Any) -> None:
        for reviewer in session.scalars(sa.select(RoundReviewer)):
            reviewer.most = 1

    database.in_transaction(narrow)
    client = enter(scene.officer.person_id)
    address = f"/rounds/{scene.round.id}/reviews/suggestion"
    client.post(address)
    with database.reading() as session:
        last = suggesting.last_suggestion(session, scene.round.id)
    assert last is not None
    suggesting.suggest_reviewers(database, make_config(tmp_path, "sqlite://"), last.id)
    page = words_of(text(client, address))
    assert "2 reviews cannot be met" in page
    assert any(f"{p.key}, {p.title} : " in page for p in scene.proposals)


def test_auditor_and_committee_read_and_strangers_see_nothing(
    site: Flask, scene: Scene, enter: Any
) -> None:
    database = database_of(site)
    database.in_transaction(hand_in, scene)
    stranger = database.in_transaction(lambda s: make_actor(s, make_organisation(s)))
    pages = [
        f"/rounds/{scene.round.id}/reviews",
        f"/rounds/{scene.round.id}/reviewers",
        f"/rounds/{scene.round.id}/reviews/form",
        f"/rounds/{scene.round.id}/reviews/calibration",
        f"/rounds/{scene.round.id}/reviews/release",
        f"/rounds/{scene.round.id}/reviews.csv",
        f"/proposals/{scene.proposals[0].id}/reviews",
    ]
    reader, outside = enter(scene.owner.person_id), enter(stranger.person_id)
    for page in pages:
        assert reader.get(page).status_code == 200, page
        assert outside.get(page).status_code == 404, page


def test_lists_of_a_large_round_ask_the_database_little(
    site: Flask, scene: Scene, enter: Any
) -> None:
    database = database_of(site)
    client = enter(scene.officer.person_id)
    counts: dict[str, list[int]] = {}
    pages = ["reviews", "reviewers", "reviews/calibration", "reviews/release"]
    for size in (1, 2):
        if size == 2:
            database.in_transaction(
                lambda s: [
                    hand_in(s, more, n, n % 2) for more in [make_more(s, scene)] for n in range(12)
                ]
            )
        else:
            database.in_transaction(hand_in, scene)
        for page in pages:
            with count_queries(database) as sent:
                text(client, f"/rounds/{scene.round.id}/{page}")
            counts.setdefault(page, []).append(len(sent))
    for page, (few, many) in counts.items():
        assert many <= few + 1, page


def make_more(session: Any, scene: Scene) -> Scene:
    """Twelve more proposals of the same round, and reviewers who take as many."""
    from tests.builders import make_proposal

    for reviewer in session.scalars(sa.select(RoundReviewer)):
        reviewer.most = 100
    more = [make_proposal(session, scene.round, score=None) for _ in range(12)]
    return Scene(scene.round, scene.owner, scene.officer, scene.colleague, scene.reviewers, more)


def test_a_reviewer_tells_expertise_absence_and_co_authors(
    site: Flask, scene: Scene, enter: Any
) -> None:
    database = database_of(site)
    made = database.in_transaction(accept, scene)
    client = enter(scene.reviewers[0].id)
    with database.reading() as session:
        own = session.scalars(
            sa.select(RoundReviewer).where(RoundReviewer.person_id == scene.reviewers[0].id)
        ).one()
    address = f"/reviewers/{own.id}"
    sent = {"version": own.version, "areas": "evaluations", "expertise": "Sandbagging", "most": "4"}
    assert client.post(address, data={**sent, "most": "x"}).status_code == 422
    assert client.post(address, data=sent).status_code == 303
    stale = client.post(address, data={**sent, "expertise": "Typed late"})
    assert stale.status_code == 409
    assert "Typed late" in stale.get_data(as_text=True)
    refused = client.post(f"{address}/co-authors", data={"table": "Ada, soon"})
    assert refused.status_code == 422
    assert "Ada, soon" in refused.get_data(as_text=True)
    assert client.post(f"{address}/co-authors", data={"table": "Ada, 2025"}).status_code == 303
    today = {"from_on": "2020-01-01", "until_on": "2099-01-01"}
    away = {**today, "delegate": scene.reviewers[1].id}
    assert client.post(f"{address}/absences", data=today).status_code == 422
    assert client.post(f"{address}/absences", data=away).status_code == 303
    with database.reading() as session:
        state = session.get_one(ReviewAssignment, made.id).state
    assert state == AssignmentState.DELEGATED
    assert scene.reviewers[1].name in text(client, address)
    # another reviewer's page is not there
    assert enter(scene.reviewers[1].id).get(address).status_code == 404


def test_a_sent_back_review_is_written_again(site: Flask, scene: Scene, enter: Any) -> None:
    database = database_of(site)
    review = database.in_transaction(hand_in, scene)
    officer = enter(scene.officer.person_id)
    answer = officer.post(
        f"/assignments/{review.assignment_id}/send-back", data={"reason": "Names a person."}
    )
    assert answer.status_code == 303
    page = text(enter(scene.reviewers[0].id), f"/reviews/{review.assignment_id}")
    assert FIELDS["for_applicant"] in page
    with database.reading() as session:
        assert session.scalars(sa.select(Review)).all() == []


def test_who_reviews_is_told_in_a_timeline_only_to_who_reads_reviews(
    site: Flask, scene: Scene, enter: Any
) -> None:
    database = database_of(site)
    database.in_transaction(hand_in, scene)
    proposal = scene.proposals[0]
    page = words_of(text(enter(scene.officer.person_id), f"/proposals/{proposal.id}/timeline"))
    assert "Review handed in" in page
    with database.reading() as session:
        subjects = timeline.of_proposal(session, scene.officer, proposal)
        listing = Listing.parse("/", {}, sortable=("when",))
        _, told = timeline.happened(session, subjects, listing, has_reviews=False)
    assert not [each for each in told if "eview" in each.what]


def test_officers_look_at_a_table_of_co_authors_before_they_take_it_in(
    site: Flask, scene: Scene, enter: Any
) -> None:
    officer, reviewer = enter(scene.officer.person_id), scene.reviewers[0]
    page = f"/rounds/{scene.round.id}/co-authors"
    sent = fields_of(text(officer, page), page)
    table = f"reviewer,co-author,year\n{reviewer.name},Cleo Marsh,2025\n"
    wrong = officer.post(page, data={**sent, "table": table + "Nobody,Cleo Marsh,2025\n"})
    assert wrong.status_code == 422
    assert "row 3, reviewer: “Nobody”: no reviewer of this round" in words_of(wrong.text)
    assert "Nobody,Cleo Marsh" in wrong.text

    shown = officer.post(page, data={**sent, "table": table})
    assert "Nothing is written yet" in words_of(shown.text)
    assert "Cleo Marsh" in shown.text
    own = f"/reviewers/{reviewer_of(site, scene)}"
    assert "Imported by officers" not in text(officer, own)
    again = fields_of(shown.text, f"{page}/take-in")
    assert officer.post(f"{page}/take-in", data=again).status_code == 303
    assert "Cleo Marsh" in text(officer, own)
    gone = officer.post(f"{page}/take-in", data={**again, "sha256": "../../etc/passwd"})
    assert gone.status_code == 422
    assert "not here any more" in words_of(gone.text)

    # the reviewer sees it, and has no way to take it off
    assert "Cleo Marsh" in text(enter(reviewer.id), own)
    remove = f"{own}/co-authors/remove"
    assert remove not in text(enter(reviewer.id), own)
    assert enter(reviewer.id).post(remove, data={"name": "Cleo Marsh"}).status_code == 403
    sent = fields_of(text(officer, own), remove)
    assert officer.post(remove, data=sent).status_code == 303
    assert "Cleo Marsh" not in text(officer, own)


def reviewer_of(site: Flask, scene: Scene) -> int:
    with database_of(site).reading() as session:
        return session.scalars(
            sa.select(RoundReviewer.id).where(RoundReviewer.person_id == scene.reviewers[0].id)
        ).one()
