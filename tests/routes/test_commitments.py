"""Commitments in the browser: lists, one in detail, registering, editing, larger and smaller."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import Commitment, Role, RoundFunder, Transfer
from tests.builders import (
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)
from tests.conftest import SignIn
from tests.pages import fields_of, words_of
from tests.queries import count_queries


@dataclass(frozen=True)
class Room:
    """A round that two funders share and a third knows nothing of; people by their part."""

    round_id: int
    ours: int
    theirs: int
    finance: str
    officer: str
    neighbour: str
    stranger: str
    committee: str


def database_of(app: Flask) -> Database:
    return app.extensions["database"]


@pytest.fixture
def room(site: Flask) -> Room:
    def make(session: Session) -> Room:
        round_ = make_round(session)
        us, them = make_organisation(session), make_organisation(session, name="Them")
        ours = make_commitment(session, round_, us, name="Ours", amount=100_000_00)
        theirs = make_commitment(
            session, round_, them, name="Theirs", amount=5_000_000, currency="JPY"
        )
        make_proposal(session, round_, areas={"evaluations-capability": 1.0}, region="africa")
        make_proposal(session, round_)
        elsewhere = make_round(session)
        elsewhere.participants.append(RoundFunder(funder=us, joined_at=now()))
        people = [
            make_person(session, organisation, role).email
            for organisation, role in (
                (us, Role.FINANCE_OFFICER),
                (us, Role.PROGRAM_OFFICER),
                (them, Role.FUNDER_ADMIN),
                (make_organisation(session), Role.FUNDER_ADMIN),
                (round_.owner, Role.COMMITTEE),
            )
        ]
        return Room(round_.id, ours.id, theirs.id, *people)

    return database_of(site).in_transaction(make)


@pytest.fixture
def finance(site: Flask, sign_in: SignIn, room: Room) -> FlaskClient:
    return sign_in(site, room.finance)


def stored(app: Flask, commitment_id: int) -> Commitment:
    with database_of(app).reading() as session:
        found = session.get_one(Commitment, commitment_id)
        assert found.releases is not None
        return found


def errors_of(page: str) -> set[str]:
    found = BeautifulSoup(page, "html.parser").select(".error-summary a")
    return {link["href"].removeprefix("#f-") for link in found}


def test_a_commitment_is_there_for_its_funder_and_the_rounds_others_only(
    site: Flask, sign_in: SignIn, room: Room
) -> None:
    address = f"/commitments/{room.ours}"
    for email, status in (
        (room.finance, 200),
        (room.officer, 200),
        (room.neighbour, 200),
        (room.committee, 200),
        (room.stranger, 404),
    ):
        assert sign_in(site, email).get(address).status_code == status


def test_an_officer_may_not_edit_and_another_funder_finds_nothing_to_edit(
    site: Flask, sign_in: SignIn, room: Room
) -> None:
    for part in ("edit", "amount"):
        address = f"/commitments/{room.ours}/{part}"
        for method in ("get", "post"):
            assert getattr(sign_in(site, room.officer), method)(address).status_code == 403
            assert getattr(sign_in(site, room.neighbour), method)(address).status_code == 404
            assert getattr(sign_in(site, room.stranger), method)(address).status_code == 404


def test_the_rounds_list_shows_balances_with_rate_and_date(
    finance: FlaskClient, room: Room
) -> None:
    words = words_of(finance.get(f"/rounds/{room.round_id}/commitments").text)
    assert "JPY 5,000,000" in words
    assert re.search(r"Counted at 0\.00\d+ USD for 1 JPY \(\d+ \w+ \d{4}\)", words)
    assert re.search(r"USD 3\d,\d{3}", words)
    assert "May pay for any proposal." in words


def test_a_strange_round_has_no_list(site: Flask, sign_in: SignIn, room: Room) -> None:
    assert (
        sign_in(site, room.stranger).get(f"/rounds/{room.round_id}/commitments").status_code == 404
    )


def names(client: FlaskClient, address: str) -> list[str]:
    page = BeautifulSoup(client.get(address).text, "html.parser")
    return [link.text for link in page.select("#results tbody th a")]


def test_the_list_sorts_by_worth_and_filters(site: Flask, finance: FlaskClient, room: Room) -> None:
    def restrict(session: Session) -> None:
        session.get_one(Commitment, room.ours).areas = ["interpretability"]

    database_of(site).in_transaction(restrict)
    address = f"/rounds/{room.round_id}/commitments"
    assert names(finance, f"{address}?sort=-amount") == ["Ours", "Theirs"]
    assert names(finance, f"{address}?sort=available") == ["Theirs", "Ours"]
    assert names(finance, f"{address}?area=interpretability") == ["Ours", "Theirs"]
    assert names(finance, f"{address}?area=evaluations") == ["Theirs"]
    assert names(finance, f"{address}?currency=JPY") == ["Theirs"]
    assert names(finance, f"{address}?q=OURS") == ["Ours"]
    assert names(finance, "/commitments") == ["Ours"]


def test_the_lists_take_the_same_number_of_queries_for_many_rows(
    site: Flask, finance: FlaskClient, room: Room
) -> None:
    addresses = (f"/rounds/{room.round_id}/commitments?per_page=200", "/commitments?per_page=200")
    before = []
    for address in addresses:
        with count_queries(database_of(site)) as sent:
            finance.get(address)
        before.append(len(sent))

    def fill(session: Session) -> None:
        first = session.get_one(Commitment, room.ours)
        for number in range(120):
            make_commitment(
                session, first.round, first.funder, currency=("USD", "EUR", "GBP")[number % 3]
            )

    database_of(site).in_transaction(fill)
    for address, few in zip(addresses, before, strict=True):
        with count_queries(database_of(site)) as sent:
            assert len(names(finance, address)) > 100
        assert len(sent) <= few + 1


def test_a_commitment_is_registered_from_the_form_in_any_currency(
    site: Flask, finance: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/commitments/new"
    form = fields_of(finance.get(address).text)
    form |= {
        "name": "Gulf Window",
        "amount_currency": "BHD",
        "amount": "1,234.567",
        "areas": ["evaluations"],
        "regions": ["africa", "south-asia"],
        "least_share": "60",
        "cap_share_of_ask": "40",
        "starts_on": "2027-01-01",
        "ends_on": "2028-12-31",
        "release_year.0": "2027",
        "release_amount.0": "1000",
        "release_year.1": "2028",
        "release_amount.1": "234.567",
    }
    asked = finance.post(address, data=form)
    assert asked.status_code == 422
    assert errors_of(asked.text) == {"own_rate"}
    form |= {"own_rate": "2.65", "own_rate_on": "2026-11-02"}
    answer = finance.post(address, data=form, follow_redirects=True)
    assert answer.status_code == 200
    words = words_of(answer.text)
    assert "May pay at most 40% of any proposal that is at least 60% evaluations, in" in words
    assert "Reaches 1 of 2 open proposals" in words
    assert "1,234.567 BHD" in words
    assert "USD 3,271.60" in words
    with database_of(site).reading() as session:
        made = session.scalars(sa.select(Commitment).where(Commitment.currency == "BHD")).one()
        assert made.amount == 1_234_567
        assert [(r.year, r.amount) for r in made.releases] == [(2027, 1_000_000), (2028, 234_567)]


def test_a_refused_form_names_every_fault_and_keeps_what_was_typed(
    finance: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/commitments/new"
    form = fields_of(finance.get(address).text)
    form |= {
        "name": "",
        "amount": "1.005",
        "cap_share_of_ask": "140",
        "ticket": "-5",
        "release_year.0": "soon",
        "release_amount.0": "1",
        "starts_on": "2027-02-30",
        "areas": ["evaluations", "astrology"],
    }
    answer = finance.post(address, data=form)
    assert answer.status_code == 422
    assert errors_of(answer.text) == {
        "name",
        "amount",
        "cap_share_of_ask",
        "ticket",
        "release_year.0",
        "starts_on",
        "areas",
    }
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.find(id="f-amount")["value"] == "1.005"
    assert page.find(id="f-release_year.0")["value"] == "soon"
    assert page.select_one("input[name=areas][value=evaluations]").has_attr("checked")


def test_a_form_sent_twice_registers_once(site: Flask, finance: FlaskClient, room: Room) -> None:
    address = f"/rounds/{room.round_id}/commitments/new"
    form = {**fields_of(finance.get(address).text), "name": "Once", "amount": "5"}
    first = finance.post(address, data=form)
    second = finance.post(address, data=form)
    assert first.status_code == second.status_code == 302
    assert first.location == second.location


def test_the_preview_says_the_sentence_and_the_count_before_anything_is_saved(
    finance: FlaskClient, room: Room
) -> None:
    form = fields_of(finance.get(f"/rounds/{room.round_id}/commitments/new").text)
    form |= {"areas": ["evaluations"], "amount": "nonsense", "cap_share_of_ask": "29"}
    answer = finance.post(f"/rounds/{room.round_id}/commitments/preview", data=form)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    text = BeautifulSoup(answer.text, "html.parser").get_text(" ")
    assert "May pay at most 29% of any proposal that is at least half evaluations." in text
    assert "Reaches 1 of 2 open proposals" in text


def test_matching_and_conditions_are_said_back_and_stored(
    site: Flask, finance: FlaskClient, room: Room
) -> None:
    address = f"/commitments/{room.ours}/edit"
    form = fields_of(finance.get(address).text)
    form |= {"match_ratio": "1", "match_up_to": "5,000", "only_if_funders": "2"}
    form |= {"only_if_least": "1,000", "joins_if_total": "90,000"}
    said = finance.post(f"/rounds/{room.round_id}/commitments/preview", data=form).text
    words = " ".join(BeautifulSoup(said, "html.parser").get_text(" ").split())
    assert "1 for 1, up to USD 5,000 a proposal." in words
    assert "only if at least 2 other funders pay it, each USD 1,000 or more." in words
    assert "Pays nothing unless the round gives at least USD 90,000 in all." in words
    assert finance.post(address, data=form).status_code == 302
    kept = stored(site, room.ours)
    assert (kept.match_ratio, kept.match_up_to) == (1.0, 5_000_00)
    assert (kept.only_if, kept.joins_if) == (
        {"funders": 2, "least": 1_000_00},
        {"total": 90_000_00},
    )
    assert fields_of(finance.get(address).text)["only_if_least"] == "1,000"


def test_a_match_without_its_ratio_is_refused_in_words(finance: FlaskClient, room: Room) -> None:
    address = f"/commitments/{room.ours}/edit"
    form = fields_of(finance.get(address).text) | {"match_up_to": "5,000"}
    answer = finance.post(address, data=form)
    assert answer.status_code == 422
    assert "Write how many for 1 it matches" in words_of(answer.text)


def test_a_stale_edit_is_shown_beside_what_is_stored(
    site: Flask, finance: FlaskClient, room: Room
) -> None:
    address = f"/commitments/{room.ours}/edit"
    mine = fields_of(finance.get(address).text)
    assert finance.post(address, data={**mine, "note": "Their note."}).status_code == 302
    answer = finance.post(address, data={**mine, "note": "My note.", "regions": ["africa"]})
    assert answer.status_code == 409
    words = words_of(answer.text)
    assert {"Their note.", "My note."} <= set(re.findall(r"\w+ note\.", words))
    assert "africa" in words
    again = {**fields_of(answer.text), "regions": ["africa"]}
    assert finance.post(address, data=again).status_code == 302
    assert (stored(site, room.ours).note, stored(site, room.ours).regions) == (
        "My note.",
        ["africa"],
    )


def test_the_amount_is_changed_by_a_transfer_and_never_below_what_is_free(
    site: Flask, finance: FlaskClient, room: Room
) -> None:
    address = f"/commitments/{room.ours}/amount"
    form = {**fields_of(finance.get(address).text), "reason": "A gift."}
    assert finance.post(address, data={**form, "amount": "500"}).status_code == 302
    assert stored(site, room.ours).amount == 100_500_00
    form = {**fields_of(finance.get(address).text), "reason": "A cut.", "way": "less"}
    refused = finance.post(address, data={**form, "amount": "100,500.01"})
    assert refused.status_code == 422
    assert "At most USD\N{NO-BREAK SPACE}100,500 can be taken back" in refused.text
    detail = words_of(finance.get(f"/commitments/{room.ours}").text)
    assert "Commitment increased A gift." in detail
    with database_of(site).reading() as session:
        count = sa.select(sa.func.count()).select_from(Transfer)
        assert session.scalar(count) == 3, "two registered, one increased"


def test_nobody_registers_for_a_round_not_joined_or_for_another_funder(
    site: Flask, sign_in: SignIn, finance: FlaskClient, room: Room
) -> None:
    address = f"/rounds/{room.round_id}/commitments/new"
    assert sign_in(site, room.stranger).get(address).status_code == 404
    form = fields_of(finance.get(address).text)
    with database_of(site).reading() as session:
        them = session.get_one(Commitment, room.theirs).funder_id
    stolen = {**form, "funder_id": str(them), "name": "Stolen", "amount": "5"}
    assert finance.post(address, data=stolen).status_code == 404


# What is owed to earlier awards


def test_what_is_owed_to_earlier_awards_is_typed_kept_and_said(
    site: Flask, finance: FlaskClient, room: Room
) -> None:
    address = f"/commitments/{room.ours}/edit"
    form = fields_of(finance.get(address).text, "data-guard")
    assert form["earlier_year.0"] == ""
    owed = {"earlier_year.0": "2027", "earlier_amount.0": "30,000"}
    refused = finance.post(address, data={**form, **owed, "earlier_amount.0": "some"})
    assert refused.status_code == 422
    assert fields_of(refused.text, "data-guard")["earlier_amount.0"] == "some"
    more = finance.post(address, data={**form, **owed, "earlier_amount.0": "100,000.01"})
    assert errors_of(more.text) == {"earlier"}
    assert finance.post(address, data={**form, **owed}).status_code == 302
    with database_of(site).reading() as session:
        kept = session.get_one(Commitment, room.ours)
        assert [(each.year, each.amount) for each in kept.earlier] == [(2027, 30_000_00)]
    page = words_of(finance.get(f"/commitments/{room.ours}").text)
    assert "Keeps USD 30,000 of 2027 for earlier awards, which are paid first." in page
    assert "USD 30,000 of it is kept for earlier awards" in page
    less = fields_of(finance.get(f"/commitments/{room.ours}/amount").text, "data-guard")
    less |= {"way": "less", "amount": "70,000.01", "reason": "A cut"}
    answer = finance.post(f"/commitments/{room.ours}/amount", data=less)
    assert answer.status_code == 409
    assert "kept for earlier awards" in words_of(answer.text)
