"""Commitments: registered with their money on the ledger, edited, made larger and smaller."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import MOST_MONEY, Database, now
from funding.errors import (
    Conflict,
    IdempotencyMismatch,
    IdempotencyMissing,
    InvalidInput,
    NotFound,
    NotPermitted,
    Overcommitted,
    RuleBroken,
)
from funding.models import Account, Commitment, Event, Role, RoundFunder, Transfer
from funding.permissions import Actor
from funding.reports.commitments import balances, totals_of
from funding.services import commitments as service
from funding.services.promises import Promise
from funding.services.rates import rate_in_round
from funding.services.restrictions import Terms
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_round,
)


def make_world(session: Session) -> dict[str, Any]:
    """A round that a funder has joined, its people, and another funder's administrator."""
    funder, stranger = make_organisation(session), make_organisation(session)
    round_ = make_round(session)
    round_.participants.append(RoundFunder(funder=funder, joined_at=now()))
    return {
        "round_id": round_.id,
        "funder_id": funder.id,
        "finance": make_actor(session, funder, Role.FINANCE_OFFICER),
        "admin": make_actor(session, funder, Role.FUNDER_ADMIN),
        "officer": make_actor(session, funder, Role.PROGRAM_OFFICER),
        "stranger": make_actor(session, stranger, Role.FUNDER_ADMIN),
        "stranger_id": stranger.id,
        "institution_id": make_organisation(session, "institution").id,
    }


def promise(amount: int = 1_000_000_00, currency: str = "USD", **values: Any) -> Promise:
    terms = {name: values.pop(name) for name in list(values) if name in Terms.__dataclass_fields__}
    made = Promise(name="Open Window", terms=Terms(amount=amount, currency=currency, **terms))
    return replace(made, **values)


def register(database: Database, world: dict[str, Any], wanted: Promise, **values: Any) -> int:
    return database.in_transaction(
        service.register_commitment,
        **{
            "by": world["finance"],
            "round_id": world["round_id"],
            "funder_id": world["funder_id"],
            "promise": wanted,
            "idempotency_key": "key-1",
            **values,
        },
    )


def change(
    database: Database, world: dict[str, Any], commitment_id: int, size: int, **values: Any
) -> None:
    database.in_transaction(
        service.change_amount,
        **{
            "by": world["finance"],
            "commitment_id": commitment_id,
            "change": size,
            "year": None,
            "reason": "the board decided",
            "idempotency_key": f"change-{size}",
            **values,
        },
    )


def fields_refused(refusal: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {fault.field for fault in refusal.value.faults}


@pytest.mark.parametrize(
    ("currency", "amount"), [("USD", 100_50), ("JPY", 430_000_000), ("BHD", 1_234_567)]
)
def test_a_registered_commitment_is_available_in_its_own_minor_units(
    each_database: Database, currency: str, amount: int
) -> None:
    world = each_database.in_transaction(make_world)
    wanted = promise(amount, currency, own_rate=Decimal("2.65"), own_rate_on=date(2026, 11, 2))
    made = register(each_database, world, wanted)
    with each_database.reading() as session:
        held = balances(session, [made])[made]
        assert (held.available, held.reserved, held.awarded, held.paid) == (amount, 0, 0, 0)
        committed = session.scalars(sa.select(Account).where(Account.kind == "committed")).one()
        assert (committed.balance, committed.currency) == (-amount, currency)
        assert session.scalars(
            sa.select(Event.action).order_by(Event.seq.desc()).limit(1)
        ).one() == ("commitment registered")


def test_a_form_sent_twice_registers_one_commitment(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    first = register(each_database, world, promise())
    assert register(each_database, world, promise()) == first
    with each_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Commitment)) == 1
    with pytest.raises(IdempotencyMismatch):
        register(each_database, world, promise(5))
    with pytest.raises(IdempotencyMissing):
        register(each_database, world, promise(), idempotency_key="")


def test_all_that_is_wrong_with_a_promise_is_named_at_once(database: Database) -> None:
    world = database.in_transaction(make_world)
    wrong = promise(
        0,
        areas=("nowhere",),
        regions=(),
        risk_tiers=("mild",),
        excluded={10**6: "Nobody"},
        ticket=5,
        cap_per_proposal=0,
        name=" ".strip(),
        starts_on=date(2028, 1, 1),
        ends_on=date(2027, 1, 1),
    )
    with pytest.raises(InvalidInput) as refusal:
        register(database, world, wrong)
    assert fields_refused(refusal) == {
        "name",
        "amount",
        "areas",
        "regions",
        "risk_tiers",
        "excluded",
        "ticket",
        "cap_per_proposal",
        "ends_on",
    }
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Transfer)) == 0


