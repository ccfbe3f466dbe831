"""Why two names may be one is said in each reader's language, whenever it was found."""

from __future__ import annotations

import json
import math

import pytest

from funding.language import using
from funding.overlap.entities import compare
from funding.overlap.name_chance import _of_acronym
from funding.overlap.name_index import NameIndex
from funding.overlap.name_pairs import Mention
from funding.overlap.names import read_name
from funding.sayings import kept
from funding.services.run_words import told
from tests.plain_words import plain


def between(one: str, other: str, *others: str, reference: str = "") -> list[object]:
    """The reasons as they are kept, once written to the database and read again."""
    names = [Mention(read_name(name), reference) for name in (one, other)]
    index = NameIndex([*names, *(Mention(read_name(name)) for name in others)])
    found = compare(index, 0, 1)
    assert found is not None
    stored = json.loads(json.dumps([kept(reason) for reason in found.reasons]))
    assert [told(reason) for reason in stored] == list(found.reasons)
    return stored


MISSPELT = ("Larkspur Meteorological Observatory Trust", "Larkspur Meteorologcal Observatory Trust")
INITIALS = ("Machine Intelligence Research Institute", "MIRI")
PART = ("Larkspur University, Department of Birds", "Larkspur University")
LONGER = ("Larkspur Weather Observatory", "Larkspur Weather Observatory Fund")


@pytest.mark.parametrize(
    ("names", "language", "says"),
    [
        (
            MISSPELT,
            "fr",
            [
                "Les deux ont « larkspur », « observatory », « trust ».",
                "« meteorological » et « meteorologcal » diffèrent d’une lettre.",
            ],
        ),
        (
            MISSPELT,
            "ar",
            [
                "يحتوي كلاهما على «larkspur»، «observatory»، «trust».",
                "يختلف «meteorological» عن «meteorologcal» في حرف واحد.",
            ],
        ),
        (
            INITIALS,
            "es",
            [
                "«MIRI» coincide con las iniciales de «Machine Intelligence Research Institute» "
                "y con las de ningún otro nombre aquí."
            ],
        ),
        (
            PART,
            "fr",
            [
                "« Larkspur University, Department of Birds » est « Larkspur University » avec une "
                "partie de plus, séparée par un signe : un département, une antenne ou un projet."
            ],
        ),
        (
            LONGER,
            "fr",
            ["Les deux ont « larkspur », « weather », « observatory ».", "Seul l’un dit « fund »."],
        ),
    ],
)
def test_why_two_names_may_be_one_is_said_in_the_readers_language(
    names: tuple[str, str], language: str, says: list[str]
) -> None:
    with using(language):
        assert [plain(told(reason)) for reason in between_in_english(names)] == says


def between_in_english(names: tuple[str, str]) -> list[object]:
    with using("en"):
        return between(*names)


def test_a_name_is_never_translated() -> None:
    """`fund` and `all` are words of the site as well."""
    stored = between("Larkspur Weather Fund", "Larkspur Weather All Fund")
    with using("es"):
        assert "«fund»" in told(stored[0])
        assert "«all»" in told(stored[1])


def test_how_many_other_names_have_the_initials_is_counted() -> None:
    """Two others beside Machine Intelligence Research Institute, as the index counts them."""
    figures = {"acronym_said": 0.0, "acronym_of_many": math.log(3)}
    long, short = (Mention(read_name(name)) for name in INITIALS)
    reason = kept(_of_acronym(long, short, figures))
    assert "and those of 2 other names." in told(reason)
    with using("fr"):
        assert "celles de 2 autres noms." in told(reason)


def test_a_reason_found_before_reasons_were_kept_in_parts_still_reads() -> None:
    with using("fr"):
        assert told("“a” and “b” differ in one letter.") == "“a” and “b” differ in one letter."
        assert told("One says that it is also called as the other.") == (
            "L’un dit qu’il porte aussi le nom de l’autre."
        )
