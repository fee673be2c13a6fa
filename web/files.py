"""Giving a kept file back: always as a download, so that a browser never shows it as a page of ours."""

from __future__ import annotations

from flask import Response, send_file

from engine import attachments
from web.context import engine


def download(item: attachments.AttachmentItem) -> Response:
    """The bytes of a file that its reader may have; raises NotFound where the store has lost them."""
    response = send_file(
        attachments.open_(engine(), item),
        mimetype=item.type,
        as_attachment=True,
        download_name=item.name,
        etag=item.sha256,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
