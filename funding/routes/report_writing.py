"""Writing a report: the form, kept as typed, saved for co-applicants, handed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_when
from funding.forms import as_errors
from funding.language import capital
from funding.language import gettext as _
from funding.listing import whole_number
from funding.models import TO_BE_WRITTEN, OutputKind, Person, Report
from funding.permissions import SIGNED_IN
from funding.routes.context import actor, config, database, in_transaction, reading, say, warn
from funding.routes.files import change_files
from funding.routes.security import permission
from funding.routes.submitting import Difference
from funding.routes.unsent import COOKIE, keeps_typed
from funding.services import attachments, parked
from funding.services.reporting import deciding, form, writing

bp = Blueprint("report_writing", __name__)


def _reports(report_id: int) -> list[Report]:
    """What the person writes with this report; raises NotFound."""
    return writing.covered(reading(), writing.own_report(reading(), actor(), report_id))


def _base_version() -> int:
    return whole_number(request.form.get("base_version")) or 0


def _live(reports: list[Report], fields: form.Fields) -> dict[str, str]:
    """How each award's spend adds up as typed, in words."""
    purses = writing.purses_of(reading(), reports)
    entries = form.Reader(fields, purses, []).read()
    return {f"spend_{purse.award_id}": form.sums_in_words(entries.spend, purse) for purse in purses}


def _page(
    report_id: int,
    fields: form.Fields | None = None,
    faults: tuple[Fault, ...] = (),
    *,
    was_unsent: bool = False,
) -> str:
    """The form; `fields` are as typed where it was refused.

    A stale one is refused once and then shows what is saved beside what was typed; sent again
    from that page, it is saved.
    """
    reports, session, by = _reports(report_id), reading(), actor()
    report = next(each for each in reports if each.id == report_id)
    narrative, purses = writing.narrative_of(reports), writing.purses_of(session, reports)
    indicators = writing.asked_indicators(session)
    saved = dict(narrative.fields) if narrative and narrative.fields else form.first_fields(purses)
    kept = parked.kept(session, by.person_id, writing.form_name(reports))
    shown = fields if fields is not None else kept.fields if kept else saved
    version = narrative.version if narrative else 0
    is_stale = bool(kept and narrative and narrative.fields and (kept.base_version or 0) != version)
    zone = session.get_one(Person, by.person_id).timezone
    errors = as_errors(faults)
    return render_template(
        "reporting/write.html",
        report=report,
        reports=reports,
        proposal=report.award.proposal,
        form={"values": shown, "errors": errors},
        summary={
            name: f"{form.label_of(name, purses, indicators)}: {rule}" if name else rule
            for name, rule in errors.items()
        },
        base_version=kept.base_version or 0 if kept and fields is None else version,
        changes=_differences(shown, saved, purses, indicators) if is_stale else None,
        seen=kept.at.isoformat() if kept else "",
        kept_at=format_when(kept.at, zone) if kept else None,
        was_unsent=was_unsent,
        person_id=by.person_id,
        purses=purses,
        live=_live(reports, shown),
        indicators=indicators,
        rows=form.rows_shown(shown),
        kinds=[(kind.value, capital(kind)) for kind in OutputKind],
        limits=form,
        files=[f for f in narrative.files if f.removed_at is None] if narrative else [],
        attachments=attachments,
        handed_in_before=narrative.handed_in[-1] if narrative and narrative.handed_in else None,
    )


def _differences(
    typed: form.Fields, saved: form.Fields, purses: Any, indicators: Any
) -> list[Difference]:
    return [
        Difference(
            form.label_of(name, purses, indicators), typed.get(name, ""), saved.get(name, "")
        )
        for name in writing.differences(typed, saved)
    ]


def _keep_without_session(token: str, report_id: int) -> str:
    """Keep this form for after signing in (see `funding.routes.unsent`)."""
    back = url_for("report_writing.edit", report_id=report_id)
    with database().reading() as session:
        report = session.get(Report, report_id)
        if report is None:
            return back
        name = writing.form_name(writing.covered(session, report))
    database().in_transaction(
        parked.keep_unsent,
        token=token,
        form=name,
        fields=form.typed_fields(request.form),
        marks="",
        base_version=_base_version(),
    )
    return back


