"""Who paid whom in past grants: sums that the database makes, against every grant by itself."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.models import HistoricGrant, Import, Role, Round
from funding.reports.overlap_map import payments
from funding.services.overlaps.mapping import links_of
from funding.services.overlaps.works import given, in_currency
from tests.builders import make_actor, make_organisation, make_round
from tests.queries import count_queries

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "XTS", None)


def make_grants(session: Session, seed: int, number: int, alone: bool) -> int:
    """Past grants of two funders; `alone`: no two of a pair on one day. The round's id."""
    chance = Random(seed)
    committee = make_organisation(session, "committee")
    round_ = make_round(session, committee)
    batch = Import(
        organisation_id=committee.id,
        kind="history",
        filename="grants.csv",
        sha256="",
        state="done",
    )
    session.add(batch)
    session.flush()
    for n in range(number):
        day = date(2010, 1, 1) + timedelta(days=n if alone else chance.randrange(5))
        session.add(
            HistoricGrant(
                import_id=batch.id,
                organisation_id=committee.id,
                fingerprint=f"{n}",
                funder=f"Funder {chance.randrange(2)}",
                recipient=f"Recipient {chance.randrange(3)}",
                amount=chance.choice((None, 0, chance.randrange(1, 10**9))),
                currency=chance.choice(CURRENCIES),
                awarded_on=chance.choice((day, day, None)) if not alone else day,
            )
        )
    session.flush()
    return round_.id


def one_by_one(session: Session, currency: str) -> dict[tuple[str, str], int]:
    totals: dict[tuple[str, str], int] = {}
    for grant in session.scalars(sa.select(HistoricGrant)):
        amount = in_currency(grant, currency)
        if amount:
            pair = (grant.funder, grant.recipient)
            totals[pair] = totals.get(pair, 0) + amount
    return totals


@pytest.mark.parametrize("seed", [1, 2])
def test_sums_are_those_of_the_grants_one_by_one(each_database: Database, seed: int) -> None:
    each_database.in_transaction(make_grants, seed=seed, number=300, alone=True)
    with each_database.reading() as session:
        found = given(session, sa.select(HistoricGrant), "USD")
        assert {pair: amount for pair, amount in found.items() if amount} == one_by_one(
            session, "USD"
        )


def test_grants_of_one_day_are_rounded_once_instead_of_each(each_database: Database) -> None:
    each_database.in_transaction(make_grants, seed=4, number=400, alone=False)
    with each_database.reading() as session:
        found, expected = (
            given(session, sa.select(HistoricGrant), "USD"),
            one_by_one(session, "USD"),
        )
        assert found.keys() >= expected.keys()
        for pair, amount in expected.items():
            assert 0 <= found[pair] - amount < 400


def test_who_pays_whom_is_asked_for_in_as_many_queries_whatever_there_is(
    each_database: Database,
) -> None:
    sent = []
    for number in (10, 600):
        round_id = each_database.in_transaction(make_grants, seed=5, number=number, alone=True)
        with each_database.reading() as session:
            round_ = session.get_one(Round, round_id)
            reader = make_reader(each_database, round_)
            with count_queries(each_database) as queries:
                shown = payments(session, reader, round_)
            drawn = links_of(session, round_id)
            sent.append(len(queries))
        assert {
            (f"funder:{p.funder}", f"recipient:{p.recipient}"): p.amount for p in shown
        } == drawn
    assert sent[0] == sent[1] <= 5


def make_reader(database: Database, round_: Round):
    return database.in_transaction(
        lambda session: make_actor(session, session.merge(round_.owner), Role.COMMITTEE)
    )
