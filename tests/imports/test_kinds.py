"""Commitments and proposals, what repeats, and what every record keeps to."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from funding.exports.cells import safe_cell
from funding.imports.known import Known
from funding.imports.preview import preview
from funding.imports.reading import read_records
from funding.imports.records import BudgetLine, TeamMember
from tests.imports.files import fault_lines, history_csv, only_record, read_history, workbook

KNOWN = Known.from_taxonomy(
    {
        "areas": [
            {
                "id": "interpretability",
                "name": "Interpretability",
                "children": [{"id": "probing", "name": "Representations and probing"}],
            },
            {"id": "evaluations", "name": "Evaluations"},
        ]
    }
)

COMMITMENT = {
    "id": "c1",
    "funder": "northlight",
    "name": "Partner Pool",
    "amount": "1000000",
    "currency": "USD",
    "areas": "interpretability|Evaluations",
    "least_share": "60%",
    "pays_share_only": "yes",
    "regions": "africa|South Asia",
    "risk_tiers": "minimal|Limited",
    "excludes": "larkspur-lab|Copperline, Inc",
    "cap_per_proposal": "50,000",
    "cap_share_of_ask": "0.4",
    "ticket": "100",
    "starts": "2027-01-01",
    "ends": "2028-12-31",
    "releases": "2027:33.3%|2028:66.7%",
    "note": "The board wants partners.",
}

PROPOSAL = {
    "id": "P1",
    "title": "Probing",
    "abstract": "What we will do.",
    "areas": "probing:0.7|evaluations:0.3",
    "ask": "1500",
    "minimum": "900.50",
    "currency": "EUR",
    "institution": "larkspur-lab",
    "lead": "Ada@Larkspur.example",
    "team": "Ada Vale <ada@larkspur.example>|Bo Reed (engineer)",
    "country": "Germany",
    "region": "Europe and Central Asia",
    "risk_tier": "limited",
    "starts": "2027-02-01",
    "ends": "2028-01-31",
    "budget": "Staff:1000|Compute:500",
    "keywords": "probes; sparse codes",
    "score": "81.5",
}


def read_one(kind: Any, base: dict[str, str], **changes: str) -> Any:
    row = base | changes
    cells = ["\t".join(row), "\t".join(row.values())]
    return read_records("\n".join(cells).encode(), kind, known=KNOWN)


def test_a_commitment_is_read_with_all_its_restrictions() -> None:
    record = only_record(read_one("commitments", COMMITMENT))
    assert (record.external_id, record.funder, record.amount) == ("c1", "northlight", 100_000_000)
    assert record.areas == ("interpretability", "evaluations")
    assert (record.least_share, record.pays_share_only) == (0.6, True)
    assert record.regions == ("africa", "south-asia")
    assert record.risk_tiers == ("minimal", "limited")
    assert record.excludes == ("larkspur-lab", "Copperline, Inc")
    assert (record.cap_per_proposal, record.cap_share_of_ask) == (5_000_000, 0.4)
    assert record.ticket == 10_000
    assert (record.starts, record.ends) == (
        datetime.date(2027, 1, 1),
        datetime.date(2028, 12, 31),
    )
    assert record.releases == ((2027, 33_300_000), (2028, 66_700_000))


def test_blank_restrictions_restrict_nothing() -> None:
    data = b"funder,amount,currency,areas,regions,cap\nA,5,USD,,,\n"
    record = only_record(read_records(data, "commitments", known=KNOWN))
    assert (record.areas, record.regions, record.risk_tiers) == (None, None, None)
    assert (record.cap_per_proposal, record.cap_share_of_ask, record.ticket) == (None, 1.0, 0)


@pytest.mark.parametrize("amount", ["10.01", "0.01", "99999.99", "7"])
def test_releases_sum_to_the_amount_to_the_cent(amount: str) -> None:
    releases = "2027:33.3%|2028:33.3%|2029:33.4%"
    changes = {"amount": amount, "releases": releases, "ticket": "0", "cap_per_proposal": ""}
    record = only_record(read_one("commitments", COMMITMENT, **changes))
    assert sum(part for _, part in record.releases) == record.amount


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"amount": "0"}, 'row 2, amount: "0": must be more than 0'),
        ({"amount": ""}, "row 2, amount: is missing"),
        ({"amount": "n/a"}, "row 2, amount: is missing"),
        ({"funder": ""}, "row 2, funder: is missing"),
        ({"areas": "alchemy"}, 'row 2, areas: "alchemy": there is no area "alchemy" in this round'),
        ({"least_share": "1.5"}, 'row 2, least_share: "1.5": must be a share between 0 and 1'),
        ({"pays_share_only": "perhaps"}, 'row 2, pays_share_only: "perhaps": must be yes or no'),
        ({"regions": "atlantis"}, 'row 2, regions: "atlantis": there is no region "atlantis"'),
        ({"risk_tiers": "mild"}, 'row 2, risk_tiers: "mild": there is no risk tier "mild"'),
        ({"cap_per_proposal": "0"}, 'row 2, cap_per_proposal: "0": must be more than 0'),
        ({"ticket": "-1"}, 'row 2, ticket: "-1": must not be negative'),
        (
            {"ticket": "60000"},
            'row 2, ticket: "60000": must not be more than the most to one proposal, 50,000.00 USD',
        ),
        (
            {"ends": "2026-12-31"},
            'row 2, ends: "2026-12-31": must not be before the start, 2027-01-01',
        ),
        ({"releases": "2027:60%"}, 'row 2, releases: "2027:60%": percentages must sum to 100'),
        ({"releases": "2027:5"}, 'row 2, releases: "2027:5": must sum to the amount'),
        ({"releases": "soon"}, 'row 2, releases: "soon": write a year and its share'),
        (
            {"releases": "2028:50%|2027:50%"},
            'row 2, releases: "2028:50%|2027:50%": years must follow one another',
        ),
    ],
)
def test_a_bad_commitment_is_refused_by_name(changes: dict[str, str], line: str) -> None:
    reading = read_one("commitments", COMMITMENT, **changes)
    (found,) = fault_lines(reading)
    assert found.startswith(line)
    assert not reading.entries


def test_a_proposal_is_read_from_one_flat_row() -> None:
    record = only_record(read_one("proposals", PROPOSAL))
    assert record.areas == (("probing", 0.7), ("evaluations", 0.3))
    assert (record.ask, record.minimum, record.currency) == (150_000, 90_050, "EUR")
    assert record.lead == "ada@larkspur.example"
    assert record.team == (
        TeamMember("Ada Vale", email="ada@larkspur.example"),
        TeamMember("Bo Reed", role="engineer"),
    )
    assert (record.country, record.region, record.risk_tier) == (
        "DE",
        "europe-central-asia",
        "limited",
    )
    assert record.budget == (BudgetLine("Staff", 100_000), BudgetLine("Compute", 50_000))
    assert record.keywords == ("probes", "sparse codes")
    assert record.score == 81.5


def test_a_proposal_in_json_is_the_same_record_as_in_csv_and_xlsx() -> None:
    nested = PROPOSAL | {
        "areas": {"probing": 0.7, "evaluations": 0.3},
        "ask": 1500,
        "minimum": 900.5,
        "team": [
            {"name": "Ada Vale", "email": "ada@larkspur.example"},
            {"name": "Bo Reed", "role": "engineer"},
        ],
        "budget": [{"line": "Staff", "amount": 1000}, {"line": "Compute", "amount": 500}],
        "keywords": ["probes", "sparse codes"],
        "score": 81.5,
    }
    flat = only_record(read_one("proposals", PROPOSAL))
    for content in ([nested], {"proposals": [nested]}):
        data = json.dumps(content).encode()
        record = only_record(read_records(data, "proposals", known=KNOWN))
        assert record.fingerprint() == flat.fingerprint()
    book = workbook([list(PROPOSAL), list(PROPOSAL.values())])
    record = only_record(read_records(book, "proposals", known=KNOWN))
    assert record.fingerprint() == flat.fingerprint()


def test_areas_without_weights_share_equally_and_percentages_will_do() -> None:
    equal = only_record(read_one("proposals", PROPOSAL, areas="probing|evaluations"))
    assert equal.areas == (("probing", 0.5), ("evaluations", 0.5))
    for areas in ("probing:70%|evaluations:30%", "Evaluations:30, probing:70"):
        record = only_record(read_one("proposals", PROPOSAL, areas=areas))
        assert dict(record.areas) == {"probing": 0.7, "evaluations": 0.3}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"title": ""}, "row 2, title: is missing"),
        ({"areas": ""}, "row 2, areas: is missing"),
        ({"areas": "probing:0.7|evaluations:0.2"}, "weights must sum to 1; these sum to 0.9"),
        ({"areas": "probing:0.7|evaluations"}, "give every area a weight"),
        ({"areas": "probing:0.5|Representations and probing:0.5"}, "names an area twice"),
        ({"areas": "alchemy:1"}, 'there is no area "alchemy" in this round'),
        ({"areas": "probing:-1|evaluations:2"}, "weights must be more than 0"),
        ({"ask": "0"}, "must be more than 0"),
        ({"ask": "NaN"}, "must be an amount in digits"),
        ({"minimum": "1500.01"}, "must not be more than the ask, 1,500.00 EUR"),
        (
            {"budget": "Staff:1000|Compute:499.99"},
            "must sum to the ask, 1,500.00 EUR, not 1,499.99",
        ),
        ({"budget": "Staff:1.005"}, "budget line Staff: at most 2 decimals in EUR"),
        ({"budget": "Staff"}, "every budget line needs a name and an amount"),
        ({"lead": "nobody"}, "must be an e-mail address"),
        ({"team": "<a@b.example>"}, "every member of a team needs a name"),
        ({"team": "A (b) c (d)"}, "write people as Name <address>"),
        ({"country": "Ruritania"}, "is no country of ISO 3166"),
        ({"region": "mars"}, 'there is no region "mars"'),
        ({"risk_tier": "extreme"}, 'there is no risk tier "extreme"'),
        ({"starts": "2027-02-30"}, "there is no such date"),
        ({"score": "101"}, "must be a score between 0 and 100"),
        ({"title": "x" * 501}, "at most 500 characters; this has 501"),
    ],
)
def test_a_bad_proposal_is_refused_by_name(changes: dict[str, str], line: str) -> None:
    reading = read_one("proposals", PROPOSAL, **changes)
    (found,) = fault_lines(reading)
    assert line in found
    assert found.startswith(f"row 2, {next(iter(changes))}: ")
    assert not reading.entries


def test_an_orcid_must_have_its_check_digit() -> None:
    for orcid, is_right in (("0000-0002-1825-0097", True), ("0000-0002-1825-0098", False)):
        proposal = PROPOSAL | {"team": [{"name": "A", "orcid": orcid}]}
        reading = read_records(json.dumps([proposal]).encode(), "proposals", known=KNOWN)
        assert bool(reading.entries) is is_right


def test_json_of_the_wrong_shape_is_faults_and_never_a_crash() -> None:
    for value in ({}, [], [[]], [{}], {"a": []}, 5, True, None, [None], {"a": {"b": 1}}):
        for field in ("areas", "budget", "team", "keywords", "title", "ask", "starts", "lead"):
            proposal = PROPOSAL | {field: value}
            reading = read_records(json.dumps([proposal]).encode(), "proposals", known=KNOWN)
            assert reading.rows_read == 1
            assert len(reading.entries) + reading.rows_refused == 1


def test_two_proposals_cannot_have_one_identifier() -> None:
    rows = ["\t".join(PROPOSAL), *["\t".join(PROPOSAL.values())] * 2]
    reading = read_records("\n".join(rows).encode(), "proposals", known=KNOWN)
    assert fault_lines(reading) == ['row 3, external_id: "P1": is already the identifier of row 2']


def test_the_same_file_twice_has_the_same_fingerprints() -> None:
    rows = ("A,B,1,USD,2020", "A,C,2,USD,2020-05-01")
    first, second = (
        [record.fingerprint() for record in read_history(*rows).records] for _ in range(2)
    )
    assert first == second
    assert len(set(first)) == 2


def test_two_identical_rows_are_two_grants() -> None:
    reading = read_history("A,B,1,USD,2020", "A,B,1,USD,2020", "A,B,2,USD,2020")
    assert [record.occurrence for record in reading.records] == [1, 2, 1]
    assert len({record.fingerprint() for record in reading.records}) == 3


def test_one_grant_has_one_fingerprint_however_it_is_spelled() -> None:
    plain = only_record(read_history("Água Fund,B,1200.50,USD,2020-06-05"))
    other = only_record(
        read_history(
            '"A\u0301gua  Fund", B ,"$1,200.5",usd,5 June 2020',
            headings=("Funding Org:Name,Grantee,Amount Awarded,CCY,Award Date"),
        )
    )
    assert plain.fingerprint() == other.fingerprint()


def test_a_preview_says_what_an_import_would_do() -> None:
    data = history_csv("A,B,1200.5,USD,2020-06", "A,C,x,USD,2020", "A,D,7,JPY,")
    seen = preview(data, "history", filename="grants.csv")
    assert (seen.rows_read, seen.rows_good, seen.rows_refused) == (3, 2, 1)
    assert not seen.is_sound
    assert seen.totals == {"JPY": 7, "USD": 120_050}
    assert seen.sample[0] == (
        2,
        {
            "Funder": "A",
            "Recipient": "B",
            "Amount": "1,200.50 USD",
            "Currency": "USD",
            "Date of award": "2020-06",
            "How exact the date is": "month",
        },
    )
    plain = json.loads(json.dumps(seen.as_dict()))
    assert (plain["read"], plain["good"], plain["refused"]) == (3, 2, 1)
    assert plain["faults"][0]["text"] == (
        'row 3, amount: "x": must be an amount in digits, such as 1200.50'
    )
    assert plain["columns"][0] == {
        "heading": "funder",
        "field": "funder",
        "how": "name",
        "examples": ["A", "A", "A"],
    }


def test_the_preview_of_a_proposal_can_be_read_by_people() -> None:
    data = json.dumps([PROPOSAL]).encode()
    ((_, texts),) = preview(data, "proposals", known=KNOWN).sample
    assert texts["Areas"] == "probing: 0.7; evaluations: 0.3"
    assert texts["Budget"] == "Staff: 1,000.00 EUR; Compute: 500.00 EUR"
    assert texts["Team"] == "Ada Vale; Bo Reed (engineer)"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", " =1", "\n=1", "＝1+1", "\u00a0=1"]
)
def test_cells_of_exports_are_never_formulas(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_ordinary_cells_stay_as_they_are_and_marked_ones_come_back_unmarked() -> None:
    assert safe_cell("A = B") == "A = B"
    assert safe_cell(None) == ""
    row = f"A,{safe_cell('-Lab-')},1,USD,2020"
    assert only_record(read_history(row)).recipient == "-Lab-"
