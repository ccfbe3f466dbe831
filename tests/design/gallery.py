"""A page with every macro on it, served by a small app under the product's own security policy.

Also for looking at by hand: `python -m flask --app tests/design/gallery.py run`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import plotly.graph_objects as go
import plotly.io
from flask import Flask, Response, flash, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader

from funding.listing import Listing
from funding.paths import STATIC, TEMPLATES
from funding.routes import assets
from funding.routes.security import CONTENT_SECURITY_POLICY
from funding.routes.templating import prepare_templates

AREAS = ["Interpretability", "Evaluations", "Oversight", "Robustness", "Governance"]
FUNDERS = ["Harbour Light Foundation", "Northern Commons Fund", "Ministry of Example"]


def sankey() -> go.Figure:
    """Money from funders through areas to proposals; a click on a proposal opens it."""
    proposals = ["Circuits at scale", "Honest graders", "Red lines"]
    return go.Figure(
        go.Sankey(
            node={
                "label": FUNDERS + AREAS[:3] + proposals,
                "color": ["var(--chart-1)"] * 3 + ["var(--chart-3)"] * 3 + ["var(--chart-8)"] * 3,
                "customdata": ["", "", "", "", "", ""] + [f"/proposals/{n}" for n in range(3)],
            },
            link={
                "source": [0, 0, 1, 2, 3, 4, 5],
                "target": [3, 4, 4, 5, 6, 7, 8],
                "value": [3.1, 1.2, 2.4, 1.8, 3.1, 3.6, 1.8],
                "color": ["var(--chart-1-soft)"] * 4 + ["var(--chart-3-soft)"] * 3,
            },
        )
    )


def stacked_bar() -> go.Figure:
    """Each funder's money by area, with a title and a legend of its own."""
    figure = go.Figure(
        [
            go.Bar(name=name, y=AREAS, x=[(3 * i + 2 * j) % 5 + 1 for j in range(5)])
            for i, name in enumerate(FUNDERS)
        ]
    )
    figure.update_traces(orientation="h", customdata=[f"/areas/{n}" for n in range(5)])
    figure.update_layout(barmode="stack", title={"text": "A title inside the picture"})
    figure.update_xaxes(title_text="EUR million")
    figure.update_yaxes(autorange="reversed")
    return figure


def heat_map() -> go.Figure:
    """How much of each area's need is met, by year."""
    need = [[(7 * i + 3 * j) % 10 / 10 for j in range(4)] for i in range(5)]
    return go.Figure(
        go.Heatmap(z=need, x=["2024", "2025", "2026", "2027"], y=AREAS, zmin=0, zmax=1)
    )


FIGURES = {"flow": sankey, "by-area": stacked_bar, "gaps": heat_map}


def create_app() -> Flask:
    app = Flask(__name__, static_folder=str(STATIC), template_folder=str(TEMPLATES))
    app.config.update(SECRET_KEY="only for the gallery", TESTING=True)
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(TEMPLATES), FileSystemLoader(Path(__file__).parent)]
    )
    app.jinja_env.globals["csrf_token"] = lambda: "a-token"
    prepare_templates(app)
    app.register_blueprint(assets.bp)

    @app.after_request
    def add_policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    @app.get("/figures/<name>.json")
    def figure(name: str) -> Response:
        return Response(plotly.io.to_json(FIGURES[name]()), mimetype="application/json")

    @app.get("/errors/<int:status>")
    def error(status: int) -> str:
        return render_template(f"errors/{status}.html", message="The round closed on 3 May 2027.")

    @app.get("/")
    def gallery() -> str:
        flash("Three lines approved.", "status")
        flash("The line was not approved: the commitment has EUR 12,000 left.", "alert")
        listing = Listing.parse(
            "/",
            request.args,
            sortable=("title", "merit", "ask"),
            filters=("q", "area"),
            default_sort="-merit",
        )
        return render_template(
            "gallery.html",
            listing=listing.counting(1234),
            small_listing=Listing("/", total=3),
            empty_listing=Listing("/", total=0, args={"q": "nothing like this"}),
            figure_json=plotly.io.to_json(stacked_bar()),
            now=datetime(2027, 5, 3, 14, 0, tzinfo=UTC),
            navigation=[
                {"label": "Overview", "url": "/", "current": True},
                {"label": "Proposals", "url": "/proposals", "badge": 12},
                {"label": "Scenarios", "url": "/scenarios"},
                {"label": "Decisions", "url": "/decisions", "badge": 3},
                {"label": "Money", "url": "/money"},
                {"label": "Registry", "url": "/registry"},
            ],
            person={
                "name": "Amara Testwood",
                "roles": ["Program officer, Harbour Light Foundation", "Reviewer"],
            },
            site={"account_url": "/account", "footer": [{"label": "Open data", "url": "/data"}]},
        )

    return app
