"""How much of a file is read before it is refused: the defence against archives that explode."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds on one file.

    | field | unit | meaning |
    |---|---|---|
    | file_bytes | bytes | the file as it comes |
    | unpacked_bytes | bytes | the same unpacked (gz, XLSX) |
    | ratio | | unpacked to packed, counted once 16 MiB are unpacked |
    | json_bytes | bytes | JSON, which is read as a whole |
    | rows | | rows of a table, blank ones included |
    | columns | | columns of a table |
    | cells | | cells of a worksheet |
    | parts | | files inside a workbook |
    """

    file_bytes: int = 100 * MIB
    unpacked_bytes: int = 400 * MIB
    ratio: int = 200
    json_bytes: int = 64 * MIB
    rows: int = 1_000_000
    columns: int = 500
    cells: int = 20_000_000
    parts: int = 5_000


STANDARD = Limits()
RATIO_COUNTS_FROM = 16 * MIB
