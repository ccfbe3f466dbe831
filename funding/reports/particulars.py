"""The particulars of an event of the log in the reader's words: fields by name, amounts as amounts.

What is stored, and what the CSV has, are the keys and minor units of the act itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from funding.formatting import (
    format_amount,
    format_day,
    format_number,
    format_when,
    one_after_another,
)
from funding.language import ENGLISH, capital, current, said
from funding.language import gettext as _
from funding.models import Event
from funding.reports.timeline import Subjects, currencies_of

NAMES = {
    "abstentions": "Abstentions",
    "act": "Act",
    "added": "Added",
    "after": "Afterwards",
    "agreement_cost": "Price of one more agreement",
    "agreement_sha256": "SHA-256 of the agreement",
    "agrees": "Agrees",
    "amount": "Amount",
    "area": "Area",
    "areas": "Areas",
    "ask": "Ask",
    "assignment": "Assignment",
    "award_id": "Award",
    "before": "Before",
    "bookings": "Bookings",
    "by_letter": "By letter",
    "by_transfer": "By transfer",
    "cap": "Most allowed",
    "changed": "Changed",
    "choice": "Choice",
    "commitment_id": "Commitment",
    "copy_of": "Copy of",
    "counts": "What counts",
    "criteria": "Criteria",
    "currency": "Currency",
    "dashboard": "Dashboard",
    "degree": "Degree",
    "delegate": "Stands in",
    "digest": "Digest of mails",
    "due_at": "Due",
    "end": "Last day",
    "every_months": "Every so many months",
    "faults": "With faults",
    "figure": "Figure",
    "files": "Files",
    "final_days": "Days after the end",
    "floor": "Least wanted",
    "form": "Form",
    "found": "Found",
    "funded": "Funded",
    "funder": "Funder",
    "given": "Approvals given",
    "guarantee": "Guarantee",
    "in_conflict": "In conflict",
    "instead_of": "Instead of",
    "is_asked": "Asked for",
    "is_used": "In use",
    "item": "Item",
    "kind": "Kind",
    "kinds": "Kinds",
    "language": "Language",
    "least": "Least",
    "left": "Left out",
    "letters": "Letters",
    "lines": "Lines",
    "made": "Made",
    "majority": "Majority",
    "members": "Members",
    "merges": "Mergers",
    "minimum": "Least viable",
    "most": "Most",
    "must_endorse": "Lines wait for the endorsement",
    "name": "Name",
    "names": "Names",
    "needed": "Approvals needed",
    "needs": "Needs",
    "new": "New",
    "number": "Number",
    "offer": "Offer",
    "offer_days": "Days to accept an offer",
    "pairs": "Pairs",
    "payee": "Payee",
    "payments": "Payments",
    "people": "People",
    "person": "Person",
    "plan_id": "Plan",
    "policy": "Policy",
    "probable_from": "Counts as probable from",
    "proposal": "Proposal",
    "proposal_id": "Proposal",
    "proposals": "Proposals",
    "question": "Question",
    "quorum_percent": "Quorum in percent",
    "read": "Rows read",
    "reason": "Reason",
    "reconciled": "Matched",
    "refused": "With faults",
    "remark": "Remark",
    "remind_days": "Days of notice",
    "removed": "Removed",
    "replaced": "Replaced",
    "replay": "Replay",
    "retired": "Taken out",
    "review": "Review",
    "reviews": "Reviews",
    "role": "Role",
    "round_to": "Amounts in steps of",
    "run_id": "Result",
    "same": "Here already",
    "scenario_id": "Scenario",
    "score": "Score",
    "score_id": "Score",
    "seal_sha256": "SHA-256 of the seal",
    "sha256": "SHA-256",
    "short": "Too few reviewers",
    "size": "Size in bytes",
    "spent": "Already spent",
    "start": "First day",
    "state": "State",
    "steps": "Steps",
    "study_id": "Study",
    "suggestion": "Suggestion",
    "through": "Through",
    "title": "Title",
    "to": "To",
    "total": "Total",
    "tranche": "Tranche",
    "transfer": "Transfer",
    "until": "Until",
    "value": "Value",
    "verdict": "Verdict",
    "version": "Version",
    "votes_against": "Votes against",
    "votes_for": "Votes for",
    "weights": "Weights",
    "what": "What",
}
"""Key of a particular -> its name; a key that is not here is said as it reads."""

_KINDS = {"frontier": "Trade-offs"}
"""Studies that pages call otherwise than the code."""

_OF_ROUND = frozenset(
    {"ask", "minimum", "cap", "floor", "spent", "value", "agreement_cost", "round_to"}
)
"""Amounts in the base currency of the round."""
_MONEY = _OF_ROUND | {"amount", "total"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*")
_AS_WRITTEN = frozenset({"reason", "name", "title"})


def particulars(session: Session, events: Sequence[Event]) -> list[str]:
    """Of each event its particulars in one line."""
    wanted: Subjects = defaultdict(set)
    for event in events:
        if event.subject_type is not None and event.subject_id is not None:
            wanted[event.subject_type].add(event.subject_id)
        if event.round_id is not None:
            wanted["round"].add(event.round_id)
    known = currencies_of(session, wanted)
    return [
        _in_line(
            event.detail,
            event.detail.get("currency") or known.get((event.subject_type, event.subject_id)),
            known.get(("round", event.round_id)),
        )
        for event in events
    ]


def act_in_words(action: str) -> str:
    """What the log calls an act, in the reader's language.

    Of `run done` and its like, the second part is a state: each part is said by itself.
    """
    if current() is ENGLISH or said(action) != action:
        return capital(action)
    subject, sign, state = action.partition(": ")
    if not sign:
        subject, sign, state = action.rpartition(" ")
    if not subject:
        return capital(action)
    return _("%(name)s: %(value)s", name=capital(subject), value=str(said(state)))


def _in_line(detail: Mapping[str, Any], own: str | None, of_round: str | None) -> str:
    parts = [
        _(
            "%(name)s: %(value)s",
            name=_name(key),
            value=_value(_told_as(key, detail), value, own, of_round),
        )
        for key, value in sorted(detail.items())
    ]
    return one_after_another(parts, ";") if parts else ""


def _told_as(key: str, detail: Mapping[str, Any]) -> str:
    """What an amount was before is an amount, too."""
    return "amount" if key == "before" and "amount" in detail else key


def _name(key: str) -> str:
    return str(said(NAMES.get(key, key.replace("_", " "))))


def _value(key: str, value: Any, own: str | None, of_round: str | None) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        currency = of_round if key in _OF_ROUND else own
        if key in _MONEY:
            if isinstance(currency, str):
                return format_amount(value, currency)
            return _("%(number)s minor units", number=format_number(value))
        return str(value) if key.endswith("_id") else format_number(value)
    if isinstance(value, Mapping):
        return f"({_in_line(value, own, of_round)})"
    if isinstance(value, list):
        return one_after_another(_value(key, each, own, of_round) for each in value)
    return str(value) if key in _AS_WRITTEN else _text(str(value))


def _text(text: str) -> str:
    try:
        if _MOMENT.fullmatch(text):
            return format_when(datetime.fromisoformat(text))
        if _DAY.fullmatch(text):
            return format_day(date.fromisoformat(text))
    except ValueError:  # looks like a day and is none
        return text
    return str(said(_KINDS.get(text, text.replace("_", " ")))) if text.islower() else text
