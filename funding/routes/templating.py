"""What every template has at hand: formats, words in the reader's language, names of stages."""

from __future__ import annotations

from flask import Flask
from flask_babel import Babel

from funding.formatting import register_filters
from funding.paths import TRANSLATIONS
from funding.routes.language import locale
from funding.routes.stage_names import STAGE_NAMES


def prepare_templates(app: Flask) -> None:
    """Set up the app's Jinja environment, and Flask-Babel for the words."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=locale)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals["stage_names"] = STAGE_NAMES
    register_filters(app)
