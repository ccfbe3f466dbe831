"""The applicant's side: starting a proposal, writing it, handing it in, withdrawing it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import Conflict, Fault, InvalidInput, RuleBroken
from funding.formatting import format_when
from funding.forms import as_errors
from funding.language import gettext as _
from funding.listing import whole_number
from funding.models import Person, Proposal, ProposalState
from funding.permissions import SIGNED_IN, fetch, own_proposals
from funding.reports import applications as report
from funding.reports.proposal_history import WHOLE
from funding.routes.application_form import clash_words, form_page, live_words
from funding.routes.context import actor, config, database, in_transaction, reading, say, warn
from funding.routes.files import change_files
from funding.routes.security import permission
from funding.routes.unsent import COOKIE, keeps_typed
from funding.services import attachments, completeness, drafts, submission, typed_text
from funding.services.form_fields import ROWS, fields_of, label_of, marks_of, merge, typed_fields

bp = Blueprint("applications", __name__)


def own(proposal_id: int) -> Proposal:
    """The applicant's proposal with all its parts; raises NotFound."""
    return fetch(reading(), own_proposals(actor()).options(*WHOLE), proposal_id, "proposal")


def zone() -> str:
    return reading().get_one(Person, actor().person_id).timezone


def _base_version() -> int | None:
    return whole_number(request.form.get("base_version"))


@bp.get("/proposals")
@permission(SIGNED_IN)
def index() -> ResponseReturnValue:
    rounds = report.open_rounds(reading()) if actor().may("proposal.write") else []
    return render_template(
        "applications/index.html", rows=report.mine(reading(), actor()), rounds=rounds, zone=zone()
    )


@bp.post("/rounds/<int:round_id>/proposals/new")
@permission("proposal.write")
def start(round_id: int) -> ResponseReturnValue:
    proposal = in_transaction(drafts.start, round_id=round_id)
    return redirect(url_for("applications.edit", proposal_id=proposal.id), 303)


# -- writing ------------------------------------------------------------------------------------


def _keep_without_session(token: str, proposal_id: int) -> str:
    """Keep this form for after signing in (see `funding.routes.unsent`)."""
    back = url_for("applications.edit", proposal_id=proposal_id)
    with database().reading() as session:
        if session.get(Proposal, proposal_id) is None:
            return back
    database().in_transaction(
        typed_text.keep_unsent,
        token=token,
        proposal_id=proposal_id,
        fields=typed_fields(request.form),
        marks=request.form.get("marks", "")[:10_000],
        base_version=_base_version(),
    )
    return back


def _claim_unsent(proposal_id: int) -> bool:
    token = request.cookies.get(COOKIE)
    return bool(token) and in_transaction(
        typed_text.claim_unsent, proposal_id=proposal_id, token=token
    )


@bp.get("/proposals/<int:proposal_id>/edit")
@permission(SIGNED_IN)
def edit(proposal_id: int) -> ResponseReturnValue:
    own(proposal_id)
    was_unsent = _claim_unsent(proposal_id)
    proposal, kept = own(proposal_id), typed_text.kept_form(reading(), actor(), proposal_id)
    if proposal.state != ProposalState.DRAFT:
        return redirect(url_for("proposals.show", proposal_id=proposal_id))
    fields = kept.fields if kept else fields_of(proposal)
    faults: list[Fault] = []
    if "check" in request.args and not kept:
        faults = completeness.faults_of(proposal, drafts.area_keys(reading(), proposal.round_id))
    page = render_template(
        "applications/edit.html",
        **form_page(proposal, fields, faults, kept=kept, zone=zone(), was_unsent=was_unsent),
    )
    response = Response(page)
    if was_unsent:
        response.delete_cookie(COOKIE)
    return response


