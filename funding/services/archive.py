"""Backing up everything into one file, and restoring it, while the site runs.

The file is a zip of JSON lines, one file a table, with the data folder's files beside them, and
the same for both databases: a backup of SQLite can be restored into PostgreSQL. It is read from
one snapshot and written back in one transaction. Secrets (the signing key) are not in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding import schema
from funding.db import Base, Database, UTCDateTime, now
from funding.errors import RuleBroken
from funding.language import gettext as _
from funding.models import Account, Transfer
from funding.models.triggers import lift_rules, set_rules
from funding.services.log import first_broken_link

FORMAT = "tributary-backup/1"
FOLDERS = ("attachments", "documents", "imports", "replays")
CHUNK = 2000

Tell = Callable[[str], None]


def _tables() -> list[sa.Table]:
    return Base.metadata.sorted_tables


def _encode(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _decoder(column: sa.Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, UTCDateTime):
        return lambda value: datetime.fromisoformat(value) if value is not None else None
    if isinstance(column.type, sa.Date):
        return lambda value: date.fromisoformat(value) if value is not None else None
    return lambda value: value


def back_up(database: Database, data: Path, target: Path, tell: Tell) -> dict[str, int]:
    """Write a backup to `target`; answers the rows of each table.

    The file appears under its name only when it is whole.
    """
    there, wanted = schema.revisions(database)
    if there != wanted:
        raise RuleBroken(
            _("The database is at migration %(there)s; run `tributary init` first.", there=there)
        )
    engine = database.engine
    if not database.is_sqlite:  # SQLite's BEGIN is a snapshot by itself
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    unfinished = target.with_name(target.name + ".unfinished")
    counts: dict[str, int] = {}
    digests: dict[str, str] = {}
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        os.chmod(unfinished, 0o600)
        with engine.connect() as connection:
            for table in _tables():
                tell(table.name)
                name = f"tables/{table.name}.jsonl"
                counts[table.name], digests[name] = _write_table(archive, name, connection, table)
        for path in _files(data):
            name = f"files/{path.relative_to(data).as_posix()}"
            archive.write(path, name)
            digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        manifest = {
            "format": FORMAT,
            "made_at": now().isoformat(),
            "migration": there,
            "rows": counts,
            "sha256": digests,
        }
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    unfinished.replace(target)
    return counts


def _write_table(
    archive: zipfile.ZipFile, name: str, connection: sa.Connection, table: sa.Table
) -> tuple[int, str]:
    """Write a table's rows in the order of their keys; answers how many, and the file's digest."""
    rows = connection.execution_options(yield_per=CHUNK).execute(
        sa.select(table).order_by(*table.primary_key)
    )
    count, digest = 0, hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as file:
        for row in rows:
            values = [_encode(value) for value in row]
            line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            file.write(line)
            digest.update(line)
            count += 1
    return count, digest.hexdigest()


def _files(data: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted(path for path in (data / folder).rglob("*") if path.is_file())


def restore(database: Database, data: Path, source: Path, tell: Tell) -> dict[str, int]:
    """Put everything back as it was in the backup; what is there now is replaced.

    One transaction: whoever uses the site meanwhile sees the old state, then the new. Raises
    RuleBroken, and changes nothing, for a file that is not a whole backup of this version, or
    whose log or ledger does not add up.
    """
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise RuleBroken(
            _("%(name)s is not a backup: %(error)s", name=source.name, error=error)
        ) from error
    with archive:
        manifest = _checked_manifest(archive, source.name)
        there, wanted = schema.revisions(database)
        if there != wanted or manifest["migration"] != wanted:
            raise RuleBroken(
                _(
                    "The backup is of migration %(manifest)s, the database at %(there)s; this "
                    "version of Tributary needs %(wanted)s for both.",
                    manifest=manifest["migration"],
                    there=there,
                    wanted=wanted,
                )
            )
        database.in_transaction(_replace_all, archive=archive, manifest=manifest, tell=tell)
        for name in archive.namelist():
            if name.startswith("files/"):
                _restore_file(archive, name, data)
    return dict(manifest["rows"])


def _checked_manifest(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    except (KeyError, ValueError) as error:
        raise RuleBroken(_("%(name)s is not a backup of Tributary.", name=name)) from error
    if manifest.get("format") != FORMAT:
        raise RuleBroken(
            _("%(name)s is not a backup in a format that this version reads.", name=name)
        )
    for member, expected in manifest["sha256"].items():
        digest = hashlib.sha256()
        try:
            with archive.open(member) as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except (KeyError, zipfile.BadZipFile) as error:
            raise RuleBroken(
                _("%(name)s is damaged: %(member)s cannot be read.", name=name, member=member)
            ) from error
        if digest.hexdigest() != expected:
            raise RuleBroken(
                _("%(name)s is damaged: %(member)s was changed.", name=name, member=member)
            )
    return manifest


def _restore_file(archive: zipfile.ZipFile, name: str, data: Path) -> None:
    parts = PurePosixPath(name).parts[1:]
    if parts[0] not in FOLDERS or ".." in parts:
        raise RuleBroken(_("%(name)s does not belong into the data folder.", name=name))
    path = data.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(archive.read(name))


def _replace_all(
    session: Session, *, archive: zipfile.ZipFile, manifest: dict[str, Any], tell: Tell
) -> None:
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    _lift_triggers(connection, is_sqlite)
    for table in reversed(_tables()):
        connection.execute(table.delete())
    for table in _tables():
        tell(table.name)
        read = _read_table(archive, connection, table)
        if read != manifest["rows"][table.name]:
            raise RuleBroken(
                _("The backup is damaged: rows of %(name)s are missing.", name=table.name)
            )
    _set_triggers(connection, is_sqlite)
    if not is_sqlite:
        _move_sequences(connection)
    _prove(session)


def _lift_triggers(connection: sa.Connection, is_sqlite: bool) -> None:
    """Balances and states come from the backup as they were; nothing may move them again."""
    if is_sqlite:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        lift_rules(connection)
    else:
        for table in _tables():
            connection.exec_driver_sql(f'alter table "{table.name}" disable trigger user')


def _set_triggers(connection: sa.Connection, is_sqlite: bool) -> None:
    if is_sqlite:
        set_rules(connection)
    else:
        # what is only checked at the end, such as which name stands for which, is checked now
        connection.exec_driver_sql("set constraints all immediate")
        for table in _tables():
            connection.exec_driver_sql(f'alter table "{table.name}" enable trigger user')


def _read_table(archive: zipfile.ZipFile, connection: sa.Connection, table: sa.Table) -> int:
    columns = list(table.columns)
    decoders = [_decoder(column) for column in columns]
    count, waiting = 0, []
    with archive.open(f"tables/{table.name}.jsonl") as file:
        for line in file:
            values = json.loads(line)
            waiting.append(
                {
                    column.name: decode(value)
                    for column, decode, value in zip(columns, decoders, values, strict=True)
                }
            )
            count += 1
            if len(waiting) == CHUNK:
                connection.execute(table.insert(), waiting)
                waiting = []
    if waiting:
        connection.execute(table.insert(), waiting)
    return count


def _move_sequences(connection: sa.Connection) -> None:
    for table in _tables():
        if "id" in table.columns:
            connection.exec_driver_sql(
                f"select setval(pg_get_serial_sequence('\"{table.name}\"', 'id'),"
                f' greatest(1, (select coalesce(max(id), 0) + 1 from "{table.name}")), false)'
            )


def _prove(session: Session) -> None:
    """The log is whole, and every balance is what its transfers say."""
    broken = first_broken_link(session)
    if broken is not None:
        raise RuleBroken(_("The log in the backup is broken at event %(broken)s.", broken=broken))
    credited, debited = (
        sa.select(sa.func.coalesce(sa.func.sum(Transfer.amount), 0))
        .where(side == Account.id)
        .scalar_subquery()
        for side in (Transfer.credit_id, Transfer.debit_id)
    )
    wrong = session.scalars(
        sa.select(Account.id).where(Account.balance != credited - debited)
    ).first()
    if wrong is not None:
        raise RuleBroken(
            _("The balance of account %(wrong)s in the backup is not what was moved.", wrong=wrong)
        )
