"""Questions from applicants: anybody signed in asks, owners answer, the answered are for all."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound
from funding.formatting import format_number
from funding.language import gettext as _
from funding.models import Binding, Person, Round, RoundEnquiry, RoundState
from funding.permissions import PERMISSIONS, Actor, fetch, owned_rounds, visible_rounds
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail

LONGEST = 2000


def ask(session: Session, *, by: Actor, round_id: int, question: str) -> RoundEnquiry:
    """Put a question to the round's owners, who are told by mail.

    Raises NotFound for a round that is not there for the person, InvalidInput.
    """
    round_: Round = fetch(session, visible_rounds(by), round_id, "round")
    if round_.state == RoundState.CLOSED:
        raise InvalidInput(Fault("question", "This round is closed; its questions are too."))
    _check("question", question, "Write your question.")
    enquiry = RoundEnquiry(round_id=round_.id, question=question, asked_by_id=by.person_id)
    session.add(enquiry)
    for owner in _owners(session, round_):
        post_mail(session, owner, lambda: _asked(round_, question))
    record(
        session,
        by,
        "question asked",
        enquiry,
        organisation_id=round_.owner_id,
        round_id=round_.id,
    )
    return enquiry


def answer(
    session: Session, *, by: Actor, round_id: int, enquiry_id: int, answer: str, before: str
) -> RoundEnquiry:
    """Answer a question, or better an answer; all can read it, and the asker is told.

    `before`: the answer the person saw when they began. Raises NotFound, InvalidInput, and
    Conflict where somebody else answered meanwhile.
    """
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    enquiry = session.get(RoundEnquiry, enquiry_id, with_for_update=True)
    if enquiry is None or enquiry.round_id != round_.id:
        raise NotFound("question")
    _check("answer", answer, "Write the answer.")
    if (enquiry.answer or "") != before:
        raise Conflict("Somebody else answered this question meanwhile.")
    is_first = enquiry.answer is None
    enquiry.answer, enquiry.answered_by_id, enquiry.answered_at = answer, by.person_id, now()
    asker = session.get(Person, enquiry.asked_by_id) if enquiry.asked_by_id else None
    if asker is not None:
        post_mail(session, asker, lambda: _answered(round_, enquiry.question, answer))
    record(
        session,
        by,
        "question answered" if is_first else "answer changed",
        enquiry,
        organisation_id=round_.owner_id,
        round_id=round_.id,
    )
    return enquiry


def _asked(round_: Round, question: str) -> Written:
    return (
        _("%(round)s: a question from an applicant", round=round_.name),
        paragraphs(
            question,
            _("Your answer, and the question without the asker’s name, can then be read by all."),
        ),
    )


def _answered(round_: Round, question: str, answer: str) -> Written:
    return (
        _("%(round)s: your question is answered", round=round_.name),
        paragraphs(
            _("You asked: %(question)s", question=question),
            _("The answer: %(answer)s", answer=answer),
        ),
    )


def visible_enquiries(
    session: Session, round_: Round, by: Actor | None
) -> tuple[list[RoundEnquiry], list[RoundEnquiry]]:
    """(answered, waiting): answered for all; waiting for the owners and for who asked."""
    every = session.scalars(
        sa.select(RoundEnquiry)
        .where(RoundEnquiry.round_id == round_.id)
        .order_by(RoundEnquiry.asked_at)
    ).all()
    is_owner = by is not None and by.may("round.manage", round_.owner_id)
    waiting = [
        enquiry
        for enquiry in every
        if enquiry.answer is None
        and (is_owner or (by is not None and enquiry.asked_by_id == by.person_id))
    ]
    return [enquiry for enquiry in every if enquiry.answer is not None], waiting


def _check(field: str, text: str, needed: str) -> None:
    if not text:
        raise InvalidInput(Fault(field, needed))
    if len(text) > LONGEST:
        raise InvalidInput(
            Fault(field, _("At most %(longest)s characters.", longest=format_number(LONGEST)))
        )


def _owners(session: Session, round_: Round) -> list[Person]:
    return list(
        session.scalars(
            sa.select(Person)
            .join(Binding, Binding.person_id == Person.id)
            .where(
                Binding.organisation_id == round_.owner_id,
                Binding.role.in_(PERMISSIONS["round.manage"]),
                Person.is_active,
            )
            .distinct()
            .order_by(Person.email)
        )
    )