@bp.post("/proposals/<int:proposal_id>/edit")
@permission(SIGNED_IN)
@keeps_typed(_keep_without_session)
def save(proposal_id: int) -> ResponseReturnValue:
    """Save, and whatever else the pressed button asks: add or remove a file, go on to the check."""
    own(proposal_id)
    fields, marks = typed_fields(request.form), request.form.get("marks", "")
    values = {
        "proposal_id": proposal_id,
        "fields": fields,
        "marks": marks,
        "base_version": _base_version(),
    }
    faults: tuple[Fault, ...] = ()
    try:
        in_transaction(typed_text.keep_typed, **values, seen=request.form.get("seen", ""))
    except typed_text.OpenElsewhere as other:
        warn(
            _(
                "%(other)s What that window held is kept as well: save here first, then there.",
                other=other,
            )
        )
    try:
        change_files(
            attachments.attach, attachments.remove, file="attachment_id", proposal_id=proposal_id
        )
    except InvalidInput as refusal:
        faults = refusal.faults
    try:
        taken = in_transaction(
            drafts.save,
            **values,
            take_theirs=[
                name.removeprefix("choice_")
                for name, choice in request.form.items()
                if name.startswith("choice_") and choice == "theirs"
            ],
        )
    except InvalidInput as refusal:
        faults = (*faults, *refusal.faults)
    except drafts.Clashed as clash:
        return _show_clash(proposal_id, clash)
    except RuleBroken as refusal:
        warn(str(refusal))
        return redirect(url_for("applications.typed", proposal_id=proposal_id), 303)
    if faults:
        proposal, kept = own(proposal_id), typed_text.kept_form(reading(), actor(), proposal_id)
        page = form_page(proposal, fields, faults, kept=kept, zone=zone())
        return render_template("applications/edit.html", **page), 422
    _say_saved(taken)
    if request.form.get("act") == "check":
        return redirect(url_for("applications.check", proposal_id=proposal_id), 303)
    section = request.form.get("act", "")
    anchor = section if section in (*ROWS, "files") else None
    return redirect(url_for("applications.edit", proposal_id=proposal_id, _anchor=anchor), 303)


def _say_saved(taken: tuple[str, ...]) -> None:
    say("Saved.")
    if taken:
        parts = ", ".join(label_of(group) for group in taken)
        say(
            _(
                "Somebody else changed these parts meanwhile; their version is in: %(parts)s.",
                parts=parts,
            )
        )


def _show_clash(proposal_id: int, clash: drafts.Clashed) -> ResponseReturnValue:
    proposal, kept = own(proposal_id), typed_text.kept_form(reading(), actor(), proposal_id)
    page = render_template(
        "applications/clash.html",
        seen=kept.at.isoformat() if kept else "",
        proposal=proposal,
        clashes=clash_words(reading(), proposal, clash.clashes),
        fields=clash.fields,
        version=clash.version,
        marks=marks_of(fields_of(proposal)),
    )
    return page, 409


@bp.post("/proposals/<int:proposal_id>/autosave")
@permission(SIGNED_IN)
@keeps_typed(_keep_without_session)
def autosave(proposal_id: int) -> ResponseReturnValue:
    """Keep what is typed, valid or not; answers when, and how sums and risk stand, as JSON."""
    fields = typed_fields(request.form)
    base_version = _base_version()
    try:
        at = in_transaction(
            typed_text.keep_typed,
            proposal_id=proposal_id,
            fields=fields,
            marks=request.form.get("marks", "")[:10_000],
            base_version=base_version,
            seen=request.form.get("seen", ""),
        )
    except typed_text.OpenElsewhere as other:
        return {"elsewhere": str(other)}, 409
    proposal = own(proposal_id)
    answer = {"seen": at.isoformat(), "live": live_words(reading(), proposal, fields)}
    if proposal.state != ProposalState.DRAFT:
        answer["note"] = _(
            "This proposal is %(state)s now; your text is kept beside it.", state=proposal.state
        )
    elif base_version is not None and base_version != proposal.version:
        answer["note"] = (
            "Somebody else saved the form meanwhile. Yours is kept; saving brings the two together."
        )
    return answer


@bp.post("/proposals/<int:proposal_id>/discard")
@permission(SIGNED_IN)
def discard(proposal_id: int) -> ResponseReturnValue:
    in_transaction(typed_text.discard_typed, proposal_id=proposal_id)
    say("What was typed and not saved is gone; this is the proposal as saved.")
    return redirect(url_for("applications.edit", proposal_id=proposal_id), 303)


