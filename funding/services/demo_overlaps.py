"""The demo round's overlaps: what officers said of pairs, and what funders gave before."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from funding.formatting import parse_amount
from funding.imports.reading import read_records
from funding.models import (
    HistoricGrant,
    Import,
    ImportKind,
    ImportState,
    Organisation,
    Overlap,
    Proposal,
    Round,
)
from funding.paths import SEEDS
from funding.services import history_import
from funding.services.import_plan import Outcome, Scope, printed
from funding.services.jobs import enqueue
from funding.services.overlaps.searching import SEARCH

_DEGREE_KNOWN = ("verbatim", "edited")


def load(
    session: Session,
    round_: Round,
    organisations: dict[str, Organisation],
    proposals: dict[str, Proposal],
) -> None:
    """Verdicts, past grants that are published, some that are not; a worker then compares all."""
    _load_verdicts(session, round_, proposals)
    _load_history(session, round_)
    for holder in dict.fromkeys(row["holder"] for row in _rows("held_grants.csv")):
        _load_held(session, organisations[holder])
    enqueue(session, SEARCH, round_id=round_.id)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _load_verdicts(session: Session, round_: Round, proposals: dict[str, Proposal]) -> None:
    """Copies and light edits are confirmed; what needs judgement waits for an officer's."""
    for row in _rows("overlaps.csv"):
        first, second = sorted(
            (proposals[row["first"]], proposals[row["second"]]), key=lambda p: p.id
        )
        if row["kind"] == "complementary":
            verdict = "complementary"
        else:
            verdict = "duplicate" if row["kind"] in _DEGREE_KNOWN else "candidate"
        session.add(
            Overlap(
                round_id=round_.id,
                first=first,
                second=second,
                degree=float(row["degree"]),
                verdict=verdict,
                note=row["note"],
            )
        )


def _load_history(session: Session, round_: Round) -> None:
    """As an import of the same file would, so that importing it again finds every row the same."""
    scope = Scope(ImportKind.HISTORY, round_.owner, round_, None)
    reading = read_records(SEEDS / "history.csv", "history")
    batch = _batch(round_.owner, "history.csv", len(reading.entries), is_public=True)
    session.add(batch)
    session.flush()
    outcome = Outcome(printed(reading), 0)
    history_import.write(session, scope, batch, outcome, lambda _done, _total: None)


def _load_held(session: Session, holder: Organisation) -> None:
    """What one funder gave and has not published. Without areas: it counts in no need."""
    rows = [row for row in _rows("held_grants.csv") if row["holder"] == holder.key]
    batch = _batch(holder, f"{holder.key}-grants.csv", len(rows), is_public=False)
    session.add(batch)
    session.flush()
    for number, row in enumerate(rows):
        session.add(
            HistoricGrant(
                import_id=batch.id,
                organisation_id=holder.id,
                funder=row["funder"],
                recipient=row["recipient"],
                amount=parse_amount(row["amount"], row["currency"]),
                currency=row["currency"],
                awarded_on=date.fromisoformat(row["date"]),
                date_precision="day",
                title=row["title"],
                purpose=row["purpose"],
                fingerprint=f"demo-{holder.key}-{number}",
            )
        )


def _batch(holder: Organisation, name: str, rows: int, *, is_public: bool) -> Import:
    return Import(
        kind=ImportKind.HISTORY,
        organisation_id=holder.id,
        filename=name,
        sha256="",
        state=ImportState.DONE,
        is_public=is_public,
        counts={"read": rows, "new": rows, "same": 0, "refused": 0},
    )
