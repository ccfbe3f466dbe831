"""Reports: scheduled, written once for all funders, decided by each, and what follows, on both."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import (
    Award,
    ConflictOfInterest,
    Event,
    HandedIn,
    Mail,
    Output,
    Report,
    ReportingRule,
    Tranche,
)
from funding.services import parked
from funding.services.payments.tranches import release_tranche
from funding.services.reporting import deciding, form, milestones, schedule, writing
from tests.builders import make_actor, make_organisation
from tests.reporting_scene import (
    URL,
    Scene,
    add_tranche,
    decide,
    full_form,
    lines_of,
    make_scene,
    report_id,
    write_and_hand_in,
)


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(make_scene)


def states(database: Database, scene: Scene) -> list[str]:
    """Of both progress reports."""
    with database.reading() as session:
        return [
            session.get_one(Report, report_id(session, staff)).state
            for staff in (scene.first, scene.second)
        ]


def ids(database: Database, scene: Scene, kind: str = "progress") -> tuple[int, int]:
    with database.reading() as session:
        return report_id(session, scene.first, kind), report_id(session, scene.second, kind)


# -- the schedule ---------------------------------------------------------------------------------


def test_an_accepted_offer_has_its_reports_and_its_part_of_the_budget(
    each_database: Database, scene: Scene
) -> None:
    with each_database.reading() as session:
        for staff, people in ((scene.first, 6_000_00), (scene.second, 4_000_00)):
            due = [(r.kind, r.due_on) for r in schedule.reports_of(session, staff.award_id)]
            assert due == [("progress", date(2026, 9, 1)), ("final", date(2027, 4, 29))]
            award = session.get_one(Award, staff.award_id)
            lines = lines_of(session, staff)
            assert [line.name for line in lines] == ["People", "Computing"]
            assert lines[0].amount == people
            assert sum(line.amount for line in lines) == award.amount


@pytest.mark.parametrize(
    ("every", "days", "expected"),
    [
        (12, 60, ["2026-01-31", "2027-03-01"]),
        (6, 30, ["2025-07-31", "2026-01-31", "2026-07-31", "2027-01-30"]),
        (None, 0, ["2026-12-31"]),
        (1, 0, [f"2025-{m:02}-{d}" for m, d in ((2, 28), (3, 31), (4, 30), (5, 31))]),
    ],
)
def test_reports_are_proposed_by_the_funders_rule(
    every: int | None, days: int, expected: list[str]
) -> None:
    rule = ReportingRule(every_months=every, final_days=days)
    found = schedule.proposed(date(2025, 1, 31), date(2026, 12, 31), rule)
    assert [due.due_on.isoformat() for due in found][: len(expected)] == expected
    assert found[-1].kind == "final"


def test_a_rule_is_set_by_its_own_funder_and_not_over_anothers_edit(
    each_database: Database, scene: Scene
) -> None:
    funder_id = next(iter(scene.first.officer.organisations))

    def set_rule(by=scene.first.officer, version: int = 0, **changes: object) -> None:
        values = {"every_months": 6, "final_days": 30, "remind_days": 10, **changes}
        each_database.in_transaction(
            schedule.set_rule, by=by, funder_id=funder_id, version=version, **values
        )

    with pytest.raises(NotFound):
        set_rule(by=scene.second.officer)
    with pytest.raises(NotPermitted):
        set_rule(by=scene.first.preparer)
    with pytest.raises(InvalidInput) as refusal:
        set_rule(every_months=61, final_days=-1, remind_days=0)
    assert {f.field for f in refusal.value.faults} == {"every_months", "final_days", "remind_days"}
    set_rule()
    with pytest.raises(Conflict):
        set_rule()
    set_rule(version=1, every_months=None)
    with each_database.reading() as session:
        assert schedule.rule_of(session, funder_id).every_months is None


def test_an_officer_edits_the_schedule_within_its_rules(
    each_database: Database, scene: Scene
) -> None:
    progress, final = (
        ids(each_database, scene)[0],
        ids(each_database, scene, "final")[0],
    )

    def edit(*dues: schedule.Due, version: int = 1, by=scene.first.officer) -> None:
        each_database.in_transaction(
            schedule.edit_schedule,
            by=by,
            award_id=scene.first.award_id,
            version=version,
            dues=dues,
        )

    def due(day: str, report: int | None = None, kind: str = "progress") -> schedule.Due:
        return schedule.Due(kind, date.fromisoformat(day), report)

    last = due("2027-05-01", final, "final")
    for wrong in (
        (due("2026-09-01", progress),),
        (due("2027-06-01", progress), last),
        (due("2025-01-01", progress), last),
        (due("2026-09-01", 987654), last),
    ):
        with pytest.raises(InvalidInput):
            edit(*wrong)
    with pytest.raises(NotPermitted):
        edit(last, by=scene.first.preparer)
    with pytest.raises(NotFound):
        edit(last, by=scene.second.officer)
    edit(due("2026-10-01", progress), due("2026-04-01"), last)
    with pytest.raises(Conflict):
        edit(last)
    with each_database.reading() as session:
        found = [r.due_on.isoformat() for r in schedule.reports_of(session, scene.first.award_id)]
    assert found == ["2026-04-01", "2026-10-01", "2027-05-01"]
    each_database.in_transaction(
        schedule.lay_out_anew, by=scene.first.officer, award_id=scene.first.award_id, version=2
    )
    with each_database.reading() as session:
        found = [r.due_on.isoformat() for r in schedule.reports_of(session, scene.first.award_id)]
    assert found == ["2026-09-01", "2027-04-29"]


# -- writing --------------------------------------------------------------------------------------


def test_a_report_is_written_once_and_each_funder_decides_for_its_award(
    each_database: Database, scene: Scene
) -> None:
    first, second = ids(each_database, scene)
    made = write_and_hand_in(each_database, scene, first)
    assert states(each_database, scene) == ["submitted", "submitted"]
    decide(each_database, scene.first, first, deciding.accept)
    with pytest.raises(InvalidInput, match="mended"):
        decide(each_database, scene.second, second, deciding.send_back, reason=" ")
    decide(each_database, scene.second, second, deciding.send_back, reason="Say which minutes.")
    assert states(each_database, scene) == ["accepted", "sent back"]

    mended = write_and_hand_in(
        each_database, scene, second, lambda fields: fields.update(progress="The minutes of May.")
    )
    decide(each_database, scene.second, second, deciding.accept)
    assert states(each_database, scene) == ["accepted", "accepted"]
    with each_database.reading() as session:
        assert session.get_one(Report, first).handed_in_id == made
        assert session.get_one(Report, second).handed_in_id == mended
        versions = session.scalars(sa.select(HandedIn).order_by(HandedIn.number)).all()
        assert [v.progress for v in versions] == [
            "Two hundred minutes were read.",
            "The minutes of May.",
        ]
        assert [v.counts for v in versions] == [False, True]
        told = session.scalars(sa.select(Mail.subject).order_by(Mail.id)).all()
    assert sum(s.startswith("Handed in") for s in told) == 3
    assert sum(s.startswith("Sent back") for s in told) == 1
    assert sum(s.startswith("Accepted") for s in told) == 2


def test_only_a_program_officer_of_the_funder_decides(
    each_database: Database, scene: Scene
) -> None:
    first, _ = ids(each_database, scene)
    write_and_hand_in(each_database, scene, first)
    stranger = each_database.in_transaction(lambda s: make_actor(s, make_organisation(s)))
    for by, refusal in (
        (scene.lead, NotFound),
        (scene.first.preparer, NotPermitted),
        (scene.second.officer, NotFound),
        (scene.owner, NotFound),
        (stranger, NotFound),
    ):
        with pytest.raises(refusal):
            decide(each_database, scene.first, first, deciding.accept, by=by)
    assert states(each_database, scene)[0] == "submitted"


def test_for_a_person_in_conflict_the_report_is_not_there(
    each_database: Database, scene: Scene
) -> None:
    first, _ = ids(each_database, scene)
    write_and_hand_in(each_database, scene, first)

    def declare(session: Session) -> None:
        session.add(
            ConflictOfInterest(
                proposal_id=scene.proposal_id,
                person_id=scene.first.officer.person_id,
                declared_by_id=scene.first.officer.person_id,
                reason="a former student",
            )
        )

    each_database.in_transaction(declare)
    with pytest.raises(NotFound):
        decide(each_database, scene.first, first, deciding.accept)


def test_what_is_missing_or_wrong_is_named_all_at_once(
    each_database: Database, scene: Scene
) -> None:
    first, _ = ids(each_database, scene)

    def break_it(fields: dict[str, str]) -> None:
        fields["output_1_address"] = "the library"
        fields["output_2_title"] = "Nameless"
        fields[f"value_{scene.indicator_id}"] = "1e309"
        fields[next(name for name in fields if name.startswith("spent_"))] = "1.005"

    with pytest.raises(InvalidInput) as refusal:
        write_and_hand_in(each_database, scene, first, break_it)
    assert len(refusal.value.faults) == 4
    with pytest.raises(InvalidInput) as refusal:
        write_and_hand_in(
            each_database,
            scene,
            first,
            lambda fields: (fields.update(progress=""), fields.popitem()),
        )
    assert {f.field.partition("_")[0] for f in refusal.value.faults} == {"progress", "spent"}
    with each_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count(HandedIn.id))) == 0


def test_a_stale_edit_overwrites_nothing_and_what_was_typed_is_kept(
    each_database: Database, scene: Scene
) -> None:
    first, second = ids(each_database, scene)

    def save(session: Session, text: str, base: int) -> None:
        fields = {"progress": text}
        writing.keep_typed(
            session, by=scene.lead, report_id=second, fields=fields, base_version=base, seen=""
        )
        session.commit()
        writing.save(session, by=scene.lead, report_id=first, fields=fields, base_version=base)

    each_database.in_transaction(save, "First", 0)
    with pytest.raises(Conflict):
        each_database.in_transaction(save, "Second", 0)
    with each_database.reading() as session:
        reports = writing.covered(session, session.get_one(Report, first))
        narrative = writing.narrative_of(reports)
        assert narrative is not None
        assert narrative.fields == {"progress": "First"}
        kept = parked.kept(session, scene.lead.person_id, writing.form_name(reports))
        assert kept is not None
        assert kept.fields == {"progress": "Second"}


# -- spend ----------------------------------------------------------------------------------------


def test_spend_above_a_line_or_above_what_was_paid_is_flagged_and_not_refused(
    each_database: Database, scene: Scene
) -> None:
    first, _ = ids(each_database, scene)
    each_database.in_transaction(add_tranche, scene.first, 5_000_00, is_paid=True)
    write_and_hand_in(each_database, scene, first, first=("6,000.01", "0"))
    with each_database.reading() as session:
        report = session.get_one(Report, first)
        purse, other = writing.purses_of(session, writing.covered(session, report))
        spend = {s.budget_line_id: s.amount for s in report.handed_in.spend}
        above, unpaid = form.flags_of(spend, purse)
        assert "1 line is above the budget: People." in above
        assert unpaid == "USD\N{NO-BREAK SPACE}1,000.01 more is spent than has been paid."
        assert form.flags_of(spend, other) == [
            "EUR\N{NO-BREAK SPACE}2,500 more is spent than has been paid."
        ]


# -- milestones -----------------------------------------------------------------------------------


def test_a_tranche_waits_for_its_report_and_is_due_once_that_is_accepted(
    each_database: Database, scene: Scene
) -> None:
    first, second = ids(each_database, scene)
    tranche = each_database.in_transaction(add_tranche, scene.first, 2_000_00, is_paid=False)

    def set_to(report: int | None, by=scene.first.officer) -> None:
        each_database.in_transaction(
            milestones.set_milestone, by=by, tranche_id=tranche, report_id=report
        )

    with pytest.raises(InvalidInput, match="this award"):
        set_to(second)
    with pytest.raises(NotFound):
        set_to(first, by=scene.lead)
    set_to(first)
    set_to(None)
    set_to(first, by=scene.first.preparer)
    write_and_hand_in(each_database, scene, first)
    release = {"by": scene.first.releaser, "tranche_id": tranche}
    with pytest.raises(RuleBroken, match="waits until its report is accepted"):
        each_database.in_transaction(release_tranche, version=1, **release)
    decide(each_database, scene.first, first, deciding.accept)
    with each_database.reading() as session:
        assert session.get_one(Tranche, tranche).state == "due"
    each_database.in_transaction(release_tranche, version=2, **release)
    with pytest.raises(RuleBroken):
        set_to(None)


def test_every_act_is_on_record_without_what_was_written(
    each_database: Database, scene: Scene
) -> None:
    first, second = ids(each_database, scene)
    write_and_hand_in(each_database, scene, first)
    decide(each_database, scene.second, second, deciding.send_back, reason="Say which minutes.")
    with each_database.reading() as session:
        events = session.scalars(sa.select(Event).order_by(Event.seq)).all()
        said = str([event.detail for event in events])
        actions = [event.action for event in events]
    for action in ("reports scheduled", "report saved", "report handed in", "report sent back"):
        assert action in actions
    assert "minutes" not in said


def test_outputs_are_kept_as_given_with_their_address_in_one_form(
    each_database: Database, scene: Scene
) -> None:
    first, _ = ids(each_database, scene)
    write_and_hand_in(each_database, scene, first)
    with each_database.reading() as session:
        output = session.scalars(sa.select(Output)).one()
        assert output.address == "https://doi.org/10.48550/arXiv.2601.00001"
        assert (output.kind, output.licence) == ("paper", "CC-BY-4.0")
        form_again = form.fields_of(
            output.handed_in,
            writing.purses_of(session, [session.get_one(Report, first)]),
        )
        wanted = full_form(session, scene, (scene.first, "3,000", "1,000"))
    assert form_again | {"output_1_address": ""} == wanted | {"output_1_address": ""}


def test_what_is_written_is_read_by_nobody_else_before_it_is_handed_in(
    each_database: Database, scene: Scene
) -> None:
    first, _ = ids(each_database, scene)
    with pytest.raises(NotFound):
        each_database.in_transaction(
            writing.save,
            by=scene.first.officer,
            report_id=first,
            fields={"progress": "Not mine"},
            base_version=0,
        )
    with pytest.raises(RuleBroken, match="Nothing is saved"):
        each_database.in_transaction(
            deciding.hand_in, by=scene.lead, report_id=first, version=0, public_url=URL
        )
