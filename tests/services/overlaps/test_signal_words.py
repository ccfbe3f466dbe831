"""What speaks for and against a pair is said in each reader's language, whenever it was found."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from funding.language import using
from funding.models import Overlap
from funding.overlap.probability import judge
from funding.overlap.works import Someone, Work
from funding.reports.overlaps import spoken
from funding.sayings import kept
from funding.services.run_words import told
from tests.plain_words import plain

FIRST = Work(
    "proposal:1",
    "Probes for test awareness",
    "We train linear probes on 4 models and 1,250 prompts to tell whether a model is tested.",
    people=(Someone("Ada Tull"),),
    amount=100_000_00,
    starts_on=date(2027, 1, 1),
    ends_on=date(2027, 12, 31),
)
SECOND = replace(
    FIRST,
    id="proposal:2",
    title="Probes for awareness of tests",
    amount=103_000_00,
    ends_on=date(2027, 2, 28),
)


def found(second: Work = SECOND) -> Overlap:
    """The pair as a search keeps it, once written to the database and read again."""
    signals = judge(FIRST, second, 0.55).signals
    said = json.loads(json.dumps([[kept(signal.words), signal.push] for signal in signals]))
    return Overlap(signals={"said": said})


def words(overlap: Overlap, language: str) -> set[str]:
    with using(language):
        return {plain(signal.words) for signal in spoken(overlap)}


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", {"texts 55% alike", "budgets within 3%", "periods overlap by 2 months"}),
        (
            "fr",
            {
                "textes semblables à 55 %",
                "budgets à 3 % près",
                "périodes qui se chevauchent de 2 mois",
                "le même demandeur principal",
            },
        ),
        (
            "es",
            {
                "textos parecidos en un 55 %",
                "presupuestos con un 3 % de diferencia como máximo",
                "períodos que coinciden 2 meses",
            },
        ),
        (
            "ar",
            {
                "النصان متشابهان بنسبة 55%",
                "فرق الميزانيتين لا يزيد على 3%",
                "الفترتان متداخلتان شهرين",
            },
        ),
    ],
)
def test_shares_and_months_are_said_in_the_readers_language(
    language: str, wanted: set[str]
) -> None:
    assert wanted <= words(found(), language)


def test_one_month_is_one() -> None:
    short = found(replace(SECOND, ends_on=date(2027, 1, 25)))
    assert "periods overlap by 1 month" in words(short, "en")
    assert "الفترتان متداخلتان شهرًا واحدًا" in words(short, "ar")


def test_the_english_words_are_those_that_are_told_in_english() -> None:
    for signal in judge(FIRST, SECOND, 0.55).signals:
        assert told(kept(signal.words)) == signal.words


def test_budgets_that_are_nearly_the_same_are_within_something() -> None:
    assert "budgets within 1%" in words(found(replace(SECOND, amount=100_200_00)), "en")


def test_a_pair_found_before_words_were_kept_in_parts_still_reads() -> None:
    old = Overlap(signals={"said": [["texts 84% alike", 2.0], ["the same lead", 1.0]]})
    assert words(old, "fr") == {"texts 84% alike", "le même demandeur principal"}
