"""Plotly's script, served from the Python package that draws the figures.

So the two can never disagree about a figure's format. The address holds the version, which
lets a browser keep the file for good; the compressed variant is made once and kept in memory.
"""

import gzip
import re
from functools import cache

import plotly
from flask import Blueprint, Response, abort, request, url_for
from plotly.offline import get_plotlyjs

from funding.permissions import PUBLIC
from funding.routes.security import permission

bp = Blueprint("assets", __name__)

ONE_YEAR = 365 * 24 * 3600


@cache
def _script() -> bytes:
    return get_plotlyjs().encode()


@cache
def _compressed_script() -> bytes:
    # Level 6: 9 takes three times as long here to save one part in a hundred
    return gzip.compress(_script(), compresslevel=6, mtime=0)


@bp.get("/static/lib/plotly-<version>.min.js")
@permission(PUBLIC)
def plotly_js(version: str) -> Response:
    """The bundled script, gzip where the browser takes it. Another version's address is 404."""
    if version != plotly.__version__:
        abort(404)
    takes_gzip = request.accept_encodings.quality("gzip") > 0
    response = Response(
        _compressed_script() if takes_gzip else _script(), mimetype="text/javascript"
    )
    if takes_gzip:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.cache_control.public = True
    response.cache_control.max_age = ONE_YEAR
    response.cache_control.immutable = True
    response.set_etag(f"plotly-{version}{'-gzip' if takes_gzip else ''}")
    return response.make_conditional(request)


@cache
def style_ids() -> tuple[str, ...]:
    """Ids of style elements that the script adds on loading unless the page has them already.

    They belong to its maps, which are not used here; under the page's security policy each would
    be refused and reported. base.html holds an empty element in the place of each.
    """
    return tuple(re.findall(r'getElementById\("([0-9a-f]{64})"\)', _script().decode()))


@bp.app_context_processor
def plotly_in_pages() -> dict[str, object]:
    """`plotly_url` and `plotly_style_ids` for base.html."""
    return {
        "plotly_url": url_for("assets.plotly_js", version=plotly.__version__),
        "plotly_style_ids": style_ids(),
    }
