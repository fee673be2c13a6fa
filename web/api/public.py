"""What anybody may ask without an account: only what R-150 lets be shown."""

from __future__ import annotations

import secrets
from typing import Any

from flask import request
from marshmallow import fields, validate

from engine.commands.port import Once
from engine.errors import Invalid, NotFound
from engine.identity import guesses
from engine.queries.reading import Page
from forms.i18n import T
from processes.certificate.queries import CertificateCheck, CertificateShown
from processes.openness.notices import NoticeSummary, PublicNoticeList
from processes.openness.queries import DocumentShown, PublicPolicies
from processes.publicity.objections import LONGEST, MOST_FILES
from processes.publicity.queries import NoticeView
from processes.register.objection_tables import GROUNDS
from processes.rules.floors import PUBLICITY_KINDS
from web import filing, security
from web.api.base import Blueprint, Instant, OneOf, Paging, Parser, Schema, files_body, once, page_of, plain, text
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


class PolicySchema(Schema):
    id = fields.String()
    doc_no = fields.String()
    title = fields.String()
    issuers = fields.List(fields.String())
    level = fields.String()
    issued_year = fields.Integer()
    issued_on = fields.Date()
    effective_on = fields.Date()
    repealed_on = fields.Date()
    in_force = fields.Boolean()
    fictional = fields.Boolean()
    summary = fields.String()


class NoticeQuery(Paging):
    kind = fields.String(load_default=None, validate=OneOf(list(PUBLICITY_KINDS)))


class NoticeLineSchema(Schema):
    id = fields.String()
    kind = fields.String()
    title = fields.String()
    published_at = Instant()
    closes_at = Instant()
    state = fields.String()
    item_count = fields.Integer(attribute="items")


class ItemSchema(Schema):
    """All that a notice shows of a person (R-150), or of one level of posts; nothing else a row may hold."""

    name = fields.String()
    unit = fields.String()
    current_title = fields.String(allow_none=True)
    target_title = fields.String()
    channel = fields.String()
    works = fields.List(fields.String())
    level = fields.String()
    approved = fields.Integer()
    occupied = fields.Integer()
    vacant = fields.Integer()


class NoticeSchema(Schema):
    id = fields.String()
    kind = fields.String()
    title = fields.String()
    body = fields.String()
    contact_phone = fields.String()
    contact_email = fields.String()
    published_at = Instant()
    closes_at = Instant()
    objections_until = Instant()
    min_workdays = fields.Integer()
    state = fields.String()
    content_hash = fields.String()
    item_count = fields.Integer(attribute="count")
    names_hidden = fields.Boolean()
    items = fields.List(fields.Nested(ItemSchema))


class ObjectionSchema(Schema):
    """`item` is the number of an item in the notice, from 1; without it the objection is to the notice as a whole."""

    item = fields.Integer(load_default=None, allow_none=True)
    grounds = fields.List(fields.String(validate=OneOf(list(GROUNDS))), required=True)
    real_name = fields.Boolean(load_default=False)
    name = text(200, load_default="")
    phone = text(200, load_default="")
    text = text(4 * LONGEST, required=True)


class ObjectionFormSchema(ObjectionSchema):
    """The same with files, for the documentation."""

    evidence = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}), validate=validate.Length(max=MOST_FILES)
    )


class ReceiptSchema(Schema):
    receipt_no = fields.String()
    timely = fields.Boolean()
    kind = fields.String()


@blueprint.url_value_preprocessor
def _more_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Evidence may come along; before anybody reads the body this one address is given room for it."""
    if endpoint == f"{blueprint.name}.object_to":
        request.max_content_length = filing.BODY_LIMIT


@blueprint.route("/public/policies")
@blueprint.arguments(Paging, location="query")
@blueprint.response(200, page_of(PolicySchema))
def policies(query: dict[str, Any]) -> Page[DocumentShown]:
    """The policy documents: those in force first, the newest first."""
    return engine().ask(PublicPolicies(**query))


@blueprint.route("/public/notices")
@blueprint.arguments(NoticeQuery, location="query")
@blueprint.response(200, page_of(NoticeLineSchema))
def notices(query: dict[str, Any]) -> Page[NoticeSummary]:
    """The province's notices, the running ones first. Notices inside a unit never stand here."""
    return engine().ask(PublicNoticeList(**query))


@blueprint.route("/public/notices/<notice_id>")
@blueprint.response(200, NoticeSchema)
def notice(notice_id: str) -> dict[str, Any]:
    """One notice. Some time after its close the names in it, and the text that may hold them, are no longer given."""
    shown = engine().ask(NoticeView(notice_id))
    return plain(shown, body="" if shown.names_hidden else shown.body)


@blueprint.route("/public/notices/<notice_id>/objections", methods=["POST"])
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            "application/json": {"schema": ObjectionSchema},
            "multipart/form-data": {"schema": ObjectionFormSchema},
        },
    }
)
@blueprint.response(201, ReceiptSchema)
@security.no_session
def object_to(notice_id: str) -> dict[str, Any]:
    """Object to a notice, with or without a name; as JSON, or as a form with up to five files. After the window it is kept as
    a tip-off (`timely` false). Too many at once from one address: 429 for a while that grows."""
    as_form = request.mimetype == "multipart/form-data"
    typed = Parser().parse(ObjectionSchema(), request, location="form" if as_form else "json", error_status_code=422)
    typed["grounds"] = tuple(typed["grounds"])
    nonce = secrets.token_urlsafe(24)
    files = request.files.getlist("evidence") if as_form else []
    until = engine().ask(NoticeView(notice_id)).objections_until  # nothing is stored for a notice that is none
    wrong = filing.check(notice_id, nonce, (), typed)
    if wrong:
        raise Invalid(wrong)
    key = _key(files)
    kept, refused = filing.take_files(nonce, files)
    if refused:
        raise Invalid({"evidence": refused})
    answer = filing.file_objection(notice_id, until, nonce, [one.id for one in kept], typed, key)
    return {**answer, "kind": "objection" if answer["timely"] else "tip_off"}


def _key(files: list[Any]) -> Once | None:
    """The caller's Idempotency-Key, kept under their address as a hash: two callers never meet in one key by chance."""
    body = None
    if request.mimetype == "multipart/form-data":
        content = {f"{number} {one.filename}": one.stream.read() for number, one in enumerate(files)}
        for one in files:
            one.stream.seek(0)
        body = files_body(content, repr(sorted(request.form.items(multi=True))))
    return once(body, caller="~" + filing.caller()[:32])
