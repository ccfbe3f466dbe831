"""What pages say of each kind of import: whole sentences, which each language bends its own way."""

from __future__ import annotations

from dataclasses import dataclass

from funding.formatting import plural
from funding.language import lazy
from funding.models import ImportKind


@dataclass(frozen=True)
class KindWords:
    """| field | said |
    |---|---|
    | fields | over the table of the fields of a row |
    | no_round | where there is no round to import into |
    | unreadable | of a file that is no such list |
    | see | of the link to what came in |
    """

    fields: str
    no_round: str
    unreadable: str
    see: str


WORDS = {
    ImportKind.HISTORY.value: KindWords(
        lazy("Fields of past grants"),
        lazy("There is no round to import past grants into"),
        lazy("The file cannot be read as a list of past grants; below is why."),
        lazy("See the past grants of this file"),
    ),
    ImportKind.COMMITMENTS.value: KindWords(
        lazy("Fields of commitments"),
        lazy("There is no round to import commitments into"),
        lazy("The file cannot be read as a list of commitments; below is why."),
        lazy("See the commitments of the round"),
    ),
    ImportKind.PROPOSALS.value: KindWords(
        lazy("Fields of proposals"),
        lazy("There is no round to import proposals into"),
        lazy("The file cannot be read as a list of proposals; below is why."),
        lazy("See the proposals of the round"),
    ),
}


def counted(kind: str, number: int) -> str:
    """So many past grants, commitments or proposals."""
    if kind == ImportKind.HISTORY:
        return plural(number, "past grant")
    if kind == ImportKind.COMMITMENTS:
        return plural(number, "commitment")
    return plural(number, "proposal")
