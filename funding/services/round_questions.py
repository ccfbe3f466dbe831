"""The questions a round asks of every applicant, beyond what all proposals state."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import FormQuestion, Proposal, Round
from funding.permissions import Actor
from funding.services.areas import slug, unused
from funding.services.log import record
from funding.services.rounds import fetch_version

KINDS = ("text", "choice", "number")
MOST_CHOICES = 20
MOST_QUESTIONS = 40


@dataclass(frozen=True)
class QuestionText:
    """A question as its owners write it. `kind`: text, choice or number."""

    label: str
    help: str
    kind: str
    choices: tuple[str, ...]
    is_required: bool


def answered_keys(session: Session, round_: Round) -> set[str]:
    """Keys of questions that some proposal has an answer to, drafts included."""
    keys: set[str] = set()
    for answers in session.scalars(
        sa.select(Proposal.answers).where(Proposal.round_id == round_.id)
    ):
        keys.update(key for key, answer in (answers or {}).items() if answer not in ("", None))
    return keys


def add_question(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    version: int,
    text: QuestionText,
    faults: tuple[Fault, ...] = (),
) -> FormQuestion:
    """Ask one more question, after the others. Raises NotFound, Conflict, InvalidInput."""
    round_ = fetch_version(session, by, round_id, version)
    found = without_repeats(faults, _faults_of(text))
    if len(round_.questions) >= MOST_QUESTIONS:
        found.append(
            Fault(
                "",
                _(
                    "%(most_questions)s questions are the most a form may have.",
                    most_questions=MOST_QUESTIONS,
                ),
            )
        )
    if found:
        raise InvalidInput(*found)
    key = slug(text.label).replace("-", "_")[:40] or "question"
    question = FormQuestion(
        position=len(round_.questions),
        key=unused(key, {q.key for q in round_.questions}),
        label=text.label,
        help=text.help,
        kind=text.kind,
        choices=list(text.choices),
        is_required=text.is_required,
    )
    round_.questions.append(question)
    _note(session, by, round_, "question added", question)
    return question


def edit_question(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    question_id: int,
    version: int,
    text: QuestionText,
    faults: tuple[Fault, ...] = (),
) -> FormQuestion:
    """Reword a question. Once answered it keeps its kind, and its choices may only grow."""
    round_ = fetch_version(session, by, round_id, version)
    question = _question(round_, question_id)
    found = without_repeats(faults, _faults_of(text))
    if question.key in answered_keys(session, round_):
        if text.kind != question.kind:
            found.append(Fault("kind", "It has been answered: its kind can no longer change."))
        gone = [choice for choice in question.choices if choice not in text.choices]
        if gone and text.kind == "choice":
            found.append(
                Fault(
                    "choices",
                    _(
                        "It has been answered: “%(gone)s” must stay among the choices.",
                        gone=gone[0],
                    ),
                )
            )
    if found:
        raise InvalidInput(*found)
    question.label, question.help, question.kind = text.label, text.help, text.kind
    question.choices, question.is_required = list(text.choices), text.is_required
    _note(session, by, round_, "question edited", question)
    return question


def remove_question(
    session: Session, *, by: Actor, round_id: int, question_id: int, version: int
) -> None:
    """Take a question off the form; refused once anybody has answered it."""
    round_ = fetch_version(session, by, round_id, version)
    question = _question(round_, question_id)
    if question.key in answered_keys(session, round_):
        raise RuleBroken("Applicants have answered this question: it stays on the form.")
    session.delete(question)
    session.flush()
    session.expire(round_, ["questions"])
    for position, left in enumerate(round_.questions):
        left.position = position
    _note(session, by, round_, "question removed", question)


def move_question(
    session: Session, *, by: Actor, round_id: int, question_id: int, version: int, up: bool
) -> None:
    """Move a question one place up or down the form."""
    round_ = fetch_version(session, by, round_id, version)
    question = _question(round_, question_id)
    order = list(round_.questions)
    place = order.index(question)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for position, moved in enumerate(order):
        moved.position = position
    _note(session, by, round_, "question moved", question)


def _question(round_: Round, question_id: int) -> FormQuestion:
    found = [q for q in round_.questions if q.id == question_id]
    if not found:
        raise NotFound("question")
    return found[0]


def _faults_of(text: QuestionText) -> list[Fault]:
    faults = []
    if not text.label:
        faults.append(Fault("label", "Write the question."))
    elif len(text.label) > 300:
        faults.append(Fault("label", "At most 300 characters; say more in the help."))
    if text.kind not in KINDS:
        faults.append(Fault("kind", "Choose how it is answered."))
    if text.kind == "choice":
        if len(text.choices) < 2:
            faults.append(Fault("choices", "Give at least two choices, one a line."))
        elif len(text.choices) > MOST_CHOICES:
            faults.append(
                Fault("choices", _("At most %(most_choices)s choices.", most_choices=MOST_CHOICES))
            )
        elif len(set(text.choices)) < len(text.choices):
            faults.append(Fault("choices", "Two of the choices are the same."))
    return faults


def _note(session: Session, by: Actor, round_: Round, action: str, question: FormQuestion) -> None:
    flag_modified(round_, "policy")  # a question is part of its round: the version moves on
    record(
        session,
        by,
        action,
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        question=question.key,
    )
