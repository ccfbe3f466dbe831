"""Past grants from a file: which of them are new here, and their rows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.imports.areas import match_area
from funding.imports.known import Known
from funding.imports.records import HistoryRecord
from funding.models import HistoricGrant, Import
from funding.paths import SEEDS
from funding.services.import_plan import Outcome, Printed, Scope, Told, in_parts
from funding.services.names.searching import ask_for_search


@cache
def _shipped() -> Known:
    taxonomy = json.loads(Path(SEEDS / "taxonomy.json").read_text(encoding="utf-8"))
    return Known.from_taxonomy(taxonomy)


def known(session: Session, scope: Scope) -> Known:
    """The shipped areas, and the round's own where a round is given."""
    areas = dict(_shipped().areas or {})
    if scope.round is not None:
        for area in scope.round.taxonomy.areas:
            areas[area.name.casefold()] = area.key
        for area in scope.round.taxonomy.areas:
            areas[area.key.casefold()] = area.key
    return Known(areas)


def defaults(scope: Scope) -> dict[str, str]:
    """Nothing is known of a row that leaves it blank."""
    return {}


def plan(session: Session, scope: Scope, entries: list[Printed]) -> Outcome:
    """Rows with a fingerprint that this organisation has already are the same."""
    here: set[str] = set()
    for part in in_parts(entries):
        here.update(
            session.scalars(
                sa.select(HistoricGrant.fingerprint).where(
                    HistoricGrant.organisation_id == scope.organisation.id,
                    HistoricGrant.fingerprint.in_([entry.fingerprint for entry in part]),
                )
            )
        )
    new = [entry for entry in entries if entry.fingerprint not in here]
    return Outcome(new, len(entries) - len(new))


def write(session: Session, scope: Scope, batch: Import, outcome: Outcome, told: Told) -> None:
    """Insert the new grants in parts, all in the transaction of the session."""
    areas, written = known(session, scope), 0
    for part in in_parts(outcome.new):
        session.execute(
            sa.insert(HistoricGrant.__table__), [_row(entry, batch, areas) for entry in part]
        )
        written += len(part)
        told(written, len(outcome.new))
    if written:
        ask_for_search(session, batch.organisation_id)


def _row(entry: Printed, batch: Import, areas: Known) -> dict[str, Any]:
    record: HistoryRecord = entry.record
    return {
        "import_id": batch.id,
        "organisation_id": batch.organisation_id,
        "funder": record.funder,
        "recipient": record.recipient,
        "amount": record.amount,
        "currency": record.currency,
        "awarded_on": record.awarded_on,
        "date_precision": record.date_precision,
        "area_text": record.area or None,
        "area_key": match_area(record.area, areas).area if record.area else None,
        "title": record.title or None,
        "purpose": record.purpose or None,
        "round_name": record.round or None,
        "source_url": record.source_url or None,
        "external_id": record.external_id or None,
        "funder_ref": record.funder_ref,
        "recipient_ref": record.recipient_ref,
        "fingerprint": entry.fingerprint,
        "occurrence": record.occurrence - 1,
    }
