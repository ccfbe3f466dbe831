"""What a replay found, in sentences.

A finding is {key, text, why}: `text` says it with its figures, `why` how they were reckoned.
Rows for each stand in the result's tables. A result keeps them in English; for readers of other
languages they are made again from its figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from funding.formatting import (
    format_number,
    format_percent,
    format_short,
    listed,
    plural,
    with_plus,
)
from funding.language import gettext as _
from funding.overlap.names import RULE
from funding.replay.areas import OPEN_AREAS
from funding.replay.measure import SAME

Result = Mapping[str, Any]
Finding = dict[str, str]

NEARLY_ALL = 0.9

_MOST_NAMED = 6
_NOTABLE = 0.01


def findings(result: Result) -> list[Finding]:
    """All findings, in the order in which they are read, in the current language."""
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


def pool_in_words(result: Result) -> str:
    """What was replayed: "2022", "SFF 2021 H1", "SFF 2021 H1 in 2021"."""
    year, name = result["pool"]["year"], result["pool"]["round"]
    if name is None or year is None:
        return str(result["pool"]["label"])
    return _("%(round)s in %(year)s", round=name, year=year)


def span_in_words(result: Result) -> str:
    """The years or rounds whose recipients are candidates: "2021 to 2023"."""
    first, _to, last = result["pool"]["span"].partition(" to ")
    return _("%(first)s to %(last)s", first=first, last=last) if last else str(first)


def paid_by_several(result: Result) -> list[dict[str, Any]]:
    """Recipients that more than one funder really paid, largest amount first."""
    rows = [row for row in result["recipients"] if len(row["payers_really"]) > 1]
    return sorted(rows, key=lambda row: (-row["really"], row["name"]))


def _several(result: Result) -> Told:
    rows, figures, pool = paid_by_several(result), result["headline"], pool_in_words(result)
    merged = result["merged_in_round"]
    why = _(
        "%(rule)s In this replay that made one of several spellings for %(names)s. Two funders may "
        "well pay one recipient on purpose, and for different work: a list of grants does not say.",
        rule=_(RULE),
        names=plural(merged, "name"),
    )
    if not rows:
        none = _("No recipient was paid by more than one funder in %(pool)s.", pool=pool)
        yield "several", none, why
        return
    same = sum(len(row["payers"]) > 1 for row in rows)
    agreements = sum(len(row["payers_really"]) for row in rows)
    yield (
        "several",
        _(
            "%(several)s of %(recipients)s had more than one funder in %(pool)s: %(money)s in "
            "%(agreements)s. In the pooled plan %(same)s would, and of all recipients %(then)s.",
            several=format_number(len(rows)),
            recipients=plural(figures["recipients_really"], "recipient"),
            pool=pool,
            money=_money(result, sum(row["really"] for row in rows)),
            agreements=plural(agreements, "agreement"),
            same=of_all(same, len(rows)),
            then=format_number(figures["several"]),
        ),
        why,
    )


def _weight(result: Result) -> Told:
    largest, pool = result["funders"][0], result["headline"]["pool"]
    if len(result["funders"]) == 1:
        yield (
            "weight",
            _(
                "%(name)s gave all the money in %(pool)s: there is nothing to pool.",
                name=largest["name"],
                pool=pool_in_words(result),
            ),
            _("Only grants with an amount count, and only those of this year or round."),
        )
    elif largest["amount"] > pool / 2:
        yield (
            "weight",
            _(
                "%(name)s gave %(share)s of the %(money)s: how much pooling can change depends "
                "mostly on one funder.",
                name=largest["name"],
                share=format_percent(largest["amount"] / pool),
                money=_money(result, pool),
            ),
            _("Each funder's commitment is the sum of its grants of this year or round."),
        )


def _coverage(result: Result) -> Told:
    figures = result["headline"]
    text = _(
        "What was paid in %(pool)s met %(really)s of what the areas needed; the pooled plan would "
        "meet %(plan)s (funders in turn: %(turn)s).",
        pool=pool_in_words(result),
        really=format_percent(figures["covered_really"]),
        plan=format_percent(figures["covered"]),
        turn=format_percent(figures["covered_in_turn"]),
    )
    gaps = [
        (area["need"] - area["really"], area)
        for area in result["areas"]
        if area["id"] not in OPEN_AREAS and area["need"] > area["really"]
    ]
    if gaps:
        missing, area = max(gaps, key=lambda gap: gap[0])
        closed = min(missing, max(0, area["plan"] - area["really"]))
        text = f"{text} " + _(
            "The largest gap was %(area)s: %(missing)s short, of which the plan closes %(closed)s.",
            area=area["name"],
            missing=_money(result, missing),
            closed=_money(result, closed),
        )
    rest = _(
        "Money beyond an area's need covers nothing. Needs of areas without a candidate stay open "
        "in every plan."
    )
    yield "coverage", text, f"{_need(result['assumptions']['need'])} {rest}"


def _need(assumed: str) -> str:
    if assumed == "other-years":
        return _(
            "An area's need is taken to be its share of the list's money in all other years, of "
            "this pool."
        )
    if assumed == "whole-file":
        return _("An area's need is taken to be its share of all money in the list, of this pool.")
    return _("An area's need is taken to be an equal share of this pool.")


def _worth(result: Result) -> Told:
    figures = result["headline"]
    over, turn = figures["gain"], figures["gain_over_turn"]
    if over is None or turn is None:
        return
    sentences = [
        _(
            "By this yardstick the pooled plan is worth %(over)s than what happened, and %(turn)s "
            "than what the same funders would do in turn, each by itself.",
            over=_more(over),
            turn=_more(turn),
        )
    ]
    unspent = figures["pool"] - figures["spent_in_turn"]
    if unspent > _NOTABLE * figures["pool"]:
        sentences.append(
            _(
                "In turn, %(money)s would find nobody left whom its funder may pay.",
                money=_money(result, unspent),
            )
        )
    if result["variations"]:
        sentences.append(
            _(
                "Under all %(number)s other sets of assumptions the first lies %(first)s, the "
                "second %(second)s.",
                number=format_number(len(result["variations"])),
                first=_between(result["ranges"]["gain"]),
                second=_between(result["ranges"]["gain_over_turn"]),
            )
        )
    yield (
        "worth",
        " ".join(sentences),
        _(
            "Worth is money weighted by the merit of who gets it, by the need of the area it goes "
            "to and by the benefit of the doubt, as assumed below. What happened is always among "
            "the plans to choose from, so with the promise of it no plan is worth less. The "
            "comparison with what happened mixes two things: pooling, and choosing by the assumed "
            "merit instead of the funders' own judgement. The comparison with funders in turn "
            "(largest first, each knowing what the ones before it gave) leaves the second out."
        ),
    )


def _more(part: float) -> str:
    """ "3% more" or "2% less"."""
    share = format_percent(abs(part), 1)
    if part < -0.0005:
        return _("%(share)s less", share=share)
    return _("%(share)s more", share=share)


def _between(found: Mapping[str, Any]) -> str:
    least, most = (_signed(found[key]) for key in ("least", "most"))
    if least == most:
        return _("at %(value)s throughout", value=least)
    return _("between %(least)s and %(most)s", least=least, most=most)


def _signed(part: float) -> str:
    """+1.5%, −0.3% or 0.0%."""
    change = part if abs(part) >= 0.0005 else 0.0
    return with_plus(format_percent(change, 1), change)


def _agreements(result: Result) -> Told:
    figures = result["headline"]
    yield (
        "agreements",
        _(
            "%(agreements)s with %(recipients)s really; %(agreements_then)s with "
            "%(recipients_then)s in the pooled plan.",
            agreements=plural(figures["agreements_really"], "agreement"),
            recipients=plural(figures["recipients_really"], "recipient"),
            agreements_then=format_number(figures["agreements"]),
            recipients_then=format_number(figures["recipients"]),
        ),
        _(
            "An agreement is one funder paying one recipient, however many payments it makes. The "
            "plan needs fewer because one funder pays where several did, and because it pays fewer "
            "recipients more of what they ask: only the first is a saving by pooling."
        ),
    )


def _funders(result: Result) -> Told:
    rows, figures = result["funders"], result["headline"]
    if len(rows) < 2:
        return
    sentences = [
        _(
            "Counting only its own areas, the pooled plan is worth more than what happened to "
            "%(better)s, and more than acting in turn to %(in_turn)s.",
            better=of_all(figures["funders_better"], len(rows), "funder"),
            in_turn=of_all(figures["funders_better_than_in_turn"], len(rows)),
        )
    ]
    asked = [row for row in rows if row["leave"] is not None]
    if asked:
        kept = sum(row["plan"] >= row["leave"] * (1 - SAME) for row in asked)
        sentences.append(
            _(
                "The plan gives at least as much as leaving would to %(funders)s.",
                funders=of_all(kept, len(asked)),
            )
        )
        sentences += _if_promised(result)
    if not figures["guarantee_held"]:
        sentences.append(
            _(
                "No plan could keep the promise to every funder at once: this one was made "
                "without it."
            )
        )
    yield (
        "funders",
        " ".join(sentences),
        _(
            "A funder counts what gets done, whoever pays: money weighted by merit, in full in "
            "areas that it paid itself in these years and in part elsewhere. Need is not in it: a "
            "plan that closes gaps costs funders some of what they count. By leaving it would let "
            "the others pool first, and then spend its own money as it sees best on what is left."
        ),
    )


def _if_promised(result: Result) -> list[str]:
    """What the plan is worth where the pool promises each funder what it had by leaving."""
    for variation in result["variations"]:
        if variation["changes"] == {"guarantee": "leave"} and variation["gain"] is not None:
            if not variation["guarantee_held"]:
                return [_("No plan can promise that to all of them.")]
            return [
                _(
                    "A plan that promises that to every funder is worth %(more)s than what "
                    "happened.",
                    more=_more(variation["gain"]),
                )
            ]
    return []


def _recipients(result: Result) -> Told:
    groups: dict[str, list[str]] = defaultdict(list)
    for row in result["recipients"]:
        groups[row["fares"]].append(row["name"])
    yield (
        "recipients",
        _(
            "%(moved)s of the money would go elsewhere. Newly paid: %(new)s. More than they had: "
            "%(more)s. Less: %(less)s. Nothing any more: %(gone)s.",
            moved=format_percent(result["headline"]["moved"]),
            new=_names(groups["new"]),
            more=_names(groups["more"]),
            less=_names(groups["less"]),
            gone=_names(groups["gone"]),
        ),
        _(
            "Candidates are all recipients that anybody in the list paid in %(span)s. The merits "
            "of many are equal: between such recipients a plan chooses by small things, and says "
            "nothing about them. See below which changes hold under all assumptions.",
            span=span_in_words(result),
        ),
    )


def of_all(part: int, whole: int, noun: str = "") -> str:
    """ "all 4 funders", "none of 4 funders", "2 of 4"."""
    counted = plural(whole, noun) if noun else format_number(whole)
    if part == whole > 1:
        return _("all %(counted)s", counted=counted)
    if part == 0:
        return _("none of %(counted)s", counted=counted)
    return _("%(part)s of %(counted)s", part=format_number(part), counted=counted)


def _names(names: Sequence[str]) -> str:
    if not names:
        return _("nobody")
    shown, more = list(names[:_MOST_NAMED]), len(names) - _MOST_NAMED
    if more > 0:
        shown.append(plural(more, "other"))
    return listed(shown)


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
    if not changed:
        return
    yield (
        "steady",
        _(
            "Of %(changes)s for recipients, %(held)s hold whatever was assumed (%(tried)s other "
            "sets of assumptions): more money for %(up)s; less for %(down)s.",
            changes=plural(changed, "change"),
            held=format_number(len(steady["up"]) + len(steady["down"])),
            tried=format_number(tried),
            up=_names(steady["up"]),
            down=_names(steady["down"]),
        ),
        _(
            "Each assumption was changed by itself, both ways where it is a number, and asks, "
            "merit and need together. A change holds where it goes the same way in at least nine "
            "of ten of these and the other way in none. One that needs a certain assumption is no "
            "finding."
        ),
    )
