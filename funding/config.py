"""Settings: each from one environment variable, each with a default that needs no service.

`SETTINGS` is the one list; the README's table, `tributary settings` and `Config.from_environment`
are all made from it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from funding.overlap.methods import NAMES as METHODS


@dataclass(frozen=True)
class Setting:
    """One environment variable: what it sets, and what holds where it is unset."""

    name: str
    default: str
    meaning: str
    is_secret: bool = False


SETTINGS = (
    Setting("TRIBUTARY_HOST", "127.0.0.1", "address the site listens on"),
    Setting("TRIBUTARY_PORT", "8000", "port the site listens on"),
    Setting(
        "TRIBUTARY_DATA",
        "",
        "folder for the database, attachments, mail and secrets"
        " (unset: tributary in the user's data folder; `make run`: .data in the checkout)",
    ),
    Setting(
        "TRIBUTARY_DATABASE_URL",
        "",
        "SQLAlchemy address, for example postgresql://user@host/tributary"
        " (unset: SQLite in the data folder)",
        is_secret=True,
    ),
    Setting(
        "TRIBUTARY_DEMO_PASSWORD",
        "",
        "password of all demo people (unset: made at random and printed by `tributary demo`)",
        is_secret=True,
    ),
    Setting(
        "TRIBUTARY_SECRET_KEY",
        "",
        "signs cookies and one-time links (unset: made once and kept in the data folder)",
        is_secret=True,
    ),
    Setting("TRIBUTARY_PUBLIC_URL", "", "address people reach the site at (unset: host and port)"),
    Setting(
        "TRIBUTARY_SMTP_URL",
        "",
        "smtp://user:password@host:587, or smtps:// for TLS from the start"
        " (unset: mail becomes files)",
        True,
    ),
    Setting("TRIBUTARY_MAIL_FROM", "tributary@localhost", "sender of the site's mail"),
    Setting("TRIBUTARY_WEB_PROCESSES", "2", "web server processes"),
    Setting("TRIBUTARY_WORKERS", "2", "background worker processes that `tributary serve` starts"),
    Setting(
        "TRIBUTARY_LIVE_WORKERS",
        "1",
        "processes for live sessions that `tributary serve` starts; 0 where others run them",
    ),
    Setting("TRIBUTARY_SOLVER", "highs", "highs or cbc"),
    Setting("TRIBUTARY_SOLVE_SECONDS", "120", "longest that solving a scenario may take"),
    Setting(
        "TRIBUTARY_SWEEP",
        "processes",
        "where many plans are solved at once: processes (all cores of the worker's host), here (one"
        " after the other), or a Dask scheduler's address, for example tcp://dask.example.org:8786",
    ),
    Setting(
        "TRIBUTARY_OVERLAP_METHOD",
        "characters",
        "how texts are compared: characters, or sentences, which also finds the same idea in other"
        " words and needs `make embeddings`",
    ),
    Setting(
        "TRIBUTARY_GRANT_PREFIX",
        "tributary",
        "prefix of grants in the open data, as registered with 360Giving",
    ),
    Setting(
        "TRIBUTARY_IATI_ORGANISATION",
        "XM-TRIBUTARY",
        "identifier of whoever reports the open data to IATI",
    ),
    Setting("TRIBUTARY_UPLOAD_MB", "50", "largest file that may be uploaded"),
)


def default_data_folder(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "tributary"


@dataclass(frozen=True)
class Config:
    """The settings as read, with defaults filled in."""

    host: str
    port: int
    data: Path
    database_url: str
    demo_password: str
    secret_key: str
    public_url: str
    smtp_url: str
    mail_from: str
    web_processes: int
    workers: int
    live_workers: int
    solver: str
    solve_seconds: float
    sweep: str
    overlap_method: str
    threesixty_prefix: str
    iati_organisation: str
    upload_bytes: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Config:
        """Read the settings; raises ValueError naming the variable that cannot be read."""
        environment = os.environ if environment is None else environment

        def text(name: str) -> str:
            setting = next(s for s in SETTINGS if s.name == f"TRIBUTARY_{name}")
            return environment.get(setting.name) or setting.default

        def number(name: str, least: int, most: int) -> int:
            try:
                value = int(text(name))
            except ValueError:
                value = least - 1
            if not least <= value <= most:
                raise ValueError(
                    f"TRIBUTARY_{name}: {text(name)!r} is not a whole number from {least} to {most}"
                )
            return value

        if text("SOLVER") not in ("highs", "cbc"):
            raise ValueError(f"TRIBUTARY_SOLVER: {text('SOLVER')!r} is neither highs nor cbc")
        sweep = text("SWEEP")
        if sweep not in ("processes", "here") and not sweep.startswith(("tcp://", "tls://")):
            raise ValueError(
                f"TRIBUTARY_SWEEP: {sweep!r} is neither processes, here nor tcp://host:port"
            )
        method = text("OVERLAP_METHOD")
        if method not in METHODS:
            raise ValueError(
                f"TRIBUTARY_OVERLAP_METHOD: {method!r} is none of {', '.join(METHODS)}"
            )
        data = Path(text("DATA") or default_data_folder(environment)).expanduser().absolute()
        host, port = text("HOST"), number("PORT", 1, 65535)
        return cls(
            host=host,
            port=port,
            data=data,
            database_url=text("DATABASE_URL") or f"sqlite:///{data / 'tributary.sqlite3'}",
            demo_password=text("DEMO_PASSWORD"),
            secret_key=text("SECRET_KEY"),
            public_url=(text("PUBLIC_URL") or f"http://{host}:{port}").rstrip("/"),
            smtp_url=text("SMTP_URL"),
            mail_from=text("MAIL_FROM"),
            web_processes=number("WEB_PROCESSES", 1, 64),
            workers=number("WORKERS", 0, 64),
            live_workers=number("LIVE_WORKERS", 0, 8),
            solver=text("SOLVER"),
            solve_seconds=float(number("SOLVE_SECONDS", 1, 86400)),
            sweep=sweep,
            overlap_method=method,
            threesixty_prefix=text("GRANT_PREFIX"),
            iati_organisation=text("IATI_ORGANISATION"),
            upload_bytes=number("UPLOAD_MB", 1, 2048) * 1024 * 1024,
        )

    @property
    def is_served_over_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    def kept_secret_key(self) -> str:
        """The signing key: the one set, else one made once and kept readable by its owner only."""
        if self.secret_key:
            return self.secret_key
        path = self.data / "secret-key"
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(handle, "w") as file:
            key = secrets.token_urlsafe(48)
            file.write(key)
        return key
