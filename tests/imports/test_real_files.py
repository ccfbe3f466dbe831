"""Real public records, clean and dirty, read from the shared folder where it is present."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from funding.imports.known import Known
from funding.imports.preview import preview
from funding.imports.reading import FileReading, read_records
from funding.paths import SEEDS
from tests.imports.files import SHARED, fault_lines, needs_shared

DATA = SHARED / "data"
GIVING = DATA / "360giving"
MALFORMED = GIVING / "malformed"


def dollars(reading: FileReading) -> int:
    return sum(record.amount or 0 for record in reading.records)


@needs_shared
def test_the_ai_safety_grants_are_all_read() -> None:
    reading = read_records(DATA / "ai_safety_grants.csv", "history")
    assert fault_lines(reading) == []
    assert len(reading.records) == 875
    assert sum(record.amount is None for record in reading.records) == 2
    assert dollars(reading) == 40_786_161_191
    precisions = Counter(record.date_precision for record in reading.records)
    assert set(precisions) == {"day", "month", "quarter", "year"}
    assert len({record.fingerprint() for record in reading.records}) == 875


@needs_shared
def test_the_pooled_rounds_are_all_read_with_their_round() -> None:
    reading = read_records(DATA / "sff_rounds.csv", "history")
    assert fault_lines(reading) == []
    assert len(reading.records) == 123
    assert sum(record.round == "" for record in reading.records) == 13
    assert sum(record.round == "SFF 2021 H1" for record in reading.records) > 10


@needs_shared
def test_the_long_history_is_read_whole_and_money_returned_is_subtracted() -> None:
    reading = read_records(DATA / "grants_history.csv.gz", "history")
    assert reading.rows_read == 97_662
    assert fault_lines(reading) == []
    assert len(reading.entries) == 97_662
    assert sum((record.amount or 0) < 0 for record in reading.records) == 60
    assert (
        "Rows with an amount below 0: money returned, which totals subtract: 60." in reading.notes
    )
    assert sum(record.amount is None for record in reading.records) == 167
    assert sum(record.awarded_on is None for record in reading.records) == 3_495
    assert len({record.fingerprint() for record in reading.records}) == 97_662
    assert not any("\x92" in record.recipient for record in reading.records)


@needs_shared
@pytest.mark.parametrize(
    ("name", "count", "pence"),
    [
        ("andrew-lloyd-webber-foundation.json", 475, 2_175_779_327),
        ("power-to-change.json", 870, 5_162_569_654),
        ("wolfson-foundation-dirty.json", 379, 3_117_845_600),
    ],
)
def test_published_360giving_files_are_all_read(name: str, count: int, pence: int) -> None:
    reading = read_records(GIVING / name, "history")
    assert fault_lines(reading) == []
    assert len(reading.records) == count
    assert dollars(reading) == pence
    assert {record.currency for record in reading.records} == {"GBP"}
    assert all(record.funder and record.recipient for record in reading.records)
    assert len({record.external_id for record in reading.records}) == count


@needs_shared
def test_the_dirty_file_is_read_day_first_and_says_so() -> None:
    reading = read_records(GIVING / "wolfson-foundation-dirty.json", "history")
    assert reading.records[0].awarded_on.isoformat() == "2014-06-05"
    assert "Dates such as 05/06/2014, which were read day first: 376." in reading.notes


@needs_shared
@pytest.mark.parametrize(
    "name",
    [
        "fundingproviders_grants_2_grants.csv",
        "fundingproviders-grants_2_grants_cp1252.csv",
        "fundingproviders-grants_2_grants.xlsx",
    ],
)
def test_awkward_tables_are_read_right(name: str) -> None:
    reading = read_records(MALFORMED / name, "history")
    assert fault_lines(reading) == []
    assert [record.amount for record in reading.records] == [15_250_500, 17_899_000]
    assert [record.recipient for record in reading.records] == [
        "Company Name Limited",
        "University of UK",
    ]
    assert {record.awarded_on.isoformat() for record in reading.records} == {"2014-07-24"}


@needs_shared
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("bad.xlsx", ["file: The file is empty."]),
        ("nulls.json", ["file: There is nothing below the headings."]),
        ("bom.csv", ["file, funder: no column", "file, recipient: no column"]),
        (
            "badfile_all_validation_errors.json",
            [
                'row 1, currency: "bad currency": is no currency code',
                'row 1, amount: "This should be a number": must be an amount',
                'row 1, awarded_on: "bad date": must be a date',
                "row 1, funder: is missing",
                'row 1, source_url: "This should be a uri": must be a web address',
            ],
        ),
        ("decimal_amounts.json", ["row 1, funder: is missing", "row 7, recipient: is missing"]),
    ],
)
def test_broken_files_are_refused_by_name(name: str, lines: list[str]) -> None:
    reading = read_records(MALFORMED / name, "history")
    found = fault_lines(reading)
    for line in lines:
        assert any(fault.startswith(line) for fault in found), found
    assert not reading.entries


@needs_shared
@pytest.mark.parametrize("kind", ["history", "commitments", "proposals"])
def test_no_file_of_the_shared_folder_makes_any_kind_crash(kind: str) -> None:
    paths = [path for path in SHARED.rglob("*") if path.is_file() and path.suffix != ".gz"]
    assert len(paths) > 20
    for path in paths:
        reading = read_records(path, kind)
        assert reading.faults or reading.entries, path


def shipped(name: str) -> Path:
    path = SEEDS / name
    if not path.exists():
        pytest.skip(f"{name} is not there yet")
    return path


def test_the_shipped_demo_files_are_read_without_a_fault() -> None:
    known = Known.from_taxonomy(json.loads(shipped("taxonomy.json").read_text(encoding="utf-8")))
    commitments = preview(shipped("commitments.csv"), "commitments", known=known)
    proposals = preview(
        shipped("proposals.json"), "proposals", known=known, defaults={"currency": "USD"}
    )
    for seen in (commitments, proposals):
        assert [str(fault) for fault in seen.faults] == []
        assert seen.unused == ()
    assert proposals.rows_good == 120
