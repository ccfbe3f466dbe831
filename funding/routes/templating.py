"""What every template has at hand: formats, words in the reader's language, names of stages."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_babel import Babel
from jinja2 import pass_context
from jinja2.runtime import Context

from funding.formatting import (
    file_size,
    format_amount,
    format_amount_number,
    format_date,
    format_day,
    format_decimals,
    format_figure,
    format_number,
    format_percent,
    format_share,
    format_short,
    format_short_number,
    format_when,
    none_of,
    plural,
    with_plus,
)
from funding.language import isolated, kept_apart, said
from funding.paths import TRANSLATIONS
from funding.reports.particulars import act_in_words
from funding.routes.language import locale
from funding.routes.stage_names import STAGE_NAMES

FORMATS = {
    "act": act_in_words,
    "date": format_date,
    "day": format_day,
    "decimals": format_decimals,
    "figure": format_figure,
    "isolated": isolated,
    "file_size": file_size,
    "share": format_share,
    "money": format_amount,
    "money_number": format_amount_number,
    "money_short": format_short,
    "money_short_number": format_short_number,
    "none_of": none_of,
    "number": format_number,
    "percent": format_percent,
    "plural": plural,
    "said": said,
    "when": format_when,
    "with_plus": with_plus,
}


def prepare_templates(app: Flask) -> None:
    """Set up the app's Jinja environment, and Flask-Babel for the words."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=locale)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    for name in ("gettext", "ngettext"):
        app.jinja_env.globals[name] = _keeping_apart(app.jinja_env.globals[name])
    app.jinja_env.globals["stage_names"] = STAGE_NAMES
    app.jinja_env.filters.update(FORMATS)


def _keeping_apart(write: Callable[..., str]) -> Callable[..., str]:
    """What the templates' `_` and `{% trans %}` are made of, with names kept apart from words."""

    @pass_context
    def written(context: Context, *sentence: object, **values: object) -> str:
        return write(context, *sentence, **kept_apart(values))

    return written
