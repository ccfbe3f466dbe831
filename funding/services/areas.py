"""The areas of a round: the shipped taxonomy, and its edits as numbered versions.

An edit never changes a version: it makes the next one. A key that is in use cannot vanish; it is
retired into another, and everything that carried it carries the other from then on.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from funding.errors import Conflict, Fault, InvalidInput
from funding.language import gettext as _
from funding.models import (
    Area,
    AreaNeed,
    Commitment,
    FunderWeight,
    Proposal,
    ProposalArea,
    Round,
    RoundFunder,
    Scenario,
    Taxonomy,
)
from funding.paths import SEEDS
from funding.permissions import Actor, fetch, owned_rounds
from funding.services.log import record

LONGEST_NAME = 80
LONGEST_DEFINITION = 1000


@dataclass(frozen=True)
class AreaEntry:
    """One area as an edit wants it. `key` is empty for a new one; `field` names it in the form.

    `into`: the key this area is retired into, chosen in `into_field`; empty where it stays.
    """

    field: str
    key: str
    parent_key: str | None
    name: str
    definition: str = ""
    into: str = ""
    into_field: str = ""


def add_shipped_taxonomy(session: Session, round_: Round) -> Taxonomy:
    """Give a round the taxonomy that ships with Tributary, as its first version."""
    shipped = json.loads(Path(SEEDS / "taxonomy.json").read_text(encoding="utf-8"))
    taxonomy = Taxonomy(number=1, note="The taxonomy that ships with Tributary.")
    for top in shipped["areas"]:
        for area, parent in [(top, None), *((child, top["id"]) for child in top["children"])]:
            taxonomy.areas.append(
                Area(
                    position=len(taxonomy.areas),
                    key=area["id"],
                    parent_key=parent,
                    name=area["name"],
                    definition=area["definition"],
                )
            )
    round_.taxonomies.append(taxonomy)
    session.flush()
    return taxonomy


def top_areas(round_: Round) -> dict[str, str]:
    """Every key the round ever had, and the top area of the current version it counts for.

    Keys retired since lead to what took their place, so that old records keep counting.
    """
    top = {area.key: area.parent_key or area.key for area in round_.taxonomy.areas}
    for taxonomy in reversed(round_.taxonomies):
        for old, new in taxonomy.replaced.items():
            if new in top:
                top.setdefault(old, top[new])
    return top


def edit_areas(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    number: int,
    entries: list[AreaEntry],
    note: str,
    faults: tuple[Fault, ...] = (),
) -> Taxonomy:
    """Make the next version of the areas from `entries`, in their order.

    `number` is the version the editor saw. Raises Conflict where another edit came first,
    InvalidInput naming every wrong field, NotFound for a round that is not the person's.
    """
    round_ = fetch(session, owned_rounds(by), round_id, "round")
    current = round_.taxonomy
    if current.number != number:
        raise Conflict("Somebody else changed the areas meanwhile.")
    entries = _with_keys(entries, {key for t in round_.taxonomies for key in _keys(t)})
    retired = {e.key: e.into for e in entries if e.into}
    kept = [_moved(e, retired) for e in entries if not e.into]
    found = [*faults, *_faults_of(entries, kept, current)]
    if not note.strip():
        found.append(Fault("note", "Say in a few words what changes and why; it stays on record."))
    if not found and _is_same(current, kept):
        found.append(Fault("", "Nothing was changed."))
    if found:
        raise InvalidInput(*found)
    made = Taxonomy(
        number=number + 1,
        note=note.strip(),
        replaced=retired,
        created_by_id=by.person_id,
        areas=_in_order(kept),
    )
    round_.taxonomies.append(made)
    session.flush()
    counts = _carry_over(session, round_, retired)
    record(
        session,
        by,
        "areas changed",
        made,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        number=made.number,
        retired=retired,
        **counts,
    )
    return made


def _keys(taxonomy: Taxonomy) -> set[str]:
    return {area.key for area in taxonomy.areas} | set(taxonomy.replaced)


def slug(name: str) -> str:
    """A key made of a name: lower case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]


def unused(wanted: str, taken: set[str]) -> str:
    """`wanted`, or the first of wanted-2, wanted-3, ... that is not taken."""
    key, number = wanted, 1
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _with_keys(entries: list[AreaEntry], taken: set[str]) -> list[AreaEntry]:
    """New areas get a key from their name; a new area's children name its field as parent."""
    keys: dict[str, str] = {}
    made = []
    for e in entries:
        parent = keys.get(e.parent_key or "", e.parent_key)
        key = e.key or unused(
            "-".join(filter(None, (parent, slug(e.name) or "area"))), taken | set(keys.values())
        )
        keys[e.field] = key
        made.append(
            replace(
                e, key=key, parent_key=parent, name=e.name.strip(), definition=e.definition.strip()
            )
        )
    return made


def _moved(entry: AreaEntry, retired: Mapping[str, str]) -> AreaEntry:
    """A child of a retired top area goes with it, into the area that takes its place."""
    parent = retired.get(entry.parent_key or "", entry.parent_key)
    return replace(entry, parent_key=parent)


