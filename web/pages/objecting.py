"""The public's objection to a notice: one form, no account, no script needed. Nothing typed or uploaded is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Invalid, NotFound, TooMany
from engine.registry import Actor
from forms.i18n import T, Text, gettext
from processes.openness.notices import FiledAs
from processes.openness.queries import PublicParameters
from processes.publicity.objections import LONGEST, MOST_FILES, SHORTEST
from processes.publicity.queries import NoticeShown, NoticeView
from processes.publicity.words import GROUND_WORDS
from web import filing
from web.filing import KeptFile, OpenPage
from web.pages.desk import ask, due, now
from web.pages.notices import options
from web.security import current_actor, no_session

blueprint = Blueprint("objecting", __name__, url_prefix="/public/notices")

WHOLE = "all"  # the notice as a whole
TYPED = 20_000  # characters of the text that are taken back into the page; more is no objection


@dataclass
class Typed:
    """What somebody typed so far, to be shown again as it was."""

    item: str = ""
    grounds: list[str] = field(default_factory=list)
    text: str = ""
    real_name: str = ""
    name: str = ""
    phone: str = ""
    files: list[KeptFile] = field(default_factory=list)

    def command(self) -> dict[str, Any]:
        """As `FileObjection` wants it."""
        return {
            "item": None if self.item in ("", WHOLE) else int(self.item),
            "grounds": tuple(self.grounds),
            "text": self.text,
            "real_name": self.real_name == "yes",
            "name": self.name,
            "phone": self.phone,
        }


@blueprint.url_value_preprocessor
def _more_room(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Evidence comes along with the form; before anybody reads the body this one address is given room for it."""
    request.max_content_length = filing.BODY_LIMIT


@blueprint.get("/<notice_id>/objection")
def write(notice_id: str) -> ResponseReturnValue:
    notice, _ = _read(notice_id)
    if not _in_time(notice):
        return _closed(notice), 410
    item = request.args.get("item", "")
    return _page(notice, filing.open_page(notice_id), Typed(item=item if item.isdigit() else ""))


@blueprint.get("/<notice_id>/tip-off")
def write_late(notice_id: str) -> ResponseReturnValue:
    """After the window: what comes now holds nothing, and the page says so."""
    notice, _ = _read(notice_id)
    if _in_time(notice):
        return redirect(url_for("objecting.write", notice_id=notice_id), 303)
    return _page(notice, filing.open_page(notice_id), Typed())


@blueprint.post("/<notice_id>/objection")
@no_session
def send(notice_id: str) -> ResponseReturnValue:
    notice, reader = _read(notice_id)
    opened = filing.read_page(notice_id, request.form.get("page", ""))
    known = ask(FiledAs(opened.nonce)) if opened else None
    if known is not None:
        return _receipt(known)
    mark = request.form.get("page", "") if opened else filing.open_page(notice_id)
    page = opened or filing.read_page(notice_id, mark)
    if page is None:
        raise Invalid({"page": [T("页面已失效，请刷新后再提交。")]})
    typed, errors = _typed(notice, page), dict[str, list[Text]]()
    try:
        typed.files, wrong = filing.take_files(page.nonce, request.files.getlist("evidence"), typed.files)
        if wrong:
            errors["evidence"] = wrong
        if opened is None:
            errors["page"] = [T("页面打开得太久了，已经换成新的；您填写的内容都在，请再提交一次。")]
        if not typed.item:
            errors["item"] = [T("请选择对哪一项有异议；对整份公示有异议的，选“整份公示”。")]
        if not typed.real_name:
            errors["real_name"] = [T("请选择匿名还是实名。")]
        files = [one.id for one in typed.files]
        errors = filing.check(notice_id, page.nonce, files, typed.command()) | errors
        if not _in_time(notice) and request.form.get("late") != "yes":
            return _page(notice, mark, typed, overtaken=True), 409
        if not errors and filing.too_quick(page):
            raise TooMany(T("页面刚刚打开就提交了，请核对内容，2 秒后再提交。"), retry_after=2)
        if not errors:
            sent = filing.file_objection(
                notice_id, notice.objections_until, page.nonce, files, {**typed.command(), "reader": reader}
            )
            return _receipt(sent["receipt_no"])
    except TooMany as refused:
        seconds = str(refused.facts["retry_after"])
        said = T("{why}您填写的内容都在这一页上。", why=refused.text)
        return _page(notice, mark, typed, {"page": [said]}), 429, {"Retry-After": seconds}
    except Invalid as invalid:
        errors |= invalid.errors
    return _page(notice, mark, typed, errors), 422


