"""The same round by other rules, side by side."""

from __future__ import annotations

from pathlib import Path

from funding.studies.kind import Document, Given, Kind, Teller
from optimizer.compare import compare
from optimizer.problem import Plan
from optimizer.read import BadInput, read_plan, read_round, write_plan
from optimizer.rules import RULES
from optimizer.rules.words import IN_WORDS, Words
from optimizer.tables import as_table

__all__ = ["IN_WORDS", "KIND", "RULES", "BadInput", "Words", "table_of"]

SECONDS = 240.0
GAP = 1e-3


def study(given: Given, teller: Teller) -> Document:
    """A comparison as `optimizer.compare` has it; the plan's own rule is not solved again."""
    kept: dict[str, Document] = dict((given.partial or {}).get("plans", {}))
    known = {rule: read_plan(plan, given.problem) for rule, plan in kept.items()}
    known[given.plan.rule] = given.plan

    def keep(plan: Plan) -> None:
        kept[plan.rule] = write_plan(plan)
        teller.keep({"plans": kept})

    found = compare(
        given.problem,
        gap=GAP,
        seconds=SECONDS,
        progress=lambda stage, part: teller.tell(part, STAGES.get(stage, stage)),
        cancelled=teller.is_cancelled,
        known=known,
        keep=keep,
    )
    return found.as_document()


STAGES = {
    "baselines": "What each funder would reach alone",
    "done": "Laying the plans side by side",
    **{rule: f"The round by the rule “{words.label}”" for rule, words in IN_WORDS.items()},
}


def table_of(source: Path | Document, rules: tuple[str, ...], seconds: float) -> list[str]:
    """The comparison of a round, in a file or as a document, as lines of text.

    Raises BadInput.
    """
    problem = read_round(source)
    return as_table(problem, compare(problem, rules or tuple(RULES), seconds=seconds))


KIND = Kind(
    name="rules",
    label="Rules",
    question="What would other ways of deciding have funded?",
    explains=(
        "The same round, with the same money and the same limits, is decided again by six other "
        "rules, from going down the list of scores to taking turns. It takes a minute or two."
    ),
    study=study,
    of_any_rule=True,
)
