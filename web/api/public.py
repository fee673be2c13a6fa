"""What anybody may ask without an account: only what R-150 lets be shown."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from engine.errors import NotFound
from engine.identity import guesses
from forms.i18n import T
from processes.certificate.queries import CertificateCheck, CertificateShown
from web import security
from web.api.base import Blueprint, Paging, Schema, text
from web.context import engine, wiring

blueprint = Blueprint("public", "Without an account", public=True)


class CertificateQuery(Schema):
    class Meta(Paging.Meta):
        pass

    code = text(100, shortest=1, required=True)


class CertificateSchema(Schema):
    no = fields.String()
    name = fields.String()
    title = fields.String()
    effective_on = fields.Date()
    issued_on = fields.Date()
    status = fields.String()
    revoked_on = fields.Date()


@blueprint.route("/public/certificates/<no>")
@blueprint.arguments(CertificateQuery, location="query")
@blueprint.response(200, CertificateSchema)
def certificate(query: dict[str, Any], no: str) -> CertificateShown:
    """Whether a certificate holds, for who has its number and code. A wrong code answers like a number nobody has.
    Too many wrong ones from one address: 429 for a while that grows."""
    check = CertificateCheck(no[:100], query["code"])
    at = wiring().wall.now()
    found = guesses.look_up(engine(), check, what="certificate", address=security.address(), at=at)
    if found is None:
        raise NotFound(T("没有编号和校验码都相符的证书。"))
    return found
