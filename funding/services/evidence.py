"""Files beside what an officer says of due diligence or of a milestone: adding them, finding them.

They are added with the words they show, in one transaction, and stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.errors import NotFound
from funding.models import Award, DiligenceCheck, EvidenceFile, Tranche
from funding.permissions import Actor, fetch, visible_awards
from funding.services.attachments import StoredFile, new_files


def show_by_files(
    session: Session, by: Actor, what: DiligenceCheck | Tranche, files: Iterable[StoredFile]
) -> list[str]:
    """Add the files to what they show; answers the digests of those that are new.

    Raises InvalidInput (field `files`) beyond ten.
    """
    of = {"check_id" if isinstance(what, DiligenceCheck) else "tranche_id": what.id}
    there = session.scalars(sa.select(EvidenceFile).filter_by(**of)).all()
    made = new_files(EvidenceFile, there, files, by, "An item")
    for file in made:
        file.check_id, file.tranche_id = of.get("check_id"), of.get("tranche_id")
    session.add_all(made)
    session.flush()
    return [file.sha256 for file in made]


def fetch_evidence(session: Session, by: Actor, evidence_id: int) -> EvidenceFile:
    """A file for who reads the words it stands beside; raises NotFound."""
    file = session.get(EvidenceFile, evidence_id)
    if file is None:
        raise NotFound("evidence")
    award = file.check.award if file.check else file.tranche.award
    fetch(session, visible_awards(by), award.id, "evidence")
    if file.check and not by.may("terms.read", award.commitment.funder_id):
        raise NotFound("evidence")
    return file


def files_of_checks(session: Session, award: Award) -> dict[int, list[EvidenceFile]]:
    """By item of the award's due diligence."""
    return _by(
        session,
        EvidenceFile.check_id,
        sa.select(DiligenceCheck.id).where(DiligenceCheck.award_id == award.id),
    )


def files_of_tranches(session: Session, award: Award) -> dict[int, list[EvidenceFile]]:
    """By tranche of the award, of the milestones that were reached."""
    return _by(
        session, EvidenceFile.tranche_id, sa.select(Tranche.id).where(Tranche.award_id == award.id)
    )


def _by(
    session: Session,
    column: sa.orm.InstrumentedAttribute[int | None],
    ids: sa.Select[tuple[int]],
) -> dict[int, list[EvidenceFile]]:
    found: defaultdict[int, list[EvidenceFile]] = defaultdict(list)
    query = sa.select(column, EvidenceFile).where(column.in_(ids)).order_by(EvidenceFile.id)
    for of, file in session.execute(query):
        found[of].append(file)
    return dict(found)
