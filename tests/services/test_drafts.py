"""Keeping what is typed, saving it, and editing with others."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from funding.db import Database, now
from funding.errors import InvalidInput, NotFound, NotPermitted, RuleBroken
from funding.models import Organisation, ParkedForm, Proposal, Role
from funding.permissions import Actor
from funding.services import drafts, typed_text
from tests.application_forms import (
    Applicant,
    add_co_applicant,
    complete_fields,
    make_applicant,
    move_deadline,
    save,
    saved_form,
)
from tests.builders import make_organisation, make_person, make_round


def keep(database: Database, by: Actor, proposal_id: int, seen: str = "", **fields: str) -> str:
    return database.in_transaction(
        typed_text.keep_typed,
        by=by,
        proposal_id=proposal_id,
        fields=fields,
        marks="",
        base_version=1,
        seen=seen,
    ).isoformat()


def kept(database: Database, by: Actor, proposal_id: int) -> typed_text.Kept | None:
    with database.reading() as session:
        return typed_text.kept_form(session, by, proposal_id)


def test_a_new_proposal_knows_its_lead_institution_country_and_region(database: Database) -> None:
    applicant = make_applicant(database)
    with database.reading() as session:
        proposal = session.get_one(Proposal, applicant.proposal_id)
        assert proposal.institution_id == applicant.institution_id
        assert (proposal.country, proposal.region, proposal.state) == ("KE", "africa", "draft")
        assert [member.person_id for member in proposal.team] == [applicant.by.person_id]


@pytest.mark.parametrize("state", ["in review", "allocating", "deciding", "closed"])
def test_nothing_is_started_in_a_round_that_is_not_open(database: Database, state: str) -> None:
    def setup(session) -> tuple[Actor, int]:
        person = make_person(session, make_organisation(session, "institution"), Role.RESEARCHER)
        return Actor.of(person), make_round(session, state=state).id

    by, round_id = database.in_transaction(setup)
    with pytest.raises(RuleBroken, match="not open"):
        database.in_transaction(drafts.start, by=by, round_id=round_id)


def test_nothing_is_started_after_the_deadline(database: Database) -> None:
    applicant = make_applicant(database)
    move_deadline(database, applicant.round_id, -timedelta(minutes=1))
    with pytest.raises(RuleBroken, match="deadline"):
        database.in_transaction(drafts.start, by=applicant.by, round_id=applicant.round_id)


def test_officers_start_no_proposals(database: Database) -> None:
    def setup(session) -> tuple[Actor, int]:
        officer = make_person(session, make_organisation(session), Role.PROGRAM_OFFICER)
        return Actor.of(officer), make_round(session, state="open").id

    by, round_id = database.in_transaction(setup)
    with pytest.raises(NotPermitted):
        database.in_transaction(drafts.start, by=by, round_id=round_id)


# -- what is typed ------------------------------------------------------------------------------


def test_what_is_typed_is_kept_exactly_as_typed_however_wrong(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    typed = {"ask": "a lot of €", "title": "  spaces  ", "share_1": "-3", "starts_on": "soon"}
    keep(each_database, applicant.by, applicant.proposal_id, **typed)
    assert kept(each_database, applicant.by, applicant.proposal_id).fields == typed


def test_typing_on_replaces_what_was_kept_before(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    seen = keep(each_database, applicant.by, applicant.proposal_id, title="One")
    keep(each_database, applicant.by, applicant.proposal_id, seen, title="One and a half")
    found = kept(each_database, applicant.by, applicant.proposal_id)
    assert found.fields == {"title": "One and a half"}


def test_a_second_window_never_overwrites_what_the_first_one_typed(database: Database) -> None:
    applicant = make_applicant(database)
    seen = keep(database, applicant.by, applicant.proposal_id, title="First window")
    keep(database, applicant.by, applicant.proposal_id, seen, title="First window, more")
    with pytest.raises(typed_text.OpenElsewhere):
        keep(database, applicant.by, applicant.proposal_id, seen, title="Second window")
    assert kept(database, applicant.by, applicant.proposal_id).fields["title"].endswith("more")


def test_saving_one_window_leaves_what_another_one_typed(database: Database) -> None:
    applicant = make_applicant(database)
    keep(database, applicant.by, applicant.proposal_id, title="Typed in the other window")
    save(database, applicant)
    found = kept(database, applicant.by, applicant.proposal_id)
    assert found.fields == {"title": "Typed in the other window"}


def test_a_form_that_was_saved_is_not_kept_any_longer(database: Database) -> None:
    applicant = make_applicant(database)
    keep(database, applicant.by, applicant.proposal_id, **complete_fields(applicant))
    save(database, applicant)
    assert kept(database, applicant.by, applicant.proposal_id) is None


def test_a_refused_form_changes_nothing_and_stays_kept(database: Database) -> None:
    applicant = make_applicant(database)
    typed = complete_fields(applicant, ask="many")
    keep(database, applicant.by, applicant.proposal_id, **typed)
    with pytest.raises(InvalidInput) as refusal:
        save(database, applicant, ask="many")
    assert [fault.field for fault in refusal.value.faults] == ["ask"]
    with database.reading() as session:
        assert session.get_one(Proposal, applicant.proposal_id).title == ""
    assert kept(database, applicant.by, applicant.proposal_id).fields == typed


def test_nobody_keeps_text_in_somebody_elses_proposal(database: Database) -> None:
    applicant, stranger = make_applicant(database), make_applicant(database)
    with pytest.raises(NotFound):
        keep(database, stranger.by, applicant.proposal_id, title="Mine now")


def unsent(database: Database, applicant: Applicant, token: str, **fields: str) -> None:
    database.in_transaction(
        typed_text.keep_unsent,
        token=token,
        proposal_id=applicant.proposal_id,
        fields=fields,
        marks="",
        base_version=1,
    )


def claim(database: Database, applicant: Applicant, by: Actor, token: str) -> bool:
    return database.in_transaction(
        typed_text.claim_unsent, by=by, proposal_id=applicant.proposal_id, token=token
    )


def test_what_came_without_a_session_is_given_back_once(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    keep(each_database, applicant.by, applicant.proposal_id, title="Earlier")
    unsent(each_database, applicant, "token", title="Later")
    assert claim(each_database, applicant, applicant.by, "token")
    assert kept(each_database, applicant.by, applicant.proposal_id).fields == {"title": "Later"}
    assert not claim(each_database, applicant, applicant.by, "token")


def test_what_came_without_a_session_is_not_given_to_another_person(database: Database) -> None:
    applicant, stranger = make_applicant(database), make_applicant(database)
    unsent(database, applicant, "token", title="Private")
    with pytest.raises(NotFound):
        claim(database, applicant, stranger.by, "token")
    assert not claim(database, applicant, applicant.by, "another token")
    assert claim(database, applicant, applicant.by, "token")


def test_unsent_forms_that_nobody_comes_back_for_are_dropped(database: Database) -> None:
    applicant = make_applicant(database)
    unsent(database, applicant, "old", title="Old")

    def age(session) -> None:
        session.scalars(sa.select(ParkedForm)).one().saved_at = now() - timedelta(days=15)

    database.in_transaction(age)
    unsent(database, applicant, "new", title="New")
    with database.reading() as session:
        assert [each.fields["typed"] for each in session.scalars(sa.select(ParkedForm))] == [
            {"title": "New"}
        ]


# -- saving -------------------------------------------------------------------------------------


def test_a_saved_form_reads_back_as_it_was_typed(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    fields = saved_form(each_database, applicant.proposal_id)["fields"]
    typed = complete_fields(applicant)
    for name in set(typed) - {"amount_2"}:
        assert fields[name] == typed[name], name
    assert fields["amount_2"] == "20,000"


def test_saving_again_keeps_the_rows_of_areas_and_team(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    opened = saved_form(each_database, applicant.proposal_id)
    each_database.in_transaction(
        drafts.save, by=applicant.by, proposal_id=applicant.proposal_id, **opened
    )
    assert saved_form(each_database, applicant.proposal_id)["fields"] == opened["fields"]


def test_areas_can_change_places(each_database: Database) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    save(
        each_database,
        applicant,
        area_1="evaluations-capability",
        share_1="50",
        area_2="interpretability",
        share_2="50",
    )
    with each_database.reading() as session:
        proposal = session.get_one(Proposal, applicant.proposal_id)
        assert {tag.area_key: tag.weight for tag in proposal.areas} == {
            "evaluations-capability": 0.5,
            "interpretability": 0.5,
        }


def test_saving_only_rows_moves_the_version(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant)
    before = saved_form(database, applicant.proposal_id)
    save(database, applicant, amount_1="70,000")
    assert saved_form(database, applicant.proposal_id)["base_version"] > before["base_version"]


def edit(database: Database, by: Actor, proposal_id: int, opened: dict, **changes: str):
    return database.in_transaction(
        drafts.save,
        by=by,
        proposal_id=proposal_id,
        **{**opened, "fields": {**opened["fields"], **changes}},
    )


def test_two_applicants_editing_different_parts_both_get_theirs_in(
    each_database: Database,
) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    other, _ = add_co_applicant(each_database, applicant)
    opened = saved_form(each_database, applicant.proposal_id)
    edit(each_database, other, applicant.proposal_id, opened, title="Their title")
    taken = edit(each_database, applicant.by, applicant.proposal_id, opened, minimum="50,000")
    fields = saved_form(each_database, applicant.proposal_id)["fields"]
    assert (fields["title"], fields["minimum"], taken) == ("Their title", "50,000", ("title",))


def test_two_applicants_editing_the_same_part_are_asked_and_nothing_is_overwritten(
    each_database: Database,
) -> None:
    applicant = make_applicant(each_database)
    save(each_database, applicant)
    other, _ = add_co_applicant(each_database, applicant)
    opened = saved_form(each_database, applicant.proposal_id)
    edit(each_database, other, applicant.proposal_id, opened, title="Theirs", ask="120,000")
    with pytest.raises(drafts.Clashed) as clash:
        edit(each_database, applicant.by, applicant.proposal_id, opened, title="Mine")
    assert [(c.group, c.mine, c.theirs) for c in clash.value.clashes] == [
        ("title", "Mine", "Theirs")
    ]
    now_saved = saved_form(each_database, applicant.proposal_id)
    assert now_saved["fields"]["title"] == "Theirs"
    each_database.in_transaction(
        drafts.save,
        by=applicant.by,
        proposal_id=applicant.proposal_id,
        fields=clash.value.fields,
        base_version=clash.value.version,
        marks=now_saved["marks"],
        take_theirs=[],
    )
    fields = saved_form(each_database, applicant.proposal_id)["fields"]
    assert (fields["title"], fields["ask"]) == ("Mine", "120,000")


def test_choosing_what_is_saved_drops_only_that_part_of_mine(database: Database) -> None:
    applicant = make_applicant(database)
    save(database, applicant)
    other, _ = add_co_applicant(database, applicant)
    opened = saved_form(database, applicant.proposal_id)
    edit(database, other, applicant.proposal_id, opened, title="Theirs", minimum="1")
    with pytest.raises(drafts.Clashed) as clash:
        edit(database, applicant.by, applicant.proposal_id, opened, title="Mine", minimum="2")
    database.in_transaction(
        drafts.save,
        by=applicant.by,
        proposal_id=applicant.proposal_id,
        fields=clash.value.fields,
        base_version=clash.value.version,
        take_theirs=["title"],
    )
    fields = saved_form(database, applicant.proposal_id)["fields"]
    assert (fields["title"], fields["minimum"]) == ("Theirs", "2")


def test_a_co_applicant_cannot_be_dropped_or_renamed_through_the_form(database: Database) -> None:
    applicant = make_applicant(database)
    other, email = add_co_applicant(database, applicant)
    save(database, applicant)
    with database.reading() as session:
        team = session.get_one(Proposal, applicant.proposal_id).team
        assert [member.email for member in team if member.person_id == other.person_id] == [email]
    opened = saved_form(database, applicant.proposal_id)
    number = next(name.split("_")[1] for name, text in opened["fields"].items() if text == email)
    edit(
        database,
        applicant.by,
        applicant.proposal_id,
        opened,
        **{f"member_{number}_email": "other@test.example"},
    )
    assert saved_form(database, applicant.proposal_id)["fields"][f"member_{number}_email"] == email


def test_a_stranger_saves_nothing(database: Database) -> None:
    applicant, stranger = make_applicant(database), make_applicant(database)
    fields = complete_fields(applicant)
    with pytest.raises(NotFound):
        database.in_transaction(
            drafts.save,
            by=stranger.by,
            proposal_id=applicant.proposal_id,
            fields=fields,
            base_version=1,
        )


def test_an_institution_without_a_ror_gets_the_one_its_researcher_gives(
    database: Database,
) -> None:
    applicant = make_applicant(database)
    save(database, applicant, ror="05dxps055")
    save(database, applicant, ror="042nb2s44")
    with database.reading() as session:
        institution = session.get_one(Organisation, applicant.institution_id)
        assert institution.ror == "https://ror.org/05dxps055"
