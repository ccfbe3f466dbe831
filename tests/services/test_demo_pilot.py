"""The demo's earlier and next rounds, as they are after loading."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.models import (
    Award,
    ChangeRequest,
    Mail,
    Output,
    OutputKind,
    Proposal,
    Report,
    Round,
    Tranche,
)
from funding.services import demo
from funding.services.log import first_broken_link
from funding.services.reporting import schedule, underspend
from tests.builders import PASSWORD
from tests.conftest import SignIn


def _round(session: Session, key: str) -> Round:
    return session.scalars(sa.select(Round).where(Round.key == key)).one()


def test_the_earlier_round_is_closed_and_paid_out_in_part(each_database: Database) -> None:
    assert each_database.in_transaction(demo.load, password=PASSWORD)
    with each_database.reading() as session:
        pilot = _round(session, "common-ground-pilot-2025")
        assert pilot.state == "closed"
        awards = session.scalars(
            sa.select(Award).join(Proposal).where(Proposal.round_id == pilot.id)
        ).all()
        assert len(awards) == 15
        assert {award.awarded_at.year for award in awards} == {2025}
        for award in awards:
            assert sum(t.amount for t in award.tranches) <= award.amount
        by_proposal = Counter[int]()
        for award in awards:
            by_proposal[award.proposal_id] += award.base_amount
        for id_, amount in by_proposal.items():
            proposal = session.get_one(Proposal, id_)
            assert proposal.minimum <= amount <= proposal.ask
            assert proposal.state == "funded"
        states = Counter(session.scalars(sa.select(Tranche.state)))
        assert states["returned"] == 1
        assert states["paid"] > 10
        assert states["scheduled"] > 3
        assert first_broken_link(session) is None


def test_its_researchers_have_reported(each_database: Database) -> None:
    each_database.in_transaction(demo.load, password=PASSWORD)
    with each_database.reading() as session:
        states = Counter(session.scalars(sa.select(Report.state)))
        assert states["accepted"] >= 6
        assert (states["submitted"], states["sent back"]) == (1, 1)
        unwritten = {
            report.due_on.isoformat()
            for report in session.scalars(sa.select(Report).where(Report.narrative_id.is_(None)))
        }
        assert "2026-10-01" in unwritten
        kinds = set(session.scalars(sa.select(Output.kind)))
        assert kinds == set(OutputKind)
        assert session.scalars(sa.select(ChangeRequest.state)).all() == ["asked"]
        # of reports nobody is mailed; that bank details were entered, their funder's people hear
        assert set(session.scalars(sa.select(Mail.kind))) == {"bank details"}
        for award in session.scalars(sa.select(Award).where(Award.state == "completed")):
            final = [r for r in schedule.reports_of(session, award.id) if r.kind == "final"]
            assert [report.state for report in final] == ["accepted"]
            assert underspend.owed_by(session, award) == 0


def test_what_its_ledger_holds_is_what_was_committed(each_database: Database) -> None:
    each_database.in_transaction(demo.load, password=PASSWORD)
    with each_database.reading() as session:
        rows = session.execute(
            sa.text(
                "select c.amount, sum(case when a.kind = 'committed' then 0 else a.balance end),"
                " sum(a.balance) from commitment c join account a on a.commitment_id = c.id"
                " group by c.id, c.amount"
            )
        ).all()
    assert len(rows) > 20
    for amount, held, all_accounts in rows:
        assert (held, all_accounts) == (amount, 0)


def test_the_next_round_is_open_and_asks_what_the_demo_round_asks(demo_site: Flask) -> None:
    with demo_site.extensions["database"].reading() as session:
        model, following = (
            _round(session, key) for key in ("common-ground-2026", "common-ground-2027")
        )
        assert following.state == "open"
        assert following.opens_at < now() < following.closes_at
        assert [q.key for q in following.questions] == [q.key for q in model.questions]
        assert [n.area_key for n in following.needs] == [n.area_key for n in model.needs]
        assert [a.key for a in following.taxonomy.areas] == [a.key for a in model.taxonomy.areas]
        joined = [part for part in following.participants if part.joined_at]
        assert len(joined) == 3
        assert len(following.participants) == 4


@pytest.mark.parametrize("view", ["dashboard", "money", "plan"])
def test_the_earlier_rounds_pages_open(demo_site: Flask, sign_in: SignIn, view: str) -> None:
    with demo_site.extensions["database"].reading() as session:
        round_id = _round(session, "common-ground-pilot-2025").id
    client = sign_in(demo_site, demo.EXAMPLES["program officer"])
    assert client.get(f"/rounds/{round_id}/{view}").status_code == 200
