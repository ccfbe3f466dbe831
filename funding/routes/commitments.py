"""Commitments: lists by round and by funder, one in detail, registering, editing, more or less."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import Fault, InvalidInput, NotFound, Overcommitted, RuleBroken
from funding.formatting import format_amount
from funding.language import gettext
from funding.listing import Listing
from funding.models import Commitment, Organisation, OrganisationKind, Round, RoundState
from funding.permissions import fetch, require, visible_commitments, visible_rounds, working_rounds
from funding.reports import arrival
from funding.reports import commitments as report
from funding.routes.choices import (
    REGION_CHOICES,
    TIER_CHOICES,
    currency_groups,
    top_area_choices,
)
from funding.routes.commitment_form import LABELS, LISTS, first_values, promise_of, values_of
from funding.routes.context import (
    actor,
    in_transaction,
    new_idempotency_key,
    reading,
    say,
)
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services import commitments as service
from funding.services.overlaps import stepping_back
from funding.services.rates import is_published, rate_in_round
from funding.services.restrictions import Terms, reach, sentence

bp = Blueprint("commitments", __name__)


# -- lists and one ------------------------------------------------------------------------------


@bp.get("/rounds/<int:round_id>/commitments")
@permission("commitment.read")
def index(round_id: int) -> ResponseReturnValue:
    by, moment = actor(), now()
    round_: Round = fetch(reading(), working_rounds(by, "commitment.read"), round_id, "round")
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=("name", "funder", "amount", "available"),
        filters=report.FILTERS,
        default_sort="funder",
    )
    rows, listing = report.commitment_rows(reading(), by, listing, moment, round_=round_)
    funders, currencies = report.round_choices(reading(), round_)
    return render_template(
        "commitments/index.html",
        round=round_,
        rows=rows,
        listing=listing,
        totals=report.totals_of(reading(), round_, moment),
        funders=funders,
        currencies=[(code, code) for code in currencies],
        areas=top_area_choices(round_.taxonomy),
        registers=_may_register(round_),
    )


def _may_register(round_: Round) -> list[Organisation]:
    """The person's funders that can promise money to this round now."""
    if round_.state == RoundState.CLOSED:
        return []
    joined = {part.funder_id for part in round_.participants if part.joined_at is not None}
    return [
        reading().get_one(Organisation, funder_id)
        for funder_id in sorted(actor().where("commitment.edit") & joined)
    ]


@bp.get("/commitments")
@permission("commitment.read")
def mine() -> ResponseReturnValue:
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=("name", "round", "funder"),
        filters=("q", "currency"),
        default_sort="-round",
    )
    rows, listing = report.commitment_rows(reading(), actor(), listing, now())
    return render_template("commitments/mine.html", rows=rows, listing=listing)


@bp.get("/commitments/<int:commitment_id>")
@permission("commitment.read")
def show(commitment_id: int) -> ResponseReturnValue:
    return show_again(commitment_id, {})


def show_again(commitment_id: int, errors: dict[str, str]) -> str:
    """The page of a commitment, with what was wrong in the answer to a step back."""
    by = actor()
    commitment = _visible(commitment_id)
    listing = Listing.parse(request.path, request.args, sortable=("",), per_page=25)
    movements, listing = report.movements(reading(), commitment, listing)
    row = report.commitment_row(reading(), commitment, now())
    is_open = commitment.round.state != RoundState.CLOSED
    return render_template(
        "commitments/show.html",
        round=commitment.round,
        row=row,
        commitment=commitment,
        reach=reach(reading(), commitment, commitment.round, row.rate, by),
        names={area.key: area.name for area in commitment.round.taxonomy.areas},
        regions=dict(REGION_CHOICES),
        movements=movements,
        listing=listing,
        may_edit=is_open and by.may("commitment.edit", commitment.funder_id),
        is_own=commitment.funder_id in by.organisations,
        may_read_ledger=by.may("ledger.read", commitment.funder_id),
        may_expire=bool(row.balance.available)
        and commitment.ends_on is not None
        and commitment.ends_on < now().date()
        and by.may("commitment.edit", commitment.funder_id),
        idempotency_key=new_idempotency_key(),
        arrivals=stepping_back.noted_for(reading(), by, commitment_id),
        steps=stepping_back.asked_of(reading(), by, commitment_id),
        may_answer=by.may("line.decide", commitment.funder_id),
        last_run=arrival.last_run(reading(), by, commitment.round_id),
        form={"values": request.form.to_dict(), "errors": errors},
    )


