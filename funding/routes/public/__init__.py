"""What anybody reads without signing in; addresses here are a promise (docs/public-pages.md)."""

from funding.routes.public import crawlers, data, pages, record, voices
from funding.routes.public.blueprints import bp

__all__ = ["bp", "crawlers", "data", "pages", "record", "voices"]
