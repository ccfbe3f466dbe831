"""Which booking of a bank statement belongs to which tranche, and why that is thought so.

Pure: bookings and what they may belong to come in as values. Only an end-to-end id together with
the amount is sure; everything else is proposed, and a person says.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from funding.imports.bank.lines import StatementLine
from funding.sayings import Sentence, as_written, counted, sentence

NEAR = 10
"""Days around a payment's day within which a booking of the same amount is thought to be it."""


@dataclass(frozen=True)
class Candidate:
    """A tranche that a booking may belong to; `amount` in minor units.

    Of money that left: its whole amount. Of money that came in: what was paid and is kept.
    `references`: what a payment may be named by, its end-to-end id first where it has one.
    """

    tranche_id: int
    amount: int
    payee: str
    day: date | None
    end_to_end_id: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """A proposal for one booking; none where `tranche_id` is None, and then `why` says why not."""

    tranche_id: int | None
    why: Sentence
    is_sure: bool = False


def match(line: StatementLine, candidates: Sequence[Candidate]) -> Match:
    """The best candidate for a booking, by its id, then amount and reference, then amount alone."""
    if line.end_to_end_id:
        named = [c for c in candidates if c.end_to_end_id == line.end_to_end_id]
        if named:
            return _by_id(line, named[0])
    fitting = [c for c in candidates if _fits(line, c)]
    for tells, test in ((_by_reference, _named_in_reference), (_by_payee, _named_as_payee)):
        found = [(c, word) for c in fitting if (word := test(line, c))]
        if len(found) == 1:
            return Match(found[0][0].tranche_id, tells(line, as_written(found[0][1])))
        if found:
            return Match(None, _several_fit(len(found)))
    near = [c for c in fitting if c.day and abs((line.booked_on - c.day).days) <= NEAR]
    if len(near) == 1 and line.is_out:
        return Match(
            near[0].tranche_id, sentence("The only payment of this amount around this day.")
        )
    if len(near) > 1 and line.is_out:
        return Match(None, _several_near(len(near)))
    return Match(None, sentence("Nothing that is waiting fits it."))


def _by_reference(line: StatementLine, word: Sentence) -> Sentence:
    if line.is_out:
        return sentence("Same amount, and its text names “%(word)s”.", word=word)
    return sentence("No more than was paid, and its text names “%(word)s”.", word=word)


def _by_payee(line: StatementLine, payee: Sentence) -> Sentence:
    if line.is_out:
        return sentence("Same amount, and it names %(payee)s.", payee=payee)
    return sentence("No more than was paid, and it names %(payee)s.", payee=payee)


def _several_fit(count: int) -> Sentence:
    return counted(
        "%(num)s payment of this amount fits; say which.",
        "%(num)s payments of this amount fit; say which.",
        count,
    )


def _several_near(count: int) -> Sentence:
    return counted(
        "%(num)s payment of this amount is around this day; say which.",
        "%(num)s payments of this amount are around this day; say which.",
        count,
    )


def _by_id(line: StatementLine, named: Candidate) -> Match:
    if line.is_out and line.amount != named.amount:
        return Match(None, sentence("It carries the id of one payment, but another amount."))
    if line.is_out:
        return Match(named.tranche_id, sentence("Same end-to-end id and amount."), is_sure=True)
    if line.amount > named.amount:
        return Match(None, sentence("It carries the id of one payment, but is more than was paid."))
    if not line.return_code:
        return Match(named.tranche_id, sentence("It carries the id of this payment."))
    return Match(
        named.tranche_id,
        sentence(
            "It carries the id of this payment (the bank's reason: %(code)s).",
            code=as_written(line.return_code),
        ),
    )


def _fits(line: StatementLine, candidate: Candidate) -> bool:
    if line.is_out:
        return line.amount == candidate.amount
    return line.amount <= candidate.amount


def _named_in_reference(line: StatementLine, candidate: Candidate) -> str:
    said = line.reference.casefold()
    for reference in candidate.references:
        # most do not stand there at all: that is told without an expression made for each
        if reference and reference.casefold() in said:
            word = rf"(?<![0-9A-Za-z]){re.escape(reference)}(?![0-9A-Za-z])"
            if re.search(word, line.reference, re.IGNORECASE):
                return reference
    return ""


def _named_as_payee(line: StatementLine, candidate: Candidate) -> str:
    ours, theirs = _words(candidate.payee), _words(line.party)
    return candidate.payee if ours and theirs and (ours <= theirs or theirs <= ours) else ""


@lru_cache(maxsize=50_000)
def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", name.lower()))


def match_all(
    lines: Iterable[StatementLine], out: Sequence[Candidate], back: Sequence[Candidate]
) -> list[Match]:
    """A match for each line, in order; a payment is proposed for one booking only.

    What one line is matched to depends on the lines before it, not on those after.
    """
    found: list[Match] = []
    taken: set[int] = set()
    by_key: defaultdict[str | int, list[Candidate]] = defaultdict(list)
    for candidate in out:
        for key in (candidate.end_to_end_id, candidate.amount):
            by_key[key].append(candidate)
    for line in lines:
        if line.is_out:
            # no other payment can be it: it has its id, or its amount
            near = by_key[line.end_to_end_id] if line.end_to_end_id else []
            made = match(
                line,
                [c for c in (*near, *by_key[line.amount]) if c.tranche_id not in taken],
            )
            if made.tranche_id is not None:
                taken.add(made.tranche_id)
        else:
            made = match(line, back)
        found.append(made)
    return found
