"""What a request has at hand: the database, who is acting, and the act's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from flask import current_app, flash, g
from flask_login import current_user
from sqlalchemy.orm import Session

from funding.config import Config
from funding.db import Database
from funding.errors import InvalidInput, NotPermitted, RuleBroken
from funding.language import in_english
from funding.permissions import Actor, load_actor
from funding.services.log import record

T = TypeVar("T")


def database() -> Database:
    return current_app.extensions["database"]


def config() -> Config:
    return current_app.extensions["config"]


def reading() -> Session:
    """The request's one session for reading; closed when the request ends."""
    if "session" not in g:
        g.session = database().session()
    return g.session


def close_reading(_error: BaseException | None = None) -> None:
    session = g.pop("session", None)
    if session is not None:
        session.close()


def actor() -> Actor:
    """Who is acting; only in routes that need a signed-in person."""
    if "actor" not in g:
        g.actor = load_actor(reading(), current_user.person_id)
    return g.actor


def actor_or_none() -> Actor | None:
    return actor() if current_user.is_authenticated else None


def in_transaction(act: Callable[..., T], **values: Any) -> T:
    """Run a service as the person acting, as one transaction.

    A refusal by a rule or for want of permission is logged in a transaction of its own, so that
    undoing the act does not undo the record; a form filled in wrongly is not a refusal.
    """
    return _refusals_logged(database().in_transaction, act, values)


def in_serializable_transaction(act: Callable[..., T], **values: Any) -> T:
    """As `in_transaction`, for services that read and then decide."""
    return _refusals_logged(database().in_serializable_transaction, act, values)


def _refusals_logged(run: Callable[..., T], act: Callable[..., T], values: dict[str, Any]) -> T:
    by = values.setdefault("by", actor_or_none())
    close_reading()  # what was read before the act is stale after it
    try:
        return run(act, **values)
    except InvalidInput:
        raise
    except (RuleBroken, NotPermitted) as refusal:
        reason = in_english(refusal.args[0])  # the log speaks one language, whoever reads the page
        name = act.__name__
        database().in_transaction(
            lambda session: record(session, by, "refused", act=name, reason=reason)
        )
        raise


@dataclass(frozen=True)
class Undo:
    """The act that takes another back: where it is posted, and what with."""

    url: str
    fields: dict[str, str | int] = field(default_factory=dict)


def say(message: str, undo: Undo | None = None) -> None:
    """Tell the person, on the next page, what was done, with a button that takes it back."""
    flash({"text": message, "undo": asdict(undo)} if undo else message, "status")


def warn(message: str) -> None:
    """Tell the person, on the next page, what was not done."""
    flash(message, "alert")


def new_idempotency_key() -> str:
    return secrets.token_urlsafe(16)
