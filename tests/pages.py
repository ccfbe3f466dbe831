"""Pages as a reader sees them, and forms as a browser would send them."""

from __future__ import annotations

import re
from html import unescape

from bs4 import BeautifulSoup

from tests.plain_words import plain


def words_of(page: str) -> str:
    main = BeautifulSoup(page, "html.parser").main
    assert main is not None
    return re.sub(r" +", " ", plain(unescape(main.get_text(" "))))


def without_token(page: str) -> str:
    """The page less its CSRF tokens, which are signed with the second they were made in."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def fields_of(page: str, action: str = "") -> dict[str, str]:
    """What the form would send as it stands (of the one posting to `action`, else the last)."""
    forms = BeautifulSoup(page, "html.parser").main.select("form[method=post]")
    form = next((f for f in forms if f.get("action", "").startswith(action) and action), forms[-1])
    sent = {}
    for control in form.select("input[name], textarea[name], select[name]"):
        kind = control.get("type")
        if kind in ("checkbox", "radio") and not control.has_attr("checked"):
            continue
        if control.name == "select":
            chosen = control.select_one("option[selected]")
            value = chosen["value"] if chosen else ""
        elif control.name == "textarea":
            value = control.text.lstrip("\n")
        else:
            value = control.get("value", "")
        sent[control["name"]] = value
    return sent


def undo_of(page: str) -> tuple[str, dict[str, str]] | None:
    """Where the button that takes the last act back posts to, and what with; None without one."""
    button = BeautifulSoup(page, "html.parser").select_one("button[data-key=u]")
    form = button.find_parent("form") if button else None
    if form is None:
        return None
    fields = {control["name"]: control["value"] for control in form.select("input[name]")}
    return str(form["action"]), fields
