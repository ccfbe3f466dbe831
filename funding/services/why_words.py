"""Why a proposal is not funded and what it would take, in sentences for three readers.

The officer reads what it costs, whom it touches and what would change it; the committee what it
means for the whole; the applicant of ask, least amount and eligible money only, never of scores
or of others. Takes documents of the optimizer; value is money's worth of good work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from funding.formatting import format_decimals, format_percent, listed, plural
from funding.language import gettext as _
from funding.services.run_words import Words

Document = Mapping[str, Any]
MOST_NAMED = 4
WORTH_NAMING = 0.001  # of a plan's value: smaller sums moved are left out of sentences


@dataclass(frozen=True)
class Sentences:
    """What is said to each reader; `changes` is a list of the smallest changes, for the officer."""

    costs: str
    touches: list[str]
    changes: list[str]
    committee: str
    applicant: list[str]


def estimated(words: Words, about: Document) -> Sentences:
    """From estimates alone; nothing for the applicant, who hears only what is confirmed."""
    costs = about["costs"] or 0.0
    cost = (
        _(
            "Funding it all the same would cost about %(money)s of the plan’s value.",
            money=words.money(costs),
        )
        if costs >= 1
        else "About nothing would be lost by funding it: it stands at the margin."
    )
    names = [words.name(id_) for id_ in about["pushes_out"]]
    touches = [_("Money would first be taken from %(some)s.", some=some(names))] if names else []
    changes = []
    if about["merit"]:
        changes.append(_("About %(score)s.", score=score(about["merit"])))
    if about["money"]:
        changes.append(
            _("About %(money)s more of money that may pay it.", money=words.money(about["money"]))
        )
    if about["minimum"]:
        changes.append(
            _("A least amount lower by about %(money)s.", money=words.money(about["minimum"]))
        )
    return Sentences(cost, touches, changes, "", [])


def confirmed(words: Words, found: Document, proof: Document, ask: int, minimum: int) -> Sentences:
    """From what was confirmed by solving again. `ask` and `minimum` in base minor units."""
    forced, smallest = found["forced"], found["smallest"]
    slack = max(0.0, proof["bound"] - proof["value"])
    return Sentences(
        costs=_costs(words, forced, slack),
        touches=touched(words, forced, found["proposal"]) if forced else [],
        changes=[_NONE_NEEDED]
        if all(_is_needless(smallest[kind]) for kind in _ORDER)
        else [_change(words, smallest[kind], ask, minimum) for kind in _ORDER],
        committee=_committee(words, forced, proof),
        applicant=for_applicant(words, smallest, ask),
    )


_ORDER = ("merit", "money", "minimum", "ask")


def _costs(words: Words, forced: Document | None, slack: float) -> str:
    if forced is None:
        return "No plan that keeps every limit of the round can fund it as it stands."
    if forced["is_none"] or forced["lost"] <= slack:
        return _(
            "Funding it would cost nothing that can be measured: the best plan with it "
            "is worth as much, to within %(money)s of value.",
            money=words.money(slack),
        )
    return _(
        "Funding it all the same would cost %(money)s of the plan’s value.",
        money=words.money(forced["lost"]),
    )


def touched(words: Words, outcome: Document, own: str = "") -> list[str]:
    """Who loses, who gains, and which needs open, when a round is decided otherwise.

    `own`: the proposal that is decided about, which need not be told again.
    """
    moves: Sequence[Document] = [m for m in outcome["moves"] if m["proposal"] != own]
    least = max(1.0, WORTH_NAMING * abs(outcome["value"]))
    out = [m for m in moves if not m["after"]]
    into = [m for m in moves if not m["before"]]
    less = [m for m in moves if m["before"] > m["after"] > 0 and m["before"] - m["after"] >= least]
    more = [m for m in moves if m["after"] > m["before"] > 0 and m["after"] - m["before"] >= least]
    sentences = []
    if out:
        sentences.append(_("No longer funded: %(words)s.", words=_with_sums(words, out, "before")))
    if less:
        sentences.append(_("Less money: %(words)s.", words=_with_sums(words, less)))
    if into:
        sentences.append(_("Newly funded: %(words)s.", words=_with_sums(words, into, "after")))
    if more:
        sentences.append(_("More money: %(words)s.", words=_with_sums(words, more)))
    return sentences + opened(words, outcome["areas"], least)


def opened(words: Words, areas: Sequence[Document], least: float) -> list[str]:
    """Needs that would be covered less, and floors that would be missed."""
    gaps = [
        f"{words.name(a['area'])} ({words.money(a['open_after'] - a['open_before'])})"
        for a in areas
        if a["open_after"] - a["open_before"] >= least
    ]
    short = [
        _(
            "%(name)s (by %(money)s)",
            name=words.name(a["area"]),
            money=words.money(a["short_after"]),
        )
        for a in areas
        if a["short_after"] > a["short_before"]
    ]
    sentences = []
    if gaps:
        sentences.append(
            _("Needs left open that the plan covers: %(listed)s.", listed=listed(gaps))
        )
    if short:
        sentences.append(
            _("Short of the least that is wanted there: %(listed)s.", listed=listed(short))
        )
    return sentences


def _with_sums(words: Words, moves: Sequence[Document], which: str = "") -> str:
    """Names with the sums that move, the largest first."""
    named = [
        f"{words.name(m['proposal'])}, {words.money(m[which] if which else _moved(m))}"
        for m in moves
    ]
    if len(named) > MOST_NAMED:
        named = [*named[: MOST_NAMED - 1], f"{len(named) - MOST_NAMED + 1} others"]
    return "; ".join(named)


def _moved(move: Document) -> int:
    return abs(move["after"] - move["before"])


def some(names: Sequence[str]) -> str:
    """All of a few names, or the first and how many more."""
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} others"]
    return listed(names)


def score(by: float) -> str:
    """More score, also as reviewers give it: 0.07 is 7 points of 100."""
    points = max(1, round(by * 100))
    return _(
        "%(points)s more score (%(points2)s of a reviewer’s 100)",
        points=format_decimals(points / 100, 2),
        points2=plural(points, "point"),
    )


def _change(words: Words, smallest: Document, ask: int, minimum: int) -> str:
    kind, enough, less = smallest["kind"], smallest["enough"], smallest["too_little"]
    if smallest["state"] == "none":
        return _NO_CHANGE[kind]
    if smallest["state"] == "impossible":
        return _IMPOSSIBLE[kind]
    if enough is None:
        return _UNSURE[kind]
    if kind == "merit":
        return _(
            "%(score)s would fund it%(less)s.",
            score=score(enough),
            less=_not_less(less, lambda by: format_decimals(by, 2)),
        )
    if kind == "money":
        return _(
            "%(money)s more of money that may pay it would fund it%(less)s.",
            money=words.money(enough),
            less=_not_less(less, words.money),
        )
    if kind == "minimum":
        return _(
            "A least amount of %(money)s instead of %(money2)s would fund it%(less)s.",
            money=words.money(minimum - enough),
            money2=words.money(minimum),
            less=_not_less(less and minimum - less, words.money),
        )
    return _(
        "An ask of %(money)s instead of %(money2)s would fund it%(less)s.",
        money=words.money(ask - enough),
        money2=words.money(ask),
        less=_not_less(less and ask - less, words.money),
    )


_NONE_NEEDED = "None is needed: it stands at the margin, and a plan with it is worth as much."
_NO_CHANGE = {
    "merit": "No higher score is needed: it stands at the margin.",
    "money": "No more money is needed.",
    "minimum": "No lower least amount is needed.",
    "ask": "No smaller ask is needed.",
}
_IMPOSSIBLE = {
    "merit": "No higher score would fund it.",
    "money": "No more money would fund it, not even its whole ask.",
    "minimum": "No lower least amount would fund it, down to a tenth of what it needs.",
    "ask": "No smaller ask would fund it, down to a tenth of what it needs.",
}
_UNSURE = {
    "merit": "What score would fund it was not found in the time given.",
    "money": "How much more money would fund it was not found in the time given.",
    "minimum": "A lower least amount may fund it; how low was too close to tell.",
    "ask": "A smaller ask may fund it; how small was too close to tell.",
}


def _is_needless(change: Document) -> bool:
    """Whether nothing has to change in this respect."""
    return bool(change["state"] == "none")


def _not_less(tried: float | None, write: Callable[[float], str]) -> str:
    return _("; %(write)s would not", write=write(tried)) if tried else ""


def _committee(words: Words, forced: Document | None, proof: Document) -> str:
    """What funding it would mean for the whole, in one sentence."""
    if forced is None:
        return "The round’s own limits leave no plan with it: only other limits could fund it."
    slack, lost = max(0.0, proof["bound"] - proof["value"]), forced["lost"]
    out = sum(not m["after"] for m in forced["moves"])
    into = sum(not m["before"] for m in forced["moves"]) - 1
    leaving = plural(out, "funded proposal") if out else "no funded proposal"
    swap = _("%(leaving)s would leave the plan", leaving=leaving)
    if into > 0:
        swap += _(" and %(into)s would enter it", into=plural(into, "other"))
    if forced["is_none"] or lost <= slack:
        return _("The plan would be worth as much with it; %(swap)s.", swap=swap)
    part = format_percent(lost / proof["value"], 2) if proof["value"] > 0 else words.money(lost)
    return _("With it, the plan would be worth %(part)s less; %(swap)s.", part=part, swap=swap)


def for_applicant(words: Words, smallest: Document, ask: int) -> list[str]:
    """What of ask, least amount and eligible money would have changed the answer."""
    sentences = []
    if smallest["ask"]["state"] == "found" and smallest["ask"]["enough"]:
        least = words.money(ask - smallest["ask"]["enough"])
        sentences.append(
            _("It could have been funded had it needed no more than %(least)s.", least=least)
        )
    elif smallest["ask"]["state"] == "impossible":
        sentences.append("A smaller ask would not have changed this.")
    minimum = smallest["minimum"]
    if minimum["state"] == "found" and minimum["enough"] and smallest["ask"]["state"] != "found":
        less = words.money(minimum["enough"])
        sentences.append(
            _("It could have been funded in part with a least amount lower by %(less)s.", less=less)
        )
    money = smallest["money"]
    if money["state"] == "found" and money["enough"]:
        more = words.money(money["enough"])
        sentences.append(
            _("It could have been funded with %(more)s more that may pay for such work.", more=more)
        )
    if not sentences and all(_is_needless(smallest[kind]) for kind in ("ask", "money", "minimum")):
        return ["Its ask, its least amount and the money for such work did not stand in its way."]
    return sentences
