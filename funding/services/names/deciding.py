"""What people say of two names: one, a part, two; and taking any of it back, whenever."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.language import gettext as _
from funding.models import KnownName, MergeState, NameMerge, Relation
from funding.permissions import Actor, fetch, require, visible_merges, visible_names
from funding.services.log import record
from funding.services.names.grouping import (
    groups_of,
    lock,
    refuse_what_was_said_apart,
    set_entities,
)

APART = "apart"
VERDICTS = (*(relation.value for relation in Relation), APART)
_ACTS = {
    Relation.SAME.value: "names merged",
    Relation.PART.value: "name made a part",
    Relation.WHOLE.value: "name made a part",
    APART: "names told apart",
}
_MIRRORED = {Relation.SAME: Relation.SAME, Relation.PART: Relation.WHOLE}
_MIRRORED[Relation.WHOLE] = Relation.PART


def decide_merge(
    session: Session, *, by: Actor, merge_id: int, version: int, verdict: str
) -> NameMerge:
    """Say what two names are to each other: `same`, `part` (the first of the second), `whole` (the
    second of the first) or `apart`.

    Raises NotFound, NotPermitted, Conflict for a stale version, InvalidInput, RuleBroken where it
    was decided before or would join what somebody said is two.
    """
    merge = _open(session, by, merge_id, version)
    if verdict not in VERDICTS:
        raise InvalidInput(Fault("verdict", "Choose what the two names are to each other."))
    if merge.state != MergeState.SUGGESTED:
        raise RuleBroken("This was decided already. Undo it first, to say something else.")
    return _decide(session, by, merge, verdict)


def _open(session: Session, by: Actor, merge_id: int, version: int) -> NameMerge:
    merge: NameMerge = fetch(session, visible_merges(by), merge_id, "merge")
    require(by, "names.decide", merge.organisation_id)
    lock(session, merge.organisation_id)
    session.refresh(merge)
    if merge.version != version:
        raise Conflict("Somebody else decided on these names meanwhile.")
    return merge


def _decide(session: Session, by: Actor, merge: NameMerge, verdict: str) -> NameMerge:
    groups = groups_of(session, merge.organisation_id, merge.kind)
    if verdict != Relation.SAME and groups.top(merge.first_id) == groups.top(merge.second_id):
        raise RuleBroken(
            "The two are one already, through other merges. Undo those first, or take one out."
        )
    if verdict == Relation.SAME:
        refuse_what_was_said_apart(session, groups, merge.first_id, merge.second_id)
    merge.state = MergeState.REJECTED if verdict == APART else MergeState.MERGED
    if verdict != APART:
        merge.relation = verdict
    _settle(session, by, merge, _ACTS[verdict])
    return merge


def undo_merge(session: Session, *, by: Actor, merge_id: int, version: int) -> NameMerge:
    """Take back what was decided or merged by itself: the names are as if it had never been.

    It stays a suggestion, and is not merged again by itself. Raises NotFound, NotPermitted,
    Conflict, RuleBroken where nothing was decided.
    """
    merge = _open(session, by, merge_id, version)
    if merge.state == MergeState.SUGGESTED:
        raise RuleBroken("Nothing was decided here that could be undone.")
    was, relation = merge.state, merge.relation
    merge.state, merge.relation = MergeState.SUGGESTED, merge.suggested_as
    _settle(session, by, merge, "name decision undone", was=was, relation=relation)
    return merge


def _settle(session: Session, by: Actor, merge: NameMerge, act: str, **detail: Any) -> None:
    merge.is_automatic = False
    merge.decided_by_id, merge.decided_at = by.person_id, now()
    touched = _touched(session, merge)
    set_entities(session, merge.organisation_id, merge.kind, touched)
    record(
        session,
        by,
        act,
        merge,
        organisation_id=merge.organisation_id,
        names=[merge.first_id, merge.second_id],
        **{"relation": merge.relation, **detail},
    )


def _touched(session: Session, merge: NameMerge) -> list[int]:
    """Both names, and all that are one with either as it was before."""
    pair = [merge.first_id, merge.second_id]
    entities = sa.select(KnownName.entity_id).where(KnownName.id.in_(pair))
    together = sa.select(KnownName.id).where(KnownName.entity_id.in_(entities))
    return [*pair, *session.scalars(together)]


def merge_by_hand(
    session: Session, *, by: Actor, name_id: int, spelling: str, verdict: str
) -> NameMerge:
    """Say what a name is to another that nothing suggested, given as it is spelt in the grants.

    `part`: the name is a part of the other one. Raises NotFound, NotPermitted, InvalidInput,
    RuleBroken.
    """
    name: KnownName = fetch(session, visible_names(by), name_id, "name")
    require(by, "names.decide", name.organisation_id)
    lock(session, name.organisation_id)
    if verdict not in VERDICTS:
        raise InvalidInput(Fault("verdict", "Choose what the two names are to each other."))
    other = session.scalars(
        sa.select(KnownName)
        .where(
            KnownName.organisation_id == name.organisation_id,
            KnownName.kind == name.kind,
            KnownName.spelling == " ".join(spelling.split()),
            KnownName.id != name.id,
        )
        .order_by(KnownName.grants.desc(), KnownName.id)
        .limit(1)
    ).one_or_none()
    if other is None:
        raise InvalidInput(
            Fault(
                "spelling",
                _("No %(kind)s of these past grants is spelt like this.", kind=name.kind),
            )
        )
    first, second = sorted((name.id, other.id))
    if verdict != APART and first != name.id:
        verdict = _MIRRORED[Relation(verdict)].value
    merge = session.scalars(
        sa.select(NameMerge).where(NameMerge.first_id == first, NameMerge.second_id == second)
    ).one_or_none()
    if merge is None:
        merge = NameMerge(
            organisation_id=name.organisation_id, kind=name.kind, first_id=first, second_id=second
        )
        session.add(merge)
        session.flush()
    elif merge.state != MergeState.SUGGESTED:
        raise RuleBroken("Something was decided of these two already. Undo it first.")
    return _decide(session, by, merge, verdict)


def take_out(session: Session, *, by: Actor, name_id: int) -> KnownName:
    """Say that a spelling is not the entity it was merged into: every line that holds it is
    rejected.

    Raises NotFound, NotPermitted, RuleBroken where it is alone.
    """
    name: KnownName = fetch(session, visible_names(by), name_id, "name")
    require(by, "names.decide", name.organisation_id)
    lock(session, name.organisation_id)
    lines = session.scalars(
        sa.select(NameMerge)
        .where(
            sa.or_(NameMerge.first_id == name.id, NameMerge.second_id == name.id),
            NameMerge.state == MergeState.MERGED,
            NameMerge.relation == Relation.SAME,
        )
        .order_by(NameMerge.id)
    ).all()
    if not lines:
        raise RuleBroken("This name is one with no other.")
    for merge in lines:
        merge.state = MergeState.REJECTED
        _settle(session, by, merge, _ACTS[APART])
    return name
