"""The decision pack of a round's plan: made, read, remarked on, voted on, verified."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from funding.errors import NotFound
from funding.exports.packs.document import Printed
from funding.exports.pdf import TYPE as PDF
from funding.exports.pdf import NoPdf
from funding.formatting import format_amount
from funding.language import gettext as _
from funding.listing import whole_number
from funding.models import Pack, PackState, RemarkKind, Round
from funding.permissions import fetch, visible_packs, working_rounds
from funding.reports.discretion import Discretion
from funding.reports.packs import view as views
from funding.reports.packs.listed import packs_of
from funding.reports.plans import current_plan
from funding.reports.portfolios import shown_proposals
from funding.routes.committee import voting
from funding.routes.context import actor, config, in_transaction, reading, say
from funding.routes.results import download
from funding.routes.security import permission
from funding.routes.submitting import submit
from funding.services.packs import making, printing, remarks, verifying

bp = Blueprint("packs", __name__)


def _round(round_id: int) -> Round:
    found: Round = fetch(reading(), working_rounds(actor(), "pack.read"), round_id, "round")
    return found


def _pack(pack_id: int) -> Pack:
    found: Pack = fetch(reading(), visible_packs(actor()), pack_id, "pack")
    return found


def _ready(pack_id: int) -> Pack:
    pack = _pack(pack_id)
    if pack.state != PackState.READY:
        raise NotFound("pack")
    return pack


def may_make(round_: Round) -> bool:
    by = actor()
    return bool(by.where("pack.make")) and round_.state != "closed"


@bp.get("/rounds/<int:round_id>/pack")
@permission("pack.read")
def show(round_id: int) -> ResponseReturnValue:
    """The newest pack of the plan before the funders, or the way to one."""
    round_, session = _round(round_id), reading()
    plan = current_plan(session, round_id)
    pack = making.latest_ready(session, plan.id) if plan else None
    if pack is not None:
        return _page(pack, {})
    return render_template(
        "packs/none.html",
        round=round_,
        plan=plan,
        others=packs_of(session, round_id),
        **_making(round_, plan),
    )


def _making(round_: Round, plan: Any) -> dict[str, Any]:
    """What is under way, and whether a pack may be made."""
    session = reading()
    last = making.latest(session, plan.id) if plan else None
    is_decided = plan is not None and making.is_decided(session, plan)
    return {
        "last": last,
        "is_making": last is not None and making.is_making(session, last),
        "is_decided": is_decided,
        "is_by_hand": plan is not None and plan.run.plan is None,
        "may_make": may_make(round_) and plan is not None and not is_decided,
    }


@bp.get("/packs/<int:pack_id>")
@permission("pack.read")
def one(pack_id: int) -> ResponseReturnValue:
    """A pack by its number: earlier ones stay readable."""
    return _page(_ready(pack_id), {})


def _page(pack: Pack, errors: dict[str, str]) -> str:
    session, by, round_ = reading(), actor(), pack.plan.round
    discretion = Discretion.of(session, by, round_.id)
    shown = views.view(pack.content or "", discretion)
    said = [] if discretion.hides_something else remarks.remarks_on(session, pack)
    stands = voting(round_, pack.plan)
    is_current = pack.plan.is_current
    sealed = remarks.seal_of(session, pack)
    return render_template(
        "packs/show.html",
        **{**stands, "may_vote": stands["may_vote"] and is_current},
        pack=pack,
        view=shown,
        currency=round_.base_currency,
        ids={key: seen.id for key, seen in shown_proposals(session, by, pack.plan.run).items()},
        sealed=sealed,
        remarks=said,
        positions=remarks.positions(said),
        may_remark=sealed is None
        and not discretion.hides_something
        and by.may("pack.remark")
        and is_current,
        is_member=by.may("vote.cast", round_.owner_id) and not stands["in_conflict"],
        others=[pair for pair in packs_of(session, round_.id) if pair[0].id != pack.id],
        back=request.path,
        kinds=[
            (RemarkKind.AGREE.value, _("I agree with what is put forward")),
            (RemarkKind.DISSENT.value, _("I dissent")),
            (RemarkKind.COMMENT.value, _("A comment")),
        ],
        portfolio_choices=[
            (str(p.number), _("portfolio %(letter)s", letter=p.letter)) for p in shown.portfolios
        ],
        area_heads=[{"label": p.letter, "numeric": True} for p in shown.portfolios],
        area_rows=_area_rows(shown),
        form={"values": dict(request.form), "errors": errors},
        **_making(round_, pack.plan),
    )


def _area_rows(shown: views.PackView) -> list[list[str]]:
    """The table beside the chart: whole amounts of every area."""
    first = shown.portfolios[0]
    return [
        [
            place.name,
            *(format_amount(p.areas[row].amount, shown.currency) for p in shown.portfolios),
        ]
        for row, place in enumerate(first.areas)
    ]


@bp.post("/rounds/<int:round_id>/pack")
@permission("pack.make")
def make(round_id: int) -> ResponseReturnValue:
    _round(round_id)
    in_transaction(
        making.ask_for_pack, round_id=round_id, is_quick=bool(request.form.get("is_quick"))
    )
    return redirect(url_for("packs.show", round_id=round_id))


@bp.post("/packs/<int:pack_id>/cancel")
@permission("pack.make")
def cancel(pack_id: int) -> ResponseReturnValue:
    pack = in_transaction(making.cancel_pack, pack_id=pack_id)
    return redirect(url_for("packs.show", round_id=_pack(pack.id).plan.round_id))


@bp.get("/packs/<int:pack_id>/progress")
@permission("pack.read")
def progress(pack_id: int) -> ResponseReturnValue:
    """The bar of a pack being made, asked for again and again; leads on once it has ended."""
    pack = _pack(pack_id)
    if making.is_making(reading(), pack):
        return render_template(
            "packs/_progress.html", last=pack, may_make=may_make(pack.plan.round)
        )
    answer = make_response("", 200)
    answer.headers["HX-Redirect"] = url_for("packs.show", round_id=pack.plan.round_id)
    return answer


@bp.post("/packs/<int:pack_id>/remarks")
@permission("pack.remark")
def remark(pack_id: int) -> ResponseReturnValue:
    pack = _ready(pack_id)

    def again(errors: dict[str, str], is_stale: bool) -> str:
        return _page(_ready(pack.id), errors)

    def done(_said: object) -> ResponseReturnValue:
        say(_("It is on record."))
        return redirect(url_for("packs.one", pack_id=pack_id) + "#remarks")

    return submit(
        lambda: in_transaction(
            remarks.remark,
            pack_id=pack_id,
            kind=request.form.get("kind", ""),
            words=request.form.get("remark", ""),
            portfolio=whole_number(request.form.get("portfolio")),
        ),
        done,
        again,
    )


@bp.get("/packs/<int:pack_id>/verification")
@permission("pack.read")
def verification(pack_id: int) -> ResponseReturnValue:
    """The figures made again from what is stored, and compared to the byte."""
    pack = _ready(pack_id)
    discretion = Discretion.of(reading(), actor(), pack.plan.round_id)
    answers = verifying.verify(reading(), pack)
    return render_template(
        "packs/verification.html",
        pack=pack,
        round=pack.plan.round,
        # what differs is named by proposal, so who is out of the room reads only that it differs
        answers=[(a, () if discretion.hides_something else a.details) for a in answers],
        is_whole=verifying.is_whole(answers),
        sealed=remarks.seal_of(reading(), pack),
    )


@bp.get("/packs/<int:pack_id>/pack.json")
@permission("pack.read")
def document(pack_id: int) -> ResponseReturnValue:
    """The content whose SHA-256 is the digest; only for who may read all of it."""
    pack = _ready(pack_id)
    if Discretion.of(reading(), actor(), pack.plan.round_id).hides_something:
        raise NotFound("pack")
    return download(pack.content or "", f"pack-{pack.id}.json", "application/json")


@bp.get("/packs/<int:pack_id>/pack.pdf")
@permission("pack.read")
def pdf(pack_id: int) -> ResponseReturnValue:
    """The pack as PDF: the file that was kept when it was sealed, else made now."""
    pack = _ready(pack_id)
    discretion = Discretion.of(reading(), actor(), pack.plan.round_id)
    kept = None if discretion.hides_something else printing.kept(reading(), config().data, pack)
    try:
        content = kept or Printed.of(printing.paper(reading(), pack, discretion)).pdf
    except NoPdf as reason:
        return render_template("packs/no_pdf.html", pack=pack, reason=str(reason)), 503
    return download(content, f"decision-pack-{pack.id}.pdf", PDF)
