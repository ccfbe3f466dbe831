"""From an approved line to a signed agreement, and back where nobody answers; on both engines."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database, now
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.exports.pdf import NoPdf
from funding.models import (
    Account,
    AccountKind,
    Award,
    DiligenceCheck,
    Mail,
    Offer,
    Person,
    ReportingRule,
    Role,
    Signature,
)
from funding.models.triggers import lift_rules, set_rules
from funding.permissions import Actor
from funding.services import awards, diligence, funder_terms, offering
from funding.services.decisions import approve_lines
from funding.services.letters import documents, templates
from funding.services.reporting import schedule
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)
from tests.conftest import make_config


@dataclass(frozen=True)
class Scene:
    """A funder with two items on its checklist; an approved line of 9,000.00 to be offered."""

    award_id: int
    funder_id: int
    officer: Actor
    finance: Actor
    admin: Actor
    lead: Actor
    auditor: Actor
    other: Actor


def set_scene(session: Session, *, items: bool = True, by_letter: bool = False) -> Scene:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    admin = make_actor(session, funder, Role.FUNDER_ADMIN)
    for title in ("Bank account", "Statutes") if items else ():
        funder_terms.add_item(session, by=admin, funder_id=funder.id, title=title, asks="Look.")
    if by_letter:
        funder_terms.set_terms(
            session,
            by=admin,
            funder_id=funder.id,
            version=0,
            by_letter=True,
            offer_days=14,
            language="fr",
        )
    round_ = make_round(session, committee)
    proposal = make_proposal(session, round_, ask=9_000_00, minimum=1, title="Sûreté & <b>contrôle")
    plan = make_plan(
        session,
        round_,
        [(make_commitment(session, round_, funder, amount=10_000_00), proposal, 9_000_00)],
        make_actor(session, committee),
    )
    officer = make_actor(session, funder)
    approve_lines(session, by=officer, lines={plan.lines[0].id: None}, key="scene")
    other = make_organisation(session)
    make_commitment(session, round_, other)
    return Scene(
        session.scalars(sa.select(Award.id)).one(),
        funder.id,
        officer,
        make_actor(session, funder, Role.FINANCE_OFFICER),
        admin,
        Actor.of(proposal.lead),
        make_actor(session, funder, Role.AUDITOR),
        make_actor(session, other),
    )


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def award_of(database: Database, scene: Scene) -> Award:
    with database.reading() as session:
        return session.get_one(Award, scene.award_id)


def check_all(database: Database, scene: Scene) -> None:
    with database.reading() as session:
        found = session.scalars(sa.select(DiligenceCheck).order_by(DiligenceCheck.id)).all()
    for number, check in enumerate(found):
        database.in_transaction(
            diligence.finish_check,
            by=scene.officer if number else scene.finance,
            check_id=check.id,
            version=check.version,
            outcome="in order" if number else "does not apply",
            evidence="Seen on paper, in our folder 12.",
        )


def send(
    database: Database, scene: Scene, *, language: str = "en", days: float = 14, by: Actor = None
) -> Offer:
    return database.in_transaction(
        offering.send_offer,
        by=by or scene.officer,
        award_id=scene.award_id,
        version=award_of(database, scene).version,
        language=language,
        expires_at=now() + timedelta(days=days),
        name="Olga Officer",
    )


def accept(database: Database, scene: Scene, digest: str, name: str = "Lea Lead") -> None:
    database.in_transaction(
        awards.accept_award,
        by=scene.lead,
        award_id=scene.award_id,
        version=award_of(database, scene).version,
        name=name,
        document_sha256=digest,
    )


def free_money(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(
            sa.select(sa.func.sum(Account.balance)).where(Account.kind == AccountKind.AVAILABLE)
        )


def test_an_award_is_offered_once_its_checklist_is_done(
    each_database: Database, scene: Scene
) -> None:
    assert award_of(each_database, scene).state == "to be offered"
    with pytest.raises(RuleBroken, match="Bank account, Statutes"):
        send(each_database, scene)
    with each_database.reading() as session:
        first = session.scalars(sa.select(DiligenceCheck).order_by(DiligenceCheck.id)).first()
    with pytest.raises(InvalidInput):
        each_database.in_transaction(
            diligence.finish_check,
            by=scene.finance,
            check_id=first.id,
            version=first.version,
            outcome="in order",
            evidence="",
        )
    for who, refusal in ((scene.auditor, NotPermitted), (scene.other, NotPermitted)):
        with pytest.raises((refusal, NotFound)):
            each_database.in_transaction(
                diligence.finish_check,
                by=who,
                check_id=first.id,
                version=first.version,
                outcome="in order",
                evidence="Seen",
            )
    check_all(each_database, scene)
    with each_database.reading() as session:
        done = session.get_one(DiligenceCheck, first.id)
        assert (done.outcome, done.done_by_id) == ("does not apply", scene.finance.person_id)
    offer = send(each_database, scene)
    assert award_of(each_database, scene).state == "offered"
    with each_database.reading() as session:
        letter = session.scalars(sa.select(Mail).where(Mail.kind == "offer")).one()
        assert letter.key == f"offer {offer.id}"
        assert letter.to == session.get_one(Person, scene.lead.person_id).email
        assert "USD\N{NO-BREAK SPACE}9,000.00" in letter.body
        assert "{" not in letter.body
    with pytest.raises(Conflict):
        each_database.in_transaction(
            diligence.reopen_check, by=scene.finance, check_id=first.id, version=first.version
        )
    with pytest.raises(RuleBroken, match="stays"):
        each_database.in_transaction(
            diligence.reopen_check, by=scene.finance, check_id=first.id, version=done.version
        )


def test_without_checklist_or_letter_an_approved_line_is_offered_at_once(
    each_database: Database,
) -> None:
    scene = each_database.in_transaction(set_scene, items=False)
    assert award_of(each_database, scene).state == "offered"
    accept(each_database, scene, "", name="")
    assert award_of(each_database, scene).state == "accepted"


def test_both_sides_sign_the_document_that_was_offered(
    each_database: Database, scene: Scene
) -> None:
    check_all(each_database, scene)
    offer = send(each_database, scene, language="fr")
    assert hashlib.sha256(offer.agreement_html.encode()).hexdigest() == offer.agreement_sha256
    assert "Sûreté &amp; &lt;b&gt;contrôle" in offer.agreement_html
    assert "9 000,00 USD" in offer.agreement.replace("\N{NARROW NO-BREAK SPACE}", " ").replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert offer.agreement_template == "agreement, French, standard text"
    with pytest.raises(RuleBroken, match="not the agreement"):
        accept(each_database, scene, "0" * 64)
    with pytest.raises(InvalidInput):
        accept(each_database, scene, offer.agreement_sha256, name=" ")
    accept(each_database, scene, offer.agreement_sha256)
    assert award_of(each_database, scene).state == "accepted"
    with each_database.reading() as session:
        signed = session.scalars(sa.select(Signature).order_by(Signature.id)).all()
        assert [(s.side, s.name, s.person_id) for s in signed] == [
            ("funder", "Olga Officer", scene.officer.person_id),
            ("applicant", "Lea Lead", scene.lead.person_id),
        ]
        assert {s.document_sha256 for s in signed} == {offer.agreement_sha256}
        assert session.get_one(Offer, offer.id).state == "accepted"


def test_a_letter_in_arabic_runs_from_right_to_left(each_database: Database, scene: Scene) -> None:
    check_all(each_database, scene)
    offer = send(each_database, scene, language="ar")
    assert '<html lang="ar" dir="rtl">' in offer.agreement_html
    assert "9,000.00\N{NO-BREAK SPACE}USD" in offer.agreement
    assert "الجهة المانحة" in offer.letter or "المنحة" in offer.letter
    assert "{" not in offer.letter + offer.agreement


def test_the_agreement_names_the_days_on_which_reports_are_due(
    each_database: Database, scene: Scene
) -> None:
    def give_dates(session: Session) -> None:
        proposal = session.get_one(Award, scene.award_id).proposal
        proposal.starts_on, proposal.ends_on = date(2027, 3, 1), date(2028, 8, 31)
        session.add(
            ReportingRule(funder_id=scene.funder_id, every_months=12, final_days=30, remind_days=7)
        )

    each_database.in_transaction(give_dates)
    check_all(each_database, scene)
    offer = send(each_database, scene, language="fr")
    assert "aux dates suivantes : 1 mars 2028 et 30 septembre 2028." in offer.agreement
    accept(each_database, scene, offer.agreement_sha256)
    with each_database.reading() as session:
        due = [report.due_on for report in schedule.reports_of(session, scene.award_id)]
    assert due == [date(2028, 3, 1), date(2028, 9, 30)]


def test_an_offer_taken_back_is_not_accepted_and_another_can_be_sent(
    each_database: Database, scene: Scene
) -> None:
    check_all(each_database, scene)
    offer = send(each_database, scene)
    with pytest.raises(RuleBroken, match="waits for its answer"):
        send(each_database, scene)
    version = award_of(each_database, scene).version
    back = {"by": scene.officer, "award_id": scene.award_id, "version": version}
    with pytest.raises(InvalidInput):
        each_database.in_transaction(offering.withdraw_offer, **back, reason="")
    each_database.in_transaction(offering.withdraw_offer, **back, reason="A wrong date")
    assert award_of(each_database, scene).version > version
    with pytest.raises(RuleBroken, match="taken back"):
        accept(each_database, scene, offer.agreement_sha256)
    again = send(each_database, scene, language="es")
    accept(each_database, scene, again.agreement_sha256)
    with each_database.reading() as session:
        keys = list(session.scalars(sa.select(Mail.key).where(Mail.kind == "offer")))
    assert sorted(keys) == sorted(
        [f"offer {offer.id}", f"offer {offer.id} withdrawn", f"offer {again.id}"]
    )


def expire(database: Database) -> None:
    """Let the deadline of every offer lie in the past; the rules would not have it."""

    def act(session: Session) -> None:
        lift_rules(session.connection())
        past = now() - timedelta(days=1)
        session.execute(sa.update(Offer).values(expires_at=past, sent_at=past - timedelta(days=20)))
        set_rules(session.connection())

    database.in_transaction(act)


def test_an_offer_lapses_by_itself_and_its_money_is_free_again(
    each_database: Database, scene: Scene
) -> None:
    check_all(each_database, scene)
    offer = send(each_database, scene)
    before = free_money(each_database)
    assert each_database.in_transaction(offering.lapse_due) == 0
    expire(each_database)
    with pytest.raises(RuleBroken, match="deadline has passed"):
        accept(each_database, scene, offer.agreement_sha256)
    assert each_database.in_transaction(offering.lapse_due) == 1
    assert each_database.in_transaction(offering.lapse_due) == 0
    assert award_of(each_database, scene).state == "terminated"
    assert free_money(each_database) == before + 9_000_00
    with each_database.reading() as session:
        assert session.get_one(Offer, offer.id).state == "lapsed"
        told = session.scalars(sa.select(Mail).where(Mail.subject.contains("has lapsed"))).all()
        assert len(told) == 2


def test_an_offer_that_is_refused_or_ended_is_closed_with_the_award(
    each_database: Database, scene: Scene
) -> None:
    check_all(each_database, scene)
    offer = send(each_database, scene)
    each_database.in_transaction(
        awards.refuse_award,
        by=scene.lead,
        award_id=scene.award_id,
        version=award_of(each_database, scene).version,
        reason="Funded elsewhere",
    )
    with each_database.reading() as session:
        assert session.get_one(Offer, offer.id).state == "refused"


def test_the_agreement_is_made_as_pdf_with_signatures_once_both_are_there(
    database: Database, tmp_path: Path
) -> None:
    try:
        documents.pdf_of("<p>x</p>")
    except NoPdf:
        pytest.skip("this machine has no Pango")
    scene = database.in_transaction(set_scene, items=False, by_letter=True)
    offer = send(database, scene, language="es")
    config = make_config(tmp_path, "sqlite://")
    offering.make_agreement(database, config, offer_id=offer.id)
    accept(database, scene, offer.agreement_sha256)
    offering.make_agreement(database, config, offer_id=offer.id)
    with database.reading() as session:
        made = session.get_one(Offer, offer.id)
        assert made.pdf_sha256 != made.signed_pdf_sha256
        for name in (made.pdf_sha256, made.signed_pdf_sha256):
            content = (documents.folder_of(tmp_path) / name).read_bytes()
            assert content.startswith(b"%PDF-")
            assert hashlib.sha256(content).hexdigest() == name
        assert made.pdf_error == ""


def test_without_pango_the_offer_says_so_and_the_html_is_there(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that fails is what a machine without Pango has."""
    scene = database.in_transaction(set_scene, items=False, by_letter=True)
    offer = send(database, scene)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    offering.make_agreement(database, make_config(tmp_path, "sqlite://"), offer_id=offer.id)
    with database.reading() as session:
        made = session.get_one(Offer, offer.id)
        assert made.pdf_sha256 is None
        assert "no Pango" in made.pdf_error
        assert made.agreement_html.startswith("<!doctype html>")


