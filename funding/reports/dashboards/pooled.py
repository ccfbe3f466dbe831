"""Who gains what from pooling? Each funder's gain, who pays together, what is not paid twice."""

from __future__ import annotations

from funding.formatting import format_percent, format_short
from funding.language import gettext as _
from funding.language import ngettext
from funding.models import RunState, Study
from funding.permissions import visible_studies
from funding.reports import pooling, together
from funding.reports.counted_overlaps import OverlapView, overlap_views
from funding.reports.dashboards.model import (
    Asked,
    Dashboard,
    Entry,
    Figure,
    Head,
    Stat,
    count,
    money,
    numeric,
    percent,
    words,
)
from funding.services.run_words import names_of


def pooled(asked: Asked) -> Dashboard:
    study = _study(asked)
    gains = _gains(asked, study)
    sums = together.money_together(asked.ground, asked.filters)
    seen = together.seen_of(asked.ground, sums)
    found, (several, every) = together.pairs(seen), together.co_funded(seen)
    views = _overlaps(asked)
    return Dashboard(
        "pooling",
        _("Who gains what from pooling?"),
        gains.finding + "." if gains else _no_study(asked),
        _stats(asked, gains, several, every, views),
        [
            figure
            for figure in (
                _gain_figure(asked, study, gains),
                _pairs(asked, found),
                _flow(asked, sums, several, every),
                _avoided(asked, views),
            )
            if figure
        ],
        gains.groups[:3] if gains else (),
    )


def _study(asked: Asked) -> Study | None:
    """The newest finished study of what pooling gains, of the run that the page rests on."""
    if asked.ground.run is None:
        return None
    return asked.session.scalars(
        visible_studies(asked.by)
        .where(
            Study.run_id == asked.ground.run.id,
            Study.kind == "pooling",
            Study.state == RunState.DONE,
        )
        .order_by(Study.id.desc())
        .limit(1)
    ).one_or_none()


def _gains(asked: Asked, study: Study | None) -> pooling.Pooling | None:
    if study is None or not study.result:
        return None
    names, run = names_of(asked.session, asked.round), study.run
    return pooling.view(
        study.result, names, asked.round.base_currency, (run.plan or {}).get("value", 0.0)
    )


def _no_study(asked: Asked) -> str:
    if asked.ground.run is None:
        return _("There is no result yet: pooling shows its gain once a scenario is solved.")
    return _(
        "Nobody has worked out yet what each funder gains: ask for it at the result, under “What"
        " pooling gains”."
    )


def _stats(
    asked: Asked,
    gains: pooling.Pooling | None,
    several: int,
    every: int,
    views: list[OverlapView],
) -> list[Stat]:
    known = [row.gain for row in gains.rows if row.gain is not None] if gains else []
    avoided, saved = [view for view in views if view.is_avoided], _saved(asked, views)
    return [
        Stat(
            _("Least gain of a funder"),
            format_percent(min(known)) if known else "–",
            0,
            _("over leaving the pool") if known else _("not worked out yet"),
            asked.links.study(asked.ground.run.id) if asked.ground.run else None,
            _("The study"),
        ),
        Stat(
            _("Proposals that several funders pay"),
            f"{several}",
            several,
            ngettext("of %(num)d with money", "of %(num)d with money", every),
        ),
        Stat(
            _("Not paid twice"),
            format_short(saved, asked.currency),
            saved,
            ngettext("%(num)d overlap avoided", "%(num)d overlaps avoided", len(avoided)),
            asked.links.overlaps,
            _("Rows"),
        ),
    ]


def _gain_figure(asked: Asked, study: Study | None, gains: pooling.Pooling | None) -> Figure | None:
    if study is None or gains is None:
        return None
    base, convert = asked.round.base_currency, asked.ground.conversion.convert
    return Figure(
        id="gain",
        finding=gains.finding,
        unit=_("%(currency)s of work done as each funder values it", currency=asked.currency),
        heads=[
            Head(_("Funder")),
            *numeric(_("Alone"), _("By leaving"), _("In the pool"), _("Gain over leaving")),
            Head(_("What a promise of as much would cost")),
        ],
        rows=[
            [
                words(row.name),
                *(
                    money(convert(amount, base), asked.currency)
                    for amount in (row.alone, row.leave, row.value)
                ),
                percent(row.gain, 1),
                words(row.promise),
            ]
            for row in gains.rows
        ],
        drawing=gains.figure,
        rows_url=asked.links.study(study.run_id),
        rows_label=_("The study"),
        source=_("the study of the plan's run"),
        note=None
        if all(row.is_proven for row in gains.rows)
        else _("Some values alone are not proven to be the highest; the gain may be smaller."),
    )


