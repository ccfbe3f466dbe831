"""What a run that ended at its time limit left open, in words, with names, for one reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from funding.formatting import format_percent, listed, plural
from funding.language import gettext as _
from funding.models import Run
from funding.permissions import Actor
from funding.reports.discretion import Discretion
from funding.reports.portfolios import Shown, shown_proposals
from funding.services.run_words import names_of


@dataclass(frozen=True)
class StillOpen:
    """`said`: sentences; `proposals`: those that the reader may see of which nothing is settled."""

    said: tuple[str, ...]
    proposals: tuple[Shown, ...]


def still_open(session: Session, by: Actor, run: Run, discretion: Discretion) -> StillOpen | None:
    """None for a run that was not cut short. Two queries for one that was."""
    if run.status != "time_limit":
        return None
    plan = discretion.document(run.plan or {})
    found = plan.get("open")
    if not found:
        return None
    names = names_of(session, run.scenario.round)
    proposals = shown_proposals(session, by, run) if found["proposals"] else {}
    undecided = tuple(proposals[key] for key in found["proposals"] if key in proposals)
    said = _distance(plan)
    if found["funded"] or found["unfunded"] or found["proposals"]:
        said += _settled(found, len(undecided))
    if found["conditions"]:
        waiting = listed([_condition(each, names) for each in found["conditions"]])
        said.append(
            _(
                "It is open whether money that depends on others comes in: %(waiting)s.",
                waiting=waiting,
            )
        )
    short = [names.get(id_, id_) for id_, area in plan["areas"].items() if area["shortfall"]]
    if short and said:
        said.append(
            _(
                "It is open whether the least wanted in %(listed)s can be reached.",
                listed=listed(short),
            )
        )
    if found["promises"]:
        funders = listed([names.get(id_, id_) for id_ in found["promises"]])
        said.append(
            _(
                "What %(funders)s could do without the pool was not worked out to the end. "
                "The plan keeps to the most that was found; it may be a little more.",
                funders=funders,
            )
        )
    return StillOpen(tuple(said), undecided)


def _distance(plan: dict[str, Any]) -> list[str]:
    """How far the plan may be from what its rule seeks, where it is not the value of the plan."""
    objective = plan.get("objective")
    if not objective or objective["bound"] <= objective["value"]:
        return []
    name, value = objective["name"], objective["value"]
    if not value:
        return [
            _("How much better the rule could do by its own measure (%(name)s) is open.", name=name)
        ]
    more = format_percent(objective["bound"] / value - 1, 2)
    return [
        _(
            "By what the rule seeks, its %(name)s, a plan could have at most %(more)s more.",
            name=name,
            more=more,
        )
    ]


def _settled(found: dict[str, Any], undecided: int) -> list[str]:
    known = _(
        "Settled: every plan that is worth more funds the same %(found)s and "
        "leaves out the same %(found2)s.",
        found=plural(found["funded"], "proposal"),
        found2=plural(found["unfunded"], "proposal"),
    )
    if not undecided:
        return [known, "Open are only amounts, and who pays them."]
    return [
        known,
        _(
            "Open: %(undecided)s, which a better plan may decide otherwise.",
            undecided=plural(undecided, "proposal"),
        ),
    ]


def _condition(each: dict[str, Any], names: dict[str, str]) -> str:
    commitment = names.get(each["commitment"], each["commitment"])
    if each["proposal"] is None:
        return commitment
    return f"{commitment} in {names.get(each['proposal'], each['proposal'])}"