@bp.get("/reports/<int:report_id>/write")
@permission(SIGNED_IN)
def edit(report_id: int) -> ResponseReturnValue:
    reports = _reports(report_id)
    if not any(report.state in TO_BE_WRITTEN for report in reports):
        return redirect(url_for("reporting.show", report_id=report_id))
    token = request.cookies.get(COOKIE)
    was_unsent = bool(token) and in_transaction(
        writing.claim_unsent, report_id=report_id, token=token
    )
    response = Response(_page(report_id, was_unsent=was_unsent))
    if was_unsent:
        response.delete_cookie(COOKIE)
    return response


@bp.post("/reports/<int:report_id>/write")
@permission(SIGNED_IN)
@keeps_typed(_keep_without_session)
def save(report_id: int) -> ResponseReturnValue:
    """Save, and whatever else the pressed button asks: add or remove a file, hand in."""
    _reports(report_id)
    fields = form.typed_fields(request.form)
    try:
        in_transaction(
            writing.keep_typed,
            report_id=report_id,
            fields=fields,
            base_version=_base_version(),
            seen=request.form.get("seen", ""),
        )
    except parked.OpenElsewhere as other:
        warn(
            _(
                "%(other)s What that window held is kept as well: save here first, then there.",
                other=other,
            )
        )
    try:
        narrative = in_transaction(
            writing.save, report_id=report_id, fields=fields, base_version=_base_version()
        )
        version = narrative.version
        change_files(writing.attach, writing.remove_file, file="file_id", report_id=report_id)
        if request.form.get("act") == "hand in":
            in_transaction(
                deciding.hand_in,
                report_id=report_id,
                version=version,
                public_url=config().public_url,
            )
            say("The report is handed in. Each funder that waited for it is told by mail.")
            return redirect(url_for("reporting.show", report_id=report_id), 303)
    except InvalidInput as refusal:
        return _page(report_id, fields, refusal.faults), 422
    except (RuleBroken, Conflict) as refusal:
        return _page(report_id, fields, (Fault("", str(refusal)),)), 409
    say("Saved. Nobody else than the applicants reads it until it is handed in.")
    anchor = request.form.get("act") if request.form.get("act") in ("outputs", "files") else None
    return redirect(url_for("report_writing.edit", report_id=report_id, _anchor=anchor), 303)


@bp.post("/reports/<int:report_id>/autosave")
@permission(SIGNED_IN)
@keeps_typed(_keep_without_session)
def autosave(report_id: int) -> ResponseReturnValue:
    """Keep what is typed, valid or not; answers when, and how the spend adds up, as JSON."""
    fields = form.typed_fields(request.form)
    try:
        at = in_transaction(
            writing.keep_typed,
            report_id=report_id,
            fields=fields,
            base_version=_base_version(),
            seen=request.form.get("seen", ""),
        )
    except parked.OpenElsewhere as other:
        return {"elsewhere": str(other)}, 409
    reports = _reports(report_id)
    answer: dict[str, Any] = {"seen": at.isoformat(), "live": _live(reports, fields)}
    narrative = writing.narrative_of(reports)
    if not any(report.state in TO_BE_WRITTEN for report in reports):
        answer["note"] = "This report is handed in by now; your text is kept beside it."
    elif narrative and narrative.fields and _base_version() != narrative.version:
        answer["note"] = "Somebody else saved the report meanwhile. Yours is kept beside it."
    return answer


@bp.post("/reports/<int:report_id>/discard")
@permission(SIGNED_IN)
def discard(report_id: int) -> ResponseReturnValue:
    in_transaction(writing.discard_typed, report_id=report_id)
    say("What was typed and not saved is gone; this is the report as saved.")
    return redirect(url_for("report_writing.edit", report_id=report_id), 303)
