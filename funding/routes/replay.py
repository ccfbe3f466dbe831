"""Replay: a spreadsheet of past grants in, what pooling would have changed out."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput, NotFound
from funding.formatting import format_short, plural
from funding.forms import as_errors
from funding.language import gettext
from funding.listing import Listing
from funding.replay.areas import area_in_words
from funding.replay.assumptions import CATALOGUE, Assumptions
from funding.replay.brief import in_brief
from funding.replay.findings import paid_by_several, pool_in_words, span_in_words
from funding.replay.pool import Pool
from funding.replay.reading import BadFile, read_grants
from funding.reports import replay as report
from funding.reports.replay_csv import table_as_csv
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.security import permission
from funding.services import replays as service
from funding.services.attachments import plain_name
from funding.services.replay_files import UNDER_WAY, Replay, RunFile, find, of_person
from funding.services.run_words import told

bp = Blueprint("replay", __name__, url_prefix="/replay")

_MOST_FAULTS = 50


@bp.get("")
@permission("replay.use")
def index() -> ResponseReturnValue:
    return _index({"values": {}, "errors": {}})


def _index(form: dict[str, Any], faults: list[str] | None = None) -> str:
    return render_template(
        "replay/index.html",
        form=form,
        faults=(faults or [])[:_MOST_FAULTS],
        more_faults=max(0, len(faults or []) - _MOST_FAULTS),
        history=service.count_history(reading(), actor()),
        earlier=of_person(config().data, actor()),
    )


@bp.post("")
@permission("replay.use")
def create() -> ResponseReturnValue:
    """Read a spreadsheet, or the imported history, and keep it."""
    by = actor()
    form: dict[str, Any] = {"values": dict(request.form), "errors": {}}
    try:
        if request.form.get("source") == "history":
            listed = service.history_as_list(reading(), by)
        else:
            upload = request.files.get("file")
            if upload is None or not upload.filename:
                form["errors"]["file"] = "Choose a file with past grants."
                return _index(form), 422
            listed = read_grants(
                upload.read(),
                filename=plain_name(upload.filename),
                mapping=_mapping(request.form.get("columns", "")),
                currency=request.form.get("currency", "").strip() or None,
            )
    except BadFile as bad:
        form["errors"]["file"] = gettext(
            "The file cannot be replayed as it is: %(fault)s, all listed here. Nothing was kept.",
            fault=plural(len(bad.faults), "fault"),
        )
        return _index(form, [str(fault) for fault in bad.faults]), 422
    except InvalidInput as refusal:
        form["errors"] = as_errors(refusal.faults)
        return _index(form), 422
    kept = Replay.keep(
        config().data, listed, organisation_id=service.home_of(by), person_id=by.person_id
    )
    return redirect(url_for("replay.show", replay_id=kept.id))


def _mapping(text: str) -> dict[str, str]:
    """COLUMN=FIELD, one a line. Raises InvalidInput."""
    pairs = [line.rpartition("=") for line in text.splitlines() if line.strip()]
    if any(not (column.strip() and sign and field.strip()) for column, sign, field in pairs):
        raise InvalidInput(Fault("columns", "Write one COLUMN=FIELD a line."))
    return {column.strip(): field.strip() for column, _, field in pairs}


def _kept(replay_id: str) -> Replay:
    return find(config().data, actor(), replay_id)


@bp.get("/<replay_id>")
@permission("replay.use")
def show(replay_id: str) -> ResponseReturnValue:
    kept = _kept(replay_id)
    defaults = Assumptions().as_dict()
    standard: dict[str, Any] = defaults
    likely = f"year:{kept.likely_year}" if kept.likely_year else ""
    if again := request.args.get("like"):
        like = kept.run(again)
        standard = like.assumptions
        likely = f"round:{like.round}" if like.round else f"year:{like.year}"
    values = {"pool": likely, **{key: _as_typed(value) for key, value in standard.items()}}
    changed = [key for key in values if key in standard and standard[key] != defaults[key]]
    return _show(kept, {"values": values, "errors": {}, "changed": changed})


def _as_typed(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _show(kept: Replay, form: dict[str, Any]) -> str:
    groups: dict[str, list[Any]] = {}
    for assumption in CATALOGUE:
        groups.setdefault(assumption.group, []).append(assumption)
    session = reading()
    runs = [service.state_of(session, kept, run) for run in kept.runs()]
    return render_template(
        "replay/show.html",
        replay=kept,
        notes=[told(note) for note in kept.notes],
        form=form,
        options=_pool_options(kept),
        groups=groups,
        choices={
            assumption.key: [(choice.key, choice.words) for choice in assumption.choices]
            for assumption in CATALOGUE
        },
        standard={key: _as_typed(value) for key, value in Assumptions().as_dict().items()},
        runs=runs,
        changed={run.id: in_brief(run.changed) for run in runs if run.changed},
    )


def _pool_options(kept: Replay) -> list[Any]:
    """The years and rounds of a list to choose from, with what each holds."""

    def words(period: dict[str, Any]) -> str:
        several = period["several"]
        amount = format_short(period["amount"], kept.currency)
        told = f"{period['name']}: {amount}, {plural(period['funders'], 'funder')}"
        return (
            gettext(
                "%(told)s, %(several)s with several",
                told=told,
                several=plural(several, "recipient"),
            )
            if several
            else told
        )

    years = [(f"year:{period['name']}", words(period)) for period in kept.years]
    rounds = [(f"round:{period['name']}", words(period)) for period in kept.rounds]
    if not rounds:
        return list(years)
    return [{"label": "Rounds", "options": rounds}, {"label": "Years", "options": years}]


@bp.post("/<replay_id>")
@permission("replay.use")
def start(replay_id: str) -> ResponseReturnValue:
    """Run it with the chosen year or round and assumptions."""
    kept, by = _kept(replay_id), actor()
    typed = {key: request.form.get(key, "") for key in Assumptions().as_dict()}
    kind, _, name = request.form.get("pool", "").partition(":")
    faults: list[Fault] = []
    pool = Pool(round=name) if kind == "round" else Pool(int(name) if name.isdecimal() else None)
    given = Assumptions()
    try:
        service.check_pool(kept, pool)
    except InvalidInput as refusal:
        faults += refusal.faults
    try:
        given = Assumptions.read(typed)
    except InvalidInput as refusal:
        faults += refusal.faults
    if faults:
        values = {**typed, "pool": request.form.get("pool", "")}
        return _show(kept, {"values": values, "errors": as_errors(faults)}), 422
    run = kept.begin(
        asked_by=by.name,
        label=pool.label,
        year=pool.year,
        round=pool.round,
        assumptions=given.as_dict(),
        changed=given.changed(),
    )
    in_transaction(service.ask_for_run, replay_id=kept.id, run_id=run.id, home=kept.organisation_id)
    return redirect(url_for("replay.result", replay_id=kept.id, run_id=run.id))


@bp.post("/<replay_id>/delete")
@permission("replay.use")
def delete(replay_id: str) -> ResponseReturnValue:
    _kept(replay_id).delete()
    say("The list and everything made of it is deleted.")
    return redirect(url_for("replay.index"))


# -- a run -------------------------------------------------------------------------------------


def _run(replay_id: str, run_id: str) -> tuple[Replay, RunFile]:
    kept = _kept(replay_id)
    return kept, service.state_of(reading(), kept, kept.run(run_id))


@bp.get("/<replay_id>/<run_id>")
@permission("replay.use")
def result(replay_id: str, run_id: str) -> ResponseReturnValue:
    kept, run = _run(replay_id, run_id)
    if run.state != "done":
        return render_template(
            "replay/waiting.html",
            replay=kept,
            run=run,
            is_under_way=run.state in UNDER_WAY,
            is_stopping=kept.is_stopping(run.id),
        )
    found = kept.result(run_id)
    return render_template(
        "replay/result.html",
        replay=kept,
        run=run,
        result=found,
        pool=pool_in_words(found),
        span=span_in_words(found),
        findings=report.findings_of(found),
        cautions=report.cautions_of(found),
        several=paid_by_several(found),
        areas=report.areas_chart(found),
        funders=report.funders_chart(found),
        changes=report.changes_chart(found),
        variations=report.variations_chart(found),
        ranges=report.range_rows(found),
        assumptions=report.assumption_rows(found),
    )


@bp.get("/<replay_id>/<run_id>/progress")
@permission("replay.use")
def progress(replay_id: str, run_id: str) -> ResponseReturnValue:
    """The bar of a run under way, asked for again and again; leads on once it has ended."""
    kept, run = _run(replay_id, run_id)
    if run.state in UNDER_WAY:
        return render_template(
            "replay/_progress.html", replay=kept, run=run, is_stopping=kept.is_stopping(run.id)
        )
    answer = make_response("", 200)
    answer.headers["HX-Redirect"] = url_for("replay.result", replay_id=kept.id, run_id=run.id)
    return answer


@bp.post("/<replay_id>/<run_id>/cancel")
@permission("replay.use")
def cancel(replay_id: str, run_id: str) -> ResponseReturnValue:
    kept, run = _run(replay_id, run_id)
    kept.ask_to_stop(run.id)
    return redirect(url_for("replay.result", replay_id=kept.id, run_id=run.id))


@bp.get("/<replay_id>/<run_id>/recipients")
@permission("replay.use")
def recipients(replay_id: str, run_id: str) -> ResponseReturnValue:
    """Every candidate, with where its ask and merit come from."""
    kept, run = _run(replay_id, run_id)
    found = kept.result(run_id)
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=report.SORTABLE,
        filters=report.FILTERS,
        default_sort="-change",
    )
    listing, rows = report.recipient_page(found, listing)
    return render_template(
        "replay/recipients.html",
        replay=kept,
        run=run,
        result=found,
        span=span_in_words(found),
        listing=listing,
        rows=rows,
        area_in_words=area_in_words,
        fares=report.FARES,
    )


@bp.get("/<replay_id>/<run_id>/<table>.csv")
@permission("replay.use")
def csv(replay_id: str, run_id: str, table: str) -> ResponseReturnValue:
    kept, run = _run(replay_id, run_id)
    text = table_as_csv(kept.result(run_id), table)
    if text is None:
        raise NotFound("table")
    return _download(text, "text/csv", f"replay-{run.label}-{table}.csv")


@bp.get("/<replay_id>/<run_id>/result.json")
@permission("replay.use")
def document(replay_id: str, run_id: str) -> ResponseReturnValue:
    """Everything, with the round and the plan in the optimizer's exchange format."""
    kept, run = _run(replay_id, run_id)
    text = json.dumps(kept.result(run_id), ensure_ascii=False, indent=1)
    return _download(text, "application/json", f"replay-{run.label}.json")


def _download(text: str, mimetype: str, name: str) -> Response:
    answer = Response(text, mimetype=mimetype)
    plain = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)
    ascii_name = plain.encode("ascii", "replace").decode().replace("?", "-").lower()
    answer.headers["Content-Disposition"] = f'attachment; filename="{ascii_name}"'
    return answer
