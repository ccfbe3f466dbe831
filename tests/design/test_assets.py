"""Plotly's script is served once, whole, and for good."""

from __future__ import annotations

import gzip

import plotly
import pytest
from flask.testing import FlaskClient
from plotly.offline import get_plotlyjs

from tests.design.gallery import create_app

ADDRESS = f"/static/lib/plotly-{plotly.__version__}.min.js"


@pytest.fixture
def client() -> FlaskClient:
    return create_app().test_client()


def test_a_browser_that_takes_gzip_gets_the_same_script_smaller(client: FlaskClient) -> None:
    answer = client.get(ADDRESS, headers={"Accept-Encoding": "gzip, br"})
    assert answer.content_encoding == "gzip"
    assert gzip.decompress(answer.data).decode() == get_plotlyjs()
    assert len(answer.data) < 1_700_000


@pytest.mark.parametrize("takes", ["", "identity", "gzip;q=0"])
def test_any_other_client_gets_it_plain(client: FlaskClient, takes: str) -> None:
    answer = client.get(ADDRESS, headers={"Accept-Encoding": takes})
    assert answer.content_encoding is None
    assert answer.get_data(as_text=True) == get_plotlyjs()


def test_it_is_kept_for_a_year_and_apart_by_encoding(client: FlaskClient) -> None:
    answer = client.get(ADDRESS)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.mimetype == "text/javascript"


def test_asking_again_with_its_tag_sends_nothing(client: FlaskClient) -> None:
    tag = client.get(ADDRESS).headers["ETag"]
    again = client.get(ADDRESS, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_another_versions_address_is_not_answered_with_this_one(client: FlaskClient) -> None:
    assert client.get("/static/lib/plotly-0.0.1.min.js").status_code == 404
