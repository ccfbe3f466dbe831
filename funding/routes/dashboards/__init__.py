"""The dashboards of a round: a page a question, the rows behind every figure, files, notes."""

from funding.routes.dashboards import files, notes, pages, rows
from funding.routes.dashboards.blueprints import bp

__all__ = ["bp", "files", "notes", "pages", "rows"]