def _pairs(asked: Asked, found: list[together.Pair]) -> Figure | None:
    if not found:
        return None
    top = found[0]
    said = [
        ngettext(
            "%(first)s and %(second)s: %(num)d proposal, %(amount)s",
            "%(first)s and %(second)s: %(num)d proposals, %(amount)s",
            pair.proposals,
            first=asked.funder(pair.first_id),
            second=asked.funder(pair.second_id),
            amount=format_short(pair.amount, asked.currency),
        )
        for pair in found
    ]
    return Figure(
        id="together",
        finding=ngettext(
            "%(first)s and %(second)s pay most together: %(num)d proposal",
            "%(first)s and %(second)s pay most together: %(num)d proposals",
            top.proposals,
            first=asked.funder(top.first_id),
            second=asked.funder(top.second_id),
        ),
        unit=_("number of proposals that both pay"),
        heads=[
            Head(_("Funder")),
            Head(_("With")),
            *numeric(_("Proposals"), _("Money of both, %(currency)s", currency=asked.currency)),
        ],
        rows=[
            [
                words(asked.funder(pair.first_id), asked.links.rows(funder=str(pair.first_id))),
                words(asked.funder(pair.second_id), asked.links.rows(funder=str(pair.second_id))),
                count(pair.proposals),
                money(pair.amount, asked.currency),
            ]
            for pair in found
        ],
        drawing=together.pairs_drawing(found, asked.funder_names, said),
        wide=True,
        rows_url=asked.links.rows(),
        source=_("ledger and the plan's lines"),
    )


def _flow(asked: Asked, sums_: together.Sums, several: int, every: int) -> Figure | None:
    made = together.flow(asked.ground, sums_)
    if not made.bands:
        return None
    sums: dict[str, int] = {}
    for band in made.bands:
        sums[band.area] = sums.get(band.area, 0) + band.amount
    order = sorted(sums, key=lambda key: (-sums[key], asked.area(key)))
    return Figure(
        id="flow",
        finding=_(
            "%(few)s of %(all)s proposals draw on more than one funder", few=several, all=every
        ),
        unit=asked.currency,
        heads=[Head(_("Area")), *numeric(_("From all funders"))],
        rows=[
            [
                words(asked.area(key), asked.links.rows(area=key)),
                money(sums[key], asked.currency),
            ]
            for key in order
        ],
        total=[words(_("All")), money(sum(sums.values()), asked.currency)],
        drawing=together.flow_drawing(
            made,
            asked.area_names,
            asked.funder_names,
            {key: _("Others in %(area)s", area=asked.area(key)) for key in sums},
            asked.currency,
        ),
        note=_(
            "The %(few)s proposals with most money are drawn by themselves; the other %(others)s"
            " are put together by area.",
            few=together.MOST_PROPOSALS,
            others=made.together,
        )
        if made.together > 0
        else None,
        rows_url=asked.links.rows(),
        source=_("ledger and the plan's lines"),
        size="tall",
        wide=True,
    )


def _overlaps(asked: Asked) -> list[OverlapView]:
    run = asked.ground.run
    if run is None or run.digest is None:
        return []  # a plan that was agreed without the optimizer weighed no overlaps
    return overlap_views(asked.session, asked.by, run)


def _saved(asked: Asked, views: list[OverlapView]) -> int:
    """What is not paid twice as one of two is left out, in the page's minor units, row by row."""
    base, convert = asked.round.base_currency, asked.ground.conversion.convert
    return sum(convert(view.saved, base) for view in views)


def _avoided(asked: Asked, views: list[OverlapView]) -> Figure | None:
    if not views:
        return None
    base, convert = asked.round.base_currency, asked.ground.conversion.convert
    saved = _saved(asked, views)
    return Figure(
        id="overlaps",
        finding=_(
            "%(few)s of %(all)s overlaps are avoided: %(amount)s is not paid twice",
            few=sum(view.is_avoided for view in views),
            all=len(views),
            amount=format_short(saved, asked.currency),
        ),
        unit=asked.currency,
        heads=[
            Head(_("Proposal")),
            Head(_("Overlaps with")),
            *numeric(_("Degree"), _("Would be paid twice"), _("Not paid twice")),
            Head(_("Plan")),
        ],
        rows=[
            [
                words(view.first[2], asked.links.overlap(view.id)),
                words(view.second[2]),
                percent(view.degree),
                money(convert(view.at_stake, base), asked.currency),
                money(convert(view.saved, base), asked.currency),
                Entry(_("avoided") if view.is_avoided else _("kept")),
            ]
            for view in views
        ],
        total=[
            words(_("All")),
            *(Entry("") for _column in range(3)),
            money(saved, asked.currency),
            Entry(""),
        ],
        rows_url=asked.links.overlaps,
        rows_label=_("All overlaps"),
        source=_("officers' verdicts and the plan's run"),
        open=True,
        wide=True,
    )