@pytest.mark.parametrize(
    ("releases", "rule"),
    [
        ({2027: 600_000_00, 2028: 400_000_00}, None),
        ({2027: 600_000_00, 2028: 399_999_99}, "0.01 short of"),
        ({2027: 600_000_00, 2028: 500_000_00}, "100,000 more than"),
        ({2026: 1_000_000_00}, "2026 lies outside"),
        ({2027: 1_000_000_00, 2028: 0}, "above 0"),
    ],
)
def test_releases_by_year_sum_to_the_amount_within_the_period(
    database: Database, releases: dict[int, int], rule: str | None
) -> None:
    world = database.in_transaction(make_world)
    wanted = promise(releases=releases, starts_on=date(2027, 1, 1), ends_on=date(2028, 12, 31))
    if rule is None:
        made = register(database, world, wanted)
        with database.reading() as session:
            stored = session.get_one(Commitment, made)
            assert {r.year: r.amount for r in stored.releases} == releases
        return
    with pytest.raises(InvalidInput) as refusal:
        register(database, world, wanted)
    assert fields_refused(refusal) == {"releases"}
    assert rule in str(refusal.value).replace("\N{NO-BREAK SPACE}", " ")


def test_a_currency_without_a_published_rate_needs_one_stated_and_all_share_it(
    database: Database,
) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(InvalidInput) as refusal:
        register(database, world, promise(5_000_000_00, "KES"))
    assert fields_refused(refusal) == {"own_rate"}
    stated = {"own_rate": Decimal("0.0077"), "own_rate_on": date(2026, 11, 2)}
    made = register(database, world, promise(5_000_000_00, "KES", **stated))
    with database.reading() as session:
        commitment = session.get_one(Commitment, made)
        rate = rate_in_round(session, commitment.round, "KES", date(2026, 11, 23))
        assert (rate.to_base(commitment.amount), rate.on) == (38_500_00, date(2026, 11, 2))
        assert totals_of(session, commitment.round, now()).promised == 38_500_00
    other = {**stated, "own_rate": Decimal("0.008")}
    with pytest.raises(InvalidInput) as refusal:
        register(database, world, promise(1_00, "KES", **other), idempotency_key="key-2")
    assert fields_refused(refusal) == {"own_rate"}


def test_only_finance_and_administrators_of_the_funder_register(database: Database) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(NotPermitted):
        register(database, world, promise(), by=world["officer"])
    with pytest.raises(NotFound):
        register(database, world, promise(), by=world["stranger"])
    assert register(database, world, promise(), by=world["admin"])


def test_a_funder_that_has_not_joined_registers_nothing(database: Database) -> None:
    world = database.in_transaction(make_world)
    with pytest.raises(RuleBroken, match="Join the round first"):
        register(database, world, promise(), by=world["stranger"], funder_id=world["stranger_id"])


def edit(database: Database, by: Actor, commitment_id: int, wanted: Promise, version: int) -> None:
    database.in_transaction(
        service.edit_commitment,
        by=by,
        commitment_id=commitment_id,
        version=version,
        promise=wanted,
    )


def test_editing_changes_restrictions_and_releases_but_never_the_amount(
    each_database: Database,
) -> None:
    world = each_database.in_transaction(make_world)
    made = register(each_database, world, promise(releases={2027: 1_000_000_00}))
    wanted = promise(
        5,  # not on the form: what is stored counts
        areas=("evaluations",),
        least_share=0.4,
        regions=("africa",),
        excluded={world["institution_id"]: "x"},
        cap_share_of_ask=0.5,
    )
    wanted = replace(
        wanted,
        terms=replace(wanted.terms, amount=1_000_000_00),
        releases={2027: 400_000_00, 2028: 600_000_00},
    )
    edit(each_database, world["admin"], made, wanted, 1)
    with each_database.reading() as session:
        stored = session.get_one(Commitment, made)
        assert (stored.areas, stored.regions, stored.cap_share_of_ask) == (
            ["evaluations"],
            ["africa"],
            0.5,
        )
        assert [(r.year, r.amount) for r in stored.releases] == [
            (2027, 400_000_00),
            (2028, 600_000_00),
        ]
        assert [e.institution_id for e in stored.excluded] == [world["institution_id"]]
        assert (stored.amount, stored.version) == (1_000_000_00, 2)
    edit(each_database, world["admin"], made, promise(), 2)
    with each_database.reading() as session:
        stored = session.get_one(Commitment, made)
        assert (stored.areas, stored.excluded, stored.releases) == (None, [], [])


