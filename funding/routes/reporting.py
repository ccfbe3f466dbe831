"""Reports on awards: the list, one as handed in, accepting it or sending it back, its files."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.db import now
from funding.errors import Conflict, Fault, InvalidInput, NotFound, RuleBroken
from funding.forms import as_errors
from funding.listing import Listing, whole_number
from funding.models import TO_BE_WRITTEN, Report, ReportState
from funding.permissions import SIGNED_IN, fetch, own_reports, visible_reports
from funding.reports import grant_reports as report_lists
from funding.reports.plans import history_of
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.files import as_download
from funding.routes.security import permission
from funding.services.reporting import deciding, schedule

bp = Blueprint("reporting", __name__)


@bp.get("/reports")
@permission(SIGNED_IN)
def index() -> ResponseReturnValue:
    by, today = actor(), now().date()
    listing, rows = report_lists.reports(
        reading(),
        by,
        Listing.parse(
            request.path,
            request.args,
            sortable=tuple(report_lists.SORTABLE),
            filters=report_lists.FILTERS,
            default_sort="due",
        ),
        today,
    )
    officers = by.where("report.decide")
    return render_template(
        "reporting/index.html",
        listing=listing,
        rows=rows,
        today=today,
        states=report_lists.STATES,
        rounds=report_lists.rounds_with_reports(reading(), by),
        own=report_lists.counts(reading(), by, "own", today) if officers else None,
        mine=report_lists.counts(reading(), by, "mine", today),
        funders=sorted(by.where("reporting.set")),
    )


def _found(report_id: int) -> Report:
    """The report, if the person may see it; raises NotFound."""
    report: Report = fetch(reading(), visible_reports(actor()), report_id, "report")
    return report


def _is_own(report_id: int) -> bool:
    """Whether the person writes this report."""
    query = own_reports(actor()).where(Report.id == report_id).with_only_columns(Report.id)
    return reading().scalar(query) is not None


@bp.get("/reports/<int:report_id>")
@permission(SIGNED_IN)
def show(report_id: int) -> ResponseReturnValue:
    return _page(report_id)


def _page(report_id: int, faults: tuple[Fault, ...] = (), status: int = 200) -> ResponseReturnValue:
    report, session, by = _found(report_id), reading(), actor()
    number = whole_number(request.args.get("version"))
    shown = report_lists.version_of(session, report, number)
    if shown is None and number is not None:
        raise NotFound("version")
    award = report.award
    is_own = _is_own(report_id)
    page = render_template(
        "reporting/show.html",
        report=report,
        award=award,
        name=report_lists.names_of(schedule.reports_of(session, award.id))[report.id],
        is_late=report_lists.is_late(report, now().date()),
        shown=shown,
        versions=report_lists.versions_of(session, report),
        spend=report_lists.spend_of(session, by, report, shown) if shown else [],
        values=report_lists.values_of(session, shown) if shown else [],
        files=report_lists.files_of(session, shown) if shown else [],
        others=report_lists.others_of(session, by, report),
        events=history_of(session, report),
        may_write=is_own and report.state in TO_BE_WRITTEN,
        may_decide=report.state == ReportState.SUBMITTED
        and not is_own
        and by.may("report.decide", award.commitment.funder_id),
        form={"values": request.form, "errors": as_errors(faults)},
    )
    return page, status


@bp.post("/reports/<int:report_id>/accept")
@permission("report.decide")
def accept(report_id: int) -> ResponseReturnValue:
    return _decide(deciding.accept, report_id, "The report is accepted.")


@bp.post("/reports/<int:report_id>/send-back")
@permission("report.decide")
def send_back(report_id: int) -> ResponseReturnValue:
    return _decide(
        deciding.send_back,
        report_id,
        "The report is sent back; its researchers are told by mail.",
        reason=request.form.get("reason", ""),
    )


def _decide(
    act: Callable[..., object], report_id: int, done: str, **values: str
) -> ResponseReturnValue:
    _found(report_id)
    try:
        in_transaction(
            act,
            report_id=report_id,
            version=request.form.get("version", default=0, type=int),
            public_url=config().public_url,
            **values,
        )
    except InvalidInput as refusal:
        return _page(report_id, refusal.faults, 422)
    except (RuleBroken, Conflict) as refusal:
        return _page(report_id, (Fault("", str(refusal)),), 409)
    say(done)
    return redirect(url_for("reporting.show", report_id=report_id), 303)


@bp.get("/reports/<int:report_id>/files/<int:file_id>/<name>")
@permission(SIGNED_IN)
def file(report_id: int, file_id: int, name: str) -> ResponseReturnValue:
    """A file, to be saved: for its writers, and once handed in for those who see the report."""
    report = _found(report_id)
    narrative = report.narrative
    found = next((f for f in narrative.files if f.id == file_id), None) if narrative else None
    if found is None:
        raise NotFound("attachment")
    if not _is_own(report_id) and not any(file_id in v.files for v in narrative.handed_in):
        raise NotFound("attachment")
    return as_download(found)
