"""What nobody can conclude from a replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from funding.formatting import format_percent
from funding.language import gettext as _
from funding.replay.areas import OPEN_AREAS


def cautions(result: Mapping[str, Any]) -> list[str]:
    """What cannot be concluded, most important first, in the current language."""
    unknown = sum(
        amount
        for name, amount in result["areas_read"]["by_area"].items()
        if name in {area["name"] for area in result["areas"] if area["id"] in OPEN_AREAS}
    )
    whole = sum(result["areas_read"]["by_area"].values()) or 1
    told = [
        _(
            "That any funder decided badly: merit is here the number of funders that chose a "
            "recipient, not the quality of its work, and nobody wrote down what was asked and "
            "refused."
        ),
        _(
            "That money was spent twice: that two funders paid one recipient does not mean that "
            "they paid for the same work."
        ),
        _(
            "Anything about single projects: the list names recipients, so a university is one "
            "candidate, and so is an organisation that only passes money on."
        ),
        _(
            "Anything about a single small recipient: many have the same merit, and a plan has to "
            "choose between them."
        ),
        _(
            "What funders outside the list did: it holds the grants that somebody wrote down, in "
            "the year of award even where they were paid over several."
        ),
        _(
            "Much about areas: %(share)s of the money lies in no area that the list or its words "
            "name, and words can mislead.",
            share=format_percent(unknown / whole),
        ),
    ]
    if result["alike"]:
        pairs = "; ".join(" / ".join(pair) for pair in result["alike"][:5])
        told.append(_("Names that may be one and were not merged: %(pairs)s.", pairs=pairs))
    if result["headline"]["status"] != "optimal":
        told.append(
            _(
                "The best plan was not proven within the time: a better one may exist, and another "
                "run may find a different one."
            )
        )
    if result["is_large"]:
        told.append(
            _(
                "This list is large: only the base case was solved unless asked otherwise, and "
                "what funders would have by leaving was not worked out."
            )
        )
    return told
