"""Money that depends on other funders: which conditions hold, and what would meet the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.formatting import format_amount, listed, plural
from funding.language import gettext as _
from funding.models import Commitment, Organisation, Run

DEPENDS = {
    "match": "Matches what other funders pay",
    "only_if": "Waits for other funders of the proposal",
    "joins_if": "Waits for other funders of the round",
}


@dataclass(frozen=True)
class Waiting:
    """One condition of a commitment in a result; `now` says that it holds, or what is missing."""

    commitment_id: int
    commitment: str
    funder: str
    depends: str
    holds: bool
    now: str


def waiting_for_the_round(session: Session, run: Run) -> list[Waiting]:
    """Every commitment that gives only if others give to the round."""
    return _waiting(session, run, None)


def waiting_in(session: Session, run: Run, proposal_key: str) -> list[Waiting]:
    """Every match and condition of money that may pay this proposal."""
    return _waiting(session, run, proposal_key)


def _waiting(session: Session, run: Run, proposal_key: str | None) -> list[Waiting]:
    entries = [
        entry
        for entry in (run.plan or {}).get("conditions", [])
        if entry.get("proposal") == proposal_key
    ]
    if not entries:
        return []
    rows = session.execute(
        sa.select(Commitment.key, Commitment.id, Commitment.name, Organisation.name)
        .join(Organisation, Organisation.id == Commitment.funder_id)
        .where(Commitment.round_id == run.scenario.round_id)
    )
    known = {key: (id_, name, funder) for key, id_, name, funder in rows}
    currency = run.scenario.round.base_currency
    tickets = {c["id"]: c.get("ticket", 0) for c in (run.problem or {}).get("commitments", [])}
    return [
        Waiting(
            *known[entry["commitment"]],
            depends=DEPENDS[entry["kind"]],
            holds=entry["holds"],
            now="Holds"
            if entry["holds"]
            else _missing(entry, currency, tickets[entry["commitment"]]),
        )
        for entry in entries
        if entry["commitment"] in known
    ]


def _missing(entry: dict[str, Any], currency: str, ticket: int) -> str:
    """`Would pay with 1 more funder and USD 20,000 more in this proposal.`

    `ticket`: the least line of the commitment; a match without one begins with any money.
    """
    if entry["kind"] == "match" and not ticket:
        return _("Would pay with any money of other funders in this proposal")
    parts = []
    if entry["funders"]:
        parts.append(plural(entry["funders"], "more funder"))
    if entry["amount"]:
        parts.append(_("%(amount)s more", amount=format_amount(entry["amount"], currency)))
    what = listed(parts)
    if entry["kind"] == "match":
        return _("Would pay with %(what)s of other funders in this proposal", what=what)
    if entry["kind"] == "joins_if":
        return _("Would pay with %(what)s in the round", what=what)
    return _("Would pay with %(what)s in this proposal", what=what)
