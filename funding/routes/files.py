"""Files that people attached, given back to be saved and never shown inside the site."""

from __future__ import annotations

from flask import Response, send_file

from funding.errors import NotFound
from funding.models import Attachment, ReportFile
from funding.routes.context import config
from funding.services import attachments


def as_download(found: Attachment | ReportFile) -> Response:
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
