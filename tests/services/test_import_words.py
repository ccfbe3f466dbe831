"""What is noticed in a file and what comes with it are said in each reader's language."""

from __future__ import annotations

import json
import re

import pytest

from funding.imports.reading import read_records
from funding.language import using
from funding.sayings import counted, kept
from funding.services.import_plan import some_of
from funding.services.run_words import told

FILE = (
    "Our grants\n"
    "Title,Recipient,Funder,Amount,Currency,Date,Fundder\n"
    + "Study,Wren Trust,Alder Fund,-5,USD,2020-01-02,x\n" * 12
    + "Study,Wren Trust,Alder Fund,,USD,,x\n"
)


def noticed(content: str, name: str = "grants.csv") -> list[object]:
    """The notes as an import keeps them, once written to the database and read again."""
    reading = read_records(content.encode(), "history", filename=name)
    stored = json.loads(json.dumps([kept(note) for note in reading.notes]))
    assert [told(note) for note in stored] == list(reading.notes)
    return stored


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "fr",
            {
                "Lignes au-dessus des en-têtes qui ont été ignorées : 1.",
                "Lignes sans montant, conservées avec un montant inconnu : 1.",
                "Des montants inférieurs à 0 se trouvent aux lignes 3, 4, 5, 6, 7, 8, 9, 10, 11, "
                "12 et dans 2 autres : si un signe moins est une erreur, corrigez-le d’abord.",
            },
        ),
        ("ar", {"صفوف بلا تاريخ، حُفظت بتاريخ غير معروف: 1."}),
        (
            "es",
            {"Filas con un importe inferior a 0 (dinero devuelto, que los totales restan): 12."},
        ),
    ],
)
def test_what_is_noticed_is_said_in_the_readers_language(language: str, says: set[str]) -> None:
    stored = noticed(FILE)
    with using(language):
        said = {re.sub(r"\s", " ", told(note)) for note in stored}
    assert says <= said, said


def test_a_heading_is_quoted_as_it_was_written_and_its_field_is_named() -> None:
    stored = noticed("Titel,Recipient,Fundder,Amount,Currency\nA,B,C,5,USD\n")
    with using("fr"):
        said = " ".join(map(told, stored))
    assert "« Fundder »" in said
    assert "« Bailleur de fonds »" in said


def test_which_of_two_ways_a_date_was_read_is_said_too() -> None:
    dates = "Title,Recipient,Funder,Amount,Currency,Date\nA,B,C,5,USD,05/06/2014\n"
    with using("es"):
        assert "Fechas como 05/06/2014, que se leyeron con el día primero: 1." in [
            told(note) for note in noticed_in_english(dates)
        ]


def noticed_in_english(content: str) -> list[object]:
    with using("en"):
        return noticed(content)


def test_names_are_never_translated_and_are_cut_after_a_dozen() -> None:
    names = ["Other", *(f"Institute {number}" for number in range(13))]
    effect = kept(
        counted(
            "%(num)s new institution: %(names)s.",
            "%(num)s new institutions: %(names)s.",
            len(names),
            names=some_of(names),
        )
    )
    with using("fr"):
        said = re.sub(r"\s", " ", told(effect))
    assert said.startswith("14 nouveaux établissements : Other, Institute 0, ")
    assert said.endswith("Institute 10 et 2 de plus.")


def test_what_was_stored_in_english_before_still_reads() -> None:
    with using("ar"):
        assert told("1 new institution: Wren Trust") == "1 new institution: Wren Trust"