def _faults_of(entries: list[AreaEntry], kept: list[AreaEntry], current: Taxonomy) -> list[Fault]:
    faults = []
    known = {area.key: area for area in current.areas}
    tops = {e.key for e in kept if e.parent_key is None}
    staying = {e.key for e in kept}
    given = {e.key for e in entries}
    names: set[tuple[str | None, str]] = set()
    for e in kept:
        if not e.name:
            faults.append(Fault(f"{e.field}.name", "Give the area a name."))
        elif len(e.name) > LONGEST_NAME:
            faults.append(
                Fault(
                    f"{e.field}.name",
                    _("At most %(longest_name)s characters.", longest_name=LONGEST_NAME),
                )
            )
        elif (e.parent_key, e.name.casefold()) in names:
            faults.append(
                Fault(
                    f"{e.field}.name", _("There are two areas called “%(name)s” here.", name=e.name)
                )
            )
        names.add((e.parent_key, e.name.casefold()))
        if len(e.definition) > LONGEST_DEFINITION:
            faults.append(
                Fault(
                    f"{e.field}.definition",
                    _(
                        "At most %(longest_definition)s characters.",
                        longest_definition=LONGEST_DEFINITION,
                    ),
                )
            )
        if e.parent_key is not None and e.parent_key not in tops:
            faults.append(Fault(f"{e.field}.name", "The area it belongs to is not on this list."))
    for e in entries:
        if e.into and (e.into not in staying or e.into == e.key or e.into not in known):
            faults.append(Fault(e.into_field, "Choose an area that stays, to take its place."))
        elif e.into and known[e.key].parent_key is None and e.into not in tops:
            faults.append(Fault(e.into_field, "A top area goes into another top area."))
    for key in known.keys() - given:
        faults.append(
            Fault(
                "",
                _(
                    "“%(name)s” is missing: retire an area into another instead.",
                    name=known[key].name,
                ),
            )
        )
    if not tops:
        faults.append(Fault("", "At least one top area must stay."))
    return faults


def _is_same(current: Taxonomy, kept: list[AreaEntry]) -> bool:
    old = [(a.key, a.parent_key, a.name, a.definition) for a in current.areas]
    new = [(a.key, a.parent_key, a.name, a.definition) for a in _in_order(kept)]
    return old == new


def _in_order(kept: list[AreaEntry]) -> list[Area]:
    """Each top area followed by its children."""
    ordered = [
        e
        for top in kept
        if top.parent_key is None
        for e in (top, *(child for child in kept if child.parent_key == top.key))
    ]
    return [
        Area(
            position=position,
            key=e.key,
            parent_key=e.parent_key,
            name=e.name,
            definition=e.definition,
        )
        for position, e in enumerate(ordered)
    ]


def _carry_over(session: Session, round_: Round, retired: dict[str, str]) -> dict[str, int]:
    """Everything that carries a retired key carries the key of what took its place."""
    if not retired:
        return {}
    tags = _carry_tags(session, round_, retired)
    commitments = 0
    for commitment in session.scalars(
        sa.select(Commitment).where(Commitment.round_id == round_.id)
    ):
        if commitment.areas and retired.keys() & set(commitment.areas):
            commitment.areas = list(dict.fromkeys(retired.get(a, a) for a in commitment.areas))
            commitments += 1
    _carry_needs(session, round_, retired)
    _carry_weights(session, round_, retired)
    for scenario in session.scalars(sa.select(Scenario).where(Scenario.round_id == round_.id)):
        for old in retired.keys() & scenario.needs.keys():
            need = scenario.needs.pop(old)
            scenario.needs.setdefault(retired[old], need)
            flag_modified(scenario, "needs")
    session.flush()
    return {"tags": tags, "commitments": commitments}


def _carry_tags(session: Session, round_: Round, retired: dict[str, str]) -> int:
    """Tags move; where the proposal carries the other area too, the two shares become one."""
    tagged = session.scalars(
        sa.select(ProposalArea)
        .join(Proposal, Proposal.id == ProposalArea.proposal_id)
        .where(Proposal.round_id == round_.id)
        .order_by(ProposalArea.id)
    ).all()
    by_place = {(tag.proposal_id, tag.area_key): tag for tag in tagged}
    moved = 0
    for tag in tagged:
        if tag.area_key not in retired:
            continue
        moved += 1
        place = (tag.proposal_id, retired[tag.area_key])
        if place in by_place:
            by_place[place].weight = min(1.0, by_place[place].weight + tag.weight)
            session.delete(tag)
        else:
            tag.area_key = retired[tag.area_key]
            by_place[place] = tag
    return moved


def _carry_needs(session: Session, round_: Round, retired: dict[str, str]) -> None:
    """A retired area's need passes on, unless what took its place has one of its own."""
    there = {need.area_key: need for need in round_.needs}
    for old in retired.keys() & there.keys():
        need: AreaNeed = there.pop(old)
        if retired[old] in there:
            session.delete(need)
        else:
            need.area_key = retired[old]
            there[retired[old]] = need


def _carry_weights(session: Session, round_: Round, retired: dict[str, str]) -> None:
    weights = session.scalars(
        sa.select(FunderWeight)
        .join(RoundFunder, RoundFunder.id == FunderWeight.round_funder_id)
        .where(RoundFunder.round_id == round_.id)
        .order_by(FunderWeight.id)
    ).all()
    there = {(weight.round_funder_id, weight.area_key) for weight in weights}
    for weight in weights:
        if weight.area_key not in retired:
            continue
        place = (weight.round_funder_id, retired[weight.area_key])
        if place in there:
            session.delete(weight)
        else:
            weight.area_key = place[1]
            there.add(place)
