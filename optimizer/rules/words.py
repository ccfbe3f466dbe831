"""Every rule in words, for somebody who has never heard of it."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.sentences import Sentence, marked, sentence


@dataclass(frozen=True)
class Words:
    """`says`: what it does, in two sentences; `promises` and `lacks`: what can be relied on, and
    what cannot; `refused`: why a proposal that could have been paid is not funded by it."""

    label: str
    says: str
    promises: tuple[str, ...]
    lacks: tuple[str, ...]
    refused: Sentence


LINES = marked("Every restriction, cap, ask and least amount is kept.")
NO_SUMS = marked("Shares, area limits and promises to funders are not looked at.")

IN_WORDS: dict[str, Words] = {
    "welfare": Words(
        marked("Best value"),
        marked(
            "It looks for the plan that does most good by the round's own account: merit, "
            "needs of areas, less work paid twice. All proposals are weighed against each "
            "other at once."
        ),
        (
            marked(
                "Every hard limit of the round is kept, and how far the plan is from the best "
                "is proven."
            ),
        ),
        (marked("One funder may gain much more than another."),),
        sentence("the money that may pay it does more good elsewhere"),
    ),
    "maxmin": Words(
        marked("Least gain first"),
        marked(
            "The funder that would gain least gains as much as possible; then the next, and so"
            " on. Only then is the most value looked for."
        ),
        (
            marked(
                "Every hard limit of the round is kept, and the smallest gain is proven to be "
                "the largest."
            ),
        ),
        (
            marked(
                "A small funder counts as much as a large one, so much value can be given up "
                "for one."
            ),
        ),
        sentence("funding it would have left a funder that gains little with less"),
    ),
    "nash": Words(
        marked("Fair shares"),
        marked(
            "Money is divided so that no group of funders could do better for all its members "
            "with its own money. Each pays for a proposal in proportion to what it is worth to"
            " it."
        ),
        (LINES, marked("Before minimums and rounding, no group of funders has a reason to leave.")),
        (NO_SUMS, marked("It makes many agreements, since most proposals have several payers.")),
        sentence(
            "at the prices at which each funder spends its money fairly, others are worth more"
        ),
    ),
    "equal-shares": Words(
        marked("Bought together"),
        marked(
            "Funders buy proposals together, the best bargain first, each paying in proportion"
            " to what it gets. What is left at the end goes by merit."
        ),
        (LINES, marked("A group of funders that agrees gets about what its own money could buy.")),
        (NO_SUMS, marked("A proposal that is liked a little by all may lose.")),
        sentence("funders found better bargains for their money"),
    ),
    "s-process": Words(
        marked("Funders in turn"),
        marked(
            "Funders take turns, a thousandth of the money at a time, and each gives to what "
            "it values most, counting what others have given. What stays below its least "
            "amount gives it back."
        ),
        (LINES, marked("Each funder's favourite comes first with its own money.")),
        (NO_SUMS, marked("What all like a little and nobody likes most stays short.")),
        sentence("when their turn came, the funders that may pay it valued others more"),
    ),
    "greedy": Words(
        marked("By score"),
        marked(
            "The best scored proposal is paid first, then the next, until the money runs out. "
            "Most committees do this."
        ),
        (
            LINES,
            marked("No proposal is passed over for one with a lower score that needs as much."),
        ),
        (NO_SUMS, marked("Needs of areas, overlaps and what each funder cares for play no part.")),
        sentence("the money that may pay it was used up by proposals with higher scores"),
    ),
    "pro-rata": Words(
        marked("Same part of each ask"),
        marked(
            "Everybody gets the same part of what they ask, as far as money that may pay them "
            "goes. Who would get less than their least amount drops out."
        ),
        (LINES, marked("Nobody is preferred.")),
        (NO_SUMS, marked("Scores play no part, and who asks for more gets more.")),
        sentence("its part of the money would have been less than its least amount"),
    ),
}
