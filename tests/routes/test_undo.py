"""Undo: a button after an act, where one act that there is takes it back and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import (
    AwardEmbargo,
    DashboardNote,
    ErasureRequest,
    Import,
    Overlap,
    Person,
    Role,
    Round,
    Voice,
    WithheldTitle,
)
from tests.builders import (
    make_award,
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)
from tests.conftest import SignIn
from tests.pages import undo_of

SAID = {"because": "Their colleagues could be found by it."}


@pytest.fixture
def read(site: Flask) -> Callable[..., Any]:
    """read(statement): the first thing that the database answers now."""

    def ask(statement: Any) -> Any:
        with site.extensions["database"].reading() as session:
            return session.execute(statement).first()

    return ask


def act(client: FlaskClient, address: str, **fields: object) -> tuple[str, dict[str, str]] | None:
    """Post it, and follow to the page that says so; answers what its Undo would post."""
    answer = client.post(address, data=fields, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:2000]
    return undo_of(answer.text)


def take_back(client: FlaskClient, undo: tuple[str, dict[str, str]] | None) -> None:
    assert undo is not None
    address, fields = undo
    answer = client.post(address, data=fields, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:2000]


@pytest.fixture
def award(site: Flask) -> dict[str, Any]:
    """An award, and a member of the committee that owns its round."""

    def make(session: Session) -> dict[str, Any]:
        made = make_award(session)
        round_ = made.proposal.round
        return {
            "id": made.id,
            "round": round_.id,
            "email": make_person(session, round_.owner, Role.COMMITTEE).email,
        }

    return site.extensions["database"].in_transaction(make)


@pytest.fixture
def owner(site: Flask, award: dict[str, Any], sign_in: SignIn) -> FlaskClient:
    return sign_in(site, award["email"])


def test_a_withheld_title_is_shown_again_and_withheld_again_with_its_reason(
    award: dict[str, Any], owner: FlaskClient, read: Callable[..., Any]
) -> None:
    at = f"/awards/{award['id']}/public"
    withheld = sa.select(WithheldTitle.reason, WithheldTitle.note)
    undo = act(owner, f"{at}/withhold", withheld_because="security", note=SAID["because"])
    before = read(withheld)
    take_back(owner, undo)
    assert read(withheld) is None
    act(owner, f"{at}/withhold", withheld_because="security", note=SAID["because"])
    take_back(owner, act(owner, f"{at}/show-title"))
    assert read(withheld) == before


def test_an_awards_embargo_goes_back_to_the_day_before_or_to_none(
    award: dict[str, Any], owner: FlaskClient, read: Callable[..., Any]
) -> None:
    at = f"/awards/{award['id']}/public/embargo"
    embargo = sa.select(AwardEmbargo.until, AwardEmbargo.reason)
    soon, later = (now().date() + timedelta(days=days) for days in (5, 50))
    take_back(owner, act(owner, at, until=soon, embargo_reason="A paper"))
    assert read(embargo) is None
    act(owner, at, until=soon, embargo_reason="A paper")
    take_back(owner, act(owner, at, until=later, embargo_reason="Two papers"))
    assert read(embargo) == (soon, "A paper")
    take_back(owner, act(owner, at))
    assert read(embargo) == (soon, "A paper")


def test_a_voice_goes_back_between_shown_and_hidden_but_not_to_words_that_are_gone(
    site: Flask, award: dict[str, Any], owner: FlaskClient, read: Callable[..., Any]
) -> None:
    def say(session: Session) -> int:
        made = Voice(round_id=award["round"], words="Locks on doors.", capacity="student")
        session.add(made)
        session.flush()
        return made.id

    number = site.extensions["database"].in_transaction(say)
    at = f"/rounds/{award['round']}/public/voices/{number}"
    stands = sa.select(Voice.state, Voice.hidden_because, Voice.words)

    def version() -> int:
        return int(read(sa.select(Voice.version))[0])

    assert act(owner, f"{at}/show", version=version()) is None  # it cannot wait again
    before = read(stands)
    take_back(owner, act(owner, f"{at}/hide", version=version(), reason="twice"))
    assert read(stands) == before
    act(owner, f"{at}/hide", version=version(), reason="twice")
    hidden = read(stands)
    take_back(owner, act(owner, f"{at}/show", version=version()))
    assert read(stands) == hidden
    act(owner, f"{at}/show", version=version())
    assert act(owner, f"{at}/hide", version=version(), reason="names a person") is None
    assert read(stands)[2] == ""


def test_a_pinned_note_is_withdrawn_again(
    award: dict[str, Any], owner: FlaskClient, read: Callable[..., Any]
) -> None:
    at = f"/rounds/{award['round']}/dashboard/where/notes"
    undo = act(owner, at, words="Look at the second bar.", figure="")
    assert read(sa.select(DashboardNote.withdrawn_at)) == (None,)
    take_back(owner, undo)
    assert read(sa.select(DashboardNote.withdrawn_at))[0] is not None


def test_a_verdict_on_an_overlap_goes_back_to_the_one_before_and_not_to_none(
    site: Flask, sign_in: SignIn, read: Callable[..., Any]
) -> None:
    def make(session: Session) -> tuple[str, int]:
        round_, funder = make_round(session), make_organisation(session)
        make_commitment(session, round_, funder)
        pair = Overlap(
            round_id=round_.id,
            degree=0.0,
            first=make_proposal(session, round_),
            second=make_proposal(session, round_),
        )
        session.add(pair)
        session.flush()
        return make_person(session, funder).email, pair.id

    email, number = site.extensions["database"].in_transaction(make)
    officer = sign_in(site, email)
    stands = sa.select(Overlap.verdict, Overlap.degree, Overlap.note)

    def decide(**fields: object) -> tuple[str, dict[str, str]] | None:
        version = read(sa.select(Overlap.version))[0]
        return act(officer, f"/overlaps/{number}", version=version, **fields)

    assert decide(verdict="duplicate", degree="35", note="Both repair probes") is None
    before = read(stands)
    take_back(officer, decide(verdict="distinct", degree="", note="No, other probes"))
    assert read(stands) == before


def test_past_grants_are_ones_own_again(
    site: Flask, award: dict[str, Any], owner: FlaskClient, read: Callable[..., Any]
) -> None:
    def file(session: Session) -> int:
        round_ = session.get_one(Round, award["round"])
        made = Import(kind="history", organisation_id=round_.owner_id, filename="h.csv", sha256="")
        session.add(made)
        session.flush()
        return made.id

    number = site.extensions["database"].in_transaction(file)
    is_public = sa.select(Import.is_public)
    take_back(owner, act(owner, f"/imports/{number}/public", is_public="yes"))
    assert read(is_public) == (False,)


def test_ones_own_choices_are_taken_back(
    award: dict[str, Any], owner: FlaskClient, read: Callable[..., Any]
) -> None:
    digest = sa.select(Person.digest).where(Person.email == award["email"])
    before = read(digest)
    undo = act(owner, "/account/digest", digest="weekly")
    assert read(digest) == ("weekly",)
    take_back(owner, undo)
    assert read(digest) == before
    undo = act(owner, "/account/erasure")
    assert read(sa.select(ErasureRequest.id)) is not None
    take_back(owner, undo)
    assert read(sa.select(ErasureRequest.id)) is None
