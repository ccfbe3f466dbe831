"""Pictures of a round's overlaps: the map of its works, look-alikes, who pays whom."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from funding.exports.csv_files import csv_text
from funding.reports import overlap_map as report
from funding.routes.context import actor, reading
from funding.routes.overlaps.asked import round_asked
from funding.routes.overlaps.blueprints import bp
from funding.routes.results import download
from funding.routes.security import permission


def _of_name(name: str) -> str:
    """The past grants that have this name in them."""
    return url_for("history.index", q=name)


@bp.get("/rounds/<int:round_id>/overlaps/map")
@permission("overlap.read")
def map_of_works(round_id: int) -> ResponseReturnValue:
    round_, session, by = round_asked(round_id), reading(), actor()
    made = report.drawn(session, round_)
    if made is None:
        return render_template("overlaps/map.html", round=round_, made=None)
    shown, pairs = report.places(session, by, round_, made), report.ties(session, by, round_)
    groups = report.groups(shown, pairs)
    return render_template(
        "overlaps/map.html",
        round=round_,
        made=made,
        finding=report.finding(shown, groups),
        figure=report.map_figure(
            shown,
            pairs,
            round_.base_currency,
            lambda id_: url_for("proposals.show", proposal_id=id_),
            lambda id_: url_for("overlaps.show", overlap_id=id_),
            _of_name,
        ),
        groups=groups,
    )


@bp.get("/rounds/<int:round_id>/overlaps/network")
@permission("overlap.read")
def network(round_id: int) -> ResponseReturnValue:
    round_, session, by = round_asked(round_id), reading(), actor()
    made = report.drawn(session, round_)
    if made is None:
        return render_template("overlaps/network.html", round=round_, made=None)
    shown = report.payments(session, by, round_)
    return render_template(
        "overlaps/network.html",
        round=round_,
        made=made,
        finding=report.network_finding(shown),
        figure=report.network_figure(shown, made, round_.base_currency, _of_name),
        cofunded=report.cofunded(shown),
        of_name=_of_name,
    )


@bp.get("/rounds/<int:round_id>/overlaps/network.csv")
@permission("overlap.read")
def network_csv(round_id: int) -> ResponseReturnValue:
    """Who pays whom, in minor units of the round's base currency."""
    round_ = round_asked(round_id)
    shown = report.payments(reading(), actor(), round_)
    text = csv_text(report.CSV_HEAD, report.csv_rows(shown))
    return download(text, f"{round_.key}-who-pays-whom.csv", "text/csv")
