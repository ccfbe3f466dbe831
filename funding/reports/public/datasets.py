"""The open data as tables: each row in the columns of `fields.FIELDS`, amounts as decimals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from funding.exports.amounts import decimal_amount, plain_number
from funding.models import Award, Round
from funding.permissions import Scope, public_rounds
from funding.reports.public import outputs, register
from funding.reports.public.areas import gaps_of
from funding.reports.public.fields import FIELDS
from funding.reports.public.payments import payments_of
from funding.reports.public.rounds import rounds_of

Address = Callable[[int], str]
Row = list[Any]


def rows_of(
    table: str, session: Session, scope: Scope, args: dict[str, str], address: Address
) -> list[Row]:
    """Every row of a table under the register's filters (of these, other tables heed `round`)."""
    return list(_TABLES[table](session, scope, args, address))


def _rounds(
    session: Session, scope: Scope, args: dict[str, str], address: Address
) -> Iterator[Row]:
    for row in rounds_of(session, scope):
        round_, base = row.round, row.sum.base
        if args.get("round", round_.key) != round_.key:
            continue
        currency = round_.base_currency
        yield [
            round_.key,
            round_.name,
            round_.owner.name,
            row.published_at.date() if row.published_at else None,
            currency,
            row.sum.awards,
            row.sum.works,
            *(
                decimal_amount(amount, currency)
                for amount in (
                    base.promised,
                    base.paid,
                    base.returned,
                    base.freed,
                    base.late,
                    base.spent,
                )
            ),
        ]


def _awards(
    session: Session, scope: Scope, args: dict[str, str], address: Address
) -> Iterator[Row]:
    for award in register.all_of(session, scope, args):
        money = award.money
        yield [
            award.id,
            address(award.id),
            award.round_key,
            award.work,
            award.title,
            award.withheld_because,
            award.abstract,
            award.funder_key,
            award.funder,
            award.fund,
            award.recipient_key,
            award.recipient,
            award.country,
            award.region,
            "; ".join(f"{key}={share:g}" for key, _, share in award.areas),
            award.state,
            award.awarded_on,
            award.starts_on,
            award.ends_on,
            award.currency,
            *(
                decimal_amount(amount, award.currency)
                for amount in (
                    money.promised,
                    money.paid,
                    money.returned,
                    money.freed,
                    money.still_due,
                    money.late,
                    money.spent,
                )
            ),
        ]


def _payments(
    session: Session, scope: Scope, args: dict[str, str], address: Address
) -> Iterator[Row]:
    query = register.filtered(scope, args)
    currencies = dict(session.execute(query.with_only_columns(Award.id, register.CURRENCY)).all())
    payments = payments_of(session, query.with_only_columns(Award.id), scope.today)
    for award_id in sorted(payments):
        for payment in payments[award_id]:
            currency = currencies[award_id]
            yield [
                award_id,
                payment.number,
                payment.state,
                payment.due_on,
                payment.paid_on,
                currency,
                decimal_amount(payment.amount, currency),
                decimal_amount(payment.returned, currency),
                payment.returned_on,
            ]


def _gaps(session: Session, scope: Scope, args: dict[str, str], address: Address) -> Iterator[Row]:
    query = public_rounds(scope).order_by(Round.id)
    if "round" in args:
        query = query.where(Round.key == args["round"])
    for round_ in session.scalars(query):
        ids = register.filtered(scope, {"round": round_.key}).with_only_columns(Award.id)
        currency = round_.base_currency
        for gap in gaps_of(session, round_, ids, scope.today):
            yield [
                round_.key,
                gap.key,
                gap.name,
                currency,
                *(
                    decimal_amount(amount, currency)
                    for amount in (gap.need, gap.others, gap.pool, gap.open)
                ),
            ]


def _outputs(
    session: Session, scope: Scope, args: dict[str, str], address: Address
) -> Iterator[Row]:
    for output in outputs.all_of(session, scope, args):
        yield [
            output.award_id,
            output.work,
            output.kind,
            output.title,
            output.address,
            output.licence,
            output.reported_on,
        ]


_TABLES = {
    "rounds": _rounds,
    "awards": _awards,
    "payments": _payments,
    "gaps": _gaps,
    "outputs": _outputs,
}


def as_json(table: str, rows: list[Row]) -> list[dict[str, Any]]:
    """The rows as objects, each value as JSON knows it."""
    return [dict(zip(FIELDS[table], map(_plain, row), strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain_number(value)
    return value.isoformat() if isinstance(value, date) else value


def digest_of(session: Session, round_: Round, today: date) -> str:
    """SHA-256 of all that the public would see of a round if it were published that day."""
    scope = Scope(today, as_if=round_.id)
    seen = {
        table: as_json(table, rows_of(table, session, scope, {}, str))
        for table in FIELDS
        if table != "rounds"
    }
    said = [round_.name, round_.summary]
    text = json.dumps([said, seen], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
