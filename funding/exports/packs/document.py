"""The pack as HTML and PDF for paper: the same view that the page shows, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from funding.exports.packs.parts import bullets, figures, money, paragraph, table
from funding.exports.packs.sections import (
    committee_words,
    funders,
    overlaps,
    overrides,
    portfolio,
    risks,
    sureness,
)
from funding.exports.pdf import page_style, pdf_of
from funding.exports.pictures import picture
from funding.formatting import format_percent
from funding.language import current
from funding.language import gettext as _
from funding.reports.packs.view import PackView

CHART = "areas.svg"
STYLE = """
.figures-row { display: flex; gap: 10mm; margin: 4mm 0; }
.figures-row dt { font-size: 8pt; }
.figures-row dd { margin: 0; font-size: 13pt; font-weight: 700; }
thead .num { white-space: normal; }
th[scope="row"] { min-width: 42mm; }
.digest { font: 7pt monospace; overflow-wrap: anywhere; }
.remark { border-inline-start: 1.5pt solid; padding-inline-start: 3mm; margin: 2mm 0; }
.portfolio { break-inside: avoid; }
.columns { columns: 2; column-gap: 6mm; font-size: 8pt; }
.columns li { break-inside: avoid; }
"""


@dataclass(frozen=True)
class Said:
    """A remark or a vote: who, what kind in words, about what, and the words."""

    who: str
    kind: str
    words: str


@dataclass(frozen=True)
class Paper:
    """All that is printed. `content` and `record` are attached, where the reader may read all."""

    number: int
    view: PackView
    digest: str
    made_at: str
    rule: str
    content: str | None
    record: str | None = None
    seal_digest: str = ""
    result: dict[str, Any] | None = None
    votes: Sequence[Said] = ()
    remarks: Sequence[Said] = ()


@dataclass(frozen=True)
class Printed:
    """A printed pack: its HTML, and the PDF made of it, the same bytes for the same paper."""

    html: str
    pdf: bytes = field(repr=False)

    @classmethod
    def of(cls, paper: Paper) -> Printed:
        """Raises NoPdf where this machine cannot make PDFs."""
        html = html_of(paper)
        chart = picture(
            paper.view.figure,
            title=paper.view.figure_title,
            unit=_("%(currency)s million", currency=paper.view.currency),
        )
        attached = {}
        if paper.content is not None:
            attached["tributary-pack.json"] = paper.content.encode()
            if paper.record is not None:
                attached["tributary-pack-seal.json"] = paper.record.encode()
        return cls(html, pdf_of(html, page_style() + STYLE, {CHART: chart}, attached))


def html_of(paper: Paper) -> str:
    """The whole document."""
    view = paper.view
    title = _("Decision pack: %(round)s", round=view.content["round"]["name"])
    parts = [
        f"<h1>{escape(title)}</h1>",
        *_question(paper),
        *_portfolios(view),
        f'<h2 class="new-page">{escape(_("What pooling gains each funder"))}</h2>',
        funders(view),
        f"<h2>{escape(_('How sure each proposal’s place is'))}</h2>",
        sureness(view),
        f"<h2>{escape(_('Overlaps'))}</h2>",
        overlaps(view),
        f"<h2>{escape(_('Decided beforehand, and its price'))}</h2>",
        overrides(view),
        f"<h2>{escape(_('Risks and conflicts'))}</h2>",
        risks(view),
        *_said(paper),
        *_proof(paper),
    ]
    language = current()
    return (
        f'<!doctype html>\n<html lang="{language.tag}" dir="{language.direction}">\n'
        f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _question(paper: Paper) -> list[str]:
    view, currency = paper.view, paper.view.currency
    of = view.figures["money"]
    question = _(
        "Shall the committee endorse the plan that gives %(given)s of %(available)s to %(funded)s "
        "of %(proposals)s proposals?",
        given=money(of["given"], currency),
        available=money(of["available"], currency),
        funded=of["funded"],
        proposals=of["proposals"],
    )
    parts = [
        paragraph(question, "lede"),
        figures(
            [
                (_("Available"), money(of["available"], currency)),
                (_("Given"), money(of["given"], currency)),
                (_("Left"), money(of["left"], currency)),
                (_("Funded"), f"{of['funded']} / {of['proposals']}"),
            ]
        ),
        paragraph(
            _(
                "Pack %(number)s, made on %(when)s of the scenario “%(scenario)s”.",
                number=paper.number,
                when=paper.made_at,
                scenario=view.content["plan"]["scenario"],
            ),
            "muted",
        ),
        f'<p class="digest">SHA-256 {paper.digest}</p>',
    ]
    if view.content["plan"]["note"]:
        parts.append(paragraph(f"“{view.content['plan']['note']}”"))
    if view.missing:
        parts.append(paragraph(" ".join([_("What this pack lacks:"), *view.missing])))
    if view.hides_something:
        words = _(
            "This copy leaves out what its reader may not see, since they are in conflict over "
            "it. Totals are whole. Only the whole copy can be verified by itself."
        )
        parts.append(paragraph(words))
    parts += [f"<h2>{escape(_('The vote asked for'))}</h2>", paragraph(committee_words(view))]
    parts.append(paragraph(paper.rule))
    return parts


def _portfolios(view: PackView) -> list[str]:
    currency = view.currency
    rows = [
        [
            f"{one.letter}. {one.name}",
            format_percent(one.worth, 1),
            money(one.given, currency),
            str(one.funded),
            str(one.agreements),
            format_percent(one.moved_share) if one.number else "–",
            "–" if one.nearest_share is None else format_percent(one.nearest_share),
        ]
        for one in view.portfolios
    ]
    heads = [
        _("Portfolio"),
        _("Worth of A"),
        _("Given"),
        _("Proposals"),
        _("Agreements"),
        _("Money moved against A"),
        _("Against the nearest"),
    ]
    needy = [k for k, place in enumerate(view.portfolios[0].areas) if place.need]
    gaps = [
        [
            view.portfolios[0].areas[k].name,
            money(view.portfolios[0].areas[k].need, currency),
            *(
                money(one.areas[k].open, currency) if one.areas[k].open else _("met")
                for one in view.portfolios
            ),
        ]
        for k in needy
    ]
    open_gaps = table(
        _("Gaps: what areas still need under each portfolio"),
        [
            _("Area"),
            _("Need"),
            *(_("Open in %(letter)s", letter=one.letter) for one in view.portfolios),
        ],
        gaps,
        frozenset(),
    )
    return [
        f"<h2>{escape(_('Portfolios'))}</h2>",
        paragraph(view.finding, "lede"),
        table(_("The portfolios side by side"), heads, rows, frozenset()),
        f'<div class="picture"><img src="picture:{CHART}" alt="{escape(view.figure_title)}"></div>',
        open_gaps if needy else paragraph(_("No area of this round states a need.")),
        *(portfolio(view, one) for one in view.portfolios[1:]),
    ]


def _said(paper: Paper) -> list[str]:
    parts = []
    if paper.remarks:
        parts.append(f"<h2>{escape(_('What members say'))}</h2>")
        parts += [_quoted(said) for said in paper.remarks]
    if paper.result is not None:
        result = paper.result
        parts.append(f"<h2>{escape(_('The decision'))}</h2>")
        words = (
            _("The committee has endorsed this plan.")
            if result["result"] == "endorsed"
            else _("The committee has not endorsed this plan.")
        )
        counted = _(
            "%(votes_for)s for, %(votes_against)s against, %(abstentions)s abstained, of "
            "%(members)s members who count; %(in_conflict)s in conflict, not counted.",
            **{key: result[key] for key in COUNTS},
        )
        parts += [paragraph(words, "lede"), paragraph(counted)]
        parts += [_quoted(said) for said in paper.votes]
        if result["minutes"]:
            parts += [f"<h3>{escape(_('Minutes'))}</h3>", paragraph(result["minutes"])]
    return parts


COUNTS = ("votes_for", "votes_against", "abstentions", "members", "in_conflict")


def _quoted(said: Said) -> str:
    words = f"<br>{escape(said.words)}" if said.words else ""
    return (
        f'<p class="remark"><strong>{escape(said.who)}</strong> '
        f'<span class="muted">{escape(said.kind)}</span>{words}</p>'
    )


def _proof(paper: Paper) -> list[str]:
    sources = paper.view.content["sources"]
    rows = [
        _("Run %(id)s, its input", id=sources["run"]["id"]) + f": {sources['run']['problem']}",
        _("Run %(id)s, its plan", id=sources["run"]["id"]) + f": {sources['run']['plan']}",
        *(
            _("Study %(id)s (%(kind)s)", id=stamp["id"], kind=kind) + f": {stamp['result']}"
            for kind, stamp in sources["studies"].items()
        ),
    ]
    parts = [
        f"<h2>{escape(_('How this can be verified'))}</h2>",
        paragraph(
            _(
                "Every figure comes from a stored run and its studies and can be made again from "
                "them to the byte. This file carries the pack’s content; its SHA-256 is the digest "
                "below. “tributary pack verify” asks the same of this file and of the site’s "
                "database."
            )
        )
        if paper.content is not None
        else "",
        f'<p class="digest">{escape(_("SHA-256 of the pack"))}: {paper.digest}</p>',
    ]
    if paper.seal_digest:
        parts.append(
            f'<p class="digest">{escape(_("SHA-256 of the seal"))}: {paper.seal_digest}</p>'
        )
    parts.append(f'<div class="digest">{bullets(rows)}</div>')
    return parts
