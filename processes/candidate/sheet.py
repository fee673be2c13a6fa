"""The application form's content between variables and register, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from forms.i18n import T
from processes.candidate import words
from processes.register import applications

PLAIN = (
    *("agent_unit", "target_title", "track", "channel", "identity_status", "prior_title", "prior_title_date"),
    *("archives_work_from", "work_summary", "no_assessment_statement"),
)
ENTRIES: Mapping[str, tuple[str, ...]] = {
    "education": ("level", "school", "major", "graduated_on"),
    "annual_assessments": ("year", "grade"),
    "works": ("kind", "title", "role", "date", "abstract", "file", "confidential"),
    "performance_items": ("date", "what", "role", "effect"),
    "recusal_requests": ("name", "unit", "reason"),
}
DATES = ("graduated_on", "date")


def filled_in(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """(columns of the application, rows of its tables) from the form's values. A confidential work keeps no file."""
    values = {name: content[name] for name in PLAIN}
    values["channel_evidence"] = content["channel_evidence"] or []
    if content["target_title"] == "archives_clerk":
        values["prior_title"] = values["prior_title_date"] = None
    details = {}
    for key, names in ENTRIES.items():
        rows = [{name: entry.get(name) for name in names} for entry in content[key] or []]
        for row in rows:
            for name in set(DATES) & set(row):
                row[name] = date.fromisoformat(row[name]) if row[name] else None
            if key == "works":
                row["confidential"] = bool(row["confidential"])
                row["file"] = [] if row["confidential"] else row["file"] or []
        details[key] = rows
    return values, details


def form_values(connection: Connection, application_id: str) -> dict[str, Any]:
    """The form's values as they stand in the register: JSON-ready, in the shape of `fill_application`."""
    row = applications.get_application(connection, application_id)
    out: dict[str, Any] = {name: _json(row[name]) for name in PLAIN}
    out["channel_evidence"] = list(row["channel_evidence"])
    for key, names in ENTRIES.items():
        rows = applications.details(connection, application_id, key)
        out[key] = [{name: _json(entry[name]) for name in names} for entry in rows]
    return out


def main_facts(connection: Connection, application_id: str) -> list[dict[str, str]]:
    """The application in a few lines, for whoever checks it: rows of `what` and `text`, in the context's language."""
    row = applications.get_application(connection, application_id)
    item = applications.notice_item(connection, application_id)
    education = [_education(r) for r in applications.details(connection, application_id, "education")]
    grades = [
        f"{r['year']} {words.GRADE[r['grade']]}"
        for r in applications.details(connection, application_id, "annual_assessments")
    ]
    works = [
        f"{r['position']}. {words.WORK_KIND[r['kind']]}《{r['title']}》"
        for r in applications.details(connection, application_id, "works")
    ]
    lines = {
        T("申报人"): item.name,
        T("单位"): item.unit,
        T("申报职称"): str(words.TITLE[row["target_title"]]),
        T("申报通道"): str(words.CHANNEL[row["channel"]]),
        T("现任职称"): _prior(row),
        T("学历"): "；".join(education),
        T("从事档案工作起始日期"): str(_json(row["archives_work_from"]) or ""),
        T("年度考核"): "；".join(grades) or str(row["no_assessment_statement"] or ""),
        T("代表作"): "\n".join(works),
    }
    return [{"what": str(what), "text": text} for what, text in lines.items()]


def _prior(row: RowMapping) -> str:
    if row["prior_title"] is None:
        return str(T("无"))
    return f"{words.TITLE[row['prior_title']]} {row['prior_title_date']}"


def _education(row: RowMapping) -> str:
    return f"{words.EDUCATION[row['level']]} {row['school'] or ''} {_json(row['graduated_on']) or ''}".strip()


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
