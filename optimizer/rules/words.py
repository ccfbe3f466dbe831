"""Every rule in words, for somebody who has never heard of it."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.sentences import Sentence, sentence


@dataclass(frozen=True)
class Words:
    """`says`: what it does, in two sentences; `promises` and `lacks`: what can be relied on, and
    what cannot; `refused`: why a proposal that could have been paid is not funded by it."""

    label: str
    says: str
    promises: str
    lacks: str
    refused: Sentence


LINES = "Every restriction, cap, ask and least amount is kept."
NO_SUMS = "Shares, area limits and promises to funders are not looked at."

IN_WORDS: dict[str, Words] = {
    "welfare": Words(
        "Best value",
        "It looks for the plan that does most good by the round's own account: merit, needs of "
        "areas, less work paid twice. All proposals are weighed against each other at once.",
        "Every hard limit of the round is kept, and how far the plan is from the best is proven.",
        "One funder may gain much more than another.",
        sentence("the money that may pay it does more good elsewhere"),
    ),
    "maxmin": Words(
        "Least gain first",
        "The funder that would gain least gains as much as possible; then the next, and so on. "
        "Only then is the most value looked for.",
        "Every hard limit of the round is kept, and the smallest gain is proven to be the largest.",
        "A small funder counts as much as a large one, so much value can be given up for one.",
        sentence("funding it would have left a funder that gains little with less"),
    ),
    "nash": Words(
        "Fair shares",
        "Money is divided so that no group of funders could do better for all its members with its "
        "own money. Each pays for a proposal in proportion to what it is worth to it.",
        f"{LINES} Before minimums and rounding, no group of funders has a reason to leave.",
        f"{NO_SUMS} It makes many agreements, since most proposals have several payers.",
        sentence(
            "at the prices at which each funder spends its money fairly, others are worth more"
        ),
    ),
    "equal-shares": Words(
        "Bought together",
        "Funders buy proposals together, the best bargain first, each paying in proportion to what "
        "it gets. What is left at the end goes by merit.",
        f"{LINES} A group of funders that agrees gets about what its own money could buy.",
        f"{NO_SUMS} A proposal that is liked a little by all may lose.",
        sentence("funders found better bargains for their money"),
    ),
    "s-process": Words(
        "Funders in turn",
        "Funders take turns, a thousandth of the money at a time, and each gives to what it values "
        "most, counting what others have given. What stays below its least amount gives it back.",
        f"{LINES} Each funder's favourite comes first with its own money.",
        f"{NO_SUMS} What all like a little and nobody likes most stays short.",
        sentence("when their turn came, the funders that may pay it valued others more"),
    ),
    "greedy": Words(
        "By score",
        "The best scored proposal is paid first, then the next, until the money runs out. Most "
        "committees do this.",
        f"{LINES} No proposal is passed over for one with a lower score that needs as much.",
        f"{NO_SUMS} Needs of areas, overlaps and what each funder cares for play no part.",
        sentence("the money that may pay it was used up by proposals with higher scores"),
    ),
    "pro-rata": Words(
        "Same part of each ask",
        "Everybody gets the same part of what they ask, as far as money that may pay them goes. "
        "Who would get less than their least amount drops out.",
        f"{LINES} Nobody is preferred.",
        f"{NO_SUMS} Scores play no part, and who asks for more gets more.",
        sentence("its part of the money would have been less than its least amount"),
    ),
}
