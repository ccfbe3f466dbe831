"""Who steps back when a commitment arrives: the plan without it, held against the plan with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from funding.errors import Fault, InvalidInput
from funding.studies.kind import Document, Given, Kind, Teller
from optimizer.pairs import in_order
from optimizer.problem import Plan, Problem
from optimizer.solve import solve

GAP = 1e-3
SECONDS = 120.0


def without(problem: Problem, commitment: str) -> Problem:
    """The round as it would be had this commitment not come."""
    return replace(
        problem,
        commitments=tuple(c for c in problem.commitments if c.id != commitment),
        locks=tuple(lock for lock in problem.locks if lock.commitment != commitment),
    )


def steps_back(before: Plan, after: Plan, arrived: str) -> list[Document]:
    """Lines of other commitments to proposals that what arrived pays, smaller with it than without.

    {commitment, proposal, before, after, freed}, minor units: `freed` is which part of what it
    does not pay here any more it pays to other proposals instead, the rest stays unspent.
    """
    amounts: tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]] = ({}, {})
    for plan, lines in zip((before, after), amounts, strict=True):
        for line in plan.lines:
            lines[line.commitment, line.proposal] = line.amount
    first, second = amounts
    paid = {proposal for commitment, proposal in second if commitment == arrived}
    elsewhere: defaultdict[str, int] = defaultdict(int)
    for pair in first.keys() | second.keys():
        elsewhere[pair[0]] += max(0, second.get(pair, 0) - first.get(pair, 0))
    found = []
    for (commitment, proposal), amount in sorted(first.items(), key=lambda e: (-e[1], e[0])):
        left = second.get((commitment, proposal), 0)
        if proposal not in paid or left >= amount:
            continue
        freed = min(amount - left, elsewhere[commitment])
        elsewhere[commitment] -= freed
        found.append(
            {
                "commitment": commitment,
                "proposal": proposal,
                "before": amount,
                "after": left,
                "freed": freed,
            }
        )
    return sorted(found, key=lambda e: (e["after"] - e["before"], e["commitment"], e["proposal"]))


def study(given: Given, teller: Teller) -> Document:
    """The round solved without the commitment that `parameters` name."""
    arrived = given.parameters["commitment"]
    problem = in_order(given.problem)
    if arrived not in problem.commitment_by_id:
        raise InvalidInput(Fault("commitment", "This commitment is not in the round any more."))
    teller.tell(0.1, "Solving the round without it")
    before = solve(
        without(problem, arrived),
        rule=given.plan.rule,
        gap=GAP,
        seconds=SECONDS,
        cancelled=teller.is_cancelled,
    )
    paid = {line.proposal: line.amount for line in given.plan.lines if line.commitment == arrived}
    return {
        "commitment": arrived,
        "paid": paid,
        "steps": steps_back(before, given.plan, arrived),
        "totals": {"before": before.totals, "after": given.plan.totals},
        "value": {"before": before.value, "after": given.plan.value},
        "gap": max(before.gap, given.plan.gap),
    }


def read(form: Mapping[str, str]) -> Document:
    commitment = form.get("commitment", "").strip()
    if not commitment:
        raise InvalidInput(Fault("commitment", "Choose a commitment."))
    return {"commitment": commitment}


KIND = Kind(
    name="arrival",
    label="Who steps back",
    question="When this commitment arrives, which other money goes away, and where does it go?",
    explains=(
        "The round is solved again as if the commitment had not come. Where another commitment "
        "pays a proposal that this one pays, and pays it less than without it, its money is "
        "crowded out there: it may go to other proposals, or stay unspent. It takes about as long "
        "as the result itself took."
    ),
    study=study,
    read=read,
    of_any_rule=True,
)
