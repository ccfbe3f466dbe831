"""What the optimizer says of a proposal is kept as it was made, and said in each language."""

from __future__ import annotations

import json
import re

import pytest

from funding.language import using
from funding.sayings import as_written
from funding.services.run_words import Words, told, why_of
from funding.studies.alternatives import portfolio_names
from optimizer.pairs import refusal
from optimizer.problem import Commitment, Proposal
from optimizer.reasons import NOBODY, not_funded
from optimizer.sentences import all_of, each_of, kept, sentence
from tests.plain_words import plain

WORDS = Words({"f": "Fund A", "g": "Fund B"}, "USD")
TWICE = not_funded(
    sentence(
        "it overlaps with %(partners)s, funded already; paying for it too would spend %(charge)s "
        "twice",
        partners=all_of(["“Frobnicators” (P7)", "“Widgets” (P8)"]),
        charge=WORDS.money(1_234_50),
    )
)


def test_a_reason_is_its_english_words_and_what_they_were_made_of() -> None:
    assert TWICE == (
        "Not funded: it overlaps with “Frobnicators” (P7) and “Widgets” (P8), funded already; "
        "paying for it too would spend USD\N{NO-BREAK SPACE}1,234 twice."
    )
    assert told(json.loads(json.dumps(kept(TWICE)))) == TWICE


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "fr",
            "Non financée : elle chevauche “Frobnicators” (P7) et “Widgets” (P8), déjà financé ; "
            "la financer aussi dépenserait 1 234 USD deux fois.",
        ),
        (
            "es",
            "No financiada: se solapa con “Frobnicators” (P7) y “Widgets” (P8), ya financiado; "
            "pagarla también gastaría 1.234 USD dos veces.",
        ),
    ],
)
def test_a_reason_is_said_in_the_readers_language(language: str, says: str) -> None:
    with using(language):
        said = told(json.loads(json.dumps(kept(TWICE))))
    assert re.sub(r"\s", " ", said) == says


def test_clauses_of_commitments_are_said_one_after_the_other() -> None:
    shut = Commitment("f", "f", 100, regions=("europe", "asia"))
    proposal = Proposal("p", "P", 10, 5, 0.5, region="africa")
    clause = refusal(shut, proposal, {"europe": "Europe", "asia": "Asia"}.get)
    assert clause == "it pays only in Europe, Asia"
    both = each_of([clause, clause], ";")
    with using("ar"):
        words = plain(told(kept(both)))
    assert words.count("يدفع في هذه المناطق فقط: أوروبا، آسيا") == 2
    assert "؛ " in words


def test_what_applicants_hear_and_what_earned_the_money_are_said_too() -> None:
    detail = {"earned": [["merit", 5_000_00.0], ["gap", 0.0], ["floor", 0.0], ["overlap", 0.0]]}
    with using("es"):
        assert told(str(NOBODY)).startswith("Ningún dinero de esta convocatoria")
        why = why_of(4_00, 8_00, "Funded with 50% of its ask: ...", detail, "EUR")
    assert re.sub(r"\s", " ", why).startswith("Financiada con el 50 % del importe solicitado: ")
    assert "5.000" in why


def test_a_run_from_before_is_read_as_it_was_stored() -> None:
    old = "Not funded: no commitment may pay it."
    with using("fr"):
        assert why_of(0, 8_00, old, {"kind": "x"}, "EUR") == old
        assert told(old) == old


def test_the_name_of_a_portfolio_is_said_in_the_readers_language() -> None:
    marks = [
        {"kind": "area", "where": "governance", "change": 5.0, "size": 0.1},
        {"kind": "agreements", "where": "", "change": -2.0, "size": 0.1},
    ]
    names = {"governance": "Governance"}
    assert portfolio_names([marks], names, frozenset()) == ["more Governance, fewer agreements"]
    with using("fr"):
        assert portfolio_names([marks, marks], names, frozenset()) == [
            "plus pour Governance, moins d’accords",
            "plus pour Governance, moins d’accords (2)",
        ]
    with using("ar"):
        assert portfolio_names([[]], names, frozenset()) == ["تكاد تكون نفسها، بمقترحات أخرى"]


def test_what_somebody_wrote_is_not_looked_up_though_it_begins_with_a_small_letter() -> None:
    said_of = sentence("Both have %(words)s.", words=as_written("fund"))
    with using("es"):
        assert told(said_of.kept) == "Ambos tienen fund."
