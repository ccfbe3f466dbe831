"""The applicant's pages, through the forms."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.models import (
    Proposal,
    Round,
    Run,
    RunProposal,
    Scenario,
    Score,
)
from tests.application_forms import (
    Applicant,
    add_co_applicant,
    complete_fields,
    make_applicant,
    move_deadline,
    save,
    submit,
)
from tests.conftest import SignIn
from tests.routes.application_pages import database_of, form_of, open_form, words_of


@pytest.fixture
def applicant(site: Flask) -> Applicant:
    return make_applicant(database_of(site), name="Round of Tests")


@pytest.fixture
def client(site: Flask, sign_in: SignIn, applicant: Applicant) -> FlaskClient:
    return sign_in(site, applicant.email)


def test_the_list_says_where_each_proposal_stands_and_what_comes_next(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    words = words_of(client.get("/proposals").text)
    assert "only its applicants can read it. Hand it in by" in words
    save(database_of(site), applicant)
    submit(database_of(site), applicant)
    assert "the lead applicant can take it back" in words_of(client.get("/proposals").text)
    move_deadline(database_of(site), applicant.round_id, -timedelta(hours=1))
    assert "With the reviewers." in words_of(client.get("/proposals").text)


def test_a_proposal_is_started_from_the_list_of_open_rounds(
    client: FlaskClient, applicant: Applicant
) -> None:
    assert f"/rounds/{applicant.round_id}/proposals/new" in client.get("/proposals").text
    answer = client.post(f"/rounds/{applicant.round_id}/proposals/new")
    assert answer.status_code == 303
    assert client.get(answer.location).status_code == 200


def test_the_form_is_filled_in_saved_checked_and_handed_in(
    client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), **complete_fields(applicant), "act": "check"}
    answer = client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    assert (answer.status_code, answer.location) == (
        303,
        f"/proposals/{applicant.proposal_id}/check",
    )
    page = client.get(answer.location).text
    assert "Nothing is missing" in page
    answer = client.post(
        f"/proposals/{applicant.proposal_id}/submit", data=form_of(page, "main form")
    )
    words = words_of(client.get(answer.location).text)
    assert "is handed in. Receipt" in words
    assert "Checking stated reasons from outside" in words


def test_the_check_names_every_fault_with_a_link_to_its_field(
    client: FlaskClient, applicant: Applicant
) -> None:
    page = BeautifulSoup(
        client.get(f"/proposals/{applicant.proposal_id}/check").text, "html.parser"
    )
    links = [link["href"] for link in page.select(".error-summary a")]
    assert len(links) > 10
    edit = BeautifulSoup(client.get(links[0]).text, "html.parser")
    for link in links:
        assert edit.find(id=link.split("#")[1]) is not None, link


def test_a_form_with_faults_comes_back_with_all_that_was_typed(
    client: FlaskClient, applicant: Applicant
) -> None:
    wrong = {"ask": "a lot", "share_1": "half", "starts_on": "soon", "title": "<b>Mine</b>"}
    form = {**open_form(client, applicant), **complete_fields(applicant), **wrong}
    answer = client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    assert answer.status_code == 422
    again = form_of(answer.text)
    for name, text in {**complete_fields(applicant), **wrong}.items():
        assert again[name] == text, name
    summary = BeautifulSoup(answer.text, "html.parser").select(".error-summary a")
    assert [link["href"] for link in summary] == ["#f-ask", "#f-starts_on", "#f-share_1"]
    assert open_form(client, applicant)["ask"] == "a lot"


def test_what_was_typed_and_not_saved_can_be_thrown_away(
    client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), "title": "Kept", "ask": "wrong"}
    client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    client.post(f"/proposals/{applicant.proposal_id}/discard")
    assert open_form(client, applicant)["title"] == ""


# -- in time, and by whom ------------------------------------------------------------------------


def test_a_draft_can_be_saved_but_not_handed_in_after_the_deadline(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    form = {**open_form(client, applicant), **complete_fields(applicant), "act": "check"}
    move_deadline(database_of(site), applicant.round_id, -timedelta(seconds=1))
    answer = client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    page = client.get(answer.location).text
    assert "does not take proposals now" in page
    assert "Hand it in</button>" not in page
    client.post(f"/proposals/{applicant.proposal_id}/submit")
    assert "The deadline has passed" in client.get("/proposals").text
    assert open_form(client, applicant)["title"] == "Checking stated reasons from outside"


def test_text_typed_while_a_colleague_handed_it_in_is_shown_beside_it(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    save(database_of(site), applicant)
    form = {**open_form(client, applicant), "title": "A better title, too late"}
    submit(database_of(site), applicant)
    answer = client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    assert answer.location == f"/proposals/{applicant.proposal_id}/typed"
    page = client.get(answer.location).text
    assert "A better title, too late" in page
    assert "cannot be changed now" in page


def test_taking_back_and_withdrawing_are_offered_to_the_lead_only(
    site: Flask, client: FlaskClient, sign_in: SignIn, applicant: Applicant
) -> None:
    _, email = add_co_applicant(database_of(site), applicant)
    save(database_of(site), applicant)
    submit(database_of(site), applicant)
    path = f"/proposals/{applicant.proposal_id}"
    assert "Take back to edit" in client.get(path).text
    other = sign_in(site, email)
    page = other.get(path).text
    assert "Take back to edit" not in page
    assert "Withdraw" not in page
    for act in ("take-back", "withdraw", "submit"):
        assert other.post(f"{path}/{act}", data={"reason": "x"}).status_code == 403


def test_a_withdrawal_without_a_reason_comes_back(
    client: FlaskClient, applicant: Applicant
) -> None:
    path = f"/proposals/{applicant.proposal_id}/withdraw"
    version = form_of(client.get(path).text, "main form")["base_version"]
    answer = client.post(path, data={"reason": " ", "base_version": version})
    assert answer.status_code == 422
    answer = client.post(path, data={"reason": "Moved.", "base_version": version})
    assert "Withdrawn: it takes no part" in words_of(client.get(answer.location).text)


# -- files --------------------------------------------------------------------------------------

PDF = b"%PDF-1.7\n%%EOF"


def upload(client: FlaskClient, applicant: Applicant, name: str, content: bytes, **typed: str):
    form = {**open_form(client, applicant), **typed, "act": "files"}
    return client.post(
        f"/proposals/{applicant.proposal_id}/edit",
        data={**form, "files": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
    )


def file_link(page: str) -> str:
    return BeautifulSoup(page, "html.parser").select_one("a[href*='/attachments/']")["href"]


def test_a_file_is_served_as_a_download_and_never_sniffed(
    client: FlaskClient, applicant: Applicant
) -> None:
    answer = upload(client, applicant, "plan.pdf", PDF, title="With a file")
    page = client.get(answer.location).text
    served = client.get(file_link(page), buffered=True)
    assert served.data == PDF
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.content_type == "application/pdf"
    assert form_of(page)["title"] == "With a file"


def test_a_file_of_another_kind_is_refused_and_the_form_keeps_what_was_typed(
    client: FlaskClient, applicant: Applicant
) -> None:
    answer = upload(client, applicant, "page.html", b"<script>", title="With a page")
    assert answer.status_code == 422
    assert "only PDF" in words_of(answer.text)
    assert form_of(answer.text)["title"] == "With a page"


def test_a_file_is_there_for_its_applicants_only_until_it_is_handed_in(
    site: Flask, client: FlaskClient, sign_in: SignIn, applicant: Applicant
) -> None:
    link = file_link(client.get(upload(client, applicant, "plan.pdf", PDF).location).text)
    stranger = make_applicant(database_of(site))
    assert sign_in(site, stranger.email).get(link).status_code == 404
    assert site.test_client().get(link).status_code == 302
    swapped = link.replace(
        f"/proposals/{applicant.proposal_id}/", f"/proposals/{stranger.proposal_id}/"
    )
    assert sign_in(site, stranger.email).get(swapped).status_code == 404


def test_a_file_is_removed_without_losing_what_was_typed(
    client: FlaskClient, applicant: Applicant
) -> None:
    upload(client, applicant, "plan.pdf", PDF)
    page = client.get(f"/proposals/{applicant.proposal_id}/edit").text
    button = BeautifulSoup(page, "html.parser").select_one("button[name=remove_file]")
    form = {**form_of(page), "title": "Typed", "remove_file": button["value"]}
    client.post(f"/proposals/{applicant.proposal_id}/edit", data=form)
    page = client.get(f"/proposals/{applicant.proposal_id}/edit").text
    assert "plan.pdf" not in form_of(page).values()
    assert BeautifulSoup(page, "html.parser").select_one("button[name=remove_file]") is None
    assert form_of(page)["title"] == "Typed"


# -- what applicants are told -------------------------------------------------------------------


def decide(app: Flask, applicant: Applicant, detail: dict[str, object]) -> None:
    def act(session: Session) -> None:
        proposal = session.get_one(Proposal, applicant.proposal_id)
        proposal.scores.append(Score(reviewer="Secret Reviewer", score=41.5, comment="Weak."))
        scenario = Scenario(
            round_id=applicant.round_id,
            name="Secret scenario",
            created_by_id=applicant.by.person_id,
        )
        session.add(scenario)
        session.flush()
        run = Run(scenario_id=scenario.id, state="done")
        session.add(run)
        session.flush()
        session.add(
            RunProposal(
                run_id=run.id,
                proposal_id=proposal.id,
                merit=0.415,
                amount=0,
                reason="Below the margin: rank 77.",
                detail=detail,
            )
        )
        session.get_one(Round, applicant.round_id).state = "in review"
        proposal.state = "not funded"

    save(database_of(app), applicant)
    submit(database_of(app), applicant)
    database_of(app).in_transaction(act)


def test_who_is_not_funded_reads_the_reason_written_for_applicants(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    said = "No money that may pay for work in your areas was left for your least viable amount."
    decide(site, applicant, {"applicant": said})
    words = words_of(client.get(f"/proposals/{applicant.proposal_id}").text)
    assert said in words
    assert "Not funded in this round." in words


def test_applicants_never_read_scores_reviewers_or_ranks(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    decide(site, applicant, {"rank": 77})
    for path in ("", "/check", "/typed", "/team"):
        page = client.get(f"/proposals/{applicant.proposal_id}{path}", follow_redirects=True).text
        for secret in ("Secret", "41.5", "Weak.", "rank 77", "Below the margin"):
            assert secret not in page
    assert client.get(f"/proposals/{applicant.proposal_id}/scores").status_code == 403
    assert client.get(f"/rounds/{applicant.round_id}/proposals").status_code == 403


def test_every_page_of_a_proposal_is_not_there_for_a_stranger(
    site: Flask, sign_in: SignIn, applicant: Applicant
) -> None:
    stranger = sign_in(site, make_applicant(database_of(site)).email)
    for path in ("", "/edit", "/check", "/typed", "/team", "/withdraw"):
        assert stranger.get(f"/proposals/{applicant.proposal_id}{path}").status_code == 404
    for path in ("edit", "autosave", "discard", "submit", "take-back", "withdraw", "team"):
        answer = stranger.post(f"/proposals/{applicant.proposal_id}/{path}", data={"reason": "x"})
        assert answer.status_code == 404, path


def test_a_co_applicant_is_invited_and_removed_on_the_page_of_the_team(
    site: Flask, client: FlaskClient, applicant: Applicant
) -> None:
    path = f"/proposals/{applicant.proposal_id}/team"
    answer = client.post(path, data={"name": "", "email": "nobody"})
    assert answer.status_code == 422
    assert form_of(answer.text, "main form:last-of-type")["email"] == "nobody"
    client.post(path, data={"name": "Bo", "email": "bo@new.example"})
    page = client.get(path).text
    assert "bo@new.example" in page
    end = BeautifulSoup(page, "html.parser").select_one("form[action$='/end']")["action"]
    client.post(end)
    assert "bo@new.example" not in client.get(path).text
