"""The filters of a result's table of proposals: in the plan or not, how sure, where, whose."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.listing import Listing
from funding.models import Organisation, Pin, ProposalArea, Run, RunState, Study

FILTERS = ("outcome", "sureness", "area", "region", "institution", "q")
OUTCOMES = [
    ("funded", "Funded"),
    ("part", "Funded in part"),
    ("unfunded", "Not funded"),
    ("pinned", "Pinned"),
]
SURENESS = [
    ("always", "In all good plans"),
    ("sometimes", "In some good plans"),
    ("never", "In no good plan"),
    ("open", "Not known"),
]


def conditions(
    session: Session, run: Run, listing: Listing, ranked: sa.Subquery
) -> list[sa.ColumnElement[bool]]:
    """What the filters of the page ask; `ranked` has the rows, joined with `Organisation`."""
    wanted = listing.args
    asked: list[sa.ColumnElement[bool]] = []
    pinned = sa.exists().where(
        Pin.scenario_id == run.scenario_id, Pin.proposal_id == ranked.c.proposal_id
    )
    outcomes = {
        "funded": ranked.c.amount > 0,
        "part": sa.and_(ranked.c.amount > 0, ranked.c.amount < ranked.c.ask),
        "unfunded": ranked.c.amount == 0,
        "pinned": pinned,
    }
    if wanted.get("outcome") in outcomes:
        asked.append(outcomes[wanted["outcome"]])
    if (sureness := wanted.get("sureness")) in dict(SURENESS):
        standings = standings_of(session, run) or {}
        settled = [
            key for key, at in standings.items() if at != "open" and sureness in (at, "open")
        ]
        known = ranked.c.key.in_(settled)
        asked.append(~known if sureness == "open" else known)
    if "area" in wanted:
        taxonomy = run.scenario.round.taxonomy
        inside = [a.key for a in taxonomy.areas if wanted["area"] in (a.key, a.parent_key)]
        asked.append(
            sa.exists().where(
                ProposalArea.proposal_id == ranked.c.proposal_id, ProposalArea.area_key.in_(inside)
            )
        )
    if "region" in wanted:
        asked.append(ranked.c.region == wanted["region"])
    if "institution" in wanted:
        asked.append(Organisation.key == wanted["institution"])
    if "q" in wanted:
        texts = (ranked.c.title, ranked.c.key, Organisation.name)
        asked.append(sa.or_(*(t.icontains(wanted["q"], autoescape=True) for t in texts)))
    return asked


def standings_of(session: Session, run: Run) -> dict[str, str] | None:
    """By key of the proposal, in how many of the good plans it is; None before that was studied."""
    studied = session.scalar(
        sa.select(Study.result["standings"])
        .where(Study.run_id == run.id, Study.kind == "sureness", Study.state == RunState.DONE)
        .order_by(Study.id.desc())
        .limit(1)
    )
    return None if studied is None else {key: at["standing"] for key, at in studied.items()}


def sureness_choices(session: Session, run: Run) -> list[tuple[str, str]]:
    """What to filter by; nothing before it was studied."""
    return SURENESS if standings_of(session, run) is not None else []
