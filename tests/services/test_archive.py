"""Backup and restore, between databases of both kinds, while others write."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import Base, Database
from funding.errors import RuleBroken
from funding.models import Account, Organisation, Transfer
from funding.services.archive import back_up, restore
from funding.services.log import first_broken_link
from tests.builders import make_organisation
from tests.routes.world import make_side


def quiet(_what: str) -> None:
    """Progress that nobody watches."""


def everything(database: Database) -> dict[str, list[tuple]]:
    with database.engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }


def test_a_backup_restores_every_row(each_database: Database, tmp_path: Path) -> None:
    each_database.in_transaction(make_side)
    (tmp_path / "attachments").mkdir()
    (tmp_path / "attachments" / "abc").write_bytes(b"%PDF")
    before = everything(each_database)
    counts = back_up(each_database, tmp_path, tmp_path / "backup.zip", quiet)
    assert counts == {name: len(rows) for name, rows in before.items()}
    each_database.in_transaction(make_side)
    (tmp_path / "attachments" / "abc").unlink()
    restore(each_database, tmp_path, tmp_path / "backup.zip", quiet)
    assert everything(each_database) == before
    assert (tmp_path / "attachments" / "abc").read_bytes() == b"%PDF"


def test_after_a_restore_the_rules_hold_and_new_rows_get_new_ids(
    each_database: Database, tmp_path: Path
) -> None:
    each_database.in_transaction(make_side)
    back_up(each_database, tmp_path, tmp_path / "backup.zip", quiet)
    restore(each_database, tmp_path, tmp_path / "backup.zip", quiet)
    highest = max(row[0] for row in everything(each_database)["organisation"])
    added = each_database.in_transaction(lambda session: make_organisation(session).id)
    assert added > highest
    for forbidden in ("update transfer set amount = 1", "delete from event"):
        with pytest.raises(RuleBroken, match="never changed"):
            each_database.in_transaction(
                lambda session, sql=forbidden: session.execute(sa.text(sql))
            )
    with pytest.raises(RuleBroken, match="moves only by a transfer"):
        each_database.in_transaction(
            lambda session: session.execute(sa.text("update account set balance = balance + 1"))
        )


@pytest.mark.postgres
def test_a_backup_of_sqlite_is_restored_into_postgresql(
    sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    small, large = Database(sqlite_url), Database(postgres_url)
    small.in_transaction(make_side)
    back_up(small, tmp_path, tmp_path / "backup.zip", quiet)
    restore(large, tmp_path, tmp_path / "backup.zip", quiet)
    assert everything(large) == everything(small)
    with large.reading() as session:
        assert first_broken_link(session) is None
    small.engine.dispose()
    large.engine.dispose()


def test_a_backup_taken_while_others_write_is_one_moment(
    each_database: Database, tmp_path: Path
) -> None:
    """Whatever was written meanwhile, balances and transfers of the backup agree."""
    each_database.in_transaction(make_side)
    stop = threading.Event()

    def keep_writing() -> None:
        while not stop.is_set():
            each_database.in_transaction(make_side)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for _ in range(3):
            back_up(each_database, tmp_path, tmp_path / "backup.zip", quiet)
            assert_one_moment(tmp_path / "backup.zip")
    finally:
        stop.set()
        writer.join()
    restore(each_database, tmp_path, tmp_path / "backup.zip", quiet)


def assert_one_moment(backup: Path) -> None:
    with zipfile.ZipFile(backup) as archive:

        def rows(table: sa.Table) -> list[dict]:
            names = [column.name for column in table.columns]
            lines = archive.read(f"tables/{table.name}.jsonl").splitlines()
            return [dict(zip(names, json.loads(line), strict=True)) for line in lines]

        balances = {row["id"]: row["balance"] for row in rows(Account.__table__)}
        for transfer in rows(Transfer.__table__):
            balances[transfer["debit_id"]] += transfer["amount"]
            balances[transfer["credit_id"]] -= transfer["amount"]
    assert balances
    assert set(balances.values()) == {0}


def test_a_damaged_or_foreign_file_is_refused_and_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    database.in_transaction(make_side)
    before = everything(database)
    good = tmp_path / "backup.zip"
    back_up(database, tmp_path, good, quiet)
    (tmp_path / "text.zip").write_text("not a zip")
    with zipfile.ZipFile(tmp_path / "foreign.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with zipfile.ZipFile(good) as whole, zipfile.ZipFile(tmp_path / "changed.zip", "w") as changed:
        for name in whole.namelist():
            text = whole.read(name)
            changed.writestr(name, text.replace(b"Funder", b"Donors") if "organ" in name else text)
    for name in ("text.zip", "foreign.zip", "changed.zip"):
        with pytest.raises(RuleBroken):
            restore(database, tmp_path, tmp_path / name, quiet)
        assert everything(database) == before


def test_a_backup_that_does_not_add_up_is_refused_whole(database: Database, tmp_path: Path) -> None:
    """A forger who mends the digests as well still has to make the ledger balance."""
    database.in_transaction(make_side)
    back_up(database, tmp_path, tmp_path / "backup.zip", quiet)
    database.in_transaction(rename_all)
    before = everything(database)
    forge_balance(tmp_path / "backup.zip", tmp_path / "forged.zip")
    with pytest.raises(RuleBroken, match="balance"):
        restore(database, tmp_path, tmp_path / "forged.zip", quiet)
    assert everything(database) == before


def rename_all(session: Session) -> None:
    for organisation in session.scalars(sa.select(Organisation)):
        organisation.name += " (renamed)"


def forge_balance(source: Path, target: Path) -> None:
    name = "tables/account.jsonl"
    column = [c.name for c in Account.__table__.columns].index("balance")
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(target, "w") as forged:
        rows = [json.loads(line) for line in good.read(name).splitlines()]
        rows[1][column] += 1_000_000
        text = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        manifest = json.loads(good.read("manifest.json"))
        manifest["sha256"][name] = hashlib.sha256(text).hexdigest()
        for member in good.namelist():
            if member not in (name, "manifest.json"):
                forged.writestr(member, good.read(member))
        forged.writestr(name, text)
        forged.writestr("manifest.json", json.dumps(manifest))
