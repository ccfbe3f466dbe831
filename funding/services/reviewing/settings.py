"""How a round is reviewed: how many reviews, by when, on which form, and which scores count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput
from funding.formatting import format_number
from funding.forms import without_repeats
from funding.language import gettext
from funding.models import ReviewCriterion, ReviewForm, ReviewSettings, Round
from funding.permissions import Actor, fetch, owned_rounds
from funding.services.areas import slug, unused
from funding.services.log import record
from funding.services.reviewing.calibration import calibrate

LEAST, REMIND_DAYS = 3, 3
MOST_CRITERIA = 12
LONGEST_NAME, LONGEST_HELP, LONGEST_ANCHOR = 120, 1_000, 200
SCALES = ((1, 5), (1, 7), (0, 10), (0, 100))

_ANCHOR = re.compile(r"\s*(\d{1,3})\s*[:=]\s*(.+)")


def settings_of(session: Session, round_id: int) -> ReviewSettings:
    """The round's settings; those that a round starts with where none were set."""
    found = session.scalars(
        sa.select(ReviewSettings).where(ReviewSettings.round_id == round_id)
    ).one_or_none()
    return found or ReviewSettings(
        round_id=round_id, least=LEAST, remind_days=REMIND_DAYS, counts="raw", version=0
    )


def form_of(session: Session, round_id: int) -> ReviewForm | None:
    """The version of the form that is asked now, with its criteria; None before the first."""
    return session.scalars(
        sa.select(ReviewForm)
        .where(ReviewForm.round_id == round_id)
        .order_by(ReviewForm.number.desc())
        .limit(1)
        .options(selectinload(ReviewForm.criteria))
    ).one_or_none()


def _own(session: Session, by: Actor, round_id: int) -> Round:
    round_: Round = fetch(session, owned_rounds(by), round_id, "round")
    return round_


def set_settings(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    version: int,
    least: int | None,
    due_at: datetime | None,
    remind_days: int | None,
    counts: str,
    faults: tuple[Fault, ...] = (),
) -> ReviewSettings:
    """Set how a round is reviewed; `version` is 0 before anything was set.

    Raises NotFound, Conflict for a stale version, InvalidInput.
    """
    round_ = _own(session, by, round_id)
    found = settings_of(session, round_.id)
    if (found.version or 0) != version:
        raise Conflict("Somebody else changed these settings meanwhile.")
    ruled = []
    if least is None or not 1 <= least <= 20:
        ruled.append(Fault("least", "Write how many reviews, from 1 to 20."))
    if remind_days is None or not 0 <= remind_days <= 60:
        ruled.append(Fault("remind_days", "Write a number of days, from 0 to 60."))
    if counts not in ("raw", "calibrated"):
        ruled.append(Fault("counts", "Choose which scores count."))
    if due_at is not None and due_at <= now() and due_at != found.due_at:
        ruled.append(Fault("due_at", "The day must lie ahead."))
    wrong = without_repeats(faults, ruled)
    if wrong:
        raise InvalidInput(*wrong)
    if found.id is None:
        found = ReviewSettings(round_id=round_.id)
        session.add(found)
    before = found.counts
    found.least, found.remind_days = least or LEAST, remind_days or 0
    found.due_at, found.counts = due_at, counts
    session.flush()
    if before != counts:
        calibrate(session, round_.id)
    record(
        session,
        by,
        "review settings set",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        least=found.least,
        due_at=due_at.isoformat() if due_at else None,
        counts=counts,
    )
    return found


@dataclass(frozen=True)
class CriterionText:
    """A criterion as written: `key` is that of an earlier version, or empty for a new one.

    `anchors`: a point of the scale and what it means on each line, as `5: excellent`.
    """

    key: str
    name: str
    help: str
    weight: float | None
    anchors: str


