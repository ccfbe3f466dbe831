"""The form in which an officer says what two works are to each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from funding.forms import Typed, share_text
from funding.models import OutsideOverlap, Overlap
from funding.routes.context import Undo, in_transaction, say
from funding.routes.submitting import differences, submit, typed_form

Page = Callable[[Any, dict[str, Any], int, list[Any] | None], str]
"""Draws an overlap's page: it, the form, the version it was opened at, what differs if stale."""

LABELS = {"verdict": "Verdict", "degree": "Degree", "note": "Note"}
CHOICES = [
    ("duplicate", "Duplicate", "The same work, in whole or in part: it would be paid twice."),
    ("complementary", "Complementary", "Each is more useful with the other."),
    ("distinct", "Same team, distinct work", "The same team or the same field, other work."),
    ("unsure", "Not sure", "Somebody else should look."),
]


def typed_verdict(typed: Typed) -> dict[str, Any]:
    """What the fields of a verdict say, with what could not be read."""
    return {
        "verdict": typed.text("verdict"),
        "degree": typed.share("degree"),
        "note": typed.text("note"),
        "faults": tuple(typed.faults),
    }


def verdict_values(overlap: Overlap | OutsideOverlap) -> dict[str, str]:
    """What is stored, as the fields have it."""
    verdict = "" if overlap.verdict == "candidate" else overlap.verdict
    return {
        "verdict": verdict,
        "degree": share_text(overlap.degree) if overlap.degree else "",
        "note": overlap.note,
    }


def answer_verdict(
    overlap_id: int,
    find: Callable[[int], Any],
    act: Callable[..., Any],
    page: Page,
    back: Callable[[int], str],
) -> ResponseReturnValue:
    """Store what was typed of one overlap, or draw its page again with what was wrong.

    `find` raises NotFound; `back` is the address of the list of a round. A verdict that stood
    before can be had again; that there was none cannot.
    """
    before = verdict_values(find(overlap_id))
    typed = typed_form()
    version = typed.whole("version", 0, 10**9, "The form is incomplete.") or 0
    verdict = typed_verdict(typed)

    def again(errors: dict[str, str], is_stale: bool) -> str:
        now = find(overlap_id)
        changes = differences(LABELS, typed.values, verdict_values(now)) if is_stale else None
        form = {"values": typed.values, "errors": errors}
        return page(now, form, now.version if is_stale else version, changes)

    def done(decided: Overlap | OutsideOverlap) -> ResponseReturnValue:
        fields: dict[str, str | int] = {**before, "version": decided.version}
        say("Your verdict is saved.", Undo(request.path, fields) if before["verdict"] else None)
        return redirect(back(decided.round_id))

    return submit(
        lambda: in_transaction(act, overlap_id=overlap_id, version=version, **verdict),
        done,
        again,
    )
