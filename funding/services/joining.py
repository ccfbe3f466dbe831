"""Who takes part in a round: invitations, joining, guarantees, and a funder's weights for areas."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.forms import without_repeats
from funding.language import gettext as _
from funding.models import (
    Binding,
    Commitment,
    FunderWeight,
    Organisation,
    OrganisationKind,
    Person,
    Role,
    Round,
    RoundFunder,
    RoundState,
)
from funding.permissions import Actor, fetch, owned_rounds, require, visible_rounds
from funding.services.log import record
from funding.services.mail import Written, paragraphs, post_mail

GUARANTEES = ("none", "alone", "leave")
LARGEST_WEIGHT = 100.0


def invite_funder(
    session: Session, *, by: Actor, round_id: int, funder_id: int | None, public_url: str
) -> RoundFunder:
    """Invite a funder; its administrators are told by mail. Raises NotFound, InvalidInput."""
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    if round_.state == RoundState.CLOSED:
        raise RuleBroken("This round is closed.")
    funder = session.get(Organisation, funder_id) if funder_id else None
    if funder is None or funder.kind != OrganisationKind.FUNDER:
        raise InvalidInput(Fault("funder_id", "Choose a funder."))
    if any(part.funder_id == funder.id for part in round_.participants):
        raise InvalidInput(Fault("funder_id", _("%(name)s is invited already.", name=funder.name)))
    part = RoundFunder(funder=funder)
    round_.participants.append(part)
    session.flush()
    for admin in _admins(session, funder):
        post_mail(session, admin, lambda: _invited(round_, funder.name, public_url))
    record(
        session,
        by,
        "funder invited",
        part,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        funder=funder.id,
    )
    return part


def _invited(round_: Round, funder: str, public_url: str) -> Written:
    return (
        _("%(funder)s is invited to %(round)s", funder=funder, round=round_.name),
        paragraphs(
            _(
                "%(owner)s invites %(funder)s to put money into %(round)s.",
                owner=round_.owner.name,
                funder=funder,
                round=round_.name,
            ),
            _("Read about the round, and join if you agree:")
            + f"\n{public_url}/rounds/{round_.id}/join",
        ),
    )


def withdraw_invitation(session: Session, *, by: Actor, round_id: int, funder_id: int) -> None:
    """Take back an invitation that has not been taken up. Raises NotFound, RuleBroken."""
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    part = _part(session, round_, funder_id)
    if part is None:
        raise NotFound("invitation")
    if part.joined_at is not None:
        raise RuleBroken(_("%(name)s has joined already.", name=part.funder.name))
    record(
        session,
        by,
        "invitation withdrawn",
        part,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        funder=funder_id,
    )
    session.delete(part)


def join_round(
    session: Session, *, by: Actor, round_id: int, funder_id: int, guarantee: str
) -> RoundFunder:
    """Join with the guarantee the funder asks for; later, the same changes the guarantee.

    Raises NotFound for another's funder or a round that does not invite it, InvalidInput.
    """
    require(by, "round.join", funder_id)
    round_: Round = fetch(session, visible_rounds(by), round_id, "round")
    part = _part(session, round_, funder_id)
    if part is None and round_.may_join != "any funder":
        raise NotFound("invitation")
    if round_.state == RoundState.CLOSED:
        raise RuleBroken("This round is closed.")
    if guarantee not in GUARANTEES:
        raise InvalidInput(Fault("guarantee", "Choose what you ask of the round in return."))
    if part is None:
        part = RoundFunder(funder_id=funder_id)
        round_.participants.append(part)
    is_new = part.joined_at is None
    part.joined_at = part.joined_at or now()
    part.guarantee = guarantee
    record(
        session,
        by,
        "round joined" if is_new else "guarantee changed",
        part,
        organisation_id=funder_id,
        round_id=round_.id,
        guarantee=guarantee,
    )
    return part


def leave_round(session: Session, *, by: Actor, round_id: int, funder_id: int) -> None:
    """Step out again; only while the funder has registered no commitment. The weights go too."""
    require(by, "round.join", funder_id)
    round_: Round = fetch(session, visible_rounds(by), round_id, "round")
    part = _part(session, round_, funder_id)
    if part is None or part.joined_at is None:
        raise NotFound("part in this round")
    promised = session.scalar(
        sa.select(Commitment.id)
        .where(Commitment.round_id == round_.id, Commitment.funder_id == funder_id)
        .limit(1)
    )
    if promised is not None:
        raise RuleBroken(
            "A funder with a commitment stays in the round; a commitment can be reduced to nothing."
        )
    for weight in part.weights:
        session.delete(weight)
    session.flush()
    record(session, by, "round left", part, organisation_id=funder_id, round_id=round_.id)
    session.delete(part)


def weights_of(part: RoundFunder) -> dict[str, float]:
    """By area, where they differ from 1."""
    return {weight.area_key: weight.weight for weight in part.weights}


def set_weights(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    funder_id: int,
    weights: dict[str, float],
    before: dict[str, float],
    faults: tuple[Fault, ...] = (),
) -> None:
    """Say how much the funder cares for each top area; 1 is the usual, 0 not at all.

    `before`: the weights the person saw. Raises NotFound, NotPermitted, Conflict, InvalidInput.
    """
    part = fetch_part(session, by, round_id, funder_id)
    tops = {a.key: a.name for a in part.round.taxonomy.areas if a.parent_key is None}
    found = []
    for key, weight in weights.items():
        if key not in tops:
            found.append(Fault(f"weight.{key}", "This area is no longer on the list."))
        elif not 0 <= weight <= LARGEST_WEIGHT:
            found.append(Fault(f"weight.{key}", "A weight is a number from 0 to 100."))
    found = without_repeats(faults, found)
    if found:
        raise InvalidInput(*found)
    there = {weight.area_key: weight for weight in part.weights}
    if weights_of(part) != before:
        raise Conflict("Somebody else changed these weights meanwhile.")
    for key in tops:
        wanted = weights.get(key, 1.0)
        if key in there and wanted == 1.0:
            session.delete(there[key])
        elif key in there:
            there[key].weight = wanted
        elif wanted != 1.0:
            part.weights.append(FunderWeight(area_key=key, weight=wanted))
    record(
        session,
        by,
        "weights set",
        part,
        organisation_id=funder_id,
        round_id=round_id,
        weights={key: weight for key, weight in weights.items() if weight != 1.0},
    )


def fetch_part(session: Session, by: Actor, round_id: int, funder_id: int) -> RoundFunder:
    """The person's own funder's part in a round it has joined; locked for the edit."""
    require(by, "commitment.edit", funder_id)
    round_: Round = fetch(session, visible_rounds(by), round_id, "round")
    part = _part(session, round_, funder_id)
    if part is None or part.joined_at is None:
        raise NotFound("part in this round")
    return part


def _part(session: Session, round_: Round, funder_id: int) -> RoundFunder | None:
    return session.scalars(
        sa.select(RoundFunder)
        .where(RoundFunder.round_id == round_.id, RoundFunder.funder_id == funder_id)
        .with_for_update(key_share=True)
    ).one_or_none()


def _admins(session: Session, funder: Organisation) -> list[Person]:
    return list(
        session.scalars(
            sa.select(Person)
            .join(Binding, Binding.person_id == Person.id)
            .where(
                Binding.organisation_id == funder.id,
                Binding.role == Role.FUNDER_ADMIN,
                Person.is_active,
            )
            .order_by(Person.email)
        )
    )
