"""Numbers in addresses, and addresses that people are sent on to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from werkzeug.routing import IntegerConverter, Map

from funding.permissions import LAST_ID


class RowNumber(IntegerConverter):
    """`<int:...>` of every route: a longer number than any row has leads nowhere."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": LAST_ID, **kwargs})


def is_ours(address: str) -> bool:
    """Whether it is a path of this site, whatever a browser makes of its slashes."""
    parts = urlsplit(address.replace("\\", "/"))
    return (
        address.startswith("/")
        and not address.startswith("//")
        and not (parts.scheme or parts.netloc)
    )
