"""Making a round public and keeping parts of it back; reading what the public said."""

from funding.routes.publishing import acts, disclosure, moderation
from funding.routes.publishing.blueprints import awards_bp, bp

__all__ = ["acts", "awards_bp", "bp", "disclosure", "moderation"]