def _read(notice_id: str) -> tuple[NoticeShown, Actor | None]:
    """A notice of the province, for everybody; one inside a unit for its people, who are logged in to read it. Who that was
    goes nowhere: it only says that the notice may be read. Raises NotFound."""
    try:
        return ask(NoticeView(notice_id)), None
    except NotFound:
        reader = current_actor()
        if reader is None:
            raise
        return ask(NoticeView(notice_id, reader)), reader


def _back(notice: NoticeShown) -> list[tuple[str, str]]:
    """Where the notice is read: (words, address) from the list down."""
    if notice.scope == "province":
        return [
            (gettext("结果公示"), url_for("notice.index")),
            (notice.title, url_for("notice.show", notice_id=notice.id)),
        ]
    return [
        (gettext("公示"), url_for("publicity.index")),
        (notice.title, url_for("publicity.show", notice_id=notice.id)),
    ]


def _typed(notice: NoticeShown, page: OpenPage) -> Typed:
    form = request.form
    dropped = set(form.getlist("drop"))
    item = form.get("item", "")
    known = {WHOLE, *(str(number) for number in range(1, notice.count + 1))}
    return Typed(
        item=item if item in known else "",
        grounds=[one for one in form.getlist("grounds") if one in GROUND_WORDS],
        text=form.get("text", "").replace("\r\n", "\n")[:TYPED],
        real_name=form.get("real_name", "") if form.get("real_name") in ("yes", "no") else "",
        name=form.get("name", "")[:200],
        phone=form.get("phone", "")[:200],
        files=[one for one in filing.kept_files(page.nonce, form.get("kept", "")) if one.id not in dropped],
    )


def _page(
    notice: NoticeShown,
    mark: str,
    typed: Typed,
    errors: dict[str, list[Text]] | None = None,
    *,
    overtaken: bool = False,
) -> str:
    """`overtaken`: the window closed while this page stood open."""
    opened = filing.read_page(notice.id, mark)
    said = {name: [str(one) for one in sentences] for name, sentences in (errors or {}).items()}
    days = {one.parameter.name: one.value for one in ask(PublicParameters())}
    return render_template(
        "public/objection.html",
        notice=notice,
        crumbs=_back(notice),
        mark=mark,
        typed=typed,
        kept=filing.seal_files(opened.nonce, typed.files) if opened and typed.files else "",
        errors=said,
        summary=[(ANCHOR.get(name, name), sentence) for name in ORDER for sentence in said.get(name, ())],
        options=[(WHOLE, gettext("整份公示")), *((str(no), text) for no, text in options(notice))],
        grounds=GROUND_WORDS,
        late=not _in_time(notice),
        overtaken=overtaken,
        due=due(notice.objections_until) if _in_time(notice) else None,
        least=SHORTEST,
        most=LONGEST,
        most_files=MOST_FILES,
        workdays=days["objection.investigate_workdays"],
        needs_name=days["objection.require_real_name_for_reply"],
    )


ORDER = ("page", "item", "grounds", "text", "evidence", "real_name", "name", "phone", "nonce", "via")
ANCHOR = {"nonce": "", "via": "", "grounds": "grounds-education", "real_name": "real_name-no", "page": ""}


def _closed(notice: NoticeShown) -> str:
    return render_template("public/objection_closed.html", notice=notice, crumbs=_back(notice))


def _in_time(notice: NoticeShown) -> bool:
    return now() < notice.objections_until


def _receipt(no: str) -> ResponseReturnValue:
    return redirect(url_for("notice.receipt", no=no, new="1"), 303)
