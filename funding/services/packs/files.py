"""A printed pack by itself: what a file says of itself, and what a database knows of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.exports.packs.attached import Unreadable, attached
from funding.models import Pack, PackFile
from funding.reports.packs.canonical import canonical, digest_of
from funding.services.packs.content import FORMAT
from funding.services.packs.remarks import seal_of
from funding.services.packs.sealing import FORMAT as SEAL_FORMAT
from funding.services.packs.verifying import Answer


def verify_file(content: bytes, session: Session | None = None) -> list[Answer]:
    """Questions asked of a PDF of a pack, or of the pack's JSON; with `session`, of the site's
    database about it, too."""
    try:
        documents = attached(content) if content.startswith(b"%PDF-") else [content]
    except Unreadable as reason:
        return [Answer("The file can be read", False, (str(reason),))]
    packs = {name: text for text in documents for name in [_format(text)] if name}
    if FORMAT not in packs:
        words = "it carries no decision pack that can be read"
        return [Answer("The file can be read", False, (words,))]
    text = packs[FORMAT].decode()
    digest = digest_of(text)
    found = [
        Answer("The file can be read", True, (f"pack with the SHA-256 {digest}",)),
        _is_canonical(text),
    ]
    if SEAL_FORMAT in packs:
        named = json.loads(packs[SEAL_FORMAT]).get("pack")
        details = () if named == digest else (f"the seal is of {named}, this content is {digest}",)
        found.append(Answer("The seal in the file is of this content", not details, details))
    if session is not None:
        found += _known(session, content, digest, packs.get(SEAL_FORMAT))
    return found


def _format(text: bytes) -> str | None:
    try:
        document = json.loads(text.decode())
    except ValueError:
        return None
    name: Any = document.get("format") if isinstance(document, dict) else None
    return name if name in (FORMAT, SEAL_FORMAT) else None


def _is_canonical(text: str) -> Answer:
    question = "Its content is written down in the one way that packs are"
    try:
        is_so = canonical(json.loads(text)) == text
    except ValueError as error:
        return Answer(question, False, (str(error),))
    return Answer(question, is_so, () if is_so else ("it was written by something else",))


def _known(session: Session, content: bytes, digest: str, record: bytes | None) -> list[Answer]:
    """What the database has of this digest."""
    pack = session.scalars(sa.select(Pack).where(Pack.digest == digest)).first()
    if pack is None:
        words = "no pack of this database has this SHA-256: the content was changed, or is another"
        return [Answer("The site's database knows this content", False, (words,))]
    found = [Answer("The site's database knows this content", True, (f"pack {pack.id}",))]
    sealed = seal_of(session, pack)
    if record is not None:
        is_so = sealed is not None and sealed.digest == digest_of(record.decode())
        details = () if is_so else ("the seal in the file is not the one of the database",)
        found.append(Answer("The seal in the file is the database's", is_so, details))
    if content.startswith(b"%PDF-") and sealed is not None:
        name = hashlib.sha256(content).hexdigest()
        kept = sa.select(PackFile.sha256).where(PackFile.pack_id == pack.id)
        names = session.scalars(kept).all()
        details = () if name in names else (f"kept: {', '.join(names) or 'none'}; this: {name}",)
        question = "The file is, to the byte, the one that was kept when the pack was sealed"
        found.append(Answer(question, not details, details))
    return found
