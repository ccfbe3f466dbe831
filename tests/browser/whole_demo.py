"""The demo round with something on every page: solved twice, decided in part, paid, imported."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session, joinedload

from funding.db import Database, now
from funding.live_worker import LiveWorker
from funding.models import (
    LANGUAGES,
    Award,
    BankStatement,
    ChangeRequest,
    CompensatingReview,
    FormQuestion,
    Indicator,
    LetterKind,
    Mail,
    OutsideOverlap,
    Overlap,
    PaymentBatch,
    Person,
    Pin,
    PlanLine,
    Proposal,
    Report,
    ReviewAssignment,
    Round,
    RoundEnquiry,
    RoundReviewer,
    Run,
    RunProposal,
    Scenario,
    Score,
    Tranche,
)
from funding.permissions import Actor
from funding.routes.dashboards.asking import QUESTIONS
from funding.services import (
    attachments,
    conflicts,
    decisions,
    declines,
    drafts,
    offering,
    plans,
    scenarios,
)
from funding.services.demo import EXAMPLES
from funding.services.live import sessions, voices
from funding.services.overlaps import introducing
from funding.services.packs import making, remarks
from funding.services.reviewing import suggesting
from funding.services.solve_now import solve_now
from funding.services.studies import ask_for_study
from funding.studies.kinds import KINDS
from funding.worker import Worker
from tests.browser.conftest import SOON_DONE
from tests.browser.names_demo import compare_names

OFFICER = EXAMPLES["program officer"]
COLLEAGUE = EXAMPLES["her colleague"]
PAYER = "friedhelm.luttmar@morgenweite.example"
FINANCE = "hamish.dunmorrow@corvane.example"
ADMIN = EXAMPLES["funder admin"]
INVITED = "tomoe.kurahashi@hoshimori.example"
COMMITTEE = EXAMPLES["committee"]
AUDITOR = EXAMPLES["auditor"]
PLATFORM = EXAMPLES["administrator"]
REVIEWER = EXAMPLES["reviewer"]
FINISHED = "freya.lindqvarn@common-ground.example"
"""A reviewer who has handed in all that was asked."""
RESEARCHER = "naveen.tirumalai@larkspur-lab.example"
REPORTER = "bram.lakerveld@waterlinie.example"
"""Leads a proposal of the earlier round, whose report was sent back."""
JUDGE = "kwabena.thistlewood@corvane.example"
"""An officer before whom another of that round's reports lies."""
NOBODY = ""

GRANTS = """funder,recipient,amount,currency,date,area,purpose
Alder Fund,Xylem Lab,120000,USD,2022-03-01,interpretability,Reading circuits
Birch Trust,Xylem Lab,80000,USD,2022-05-01,interpretability,Reading circuits
Birch Trust,Yarrow Institute,60000,USD,2022-06-01,evaluations,Graders
Alder Fund,Zinnia Centre,90000,USD,2021-06-01,governance,Audits
"""
FAULTY = GRANTS + "Alder Fund,,12 apples,USD,2022-13-01,interpretability,A row with faults\n"


@dataclass(frozen=True)
class WholeDemo:
    """The values that addresses are filled with, and those of single routes where they differ."""

    ids: dict[str, Any]
    of_route: dict[str, dict[str, Any]]
    several: dict[str, tuple[str, ...]]
    """Arguments of which each value is a page of its own."""


def _actor(session: Session, email: str) -> Actor:
    return Actor.of(session.scalars(sa.select(Person).where(Person.email == email)).one())


def _act(database: Database, email: str, service: Any, **values: Any) -> Any:
    """Call a service as this person."""
    with database.reading() as session:
        by = _actor(session, email)
    return database.in_transaction(service, by=by, **values)


def _work(app: Flask) -> None:
    """Let a worker do what somebody waits for; not what only fills in figures later."""
    worker = Worker(app.extensions["database"], app.extensions["config"], SOON_DONE)
    while worker.run_one():
        pass


def _overlapping(database: Database, round_id: int) -> dict[str, int]:
    """An overlap with a past grant, and two teams that are asked whether they would meet."""
    with database.reading() as session:
        outside = session.scalars(
            sa.select(OutsideOverlap.id)
            .where(OutsideOverlap.round_id == round_id)
            .order_by(OutsideOverlap.probability.desc())
            .limit(1)
        ).one()
        lead = session.scalars(sa.select(Person.id).where(Person.email == RESEARCHER)).one()
        pairs = session.scalars(sa.select(Overlap).where(Overlap.round_id == round_id))
        pair = next(
            pair
            for pair in pairs
            if pair.first.lead_id != pair.second.lead_id
            and lead in (pair.first.lead_id, pair.second.lead_id)
        )
    asked = _act(
        database,
        OFFICER,
        introducing.offer_introduction,
        overlap_id=pair.id,
        words="You may want to talk.",
        public_url="http://127.0.0.1",
    )
    return {"outside_id": outside, "introduction_id": asked.id}


