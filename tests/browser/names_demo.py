"""More past grants for the demo, whose recipients are spelt in several ways."""

from __future__ import annotations

import tempfile
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from funding.models import KnownName, NameMerge, NameSearch, Organisation
from funding.services.import_now import Target, import_now
from funding.services.import_reading import Choices
from funding.services.names.searching import find_names

HOLDER = "common-ground"
GRANTS = """funder,recipient,amount,currency,date,area
Alder Fund,Xylem Meteorological Observatory,120000,USD,2021-03-01,interpretability
Alder Fund,"The Xylem Meteorological Observatory, Inc.",80000,USD,2022-05-01,interpretability
Birch Trust,"Xylem Meteorological Observatory, Department of Clouds",6000,EUR,2022-06-01,evaluations
Birch Trust,XMO,90000,USD,2023-06-01,governance
Birch Trust,Xylem Meteorologcal Observatory,,,,
"""


def compare_names(app: Flask) -> dict[str, int]:
    """Import these grants, compare all names; what pages of names are asked for."""
    database = app.extensions["database"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spellings.csv"
        path.write_text(GRANTS, encoding="utf-8")
        found = import_now(
            database,
            path,
            Target("history", None, HOLDER),
            Choices(),
            is_dry=False,
            progress=lambda *_: None,
        )
    assert not found.faults
    with database.reading() as session:
        holder = session.scalars(sa.select(Organisation.id).where(Organisation.key == HOLDER)).one()
        attempt = session.get_one(NameSearch, holder).attempt
    find_names(database, app.extensions["config"], holder, attempt)
    with database.reading() as session:
        name = session.scalars(sa.select(KnownName.id).where(KnownName.spelling == "XMO")).one()
        of_xmo = sa.or_(NameMerge.first_id == name, NameMerge.second_id == name)
        waiting = session.scalars(sa.select(NameMerge.id).where(of_xmo, NameMerge.is_open)).first()
        merged = session.scalars(sa.select(NameMerge).where(NameMerge.is_automatic)).first()
        assert waiting is not None
        assert merged is not None
        return {
            "holder_id": holder,
            "merge_id": waiting,
            "merged_id": merged.id,
            "name_id": merged.first_id,
        }
