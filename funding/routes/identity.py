"""Sign-in, sign-out, one-time links."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from funding.errors import InvalidInput, NotPermitted
from funding.permissions import PUBLIC, SIGNED_IN
from funding.routes.addresses import is_ours
from funding.routes.context import config, database, in_transaction, reading, say
from funding.routes.limits import limiter
from funding.routes.security import load_signed_in, permission
from funding.services import identity

bp = Blueprint("identity", __name__)


def _whose_account() -> str:
    """Tries are counted by account as well as by address: guessing from many places is slow too."""
    return request.form.get("email", "").strip().lower()


def _was_refused(answer: Response) -> bool:
    """Only wrong passwords count; who knows theirs may sign in as often as they like."""
    return answer.status_code == 403


def _safe_next() -> str:
    """Where to go after signing in: a path of this site, never another address."""
    wanted = request.values.get("next", "")
    return wanted if is_ours(wanted) else url_for("home.index")


def _enter(token: str) -> None:
    signed_in = load_signed_in(token)
    if signed_in is None:
        raise NotPermitted("This session has ended.")
    login_user(signed_in)


@bp.get("/sign-in")
@permission(PUBLIC)
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(_safe_next())
    return render_template("identity/sign_in.html", next=request.args.get("next", ""))


@bp.post("/sign-in")
@permission(PUBLIC)
@limiter.limit("10 per minute; 60 per hour", key_func=_whose_account, deduct_when=_was_refused)
@limiter.limit("60 per minute", deduct_when=_was_refused)
def enter() -> ResponseReturnValue:
    email = request.form.get("email", "")
    try:
        token = in_transaction(
            identity.sign_in,
            email=email,
            password=request.form.get("password", ""),
            browser=request.user_agent.string,
        )
    except NotPermitted as refusal:
        page = render_template(
            "identity/sign_in.html", next=request.form.get("next", ""), email=email, error=refusal
        )
        return page, 403
    _enter(token)
    return redirect(_safe_next())


@bp.post("/sign-out")
@permission(SIGNED_IN)
def leave() -> ResponseReturnValue:
    in_transaction(identity.sign_out, token=current_user.token)
    logout_user()
    say("You are signed out.")
    return redirect(url_for("home.index"))


@bp.get("/forgotten")
@permission(PUBLIC)
def forgotten() -> ResponseReturnValue:
    return render_template("identity/forgotten.html")


@bp.post("/forgotten")
@permission(PUBLIC)
@limiter.limit("5 per hour", key_func=_whose_account)
@limiter.limit("20 per hour")
def send_reset() -> ResponseReturnValue:
    database().in_transaction(
        identity.ask_for_reset,
        email=request.form.get("email", ""),
        public_url=config().public_url,
    )
    say("If this address has an account here, a link to choose a new password is on its way.")
    return redirect(url_for("identity.sign_in"))


@bp.get("/link/<token>")
@permission(PUBLIC)
def open_link(token: str) -> ResponseReturnValue:
    return render_template("identity/set_password.html", link=identity.open_link(reading(), token))


@bp.post("/link/<token>")
@permission(PUBLIC)
def use_link(token: str) -> ResponseReturnValue:
    password = request.form.get("password", "")
    try:
        session_token = in_transaction(
            identity.set_password,
            token=token,
            password=password,
            browser=request.user_agent.string,
        )
    except InvalidInput as refusal:
        page = render_template(
            "identity/set_password.html",
            link=identity.open_link(reading(), token),
            faults=refusal.faults,
        )
        return page, 422
    _enter(session_token)
    say("Your password is set.")
    return redirect(url_for("home.index"))
