"""Files beside what officers say of due diligence: kept, shown to the funder, never taken out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sqlalchemy as sa

from funding.db import Database
from funding.errors import InvalidInput, NotFound, RuleBroken
from funding.models import Award, DiligenceCheck, Event
from funding.services import attachments, diligence
from funding.services.evidence import fetch_evidence, files_of_checks
from tests.services.test_offering import Scene, set_scene


@pytest.fixture
def scene(each_database: Database) -> Scene:
    return each_database.in_transaction(set_scene)


def test_files_show_what_was_found_and_are_there_for_the_funders_people_alone(
    each_database: Database, scene: Scene, tmp_path: Path
) -> None:
    file = attachments.store(tmp_path, "statutes.txt", io.BytesIO(b"Article 1."))
    with each_database.reading() as session:
        check = session.scalars(sa.select(DiligenceCheck).order_by(DiligenceCheck.id)).first()
    finish = {"check_id": check.id, "outcome": "in order", "evidence": "The statutes."}

    def noted(version: int, files: tuple[attachments.StoredFile, ...]) -> DiligenceCheck:
        return each_database.in_transaction(
            diligence.finish_check, by=scene.finance, version=version, files=files, **finish
        )

    done = noted(check.version, (file, file))
    again = each_database.in_transaction(
        diligence.reopen_check, by=scene.officer, check_id=check.id, version=done.version
    )
    noted(again.version, (file,))  # there already: not added again
    with each_database.reading() as session:
        ((of, (kept,)),) = files_of_checks(session, session.get_one(Award, scene.award_id)).items()
        assert (of, kept.name, kept.sha256) == (check.id, "statutes.txt", file.sha256)
        assert fetch_evidence(session, scene.auditor, kept.id) is kept
        for who in (scene.lead, scene.other):
            with pytest.raises(NotFound):
                fetch_evidence(session, who, kept.id)
        logged = session.scalars(
            sa.select(Event).where(Event.action == "due diligence: in order").order_by(Event.seq)
        ).all()
        assert [event.detail.get("files") for event in logged] == [[file.sha256], None]
    with pytest.raises(RuleBroken):
        each_database.in_transaction(
            lambda session: session.execute(sa.text("delete from evidence_file"))
        )


def test_an_item_takes_ten_files_at_most(each_database: Database, scene: Scene, tmp_path: Path):
    files = tuple(
        attachments.store(tmp_path, f"{number}.txt", io.BytesIO(b"Seen.")) for number in range(11)
    )
    with each_database.reading() as session:
        check = session.scalars(sa.select(DiligenceCheck).order_by(DiligenceCheck.id)).first()
    with pytest.raises(InvalidInput, match="at most 10"):
        each_database.in_transaction(
            diligence.finish_check,
            by=scene.finance,
            check_id=check.id,
            version=check.version,
            outcome="in order",
            evidence="Many.",
            files=files,
        )
