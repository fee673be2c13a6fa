"""Anybody with a certificate's number and code sees whether it holds. No login; number and code are needed together."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.errors import TooMany
from engine.identity import guesses
from forms.i18n import gettext
from processes.candidate.words import TITLE
from processes.certificate.queries import CertificateCheck, CertificateShown
from web import security
from web.context import engine, wiring
from web.pages.desk import now
from web.pages.reform import word
from web.pages.words import day
from web.security import anonymous_form

blueprint = Blueprint("certificate", __name__)

LONGEST = 100


@blueprint.get("/certificates")
def index() -> ResponseReturnValue:
    return render_template("certificate.html")


@blueprint.post("/certificates", endpoint="check")
@anonymous_form
def check() -> ResponseReturnValue:
    no, code = request.form.get("no", "").strip()[:LONGEST], request.form.get("code", "").strip()[:LONGEST]
    if not no or not code:
        return render_template("certificate.html", no=no, problem=gettext("请输入证书编号和校验码。")), 422
    return _answer(no, code)


@blueprint.get("/certificates/<no>")
def show(no: str) -> ResponseReturnValue:
    """Where the certificate's QR code leads: `/certificates/<no>?code=…`."""
    code = request.args.get("code", "").strip()[:LONGEST]
    if not code:
        return render_template("certificate.html", no=no[:LONGEST])
    return _answer(no[:LONGEST], code)


def _answer(no: str, code: str) -> ResponseReturnValue:
    check, at = CertificateCheck(no, code), wiring().wall.now()
    try:
        found = guesses.look_up(engine(), check, what="certificate", address=security.address(), at=at)
    except TooMany as error:
        page = render_template("certificate.html", no=no, problem=str(error.text))
        return page, 429, {"Retry-After": str(error.facts["retry_after"])}
    if found is None:
        problem = gettext("没有编号和校验码都相符的证书。请对照证书检查，字母不分大小写。")
        return render_template("certificate.html", no=no, problem=problem), 404
    return render_template("certificate.html", no="", certificate=_shown(found), now=now())


def _shown(found: CertificateShown) -> dict[str, Any]:
    verdicts = {
        "valid": gettext("证书有效"),
        "suspended": gettext("证书暂停使用"),
        "revoked": gettext("证书已撤销，不再有效"),
    }
    facts = [
        (gettext("证书编号"), found.no),
        (gettext("姓名"), found.name),
        (gettext("职称"), word(TITLE, found.title)),
        (gettext("生效日期"), day(found.effective_on)),
        (gettext("发证日期"), day(found.issued_on)),
    ]
    if found.revoked_on:
        facts.append((gettext("撤销日期"), day(found.revoked_on)))
    return {"valid": found.status == "valid", "verdict": verdicts[found.status], "facts": facts}
