"""Whatever bytes come in, out come records or faults, never an exception."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funding.imports.fields import FIELDS
from funding.imports.known import Known
from funding.imports.preview import summary
from funding.imports.reading import read_records
from tests.imports.files import workbook

KNOWN = Known({"interpretability": "interpretability"})
KINDS = st.sampled_from(["history", "commitments", "proposals"])

CELLS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "NaN",
            "1e309",
            "-1",
            "0",
            "1.005",
            "9223372036854775808",
            "2014-02-30",
            "05/06/2014",
            "=1+1",
            "£5",
            "USD",
            "XYZ",
            "2027:50%|x",
            "interpretability:1",
            "a:1|b",
            "Name<x>",
            "50%",
            ",",
            ".",
            ":",
            "|",
            ";",
            "1,2,3",
            "(5)",
            "1:2:3",
            "Q1",
            "yes",
            "0.1",
            "%",
        ]
    ),
    st.from_regex(r"[0-9.,:%|£$ ()/-]{1,20}", fullmatch=True),
)
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), CELLS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def check(data: bytes, kind: str) -> None:
    reading = read_records(data, kind, known=KNOWN)
    assert reading.faults or reading.entries
    assert len(reading.entries) + reading.rows_refused <= reading.rows_read + 1
    json.dumps(summary(reading).as_dict()).encode("ascii")
    for fault in reading.faults:
        str(fault).encode("utf-8")
        assert "\n" not in str(fault)
    for record in reading.records:
        assert len(record.fingerprint()) == 64


@given(st.binary(max_size=600), KINDS)
@MANY
def test_any_bytes_are_read_or_refused(data: bytes, kind: str) -> None:
    check(data, kind)
    check(gzip.compress(data), kind)


@given(st.text(max_size=600), KINDS)
@MANY
def test_any_text_is_read_or_refused(text: str, kind: str) -> None:
    check(text.encode("utf-8", "surrogatepass"), kind)
    check(b"funder,recipient,amount,currency\n" + text.encode("utf-8", "surrogatepass"), kind)


@given(st.lists(st.lists(CELLS, max_size=9), max_size=4), KINDS, st.sampled_from(",;\t|"))
@MANY
def test_any_cells_under_the_right_headings_are_read_or_refused(
    rows: list[list[str]], kind: str, separator: str
) -> None:
    headings = [field.name for field in FIELDS[kind] if field.is_required]
    headings += [field.name for field in FIELDS[kind] if not field.is_required]
    lines = [headings, *([cell.replace('"', '""') for cell in row] for row in rows)]
    text = "\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    check(text.encode("utf-8", "surrogatepass"), kind)


@given(JSON_VALUES, KINDS)
@MANY
def test_any_json_is_read_or_refused(value: object, kind: str) -> None:
    check(json.dumps(value).encode(), kind)
    check(json.dumps({"grants": value}).encode(), kind)


@given(st.lists(JSON_VALUES, min_size=20, max_size=20), KINDS)
@MANY
def test_any_values_in_json_records_are_read_or_refused(values: list[object], kind: str) -> None:
    names = [field.name for field in FIELDS[kind]]
    record = dict(zip(names, values, strict=False))
    check(json.dumps([record, record]).encode(), kind)


@given(st.data(), KINDS)
@MANY
def test_any_damage_to_a_workbook_is_read_or_refused(data: st.DataObject, kind: str) -> None:
    whole = workbook([["funder", "recipient", "amount", "currency"], ["A", "B", 5, "USD"]])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(parts)))
    start = data.draw(st.integers(0, len(parts[name])))
    length = data.draw(st.integers(0, 30))
    patch = data.draw(st.binary(max_size=10))
    parts[name] = parts[name][:start] + patch + parts[name][start + length :]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    check(stream.getvalue(), kind)


def test_json_nested_without_end_is_refused() -> None:
    (fault,) = read_records(b"[" * 200_000, "history").faults
    assert "JSON" in fault.rule


def test_numbers_beyond_all_bounds_are_faults_of_their_row() -> None:
    for number in ("1e999999999", "1e99999999999999999999", "9" * 6000, "NaN", "-Infinity"):
        grant = '{"currency":"USD","amountAwarded":NUMBER,"awardDate":NUMBER}'
        text = '{"grants":[' + grant.replace("NUMBER", number) + "]}"
        reading = read_records(text.encode(), "history")
        assert {"amount", "awarded_on"} <= {fault.field for fault in reading.faults}
