"""The sections of a printed pack: one function each, from the view to HTML."""

from __future__ import annotations

from html import escape

from funding.exports.packs.parts import change, money, paragraph, share, table
from funding.formatting import format_percent
from funding.language import gettext as _
from funding.reports.packs.canonical import MILLION
from funding.reports.packs.view import MoveView, PackView, PortfolioView

NEAR = (0.05, 0.95)
MOST_WAITING = 12
"""Pairs that wait to be judged, the likeliest; the page has all of them."""


def committee_words(view: PackView) -> str:
    committee = view.state["committee"]
    return _(
        "Whether the committee endorses portfolio A, the plan put forward, as a whole. "
        "%(members)s members count; at least %(quorum)s of them have to vote. Each funder then "
        "decides the lines that spend its own money.",
        members=committee["members"],
        quorum=committee["quorum"],
    )


def portfolio(view: PackView, one: PortfolioView) -> str:
    """What a portfolio buys and gives up against A."""
    currency = view.currency
    rows = [
        [place.name, money(place.amount, currency), change(place.change, currency)]
        for place in one.areas
        if place.is_telling
    ]
    words = _(
        "%(share)s of the money moves against A, at %(worth)s of its value.",
        share=format_percent(one.moved_share),
        worth=format_percent(one.worth, 1),
    )
    kinds = [
        (_("Newly funded"), "in"),
        (_("No longer funded"), "out"),
        (_("Gets more"), "more"),
        (_("Gets less"), "less"),
    ]
    lists = "".join(
        f"<h3>{escape(title)}</h3>{_moves(one.moves_of(kind), currency)}"
        for title, kind in kinds
        if one.moves_of(kind)
    )
    heads = [_("Area"), _("Money"), _("Against A")]
    return (
        f'<div class="portfolio"><h2>{escape(f"{one.letter}. {one.name}")}</h2>'
        f"{paragraph(words)}{table(_('Areas that get more or less'), heads, rows, frozenset())}"
        f"</div>{lists}"
    )


def _moves(moves: list[MoveView], currency: str) -> str:
    items = "".join(
        f"<li>{escape(move.title)}, {escape(change(move.after - move.before, currency))}</li>"
        for move in moves
    )
    return f'<ul class="columns">{items}</ul>'


def funders(view: PackView) -> str:
    currency, absent = view.currency, _("not worked out")
    rows = [
        [
            view.named("funders", row["funder"]),
            money(row["gives"], currency),
            money(row["value"], currency),
            money(row["leave"], currency, absent),
            money(row["alone"], currency, absent),
            share(row["gain"], 1),
        ]
        for row in view.figures["funders"]
    ]
    heads = [
        _("Funder"),
        _("Gives"),
        _("Value in the plan"),
        _("If it left"),
        _("Alone"),
        _("Gain over leaving"),
    ]
    return table(_("What gets done as each funder sees it"), heads, rows, frozenset())


def sureness(view: PackView) -> str:
    if view.sure is None:
        return paragraph(_("This was not worked out before the pack was made."))
    words = {
        "always": _("In every good plan"),
        "sometimes": _("In some good plans"),
        "never": _("In no good plan"),
        "open": _("Not settled"),
    }
    rows = [
        [
            row.title,
            money(row.amount or None, view.currency),
            format_percent(row.often),
            words[row.standing],
        ]
        for row in view.sure
        if row.amount or NEAR[0] < row.often
    ]
    heads = [_("Proposal"), _("In the plan"), _("Funded in"), _("Standing")]
    caption = _("Proposals funded by the plan, or in some of the resampled reviews")
    return paragraph(view.sureness_finding, "lede") + table(caption, heads, rows, frozenset({3}))


def overlaps(view: PackView) -> str:
    def pair(keys: list[str]) -> str:
        first, second = (view.named("proposals", key) for key in keys)
        return _("%(first)s and %(second)s", first=first, second=second)

    parts = []
    waiting = [
        [pair(found["proposals"]), share(found["probability"])]
        for found in view.state["open_overlaps"][:MOST_WAITING]
    ]
    if waiting:
        heads = [_("Proposals"), _("Likely the same work at")]
        parts.append(table(_("Not judged yet, both funded"), heads, waiting, frozenset()))
    else:
        parts.append(paragraph(_("No pair of funded proposals waits to be judged.")))
    counted = [
        [
            pair(found["proposals"]),
            share(found["degree"]),
            money(found["at_stake"], view.currency),
            _("one of the two") if found["is_avoided"] else _("both funded"),
        ]
        for found in view.figures["overlaps"]
    ]
    if counted:
        heads = [_("Proposals"), _("Degree"), _("At stake"), _("In the plan")]
        parts.append(table(_("Counted in the plan"), heads, counted, frozenset({3})))
    return "".join(parts)


def overrides(view: PackView) -> str:
    pins = view.state["pins"]
    if not pins:
        return paragraph(_("Nothing was pinned: the optimizer decided on every proposal."))
    priced = {(o["proposal"], o["commitment"]): o for o in view.figures["overrides"]}
    rows = []
    for pin in pins:
        found = priced.get((pin["proposal"], pin["commitment"]))
        price = _("not worked out")
        if found is not None and found["price"] is not None:
            price = (
                _("none that can be told")
                if found["is_none"]
                else money(found["price"], view.currency)
            )
        decided = (
            money(pin["amount"], view.currency)
            if pin["amount"] is not None
            else _("pinned in")
            if pin["funded"]
            else _("pinned out")
        )
        rows.append([view.named("proposals", pin["proposal"]), decided, price, pin["reason"]])
    heads = [_("Proposal"), _("Decided"), _("Price in value"), _("Reason")]
    return table(_("Pins of the scenario"), heads, rows, frozenset({1, 3}))


def risks(view: PackView) -> str:
    rows = [
        [
            row["tier"].capitalize(),
            str(row["proposals"]),
            money(row["amount"], view.currency),
            share(row["share"], 1),
            _("no limit") if row["most"] is None else format_percent(row["most"] / MILLION),
        ]
        for row in view.figures["risks"]
    ]
    heads = [_("Risk tier"), _("Proposals"), _("Money"), _("Of all money"), _("Most allowed")]
    conflicts = view.state["conflicts"]
    words = _(
        "Conflicts declared on proposals of the plan: %(declared)s, on %(proposals)s proposals. "
        "Members of the committee who are out of the room: %(out)s.",
        declared=conflicts["declared"],
        proposals=conflicts["proposals"],
        out=conflicts["members_out"],
    )
    return table(_("Money by risk tier"), heads, rows, frozenset()) + paragraph(words)
