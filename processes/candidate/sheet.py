"""The application form's content between variables and register, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from forms.i18n import T, Text
from processes.candidate import words
from processes.dates import day
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
    """The application, and what the unit found so far, for whoever checks or decides: rows of `what` and `text`, in the
    context's language."""
    row = applications.get_application(connection, application_id)
    item = applications.notice_item(connection, application_id)

    def entries(key: str) -> Sequence[RowMapping]:
        return applications.details(connection, application_id, key)

    grades = [f"{entry['year']} {words.GRADE[entry['grade']]}" for entry in entries("annual_assessments")]
    lines = {
        T("申报人"): item.name,
        T("单位"): item.unit,
        T("申报职称"): str(words.TITLE[row["target_title"]]),
        T("申报渠道"): str(words.CHANNEL[row["channel"]]),
        T("现任职称"): _prior(row),
        T("学历"): "；".join(_education(entry) for entry in entries("education")),
        T("从事档案工作起始日期"): _day(row["archives_work_from"]),
        T("年度考核"): "；".join(grades) or str(row["no_assessment_statement"] or ""),
        T("个人总结"): str(row["work_summary"] or ""),
        T("主要业绩"): "\n".join(_performance(entry) for entry in entries("performance_items")),
        T("代表作"): "\n".join(_work(entry) for entry in entries("works")),
    }
    lines |= _unit_findings(applications.recommendation_of(connection, application_id))
    return [{"what": str(what), "text": text} for what, text in lines.items() if text]


def _unit_findings(row: RowMapping | None) -> dict[Text, str]:
    """What the panel and the leader of the unit found, as far as they have got."""
    if row is None or row["ethics"] is None:
        return {}
    lines = {T("品德"): str(words.ETHICS[row["ethics"]])}
    if row["ability"] is not None or row["performance"] is not None:
        scores = {T("能力"): row["ability"], T("业绩"): row["performance"]}
        lines[T("考核评分")] = "；".join(f"{what} {score}" for what, score in scores.items() if score is not None)
    if row["agree"] is not None:
        counts = {"agree": row["agree"], "against": row["against"] or 0, "abstain": row["abstain"] or 0}
        lines[T("民主测评")] = str(T("同意 {agree} 票，反对 {against} 票，弃权 {abstain} 票", **counts))
    lines[T("考核意见")] = str(row["panel_opinion"] or "")
    if row["submitted_at"] is not None:
        lines[T("公示期异议及处理情况")] = str(row["objection_summary"] or T("无"))
    return lines


def _work(row: RowMapping) -> str:
    role = f"，{row['role']}" if row["role"] else ""
    return f"{row['position']}. {words.WORK_KIND[row['kind']]}《{row['title']}》{role}"


def _performance(row: RowMapping) -> str:
    return " ".join(part for part in (_day(row["date"]), row["what"], row["role"], row["effect"]) if part)


def _prior(row: RowMapping) -> str:
    if row["prior_title"] is None:
        return str(T("无"))
    return f"{words.TITLE[row['prior_title']]} {_day(row['prior_title_date'])}".strip()


def _education(row: RowMapping) -> str:
    return f"{words.EDUCATION[row['level']]} {row['school'] or ''} {_day(row['graduated_on'])}".strip()


def _day(value: date | None) -> str:
    return day(value) if value else ""


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
