"""What search engines are told: the public pages may be read, and which there are."""

from __future__ import annotations

from xml.etree import ElementTree

import sqlalchemy as sa
from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from funding.models import Award, Round
from funding.permissions import PUBLIC, public_awards, public_rounds
from funding.routes.context import config, reading
from funding.routes.public.answering import kept, today
from funding.routes.security import permission

bp = Blueprint("crawlers", __name__)

MOST_AWARDS = 40_000
"""A map of a site may have 50,000 addresses."""
SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
FIXED = ("public.index", "public.awards", "public.outputs", "public.data", "public.how_to_read")


@bp.get("/robots.txt")
@permission(PUBLIC)
def robots() -> ResponseReturnValue:
    lines = [
        "User-agent: *",
        f"Allow: {url_for('home.index')}$",
        f"Allow: {url_for('public.index')}",
        "Allow: /static/",
        "Disallow: /",
        f"Sitemap: {config().public_url}{url_for('crawlers.sitemap')}",
    ]
    return kept("\n".join(lines) + "\n", "text/plain; charset=utf-8")


@bp.get("/sitemap.xml")
@permission(PUBLIC)
def sitemap() -> ResponseReturnValue:
    scope = today()
    rounds = reading().scalars(public_rounds(scope).with_only_columns(Round.key).order_by(Round.id))
    awards = reading().scalars(
        public_awards(scope)
        .with_only_columns(Award.id)
        .order_by(sa.desc(Award.id))
        .limit(MOST_AWARDS)
    )
    paths = [url_for(endpoint) for endpoint in FIXED]
    paths += [url_for("public.round", key=key) for key in rounds]
    paths += [url_for("public.award", award_id=award_id) for award_id in awards]
    root = ElementTree.Element("urlset", xmlns=SPACE)
    for path in paths:
        entry = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(entry, "loc").text = config().public_url + path
    return kept(ElementTree.tostring(root, "utf-8", xml_declaration=True), "application/xml")
