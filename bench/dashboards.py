"""How fast a dashboard opens: on the demo round, and on a round with 20,000 awards.

Each figure is the first view of one dashboard, from request to answer, of a site with a database
of its own (SQLite): the median of five, after one that loads what is loaded once, in processor
seconds, so that other work on the machine disturbs it little. Beside it the page's size.
`python -m bench dashboards`; the large round takes a minute to make.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from funding import create_app, schema
from funding.config import Config
from funding.db import Database
from funding.models import (
    Account,
    Area,
    Award,
    Binding,
    Commitment,
    Organisation,
    Person,
    PlanLine,
    PlanPutForward,
    Proposal,
    ProposalArea,
    Role,
    Round,
    RoundFunder,
    Run,
    RunState,
    Scenario,
    Taxonomy,
    Tranche,
    Transfer,
)
from funding.models.triggers import lift_rules, set_rules
from funding.routes.dashboards.asking import QUESTIONS
from funding.services import demo
from funding.services.identity import hash_password

AWARDS = 20_000
PASSWORD = "only for measuring"
TURNS = 5
CURRENCIES = ("USD", "EUR", "GBP", "JPY")
REGIONS = ("africa", "south-asia", "europe-central-asia", "north-america")
TARGETS = {"the demo round": 1.0, f"{AWARDS:,} awards": 2.0}
"""Seconds that a first view may take."""


def report() -> Iterator[str]:
    yield "# First view of a dashboard"
    for name, prepare in (("the demo round", _demo), (f"{AWARDS:,} awards", _large)):
        with tempfile.TemporaryDirectory() as folder:
            app, email, round_id = prepare(Path(folder))
            client = _signed_in(app, email)
            yield f"\n{name}: at most {TARGETS[name]:.0f} s"
            for question in QUESTIONS:
                seconds, size = _measured(client, round_id, question)
                met = "met" if seconds < TARGETS[name] else "MISSED"
                yield f"  {question:10} {seconds:6.2f} s  {size / 1000:6.0f} kB  {met}"
            app.extensions["database"].engine.dispose()


def _measured(client: FlaskClient, round_id: int, question: str) -> tuple[float, int]:
    at = f"/rounds/{round_id}/dashboard"
    address = at if question == "where" else f"{at}/{question}"
    taken, size = [], 0
    for _ in range(TURNS + 1):
        begun = time.process_time()
        answer = client.get(address)
        taken.append(time.process_time() - begun)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        size = len(answer.data)
    return statistics.median(taken[1:]), size


def _site(folder: Path) -> Flask:
    config = Config.from_environment(
        {
            "TRIBUTARY_DATA": str(folder),
            "TRIBUTARY_DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
        }
    )
    schema.migrate(Database(config.database_url))
    return create_app(config)


def _signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    client.post("/sign-in", data={"csrf_token": token, "email": email, "password": PASSWORD})
    return client


def _demo(folder: Path) -> tuple[Flask, str, int]:
    app = _site(folder)
    database: Database = app.extensions["database"]
    database.in_transaction(demo.load, password=PASSWORD)
    with database.reading() as session:
        round_id = session.scalar(sa.select(Round.id).where(Round.key == "common-ground-2026"))
    return app, demo.EXAMPLES["committee"], round_id or 0


def _large(folder: Path) -> tuple[Flask, str, int]:
    app = _site(folder)
    database: Database = app.extensions["database"]
    with database.engine.begin() as connection:
        lift_rules(connection)  # rows come by the ten thousand, as they would have come to be
    round_id, email = database.in_transaction(make_large_round, awards=AWARDS)
    with database.engine.begin() as connection:
        set_rules(connection)
        connection.exec_driver_sql("analyze")
    return app, email, round_id


def make_large_round(session: Session, awards: int) -> tuple[int, str]:
    """A round with so many awards of two tranches each, one of them paid: bulk rows."""
    owner = Organisation(key="large", name="Large committee", kind="committee")
    home = Organisation(key="home", name="Home institute", kind="institution")
    funders = [Organisation(key=f"f{n}", name=f"Funder {n}", kind="funder") for n in range(20)]
    reader = Person(
        email="reader@bench.example", name="Reader", password_hash=hash_password(PASSWORD)
    )
    reader.bindings.append(Binding(organisation=owner, role=Role.COMMITTEE))
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    round_ = Round(
        key="large", name="Large round", owner=owner, state="deciding", base_currency="USD",
        opens_at=moment, closes_at=moment + timedelta(days=60),
    )  # fmt: skip
    areas = [Area(position=n, key=f"area-{n}", name=f"Area {n}") for n in range(12)]
    round_.taxonomies.append(Taxonomy(number=1, areas=areas))
    round_.participants.extend(RoundFunder(funder=f, joined_at=moment) for f in funders)
    commitments = [
        Commitment(
            key=f"c{n}", name=f"Commitment {n}", round=round_, funder=funders[n % 20],
            amount=10**13, currency=CURRENCIES[n % 4],
        )
        for n in range(40)
    ]  # fmt: skip
    session.add_all([owner, home, *funders, reader, round_, *commitments])
    session.flush()
    scenario = Scenario(round=round_, name="Large", created_by_id=reader.id, state="solved")
    run = Run(state=RunState.DONE, rates={})
    scenario.runs.append(run)
    session.add(scenario)
    session.flush()
    plan = PlanPutForward(round_id=round_.id, run_id=run.id, put_forward_by_id=reader.id)
    session.add(plan)
    session.flush()
    _fill(session, round_.id, plan.id, home.id, reader.id, commitments, awards)
    return round_.id, reader.email


def _fill(
    session: Session,
    round_id: int,
    plan_id: int,
    home_id: int,
    person_id: int,
    commitments: list[Commitment],
    awards: int,
) -> None:
    proposals = awards * 3 // 4 + 1  # no commitment pays one twice
    rows: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (Proposal, ProposalArea, PlanLine, Award, Tranche, Account, Transfer)
    }
    moment = datetime(2025, 3, 1, tzinfo=UTC)

    def add(table: Any, **values: Any) -> None:
        rows[table].append(values)

    for n in range(1, proposals + 1):
        add(
            Proposal, id=n, key=f"P{n}", round_id=round_id, state="funded", title=f"Proposal {n}",
            abstract="", ask=10**9, minimum=0, institution_id=home_id, lead_id=person_id,
            region=REGIONS[n % 4], risk_tier="minimal", submitted_at=moment, version=1,
        )  # fmt: skip
        for part, share in ((n % 12, 0.7), ((n + 5) % 12, 0.3)):
            add(ProposalArea, proposal_id=n, area_key=f"area-{part}", weight=share)
    account = 0

    def open_account(kind: str, of: Commitment, balance: int, **values: Any) -> int:
        nonlocal account
        account += 1
        add(
            Account, id=account, kind=kind, funder_id=of.funder_id, currency=of.currency,
            commitment_id=of.id, balance=balance, may_be_negative=kind == "committed",
            **{"award_id": None, "tranche_id": None, **values},
        )  # fmt: skip
        return account

    def move(event: str, of: Commitment, debit: int, credit: int, amount: int) -> None:
        add(
            Transfer, event=event, debit_id=debit, credit_id=credit, funder_id=of.funder_id,
            currency=of.currency, amount=amount, reason="", posted_at=moment,
        )  # fmt: skip

    base = {
        of.id: (open_account("committed", of, -(10**13)), open_account("available", of, 10**12),
                open_account("reserved", of, 0))
        for of in commitments
    }  # fmt: skip
    tranche = 0
    for n in range(1, awards + 1):
        of, amount = commitments[n % 40], 1_000_00 + n
        _, available, reserved = base[of.id]
        add(
            PlanLine, id=n, plan_id=plan_id, commitment_id=of.id, proposal_id=n % proposals + 1,
            state="approved", suggested_amount=amount, amount=amount, base_amount=amount,
            recommended_by_id=person_id, version=1,
        )  # fmt: skip
        add(
            Award, id=n, plan_line_id=n, commitment_id=of.id, proposal_id=n % proposals + 1,
            state="active", amount=amount, base_amount=amount, awarded_at=moment, version=1,
        )  # fmt: skip
        part = amount // 3
        held = open_account("awarded", of, amount - 2 * part, award_id=n)
        move("line put forward", of, available, reserved, amount)
        move("line approved", of, reserved, held, amount)
        for is_paid in (True, False):
            tranche += 1
            due = date(2025 + tranche % 3, 5, 1)
            add(
                Tranche, id=tranche, award_id=n, state="paid" if is_paid else "scheduled",
                amount=part, due_on=due, prepared_by_id=person_id,
                released_by_id=None, paid_on=due if is_paid else None, version=1,
            )  # fmt: skip
            waiting = open_account(
                "scheduled", of, 0 if is_paid else part, award_id=n, tranche_id=tranche
            )
            move("tranche scheduled", of, held, waiting, part)
            if is_paid:
                paid = open_account("paid", of, part, award_id=n, tranche_id=tranche)
                move("tranche paid", of, waiting, paid, part)
    for row in rows[Tranche]:
        row["released_by_id"] = row["prepared_by_id"] if row["state"] == "paid" else None
        row["compensating_review_id"] = None
    session.connection().exec_driver_sql("pragma ignore_check_constraints=on")
    for table, values in rows.items():
        session.execute(sa.insert(table), values)