def test_a_stale_edit_is_refused(database: Database) -> None:
    world = database.in_transaction(make_world)
    made = register(database, world, promise())
    edit(database, world["admin"], made, promise(name="Theirs"), 1)
    with pytest.raises(Conflict):
        edit(database, world["finance"], made, promise(name="Mine"), 1)
    with database.reading() as session:
        assert session.get_one(Commitment, made).name == "Theirs"


def test_an_officer_and_another_funders_administrator_do_not_edit(database: Database) -> None:
    world = database.in_transaction(make_world)
    made = register(database, world, promise())
    with pytest.raises(NotPermitted):
        edit(database, world["officer"], made, promise(), 1)
    with pytest.raises(NotFound):
        edit(database, world["stranger"], made, promise(), 1)
    with pytest.raises(NotFound):
        change(database, world, made, 5, by=world["stranger"])


def test_larger_and_smaller_are_transfers_and_the_schedule_follows(
    each_database: Database,
) -> None:
    world = each_database.in_transaction(make_world)
    made = register(each_database, world, promise(releases={2027: 600_000_00, 2028: 400_000_00}))
    change(each_database, world, made, 50_000_00, year=2029)
    change(each_database, world, made, -400_000_00, year=2028)
    change(each_database, world, made, -400_000_00, year=2028)  # the same form again
    with each_database.reading() as session:
        stored = session.get_one(Commitment, made)
        assert stored.amount == 650_000_00
        assert balances(session, [made])[made].available == 650_000_00
        assert {r.year: r.amount for r in stored.releases} == {2027: 600_000_00, 2029: 50_000_00}
        assert session.scalars(sa.select(Transfer.event).order_by(Transfer.id)).all() == [
            "commitment registered",
            "commitment increased",
            "commitment reduced",
        ]


def test_what_is_reserved_cannot_be_taken_back(each_database: Database) -> None:
    world = each_database.in_transaction(make_world)
    made = register(each_database, world, promise(100_00))

    def reserve(session: Session) -> None:
        accounts = {a.kind: a for a in session.scalars(sa.select(Account))}
        session.add(
            Transfer(
                event="line put forward",
                debit_id=accounts["available"].id,
                credit_id=accounts["reserved"].id,
                funder_id=world["funder_id"],
                currency="USD",
                amount=60_00,
            )
        )

    each_database.in_transaction(reserve)
    with pytest.raises(Overcommitted):
        change(each_database, world, made, -40_01)
    change(each_database, world, made, -40_00)
    with each_database.reading() as session:
        assert session.get_one(Commitment, made).amount == 60_00
        assert balances(session, [made])[made].available == 0


def test_many_reductions_at_once_never_take_back_more_than_there_is(
    each_database: Database,
) -> None:
    world = each_database.in_transaction(make_world)
    made = register(each_database, world, promise(100_00))
    refused: list[Exception] = []

    def reduce(number: int) -> None:
        for _ in range(20):  # somebody else's change asks for the page again, as a person would
            try:
                change(each_database, world, made, -15_00, idempotency_key=f"reduce-{number}")
            except Conflict:
                continue
            except Overcommitted as refusal:
                refused.append(refusal)
            return
        raise AssertionError("never got a turn")

    threads = [threading.Thread(target=reduce, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with each_database.reading() as session:
        assert balances(session, [made])[made].available == 10_00
        assert session.get_one(Commitment, made).amount == 10_00
    assert len(refused) == 4


@pytest.mark.parametrize(
    ("size", "year", "reason", "field"),
    [
        (0, 2027, "why", "amount"),
        (MOST_MONEY, 2027, "why", "amount"),
        (5_00, 2027, "", "reason"),
        (5_00, None, "why", "year"),
        (-5_00, 2030, "why", "year"),
        (5_00, 2035, "why", "year"),
    ],
)
def test_a_change_of_amount_names_what_is_wrong(
    database: Database, size: int, year: int | None, reason: str, field: str
) -> None:
    world = database.in_transaction(make_world)
    wanted = promise(releases={2027: 1_000_000_00}, ends_on=date(2030, 12, 31))
    made = register(database, world, wanted)
    with pytest.raises(InvalidInput) as refusal:
        change(database, world, made, size, year=year, reason=reason)
    assert fields_refused(refusal) == {field}


def test_totals_are_counted_in_the_rounds_currency(session: Session) -> None:
    round_ = make_round(session)
    make_commitment(session, round_, amount=100_00)
    make_commitment(session, round_, amount=10_000, currency="JPY")
    make_commitment(session, round_, amount=10_000, currency="KES")
    rate = rate_in_round(session, round_, "JPY", now().date())
    totals = totals_of(session, round_, now())
    assert totals.promised == 100_00 + rate.to_base(10_000)
    assert (totals.commitments, totals.unconverted) == (3, 1)
