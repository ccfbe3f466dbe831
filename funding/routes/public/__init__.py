"""What anybody reads without signing in; addresses here are a promise (docs/public-pages.md)."""

from funding.routes.public import data, pages, record, voices
from funding.routes.public.blueprints import bp

__all__ = ["bp", "data", "pages", "record", "voices"]
