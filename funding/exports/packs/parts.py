"""Small pieces of a printed document: rows, tables, shares; all that people typed is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from funding.formatting import format_percent, format_short
from funding.reports.packs.canonical import MILLION


def paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], words: frozenset[int]
) -> str:
    """A table with a caption; the columns at `words`, and the first, are text, the others
    figures."""

    def kind(column: int) -> str:
        return "" if column == 0 or column in words else ' class="num"'

    head = "".join(f'<th scope="col"{kind(k)}>{escape(h)}</th>' for k, h in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{escape(cell)}</th>' if not k else f"<td{kind(k)}>{escape(cell)}</td>"
            for k, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def figures(pairs: Iterable[tuple[str, str]]) -> str:
    """The row of large figures at the head."""
    cells = "".join(f"<div><dt>{escape(t)}</dt><dd>{escape(v)}</dd></div>" for t, v in pairs)
    return f'<dl class="figures-row">{cells}</dl>'


def money(amount: int | None, currency: str, absent: str = "–") -> str:
    return absent if amount is None else format_short(amount, currency)


def change(amount: int, currency: str) -> str:
    return f"{'+' if amount > 0 else ''}{format_short(amount, currency)}"


def share(parts: int | None, decimals: int = 0, absent: str = "–") -> str:
    """Parts per million as a percentage."""
    return absent if parts is None else format_percent(parts / MILLION, decimals)
