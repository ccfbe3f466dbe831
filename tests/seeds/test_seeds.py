"""The demo round in `seeds/`: the files agree with one another and keep their promises."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import pytest
from stdnum.iso7064 import mod_11_2

from funding.services import demo_reviews

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
REGIONS = {
    "africa",
    "south-asia",
    "east-asia-pacific",
    "europe-central-asia",
    "latin-america-caribbean",
    "middle-east-north-africa",
    "north-america",
}
TIERS = {"minimal", "limited", "high", "prohibited"}
ROUGH_RATES = {"USD": 1.0, "EUR": 1.12, "GBP": 1.34, "JPY": 0.0064, "CHF": 1.22}
COLUMNS = {
    "organisations.csv": "id name kind country region website",
    "people.csv": "email name role organisation",
    "commitments.csv": "id funder name amount currency areas least_share pays_share_only regions "
    "risk_tiers excludes cap_per_proposal cap_share_of_ask ticket match_ratio only_if_funders "
    "only_if_least starts ends releases note",
    "funder_weights.csv": "funder area weight",
    "needs.csv": "area floor cap steps note",
    "overlaps.csv": "first second degree kind note",
    "scores.csv": "proposal reviewer score comment",
    "reviewers.csv": "reviewer most areas expertise",
    "history.csv": "funder recipient amount currency date area purpose",
    "held_grants.csv": "holder funder recipient amount currency date title purpose",
}


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def document(name: str):
    return json.loads((SEEDS / name).read_text(encoding="utf-8"))


def listed(text: str) -> list[str]:
    return text.split("|") if text else []


ORGANISATIONS = {row["id"]: row for row in rows("organisations.csv")}
PEOPLE = rows("people.csv")
AREAS = document("taxonomy.json")["areas"]
TOP = {area["id"] for area in AREAS}
PARENT = {child["id"]: area["id"] for area in AREAS for child in area["children"]}
ROUND = document("round.json")
COMMITMENTS = rows("commitments.csv")
PROPOSALS = {proposal["id"]: proposal for proposal in document("proposals.json")}
OVERLAPS = rows("overlaps.csv")
SCORES = rows("scores.csv")
HISTORY = rows("history.csv")


def likeness(pair: dict[str, str]) -> float:
    """Share of words, in order, that two abstracts have in common."""
    first, second = (PROPOSALS[pair[key]]["abstract"].split() for key in ("first", "second"))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


@pytest.mark.parametrize("name", COLUMNS)
def test_each_table_has_its_columns_and_no_ragged_row(name):
    found = rows(name)
    assert list(found[0]) == COLUMNS[name].split()
    assert all(None not in row and None not in row.values() for row in found)


@pytest.mark.parametrize("name", ["taxonomy.json", "round.json", "proposals.json"])
def test_each_document_is_printed_with_two_spaces(name):
    text = (SEEDS / name).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_the_taxonomy_has_fourteen_areas_of_three_to_five_children_each():
    assert len(TOP) == len(AREAS) == 14
    assert all(3 <= len(area["children"]) <= 5 for area in AREAS)
    assert len(TOP | set(PARENT)) == 14 + sum(len(area["children"]) for area in AREAS)


def test_every_area_is_defined_and_every_top_area_points_to_a_neighbour():
    names = {area["name"].casefold() for area in AREAS}
    names |= {child["name"].casefold() for area in AREAS for child in area["children"]}
    for area in AREAS:
        others = names - {area["name"].casefold()}
        assert any(name in area["definition"].casefold() for name in others), area["id"]
        assert all(child["definition"].endswith(".") for child in area["children"])


def test_everybody_and_every_organisation_is_plainly_fictional():
    assert len(ORGANISATIONS) == len(rows("organisations.csv"))
    assert all(o["website"].endswith(".example") for o in ORGANISATIONS.values())
    assert all(p["email"].endswith(f"@{p['organisation']}.example") for p in PEOPLE)
    assert len({p["email"] for p in PEOPLE}) == len(PEOPLE)


def test_organisations_lie_in_the_seven_regions_and_institutions_in_all_of_them():
    assert {o["region"] for o in ORGANISATIONS.values()} <= REGIONS
    institutions = [o for o in ORGANISATIONS.values() if o["kind"] == "institution"]
    assert {o["region"] for o in institutions} == REGIONS
    by_country = defaultdict(set)
    for organisation in ORGANISATIONS.values():
        by_country[organisation["country"]].add(organisation["region"])
    assert all(len(regions) == 1 for regions in by_country.values())


def test_each_organisation_has_the_people_that_its_kind_needs():
    staff = defaultdict(Counter)
    for person in PEOPLE:
        staff[person["organisation"]][person["role"]] += 1
    assert set(staff) == set(ORGANISATIONS)
    for key, organisation in ORGANISATIONS.items():
        roles = staff[key]
        if organisation["kind"] == "funder":
            assert roles["funder_admin"] == 1
            assert roles["program_officer"] == roles["finance_officer"] == 2
        elif organisation["kind"] == "institution":
            assert roles["researcher"] >= 1
    kinds = Counter(o["kind"] for o in ORGANISATIONS.values())
    assert kinds["funder"] >= 10
    assert (kinds["committee"], kinds["platform"]) == (1, 1)
    assert staff[ROUND["owner"]]["committee"] == 5
    auditors = [p for p in PEOPLE if p["role"] == "auditor"]
    assert sum(ORGANISATIONS[p["organisation"]]["kind"] == "funder" for p in auditors) == 3


def test_the_round_opens_closes_and_decides_in_this_order():
    opens, closes, decides = (
        datetime.fromisoformat(ROUND[key]) for key in ("opens", "closes", "decides")
    )
    assert opens < closes < decides
    assert opens.date() < date(2026, 11, 23) < decides.date()
    assert closes.date() < date(2026, 11, 23)
    assert ORGANISATIONS[ROUND["owner"]]["kind"] == "committee"


def test_choices_are_given_where_a_question_asks_for_one():
    for question in ROUND["questions"]:
        assert question["kind"] in {"text", "choice", "number"}
        assert bool(question["choices"]) == (question["kind"] == "choice")
    assert len({q["key"] for q in ROUND["questions"]}) == len(ROUND["questions"])


def test_applicants_asked_while_the_round_was_open():
    for asked in ROUND["faq"]:
        assert ROUND["opens"][:10] <= asked["asked_on"] <= ROUND["closes"][:10]


def test_policy_shares_name_known_regions_and_tiers():
    policy = ROUND["policy"]
    assert set(policy["region_least"]) <= REGIONS
    assert set(policy["risk_most"]) <= TIERS
    assert sum(policy["region_least"].values()) < 1


def test_commitments_refer_to_what_exists():
    assert len({c["id"] for c in COMMITMENTS}) == len(COMMITMENTS)
    for commitment in COMMITMENTS:
        assert ORGANISATIONS[commitment["funder"]]["kind"] == "funder"
        assert set(listed(commitment["areas"])) <= TOP
        assert set(listed(commitment["regions"])) <= REGIONS
        assert set(listed(commitment["risk_tiers"])) <= TIERS
        for excluded in listed(commitment["excludes"]):
            assert ORGANISATIONS[excluded]["kind"] == "institution"
        assert commitment["pays_share_only"] in {"true", "false"}
        assert 0 < float(commitment["cap_share_of_ask"]) <= 1


def test_one_commitment_matches_others_and_one_waits_for_another_funder():
    (matching,) = (c for c in COMMITMENTS if c["match_ratio"])
    assert 0 < float(matching["match_ratio"]) <= 100
    (waiting,) = (c for c in COMMITMENTS if c["only_if_funders"])
    assert int(waiting["only_if_funders"]) >= 1
    assert Decimal(waiting["only_if_least"]) > 0
    assert matching is not waiting


def test_every_funder_commits_money_and_five_currencies_are_in_use():
    funders = {o["id"] for o in ORGANISATIONS.values() if o["kind"] == "funder"}
    assert {c["funder"] for c in COMMITMENTS} == funders
    assert {c["currency"] for c in COMMITMENTS} == set(ROUGH_RATES)


def test_yen_are_whole_and_tickets_lie_below_amounts():
    for commitment in COMMITMENTS:
        money = [commitment[key] for key in ("amount", "cap_per_proposal", "ticket")]
        amounts = [Decimal(text) for text in money if text]
        assert all(amount == amount.to_integral_value() for amount in amounts)
        assert Decimal(commitment["ticket"]) < Decimal(commitment["amount"])


def test_releases_add_up_and_fall_within_the_commitment():
    for commitment in COMMITMENTS:
        parts = [part.split(":") for part in listed(commitment["releases"])]
        assert sum(Decimal(share.rstrip("%")) for _, share in parts) == 100
        years = [int(year) for year, _ in parts]
        first = date.fromisoformat(commitment["starts"]).year
        assert years == sorted(set(years))
        assert first <= years[0]
        assert years[-1] <= date.fromisoformat(commitment["ends"]).year


def test_asks_are_a_little_more_than_twice_the_money():
    money = sum(float(c["amount"]) * ROUGH_RATES[c["currency"]] for c in COMMITMENTS)
    asked = sum(p["ask"] for p in PROPOSALS.values())
    assert 28e6 <= money <= 32e6
    assert 2.1 <= asked / money <= 2.5


def test_weights_name_funders_and_top_areas_and_differ_from_one():
    found = rows("funder_weights.csv")
    assert len({(w["funder"], w["area"]) for w in found}) == len(found)
    for weight in found:
        assert ORGANISATIONS[weight["funder"]]["kind"] == "funder"
        assert weight["area"] in TOP
        assert float(weight["weight"]) != 1


def test_needs_cover_every_area_with_weights_that_fall():
    needs = rows("needs.csv")
    assert [need["area"] for need in needs] == [area["id"] for area in AREAS]
    for need in needs:
        steps = [step.split(":") for step in listed(need["steps"])]
        assert all(int(width) > 0 for width, _ in steps)
        assert all(float(a) > float(b) for (_, a), (_, b) in pairwise(steps))
        if need["cap"]:
            assert int(need["floor"] or 0) <= int(need["cap"])


def test_no_region_is_promised_more_than_it_asks_for():
    money = sum(float(c["amount"]) * ROUGH_RATES[c["currency"]] for c in COMMITMENTS)
    asked = Counter()
    for proposal in PROPOSALS.values():
        asked[proposal["region"]] += proposal["ask"]
    for region, share in ROUND["policy"]["region_least"].items():
        assert share * money < asked[region]


def test_there_are_120_proposals_numbered_in_order():
    assert list(PROPOSALS) == [f"P{number:03d}" for number in range(1, 121)]
    assert len({p["title"] for p in PROPOSALS.values()}) == 120


@pytest.mark.parametrize("key", PROPOSALS)
def test_a_proposal_agrees_with_itself_and_with_its_institution(key):
    proposal = PROPOSALS[key]
    home = ORGANISATIONS[proposal["institution"]]
    assert home["kind"] == "institution"
    assert (proposal["country"], proposal["region"]) == (home["country"], home["region"])
    lead = next(p for p in PEOPLE if p["email"] == proposal["lead"])
    assert (lead["role"], lead["organisation"]) == ("researcher", proposal["institution"])
    assert proposal["team"][0]["name"] == lead["name"]
    assert 25_000 <= proposal["minimum"] <= proposal["ask"] <= 2_400_000
    assert sum(line["amount"] for line in proposal["budget"]) == proposal["ask"]
    assert all(line["amount"] > 0 for line in proposal["budget"])
    assert 1 <= len(proposal["areas"]) <= 3
    assert set(proposal["areas"]) <= TOP | set(PARENT)
    assert sum(proposal["areas"].values()) == pytest.approx(1)
    assert proposal["risk_tier"] in TIERS
    assert 110 <= len(proposal["abstract"].split()) <= 180
    starts, ends = (date.fromisoformat(proposal[edge]) for edge in ("starts", "ends"))
    assert starts.year == 2027
    assert 6 * 30 <= (ends - starts).days <= 36 * 31
    assert proposal["keywords"]


def test_all_areas_are_asked_for_and_interpretability_most():
    first = Counter()
    for proposal in PROPOSALS.values():
        for tag, weight in proposal["areas"].items():
            first[PARENT.get(tag, tag)] += weight
    assert set(first) == TOP
    assert first.most_common(1)[0][0] == "interpretability"


def test_indirect_costs_keep_to_the_rounds_limit():
    for proposal in PROPOSALS.values():
        indirect = sum(b["amount"] for b in proposal["budget"] if b["line"] == "Indirect costs")
        assert indirect <= 0.15 * (proposal["ask"] - indirect)


def test_nobody_leads_more_than_two_proposals():
    assert max(Counter(p["lead"] for p in PROPOSALS.values()).values()) <= 2


def test_orcids_are_well_formed_each_of_one_person_and_from_the_fictional_range():
    owners = defaultdict(set)
    for proposal in PROPOSALS.values():
        for member in proposal["team"]:
            if "orcid" in member:
                assert mod_11_2.is_valid(member["orcid"].replace("-", ""))
                assert re.match(r"0009-9999-99\d\d-", member["orcid"])
                owners[member["orcid"]].add(member["name"])
    assert owners
    assert all(len(names) == 1 for names in owners.values())


def test_every_proposal_has_two_to_four_scores_by_reviewers_from_elsewhere():
    reviewers = {p["email"]: p["organisation"] for p in PEOPLE if p["role"] == "reviewer"}
    count = Counter(score["proposal"] for score in SCORES)
    assert set(count) == set(PROPOSALS)
    assert all(2 <= number <= 4 for number in count.values())
    assert len({(s["proposal"], s["reviewer"]) for s in SCORES}) == len(SCORES)
    for score in SCORES:
        assert reviewers[score["reviewer"]] != PROPOSALS[score["proposal"]]["institution"]
        assert re.fullmatch(r"\d{1,2}\.\d|100\.0", score["score"])
        assert score["comment"].rstrip().endswith((".", "?", "!"))


def test_marks_of_every_review_come_to_its_score():
    form = document("review_form.json")
    weights = {criterion["key"]: criterion["weight"] for criterion in form["criteria"]}
    for score in SCORES:
        given = float(score["score"])
        marks = demo_reviews.marks_of(score["proposal"], score["reviewer"], given)
        assert marks.keys() == weights.keys()
        assert all(0 <= mark <= 100 and mark == round(mark, 1) for mark in marks.values())
        mean = sum(weights[key] * mark for key, mark in marks.items()) / sum(weights.values())
        assert round(mean, 2) == given


def test_every_reviewer_says_what_they_know_in_areas_that_exist():
    reviewers = {row["reviewer"]: row for row in rows("reviewers.csv")}
    assert reviewers.keys() == {p["email"] for p in PEOPLE if p["role"] == "reviewer"}
    load = Counter(score["reviewer"] for score in SCORES)
    for email, row in reviewers.items():
        assert set(listed(row["areas"])) <= {*TOP, *PARENT}
        assert load[email] <= int(row["most"])


def test_no_comment_is_used_twice():
    assert max(Counter(score["comment"] for score in SCORES).values()) == 1


def test_overlaps_name_each_pair_once_in_order():
    pairs = [(o["first"], o["second"]) for o in OVERLAPS]
    assert all(first < second for first, second in pairs)
    assert len(set(pairs)) == len(pairs)
    assert {key for pair in pairs for key in pair} <= set(PROPOSALS)


def test_overlaps_come_in_every_kind_and_some_form_a_group_of_three():
    kinds = Counter(o["kind"] for o in OVERLAPS)
    assert set(kinds) == {"verbatim", "edited", "paraphrase", "same-idea", "complementary"}
    assert sum(kinds.values()) - kinds["complementary"] >= 12
    assert kinds["complementary"] == 4
    linked = {frozenset((o["first"], o["second"])) for o in OVERLAPS if float(o["degree"])}
    keys = set().union(*linked)
    assert any(
        {frozenset((a, b)), frozenset((b, c)), frozenset((a, c))} <= linked
        for a in keys
        for b in keys
        for c in keys
        if a < b < c
    )


@pytest.mark.parametrize("pair", OVERLAPS, ids=lambda pair: f"{pair['first']}-{pair['second']}")
def test_abstracts_are_as_alike_as_their_overlap_says(pair):
    least, most = {
        "verbatim": (1, 1),
        "edited": (0.7, 0.99),
        "paraphrase": (0, 0.5),
        "same-idea": (0, 0.4),
        "complementary": (0, 0.4),
    }[pair["kind"]]
    assert least <= likeness(pair) <= most
    assert (float(pair["degree"]) == 0) == (pair["kind"] == "complementary")


def test_no_abstract_is_used_twice_beyond_the_pairs_marked_verbatim():
    marked = {(o["first"], o["second"]) for o in OVERLAPS if o["kind"] == "verbatim"}
    by_text = defaultdict(list)
    for key, proposal in PROPOSALS.items():
        by_text[proposal["abstract"]].append(key)
    assert {tuple(keys) for keys in by_text.values() if len(keys) > 1} == marked


def test_history_holds_150_grants_before_the_round_closed_in_known_areas():
    assert len(HISTORY) == 150
    for grant in HISTORY:
        assert date(2023, 1, 1) <= date.fromisoformat(grant["date"])
        assert grant["date"] < ROUND["closes"][:10]
        assert grant["area"] in TOP
        assert Decimal(grant["amount"]) > 0
        if grant["currency"] == "JPY":
            assert "." not in grant["amount"]


def test_interpretability_and_multi_agent_have_received_little_and_policy_much():
    given = Counter()
    for grant in HISTORY:
        rate = ROUGH_RATES.get(grant["currency"], 0.7 if grant["currency"] == "CAD" else 0.1)
        given[grant["area"]] += float(grant["amount"]) * rate
    for poor in ("interpretability", "multi-agent"):
        for rich in ("evaluations", "policy-institutions"):
            assert given[poor] < given[rich] / 4


def test_held_grants_are_of_funders_to_institutions_of_the_round():
    names = {row["name"]: row for row in ORGANISATIONS.values()}
    for row in rows("held_grants.csv"):
        assert ORGANISATIONS[row["holder"]]["kind"] == "funder"
        assert ORGANISATIONS[row["holder"]]["name"] == row["funder"]
        assert names[row["recipient"]]["kind"] == "institution"
        assert 30 <= len(row["purpose"].split()) <= 120
