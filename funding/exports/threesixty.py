"""Awards as a 360Giving package: a map from our terms to the standard's.

Names of fields are the standard's, version 1.4. Nothing about a person is written: awards to
applicants without an institution carry an individual without a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from funding.exports.amounts import plain_amount
from funding.reports.public.payments import PublicPayment
from funding.reports.public.register import PublicAward

VERSION = "1.4"
INDIVIDUAL = "Individual applicant"


@dataclass(frozen=True)
class Publisher:
    """Who publishes: `prefix` as 360Giving registers it, `address` of the site, the licence."""

    prefix: str
    name: str
    address: str
    licence: str


def package(
    awards: Iterable[PublicAward],
    payments: Mapping[int, Sequence[PublicPayment]],
    publisher: Publisher,
    address: Callable[[int], str],
    title_of: Callable[[PublicAward], str],
    modified: datetime,
) -> dict[str, Any]:
    """The package; `title_of` says what stands where a title is withheld."""
    return {
        "version": VERSION,
        "title": f"Awards published by {publisher.name}",
        "license": publisher.licence,
        "publisher": {"name": publisher.name, "website": publisher.address},
        "modified": modified.isoformat(timespec="seconds"),
        "grants": [
            _grant(award, payments.get(award.id, ()), publisher, address(award.id), title_of(award))
            for award in awards
        ],
    }


def _grant(
    award: PublicAward,
    payments: Sequence[PublicPayment],
    publisher: Publisher,
    url: str,
    title: str,
) -> dict[str, Any]:
    currency = award.currency
    grant: dict[str, Any] = {
        "id": f"360G-{publisher.prefix}-{award.id}",
        "title": title,
        "description": award.abstract or title,
        "currency": currency,
        "amountAwarded": plain_amount(award.money.promised, currency),
        "amountDisbursed": plain_amount(award.money.kept, currency),
        "awardDate": award.awarded_on.isoformat(),
        "url": url,
        "fundingOrganization": [
            _organisation(award.funder_key, award.funder, award.funder_ror, publisher.prefix)
        ],
        "grantProgramme": [{"code": award.round_key, "title": award.round_name}],
        "fromOpenCall": "Yes",
        "commitmentTransaction": [
            {
                "id": f"{award.id}-award",
                "transactionDate": award.awarded_on.isoformat(),
                "currency": currency,
                "value": plain_amount(award.money.promised, currency),
            }
        ],
        "dataSource": url,
    }
    if award.recipient_key:
        grant["recipientOrganization"] = [
            _organisation(
                award.recipient_key, award.recipient, award.recipient_ror, publisher.prefix
            )
        ]
    else:
        grant["recipientIndividual"] = {
            "id": f"360G-{publisher.prefix}-individual-{award.id}",
            "name": INDIVIDUAL,
        }
    if award.starts_on and award.ends_on:
        grant["plannedDates"] = [
            {"startDate": award.starts_on.isoformat(), "endDate": award.ends_on.isoformat()}
        ]
    if award.country:
        grant["beneficiaryLocation"] = [{"countryCode": award.country}]
    if award.areas:
        grant["classifications"] = [
            {"vocabulary": publisher.prefix, "code": key, "title": name}
            for key, name, _ in award.areas
        ]
    paid = [_disbursement(payment, currency) for payment in payments if payment.paid_on]
    if paid:
        grant["disbursementTransaction"] = paid
    return grant


def _organisation(key: str, name: str, ror: str, prefix: str) -> dict[str, str]:
    """By its ROR where it has one, else by our own key for it."""
    identifier = f"XI-ROR-{ror.rpartition('/')[2]}" if ror else f"360G-{prefix}-org-{key}"
    return {"id": identifier, "name": name}


def _disbursement(payment: PublicPayment, currency: str) -> dict[str, Any]:
    """What was paid and not sent back."""
    assert payment.paid_on is not None
    return {
        "id": f"{payment.award_id}-{payment.number}",
        "transactionDate": payment.paid_on.isoformat(),
        "currency": currency,
        "value": plain_amount(payment.amount - payment.returned, currency),
    }
