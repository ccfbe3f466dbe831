"""/healthz."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from funding import create_app
from tests.conftest import make_config


def test_healthz_answers_200_when_the_database_is_current(site: Flask) -> None:
    answer = site.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_healthz_answers_503_with_the_reason_before_migration(tmp_path: Path) -> None:
    app = create_app(make_config(tmp_path, f"sqlite:///{tmp_path / 'none.sqlite3'}"))
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert "migration" in answer.json["reason"]


def test_healthz_answers_503_when_the_database_cannot_be_reached(tmp_path: Path) -> None:
    app = create_app(make_config(tmp_path, f"sqlite:///{tmp_path / 'no' / 'folder' / 'x.db'}"))
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert "cannot be reached" in answer.json["reason"]
