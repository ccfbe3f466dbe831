"""Tributary: the web application around the optimizer."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_wtf import CSRFProtect

from funding.config import Config
from funding.db import Database
from funding.paths import STATIC, TEMPLATES

__version__ = "0.1.0"


def create_app(config: Config | None = None) -> Flask:
    """The site, ready to serve. Assembly only: every rule is in services and models."""
    from funding.routes import BLUEPRINTS, language
    from funding.routes.addresses import RowNumber
    from funding.routes.context import close_reading
    from funding.routes.errors import register_error_pages
    from funding.routes.language import choose_language, forget_language
    from funding.routes.limits import limiter
    from funding.routes.navigation import page_context
    from funding.routes.security import protect
    from funding.routes.templating import prepare_templates

    config = config or Config.from_environment()
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.config.update(
        SECRET_KEY=config.kept_secret_key(),
        SESSION_COOKIE_NAME="tributary",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.is_served_over_https,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        MAX_CONTENT_LENGTH=config.upload_bytes,
        MAX_FORM_PARTS=20_000,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a long form is not lost to a timer
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
    )
    app.url_map.converters["int"] = RowNumber
    app.extensions["config"] = config
    app.extensions["database"] = Database(config.database_url)
    app.teardown_request(close_reading)
    CSRFProtect(app).exempt(language.bp)  # it says why
    limiter.init_app(app)
    app.before_request(choose_language)
    app.teardown_request(forget_language)
    protect(app)
    prepare_templates(app)
    register_error_pages(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.context_processor(page_context)
    return app
