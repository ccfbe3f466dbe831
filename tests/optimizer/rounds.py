"""Rounds to test with: made at random from a seed, every feature of the format on or off.

`random_round` gives a document as FORMAT has it, not a `Problem`, so that reading is tested too.
The same arguments give the same round.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]

FEATURES = (
    "areas",
    "least_share",
    "pays_share_only",
    "regions",
    "risk_tiers",
    "excludes",
    "cap_per_proposal",
    "cap_share_of_ask",
    "ticket",
    "weights",
    "alone",
    "leave",
    "at_least",
    "minimum",
    "steps",
    "spent",
    "floor",
    "area_cap",
    "overlaps",
    "lock_line",
    "lock_total",
    "lock_in",
    "lock_out",
    "max_cofunders",
    "agreement_cost",
    "institution_share",
    "region_least",
    "risk_most",
    "round_to",
    "coarse_merit",
)

TERMS = ("releases", "promised", "budget", "match", "only_if", "joins_if", "paid_before")
"""Of version 2; a round with none of them is one of version 1."""

REGIONS = ("Africa", "Asia", "Europe", "Oceania")
TIERS = ("minimal", "limited", "high")

# smallest and largest ask in minor units, by the name of a scale
SCALES = {"tiny": (1, 5), "small": (8, 400), "real": (1_500_000, 80_000_000)}


def random_round(
    seed: int,
    *,
    commitments: int,
    proposals: int,
    features: Collection[str] = FEATURES,
    scale: str = "small",
    areas: int | None = None,
    scarcity: float | None = None,
) -> Document:
    """A round with these features, each used by some of its entries.

    `scarcity` is the money there is over the money asked for.
    """
    rng = random.Random(f"{seed}/{commitments}/{proposals}/{sorted(features)}/{scale}")
    return _Maker(rng, frozenset(features), scale).round(
        commitments, proposals, areas or rng.randint(1, 4), scarcity or rng.choice([0.2, 0.5, 1.2])
    )


def any_features(seed: int, among: Collection[str] = FEATURES) -> list[str]:
    """Some of the features, a different choice for each seed."""
    rng = random.Random(f"features {seed}")
    share = rng.choice([0.1, 0.25, 0.5])
    return [feature for feature in among if rng.random() < share]


@st.composite
def small_rounds(
    draw: st.DrawFn, scale: str = "small", features: Collection[str] = FEATURES
) -> Document:
    """Small rounds for hypothesis; shrinks towards few entries and few features."""
    return random_round(
        draw(st.integers(0, 2**32)),
        commitments=draw(st.integers(0, 4)),
        proposals=draw(st.integers(0, 6)),
        features=draw(st.sets(st.sampled_from(sorted(features)))) if features else (),
        scale=scale,
    )


class _Maker:
    def __init__(self, rng: random.Random, features: frozenset[str], scale: str) -> None:
        self.rng = rng
        self.features = features
        self.least, self.most = SCALES[scale]

    def chance(self, feature: str, probability: float = 0.5) -> bool:
        return feature in self.features and self.rng.random() < probability

    def some(self, names: Collection[str], at_least: int = 1) -> list[str]:
        names = list(names)
        return self.rng.sample(names, self.rng.randint(min(at_least, len(names)), len(names)))

    def round(self, commitments: int, proposals: int, areas: int, scarcity: float) -> Document:
        rng = self.rng
        area_ids = [f"a{k}" for k in range(areas)]
        rows = [self.proposal(f"p{j}", area_ids, proposals) for j in range(proposals)]
        asked = sum(row["ask"] for row in rows) or self.most
        ids = [row["id"] for row in rows]
        funder_ids = [f"f{i}" for i in range(max(1, math.ceil(commitments * 0.8)))]
        shares = [rng.lognormvariate(0, 0.7) for _ in range(commitments)]
        money = [max(1, round(scarcity * asked * share / sum(shares))) for share in shares]
        document: Document = {
            "format": f"tributary-round/{2 if self.features & set(TERMS) else 1}",
            "currency": "USD",
            "commitments": [
                self.commitment(f"c{i}", rng.choice(funder_ids), money[i], area_ids, ids)
                for i in range(commitments)
            ],
            "funders": [self.funder(id_, area_ids, asked, scarcity) for id_ in funder_ids],
            "proposals": rows,
            "areas": [self.area(id_, round(asked / areas)) for id_ in area_ids],
            "policy": self.policy(),
        }
        if "overlaps" in self.features and proposals > 1:
            document["overlaps"] = [
                {"proposals": rng.sample(ids, 2), "degree": rng.choice([0.25, 0.6, 1, 0.9])}
                for _ in range(rng.randint(1, max(1, proposals // 4)))
            ]
        document["locks"] = self.locks(document)
        return document

    def ask(self) -> int:
        if self.most < 10:
            return self.rng.randint(self.least, self.most)
        middle = math.sqrt(self.least * self.most)
        ask = round(self.rng.lognormvariate(math.log(middle), 0.8))
        ask = min(max(ask, self.least), self.most)
        return ask if ask < 10_000 or self.rng.random() < 0.2 else ask // 10_000 * 10_000

    def proposal(self, id_: str, areas: list[str], proposals: int) -> Document:
        rng, ask = self.rng, self.ask()
        digits = 1 if "coarse_merit" in self.features else 6
        row: Document = {
            "id": id_,
            "ask": ask,
            "merit": round(rng.betavariate(4, 2), digits),
            "areas": self.tags(areas),
            "region": rng.choice([*REGIONS, None]),
            "risk_tier": rng.choice(TIERS),
        }
        if rng.random() < 0.9:
            row["institution"] = f"i{rng.randrange(max(1, proposals // 3))}"
        if self.chance("minimum", 0.7):
            row["minimum"] = max(1, math.ceil(ask * rng.choice([0.01, 0.4, 0.7])))
        if self.chance("budget", 0.8):
            row["budget"] = self.by_year(ask)
        if self.chance("paid_before"):
            row["paid_before"] = max(1, ask // rng.choice([2, 10, 50]))
        return row

    def tags(self, areas: list[str]) -> dict[str, float]:
        chosen = self.rng.sample(areas, self.rng.randint(1, min(3, len(areas))))
        if len(chosen) == 3 and self.rng.random() < 0.2:
            return dict.fromkeys(chosen, 1 / 3)
        cuts = sorted(self.rng.randint(0, 100) for _ in chosen[1:])
        ends = [*cuts, 100]
        return {
            a: (end - start) / 100 for a, start, end in zip(chosen, [0, *cuts], ends, strict=True)
        }

    def commitment(
        self, id_: str, funder: str, amount: int, areas: list[str], proposals: list[str]
    ) -> Document:
        rng = self.rng
        row: Document = {"id": id_, "funder": funder, "amount": amount}
        if self.chance("areas", 0.6):
            row["areas"] = self.some(areas)
            if self.chance("least_share"):
                row["least_share"] = rng.choice([0, 0.01, 0.3, 0.8, 1])
            if self.chance("pays_share_only"):
                row["pays_share_only"] = True
        if self.chance("regions", 0.4):
            row["regions"] = self.some(REGIONS, 2)
        if self.chance("risk_tiers", 0.4):
            row["risk_tiers"] = self.some(TIERS, 2)
        if self.chance("excludes") and proposals:
            row["excludes"] = rng.sample(proposals, min(len(proposals), rng.randint(1, 2)))
        if self.chance("cap_per_proposal"):
            row["cap_per_proposal"] = self.ask()
        if self.chance("cap_share_of_ask"):
            row["cap_share_of_ask"] = rng.choice([0.29, 0.4, 0.5, 0.75])
        if self.chance("ticket"):
            row["ticket"] = max(1, round(self.ask() * rng.choice([0.2, 0.5, 1])))
        return row | self.terms(row["amount"])

    def terms(self, amount: int) -> Document:
        """Years and conditions of a commitment."""
        rng = self.rng
        row: Document = {}
        if self.chance("releases", 0.7):
            row["releases"] = self.by_year(amount)
        if self.chance("promised", 0.4):
            row["promised"] = [{"year": 2029, "amount": amount // rng.choice([3, 6])}]
        if self.chance("match", 0.6):
            row["match"] = {"ratio": rng.choice([0.5, 1, 1, 2.5])}
            if rng.random() < 0.4:
                row["match"]["up_to"] = self.ask()
        for key, most in (("only_if", self.most), ("joins_if", 3 * self.most)):
            if self.chance(key, 0.6):
                row[key] = rng.choice(
                    [
                        {"funders": 1},
                        {"funders": 2},
                        {"total": rng.randint(1, most)},
                        {"funders": 1, "total": rng.randint(1, most)},
                        {"funders": 1, "least": max(1, self.ask() // 3)},
                    ]
                )
        return row

    def by_year(self, amount: int) -> list[Document]:
        """An amount over some of three years."""
        chosen = sorted(self.rng.sample([2027, 2028, 2029], self.rng.randint(1, 3)))
        ends = sorted(self.rng.randint(0, amount) for _ in chosen[1:])
        parts = zip(chosen, [0, *ends], [*ends, amount], strict=True)
        return [{"year": y, "amount": end - start} for y, start, end in parts]

    def funder(self, id_: str, areas: list[str], asked: int, scarcity: float) -> Document:
        rng = self.rng
        row: Document = {"id": id_}
        if self.chance("weights", 0.7):
            row["weights"] = {a: rng.choice([0, 0.2, 0.5, 1.5, 3]) for a in self.some(areas)}
        if self.chance("alone"):
            row["guarantee"] = "alone"
        elif self.chance("leave"):
            row["guarantee"] = "leave"
        if self.chance("at_least", 0.3):
            row["at_least"] = round(min(1, scarcity) * asked * rng.choice([0.05, 0.2]), 2)
        return row

    def area(self, id_: str, typical: int) -> Document:
        rng = self.rng
        row: Document = {"id": id_}
        if self.chance("steps", 0.8):
            weights = sorted(round(rng.uniform(0, 1), 2) for _ in range(rng.randint(1, 3)))
            row["steps"] = [
                {"width": round(typical * rng.choice([0, 0.1, 0.3, 0.6])), "weight": weight}
                for weight in reversed(weights)
            ]
        if self.chance("spent"):
            row["spent"] = round(typical * rng.uniform(0, 0.7))
        if self.chance("floor"):
            row["floor"] = round(typical * rng.choice([0.1, 0.3, 1]))
        if self.chance("area_cap"):
            row["cap"] = round(typical * rng.choice([0.2, 0.5, 1]))
        return row

    def policy(self) -> Document:
        rng = self.rng
        row: Document = {}
        if "overlaps" in self.features and rng.random() < 0.5:
            row["overlap_weight"] = rng.choice([0, 0.5, 2.5])
        if "floor" in self.features and rng.random() < 0.5:
            row["floor_penalty"] = rng.choice([0, 0.4, 3])
        if "max_cofunders" in self.features:
            row["max_cofunders"] = rng.randint(1, 3)
        if "agreement_cost" in self.features:
            row["agreement_cost"] = max(1, round(self.least * rng.choice([0.1, 0.5, 2])))
        if "institution_share" in self.features:
            row["institution_share"] = rng.choice([0.2, 0.33, 0.5])
        if "region_least" in self.features:
            row["region_least"] = {r: rng.choice([0.02, 0.1]) for r in self.some(REGIONS[:2])}
        if "risk_most" in self.features:
            row["risk_most"] = {t: rng.choice([0.1, 0.3, 0.6]) for t in self.some(TIERS)}
        if "round_to" in self.features:
            row["round_to"] = rng.choice([2, 5]) if self.most < 1000 else 100_000
        return row

    def locks(self, document: Document) -> list[Document]:
        rng, rows = self.rng, list(document["proposals"])
        rng.shuffle(rows)
        unit = document["policy"].get("round_to", 1)
        locks: list[Document] = []
        for feature in ("lock_line", "lock_total", "lock_in", "lock_out"):
            if feature not in self.features or not rows or rng.random() < 0.3:
                continue
            row = rows.pop()
            amount = rng.choice([0, row.get("minimum", row["ask"]), row["ask"]]) // unit * unit
            lock: Document = {"proposal": row["id"]}
            if feature == "lock_line":
                if not document["commitments"]:
                    continue
                lock["commitment"] = rng.choice(document["commitments"])["id"]
                lock["amount"] = round(amount * rng.choice([0.5, 1])) // unit * unit
            elif feature == "lock_total":
                lock["amount"] = amount
            else:
                lock["funded"] = feature == "lock_in"
            locks.append(lock)
        return locks
