"""What a person should know of the rows of a file, a sentence for each kind of thing, counted."""

from __future__ import annotations

from collections import Counter

from funding.sayings import number, sentence

_FORMS = {
    "no_amount": "Rows without an amount, kept with the amount unknown: %(rows)s.",
    "zero_amount": "Rows with an amount of 0: %(rows)s.",
    "returned": "Rows with an amount below 0: money returned, which totals subtract: %(rows)s.",
    "no_date": "Rows without a date, kept with the date unknown: %(rows)s.",
    "day_first": "Dates such as 05/06/2014, which were read day first: %(rows)s.",
    "month_first": "Dates such as 05/06/2014, which were read month first: %(rows)s.",
    "dollars": "Amounts with a $ and no currency, which were read as USD: %(rows)s.",
    "same_as_before": "Rows equal to an earlier row, each counted as a grant of its own: %(rows)s.",
    "same_identifier": "Rows with the identifier of an earlier row: %(rows)s.",
    "short": "Rows with fewer cells than there are headings: %(rows)s.",
    "blank": "Blank rows, which were passed over: %(rows)s.",
    "several_addresses": "Rows with several source addresses; the first was taken: %(rows)s.",
    "several_years": "Dates that stand for several years, kept as their first year: %(rows)s.",
    "mended": "Texts with letters of Windows-1252 astray in them, which were mended: %(rows)s.",
    "lost_letters": "Texts with letters that were lost before (�): %(rows)s.",
    "whole_field": "Rows whose area is AI safety as a whole, no part of it: %(rows)s.",
    "other_fields": "Rows whose area is none of ours: %(rows)s.",
}


def counts_in_words(tally: Counter[str]) -> list[str]:
    """A sentence for each thing that was counted while the rows were read."""
    return [
        sentence(form, rows=number(tally[key])) for key, form in _FORMS.items() if tally[key] > 0
    ]
