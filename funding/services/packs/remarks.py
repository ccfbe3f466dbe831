"""What members say of a pack: they agree, they dissent, they comment, until it is sealed."""

from __future__ import annotations

import json

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from funding.errors import Fault, InvalidInput, NotPermitted, RuleBroken
from funding.models import Pack, PackRemark, PackSeal, PackState, RemarkKind
from funding.permissions import Actor, fetch, require, visible_packs
from funding.reports.discretion import Discretion
from funding.services.committee import members_of
from funding.services.log import record

LONGEST = 5_000


def remark(
    session: Session, *, by: Actor, pack_id: int, kind: str, words: str, portfolio: int | None
) -> PackRemark:
    """Say something of a pack, or of one of its portfolios (counted from 0).

    Only members of the committee agree or dissent; officers comment too. Raises NotFound,
    NotPermitted for who is out of the room, RuleBroken once it is sealed, InvalidInput.
    """
    pack: Pack = fetch(session, visible_packs(by), pack_id, "pack")
    plan = pack.plan
    if pack.state != PackState.READY or seal_of(session, pack) is not None:
        raise RuleBroken("This pack is sealed; nothing is added to it.")
    if kind in (RemarkKind.AGREE, RemarkKind.DISSENT):
        require(by, "vote.cast", plan.round.owner_id)
        if not members_of(session, plan).counts(by.person_id):
            raise NotPermitted("Who is in conflict with a proposal of the plan is out of the room.")
    if is_out_of_the_room(session, by, pack):
        raise NotPermitted("Who is in conflict with a proposal of the round is out of the room.")
    _refuse_faults(pack, kind, words, portfolio)
    said = PackRemark(
        pack_id=pack_id,
        person_id=by.person_id,
        kind=kind,
        words=words.strip(),
        portfolio=portfolio if kind == RemarkKind.COMMENT else None,
    )
    session.add(said)
    session.flush()
    record(
        session,
        by,
        "pack remarked on",
        pack,
        organisation_id=plan.round.owner_id,
        round_id=plan.round_id,
        kind=kind,
    )
    return said


def _refuse_faults(pack: Pack, kind: str, words: str, portfolio: int | None) -> None:
    faults = []
    if kind not in set(RemarkKind):
        faults.append(Fault("kind", "choose one of them"))
    if kind != RemarkKind.AGREE and not words.strip():
        faults.append(Fault("remark", "please say it in words; they go on record"))
    elif len(words) > LONGEST:
        faults.append(Fault("remark", f"at most {LONGEST:,} characters"))
    if portfolio is not None:
        count = len(json.loads(pack.content or "{}")["figures"]["portfolios"])
        if not 0 <= portfolio < count:
            faults.append(Fault("portfolio", "choose one of the portfolios"))
    if faults:
        raise InvalidInput(*faults)


def is_out_of_the_room(session: Session, by: Actor, pack: Pack) -> bool:
    """Whether something of the round is hidden from this person: then the discussion is, too."""
    return Discretion.of(session, by, pack.plan.round_id).hides_something


def remarks_on(session: Session, pack: Pack) -> list[PackRemark]:
    """In the order in which they were made."""
    return list(
        session.scalars(
            sa.select(PackRemark)
            .options(joinedload(PackRemark.person))
            .where(PackRemark.pack_id == pack.id)
            .order_by(PackRemark.id)
        )
    )


def positions(remarks: list[PackRemark]) -> dict[int, PackRemark]:
    """By person: the last time that they agreed or dissented."""
    return {r.person_id: r for r in remarks if r.kind != RemarkKind.COMMENT}


def seal_of(session: Session, pack: Pack) -> PackSeal | None:
    return session.scalars(sa.select(PackSeal).where(PackSeal.pack_id == pack.id)).one_or_none()
