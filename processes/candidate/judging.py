"""From the register to the inputs of D01 to D04, and from their results to findings. No decision is made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from processes.register import applications, people
from processes.register.policies import parameter
from processes.register.units import get_unit
from processes.rules import conduct
from processes.rules.channels import aid_active, hardship_met
from processes.rules.eligibility import SENIOR, Years, highest_education, misses, row_for, years_at
from processes.rules.scope import standing
from processes.rules.terms import full_years
from processes.rules.workdays import local_day

CODES = {
    "no_row": "NO_ROW",
    "prior_title": "PRIOR_TITLE",
    "years_prior": "YEARS_PRIOR",
    "years_archives": "YEARS_ARCHIVES",
}


@dataclass(frozen=True)
class Facts:
    """What the tables decide on, and what the reasons say beside them."""

    inputs: Mapping[str, Any]  # the variables of D01 to D04
    education: str | None
    prior_title: str | None
    years: Years
    reduction: int  # years waived by the hardship channel
    until: Mapping[str, str]  # last day of a bar or penalty, by finding code


def facts(connection: Connection, application_id: str, now: datetime) -> Facts:
    """Everything as it stands on the day of submission in Qinghai; years run to the cycle's cutoff."""
    row = applications.get_application(connection, application_id)
    person = people.get_person(connection, row["person_id"])
    unit = get_unit(connection, row["unit_code"])
    today = local_day(now)
    education = highest_education([r["level"] for r in applications.details(connection, application_id, "education")])
    years = years_at(row["cutoff_date"], row["prior_title_date"], row["archives_work_from"])
    service = full_years(row["archives_work_from"], row["cutoff_date"]) if row["archives_work_from"] else 0
    hardship = hardship_met(unit["hardship"], service, parameter(connection, "hardship.min_service_years", now))
    reduction = 0
    if row["channel"] == "hardship_grassroots" and hardship:
        reduction = parameter(connection, "hardship.years_reduction", now)
    penalties, bars = people.penalties_and_bars(connection, row["person_id"])
    bar, penalty = conduct.bar_in_force(today, bars), conduct.blocking_penalty(today, penalties)
    assessed = _assessed(connection, row, unit, education, reduction, now)
    inputs = {
        "identity_status": row["identity_status"],
        "civil_servant_law_unit": unit["civil_servant_law"],
        "standing": standing(today, person["employed_from"], person["employed_until"], person["retired_on"]),
        "through_agency": bool(row["agent_unit"]) or unit["kind"] == "agency",
        "barred": bar is not None,
        "penalty_in_force": penalty is not None,
        "assessments_counted": assessed.counted,
        "assessments_needed": assessed.needed,
        "senior_target": row["target_title"] in SENIOR,
        "has_evidence": bool(row["channel_evidence"]),
        "aid_active": aid_active(today, person["aid_from"], person["aid_to"]),
        "hardship_met": hardship,
        "highest_education": education,
        "prior_title": row["prior_title"],
        "years_prior": years.prior + reduction,
        "years_archives": years.archives + reduction,
    }
    until = {}
    if bar is not None:
        until["INTEGRITY_BAR"] = bar.until.isoformat()
    if penalty is not None:
        until["PENALTY"] = penalty.until.isoformat()
    return Facts(inputs, education, row["prior_title"], years, reduction, until)


def findings(
    found: Facts,
    target: str,
    *,
    scope: Mapping[str, Any],
    conduct_result: Mapping[str, Any],
    channel: Mapping[str, Any],
    years: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    """Every reason against the application at once, as codes with facts; empty where all tables agree."""
    out: list[dict[str, Any]] = []
    if not scope["in_scope"]:
        out.append({"gate": "scope", "code": scope["code"]})
    if not conduct_result["passed"]:
        code = conduct_result["code"]
        given = {
            "ASSESSMENTS": {
                "needed": found.inputs["assessments_needed"],
                "counted": found.inputs["assessments_counted"],
            }
        }.get(code, {"until": found.until.get(code)})
        out.append({"gate": "conduct", "code": code, "facts": given})
    if not channel["accepted"]:
        out.append({"gate": "channel", "code": channel["code"]})
    if years is not None and not years["eligible"]:
        out += _missing_years(found, target)
    return out


def _missing_years(found: Facts, target: str) -> list[dict[str, Any]]:
    if found.education is None:
        return [{"gate": "years", "code": "TABLE"}]
    missed = misses(target, found.education, found.prior_title, found.years, reduction=found.reduction)
    reasons = []
    for miss in missed:
        given: dict[str, Any] = {"needed": miss.needed, "actual": miss.actual, "target": target}
        if miss.kind == "no_row":
            given = {"target": target, "education": found.education}
        reasons.append({"gate": "years", "code": CODES[miss.kind], "facts": given})
    # The province's own table may ask more than the national rows whose thresholds are named here.
    return reasons or [{"gate": "years", "code": "TABLE"}]


def _assessed(
    connection: Connection,
    row: RowMapping,
    unit: RowMapping,
    education: str | None,
    reduction: int,
    now: datetime,
) -> conduct.Assessed:
    """R-22: as many passed years as the row asks for; not where the unit holds no assessments and says so."""
    grades = {r["year"]: r["grade"] for r in applications.details(connection, row["id"], "annual_assessments")}
    if not grades and unit["kind"] != "public_institution" and row["no_assessment_statement"]:
        return conduct.Assessed(0, 0)
    hit = row_for(row["target_title"], education) if education else None
    if hit is None or row["channel"] == "exceptional":
        return conduct.Assessed(0, 0)  # there is no number of years to assess
    since: date | None = row["prior_title_date"] if hit.prior else row["archives_work_from"]
    cutoff: date = row["cutoff_date"]
    return conduct.assess(
        grades,
        needed=max(0, hit.years - reduction),
        since=since.year if since else cutoff.year,
        year=cutoff.year,
        basis=parameter(connection, "assessment_basis", now),
        count_pending=parameter(connection, "assessment_count_pending_year", now),
    )
