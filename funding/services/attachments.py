"""Files that are attached: which are taken, where their bytes are; those of a proposal.

The bytes are in the data folder under their SHA-256, so that storing the same file again changes
nothing. They are written before the row that names them; bytes without a row do no harm.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import BinaryIO, TypeVar

from sqlalchemy.orm import Session

from funding.errors import Fault, InvalidInput, NotFound, RuleBroken
from funding.language import gettext as _
from funding.language import said
from funding.models import Attachment, EvidenceFile, Proposal, ProposalState, ReportFile
from funding.permissions import Actor
from funding.services.applicants import hold, record_act

MIB = 1024 * 1024
LARGEST = 10 * MIB
MOST = 10

_ZIP = (b"PK\x03\x04",)
_TEXT: tuple[bytes, ...] = ()
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    ".pdf": ("application/pdf", (b"%PDF-",)),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _ZIP),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _ZIP),
    ".odt": ("application/vnd.oasis.opendocument.text", _ZIP),
    ".ods": ("application/vnd.oasis.opendocument.spreadsheet", _ZIP),
    ".txt": ("text/plain", _TEXT),
    ".md": ("text/markdown", _TEXT),
    ".csv": ("text/csv", _TEXT),
}
"""Ending -> media type, and how such a file begins; none: it must be text in UTF-8."""

KINDS_IN_WORDS = "PDF, Word, Excel, OpenDocument, plain text, CSV, PNG or JPEG"


@dataclass(frozen=True)
class StoredFile:
    """A file whose bytes are in the data folder; `size` in bytes."""

    name: str
    media_type: str
    size: int
    sha256: str


def folder_of(data: Path) -> Path:
    return data / "attachments"


def path_of(data: Path, sha256: str) -> Path:
    return folder_of(data) / sha256[:2] / sha256


def store(data: Path, filename: str, stream: BinaryIO) -> StoredFile:
    """Check an uploaded file and put its bytes into the data folder.

    Raises InvalidInput (field `files`) for a file that is empty, too large, of another kind, or
    not what its name says.
    """
    name = plain_name(filename)
    ending = PurePath(name).suffix.lower()
    if ending not in TYPES:
        raise _refusal(
            name, _("only %(kinds_in_words)s files are taken", kinds_in_words=said(KINDS_IN_WORDS))
        )
    content = stream.read(LARGEST + 1)
    if not content:
        raise _refusal(name, "the file is empty")
    if len(content) > LARGEST:
        raise _refusal(name, _("a file may have at most %(mib)s MB", mib=LARGEST // MIB))
    media_type, beginnings = TYPES[ending]
    if not (content.startswith(beginnings) if beginnings else _is_text(content)):
        raise _refusal(name, _("the file is not what its ending %(ending)s says", ending=ending))
    sha256 = hashlib.sha256(content).hexdigest()
    _write(path_of(data, sha256), content)
    return StoredFile(name, media_type, len(content), sha256)


def plain_name(filename: str) -> str:
    """The last part of the name, without control characters, at most 120 long."""
    last = PureWindowsPath(filename).name
    cleaned = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(cleaned) > 120:
        ending = PurePath(cleaned).suffix[:10]
        cleaned = cleaned[: 120 - len(ending)] + ending
    return cleaned or "file"


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _refusal(name: str, rule: str) -> InvalidInput:
    return InvalidInput(Fault("files", f"“{name}”: {rule}."))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, however many write the same at once."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


F = TypeVar("F", Attachment, ReportFile, EvidenceFile)


def new_files(
    kind: type[F], there: Iterable[F], files: Iterable[StoredFile], by: Actor, whose: str
) -> list[F]:
    """Rows for stored files, each once and less those that are there already under the same name.

    Raises InvalidInput (field `files`) where that makes more than ten; `whose` names the thing.
    """
    known = {(file.name, file.sha256) for file in there}
    new = [file for file in dict.fromkeys(files) if (file.name, file.sha256) not in known]
    if len(known) + len(new) > MOST:
        raise InvalidInput(
            Fault("files", _("%(whose)s has at most %(most)s attachments.", whose=whose, most=MOST))
        )
    return [kind(**asdict(file), added_by_id=by.person_id) for file in new]


def _draft(session: Session, by: Actor, proposal_id: int) -> Proposal:
    proposal = hold(session, by, proposal_id)
    if proposal.state != ProposalState.DRAFT:
        raise RuleBroken(
            _("This proposal is %(state)s; its files stay as they are.", state=proposal.state)
        )
    return proposal


def attach(
    session: Session, *, by: Actor, proposal_id: int, files: tuple[StoredFile, ...]
) -> list[Attachment]:
    """Add stored files to a draft, all or none; one that is there already is not added again.

    Raises NotFound, RuleBroken unless it is a draft, InvalidInput beyond ten files.
    """
    proposal = _draft(session, by, proposal_id)
    made = new_files(Attachment, proposal.attachments, files, by, "A proposal")
    proposal.attachments.extend(made)
    for file in made:
        record_act(session, by, "attachment added", proposal, sha256=file.sha256)
    return made


def remove(session: Session, *, by: Actor, proposal_id: int, attachment_id: int) -> str:
    """Take a file out of a draft; answers its name. Raises NotFound and RuleBroken."""
    proposal = _draft(session, by, proposal_id)
    attachment = next((a for a in proposal.attachments if a.id == attachment_id), None)
    if attachment is None:
        raise NotFound("attachment")
    session.delete(attachment)
    record_act(session, by, "attachment removed", proposal, sha256=attachment.sha256)
    return attachment.name
