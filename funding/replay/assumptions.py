"""What a replay has to assume, because a list of grants does not say it: each with its reason.

`CATALOGUE` is the one list: the form, the command line, the report and the variations are all
made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from funding.errors import Fault, InvalidInput
from funding.formatting import one_after_another
from funding.language import gettext as _
from funding.language import said
from funding.replay.brief import in_brief, number_in_words


@dataclass(frozen=True)
class Choice:
    """One value of an assumption: its key, and what it means in words."""

    key: str
    words: str


@dataclass(frozen=True)
class Assumption:
    """One thing assumed. `choices` for a choice, else a number from `least` to `most`.

    `reason` says why the default is fair; `others` are the values tried to see what hangs on it.
    """

    key: str
    label: str
    explanation: str
    reason: str
    group: str
    choices: tuple[Choice, ...] = ()
    least: float = 0.0
    most: float = 0.0
    is_whole: bool = False
    unit: str = ""
    others: tuple[Any, ...] = ()


WHO, WORTH, FUNDERS = "Who could have been paid", "What counts as good", "What funders would do"

CATALOGUE: tuple[Assumption, ...] = (
    Assumption(
        "window",
        "Years or rounds beside it",
        "Candidates are all recipients that anyone in the list paid in the year (or round) "
        "itself or in this many before and after it.",
        "With the year alone, asks and money would be equal and there would be nothing to choose. "
        "The years beside it hold the applicants that the funders demonstrably knew.",
        WHO,
        least=0,
        most=5,
        is_whole=True,
        others=(1, 2),
    ),
    Assumption(
        "ask",
        "What each recipient asks for",
        "Taken from what it received in those years. A column “ask” or “amount requested” in the "
        "file comes first. Never less than what it really received in the year.",
        "The most it ever received in one year is money it has shown that it can use, and does "
        "not depend on the year that is replayed alone.",
        WHO,
        (
            Choice("largest-year", "the most it received in one year"),
            Choice("mean-year", "its mean over the years in which it received anything"),
            Choice("all-years", "all that it received in these years together"),
            Choice("largest-grant", "its largest single grant"),
        ),
        others=("mean-year", "all-years", "largest-grant"),
    ),
    Assumption(
        "ask_factor",
        "Asks multiplied by",
        "Makes all asks smaller or larger at once. Never below what was really received.",
        "1 takes the asks as they are. Nobody records what was asked and refused, so both ways "
        "are worth trying.",
        WHO,
        least=0.1,
        most=10,
        others=(0.75, 1.5),
    ),
    Assumption(
        "least",
        "Least viable amount",
        "As a part of the recipient's smallest single grant in these years: less than that is "
        "nothing. A column “minimum” in the file comes first. Never more than what it really "
        "received in the year.",
        "Half of the smallest grant it has accepted: a smaller offer would be new to it, a much "
        "smaller one would hardly be useful.",
        WHO,
        least=0,
        most=1,
        others=(0.25, 1.0),
    ),
    Assumption(
        "merit",
        "How good a recipient is",
        "By the number of different funders in the list that chose it. A column “merit” in the "
        "file (0 to 1) comes first.",
        "Independent funders choosing the same recipient is the only judgement that a list of "
        "grants holds. Counted up to the year itself, it uses what was known then, and it favours "
        "what was really funded over what came later.",
        WORTH,
        (
            Choice("funders-so-far", "funders that chose it up to this year"),
            Choice("funders-other-years", "funders that chose it in other years, before or after"),
            Choice("funders-all", "funders that chose it at any time in the list"),
            Choice("equal", "all the same"),
        ),
        others=("funders-other-years", "funders-all", "equal"),
    ),
    Assumption(
        "merit_caution",
        "Caution about few funders",
        "Merit is (funders + 1) / (funders + 1 + this number): with 2, nobody yet is 0.33, one "
        "funder 0.50, two 0.60, five 0.75. 0 makes all merits 1.",
        "One more funder says much where there were none and little where there were ten; small "
        "donors in great number should not decide alone.",
        WORTH,
        least=0,
        most=20,
        others=(1.0, 5.0),
    ),
    Assumption(
        "areas",
        "The area of a grant",
        "Lists of AI safety grants mostly name the field as a whole. Words of title, purpose and "
        "recipient (“interpretability”, “governance”, “fellowship”) tell the area of many more.",
        "Without the words most money would lie in one heap, and nothing could be said about "
        "areas. A grant whose words name several areas counts for each in equal parts.",
        WORTH,
        (
            Choice("auto", "ours by words if the list is about AI safety, else the list's own"),
            Choice("words", "ours: as the list says, else by words"),
            Choice("file", "ours: only as the list says"),
            Choice("own", "the list's own areas"),
        ),
        others=("file",),
    ),
    Assumption(
        "need",
        "What each area needs",
        "As a share of the pool. Money whose area is not known needs its share of the money, "
        "whatever is chosen here.",
        "What funders gave over all other years together is steadier than any one year, and the "
        "year under test has no say in the yardstick.",
        WORTH,
        (
            Choice("other-years", "its share of the list's money in all other years"),
            Choice("whole-file", "its share of all money in the list"),
            Choice("equal", "all areas the same"),
        ),
        others=("whole-file", "equal"),
    ),
    Assumption(
        "need_weight",
        "Weight of need against merit",
        "What one unit of money earns, beside the merit of who gets it, in the first half of an "
        "area's need. In the second half it earns half of this, for half as much again a quarter, "
        "and beyond that nothing.",
        "0.5 is what a recipient chosen by one funder earns by merit: need and merit then weigh "
        "about the same. 0 leaves need out.",
        WORTH,
        least=0,
        most=5,
        others=(0.0, 1.0),
    ),
    Assumption(
        "doubt",
        "Benefit of the doubt",
        "What a unit of money earns more where it really went than elsewhere, up to the amount "
        "that really went there.",
        "Funders knew more than a list of grants holds. Where merit and need see no difference, "
        "or a small one, what happened stays; 0.05 is a tenth of the merit of a recipient chosen "
        "by one funder.",
        WORTH,
        least=0,
        most=1,
        others=(0.0, 0.25),
    ),
    Assumption(
        "agreement_cost",
        "Price of one agreement",
        "What each grant agreement costs both sides together, in the list's currency: a plan "
        "with fewer is preferred by so much.",
        "0 assumes nothing: the plan uses few agreements anyway.",
        WORTH,
        least=0,
        most=1_000_000,
        is_whole=True,
        others=(5_000,),
    ),
    Assumption(
        "restrictions",
        "What a funder may pay for",
        "A recipient it really paid in these years is always allowed.",
        "A funder that paid for an area in three years has shown that it may and will.",
        FUNDERS,
        (
            Choice("areas", "recipients that are at least half in areas it paid in these years"),
            Choice("recipients", "only recipients that it paid at any time in the list"),
            Choice("any", "anybody"),
        ),
        others=("recipients", "any"),
    ),
    Assumption(
        "other_areas",
        "What other areas are worth to a funder",
        "To a funder, a unit of money in an area that it paid in these years counts 1 times its "
        "merit, whoever gave it; elsewhere this much.",
        "A funder cares most about its own areas, but is not indifferent to the rest of the field.",
        FUNDERS,
        least=0,
        most=1,
        others=(0.0, 1.0),
    ),
    Assumption(
        "guarantee",
        "What each funder is promised",
        "The pooled plan must be worth at least this much to every funder, by its own areas.",
        "Nobody would join a pool that serves it worse than what it did by itself. A lasting pool "
        "must also beat leaving it; what each funder would have by leaving is shown in any case.",
        FUNDERS,
        (
            Choice("really", "what really happened was worth to it"),
            Choice("leave", "what it would have if the others pooled without it"),
            Choice("alone", "what its own money alone could do"),
            Choice("none", "nothing"),
        ),
        others=("leave", "none"),
    ),
)

BY_KEY: Mapping[str, Assumption] = {assumption.key: assumption for assumption in CATALOGUE}


@dataclass(frozen=True)
class Assumptions:
    """One value for each entry of `CATALOGUE`; `agreement_cost` in whole units of money."""

    window: int = 1
    ask: str = "largest-year"
    ask_factor: float = 1.0
    least: float = 0.5
    merit: str = "funders-so-far"
    merit_caution: float = 2.0
    areas: str = "auto"
    need: str = "other-years"
    need_weight: float = 0.5
    doubt: float = 0.05
    agreement_cost: int = 0
    restrictions: str = "areas"
    other_areas: float = 0.25
    guarantee: str = "really"

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """From texts by key; what is not given, or blank, keeps its default.

        Raises InvalidInput naming every key that is unknown and every value that is none.
        """
        faults: list[Fault] = []
        values: dict[str, Any] = {}
        for key, text in given.items():
            if key not in BY_KEY:
                faults.append(
                    Fault(key, _("is no assumption; they are: %(join)s", join=", ".join(BY_KEY)))
                )
            elif text.strip():
                values[key] = _read(BY_KEY[key], text.strip(), faults)
        if faults:
            raise InvalidInput(*faults)
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def changed(self) -> dict[str, Any]:
        """What differs from the defaults."""
        standard = type(self)()
        return {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if getattr(self, entry.name) != getattr(standard, entry.name)
        }


def _read(assumption: Assumption, text: str, faults: list[Fault]) -> Any:
    if assumption.choices:
        if text in {choice.key for choice in assumption.choices}:
            return text
        known = ", ".join(choice.key for choice in assumption.choices)
        faults.append(
            Fault(
                assumption.key, _("“%(text)s” is none of: %(known)s", text=text[:40], known=known)
            )
        )
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    is_fit = assumption.least <= number <= assumption.most
    if is_fit and assumption.is_whole:
        is_fit = number == int(number)
    if not is_fit:
        kind = "a whole number" if assumption.is_whole else "a number"
        rule = f"must be {kind} from {assumption.least:g} to {assumption.most:,.10g}"
        faults.append(Fault(assumption.key, f"“{text[:40]}” {rule}"))
        return None
    return int(number) if assumption.is_whole else number


def in_words(key: str, value: Any) -> str:
    """A value as people read it."""
    for choice in BY_KEY[key].choices:
        if choice.key == value:
            return str(said(choice.words))
    return number_in_words(value)


def in_full(changes: Mapping[str, Any]) -> str:
    """Changed assumptions as the form has them: "How good a recipient is: all the same"."""
    parts = (
        _("%(what)s: %(value)s", what=said(BY_KEY[key].label), value=in_words(key, value))
        for key, value in changes.items()
    )
    return one_after_another(parts, ";")


@dataclass(frozen=True)
class Variation:
    """The same replay under other assumptions. `key` is "" where several differ (the grid)."""

    key: str
    label: str
    assumptions: Assumptions
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def brief(self) -> str:
        return in_brief(self.changes)


def one_at_a_time(base: Assumptions) -> list[Variation]:
    """Each assumption changed by itself, both ways where it is a number."""
    found = []
    for assumption in CATALOGUE:
        for value in assumption.others:
            if value != getattr(base, assumption.key):
                found.append(_variation(base, assumption.key, {assumption.key: value}))
    return found


_GRID = {
    "ask_factor": (0.75, 1.0, 1.5),
    "merit": ("funders-so-far", "equal"),
    "need": ("other-years", "equal"),
}


def grid(base: Assumptions) -> list[Variation]:
    """Asks, merit and need together: those of their combinations that change more than one."""
    found = []
    for factor in _GRID["ask_factor"]:
        for merit in _GRID["merit"]:
            for need in _GRID["need"]:
                values = {"ask_factor": factor, "merit": merit, "need": need}
                changes = {k: v for k, v in values.items() if v != getattr(base, k)}
                if len(changes) > 1:
                    found.append(_variation(base, "", changes))
    return found


def _variation(base: Assumptions, key: str, changes: Mapping[str, Any]) -> Variation:
    return Variation(key, in_full(changes), replace(base, **changes), dict(changes))


def many_of(given: Iterable[str]) -> dict[str, str]:
    """From KEY=VALUE texts. Raises InvalidInput naming those that are not of that form."""
    faults, found = [], {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign or not value.strip():
            faults.append(Fault(text[:60], "write an assumption as KEY=VALUE"))
        found[key.strip()] = value.strip()
    if faults:
        raise InvalidInput(*faults)
    return found
