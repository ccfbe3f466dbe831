"""What a replay found, in sentences; and what nobody can conclude from it.

A finding is {key, text, why}: `text` says it with its figures, `why` how they were reckoned.
Rows for each stand in the result's tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from funding.formatting import format_percent, format_short, plural
from funding.overlap.names import RULE
from funding.replay.areas import OPEN_AREAS
from funding.replay.measure import SAME

Result = Mapping[str, Any]
Finding = dict[str, str]

NEARLY_ALL = 0.9

_MOST_NAMED = 6
_NOTABLE = 0.01
_WORTH = (
    "Worth is money weighted by the merit of who gets it, by the need of the area it goes to and "
    "by the benefit of the doubt, as assumed below."
)


def findings(result: Result) -> list[Finding]:
    """All findings, in the order in which they are read."""
    told = [
        *_several(result),
        *_weight(result),
        *_coverage(result),
        *_worth(result),
        *_agreements(result),
        *_funders(result),
        *_recipients(result),
        *_steady(result),
    ]
    return [{"key": key, "text": text, "why": why} for key, text, why in told]


Told = Iterator[tuple[str, str, str]]


def _money(result: Result, amount: float) -> str:
    return format_short(round(amount), result["currency"])


def _in_pool(result: Result) -> str:
    """ "in 2022" or "in SFF 2021 H1"."""
    return f"in {result['pool']['label']}"


def paid_by_several(result: Result) -> list[dict[str, Any]]:
    """Recipients that more than one funder really paid, largest amount first."""
    rows = [row for row in result["recipients"] if len(row["payers_really"]) > 1]
    return sorted(rows, key=lambda row: (-row["really"], row["name"]))


def _several(result: Result) -> Told:
    rows, figures = paid_by_several(result), result["headline"]
    paid = plural(figures["recipients_really"], "recipient")
    merged = result["merged_in_round"]
    why = (
        f"{RULE} In this replay that made one of several spellings for "
        f"{plural(merged, 'name')}. Two funders may well pay one recipient on purpose, and for "
        "different work: a list of grants does not say."
    )
    if not rows:
        yield "several", f"No recipient was paid by more than one funder {_in_pool(result)}.", why
        return
    amount = sum(row["really"] for row in rows)
    agreements = sum(len(row["payers_really"]) for row in rows)
    same = sum(len(row["payers"]) > 1 for row in rows)
    yield (
        "several",
        f"{len(rows):,} of {paid} had more than one funder {_in_pool(result)}: "
        f"{_money(result, amount)} in {plural(agreements, 'agreement')}. In the pooled plan "
        f"{of_all(same, len(rows))} would, and of all recipients {figures['several']:,}.",
        why,
    )


def _weight(result: Result) -> Told:
    largest, pool = result["funders"][0], result["headline"]["pool"]
    if len(result["funders"]) == 1:
        yield (
            "weight",
            f"{largest['name']} gave all the money {_in_pool(result)}: there is nothing to pool.",
            "Only grants with an amount count, and only those of this year or round.",
        )
    elif largest["amount"] > pool / 2:
        yield (
            "weight",
            f"{largest['name']} gave {format_percent(largest['amount'] / pool)} of the "
            f"{_money(result, pool)}: how much pooling can change depends mostly on one funder.",
            "Each funder's commitment is the sum of its grants of this year or round.",
        )


def _coverage(result: Result) -> Told:
    figures = result["headline"]
    text = (
        f"What was paid {_in_pool(result)} met {format_percent(figures['covered_really'])} of what "
        f"the areas needed; the pooled plan would meet {format_percent(figures['covered'])}"
        f" (funders in turn: {format_percent(figures['covered_in_turn'])})."
    )
    gaps = [
        (area["need"] - area["really"], area)
        for area in result["areas"]
        if area["id"] not in OPEN_AREAS and area["need"] > area["really"]
    ]
    if gaps:
        missing, area = max(gaps, key=lambda gap: gap[0])
        text += (
            f" The largest gap was {area['name']}: {_money(result, missing)} short, of which the "
            f"plan closes {_money(result, min(missing, max(0, area['plan'] - area['really'])))}."
        )
    what = {
        "other-years": "its share of the list's money in all other years",
        "whole-file": "its share of all money in the list",
        "equal": "an equal share",
    }[result["assumptions"]["need"]]
    yield (
        "coverage",
        text,
        f"An area's need is taken to be {what}, of this pool. Money beyond an area's need covers "
        "nothing. Needs of areas without a candidate stay open in every plan.",
    )


def _worth(result: Result) -> Told:
    figures = result["headline"]
    over, turn = figures["gain"], figures["gain_over_turn"]
    if over is None or turn is None:
        return
    text = (
        f"By this yardstick the pooled plan is worth {_more(over)} what happened, and "
        f"{_more(turn)} what the same funders would do in turn, each by itself."
    )
    unspent = figures["pool"] - figures["spent_in_turn"]
    if unspent > _NOTABLE * figures["pool"]:
        text += (
            f" In turn, {_money(result, unspent)} would find nobody left whom its funder may pay."
        )
    ranges = result["ranges"]
    if result["variations"]:
        text += (
            f" Under all {len(result['variations'])} other sets of assumptions the first lies "
            f"{_between(ranges['gain'])}, the second {_between(ranges['gain_over_turn'])}."
        )
    yield (
        "worth",
        text,
        f"{_WORTH} What happened is always among the plans to choose from, so with the promise of "
        "it no plan is worth less. The comparison with what happened mixes two things: pooling, "
        "and choosing by the assumed merit instead of the funders' own judgement. The comparison "
        "with funders in turn (largest first, each knowing what the ones before it gave) leaves "
        "the second out.",
    )


def _more(part: float) -> str:
    """ "3% more than" or "2% less than"."""
    word = "less" if part < -0.0005 else "more"
    return f"{format_percent(abs(part), 1)} {word} than"


def _between(found: Mapping[str, Any]) -> str:
    least, most = (_signed(found[key]) for key in ("least", "most"))
    return f"at {least} throughout" if least == most else f"between {least} and {most}"


def _signed(part: float) -> str:
    """+1.5%, −0.3% or 0.0%."""
    text = format_percent(abs(part), 1) if abs(part) >= 0.0005 else "0.0%"
    return text if text == "0.0%" else ("+" if part > 0 else "−") + text


def _agreements(result: Result) -> Told:
    figures = result["headline"]
    yield (
        "agreements",
        f"{plural(figures['agreements_really'], 'agreement')} with "
        f"{plural(figures['recipients_really'], 'recipient')} really; "
        f"{figures['agreements']:,} with {figures['recipients']:,} in the pooled plan.",
        "An agreement is one funder paying one recipient, however many payments it makes. The "
        "plan needs fewer because one funder pays where several did, and because it pays fewer "
        "recipients more of what they ask: only the first is a saving by pooling.",
    )


def _funders(result: Result) -> Told:
    rows, figures = result["funders"], result["headline"]
    if len(rows) < 2:
        return
    better, than_in_turn = figures["funders_better"], figures["funders_better_than_in_turn"]
    text = (
        f"Counting only its own areas, the pooled plan is worth more than what happened to "
        f"{of_all(better, len(rows), 'funder')}, and more than acting in turn to "
        f"{of_all(than_in_turn, len(rows))}"
    )
    asked = [row for row in rows if row["leave"] is not None]
    if asked:
        kept = sum(row["plan"] >= row["leave"] * (1 - SAME) for row in asked)
        verb = "has" if kept == 1 else "have"
        text += f". {of_all(kept, len(asked)).capitalize()} {verb} at least as much as by leaving"
        text += _if_promised(result)
    if not figures["guarantee_held"]:
        text += ". No plan could keep the promise to every funder at once: this one was made "
        text += "without it"
    yield (
        "funders",
        text + ".",
        "A funder counts what gets done, whoever pays: money weighted by merit, in full in areas "
        "that it paid itself in these years and in part elsewhere. Need is not in it: a plan that "
        "closes gaps costs funders some of what they count. By leaving it would let the others "
        "pool first, and then spend its own money as it sees best on what is left.",
    )


def _if_promised(result: Result) -> str:
    """What the plan is worth where the pool promises each funder what it had by leaving."""
    for variation in result["variations"]:
        if variation["changes"] == {"guarantee": "leave"} and variation["gain"] is not None:
            if not variation["guarantee_held"]:
                return "; no plan can promise that to all of them"
            return (
                f"; a plan that promises that to every funder is worth "
                f"{_more(variation['gain'])} what happened"
            )
    return ""


def _recipients(result: Result) -> Told:
    figures = result["headline"]
    groups: dict[str, list[str]] = defaultdict(list)
    for row in result["recipients"]:
        groups[row["fares"]].append(row["name"])
    yield (
        "recipients",
        f"{format_percent(figures['moved'])} of the money would go elsewhere. Newly paid: "
        f"{_names(groups['new'])}. More than they had: {_names(groups['more'])}. Less: "
        f"{_names(groups['less'])}. Nothing any more: {_names(groups['gone'])}.",
        "Candidates are all recipients that anybody in the list paid in "
        f"{result['pool']['span']}. The merits of many are equal: between such recipients a plan "
        "chooses by small things, and says nothing about them. See below which changes hold under "
        "all assumptions.",
    )


def of_all(part: int, whole: int, noun: str = "") -> str:
    """ "all 4 funders", "none of 4 funders", "2 of 4"."""
    counted = plural(whole, noun) if noun else f"{whole}"
    if part == whole > 1:
        return f"all {counted}"
    return f"{'none' if part == 0 else part} of {counted}"


def _names(names: Sequence[str]) -> str:
    if not names:
        return "nobody"
    named = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{named} and {plural(more, 'other')}" if more > 0 else named


def steady_changes(result: Result) -> dict[str, list[str]]:
    """Candidates that get more (or less) in the plan, and in nearly all variations too, and the
    other way in none."""
    found: dict[str, list[str]] = {"up": [], "down": []}
    ways = {"new": "up", "more": "up", "less": "down", "gone": "down"}
    for row in result["recipients"]:
        way, steady = ways.get(row["fares"]), row["steady"]
        if way is None or not steady["tried"]:
            continue
        other = "down" if way == "up" else "up"
        if steady[way] >= NEARLY_ALL * steady["tried"] and not steady[other]:
            found[way].append(row["name"])
    return found


def _steady(result: Result) -> Told:
    tried = len(result["variations"])
    if not tried:
        return
    steady = steady_changes(result)
    changed = sum(row["fares"] not in ("", "same") for row in result["recipients"])
    held = len(steady["up"]) + len(steady["down"])
    if not changed:
        return
    yield (
        "steady",
        f"Of {plural(changed, 'change')} for recipients, {held} hold whatever was assumed "
        f"({tried} other sets of assumptions): more money for {_names(steady['up'])}; less for "
        f"{_names(steady['down'])}.",
        "Each assumption was changed by itself, both ways where it is a number, and asks, merit "
        "and need together. A change holds where it goes the same way in at least nine of ten of "
        "these and the other way in none. One that needs a certain assumption is no finding.",
    )


def cautions(result: Result) -> list[str]:
    """What cannot be concluded, most important first."""
    unknown = sum(
        amount
        for name, amount in result["areas_read"]["by_area"].items()
        if name in {area["name"] for area in result["areas"] if area["id"] in OPEN_AREAS}
    )
    whole = sum(result["areas_read"]["by_area"].values()) or 1
    told = [
        "That any funder decided badly: merit is here the number of funders that chose a "
        "recipient, not the quality of its work, and nobody wrote down what was asked and refused.",
        "That money was spent twice: that two funders paid one recipient does not mean that they "
        "paid for the same work.",
        "Anything about single projects: the list names recipients, so a university is one "
        "candidate, and so is an organisation that only passes money on.",
        "Anything about a single small recipient: many have the same merit, and a plan has to "
        "choose between them.",
        "What funders outside the list did: it holds the grants that somebody wrote down, in the "
        "year of award even where they were paid over several.",
        f"Much about areas: {format_percent(unknown / whole)} of the money lies in no area that "
        "the list or its words name, and words can mislead.",
    ]
    if result["alike"]:
        pairs = "; ".join(" / ".join(pair) for pair in result["alike"][:5])
        told.append(f"Names that may be one and were not merged: {pairs}.")
    if result["headline"]["status"] != "optimal":
        told.append(
            "The best plan was not proven within the time: a better one may exist, and another "
            "run may find a different one."
        )
    if result["is_large"]:
        told.append(
            "This list is large: only the base case was solved unless asked otherwise, and "
            "what funders would have by leaving was not worked out."
        )
    return told
