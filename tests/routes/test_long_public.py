"""Public pages of a round with 10,000 awards: paged, with few queries, and files whole."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.db import now
from funding.models import Award, Publication, Round
from funding.models.triggers import lift_rules, set_rules
from tests.queries import count_queries
from tests.routes.test_long_lists import MANY, fill

PAGES = (
    "/public/",
    "/public/awards",
    "/public/awards?q=work&sort=title&page=40",
    "/public/awards?year=2026&state=accepted&area=interpretability&per_page=100",
    "/public/outputs",
    "/public/rounds/{key}",
    "/public/areas/interpretability",
    "/public/funders/{funder}",
)
FILES = ("/public/data/awards.csv", "/public/data/360giving.json", "/public/data/iati.xml")


def make(session: Session) -> tuple[str, str]:
    """The filled world, its round closed and published; the keys of the round and its funder."""
    side = fill(session)
    lift_rules(session.connection())
    session.execute(sa.update(Award).values(state="accepted"))
    session.execute(sa.update(Round).where(Round.id == side.ids["round_id"]).values(state="closed"))
    session.expire_all()
    round_ = session.get_one(Round, side.ids["round_id"])
    session.add(
        Publication(round_id=round_.id, is_public=True, published_at=now(), published_by_id=1)
    )
    session.flush()
    set_rules(session.connection())
    award = session.scalars(sa.select(Award).order_by(Award.id.desc()).limit(1)).one()
    return round_.key, award.commitment.funder.key


@pytest.mark.slow
def test_a_round_of_ten_thousand_awards_is_read_with_few_queries(site: Flask) -> None:
    database, client = site.extensions["database"], site.test_client()
    key, funder = database.in_transaction(make)
    for page in PAGES:
        with count_queries(database) as queries:
            answer = client.get(page.format(key=key, funder=funder))
        assert answer.status_code == 200, page
        assert len(queries) <= 45, (page, len(queries))
        assert len(answer.data) < 500_000, page
    for file in FILES:
        with count_queries(database) as queries:
            answer = client.get(file)
        assert len(queries) <= 40, (file, len(queries))
        assert answer.text.count(f"public/awards/{MANY}") >= 1
