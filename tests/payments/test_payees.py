"""Bank details: checked, kept version by version, and never in the log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Database
from funding.errors import Conflict, InvalidInput, NotFound, NotPermitted
from funding.models import BankDetails, Event, Organisation, Person, Role
from funding.services.mail import send_waiting
from funding.services.payments import payees
from tests.builders import make_person
from tests.mail_sink import config_for, listening
from tests.payments.scene import PAYEE_IBAN, Scene, account, enter, set_scene

WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"iban": "GB82WEST12345698765431"}, "iban"),
    ({"iban": "GB82"}, "iban"),
    ({"iban": PAYEE_IBAN, "account": "123"}, "iban"),
    ({"iban": ""}, "iban"),
    ({"iban": "", "account": "123"}, "bank_code"),
    ({"iban": "", "account": "<b>", "bank_code": "1"}, "account"),
    ({"bic": "NOBIC"}, "bic"),
    ({"country": "ZZ"}, "country"),
    ({"country": "DE"}, "country"),
    ({"holder": " "}, "holder"),
    ({"holder": "x" * 71}, "holder"),
)


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_an_account_that_cannot_be_paid_to_is_refused_by_its_field(
    changes: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        payees.cleaned(account(**changes))
    assert [fault.field for fault in refusal.value.faults] == [field]


def test_an_account_is_kept_as_banks_write_it() -> None:
    assert payees.cleaned(account(iban="gb82 west 1234 5698 7654 32")).iban == PAYEE_IBAN
    plain = payees.cleaned(
        account(iban="", account=" 00-12 34 ", bank_code="021000021", country="us")
    )
    assert (plain.account, plain.bank_code, plain.country) == ("00-1234", "021000021", "US")


def test_every_change_is_a_version_and_a_stale_one_is_refused(each_database: Database) -> None:
    scene = each_database.in_transaction(set_scene)
    each_database.in_transaction(enter, scene)
    for number in (0, 2):
        with pytest.raises(Conflict):
            each_database.in_transaction(enter, scene, number=number)
    second = account(holder="Hogvik Institute Ltd")
    each_database.in_transaction(enter, scene, number=1, details=second, by=scene.second)
    with each_database.reading() as session:
        versions = session.scalars(sa.select(BankDetails).order_by(BankDetails.number)).all()
        assert [v.holder for v in versions] == ["Høgvik Institute", "Hogvik Institute Ltd"]
        now = payees.current(session, scene.funder_id, scene.institution_id, "EUR")
        assert now is not None
        assert (now.number, now.entered_by_id) == (2, scene.second.person_id)


def test_only_a_finance_officer_enters_them_and_only_for_who_is_paid(database: Database) -> None:
    scene = database.in_transaction(set_scene)
    with pytest.raises(NotPermitted):
        database.in_transaction(enter, scene, by=scene.officer)
    with pytest.raises(NotFound):
        database.in_transaction(enter, scene, organisation_id=987_654)


def test_nothing_of_an_account_is_in_the_log_or_shown_masked_in_full(database: Database) -> None:
    scene = database.in_transaction(set_scene)
    made = database.in_transaction(enter, scene)
    database.in_transaction(enter, scene, number=1, details=account(bic="WESTGB22XXX"))
    with database.reading() as session:
        events = session.scalars(
            sa.select(Event).where(Event.subject_type == "bank_details").order_by(Event.seq)
        ).all()
        assert [e.action for e in events] == ["bank details entered", "bank details changed"]
        assert events[1].detail["changed"] == ["bic"]
        logged = json.dumps([e.detail for e in session.scalars(sa.select(Event))])
    for secret in (PAYEE_IBAN, PAYEE_IBAN[-6:], "Høgvik", "WESTGB"):
        assert secret not in logged
    assert made.masked == "GB•••• 5432"


def test_colleagues_and_who_is_paid_hear_of_new_bank_details_without_seeing_an_account(
    each_database: Database, tmp_path: Path
) -> None:
    def people(session: Session) -> tuple[Scene, list[str], str]:
        scene = set_scene(session)
        funder = session.get_one(Organisation, scene.funder_id)
        admin = make_person(session, funder, Role.FUNDER_ADMIN)
        make_person(session, funder, Role.FINANCE_OFFICER, is_active=False)
        lead = session.get_one(Person, scene.lead.person_id).email
        return scene, [scene.emails["second"], admin.email], lead

    scene, colleagues, lead = each_database.in_transaction(people)
    with listening() as (sink, port):
        config = config_for(tmp_path, port)
        each_database.in_transaction(enter, scene)
        send_waiting(each_database, config)
        letters = sink.messages()
        assert letters.keys() == {*colleagues, lead}
        assert {m["Subject"] for m in letters.values()} == {
            "Bank details entered: Høgvik Institute, EUR"
        }
        sink.letters.clear()
        changed = account(iban="DE89370400440532013000", country="DE")
        each_database.in_transaction(enter, scene, number=1, details=changed, by=scene.second)
        send_waiting(each_database, config)
        letters = sink.messages()
        assert letters.keys() == {scene.emails["first"], colleagues[1], lead}
        assert "It concerns: the IBAN and the country." in letters[colleagues[1]].get_content()
        assert "please tell Stiftung Öffnung at once" in " ".join(
            letters[lead].get_content().split()
        )
        for message in letters.values():
            for secret in ("DE89", "3000", PAYEE_IBAN[-4:]):
                assert secret not in message.get_content()


def test_only_the_funders_own_people_hear_of_its_own_account(
    each_database: Database, tmp_path: Path
) -> None:
    scene = each_database.in_transaction(set_scene)
    own = account(holder="Stiftung Öffnung", iban="DE89370400440532013000", country="DE")
    with listening() as (sink, port):
        each_database.in_transaction(enter, scene, organisation_id=scene.funder_id, details=own)
        send_waiting(each_database, config_for(tmp_path, port))
        assert sink.messages().keys() == {scene.emails["second"]}
