"""The bytes of a file, from a path or from memory, unpacked if gzipped, never more than allowed."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO

from funding.imports.faults import FileRefused
from funding.imports.limits import MIB, RATIO_COUNTS_FROM, Limits
from funding.language import gettext as _

GZIP_MAGIC = b"\x1f\x8b"


class Source:
    """A file that can be opened again and again from its start.

    Raises FileRefused where it is not there, is empty or is larger than `limits` allow.
    """

    def __init__(self, content: Path | str | bytes, filename: str | None, limits: Limits) -> None:
        self._content = content
        self.limits = limits
        self.filename = filename or ("" if isinstance(content, bytes) else Path(content).name)
        try:
            self.size = len(content) if isinstance(content, bytes) else os.stat(content).st_size
            with self.open_packed() as stream:
                self.is_gzip = stream.read(2) == GZIP_MAGIC
        except OSError as error:
            raise FileRefused(
                _("The file could not be opened: %(strerror)s.", strerror=error.strerror)
            ) from error
        if self.size == 0:
            raise FileRefused("The file is empty.")
        if self.size > limits.file_bytes:
            raise FileRefused(
                _(
                    "The file has %(mib)s MB; at most %(mib2)s MB are read. Split it into several.",
                    mib=f"{self.size / MIB:,.0f}",
                    mib2=f"{limits.file_bytes / MIB:,.0f}",
                )
            )

    def open_packed(self) -> BinaryIO:
        """The bytes as they came."""
        if isinstance(self._content, bytes):
            return io.BytesIO(self._content)
        return open(self._content, "rb")

    def open(self) -> Unpacked:
        """The bytes, unpacked where the file is gzipped."""
        return Unpacked(self)

    def head(self, count: int = 64 * 1024) -> bytes:
        """The first bytes, unpacked."""
        with self.open() as raw, io.BufferedReader(raw) as stream:
            return stream.read(count)


class Unpacked(io.RawIOBase):
    """A stream that knows how far it is and stops at the limits of its source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._packed = source.open_packed()
        self._stream: BinaryIO = (
            gzip.GzipFile(fileobj=self._packed) if source.is_gzip else self._packed
        )
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            raise FileRefused("The gzip file is damaged or was cut short.") from error
        self._count += len(data)
        limits = self._source.limits
        if self._count > limits.unpacked_bytes or (
            self._count > RATIO_COUNTS_FROM and self._count > limits.ratio * self._source.size
        ):
            raise FileRefused("The file unpacks to far more than a table of grants would.")
        buffer[: len(data)] = data
        return len(data)

    def share(self) -> float:
        """How much of the file has been read, between 0 and 1."""
        return min(1.0, self._packed.tell() / self._source.size)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._packed.close()
        super().close()
