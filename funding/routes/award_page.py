"""The page of one award, as its own routes and those of its tranches answer with it."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from funding.errors import Fault
from funding.permissions import fetch, visible_awards
from funding.reports import awards as report
from funding.reports.compensating import of_award
from funding.reports.plans import history_of
from funding.routes.context import actor, new_idempotency_key, reading
from funding.services.compensating import releasable_alone

_WITH_ROOM = ("amount", "due_on", "condition", "reason")
"""Fields of forms that have room for what is wrong with them."""


def award_page(
    award_id: int, faults: tuple[Fault, ...] = (), status: int = 200
) -> ResponseReturnValue:
    """The page, with what is wrong where a form of it was refused."""
    by, session = actor(), reading()
    award = fetch(session, visible_awards(by), award_id, "award")
    transfers = report.transfers(session, award)
    page = render_template(
        "awards/show.html",
        award=award,
        balances=report.balances(session, award),
        transfers=transfers,
        returned=report.returned(transfers),
        events=history_of(session, award),
        may_accept=award.proposal.lead_id == by.person_id and award.state == "offered",
        may_prepare=by.may("tranche.prepare", award.commitment.funder_id),
        alone=releasable_alone(session, by, award),
        compensating=of_award(session, by, award),
        may_terminate=award.state in ("offered", "accepted", "active")
        and by.may("line.decide", award.commitment.funder_id),
        idempotency_key=new_idempotency_key(),
        form={"values": request.form, "errors": {f.field: f.rule for f in faults}},
        # beside a tranche there is no room for them
        refused=[f"{f.rule[:1].upper()}{f.rule[1:]}." for f in faults if f.field not in _WITH_ROOM],
    )
    return page, status
