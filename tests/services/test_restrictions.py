"""Restrictions of commitments: the sentence that says them back, the count of what they reach."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from funding.models import Area, Taxonomy
from funding.permissions import Actor
from funding.services.rates import Rate
from funding.services.restrictions import Terms, any_of, may_pay, open_proposals, reach, sentence
from optimizer import problem as optimizer
from optimizer.pairs import in_order, pairs_of, refusal
from tests.builders import (
    make_commitment,
    make_organisation,
    make_person,
    make_proposal,
    make_round,
)

AREAS = {
    "interpretability": "Interpretability",
    "evaluations": "Evaluations",
    "policy": "Policy and institutions",
    "security": "Security",
    "law": "AI law",
    "talent": "Talent",
}
TAXONOMY = Taxonomy(
    number=1,
    areas=[
        *(Area(position=n, key=key, name=name) for n, (key, name) in enumerate(AREAS.items())),
        Area(position=9, key="policy-treaties", parent_key="policy", name="Treaties"),
    ],
)
ALL_BUT_NORTH_AMERICA = (
    "africa",
    "south-asia",
    "east-asia-pacific",
    "europe-central-asia",
    "latin-america-caribbean",
    "middle-east-north-africa",
)

SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({}, "May pay for any proposal."),
    ({"cap_share_of_ask": 0.4}, "May pay at most 40% of any proposal."),
    ({"cap_share_of_ask": 0.333}, "May pay at most 33.3% of any proposal."),
    ({"cap_per_proposal": 45_000_00}, "May pay at most USD 45,000 towards any proposal."),
    (
        {"cap_share_of_ask": 0.6, "cap_per_proposal": 550_000_50},
        "May pay at most 60%, and at most USD 550,000.50, of any proposal.",
    ),
    ({"areas": ("interpretability",)}, "May pay for any proposal that is at least half"
     " interpretability."),
    ({"areas": ("interpretability",), "least_share": 0.25}, "May pay for any proposal that is at"
     " least a quarter interpretability."),
    ({"areas": ("interpretability",), "least_share": 0.75}, "May pay for any proposal that is at"
     " least three quarters interpretability."),
    ({"areas": ("law",), "least_share": 0.6}, "May pay for any proposal that is at least 60% AI"
     " law."),
    ({"areas": ("security",), "least_share": 1.0}, "May pay for any proposal that is wholly"
     " security."),
    ({"areas": ("interpretability", "security")}, "May pay for any proposal that is at least half"
     " interpretability or security (together)."),
    ({"areas": ("policy", "security")}, "May pay for any proposal that is at least half policy and"
     " institutions, or security (together)."),
    ({"areas": ("policy", "security", "law"), "least_share": 0.4}, "May pay for any proposal that"
     " is at least 40% policy and institutions, security, or AI law (together)."),
    ({"areas": ("security", "law", "talent"), "least_share": 1.0}, "May pay for any proposal that"
     " is wholly security, AI law or talent (together)."),
    ({"areas": ("evaluations", "policy", "security", "law", "talent")}, "May pay for any proposal"
     " that is at least half in areas other than interpretability."),
    ({"areas": ("policy", "security", "law", "talent")}, "May pay for any proposal that is at least"
     " half in areas other than interpretability or evaluations."),
    ({"areas": ("gone",)}, "May pay for any proposal that is at least half gone."),
    ({"areas": ()}, "May pay for any proposal in no area at all."),
    ({"regions": ("africa",)}, "May pay for any proposal in Sub-Saharan Africa."),
    ({"regions": ("africa", "south-asia")}, "May pay for any proposal in Sub-Saharan Africa or"
     " South Asia."),
    ({"regions": ("africa", "europe-central-asia")}, "May pay for any proposal in Sub-Saharan"
     " Africa, or Europe and Central Asia."),
    ({"regions": ALL_BUT_NORTH_AMERICA}, "May pay for any proposal outside North America."),
    ({"regions": ()}, "May pay for any proposal in no region at all."),
    ({"risk_tiers": ("minimal",)}, "May pay for any proposal of minimal risk."),
    ({"risk_tiers": ("minimal", "limited", "high")}, "May pay for any proposal of minimal, limited"
     " or high risk."),
    ({"ticket": 10_000_00}, "May pay for any proposal. Gives a proposal nothing, or at least"
     " USD 10,000."),
    ({"excluded": {1: "Larkspur Lab"}}, "May pay for any proposal. Never pays Larkspur Lab."),
    ({"excluded": {2: "Saltmarsh", 1: "Arts and Sciences"}}, "May pay for any proposal. Never pays"
     " Arts and Sciences, or Saltmarsh."),
    ({"areas": ("security",), "pays_share_only": True}, "May pay for any proposal that is at least"
     " half security. Pays only for the share of the work that lies in this area."),
    ({"pays_share_only": True}, "May pay for any proposal."),
    ({"areas": ("interpretability",), "regions": ("africa", "south-asia"),
      "cap_share_of_ask": 0.4}, "May pay at most 40% of any proposal that is at least half"
     " interpretability, in Sub-Saharan Africa or South Asia."),
    ({"currency": "JPY", "amount": 9_000_000, "areas": ("security", "law"), "least_share": 0.6,
      "pays_share_only": True, "regions": ("africa",), "risk_tiers": ("minimal", "limited"),
      "cap_share_of_ask": 0.65, "cap_per_proposal": 5_000_000, "ticket": 100_000,
      "excluded": {1: "Saltmarsh"}}, "May pay at most 65%, and at most JPY 5,000,000, of any"
     " proposal that is at least 60% security or AI law (together), in Sub-Saharan Africa, of"
     " minimal or limited risk. Pays only for the share of the work that lies in these areas."
     " Gives a proposal nothing, or at least JPY 100,000. Never pays Saltmarsh."),
]  # fmt: skip


@pytest.mark.parametrize(("clauses", "words"), SENTENCES)
def test_restrictions_are_said_back_in_plain_words(clauses: dict[str, Any], words: str) -> None:
    terms = Terms(**{"amount": 1_000_000_00, "currency": "USD", **clauses})
    assert sentence(terms, TAXONOMY).replace("\N{NO-BREAK SPACE}", " ") == words


def test_a_list_of_none_or_one_needs_no_conjunction() -> None:
    assert [any_of([], "or"), any_of(["a"], "or"), any_of(["a", "b"], "or")] == ["", "a", "a or b"]


def test_a_stored_commitment_and_its_terms_read_the_same(session: Session) -> None:
    round_ = make_round(session)
    commitment = make_commitment(
        session, round_, areas=["evaluations"], regions=["africa"], cap_share_of_ask=0.5
    )
    words = sentence(commitment, round_.taxonomy)
    assert words == sentence(Terms.of(commitment), round_.taxonomy)
    assert "at least half evaluations, in Sub-Saharan Africa" in words


def rate_of(currency: str, worth: str) -> Rate:
    return Rate(currency, "USD", Decimal(worth), date(2026, 10, 30))


def test_tags_below_a_top_area_count_for_it(session: Session) -> None:
    round_ = make_round(session)
    make_proposal(
        session,
        round_,
        areas={"evaluations-capability": 0.3, "evaluations": 0.2, "interpretability": 0.5},
    )
    commitment = make_commitment(session, round_, areas=["evaluations"], least_share=0.5)
    assert reach(session, commitment, round_, rate_of("USD", "1")) == (1, 1, 10_000_00)


def test_a_share_of_three_tenths_written_in_parts_is_three_tenths(session: Session) -> None:
    round_ = make_round(session)
    make_proposal(
        session,
        round_,
        areas={"evaluations-capability": 0.1, "evaluations": 0.2, "interpretability": 0.7},
    )
    commitment = make_commitment(session, round_, areas=["evaluations"], least_share=0.3)
    assert reach(session, commitment, round_, rate_of("USD", "1")).count == 1


def test_drafts_and_withdrawn_proposals_are_not_open(session: Session) -> None:
    round_ = make_round(session)
    make_proposal(session, round_, state="draft")
    make_proposal(session, round_, state="withdrawn")
    make_proposal(session, round_, state="submitted")
    commitment = make_commitment(session, round_)
    assert reach(session, commitment, round_, rate_of("USD", "1"))[:2] == (1, 1)


def test_a_person_in_conflict_does_not_learn_of_the_proposal_by_counting(session: Session) -> None:
    round_ = make_round(session)
    institution = make_organisation(session, "institution")
    make_proposal(session, round_, institution=institution)
    make_proposal(session, round_)
    commitment = make_commitment(session, round_)
    colleague = Actor.of(make_person(session, institution))
    assert reach(session, commitment, round_, rate_of("USD", "1"), colleague)[:2] == (1, 1)


def test_without_a_rate_caps_and_ticket_are_left_out(session: Session) -> None:
    round_ = make_round(session)
    make_proposal(session, round_, ask=1_000_00, minimum=1_000_00)
    terms = Terms(amount=500_000, currency="BHD", ticket=400_000)
    assert reach(session, terms, round_, None).count == 1
    assert reach(session, terms, round_, rate_of("BHD", "2.65")).count == 0


def random_terms(chance: random.Random, institutions: list[int]) -> Terms:
    def some(keys: tuple[str, ...]) -> tuple[str, ...] | None:
        picked = tuple(key for key in keys if chance.random() < 0.5)
        return picked if picked and chance.random() < 0.7 else None

    return Terms(
        amount=chance.choice([3_000_00, 20_000_00, 900_000_00]),
        currency="USD",
        areas=some(("interpretability", "evaluations")),
        least_share=chance.choice([0.1, 0.3, 0.5, 0.7, 0.9, 1.0]),
        pays_share_only=chance.random() < 0.3,
        regions=some(("africa", "south-asia", "north-america")),
        risk_tiers=some(("minimal", "limited", "high")),
        excluded={chance.choice(institutions): "Somebody"} if chance.random() < 0.4 else {},
        cap_per_proposal=chance.choice([None, 2_000_00, 15_000_00]),
        cap_share_of_ask=chance.choice([1.0, 0.29, 0.4]),
        ticket=chance.choice([0, 1_500_00, 6_000_00]),
    )


def test_who_may_be_paid_is_the_optimizers_own_answer(session: Session) -> None:
    chance = random.Random(20261123)
    round_ = make_round(session)
    institutions = [make_organisation(session, "institution") for _ in range(3)]
    shares = [{"evaluations-capability": 0.1, "evaluations": 0.2, "interpretability": 0.7}]
    shares += [{"evaluations": w, "interpretability": round(1 - w, 1)} for w in (0.3, 0.5, 0.9)]
    shares += [{"interpretability": 1.0}, {"evaluations-capability": 1.0}]
    made = [
        make_proposal(
            session,
            round_,
            institution=chance.choice(institutions),
            areas=chance.choice(shares),
            ask=chance.choice([2_000_00, 9_999_99, 40_000_00]),
            minimum=1_00,
            region=chance.choice(["africa", "south-asia", "north-america", None]),
            risk_tier=chance.choice(["minimal", "limited", "high", None]),
        )
        for _ in range(60)
    ]
    seen = open_proposals(session, round_, None)
    proposals = tuple(
        optimizer.Proposal(
            id=f"{place:02}",
            ask=each.ask,
            minimum=1_00,
            merit=0.5,
            areas={key: float(share) for key, share in each.areas.items()},
            region=each.region,
            risk_tier=each.risk_tier,
        )
        for place, each in enumerate(seen)
    )
    areas = (optimizer.Area("evaluations"), optimizer.Area("interpretability"))
    assert len(seen) == len(made)
    reached = 0
    for _ in range(150):
        terms = random_terms(chance, [org.id for org in institutions])
        stated = optimizer.Commitment(
            id="c",
            funder="f",
            amount=terms.amount,
            areas=terms.areas,
            least_share=terms.least_share,
            pays_share_only=terms.pays_share_only,
            regions=terms.regions,
            risk_tiers=terms.risk_tiers,
            excludes=tuple(
                proposals[place].id
                for place, each in enumerate(seen)
                if each.institution_id in terms.excluded
            ),
            cap_per_proposal=terms.cap_per_proposal,
            cap_share_of_ask=terms.cap_share_of_ask,
            ticket=terms.ticket,
        )
        ours = [may_pay(terms, each, rate_of("USD", "1")) for each in seen]
        assert ours == [refusal(stated, proposal) is None for proposal in proposals], terms
        pairs = pairs_of(in_order(optimizer.Problem("USD", (stated,), proposals, areas=areas)))
        assert ours == (pairs.cap[0] > 0).tolist(), terms
        reached += sum(ours)
    assert 500 < reached < 8500, "the cases must be neither all refused nor all allowed"
