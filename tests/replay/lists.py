"""Small lists of grants for the tests of replays, written as tables people can add up."""

from __future__ import annotations

from typing import Any

from funding.replay.assumptions import Assumptions
from funding.replay.grants import GrantList
from funding.replay.pool import Pool
from funding.replay.reading import read_grants
from funding.replay.run import replay

HEAD = "funder,recipient,amount_usd,date,area,round"

TWO_FUNDERS = """\
Alder,Xylem,60,2022-01-01,ai safety,
Birch,Xylem,40,2022-02-01,ai safety,
Alder,Yarrow,40,2022-03-01,ai safety,
Alder,Zinnia,100,2021-03-01,ai safety,
Cedar,Zinnia,10,2021-04-01,ai safety,
"""
"""2022: Alder has 100, Birch 40. Merits, by (funders + 1) / (funders + 3): Xylem and Zinnia 0.6,
Yarrow 0.5. Asks: Xylem 100, Yarrow 40, Zinnia 110."""

BY_HAND = {"need_weight": "0", "restrictions": "any"}
"""Only merit and the benefit of the doubt (0.05) count, and everybody may pay everybody."""


def listed(rows: str, head: str = HEAD) -> GrantList:
    return read_grants(f"{head}\n{rows}".encode(), filename="list.csv")


def replayed(rows: str, *, year: int | None = 2022, round: str | None = None, head: str = HEAD,
             extent: Any = "none", **assumed: str) -> dict[str, Any]:  # fmt: skip
    """The result; assumptions as texts, such as merit="equal"."""
    given = Assumptions.read(assumed)
    return replay(listed(rows, head), Pool(year, round), given, extent=extent)


def plan_of(result: dict[str, Any]) -> dict[str, int]:
    """Recipient -> whole units of money in the pooled plan."""
    return {row["name"]: row["plan"] // 100 for row in result["recipients"] if row["plan"]}
