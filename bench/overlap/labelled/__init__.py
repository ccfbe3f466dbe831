"""Pairs of works whose relation is known, since we wrote them: a set to learn from, one to test.

`train.toml` and `test.toml` hold texts on fourteen topics each, without a sentence, a place or an
organisation in common. From each topic come twenty pairs:

| kind | same work | how it is made |
|---|---|---|
| verbatim | yes | the same text under another title |
| edited | yes | a sentence dropped, numbers and words changed |
| paraphrase | yes | written anew, every detail kept |
| translated | yes | French, Spanish, German, Arabic or Chinese |
| same idea | yes, in part | another team's plan for the same question by the same means |
| distinct | no | the same team's other work |
| complementary | no | planned beside it, said so |
| second stage | no | says so, repeats a part of the first text; half are linked by their file |
| renewal | no | the same text with what is new; follows in time |
| paid together | no | the same work paid by two on purpose; half are linked by their file |
| template | no | a programme's phrases in both, other work |
| neighbours | no | two other works about the same place |
| same field (four) | no | close in subject, another question; half of one institution |
| unrelated (four) | no | works on two topics |

So a quarter of the pairs, 70 of 280, are the same work: about what officers meet among candidates.

People, places of work, money and dates are drawn by stated odds, the same odds in both sets, from
lists that share no name; a third of the works lack some of them, as real files do. What the figures
say of probabilities therefore holds for such odds.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.overlap.rows import demo_works
from funding.overlap.works import Someone, Work

HERE = Path(__file__).parent
DEGREES = {
    "verbatim": 1.0,
    "edited": 0.9,
    "paraphrase": 0.85,
    "translated": 0.9,
    "same idea": 0.5,
}
_UNRELATED = 4
SEEDS = {"train": 11, "test": 23}
_PEOPLE = {
    "train": [
        "Abrell",
        "Bontje",
        "Carrow",
        "Drexel",
        "Ekwall",
        "Fennig",
        "Goltz",
        "Harmsa",
        "Imhoff",
        "Jarrow",
        "Kestel",
        "Lorre",
        "Munda",
        "Nystad",
        "Oberle",
        "Pindar",
        "Quist",
        "Rasko",
        "Sefton",
        "Tarnow",
    ],
    "test": [
        "Aldana",
        "Birkett",
        "Cosway",
        "Dunmor",
        "Elvesta",
        "Farrant",
        "Gildas",
        "Hesper",
        "Ivarra",
        "Jessup",
        "Kornik",
        "Lindar",
        "Morven",
        "Nazari",
        "Ostler",
        "Perrin",
        "Queley",
        "Rowden",
        "Salter",
        "Tovik",
    ],
}
_FIRST = [
    "Ana",
    "Ben",
    "Clea",
    "Dov",
    "Esi",
    "Finn",
    "Gita",
    "Hugo",
    "Ines",
    "Jon",
    "Kaya",
    "Leo",
    "Mina",
    "Noor",
    "Olaf",
    "Pia",
]
_PLACES = {"train": "Institute of {} Studies", "test": "{} Research Trust"}
_CHANGES = (
    (r"\bWe\b", "Our group will"),
    (r"\bwe\b", "our team"),
    (r"\bcompare\b", "set against each other"),
    (r"\bmeasure[ds]?\b", "recorded"),
    (r"\blearn\b", "find out"),
    (r"\btest\b", "try"),
    (r"\bresults\b", "findings"),
)
_RENEWED = {
    "train": (
        "This renewal continues the project for another term.",
        "The work below is a continuation of our current grant.",
        "We ask for an extension of what has been supported so far.",
    ),
    "test": (
        "A renewal of the grant that ends this year.",
        "This continues work that you support already.",
        "Supplementary support for the time after the present grant.",
    ),
}
_TOGETHER = {
    "train": (
        "The budget is co-funded in agreed halves.",
        "This application covers half of the costs; another foundation covers the rest.",
        "Matched funding has been promised by a second body.",
    ),
    "test": (
        "The remaining half is met by a partner foundation, as both agreed.",
        "The work is jointly funded with a second donor.",
        "Your share is matched by matching funds from the province.",
    ),
}
_TEMPLATES = {
    "train": (
        "The project answers the call: lasting change in communities that are seldom heard. "
        "Equality between women and men is part of every work package. "
        "Risks are reviewed each quarter by the steering group and kept in a register.",
        "Dissemination follows the programme's guidance on open science. "
        "The lead partner has the procedures and staff needed to manage public money.",
    ),
    "test": (
        "The proposal serves objective three of the regional programme: knowledge for all. "
        "A monitoring plan with indicators is annexed, and partners meet twice a year. "
        "Attention is paid throughout to inclusion and to the environment.",
        "All outputs will be deposited in an open repository as the funder asks. "
        "The applicant confirms that no state aid is involved.",
    ),
}


@dataclass(frozen=True)
class LabelledPair:
    """`degree`: which part of the work is the same, from 0 to 1; `topic` numbers its texts."""

    kind: str
    topic: int
    first: Work
    second: Work

    @property
    def degree(self) -> float:
        return DEGREES.get(self.kind, 0.0)

    @property
    def is_same(self) -> bool:
        return self.degree > 0


def labelled_pairs(name: str) -> list[LabelledPair]:
    """The pairs of `train` or `test`, the same each time."""
    topics = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))["topic"]
    maker = _Maker(name, np.random.default_rng(SEEDS[name]))
    found = []
    for at, topic in enumerate(topics):
        found += maker.pairs_of(at, topic, topics)
    return found


def programme_works() -> list[Work]:
    """The demo round's texts with the phrases of either programme, as a call's proposals have."""
    found = []
    for name, (opening, closing) in _TEMPLATES.items():
        for work in demo_works():
            text = f"{opening} {work.text} {closing}"
            found.append(replace(work, id=f"programme:{name}:{work.id}", text=text))
    return found


class _Maker:
    def __init__(self, name: str, random: np.random.Generator) -> None:
        self.name, self.random = name, random
        self.made = 0

    def pairs_of(self, at: int, topic: dict[str, Any], topics: list[Any]) -> list[LabelledPair]:
        first = self.work(topic["title"], topic["base"])
        other = topics[(at + 3) % len(topics)]
        opening, closing = _TEMPLATES[self.name]
        templated = replace(first, text=f"{opening} {first.text} {closing}")
        made = {
            "verbatim": (first, self.copy(first, topic["para_title"], topic["base"])),
            "edited": (first, self.copy(first, topic["title"], self.edited(topic["base"]))),
            "paraphrase": (first, self.copy(first, topic["para_title"], topic["para"])),
            "translated": (first, self.copy(first, topic["translated_title"], topic["translated"])),
            "same idea": (first, self.work(topic["idea_title"], topic["idea"])),
            "distinct": (first, self.same_team(first, topic["distinct_title"], topic["distinct"])),
            "complementary": (
                first,
                self.neighbour(first, topic["complement_title"], topic["complement"]),
            ),
            "second stage": (first, self.second_stage(first, topic)),
            "renewal": (first, self.renewal(first, topic)),
            "paid together": (first, self.paid_together(first, topic, at)),
            "template": (
                templated,
                self.work(other["distinct_title"], f"{opening} {other['distinct']} {closing}"),
            ),
            "neighbours": (
                self.work(topic["distinct_title"], topic["distinct"]),
                self.work(topic["complement_title"], topic["complement"]),
            ),
        }
        pairs = list(made.items())
        for kind in ("base", "para", "idea", "complement"):
            title = topic["title" if kind == "base" else f"{kind}_title"]
            other_work = self.work(title, topic[kind])
            beside = self.work(topic["field_title"], topic["field_text"])
            if self.chance(0.5):
                beside = replace(beside, institution=other_work.institution)
            pairs.append(("same field", (other_work, self.with_gaps(beside))))
        pairs += [("unrelated", self.unrelated(topic, topics)) for _ in range(_UNRELATED)]
        return [LabelledPair(kind, at, self.with_gaps(a), b) for kind, (a, b) in pairs]

    # -- works ----------------------------------------------------------------------------------

    def work(self, title: str, text: str) -> Work:
        self.made += 1
        starts = date(2026, 1, 1) + timedelta(days=int(self.random.integers(0, 900)))
        place = _PLACES[self.name].format(self.pick(_PEOPLE[self.name]))
        return Work(
            f"{self.name}:{self.made}",
            title,
            text.strip(),
            people=self.team(place),
            institution=place,
            amount=int(np.exp(self.random.normal(12.2, 0.8))) * 100,
            starts_on=starts,
            ends_on=starts + timedelta(days=int(self.random.choice([365, 540, 730, 1095]))),
        )

    def team(self, place: str) -> tuple[Someone, ...]:
        domain = place.lower().replace(" ", "-") + ".example"
        return tuple(
            Someone(
                f"{self.pick(_FIRST)} {self.pick(_PEOPLE[self.name])}",
                f"0009-{self.random.integers(10**9)}" if self.chance(0.3) else None,
                domain if self.chance(0.6) else None,
            )
            for _ in range(int(self.random.integers(1, 5)))
        )

    def copy(self, first: Work, title: str, text: str) -> Work:
        """Handed in twice: mostly by the same people, for like money and nearly the same time."""
        new = self.work(title, text)
        if self.chance(0.6):
            people = first.people
            if self.chance(0.4):
                people = tuple(_initials(one) for one in people)
            if self.chance(0.4):
                people = (*people[::-1], *new.people[:1])
            new = replace(new, people=people, institution=first.institution)
        elif self.chance(0.4):
            new = replace(new, institution=first.institution)
        if self.chance(0.8):
            shift = timedelta(days=int(self.random.normal(0, 90)))
            new = self.in_time(new, first, shift)
            new = replace(new, amount=int(first.amount * np.exp(self.random.normal(0, 0.25))))
        if self.chance(0.1):
            outputs = frozenset({f"10.9999/{self.made}"})
            new = replace(new, outputs=outputs)
        return self.with_gaps(new)

    def unrelated(self, topic: dict[str, Any], topics: list[Any]) -> tuple[Work, Work]:
        others = [other for other in topics if other is not topic]
        other = others[int(self.random.integers(len(others)))]
        kinds = [self.pick(("para", "idea", "distinct", "complement")) for _ in range(2)]
        first, second = (
            self.work(one[f"{kind}_title"], one[kind])
            for one, kind in zip((topic, other), kinds, strict=True)
        )
        return first, self.with_gaps(second)

    def same_team(self, first: Work, title: str, text: str) -> Work:
        new = self.work(title, text)
        people = first.people if self.chance(0.6) else (*first.people[:1], *new.people[1:])
        return self.with_gaps(replace(new, people=people, institution=first.institution))

    def neighbour(self, first: Work, title: str, text: str) -> Work:
        new = self.work(title, text)
        if self.chance(0.3):
            new = replace(new, institution=first.institution)
        if self.chance(0.5):
            new = self.in_time(new, first, timedelta(days=int(self.random.normal(60, 60))))
        return self.with_gaps(new)

    def second_stage(self, first: Work, topic: dict[str, Any]) -> Work:
        kept = " ".join(_sentences(topic["base"])[: int(self.random.integers(1, 4))])
        text = f"{topic['second']} {kept}"
        return self.follows(first, f"{topic['title']}, second stage", text, self.chance(0.5))

    def renewal(self, first: Work, topic: dict[str, Any]) -> Work:
        linked = self.chance(0.5)
        text = topic["base"]
        if not linked or self.chance(0.5):
            text = f"{self.pick(_RENEWED[self.name])} {text}"
        return self.follows(first, topic["title"], text, linked)

    def follows(self, first: Work, title: str, text: str, linked: bool) -> Work:
        new = replace(self.same_team(first, title, text), institution=first.institution)
        new = self.in_time(new, first, _span(first) + timedelta(int(self.random.integers(0, 120))))
        return replace(new, stage_of=first.id if linked else None)

    def paid_together(self, first: Work, topic: dict[str, Any], at: int) -> Work:
        text = topic["base"] if at % 2 else self.edited(topic["base"])
        linked = self.chance(0.5)
        if not linked or self.chance(0.5):
            text = f"{text} {self.pick(_TOGETHER[self.name])}"
        new = self.in_time(self.work(topic["title"], text), first, timedelta(0))
        return replace(
            new,
            people=first.people,
            institution=first.institution,
            amount=first.amount,
            cofunded_with=frozenset({first.id} if linked else ()),
        )

    # -- smaller steps --------------------------------------------------------------------------

    def edited(self, text: str) -> str:
        parts = _sentences(text)
        parts.pop(int(self.random.integers(1, len(parts))))
        if self.chance(0.5):
            parts[-1], parts[-2] = parts[-2], parts[-1]
        said = " ".join(parts)
        for pattern, other in _CHANGES:
            if self.chance(0.6):
                said = re.sub(pattern, other, said)
        return re.sub(
            r"\b\d{2,4}\b",
            lambda m: (
                str(int(m[0]) + int(self.random.integers(1, 9))) if self.chance(0.5) else m[0]
            ),
            said,
        )

    def in_time(self, new: Work, first: Work, shift: timedelta) -> Work:
        if first.starts_on is None or first.ends_on is None:
            return new
        return replace(new, starts_on=first.starts_on + shift, ends_on=first.ends_on + shift)

    def with_gaps(self, work: Work) -> Work:
        """A third of works lack some of what is beside the text."""
        if self.chance(0.12):
            work = replace(work, people=())
        if self.chance(0.12):
            work = replace(work, amount=None)
        if self.chance(0.12):
            work = replace(work, starts_on=None, ends_on=None)
        return work

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def pick(self, some: Any) -> str:
        return str(some[int(self.random.integers(len(some)))])


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!])\s+", text.strip()) if part]


def _initials(one: Someone) -> Someone:
    first, _, last = one.name.partition(" ")
    return replace(one, name=f"{first[0]}. {last}")


def _span(work: Work) -> timedelta:
    if work.starts_on is None or work.ends_on is None:
        return timedelta(365)
    return work.ends_on - work.starts_on