def read_anchors(text: str, lowest: int, highest: int) -> list[list[object]] | None:
    """[[point, words], ...] in rising order; None where a line cannot be read."""
    points: dict[int, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _ANCHOR.fullmatch(line)
        if match is None or not lowest <= int(match[1]) <= highest or int(match[1]) in points:
            return None
        if len(match[2].strip()) > LONGEST_ANCHOR:
            return None
        points[int(match[1])] = match[2].strip()
    return [[point, points[point]] for point in sorted(points)]


def anchors_text(anchors: list[list[object]]) -> str:
    return "\n".join(f"{point}: {words}" for point, words in anchors)


def set_form(
    session: Session,
    *,
    by: Actor,
    round_id: int,
    number: int,
    scale: tuple[int, int],
    guidance: str,
    criteria: tuple[CriterionText, ...],
    faults: tuple[Fault, ...] = (),
) -> ReviewForm:
    """Make the next version of the form; `number` is the version that was edited, 0 for none.

    Reviews handed in keep the version they were written on. Raises NotFound, Conflict where there
    is a later version, InvalidInput naming `name_1`, `weight_1`, `anchors_1` and so on.
    """
    round_ = _own(session, by, round_id)
    last = form_of(session, round_.id)
    if (last.number if last else 0) != number:
        raise Conflict("Somebody else changed this form meanwhile.")
    written = [(place, c) for place, c in enumerate(criteria, 1) if c.name or c.anchors or c.help]
    wrong = without_repeats(faults, _faults(written, scale))
    if wrong:
        raise InvalidInput(*wrong)
    known = {criterion.key for criterion in last.criteria} if last else set()
    taken = {c.key for _, c in written if c.key in known}
    form = ReviewForm(
        round_id=round_.id,
        number=number + 1,
        lowest=scale[0],
        highest=scale[1],
        guidance=guidance.strip(),
        made_by_id=by.person_id,
    )
    for position, (_, text) in enumerate(written):
        key = (
            text.key if text.key in taken else unused(slug(text.name) or "criterion", taken | known)
        )
        taken.add(key)
        form.criteria.append(
            ReviewCriterion(
                position=position,
                key=key,
                name=text.name,
                help=text.help,
                weight=text.weight,
                anchors=read_anchors(text.anchors, *scale),
            )
        )
    session.add(form)
    session.flush()
    record(
        session,
        by,
        "review form changed" if last else "review form made",
        round_,
        organisation_id=round_.owner_id,
        round_id=round_.id,
        number=form.number,
        criteria=len(form.criteria),
    )
    return form


def _faults(written: list[tuple[int, CriterionText]], scale: tuple[int, int]) -> list[Fault]:
    faults = []
    if scale not in SCALES:
        return [Fault("scale", "Choose a scale.")]
    if not written:
        faults.append(Fault("name_1", "Name at least one criterion."))
    if len(written) > MOST_CRITERIA:
        faults.append(
            Fault(
                "name_1",
                gettext("At most %(most_criteria)s criteria.", most_criteria=MOST_CRITERIA),
            )
        )
    names: set[str] = set()
    for place, text in written:
        if not text.name:
            faults.append(Fault(f"name_{place}", "Name the criterion."))
        elif len(text.name) > LONGEST_NAME:
            faults.append(
                Fault(
                    f"name_{place}",
                    gettext("At most %(longest_name)s characters.", longest_name=LONGEST_NAME),
                )
            )
        elif text.name.casefold() in names:
            faults.append(Fault(f"name_{place}", "This criterion is there already."))
        names.add(text.name.casefold())
        if len(text.help) > LONGEST_HELP:
            faults.append(
                Fault(
                    f"help_{place}",
                    gettext(
                        "At most %(longest_help)s characters.",
                        longest_help=format_number(LONGEST_HELP),
                    ),
                )
            )
        if text.weight is None or not 0 < text.weight <= 100:
            faults.append(
                Fault(f"weight_{place}", "Write a weight above 0 and up to 100, such as 40.")
            )
        if read_anchors(text.anchors, *scale) is None:
            rule = f"One point from {scale[0]} to {scale[1]} a line, each once, as “5: excellent”."
            faults.append(Fault(f"anchors_{place}", rule))
    return faults
