"""Which conditions of commitments hold in a plan, and what would trigger the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from optimizer.pairs import Pairs, exact, refusal
from optimizer.problem import Commitment, Condition, Match, Standing
from optimizer.value import Lines, missing_for, others_pay, paid_by

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def standings(
    pairs: Pairs,
    lines: Lines,
    money: Callable[[float], str],
    name: Callable[[str], str] = str,
) -> tuple[Standing, ...]:
    """Every match and only_if by proposal that the commitment may pay, and every joins_if."""
    return tuple(_standings(pairs, lines, money, name))


def _standings(
    pairs: Pairs, lines: Lines, money: Callable[[float], str], name: Callable[[str], str]
) -> Iterator[Standing]:
    paid = paid_by(pairs, lines)
    for c in pairs.problem.commitments:
        if c.joins_if is not None:
            missing = missing_for(c.joins_if, paid[None], c.funder)
            yield _waiting(c, "joins_if", None, c.joins_if, missing, money, "the round")
        if c.match is None and c.only_if is None:
            continue
        for p, proposal in enumerate(pairs.problem.proposals):
            if refusal(c, proposal) is not None:
                continue
            where = name(proposal.id)
            if c.match is not None:
                yield _matching(c, c.match, proposal.id, paid[p], money, where)
            if c.only_if is not None:
                missing = missing_for(c.only_if, paid[p], c.funder)
                yield _waiting(c, "only_if", proposal.id, c.only_if, missing, money, where)


def match_needed(commitment: Commitment, match: Match) -> int:
    """What others must pay a proposal before the least line of a match is possible."""
    return -int(-max(1, commitment.ticket) / exact(match.ratio) // 1)


def _matching(
    c: Commitment,
    match: Match,
    proposal: str,
    paid: Counter[str],
    money: Callable[[float], str],
    where: str,
) -> Standing:
    others = others_pay(paid, c.funder)
    missing = max(0, match_needed(c, match) - others)
    if missing and not c.ticket:
        text = f"any money from other funders in {where}"
    elif missing:
        more = " more" if others else ""
        text = f"{money(missing)}{more} from other funders in {where}"
    else:
        text = f"other funders pay {where} {money(others)}"
    return Standing(c.id, "match", proposal, not missing, 0, missing, text)


def _waiting(
    c: Commitment,
    kind: str,
    proposal: str | None,
    condition: Condition,
    missing: tuple[int, int],
    money: Callable[[float], str],
    where: str,
) -> Standing:
    funders, amount = missing
    parts = []
    if funders:
        count = NUMBERS[funders] if funders < len(NUMBERS) else str(funders)
        each = "" if condition.least == 1 else f" paying at least {money(condition.least)}"
        parts.append(f"{count} more funder{'s' if funders > 1 else ''}{each}")
    if amount:
        parts.append(f"{money(amount)} more")
    if not parts:
        text = f"what it waits for in {where} is there"
    else:
        text = f"{' and '.join(parts)} in {where}"
    return Standing(c.id, kind, proposal, not parts, funders, amount, text)
