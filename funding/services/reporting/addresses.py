"""Where an output can be found: a DOI, or an address on the web, checked for its form."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from funding.models import OutputKind

LONGEST_ADDRESS = 500
_DOI = re.compile(r"10\.[0-9]{4,9}(\.[0-9]+)*/[^\s\"<>{}|\\^`]+")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_BEFORE_A_DOI = re.compile(r"(https?://)?(dx\.|www\.)?doi\.org/|doi:\s*", re.IGNORECASE)


def clean_doi(text: str) -> str:
    """A DOI as its address, https://doi.org/10.…, from the bare name, `doi:…` or any address.

    Raises ValueError with the sentence to show.
    """
    prefix = _BEFORE_A_DOI.match(text)
    bare = text[prefix.end() :] if prefix else text
    if not _DOI.fullmatch(bare):
        raise ValueError("This is no DOI: it looks like 10.1234/abcd, or https://doi.org/10.…")
    return f"https://doi.org/{bare}"


def clean_address(kind: str, text: str) -> str:
    """The address of an output in one form; raises ValueError with the sentence to show.

    A repository and a data set need an address that leads further than to a site's first page.
    """
    text = text.strip()
    if len(text) > LONGEST_ADDRESS:
        raise ValueError(f"At most {LONGEST_ADDRESS} characters.")
    if text.startswith("10.") or _BEFORE_A_DOI.match(text):
        return clean_doi(text)
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port = "", None
    wanted = {
        OutputKind.PAPER: "Give its DOI, such as 10.1234/abcd, or its address, https://…",
        OutputKind.REPOSITORY: "Give the repository's address, such as https://forge.example/team/"
        "code.",
        OutputKind.DATA_SET: "Give the data set's DOI, or its address, https://…",
    }.get(OutputKind(kind), "Give its DOI, or its address, https://…")
    if re.search(r"[\s<>\"\\]", text) or not _HOST.fullmatch(host):
        raise ValueError(wanted)
    if parts.scheme not in ("https", "http") or parts.username is not None:
        raise ValueError(wanted)
    if kind in (OutputKind.REPOSITORY, OutputKind.DATA_SET) and not parts.path.strip("/"):
        raise ValueError(f"This is a site's first page. {wanted}")
    place = host if port is None else f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    return f"{parts.scheme}://{place}{parts.path}{query}{anchor}"