def client_of(app: Flask, email: str, password: str) -> Any:
    """A client that is signed in; nobody's where there is no e-mail address."""
    client = app.test_client()
    if email:
        page = client.get("/sign-in").text
        answer = client.post(
            "/sign-in",
            data={"csrf_token": token_in(page), "email": email, "password": password},
        )
        assert answer.status_code == 302, answer.status_code
    return client


def token_in(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def _upload(client: Any, address: str, name: str, content: str, **fields: str) -> str:
    """Send a file through the form at this address; the answer is where that leads."""
    token = token_in(client.get(address).text)
    data = {"csrf_token": token, "file": (io.BytesIO(content.encode()), name), **fields}
    answer = client.post(address, data=data)
    assert answer.status_code in (302, 303), answer.text
    location: str = answer.headers["Location"]
    return location


def fill(app: Flask, password: str) -> WholeDemo:
    """Let the demo's people do a day's work; the answer says where it can be seen."""
    database, config = app.extensions["database"], app.extensions["config"]
    first = solve_now(database, config, "common-ground-2026")
    with database.reading() as session:
        round_ = session.scalars(sa.select(Round).where(Round.key == "common-ground-2026")).one()
        next_ = session.scalars(sa.select(Round).where(Round.key == "common-ground-2027")).one()
        refused = session.scalars(
            sa.select(RunProposal.proposal_id)
            .where(RunProposal.run_id == first.id, RunProposal.amount == 0)
            .order_by(RunProposal.merit.desc())
            .limit(1)
        ).one()
        overlap = session.scalars(
            sa.select(Overlap.id).where(Overlap.round_id == round_.id).limit(1)
        ).one()
        enquiry = session.scalars(sa.select(RoundEnquiry.id).limit(1)).one()
        funder = next(f.funder_id for f in round_.participants if f.funder.key == "northlight")
        award = session.scalars(
            sa.select(Award).where(Award.state == "active").order_by(Award.id)
        ).first()
        tranche = session.scalars(sa.select(Tranche).where(Tranche.award_id == award.id)).first()

    second = _pinned(database, round_.id, first.scenario_id, refused)
    _work(app)
    _act(database, OFFICER, plans.put_forward, run_id=first.id, note="As solved.", key="whole")
    pack = _act(database, COMMITTEE, making.ask_for_pack, round_id=round_.id, is_quick=True).id
    _work(app)
    said = {"kind": "comment", "words": "Why not the third?", "portfolio": 0}
    _act(database, COMMITTEE, remarks.remark, pack_id=pack, **said)
    live = _session(database, round_.id, first.id)
    line, alone, offered = _decided(database, first.id)
    _act(
        database,
        OFFICER,
        conflicts.declare_for,
        proposal_id=refused,
        person_id=_id_of(database, COLLEAGUE),
        reason="Was the lead's doctoral student until 2024.",
    )
    with database.reading() as session:
        pilot = session.scalars(sa.select(Round.id).where(Round.state == "closed")).one()
        lead = session.get_one(Award, offered).proposal.lead.email
    review = _alone(database, alone)
    offer = _offered(database, offered)
    _act(database, COMMITTEE, declines.write_letters, round_id=round_.id)
    draft = _act(database, RESEARCHER, drafts.start, round_id=next_.id).id
    file = attachments.store(config.data, "plan.txt", io.BytesIO(b"A plan in a file."))
    attached = _act(database, RESEARCHER, attachments.attach, proposal_id=draft, files=(file,))
    officer = client_of(app, OFFICER, password)
    preview = _upload(
        officer, "/imports/new", "grants.csv", FAULTY, kind="history", organisation_id=str(funder)
    )
    replay = _upload(officer, "/replay", "our grants.csv", GRANTS)
    token = token_in(officer.get(replay).text)
    result = officer.post(replay, data={"csrf_token": token, "pool": "year:2022"}).location
    decline = {"csrf_token": token, "act": "decline", "reason": "Outside our statutes."}
    price = urlsplit(officer.post(f"/lines/{line}/price", data=decline).location)
    _work(app)

    with database.reading() as session:
        question = session.scalars(
            sa.select(FormQuestion.id).where(FormQuestion.round_id == round_.id).limit(1)
        ).one()
        score = session.scalars(sa.select(Score.id).where(Score.proposal_id == refused)).first()
        pin = session.scalars(sa.select(Pin.id)).first()
        commitment = session.get_one(PlanLine, line).commitment_id
        newest = session.scalars(
            sa.select(Run.id).where(Run.scenario_id == second).order_by(Run.id.desc())
        ).first()
    _act(database, OFFICER, suggesting.ask_suggestion, round_id=round_.id)
    _work(app)
    reviewer = _id_of(database, REVIEWER)
    with database.reading() as session:
        asked = {
            assignment.state: assignment.id
            for assignment in session.scalars(
                sa.select(ReviewAssignment).where(ReviewAssignment.person_id == reviewer)
            )
        }
        finished = session.scalars(
            sa.select(ReviewAssignment.id)
            .join(Person, Person.id == ReviewAssignment.person_id)
            .where(Person.email == FINISHED, ReviewAssignment.state == "handed in")
            .order_by(ReviewAssignment.proposal_id)
            .limit(1)
        ).one()
        entered = session.scalars(
            sa.select(RoundReviewer.id).where(RoundReviewer.person_id == reviewer)
        ).one()
    study = _act(database, OFFICER, ask_for_study, run_id=newest, kind="frontier", parameters={})
    with database.reading() as session:
        sent_back = session.scalars(
            sa.select(Report).where(Report.state == "sent back").options(joinedload(Report.award))
        ).one()
        reported = {
            "report_id": session.scalars(
                sa.select(Report.id).where(Report.state == "submitted")
            ).one(),
            "request_id": session.scalars(sa.select(ChangeRequest.id)).one(),
            "indicator": session.scalars(sa.select(Indicator.id).order_by(Indicator.id)).first(),
        }
    ids = {
        **_overlapping(database, round_.id),
        "study_id": study.id,
        "pack_id": pack,
        "live_id": live,
        "round_id": round_.id,
        "commitment_id": commitment,
        "funder_id": funder,
        "proposal_id": refused,
        "attachment_id": attached[0].id,
        "score_id": score,
        "question_id": question,
        "enquiry_id": enquiry,
        "overlap_id": overlap,
        "scenario_id": second,
        "run_id": newest,
        "pin_id": pin,
        "line_id": line,
        "award_id": award.id,
        "compensating_id": review,
        "pilot_id": pilot,
        "offered_to": lead,
        "offer_id": offer,
        "tranche_id": tranche.id,
        **reported,
        **_payments(database),
        **compare_names(app),
        "import_id": int(preview.rpartition("/")[2]),
        "area_key": "interpretability",
        "name": "plan.txt",
        "replay_id": result.split("/")[2],
        "token": "made-up",
        "version": "0",
        "table": "proposals",
        "key": "common-ground-pilot-2025",
        "tour": "officer",
        "place": 3,
        "document": "plan",
        "chart": "frontier",
        "assignment_id": asked["accepted"],
        "assigned_id": asked["assigned"],
        "finished_id": finished,
        "reviewer_id": entered,
    }
    drafted = {"proposal_id": draft}
    replayed = {"run_id": result.rpartition("/")[2]}
    priced = int(price.path.rpartition("/")[2])
    of_route = {
        "prices.show": {"study_id": priced, **dict(parse_qsl(price.query))},
        "prices.progress": {"study_id": priced},
        "applications.edit": drafted,
        "applications.check": drafted,
        "applications.typed": drafted,
        "applications.ask_withdraw": drafted,
        "teams.index": drafted,
        "offers.prepare": {"award_id": offered},
        "comparisons.show": {"run_id": first.id},
        "results.why": {"run_id": first.id},
        "comparisons.table": {"run_id": first.id},
        "plans.ask_put_forward": {"run_id": newest},
        "joining.join": {"round_id": next_.id},
        "replay.document": replayed,
        "replay.progress": replayed,
        "replay.recipients": replayed,
        "replay.result": replayed,
        "replay.csv": {**replayed, "table": "areas"},
        "identity.open_link": {"token": _link(app)},
        "report_writing.edit": {"report_id": sent_back.id},
        "award_changes.extension": {"proposal_id": sent_back.award.proposal_id},
        "award_changes.budget": {"award_id": sent_back.award_id},
        "public.area": {"key": "interpretability"},
        "public.funder": {"key": "northlight"},
        "publishing.preview": {"round_id": pilot},
        "publishing.preview_award": {"round_id": pilot, "award_id": award.id},
    }
    views = ("funders", "areas", "overlaps", "whole")
    several = {
        "view": views,
        "kind": tuple(KINDS),
        "question": tuple(QUESTIONS),
        "letter": tuple(LetterKind),
        "language": tuple(LANGUAGES),
    }
    return WholeDemo(ids, of_route, several)


def _session(database: Database, round_id: int, run_id: int) -> int:
    """A live session with a step that was tried, a signal and a remark; its number."""
    live = _act(database, COMMITTEE, sessions.open_session, round_id=round_id, run_id=run_id).id
    tried = {"kind": "weights", "where": "interpretability", "value": 2.0}
    _act(database, COMMITTEE, sessions.ask_for_step, live_id=live, at=0, **tried)
    worker = LiveWorker(database)
    while worker.run_one():
        pass
    _act(database, COMMITTEE, sessions.set_voting, live_id=live, is_open=True)
    _act(database, COMMITTEE, voices.signal, live_id=live, number=1, choice="for")
    _act(database, COMMITTEE, voices.say, live_id=live, words="That is more like it.")
    made: int = live
    return made


def _alone(database: Database, line: int) -> int:
    """An officer whose colleague is in conflict approves with a compensating review; its number."""
    with database.reading() as session:
        proposal = session.get_one(PlanLine, line).proposal_id
    _act(
        database,
        OFFICER,
        conflicts.declare_for,
        proposal_id=proposal,
        person_id=_id_of(database, COLLEAGUE),
        reason="A brother leads the team.",
    )
    _act(
        database,
        OFFICER,
        decisions.approve_alone,
        line_id=line,
        version=None,
        alone_because="My colleague is in conflict, and the board meets in May.",
        key="alone",
    )
    with database.reading() as session:
        return session.scalars(sa.select(CompensatingReview.id)).one()


def _offered(database: Database, award_id: int) -> int:
    """An offer by letter that waits for its answer; its number."""
    with database.reading() as session:
        version = session.get_one(Award, award_id).version
    offer = _act(
        database,
        COLLEAGUE,
        offering.send_offer,
        award_id=award_id,
        version=version,
        language="en",
        expires_at=now() + timedelta(days=21),
        name="Declan Whitmoor",
    )
    number: int = offer.id
    return number


def _payments(database: Database) -> dict[str, int]:
    """What the demo's own funder of payments has of each."""
    with database.reading() as session:
        statement = session.scalars(sa.select(BankStatement)).first()
        batch = session.scalars(sa.select(PaymentBatch)).first()
        return {
            "batch_id": batch.id,
            "details_id": batch.payments[0].details_id,
            "bank_statement_id": statement.id,
            "bank_line_id": statement.lines[1].id,
            "transfer_id": statement.lines[0].transfer_id,
            "reversal_id": 1,
        }


def _id_of(database: Database, email: str) -> int:
    with database.reading() as session:
        return _actor(session, email).person_id


def _link(app: Flask) -> str:
    """The token of a one-time link that was sent to somebody and not used yet."""
    client = app.test_client()
    token = token_in(client.get("/forgotten").text)
    client.post("/forgotten", data={"csrf_token": token, "email": AUDITOR})
    with app.extensions["database"].reading() as session:
        body = session.scalars(sa.select(Mail.body).order_by(Mail.id.desc())).first()
    return body.partition("/link/")[2].split()[0]


def _pinned(database: Database, round_id: int, copy_of: int, proposal_id: int) -> int:
    """A second scenario, which funds what the first refused; waits for a worker."""
    made: Scenario = _act(
        database,
        OFFICER,
        scenarios.create_scenario,
        round_id=round_id,
        name="With the refused one",
        copy_of=copy_of,
    )
    _act(
        database,
        OFFICER,
        scenarios.set_pin,
        scenario_id=made.id,
        proposal_id=proposal_id,
        reason="The committee wants to see its price.",
        funded=True,
    )
    _act(database, OFFICER, scenarios.start_run, scenario_id=made.id)
    return made.id


def _decided(database: Database, run_id: int) -> tuple[int, int, int]:
    """Northlight amends, approves and declines a line each; two still to decide, and the award."""
    with database.reading() as session:
        lines = [
            line
            for line in session.scalars(sa.select(PlanLine).order_by(PlanLine.amount))
            if line.plan.run_id == run_id and line.commitment.funder.key == "northlight"
        ]
        ids = [
            (line.id, line.amount, session.get_one(Proposal, line.proposal_id)) for line in lines
        ]
    (approved, _, _), (declined, _, _), *rest, (amended, amount, _) = ids
    _act(
        database,
        OFFICER,
        decisions.amend_line,
        line_id=amended,
        version=None,
        amount=amount - 1_000_00,
        reason="The travel budget was counted twice.",
        key="amend",
    )
    _act(database, COLLEAGUE, decisions.approve_lines, lines={approved: None}, key="approve")
    _act(
        database,
        COLLEAGUE,
        decisions.decline_line,
        line_id=declined,
        version=None,
        reason="Outside what our board agreed for this year.",
        key="decline",
    )
    with database.reading() as session:
        award = session.scalars(sa.select(Award.id).where(Award.plan_line_id == approved)).one()
    return rest[0][0], rest[1][0], award
