"""Files of a proposal: which are taken, and where their bytes are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from funding.db import Database
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.models import Proposal
from funding.services import attachments, submission
from tests.application_forms import Applicant, make_applicant, save, submit

PDF = b"%PDF-1.7\n%%EOF"


def store(data: Path, name: str, content: bytes) -> attachments.StoredFile:
    return attachments.store(data, name, io.BytesIO(content))


def attach(database: Database, applicant: Applicant, *files: attachments.StoredFile) -> None:
    database.in_transaction(
        attachments.attach, by=applicant.by, proposal_id=applicant.proposal_id, files=files
    )


def names(database: Database, applicant: Applicant) -> list[str]:
    with database.reading() as session:
        return [a.name for a in session.get_one(Proposal, applicant.proposal_id).attachments]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("letter.pdf", PDF, "application/pdf"),
        ("LETTER.PDF", PDF, "application/pdf"),
        ("notes.txt", "Grüße".encode(), "text/plain"),
        ("figure.png", b"\x89PNG\r\n\x1a\nrest", "image/png"),
        ("photo.jpg", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
    ],
)
def test_files_of_known_kinds_are_taken(
    tmp_path: Path, name: str, content: bytes, media_type: str
) -> None:
    stored = store(tmp_path, name, content)
    assert (stored.media_type, stored.size) == (media_type, len(content))
    assert attachments.path_of(tmp_path, stored.sha256).read_bytes() == content


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("page.html", b"<script>alert(1)</script>", "only PDF"),
        ("picture.svg", b"<svg onload='alert(1)'/>", "only PDF"),
        ("program.exe", b"MZ", "only PDF"),
        ("no ending", b"text", "only PDF"),
        ("empty.pdf", b"", "empty"),
        ("page.pdf", b"<html><script>", "not what its ending"),
        ("page.png", b"<html>", "not what its ending"),
        ("plan.docx", b"<html>", "not what its ending"),
        ("notes.txt", b"\xff\xfe\x00bad", "not what its ending"),
        ("notes.csv", b"a\x00b", "not what its ending"),
        ("large.pdf", PDF + b" " * attachments.LARGEST, "at most 10 MB"),
    ],
)
def test_other_files_are_refused_with_the_rule_and_leave_nothing_behind(
    tmp_path: Path, name: str, content: bytes, rule: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        store(tmp_path, name, content)
    (fault,) = refusal.value.faults
    assert fault.field == "files"
    assert rule in fault.rule
    assert name in fault.rule
    assert not attachments.folder_of(tmp_path).exists()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ada\\plan.txt", "plan.txt"),
        ("two\r\nlines.txt", "twolines.txt"),
        ("x" * 300 + ".txt", "x" * 116 + ".txt"),
    ],
)
def test_names_are_reduced_to_a_plain_last_part(tmp_path: Path, sent: str, kept: str) -> None:
    assert store(tmp_path, sent, b"text").name == kept


def test_the_same_bytes_are_stored_once(tmp_path: Path) -> None:
    first, second = store(tmp_path, "a.pdf", PDF), store(tmp_path, "b.pdf", PDF)
    assert first.sha256 == second.sha256
    assert len([p for p in attachments.folder_of(tmp_path).rglob("*") if p.is_file()]) == 1


def test_the_same_file_is_attached_once(database: Database, tmp_path: Path) -> None:
    applicant, file = make_applicant(database), store(tmp_path, "a.pdf", PDF)
    attach(database, applicant, file)
    attach(database, applicant, file, store(tmp_path, "b.pdf", PDF))
    assert names(database, applicant) == ["a.pdf", "b.pdf"]


def test_more_than_ten_files_are_refused_as_a_whole(database: Database, tmp_path: Path) -> None:
    applicant = make_applicant(database)
    attach(database, applicant, store(tmp_path, "first.pdf", PDF))
    with pytest.raises(InvalidInput, match="at most 10"):
        attach(database, applicant, *(store(tmp_path, f"{n}.pdf", PDF) for n in range(10)))
    assert names(database, applicant) == ["first.pdf"]


def test_files_of_a_submitted_proposal_stay_as_they_are(database: Database, tmp_path: Path) -> None:
    applicant, file = make_applicant(database), store(tmp_path, "a.pdf", PDF)
    save(database, applicant)
    attach(database, applicant, file)
    submit(database, applicant)
    with database.reading() as session:
        (there,) = session.get_one(Proposal, applicant.proposal_id).attachments
    with pytest.raises(RuleBroken, match="submitted"):
        attach(database, applicant, store(tmp_path, "b.pdf", PDF))
    remove = {"by": applicant.by, "proposal_id": applicant.proposal_id, "attachment_id": there.id}
    with pytest.raises(RuleBroken, match="submitted"):
        database.in_transaction(attachments.remove, **remove)
    database.in_transaction(
        submission.take_back, by=applicant.by, proposal_id=applicant.proposal_id, version=None
    )
    database.in_transaction(attachments.remove, **remove)
    assert names(database, applicant) == []


def test_nobody_removes_a_file_through_another_proposal(database: Database, tmp_path: Path) -> None:
    applicant, other = make_applicant(database), make_applicant(database)
    attach(database, applicant, store(tmp_path, "a.pdf", PDF))
    with database.reading() as session:
        (there,) = session.get_one(Proposal, applicant.proposal_id).attachments
    with pytest.raises(NotFound):
        database.in_transaction(
            attachments.remove,
            by=other.by,
            proposal_id=other.proposal_id,
            attachment_id=there.id,
        )
    assert names(database, applicant) == ["a.pdf"]