@bp.get("/proposals/<int:proposal_id>/typed")
@permission(SIGNED_IN)
def typed(proposal_id: int) -> ResponseReturnValue:
    """What was typed and never saved, beside what is saved: to be copied, once it cannot be."""
    proposal, kept = own(proposal_id), typed_text.kept_form(reading(), actor(), proposal_id)
    if kept is None:
        return redirect(url_for("proposals.show", proposal_id=proposal_id))
    if proposal.state == ProposalState.DRAFT:
        return redirect(url_for("applications.edit", proposal_id=proposal_id))
    differences = merge(kept.fields, fields_of(proposal), "").clashes
    return render_template(
        "applications/typed.html",
        proposal=proposal,
        clashes=clash_words(reading(), proposal, differences),
        at=format_when(kept.at, zone()),
    )


# -- handing in ---------------------------------------------------------------------------------


def _check_page(proposal_id: int, faults: tuple[Fault, ...] | None = None) -> str:
    proposal = own(proposal_id)
    if faults is None:
        keys = drafts.area_keys(reading(), proposal.round_id)
        faults = tuple(completeness.faults_of(proposal, keys))
    questions = {question.key: question.label for question in proposal.round.questions}
    until = report.deadlines(reading(), [proposal])[proposal.id]
    return render_template(
        "applications/check.html",
        proposal=proposal,
        faults=[
            (fault.field, label_of(fault.field, questions), fault.rule)
            for fault in faults
            if fault.field
        ],
        is_led=proposal.lead_id == actor().person_id,
        unsaved=submission.unsaved_by(reading(), proposal),
        in_time=submission.is_in_time(reading(), proposal),
        until=until,
    )


@bp.get("/proposals/<int:proposal_id>/check")
@permission(SIGNED_IN)
def check(proposal_id: int) -> ResponseReturnValue:
    if own(proposal_id).state != ProposalState.DRAFT:
        return redirect(url_for("proposals.show", proposal_id=proposal_id))
    return _check_page(proposal_id)


@bp.post("/proposals/<int:proposal_id>/submit")
@permission(SIGNED_IN)
def submit(proposal_id: int) -> ResponseReturnValue:
    try:
        number = in_transaction(
            submission.submit,
            proposal_id=proposal_id,
            version=_base_version(),
            public_url=config().public_url,
        )
    except InvalidInput as refusal:
        return _check_page(proposal_id, refusal.faults), 422
    except (RuleBroken, Conflict) as refusal:
        warn(str(refusal))
        return redirect(url_for("applications.check", proposal_id=proposal_id), 303)
    say(
        _(
            "Your proposal is handed in. Receipt %(number)s; a copy is on its way by mail.",
            number=number,
        )
    )
    return redirect(url_for("proposals.show", proposal_id=proposal_id), 303)


@bp.post("/proposals/<int:proposal_id>/take-back")
@permission(SIGNED_IN)
def take_back(proposal_id: int) -> ResponseReturnValue:
    try:
        in_transaction(submission.take_back, proposal_id=proposal_id, version=_base_version())
    except (RuleBroken, Conflict) as refusal:
        warn(str(refusal))
        return redirect(url_for("proposals.show", proposal_id=proposal_id), 303)
    say("The proposal is a draft again. It takes part only once it is handed in again.")
    return redirect(url_for("applications.edit", proposal_id=proposal_id), 303)


@bp.get("/proposals/<int:proposal_id>/withdraw")
@permission(SIGNED_IN)
def ask_withdraw(proposal_id: int) -> ResponseReturnValue:
    return render_template("applications/withdraw.html", proposal=own(proposal_id), form=None)


@bp.post("/proposals/<int:proposal_id>/withdraw")
@permission(SIGNED_IN)
def withdraw(proposal_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    try:
        in_transaction(
            submission.withdraw, proposal_id=proposal_id, version=_base_version(), reason=reason
        )
    except (InvalidInput, Conflict) as refusal:
        faults = refusal.faults if isinstance(refusal, InvalidInput) else (Fault("", str(refusal)),)
        form = {"values": {"reason": reason}, "errors": as_errors(faults)}
        page = render_template("applications/withdraw.html", proposal=own(proposal_id), form=form)
        return page, 422 if isinstance(refusal, InvalidInput) else 409
    say("The proposal is withdrawn.")
    return redirect(url_for("proposals.show", proposal_id=proposal_id), 303)
