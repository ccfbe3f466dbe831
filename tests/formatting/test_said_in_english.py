"""What was written in a reader's language is said in English where it is put on record."""

from __future__ import annotations

from funding.formatting import format_amount, format_number, plural
from funding.language import gettext, in_english, using


def test_what_was_written_for_a_reader_can_be_said_in_english_too() -> None:
    with using("ar"):
        told = gettext("This award is %(state)s already.", state="offered")
        most = gettext("At most %(most)s characters.", most=format_number(2_000))
        amount = format_amount(123_450, "EUR")
        counted = plural(3, "proposal")
    assert not told.isascii()
    assert in_english(told) == "This award is offered already."
    assert in_english(most) == "At most 2,000 characters."
    assert in_english(amount) == "EUR\N{NO-BREAK SPACE}1,234.50"
    assert in_english(counted) == "3 proposals"
    assert in_english("Ada Vale") == "Ada Vale"
