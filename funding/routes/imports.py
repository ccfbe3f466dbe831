"""Imports: the list, putting a file in, its preview with columns and faults, going ahead."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Fault, InvalidInput, NotFound
from funding.exports.csv_files import csv_text
from funding.forms import as_errors
from funding.imports.fields import COMMITMENTS, FIELDS, HISTORY, PROPOSALS
from funding.imports.recognise import UNUSED
from funding.listing import Listing, whole_number
from funding.models import Import, ImportState
from funding.permissions import fetch, visible_imports
from funding.reports import import_words
from funding.reports import imports as report
from funding.routes.choices import currency_groups
from funding.routes.context import (
    Undo,
    actor,
    config,
    database,
    in_transaction,
    reading,
    say,
    warn,
)
from funding.routes.security import permission
from funding.services import import_files, import_jobs
from funding.services import imports as service
from funding.services.import_reading import Choices
from funding.services.run_words import told

bp = Blueprint("imports", __name__)

AT_ONCE = 256 * 1024
"""Files up to this many bytes are read while the browser waits, however busy the worker is."""

FAULTS_A_PAGE = 50
STATES = [
    (ImportState.READING.value, "being read"),
    (ImportState.PREVIEW.value, "waiting for you"),
    (ImportState.REFUSED.value, "has faults"),
    (ImportState.RUNNING.value, "being written"),
    (ImportState.DONE.value, "done"),
    (ImportState.CANCELLED.value, "left"),
]


@bp.get("/imports")
@permission("import.read")
def index() -> ResponseReturnValue:
    listing = Listing.parse(
        request.path,
        request.args,
        sortable=("file", "date"),
        filters=("q", "kind", "state"),
        default_sort="-date",
    )
    rows, listing = report.import_rows(reading(), actor(), listing)
    return render_template(
        "imports/index.html",
        rows=rows,
        listing=listing,
        kind_names=report.KIND_NAMES,
        kinds=list(report.KIND_NAMES.items()),
        states=STATES,
        offered=report.kinds_for(actor()),
    )


# -- putting a file in ----------------------------------------------------------------------------


@bp.get("/imports/new")
@permission("import.start")
def new() -> ResponseReturnValue:
    wanted = {name: request.args.get(name, "") for name in ("kind", "round_id")}
    return _form({**wanted, "kind": _offered(wanted["kind"])}, {})


def _offered(kind: str) -> str:
    offered = [each for each, _ in report.kinds_for(actor())]
    if not offered:
        raise NotFound("form for an import")
    return kind if kind in offered else offered[0]


def _form(values: dict[str, str], errors: dict[str, str]) -> str:
    kind = values["kind"]
    organisations = report.organisations_for(reading(), actor(), kind)
    rounds = report.rounds_for(reading(), actor(), kind)
    return render_template(
        "imports/new.html",
        form={"values": values, "errors": errors},
        kind=kind,
        tab_items=[
            {
                "label": words,
                "url": url_for("imports.new", kind=each),
                "current": each == kind,
            }
            for each, words in report.kinds_for(actor())
        ],
        words=import_words.WORDS[kind],
        fields=report.fields_in_words(kind),
        organisations=[(str(each.id), each.name) for each in organisations],
        needs_round=kind != HISTORY,
        rounds=[(str(each.id), each.name) for each in rounds],
        most=config().upload_bytes,
    )


@bp.post("/imports/new")
@permission("import.start")
def start() -> ResponseReturnValue:
    values = {
        name: request.form.get(name, "").strip() for name in ("kind", "round_id", "organisation_id")
    }
    kind = _offered(values["kind"])
    try:
        if kind != values["kind"]:
            raise InvalidInput(Fault("kind", "Choose what the file holds."))
        if kind != HISTORY and not values["round_id"]:
            raise InvalidInput(Fault("round_id", "Choose the round."))
        file = _uploaded()
        batch = in_transaction(
            service.start_import,
            kind=kind,
            organisation_id=whole_number(values["organisation_id"]),
            round_id=whole_number(values["round_id"]) if kind != HISTORY else None,
            file=file,
            is_public=bool(request.form.get("is_public")),
        )
    except InvalidInput as refusal:
        return _form({**values, "kind": kind}, as_errors(refusal.faults)), 422
    return _read_soon(batch, file)


def _uploaded() -> import_files.StagedFile:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput(Fault("file", "Choose a file."))
    return import_files.stage(config().data, file.filename, file.stream)


def _read_soon(batch: Import, file: import_files.StagedFile) -> ResponseReturnValue:
    """A small file is read here; the job that waits for it then finds nothing to do."""
    if file.size <= AT_ONCE:
        import_jobs.read_import(database(), config(), batch.id, batch.attempt)
    return _to(batch.id)


def _to(import_id: int) -> ResponseReturnValue:
    return redirect(url_for("imports.show", import_id=import_id), 303)


@bp.post("/imports/<int:import_id>/public")
@permission("import.history")
def set_public(import_id: int) -> ResponseReturnValue:
    is_public = request.form.get("is_public") == "yes"
    in_transaction(service.set_public, import_id=import_id, is_public=is_public)
    address = url_for("imports.set_public", import_id=import_id)
    say(
        "Anybody may be told of these grants." if is_public else "These grants are yours alone.",
        Undo(address, {"is_public": "no" if is_public else "yes"}),
    )
    return _to(import_id)


# -- one import -----------------------------------------------------------------------------------


def _visible(import_id: int) -> Import:
    return fetch(reading(), visible_imports(actor()), import_id, "import")


@bp.get("/imports/<int:import_id>")
@permission("import.read")
def show(import_id: int) -> ResponseReturnValue:
    batch, by = _visible(import_id), actor()
    is_working = batch.state in (ImportState.READING, ImportState.RUNNING)
    if request.headers.get("HX-Request"):
        if not is_working:
            return Response(headers={"HX-Refresh": "true"})
        return render_template("imports/_working.html", **_working(batch))
    listing = Listing.parse(request.path, request.args, sortable=(), per_page=FAULTS_A_PAGE)
    listing = listing.counting(len(batch.faults))
    sees_rows = service.may_see_rows(by, batch)
    return render_template(
        "imports/show.html",
        told=told,
        **_working(batch),
        is_working=is_working,
        may_publish=by.may("import.history", batch.organisation_id),
        sees_rows=sees_rows,
        kind_name=report.KIND_NAMES[batch.kind],
        words=import_words.WORDS[batch.kind],
        new_rows=import_words.counted(batch.kind, batch.counts.get("new") or 0),
        listing=listing,
        faults=report.fault_rows(batch, listing.offset, listing.per_page),
        first_fault=next(iter(report.fault_rows(batch, 0, 1)), None),
        columns=report.column_rows(batch) if sees_rows else [],
        choices=report.field_choices(batch.kind),
        sample=report.sample_of(batch) if sees_rows else None,
        currencies=currency_groups(),
        takes_funder=batch.kind in (HISTORY, COMMITMENTS),
        rows_url=_rows_url(batch),
    )


def _working(batch: Import) -> dict[str, Any]:
    """What the part of the page needs that says how far the work is."""
    return {
        "batch": batch,
        "by_me": _may_go_on(batch),
        "stage": report.stage_in_words(batch.stage),
    }


def _may_go_on(batch: Import) -> bool:
    return service.may_go_on(actor(), batch)


def _rows_url(batch: Import) -> str | None:
    """Where the rows that came of it are listed, if the person may see that list."""
    endpoint, needed, values = {
        HISTORY: ("history.index", "import.read", {"import": batch.id}),
        COMMITMENTS: ("commitments.index", "commitment.read", {"round_id": batch.round_id}),
        PROPOSALS: ("proposals.index", "proposal.read", {"round_id": batch.round_id}),
    }[batch.kind]
    is_there = endpoint in current_app.view_functions and actor().may(needed)
    return url_for(endpoint, **values) if is_there else None


@bp.get("/imports/<int:import_id>/faults.csv")
@permission("import.read")
def faults_csv(import_id: int) -> ResponseReturnValue:
    batch = _visible(import_id)
    if not service.may_see_rows(actor(), batch):
        raise NotFound("list of faults")
    rows = [(f["row"], f["field"], f["value"], f["rule"]) for f in batch.faults]
    return Response(
        csv_text(("row", "field", "value", "rule"), rows),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="faults-{batch.id}.csv"'},
    )


@bp.post("/imports/<int:import_id>/columns")
@permission("import.start")
def columns(import_id: int) -> ResponseReturnValue:
    """Read the file again with the columns as chosen; what was recognised by itself stays so."""
    batch = _visible(import_id)
    choices = Choices(
        mapping=_mapping(batch),
        defaults={
            name: value
            for name in ("currency", "funder")
            if (value := request.form.get(f"default.{name}", "").strip())
            and name in {field.name for field in FIELDS[batch.kind]}
        },
        month_first=request.form.get("month_first") == "1",
        sheet=request.form.get("sheet") or None,
    )
    again = in_transaction(service.choose_columns, import_id=import_id, choices=choices)
    path = import_files.path_of(config().data, again.sha256)
    size = path.stat().st_size if path.exists() else 0
    return _read_soon(again, import_files.StagedFile(again.filename, again.sha256, size))


def _mapping(batch: Import) -> dict[str, str]:
    changed = {}
    for place, column in enumerate(report.column_rows(batch)):
        chosen = request.form.get(f"field.{place}", column.field)
        if chosen != column.field:
            changed[column.heading] = chosen
    # a field given to another column leaves the one that was said to hold it
    kept = {
        heading: field
        for heading, field in batch.mapping.items()
        if field == UNUSED or field not in changed.values()
    }
    return kept | changed


@bp.post("/imports/<int:import_id>/file")
@permission("import.start")
def replace(import_id: int) -> ResponseReturnValue:
    _visible(import_id)
    try:
        file = _uploaded()
    except InvalidInput as refusal:
        warn(refusal.faults[0].rule)
        return _to(import_id)
    before = in_transaction(service.replace_file, import_id=import_id, file=file)
    import_files.forget(reading(), config().data, before)
    return _read_soon(_visible(import_id), file)


@bp.post("/imports/<int:import_id>/confirm")
@permission("import.start")
def confirm(import_id: int) -> ResponseReturnValue:
    attempt = whole_number(request.form.get("attempt", "")) or 0
    batch = in_transaction(service.confirm_import, import_id=import_id, attempt=attempt)
    path = import_files.path_of(config().data, batch.sha256)
    if path.exists() and path.stat().st_size <= AT_ONCE:
        import_jobs.write_import(database(), config(), import_id)
    return _to(import_id)


@bp.post("/imports/<int:import_id>/cancel")
@permission("import.start")
def cancel(import_id: int) -> ResponseReturnValue:
    sha256 = in_transaction(service.cancel_import, import_id=import_id)
    import_files.forget(reading(), config().data, sha256)
    say("The file was left; nothing of it is stored.")
    return _to(import_id)