def _visible(commitment_id: int) -> Commitment:
    return fetch(reading(), visible_commitments(actor()), commitment_id, "commitment")


# -- registering and editing ----------------------------------------------------------------------


def _open_round(round_id: int) -> tuple[Round, list[Organisation]]:
    round_: Round = fetch(reading(), visible_rounds(actor()), round_id, "round")
    funders = _may_register(round_)
    if not funders:
        raise NotFound("form for a commitment")
    return round_, funders


@bp.get("/rounds/<int:round_id>/commitments/new")
@permission("commitment.edit")
def new(round_id: int) -> ResponseReturnValue:
    round_, funders = _open_round(round_id)
    values = {
        **first_values(round_),
        "funder_id": str(funders[0].id),
        "idempotency_key": new_idempotency_key(),
    }
    return _form(round_, None, values, {}, Terms(0, round_.base_currency))


@bp.post("/rounds/<int:round_id>/commitments/new")
@permission("commitment.edit")
def register(round_id: int) -> ResponseReturnValue:
    round_, funders = _open_round(round_id)
    typed = typed_form(*LISTS)
    funder = typed.text("funder_id")
    if funder not in {str(org.id) for org in funders}:
        raise NotFound("funder")
    promise = promise_of(typed, round_, _institutions())
    return submit(
        lambda: in_transaction(
            service.register_commitment,
            round_id=round_id,
            funder_id=int(funder),
            promise=promise,
            idempotency_key=typed.text("idempotency_key"),
            faults=tuple(typed.faults),
        ),
        done=lambda made: _to(made, "The commitment is registered."),
        again=lambda errors, is_stale: _form(
            _open_round(round_id)[0], None, typed.values, errors, promise.terms
        ),
    )


@bp.get("/commitments/<int:commitment_id>/edit")
@permission("commitment.edit")
def edit(commitment_id: int) -> ResponseReturnValue:
    commitment, promise = service.fetch_promise(reading(), actor(), commitment_id)
    return _form(commitment.round, commitment, values_of(promise), {}, promise.terms)


@bp.post("/commitments/<int:commitment_id>/edit")
@permission("commitment.edit")
def save(commitment_id: int) -> ResponseReturnValue:
    commitment, _ = service.fetch_promise(reading(), actor(), commitment_id)
    typed = typed_form(*LISTS)
    version = typed.whole("version", 0, 10**9, "This form came without its version.") or 0
    promise = promise_of(typed, commitment.round, _institutions(), commitment)

    def again(errors: dict[str, str], is_stale: bool) -> str:
        there, stored = service.fetch_promise(reading(), actor(), commitment_id)
        changes = differences(LABELS, typed.values, values_of(stored)) if is_stale else None
        return _form(there.round, there, typed.values, errors, promise.terms, changes)

    return submit(
        lambda: in_transaction(
            service.edit_commitment,
            commitment_id=commitment_id,
            version=version,
            promise=promise,
            faults=tuple(typed.faults),
        ),
        done=lambda _: _to(commitment_id, "Saved."),
        again=again,
    )


def _places(values: dict[str, Any], prefix: str) -> list[int]:
    """The places of a form's rows of a year and an amount."""
    return list(range(sum(1 for name in values if name.startswith(prefix))))


def _to(commitment_id: int, message: str) -> ResponseReturnValue:
    say(message)
    return redirect(url_for("commitments.show", commitment_id=commitment_id))


def _institutions() -> dict[int, str]:
    return dict(
        reading()
        .execute(
            sa.select(Organisation.id, Organisation.name)
            .where(Organisation.kind == OrganisationKind.INSTITUTION)
            .order_by(Organisation.name)
        )
        .all()
    )


def _form(
    round_: Round,
    commitment: Commitment | None,
    values: dict[str, Any],
    errors: dict[str, str],
    terms: Terms,
    changes: list[Any] | None = None,
) -> str:
    """The form, with the sentence and the count for `terms`."""
    return render_template(
        "commitments/form.html",
        round=round_,
        commitment=commitment,
        form={"values": values, "errors": errors},
        changes=changes,
        funders=[(org.id, org.name) for org in _may_register(round_)],
        currencies=currency_groups(),
        areas=top_area_choices(round_.taxonomy),
        regions=REGION_CHOICES,
        tiers=TIER_CHOICES,
        institutions=list(_institutions().items()),
        years=_places(values, "release_year."),
        earlier_years=_places(values, "earlier_year."),
        is_published=is_published(
            str(values.get("amount_currency", "")) or round_.base_currency, round_.base_currency
        ),
        preview=_preview(round_, terms),
    )


