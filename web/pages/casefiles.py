"""One case in the meeting room: what its reviewers read, their opinion of it, and standing back from it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Conflict, Invalid, Refused
from engine.registry import Actor
from forms.i18n import T, Text, gettext
from processes.candidate.words import CHANNEL, EDUCATION, GRADE, TITLE, TRACK, WORK_KIND
from processes.committee.commands import DeclareRecusal, WriteOpinion
from processes.committee.dossier import Dossier, MeetingFile
from processes.committee.room import CaseFile
from web.files import download
from web.pages.desk import ask, me, run
from web.pages.meetings import INTERVIEW, RELATION
from web.pages.reform import word
from web.pages.said import say
from web.pages.tried import Tried, kept, refused
from web.pages.words import day, size
from web.security import login_required

blueprint = Blueprint("casefile", __name__, url_prefix="/meetings")

RECOMMENDATION: dict[str, Text] = {
    "approve": T("建议通过"),
    "reject": T("不建议通过"),
    "interview": T("需要答辩"),
}
OPINION, RECUSAL = "opinion", "recusal"  # the two forms of the page


@blueprint.get("/<meeting_id>/cases/<application_id>")
@login_required
def show(meeting_id: str, application_id: str) -> ResponseReturnValue:
    return _page(meeting_id, application_id, me(), kept())


@blueprint.post("/<meeting_id>/cases/<application_id>", endpoint="write")
@login_required(back="casefile.show")
def write(meeting_id: str, application_id: str) -> ResponseReturnValue:
    """An expert's opinion; sending it again corrects it until the session opens."""
    strengths, weaknesses, recommendation = (
        request.form.get(name, "") for name in ("strengths", "weaknesses", "recommendation")
    )
    command = WriteOpinion(meeting_id, application_id, strengths, recommendation, me(), weaknesses)
    wrong = _refusal(command, "strengths")
    if wrong:
        return _page(meeting_id, application_id, me(), refused(OPINION, request.form, wrong)), 422
    say(gettext("评议意见已保存。开会之前可以再改。"))
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


@blueprint.post("/<meeting_id>/cases/<application_id>/recusal", endpoint="stand_back")
@login_required(back="casefile.show")
def stand_back(meeting_id: str, application_id: str) -> ResponseReturnValue:
    """An expert declares a relation; from then on this case is out of their sight."""
    ground, note = request.form.get("ground", ""), request.form.get("note", "").strip()[:500]
    command = DeclareRecusal(meeting_id, application_id, ground, me(), note or None)
    wrong = _refusal(command, "ground") if ground else {"ground": T("请选择是什么关系。")}
    if wrong:
        return _page(meeting_id, application_id, me(), refused(RECUSAL, request.form, wrong)), 422
    say(gettext("已申明回避。这位申报人的材料不再向您显示，您也不参加这一位的评议和表决。"))
    return redirect(url_for("meeting.show", meeting_id=meeting_id), 303)


def _refusal(command: Any, otherwise: str) -> dict[str, Text]:
    """Run it; what is wrong, field by field, is empty where it was taken."""
    try:
        run(command)
    except Invalid as error:
        return error.first
    except (Refused, Conflict) as error:
        return {otherwise: error.text}
    return {}


@blueprint.get("/<meeting_id>/cases/<application_id>/files/<attachment_id>")
@login_required
def file(meeting_id: str, application_id: str, attachment_id: str) -> ResponseReturnValue:
    return download(ask(MeetingFile(meeting_id, application_id, attachment_id, me())))


def _page(meeting_id: str, application_id: str, actor: Actor, tried: Tried) -> str:
    shown = ask(Dossier(meeting_id, application_id, actor))
    own = next((one for one in shown.opinions if one.mine), None)
    return render_template(
        "meeting/case.html",
        meeting_id=meeting_id,
        case=shown,
        title=word(TITLE, shown.target_title),
        facts=_facts(shown),
        works=_works(shown),
        evidence=_files(shown, shown.evidence),
        interviews=[(str(INTERVIEW[one.mode]), one.record, one.conclusion) for one in shown.interviews],
        opinions=[
            {
                "who": one.expert_name or (gettext("我") if one.mine else gettext("评审专家")),
                "strengths": one.strengths,
                "weaknesses": one.weaknesses,
                "recommendation": str(RECOMMENDATION[one.recommendation]),
                "at": one.written_at,
            }
            for one in shown.opinions
            if not (one.mine and shown.may_write)
        ],
        own=own,
        recommendations=RECOMMENDATION,
        relations={name: label for name, label in RELATION.items() if name != "self"},
        may_stand_back=shown.may_stand_back,
        tried=tried,
    )


def _facts(shown: CaseFile) -> list[tuple[str, str]]:
    told = [
        (gettext("申报类型"), word(TRACK, shown.track)),
        (gettext("申报渠道"), word(CHANNEL, shown.channel)),
        (gettext("现任职称"), f"{word(TITLE, shown.prior_title)} {day(shown.prior_title_date)}".strip()),
        (
            gettext("从事档案工作"),
            gettext("{day} 起", day=day(shown.archives_work_from)) if shown.archives_work_from else "",
        ),
        (
            gettext("学历"),
            "；".join(
                " ".join(part for part in (word(EDUCATION, level), school, major, day(on)) if part)
                for level, school, major, on in shown.education
            ),
        ),
        (
            gettext("年度考核"),
            "，".join(f"{year} {word(GRADE, grade)}" for year, grade in sorted(shown.assessments.items())),
        ),
    ]
    return [(label, text) for label, text in told if text]


def _works(shown: CaseFile) -> list[dict[str, Any]]:
    return [
        {
            "kind": word(WORK_KIND, one.kind),
            "title": one.title,
            "role": one.role,
            "date": day(one.date),
            "abstract": one.abstract,
            "confidential": one.confidential,
            "removed": one.removed,
            "files": _files(shown, one.files),
        }
        for one in shown.works
    ]


def _files(shown: CaseFile, files: tuple[tuple[str, str, int], ...]) -> list[dict[str, str]]:
    return [
        {
            "name": name,
            "size": size(length),
            "href": url_for(
                "casefile.file",
                meeting_id=shown.meeting_id,
                application_id=shown.application_id,
                attachment_id=attachment_id,
            ),
        }
        for attachment_id, name, length in files
    ]
