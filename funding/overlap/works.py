"""A piece of work that somebody pays for or is asked to: what can be compared of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Someone:
    """A person of a team. `orcid` without address; `mail_domain` in lower case."""

    name: str
    orcid: str | None = None
    mail_domain: str | None = None


@dataclass(frozen=True)
class Work:
    """A proposal, an award, or a grant of an imported history.

    | field | unit | meaning |
    |---|---|---|
    | id | | told apart by the caller: `proposal:12`, `award:4`, `grant:883` |
    | title, text | | plain text in any language, either may be empty |
    | people | | its team, the lead first |
    | institution, ror | | who would do the work; `ror` without address |
    | funder | | who paid for it; null for what is only proposed |
    | amount | minor units of the base currency | asked or given; null where not known |
    | starts_on, ends_on | | when the work is done; null where not known |
    | outputs | | DOIs and addresses of what came of it, or is promised |
    | stage_of | | the id of the work that this one continues, as its own file says |
    | cofunded_with | | ids of works that are paid for together with this one on purpose |
    """

    id: str
    title: str = ""
    text: str = ""
    people: tuple[Someone, ...] = ()
    institution: str = ""
    ror: str | None = None
    funder: str | None = None
    amount: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    outputs: frozenset[str] = frozenset()
    stage_of: str | None = None
    cofunded_with: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """Title and text together, as the text methods read them."""
        return f"{self.title}\n{self.text}".strip()
