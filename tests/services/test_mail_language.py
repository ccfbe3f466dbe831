"""Mail is written in the language of who gets it, whoever acts, and in the worker too."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace as Some

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.language import current, using
from funding.models import BankDetails, Mail, Person, ReportKind, RequestKind, RequestState, Role
from funding.models.compensating import Verdict
from funding.paths import TEMPLATES
from funding.reports.inbox.entries import Dated, Waiting
from funding.services import declines, identity, inbox
from funding.services.mail import RIGHT_TO_LEFT, language_of, paragraphs, post_mail
from funding.services.payments.payee_mail import DetailsMail
from tests.application_forms import add_co_applicant, make_applicant, save, submit
from tests.builders import make_actor, make_organisation, make_person
from tests.plain_words import plain

SERVICES = TEMPLATES.parent / "funding" / "services"
LINK = "https://site.example/page/7"
AT = datetime(2031, 3, 14, 12, tzinfo=UTC)

LEAD = Some(id=3, name="Ana Person", email="ana@lab.example")
OWNER = Some(name="Owner Trust")
ROUND = Some(id=9, name="Round 9", owner=OWNER, timezone="Africa/Nairobi", base_currency="USD")
PROPOSAL = Some(
    id=1,
    key="P7",
    title="Frobnicators",
    lead=LEAD,
    lead_id=3,
    round=ROUND,
    ask=100_000_00,
    minimum=40_000_00,
    submitted_at=AT,
    institution=Some(name="Lab"),
)
COMMITMENT = Some(id=5, name="Fund A", funder=Some(name="Trust B"), currency="EUR", round=ROUND)
AWARD = Some(proposal=PROPOSAL, commitment=COMMITMENT)
REVIEW = Some(plan_line_id=4, verdict=Verdict.AGREED, finding="Fine 1")
MERGER = Some(kept=PROPOSAL, gone=PROPOSAL, words="Words 1", agrees=True)
WORK = [
    Waiting(
        2, "offer to accept", "offers to accept", "x", {}, [Dated("u", AT.date(), "D", "x", {})]
    )
]
DETAILS = DetailsMail("Ana", "Trust B", "Lab", BankDetails(currency="EUR", number=2), ["iban"])
NEW_DETAILS = DetailsMail("Ana", "Trust B", "Lab", BankDetails(currency="EUR", number=1), [])
ASSIGNMENTS = [
    Some(id=1, proposal=PROPOSAL, due_at=AT),
    Some(id=2, proposal=PROPOSAL, due_at=datetime(2031, 5, 1, tzinfo=UTC)),
]


def report(kind: str) -> Some:
    return Some(kind=kind, award=AWARD, due_on=date(2031, 3, 14))


def request(kind: str, state: str) -> Some:
    concerns = [Some(award=AWARD, verdict=verdict, reason="") for verdict in (state, None)]
    return Some(id=1, kind=kind, state=state, proposal=PROPOSAL, reason="1", concerns=concerns)


KINDS = tuple(ReportKind)
STATES = (RequestState.APPROVED, RequestState.DECLINED)
EVERY_MAIL: dict[str, list[tuple[object, ...]]] = {
    "deadlines._more_time": [(ROUND, Some(to_at=AT, reason="1"))],
    "reporting.change_mail.asked": [
        (request(kind, STATES[0]), PROPOSAL, LINK) for kind in RequestKind
    ],
    "reporting.change_mail.answered": [
        (request(kind, state), LINK) for kind in RequestKind for state in STATES
    ],
    "reporting.deciding._handed_in": [(report(kind), LINK) for kind in KINDS],
    "reporting.deciding._accepted": [
        (report(kind), asked, LINK)
        for kind in KINDS
        for asked in (None, Some(amount=5_00, due_on=AT.date()))
    ],
    "reporting.deciding._sent_back": [(report(kind), "1", LINK) for kind in KINDS],
    "reporting.reminders._due": [(report(kind), LINK) for kind in KINDS],
    "reporting.reminders._late": [(report(kind), LINK) for kind in KINDS],
    "reporting.reminders._not_handed_in": [(report(kind), LINK) for kind in KINDS],
    "submission._receipt": [(PROPOSAL, "ab12", AT, LINK)],
    "submission._withdrawn": [(PROPOSAL, "1")],
    "compensating._waits": [
        (REVIEW, PROPOSAL, 5_00, "EUR"),
        (Some(plan_line_id=None), PROPOSAL, 5_00, "EUR"),
    ],
    "compensating._looked_at": [
        (REVIEW, PROPOSAL, "Ana"),
        (Some(verdict=Verdict.OBJECTED, finding="1"), PROPOSAL, "Ana"),
    ],
    "reviewing.handing_in._look_again": [(PROPOSAL, "1", LINK)],
    "reviewing.after_review._to_be_read": [(ROUND, PROPOSAL, LINK)],
    "reviewing.after_review._reminder": [(ASSIGNMENTS, datetime(2031, 4, 1, tzinfo=UTC), LINK)],
    "reviewing.people._asked_to_review": [(ROUND, LINK)],
    "reviewing.giving._to_review": [(ROUND, n, due, LINK) for n in (1, 2, 5) for due in (AT, None)],
    "offering._taken_back": [(AWARD, "1")],
    "offering._lapsed": [(AWARD, True), (AWARD, False)],
    "inbox._letter": [(LEAD, WORK, LINK)],
    "joining._invited": [(ROUND, "Trust B", LINK)],
    "declines._decision": [(PROPOSAL, declines.NO_REASON)],
    "team._invited": [(PROPOSAL, LINK, LINK), (PROPOSAL, None, LINK)],
    "identity._role_given": [("Trust B", role, link) for role in Role for link in ("", LINK)],
    "identity._new_password": [(LINK,)],
    "payments.payee_mail.colleagues": [(DETAILS,), (NEW_DETAILS,)],
    "payments.payee_mail.leads": [(DETAILS,), (NEW_DETAILS,)],
    "enquiries._asked": [(ROUND, "1?")],
    "enquiries._answered": [(ROUND, "1?", "2.")],
    "overlaps.merging._offered": [(MERGER, "Ana", LINK)],
    "overlaps.merging._answered": [
        (MERGER, "Ana"),
        (Some(kept=PROPOSAL, gone=PROPOSAL, agrees=False), "Ana"),
    ],
    "overlaps.disclosing._may_it_be_shown": [(LINK,)],
    "overlaps.introducing._may_they_meet": [(ROUND, PROPOSAL, "1", LINK)],
    "overlaps.introducing._introduced": [(PROPOSAL, PROPOSAL)],
    "overlaps.stepping_back._would_step_back": [(COMMITMENT, COMMITMENT, LINK)],
}
"""By the function that writes it, with what each of its branches needs."""
WRITTEN = re.compile(r"\b(the|your|you|is|are|was|for|has|of|and|this|it|by)\b")


def writers() -> set[str]:
    """Every function of the services that writes a mail."""
    return {
        f"{'.'.join(path.relative_to(SERVICES).with_suffix('').parts)}.{node.name}"
        for path in SERVICES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Name)
        and node.returns.id == "Written"
    }


def function(name: str) -> Callable[..., tuple[str, str]]:
    module, _, last = name.rpartition(".")
    there = importlib.import_module(f"funding.services.{module}")
    return getattr(there, last, None) or getattr(DetailsMail, last)


def test_every_kind_of_mail_is_tried_here() -> None:
    assert writers() == set(EVERY_MAIL)


@pytest.mark.parametrize("name", sorted(EVERY_MAIL))
def test_a_mail_is_in_french_and_in_arabic_throughout(name: str) -> None:
    for given in EVERY_MAIL[name]:
        keywords = {"is_lead": given[1]} if name == "offering._lapsed" else {}
        values = given[:1] if keywords else given
        english = function(name)(*values, **keywords)
        for tag in ("fr", "ar"):
            with using(tag):
                subject, body = function(name)(*values, **keywords)
            assert subject != english[0]
            if name != "declines._decision":  # its body is the letter that an officer saw
                assert not WRITTEN.search(body.replace(LINK, "")), body
            if tag == "ar":
                lines = [line for line in body.split("\n") if re.search("[A-Za-z]{4}", line)]
                assert re.search("[\u0600-\u06ff]", subject)
                assert lines == [] or re.search("[\u0600-\u06ff]", body) or "_decision" in name


def test_a_mail_that_is_posted_is_written_where_it_is_tried() -> None:
    """Nothing is put into the outbox but what such a function, or a funder's own text, says."""
    posted = [
        (path.name, call)
        for path in SERVICES.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("post_mail", "put_into_outbox")
    ]
    assert len(posted) >= 25
    for name, call in posted:
        if call.func.id == "put_into_outbox":
            assert name == "mail.py"
            continue
        plain = [
            node.value
            for node in ast.walk(call.args[2])
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if re.search(r"[a-z] [a-z]", node.value)
        ]
        assert not plain, (name, plain)


