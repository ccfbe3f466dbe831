"""Reading the applicant's pages, and sending their forms as a browser without scripts would."""

from __future__ import annotations

import re
from html import unescape

from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from funding.db import Database
from tests.application_forms import Applicant


def database_of(app: Flask) -> Database:
    return app.extensions["database"]


def form_of(page: str, selector: str = "form#application") -> dict[str, str]:
    """What a browser without scripts would send from the page's form."""
    form = BeautifulSoup(page, "html.parser").select_one(selector)
    fields: dict[str, str] = {}
    for control in form.select("input, textarea, select"):
        name, kind = control.get("name"), control.get("type", "")
        if not name or kind == "file" or (kind == "radio" and not control.has_attr("checked")):
            continue
        if control.name == "textarea":
            fields[name] = control.text.removeprefix("\n")
        elif control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            fields[name] = chosen["value"]
        else:
            fields[name] = control.get("value", "")
    return fields


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(BeautifulSoup(page, "html.parser").main.text))


def open_form(client: FlaskClient, applicant: Applicant) -> dict[str, str]:
    return form_of(client.get(f"/proposals/{applicant.proposal_id}/edit").text)
