"""The database: engine, base class, column types, and the one way to run a transaction.

SQLite (the default) and PostgreSQL hold the same rules. On SQLite tables are STRICT, writes begin
with BEGIN IMMEDIATE, and every connection has foreign keys and recursive triggers on.
"""

from __future__ import annotations

import random
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.exc import StaleDataError

from funding.errors import Busy, Conflict, Overcommitted, RuleBroken
from funding.language import gettext as _

MOST_MONEY = 10**15
TRIES = 8

P = ParamSpec("P")
T = TypeVar("T")


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """A moment, always aware and in UTC; naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# STRICT tables know only INTEGER, REAL, TEXT and BLOB; these say which one each type becomes.
for _type, _name in (
    (sa.String, "TEXT"),
    (sa.Text, "TEXT"),
    (sa.JSON, "TEXT"),
    (sa.Date, "TEXT"),
    (sa.DateTime, "TEXT"),
    (sa.Boolean, "INTEGER"),
    (sa.BigInteger, "INTEGER"),
    (sa.Float, "REAL"),
    (sa.Double, "REAL"),
):
    compiles(_type, "sqlite")(lambda type_, compiler, _name=_name, **kw: _name)

Money = sa.BigInteger
Json = sa.JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Every table: STRICT on SQLite, with constraint names a person can read in an error."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        arguments = getattr(cls, "__table_args__", ())
        if not (arguments and isinstance(arguments[-1], dict)):
            cls.__table_args__ = (*arguments, {"sqlite_strict": True})
        super().__init_subclass__(**kwargs)


def now() -> datetime:
    return datetime.now(UTC)


def money_check(column: str, *, least: int = 0) -> sa.CheckConstraint:
    """The range of a money column, in minor units."""
    return sa.CheckConstraint(f"{column} between {least} and {MOST_MONEY}", name=f"{column}_range")


def make_engine(url: str) -> sa.Engine:
    """An engine with the pragmas, isolation and pool that RELIABILITY asks for."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": 10, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return sa.create_engine(
        parsed, isolation_level="READ COMMITTED", pool_pre_ping=True, pool_size=10, max_overflow=20
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin or commit by itself
    for pragma in (
        "busy_timeout=10000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """One database: `reading()` for pages, `in_transaction()` for everything that writes."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        # closes pooled connections once nobody holds this any more; Python 3.13 warns of open ones
        weakref.finalize(self, self.engine.dispose)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = self.engine.execution_options(writes=True)
        self._serializable = self.engine.execution_options(
            writes=True, **({} if self.is_sqlite else {"isolation_level": "SERIALIZABLE"})
        )

    def session(self) -> Session:
        """A session for reading; the caller closes it."""
        return Session(self.engine, expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.session() as session:
            yield session

    def in_transaction(
        self,
        act: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `act(session, ...)` in a fresh session and commit; all of it again on a conflict.

        Raises Busy after 8 tries, Conflict for a stale version, and the database's own refusals
        as RuleBroken (Overcommitted where a balance would go below zero).
        """
        return self._run(self._writer, act, *args, **kwargs)

    def in_serializable_transaction(
        self,
        act: Callable[Concatenate[Session, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """As `in_transaction`, for rules that read and then decide (quorum, closing a round)."""
        return self._run(self._serializable, act, *args, **kwargs)

    def _run(self, engine: sa.Engine, act: Callable[..., T], *args: object, **kwargs: object) -> T:
        for attempt in range(TRIES):
            if attempt:
                time.sleep(random.uniform(0.01, min(0.5, 0.01 * 2**attempt)))
            session = Session(engine, expire_on_commit=False)
            try:
                result = act(session, *args, **kwargs)
                session.commit()
            except StaleDataError as error:
                raise Conflict("Somebody else changed this meanwhile.") from error
            except DBAPIError as error:
                if _is_transient(error):
                    continue
                raise (_refusal(error) or error) from error
            finally:
                session.close()
            return result
        raise Busy("The site is busy. Nothing was changed; please try again in a moment.")


def _is_transient(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in ("40001", "40P01"):
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)


def _refusal(error: DBAPIError) -> RuleBroken | None:
    """What the database refused, in words; None where it is a fault of ours."""
    text = str(error.orig)
    if "ck_account_balance" in text:
        return Overcommitted("The balance does not cover this amount.")
    marker = "tributary: "  # every trigger of ours raises with this mark
    if marker in text:
        return RuleBroken(text.split(marker, 1)[1].splitlines()[0].strip())
    if isinstance(error, IntegrityError):
        return RuleBroken(
            _("The database refused this: %(splitlines)s", splitlines=text.splitlines()[0])
        )
    return None
