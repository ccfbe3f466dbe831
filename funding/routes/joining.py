"""A funder's part in a round: joining it with a guarantee, and its weights for areas."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.models import Commitment, Organisation, Round, RoundFunder
from funding.permissions import fetch, require, visible_rounds
from funding.routes.choices import top_area_choices
from funding.routes.context import actor, in_transaction, reading, say
from funding.routes.security import permission
from funding.routes.submitting import differences, submit, typed_form
from funding.services import joining

bp = Blueprint("joining", __name__, url_prefix="/rounds/<int:round_id>")

GUARANTEES = [
    (
        "alone",
        "At least as good as acting alone",
        "What gets funded is worth at least as much to us, by our own weights, as the best we could"
        " do with our own money if nobody else gave anything. The usual promise; a round can nearly"
        " always keep it for everybody.",
    ),
    (
        "leave",
        "At least as good as stepping out",
        "At least as much as if the others allocated without us and we then spent our money as best"
        " we could on what remains. The stronger promise: if every funder asks for it, there may be"
        " no plan that keeps all of them.",
    ),
    (
        "none",
        "No guarantee",
        "The plan may do less for us than we could do without it, if it does more for the whole.",
    ),
]
USUAL = "alone"


def _round(round_id: int) -> Round:
    return fetch(reading(), visible_rounds(actor()), round_id, "round")


def _part(round_: Round, funder_id: int) -> RoundFunder | None:
    return next((part for part in round_.participants if part.funder_id == funder_id), None)


@bp.get("/join")
@permission("round.join")
def join(round_id: int) -> ResponseReturnValue:
    return _join_form(_round(round_id), {}, {})


@bp.post("/join")
@permission("round.join")
def accept(round_id: int) -> ResponseReturnValue:
    round_ = _round(round_id)
    typed = typed_form()
    funder = typed.text("funder_id")
    if funder not in {str(org.id) for org in _own_funders(round_)}:
        raise NotFound("invitation")
    return submit(
        lambda: in_transaction(
            joining.join_round,
            round_id=round_id,
            funder_id=int(funder),
            guarantee=typed.text("guarantee"),
        ),
        done=lambda _: _done(round_id, "Your part in the round is on record."),
        again=lambda errors, is_stale: _join_form(_round(round_id), typed.values, errors),
    )


@bp.post("/leave")
@permission("round.join")
def leave(round_id: int) -> ResponseReturnValue:
    round_ = _round(round_id)
    typed = typed_form()
    funder = typed.text("funder_id")
    if funder not in {str(org.id) for org in _own_funders(round_)}:
        raise NotFound("part in this round")
    return submit(
        lambda: in_transaction(joining.leave_round, round_id=round_id, funder_id=int(funder)),
        done=lambda _: _done(round_id, "You have left the round."),
        again=lambda errors, is_stale: _join_form(_round(round_id), typed.values, errors),
    )


def _done(round_id: int, message: str) -> ResponseReturnValue:
    say(message)
    return redirect(url_for("rounds.show", round_id=round_id))


def _own_funders(round_: Round) -> list[Organisation]:
    """The person's funders that take part, are invited, or may come uninvited."""
    own = [
        reading().get_one(Organisation, funder_id)
        for funder_id in sorted(actor().where("round.join"))
    ]
    return [
        org for org in own if _part(round_, org.id) is not None or round_.may_join == "any funder"
    ]


def _join_form(round_: Round, values: dict[str, Any], errors: dict[str, str]) -> str:
    funders = _own_funders(round_)
    if not funders:
        raise NotFound("invitation")
    part = _part(round_, funders[0].id)
    has_joined = part is not None and part.joined_at is not None
    return render_template(
        "rounds/join.html",
        round=round_,
        funders=[(org.id, org.name) for org in funders],
        has_joined=has_joined,
        may_leave=has_joined and not _has_promised(round_, funders[0].id),
        form={
            "values": {
                "funder_id": str(funders[0].id),
                "guarantee": part.guarantee if part else USUAL,
                **values,
            },
            "errors": errors,
        },
        guarantees=GUARANTEES,
    )


def _has_promised(round_: Round, funder_id: int) -> bool:
    promised = sa.select(Commitment.id).where(
        Commitment.round_id == round_.id, Commitment.funder_id == funder_id
    )
    return reading().scalar(promised.limit(1)) is not None


@bp.get("/funders/<int:funder_id>/weights")
@permission("commitment.read")
def weights(round_id: int, funder_id: int) -> ResponseReturnValue:
    part = _readable_part(round_id, funder_id)
    stored = _values(part)
    return _weights_form(part, {**stored, "before": _pack(part)}, {})


@bp.post("/funders/<int:funder_id>/weights")
@permission("commitment.edit")
def set_weights(round_id: int, funder_id: int) -> ResponseReturnValue:
    part = _readable_part(round_id, funder_id)
    require(actor(), "commitment.edit", funder_id)
    typed = typed_form()
    wanted = {
        key: typed.number(f"weight.{key}", 0, 100, "Write a number from 0 to 100.", 1.0) or 0.0
        for key, _ in top_area_choices(part.round.taxonomy)
    }
    before = _unpack(typed.text("before"))
    return submit(
        lambda: in_transaction(
            joining.set_weights,
            round_id=round_id,
            funder_id=funder_id,
            weights=wanted,
            before=before,
            faults=tuple(typed.faults),
        ),
        done=lambda _: _done(round_id, "Your weights are set."),
        again=lambda errors, is_stale: _weights_form(
            _readable_part(round_id, funder_id), typed.values, errors, is_stale
        ),
    )


def _readable_part(round_id: int, funder_id: int) -> RoundFunder:
    """The part of a funder the person belongs to; raises NotFound for any other."""
    if funder_id not in actor().where("commitment.read"):
        raise NotFound("part in this round")
    part = _part(_round(round_id), funder_id)
    if part is None or part.joined_at is None:
        raise NotFound("part in this round")
    return part


def _values(part: RoundFunder) -> dict[str, str]:
    there = joining.weights_of(part)
    return {
        f"weight.{key}": f"{there.get(key, 1.0):g}"
        for key, _ in top_area_choices(part.round.taxonomy)
    }


def _pack(part: RoundFunder) -> str:
    """The stored weights as one hidden field, to notice another's edit."""
    return "|".join(f"{key}:{weight!r}" for key, weight in sorted(joining.weights_of(part).items()))


def _unpack(text: str) -> dict[str, float]:
    pairs = (entry.rpartition(":") for entry in text.split("|") if entry)
    try:
        return {key: float(weight) for key, _, weight in pairs}
    except ValueError:
        return {"": 0.0}  # what no funder has: the service then takes the form for a stale one


def _weights_form(
    part: RoundFunder, values: dict[str, Any], errors: dict[str, str], is_stale: bool = False
) -> str:
    areas = top_area_choices(part.round.taxonomy)
    labels = {f"weight.{key}": name for key, name in areas}
    changes = differences(labels, values, _values(part)) if is_stale else None
    if is_stale:
        values = {**values, "before": _pack(part)}
    definitions = {area.key: area.definition for area in part.round.taxonomy.areas}
    return render_template(
        "rounds/weights.html",
        round=part.round,
        part=part,
        areas=areas,
        definitions=definitions,
        form={"values": values, "errors": errors},
        changes=changes,
        may_edit=actor().may("commitment.edit", part.funder_id),
    )