# -- to whom, in which --------------------------------------------------------------------------


def choose(session: Session, person_id: int, language: str | None) -> None:
    session.get_one(Person, person_id).language = language


def mails(database: Database) -> dict[str, Mail]:
    with database.reading() as session:
        return {mail.to: mail for mail in session.scalars(sa.select(Mail).order_by(Mail.id))}


def test_one_receipt_is_written_to_each_in_their_own_language(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    other, address = add_co_applicant(each_database, applicant)
    each_database.in_transaction(choose, person_id=applicant.by.person_id, language="fr")
    each_database.in_transaction(choose, person_id=other.person_id, language="ar")
    save(each_database, applicant)
    with using("es"):
        submit(each_database, applicant)
        assert current().tag == "es"
    found = mails(each_database)
    arabic = found.pop(address)
    (french,) = found.values()
    assert french.subject.startswith("Reçue : ")
    assert "100\N{NARROW NO-BREAK SPACE}000\N{NO-BREAK SPACE}USD" in french.body
    assert arabic.subject.startswith(f"{RIGHT_TO_LEFT}تم الاستلام: ")
    assert "المبلغ المطلوب: 100,000 USD" in plain(arabic.body)
    assert all(
        line.startswith((RIGHT_TO_LEFT, "https://")) for line in arabic.body.split("\n") if line
    )


def test_who_chose_no_language_is_written_to_in_english_whoever_acts(
    each_database: Database,
) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    with using("ar"):
        submit(each_database, applicant)
    (mail,) = mails(each_database).values()
    assert mail.subject.startswith("Received: ")
    assert "Ask: USD\N{NO-BREAK SPACE}100,000" in mail.body


def test_who_is_invited_without_a_choice_is_written_to_as_the_inviter_reads(
    each_database: Database,
) -> None:
    def people(session: Session):
        funder = make_organisation(session)
        spanish = make_person(session, make_organisation(session, "institution"), Role.RESEARCHER)
        spanish.language = "es"
        return make_actor(session, funder, Role.FUNDER_ADMIN), funder.id, spanish.email

    by, funder_id, known = each_database.in_transaction(people)
    with using("fr"):
        for email in ("new@lab.example", known):
            each_database.in_transaction(
                identity.invite,
                by=by,
                organisation_id=funder_id,
                email=email,
                name="Somebody",
                role=Role.PROGRAM_OFFICER,
                public_url="https://site.example",
            )
        each_database.in_transaction(
            identity.ask_for_reset, email="new@lab.example", public_url="https://site.example"
        )
    with each_database.reading() as session:
        subjects = session.scalars(sa.select(Mail.subject).order_by(Mail.id)).all()
        first = session.scalars(sa.select(Mail.body).order_by(Mail.id)).first()
    assert subjects[0].startswith("Invitation à rejoindre")
    assert "chargé de programme" in first
    assert subjects[1].startswith(("Su rol en", "Invitación a"))
    assert subjects[2] == "Un nouveau mot de passe pour Tributary"


def test_a_worker_writes_a_digest_in_the_persons_language(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    each_database.in_transaction(choose, person_id=applicant.by.person_id, language="ar")
    each_database.in_transaction(inbox.choose_digest, by=applicant.by, how_often="daily")
    assert current().tag == "en"
    assert each_database.in_transaction(
        inbox.post_digest, person_id=applicant.by.person_id, at=AT, public_url=LINK
    )
    (mail,) = mails(each_database).values()
    assert mail.subject == f"{RIGHT_TO_LEFT}Tributary: أمر واحد بانتظاركم"
    assert "مسودة" in mail.body or "مقترح" in mail.body


def test_a_letter_of_decline_is_suggested_in_the_language_of_its_lead(session: Session) -> None:
    lead = make_person(session, make_organisation(session))
    lead.language = "fr"
    with using(language_of(lead)):
        text = declines.suggestion([], PROPOSAL)
    assert text.startswith("Chers demandeurs,\n\nnous vous remercions de")
    assert not WRITTEN.search(text)


def test_a_line_of_arabic_that_begins_with_latin_letters_is_marked(session: Session) -> None:
    reader = make_person(session, make_organisation(session))
    reader.language = "ar"
    post_mail(session, reader, lambda: ("ORCID رقم", paragraphs("IBAN: رقم", "", LINK)))
    mail = session.scalars(sa.select(Mail)).one()
    assert mail.subject == f"{RIGHT_TO_LEFT}ORCID رقم"
    assert mail.body == f"{RIGHT_TO_LEFT}IBAN: رقم\n\n{LINK}"