# -- what it means, while typing ------------------------------------------------------------------


@bp.post("/rounds/<int:round_id>/commitments/preview")
@permission("commitment.edit")
def preview(round_id: int) -> ResponseReturnValue:
    """The sentence and the count for what is typed so far, as a part of the page."""
    round_, _ = _open_round(round_id)
    typed = typed_form(*LISTS)
    stored = typed.text("commitment_id")
    commitment = None
    if stored.isdecimal():
        commitment, _ = service.fetch_promise(reading(), actor(), int(stored))
    promise = promise_of(typed, round_, _institutions(), commitment)
    return render_template(
        "commitments/_preview.html", round=round_, preview=_preview(round_, promise.terms)
    )


def _preview(round_: Round, terms: Terms) -> dict[str, Any]:
    """The sentence, the reach and the worth of what is typed."""
    try:
        rate = rate_in_round(reading(), round_, terms.currency, now().date())
    except RuleBroken:
        rate = None
    # without an amount yet, caps and ticket cannot be weighed against it
    usable = rate if terms.amount else None
    return {
        "sentence": sentence(terms, round_.taxonomy),
        "reach": reach(reading(), terms, round_, usable, actor()),
        "rate": rate,
        "amount": terms.amount,
        "currency": terms.currency,
        "base_amount": rate.to_base(terms.amount) if rate and terms.amount else None,
    }


# -- more or less ---------------------------------------------------------------------------------


@bp.get("/commitments/<int:commitment_id>/amount")
@permission("commitment.edit")
def amount(commitment_id: int) -> ResponseReturnValue:
    commitment, _ = service.fetch_promise(reading(), actor(), commitment_id)
    values = {"way": "more", "idempotency_key": new_idempotency_key()}
    return _amount_form(commitment, values, {})


@bp.post("/commitments/<int:commitment_id>/amount")
@permission("commitment.edit")
def change_amount(commitment_id: int) -> ResponseReturnValue:
    commitment, _ = service.fetch_promise(reading(), actor(), commitment_id)
    typed = typed_form()
    way = typed.choice("way", ("more", "less"), "Choose more or less.")
    size = typed.amount("amount", commitment.currency, "Write how much more or less it is to be.")
    year = typed.whole("year", 1900, 2200, "Choose a year.")

    def act() -> None:
        try:
            in_transaction(
                service.change_amount,
                commitment_id=commitment_id,
                change=(size or 0) * (1 if way == "more" else -1),
                year=year,
                reason=typed.text("reason"),
                idempotency_key=typed.text("idempotency_key"),
                faults=tuple(typed.faults),
            )
        except Overcommitted as refusal:
            held = report.balances(reading(), [commitment_id])[commitment_id]
            kept = sum(promise.amount for promise in commitment.earlier)
            free = format_amount(max(0, held.available - kept), commitment.currency)
            raise InvalidInput(
                Fault(
                    "amount",
                    gettext(
                        "At most %(free)s can be taken back: the rest is in lines that wait for a "
                        "decision, awarded, or kept for earlier awards.",
                        free=free,
                    ),
                )
            ) from refusal

    return submit(
        act,
        done=lambda _: _to(commitment_id, "The amount is changed, by a transfer on the ledger."),
        again=lambda errors, is_stale: _amount_form(_visible(commitment_id), typed.values, errors),
    )


def _amount_form(commitment: Commitment, values: dict[str, Any], errors: dict[str, str]) -> str:
    require(actor(), "commitment.edit", commitment.funder_id)
    known = {release.year for release in commitment.releases}
    if commitment.releases and commitment.ends_on:
        known |= set(range(min(known), commitment.ends_on.year + 1))
    return render_template(
        "commitments/amount.html",
        round=commitment.round,
        commitment=commitment,
        row=report.commitment_row(reading(), commitment, now()),
        years=sorted(known),
        form={"values": values, "errors": errors},
    )
