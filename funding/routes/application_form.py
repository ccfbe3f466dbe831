"""What the pages of the application form show: fields, choices, sums in words, two versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import Fault
from funding.formatting import format_when
from funding.forms import as_errors
from funding.imports.known import REGIONS
from funding.language import capital, gettext
from funding.models import Area, Organisation, Proposal, RiskTier
from funding.places import countries, region_name
from funding.reports.applications import deadlines, time_left
from funding.routes.context import actor, reading
from funding.services import attachments, drafts, form_fields, risk
from funding.services.clock import database_now
from funding.services.completeness import sums_in_words
from funding.services.form_reading import FormReader
from funding.services.typed_text import Kept


def area_choices(areas: Sequence[Area]) -> list[Any]:
    """Areas for a select: each top area a group, itself first and then what lies below it."""
    children: dict[str, list[Area]] = {}
    for area in areas:
        if area.parent_key:
            children.setdefault(area.parent_key, []).append(area)
    return [
        {
            "label": top.name,
            "options": [
                (
                    top.key,
                    gettext("%(name)s, in general", name=top.name)
                    if top.key in children
                    else top.name,
                ),
                *((area.key, area.name) for area in children.get(top.key, ())),
            ],
        }
        for top in areas
        if top.parent_key is None
    ]


def _institutions(session: Session, proposal: Proposal) -> list[Organisation]:
    found = drafts.institutions_of(session, proposal.lead_id)
    chosen = proposal.institution
    return found if chosen is None or chosen in found else [*found, chosen]


def risk_words(answers: dict[str, str]) -> str:
    """Where the answers lead, in a sentence."""
    tier = risk.suggest_tier(answers)
    if tier is None:
        return "Answer all of these questions to see which tier they lead to."
    return gettext(
        "Your answers lead to the tier “%(tier)s”. %(guidance)s",
        tier=tier,
        guidance=risk.GUIDANCE[tier],
    )


def live_words(session: Session, proposal: Proposal, fields: form_fields.Fields) -> dict[str, str]:
    """How the form as typed adds up: a sentence each for areas, budget and risk."""
    entries = FormReader(fields, drafts.scope_of(session, proposal)).read()
    currency = proposal.round.base_currency
    return {
        **sums_in_words(entries.areas, entries.budget, entries.years, entries.ask, currency),
        "risk": risk_words(entries.risk_answers),
    }


def form_page(
    proposal: Proposal,
    fields: form_fields.Fields,
    faults: Iterable[Fault],
    *,
    kept: Kept | None,
    zone: str,
    was_unsent: bool = False,
) -> dict[str, Any]:
    """Everything `applications/edit.html` shows. `fields` are as typed; `kept` says that they are
    not saved, since when, and what the form started from."""
    session, saved = reading(), form_fields.fields_of(proposal)
    questions = {question.key: question.label for question in proposal.round.questions}
    errors = as_errors(faults)
    until = deadlines(session, [proposal])[proposal.id]
    return {
        "proposal": proposal,
        "round": proposal.round,
        "form": {"values": fields, "errors": errors},
        "summary": {
            name: f"{form_fields.label_of(name, questions)}: {rule}" if name else rule
            for name, rule in errors.items()
        },
        "marks": kept.marks if kept else form_fields.marks_of(saved),
        "base_version": kept.base_version if kept else proposal.version,
        "is_stale": kept is not None and kept.base_version != proposal.version,
        "seen": kept.at.isoformat() if kept else "",
        "kept_at": format_when(kept.at, zone) if kept else None,
        "was_unsent": was_unsent,
        "rows": {group: form_fields.rows_shown(fields, group) for group in form_fields.ROWS},
        "editors": {
            number: bool(row.get("id"))
            and any(str(m.id) == row["id"] and m.person_id for m in proposal.team)
            for number, row in form_fields.rows_of(fields, "team")
        },
        "live": live_words(session, proposal, fields),
        "areas": area_choices(proposal.round.taxonomy.areas),
        "institutions": [(each.id, each.name) for each in _institutions(session, proposal)],
        "countries": countries(),
        "regions": list(REGIONS.items()),
        "tiers": [(tier, capital(tier), risk.GUIDANCE[tier]) for tier in RiskTier],
        "risk_questions": risk.QUESTIONS,
        "risk_answers": risk.ANSWERS,
        "limits": form_fields,
        "files": attachments,
        "until": until,
        "left": time_left(until, database_now(session)),
        "person_id": actor().person_id,
        "is_led": proposal.lead_id == actor().person_id,
    }


def clash_words(
    session: Session, proposal: Proposal, clashes: Sequence[form_fields.Clash]
) -> list[dict[str, str]]:
    """Two versions of each part, with names where the form holds keys."""
    questions = {question.key: question.label for question in proposal.round.questions}
    names = {area.key: area.name for area in proposal.round.taxonomy.areas}
    known: dict[str, dict[str, str]] = {
        "country": dict(countries()),
        "region": {key: region_name(key) for key in REGIONS},
        "institution": {
            str(each.id): each.name
            for each in session.scalars(
                sa.select(Organisation).where(
                    Organisation.id.in_(
                        [
                            int(text)
                            for clash in clashes
                            if clash.group == "institution"
                            for text in (clash.mine, clash.theirs)
                            if text.isascii() and text.isdigit() and len(text) <= 12
                        ]
                    )
                )
            )
        },
    }

    def words(group: str, text: str) -> str:
        if group == "areas":
            lines = (line.partition(": ") for line in text.splitlines())
            return "\n".join(f"{names.get(key, key)}: {share}" for key, _, share in lines)
        return known.get(group, {}).get(text, text)

    return [
        {
            "group": clash.group,
            "label": form_fields.label_of(clash.group, questions),
            "mine": words(clash.group, clash.mine),
            "theirs": words(clash.group, clash.theirs),
        }
        for clash in clashes
    ]
