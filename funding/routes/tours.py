"""Guided tours: a step is a page of the site, with a bar above it that says what to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import BuildError

from funding.language import gettext
from funding.listing import whole_number
from funding.permissions import SIGNED_IN, Actor
from funding.reports import tours as report
from funding.routes.context import actor, actor_or_none, in_transaction, reading, say
from funding.routes.security import permission
from funding.services.tours import progress as service
from funding.services.tours.catalogue import TOURS, At, Step, Tour

bp = Blueprint("tours", __name__, url_prefix="/tour")

ARGUMENT = "tour"
"""In the address of a page that is shown as a step: the tour's key, a point, the step's place."""


@bp.get("/")
@permission(SIGNED_IN)
def index() -> ResponseReturnValue:
    return render_template(
        "tours/index.html",
        tours=report.tours_of(reading(), actor()),
        may_replay=actor().may("replay.use"),
    )


@bp.get("/<tour>/<int:place>")
@permission(SIGNED_IN)
def step(tour: str, place: int) -> ResponseReturnValue:
    """A step's page; where it is public, and so the same for everybody, a page that leads there."""
    shown = shown_step(service.tour_of(actor(), tour), place)
    if shown is None:
        return redirect(url_for("tours.index"))
    address = _address(shown.step, report.places_of(reading(), actor()))
    if address is None or shown.step.at is At.PUBLIC_PILOT:
        return render_template("tours/step.html", shown=shown, url=address)
    return redirect(f"{address}?{ARGUMENT}={tour}.{place}")


@bp.post("/<tour>/<int:place>")
@permission(SIGNED_IN)
def go_to(tour: str, place: int) -> ResponseReturnValue:
    """Note how far the person is, and on to that step's page."""
    found = in_transaction(service.go_to, tour=tour, place=place)
    if place == len(found.steps):
        say(gettext("That was the tour. You can go through it again whenever you like."))
        return redirect(url_for("tours.index"))
    return redirect(url_for("tours.step", tour=tour, place=place))


@bp.post("/<tour>/aside")
@permission(SIGNED_IN)
def put_aside(tour: str) -> ResponseReturnValue:
    in_transaction(service.put_aside, tour=tour)
    say(gettext("The tour is put aside. It stays under your name, to be taken up again."))
    return redirect(url_for("home.index"))


def _address(step: Step, places: report.Places) -> str | None:
    """Where the step's page is; None where this person has none."""
    arguments = places.arguments(step)
    view = current_app.view_functions.get(step.endpoint)
    needed = getattr(view, "permission", None)
    if arguments is None or needed is None or not actor().may(needed):
        return None
    try:
        return url_for(step.endpoint, **arguments)
    except BuildError:
        return None


@dataclass(frozen=True)
class Shown:
    """A step of a tour, as the bar above a page shows it."""

    tour: Tour
    place: int

    @property
    def step(self) -> Step:
        return self.tour.steps[self.place]

    @property
    def is_last(self) -> bool:
        return self.place + 1 == len(self.tour.steps)


def shown_step(tour: Tour, place: int) -> Shown | None:
    return Shown(tour, place) if 0 <= place < len(tour.steps) else None


def step_of_address(by: Actor | None) -> Shown | None:
    """The step that the address of this page names, if it is one of the person's tours."""
    key, _, place = request.args.get(ARGUMENT, "").partition(".")
    number = whole_number(place)
    tour = TOURS.get(key)
    if by is None or tour is None or number is None or tour.role not in by.roles:
        return None
    return shown_step(tour, number)


@bp.app_context_processor
def bar() -> dict[str, Any]:
    """The bar, for every page."""
    return {"tour_step": step_of_address(actor_or_none())}
