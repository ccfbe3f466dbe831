"""What the database refuses by itself, asked in raw SQL on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from funding.db import MOST_MONEY, Base, Database, now
from funding.errors import Overcommitted, RuleBroken
from funding.models import (
    Account,
    AccountKind,
    Award,
    BankDetails,
    ConflictOfInterest,
    EvidenceFile,
    LetterTemplate,
    Person,
    ReviewDeclaration,
    Role,
    RoundExtension,
    Tranche,
    Transfer,
    WaivedConflict,
)
from funding.models.states import MOVES
from funding.models.triggers import (
    APPEND_ONLY,
    lift_rules,
    meetings,
    publishing,
    reporting,
    set_rules,
)
from funding.permissions import Actor
from funding.services import ledger
from funding.services.committee import cast_vote, close_vote
from funding.services.decisions import approve_lines
from funding.services.offering import send_offer
from funding.services.open_offers import sign
from tests.builders import (
    make_actor,
    make_commitment,
    make_organisation,
    make_plan,
    make_proposal,
    make_round,
)
from tests.review_scene import make_form


@dataclass(frozen=True)
class Scene:
    """Two funders; of the first, 10,000.00 in dollars: one line awarded (with a tranche), one not.

    `names` are the ids to write into statements: `available`, `reserved`, `foreign` (another
    funder's), `euros` (the first funder's), `line`, `decided`, `award`, `tranche`, ...
    """

    names: dict[str, int]
    officer: Actor


def set_scene(session: Session) -> Scene:
    committee, funder = make_organisation(session, "committee"), make_organisation(session)
    round_ = make_round(session, committee)
    own = make_commitment(session, round_, funder, amount=10_000_00, second_approval_above=5_000_00)
    euros = make_commitment(session, round_, funder, amount=10_000_00, currency="EUR")
    foreign = make_commitment(session, round_, amount=10_000_00)
    proposer, officer = make_actor(session, committee), make_actor(session, funder)
    finance = make_actor(session, funder, Role.FINANCE_OFFICER)
    plan = make_plan(
        session,
        round_,
        [
            (own, make_proposal(session, round_, ask=9_000_00, minimum=1), 1_000_00),
            (own, make_proposal(session, round_, ask=9_000_00, minimum=1), 6_000_00),
        ],
        proposer,
    )
    decided, line = plan.lines
    member = make_actor(session, committee, Role.COMMITTEE)
    vote = {"choice": "for", "words": "", "declares_no_conflict": True}
    cast_vote(session, by=member, round_id=round_.id, plan_id=plan.id, **vote)
    close_vote(session, by=member, round_id=round_.id, plan_id=plan.id, minutes="")
    approve_lines(session, by=officer, lines={decided.id: None}, key="scene")
    award = session.scalars(sa.select(Award)).one()
    tranche = Tranche(amount=400_00, due_on=date(2027, 1, 1), prepared_by_id=finance.person_id)
    award.tranches.append(tranche)
    lead = session.get_one(Person, award.proposal.lead_id)
    offer = send_offer(
        session,
        by=officer,
        award_id=award.id,
        version=award.version,
        language="en",
        expires_at=now() + timedelta(days=9),
        name="Officer",
    )
    sign(session, Actor.of(lead), offer, "applicant", "Lead", offer.agreement_sha256)
    session.add(
        LetterTemplate(
            funder_id=funder.id,
            kind="offer",
            language="en",
            number=1,
            body="{amount}, {deadline}",
            written_by_id=officer.person_id,
        )
    )
    session.add(
        RoundExtension(
            round_id=round_.id,
            from_at=round_.closes_at,
            to_at=round_.closes_at.replace(year=round_.closes_at.year + 1),
            reason="a storm",
            granted_by_id=officer.person_id,
        )
    )
    make_form(session, round_)
    session.add_all(
        [
            ReviewDeclaration(
                proposal_id=line.proposal_id, person_id=finance.person_id, has_conflict=False
            ),
            WaivedConflict(
                proposal_id=line.proposal_id,
                person_id=finance.person_id,
                kind="co-author",
                found="published together",
                asked_because="a small field",
                asked_by_id=proposer.person_id,
                reason="one paper of fifty authors",
                waived_by_id=officer.person_id,
            ),
        ]
    )
    session.flush()
    ledger.schedule(session, None, tranche)
    session.add(
        BankDetails(
            funder_id=funder.id,
            organisation_id=funder.id,
            currency="USD",
            number=1,
            holder="The funder",
            account="1",
            bank_code="2",
            country="US",
            entered_by_id=finance.person_id,
        )
    )
    session.add(
        EvidenceFile(
            tranche_id=tranche.id,
            name="photo.txt",
            media_type="text/plain",
            size=1,
            sha256="0" * 64,
            added_by_id=officer.person_id,
        )
    )
    session.flush()

    def account(commitment, kind: AccountKind) -> int:
        return ledger.account(session, commitment, kind).id

    names = {
        "available": account(own, AccountKind.AVAILABLE),
        "reserved": account(own, AccountKind.RESERVED),
        "committed": account(own, AccountKind.COMMITTED),
        "euros": account(euros, AccountKind.AVAILABLE),
        "foreign": account(foreign, AccountKind.AVAILABLE),
        "funder": funder.id,
        "line": line.id,
        "decided": decided.id,
        "plan": plan.id,
        "commitment": own.id,
        "proposal": line.proposal_id,
        "officer": officer.person_id,
        "proposer": proposer.person_id,
        "finance": finance.person_id,
        "colleague": make_actor(session, funder, Role.FINANCE_OFFICER).person_id,
        "award": award.id,
        "tranche": tranche.id,
        "round": round_.id,
    }
    return Scene(names, officer)


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def run(database: Database, statement: str, scene: Scene, **more: object) -> None:
    database.in_transaction(
        lambda session: session.execute(sa.text(statement), {**scene.names, **more})
    )


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(sa.select(table))]
            for table in Base.metadata.sorted_tables
        }


TRANSFER = (
    "insert into transfer (event, debit_id, credit_id, funder_id, currency, amount, reason,"
    " posted_at) values ('by hand', :{debit}, :{credit}, :funder, '{currency}', {amount}, '',"
    " '2026-01-01 00:00:00')"
)


def transfer(debit: str, credit: str, amount: object, currency: str = "USD") -> str:
    return TRANSFER.format(debit=debit, credit=credit, amount=amount, currency=currency)


def test_a_transfer_moves_both_balances_and_none_may_fall_below_zero(
    each_database: Database, scene: Scene
) -> None:
    run(each_database, transfer("available", "reserved", 3_000_00), scene)
    with each_database.reading() as session:
        assert session.get_one(Account, scene.names["available"]).balance == 0
        assert session.get_one(Account, scene.names["reserved"]).balance == 9_000_00
    with pytest.raises(Overcommitted):
        run(each_database, transfer("available", "reserved", 1), scene)


NO_TRANSFERS: tuple[tuple[str, str, object, str], ...] = (
    ("available", "foreign", 100, "USD"),
    ("available", "euros", 100, "USD"),
    ("available", "reserved", 100, "EUR"),
    ("available", "available", 100, "USD"),
    ("available", "reserved", 0, "USD"),
    ("available", "reserved", -100, "USD"),
    ("committed", "available", MOST_MONEY + 1, "USD"),
    ("available", "reserved", "'abc'", "USD"),
)


def test_money_moves_only_within_one_funder_and_currency_and_by_whole_positive_amounts(
    each_database: Database, scene: Scene
) -> None:
    before = contents(each_database)
    for debit, credit, amount, currency in NO_TRANSFERS:
        with pytest.raises((RuleBroken, DBAPIError)):
            run(each_database, transfer(debit, credit, amount, currency), scene)
    assert contents(each_database) == before


def test_half_a_cent_is_never_stored(each_database: Database, scene: Scene) -> None:
    """SQLite refuses it; PostgreSQL rounds it to whole minor units."""
    try:
        run(each_database, transfer("available", "reserved", 1.5), scene)
    except RuleBroken:
        assert each_database.is_sqlite
    with each_database.reading() as session:
        assert all(isinstance(a, int) for a in session.scalars(sa.select(Transfer.amount)))


NO_CHANGES = (
    "balance = balance + 1",
    "balance = 0",
    # the newest transfer into the account, and an older one, counted once more
    "balance = balance + 100, last_transfer_id = last_transfer_id",
    "balance = balance + 1000000, last_transfer_id = (select min(id) from transfer where"
    " credit_id = account.id)",
    "may_be_negative = not may_be_negative",
    "currency = 'EUR'",
    "kind = 'paid'",
)


def test_a_balance_is_changed_by_nothing_but_a_transfer(
    each_database: Database, scene: Scene
) -> None:
    run(each_database, transfer("reserved", "available", 100), scene)
    before = contents(each_database)
    for change in NO_CHANGES:
        with pytest.raises(RuleBroken):
            run(each_database, f"update account set {change} where id = :available", scene)
    assert contents(each_database) == before


def test_an_account_starts_empty_and_is_kept(each_database: Database, scene: Scene) -> None:
    with pytest.raises(RuleBroken, match="starts at zero"):
        run(
            each_database,
            "insert into account (kind, funder_id, currency, commitment_id, may_be_negative,"
            " balance) select 'paid', funder_id, currency, commitment_id, may_be_negative, 100"
            " from account where id = :available",
            scene,
        )
    with pytest.raises(RuleBroken, match="never deleted"):
        run(each_database, "delete from account where id = :available", scene)


def test_what_only_grows_is_not_changed_deleted_replaced_or_emptied(
    each_database: Database, scene: Scene
) -> None:
    before = contents(each_database)
    # with tests of their own
    elsewhere = {*reporting.APPEND_ONLY, *meetings.APPEND_ONLY, *publishing.APPEND_ONLY}
    for table in set(APPEND_ONLY) - elsewhere:
        assert before[table]
        key = "kind" if table == "allowed_move" else "id"
        tries = [f"update {table} set {key} = {key}", f"delete from {table}"]
        if each_database.is_sqlite:
            tries.append(f"insert or replace into {table} select * from {table}")
        else:
            tries += [f"truncate {table} cascade", f"truncate {table}"]
        for statement in tries:
            with pytest.raises((RuleBroken, DBAPIError)):
                run(each_database, statement, scene)
    assert contents(each_database) == before


def test_every_move_of_state_that_is_not_in_the_table_is_refused(
    each_database: Database, scene: Scene
) -> None:
    """Each thing of the scene, to every state of its kind."""
    things = {"award": "award", "tranche": "tranche", "plan_line": "line", "round": "round"}
    refused = 0
    for kind, name in things.items():
        with each_database.reading() as session:
            state = session.scalar(
                sa.text(f"select state from {kind} where id = :id").bindparams(id=scene.names[name])
            )
        for target in MOVES[kind]:
            if target in (state, *MOVES[kind][state]):
                continue
            with pytest.raises(RuleBroken):
                run(
                    each_database,
                    f"update {kind} set state = :target where id = :{name}",
                    scene,
                    target=target,
                )
            refused += 1
    assert refused >= 8
    with pytest.raises(RuleBroken):
        run(each_database, "update award set state = 'no such state' where id = :award", scene)


def test_each_move_is_on_record_whoever_made_it(each_database: Database, scene: Scene) -> None:
    run(each_database, "update award set state = 'accepted' where id = :award", scene)
    assert contents(each_database)["transition"][-1][1:5] == (
        "award",
        scene.names["award"],
        "offered",
        "accepted",
    )


FURTHER_ON = (
    (
        "insert into plan_line (plan_id, commitment_id, proposal_id, state, suggested_amount,"
        " amount, base_amount, reason, recommended_by_id, decision_reason, approvals_needed,"
        " version) select plan_id, :commitment, (select max(id) + 1 from proposal), 'approved',"
        " 1, 1, 1, '', :proposer, '', 1, 1 from plan_line where id = :line",
        "begins as recommended",
    ),
    (
        "insert into award (plan_line_id, commitment_id, proposal_id, state, amount,"
        " base_amount, awarded_at, version) select id, commitment_id, proposal_id, 'active',"
        " amount, base_amount, '2026-01-01 00:00:00', 1 from plan_line where id = :decided",
        "begins as offered",
    ),
    (
        "insert into tranche (award_id, state, amount, due_on, condition, prepared_by_id,"
        " released_by_id, reference, version) values (:award, 'paid', 1, '2027-01-01', '',"
        " :finance, :officer, '', 1)",
        "begins as scheduled",
    ),
)


def test_nothing_begins_in_the_middle_of_its_life(each_database: Database, scene: Scene) -> None:
    for statement, refusal in FURTHER_ON:
        with pytest.raises(RuleBroken, match=refusal):
            run(each_database, statement, scene)


APPROVAL = (
    "insert into approval (plan_line_id, person_id, amount, given_at, put_forward_by_id)"
    " values (:{line}, :{person}, {amount}, '2026-01-01 00:00:00', :proposer)"
)


def test_who_may_not_approve_cannot_even_in_sql(each_database: Database, scene: Scene) -> None:
    for line, person, amount in (
        ("line", "proposer", 6_000_00),
        ("line", "finance", 6_000_00),
        ("line", "officer", 5_000_00),
        ("decided", "officer", 1_000_00),
    ):
        with pytest.raises(RuleBroken):
            run(each_database, APPROVAL.format(line=line, person=person, amount=amount), scene)
    run(each_database, APPROVAL.format(line="line", person="officer", amount=6_000_00), scene)


def test_a_line_above_the_threshold_stays_undecided_after_one_approval(
    each_database: Database, scene: Scene
) -> None:
    run(each_database, APPROVAL.format(line="line", person="officer", amount=6_000_00), scene)
    with pytest.raises(RuleBroken, match="needs more approvals"):
        run(each_database, "update plan_line set state = 'approved' where id = :line", scene)
    with pytest.raises(RuleBroken, match="needs a second approval"):
        run(
            each_database,
            "update plan_line set approvals_needed = 1, state = 'approved' where id = :line",
            scene,
        )


def test_a_decided_line_its_award_and_its_tranche_keep_their_amounts(
    each_database: Database, scene: Scene
) -> None:
    for table, name in (("plan_line", "decided"), ("award", "award"), ("tranche", "tranche")):
        with pytest.raises(RuleBroken):
            run(each_database, f"update {table} set amount = amount + 1 where id = :{name}", scene)


def test_a_line_has_one_award(each_database: Database, scene: Scene) -> None:
    with pytest.raises(RuleBroken):
        run(
            each_database,
            "insert into award (plan_line_id, commitment_id, proposal_id, state, amount,"
            " base_amount, awarded_at, version) select plan_line_id, commitment_id, proposal_id,"
            " 'offered', amount, base_amount, awarded_at, 1 from award",
            scene,
        )


def test_nobody_releases_a_payment_they_prepared_or_decided_on(
    each_database: Database, scene: Scene
) -> None:
    run(each_database, "update tranche set state = 'due' where id = :tranche", scene)
    for name in ("finance", "officer", "proposer", None):
        released_by = f"released_by_id = :{name}, " if name else ""
        with pytest.raises(RuleBroken):
            run(
                each_database,
                f"update tranche set {released_by}state = 'released' where id = :tranche",
                scene,
            )
    run(
        each_database,
        "update tranche set released_by_id = :colleague, state = 'released' where id = :tranche",
        scene,
    )


ASKED = (
    "insert into reversal (transfer_id, state, reason, asked_by_id, asked_at, version)"
    " select id, 'asked', 'a slip', :finance, posted_at, 1 from transfer where event = 'by hand'"
)


def test_a_transfer_is_undone_once_and_the_other_way(each_database: Database, scene: Scene) -> None:
    run(each_database, transfer("available", "reserved", 500), scene)
    undo = (
        "insert into transfer (event, debit_id, credit_id, funder_id, currency, amount, reason,"
        " reverses_id, posted_by_id, posted_at) select 'undone', {debit}, {credit}, funder_id,"
        " currency, amount + {more}, '', id, :{by}, posted_at from transfer"
        " where event = 'by hand'"
    )
    right = undo.format(debit="credit_id", credit="debit_id", more=0, by="colleague")
    with pytest.raises(RuleBroken, match="another has approved"):
        run(each_database, right, scene)
    run(each_database, ASKED, scene)
    for name in ("finance", None):
        decided_by = f"decided_by_id = :{name}, " if name else ""
        with pytest.raises(RuleBroken, match="who asks for a reversal"):
            run(each_database, f"update reversal set {decided_by}state = 'approved'", scene)
    run(each_database, "update reversal set decided_by_id = :colleague, state = 'approved'", scene)
    for debit, credit, more in (
        ("debit_id", "credit_id", 0),
        ("credit_id", "debit_id", 1),
    ):
        statement = undo.format(debit=debit, credit=credit, more=more, by="colleague")
        with pytest.raises(RuleBroken, match="a reversal"):
            run(each_database, statement, scene)
    by_who_asked = undo.format(debit="credit_id", credit="debit_id", more=0, by="finance")
    with pytest.raises(RuleBroken, match="another has approved"):
        run(each_database, by_who_asked, scene)
    run(each_database, right, scene)
    with pytest.raises(RuleBroken):
        run(each_database, right, scene)


def test_a_person_in_conflict_neither_scores_nor_approves(
    each_database: Database, scene: Scene
) -> None:
    def declare(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=scene.names["proposal"],
                person_id=scene.names["officer"],
                declared_by_id=scene.names["officer"],
                reason="a former student",
            )
        )

    each_database.in_transaction(declare)
    with pytest.raises(RuleBroken, match="in conflict does not decide"):
        run(each_database, APPROVAL.format(line="line", person="officer", amount=6_000_00), scene)
    with pytest.raises(RuleBroken, match="in conflict does not score"):
        run(
            each_database,
            "insert into score (proposal_id, reviewer, score, comment, entered_by_id, entered_at)"
            " values (:proposal, 'r@test.example', 50, '', :officer, '2026-01-01 00:00:00')",
            scene,
        )


def test_the_migrations_make_the_tables_of_the_models(each_database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with each_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_setting_the_rules_anew_leaves_the_same_rules(each_database: Database) -> None:
    def rules(session: Session) -> list[str]:
        catalogue = (
            "select sql from sqlite_master where type = 'trigger'"
            if each_database.is_sqlite
            else "select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal"
        )
        return sorted(session.scalars(sa.text(catalogue)))

    def anew(session: Session) -> None:
        lift_rules(session.connection())
        assert rules(session) == []
        set_rules(session.connection())

    with each_database.reading() as session:
        before = rules(session)
    each_database.in_transaction(anew)
    with each_database.reading() as session:
        assert rules(session) == before
    assert len(before) > 40
