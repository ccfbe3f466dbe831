"""Commitments: registered, their restrictions edited, made larger or smaller on the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import MOST_MONEY
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_amount
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import Commitment, Organisation, Release, Round, RoundFunder, RoundState
from funding.permissions import Actor, fetch, require, visible_commitments, visible_rounds
from funding.services import ledger
from funding.services.areas import slug, unused
from funding.services.idempotency import once
from funding.services.log import record
from funding.services.promises import (
    Promise,
    is_within_period,
    logged_promise,
    promise_faults,
    promise_of,
    release_rows,
    write_earlier,
    write_promise,
)

LONGEST_REASON = 500


def register_commitment(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    funder_id: int,
    promise: Promise,
    idempotency_key: str,
    faults: tuple[Fault, ...] = (),
) -> int:
    """Promise money to a round the funder has joined; the answer is the commitment's id.

    Sent twice with one key it is registered once. Raises NotFound, NotPermitted, RuleBroken,
    InvalidInput naming every wrong field (`faults`: those found in reading the form).
    """
    require(by, "commitment.edit", funder_id)
    round_: Round = fetch(session, visible_rounds(by), round_id, "round")
    _check_joined(session, round_, funder_id)
    request = {"round": round_id, "funder": funder_id, **logged_promise(promise)}
    if not faults:
        answer = once(
            session,
            by,
            idempotency_key,
            request,
            lambda: {"id": add_commitment(session, by, round_, funder_id, promise).id},
        )
        return int(answer["id"])
    raise InvalidInput(*without_repeats(faults, promise_faults(session, round_, promise, None)))


def _check_joined(session: Session, round_: Round, funder_id: int) -> None:
    if round_.state == RoundState.CLOSED:
        raise RuleBroken("This round is closed: it takes no more commitments.")
    joined = session.scalar(
        sa.select(RoundFunder.joined_at).where(
            RoundFunder.round_id == round_.id, RoundFunder.funder_id == funder_id
        )
    )
    if joined is None:
        raise RuleBroken("Join the round first; then its commitments can be registered.")


def add_commitment(
    session: Session,
    by: Actor | None,
    round_: Round,
    funder_id: int,
    promise: Promise,
    key: str = "",
) -> Commitment:
    """Write a commitment with its money on the ledger; who may is the caller's to ask.

    `key`: its key in the round, made of its name where left out. Raises InvalidInput.
    """
    found = promise_faults(session, round_, promise, None)
    if found:
        raise InvalidInput(*found)
    funder = session.get_one(Organisation, funder_id)
    taken = set(session.scalars(sa.select(Commitment.key).where(Commitment.round_id == round_.id)))
    commitment = Commitment(
        key=unused(key or slug(f"{funder.key} {promise.name}"), taken),
        round=round_,
        funder=funder,
        amount=promise.terms.amount,
        currency=promise.terms.currency,
        created_by_id=by.person_id if by else None,
    )
    write_promise(commitment, promise)
    commitment.releases = release_rows(promise.releases)
    session.add(commitment)
    session.flush()
    ledger.open_commitment_accounts(session, commitment)
    ledger.register(session, by, commitment, commitment.amount)
    write_earlier(session, commitment, promise.terms.earlier)
    record(
        session,
        by,
        "commitment registered",
        commitment,
        organisation_id=funder_id,
        round_id=round_.id,
        **logged_promise(promise),
    )
    return commitment


def edit_commitment(
    session: Session,
    *,
    by: Actor,
    commitment_id: int,
    version: int,
    promise: Promise,
    faults: tuple[Fault, ...] = (),
) -> Commitment:
    """Change name, period, release schedule and restrictions; amount and currency stay.

    Raises NotFound, NotPermitted, Conflict for a stale version, InvalidInput.
    """
    commitment = _own(session, by, commitment_id)
    if commitment.version != version:
        raise Conflict("Somebody else changed this commitment meanwhile.")
    found = without_repeats(faults, promise_faults(session, commitment.round, promise, commitment))
    if found:
        raise InvalidInput(*found)
    before = logged_promise(promise_of(commitment))
    write_promise(commitment, promise)
    wanted = dict(promise.releases or {})
    if {release.year: release.amount for release in commitment.releases} != wanted:
        commitment.releases.clear()
        session.flush()  # the old years go before the new ones come: they are unique
        commitment.releases.extend(release_rows(wanted))
    write_earlier(session, commitment, promise.terms.earlier)
    after = logged_promise(promise)
    record(
        session,
        by,
        "commitment edited",
        commitment,
        organisation_id=commitment.funder_id,
        round_id=commitment.round_id,
        before={key: value for key, value in before.items() if value != after[key]},
        after={key: value for key, value in after.items() if value != before[key]},
    )
    return commitment


def _own(session: Session, by: Actor, commitment_id: int) -> Commitment:
    """A commitment of the person's own funder, in a round not closed yet.

    Another funder's, in a round they share, is there to be read: NotPermitted, not NotFound.
    """
    commitment: Commitment = fetch(session, visible_commitments(by), commitment_id, "commitment")
    require(by, "commitment.edit", commitment.funder_id)
    if commitment.round.state == RoundState.CLOSED:
        raise RuleBroken("The round is closed: its commitments stay as they are.")
    return commitment


def change_amount(
    session: Session,
    *,
    by: Actor,
    commitment_id: int,
    change: int,
    year: int | None,
    reason: str,
    idempotency_key: str,
    faults: tuple[Fault, ...] = (),
) -> None:
    """Make a commitment larger (`change` above 0) or smaller, in minor units, by one transfer.

    `year`: where the release schedule takes the change. What lines and awards hold cannot be
    taken back: the database refuses, as Overcommitted. Raises NotFound, NotPermitted,
    InvalidInput.
    """
    commitment = _own(session, by, commitment_id)
    request = {"commitment": commitment_id, "change": change, "year": year, "reason": reason}
    if faults:
        raise InvalidInput(
            *without_repeats(faults, _change_faults(commitment, change, year, reason))
        )
    once(
        session,
        by,
        idempotency_key,
        request,
        lambda: _change(session, by, commitment, change, year, reason),
    )


def _change(
    session: Session, by: Actor, commitment: Commitment, change: int, year: int | None, reason: str
) -> dict[str, Any]:
    found = _change_faults(commitment, change, year, reason)
    if found:
        raise InvalidInput(*found)
    # the transfer first: its refusal, 'the balance does not cover this', is the clearest
    move = ledger.increase if change > 0 else ledger.reduce
    move(session, by, commitment, abs(change), reason)
    commitment.amount += change
    if year is not None:
        _change_release(commitment, year, change)
    record(
        session,
        by,
        "commitment increased" if change > 0 else "commitment reduced",
        commitment,
        organisation_id=commitment.funder_id,
        round_id=commitment.round_id,
        amount=abs(change),
        currency=commitment.currency,
        reason=reason,
    )
    return {"amount": commitment.amount}


def _change_release(commitment: Commitment, year: int, change: int) -> None:
    release = next((r for r in commitment.releases if r.year == year), None)
    if release is None:
        commitment.releases.append(Release(year=year, amount=change))
    elif release.amount + change == 0:
        commitment.releases.remove(release)
    else:
        release.amount += change


def _change_faults(
    commitment: Commitment, change: int, year: int | None, reason: str
) -> list[Fault]:
    faults = []
    if change == 0:
        faults.append(Fault("amount", "Write how much more or less it is to be."))
    elif commitment.amount + change > MOST_MONEY:
        faults.append(Fault("amount", "Together this is more than any amount may be."))
    if not reason:
        faults.append(Fault("reason", "Give the reason; it stays with the transfer."))
    elif len(reason) > LONGEST_REASON:
        faults.append(
            Fault(
                "reason", _("At most %(longest_reason)s characters.", longest_reason=LONGEST_REASON)
            )
        )
    years = {release.year: release.amount for release in commitment.releases}
    if years and year is None:
        faults.append(Fault("year", "Say in which year's release."))
    elif year is not None and change < 0 and years.get(year, 0) + change < 0:
        held = format_amount(years.get(year, 0), commitment.currency)
        faults.append(
            Fault("year", _("Only %(held)s is to be released in %(year)s.", held=held, year=year))
        )
    elif year is not None and not is_within_period(year, commitment.starts_on, commitment.ends_on):
        faults.append(Fault("year", "This year lies outside the commitment's period."))
    elif year is not None and (short := _falls_short(commitment, year, change)):
        faults.append(
            Fault(
                "year",
                _("Earlier awards need what is released by the end of %(short)s.", short=short),
            )
        )
    return faults


def _falls_short(commitment: Commitment, year: int, change: int) -> int | None:
    """The first year by which less would be released than falls due to earlier awards."""
    for promise in commitment.earlier:
        due = sum(each.amount for each in commitment.earlier if each.year <= promise.year)
        there = sum(each.amount for each in commitment.releases if each.year <= promise.year)
        if there + (change if year <= promise.year else 0) < due:
            return promise.year
    return None


def fetch_promise(session: Session, by: Actor, commitment_id: int) -> tuple[Commitment, Promise]:
    """What is there now, to be edited; raises NotFound, NotPermitted, RuleBroken."""
    commitment = _own(session, by, commitment_id)
    return commitment, promise_of(commitment)
