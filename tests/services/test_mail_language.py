"""Mail is in English throughout, whatever language the person reads who acts."""

from __future__ import annotations

from funding.formatting import format_amount
from funding.language import current, in_english, using


def test_what_writes_a_mail_writes_numbers_as_its_words() -> None:
    @in_english
    def write(minor: int) -> str:
        return f"You are owed {format_amount(minor, 'EUR')}."

    with using("fr"):
        assert write(123_456) == "You are owed EUR\N{NO-BREAK SPACE}1,234.56."
        assert current().tag == "fr"
