"""Money that a grantee sends back: never more than was paid, and free to be allocated again."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import InvalidInput, NotPermitted, RuleBroken
from funding.models import AccountKind, Award, AwardState, Binding, Person, Role, Tranche
from funding.permissions import Actor
from funding.reports.trial_balance import trial_balances
from funding.services import awards, ledger
from funding.services.decisions import approve_lines
from funding.services.payments import tranches
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_person,
    make_plan,
    make_proposal,
    make_round,
)


class Payment:
    """USD 600 of a commitment of USD 1,000, awarded, scheduled and released; not paid yet."""

    def __init__(self, session: Session) -> None:
        round_, funder = make_round(session), make_organisation(session)
        commitment = make_commitment(session, round_, funder, amount=1_000_00)
        proposal = make_proposal(session, round_, ask=600_00, minimum=600_00)
        self.officer = make_actor(session, funder)
        plan = make_plan(session, round_, [(commitment, proposal, 600_00)], self.officer)
        colleague = Actor.of(make_person(session, funder, Role.PROGRAM_OFFICER))
        approve_lines(session, by=colleague, lines={plan.lines[0].id: None}, key="approve")
        award = session.query(Award).filter_by(plan_line_id=plan.lines[0].id).one()
        award.state = AwardState.ACCEPTED
        session.flush()
        self.finance, releaser = (
            Actor.of(make_person(session, funder, Role.FINANCE_OFFICER)) for _ in range(2)
        )
        self.commitment_id = commitment.id
        self.tranche_id: int = tranches.schedule_tranche(
            session,
            by=self.finance,
            award_id=award.id,
            amount=600_00,
            due_on=date(2027, 1, 1),
            condition="",
            key="schedule",
        )["tranche_id"]
        version = session.get_one(Tranche, self.tranche_id).version
        tranches.release_tranche(session, by=releaser, tranche_id=self.tranche_id, version=version)

    def pay(self, session: Session) -> None:
        tranches.record_payment(
            session,
            by=self.finance,
            tranche_id=self.tranche_id,
            paid_on=date(2027, 1, 2),
            reference="T1",
            key="pay",
        )

    def give_back(self, database: Database, amount: int, **changes: object) -> None:
        values = {"by": self.finance, "reason": "Not needed", "key": f"return {amount}", **changes}
        database.in_transaction(
            tranches.record_return, tranche_id=self.tranche_id, amount=amount, **values
        )

    def stands(self, database: Database) -> tuple[str, int, int]:
        """(state of the tranche, paid and kept, free in the commitment)."""
        with database.reading() as session:
            tranche = session.get_one(Tranche, self.tranche_id)
            commitment = tranche.award.commitment
            free = ledger.account(session, commitment, AccountKind.AVAILABLE).balance
            return tranche.state, ledger.paid_and_kept(session, tranche), free


def test_what_comes_back_is_free_in_its_commitment_again(each_database: Database) -> None:
    payment = each_database.in_transaction(Payment)
    with pytest.raises(RuleBroken, match="this tranche is released"):
        payment.give_back(each_database, 100_00)
    each_database.in_transaction(payment.pay)
    payment.give_back(each_database, 150_00)
    payment.give_back(each_database, 150_00)  # the same key: pressed twice
    assert payment.stands(each_database) == ("paid", 450_00, 550_00)
    payment.give_back(each_database, 450_00)
    assert payment.stands(each_database) == ("returned", 0, 1_000_00)


def test_no_more_comes_back_than_was_paid_and_never_without_a_reason(
    each_database: Database,
) -> None:
    payment = each_database.in_transaction(Payment)
    each_database.in_transaction(payment.pay)
    payment.give_back(each_database, 200_00)
    for amount in (400_01, 0, -1):
        with pytest.raises(InvalidInput) as refusal:
            payment.give_back(each_database, amount)
        assert "at most USD\N{NO-BREAK SPACE}400" in refusal.value.faults[0].rule
    with pytest.raises(InvalidInput):
        payment.give_back(each_database, 1_00, reason=" ")
    with pytest.raises(NotPermitted):
        payment.give_back(each_database, 1_00, by=payment.officer)
    assert payment.stands(each_database) == ("paid", 400_00, 600_00)


def test_nobody_who_is_paid_has_a_say_in_money_that_goes_back(each_database: Database) -> None:
    """However many roles the person has; the database refuses it too."""
    payment = each_database.in_transaction(Payment)
    each_database.in_transaction(payment.pay)

    def join(session: Session) -> tuple[int, int]:
        """The lead becomes an officer of the funder, and a finance officer of it as well."""
        award = session.get_one(Tranche, payment.tranche_id).award
        lead, funder = award.proposal.lead, award.commitment.funder
        for role in (Role.PROGRAM_OFFICER, Role.FINANCE_OFFICER):
            lead.bindings.append(Binding(organisation=funder, role=role))
        return lead.id, award.id

    lead_id, award_id = each_database.in_transaction(join)
    with each_database.reading() as session:
        lead = Actor.of(session.get_one(Person, lead_id))
        version = session.get_one(Award, award_id).version
    with pytest.raises(NotPermitted, match="Who is paid"):
        payment.give_back(each_database, 1_00, by=lead)
    with pytest.raises(NotPermitted, match="Who is paid"):
        each_database.in_transaction(
            awards.terminate_award, by=lead, award_id=award_id, version=version, reason="Enough."
        )

    def past_the_site(session: Session) -> None:
        tranche = session.get_one(Tranche, payment.tranche_id)
        ledger.take_back(session, lead, tranche, 1_00, "by hand")

    with pytest.raises(RuleBroken, match="has no say in money that goes back"):
        each_database.in_transaction(past_the_site)
    assert payment.stands(each_database) == ("paid", 600_00, 400_00)


def test_the_trial_balance_shows_what_one_person_posted(each_database: Database) -> None:
    payment = each_database.in_transaction(Payment)
    each_database.in_transaction(payment.pay)
    payment.give_back(each_database, 150_00)
    with each_database.reading() as session:
        (balance,) = trial_balances(session, payment.finance)
    assert balance.is_zero
    assert [(row.what, row.number, row.amount, row.unconfirmed) for row in balance.by_one] == [
        ("Returned by grantees", 1, 150_00, 150_00)
    ]
