"""What a change of unit does to an application: where it stands decides whether it goes on in the new unit, ends, or is not touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from engine.registry import Handler, StepContext
from forms.i18n import T
from processes.candidate.steps import Nothing, application_of, end, move
from processes.register import applications, people, units
from processes.register.notice_items import withdraw_items

IN_UNIT = ("draft", "submitted_to_unit", "unit_review", "unit_publicity")  # before anybody has recommended it
# Passed and failed alike: an answer that differed would tell the result before its notice.
VOTED = ("voted_passed", "voted_failed", "result_publicity", "result_objection_hold", "confirmed")
HELD = ("unit_objection_hold",)
LAPSED = T("已调离原单位，原单位的推荐失效。")


class Home(Schema):
    """The unit that has the case now."""

    unit_code = fields.String()
    region_code = fields.String()
    unit = fields.String()
    appointment_mode = fields.String()


class ChangeResult(Home):
    unit_change = fields.String(required=True)  # goes_on, ends
    resume_at = fields.String()


class WeighResult(Schema):
    unit_change = fields.String(required=True)  # matters, none


def weigh(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """Does a change of unit touch this application? Not where the register knows of none: whoever says so ends nobody's
    case by saying it. Not once it was voted on: the review goes on, with the recheck of who failed, and the unit of the
    day of the certificate appoints. Not while an objection is looked into: nobody leaves that by moving."""
    row = application_of(context)
    if people.get_person(context.connection, row["person_id"])["unit_code"] == row["unit_code"]:
        context.note(
            "unit_change_unknown", {}, T("登记的单位没有变化，申报照常办理。确已调动的，请先更新人员所在单位。")
        )
        return {"unit_change": "none"}
    matters = row["status"] not in (*VOTED, *HELD)
    if not matters:
        context.note("unit_change_noted", {}, T("调动不影响这份申报，继续办理；发证后由现单位聘用。"))
    return {"unit_change": "matters" if matters else "none"}


def unit_changed(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """The register knows the person's new unit. Before the recommendation the case goes on there, from the unit's steps;
    after it the recommendation lapses with the post of the old unit, and the case ends."""
    row = application_of(context, lock=True)
    person = people.get_person(context.connection, row["person_id"])
    if row["status"] not in IN_UNIT or person["unit_code"] == row["unit_code"]:
        end(context, "withdrawn", reason=str(LAPSED))
        return {"unit_change": "ends"}
    drafted = row["status"] == "draft"
    withdraw_items(context.connection, row["id"], context.now)
    units.release(context.connection, row["id"], context.now)
    home = _settle_in(context, row["id"], person["unit_code"])
    move(context, "draft" if drafted else "submitted_to_unit", reason=str(T("已转到新单位办理。")))
    return {"unit_change": "goes_on", "resume_at": "form" if drafted else "unit", **home}


def employer(context: StepContext, _params: dict[str, Any]) -> Mapping[str, Any]:
    """Who appoints: the unit where the holder works on the day of the certificate. A post reserved in another is free."""
    row = application_of(context, lock=True)
    person = people.get_person(context.connection, row["person_id"])
    if person["unit_code"] == row["unit_code"]:
        return {}
    units.release(context.connection, row["id"], context.now)
    context.note("employer_changed", {"from": row["unit_code"], "to": person["unit_code"]})
    return _settle_in(context, row["id"], person["unit_code"])


def _settle_in(context: StepContext, application_id: str, unit_code: str) -> dict[str, str]:
    home = units.get_unit(context.connection, unit_code)
    mode = "integrated" if home["post_managed"] else "separate"
    applications.move_to_unit(
        context.connection,
        application_id,
        unit_code=unit_code,
        region_code=home["region_code"],
        mode=mode,
        now=context.now,
    )
    return {
        "unit_code": unit_code,
        "region_code": home["region_code"],
        "unit": home["name"],
        "appointment_mode": mode,
    }


HANDLERS = (
    Handler("application.weigh_unit_change", weigh, Nothing, WeighResult, T("判断调动是否影响申报")),
    Handler("application.unit_changed", unit_changed, Nothing, ChangeResult, T("处理申报人调动")),
    Handler("application.employer", employer, Nothing, Home, T("确定聘用单位")),
)
