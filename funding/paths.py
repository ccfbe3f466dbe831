"""Where templates, static files and seeds are: inside the wheel, or beside the package."""

from __future__ import annotations

from pathlib import Path

_package = Path(__file__).parent
_root = _package / "_assets" if (_package / "_assets").is_dir() else _package.parent

TEMPLATES = _root / "templates"
STATIC = _root / "static"
SEEDS = _root / "seeds"
MIGRATIONS = _package / "migrations"
TRANSLATIONS = _package / "translations"
