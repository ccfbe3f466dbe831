"""Words that the site put into rows, sizes of files and names of tables, as pages show them."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from funding.language import using
from funding.models import Proposal, Role, TeamMember
from funding.services.letters.templates import Text, name_in_words
from tests.builders import make_award, make_person
from tests.conftest import SignIn
from tests.plain_words import plain
from tests.public_scene import close
from tests.routes.world import Side, make_side


@pytest.fixture
def side(site: Flask) -> Side:
    return site.extensions["database"].in_transaction(make_side)


def test_the_text_that_an_offer_was_made_of_is_named_in_the_readers_language(
    site: Flask, sign_in: SignIn, side: Side
) -> None:
    officer = sign_in(site, side.people[Role.PROGRAM_OFFICER])
    page = plain(officer.get(f"/offers/{side.ids['offer_id']}?language=fr").text)
    assert "offre, Anglais, texte type" in page
    assert "standard text" not in page
    own = Text("agreement", "ar", 3, "").name
    assert name_in_words(own) == own == "agreement, Arabic, version 3"
    with using("ar"):
        assert plain(name_in_words(own)) == "اتفاقية، العربية، الإصدار 3"


def test_a_part_in_the_work_is_translated_if_the_site_wrote_it(
    site: Flask, sign_in: SignIn, side: Side
) -> None:
    def join(session: Session) -> None:
        proposal = session.get_one(Proposal, side.ids["proposal_id"])
        for position, role in enumerate(("Lead applicant", "Reviewers"), start=1):
            proposal.team.append(TeamMember(position=position, name="Ada", role=role))

    site.extensions["database"].in_transaction(join)
    officer = sign_in(site, side.people[Role.PROGRAM_OFFICER])
    page = plain(officer.get(f"/proposals/{side.ids['proposal_id']}?language=ar").text)
    assert "مقدِّم الطلب الرئيسي</td>" in page
    assert "Reviewers</td>" in page
    assert "3 بايت" in page
    assert "3 Bytes" not in page


def test_a_preview_names_the_tables_in_the_readers_language(site: Flask, sign_in: SignIn) -> None:
    def make(session: Session) -> tuple[str, int]:
        award = make_award(session)
        award.state = "accepted"
        round_ = award.proposal.round
        close(session, round_)
        return make_person(session, round_.owner, Role.COMMITTEE).email, round_.id

    email, round_id = site.extensions["database"].in_transaction(make)
    owner = sign_in(site, email)
    page = plain(owner.get(f"/rounds/{round_id}/public/preview?language=fr").text)
    for name in ("Attributions", "Paiements", "Besoins et lacunes ouvertes par domaine"):
        assert f'.csv">{name}</a>' in page
