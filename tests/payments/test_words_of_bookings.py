"""What a booking was matched by, and why not, is said in the reader's language."""

from __future__ import annotations

from datetime import date

import pytest

from funding.db import Database
from funding.imports.bank.lines import StatementLine
from funding.language import using
from funding.listing import Listing
from funding.models import BankStatement
from funding.reports.bank_statements import bookings as booking_rows
from funding.sayings import kept
from funding.services.payments import bookings
from funding.services.payments.matching import Candidate, match
from funding.services.run_words import told
from tests.payments.bank_files import entry, statement
from tests.payments.scene import Scene, lines_of, take_in
from tests.payments.test_statements import sent
from tests.plain_words import plain

DAY = date(2026, 10, 5)


def line(reference: str = "", code: str = "", *, is_out: bool = True) -> StatementLine:
    return StatementLine(1, DAY, 4_000_00, is_out, "ID1" * bool(code), reference, return_code=code)


def payment(number: int, **named: object) -> Candidate:
    return Candidate(number, 4_000_00, "Wren", DAY, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("booking", "payments", "french", "arabic"),
    [
        (
            line("grant A7"),
            [payment(1, references=("A7",))],
            "Même montant, et son texte cite « A7 ».",
            "المبلغ نفسه، ويذكر نصّها «A7».",
        ),
        (
            line(code="AC04", is_out=False),
            [payment(1, end_to_end_id="ID1")],
            "Elle porte l’identifiant de ce paiement (motif de la banque : AC04).",
            "تحمل معرّف هذه المدفوعة (سبب المصرف: AC04).",
        ),
        (
            line(),
            [payment(1), payment(2)],
            "2 paiements de ce montant sont proches de ce jour ; dites lequel.",
            "مدفوعتان بهذا المبلغ قرب هذا اليوم؛ يُرجى تحديد أيهما.",
        ),
    ],
)
def test_what_it_may_be_is_said_in_the_readers_language(
    booking: StatementLine, payments: list[Candidate], french: str, arabic: str
) -> None:
    why = match(booking, payments).why
    assert told(kept(why)) == why
    for language, words in (("fr", french), ("ar", arabic)):
        with using(language):
            assert plain(told(kept(why))) == words


def whys(database: Database, scene: Scene, made: int, language: str) -> list[str]:
    """As the page of a statement says them: open ones first."""
    with database.reading() as session, using(language):
        listing = Listing.parse("/", {}, sortable=(), filters=("state",))
        found = session.get_one(BankStatement, made)
        _, rows = booking_rows(session, scene.first, found, listing)
        return [plain(row.why) for row in rows]


def test_what_was_decided_is_said_so_too_but_not_what_a_person_wrote(database: Database) -> None:
    scene, _, id_ = database.in_transaction(sent)
    content = statement(
        entry("4000.00", end_to_end=id_),
        entry("3.10", ref="B2", text="fees"),
        entry("7.00", ref="B3"),
    )
    made = database.in_transaction(take_in, scene, content)
    fee = lines_of(database, made)[1]
    written = "Said by a person."  # as if it were one of ours
    database.in_transaction(
        bookings.set_aside, by=scene.first, line_id=fee.id, version=fee.version, why=written
    )
    assert whys(database, scene, made, "fr") == [
        "Rien de ce qui est en attente n’y correspond.",
        "Mêmes identifiant de bout en bout et montant.",
        written,
    ]
    assert lines_of(database, made)[0].why == "Same end-to-end id and amount."
