"""Files that people attach: taken with a form, given back to be saved, never shown here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request, send_file

from funding.errors import NotFound
from funding.language import gettext as _
from funding.listing import whole_number
from funding.models import Attachment, EvidenceFile, ReportFile
from funding.routes.context import config, in_transaction, say
from funding.services import attachments
from funding.services.named_tables import LIMITS


def as_download(found: Attachment | EvidenceFile | ReportFile) -> Response:
    """The bytes of a file under its name; raises NotFound where they are gone."""
    path = attachments.path_of(config().data, found.sha256)
    if not path.is_file():
        raise NotFound("attachment")
    response = send_file(
        path,
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.name,
        etag=found.sha256,
        max_age=0,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def sent_files() -> tuple[attachments.StoredFile, ...]:
    """The files sent along, their bytes stored; raises what `attachments.store` raises."""
    return tuple(
        attachments.store(config().data, each.filename, each.stream)
        for each in request.files.getlist("files")
        if each.filename
    )


def sent_table() -> tuple[bytes, str]:
    """A table sent as `file`, or pasted into the field `table`: its bytes, and its name if any."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.stream.read(LIMITS.file_bytes + 1), file.filename
    return request.form.get("table", "").encode(), ""


def change_files(
    attach: Callable[..., Any], remove: Callable[..., str], *, file: str, **whose: int
) -> None:
    """Store and add the files sent along; remove the one whose button was pressed.

    `attach` and `remove` are services of the thing that `whose` names; `file` is what `remove`
    calls the number of a file. Raises what they and `attachments.store` raise.
    """
    if stored := sent_files():
        in_transaction(attach, files=stored, **whose)
    wanted = whole_number(request.form.get("remove_file"))
    if wanted is not None:
        name = in_transaction(remove, **{file: wanted}, **whose)
        say(_("“%(name)s” is removed.", name=name))