def test_a_text_is_saved_in_versions_and_an_offer_keeps_its_own(
    each_database: Database, scene: Scene
) -> None:
    save = {
        "by": scene.admin,
        "funder_id": scene.funder_id,
        "kind": "agreement",
        "language": "en",
    }
    body = "{funder} pays {amount} to {applicant} for {proposal}."
    for wrong, said in (
        ("{funder} pays {amout} to {applicant} for {proposal}.", "there is no {amout}"),
        (body + "\n{", "line 2"),
        ("{funder} pays.", "it has to say {applicant}, {proposal}, {amount}"),
        (" ", "please write"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            each_database.in_transaction(templates.save_text, **save, number=0, body=wrong)
        assert any(said in fault.rule for fault in refusal.value.faults), said
    first = each_database.in_transaction(templates.save_text, **save, number=0, body=body)
    assert first.number == 1
    with pytest.raises(Conflict):
        each_database.in_transaction(templates.save_text, **save, number=0, body=body + " Yes.")
    with pytest.raises(NotPermitted):
        each_database.in_transaction(
            templates.save_text, **{**save, "by": scene.officer}, number=1, body=body
        )
    check_all(each_database, scene)
    offer = send(each_database, scene)
    assert offer.agreement_template == "agreement, English, version 1"
    each_database.in_transaction(templates.save_text, **save, number=1, body=body + " Twice.")
    with each_database.reading() as session:
        assert "Twice" not in session.get_one(Offer, offer.id).agreement


OFFER = (
    "insert into offer (award_id, state, language, letter, letter_template, agreement,"
    " agreement_template, agreement_html, agreement_sha256, pdf_error, sent_by_id, sent_at,"
    " expires_at) values (:award, 'open', 'en', '', '', '', '', '', 'abc', '', :officer,"
    " '2026-01-01 00:00:00', '{until}')"
)
SIGN = (
    "insert into signature (offer_id, side, person_id, name, document_sha256, signed_at)"
    " select max(id), '{side}', {who}, 'N', '{digest}', '2026-01-01 00:00:00' from offer"
)


def test_the_rules_of_offers_hold_against_raw_sql(each_database: Database, scene: Scene) -> None:
    names = {"award": scene.award_id, "officer": scene.officer.person_id}
    lead, officer, finance = (who.person_id for who in (scene.lead, scene.officer, scene.finance))

    def run(*statements: str) -> None:
        def act(session: Session) -> None:
            for statement in statements:
                bound = {k: v for k, v in names.items() if f":{k}" in statement}
                session.execute(sa.text(statement), bound)

        each_database.in_transaction(act)

    def refused(*statements: str) -> None:
        for statement in statements:
            with pytest.raises(RuleBroken):
                run(statement)

    later = OFFER.format(until="2999-01-01 00:00:00")
    offered = "update award set state = 'offered' where id = :award"
    accepted = "update award set state = 'accepted' where id = :award"
    refused(
        offered,
        accepted,
        later,
        "delete from diligence_check",
        "update diligence_check set title = 'Nothing'",
        "update diligence_check set outcome = 'in order'",
        "delete from diligence_item",
    )
    run(
        "update diligence_check set outcome = 'in order', evidence = 'x', done_by_id = "
        f"{finance}, done_at = '2026-01-01 00:00:00'"
    )
    refused(offered)
    run(later, offered)
    refused(
        later,
        accepted,
        "update diligence_check set outcome = null, done_by_id = null, done_at = null",
        "update offer set state = 'lapsed'",
        "update offer set state = 'accepted'",
        "update offer set agreement_sha256 = 'def'",
        "update offer set expires_at = '2998-01-01 00:00:00'",
        "delete from offer",
        SIGN.format(side="applicant", who=officer, digest="abc"),
        SIGN.format(side="funder", who=lead, digest="abc"),
        SIGN.format(side="funder", who=finance, digest="abc"),
        SIGN.format(side="applicant", who=lead, digest="abcd"),
    )
    run(SIGN.format(side="applicant", who=lead, digest="abc"))
    refused(accepted, "update signature set name = 'M'", "delete from signature")
    run(SIGN.format(side="funder", who=officer, digest="abc"))
    run("update offer set state = 'accepted'", accepted)
    refused("update offer set state = 'open'", "update offer set state = 'withdrawn'")


def test_nothing_is_signed_after_the_deadline_by_the_databases_clock(
    each_database: Database, scene: Scene
) -> None:
    check_all(each_database, scene)
    past = OFFER.format(until="2026-01-02 00:00:00")
    assert now() > datetime(2026, 1, 2, tzinfo=UTC)
    bound = {"award": scene.award_id, "officer": scene.officer.person_id}
    each_database.in_transaction(lambda session: session.execute(sa.text(past), bound))
    statement = SIGN.format(side="applicant", who=scene.lead.person_id, digest="abc")
    with pytest.raises(RuleBroken, match="deadline has passed"):
        each_database.in_transaction(lambda session: session.execute(sa.text(statement)))
