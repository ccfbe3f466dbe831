"""A funder's money under every act there is, in any order: a state machine with a model beside it.

The model is a dictionary of balances and plain arithmetic; after each step the database has to
agree with it to the cent, and with every invariant of the ledger. An act either does what the
model says or is refused, and then nothing has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import NotFound, NotPermitted, RuleBroken
from funding.models import (
    Account,
    Award,
    ChainHead,
    Commitment,
    Event,
    Organisation,
    Person,
    PlanLine,
    PlanPutForward,
    Reversal,
    Role,
    Round,
    Tranche,
    Transfer,
)
from funding.permissions import Actor
from funding.services import awards, ledger
from funding.services.commitments import change_amount
from funding.services.decisions import approve_lines, decline_line
from funding.services.expiry import expire_commitment
from funding.services.log import MAIN
from funding.services.payments import reversals, tranches
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)

AMOUNTS = st.integers(min_value=1, max_value=20_000)
ANY = st.integers(min_value=0, max_value=10_000)
"""Which of the things there are: taken modulo their number."""

DAY = date(2025, 6, 30)
STEPS: Counter[str] = Counter()
"""Steps taken in this process: `done`, `refused`, and each rule by name."""


@dataclass
class Staff:
    """Ids of a funder and its round, and the people around its money."""

    round_id: int
    funder_id: int
    plan_id: int
    proposal_ids: list[int]
    lead: Actor
    proposer: Actor
    officer: Actor
    preparer: Actor
    releaser: Actor
    payer: Actor


def make_staff(session: Session) -> Staff:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    institution = make_organisation(session, "institution")
    lead = make_actor(session, institution, Role.RESEARCHER)
    round_ = make_round(session, committee)
    proposer = make_actor(session, committee)
    person = session.get_one(Person, lead.person_id)
    proposals = [
        make_proposal(
            session, round_, institution=institution, lead=person, ask=10**9, minimum=1, score=None
        )
        for _ in range(8)
    ]
    plan = make_plan(session, round_, [], proposer)
    finance = [make_actor(session, funder, Role.FINANCE_OFFICER) for _ in range(3)]
    return Staff(
        round_.id,
        funder.id,
        plan.id,
        [proposal.id for proposal in proposals],
        lead,
        proposer,
        make_actor(session, funder),
        *finance,
    )


@dataclass
class Model:
    """Where each unit is, by (kind, id of its owner), in minor units."""

    held: Counter[tuple[str, int]] = field(default_factory=Counter)
    promised: Counter[int] = field(default_factory=Counter)
    home: dict[tuple[str, int], int] = field(default_factory=dict)
    """Commitment of each line, award and tranche."""

    def move(self, source: tuple[str, int], target: tuple[str, int], amount: int) -> None:
        self.held[source] -= amount
        self.held[target] += amount


class LedgerMachine(RuleBasedStateMachine):
    """`database` is set on a subclass: see `machine_on`."""

    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.staff: Staff
        self.model = Model()
        self.commitments: list[int] = []
        self.lines: list[int] = []
        self.awards: list[int] = []
        self.tranches: list[int] = []
        self.reversals: list[int] = []
        self.amounts: dict[tuple[str, int], int] = {}
        self.keys = 0
        self.seen = 0
        self.head = ""

    @initialize()
    def begin(self) -> None:
        STEPS["runs"] += 1
        self.staff = self.database.in_transaction(make_staff)
        with self.database.reading() as session:
            head = session.get_one(ChainHead, MAIN)
            self.seen, self.head = head.seq, head.hash
        self.commit(100_000)

    # -- helpers ----------------------------------------------------------------------------------

    def key(self) -> str:
        self.keys += 1
        return f"machine {id(self)} {self.staff.round_id} {self.keys}"

    def do(self, name: str, act: Callable[..., Any], **values: Any) -> Any:
        """Run an act; None where it was refused."""
        STEPS[name] += 1
        try:
            made = self.database.in_transaction(act, **values)
        except (RuleBroken, NotFound, NotPermitted):
            STEPS["refused"] += 1
            return None
        STEPS["done"] += 1
        return made if made is not None else True

    def pick(self, model: Any, ids: list[int], which: int, *fitting: str) -> tuple[int, str, int]:
        """(id, state, version) of one of these rows: mostly of one in a fitting state."""
        with self.database.reading() as session:
            rows = session.execute(
                sa.select(model.id, model.state, model.version)
                .where(model.id.in_(ids))
                .order_by(model.id)
            ).all()
        good = [row for row in rows if row.state in fitting]
        if good and which % 8:
            rows = good
        id_, state, version = rows[which % len(rows)]
        return id_, state, version

    # -- commitments ------------------------------------------------------------------------------

    @precondition(lambda self: len(self.commitments) < 3)
    @rule(amount=AMOUNTS)
    def commit(self, amount: int) -> None:

        def act(session: Session) -> int:
            made = make_commitment(
                session,
                session.get_one(Round, self.staff.round_id),
                session.get_one(Organisation, self.staff.funder_id),
                amount=amount,
                ends_on=DAY,
            )
            return made.id

        id_ = self.do("commit", act)
        self.commitments.append(id_)
        self.model.move(("committed", id_), ("available", id_), amount)
        self.model.promised[id_] += amount

    @precondition(lambda self: self.commitments)
    @rule(
        which=ANY,
        change=st.integers(min_value=-10_000, max_value=30_000),
        how=st.integers(min_value=0, max_value=3),
    )
    def change(self, which: int, change: int, how: int) -> None:
        if how:
            return
        id_ = self.commitments[which % len(self.commitments)]
        done = self.do(
            "change",
            change_amount,
            by=self.staff.preparer,
            commitment_id=id_,
            change=change,
            year=None,
            reason="asked for",
            idempotency_key=self.key(),
        )
        may = change != 0 and self.model.held["available", id_] + change >= 0
        assert bool(done) == may
        if done:
            self.model.move(("committed", id_), ("available", id_), change)
            self.model.promised[id_] += change

    @precondition(lambda self: self.commitments)
    @rule(which=ANY, how=st.integers(min_value=0, max_value=3))
    def expire(self, which: int, how: int) -> None:
        if how:
            return  # expiring takes all there is: not at every turn
        id_ = self.commitments[which % len(self.commitments)]
        free = self.model.held["available", id_]
        done = self.do(
            "expire",
            expire_commitment,
            by=self.staff.preparer,
            commitment_id=id_,
            reason="over",
            idempotency_key=self.key(),
        )
        assert bool(done) == (free > 0)
        if done:
            self.model.move(("available", id_), ("committed", id_), free)
            self.model.promised[id_] -= free

    # -- lines and awards -------------------------------------------------------------------------

    @precondition(lambda self: self.commitments and len(self.lines) < 12)
    @rule(which=ANY, proposal=ANY, amount=AMOUNTS)
    def put_forward(self, which: int, proposal: int, amount: int) -> None:
        id_ = self.commitments[which % len(self.commitments)]
        proposal_id = self.staff.proposal_ids[proposal % len(self.staff.proposal_ids)]

        def act(session: Session) -> int:
            made = PlanLine(
                commitment=session.get_one(Commitment, id_),
                proposal_id=proposal_id,
                suggested_amount=amount,
                amount=amount,
                base_amount=amount,
                recommended_by_id=self.staff.proposer.person_id,
            )
            plan = session.get_one(PlanPutForward, self.staff.plan_id)
            plan.lines.append(made)
            session.flush()
            ledger.reserve(session, self.staff.proposer, made)
            return made.id

        made = self.do("put forward", act)
        if made is None:
            return  # more than is available, or the pair has a line already
        assert self.model.held["available", id_] >= amount
        self.lines.append(made)
        self.model.home["line", made] = id_
        self.amounts["line", made] = amount
        self.model.move(("available", id_), ("reserved", id_), amount)

    @precondition(lambda self: self.lines)
    @rule(which=ANY, by_proposer=st.integers(min_value=0, max_value=5))
    def approve(self, which: int, by_proposer: int) -> None:
        line, _, _ = self.pick(PlanLine, self.lines, which, "recommended")
        by = self.staff.officer if by_proposer else self.staff.proposer
        done = self.do("approve", approve_lines, by=by, lines={line: None}, key=self.key())
        if not done:
            return
        assert by_proposer
        with self.database.reading() as session:
            award = session.scalars(sa.select(Award.id).where(Award.plan_line_id == line)).one()
        home, amount = self.model.home["line", line], self.amounts["line", line]
        self.awards.append(award)
        self.model.home["award", award] = home
        self.amounts["award", award] = amount
        self.model.move(("reserved", home), ("awarded", award), amount)

    @precondition(lambda self: self.lines)
    @rule(which=ANY, how=st.integers(min_value=0, max_value=3))
    def decline(self, which: int, how: int) -> None:
        if how:
            return
        line, _, _ = self.pick(PlanLine, self.lines, which, "approved")
        done = self.do(
            "decline",
            decline_line,
            by=self.staff.officer,
            line_id=line,
            version=None,
            reason="not now",
            key=self.key(),
        )
        if done:
            home = self.model.home["line", line]
            self.model.move(("reserved", home), ("available", home), self.amounts["line", line])

    @precondition(lambda self: self.awards)
    @rule(which=ANY)
    def accept(self, which: int) -> None:
        award, _, version = self.pick(Award, self.awards, which, "offered")
        self.do("accept", awards.accept_award, by=self.staff.lead, award_id=award, version=version)

    @precondition(lambda self: self.awards)
    @rule(which=ANY, how=st.integers(min_value=0, max_value=9))
    def end(self, which: int, how: int) -> None:
        award, state, version = self.pick(Award, self.awards, which)
        if how > 0:
            return  # awards mostly live on, so that there is something to pay
        act, by = (
            (awards.refuse_award, self.staff.lead)
            if state == "offered"
            else (awards.terminate_award, self.staff.officer)
        )
        done = self.do("end", act, by=by, award_id=award, version=version, reason="it is over")
        assert bool(done) == (state in ("offered", "accepted", "active"))
        if done:
            home = self.model.home["award", award]
            for tranche in self.tranches:
                if self.model.home["tranche", tranche] == award:
                    left = self.model.held["scheduled", tranche]
                    self.model.move(("scheduled", tranche), ("awarded", award), left)
            left = self.model.held["awarded", award]
            self.model.move(("awarded", award), ("available", home), left)

    # -- tranches ---------------------------------------------------------------------------------

    @precondition(lambda self: self.awards)
    @rule(which=ANY, amount=AMOUNTS, milestone=st.booleans())
    def schedule(self, which: int, amount: int, milestone: bool) -> None:
        award, state, _ = self.pick(Award, self.awards, which, "accepted", "active")
        amount = 1 + amount % self.amounts["award", award]
        done = self.do(
            "schedule",
            tranches.schedule_tranche,
            by=self.staff.preparer,
            award_id=award,
            amount=amount,
            due_on=DAY,
            condition="",
            milestone="the first report" if milestone else "",
            key=self.key(),
        )
        fits = self.model.held["awarded", award] >= amount
        assert bool(done) == (fits and state in ("accepted", "active"))
        if done:
            made = int(done["tranche_id"])
            self.tranches.append(made)
            self.model.home["tranche", made] = award
            self.amounts["tranche", made] = amount
            self.model.move(("awarded", award), ("scheduled", made), amount)

    @precondition(lambda self: self.tranches)
    @rule(which=ANY)
    def reach_milestone(self, which: int) -> None:
        tranche, _, version = self.pick(Tranche, self.tranches, which, "scheduled")
        self.do(
            "reach a milestone",
            tranches.reach_milestone,
            by=self.staff.officer,
            tranche_id=tranche,
            version=version,
            reached_on=DAY,
            evidence="the report is in",
        )

    @precondition(lambda self: self.tranches)
    @rule(which=ANY, by_preparer=st.integers(min_value=0, max_value=4))
    def release(self, which: int, by_preparer: int) -> None:
        tranche, _, version = self.pick(Tranche, self.tranches, which, "scheduled", "due")
        done = self.do(
            "release",
            tranches.release_tranche,
            by=self.staff.preparer if not by_preparer else self.staff.releaser,
            tranche_id=tranche,
            version=version,
        )
        assert not (done and not by_preparer)

    @precondition(lambda self: self.tranches)
    @rule(which=ANY)
    def pay(self, which: int) -> None:
        tranche, state, _ = self.pick(Tranche, self.tranches, which, "released")
        done = self.do(
            "pay",
            tranches.record_payment,
            by=self.staff.payer,
            tranche_id=tranche,
            paid_on=DAY,
            reference="R",
            key=self.key(),
        )
        assert bool(done) == (state == "released")
        if done:
            amount = self.amounts["tranche", tranche]
            self.model.move(("scheduled", tranche), ("paid", tranche), amount)

    @precondition(lambda self: self.tranches)
    @rule(which=ANY)
    def go_on(self, which: int) -> None:
        """The next step of some tranche, so that much gets as far as being paid."""
        with self.database.reading() as session:
            states = session.execute(
                sa.select(Tranche.state, Tranche.milestone)
                .where(Tranche.id.in_(self.tranches))
                .order_by(Tranche.id)
            ).all()
        state, milestone = states[which % len(states)]
        if state == "released":
            self.pay(which)
        elif state == "scheduled" and milestone:
            self.reach_milestone(which)
        elif state in ("scheduled", "due"):
            self.release(which, 1)

    @precondition(lambda self: self.tranches)
    @rule(which=ANY, how=st.integers(min_value=0, max_value=3))
    def cancel(self, which: int, how: int) -> None:
        if how:
            return
        tranche, _, version = self.pick(Tranche, self.tranches, which, "cancelled", "paid")
        done = self.do(
            "cancel",
            tranches.cancel_tranche,
            by=self.staff.preparer,
            tranche_id=tranche,
            version=version,
            reason="no longer",
        )
        if done:
            award = self.model.home["tranche", tranche]
            amount = self.model.held["scheduled", tranche]
            assert amount == self.amounts["tranche", tranche]
            self.model.move(("scheduled", tranche), ("awarded", award), amount)

    @precondition(lambda self: self.tranches)
    @rule(which=ANY, amount=AMOUNTS, whole=st.booleans())
    def give_back(self, which: int, amount: int, whole: bool) -> None:
        tranche, _, _ = self.pick(Tranche, self.tranches, which, "paid")
        kept = self.model.held["paid", tranche]
        amount = kept if whole and kept else amount
        done = self.do(
            "return",
            tranches.record_return,
            by=self.staff.preparer,
            tranche_id=tranche,
            amount=amount,
            reason="not needed",
            key=self.key(),
        )
        assert bool(done) == (0 < amount <= kept)
        if done:
            home = self.model.home["award", self.model.home["tranche", tranche]]
            self.model.move(("paid", tranche), ("available", home), amount)

    # -- reversals --------------------------------------------------------------------------------

    @precondition(lambda self: self.commitments)
    @rule(which=ANY)
    def ask_reversal(self, which: int) -> None:
        with self.database.reading() as session:
            there = session.scalars(
                sa.select(Transfer.id)
                .where(
                    Transfer.funder_id == self.staff.funder_id,
                    Transfer.event.in_(reversals.REVERSIBLE),
                )
                .order_by(Transfer.id)
            ).all()
        if not there:
            return
        done = self.do(
            "ask for a reversal",
            reversals.ask_reversal,
            by=self.staff.preparer,
            transfer_id=there[which % len(there)],
            reason="a slip",
            key=self.key(),
        )
        if done:
            self.reversals.append(int(done["reversal_id"]))

    @precondition(lambda self: self.reversals)
    @rule(which=ANY, how=st.sampled_from(("approve", "approve", "approve own", "refuse")))
    def decide_reversal(self, which: int, how: str) -> None:
        asked, _, version = self.pick(Reversal, self.reversals, which, "asked")
        act = reversals.refuse_reversal if how == "refuse" else reversals.approve_reversal
        by = self.staff.preparer if how == "approve own" else self.staff.releaser
        done = self.do(f"{how} a reversal", act, by=by, reversal_id=asked, version=version)
        assert not (done and how == "approve own")
        if not done or how == "refuse":
            return
        with self.database.reading() as session:
            undone = session.get_one(Reversal, asked).transfer
            paid, amount = undone.credit.tranche_id, undone.amount
            if undone.event == "tranche paid":
                self.model.move(("paid", paid), ("scheduled", paid), amount)
            elif undone.event == "money returned":
                home, tranche = undone.credit.commitment_id, undone.debit.tranche_id
                self.model.move(("available", home), ("paid", tranche), amount)
            else:
                home = undone.debit.commitment_id
                self.model.move(("committed", home), ("available", home), amount)
                self.model.promised[home] += amount

    # -- what always holds ------------------------------------------------------------------------

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "staff"):
            return
        STEPS["looked"] += 1
        with self.database.reading() as session:
            accounts = session.execute(
                sa.select(
                    Account.id,
                    Account.kind,
                    Account.balance,
                    sa.func.coalesce(Account.tranche_id, Account.award_id, Account.commitment_id),
                ).where(Account.funder_id == self.staff.funder_id)
            ).all()
            moved: Counter[int] = Counter()
            for debit, credit, amount in session.execute(
                sa.select(Transfer.debit_id, Transfer.credit_id, Transfer.amount).where(
                    Transfer.funder_id == self.staff.funder_id
                )
            ):
                assert amount > 0
                moved[debit] -= amount
                moved[credit] += amount
            promised = dict(
                session.execute(
                    sa.select(Commitment.id, Commitment.amount).where(
                        Commitment.funder_id == self.staff.funder_id
                    )
                ).all()
            )
            states = session.execute(
                sa.select(
                    Tranche.id,
                    Tranche.state,
                    Tranche.amount,
                    Tranche.prepared_by_id,
                    Tranche.released_by_id,
                    Tranche.paid_by_id,
                ).where(Tranche.id.in_(self.tranches))
            ).all()
            self._check_the_log(session)
        assert sum(balance for _, _, balance, _ in accounts) == 0
        for id_, kind, balance, owner in accounts:
            assert balance == moved[id_], "a balance is not what the transfers say"
            assert balance >= 0 or kind == "committed", "an account is overdrawn"
            assert balance == self.model.held[kind, owner], (kind, owner)
            if kind == "committed":
                assert -balance == promised[owner] == self.model.promised[owner]
        for id_, state, amount, prepared, released, paid in states:
            held = {kind: self.model.held[kind, id_] for kind in ("scheduled", "paid")}
            waits = state in ("scheduled", "due", "released")
            assert held["scheduled"] == (amount if waits else 0), state
            assert (held["paid"] > 0) == (state == "paid"), state
            assert held["paid"] <= amount
            assert released != prepared
            assert (paid is not None) == (state in ("paid", "returned")), state

    def _check_the_log(self, session: Session) -> None:
        for event in session.scalars(
            sa.select(Event).where(Event.seq > self.seen).order_by(Event.seq)
        ):
            assert (event.seq, event.previous_hash) == (self.seen + 1, self.head)
            self.seen, self.head = event.seq, event.hash


def machine_on(database: Database) -> type[LedgerMachine]:
    """The machine on this database; its runs keep to funders of their own."""
    return type("LedgerMachineHere", (LedgerMachine,), {"database": database})
