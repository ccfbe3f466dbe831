"""The page of one award, as its own routes and those of its tranches answer with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.formatting import format_when, one_after_another
from funding.models import Award
from funding.permissions import fetch, visible_awards
from funding.reports import awards as report
from funding.reports.award_reports import of_award as reports_of_award
from funding.reports.compensating import of_award
from funding.reports.plans import history_of
from funding.routes.context import actor, new_idempotency_key, reading, say
from funding.routes.submitting import submit
from funding.services import attachments
from funding.services.awards import ENDABLE
from funding.services.compensating import releasable_alone
from funding.services.diligence import OUTCOMES, checks_of
from funding.services.evidence import files_of_checks, files_of_tranches
from funding.services.open_offers import offers_of
from funding.services.payments.proposed import proposed_tranches

_LABELS = {
    "amount": "Amount",
    "due_on": "Due on",
    "condition": "On condition of",
    "milestone": "Milestone",
    "reached_on": "Reached on",
    "evidence": "What shows it",
    "reason": "Why",
    "paid_on": "Paid on",
    "reference": "Reference",
    "cancel_reason": "Why",
    "returned": "How much",
    "alone_because": "Why nobody else can release it",
    "return_reason": "Why",
    "proposed_amount": "Amount",
    "proposed_due_on": "Due on",
    "proposed_condition": "On condition of",
}
"""What people type on this page: rows of a proposal have their place behind the name."""


def _typed() -> list[tuple[str, str]]:
    """What the refused form held, in words: its own place on the page may be gone by now."""
    sent = ((_LABELS.get(name.rstrip("_0123456789")), text) for name, text in request.form.items())
    return [(label, text) for label, text in sent if label and text.strip()]


def award_page(
    award_id: int, errors: dict[str, str] | None = None, tranche_id: int | None = None
) -> str:
    """The page. `errors` are of the form that was refused: it comes back as it was typed, beside
    its tranche where it has one."""
    by, session = actor(), reading()
    award = fetch(session, visible_awards(by), award_id, "award")
    transfers = report.transfers(session, award)
    may_prepare = by.may("tranche.prepare", award.commitment.funder_id)
    return render_template(
        "awards/show.html",
        award=award,
        balances=report.balances(session, award),
        transfers=transfers,
        returned=report.returned(transfers),
        events=history_of(session, award),
        reporting=reports_of_award(session, award),
        **_offering(award),
        alone=releasable_alone(session, by, award),
        compensating=of_award(session, by, award),
        shown_by=files_of_tranches(session, award),
        taken=attachments,
        may_prepare=may_prepare,
        may_reach=by.may("milestone.reach", award.commitment.funder_id),
        may_terminate=award.state in ENDABLE and by.may("line.decide", award.commitment.funder_id),
        proposed=proposed_tranches(session, award, now().date())
        if may_prepare and award.state in ("accepted", "active")
        else [],
        idempotency_key=new_idempotency_key(),
        form={"values": request.form, "errors": errors or {}},
        typed=_typed() if errors else [],
        refused_form=(request.endpoint or "") if errors else "",
        refused_tranche=tranche_id,
    )


def _offering(award: Award) -> dict[str, Any]:
    """What the page says of due diligence, letters and signatures. Letters are the funder's and
    the applicants': others of the round see that there is an award."""
    by, session = actor(), reading()
    funder_id = award.commitment.funder_id
    offers = offers_of(session, by, award)
    is_open = any(offer.state == "open" for offer in offers)
    decides, reads_checks = by.may("line.decide", funder_id), by.may("terms.read", funder_id)
    zone = award.proposal.round.timezone
    return {
        "may_accept": award.proposal.lead_id == by.person_id
        and award.state == "offered"
        and (is_open or not offers),
        "checks": checks_of(session, award) if reads_checks else [],
        "found_by": files_of_checks(session, award) if reads_checks else {},
        "may_check": award.state == "to be offered" and by.may("diligence.do", funder_id),
        "outcomes": OUTCOMES,
        "refused_check": (request.view_args or {}).get("check_id"),
        "offers": offers,
        "may_offer": decides and award.state in ("to be offered", "offered") and not is_open,
        "may_withdraw": decides,
        "zone": zone,
        "signed_by": lambda offer: [
            (
                "For the funder" if each.side == "funder" else "For the applicants",
                one_after_another([each.name, format_when(each.signed_at, zone)]),
            )
            for each in offer.signatures
        ],
    }


def to_award(
    award_id: int,
    act: Callable[[], object],
    done: str,
    tranche_id: int | None = None,
) -> ResponseReturnValue:
    """Run the act of a form of this page: done, or the page again with what was typed in it."""

    def on(_: object) -> ResponseReturnValue:
        say(done)
        return redirect(url_for("awards.show", award_id=award_id))

    return submit(act, on, lambda errors, _: award_page(award_id, errors, tranche_id))
