"""Every kind of study, in the order in which their pages are offered."""

from __future__ import annotations

from funding.studies import frontier, pooling
from funding.studies.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (frontier.KIND, pooling.KIND)}
