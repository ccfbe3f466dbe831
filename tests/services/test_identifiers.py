"""ORCID iD and ROR: check digits."""

from __future__ import annotations

import pytest

from funding.services.identifiers import clean_orcid, clean_ror


@pytest.mark.parametrize(
    "text",
    [
        "0000-0002-1825-0097",  # the example of ORCID's own documentation
        "https://orcid.org/0000-0002-1825-0097",
        "0000000218250097",
        " orcid.org/0000-0002-1825-0097 ",
    ],
)
def test_an_orcid_is_understood_in_its_usual_spellings(text: str) -> None:
    assert clean_orcid(text) == "0000-0002-1825-0097"


def test_an_orcid_may_end_in_x() -> None:
    assert clean_orcid("0000-0002-1694-233x") == "0000-0002-1694-233X"


@pytest.mark.parametrize("text", ["0000-0002-1825-0098", "0000-0002-1825", "abc", "0" * 500])
def test_a_wrong_orcid_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="ORCID"):
        clean_orcid(text)


@pytest.mark.parametrize("text", ["https://ror.org/05dxps055", "05DXPS055", "ror.org/05dxps055/"])
def test_a_ror_is_understood_in_its_usual_spellings(text: str) -> None:
    assert clean_ror(text) == "https://ror.org/05dxps055"


@pytest.mark.parametrize("text", ["05dxps056", "15dxps055", "05dxpi055", "0", "x" * 500])
def test_a_wrong_ror_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="ROR"):
        clean_ror(text)


def test_nothing_stays_nothing() -> None:
    assert (clean_orcid(" "), clean_ror("")) == ("", "")
