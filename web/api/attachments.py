"""Files: hand one in, download one."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import marshmallow as ma
from flask import Response, request
from marshmallow import fields

from engine import attachments
from engine.errors import Invalid
from forms.i18n import T
from web import files, security
from web.api.base import Blueprint, Schema, once
from web.context import engine

blueprint = Blueprint("attachments", "Files handed in with forms")


class OneFileSchema(ma.Schema):
    """For the documentation; the one file is read from the request, under any field name."""

    file = fields.Raw(metadata={"type": "string", "format": "binary"})

    class Meta:
        unknown = ma.EXCLUDE


class AttachmentSchema(Schema):
    id = fields.String()
    name = fields.String()
    size = fields.Integer()
    type = fields.String()
    sha256 = fields.String()


@blueprint.route("/attachments", methods=["POST"])
@blueprint.arguments(OneFileSchema, location="form", content_type="multipart/form-data")
@blueprint.response(201, AttachmentSchema)
def upload(_fields: dict[str, Any]) -> attachments.AttachmentItem:
    """One file of at most 20 MB: PDF, PNG, JPEG, TIFF, DOCX, XLSX or OFD by its content."""
    sent = list(request.files.values())
    if len(sent) != 1:
        raise Invalid({"file": [T("请上传一个文件，一次一个。")]})
    stream = cast(BinaryIO, sent[0].stream)
    return attachments.upload(engine(), stream, sent[0].filename or "", actor=security.require_actor(), once=once)


@blueprint.route("/attachments/<attachment_id>")
@blueprint.response(200, content_type="application/octet-stream")
def download(attachment_id: str) -> Response:
    """The file, always as a download: a browser never shows it as a page of ours."""
    item = engine().ask(attachments.AttachmentView(attachment_id=attachment_id, actor=security.require_actor()))
    return files.download(item)
