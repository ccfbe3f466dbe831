"""The fields of each kind of import: what they are called here and in other people's files.

Names and aliases are compared after `headings.normal`, so case, punctuation, the index in
`Recipient Org:0:Name` and British or American spelling make no difference. The first alias that
a file has wins. `stand_ins` are columns that fill in, cell by cell, where the field's own is blank.
"""

from __future__ import annotations

from dataclasses import dataclass

HISTORY, COMMITMENTS, PROPOSALS = "history", "commitments", "proposals"


@dataclass(frozen=True)
class Field:
    """One field of a kind. `is_money`: its heading may name a currency (`amount_usd`)."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    is_required: bool = False
    is_money: bool = False
    stand_ins: tuple[str, ...] = ()


_CURRENCY = Field("currency", "Currency", ("currency code", "ccy", "currency of award"))

_HISTORY = (
    Field(
        "funder",
        "Funder",
        (
            "funding org name",
            "funding organisation name",
            "funding organisation",
            "funding org",
            "funder name",
            "donor",
            "donor name",
            "grantmaker",
            "grant maker",
            "grant-making organisation",
            "foundation",
            "funded by",
            "funding body",
            "funding agency",
            "funding source",
            "fund",
            "awarding body",
            "giver",
        ),
        is_required=True,
    ),
    Field(
        "recipient",
        "Recipient",
        (
            "recipient org name",
            "recipient organisation name",
            "recipient organisation",
            "recipient org",
            "recipient name",
            "grantee",
            "grantee name",
            "grantee organisation",
            "grant recipient",
            "donee",
            "awardee",
            "beneficiary",
            "beneficiary name",
            "awarded to",
            "paid to",
            "payee",
            "organisation name",
            "organisation",
            "charity",
            "charity name",
            "institution",
            "lead organisation",
        ),
        is_required=True,
        stand_ins=("recipient individual name", "recipient ind name"),
    ),
    Field(
        "amount",
        "Amount",
        (
            "amount awarded",
            "award amount",
            "awarded amount",
            "grant amount",
            "amount granted",
            "amount of grant",
            "grant value",
            "award value",
            "total amount awarded",
            "total awarded",
            "total amount",
            "grant size",
            "funding amount",
            "amount donated",
            "donation amount",
            "value",
        ),
        is_required=True,
        is_money=True,
    ),
    _CURRENCY,
    Field(
        "awarded_on",
        "Date of award",
        (
            "date",
            "award date",
            "date awarded",
            "date of award",
            "awarded on",
            "grant date",
            "date of grant",
            "decision date",
            "date approved",
            "approval date",
            "date of approval",
            "approved on",
            "donation date",
            "date announced",
            "award year",
            "year awarded",
            "year of award",
            "grant year",
            "year",
            "financial year",
        ),
    ),
    Field("date_precision", "How exact the date is", ("precision", "date accuracy")),
    Field(
        "area",
        "Area",
        (
            "cause area",
            "cause",
            "focus area",
            "program area",
            "grant programme title",
            "grant programme",
            "programme",
            "programme name",
            "classification title",
            "classifications title",
            "topic",
            "theme",
            "subject",
            "sector",
            "category",
            "field of work",
            "fund area",
        ),
    ),
    Field(
        "purpose",
        "Purpose",
        (
            "description",
            "grant purpose",
            "purpose of grant",
            "grant description",
            "project description",
            "summary",
            "abstract",
            "use of funds",
            "details",
        ),
    ),
    Field(
        "source_url",
        "Source address",
        ("data source", "source address", "source link", "reference url", "web address"),
        stand_ins=("url", "link", "website", "web page"),
    ),
    Field(
        "external_id",
        "Identifier",
        (
            "id",
            "identifier",
            "grant id",
            "grant identifier",
            "award id",
            "grant number",
            "grant reference",
            "grant ref",
            "reference",
            "reference number",
            "award number",
        ),
    ),
    Field("title", "Title", ("grant title", "award title", "project title", "project name")),
    Field("round", "Round", ("funding round", "grant round", "award round", "call")),
    Field(
        "funder_ref",
        "Funder's register number",
        ("funding org identifier", "funding org id", "funder identifier", "funder ror"),
    ),
    Field(
        "recipient_ref",
        "Recipient's register number",
        ("recipient org identifier", "recipient org id", "recipient identifier", "recipient ror"),
    ),
)

_COMMITMENTS = (
    Field("external_id", "Identifier", ("id", "identifier", "commitment id", "reference")),
    Field(
        "funder",
        "Funder",
        ("funder id", "funder name", "funding org name", "funding organisation", "donor"),
        is_required=True,
    ),
    Field("name", "Name", ("commitment", "commitment name", "title", "fund", "programme")),
    Field(
        "amount",
        "Amount",
        ("amount committed", "committed amount", "committed", "budget", "total amount", "value"),
        is_required=True,
        is_money=True,
    ),
    _CURRENCY,
    Field("areas", "Areas", ("area", "only areas", "cause areas", "focus areas")),
    Field("least_share", "Least share in its areas", ("least share in areas", "minimum share")),
    Field("pays_share_only", "Pays only the share in its areas", ("pays share", "share only")),
    Field("regions", "Regions", ("region", "only regions")),
    Field("risk_tiers", "Risk tiers", ("risk tier", "only risk tiers", "tiers")),
    Field(
        "excludes",
        "Excluded institutions",
        ("excluded", "excluded applicants", "exclusions", "excluded institutions"),
    ),
    Field(
        "cap_per_proposal",
        "Most to one proposal",
        ("cap", "maximum per proposal", "maximum grant", "largest grant"),
        is_money=True,
    ),
    Field(
        "cap_share_of_ask",
        "Most of one ask",
        ("cap share", "maximum share of ask", "largest share of ask", "share of ask"),
    ),
    Field(
        "ticket",
        "Smallest ticket",
        ("minimum ticket", "minimum grant", "smallest grant", "least grant"),
        is_money=True,
    ),
    Field("match_ratio", "Matches others, so many for 1", ("match", "matching", "matches")),
    Field("match_up_to", "Matches at most", ("match cap", "matches up to"), is_money=True),
    Field(
        "only_if_funders",
        "Only with so many other funders",
        ("other funders", "least other funders", "co-funders needed"),
    ),
    Field("only_if_least", "Each of them at least", ("each at least",), is_money=True),
    Field("only_if_total", "Only if a proposal gets", ("proposal total",), is_money=True),
    Field("joins_if_funders", "Joins with so many other funders", ("funders in the round",)),
    Field("joins_if_least", "Each of these at least", (), is_money=True),
    Field("joins_if_total", "Joins if the round gives", ("round total",), is_money=True),
    Field("starts", "Starts", ("start", "start date", "from", "available from", "valid from")),
    Field("ends", "Ends", ("end", "end date", "until", "to", "available until", "valid until")),
    Field("releases", "Released by year", ("release", "release schedule", "schedule")),
    Field(
        "promised",
        "Owed to earlier awards by year",
        ("earlier awards", "earlier promises", "already promised", "owed to earlier awards"),
    ),
    Field("note", "Note", ("notes", "comment", "comments", "remarks", "description")),
)

_PROPOSALS = (
    Field("external_id", "Identifier", ("id", "identifier", "proposal id", "reference")),
    Field(
        "title",
        "Title",
        ("proposal title", "project title", "project name", "project", "proposal"),
        is_required=True,
    ),
    Field(
        "abstract",
        "Abstract",
        ("summary", "description", "project summary", "project description"),
    ),
    Field(
        "areas",
        "Areas",
        ("area", "cause area", "tags", "area tags", "topics", "focus areas"),
        is_required=True,
    ),
    Field(
        "ask",
        "Ask",
        (
            "amount", "amount requested", "requested amount", "amount applied for", "requested",
            "amount sought", "request", "total budget", "total cost",
        ),
        is_required=True,
        is_money=True,
    ),
    Field(
        "minimum",
        "Least viable amount",
        ("least viable amount", "minimum amount", "least amount", "minimum viable amount"),
        is_money=True,
    ),
    _CURRENCY,
    Field(
        "institution",
        "Institution",
        (
            "organisation", "organisation name", "applicant", "applicant organisation",
            "recipient org name", "recipient organisation", "university", "host institution",
            "applicant institution",
        ),
        is_required=True,
    ),
    Field(
        "lead",
        "Lead's e-mail",
        ("lead email", "email", "e-mail", "contact email", "principal investigator email"),
    ),
    Field("team", "Team", ("team members", "people", "investigators", "co-applicants")),
    Field("country", "Country", ("country code", "recipient org country", "nation")),
    Field("region", "Region", ("world region", "world bank region")),
    Field("risk_tier", "Risk tier", ("risk", "tier", "risk class", "risk level")),
    Field("starts", "Starts", ("start", "start date", "planned dates start date", "from")),
    Field("ends", "Ends", ("end", "end date", "planned dates end date", "until")),
    Field("budget", "Budget", ("budget lines", "budget breakdown", "costs")),
    Field(
        "years",
        "Ask by year",
        ("by year", "yearly budget", "budget by year", "amount by year", "needed by year"),
    ),
    Field("keywords", "Keywords", ("key words", "keyword")),
    Field("score", "Score", ("merit", "merit score", "mean score", "review score", "rating")),
)  # fmt: skip

FIELDS: dict[str, tuple[Field, ...]] = {
    HISTORY: _HISTORY,
    COMMITMENTS: _COMMITMENTS,
    PROPOSALS: _PROPOSALS,
}
