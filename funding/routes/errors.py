"""Each kind of refusal, and the status and page it is answered with."""

from __future__ import annotations

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateNotFound
from werkzeug.exceptions import HTTPException

from funding import errors
from funding.routes.unsent import keep_if_ours

STATUS: dict[type[errors.TributaryError], int] = {
    errors.NotFound: 404,
    errors.NotPermitted: 403,
    errors.InvalidInput: 422,
    errors.RuleBroken: 409,
    errors.Conflict: 409,
    errors.Busy: 503,
    errors.IdempotencyMissing: 400,
    errors.IdempotencyMismatch: 422,
    errors.IdempotencyInFlight: 409,
}


def _page(status: int, message: str) -> ResponseReturnValue:
    if request.accept_mimetypes.best == "application/json":
        return {"status": status, "error": message}, status
    try:
        return render_template(f"errors/{status}.html", message=message), status
    except TemplateNotFound:
        return render_template("errors/400.html", message=message), status


def refuse(error: errors.TributaryError) -> ResponseReturnValue:
    kind = next(k for k in type(error).__mro__ if k in STATUS)
    page = _page(STATUS[kind], str(error))
    if kind is errors.Busy:
        return (*page, {"Retry-After": "2"})
    return page


def answer_http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, CSRFError):
        if (kept := keep_if_ours()) is not None:
            return kept
        return _page(400, "This form was open too long or came from elsewhere. Please try again.")
    if error.code is None or error.code < 400:
        return error
    message = str(errors.NotFound()) if error.code == 404 else ""
    return _page(error.code, message)


def register_error_pages(app: Flask) -> None:
    app.register_error_handler(errors.TributaryError, refuse)
    app.register_error_handler(HTTPException, answer_http)
